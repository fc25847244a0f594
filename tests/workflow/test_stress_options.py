"""Boundaries, land, depth and time of the stress map, from the configuration to the files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray
from small_runs import slip_catalog, stress_of, write_stress_config
from test_stress_workflow import compute

from quakeloom.core import SettingsError
from quakeloom.store import read_json
from quakeloom.stress import axial_difference

EAST = np.random.default_rng(7)

LINEAR = {"planes": "both"}
"""Both planes count alike: the quickest answer, where it is the grid that is looked at."""


def test_a_named_boundary_keeps_the_step_between_two_half_spaces(tmp_path):
    """SHmax 90 and 45 degrees: smoothing blurs the step, the boundary of the settings keeps it."""
    east = EAST.uniform(10.0, 11.0, 900)
    truth = np.where(east < 10.52, 90.0, 45.0)
    table = slip_catalog(np.array([stress_of(a) for a in truth]), longitude=east)
    line = [[10.52, 44.0], [10.52, 47.0]]
    errors, evidence = {}, {}
    for name, boundaries in (("smooth", []), ("cut", [line])):
        config = write_stress_config(
            tmp_path, table, name,
            stress={**LINEAR, "grid_step_deg": 0.1, "reach_km": 5, "boundaries": boundaries},
        )  # fmt: skip
        layout = compute(config, tmp_path / "results", False)
        found = pd.read_csv(layout.root.local / "stress.csv")
        true = np.where(found["longitude"] < 10.52, 90.0, 45.0)
        beside = (found["longitude"] - 10.52).abs() < 0.1
        assert beside.sum() > 15
        errors[name] = np.abs(axial_difference(found["shmax_deg"], true))[beside].mean()
        evidence[name] = read_json(layout.root / "stress.json")["evidence"]
    assert errors["cut"] < 4.0
    assert errors["smooth"] > 2.5 * errors["cut"]
    # the evidence prefers the map with the boundary, by far
    assert evidence["cut"] < evidence["smooth"] - 10.0


def test_the_land_mask_keeps_land_and_a_strip_of_sea(tmp_path):
    """Nodes on land and up to 20 km off the coast exist, and farther out only those with data."""
    tensors = np.array([stress_of(45.0)] * 80)
    # mechanisms in Liguria; the coast of the gulf of Genoa runs through the area
    table = slip_catalog(
        tensors,
        longitude=EAST.uniform(8.5, 9.2, 80),
        latitude=EAST.uniform(44.5, 44.9, 80),
    )
    area = [8.0, 10.0, 43.0, 45.0]
    rules = {"mask": "land", "reach_km": 20, "area": area, "grid_step_deg": 0.2}
    layout = compute(write_stress_config(tmp_path, table, stress=rules), tmp_path / "r", False)
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        data = data.load()
    exists = data["shmax_deg"].notnull()

    def at(longitude, latitude):
        return bool(exists.sel(longitude=longitude, latitude=latitude, method="nearest"))

    assert at(8.6, 44.8)
    # on land, far from every mechanism
    assert at(9.8, 44.8)
    assert at(8.0, 45.0)
    # 13 km off Savona; 80 km out at sea
    assert at(8.6, 44.2)
    assert not at(8.8, 43.6)
    silent = exists & ~(data["data_weight"] > 0)
    std = data["shmax_std_deg"]
    assert float(std.where(silent).median()) > 1.2 * float(std.where(~silent).median())


def test_depth_has_its_own_smoothness(tmp_path):
    """SHmax that turns by 60 degrees from 0 to 20 km: found in every layer, two strengths."""
    depth = EAST.uniform(0.0, 20.0, 1500)
    table = slip_catalog(np.array([stress_of(30.0 + 3.0 * d) for d in depth]), depth_km=depth)
    config = write_stress_config(
        tmp_path, table, stress={**LINEAR, "grid_step_deg": 0.5, "depth_step_km": 5, "reach_km": 20}
    )
    layout = compute(config, tmp_path / "results")
    facts = read_json(layout.root / "stress.json")
    across, down = facts["alpha2"]
    assert across > 3 * down
    found = pd.read_csv(layout.root.local / "stress.csv")
    assert set(found["depth_km"]) == {0.0, 5.0, 10.0, 15.0, 20.0}
    off = axial_difference(found["shmax_deg"], 30.0 + 3.0 * found["depth_km"])
    assert np.abs(off)[found["mechanism_count"] > 5].mean() < 6.0
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        assert data["shmax_deg"].dims == ("depth_km", "latitude", "longitude")
        assert data["depth_km"].attrs["positive"] == "down"
    # faults are rated in the stress nearest to the surface
    faults = pd.read_csv(layout.root.local / "tendency.csv").set_index("fault")
    assert faults.loc["b", "slip_tendency"] > faults.loc["a", "slip_tendency"]


@pytest.mark.long
def test_time_windows_see_a_stress_that_turns(tmp_path):
    """SHmax that jumps by 40 degrees in the middle of four years: seen in time, not in place."""
    days = EAST.integers(0, 4 * 365, 1200)
    times = np.datetime64("2015-01-01", "ns") + days * np.timedelta64(1, "D")
    late = times >= np.datetime64("2017-01-01")
    tensors = np.array([stress_of(a) for a in np.where(late, 70.0, 30.0)])
    table = slip_catalog(tensors, origin_time=times)
    rules = {"grid_step_deg": 0.5, "time_step_years": 0.5, "reach_km": 20}
    layout = compute(write_stress_config(tmp_path, table, stress=rules), tmp_path / "r")
    found = pd.read_csv(layout.root.local / "stress.csv")
    truth = np.where(found["time_year"] < 2017.0, 30.0, 70.0)
    off = np.abs(axial_difference(found["shmax_deg"], truth))
    clear = (found["time_year"] - 2017.0).abs() > 0.6
    assert off[clear & (found["mechanism_count"] > 5)].mean() < 8.0
    across, through = read_json(layout.root / "stress.json")["alpha2"]
    assert across > 3 * through
    both = {**rules, **LINEAR, "time_step_years": 2, "depth_step_km": 10}
    layout = compute(write_stress_config(tmp_path, table, stress=both), tmp_path / "r", False)
    with xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as data:
        assert data["shmax_deg"].dims == ("time_year", "depth_km", "latitude", "longitude")
        assert data["shmax_deg"].notnull().sum() > 50


def test_a_projection_that_does_not_exist_is_named(tmp_path):
    """A typing error in the projection is answered with an example."""
    table = slip_catalog(np.array([stress_of(45.0)] * 20))
    config = write_stress_config(tmp_path, table, stress={"projection": "EPSG:99999999"})
    with pytest.raises(SettingsError, match="EPSG:2193"):
        compute(config, tmp_path / "results", False)


@pytest.mark.parametrize(("off", "warned"), [(0.0, False), (0.5, True)])
def test_places_midway_between_nodes_are_told(tmp_path, caplog, off, warned):
    """A catalog rounded to the step of the map, half a step off, tells nodes apart by nothing."""
    east = 10.0 + 0.1 * (EAST.integers(0, 4, 60) + off)
    table = slip_catalog(np.array([stress_of(45.0)] * 60), longitude=east)
    config = write_stress_config(
        tmp_path, table, "rounded", stress={**LINEAR, "grid_step_deg": 0.1, "reach_km": 5}
    )
    layout = compute(config, tmp_path / "results", True)
    facts = read_json(layout.root / "stress.json")
    assert facts["midway_warned"] is warned
    assert facts["midway"] == pytest.approx(1.0, abs=1e-9) if warned else facts["midway"] < 0.3
    assert ("stand midway between nodes" in caplog.text) is warned
    page = (layout.root / "report.html").local.read_text(encoding="utf-8")
    assert ("stand midway between nodes" in page) is warned
