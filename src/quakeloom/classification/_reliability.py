"""Whether stated probabilities are those that come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EDGES = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0)
"""Edges of the bins of stated probabilities: narrow where most lie (chosen here)."""


@dataclass(frozen=True)
class ClassReliability:
    """Stated probabilities beside what came true, bin by bin, over events and classes.

    Attributes
    ----------
    count : ndarray of int, shape (bins,)
    stated, actual, error : ndarray, shape (bins,)
        Mean of the probabilities, share that came true, and its standard error (binomial, of the
        stated probability); NaN in empty bins.
    expected_error : float
        Mean difference of stated and actual, weighted by counts.
    brier : float
        Mean squared difference of probabilities and truth, summed over classes.
    """

    count: NDArray[np.int64]
    stated: Floats
    actual: Floats
    error: Floats
    expected_error: float
    brier: float


def measure_class_reliability(
    probability: Floats, label: NDArray[np.int64], edges: tuple[float, ...] = EDGES
) -> ClassReliability:
    """Compare the probabilities of all classes with the true ones.

    Parameters
    ----------
    probability : ndarray, shape (events, classes)
    label : ndarray of int, shape (events,)
    edges : tuple of float
    """
    truth = np.arange(probability.shape[1]) == label[:, None]
    p, t = probability.ravel(), truth.ravel().astype(float)
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    count = np.bincount(place, minlength=len(edges) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        stated, actual, variance = (
            np.bincount(place, v, count.size) / count for v in (p, t, p * (1.0 - p))
        )
        error = np.sqrt(variance / count)
    expected = float(np.nansum(count * np.abs(stated - actual)) / max(count.sum(), 1))
    brier = float(((probability - truth) ** 2).sum(axis=1).mean()) if len(label) else np.nan
    return ClassReliability(count, stated, actual, error, expected, brier)
