"""How many planes are above an instability: the normalizer of populations of faults."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]

LEVEL_RANGE = (-0.5, 1.2)
"""Instability from which faults are many. Chosen here: below -0.5 all are, above 1.2 all are few,
and which of them does not matter."""

WIDTH_RANGE = (0.02, 0.5)
"""Range of instability over which faults become many. Chosen here: errors of mechanisms of a few
degrees hide what is sharper; at 0.5 the most unstable planes are at most seven times as frequent
as the most stable."""

FRICTION_RANGE = (0.2, 0.85)
"""Coefficients of friction: up to those of rocks in the laboratory, 0.6 to 0.85 (Byerlee 1978), and
weaker ones."""

_STEPS = (69, 12, 41, 14)
"""Steps of the table of Z along level, logarithm of width, shape ratio and friction. Chosen here:
linear interpolation is within 0.003 of ln Z."""

_SIDE, _LEVELS = 64, 400
"""Directions along each side of an octant, and classes of instability, of the table."""


class PopulationTable(NamedTuple):
    """``ln Z`` of the population of fault planes.

    Attributes
    ----------
    values : ndarray, shape (levels, widths, ratios, frictions)
        On even steps of level, logarithm of width, shape ratio and friction.
    start, step : ndarray, shape (4,)
        First value and step along each.
    """

    values: Floats
    start: Floats
    step: Floats


@functools.lru_cache(maxsize=1)
def population_table() -> PopulationTable:
    """Return the table of ``ln Z``, the mean of ``h(I)`` over all directions of normals."""
    widths = float(np.log(WIDTH_RANGE[0])), float(np.log(WIDTH_RANGE[1]))
    ends = (LEVEL_RANGE, widths, (0.0, 1.0), FRICTION_RANGE)
    axes = [np.linspace(low, high, n) for (low, high), n in zip(ends, _STEPS, strict=True)]
    middle = (np.arange(_SIDE) + 0.5) / _SIDE
    # even in the cosine to one axis and in the azimuth about it: even over the octant
    height, azimuth = np.meshgrid(middle, 0.5 * np.pi * middle, indexing="ij")
    level = np.sqrt(1.0 - height**2)
    normal2 = np.stack([(level * np.cos(azimuth)) ** 2, (level * np.sin(azimuth)) ** 2, height**2])
    normal2 = normal2.reshape(3, -1)
    above = np.linspace(0.0, 1.0, _LEVELS) - axes[0][:, None, None]
    frequent = 1.0 / (1.0 + np.exp(-above / np.exp(axes[1])[:, None]))
    values = np.empty(_STEPS)
    for i, r in enumerate(axes[2]):
        reduced = np.array([1.0, 2.0 * r - 1.0, -1.0])
        sigma = reduced @ normal2
        tau = np.sqrt(np.maximum(reduced**2 @ normal2 - sigma**2, 0.0))
        for j, mu in enumerate(axes[3]):
            instability = (tau - mu * (sigma - 1.0)) / (mu + np.sqrt(1.0 + mu**2))
            place = np.clip(instability, 0.0, 1.0) * (_LEVELS - 1)
            low = np.minimum(place.astype(np.int64), _LEVELS - 2)
            part = place - low
            count = np.bincount(low, 1.0 - part, _LEVELS) + np.bincount(low + 1, part, _LEVELS)
            values[:, :, i, j] = np.log(frequent @ count / place.size)
    start, step = (np.array([a[k] for a in axes]) for k in (0, 1))
    return PopulationTable(values, start, step - start)


@compiled()
def log_population(table: PopulationTable, given: Floats, ratio: float) -> tuple[float, float]:
    """Return ``ln Z`` and its derivative by the shape ratio, by linear interpolation."""
    values, start, step = table
    x = (given[0] - start[0]) / step[0]
    y = (np.log(given[1]) - start[1]) / step[1]
    z = (given[2] - start[3]) / step[3]
    r = (ratio - start[2]) / step[2]
    i = min(max(int(x), 0), values.shape[0] - 2)
    j = min(max(int(y), 0), values.shape[1] - 2)
    m = min(max(int(z), 0), values.shape[3] - 2)
    n = min(max(int(r), 0), values.shape[2] - 2)
    x, y, z, r = x - i, y - j, z - m, r - n
    low, high = 0.0, 0.0
    for a in range(2):
        for b in range(2):
            w = (x if a else 1.0 - x) * (y if b else 1.0 - y)
            one, two = values[i + a, j + b, n], values[i + a, j + b, n + 1]
            low += w * ((1.0 - z) * one[m] + z * one[m + 1])
            high += w * ((1.0 - z) * two[m] + z * two[m + 1])
    return low * (1.0 - r) + high * r, (high - low) / step[2]
