"""Stations are found by code and epoch; reversals hold for their span."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.schema import make_table
from quakeloom.stages.readings.station_epochs import find_reversed, find_stations

STATIONS = make_table(
    "stations",
    {
        "network": ["CI", "CI", "CI", "NC", "BK"],
        "station": ["ABC", "ABC", "XYZ", "DUP", "DUP"],
        "channel": ["EHZ", "EHZ", "BHZ", "EHZ", "EHZ"],
        "longitude": [1.0, 2.0, 3.0, 4.0, 9.0],
        "latitude": [1.0, 2.0, 3.0, 4.0, 9.0],
        "elevation_m": [0.0] * 5,
        "start_time": ["1980-01-01", "1990-01-01", "NaT", "NaT", "NaT"],
        "end_time": ["1989-12-31", "NaT", "NaT", "NaT", "NaT"],
    },
)


def readings(*codes):
    network, station, channel = zip(*codes, strict=True)
    return make_table(
        "polarities",
        {
            "event_id": ["e"] * len(codes),
            "network": network,
            "station": station,
            "channel": channel,
        },
    )


def look(codes, time="1995-06-01", **options):
    times = np.full(len(codes), np.datetime64(time, "ns"))
    return find_stations(STATIONS, readings(*codes), times, **options).longitude.tolist()


def test_the_epoch_of_the_event_decides():
    assert look([("CI", "ABC", "EHZ")], "1985-06-01") == [1.0]
    assert look([("CI", "ABC", "EHZ")], "1995-06-01") == [2.0]
    assert np.isnan(look([("CI", "ABC", "EHZ")], "1975-06-01")).all()
    assert look([("CI", "ABC", "EHZ")], "1975-06-01", epochs=False) == [1.0]


def test_codes_are_found_with_falling_precision_but_never_by_a_guess():
    assert look([("CI", "ABC", "VHZ"), ("CI", "XYZ", "EHZ"), ("", "XYZ", "")]) == [2.0, 3.0, 3.0]
    assert np.isnan(look([("XX", "DUP", "EHZ"), ("CI", "NONE", "EHZ")])).all()


def test_matching_by_channel_only_is_as_strict_as_hash():
    found = look([("CI", "ABC", "VHN"), ("CI", "XYZ", "EHZ")], match="channel")
    assert found[0] == 2.0
    assert np.isnan(found[1])


def test_a_reversal_holds_within_its_days_and_for_its_network():
    table = make_table(
        "reversals",
        {
            "network": ["", "NC"],
            "station": ["ABC", "DUP"],
            "start_time": ["1992-01-01", "NaT"],
            "end_time": ["1992-12-31T23:59:59", "NaT"],
        },
    )
    rows = readings(("CI", "ABC", ""), ("CI", "ABC", ""), ("NC", "DUP", ""), ("BK", "DUP", ""))
    times = np.array(["1992-12-31T12", "1993-01-01", "1990", "1990"], dtype="datetime64[ns]")
    assert find_reversed(table, rows, times).tolist() == [True, False, True, False]


KILOMETER = 1.0 / 111.2
"""Of latitude, in degrees."""


def places(*rows):
    """Stations by latitude (km), start, end, channel, location."""
    latitude, start, end, channel, location = zip(*rows, strict=True)
    n = len(rows)
    return make_table(
        "stations",
        {
            "network": ["XX"] * n,
            "station": ["ABC"] * n,
            "channel": channel,
            "location_code": location,
            "longitude": [10.0] * n,
            "latitude": np.array(latitude) * KILOMETER,
            "elevation_m": [0.0] * n,
            "start_time": np.array(start, "datetime64[ns]"),
            "end_time": np.array(end, "datetime64[ns]"),
        },
    )


def place_of(table, channel="", time="2020-06-01", location=None):
    rows = readings(("XX", "ABC", channel))
    if location is not None:
        rows = make_table(
            "picks",
            {"network": ["XX"], "station": ["ABC"], "channel": [channel], "phase": ["P"],
             "location_code": [location]},
        )  # fmt: skip
    found = find_stations(table, rows, np.array([time], "datetime64[ns]"))
    return round(float(found.latitude[0]) / KILOMETER, 6), found.choice[0]


OPEN = ("NaT", "NaT")
TWO_PLACES = {
    "a forgotten end": [(0, "2005", "NaT", "", ""), (100, "2015", "NaT", "", "")],
    "an epoch inside another": [(0, "2005", "2030", "", ""), (100, "2019", "2021", "", "")],
    "dated and undated": [(0, *OPEN, "", ""), (100, "2015", "NaT", "", "")],
    "of one channel": [(0, "2005", "NaT", "HHZ", "00"), (100, "2015", "NaT", "HHZ", "00")],
    "of two locations": [(0, "2005", "NaT", "HHZ", "00"), (100, "2015", "NaT", "HHZ", "10")],
}


@pytest.mark.parametrize("kind", list(TWO_PLACES))
@pytest.mark.parametrize("channel", ["", "HHZ"])
def test_of_two_places_at_one_time_the_latest_start_counts_and_is_told(kind, channel):
    rows = TWO_PLACES[kind]
    for table in (places(*rows), places(*rows[::-1])):
        latitude, choice = place_of(table, channel)
        assert latitude == 100
        assert choice == "latest start of places 99.4 km apart"


def test_two_places_that_started_together_are_none():
    rows = [(0, *OPEN, "", ""), (100, *OPEN, "", "")]
    for table in (places(*rows), places(*rows[::-1])):
        latitude, choice = place_of(table)
        assert np.isnan(latitude)
        assert "none of places 99.4 km apart that started together" in choice


def test_the_own_location_comes_before_the_latest_start():
    rows = places(*TWO_PLACES["of two locations"])
    assert place_of(rows, "HHZ", location="00") == (0, "")
    assert place_of(rows, "HHZ", location="10") == (100, "")


def test_the_station_itself_comes_before_its_channels():
    rows = [(0, "2005", "NaT", "", ""), (100, "2015", "NaT", "HHZ", "00")]
    assert place_of(places(*rows)) == (0, "")
    assert place_of(places(*rows), "HHZ") == (100, "")
    assert place_of(places(*rows), "EHZ") == (0, "")


def test_places_within_half_a_kilometer_are_one_and_no_news():
    rows = [(0.0, "2005", "NaT", "", ""), (0.3, "2015", "NaT", "", "")]
    assert place_of(places(*rows)) == (0.3, "")


def test_one_place_is_no_choice_however_many_epochs():
    rows = [(5, "2005", "2010", "", ""), (5, "2010", "NaT", "", ""), (5, *OPEN, "", "")]
    assert place_of(places(*rows)) == (5, "")


EPOCH = st.tuples(
    st.sampled_from([0, 0.2, 40, 100]),
    st.sampled_from(["NaT", "2005", "2015", "2021"]),
    st.sampled_from(["NaT", "2010", "2025"]),
    st.sampled_from(["", "HHZ", "EHZ"]),
    st.sampled_from(["", "00", "10"]),
)


@given(rows=st.lists(EPOCH, min_size=1, max_size=6), data=st.data())
def test_the_order_of_the_rows_never_matters(rows, data):
    shuffled = data.draw(st.permutations(rows))
    for channel in ("", "HHZ"):
        one, other = place_of(places(*rows), channel), place_of(places(*shuffled), channel)
        assert one == other or (np.isnan(one[0]) and np.isnan(other[0]) and one[1] == other[1])


def test_a_warning_names_the_stations(caplog):
    caplog.set_level(logging.WARNING)
    table = places(*TWO_PLACES["a forgotten end"])
    rows = readings(("XX", "ABC", ""))
    found = find_stations(table, rows, np.array(["2020"], "datetime64[ns]"))
    found.warn("locate", rows)
    assert "XX.ABC: latest start of places" in caplog.text
