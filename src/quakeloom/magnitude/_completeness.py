"""Magnitude of completeness, and b-values that bear incompleteness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

_LEAST = 10
"""Fewest magnitudes, or differences, that a b-value is given for (chosen here)."""

_STABLE_RANGE = 0.5
"""Magnitudes over which b must be stable, of b-stability (Woessner & Wiemer 2005)."""


@dataclass(frozen=True)
class BValue:
    """A b-value with its standard deviation.

    Attributes
    ----------
    b, b_sd : float
        NaN from fewer than ten values.
    count : int
        Magnitudes, or differences, that it rests on.
    completeness : float
        Magnitude, or difference, from which on they count.
    """

    b: float
    b_sd: float
    count: int
    completeness: float


def _binned(magnitude: ArrayLike, bin_width: float) -> NDArray[np.int64]:
    values = np.asarray(magnitude, dtype=float)
    if not bin_width > 0.0:
        raise InputError(f"Bins of {bin_width} magnitudes are none; give a width above 0.")
    # times 10 rather than over 0.1: 1.15 is then the half that it looks like
    return np.asarray(np.round(values[np.isfinite(values)] * (1.0 / bin_width)), dtype=np.int64)


def _estimate(excess: NDArray[np.int64], bin_width: float, least: float) -> BValue:
    """b of Tinti & Mulargia (1987) of bins above the least one; sd of Shi & Bolt (1982)."""
    n = excess.size
    mean = float(excess.mean()) * bin_width if n else 0.0
    if n < _LEAST or mean <= 0.0:
        return BValue(np.nan, np.nan, n, least)
    b = float(np.log1p(bin_width / mean) / (bin_width * np.log(10.0)))
    scatter = np.sqrt(np.sum((excess * bin_width - mean) ** 2) / (n * (n - 1.0)))
    return BValue(b, float(np.log(10.0) * b**2 * scatter), n, least)


def b_value(magnitude: ArrayLike, completeness: float, bin_width: float = 0.1) -> BValue:
    """Return b of the magnitudes from completeness on.

    ``b = ln(1 + dm / (mean(M) - Mc)) / (dm ln 10)`` for magnitudes in bins.

    Parameters
    ----------
    magnitude : array_like
        In any order; NaN is passed over.
    completeness : float
    bin_width : float

    References
    ----------
    Tinti & Mulargia (1987), BSSA 77, 2125-2134; Shi & Bolt (1982), BSSA 72, 1677-1687.
    """
    bins = _binned(magnitude, bin_width)
    least = round(completeness / bin_width)
    return _estimate(bins[bins >= least] - least, bin_width, completeness)


def b_positive(
    magnitude: ArrayLike, least_difference: float = 0.2, bin_width: float = 0.1
) -> BValue:
    """Return b of the positive differences of successive magnitudes.

    Right after a large event small ones are missed; differences upward bear that, since an event
    that is larger than the one before was as visible.

    Parameters
    ----------
    magnitude : array_like
        In the order of time.
    least_difference : float
        Smaller ones do not count.

    References
    ----------
    van der Elst (2021), JGR Solid Earth 126, e2020JB021027.
    """
    change = np.diff(_binned(magnitude, bin_width))
    least = round(least_difference / bin_width)
    return _estimate(change[change >= least] - least, bin_width, least_difference)


def maximum_curvature(magnitude: ArrayLike, bin_width: float = 0.1) -> float:
    """Return the magnitude of completeness: the fullest bin (Wiemer & Wyss 2000).

    It is too small where incompleteness sets in gradually; 0.2 is often added.

    Raises
    ------
    InputError
        Without magnitudes.
    """
    bins = _binned(magnitude, bin_width)
    if not bins.size:
        raise InputError("There are no magnitudes, so there is no completeness.")
    values, counts = np.unique(bins, return_counts=True)
    return float(values[int(np.argmax(counts))] * bin_width)


def goodness_of_fit(magnitude: ArrayLike, share: float = 0.9, bin_width: float = 0.1) -> float:
    """Return the least magnitude from which Gutenberg and Richter's law fits so well.

    The misfit is the sum of differences of cumulative counts over that of counts; NaN where no
    magnitude reaches the share (Wiemer & Wyss 2000).
    """
    bins = _binned(magnitude, bin_width)
    for least in np.unique(bins):
        found = b_value(bins * bin_width, least * bin_width, bin_width)
        if not np.isfinite(found.b):
            continue
        steps = np.arange(least, bins.max() + 1)
        counted = np.array([(bins >= k).sum() for k in steps])
        expected = counted[0] * 10.0 ** (-found.b * (steps - least) * bin_width)
        if 1.0 - np.abs(counted - expected).sum() / counted.sum() >= share:
            return float(least * bin_width)
    return float("nan")


def b_stability(magnitude: ArrayLike, bin_width: float = 0.1) -> float:
    """Return the least magnitude from which b changes by less than its error over half a unit.

    NaN where there is none (Cao & Gao 2002, with the criterion of Woessner & Wiemer 2005).
    """
    bins = _binned(magnitude, bin_width)
    width = round(_STABLE_RANGE / bin_width)
    for least in np.unique(bins):
        ahead = [
            b_value(bins * bin_width, (least + k) * bin_width, bin_width) for k in range(width)
        ]
        mean = float(np.mean([a.b for a in ahead]))
        if np.isfinite(mean) and abs(mean - ahead[0].b) <= ahead[0].b_sd:
            return float(least * bin_width)
    return float("nan")
