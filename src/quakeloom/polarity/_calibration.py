"""Whether a probability is one: reliability, and the temperature that mends it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """Stated and actual share of right answers, by stated confidence.

    Attributes
    ----------
    stated, actual : ndarray, shape (bins,)
    count : ndarray of int64, shape (bins,)
    error : float
        Mean of ``|stated - actual|``, weighted by counts (expected calibration error).
    """

    stated: Floats
    actual: Floats
    count: NDArray[np.int64]
    error: float


def measure_reliability(
    probability_up: NDArray[np.floating], is_up: NDArray[np.bool_], bins: int = 15
) -> Reliability:
    """Compare the confidence ``max(p, 1 - p)`` with the share that is right.

    Parameters
    ----------
    probability_up : ndarray, shape (windows,)
    is_up : ndarray of bool, shape (windows,)
    bins : int
        Of equal width between 0.5 and 1.
    """
    p = np.asarray(probability_up, dtype=float)
    sure = np.maximum(p, 1.0 - p)
    right = (p >= 0.5) == is_up
    place = np.minimum(((sure - 0.5) * 2 * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    some = np.maximum(count, 1)
    stated = np.bincount(place, sure, bins) / some
    actual = np.bincount(place, right, bins) / some
    error = float(np.sum(count * np.abs(stated - actual)) / max(count.sum(), 1))
    return Reliability(stated, actual, count, error)


def calibration_error(
    probability_up: NDArray[np.floating], is_up: NDArray[np.bool_], bins: int = 15
) -> float:
    """Return the expected calibration error."""
    return measure_reliability(probability_up, is_up, bins).error


def find_temperature(log_odds: NDArray[np.floating], is_up: NDArray[np.bool_]) -> float:
    """Return the temperature that log odds must be divided by to be most likely.

    Parameters
    ----------
    log_odds : ndarray, shape (windows,)
    is_up : ndarray of bool, shape (windows,)

    References
    ----------
    Guo, C. et al. (2017), On calibration of modern neural networks, ICML 70, 1321-1330.
    """
    signed = np.where(is_up, log_odds, -np.asarray(log_odds, dtype=float))

    def loss(log_temperature: float) -> float:
        return float(np.mean(np.logaddexp(0.0, -signed / np.exp(log_temperature))))

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return float(np.exp(found.x))
