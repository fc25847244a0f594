"""Faults of a run and of any catalog: found, shown, and refused in words."""

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from quakeloom.cli._main import app
from quakeloom.config import load_configuration
from quakeloom.report import write_report
from quakeloom.simulate import varied_region
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, read_table, read_text

runner = CliRunner()


@pytest.mark.slow
def test_the_faults_of_a_simulated_region_are_found_and_shown_beside_the_true_ones(tmp_path):
    config = tmp_path / "varied.yaml"
    settings = {
        "name": "varied",
        "simulation": {
            "preset": "varied-region", "events": 120, "mean_polarities": 14,
            "start_year": 2019, "end_year": 2020,
        },
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "all"},
        "mechanism": {"trials": 3, "grid_step_deg": 10},
        "faults": {"starts": 1, "nulls": 2, "draws": 20},
    }  # fmt: skip
    config.write_text(yaml.safe_dump(settings))
    run = load_configuration(config)
    plan_configuration(run, tmp_path / "results")
    layout = RunLayout(tmp_path / "results" / "varied")
    run_here(run.cases["varied"], layout)
    found = read_table(layout.table("faults"), "faults").to_pylist()
    for fault in varied_region().faults:
        near = [
            f
            for f in found
            if abs(f["longitude"] - fault.longitude) < 0.05
            and abs(f["latitude"] - fault.latitude) < 0.05
        ]
        assert len(near) == 1, fault.name
        turn = (near[0]["strike_deg"] - fault.strike_deg + 90) % 180 - 90
        assert abs(turn) < 15
    write_report(run.cases["varied"], layout)
    page = read_text(layout.report)
    assert all(f.name in page for f in varied_region().faults)
    assert "Sections along and across the planes" in page


def write_events(path, longitude, latitude, depth):
    rows = ["event_id,origin_time,latitude,longitude,depth_km,magnitude"]
    rows += [
        f"e{i},2020-01-01T00:{i // 60:02d}:{i % 60:02d}Z,{b:.5f},{a:.5f},{d:.3f},1.0"
        for i, (a, b, d) in enumerate(zip(longitude, latitude, depth, strict=True))
    ]
    path.write_text("\n".join(rows) + "\n")


def search(path, out):
    return runner.invoke(
        app,
        ["faults", "--events", str(path), "--out", str(out), "--set", "nulls=2", "--set",
         "starts=1", "--set", "draws=10"],
    )  # fmt: skip


def test_ten_events_are_too_few_or_make_no_plane_and_none_is_lost(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "ten.csv"
    write_events(path, 137 + rng.uniform(0, 1, 10), 36 + rng.uniform(0, 1, 10), np.full(10, 8.0))
    result = search(path, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert pq.read_table(tmp_path / "out" / "faults.parquet").num_rows == 0
    members = pq.read_table(tmp_path / "out" / "fault_members.parquet")
    assert set(members.column("event_id").to_pylist()) == {f"e{i}" for i in range(10)}


def test_events_all_in_one_point_are_no_stable_fault(tmp_path):
    path = tmp_path / "point.csv"
    write_events(path, np.full(40, 137.0), np.full(40, 36.0), np.full(40, 8.0))
    result = search(path, tmp_path / "out")
    assert result.exit_code == 0, result.output
    found = pq.read_table(tmp_path / "out" / "faults.parquet").to_pylist()
    assert all(f["fault_status"] != "stable" for f in found)
