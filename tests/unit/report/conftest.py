"""A small synthetic run for the report's tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.core import fault_vectors, p_radiation, ray_vectors
from quakeloom.report import RunResults
from quakeloom.schema import TABLES, make_table

STEP = np.arange(0, 360, 30.0)
GRID = np.array([(s, d, r) for s in STEP for d in (30.0, 60.0, 90.0) for r in STEP - 180])


def make_run(events: int = 12, truth: bool = True, seed: int = 0) -> RunResults:
    """Return a run: every sixth event has too few polarities, the others are solved."""
    rng = np.random.default_rng(seed)
    names = np.array([f"ev{i:04d}" for i in range(events)], dtype=object)
    true = np.stack(
        [360 * rng.random(events), 90 * rng.random(events), rng.uniform(-179, 180, events)], -1
    )
    solved = np.arange(events) % 6 != 5
    found = np.where(solved[:, None], true + np.array([3.0, 0.0, 0.0]), np.nan)
    found[:, 0] %= 360
    letters = np.array(["ABCD"[i % 4] for i in range(events)], dtype=object)
    letters[~solved] = "F"
    times = np.datetime64("2001-02-03T04:05:06", "ns") + np.arange(events) * np.timedelta64(5, "D")
    stations = [f"S{k:02d}" for k in range(10)]
    probability = np.where(solved, rng.uniform(0.3, 1, events), np.nan)
    mechanisms = make_table(
        "mechanisms",
        {
            "event_id": list(names),
            "status": np.where(solved, "solved", "too_few_polarities").tolist(),
            "reason": np.where(solved, "", "7 polarities, 8 needed").tolist(),
            "origin_time": times,
            "longitude": 141 + 0.2 * rng.random(events),
            "latitude": 37 + 0.2 * rng.random(events),
            "depth_km": 10 * rng.random(events),
            "strike_deg": found[:, 0],
            "dip_deg": found[:, 1],
            "rake_deg": found[:, 2],
            "fault_plane_uncertainty_deg": np.where(solved, 20.0, np.nan),
            "auxiliary_plane_uncertainty_deg": np.where(solved, 25.0, np.nan),
            "mechanism_probability": probability,
            "polarity_count": np.where(solved, 10, 7),
            "polarity_misfit": np.where(solved, 0.1, np.nan),
            "station_distribution_ratio": np.where(solved, 0.5, np.nan),
            "azimuthal_gap_deg": np.full(events, 60.0),
            "takeoff_gap_deg": np.full(events, 40.0),
            "solution_count": solved.astype(int) * 2,
            "quality": list(letters),
        },
    )
    azimuth, takeoff = np.arange(10) * 36.0, np.linspace(20, 120, 10)
    rows: dict[str, list] = {
        c: []
        for c in (
            "event_id",
            "station",
            "polarity",
            "azimuth_deg",
            "takeoff_deg",
            "onset",
            "arrival_time",
        )
    }
    for i in range(events):
        normal, slip = fault_vectors(*true[i])
        sign = np.sign(p_radiation(normal, slip, ray_vectors(azimuth, takeoff))).astype(int)
        rows["event_id"] += [names[i]] * 10
        rows["station"] += stations
        rows["polarity"] += sign.tolist()
        rows["azimuth_deg"] += azimuth.tolist()
        rows["takeoff_deg"] += takeoff.tolist()
        rows["onset"] += ["I", "E"] * 5
        rows["arrival_time"] += [times[i]] * 10
    rows["arrival_time"] = np.array(rows["arrival_time"], dtype="datetime64[ns]")  # type: ignore[assignment]
    tables: dict[str, pa.Table] = {
        "mechanisms": mechanisms,
        "events": make_table(
            "events",
            {
                c: mechanisms.column(c)
                for c in TABLES["events"].columns
                if c in mechanisms.column_names
            },
        ),
        "polarities": make_table("polarities", rows),
        "stations": make_table(
            "stations",
            {
                "station": stations,
                "longitude": 141 + 0.3 * rng.random(10),
                "latitude": 37 + 0.3 * rng.random(10),
            },
        ),
        "solutions": make_table(
            "solutions",
            {
                "event_id": list(names[solved]),
                "solution": [1] * int(solved.sum()),
                "strike_deg": true[solved, 1],
                "dip_deg": true[solved, 1],
                "rake_deg": true[solved, 2],
                "quality": ["D"] * int(solved.sum()),
            },
        ),
        "rejects": make_table(
            "rejects",
            {
                "source_file": ["a.phase"],
                "source_line": [7],
                "record": ["polarity"],
                "reason": ["polarity is neither up nor down"],
                "text": ["<b>&S01 X?</b>"],
            },
        ),
        "station_report": make_table(
            "station_report",
            {
                "network": ["", "", ""],
                "station": ["S00", "S01", ""],
                "start_time": np.array(["2001-02-03", "NaT", "NaT"], dtype="datetime64[ns]"),
                "end_time": np.array(["2001-03-03", "NaT", "NaT"], dtype="datetime64[ns]"),
                "pick_kind": ["", "", "E3"],
                "polarity_count": [10, 10, 30],
                "contradiction_count": [9, 1, 15],
                "contradiction_rate": [0.9, 0.1, 0.5],
                "log_odds": [12.0, -9.0, np.nan],
                "verdict": ["reversed", "normal", "uninformative"],
                "reason": ["9 of 10 predicted readings contradict", "", ""],
            },
        ),
    }
    if truth:
        tables["truth"] = make_table(
            "truth",
            {
                "event_id": list(names),
                "strike_deg": true[:, 0],
                "dip_deg": true[:, 1],
                "rake_deg": true[:, 2],
            },
        )
    weights = np.zeros(len(GRID), np.uint8)
    weights[::7] = 255
    return RunResults(
        name="small",
        tables=tables,
        acceptance=lambda event: weights if event in set(names[solved]) else None,
        grid={"strike_deg": GRID[:, 0], "dip_deg": GRID[:, 1], "rake_deg": GRID[:, 2]},
        provenance={"seed": 7, "libraries": {"numpy": "2"}, "git_revision": "abc1234"},
        timings=[
            {
                "rule": "mechanism",
                "partition": "p0",
                "seconds": 3.0,
                "cpu_seconds": 2.5,
                "peak_memory_mb": 210.0,
            },
            {
                "rule": "report",
                "partition": "",
                "seconds": 1.0,
                "cpu_seconds": 1.0,
                "peak_memory_mb": float("nan"),
            },
        ],
        settings={"name": "small", "mechanism": {"trials": 30, "maxout": 0, "grid_step_deg": 5.0}},
    )


@pytest.fixture(scope="session")
def make_results() -> Callable[..., RunResults]:
    """Return the maker of small runs."""
    return make_run
