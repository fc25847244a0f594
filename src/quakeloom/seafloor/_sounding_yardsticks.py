"""What soundings are cleaned with elsewhere: a median filter, and an estimator like CUBE's."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled
from quakeloom.core.sorting import middle_value
from quakeloom.seafloor._soundings import sort_soundings

Floats = NDArray[np.float64]

MEDIAN_SCALES = 3.0
"""Median absolute deviations, as standard deviations, beyond which the median filter flags."""

_INTERVENTION_BAYES = 0.135
"""Bayes factor below which CUBE begins a new hypothesis (Calder & Mayer 2003, after West &
Harrison)."""

_OFFSET_SIGMAS = 4.0
"""Offset of the alternative in CUBE's Bayes factor, in standard deviations."""

_FLAG_SIGMAS = 3.0
"""Standard deviations from the chosen hypothesis beyond which a sounding counts as wrong."""

_MOST_HYPOTHESES = 12
"""Hypotheses of a node that are kept; chosen here."""


def flag_by_median(
    east_m: ArrayLike, north_m: ArrayLike, depth_m: ArrayLike, cell_m: float = 0.0
) -> NDArray[np.bool_]:
    """Flag soundings far from the median of their cell, in scaled median absolute deviations."""
    x, y, z = (np.asarray(a, np.float64) for a in (east_m, north_m, depth_m))
    cells = sort_soundings(x, y, cell_m)
    flags = np.zeros(z.size, np.bool_)
    _median_cells(z, cells.order, cells.start, MEDIAN_SCALES, flags)
    return flags


def flag_by_hypotheses(
    east_m: ArrayLike, north_m: ArrayLike, depth_m: ArrayLike, sigma_m: ArrayLike,
    cell_m: float = 0.0,
) -> NDArray[np.bool_]:  # fmt: skip
    """Flag soundings that do not belong to the best hypothesis of their cell.

    Like CUBE (Calder & Mayer 2003): soundings of a cell, from their median outward, update Kalman
    estimates of depth; one that fits none of them begins a new hypothesis; that with most soundings
    is the ground.

    Parameters
    ----------
    east_m, north_m, depth_m : array_like, (n,)
    sigma_m : array_like, (n,)
        Stated standard errors of the depths.
    cell_m : float
        Side of cells in m; 0 follows from the density.
    """
    x, y, z, s = (np.asarray(a, np.float64) for a in (east_m, north_m, depth_m, sigma_m))
    cells = sort_soundings(x, y, cell_m)
    flags = np.zeros(z.size, np.bool_)
    _hypotheses(z, s, cells.order, cells.start, flags)
    return flags


@compiled(nogil=True)
def _median_cells(
    z: Floats, order: NDArray[np.int64], start: NDArray[np.int64], limit: float,
    flags: NDArray[np.bool_],
) -> None:  # fmt: skip
    for k in range(start.size - 1):
        a, b = start[k], start[k + 1]
        if b - a < 3:
            continue
        values = np.empty(b - a)
        for q in range(a, b):
            values[q - a] = z[order[q]]
        level = middle_value(values)
        scale = max(1.4826 * middle_value(np.abs(values - level)), 1e-3)
        for q in range(a, b):
            flags[order[q]] = abs(z[order[q]] - level) > limit * scale


@compiled(nogil=True)
def _hypotheses(
    z: Floats, s: Floats, order: NDArray[np.int64], start: NDArray[np.int64],
    flags: NDArray[np.bool_],
) -> None:  # fmt: skip
    log_limit = np.log(_INTERVENTION_BAYES)
    mean, var = np.empty(_MOST_HYPOTHESES), np.empty(_MOST_HYPOTHESES)
    count = np.empty(_MOST_HYPOTHESES, np.int64)
    for k in range(start.size - 1):
        a, b = start[k], start[k + 1]
        if b == a:
            continue
        used = 0
        middle = 0.5 * (a + b)
        for step in range(b - a):
            # soundings of a cell alternate about the middle of their order
            shift = (step + 1) // 2 if step % 2 else -(step // 2)
            i = order[min(max(int(middle) + shift, a), b - 1)]
            best, near = -1, np.inf
            for h in range(used):
                e = abs(z[i] - mean[h]) / np.sqrt(var[h] + s[i] ** 2)
                if e < near:
                    near, best = e, h
            # log of the Bayes factor of "as before" against "moved by four standard deviations"
            factor = 0.5 * (_OFFSET_SIGMAS**2 - 2 * _OFFSET_SIGMAS * near)
            if best >= 0 and factor > log_limit:
                gain = var[best] / (var[best] + s[i] ** 2)
                mean[best] += gain * (z[i] - mean[best])
                var[best] *= 1.0 - gain
                count[best] += 1
            elif used < _MOST_HYPOTHESES:
                mean[used], var[used], count[used] = z[i], s[i] ** 2, 1
                used += 1
        chosen = 0
        for h in range(used):
            if count[h] > count[chosen]:
                chosen = h
        for q in range(a, b):
            i = order[q]
            flags[i] = abs(z[i] - mean[chosen]) > _FLAG_SIGMAS * np.sqrt(var[chosen] + s[i] ** 2)
