"""A small refraction line through the whole workflow: run, run again, more members."""

from pathlib import Path

import numpy as np
import pytest
import yaml
import zarr

from conftest import quakeloom


def write_line(folder: Path) -> None:
    """Write exact times of a velocity that grows linearly with depth, as CSV."""
    rows = ["shot_distance_km,receiver_distance_km,travel_time_s,time_error_s"]
    for shot in (0.0, 10.0, 20.0):
        for receiver in np.arange(0.5, 20, 1.0):
            offset = abs(receiver - shot)
            if offset > 0.4:
                time = 2 / 0.4 * np.arcsinh(0.4 * offset / (2 * 3.0))
                rows.append(f"{shot},{receiver},{time:.5f},0.02")
    (folder / "picks.csv").write_text("\n".join(rows) + "\n")


def write_config(folder: Path, members: int) -> Path:
    settings = {
        "name": "tinyline",
        "data": str(folder),
        "tomography": {
            "picks": {"path": "picks.csv"},
            "section": {"spacing_km": [0.25, 0.5], "depth_range_km": [0, 6]},
            "prior": {"lengths_km": [1.5, 6.0]},
            "members": members,
            "block_members": 2,
            "steps": 3,
        },
    }
    path = folder / "line.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.mark.slow
def test_line_runs_once_and_then_only_what_is_new(tmp_path):
    write_line(tmp_path)
    results = tmp_path / "results"
    config = write_config(tmp_path, 4)
    common = ("run", "--config", config, "--results", results, "--cores", "2")
    quakeloom(*common)
    run = results / "tinyline"
    for name in ("tomography.json", "sections.nc", "sections.csv", "report.html"):
        assert (run / name).is_file()
    before = np.asarray(zarr.open_array(str(run / "ensemble.zarr/p_velocity"), mode="r")[...])
    again = quakeloom(*common, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr
    write_config(tmp_path, 6)
    jobs = quakeloom(*common, "--dry-run")
    listing = (jobs.stdout + jobs.stderr).splitlines()
    counts = {
        w[0]: int(w[1]) for w in (t.split() for t in listing) if len(w) == 2 and w[1].isdigit()
    }
    assert counts["tomography"] == 1
    quakeloom(*common)
    after = np.asarray(zarr.open_array(str(run / "ensemble.zarr/p_velocity"), mode="r")[...])
    assert len(after) == 6
    np.testing.assert_array_equal(after[:4], before)
    assert "6 members" in quakeloom("verify", "--config", config, "--results", results).stdout
