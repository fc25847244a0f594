"""Repeating earthquakes: what they say of first motions without knowing the truth.

Two earthquakes on one patch of a fault give the same seismogram at a station, and so the same
first motion. Where two readings differ one of them is wrong; where the two seismograms are
mirror images of each other, the polarity of the station was reversed in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class StationPairs:
    """Two events at one station, as like as their seismograms are.

    Attributes
    ----------
    first, second : ndarray of int64, shape (n,)
        Numbers of the events.
    station : ndarray of int64
        Number of the station.
    correlation : ndarray
        Largest coefficient by amount over the lags, with its sign: near -1 where one
        seismogram is the mirror image of the other.
    """

    first: Integers
    second: Integers
    station: Integers
    correlation: Floats


@dataclass(frozen=True)
class Consistency:
    """How often readings of repeating earthquakes agree.

    Attributes
    ----------
    pairs : int
    agreeing : int
        Pairs whose readings agree, where seismograms are not mirror images.
    share : float
    error_rate : float
        Of a single reading, if errors are independent: (1 - sqrt(2 C - 1)) / 2 with the
        share C; one half where C is below one half.
    """

    pairs: int
    agreeing: int
    share: float
    error_rate: float


def find_candidates(
    longitude: Floats,
    latitude: Floats,
    depth_km: Floats,
    magnitude: Floats,
    distance_km: float,
    magnitude_difference: float,
) -> tuple[Integers, Integers]:
    """Return pairs of events that are close enough to be the same patch.

    Parameters
    ----------
    longitude, latitude, depth_km : ndarray, shape (events,)
        Degrees, km; events without a place have no partner.
    magnitude : ndarray
        NaN matches everything.
    distance_km : float
        Largest distance, errors of location included.
    magnitude_difference : float
    """
    from scipy.spatial import cKDTree

    known = np.flatnonzero(np.isfinite(longitude + latitude + depth_km))
    if known.size < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    lon, lat = np.radians(longitude[known]), np.radians(latitude[known])
    radius = 6371.0 - depth_km[known]
    places = radius[:, None] * np.stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1
    )
    pairs = cKDTree(places).query_pairs(distance_km, output_type="ndarray")
    pairs = known[np.sort(pairs, axis=1)].reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        apart = np.abs(magnitude[pairs[:, 0]] - magnitude[pairs[:, 1]]) > magnitude_difference
    pairs = pairs[~apart]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
    return pairs[:, 0], pairs[:, 1]


def correlate_windows(
    windows: NDArray[np.float32], first: Integers, second: Integers, most_lag: int
) -> Floats:
    """Correlate pairs of windows at all lags.

    Parameters
    ----------
    windows : ndarray of float32, shape (n, samples)
        Filtered the same way, P at the same sample but for errors of a few.
    first, second : ndarray of int64, shape (pairs,)
        Rows of ``windows``.
    most_lag : int
        In samples; what overlaps is correlated.

    Returns
    -------
    ndarray, shape (pairs,)
        The coefficient of largest amount, with its sign; 0 where a window is constant.
    """
    return np.asarray(
        _correlate(np.ascontiguousarray(windows, np.float32), first, second, most_lag)
    )


@compiled(nogil=True, error_model="numpy")
def _correlate(
    windows: NDArray[np.float32], first: Integers, second: Integers, most_lag: int
) -> Floats:
    out = np.zeros(first.size)
    samples = windows.shape[1]
    for i in range(first.size):
        a, b = windows[first[i]], windows[second[i]]
        best = 0.0
        for lag in range(-most_lag, most_lag + 1):
            start, stop = max(0, -lag), min(samples, samples - lag)
            product = power_a = power_b = 0.0
            for t in range(start, stop):
                x, y = np.float64(a[t]), np.float64(b[t + lag])
                product += x * y
                power_a += x * x
                power_b += y * y
            power = math.sqrt(power_a * power_b)
            if power > 0.0 and abs(product) > abs(best) * power:
                best = product / power
        out[i] = best
    return out


def link_families(
    pairs: StationPairs, events: int, least_correlation: float, least_stations: int
) -> tuple[Integers, NDArray[np.bool_]]:
    """Join pairs that are alike at enough stations to families.

    Mirror images count as alike: the earth is the same, the polarity of the station was reversed.

    Parameters
    ----------
    pairs : StationPairs
    events : int
        Number of events.
    least_correlation : float
        By amount.
    least_stations : int

    Returns
    -------
    family : ndarray of int64, shape (events,)
        Number of the family, from 0 by their first events; -1 for those without one.
    linked : ndarray of bool, shape (n,)
        Pairs of station and events that are alike, of events in one family by themselves.
    """
    alike = np.abs(pairs.correlation) >= least_correlation
    both = pairs.first * events + pairs.second
    which, number = np.unique(both, return_inverse=True)
    stations = np.bincount(number[alike], minlength=which.size)
    joined = stations >= least_stations
    parent = np.arange(events)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    for code in which[joined].tolist():
        a, b = root(code // events), root(code % events)
        parent[max(a, b)] = min(a, b)
    roots = np.array([root(i) for i in range(events)], dtype=np.int64)
    sizes = np.bincount(roots, minlength=events)
    family = np.full(events, -1, dtype=np.int64)
    for k, r in enumerate(np.flatnonzero(sizes > 1).tolist()):
        family[roots == r] = k
    return family, alike & joined[number]


def measure_consistency(
    first_up: Floats, second_up: Floats, mirrored: NDArray[np.bool_], least: float = 0.0
) -> Consistency:
    """Say how often two readings of repeating earthquakes at one station agree.

    With scores S = p_up - p_down, C(t) is the share of pairs with S_i S_j > 0 among those with
    ``min |S| >= t``; where one seismogram is the mirror image of the other, with S_i S_j < 0.
    Independent errors of rate e give C = (1 - e)^2 + e^2.

    Parameters
    ----------
    first_up, second_up : ndarray, shape (pairs,)
        Probabilities of up.
    mirrored : ndarray of bool
    least : float
        Least amount of both scores, t.
    """
    a, b = 2.0 * first_up - 1.0, 2.0 * second_up - 1.0
    with np.errstate(invalid="ignore"):
        sure = (np.minimum(np.abs(a), np.abs(b)) >= least) & (a * b != 0.0)
        sure &= np.isfinite(a * b)
        agree = (a * b > 0.0) != mirrored
    pairs, agreeing = int(sure.sum()), int((agree & sure).sum())
    share = agreeing / pairs if pairs else float("nan")
    rate = (1.0 - math.sqrt(max(2.0 * share - 1.0, 0.0))) / 2.0 if pairs else float("nan")
    return Consistency(pairs, agreeing, share, rate)


def find_reversed_spans(
    time: NDArray[np.datetime64],
    first: Integers,
    second: Integers,
    mirrored: NDArray[np.bool_],
    least_events: int = 3,
) -> list[tuple[int, int]]:
    """Find when a station was reversed, from mirror images among repeating earthquakes.

    Events of a family fall into two groups, within which seismograms are alike and between
    which they are mirror images; a family without mirror images says nothing. Which group of
    one family goes with which of another is what makes the station change least often. Which
    state is upright seismograms do not tell: taken for it is the one both before and after the
    other, else the one that lasts longer. A span of the other state, without an upright event
    in it, is one in which the station was reversed.

    Parameters
    ----------
    time : ndarray of datetime64, shape (events,)
    first, second : ndarray of int64, shape (pairs,)
        Events that are alike at this station.
    mirrored : ndarray of bool, shape (pairs,)
    least_events : int
        Fewer reversed events make no span.

    Returns
    -------
    list of (int, int)
        First and last event of every span, by time.
    """
    sides = _two_sides(time, first, second, mirrored)
    order = _by_time(time, np.flatnonzero(sides))
    spans: list[tuple[int, int]] = []
    run: list[int] = []
    for event in [*order.tolist(), -1]:
        if event >= 0 and sides[event] < 0:
            run.append(event)
            continue
        if len(run) >= least_events:
            spans.append((run[0], run[-1]))
        run = []
    return spans


def _two_sides(
    time: NDArray[np.datetime64], first: Integers, second: Integers, mirrored: NDArray[np.bool_]
) -> Integers:
    """Give every event +1 (upright), -1 (reversed) or 0 (not known)."""
    neighbors: dict[int, list[tuple[int, int]]] = {}
    for a, b, m in zip(first.tolist(), second.tolist(), mirrored.tolist(), strict=True):
        neighbors.setdefault(a, []).append((b, -1 if m else 1))
        neighbors.setdefault(b, []).append((a, -1 if m else 1))
    side = np.zeros(time.size, dtype=np.int64)
    families = []
    for start in sorted(neighbors):
        if side[start]:
            continue
        side[start] = 1
        group, waiting = [start], [start]
        while waiting:
            here = waiting.pop(0)
            for other, sign in neighbors[here]:
                if not side[other]:
                    side[other] = side[here] * sign
                    group.append(other)
                    waiting.append(other)
        families.append(np.array(group))
    placed = np.zeros(0, dtype=np.int64)
    for members in sorted(families, key=lambda f: -f.size):
        if abs(side[members].sum()) == members.size:
            side[members] = 0
            continue
        placed = _by_time(time, np.append(placed, members))
        own = np.isin(placed, members)
        if _changes(side[placed]) > _changes(np.where(own, -1, 1) * side[placed]):
            side[members] *= -1
    states = side[placed]
    if not states.size:
        return side
    # the outer state encloses the other: one span is likelier than two around it
    more_spans = states[0] + states[-1]
    lasting = np.diff(time[placed].astype(np.int64)) * (states[1:] == states[:-1])
    upright = more_spans or np.sum(lasting * states[1:])
    return -side if upright < 0 else side


def _by_time(time: NDArray[np.datetime64], events: Integers) -> Integers:
    return events[np.argsort(time[events], kind="stable")]


def _changes(side: Integers) -> int:
    return int(np.sum(side[1:] != side[:-1]))
