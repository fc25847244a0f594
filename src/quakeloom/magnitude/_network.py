"""Magnitudes of a network: stations' terms and attenuation estimated together with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

_FREEDOM = 4.0
"""Degrees of freedom of Student's t of the errors (chosen here)."""

_STATION_SD = 0.3
"""Prior standard deviation of station terms in magnitude units (chosen here)."""

_SPREADING, _ABSORPTION = (1.1, 0.3), (0.002, 0.002)
"""Prior mean and standard deviation of the coefficients of log10 r and of r in km: chosen here,
wide around those of Hutton & Boore (1987), 1.110 and 0.00189."""

_REFERENCE_KM, _AT_REFERENCE = 100.0, 3.0
"""ML is 3 for 1 mm at 100 km (Richter 1935)."""

_STEPS = 60
"""Most steps of the iteration; a dozen are needed."""

_CLOSE = 1e-9
"""Change of magnitudes at which the iteration ends."""

_LEAST_SCALE = 1e-3
"""Least scale of the errors, so that exact amplitudes have a solution."""


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
        Added to a station's magnitudes; they sum to 0.
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
    mean = np.array([_SPREADING[0], _ABSORPTION[0]] if attenuation is None else attenuation)
    basis = np.column_stack([np.log10(r / _REFERENCE_KM), r - _REFERENCE_KM])
    columns = np.zeros((y.size, stations + 2))
    columns[np.arange(y.size), s] = 1.0
    if free:
        columns[:, stations:] = basis * [_SPREADING[1], _ABSORPTION[1]]
    target = y + _AT_REFERENCE + basis @ mean
    prior = np.eye(stations + 2)
    prior[:stations, :stations] = np.eye(stations) / _STATION_SD**2
    # the sum of the terms is as good as exactly 0
    prior[:stations, :stations] += 1e8 / stations**2
    weight, scale = np.ones(y.size), 0.3
    magnitude = np.zeros(events)
    rest = np.zeros(stations + 2)
    for _ in range(_STEPS):
        before = magnitude
        precision = weight / scale**2
        magnitude, rest, _, _ = _solve(e, columns, target, precision, prior, events)
        residual = target + columns @ rest - magnitude[e]
        weight = (_FREEDOM + 1.0) / (_FREEDOM + (residual / scale) ** 2)
        freedom = max(y.size - np.unique(e).size - min(stations, y.size) + 1, 1)
        scale = max(float(np.sqrt(np.sum(weight * residual**2) / freedom)), _LEAST_SCALE)
        if np.nanmax(np.abs(magnitude - before)) < _CLOSE:
            break
    information = np.full(y.size, (_FREEDOM + 1.0) / (_FREEDOM + 3.0) / scale**2)
    _, _, variance, covariance = _solve(e, columns, target, information, prior, events)
    count = np.bincount(e, minlength=events)
    known = count > 0
    shift = rest[stations:] * [_SPREADING[1], _ABSORPTION[1]] if free else np.zeros(2)
    return NetworkMagnitudes(
        np.where(known, magnitude, np.nan), np.where(known, np.sqrt(variance), np.nan),
        count, rest[:stations], np.sqrt(np.diag(covariance)[:stations]),
        float(mean[0] + shift[0]), float(mean[1] + shift[1]), scale, weight,
    )  # fmt: skip


def _solve(
    event: NDArray[np.int64],
    columns: Floats,
    target: Floats,
    precision: Floats,
    prior: Floats,
    events: int,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Solve ``M_e - columns rest = target`` by least squares, with a Gaussian prior of the rest.

    Returns
    -------
    magnitude, rest, variance of magnitude, covariance of the rest
    """
    total = np.bincount(event, precision, events)
    safe = np.where(total > 0.0, total, 1.0)
    cross = np.zeros((events, columns.shape[1]))
    np.add.at(cross, event, precision[:, None] * columns)
    mean = np.bincount(event, precision * target, events) / safe
    normal = prior + (columns * precision[:, None]).T @ columns - cross.T @ (cross / safe[:, None])
    right = cross.T @ mean - columns.T @ (precision * target)
    covariance = np.asarray(np.linalg.inv(normal), dtype=float)
    rest = np.asarray(covariance @ right, dtype=float)
    share = cross / safe[:, None]
    magnitude = np.asarray(mean + share @ rest, dtype=float)
    variance = 1.0 / safe + np.einsum("ei,ij,ej->e", share, covariance, share)
    return magnitude, rest, np.asarray(variance, dtype=float), covariance
