"""Soundings gathered in square cells: depth, its standard deviation, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

_LARGEST_GRID = 30_000_000
"""Cells of a grid at most; chosen here: 1 GB with all that is told of them."""


@dataclass(frozen=True)
class GriddedSoundings:
    """A grid of soundings, rows from south to north.

    Attributes
    ----------
    east_m, north_m : ndarray
        Middles of columns and rows.
    depth_m : ndarray, shape (rows, columns)
        NaN where no sounding is believed.
    deviation_m : ndarray
        Standard error of the depth of a cell: scatter of its soundings and what a mean of few can
        be wrong by; NaN of cells without soundings.
    count : ndarray of int32
        Soundings, right or wrong.
    """

    east_m: Floats
    north_m: Floats
    depth_m: Floats
    deviation_m: Floats
    count: NDArray[np.int32]


def grid_soundings(
    place_m: tuple[ArrayLike, ArrayLike], depth_m: ArrayLike, probability: ArrayLike,
    scatter_m: ArrayLike, cell_m: float,
) -> GriddedSoundings:  # fmt: skip
    """Return means of cells, with each sounding weighed by its probability of being right.

    Parameters
    ----------
    place_m : (array_like, array_like), (n,)
        East and north in m.
    depth_m : array_like, (n,)
    probability : array_like, (n,)
        Of being wrong.
    scatter_m : array_like, (n,)
        Scatter of right soundings around there.
    cell_m : float
        Side of a cell.

    Raises
    ------
    InputError
        If no sounding has place and depth, or there would be too many cells.
    """
    x, y, z, p, s = (
        np.asarray(a, np.float64) for a in (*place_m, depth_m, probability, scatter_m)
    )  # fmt: skip
    use = np.isfinite(x) & np.isfinite(y) & np.isfinite(z) & np.isfinite(s)
    x, y, z, p, s = (a[use] for a in (x, y, z, p, s))
    if not x.size:
        raise InputError("No sounding has place and depth, so there is nothing to grid.")
    west, south = np.floor(x.min() / cell_m), np.floor(y.min() / cell_m)
    column, row = ((v // cell_m).astype(np.int64) for v in (x, y))
    column, row = column - int(west), row - int(south)
    shape = int(row.max()) + 1, int(column.max()) + 1
    if shape[0] * shape[1] > _LARGEST_GRID:
        raise InputError(
            f"Cells of {cell_m:g} m make a grid of {shape[0]:,} x {shape[1]:,}, more than "
            f"{_LARGEST_GRID:,}. Nothing was gridded; give larger cells, or check the coordinates."
        )
    cell, size = row * shape[1] + column, shape[0] * shape[1]
    weight = np.where(p <= 0.5, 1.0 - p, 0.0) / np.maximum(s, 1e-3) ** 2
    level = float(np.median(z))
    total = np.bincount(cell, weight, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(cell, weight * (z - level), size) / total
        spread = np.bincount(cell, weight * (z - level - mean[cell]) ** 2, size) / total
        effective = total**2 / np.bincount(cell, weight**2, size)
        within = np.bincount(cell, weight * s**2, size) / total
        deviation = np.sqrt(np.maximum(spread, within) / effective)
    known = total > 0
    return GriddedSoundings(
        (np.arange(shape[1]) + west + 0.5) * cell_m,
        (np.arange(shape[0]) + south + 0.5) * cell_m,
        np.where(known, mean + level, np.nan).reshape(shape),
        np.where(known, deviation, np.nan).reshape(shape),
        np.bincount(cell, minlength=size).astype(np.int32).reshape(shape),
    )
