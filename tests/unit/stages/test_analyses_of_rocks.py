"""Stages restore, rockphysics and fluids as runs: products, reasons, the same bytes twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from quakeloom.core import InputError
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.run_here import run_here

ROCKS = {"nodes": [20, 10, 10]}


def run(tmp_path, results="results", **groups):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({"name": "r", "data": str(tmp_path), **groups}))
    (settings,) = load_runs(path).cases.values()
    return run_here(settings, tmp_path / results)


def volume(tmp_path):
    rng = np.random.default_rng(0)
    vp = np.full((3, 4), 6.3) + 0.05 * rng.standard_normal((3, 4))
    vs = vp / 1.77
    vp[0, 0], vs[1, 1], vp[2, 3] = np.nan, 6.0, 9.9
    vs[0, 0] = np.nan
    data = {"vp": (("depth", "x"), vp), "vs": (("depth", "x"), vs)}
    axes = {"depth": [10.0, 20.0, 30.0], "x": [0.0, 1.0, 2.0, 3.0]}
    xr.Dataset(data, axes).to_netcdf(tmp_path / "v.nc", engine="scipy")
    return vp
