"""Whether residuals show structure that no model of the ensemble has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DISTANCE_BINS = 8
"""Bins of epicentral distance whose mean residual is taken off: what depends on distance alone is
an error of the layers, not lateral structure. Chosen here."""

_FEWEST = 8
"""Residuals of a station from which on it is looked at. Chosen here."""

_MOST_EVENTS = 500
"""Residuals of a station that are paired; more are thinned evenly. Chosen here."""


@dataclass(frozen=True)
class ResidualStructure:
    """What the residuals of a catalog have in common.

    Attributes
    ----------
    station_s : float
        Standard deviation of the mean residuals of stations: delays that are not corrected.
    path_s : float
        Standard deviation of what residuals of neighboring events at one station share beyond
        that, and beyond what depends on distance alone.
    path_correlation, path_correlation_error : float
        Correlation of residuals of nearest neighbors at one station, and its standard error
        without any structure.
    pairs : int
    """

    station_s: float
    path_s: float
    path_correlation: float
    path_correlation_error: float
    pairs: int


def measure_residual_structure(
    key: ArrayLike,
    residual_s: ArrayLike,
    distance_km: ArrayLike,
    place_km: ArrayLike,
    neighbor_km: float,
) -> ResidualStructure | None:
    """Say what the residuals at one station share, and those of neighboring events.

    Picks err independently. Where residuals of neighbors at one station agree after the means of
    distances and of stations are taken off, travel times depend on the place: lateral structure.

    Parameters
    ----------
    key : array_like of int, shape (n,)
        Station and phase, from 0.
    residual_s, distance_km : array_like, shape (n,)
    place_km : array_like, shape (n, 3)
        Depth, north and east of the event.
    neighbor_km : float
        Farthest distance of neighbors.

    Returns
    -------
    ResidualStructure or None
        None where no station has enough residuals.
    """
    index = np.asarray(key, dtype=np.int64)
    residual = np.array(residual_s, dtype=float)
    distance, place = np.asarray(distance_km, dtype=float), np.asarray(place_km, dtype=float)
    if residual.size < _FEWEST:
        return None
    limit = 5.0 * 1.4826 * float(np.median(np.abs(residual - np.median(residual)))) + 1e-9
    residual = np.clip(residual - np.median(residual), -limit, limit)
    edges = np.quantile(distance, np.linspace(0, 1, _DISTANCE_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, distance)
    residual -= _means(bins, residual)[bins]
    means = _means(index, residual)
    count = np.bincount(index)
    seen = count >= _FEWEST
    if not seen.any():
        return None
    scatter = residual - means[index]
    noise = float(np.mean(scatter[seen[index]] ** 2))
    station = float(np.mean(means[seen] ** 2 - noise / count[seen]))
    first, second = _neighbors(index, scatter, place, np.flatnonzero(seen), neighbor_km)
    if first.size < _FEWEST:
        return ResidualStructure(max(station, 0.0) ** 0.5, 0.0, 0.0, 1.0, int(first.size))
    power = float(0.5 * (np.mean(first**2) + np.mean(second**2)))
    correlation = float(np.mean(first * second)) / max(power, 1e-12)
    error = 1.0 / np.sqrt(first.size)
    return ResidualStructure(
        max(station, 0.0) ** 0.5, (max(correlation, 0.0) * power) ** 0.5, correlation, error,
        int(first.size),
    )  # fmt: skip


def _means(index: Ints, values: Floats) -> Floats:
    count = np.maximum(np.bincount(index), 1)
    return np.asarray(np.bincount(index, values) / count)


def _neighbors(
    index: Ints, values: Floats, place: Floats, keys: Ints, farthest: float
) -> tuple[Floats, Floats]:
    """Residuals of pairs of events at one station that are each other's nearest."""
    first: list[Floats] = []
    second: list[Floats] = []
    for key in keys:
        own = np.flatnonzero(index == key)
        if own.size > _MOST_EVENTS:
            own = own[np.linspace(0, own.size - 1, _MOST_EVENTS).round().astype(np.int64)]
        apart = np.linalg.norm(place[own][:, None, :] - place[own][None, :, :], axis=-1)
        np.fill_diagonal(apart, np.inf)
        nearest = np.argmin(apart, axis=1)
        here = np.arange(own.size)
        paired = (nearest[nearest] == here) & (here < nearest) & (apart[here, nearest] <= farthest)
        # the mean over n residuals was taken off, which makes all of them smaller by 1 / 2n
        value = values[own] * np.sqrt(own.size / (own.size - 1.0))
        first.append(value[paired])
        second.append(value[nearest[paired]])
    return np.concatenate(first), np.concatenate(second)
