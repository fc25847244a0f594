"""The files of a finer grid: NetCDF by the CF conventions, and samples for pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.formats import DepthGrid
from quakeloom.schema import variable
from quakeloom.stages.bathymetry.comparing import Comparison

Floats = NDArray[np.float64]

_NAMES = {
    "seafloor_depth_m": ("depth", "sea_floor_depth_below_geoid"),
    "seafloor_sd_m": ("depth_sd", ""),
    "seafloor_range90_m": ("depth_half_range_90", ""),
    "seafloor_invented": ("invented_share", ""),
}
"""Names of the arrays in NetCDF, and their standard names where CF has one."""


def fine_axes(grid: DepthGrid, degrade: int, factor: int) -> tuple[Floats, Floats]:
    """Return the middles of the rows and columns of the finer grid."""
    found = []
    for values in (grid.y, grid.x):
        step = float(np.diff(values).mean())
        count = len(values) // degrade
        edge = values[0] - 0.5 * step
        fine = step * degrade / factor
        found.append(edge + fine * (np.arange(count * factor) + 0.5))
    return found[0], found[1]


def describe_fine_grid(
    title: str, grid: DepthGrid, axes: tuple[Floats, Floats], arrays: dict[str, Any], method: str
) -> xr.Dataset:
    """Return a finer grid as a dataset by the CF conventions.

    Parameters
    ----------
    title : str
    grid : DepthGrid
    axes : (ndarray, ndarray)
        Middles of rows and columns.
    arrays : dict
        By registered name; anything that numpy can take whole.
    method : str
        For the history.
    """
    rows, columns = ("latitude", "longitude") if grid.degrees else ("northing", "easting")
    data: dict[str, Any] = {}
    for name, (short, standard) in _NAMES.items():
        v = variable(name)
        attributes = {"long_name": v.meaning, "units": v.unit}
        if short == "depth":
            attributes |= {"standard_name": standard, "positive": "down"}
            if grid.datum:
                attributes["vertical_datum"] = grid.datum
        values = np.asarray(arrays[name])
        data[short] = ((rows, columns), values, attributes)
    units = ("degrees_north", "degrees_east") if grid.degrees else ("m", "m")
    standard_names = (
        ("latitude", "longitude")
        if grid.degrees
        else ("projection_y_coordinate", "projection_x_coordinate")
    )
    coordinates = {
        n: (n, a, {"units": u, "standard_name": s, "axis": axis})
        for n, a, u, s, axis in zip(
            (rows, columns), axes, units, standard_names, ("Y", "X"), strict=True
        )
    }
    return xr.Dataset(
        data,
        coordinates,
        {
            "Conventions": "CF-1.10",
            "title": title,
            "source": f"quakeloom {__version__} bathymetry",
            "history": f"quakeloom {__version__} bathymetry: made finer by `{method}`; the "
            "means of blocks are those of the input",
        },
    )


def describe_samples(made: Comparison) -> xr.Dataset:
    """Return samples of compared areas, for pictures."""
    names = [n for n, parts in made.samples.items() if len(parts) == len(made.names)]
    rows = min(p.shape[0] for n in names for p in made.samples[n])
    columns = min(p.shape[1] for n in names for p in made.samples[n])
    data = {
        n: (
            ("area", "row", "column"),
            np.stack([p[:rows, :columns] for p in made.samples[n]]).astype(np.float32),
            {"units": "1" if n == "invented" else "m"},
        )
        for n in names
    }
    return xr.Dataset(
        data,
        {"area": ("area", np.arange(len(made.names)))},
        {"areas": "\n".join(made.names), "spacing_m": made.spacing_m},
    )
