"""Magnitude of completeness, and b-values that bear incompleteness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
    return _of_catalog("maximum_curvature", magnitude, bin_width)


def goodness_of_fit(magnitude: ArrayLike, share: float = 0.9, bin_width: float = 0.1) -> float:
    """Return the least magnitude from which Gutenberg and Richter's law fits so well.

    The misfit is the sum of differences of cumulative counts over that of counts; NaN where no
    magnitude reaches the share (Wiemer & Wyss 2000).
    """
    bins, counts = _histogram(magnitude, bin_width)
    place = _first_fitting(counts[None], bin_width, share)
    return float(_magnitudes(place, bins, bin_width)[0])


def b_stability(magnitude: ArrayLike, bin_width: float = 0.1) -> float:
    """Return the least magnitude from which b changes by less than its error over half a unit.

    NaN where there is none (Cao & Gao 2002, with the criterion of Woessner & Wiemer 2005).
    """
    return _of_catalog("b_stability", magnitude, bin_width)


def completeness_draws(
    magnitude: ArrayLike,
    method: str,
    random: np.random.Generator,
    draws: int = 500,
    bin_width: float = 0.1,
) -> Floats:
    """Return the completeness of catalogs that are drawn from one, with replacement.

    Parameters
    ----------
    magnitude : array_like
        NaN is passed over.
    method : str
        Of :data:`METHODS`.
    random : numpy.random.Generator
    draws : int
    bin_width : float

    Returns
    -------
    ndarray, shape (draws,)
        NaN where a drawn catalog has none.

    Raises
    ------
    InputError
        Without magnitudes.
    """
    bins, counts = _histogram(magnitude, bin_width)
    total = int(counts.sum())
    drawn = random.multinomial(total, counts / total, size=draws)
    return _magnitudes(METHODS[method](drawn, bin_width), bins, bin_width)


def estimate_completeness(magnitude: ArrayLike, method: str, bin_width: float = 0.1) -> float:
    """Return the completeness by a method of :data:`METHODS`; NaN where it finds none.

    Raises
    ------
    InputError
        Without magnitudes.
    """
    return _of_catalog(method, magnitude, bin_width)


def _of_catalog(method: str, magnitude: ArrayLike, bin_width: float) -> float:
    bins, counts = _histogram(magnitude, bin_width)
    return float(_magnitudes(METHODS[method](counts[None], bin_width), bins, bin_width)[0])


def _histogram(magnitude: ArrayLike, bin_width: float) -> tuple[Ints, Ints]:
    """Return all bins from the least to the largest magnitude, and their counts."""
    bins = _binned(magnitude, bin_width)
    if not bins.size:
        raise InputError("There are no magnitudes, so there is no completeness.")
    least = int(bins.min())
    counts = np.bincount(bins - least)
    return np.arange(least, least + counts.size), np.asarray(counts, dtype=np.int64)


def _magnitudes(place: Ints, bins: Ints, bin_width: float) -> Floats:
    """Return the magnitudes of places among bins, NaN of -1."""
    return np.where(place >= 0, bins[place] * bin_width, np.nan)


def _slopes(counts: Ints, bin_width: float) -> tuple[Floats, Floats]:
    """Return b with its error from every bin on, as :func:`b_value` gives them.

    Parameters
    ----------
    counts : ndarray of int, shape (catalogs, bins)

    Returns
    -------
    b, b_sd : ndarray, shape (catalogs, bins)
        NaN from fewer than ten magnitudes, or where all are in one bin.
    """
    step = np.arange(counts.shape[1], dtype=float)
    n, first, second = (
        np.cumsum((counts * step**power)[:, ::-1], axis=1)[:, ::-1] for power in (0, 1, 2)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = first / n - step
        b = np.log1p(1.0 / excess) / (bin_width * np.log(10.0))
        square = np.maximum(second - first**2 / n, 0.0)
        b_sd = np.log(10.0) * b**2 * bin_width * np.sqrt(square / (n * (n - 1.0)))
        good = (n >= _LEAST) & (excess > 1e-9)
    return np.where(good, b, np.nan), np.where(good, b_sd, np.nan)


def _fullest(counts: Ints, bin_width: float) -> Ints:
    return np.asarray(np.argmax(counts, axis=1), dtype=np.int64)


def _first_fitting(counts: Ints, bin_width: float, share: float) -> Ints:
    """Return the first bin from which the law fits to a share, -1 where none does."""
    b, _ = _slopes(counts, bin_width)
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1].astype(float)
    found = np.full(counts.shape[0], -1, dtype=np.int64)
    last = counts.shape[1] - 1 - np.argmax(counts[:, ::-1] > 0, axis=1)
    step = np.arange(counts.shape[1])
    for least in range(counts.shape[1]):
        open_still = np.flatnonzero((found < 0) & (counts[:, least] > 0) & np.isfinite(b[:, least]))
        if not open_still.size:
            continue
        counted = above[open_still, least:]
        decay = -b[open_still, least, None] * (step[least:] - least) * bin_width
        expected = counted[:, :1] * 10.0**decay
        inside = step[least:] <= last[open_still, None]
        misfit = np.sum(np.abs(counted - expected) * inside, axis=1) / counted.sum(axis=1)
        found[open_still[1.0 - misfit >= share]] = least
    return found


def _first_stable(counts: Ints, bin_width: float) -> Ints:
    """Return the first bin from which b is stable, -1 where there is none."""
    b, b_sd = _slopes(counts, bin_width)
    width = max(round(_STABLE_RANGE / bin_width), 1)
    padded = np.pad(b, ((0, 0), (0, width - 1)), constant_values=np.nan)
    ahead = np.stack([padded[:, k : k + b.shape[1]] for k in range(width)]).mean(axis=0)
    with np.errstate(invalid="ignore"):
        stable = (np.abs(ahead - b) <= b_sd) & (counts > 0)
    return np.where(stable.any(axis=1), np.argmax(stable, axis=1), -1)


METHODS: dict[str, Callable[[Ints, float], Ints]] = {
    "maximum_curvature": _fullest,
    "goodness_of_fit_90": partial(_first_fitting, share=0.9),
    "goodness_of_fit_95": partial(_first_fitting, share=0.95),
    "b_stability": _first_stable,
}
"""Methods of completeness by name: from counts in bins, catalogs in rows, to the place of a bin."""
