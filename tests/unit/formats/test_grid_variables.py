"""Variables on grids are the same from NetCDF, Zarr and text."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_grid_variables


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    values = rng.random((4, 5))
    values[1, 2] = np.nan
    return xr.Dataset(
        {"vp": (("depth", "x"), values, {"units": "km s-1"}), "vs": (("x",), np.ones(5))},
        {"depth": [0.0, 1.0, 2.0, 3.0], "x": np.arange(5) * 10.0},
    )


def test_netcdf_zarr_and_rows_give_the_same_field(data, tmp_path):
    data.to_netcdf(tmp_path / "a.nc", engine="scipy")
    data.to_zarr(tmp_path / "a.zarr", consolidated=False)
    table = data["vp"].to_dataframe().reset_index()
    table.to_csv(tmp_path / "a.csv", index=False)
    table[table.vp.notna()].sample(frac=1, random_state=1).to_csv(
        tmp_path / "a.txt", index=False, sep=" "
    )
    for name in ("a.nc", "a.zarr", "a.csv", "a.txt"):
        found = read_grid_variables(tmp_path / name, ["vp"])["vp"]
        assert found.dimensions == ("depth", "x")
        assert np.array_equal(found.values, data["vp"].to_numpy(), equal_nan=True), name
        assert np.array_equal(found.coordinates["x"], data["x"])


def test_what_is_not_there_is_told_with_what_is(data, tmp_path):
    data.to_netcdf(tmp_path / "a.nc", engine="scipy")
    with pytest.raises(InputError, match=r"no variable 'vq'.* has v[sp], v[sp]"):
        read_grid_variables(tmp_path / "a.nc", ["vq"])
    with pytest.raises(InputError, match="one grid"):
        read_grid_variables(tmp_path / "a.nc", ["vp", "vs"])


def test_rows_that_hide_one_another_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,v\n" + "".join(f"{i},{j},1\n" for i in range(3)
                                                        for j in (0, 1, 1)))  # fmt: skip
    with pytest.raises(InputError, match="more than once"):
        read_grid_variables(tmp_path / "a.csv", ["v"])


def test_what_is_no_grid_is_refused(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"CDF\x01 cut")
    with pytest.raises(FormatError, match="cannot be opened as a grid"):
        read_grid_variables(tmp_path / "a.nc", ["v"])
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(FormatError, match="neither NetCDF"):
        read_grid_variables(tmp_path / "a.csv", ["v"])
