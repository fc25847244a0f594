"""What stage ``bathymetry`` makes: ranges, scores, and the finer grid strip by strip."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.cluster import find_workers, open_executor
from quakeloom.config import Bathymetry, Settings
from quakeloom.core import PlanError
from quakeloom.formats import DepthGrid, GridChoices, grid_facts, open_depth_grid
from quakeloom.seafloor import HALO_CELLS, STEP, RangeCalibration, coarsen
from quakeloom.stages.bathymetry.comparing import (
    Comparison,
    compare_methods,
    degraded_area,
    score_table,
    simulated_areas,
)
from quakeloom.stages.bathymetry.methods import (
    needs_weights,
    open_method,
    own_ranges,
    simulated_ranges,
    weights_file,
)
from quakeloom.stages.bathymetry.products import describe_fine_grid, describe_samples, fine_axes
from quakeloom.stages.bathymetry.strips import ARRAYS, StripTask, restore_strip
from quakeloom.store import (
    RunLayout,
    create_array,
    input_place,
    open_array,
    write_dataset,
    write_json_if_changed,
    write_region,
    write_table,
)

log = logging.getLogger(__name__)

FACTS = "bathymetry.json"
"""File with what was found out, calibrations and counts."""

_BASE_MB = 600.0
"""Memory of the program with torch and SciPy loaded, measured."""

_CELL_MB = 8e-4
"""Memory per cell of the input in a tile: layers of a network and features, measured."""

_LARGEST_NETCDF = 30_000_000
"""Cells above which the finer grid is Zarr alone; chosen here: 1 GB of NetCDF."""

_LARGEST_SCORED = 4_000_000
"""Cells of a grid up to which methods are compared on all of it; of a larger one on windows."""

_WINDOW, _WINDOWS = 192, 12
"""Cells along a side of the windows that ranges are calibrated on, and how many at most."""

_LEAST_OWN = 20_000
"""Cells of a grid from which its own ground is enough to calibrate ranges; chosen here."""


def make_products(
    settings: Settings, layout: RunLayout, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Compare methods, calibrate ranges, make the grid finer, and write all products.

    Parameters
    ----------
    settings : Settings
        With ``bathymetry``.
    layout : RunLayout
        Where the files go.
    provenance : dict
        For the table.

    Returns
    -------
    dict
        What ``bathymetry.json`` holds.
    """
    wanted = bathymetry_settings(settings)
    names: list[str] = list(dict.fromkeys([*wanted.compare, wanted.method]))
    if wanted.grid and not wanted.degrade:
        names = [wanted.method]
    weights = None
    if any(needs_weights(n) for n in names):
        weights = weights_file(settings.data, wanted.weights)
    made: Comparison | None
    if wanted.grid:
        place = input_place(settings.data, wanted.grid)
        with open_depth_grid(place, grid_choices(wanted)) as grid:
            facts, made = _finer_grid(settings, layout, grid, names, weights)
    else:
        ranges = {
            n: simulated_ranges(open_method(n, weights), weights, settings.seed) for n in names
        }
        areas = simulated_areas(wanted, settings.seed)
        made = compare_methods(wanted, areas, ranges, weights)
        facts = {
            "areas": len(areas),
            "spacing_m": areas[0].spacing_m,
            "ranges": {wanted.method: ranges[wanted.method].as_json()},
        }
    facts |= {"factor": wanted.factor, "method": wanted.method}
    write_json_if_changed(layout.root / FACTS, facts)
    table = score_table(made.scores if made is not None else [])
    write_table(layout.table("seafloor_scores"), "seafloor_scores", table, provenance)
    if made is not None and made.names:
        write_dataset(layout.root / "seafloor_samples.nc", describe_samples(made))
    return facts


def _finer_grid(
    settings: Settings, layout: RunLayout, grid: DepthGrid, names: list[str], weights: Path | None
) -> tuple[dict[str, Any], Comparison | None]:
    """Make a grid finer, strip by strip; return the facts, and scores where the truth is known."""
    wanted = bathymetry_settings(settings)
    degrade = wanted.factor if wanted.degrade else 1
    for note in grid.notes:
        log.warning("%s: %s", wanted.grid, note)
    windows = _windows(grid, degrade)
    notes = list(grid.notes)
    ranges, own = {}, grid.shape[0] * grid.shape[1] // degrade**2 >= _LEAST_OWN and bool(windows)
    if wanted.ranges == "own" and not own:
        notes.append(
            "The grid is too small, or has too many holes, to calibrate ranges on its own ground: "
            "they are those of simulated ground, which may be rougher or smoother."
        )
    for name in names if wanted.degrade else [wanted.method]:
        method = open_method(name, weights)
        ranges[name] = (
            own_ranges(method, windows, settings.seed)
            if own and wanted.ranges == "own"
            else simulated_ranges(method, weights, settings.seed)
        )
    made = None
    if wanted.degrade:
        areas = [
            degraded_area(name, truth, degrade, grid.spacing_m)
            for name, truth in _truths(grid, degrade)
        ]
        made = compare_methods(wanted, areas, ranges, weights)
    counts = _write_strips(settings, layout, grid, ranges[wanted.method], weights)
    facts = {
        **grid_facts(grid),
        "notes": notes,
        "degraded": degrade,
        "ranges": {wanted.method: ranges[wanted.method].as_json()},
        **counts,
    }
    return facts, made


