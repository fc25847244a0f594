"""Stages restore, rockphysics and fluids as runs: products, reasons, the same bytes twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from quakeloom.config import list_examples, parse_settings
from quakeloom.core import InputError, SettingsError
from quakeloom.report import build_analysis_report
from quakeloom.stages.frame.chains import find_chain, run_stages
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.planning import plan_run
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout

ROCKS = {"nodes": [20, 10, 10], "depths_km": [15, 25]}


def run(tmp_path, name="r", **groups):
    settings = parse_settings({"name": name, "data": str(tmp_path), **groups})
    layout = RunLayout(tmp_path / "results" / name)
    plan_run(settings, layout)
    run_here(settings, layout)
    return settings, layout


def write_velocities(tmp_path, factor=1.0):
    rng = np.random.default_rng(0)
    vp = np.full((3, 4), 6.3) + 0.05 * rng.standard_normal((3, 4))
    vs = vp / 1.77
    vp[0, 0], vs[0, 0] = np.nan, np.nan
    vs[1, 1] = 6.0
    vp[2, 3] = 9.9
    data = {"vp": (("depth", "x"), factor * vp), "vs": (("depth", "x"), factor * vs)}
    axes = {"depth": [10.0, 20.0, 30.0], "x": [0.0, 1.0, 2.0, 3.0]}
    xr.Dataset(data, axes).to_netcdf(tmp_path / "v.nc", engine="scipy")


def test_a_grid_of_velocities_becomes_maps_with_a_reason_where_there_is_none(tmp_path):
    write_velocities(tmp_path)
    settings, layout = run(
        tmp_path, rockphysics=ROCKS, fluids={"file": "v.nc", "vp": "vp", "vs": "vs"}
    )
    root = tmp_path / "results" / "r"
    table = pd.read_parquet(root / "fluid_voxels.parquet")
    status = table.voxel_status.to_numpy().reshape(3, 4)
    assert (status[0, 0], status[1, 1], status[2, 3]) == ("missing", "impossible", "outside")
    assert (status == "solved").sum() == 9
    assert (table.reason.eq("") == table.voxel_status.eq("solved")).all()
    with xr.open_dataset(root / "fluids.nc", engine="scipy") as maps:
        assert maps.porosity.dims == ("depth", "x")
        assert np.isnan(maps.porosity.to_numpy()[0, 0])
        assert (maps.porosity_lower95 <= maps.porosity).where(maps.lithology >= 0, True).all()
    candidates = pd.read_parquet(root / "rock_candidates.parquet")
    assert candidates.lithology.ne("").sum() >= 156
    page = build_analysis_report(settings, layout)
    assert "Lithology and fluid" in page
    assert "not solved" in page.lower()
    before = (root / "fluid_voxels.parquet").read_bytes()
    (root / "parts" / "fluids" / "one.json").unlink()
    run(tmp_path, rockphysics=ROCKS, fluids={"file": "v.nc", "vp": "vp", "vs": "vs"})
    assert (root / "fluid_voxels.parquet").read_bytes() == before


def test_velocities_in_another_unit_are_refused_with_the_setting_to_write(tmp_path):
    write_velocities(tmp_path, 1000.0)
    asked = {"file": "v.nc", "vp": "vp", "vs": "vs"}
    with pytest.raises(InputError, match="velocity_unit: m/s"):
        run(tmp_path, rockphysics=ROCKS, fluids=asked)
    run(tmp_path, "m", rockphysics=ROCKS, fluids={**asked, "velocity_unit": "m/s"})
    table = pd.read_parquet(tmp_path / "results" / "m" / "fluid_voxels.parquet")
    assert (table.voxel_status == "solved").sum() == 9
    assert table.observed_p_velocity.max() < 10


def test_single_velocities_in_another_unit_are_rows_with_a_reason(tmp_path):
    rows = "".join(f"{x},{15.0},{6300 if x == 2 else 6.3},3.55\n" for x in range(6))
    (tmp_path / "v.csv").write_text("x,depth,vp,vs\n" + rows)
    run(tmp_path, rockphysics=ROCKS, fluids={"file": "v.csv", "vp": "vp", "vs": "vs"})
    table = pd.read_parquet(tmp_path / "results" / "r" / "fluid_voxels.parquet")
    assert table.voxel_status.tolist().count("solved") == 5
    assert "not positive" in table.reason[2]


def test_a_depth_without_any_known_fluid_is_refused(tmp_path):
    rocks = {**ROCKS, "depths_km": [0.5], "fluids": ["melt"]}
    with pytest.raises(InputError, match=r"No fluid of 'r' is known at 0\.5 km"):
        run(tmp_path, rockphysics=rocks, fluids={"observations": [{"name": "a", "vp_km_s": 6}]})


def test_fields_are_restored_slice_by_slice_and_constant_ones_have_a_reason(tmp_path):
    rng = np.random.default_rng(1)
    values = rng.standard_normal((3, 16, 16)).cumsum(axis=1)
    values[1] = 5.0
    data = xr.Dataset({"v": (("depth", "y", "x"), values)}, {"depth": [0.0, 5.0, 10.0]})
    data.to_netcdf(tmp_path / "v.nc", engine="scipy")
    asked = {"file": "v.nc", "variables": ["v"], "dimensions": ["y", "x"], "prior": "membrane"}
    settings, layout = run(tmp_path, restore=asked)
    root = tmp_path / "results" / "r"
    table = pd.read_parquet(root / "restorations.parquet")
    assert table.field_slice.tolist() == ["depth 0", "depth 5", "depth 10"]
    assert table.restore_status.tolist()[1] == "error"
    assert "no noise and no shape" in table.reason[1]
    with xr.open_dataset(root / "restored.nc", engine="scipy") as found:
        assert np.isfinite(found.v_deviation.to_numpy()[[0, 2]]).all()
        assert np.isnan(found.v.to_numpy()[1]).all()
    assert "Restored fields" in build_analysis_report(settings, layout)
    again = {**asked, "variables": ["v_deviation"], "file": "restored.nc", "run": "r"}
    run(tmp_path, "second", restore=again)
    assert (tmp_path / "results" / "second" / "restored.nc").exists()


def test_simulated_rocks_have_their_truth_beside_them(tmp_path):
    asked = {"simulation": {"rocks": 4, "realizations": 3}}
    rocks = {**ROCKS, "depths_km": [20], "geotherm_c": [[20, 828.5]]}
    settings, layout = run(tmp_path, rockphysics=rocks, fluids=asked)
    table = pd.read_parquet(tmp_path / "results" / "r" / "fluid_voxels.parquet")
    assert len(table) == 12
    assert table.true_lithology.ne("").all()
    assert "Lithology right" in build_analysis_report(settings, layout)


def test_one_rock_is_mapped_smoothly_beside_the_selection(tmp_path):
    write_velocities(tmp_path)
    rocks = {**ROCKS, "fluids": ["aqueous"], "porosity_range": [0.001, 0.1]}
    rocks["ratio_range"] = [0.02, 1.0]
    asked = {"file": "v.nc", "vp": "vp", "vs": "vs", "every": [1, 1]}
    settings, layout = run(
        tmp_path, rockphysics=rocks, fluids={**asked, "smooth": {"lithology": "diorite"}}
    )
    with xr.open_dataset(tmp_path / "results/r/fluids.nc", engine="scipy") as maps:
        low, high = maps.smooth_porosity_lower95, maps.smooth_porosity_upper95
        assert ((low <= maps.smooth_porosity) & (maps.smooth_porosity <= high)).all()
        assert np.isfinite(maps.smooth_porosity).all()
        assert (maps.deviation_of_ensemble == 0).all()
    assert "Smooth porosity of diorite" in build_analysis_report(settings, layout)
    with pytest.raises(InputError, match="no candidate"):
        run(tmp_path, "s", rockphysics=rocks, fluids={**asked, "smooth": {"lithology": "cheese"}})
    with pytest.raises(InputError, match=r"one for each"):
        run(tmp_path, "t", rockphysics=rocks, fluids={**asked, "every": [2]})


def test_an_ensemble_of_the_same_run_needs_one():
    with pytest.raises(SettingsError, match=r"fluids\.ensemble"):
        parse_settings({"name": "r", "rockphysics": {}, "fluids": {"ensemble": True}})
    with pytest.raises(SettingsError, match="add that group"):
        parse_settings({"name": "r", "fluids": {"simulation": {}}})


def test_the_ensemble_of_a_region_becomes_porosity_in_the_same_run(tmp_path):
    """The spread of the members is the error of the selection, and its own part of the map's."""
    regional = {
        "origin_longitude_deg": 10, "origin_latitude_deg": 40, "depth_range_km": [4, 16],
        "north_range_km": [-4, 4], "east_range_km": [-4, 4], "spacing_km": [2, 2, 2],
        "lengths_km": [6, 6, 6], "model": "generic_crust", "standard_deviation": [[0, 0.03]],
        "members": 3, "block_members": 3,
    }  # fmt: skip
    rocks = {**ROCKS, "fluids": ["aqueous"], "depths_km": [6, 12]}
    asked = {"ensemble": True, "every": [1, 2, 2],
             "smooth": {"lithology": "diorite", "members": 3}}  # fmt: skip
    settings, _ = run(tmp_path, regional=regional, rockphysics=rocks, fluids=asked)
    assert find_chain(settings).name == "region"
    with xr.open_dataset(tmp_path / "results/r/fluids.nc", engine="scipy") as maps:
        assert maps.porosity.shape == (7, 3, 3)
        assert maps.smooth_porosity.attrs["members"] == 3
        assert (maps.deviation_of_ensemble > 0).all()
    with xr.open_dataset(tmp_path / "results/r/regional.nc", engine="scipy") as region:
        table = pd.read_parquet(tmp_path / "results/r/fluid_voxels.parquet")
        mean = region["mean"].to_numpy()[:, ::2, ::2].ravel()
        assert table.observed_p_velocity.to_numpy() == pytest.approx(mean)


@pytest.mark.parametrize(
    "name",
    ["naruko", "fluids-synthetic", pytest.param("restore-synthetic", marks=pytest.mark.long)],
)
def test_examples_run_at_a_small_size(name, tmp_path):
    for case, settings in load_runs(list_examples()[name]).cases.items():
        given = settings.model_dump(mode="json", exclude_none=True, exclude_unset=True)
        if "rockphysics" in given:
            given["rockphysics"]["nodes"] = [16, 8, 8]
            given["fluids"].get("simulation", {}).update(rocks=3, realizations=2)
            if "simulation" not in given["fluids"]:
                given["fluids"].pop("simulation", None)
        else:
            given["restore"]["simulation"]["shape"] = [16, 16]
            given["restore"]["draws"] = 8
        small = parse_settings({**given, "name": case.replace("/", "-")})
        layout = RunLayout(tmp_path / "results" / small.name)
        plan_run(small, layout)
        run_here(small, layout)
        assert "Summary" in build_analysis_report(small, layout)


def test_the_line_to_porosity_is_one_run_of_three_stages():
    (settings,) = load_runs(list_examples()["fluids-line"]).cases.values()
    assert [s.name for s in run_stages(settings)] == ["tomography", "rockphysics", "fluids"]
