"""Finer grids by any whole factor, in passes of two, with their ranges and what is invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt

from quakeloom.seafloor._features import STEP
from quakeloom.seafloor._resampling import coarsen, project_consistent, repeat_cells
from quakeloom.seafloor._restoring import Restorer
from quakeloom.seafloor._uncertainty import RangeCalibration, half_widths, invented_share

Floats = NDArray[np.float64]

HALO_CELLS = 44
"""Cells around a tile of the input that decide its result: 31 that a hole is filled from, 20 of the
averages of the features less what these share, and 9 that networks see. Measured: moving tiles
changes nothing above 1e-4 m (tests/unit/seafloor)."""

CONSISTENT = ("nearest", "bicubic")
"""Methods that are shown as they are: the block means of ``bicubic`` are not those of its input."""


@dataclass(frozen=True)
class FineGrid:
    """A finer grid.

    Attributes
    ----------
    depth : ndarray, shape (factor * rows, factor * columns)
        Depths in m; NaN beyond the reach of what is known.
    deviation : ndarray, the same shape
        Half width of the 68 % range, m.
    half_range : ndarray, the same shape
        Half width of the 90 % range, m.
    invented : ndarray, the same shape
        Share of the relief inside coarse cells that the input does not decide, 0 to 1.
    """

    depth: Floats
    deviation: Floats
    half_range: Floats
    invented: Floats


def make_finer(
    method: Restorer,
    coarse: ArrayLike,
    factor: int,
    ranges: RangeCalibration,
    fill_cells: int = 8,
) -> FineGrid:
    """Return a grid ``factor`` times finer.

    Passes of two go on until the grid is fine enough; what is finer than asked is averaged over
    the cells that are asked. Variances of the passes are added.

    Parameters
    ----------
    method : Restorer
    coarse : array_like, shape (rows, columns)
        Depths in m, NaN in holes.
    factor : int
        2 or more.
    ranges : RangeCalibration
    fill_cells : int
        Cells of the input from what is known to which holes are filled.
    """
    y = np.asarray(coarse, np.float64)
    depth = y
    low, high, share = (np.zeros(y.shape) for _ in range(3))
    reached = 1
    while reached < factor:
        found = method.restore(depth)
        one, ninety = half_widths(found, ranges)
        depth = found.depth
        share = np.maximum(repeat_cells(share, STEP), invented_share(found, one))
        low = np.hypot(repeat_cells(low, STEP), one)
        high = np.hypot(repeat_cells(high, STEP), ninety)
        reached *= STEP
    parts = [depth, low**2, high**2, share]
    if reached != factor:
        parts = [average_cells(p, reached, factor) for p in parts]
    depth = parts[0]
    if method.name not in CONSISTENT:
        depth = project_consistent(depth, y, factor)
    fine = FineGrid(depth, np.sqrt(parts[1]), np.sqrt(parts[2]), parts[3])
    return _cut_far(fine, y, factor, fill_cells)


def _cut_far(fine: FineGrid, coarse: Floats, factor: int, fill_cells: int) -> FineGrid:
    """Leave out cells that lie too far from all that is known; holes are invented wholly."""
    known = np.isfinite(coarse)
    if known.all():
        return fine
    distance = repeat_cells(np.asarray(distance_transform_edt(~known)), factor)
    far, hole = distance > fill_cells, distance > 0
    cut = [np.where(far, np.nan, a) for a in (fine.depth, fine.deviation, fine.half_range)]
    return FineGrid(cut[0], cut[1], cut[2], np.where(far, np.nan, np.where(hole, 1.0,
                    fine.invented)))  # fmt: skip


def average_cells(fine: Floats, had: int, wanted: int) -> Floats:
    """Return a grid with ``wanted`` cells in place of ``had`` along each side of a coarse cell.

    Means over the parts of the old cells that lie in each new one; means of coarse cells stay.
    """
    edges = np.linspace(0, 1, had + 1), np.linspace(0, 1, wanted + 1)
    low = np.maximum(edges[0][None, :-1], edges[1][:-1, None])
    high = np.minimum(edges[0][None, 1:], edges[1][1:, None])
    weights = np.clip(high - low, 0, None) * wanted
    rows, columns = (n // had for n in fine.shape)
    blocks = fine.reshape(rows, had, columns, had)
    out = np.einsum("ia,jb,raqb->riqj", weights, weights, blocks)
    return np.asarray(out.reshape(rows * wanted, columns * wanted))


def inconsistency(fine: Floats, coarse: ArrayLike, factor: int) -> float:
    """Return the largest departure of a block mean from the coarse grid, m; 0 where none counts."""
    y = np.asarray(coarse, np.float64)
    whole = np.isfinite(coarsen(fine, factor)) & np.isfinite(y)
    lack = np.abs(coarsen(fine, factor) - y)[whole]
    return float(lack.max(initial=0.0))
