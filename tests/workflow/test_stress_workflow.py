"""The stress stage in the workflow: same bytes, nothing twice, one more month, hardly any data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray
from small_runs import (
    compute_run,
    quakeloom,
    slip_catalog,
    stress_of,
    write_config,
    write_month,
    write_stress_config,
)
from test_snakemake import jobs

from quakeloom.formats import write_csv
from quakeloom.report import write_report
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.stages.stress import STRESS
from quakeloom.store import RunLayout, open_item, read_json, read_table, read_text
from quakeloom.stress import shmax_direction, stress_tensors

FILES = ("stress.csv", "stress.json", "stress.nc", "stress_wsm.csv", "stress.geojson",
         "shmax.tif", "a_phi.tif")  # fmt: skip


def compute(path: Path, results: Path, report: bool = True) -> RunLayout:
    """Run the stages of a configuration in this process."""
    layout = compute_run(path, results)
    if report:
        write_report(read_settings(layout), layout)
    return layout


def digests(layout: RunLayout) -> dict[str, str]:
    """Digests of the map's files, and of every array of its Zarr store."""
    found = {f: layout.root.local / f for f in FILES}
    store = layout.root.local / "stress.zarr"
    found |= {str(p.relative_to(store)): p for p in store.rglob("*") if p.is_file()}
    return {k: hashlib.sha256(p.read_bytes()).hexdigest() for k, p in found.items()}


def test_workers_and_partitions_do_not_change_a_byte_of_the_map(catalog):
    """From polarities to the map: by months without workers, all at once with two: same files."""
    options = {"stress": {"grid_step_deg": 0.25, "reach_km": 30, "bootstrap": 20}}
    reference = digests(compute(write_config(catalog, **options), catalog / "reference", False))
    assert len(reference) > 60
    changes = {
        "partition": {"calendar": "all"},
        "cluster": {"kind": "local", "workers": 2, "block_events": 16},
    }
    layout = compute(write_config(catalog, **options, **changes), catalog / "other", False)
    assert digests(layout) == reference


def test_acceptable_mechanisms_reach_the_map_with_their_weights(catalog):
    """The map of the run is that of the expected K and b over the stored acceptance.

    Written out event by event: both planes of every acceptable mechanism, weighed by the
    stored byte and by the share of orientations that the mechanism stands for.
    """
    from quakeloom.core import auxiliary_plane, fault_vectors
    from quakeloom.mechanism import mechanism_grid
    from quakeloom.store import open_array, read_table
    from quakeloom.stress import design_rows

    config = write_config(catalog, stress={"grid_step_deg": 0, "planes": "both"})
    layout = compute(config, catalog / "results", False)
    grid = mechanism_grid(5.0)
    angles = np.stack([grid.strike_deg, grid.dip_deg, grid.rake_deg])
    vertical = np.abs(grid.dip_deg - 90.0) < 1e-6
    # mechanisms with a vertical plane are in the grid twice, so each stands for half as much
    assert grid.weights[vertical].max() < 0.6 < 0.9 < np.median(grid.weights)
    k, b, weight = np.zeros((5, 5)), np.zeros(5), 0.0
    for group in layout.accepted.children():
        if group.name == "grid" or not group.is_folder():
            continue
        table = read_table(layout.part("mechanism", group.name) / "mechanisms.parquet",
                           "mechanisms")  # fmt: skip
        solved = np.isfinite(table.column("strike_deg").to_numpy())
        for row, known in zip(np.asarray(open_array(group, "acceptance")[...]), solved,
                              strict=True):  # fmt: skip
            used = np.flatnonzero(row)
            if not known or not used.size:
                continue
            p = row[used].astype(float) * grid.weights[used]
            p /= p.sum()
            event_k, event_b = np.zeros((5, 5)), np.zeros(5)
            for planes in (angles[:, used], np.stack(auxiliary_plane(*angles[:, used]))):
                normal, slip = fault_vectors(*planes)
                g = design_rows(normal)
                event_k += 0.5 * np.einsum("n,nik,nil->kl", p, g, g)
                event_b += 0.5 * np.einsum("n,nik,ni->k", p, g, slip)
            coherence = 2.0 * np.sum(event_b**2)
            k, b, weight = k + coherence * event_k, b + coherence * event_b, weight + coherence
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        found = data["components"].to_numpy().ravel()
    facts = read_json(layout.root / "stress.json")
    assert facts["weight"] == pytest.approx(weight, abs=1e-6)
    # the stored sums are rounded to 2^-27 of a datum
    np.testing.assert_allclose(found, np.linalg.solve(k, b), atol=1e-6)


