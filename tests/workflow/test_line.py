"""A small refraction line through the whole workflow: run, run again, more members."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
import zarr
from small_runs import quakeloom


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
            "prior": {"lengths_km": [1.5, 6.0], "blocks": 20},
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
    assert "3 partitions" in quakeloom("verify", "--config", config, "--results", results).stdout


@pytest.mark.long
def test_one_command_makes_an_ensemble_of_any_pick_file_and_adds_members_later(tmp_path):
    """Names that other programs rely on: the arrays, their dimensions, and the JSON's keys."""
    write_line(tmp_path)
    out = tmp_path / "out"
    common = ("tomography", "--picks", tmp_path / "picks.csv", "--out", out, "--sampler", "rml")
    quakeloom(*common, "--members", "2")
    group = out / "ensemble.zarr"

    def read(name):
        return zarr.open_array(str(group / name), mode="r")

    before = np.asarray(read("p_velocity")[...])
    quakeloom(*common, "--members", "3")
    velocity = read("p_velocity")
    assert velocity.metadata.dimension_names == ("member", "depth", "distance")
    assert velocity.shape == (3, read("depth_km").shape[0], read("distance_km").shape[0])
    np.testing.assert_array_equal(np.asarray(velocity[:2]), before)
    assert read("log_likelihood").shape == read("chi_square").shape == (3,)
    summary = json.loads((out / "tomography.json").read_text())
    assert summary["sampler"] == "rml"
    assert summary["seconds_per_member"] > 0
    # exact times with errors of 0.02 s: members fit by their own perturbations and no worse
    assert summary["chi_square_per_datum"] < 1.5
    assert "effective_sample_size" in summary
    assert (out / "report.html").is_file()


def test_a_pick_file_without_errors_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text("shot_distance_km,receiver_distance_km,travel_time_s\n0,5,1.5\n0,9,2.5\n")
    found = quakeloom("tomography", "--picks", path, "--out", tmp_path / "out", check=False)
    assert found.returncode != 0
    message = " ".join((found.stdout + found.stderr).split())
    assert "None of the 2 picks can be used (2: has no time error" in message
    assert "Traceback" not in message
