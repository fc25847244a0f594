"""Magnitudes of a network: stations' terms and attenuation estimated together with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quakeloom.core import InputError
from quakeloom.magnitude._formulas import REFERENCE_KM

Floats = NDArray[np.float64]

_FREEDOM = 4.0
"""Degrees of freedom of Student's t of the errors (chosen here)."""

_STATION_SD = 0.3
"""Prior standard deviation of station terms in magnitude units (chosen here)."""

_PRIOR = (1.1, 0.002)
"""Prior mean of the coefficients of log10 r and of r in km: those of Hutton & Boore (1987), 1.110
and 0.00189, rounded."""

_PRIOR_SD = np.array([0.3, 0.002])
"""Their standard deviations, chosen here: wide."""

_AT_REFERENCE = 3.0
"""ML of 1 mm at 100 km (Richter 1935)."""

_FIXED_SUM = 1e8
"""Precision of the sum of the terms, which is then as good as exactly 0."""

_STEPS = 60
"""Most steps of the iteration; a dozen are needed."""

_CLOSE = 1e-9
"""Change of magnitudes at which the iteration ends."""

_LEAST_SCALE = 1e-3
"""Least scale of the errors, so that exact amplitudes have a solution."""

_SCALE, _SCALE_WEIGHT = 0.2, 2.0
"""Scale of the errors in magnitude units as it is thought to be before, and how many amplitudes
that is worth (chosen here), so that the errors of three amplitudes are no accident."""

_EVENT_BLOCK = 4096
"""Events whose errors are computed together; chosen here: 30 MB of 1,000 stations."""


@dataclass(frozen=True)
class NetworkMagnitudes:
    """Magnitudes with what was estimated beside them.

    Attributes
    ----------
    magnitude, magnitude_sd : ndarray, shape (events,)
        NaN for events without an amplitude. The standard deviation is that of the posterior: of
        the scatter of amplitudes, station terms and attenuation.
    amplitude_count : ndarray of int, shape (events,)
    station_term, station_term_sd : ndarray, shape (stations,)
        Added to a station's magnitudes; those of the reference stations sum to 0.
    spreading, absorption : float
        Coefficients of log10 r and of r.
    scale : float
        Of Student's t with 4 degrees of freedom; the standard deviation is larger by 1.41.
    weight : ndarray, shape (amplitudes,)
        How much every amplitude counts: 1.25 at best, near 0 for a wrong one.
    """

    magnitude: Floats
    magnitude_sd: Floats
    amplitude_count: NDArray[np.int64]
    station_term: Floats
    station_term_sd: Floats
    spreading: float
    absorption: float
    scale: float
    weight: Floats


def network_magnitudes(
    event: ArrayLike,
    station: ArrayLike,
    log_amplitude: ArrayLike,
    distance_km: ArrayLike,
    attenuation: tuple[float, float] | None = None,
    *,
    prior: tuple[float, float] = _PRIOR,
    reference: ArrayLike | None = None,
) -> NetworkMagnitudes:
    """Estimate magnitudes, station terms and attenuation from all amplitudes together.

    ``log10 A = M_e - S_s - n log10(r / 100) - k (r - 100) - 3 + error``, with errors of Student's
    t, ``S ~ N(0, 0.3^2)`` summing to 0, ``n ~ N(1.1, 0.3^2)`` and ``k ~ N(0.002, 0.002^2)``; flat
    priors of M. Solved by iterated least squares; events are eliminated, so the matrix has the size
    of the stations.

    Parameters
    ----------
    event, station : array_like of int, shape (amplitudes,)
        Numbers from 0.
    log_amplitude : array_like, shape (amplitudes,)
        log10 of Wood-Anderson displacement in mm, or of any amplitude (magnitudes are then
        relative).
    distance_km : array_like, shape (amplitudes,)
        Hypocentral.
    attenuation : (float, float), optional
        n and k where they are fixed.
    prior : (float, float)
        Prior means of n and k where they are not.
    reference : array_like of bool, shape (stations,), optional
        Stations whose terms sum to 0; all, if absent.

    Raises
    ------
    InputError
        If no amplitude is finite, or a distance is not above 0.
    """
    e, s = (np.asarray(v, dtype=np.int64) for v in (event, station))
    y, r = (np.asarray(v, dtype=float) for v in (log_amplitude, distance_km))
    if not y.size or not np.isfinite(y).all() or not np.isfinite(r).all() or (r <= 0.0).any():
        raise InputError(
            "Network magnitudes need one or more finite amplitudes at distances above 0 km. "
            "Nothing was estimated; leave the others out."
        )
    events, stations = int(e.max()) + 1, int(s.max()) + 1
    free = attenuation is None
    mean = np.array(prior if attenuation is None else attenuation, dtype=float)
    basis = np.column_stack([np.log10(r / REFERENCE_KM), r - REFERENCE_KM])
    at_station = sparse.csr_array((np.ones(y.size), (np.arange(y.size), s)), (y.size, stations))
    decay = sparse.csr_array(basis * _PRIOR_SD if free else np.zeros((y.size, 2)))
    columns = sparse.csr_array(sparse.hstack([at_station, decay]))
    target = y + _AT_REFERENCE + basis @ mean
    knowledge = _prior_precision(stations, reference)
    weight, scale = np.ones(y.size), _SCALE
    magnitude = np.zeros(events)
    rest = np.zeros(stations + 2)
    for _ in range(_STEPS):
        before = magnitude
        precision = weight / scale**2
        magnitude, rest, _ = _solve(e, columns, target, precision, knowledge, events)
        residual = target + columns @ rest - magnitude[e]
        weight = (_FREEDOM + 1.0) / (_FREEDOM + (residual / scale) ** 2)
        freedom = max(y.size - np.unique(e).size - min(stations, y.size) + 1, 1)
        square = np.sum(weight * residual**2) + _SCALE_WEIGHT * _SCALE**2
        scale = max(float(np.sqrt(square / (freedom + _SCALE_WEIGHT))), _LEAST_SCALE)
        if np.nanmax(np.abs(magnitude - before)) < _CLOSE:
            break
    information = np.full(y.size, (_FREEDOM + 1.0) / (_FREEDOM + 3.0) / scale**2)
    _, _, covariance = _solve(e, columns, target, information, knowledge, events)
    variance = _variances(e, columns, information, covariance, events)
    count = np.bincount(e, minlength=events)
    known = count > 0
    shift = rest[stations:] * _PRIOR_SD if free else np.zeros(2)
    return NetworkMagnitudes(
        np.where(known, magnitude, np.nan), np.where(known, np.sqrt(variance), np.nan),
        count, rest[:stations], np.sqrt(np.diag(covariance)[:stations]),
        float(mean[0] + shift[0]), float(mean[1] + shift[1]), scale, weight,
    )  # fmt: skip


