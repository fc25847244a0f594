"""Soundings of a survey judged by the ground around them; nothing is deleted.

A plane is fitted to the soundings around each cell by Tukey's weights, so that up to half of them
may be wrong. Residuals over the local scale become log-odds of being wrong, by a mixture of what
right and wrong soundings do; neighbors at the same depth then agree with each other, in place of a
cut of a graph. Every sounding keeps its probability and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.seafloor._sounding_kernels import fit_cells, smooth_evidence, sort_cells

Floats = NDArray[np.float64]

REASONS = ("", "shallow", "deep", "few_neighbors", "rough_ground", "missing")
"""Why a sounding may be wrong: above or below the ground around it; too few neighbors to tell;
around it depths scatter more than in most of the survey; it has no depth or place."""

PER_CELL = 6.0
"""Soundings that a cell has on the mean, where its side is not given: with the eight cells around
54 neighbors. Chosen here."""

_LARGEST_CELLS = 50_000_000
"""Cells of the grid that soundings are sorted into, at most; chosen here."""

_NARROW = 0.5
"""Side of the narrow cells over that of the wide ones; chosen here: a quarter of the neighbors."""

_PRIOR = 0.02
"""Share of wrong soundings before anything is seen; surveys have 1 to 5 % (Calder & Mayer 2003)."""

_TAIL = 60.0
"""Scales over which depths of wrong soundings are spread evenly; chosen here."""

_FREEDOM = 6.0
"""Degrees of freedom of Student's t of right soundings; chosen here: rough ground has tails."""

_STRENGTH = 2.0
"""What agreeing neighbors add to log-odds; chosen here."""

_ROUGH = 4.0
"""Local scale over the survey's median from which ground counts as rough."""

_LEAST_SCALE = 2e-4
"""Least scale over the depth: below what sonars resolve (S-44 special order is 0.0075 of it)."""


@dataclass(frozen=True)
class CleaningOptions:
    """How soundings are judged.

    Attributes
    ----------
    cell_m : float
        Side of cells that planes are fitted to with their neighbors; 0 follows from the density.
    wrong_share : float
        Share of wrong soundings before anything is seen.
    smoothing : float
        What neighbors at the same depth add to log-odds; 0 judges each alone.
    """

    cell_m: float = 0.0
    wrong_share: float = _PRIOR
    smoothing: float = _STRENGTH


@dataclass(frozen=True)
class JudgedSoundings:
    """What is said of every sounding, in the order given.

    Attributes
    ----------
    probability : ndarray of float64, (n,)
        Of being wrong.
    expected_m : ndarray
        Depth of the ground there by the soundings around.
    scale_m : ndarray
        Scatter of right soundings there.
    reason : ndarray of int8
        Index into :data:`REASONS`, of those with a probability above one half, and where it
        cannot be told.
    """

    probability: Floats
    expected_m: Floats
    scale_m: Floats
    reason: NDArray[np.int8]


@dataclass(frozen=True)
class SoundingCells:
    """Soundings sorted into square cells: order, starts, (rows, columns), side, corner."""

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    shape: NDArray[np.int64]
    size: float
    corner: tuple[float, float]


