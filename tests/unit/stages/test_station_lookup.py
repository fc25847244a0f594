"""Stations are found by code and epoch; reversals hold for their span."""

import numpy as np

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
