"""Maps of voxels as a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from quakeloom import __version__
from quakeloom.formats import GridVariable

_MAPPED = {
    "porosity": ("median of the porosity", "1"),
    "porosity_lower95": ("2.5 % quantile of the porosity", "1"),
    "porosity_upper95": ("97.5 % quantile of the porosity", "1"),
    "pore_ratio": ("median of the aspect ratio of pores", "1"),
    "pore_ratio_lower95": ("2.5 % quantile of the aspect ratio", "1"),
    "pore_ratio_upper95": ("97.5 % quantile of the aspect ratio", "1"),
    "melt_probability": ("probability that the fluid is melt", "1"),
    "lithology_probability": ("probability of the most probable lithology", "1"),
    "voxel_misfit": ("smallest squared misfit, standard deviations", "1"),
}
"""Columns of the table that maps have, with their words and units."""


def describe_grid(title: str, grid: GridVariable, columns: dict[str, list[Any]]) -> xr.Dataset:
    """Return the maps of a grid of voxels by the CF conventions.

    Lithologies are numbers into the names of the attribute ``lithologies``; -1 where none.
    """
    shape, dims = grid.values.shape, grid.dimensions
    data: dict[str, Any] = {}
    for name, (words, unit) in _MAPPED.items():
        values = np.asarray(columns[name], dtype=np.float32).reshape(shape)
        data[name] = (dims, values, {"long_name": words, "units": unit})
    names = sorted({n for n in columns["lithology"] if n})
    numbers = {n: i for i, n in enumerate(names)} | {"": -1}
    codes = np.array([numbers[n] for n in columns["lithology"]], dtype=np.int32).reshape(shape)
    attributes = {"long_name": "most probable lithology", "lithologies": "; ".join(names)}
    data["lithology"] = (dims, codes, attributes)
    return xr.Dataset(
        data,
        {d: ((d,), v) for d, v in grid.coordinates.items()},
        {"Conventions": "CF-1.10", "title": title, "source": f"quakeloom {__version__} fluids"},
    )
