"""Strips of a grid: read with what lies around, made finer in tiles, handed back as rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.formats import GridChoices, open_depth_grid
from quakeloom.seafloor import HALO_CELLS, RangeCalibration, coarsen, inconsistency, make_finer
from quakeloom.stages.bathymetry.methods import open_method

Floats = NDArray[np.float64]

TILE_COLUMNS = 768
"""Columns of a tile within a strip; chosen here: some 100 MB of layers of a network."""

ARRAYS = ("seafloor_depth_m", "seafloor_sd_m", "seafloor_range90_m", "seafloor_invented")
"""Arrays that a strip has."""


@dataclass(frozen=True)
class StripTask:
    """All that decides the result of a strip.

    Attributes
    ----------
    path : Path
    choices : GridChoices
    first, stop : int
        Rows of the input, after it was made coarser where that is asked.
    degrade : int
        Factor by which the grid is made coarser first; 1 leaves it.
    factor : int
    method : str
    weights : Path or None
    ranges : RangeCalibration
    fill_cells : int
    mask_land : bool
    """

    path: Path
    choices: GridChoices
    first: int
    stop: int
    degrade: int
    factor: int
    method: str
    weights: Path | None
    ranges: RangeCalibration
    fill_cells: int
    mask_land: bool


@dataclass(frozen=True)
class Strip:
    """A strip made finer: arrays by name, and what was seen on the way."""

    arrays: dict[str, Floats]
    holes: int
    land: int
    worst_m: float


def restore_strip(task: StripTask) -> Strip:
    """Make a strip finer. Rows and columns around it decide its edge, so that no seam shows."""
    with open_depth_grid(task.path, task.choices) as grid:
        rows = grid.shape[0] // task.degrade
        low, high = max(0, task.first - HALO_CELLS), min(rows, task.stop + HALO_CELLS)
        coarse = grid.read(low * task.degrade, high * task.degrade)
    if task.degrade > 1:
        coarse = coarsen(coarse, task.degrade)
    own = slice(task.first - low, task.stop - low)
    method = open_method(task.method, task.weights)
    columns = coarse.shape[1]
    parts: dict[str, list[Floats]] = {n: [] for n in ARRAYS}
    worst = 0.0
    for left in range(0, columns, TILE_COLUMNS):
        right = min(columns, left + TILE_COLUMNS)
        west, east = max(0, left - HALO_CELLS), min(columns, right + HALO_CELLS)
        tile = coarse[:, west:east]
        f = task.factor
        rows_out = slice(own.start * f, own.stop * f)
        columns_out = slice((left - west) * f, (right - west) * f)
        if not np.isfinite(tile).any():
            empty = np.full(((own.stop - own.start) * f, (right - left) * f), np.nan)
            for name in ARRAYS:
                parts[name].append(empty)
            continue
        fine = make_finer(method, tile, f, task.ranges, task.fill_cells)
        inner = tile[own, left - west : right - west]
        cut = (rows_out, columns_out)
        worst = max(worst, inconsistency(fine.depth[cut], inner, f))
        for name, values in zip(
            ARRAYS, (fine.depth, fine.deviation, fine.half_range, fine.invented), strict=True
        ):
            parts[name].append(values[cut])
    arrays = {n: np.concatenate(p, axis=1) for n, p in parts.items()}
    land = int((arrays[ARRAYS[0]] < 0).sum())
    if task.mask_land and land:
        dry = arrays[ARRAYS[0]] < 0
        arrays = {n: np.where(dry, np.nan, a) for n, a in arrays.items()}
    return Strip(arrays, int((~np.isfinite(coarse[own])).sum()), land, worst)
