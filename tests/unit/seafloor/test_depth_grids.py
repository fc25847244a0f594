"""Grids of depths as files: formats agree, and what cannot be is said in words."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr

from quakeloom.core import FormatError
from quakeloom.formats import GridChoices, open_depth_grid
from quakeloom.seafloor import simulate_terrain

DEPTH = simulate_terrain((30, 40), 100.0, 1, "file").depth_m
DEPTH[4, 7] = np.nan
EAST, NORTH = 1000 + 100.0 * np.arange(40), 5000 + 100.0 * np.arange(30)


def dataset(values=DEPTH, east=EAST, north=NORTH, name="depth", units="m", **attributes):
    return xr.Dataset(
        {name: (("y", "x"), values, {"units": units, **attributes})},
        {"y": ("y", north), "x": ("x", east)},
    )


def write(path, data):
    data.to_netcdf(path, engine="scipy")
    return path


def read(path, **choices):
    with open_depth_grid(path, GridChoices(**choices)) as grid:
        return grid.read(0, grid.shape[0]), grid


def test_the_same_grid_comes_out_of_every_format(tmp_path):
    classic = write(tmp_path / "a.nc", dataset())
    flipped = write(tmp_path / "b.nc", dataset(-DEPTH[::-1], north=NORTH[::-1], name="z"))
    kilometers = write(tmp_path / "c.nc", dataset(DEPTH / 1000, units="km"))
    dataset().to_zarr(tmp_path / "d.zarr", consolidated=False)
    with h5py.File(tmp_path / "e.nc", "w") as file:
        file["x"], file["y"] = EAST, NORTH
        file["z"] = np.where(np.isnan(DEPTH), -9999.0, -DEPTH)
        file["z"].attrs["_FillValue"] = -9999.0
    rows = "\n".join(
        " ".join("-9999" if np.isnan(v) else f"{-v:.6f}" for v in row) for row in DEPTH[::-1]
    )
    head = (
        f"ncols 40\nnrows 30\nxllcorner {EAST[0] - 50}\nyllcorner {NORTH[0] - 50}\ncellsize 100\n"
    )
    (tmp_path / "f.asc").write_text(f"{head}NODATA_value -9999\n{rows}\n")
    for path in (classic, flipped, kilometers, tmp_path / "d.zarr", tmp_path / "e.nc",
                 tmp_path / "f.asc"):  # fmt: skip
        values, grid = read(path)
        np.testing.assert_allclose(values, DEPTH, atol=1e-5, err_msg=path.name)
        np.testing.assert_allclose((grid.y, grid.x)[1], EAST)
        np.testing.assert_allclose(grid.y, NORTH)
        assert grid.spacing_m == pytest.approx(100.0)
        assert not grid.degrees


def test_a_wrong_sign_is_said(tmp_path):
    path = write(tmp_path / "a.nc", dataset())
    with pytest.raises(FormatError, match=r"sign of the depths is wrong.*`positive: down`"):
        read(path, positive="up")
    path = write(tmp_path / "b.nc", dataset(-DEPTH, name="z"))
    with pytest.raises(FormatError, match=r"sign of the depths is wrong.*`positive: up`"):
        read(path, positive="down")


def test_degrees_taken_for_meters_are_said_and_the_other_way_round(tmp_path):
    degrees = write(
        tmp_path / "a.nc",
        dataset(east=140 + 0.001 * np.arange(40), north=35 + 0.001 * np.arange(30)),
    )
    with pytest.raises(FormatError, match="Degrees were taken for meters"):
        read(degrees, coordinates="meters")
    _, grid = read(degrees)
    assert grid.degrees
    assert grid.spacing_m == pytest.approx(
        0.001 * 111195 * 0.5 * (1 + np.cos(np.deg2rad(35.0145))), 1e-3
    )
    with pytest.raises(FormatError, match="Meters were taken for degrees"):
        read(write(tmp_path / "b.nc", dataset()), coordinates="degrees")


def test_an_unknown_datum_is_a_note_and_a_known_one_is_none(tmp_path):
    path = write(tmp_path / "a.nc", dataset())
    assert any("which level depths are counted from" in n for n in read(path)[1].notes)
    assert not any("which level" in n for n in read(path, datum="geoid")[1].notes)


def test_what_holds_no_sea_floor_is_refused(tmp_path):
    with pytest.raises(FormatError, match="every cell that was looked at is missing"):
        read(write(tmp_path / "a.nc", dataset(np.full((30, 40), np.nan))))
    with pytest.raises(FormatError, match="no sea is deeper"):
        read(write(tmp_path / "b.nc", dataset(1000 * DEPTH)))
    with pytest.raises(FormatError, match="not evenly spaced"):
        read(write(tmp_path / "c.nc", dataset(east=EAST**2)))
    (tmp_path / "d.nc").write_text("hello")
    with pytest.raises(FormatError, match="neither NetCDF, Zarr, GeoTIFF nor ESRI ASCII"):
        read(tmp_path / "d.nc")
    with pytest.raises(FormatError, match="There is no grid"):
        read(tmp_path / "e.nc")
    with pytest.raises(FormatError, match="there is no variable 'u'"):
        read(write(tmp_path / "f.nc", dataset()), variable="u")
