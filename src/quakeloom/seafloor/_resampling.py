"""Grids made coarser and finer: block means, cubic interpolation, back-projection, holes.

A value of a grid is the mean depth of its cell, not the depth at a point. A finer grid is
consistent with a coarse one if the means of its blocks are the coarse values.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

KEYS_SLOPE = -0.5
"""Parameter a of the cubic kernel: third order, exact on quadratic surfaces (Keys 1981)."""

BACK_PROJECTIONS = 20
"""Rounds of back-projection, as the reference figures of this project were computed with."""

_FILLS = 5
"""Doublings of the width of the averages by which holes are filled: they reach 31 cells, so that
what is filled does not depend on the tile it lies in. Chosen here."""


def coarsen(depth: ArrayLike, factor: int) -> Floats:
    """Return the means of blocks of ``factor`` x ``factor`` cells.

    Parameters
    ----------
    depth : array_like, shape (rows, columns)
        NaN where nothing is known; a block has the mean of what is known in it, NaN where
        nothing is. Rows and columns that fill no whole block are left out.
    factor : int

    Returns
    -------
    ndarray, shape (rows // factor, columns // factor)
    """
    z = np.asarray(depth, np.float64)
    rows, columns = (n // factor for n in z.shape)
    if not rows or not columns:
        raise InputError(
            f"A grid of {z.shape[0]} x {z.shape[1]} cells has no block of {factor} x {factor}. "
            "Nothing was averaged; give a larger grid."
        )
    blocks = z[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def repeat_cells(coarse: ArrayLike, factor: int) -> Floats:
    """Return the grid whose blocks of ``factor`` x ``factor`` cells all have the coarse value."""
    z = np.asarray(coarse, np.float64)
    return np.repeat(np.repeat(z, factor, axis=0), factor, axis=1)


def fill_holes(depth: ArrayLike) -> Floats:
    """Return a grid without holes: missing cells are weighed means of the known ones near them.

    Normalized convolution (Knutsson & Westin 1993) with wider and wider averages: a hole is
    filled from its edge, and smooth inside. What is known is not changed. Cells farther than 31
    cells from all that is known have the mean of the grid: a stand-in that says nothing.

    Raises
    ------
    InputError
        If nothing is known.
    """
    z = np.asarray(depth, np.float64)
    known = np.isfinite(z)
    if known.all():
        return z.copy()
    if not known.any():
        raise InputError(
            f"All {z.size} cells of a grid are missing, so there is no ground to go on from. "
            "Nothing was computed; check the fill value and the area."
        )
    # Differences from the mean: sums of depths of kilometers would lose digits.
    level = float(z[known].mean())
    sums, weights = np.where(known, z - level, 0.0), known.astype(np.float64)
    filled, open_cells = sums.copy(), ~known
    for k in range(_FILLS):
        sums, weights = _blur(sums, 2**k), _blur(weights, 2**k)
        here = open_cells & (weights > 1e-3)
        filled[here] = sums[here] / weights[here]
        open_cells &= ~here
        if not open_cells.any():
            break
    filled[open_cells] = 0.0
    return filled + level


def _blur(values: Floats, width: int) -> Floats:
    """Weigh cells ``width`` apart by 1, 2, 1 along both axes; nothing lies beyond the edges."""
    out = values
    for axis in (0, 1):
        moved = 2.0 * out
        n = out.shape[axis]
        if width < n:
            low, high = [slice(None)] * 2, [slice(None)] * 2
            low[axis], high[axis] = slice(0, n - width), slice(width, n)
            moved[tuple(low)] += out[tuple(high)]
            moved[tuple(high)] += out[tuple(low)]
        out = moved / 4.0
    return out


@cache
def cubic_weights(factor: int) -> Floats:
    """Return the weights of Keys' cubic kernel at the middles of the fine cells of a cell.

    Returns
    -------
    ndarray, shape (factor, 5)
        Row j: weights of the coarse cells two before to two after the one that fine cell j
        lies in; they sum to one.
    """
    at = (np.arange(factor) + 0.5) / factor - 0.5
    d = np.abs(at[:, None] - np.arange(-2, 3))
    a = KEYS_SLOPE
    near = ((a + 2) * d - (a + 3)) * d**2 + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    weights = np.where(d <= 1, near, np.where(d < 2, far, 0.0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def interpolate_bicubic(coarse: ArrayLike, factor: int) -> Floats:
    """Return a grid ``factor`` times finer by cubic convolution (Keys 1981).

    Cells beyond the edges go on in a straight line. There may be no hole: fill them before.
    """
    z = np.asarray(coarse, np.float64)
    for axis in (0, 1):
        z = _stretch(z, factor, axis)
    return z


def _stretch(z: Floats, factor: int, axis: int) -> Floats:
    weights = cubic_weights(factor)
    z = np.moveaxis(z, axis, 0)
    n = len(z)
    step = z[1:2] - z[:1] if n > 1 else np.zeros_like(z[:1])
    back = z[-1:] - z[-2:-1] if n > 1 else np.zeros_like(z[:1])
    wide = np.concatenate([z[:1] - 2 * step, z[:1] - step, z, z[-1:] + back, z[-1:] + 2 * back])
    out = np.empty((n, factor, *z.shape[1:]))
    for j in range(factor):
        # always the same order of sums: the same cells give the same bits in any tile
        out[:, j] = sum(w * wide[k : k + n] for k, w in enumerate(weights[j]))
    return np.moveaxis(out.reshape(n * factor, *z.shape[1:]), 0, axis)


def back_project(
    fine: ArrayLike, coarse: ArrayLike, factor: int, rounds: int = BACK_PROJECTIONS
) -> Floats:
    """Return a fine grid that agrees with the coarse one after some rounds of back-projection.

    Each round adds the cubic interpolation of what the block means lack (Irani & Peleg 1991).

    Parameters
    ----------
    fine : array_like, shape (factor * rows, factor * columns)
    coarse : array_like, shape (rows, columns)
        Where it is NaN, nothing is added.
    factor : int
    rounds : int
    """
    z, y = np.array(fine, np.float64), np.asarray(coarse, np.float64)
    known = np.isfinite(y)
    for _ in range(rounds):
        lack = np.where(known, y - coarsen(z, factor), 0.0)
        z += interpolate_bicubic(lack, factor)
    return z


def project_consistent(fine: ArrayLike, coarse: ArrayLike, factor: int) -> Floats:
    """Return the nearest fine grid whose block means are the coarse values.

    That is the least change in the sum of squares: each block is moved by what its mean lacks.
    Blocks whose coarse value is missing stay as they are.
    """
    z, y = np.asarray(fine, np.float64), np.asarray(coarse, np.float64)
    lack = np.where(np.isfinite(y), y - coarsen(z, factor), 0.0)
    return z + repeat_cells(lack, factor)