@pytest.mark.slow
def test_a_new_month_runs_its_partition_and_the_gathers(tmp_path):
    """Nothing is done twice; one more month of mechanisms: its sums, the map, the report."""
    months = 1 + (np.arange(90) % 4)
    times = np.array([f"2019-{m:02d}-11" for m in months], dtype="datetime64[ns]")
    table = slip_catalog(np.array([stress_of(45.0)] * 90), origin_time=times)
    config = write_stress_config(
        tmp_path, table.filter(months < 4), partition={"calendar": "month"},
        stress={"grid_step_deg": 0},
    )  # fmt: skip

    def run(*more: str) -> str:
        done = quakeloom("run", "--config", config, "--results", tmp_path / "results", *more)
        return done.stdout + done.stderr

    expected = {"catalogs": 1, "stress": 3, "stress_finalise": 1, "tendency": 1, "report": 1}
    assert jobs(run("--dry-run")) == expected
    assert jobs(run()) == expected
    assert "Nothing to be done" in run()
    root = tmp_path / "results" / "map"
    kept = {p: p.read_bytes() for p in (root / "parts" / "stress").rglob("*") if p.is_file()}
    assert len(kept) == 9  # sums, mechanisms one by one and marker of every month
    before = json.loads((root / "stress.json").read_text())
    assert read_table(RunLayout(open_item(root)).table("rejects"), "rejects").num_rows == 0
    write_csv(table, tmp_path / "catalog.csv")
    lines = (tmp_path / "catalog.csv").read_text().splitlines()
    names = next(x for x in lines if "dip_deg" in x and "," in x).replace('"', "").split(",")
    bad = lines[-1].split(",")
    bad[names.index("dip_deg")], bad[names.index("event_id")] = "95", "steep"
    with (tmp_path / "catalog.csv").open("a") as file:
        file.write(",".join(bad) + "\n")
    again = run()
    assert jobs(again) == {**expected, "stress": 1}
    assert "2019-04" in again
    assert all(p.read_bytes() == old for p, old in kept.items())
    after = json.loads((root / "stress.json").read_text())
    assert before["mechanisms"] < after["mechanisms"] == 90
    (reject,) = read_table(RunLayout(open_item(root)).table("rejects"), "rejects").to_pylist()
    assert (reject["event_id"], reject["source_line"]) == ("steep", len(lines) + 1)
    assert "dip_deg 95" in reject["reason"]
    quakeloom("verify", "--config", config, "--results", tmp_path / "results")


def _few(kind: str):
    many = np.array([stress_of(45.0)] * 60)
    place = {"longitude": np.full(60, 10.31), "latitude": np.full(60, 45.27)}
    if kind == "one mechanism":
        return slip_catalog(many[:1])
    if kind == "three mechanisms":
        return slip_catalog(many[:3])
    if kind == "all in one place":
        return slip_catalog(many, **place)
    if kind == "identical mechanisms":
        same = {"strike_deg": np.full(60, 15.0), "dip_deg": np.full(60, 90.0),
                "rake_deg": np.full(60, 180.0)}  # fmt: skip
        return slip_catalog(many, **same)
    if kind == "identical in one place":
        return _few("identical mechanisms").set_column(3, "longitude", [place["longitude"]])
    return slip_catalog(many)


def _shmax_at(layout: RunLayout, latitude: float, longitude: float) -> float:
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        m = data["components"].isel(depth_km=0) if "depth_km" in data.dims else data["components"]
        if m.sizes["latitude"] > 1:
            m = m.interp(latitude=latitude, longitude=longitude)
        return float(shmax_direction(stress_tensors(m.to_numpy().ravel())))


