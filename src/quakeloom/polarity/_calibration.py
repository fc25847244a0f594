"""How good readings are: accuracy, reliability of their probabilities, temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


@dataclass(frozen=True)
class AccuracyBand:
    """How good readings are in a range of signal-to-noise ratios; NaN where there are none.

    Attributes
    ----------
    lowest, highest : float
        Range of the ratio, the upper end not included.
    count : int
    accuracy : float
        Share of right readings.
    called : float
        Share of readings that are sure enough.
    accuracy_of_called : float
    """

    lowest: float
    highest: float
    count: int
    accuracy: float
    called: float
    accuracy_of_called: float


def measure_accuracy(probability_up: NDArray[np.floating], is_up: NDArray[np.bool_]) -> float:
    """Return the share of right readings, NaN where there are none; 0.5 is read as up."""
    right = (np.asarray(probability_up) >= 0.5) == is_up
    return float(right.mean()) if right.size else float("nan")


def measure_accuracy_by_snr(
    probability_up: NDArray[np.floating],
    is_up: NDArray[np.bool_],
    snr: NDArray[np.floating],
    edges: Sequence[float],
    sure: float = 0.9,
) -> list[AccuracyBand]:
    """Return how good readings are in ranges of the signal-to-noise ratio.

    Parameters
    ----------
    probability_up : ndarray, shape (windows,)
    is_up : ndarray of bool, shape (windows,)
    snr : ndarray, shape (windows,)
    edges : sequence of float
        Ends of the ranges, rising.
    sure : float
        Minimum probability, of up or down, of a reading that is sure enough.
    """
    p = np.asarray(probability_up, dtype=float)
    is_sure = np.maximum(p, 1.0 - p) >= sure
    bands = []
    for low, high in pairwise(edges):
        inside = (snr >= low) & (snr < high)
        called = inside & is_sure
        count = int(inside.sum())
        bands.append(
            AccuracyBand(
                low,
                high,
                count,
                measure_accuracy(p[inside], is_up[inside]),
                float(is_sure[inside].mean()) if count else float("nan"),
                measure_accuracy(p[called], is_up[called]),
            )
        )
    return bands


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

    # The logarithm is searched: a temperature is positive, and as often above as below 1.
    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return float(np.exp(found.x))
