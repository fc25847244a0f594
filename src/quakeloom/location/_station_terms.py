"""Station terms from the residuals of a whole catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_MOST_PATHS = 400
"""Events of a station whose distances are compared when its paths are counted: a larger catalog is
thinned evenly. Chosen here: 160,000 distances a station, and the count does not change by more."""


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


@dataclass(frozen=True)
class SharedErrors:
    """Errors of residuals that more events of the same kind do not average out.

    Attributes
    ----------
    path_s : ndarray, shape (keys,)
        Standard deviation of travel times to the station that the events of one place share.
    paths : ndarray, shape (keys,)
        Number of independent paths, see :func:`count_paths`.
    """

    path_s: Floats
    paths: Floats


def estimate_station_terms(
    key: ArrayLike,
    residual_s: ArrayLike,
    variance: ArrayLike,
    keys: int,
    prior_s: float,
    fewest: int = 3,
    shared: SharedErrors | None = None,
) -> StationTerms:
    """Estimate the delay of every station and phase from residuals.

    Terms are Gaussian with standard deviation ``prior_s``; residuals scatter around them by
    ``variance``. Outliers count less (Huber's weights at 2.5 standard deviations of the
    residual's own scatter). Terms with fewer than ``fewest`` residuals are 0.

    The error of a term has three parts. The scatter of residuals averages out over events. The
    error of the travel time along a path is common to the events that share it, and averages
    over independent paths alone. A delay common to all terms looks like a change of the origin
    times, so the mean of the terms is not known: its variance is theirs over their number.

    Parameters
    ----------
    key : array_like of int
        From 0; which term a residual belongs to.
    residual_s, variance : array_like
        Residuals with the earlier terms added back.
    keys : int
    prior_s : float
    fewest : int
    shared : SharedErrors, optional
        Without it errors are those of the scatter alone.
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
    squared = 1.0 / np.maximum(total, 1e-300)
    if shared is not None:
        known = term[~few]
        common = float(known.var()) / known.size if known.size else 0.0
        squared = squared + shared.path_s**2 / np.maximum(shared.paths, 1.0) + common
    error = 1.0 / np.sqrt(1.0 / squared + prior_s**-2)
    return StationTerms(term, np.where(few, prior_s, error), count)


def count_paths(place_km: ArrayLike, correlation_km: float) -> float:
    """Return how many independent paths the events at some places have to one station.

    Errors of travel times of two events are taken as correlated by ``exp(-d / L)`` with their
    distance ``d``; the mean over ``n`` events then has the variance of that over
    ``n^2 / sum exp(-d / L)`` independent ones.

    Parameters
    ----------
    place_km : array_like, shape (events, 3)
        Depth, north and east.
    correlation_km : float
    """
    place = np.asarray(place_km, dtype=float)
    n = len(place)
    if n > _MOST_PATHS:
        place = place[np.linspace(0, n - 1, _MOST_PATHS).round().astype(np.int64)]
        n = _MOST_PATHS
    if n < 2:
        return float(n)
    apart = np.linalg.norm(place[:, None, :] - place[None, :, :], axis=-1)
    return float(n**2 / np.exp(-apart / correlation_km).sum())
