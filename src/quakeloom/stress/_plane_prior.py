"""What is supposed of a stress and of faults before any mechanism is looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.stress._fault_population import FRICTION_RANGE, LEVEL_RANGE, WIDTH_RANGE
from quakeloom.stress._tensors import describe_stress

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ERROR_RANGE_DEG = (1.5, 30.0)
"""Error of a mechanism about one axis, any logarithm alike. Chosen here: the best catalogs have 3
degrees, and at 30 a mechanism says next to nothing."""

ASTRAY = 0.03
"""Mean, beforehand, of the share of mechanisms that have nothing to do with the stress; its
distribution is exponential. Chosen here."""

LOW = np.array([LEVEL_RANGE[0], np.log(WIDTH_RANGE[0]), FRICTION_RANGE[0],
                np.log(np.radians(ERROR_RANGE_DEG[0])), 0.0])  # fmt: skip
HIGH = np.array([LEVEL_RANGE[1], np.log(WIDTH_RANGE[1]), FRICTION_RANGE[1],
                 np.log(np.radians(ERROR_RANGE_DEG[1])), 0.5])  # fmt: skip
"""Ranges of the numbers that all events share: level, logarithm of width, friction, logarithm of
error, share astray. All are even beforehand but the last."""

LENGTH_STD = 0.2
"""Standard deviation of the logarithm of the length of the stress of a node, which nothing depends
on. Chosen here: steps of the dynamics stay of one size."""

_EDGE = 1e-3
"""Added to R (1 - R) where it divides. Chosen here."""


def given_numbers(shared: Floats) -> Floats:
    """Return what the likelihood takes of shared numbers: without logarithms."""
    out = np.array(shared, dtype=float)
    out[:, [1, 3]] = np.exp(out[:, [1, 3]])
    return out


def log_shape_prior(fields: Floats, area: Integers) -> Floats:
    """Return what makes the shape ratio of each area as likely anywhere, shape (fields,).

    Unit tensors of any direction have ``p(R) ~ R (1 - R) / (1 - R + R^2)^(5/2)``. The logarithm of
    its inverse is the mean over the nodes of an area, so that an area counts as one stress.
    """
    ratio = describe_stress(fields).shape_ratio
    density = -np.log(ratio * (1.0 - ratio) + _EDGE) + 2.5 * np.log(1.0 - ratio + ratio**2)
    values: Floats = density @ (1.0 / np.bincount(area))[area]
    return values


def log_shared_prior(shared: Floats) -> Floats:
    """Return the logarithm of the prior of shared numbers, minus infinity outside."""
    inside = np.all((shared > LOW) & (shared < HIGH), axis=1)
    values: Floats = np.where(inside, -shared[:, 4] / ASTRAY, -np.inf)
    return values


def draw_shared(count: int, generator: np.random.Generator) -> Floats:
    """Return draws of the prior of shared numbers, shape (draws, 5)."""
    out: Floats = LOW + (HIGH - LOW) * generator.random((count, 5))
    out[:, 4] = np.minimum(generator.exponential(ASTRAY, count), 0.99 * HIGH[4])
    return out
