"""Events of two catalogs that are the same: one to one, by time and place within their errors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from quakeloom.association._times import Floats, Ints
from quakeloom.core import InputError, local_position

_BLOCK = 4096
"""Events that are compared at a time (chosen here: some MB)."""

_LATEST_S = 60.0
"""Events farther apart in time are not compared, whatever their errors (chosen here)."""


@dataclass(frozen=True)
class Origins:
    """Origins of a catalog with their standard errors.

    Attributes
    ----------
    time_s : ndarray, shape (events,)
        Seconds after one moment for all catalogs.
    longitude, latitude, depth_km : ndarray, shape (events,)
        Degrees and km below sea level; an unknown depth (NaN) is not compared.
    time_error_s, horizontal_error_km, depth_error_km : ndarray, shape (events,)
        Above 0.
    """

    time_s: Floats
    longitude: Floats
    latitude: Floats
    depth_km: Floats
    time_error_s: Floats
    horizontal_error_km: Floats
    depth_error_km: Floats


@dataclass(frozen=True)
class SameEvents:
    """Pairs of events that are the same.

    Attributes
    ----------
    first, second : ndarray of int, shape (pairs,)
        Numbers in the two catalogs, the first increasing.
    distance : ndarray, shape (pairs,)
        In standard deviations: of time, epicenter and depth together.
    """

    first: Ints
    second: Ints
    distance: Floats


def match_events(first: Origins, second: Origins, most: float = 5.0) -> SameEvents:
    """Find which events of two catalogs are the same.

    The squared distance of two events is ``dt^2 / (s1^2 + s2^2)``, and likewise of the epicenter
    and the depth. Pairs below ``most`` are candidates; within each group of events that candidates
    link, as many and as near pairs as possible are taken, every event once (the Hungarian
    method on ``distance^2 - most^2``). Which catalog is first makes no difference.

    Parameters
    ----------
    first, second : Origins
    most : float
        Standard deviations within which events may be the same.

    Raises
    ------
    InputError
        If an error is not above 0.

    References
    ----------
    Kuhn (1955), Naval Research Logistics 2, 83 (assignment).
    """
    for origins in (first, second):
        errors = (origins.time_error_s, origins.horizontal_error_km, origins.depth_error_km)
        if any(not (e > 0.0).all() for e in errors):
            raise InputError(
                "Standard errors of origins must be above 0, so that events can be compared. "
                "Nothing was matched; give the default where there is none."
            )
    i, j, squared = _candidates(first, second, most)
    if not i.size:
        none = np.zeros(0, np.int64)
        return SameEvents(none, none, np.zeros(0))
    count = first.time_s.size, second.time_s.size
    links = coo_matrix((np.ones(i.size), (i, count[0] + j)), shape=(sum(count), sum(count)))
    _, group = connected_components(links, directed=False)
    order = np.argsort(group[i], kind="stable")
    bounds = np.flatnonzero(np.diff(group[i][order], prepend=-1, append=-1))
    kept = []
    for a, b in pairwise(bounds.tolist()):
        rows = order[a:b]
        if rows.size == 1:
            kept.append(rows)
            continue
        own, at = np.unique(i[rows], return_inverse=True)
        other, beside = np.unique(j[rows], return_inverse=True)
        cost = np.zeros((own.size, other.size))
        number = np.full(cost.shape, -1, np.int64)
        cost[at, beside] = squared[rows] - most**2
        number[at, beside] = rows
        chosen = number[linear_sum_assignment(cost)]
        kept.append(chosen[chosen >= 0])
    pairs = np.concatenate(kept)
    pairs = pairs[np.argsort(i[pairs], kind="stable")]
    return SameEvents(i[pairs], j[pairs], np.sqrt(squared[pairs]))


def _candidates(first: Origins, second: Origins, most: float) -> tuple[Ints, Ints, Floats]:
    """Return pairs within ``most`` standard deviations, with their squared distance."""
    order = np.argsort(second.time_s, kind="stable")
    time = second.time_s[order]
    reach = np.minimum(
        most * np.hypot(first.time_error_s, second.time_error_s.max(initial=0.0)), _LATEST_S
    )
    low = np.searchsorted(time, first.time_s - reach, "left")
    high = np.searchsorted(time, first.time_s + reach, "right")
    found = []
    for start in range(0, first.time_s.size, _BLOCK):
        part = np.arange(start, min(start + _BLOCK, first.time_s.size))
        count = high[part] - low[part]
        i = np.repeat(part, count)
        within = np.arange(i.size) - np.repeat(np.cumsum(count) - count, count)
        j = order[low[i] + within]
        squared = _squared_distance(first, second, i, j)
        near = squared < most**2
        found.append((i[near], j[near], squared[near]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    i, j, squared = (np.concatenate(column) for column in zip(*found, strict=True))
    return i, j, squared


def _squared_distance(first: Origins, second: Origins, i: Ints, j: Ints) -> Floats:
    """Return squared distances of pairs in standard deviations."""
    late = first.time_s[i] - second.time_s[j]
    total = late**2 / (first.time_error_s[i] ** 2 + second.time_error_s[j] ** 2)
    away = _epicentral_km(first, second, i, j)
    total += away**2 / (first.horizontal_error_km[i] ** 2 + second.horizontal_error_km[j] ** 2)
    deeper = first.depth_km[i] - second.depth_km[j]
    deep = deeper**2 / (first.depth_error_km[i] ** 2 + second.depth_error_km[j] ** 2)
    return np.asarray(total + np.nan_to_num(deep))


def _epicentral_km(first: Origins, second: Origins, i: Ints, j: Ints) -> Floats:
    """Return distances of epicenters, in a plane around each first one's degree of latitude."""
    away = np.full(i.size, np.inf)
    cell = np.round(first.latitude[i]).astype(int) * 1000 + np.round(first.longitude[i]).astype(int)
    for name in np.unique(cell):
        rows = np.flatnonzero(cell == name)
        a, b = i[rows], j[rows]
        center = float(first.longitude[a[0]]), float(first.latitude[a[0]])
        own = local_position(*center, first.longitude[a], first.latitude[a])
        other = local_position(*center, second.longitude[b], second.latitude[b])
        away[rows] = np.hypot(own[0] - other[0], own[1] - other[1])
    return np.where(np.isfinite(away), away, np.inf)
