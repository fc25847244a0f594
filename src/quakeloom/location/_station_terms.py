"""Station terms from the residuals of a whole catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StationTerms:
    """Delays of stations, one per station and phase.

    Attributes
    ----------
    term_s, error_s : ndarray, shape (keys,)
        Posterior mean and standard deviation.
    count : ndarray of int, shape (keys,)
    """

    term_s: Floats
    error_s: Floats
    count: NDArray[np.int64]


def estimate_station_terms(
    key: ArrayLike,
    residual_s: ArrayLike,
    variance: ArrayLike,
    keys: int,
    prior_s: float,
    fewest: int = 3,
) -> StationTerms:
    """Estimate the delay of every station and phase from residuals.

    Terms are Gaussian with standard deviation ``prior_s``; residuals scatter around them by
    ``variance``. Outliers count less (Huber's weights at 2.5 standard deviations of the
    residual's own scatter). Terms with fewer than ``fewest`` residuals are 0.

    Parameters
    ----------
    key : array_like of int
        From 0; which term a residual belongs to.
    residual_s, variance : array_like
        Residuals with the earlier terms added back.
    keys : int
    prior_s : float
    """
    index = np.asarray(key, dtype=np.int64)
    residual = np.asarray(residual_s, dtype=float)
    weight = 1.0 / np.asarray(variance, dtype=float)
    count = np.bincount(index, minlength=keys).astype(np.int64)
    term = np.zeros(keys)
    total = np.zeros(keys)
    scale = np.ones(residual.size)
    for _ in range(5):
        w = weight * scale
        total = np.bincount(index, w, keys).astype(float)
        term = np.bincount(index, w * residual, keys) / (total + prior_s**-2)
        off = np.abs(residual - term[index]) * np.sqrt(weight)
        spread = max(1.0, float(np.median(off)) * 1.4826) if off.size else 1.0
        scale = np.minimum(1.0, 2.5 * spread / np.maximum(off, 1e-12))
    few = count < fewest
    term = np.where(few, 0.0, term)
    error = np.where(few, prior_s, 1.0 / np.sqrt(total + prior_s**-2))
    return StationTerms(term, error, count)