def sort_soundings(x: Floats, y: Floats, size: float = 0.0) -> SoundingCells:
    """Sort soundings into cells of a side in m; 0 takes one that holds six on the mean.

    Raises
    ------
    InputError
        If there is none, or cells are so small that there are too many.
    """
    if not x.size:
        raise InputError("There are no soundings with place and depth. Nothing was judged.")
    west, south = float(x.min()), float(y.min())
    width, height = float(np.ptp(x)), float(np.ptp(y))
    if size <= 0.0:
        size = _typical_side(x, y, width, height)
    rows, columns = int(height // size) + 1, int(width // size) + 1
    if rows * columns > _LARGEST_CELLS:
        raise InputError(
            f"Soundings over {width:,.0f} x {height:,.0f} m need {rows * columns:,} cells of "
            f"{size:g} m, more than {_LARGEST_CELLS:,}. Nothing was judged; check the coordinates "
            "(are some in another zone?), or give larger cells."
        )
    row = ((y - south) // size).astype(np.int64)
    cell = row * columns + ((x - west) // size).astype(np.int64)
    order, start = sort_cells(cell, rows * columns)
    return SoundingCells(order, start, np.array([rows, columns]), size, (west, south))


def _typical_side(x: Floats, y: Floats, width: float, height: float) -> float:
    """Return the side of cells that hold six soundings where there are some."""
    side = max(np.sqrt(PER_CELL * max(width, 1e-6) * max(height, 1e-6) / x.size), 1e-3)
    for _ in range(2):  # once more among the cells that hold any: a survey is no full rectangle
        cells = np.round((y - y.min()) // side) * 1e7 + (x - x.min()) // side
        used = max(len(set(cells[:: max(1, x.size // 200_000)].tolist())), 1)
        share = min(1.0, used / max((width // side + 1) * (height // side + 1), 1))
        side *= np.sqrt(max(share, 1e-3))
    return float(side)


def judge_soundings(
    east_m: ArrayLike, north_m: ArrayLike, depth_m: ArrayLike, options: CleaningOptions
) -> JudgedSoundings:
    """Say of every sounding how likely it is wrong, and why.

    Planes are fitted in two widths: a wide one that a burst of wrong soundings does not fill, and
    one half as wide that follows rough ground. What counts is the width in which a sounding is the
    stranger.

    Parameters
    ----------
    east_m, north_m : array_like, (n,)
        Places in m.
    depth_m : array_like, (n,)
        Positive down.
    options : CleaningOptions

    Raises
    ------
    InputError
        If none has place and depth.
    """
    x, y, z = (np.asarray(a, np.float64) for a in (east_m, north_m, depth_m))
    there = np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    a, b, d = x[there], y[there], z[there]
    cells = sort_soundings(a, b, options.cell_m)
    narrow = sort_soundings(a, b, _NARROW * cells.size)
    a, b = a - cells.corner[0], b - cells.corner[1]
    expected, scale, typical = _compare_with_planes(a, b, d, cells)
    evidence = log_odds((d - expected) / scale, options.wrong_share)
    near, near_scale, _ = _compare_with_planes(a, b, d, narrow)
    other = log_odds((d - near) / near_scale, options.wrong_share) - np.log(2.0)
    stranger = other > evidence
    evidence = np.where(stranger, other, evidence)
    expected, scale = np.where(stranger, near, expected), np.where(stranger, near_scale, scale)
    if options.smoothing:
        grid = (cells.order, cells.start, cells.shape, cells.size)
        reach = (1.5 * cells.size, 3.0 * typical)
        evidence = smooth_evidence(evidence, a, b, d, grid, reach, options.smoothing)
    found = 1.0 / (1.0 + np.exp(-np.clip(evidence, -40, 40)))
    count = _neighbors(cells)[_cell_of(a, b, cells)]
    reason = np.zeros(d.size, np.int8)
    wrong = found > 0.5
    reason[wrong & (d < expected)], reason[wrong & (d >= expected)] = 1, 2
    reason[~wrong & (count < 5)] = 3
    reason[~wrong & (count >= 5) & (scale > _ROUGH * typical)] = 4
    return _spread_out(there, found, expected, scale, reason)


def _cell_of(a: Floats, b: Floats, cells: SoundingCells) -> NDArray[np.int64]:
    """Return the cells of soundings whose places are counted from the corner."""
    row, column = (b // cells.size).astype(np.int64), (a // cells.size).astype(np.int64)
    return np.asarray(row * cells.shape[1] + column)


def _compare_with_planes(
    a: Floats, b: Floats, d: Floats, cells: SoundingCells
) -> tuple[Floats, Floats, float]:
    """Return the depth of the ground at soundings, the scatter there, and its median."""
    planes, scales = fit_cells(a, b, d, cells.order, cells.start, cells.shape, cells.size)
    cell = _cell_of(a, b, cells)
    own = planes[cell]
    row, column = np.divmod(cell, cells.shape[1])
    expected = (
        own[:, 0]
        + own[:, 1] * (a - (column + 0.5) * cells.size)
        + own[:, 2] * (b - (row + 0.5) * cells.size)
    )
    scale = np.maximum(scales[cell], _LEAST_SCALE * np.abs(d))
    # A few neighbors give a small scale by chance: the survey's own counts as well.
    typical = float(np.median(scale))
    return expected, np.sqrt(scale**2 + (0.5 * typical) ** 2), typical


def log_odds(residual: Floats, wrong_share: float) -> Floats:
    """Return log-odds of being wrong from residuals over their scale.

    Right soundings are Student's t with six degrees of freedom, wrong ones spread evenly.
    """
    n = _FREEDOM
    peak = 0.3827  # density of Student's t with six degrees of freedom at zero
    right = np.log(peak) - 0.5 * (n + 1) * np.log1p(residual**2 / n)
    return np.asarray(np.log(wrong_share / (1 - wrong_share)) - np.log(_TAIL) - right)


def _neighbors(cells: SoundingCells) -> NDArray[np.int64]:
    """Return how many soundings lie in each cell and the eight around it."""
    from scipy.ndimage import convolve

    rows, columns = (int(n) for n in cells.shape)
    own = np.diff(cells.start).reshape(rows, columns)
    return np.asarray(convolve(own, np.ones((3, 3), np.int64), mode="constant")).ravel()


def _spread_out(
    there: NDArray[np.bool_], found: Floats, expected: Floats, scale: Floats,
    reason: NDArray[np.int8],
) -> JudgedSoundings:  # fmt: skip
    """Put what is said of soundings with place and depth beside those without."""
    n = there.size
    parts = [np.full(n, np.nan) for _ in range(3)]
    for whole, part in zip(parts, (found, expected, scale), strict=True):
        whole[there] = part
    parts[0][~there] = 1.0
    reasons = np.full(n, REASONS.index("missing"), np.int8)
    reasons[there] = reason
    return JudgedSoundings(parts[0], parts[1], parts[2], reasons)