def _write_strips(
    settings: Settings,
    layout: RunLayout,
    grid: DepthGrid,
    ranges: RangeCalibration,
    weights: Path | None,
) -> dict[str, Any]:
    """Compute all strips and write them as they come; return what was counted."""
    wanted = bathymetry_settings(settings)
    degrade = wanted.factor if wanted.degrade else 1
    rows, columns = (n // degrade for n in grid.shape)
    f, group = wanted.factor, layout.root / "bathymetry.zarr"
    group.remove()
    for name in ARRAYS:
        create_array(group, name, (rows * f, columns * f), min(64, wanted.strip_rows) * f,
                     wanted.strip_rows * f)  # fmt: skip
    tasks = [
        StripTask(
            grid.path, grid_choices(wanted), first, min(rows, first + wanted.strip_rows), degrade,
            f, wanted.method, weights, ranges, wanted.fill_cells, wanted.land == "mask",
        )
        for first in range(0, rows, wanted.strip_rows)
    ]  # fmt: skip
    cells = (wanted.strip_rows + 2 * HALO_CELLS) * min(columns, 1000)
    strip_mb = 5 * 8e-6 * wanted.strip_rows * columns * f * f
    workers = find_workers(
        settings.cluster, len(tasks), _BASE_MB, _BASE_MB + _CELL_MB * cells + strip_mb,
        refuses=False,
    )  # fmt: skip
    holes = land = 0
    worst = 0.0
    with open_executor(settings.cluster, workers) as executor:
        for task, strip in zip(tasks, executor.map(restore_strip, tasks), strict=True):
            for name in ARRAYS:
                values = strip.arrays[name]
                kind = np.float64 if name == ARRAYS[0] else np.float32
                write_region(group, name, task.first * f, values.astype(kind))
            holes, land = holes + strip.holes, land + strip.land
            worst = max(worst, strip.worst_m)
    if rows * columns * f * f <= _LARGEST_NETCDF:
        arrays = {n: open_array(group, n)[...] for n in ARRAYS}
        write_dataset(
            layout.root / "bathymetry.nc",
            describe_fine_grid(settings.name, grid, fine_axes(grid, degrade, f), arrays,
                               wanted.method),
        )  # fmt: skip
    return {"holes": holes, "land": land, "inconsistent_m": worst, "cells": rows * columns * f * f}


def _windows(grid: DepthGrid, degrade: int) -> list[NDArray[np.float64]]:
    """Return pieces of the input that are nearly whole, to calibrate ranges on."""
    found = []
    for piece in _pieces(grid, _WINDOW * degrade, _WINDOWS):
        z = coarsen(piece, degrade) if degrade > 1 else piece
        z = z[: z.shape[0] // STEP * STEP, : z.shape[1] // STEP * STEP]
        if min(z.shape) >= 48 and np.isfinite(z).mean() > 0.9:
            found.append(z)
    return found


def _truths(grid: DepthGrid, degrade: int) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the areas that methods are compared on: the whole grid, or windows of it."""
    rows, columns = grid.shape
    if rows * columns <= _LARGEST_SCORED:
        return [("whole grid", grid.read(0, rows))]
    pieces = _pieces(grid, 2 * _WINDOW * degrade, _WINDOWS)
    return [(f"window-{k + 1}", z) for k, z in enumerate(pieces) if np.isfinite(z).any()]


def _pieces(grid: DepthGrid, side: int, most: int) -> Iterator[NDArray[np.float64]]:
    """Yield up to so many squares of a grid, spread evenly over it."""
    rows, columns = grid.shape
    down, along = max(1, rows // side), max(1, columns // side)
    places = [(r, c) for r in range(down) for c in range(along)]
    step = max(1, len(places) // most)
    for r, c in places[::step][:most]:
        top = min(r * side, max(0, rows - side))
        z = grid.read(top, min(rows, top + side))
        left = min(c * side, max(0, columns - side))
        yield z[:, left : left + side]


def bathymetry_settings(settings: Settings) -> Bathymetry:
    """Return the group ``bathymetry``.

    Raises
    ------
    PlanError
        If there is none.
    """
    if settings.bathymetry is None:
        raise PlanError(f"Run '{settings.name}' has no `bathymetry` group in its settings.")
    return settings.bathymetry


def grid_choices(wanted: Bathymetry) -> GridChoices:
    """Return what the settings say of a grid."""
    return GridChoices(
        wanted.variable, wanted.positive, wanted.unit, wanted.coordinates, wanted.datum
    )
