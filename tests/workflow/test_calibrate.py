"""``quakeloom calibrate``: catalogs like that of a run, and what is said of its ranges."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from small_runs import quakeloom, write_config
from test_locate import LOCATE, write_picks

from quakeloom.config import load_configuration
from quakeloom.core import PlanError
from quakeloom.report import describe_verdicts
from quakeloom.stages.calibration.calibrating import calibrate_run
from quakeloom.stages.calibration.catalogs import _structure, simulate_like
from quakeloom.stages.calibration.judging import shmax_of, verdict
from quakeloom.stages.calibration.template import read_template
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, read_table

SETTINGS = {
    "sources": [
        {"path": f"{name}_*.csv", "format": "csv"} for name in ("events", "picks", "polarities")
    ] + [{"path": "stations.csv", "format": "csv"}],
    "locate": {**LOCATE, "members": 12, "station_events": 12},
    "stress": {"grid_step_deg": 0},
    "takeoff": {"angles": "ensemble"},
    "mechanism": {
        "trials": 6, "grid_step_deg": 10, "minimum_polarities": 6,
        "maximum_azimuthal_gap_deg": 180, "maximum_takeoff_gap_deg": 90,
    },
}  # fmt: skip


def finished_run(folder):
    write_picks(folder, count=12)
    random = np.random.default_rng(1)
    with (folder / "polarities_all.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["event_id", "network", "station", "polarity", "probability_up"])
        for i in range(12):
            for j in range(8):
                up = random.uniform(0.05, 0.95)
                out.writerow([f"e{i}", "XX", f"S{j}", 1 if up > 0.5 else -1, f"{up:.3f}"])
    path = write_config(folder, **SETTINGS)
    plan_configuration(load_configuration(path), folder / "results")
    ((name, settings),) = load_configuration(path).cases.items()
    layout = RunLayout(folder / "results" / name)
    return path, settings, layout


def test_a_run_is_calibrated_on_catalogs_like_its_own(tmp_path):
    path, settings, layout = finished_run(tmp_path)
    with pytest.raises(PlanError, match=r"mechanisms\.parquet"):
        calibrate_run(settings, layout, 1)
    run_here(settings, layout)
    template = read_template(settings, layout)
    first, again, second = (simulate_like(template, n) for n in (0, 0, 1))
    times = [t.tables["picks"].column("time") for t in (first, again, second)]
    assert times[0].equals(times[1])
    assert not times[0].equals(times[2])
    # the same picks and readings, at other times and with other signs
    used = read_table(layout.table("arrivals"), "arrivals")
    assert first.tables["picks"].num_rows == used.column("pick_use").to_pylist().count("used")
    stated = np.sort(np.abs(np.array(first.tables["polarities"].column("probability_up")) - 0.5))
    given = read_table(layout.table("polarities"), "polarities").column("probability_up")
    assert stated == pytest.approx(np.sort(np.abs(np.array(given) - 0.5)), abs=1e-9)
    found = quakeloom(
        "calibrate", str(path), "--catalogs", "2", "--results", str(layout.root.local.parent)
    )
    assert found.returncode == 0, found.stderr
    assert "depth, 95 %" in found.stdout
    table = read_table(layout.table("calibration"), "calibration")
    rows = {r["product"]: r for r in table.to_pylist()}
    depth = rows["depth, 95 % range"]
    assert depth["truth_count"] == 24
    assert depth["catalog_count"] == 2
    assert depth["share_held"] > 0.6
    assert depth["range_width"] > 0
    assert any("mechanism within" in name for name in rows)
    term = rows["station term, 95 % range"]
    assert term["truth_count"] == 32
    assert term["share_held"] > 0.6
    assert any("SHmax" in name for name in rows)
    # the page of the run shows what was found
    quakeloom("report", "--run", str(layout.root))
    page = layout.report.local.read_text(encoding="utf-8")
    assert "What is stated, what holds" in page
    assert "station term, 95 % range" in page
    assert (layout.root / "calibration.txt").exists()
    assert (layout.root / "calibration.png").exists()


def test_structure_of_a_simulated_catalog_is_shared_by_neighbors():
    """Correlated as exp(-d / L), with variance 1, at every station for itself."""
    random = np.random.default_rng(3)
    place = np.zeros((60, 3))
    place[30:, 2] = 10.0
    keys = [("XX", f"S{j}", "P") for j in range(400) for _ in range(60)]
    field = _structure(random, keys, place, np.tile(np.arange(60), 400), 10.0).reshape(400, 60)
    assert np.ptp(field[:, :30], axis=1).max() < 1e-9
    assert field[:, 0].var() == pytest.approx(1.0, abs=0.2)
    assert np.mean(field[:, 0] * field[:, 30]) == pytest.approx(np.exp(-1.0), abs=0.2)


def test_greatest_horizontal_compression_is_that_of_the_axes():
    north, down = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    assert shmax_of(north, down, 0.3) == pytest.approx(0.0, abs=1e-9)
    assert shmax_of(down, north, 0.3) == pytest.approx(90.0)


@pytest.mark.parametrize(("held", "word"), [
    (0.95, "holds"), (0.94, "holds"), (0.8, "too narrow"), (1.0, "too wide"),
])  # fmt: skip
def test_verdicts_take_the_standard_error_into_account(held, word):
    row = {"product": "depth", "stated_probability": 0.95, "share_held": held,
           "share_held_error": 0.01, "catalog_count": 5}  # fmt: skip
    assert verdict(row) == word
    words = describe_verdicts([row])
    assert ("1 of 1 statements hold" in words) == (word == "holds")
    assert (word.capitalize() + ": depth" in words) == (word != "holds")


def test_a_wide_error_lets_much_hold():
    row = {"product": "depth", "stated_probability": 0.95, "share_held": 0.8,
           "share_held_error": 0.1, "catalog_count": 1}  # fmt: skip
    assert verdict(row) == "holds"
