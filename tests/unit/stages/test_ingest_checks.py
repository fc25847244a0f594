"""What several sources say of one thing, and places that cannot be: decided by rule, and told."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import quakeloom as ql
from quakeloom.schema import empty_table, make_table
from quakeloom.stages.ingest.doubled_readings import count_disagreements
from quakeloom.stages.ingest.row_partitions import rows_of_events
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.stages.readings.station_epochs import find_stations

ORIGIN = np.datetime64("2020-06-01T00:00", "ns")
EVENTS = pa.array(["e"])


def readings(*rows: tuple[str, int, float]) -> pa.Table:
    """One channel's first motions of an event: source, sign, probability of up."""
    source, sign, up = zip(*rows, strict=True)
    count = len(rows)
    return make_table(
        "polarities",
        {"event_id": ["e"] * count, "network": ["XX"] * count, "station": ["A"] * count,
         "channel": ["HHZ"] * count, "polarity": sign, "probability_up": up,
         "source_file": source},
    )  # fmt: skip


NAN = float("nan")


@pytest.mark.parametrize(
    ("rows", "kept", "told"),
    [
        ([("a", 0, NAN), ("b", 1, NAN)], "b", 0),
        ([("a", 0, NAN), ("b", 0, 0.9)], "b", 0),
        ([("a", -1, NAN), ("b", 0, NAN)], "a", 0),
        ([("a", 0, NAN), ("b", 0, NAN)], "a", 0),
        ([("a", 1, NAN), ("b", 1, NAN)], "a", 0),
        ([("a", 1, NAN), ("b", -1, NAN)], "a", 1),
        ([("a", 0, NAN), ("b", -1, NAN), ("c", 1, NAN)], "b", 1),
        ([("a", 0, 0.2), ("b", 1, 0.8)], "a", 1),
        ([("a", 0, NAN), ("a", 1, NAN), ("b", -1, NAN)], "aa", 1),
    ],
)
def test_the_first_source_that_has_decided_counts(rows, kept, told):
    (found, _), rejects = rows_of_events("polarities", readings(*rows), EVENTS)
    assert "".join(found.column("source_file").to_pylist()) == kept
    assert found.num_rows + rejects.num_rows == len(rows)
    assert count_disagreements(rejects) == told
    assert set(rejects.column("station").to_pylist()) <= {"A"}


def test_amplitudes_that_are_measured_count_before_those_that_are_not():
    table = make_table(
        "amplitudes",
        {"event_id": ["e", "e"], "station": ["A", "A"], "source_file": ["a", "b"],
         "p_noise": [1.0, 1.0], "p_amplitude": [NAN, 5.0]},
    )  # fmt: skip
    (found, _), rejects = rows_of_events("amplitudes", table, EVENTS)
    assert found.column("source_file").to_pylist() == ["b"]
    assert "this one has not" in rejects.column("reason")[0].as_py()


def test_one_source_keeps_all_of_its_readings():
    (found, _), rejects = rows_of_events(
        "polarities", readings(("a", 0, NAN), ("a", 1, NAN), ("a", -1, NAN)), EVENTS
    )
    assert (found.num_rows, rejects.num_rows) == (3, 0)


def stations(*rows: tuple[float, float, str, str], channel: str = "HHZ") -> pa.Table:
    """Epochs of one channel: longitude, latitude, start, end."""
    longitude, latitude, start, end = zip(*rows, strict=True)
    count = len(rows)
    return make_table(
        "stations",
        {"network": ["XX"] * count, "station": ["A"] * count, "channel": [channel] * count,
         "longitude": longitude, "latitude": latitude, "start_time": start, "end_time": end,
         "source_file": ["s.xml"] * count, "source_line": list(range(1, count + 1))},
    )  # fmt: skip


def events(longitude: float = 20.0, latitude: float = 38.0) -> pa.Table:
    return make_table(
        "events",
        {"event_id": ["e"], "origin_time": np.array([ORIGIN]), "longitude": [longitude],
         "latitude": [latitude], "depth_km": [5.0]},
    )  # fmt: skip


def picks(seconds: float = 5.0) -> pa.Table:
    return make_table(
        "picks",
        {"event_id": ["e"], "network": ["XX"], "station": ["A"], "phase": ["P"],
         "time": np.array([ORIGIN + np.timedelta64(round(seconds * 1e9), "ns")])},
    )  # fmt: skip


