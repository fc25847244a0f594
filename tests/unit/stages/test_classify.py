"""Stage ``classify``: records of events, tables, weights, and what other stages leave out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.classification import CLASSES, FEATURES
from quakeloom.config import CLASS_SHARES, parse_settings
from quakeloom.core import InputError, SettingsError
from quakeloom.formats import Trace, write_miniseed
from quakeloom.schema import make_table
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.classify.class_tables import NO_TIME, KnownEvents, make_class_tables
from quakeloom.stages.classify.class_weights import find_class_weights, open_class_model
from quakeloom.stages.classify.reading import classes_of
from quakeloom.stages.classify.station_records import (
    VP_VS,
    as_columns,
    describe_station,
    station_tasks,
    wanted_records,
)
from quakeloom.stages.mechanism.event_choice import _by_class, _by_magnitude
from quakeloom.stages.without_a_run.detect_folder import index_folder

START = int(np.datetime64("2020-01-01T00:10:00", "ns").astype(np.int64))
NANO = 1_000_000_000


def picks(*rows):
    return pa.table({
        "event_id": [r[0] for r in rows], "network": ["XX"] * len(rows),
        "station": [r[1] for r in rows], "phase": [r[2] for r in rows],
        "time": pa.array([START + round(r[3] * NANO) for r in rows], pa.timestamp("ns")),
    })  # fmt: skip


def test_a_phase_that_was_not_picked_follows_from_the_other_and_the_origin_time():
    given = picks(("a", "S1", "P", 10.0), ("a", "S2", "S", 17.3), ("a", "S3", "P", 4.0),
                  ("a", "S3", "S", 7.0))  # fmt: skip
    found = wanted_records(np.array([START]), ["a"], given, 20)
    only_p, only_s, both = (found["XX", s][0] for s in ("S1", "S2", "S3"))
    assert only_p.s_minus_p_s == pytest.approx((VP_VS - 1.0) * 10.0)
    assert (only_s.p_ns - START) / NANO == pytest.approx(17.3 / VP_VS)
    assert both.s_minus_p_s == pytest.approx(3.0)
    assert (only_p.has_s, only_s.has_p, both.has_s) == (False, False, True)


def test_the_earliest_stations_are_taken_and_s_without_an_origin_time_is_none():
    given = picks(*(("a", f"S{k}", "P", 5.0 + k) for k in range(6)), ("b", "S1", "S", 9.0))
    found = wanted_records(np.array([START, NO_TIME]), ["a", "b"], given, 3)
    assert sorted(found) == [("XX", "S0"), ("XX", "S1"), ("XX", "S2")]


def write_archive(folder, seconds=400, gap=None, code="S1"):
    random = np.random.default_rng(2)
    traces = []
    time = np.arange(seconds * 100) / 100.0
    for component in "ZNE":
        swell = 40.0 * np.exp(-np.maximum(time - 160.0, 0.0) / 4.0) * (time >= 160.0)
        data = (300.0 * (1.0 + swell) * random.standard_normal(time.size)).astype(np.int32)
        for a, b in ((0, time.size),) if gap is None else ((0, gap[0]), (gap[1], time.size)):
            traces.append(Trace("XX", code, "", f"HH{component}", START + a * NANO // 100,
                                100.0, data[a:b], b - a, ""))  # fmt: skip
    write_miniseed(folder / f"{code}.mseed", traces)


def read(folder, *rows, origin=150.0):
    index, _ = index_folder(folder)
    wanted = wanted_records(np.array([START + round(origin * NANO)]), ["a"], picks(*rows), 20)
    return as_columns(
        [describe_station(t) for t in station_tasks(index, SensorDirections(), wanted)]
    )


def test_records_of_an_archive_become_rows_and_what_is_absent_says_why(tmp_path):
    write_archive(tmp_path)
    write_archive(tmp_path, gap=(15_900, 16_100), code="S2")
    found = read(tmp_path, ("a", "S1", "P", 160.0), ("a", "S2", "P", 160.0), ("a", "S9", "P", 160))
    assert np.isfinite(found["features"]).any(axis=1).tolist() == [True, False, False]
    assert found["reason"] == ["", "its record has a gap at P",
                               "the archive has no record of the station then"]  # fmt: skip
    model = open_class_model("own")
    events = KnownEvents(["a", "b"], np.array([START, START]), np.array([5.0, np.nan]))
    tables = make_class_tables(model, events, found, CLASS_SHARES)
    rows = tables["event_classes"].to_pylist()
    assert [r["class_status"] for r in rows] == ["classified", "no_picks"]
    assert rows[0]["class_station_count"] == 1
    assert sum(rows[0][f"probability_{c}"] for c in CLASSES) == pytest.approx(1.0)
    assert rows[1]["event_class"] == ""
    assert "no station" in rows[1]["class_reason"]
    assert tables["station_classes"].num_rows == 3


def test_an_event_without_any_record_has_no_class_but_a_reason(tmp_path):
    write_archive(tmp_path)
    found = read(tmp_path, ("a", "S9", "P", 160.0))
    events = KnownEvents(["a"], np.array([START]), np.array([5.0]))
    row = make_class_tables(open_class_model("own"), events, found, CLASS_SHARES)
    (row,) = row["event_classes"].to_pylist()
    assert row["class_status"] == "no_record"
    assert "no record" in row["class_reason"]


def test_a_picked_network_that_the_archive_does_not_name_is_found_by_the_code(tmp_path):
    write_archive(tmp_path)
    index, _ = index_folder(tmp_path)
    wanted = {("", "S1"): wanted_records(np.array([START]), ["a"], picks(("a", "S1", "P", 160.0)),
                                         20)["XX", "S1"]}  # fmt: skip
    (task,) = station_tasks(index, SensorDirections(), wanted)
    assert task.instruments


def test_weights_that_are_not_there_are_named():
    with pytest.raises(InputError, match=r"nowhere\.npz"):
        find_class_weights("/x/nowhere.npz")
    assert open_class_model("own").center.size == len(FEATURES)


def settings(**selection):
    return parse_settings(
        {"name": "x", "sources": [{"path": "e.csv"}], "takeoff": {"models": ["generic_crust"]},
         "waveforms": {}, "classify": {}, "selection": selection}, "a test",
    )  # fmt: skip


def class_table():
    share = {f"probability_{c}": [0.02, 0.01] for c in CLASSES}
    share["probability_earthquake"] = [0.9, 0.3]
    share["probability_low_frequency"] = [0.04, 0.66]
    return make_table("event_classes", {
        "event_id": ["a", "b"], "class_status": ["classified"] * 2,
        "event_class": ["earthquake", "low_frequency"], "class_reason": [""] * 2, **share,
        "event_type": [""] * 2, "frequency_index": [0.0, -1.0], "class_station_count": [3, 3],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        ({}, ["b"]),
        ({"class_probability": 0.25}, []),
        ({"classes": ["low_frequency"]}, ["a"]),
        ({"classes": ["earthquake", "low_frequency"]}, []),
    ],
)
def test_events_of_other_classes_are_left_out_with_the_reason(selection, left):
    found = _by_class(settings(**selection), classes_of(class_table()))
    assert sorted(found) == left
    assert all(f.status == "other_class" and "probability" in f.reason for f in found.values())


def test_events_are_left_out_by_magnitude_and_lower_bounds_count_upward():
    asked = settings(minimum_magnitude=1.0, maximum_magnitude=3.0)
    magnitude = np.array([0.5, 2.0, 3.5, np.nan, 1.5, 0.8])
    bound = np.array([False, False, False, False, True, True])
    found = _by_magnitude(asked, list("abcdef"), magnitude, bound)
    assert sorted(found) == ["a", "c", "d", "f"]
    assert "not known" in found["d"].reason
    assert "at least 0.80" in found["f"].reason


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"selection": {"classes": []}}, "a class at least"),
        ({"selection": {"minimum_magnitude": 3, "maximum_magnitude": 2}}, "no event is left"),
        ({"classify": {"shares": {"earthquake": 1.0}}}, "missing"),
        ({"classify": {"shares": {**CLASS_SHARES, "volcano": 1.0}}}, "no class"),
        ({"classify": {"shares": dict.fromkeys(CLASSES, 0.0)}}, "not all 0"),
        ({"classify": {}, "waveforms": None}, "looks at seismograms"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_reason(values, words):
    given = {"name": "x", "sources": [{"path": "e.csv"}], "waveforms": {},
             "takeoff": {"models": ["generic_crust"]}, **values}  # fmt: skip
    with pytest.raises(SettingsError, match=words):
        parse_settings(given, "a test")
