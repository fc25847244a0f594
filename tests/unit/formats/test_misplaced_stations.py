"""Stations that cannot have recorded what they are said to have."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.formats import find_misplaced_stations, read_source
from quakeloom.schema import make_table

ORIGIN = np.datetime64("2021-03-04T05:06:07", "ns")
PLACE = (22.5, 38.5)


def tables(longitude: float, latitude: float, seconds: float | None, table: str = "picks"):
    count = 4
    events = make_table(
        "events",
        {
            "event_id": [f"e{i}" for i in range(count)],
            "longitude": PLACE[0] + 0.1 * np.arange(count),
            "latitude": np.full(count, PLACE[1]),
            "origin_time": np.full(count, ORIGIN),
        },
    )
    stations = make_table(
        "stations",
        {"network": ["XX"], "station": ["A"], "longitude": [longitude], "latitude": [latitude],
         "source_file": ["s.csv"], "source_line": [2]},
    )  # fmt: skip
    column = "time" if table == "picks" else "arrival_time"
    delay = np.timedelta64(round(1e9 * seconds), "ns") if seconds is not None else None
    times = np.full(count, ORIGIN + delay if delay is not None else np.datetime64("NaT", "ns"))
    readings = make_table(
        table,
        {"event_id": [f"e{i}" for i in range(count)], "network": ["XX"] * count,
         "station": ["A"] * count, column: times},
    )  # fmt: skip
    return events, stations, [readings]


MISTAKES = {
    "exchanged": (38.6, 22.4),
    "the other sign of the longitude": (-22.4, 38.6),
    "the other sign of the latitude": (22.4, -38.6),
}


@pytest.mark.parametrize("seconds", [5.0, None])
@pytest.mark.parametrize("table", ["picks", "polarities"])
@pytest.mark.parametrize("kind", MISTAKES)
def test_the_mistake_is_named_with_the_coordinates_to_write(kind, table, seconds):
    found = find_misplaced_stations(*tables(*MISTAKES[kind], seconds, table)).to_pylist()
    assert len(found) == 1
    assert (found[0]["station"], found[0]["source_file"], found[0]["source_line"]) == (
        "A",
        "s.csv",
        2,
    )
    assert kind in found[0]["reason"]
    assert "(22.4, 38.6)" in found[0]["reason"]


@pytest.mark.parametrize("seconds", [5.0, None])
def test_a_station_at_its_place_is_left_alone(seconds):
    assert find_misplaced_stations(*tables(22.4, 38.6, seconds)).num_rows == 0


def test_a_far_station_may_record_late(tmp_path):
    """P needs 600 s for 60 degrees; 5 s would be a wave of 1,300 km/s."""
    far = (100.0, 38.5)
    assert find_misplaced_stations(*tables(*far, 620.0)).num_rows == 0
    (row,) = find_misplaced_stations(*tables(*far, 5.0)).to_pylist()
    assert "farther than waves travel" in row["reason"]
    assert "check its coordinates" in row["reason"]


def test_without_events_or_readings_nothing_is_found():
    events, stations, readings = tables(38.6, 22.4, 5.0)
    assert find_misplaced_stations(events.slice(0, 0), stations, readings).num_rows == 0
    assert find_misplaced_stations(events, stations, []).num_rows == 0


def test_no_station_of_a_real_network_is_misplaced(shared_data):
    folder = shared_data / "anchorage"
    located = read_source(folder / "original_output" / "alaska.hyp")
    stations = read_source(folder / "obs" / "station_coordinates.txt").stations
    assert find_misplaced_stations(located.events, stations, [located.picks]).num_rows == 0
