"""Expected arrivals: distances where they count, nothing where a station is not known."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.config import Settings
from quakeloom.schema import make_table, table_schema
from quakeloom.stages.archive.record_sets import Instrument
from quakeloom.stages.window.expected_arrivals import NO_TIME, ArrivalBook

ORIGIN = np.array(["2020-01-01T00:00", "2020-01-02T00:00"], "datetime64[ns]")


@pytest.fixture
def book() -> ArrivalBook:
    """Two events, near and 10 degrees to the north of the one station that is known."""
    settings = Settings(
        name="x",
        sources=[{"path": "a"}],
        waveforms={"archives": ["b"]},
        takeoff={"models": ["generic_crust"]},
        selection={"maximum_distance_km": 100},
    )
    events = make_table(
        "events",
        {
            "event_id": ["near", "far"],
            "origin_time": ORIGIN,
            "longitude": [20.0, 20.0],
            "latitude": [30.5, 40.0],
            "depth_km": [5.0, 5.0],
        },
    )
    stations = make_table(
        "stations",
        {
            "network": ["XX"],
            "station": ["A"],
            "channel": ["HHZ"],
            "longitude": [20.0],
            "latitude": [30.0],
        },
    )
    picks = make_table(
        "picks",
        {"event_id": ["far"], "network": ["XX"], "station": ["A"], "phase": ["P"],
         "time": ORIGIN[1:] + np.timedelta64(150, "s")},
    )  # fmt: skip
    none = table_schema("polarities").empty_table()
    return ArrivalBook(settings, events, stations, picks, none, None)


def test_distances_are_those_that_count_and_those_of_given_picks(book):
    arrivals = book.arrivals(Instrument("XX", "A", "", "HH"))
    assert arrivals.distance_km == pytest.approx([55.4, 1109.5], abs=0.5)
    assert arrivals.given.tolist() == [False, True]


def test_a_station_that_nobody_knows_has_no_expected_arrival(book):
    arrivals = book.arrivals(Instrument("XX", "B", "", "HH"))
    assert np.isnan(arrivals.distance_km).all()
    assert (arrivals.p == NO_TIME).all()
