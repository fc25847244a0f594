"""What velocity that changes sideways adds to the delays of stations, over a whole catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

_WAVES = 256
"""Waves that make up the field; covariances are then known to some percent, as far as paths cross
ten lengths. Chosen here."""

_PLASTIC = 1.324717957244746
"""Real root of x^3 = x + 1: multiples of its inverse powers fill a square evenly (Roberts 2018)."""

_LEAST_DELAY_S = 0.002
"""Delays of all stations together that are left out: a tenth of the error of the best picks."""


@dataclass(frozen=True)
class SharedDelays:
    """Delays that stations have in common, of flat models where velocity changes sideways.

    Attributes
    ----------
    scatter_s : ndarray, shape (keys, rank)
        Of unit normal numbers it makes delays of stations in s.
    share : float
        Part of the variance of errors of travel times that is in these delays; the rest differs
        from event to event.
    """

    scatter_s: Floats
    share: float


def no_shared_delays(keys: int) -> SharedDelays:
    """Return none, of so many stations and phases."""
    return SharedDelays(np.empty((keys, 0)), 0.0)


def share_delays(
    key: ArrayLike,
    event_km: ArrayLike,
    station_km: ArrayLike,
    travel_s: ArrayLike,
    keys: int,
    spread: float,
    length_km: float,
) -> SharedDelays:
    r"""Return the means over a catalog of the errors of travel times at every station.

    The logarithm of velocity is a Gaussian field :math:`f` over the map with standard deviation
    ``spread`` and correlation :math:`\exp(-d^2 / 2 L^2)`, as in
    :func:`quakeloom.location.lateral_scatter`. A travel time :math:`t` errs by :math:`t \bar f`,
    with the mean of the field along the straight path. Its mean over the events of a station is a
    delay of that station, which delays of neighboring stations resemble, so that together they
    move all epicenters; independent delays of stations, of the same size, move them less.

    The field is a sum of waves :math:`\cos(k x), \sin(k x)` with wave numbers of normal
    distribution (Rahimi & Recht 2007), whose means along a path are known.

    Parameters
    ----------
    key : array_like of int, shape (n,)
        Station and phase of every pick, from 0; -1 for those without a delay.
    event_km, station_km : array_like, shape (n, 2)
        North and east.
    travel_s : array_like, shape (n,)
    keys : int
        Stations and phases.
    spread : float
    length_km : float
    """
    index = np.asarray(key, dtype=np.int64)
    kept = index >= 0
    index, travel = index[kept], np.asarray(travel_s, dtype=float)[kept]
    begin, end = (np.asarray(p, dtype=float)[kept] for p in (event_km, station_km))
    if not (index.size and spread > 0.0):
        return no_shared_delays(keys)
    number = np.arange(1, _WAVES + 1)[:, None]
    even = np.mod(0.5 + number / np.array([_PLASTIC, _PLASTIC**2]), 1.0)
    wave = ndtri(even) / length_km
    middle, half = 0.5 * (begin + end) @ wave.T, 0.5 * (end - begin) @ wave.T
    size = spread * travel[:, None] / np.sqrt(_WAVES) * np.sinc(half / np.pi)
    waves = np.concatenate([size * np.cos(middle), size * np.sin(middle)], axis=1)
    count = np.bincount(index, minlength=keys)
    total = np.zeros((keys, waves.shape[1]))
    np.add.at(total, index, waves)
    mean = total / np.maximum(count, 1)[:, None]
    whole = float(np.sum(waves**2))
    share = float(count @ np.sum(mean**2, axis=1)) / max(whole, 1e-30)
    axes, length, _ = np.linalg.svd(mean, full_matrices=False)
    rank = int(np.sum(length > _LEAST_DELAY_S))
    return SharedDelays(np.asarray(axes[:, :rank] * length[:rank]), min(share, 1.0))
