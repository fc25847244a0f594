"""Robust local surfaces through soundings, compiled: one small fit per sounding's neighborhood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TUKEY = 4.685
"""Tukey's constant: 95 % efficiency for normal errors."""

_ROUNDS = 4
"""Rounds of reweighting; chosen here: later ones change weights by less than a hundredth."""

_LEAST = 5
"""Neighbors from which a plane is fitted; fewer give their median."""


@compiled(nogil=True)
def sort_cells(cell: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the soundings in the order of their cells, and where each cell begins."""
    start = np.zeros(count + 1, np.int64)
    for c in cell:
        start[c + 1] += 1
    for k in range(count):
        start[k + 1] += start[k]
    place = start[:-1].copy()
    order = np.empty(cell.size, np.int64)
    for i in range(cell.size):
        order[place[cell[i]]] = i
        place[cell[i]] += 1
    return order, start


@compiled(nogil=True)
def _middle(values: Floats, n: int) -> float:
    """Return the median of the first n values, which are put in another order (quickselect)."""
    k = n // 2
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    middle: float = values[k]
    return middle


@compiled(nogil=True)
def fit_cells(
    x: Floats, y: Floats, z: Floats, order: Ints, start: Ints, shape: Ints, size: float
) -> tuple[Floats, Floats]:
    """Fit a plane by Tukey's weights around every cell; return planes and scales.

    Soundings of a cell and of the eight around it enter. The scale is 1.4826 times the median
    absolute residual.

    Parameters
    ----------
    x, y, z : ndarray, (n,)
        East, north and depth in m, from the corner of the cells.
    order, start : ndarray of int64
        From :func:`sort_cells`.
    shape : ndarray of int64, (2,)
        Rows and columns of cells.
    size : float
        Side of a cell in m.

    Returns
    -------
    planes : ndarray, (cells, 3)
        Depth at the middle of a cell, slopes to the east and north; NaN where nothing is near.
    scale : ndarray, (cells,)
        m.
    """
    rows, columns = shape[0], shape[1]
    planes = np.full((rows * columns, 3), np.nan)
    scale = np.full(rows * columns, np.nan)
    most = 0
    for r in range(rows):
        for c in range(columns):
            n = 0
            for p in range(max(0, r - 1), min(rows, r + 2)):
                a = start[p * columns + max(0, c - 1)]
                n += start[p * columns + min(columns - 1, c + 1) + 1] - a
            most = max(most, n)
    parts = np.empty((5, most + 1))
    u, v, w, d, work = parts[0], parts[1], parts[2], parts[3], parts[4]
    for r in range(rows):
        for c in range(columns):
            k = r * columns + c
            if start[k] == start[k + 1]:
                continue
            n = 0
            for p in range(max(0, r - 1), min(rows, r + 2)):
                a = start[p * columns + max(0, c - 1)]
                b = start[p * columns + min(columns - 1, c + 1) + 1]
                for q in range(a, b):
                    i = order[q]
                    u[n] = x[i] - (c + 0.5) * size
                    v[n] = y[i] - (r + 0.5) * size
                    d[n] = z[i]
                    n += 1
            fit_tukey(u, v, d, w, work, n, planes[k], scale[k : k + 1])
    return planes, scale


@compiled(nogil=True)
def fit_tukey(
    u: Floats, v: Floats, d: Floats, w: Floats, work: Floats, n: int, plane: Floats, scale: Floats
) -> None:
    """Fit a plane to n depths by Tukey's weights, from their median on; write plane and scale."""
    for i in range(n):
        work[i] = d[i]
    level = _middle(work, n)
    plane[0], plane[1], plane[2] = level, 0.0, 0.0
    for _ in range(_ROUNDS):
        for i in range(n):
            work[i] = abs(d[i] - plane[0] - plane[1] * u[i] - plane[2] * v[i])
        s = max(1.4826 * _middle(work, n), 1e-3)
        scale[0] = s
        if n < _LEAST:
            return
        reach = TUKEY * s
        a00 = a01 = a02 = a11 = a12 = a22 = b0 = b1 = b2 = 0.0
        for i in range(n):
            e = (d[i] - plane[0] - plane[1] * u[i] - plane[2] * v[i]) / reach
            q = 1.0 - e * e
            w[i] = q * q if q > 0.0 else 0.0
            a00 += w[i]
            a01 += w[i] * u[i]
            a02 += w[i] * v[i]
            a11 += w[i] * u[i] * u[i]
            a12 += w[i] * u[i] * v[i]
            a22 += w[i] * v[i] * v[i]
            b0 += w[i] * d[i]
            b1 += w[i] * u[i] * d[i]
            b2 += w[i] * v[i] * d[i]
        # a little weight against slopes that nothing decides: soundings on one line
        damping = 1e-3 * (a11 + a22) + 1e-9
        a11 += damping
        a22 += damping
        det = (
            a00 * (a11 * a22 - a12 * a12)
            - a01 * (a01 * a22 - a12 * a02)
            + a02 * (a01 * a12 - a11 * a02)
        )
        if abs(det) < 1e-12:
            return
        plane[0] = (
            b0 * (a11 * a22 - a12 * a12) - a01 * (b1 * a22 - a12 * b2) + a02 * (b1 * a12 - a11 * b2)
        ) / det
        plane[1] = (
            a00 * (b1 * a22 - a12 * b2) - b0 * (a01 * a22 - a12 * a02) + a02 * (a01 * b2 - b1 * a02)
        ) / det
        plane[2] = (
            a00 * (a11 * b2 - b1 * a12) - a01 * (a01 * b2 - b1 * a02) + b0 * (a01 * a12 - a11 * a02)
        ) / det


@compiled(nogil=True)
def smooth_evidence(
    evidence: Floats, x: Floats, y: Floats, z: Floats, grid: tuple[Ints, Ints, Ints, float],
    reach: tuple[float, float], strength: float,
) -> Floats:  # fmt: skip
    """Return evidence with what neighbors at the same depth say, each once (mean field).

    Soundings that lie together in place and depth are wrong together or right together.

    Parameters
    ----------
    evidence : ndarray, (n,)
        Log-odds of being wrong.
    x, y, z : ndarray, (n,)
    grid : tuple
        Order, starts, shape and side of cells.
    reach : (float, float)
        Distance and difference of depth up to which soundings are neighbors, m.
    strength : float
        Weight of the mean belief of neighbors, in log-odds.
    """
    order, start, shape, _ = grid
    rows, columns = shape[0], shape[1]
    out = evidence.copy()
    for r in range(rows):
        for c in range(columns):
            k = r * columns + c
            for q in range(start[k], start[k + 1]):
                i = order[q]
                total = weight = 0.0
                for p in range(max(0, r - 1), min(rows, r + 2)):
                    a = start[p * columns + max(0, c - 1)]
                    b = start[p * columns + min(columns - 1, c + 1) + 1]
                    for t in range(a, b):
                        j = order[t]
                        if j == i or abs(z[j] - z[i]) > reach[1]:
                            continue
                        h = ((x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2) / reach[0] ** 2
                        if h < 1.0:
                            g = (1.0 - h) ** 2
                            total += g * np.tanh(0.5 * evidence[j])
                            weight += g
                if weight > 0.0:
                    # company in error makes it likelier; company of the right proves little
                    out[i] = evidence[i] + strength * max(total, 0.0) / (weight + 0.5)
    return out
