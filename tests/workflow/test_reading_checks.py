"""Thresholds and repeating earthquakes, from waveform files to what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from small_runs import compute_run

from quakeloom.config import load_configuration
from quakeloom.core import distance_azimuth
from quakeloom.formats import Trace, write_miniseed
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.stages.threshold import THRESHOLD
from quakeloom.store import RunLayout, read_json, read_table

MONTHS = [f"2019-{m:02d}" for m in range(1, 9)]
TURNED, BETWEEN = "S4", ("2019-03", "2019-06")
VELOCITY, DEPTH = 6.0, 8.0


def write_archive(folder: Path) -> None:
    """The same earthquake every month at nine stations, one of them turned over for a time."""
    places = [
        (f"S{i}", 0.3 * np.cos(2.4 * i) * (1 + i % 3) / 3, 0.3 * np.sin(2.4 * i) * (1 + i % 3) / 3)
        for i in range(9)
    ]
    lines = ["network,station,longitude,latitude,elevation_m"]
    lines += [f"XX,{n},{x:.5f},{y:.5f},0" for n, x, y in places]
    (folder / "stations.csv").write_text("\n".join(lines) + "\n")
    (folder / "model.txt").write_text(f"0 {VELOCITY}\n60 {VELOCITY + 0.01}\n")
    (folder / "archive").mkdir()
    t = np.arange(6000) / 100.0 - 20.0
    for number, month in enumerate(MONTHS):
        r = np.random.default_rng(number)
        origin = int(np.datetime64(f"{month}-10T12:00:00", "ns").astype(np.int64))
        (folder / f"events_{month}.csv").write_text(
            "event_id,origin_time,longitude,latitude,depth_km,magnitude\n"
            f"ev{month},{month}-10T12:00:00Z,0.0,0.0,{DEPTH},2.0\n"
        )
        traces = []
        for i, (name, x, y) in enumerate(places):
            travel = np.hypot(float(distance_azimuth(0.0, 0.0, x, y)[0]), DEPTH) / VELOCITY
            earth = np.random.default_rng([7, i])
            for k, component in enumerate("ENZ"):
                data = np.zeros(t.size)
                for onset, size in ((travel, 60.0 * (k == 2)), (1.73 * travel, 80.0)):
                    on = t >= onset
                    late = t[on] - onset
                    wave = np.cos(20 * late) + 0.7 * np.convolve(
                        earth.normal(size=on.sum()), np.ones(9) / 9, "same"
                    ) * np.minimum(late / 0.1, 1.0)
                    data[on] += (
                        (1.0 if i % 3 else -1.0) * size * (1 - np.exp(-late / 0.02)) * wave
                        * np.exp(-late)
                    )  # fmt: skip
                data += 0.3 * r.normal(size=t.size)
                if component == "Z" and name == TURNED and BETWEEN[0] <= month <= BETWEEN[1]:
                    data *= -1.0
                counts = np.round(100 * data).astype(np.int32)
                start = origin - 20_000_000_000
                traces.append(
                    Trace("XX", name, "", f"HH{component}", start, 100.0, counts, t.size, "")
                )
        write_miniseed(folder / "archive" / f"{month}.mseed", traces)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunLayout:
    folder = tmp_path_factory.mktemp("checks")
    write_archive(folder)
    path = folder / "checks.yaml"
    path.write_text(yaml.safe_dump({
        "name": "checks",
        "data": str(folder),
        "sources": [{"path": "events_*.csv"}, {"path": "stations.csv"}],
        "partition": {"calendar": "quarter"},
        "takeoff": {"models": ["model.txt"], "maximum_depth_km": 20.0},
        "selection": {"maximum_distance_km": 60.0},
        # a threshold is for readings that are counted
        "mechanism": {"trials": 4, "grid_step_deg": 20, "minimum_polarities": 4,
                      "maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90,
                      "use_probabilities": False},
        "storage": {"shard_events": 16, "chunk_events": 4},
        "cluster": {"block_events": 16},
        "waveforms": {"archives": ["archive"], "picker": "classical", "polarity": "classical",
                      "shard_windows": 16, "chunk_windows": 4},
        "threshold": {"probabilities": [0.5, 0.9, 0.99], "quality_weights": {"D": 1.0, "C": 2.0,
                      "B": 3.0, "A": 4.0}},
        "repeaters": {},
    }))  # fmt: skip
    return compute_run(path, folder / "results")


def test_the_same_earthquake_is_found_again_every_month(run):
    found = read_table(run.table("repeaters"), "repeaters")
    assert found.num_rows == len(MONTHS)
    assert set(found.column("family").to_pylist()) == {0}


def test_mirror_images_stand_where_the_station_was_turned(run):
    for row in read_table(run.table("repeater_pairs"), "repeater_pairs").to_pylist():
        inside = [
            BETWEEN[0] <= row[name][2:] <= BETWEEN[1] for name in ("event_id", "other_event_id")
        ]
        mirrored = row["station"] == TURNED and inside[0] != inside[1]
        assert (row["correlation"] < 0) == mirrored
        assert abs(row["correlation"]) > 0.95


def test_the_turned_span_is_proposed_as_an_entry_of_the_reversal_table(run):
    (row,) = read_table(run.table("repeater_reversals"), "reversals").to_pylist()
    assert (row["network"], row["station"]) == ("XX", TURNED)
    span = [str(row[name])[:7] for name in ("start_time", "end_time")]
    assert span == list(BETWEEN)


def test_readings_of_repeating_earthquakes_agree(run):
    rows = read_table(run.table("repeater_stations"), "repeater_stations").to_pylist()
    assert len(rows) == 9
    assert sum(r["judged_count"] for r in rows) > 200
    assert sum(r["agreeing_count"] for r in rows) >= 0.98 * sum(r["judged_count"] for r in rows)


def test_every_threshold_is_tried_on_every_sampled_event(run):
    trials = read_table(run.table("threshold_trials"), "threshold_trials")
    assert trials.num_rows == len(MONTHS) * 4
    curve = read_table(run.table("threshold_curve"), "threshold_curve").to_pylist()
    assert [r["minimum_probability"] for r in curve] == [0.5, 0.9, 0.99, 0.5]
    readings = [r["reading_count"] for r in curve[:3]]
    assert readings == sorted(readings, reverse=True)
    assert all(r["event_count"] == len(MONTHS) for r in curve)


def test_the_mechanisms_use_the_threshold_that_was_chosen(run):
    chosen = read_json(run.root / "threshold.json")
    trials = read_table(run.table("threshold_trials"), "threshold_trials").to_pylist()
    used = {
        t["event_id"]: (t["quality"], t["polarity_count"])
        for t in trials
        if t["minimum_probability"] == chosen["minimum_probability"]
        and t["threshold_method"] == "threshold"
    }
    for row in read_table(run.table("mechanisms"), "mechanisms").to_pylist():
        assert (row["quality"], row["polarity_count"]) == used[row["event_id"]]


def test_the_stage_of_thresholds_verifies(run):
    settings = load_configuration(run.root.local.parents[1] / "checks.yaml").cases["checks"]
    assert verify_stage(THRESHOLD, settings, run)["partitions"] == 3


def test_the_months_of_a_station_are_its_report_in_pieces(run):
    months = read_table(run.table("station_months"), "station_months").to_pandas()
    report = read_table(run.table("station_report"), "station_report").to_pandas()
    report = report[report["pick_kind"] == ""]
    names = ["polarity_count", "contradiction_count"]
    whole, pieces = (t.groupby("station")[names].sum() for t in (report, months))
    assert (whole == pieces.loc[whole.index]).all(axis=None)
    assert ((months["end_time"] - months["start_time"]).dt.days.between(28, 31)).all()