def _prior_precision(stations: int, reference: ArrayLike | None) -> Floats:
    """Return the precision of terms and coefficients before any amplitude was seen."""
    precision = np.eye(stations + 2)
    precision[:stations, :stations] /= _STATION_SD**2
    among = np.ones(stations) if reference is None else np.asarray(reference, dtype=float)
    if among.shape != (stations,) or not among.any():
        raise InputError(
            "None of the stations with amplitudes is a reference station, so that their terms "
            "have no level. Nothing was estimated; name others, or none for all."
        )
    precision[:stations, :stations] += _FIXED_SUM * np.outer(among, among) / among.sum() ** 2
    return precision


def _solve(
    event: NDArray[np.int64],
    columns: sparse.csr_array,
    target: Floats,
    precision: Floats,
    prior: Floats,
    events: int,
) -> tuple[Floats, Floats, Floats]:
    """Solve ``M_e - columns rest = target`` by least squares, with a Gaussian prior of the rest.

    Returns
    -------
    magnitude, rest, covariance of the rest
    """
    share, total = _shares(event, columns, precision, events)
    mean = np.bincount(event, precision * target, events) / total
    weighed = sparse.diags_array(precision) @ columns
    cross = sparse.diags_array(total) @ share
    normal = prior + (columns.T @ weighed - cross.T @ share).toarray()
    right = cross.T @ mean - columns.T @ (precision * target)
    covariance = np.asarray(np.linalg.inv(normal), dtype=float)
    rest = np.asarray(covariance @ right, dtype=float)
    return np.asarray(mean + share @ rest, dtype=float), rest, covariance


def _shares(
    event: NDArray[np.int64], columns: sparse.csr_array, precision: Floats, events: int
) -> tuple[sparse.csr_array, Floats]:
    """Return the mean columns of every event, and the precision of its amplitudes (1 of none)."""
    total = np.bincount(event, precision, events)
    safe = np.where(total > 0.0, total, 1.0)
    weight = precision / safe[event]
    members = sparse.csr_array((weight, (event, np.arange(event.size))), (events, event.size))
    return sparse.csr_array(members @ columns), safe


def _variances(
    event: NDArray[np.int64],
    columns: sparse.csr_array,
    precision: Floats,
    covariance: Floats,
    events: int,
) -> Floats:
    """Return the variances of magnitudes: of their own amplitudes, and of what is shared."""
    share, total = _shares(event, columns, precision, events)
    variance = 1.0 / total
    for start in range(0, events, _EVENT_BLOCK):
        rows = share[start : start + _EVENT_BLOCK].toarray()
        variance[start : start + _EVENT_BLOCK] += np.sum((rows @ covariance) * rows, axis=1)
    return np.asarray(variance, dtype=float)
