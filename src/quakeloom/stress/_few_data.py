"""What holds a stress field where the mechanisms do not: too few of them, or all alike.

The priors are proper and wide. They decide nothing where there are data, and make the answer
a wide one where there are hardly any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINIMUM_WEIGHT = 4.0
"""Sum of mechanism weights of an area below which a wide prior holds its mean: five unknowns
and their noise need more than five data, and a mechanism gives two."""

ANCHOR_PRECISION = 0.25
"""Precision of the prior that holds the mean of an area whose mechanisms leave a combination
of the five components free; with the usual noise variance of 0.3 its standard deviation is
about 1, the size of the stress itself."""

NOISE_VARIANCE = 0.3
"""Variance of a slip component that catalogs usually have (0.29 for the 3,256 mechanisms of
the Geysers), the center of the prior of the noise."""

NOISE_COUNT = 4.0
"""Number of data that the prior of the noise variance is worth."""

NOISE_FLOOR = 0.01
"""Least noise variance of a slip component, about 8 degrees of slip direction: identical
mechanisms fit exactly, which says nothing of the noise."""


DIVERSE_SCATTER = 0.2
"""Scatter of mechanisms about their mean, one minus the coherence of all of them, from which
each counts in full: rotations by about 20 degrees. Inversions need mechanisms that differ
(Hardebeck & Hauksson 2001): copies of one say again what it says, with the same error."""


@dataclass(frozen=True)
class HeldAreas:
    """Separate areas of a map that a wide prior holds.

    Attributes
    ----------
    weak : ndarray of bool, shape (areas,)
    precision : ndarray, shape (nodes,)
        Added to the diagonal of each node's normal matrix, as of data without noise of their
        own; the same for all five components.
    """

    weak: NDArray[np.bool_]
    precision: Floats


def hold_weak_areas(normal: Floats, weight: Floats, area: NDArray[np.int64]) -> HeldAreas:
    """Return the prior of areas whose mechanisms are few, or leave the stress partly free.

    Parameters
    ----------
    normal : ndarray, shape (areas, 5, 5)
        Sum of the normal matrices of each area.
    weight : ndarray, shape (areas,)
        Sum of the weights of its mechanisms.
    area : ndarray of int64, shape (nodes,)
        Area of each node.
    """
    least = np.linalg.eigvalsh(normal)[:, 0]
    weak = (least < ANCHOR_PRECISION) | (weight < MINIMUM_WEIGHT)
    sizes = np.bincount(area, minlength=weak.size)
    return HeldAreas(weak, np.where(weak[area], ANCHOR_PRECISION / sizes[area], 0.0))


def count_independent(slip: Floats, weight: Floats) -> Floats:
    """Return the share of its weight that counts in each area, from 1/weight to 1.

    ``(1 + (W - 1) v / v0) / W``, at most 1, with the weight W of an area and the scatter
    ``v = 1 - 2 |sum w b|^2 / W^2`` of its mechanisms about their mean, v0 =
    :data:`DIVERSE_SCATTER`: identical mechanisms count as one.

    Parameters
    ----------
    slip : ndarray, shape (areas, 5)
        Sum of the vectors ``w b`` of the mechanisms, orthonormal basis.
    weight : ndarray, shape (areas,)
    """
    total = np.maximum(weight, 1.0)
    scatter = np.maximum(1.0 - 2.0 * np.sum(slip**2, axis=1) / np.maximum(weight, 1e-300) ** 2, 0.0)
    share: Floats = (1.0 + (total - 1.0) * scatter / DIVERSE_SCATTER) / total
    return np.minimum(share, 1.0)


def estimate_noise(objective: float, freedom: float) -> float:
    """Return the noise variance ``(S + n0 s0^2) / (f + n0)``, not less than the floor.

    The mean of the posterior of the variance under a scaled inverse chi-squared prior of
    :data:`NOISE_COUNT` data with :data:`NOISE_VARIANCE`; ``S/f`` where data are many.

    Parameters
    ----------
    objective : float
        ``S``, misfit plus weighted roughness.
    freedom : float
        ``f = N + P - M``.
    """
    mean = (objective + NOISE_COUNT * NOISE_VARIANCE) / (freedom + NOISE_COUNT)
    return max(mean, NOISE_FLOOR)
