"""Methods beside each other on ground whose truth is known: simulated, or a grid made coarser."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Bathymetry
from quakeloom.core import random_stream
from quakeloom.schema import make_table
from quakeloom.seafloor import (
    RangeCalibration,
    add_ship_noise,
    coarsen,
    draw_holes,
    make_finer,
    pool_scores,
    repeat_cells,
    score_grid,
    simulate_terrain,
)
from quakeloom.stages.bathymetry.methods import open_method

Floats = NDArray[np.float64]

_SAMPLES = 5
"""Areas whose grids are kept for pictures."""

_SAMPLE_SIDE = 96
"""Cells of the fine grid along a side of what is kept of a larger area."""


@dataclass(frozen=True)
class KnownArea:
    """An area with its truth: fine and coarse depths in m, and side of a fine cell."""

    name: str
    truth: Floats
    coarse: Floats
    spacing_m: float


@dataclass
class Comparison:
    """What came of comparing methods.

    Attributes
    ----------
    scores : list of dict
        Rows of the table ``seafloor_scores``.
    samples : dict of str to ndarray
        ``truth``, ``input`` and the methods, shape (areas, rows, columns), for pictures.
    names : list of str
        Areas of the samples.
    spacing_m : float
        Side of their cells.
    """

    scores: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[str, list[Floats]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    spacing_m: float = 0.0


def simulated_areas(wanted: Bathymetry, seed: int) -> list[KnownArea]:
    """Return simulated areas, mapped with noise and holes where that is asked for."""
    asked = wanted.simulated
    assert asked is not None
    side = max(1, round(asked.side_m / asked.spacing_m / wanted.factor)) * wanted.factor
    found = []
    for number in range(asked.areas):
        name = f"area-{number + 1}"
        area = simulate_terrain((side, side), asked.spacing_m, seed, f"held-out-{name}",
                                tuple(asked.forms) or None)  # fmt: skip
        mapped = add_ship_noise(area, asked.noise, seed, name) if asked.noise else area.depth_m
        coarse = coarsen(mapped, wanted.factor)
        if asked.holes:
            holes = draw_holes(coarse.shape, random_stream(seed, "holes", name), asked.holes)
            coarse = np.where(holes, np.nan, coarse)
        title = f"{name}: {', '.join(area.forms) or 'fractal ground'}"
        found.append(KnownArea(title, area.depth_m, coarse, asked.spacing_m))
    return found


def degraded_area(name: str, truth: Floats, factor: int, spacing_m: float) -> KnownArea:
    """Return a grid as its own truth, with its means of blocks as the input."""
    rows, columns = (n // factor * factor for n in truth.shape)
    whole = truth[:rows, :columns]
    return KnownArea(name, whole, coarsen(whole, factor), spacing_m)


def compare_methods(
    wanted: Bathymetry,
    areas: list[KnownArea],
    ranges: dict[str, RangeCalibration],
    weights: Path | None,
) -> Comparison:
    """Score methods on areas whose truth is known.

    Parameters
    ----------
    wanted : Bathymetry
        Factor and how far holes are filled.
    areas : list of KnownArea
    ranges : dict
        By method: those to compare.
    weights : Path or None
    """
    made = Comparison(spacing_m=areas[0].spacing_m)
    for area in areas[:_SAMPLES]:
        made.names.append(area.name)
        made.samples.setdefault("truth", []).append(_middle(area.truth))
        filled = repeat_cells(area.coarse, wanted.factor)
        made.samples.setdefault("input", []).append(_middle(filled))
    for name, calibration in ranges.items():
        method = open_method(name, weights)
        rows: list[dict[str, float]] = []
        for number, area in enumerate(areas):
            holes = repeat_cells(~np.isfinite(area.coarse), wanted.factor) > 0
            fine = make_finer(method, area.coarse, wanted.factor, calibration, wanted.fill_cells)
            score = score_grid(area.truth, fine.depth, area.spacing_m, holes)
            inside = np.abs(fine.depth - area.truth) <= fine.half_range
            known = np.isfinite(area.truth) & np.isfinite(fine.depth)
            score["held_share"] = _share(inside, known & ~holes)
            score["held_hole_share"] = _share(inside, known & holes)
            rows.append(score)
            made.scores.append({"seafloor_area": area.name, "seafloor_method": name, **score})
            if number < _SAMPLES:
                made.samples.setdefault(name, []).append(_middle(fine.depth))
                if name == wanted.method:
                    made.samples.setdefault("half_range", []).append(_middle(fine.half_range))
                    made.samples.setdefault("invented", []).append(_middle(fine.invented))
        if len(areas) > 1:
            pooled = pool_scores(rows)
            made.scores.append({"seafloor_area": "all", "seafloor_method": name, **pooled})
    return made


def score_table(scores: list[dict[str, Any]]) -> pa.Table:
    """Return scores as the registered table, with RMSE over that of plain bicubic."""
    bicubic = {r["seafloor_area"]: r["rmse_m"] for r in scores if r["seafloor_method"] == "bicubic"}
    names = {
        "depth_rmse_m": "rmse_m", "depth_bias_m": "bias_m", "depth_mae_m": "mae_m",
        "rugged_rmse_m": "rugged_rmse_m", "hole_rmse_m": "hole_rmse_m", "slope_rmse": "slope_rmse",
        "psnr_db": "psnr_db", "power_ratio": "power_ratio", "held_share": "held_share",
        "held_hole_share": "held_hole_share",
    }  # fmt: skip
    ratio = [
        r["rmse_m"] / bicubic[r["seafloor_area"]] if bicubic.get(r["seafloor_area"]) else np.nan
        for r in scores
    ]
    return make_table(
        "seafloor_scores",
        {
            "seafloor_area": [r["seafloor_area"] for r in scores],
            "seafloor_method": [r["seafloor_method"] for r in scores],
            **{n: np.array([r[k] for r in scores], float) for n, k in names.items()},
            "rmse_over_bicubic": np.array(ratio, float),
        },
        rows=len(scores),
    )


def _share(inside: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(inside[where].mean()) if where.any() else float("nan")


def _middle(grid: Floats) -> Floats:
    """Return the middle of a grid, as large as samples are."""
    starts = [max(0, (n - _SAMPLE_SIDE) // 2) for n in grid.shape]
    return grid[starts[0] : starts[0] + _SAMPLE_SIDE, starts[1] : starts[1] + _SAMPLE_SIDE]
