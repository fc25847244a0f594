"""Runs of rock analyses: from a table with bad cells, or synthetic rocks, to tables and a page."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from small_runs import compute_run

from quakeloom.core import InputError
from quakeloom.report import write_analysis_report
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.store import read_table, read_text

SMALL = {"bootstraps": 50, "sweeps": 200}


def write_run(folder, name="rocks", **groups):
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"name": name, "data": str(folder), **groups}))
    return path


def write_rocks(folder, more=""):
    """Three fresh and two altered rocks; the second lost a fifth of its mass, and soda."""
    r = np.random.default_rng(1)
    names = ["SiO2", "TiO2", "Al2O3", "FeO", "MgO", "CaO", "Na2O", "K2O", "Zr", "Nb"]
    fresh = np.array([55, 1.0, 16, 8, 5, 7, 3, 2, 120, 8.0])
    gains = np.array(
        [[0, 0, 0, 0, 0.1, -0.2, 0.1, 0.3, 0, 0], [-0.2, 0, 0, 0, 0, 0, -0.9, 0, 0, 0]]
    )
    rows = [("f", fresh)] * 3 + [("a", fresh * (1 + g)) for g in gains]
    lines = ["Sample," + ",".join(names)]
    for k, (kind, values) in enumerate(rows):
        noisy = values * np.exp(0.01 * r.normal(size=10))
        noisy[:8] *= 98 / noisy[:8].sum()
        noisy[8:] *= 98 / values[:8].sum()
        lines.append(f"{kind}{k}," + ",".join(f"{v:.4g}" for v in noisy))
    cells = lines[4].split(",")
    cells[10] = "<40"
    lines[4] = ",".join(cells)
    (folder / "rocks.csv").write_text("\n".join(lines) + "\n" + more)


def test_a_table_with_bad_cells_gives_mass_changes_and_tells_what_was_put_aside(tmp_path):
    write_rocks(tmp_path, "a9,0.55,0.01,0.16,0.08,0.05,0.07,0.03,0.02,120,8\n"
                          "a10,55,1,16,8,5,7,3,-2,120,much\n")  # fmt: skip
    path = write_run(
        tmp_path, isocon={"table": "rocks.csv", "protolith": ["f0", "f1", "f2"], **SMALL}
    )
    layout = compute_run(path, tmp_path / "r")
    samples = read_table(layout.table("isocon_samples"), "isocon_samples").to_pylist()
    assert [s["sample"] for s in samples] == ["a3", "a4", "a10"]
    # of 97 parts the second lost 11 of silica and 2.7 of soda
    assert samples[1]["mass_ratio"] == pytest.approx(1 - 13.7 / 97, abs=0.03)
    assert samples[0]["censored_count"] == 1
    left = read_table(layout.table("isocon_left_out"), "isocon_left_out").to_pylist()
    told = {(x["sample"], x["table_column"]): x["reason"] for x in left}
    assert "mass fractions" in told["a9", ""]
    assert "negative" in told["a10", "K2O"]
    assert "no number" in told["a10", "Nb"]
    (settings,) = load_runs(path).cases.values()
    write_analysis_report(settings, layout)
    assert "Put aside of the analyses" in read_text(layout.report)


def test_a_protolith_that_is_not_there_is_told(tmp_path):
    write_rocks(tmp_path)
    path = write_run(tmp_path, isocon={"table": "rocks.csv", "protolith": ["basalt"], **SMALL})
    with pytest.raises(InputError, match="protolith basalt is no sample"):
        compute_run(path, tmp_path / "r")
    path = write_run(tmp_path, isocon={"table": "rock.csv", "protolith": ["f0"]})
    with pytest.raises(InputError, match=r"Did you mean '.*rocks\.csv'"):
        compute_run(path, tmp_path / "r")


def test_synthetic_rocks_are_the_same_whenever_they_are_computed(tmp_path):
    simulation = {"samples": 2, "protoliths": 3, "elements": 10}
    path = write_run(tmp_path, isocon={"simulation": simulation, **SMALL})
    one, two = (compute_run(path, tmp_path / n) for n in "ab")
    first, second = (read_table(x.table("isocon_samples"), "isocon_samples") for x in (one, two))
    assert first.equals(second)
    assert np.isfinite(first["true_mass_ratio"].to_numpy()).all()


def write_settings(folder):
    r = np.random.default_rng(2)
    lines = ["Sample,where,SiO2,Zr,Nb,La,87Sr/86Sr,Cs"]
    for k in range(60):
        arc = k % 2
        zr, nb, la = np.exp([4.5, 2.0 - 1.0 * arc, 2.5] + 0.4 * r.normal(size=3))
        lines.append(
            f"r{k},{('ridge', 'arc')[arc]},{50 + r.normal():.2f},{zr:.1f},{nb:.2f},{la:.2f},"
            f"{0.703 + 0.0005 * r.normal():.5f},{'' if k % 3 else 1}"
        )
    lines += ["x1,,50,90,5,12,0.703,1", "x2,plume,50,90,5,12,0.703,1", "x3,arc,50,90,,12,0.703,1"]
    (folder / "rocks.csv").write_text("\n".join(lines) + "\n")


def test_settings_are_told_apart_and_rows_that_cannot_be_used_are_told(tmp_path):
    write_settings(tmp_path)
    path = write_run(
        tmp_path,
        discriminate={"table": "rocks.csv", "class_column": "where", "folds": 5, "nested_folds": 2},
    )
    layout = compute_run(path, tmp_path / "r")
    first = read_table(layout.table("discriminate_models"), "discriminate_models").to_pylist()[0]
    assert "Nb" in first["column_names"].split()
    density = read_table(layout.table("discriminate_density"), "discriminate_density")
    assert density["subset_count"].to_numpy().sum() == 2**5 - 1
    scores = read_table(layout.table("discriminate_scores"), "discriminate_scores").to_pylist()
    assert [s["score_of"] for s in scores] == ["all columns", "chosen", "chosen, nested"]
    assert scores[1]["balanced_accuracy"] > 0.7
    left = read_table(layout.table("discriminate_left_out"), "discriminate_left_out").to_pylist()
    told = {x["sample"] or x["table_column"]: x["reason"] for x in left}
    assert told["Cs"].endswith("of the samples have no value")
    assert told["x1"] == "no setting is stated"
    assert "fewer samples than the 5 folds" in told["x2"]
    assert "no value of Nb" in told["x3"]
    (settings,) = load_runs(path).cases.values()
    write_analysis_report(settings, layout)
    assert "Density of states" in read_text(layout.report)


def test_a_column_of_settings_that_is_not_there_is_told(tmp_path):
    write_settings(tmp_path)
    path = write_run(tmp_path, discriminate={"table": "rocks.csv", "class_column": "tectonics"})
    with pytest.raises(InputError, match="no column 'tectonics'"):
        compute_run(path, tmp_path / "r")


def test_fewer_samples_than_elements_are_told():
    from quakeloom.geochem import DiscriminateOptions, analyze_classes

    r = np.random.default_rng(3)
    with pytest.raises(InputError, match="6 samples of 2 classes with 9 columns"):
        analyze_classes(r.normal(size=(6, 9)), np.arange(6) % 2, DiscriminateOptions(), r)


def write_basalts(folder):
    """Three basalts that are 5, 10 and 15 percent of one mantle, and rows that cannot be used."""
    lines = ["Sample,SiO2,La,Ce,Sm,Nd,Yb,Au"]
    bulk = np.array([0.01, 0.022, 0.045, 0.031, 0.115])
    source = np.array([0.192, 0.55, 0.239, 0.581, 0.365])
    for k, f in enumerate((0.05, 0.1, 0.15)):
        values = source / (bulk + f * (1 - bulk))
        lines.append(f"b{k},50," + ",".join(f"{v:.4g}" for v in values) + ",1")
    lines[2] = lines[2].replace(lines[2].split(",")[4], "<9", 1)
    lines += ["b8,50,3,,,,,", "b9,50,-3,4,5,much,2,"]
    (folder / "rocks.csv").write_text("\n".join(lines) + "\n")


def test_degrees_of_melting_follow_and_what_cannot_be_used_is_told(tmp_path):
    write_basalts(tmp_path)
    short = {"model": "batch", "draws": 300, "noise": 0.03}
    path = write_run(tmp_path, melting={"table": "rocks.csv", **short})
    layout = compute_run(path, tmp_path / "r")
    samples = read_table(layout.table("melting_samples"), "melting_samples").to_pylist()
    assert [s["sample"] for s in samples] == ["b0", "b1", "b2", "b9"]
    middle = [s["melt_fraction"] for s in samples[:3]]
    assert middle == pytest.approx([0.05, 0.1, 0.15], rel=0.35)
    assert middle == sorted(middle)
    left = read_table(layout.table("melting_left_out"), "melting_left_out").to_pylist()
    told = {(x["sample"], x["table_column"]): x["reason"] for x in left}
    assert told["", "Au"] == told["", "SiO2"] == "no partition coefficients"
    assert "below a detection limit" in told["b1", "Sm"]
    assert "fewer than two elements" in told["b8", ""]
    assert "negative" in told["b9", "La"]
    (settings,) = load_runs(path).cases.values()
    write_analysis_report(settings, layout)
    assert "Degrees of melting and source" in read_text(layout.report)


def test_elements_without_coefficients_are_told(tmp_path):
    write_basalts(tmp_path)
    path = write_run(tmp_path, melting={"table": "rocks.csv", "elements": ["La", "Au"]})
    with pytest.raises(InputError, match="names Au, for which there are no partition"):
        compute_run(path, tmp_path / "r")