def place(table: pa.Table, **options: object) -> float:
    reading = readings(("a", 1, NAN))
    return float(find_stations(table, reading, np.array([ORIGIN]), **options).longitude[0])


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_two_open_epochs_the_one_that_started_last_counts_in_any_order(order):
    both = stations((21.0, 39.0, "2005-01-01", "NaT"), (20.1, 38.0, "2015-01-01", "NaT"))
    said: list[str] = []
    kept, rejects = put_aside_misplaced(
        both.take(pa.array(order)), events(), [picks()], said.append
    )
    assert kept.num_rows == 2
    assert place(kept) == 20.1
    (row,) = rejects.to_pylist()
    assert (row["station"], row["source_line"]) == ("A", 1)
    assert "since 2015-01-01" in row["reason"]
    assert "XX.A has two epochs at one time" in said[0]


def test_two_places_that_no_date_tells_apart_are_both_put_aside():
    both = stations((20.4, 38.0, "NaT", "NaT"), (20.1, 38.0, "NaT", "NaT"))
    said: list[str] = []
    kept, rejects = put_aside_misplaced(both, events(), [picks()], said.append)
    assert kept.num_rows == 0
    assert rejects.num_rows == 2
    assert "(20.1, 38)" in rejects.column("reason")[0].as_py()
    assert said


def test_epochs_that_follow_each_other_and_sensors_side_by_side_are_left_alone():
    for table in (
        stations((21.0, 39.0, "2005-01-01", "2014-12-31"), (20.1, 38.0, "2015-01-01", "NaT")),
        stations((20.1, 38.0, "NaT", "NaT"), (20.101, 38.001, "NaT", "NaT")),
        stations((179.999, 38.0, "2005-01-01", "NaT"), (-179.999, 38.0, "2015-01-01", "NaT")),
    ):
        near = events(float(table.column("longitude")[1].as_py()))
        kept, rejects = put_aside_misplaced(table, near, [picks()])
        assert (kept.num_rows, rejects.num_rows) == (table.num_rows, 0)


def test_a_seismometer_comes_before_an_accelerometer_of_the_same_start():
    strong, weak = (stations((x, 38.0, "2015-01-01", "NaT"), channel=c)
                    for x, c in ((20.1, "HNZ"), (20.2, "BHZ")))  # fmt: skip
    assert place(pa.concat_tables([strong, weak])) == 20.2


def test_the_same_rules_hold_where_channels_must_match():
    both = stations((21.0, 39.0, "2005-01-01", "NaT"), (20.1, 38.0, "2015-01-01", "NaT"))
    assert place(both, match="channel") == 20.1


@pytest.mark.parametrize("where", [(38.0, 20.1), (-20.1, 38.0), (20.1, -38.0)])
def test_a_station_far_from_the_events_it_read_is_put_aside_and_told(where):
    said: list[str] = []
    table = stations((*where, "NaT", "NaT"))
    kept, rejects = put_aside_misplaced(table, events(), [picks()], said.append)
    assert kept.num_rows == 0
    assert "it would be" in rejects.column("reason")[0].as_py()
    assert said == [s for s in said if "XX.A is put aside" in s]


def test_only_the_readings_of_an_epoch_are_held_against_its_place():
    """A mobile station recorded elsewhere before; both epochs are right."""
    both = stations((140.0, 36.0, "2005-01-01", "2014-12-31"), (20.1, 38.0, "2015-01-01", "NaT"))
    kept, rejects = put_aside_misplaced(both, events(), [picks(), empty_table("polarities")])
    assert (kept.num_rows, rejects.num_rows) == (2, 0)


@pytest.mark.parametrize("swapped", [False, True])
def test_notebooks_are_told_as_well(caplog, swapped):
    x, y = np.meshgrid(20.0 + 0.2 * np.arange(4), 38.0 + 0.2 * np.arange(4))
    names = [f"S{i}" for i in range(16)]
    table = pd.DataFrame({"station": names, "longitude": x.ravel(), "latitude": y.ravel()})
    if swapped:
        table[["longitude", "latitude"]] = table[["latitude", "longitude"]].to_numpy()
    read = pd.DataFrame(
        {"event_id": "e", "station": names, "polarity": np.where(np.arange(16) % 2, 1, -1),
         "arrival_time": ORIGIN + np.timedelta64(8, "s")}
    )  # fmt: skip
    quake = pd.DataFrame(
        {"event_id": ["e"], "origin_time": [ORIGIN], "longitude": [20.3], "latitude": [38.3],
         "depth_km": [8.0]}
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        found = ql.find_mechanisms(
            read, events=quake, stations=table, models=["generic_crust"], trials=5
        )
    use = set(found.readings["use"])
    assert use == ({"no_station"} if swapped else {"used"})
    assert ("put aside" in caplog.text) is swapped
    assert (found.rejects["record"] == "station").sum() == (16 if swapped else 0)