OPTIONS = {
    "a map": {},
    "one node": {"grid_step_deg": 0},
    "a volume": {"depth_step_km": 10},
    "with bootstrap": {"bootstrap": 20},
    "with instability": {"planes": "instability"},
    "second differences": {"order": 2},
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(
    "kind", ["one mechanism", "three mechanisms", "all in one place", "identical mechanisms"]
)
def test_hardly_any_data_give_a_wide_answer_and_a_report(tmp_path, kind, option):
    """A handful, all in one place, all alike: the run finishes, and its ranges are wide."""
    config = write_stress_config(tmp_path, _few(kind), stress=OPTIONS[option])
    layout = compute(config, tmp_path / "results", option in ("a map", "one node"))
    table = pd.read_csv(layout.root.local / "stress.csv")
    facts = read_json(layout.root / "stress.json")
    assert len(table) > 0
    assert np.isfinite(table["shmax_deg"]).all()
    if option in ("a map", "one node"):
        assert "The inversion in numbers" in read_text(layout.report)
    faults = pd.read_csv(layout.root.local / "tendency.csv")
    if kind == "all in one place":
        # what 60 mechanisms say of their place is sharp; how far it reaches they cannot say
        assert _shmax_at(layout, 45.27, 10.31) == pytest.approx(45.0, abs=8.0)
        assert (table["quality"] == "A").all() == (option == "one node")
        return
    assert facts["status"] == "held_by_prior"
    # of one vertical mechanism the exact posterior has 19 to 23 degrees: stresses and faults drawn,
    # turned so that the fault is that of the mechanism, for errors of 0 to 11 degrees
    assert table["shmax_std_deg"].min() > (18.0 if kind != "three mechanisms" else 15.0)
    assert (table["quality"] >= "D").all()
    known = faults.dropna(subset="slip_tendency")
    assert (known["slip_tendency_high"] - known["slip_tendency_low"] > 0.5).all()


SILENT = {
    "an area elsewhere": {"area": [100, 110, 10, 20]},
    "everything too deep": {"maximum_depth_km": 1},
    "no quality counts": {"quality_weights": {"A": 0, "B": 0, "C": 0}},
    "land without mechanisms": {"area": [6, 8, 43, 44.5], "mask": "land"},
    "nothing for one node": {"grid_step_deg": 0, "minimum_magnitude": 9},
    "nothing for a projected volume": {
        "projection": "EPSG:32632", "depth_step_km": 5, "maximum_depth_km": 1
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", SILENT)
def test_a_grid_without_data_has_no_stress_and_a_report_that_says_why(tmp_path, kind):
    """Files are there and empty, faults have no tendency, the report names the reason."""
    config = write_stress_config(tmp_path, _few(""), stress=SILENT[kind])
    layout = compute(config, tmp_path / "results")
    facts = read_json(layout.root / "stress.json")
    assert facts["status"] == "no_data"
    assert facts["abic"] is None
    assert sum(facts["left_out"].values()) == 60
    assert len(pd.read_csv(layout.root.local / "stress.csv")) == 0
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        assert np.isnan(data["shmax_deg"].to_numpy()).all()
    assert pd.read_csv(layout.root.local / "tendency.csv")["slip_tendency"].isna().all()
    page = read_text(layout.report)
    assert "There is no stress map" in page
    assert verify_stage(STRESS, read_settings(layout), layout)["partitions"] == 4


def test_a_map_that_loses_its_data_loses_its_pictures(tmp_path):
    """Rules that leave nothing replace an earlier map: no file of it stays behind."""
    layout = compute(write_stress_config(tmp_path, _few("")), tmp_path / "results")
    assert (layout.root / "shmax.tif").exists()
    compute(write_stress_config(tmp_path, stress={"maximum_depth_km": 1}), tmp_path / "results")
    assert not (layout.root / "shmax.tif").exists()
    assert len(pd.read_csv(layout.root.local / "stress.csv")) == 0


def test_empty_partitions_add_nothing(tmp_path):
    """Years of which no mechanism is used change no byte of the map."""
    table = _few("")
    year = pd.DatetimeIndex(table.column("origin_time").to_numpy()).year
    deep = np.where(year == 2016, 500.0, table.column("depth_km").to_numpy())
    table = table.set_column(table.column_names.index("depth_km"), "depth_km", [deep])
    rules = {"maximum_depth_km": 50}
    whole = compute(write_stress_config(tmp_path, table, stress=rules), tmp_path / "whole", False)
    marker = read_json(whole.done("stress", "2016"))
    assert marker["counts"]["used"] == 0
    assert marker["counts"]["mechanisms"] == np.sum(year == 2016)
    less = tmp_path / "less"
    less.mkdir()
    rest = compute(
        write_stress_config(less, table.filter(np.asarray(year != 2016)), stress=rules),
        less / "results",
        False,
    )
    for name in ("stress.csv", "stress.geojson", "shmax.tif", "tendency.csv"):
        assert (whole.root / name).digest() == (rest.root / name).digest(), name


def test_mechanisms_without_agreement_end_in_a_report(tmp_path):
    """Polarities that determine no mechanism: no map, and the run still ends in its report."""
    write_month(tmp_path, "2019-01", events=3)
    config = write_config(
        tmp_path, stress={"grid_step_deg": 0.2}, mechanism={"trials": 10, "minimum_polarities": 200}
    )
    layout = compute(config, tmp_path / "results")
    assert read_json(layout.root / "stress.json")["status"] == "no_data"
    assert "There is no stress map" in read_text(layout.report)


def test_a_catalog_without_rows_stops_the_plan_with_its_name(tmp_path):
    """Nothing to plan: one message, no traceback."""
    config = write_stress_config(tmp_path, _few("").slice(0, 0))
    done = quakeloom("plan", "--config", config, "--results", tmp_path / "r", check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "catalog.csv" in done.stderr
