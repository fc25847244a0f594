"""Families of events that may lie on one fault: alike mechanisms in one of their own planes.

Faults near failure are many, and which of them slip says how the stress is oriented: to friction
every event is a choice. The aftershocks of one fault are not; their plane was chosen once. Events
are taken for such a family where their mechanisms are alike and their hypocenters lie in one of
their common nodal planes, thin across it and wide along it. Whether they do lie on one fault, and
on which of the two planes, is then left to the posterior.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from quakeloom.core import EARTH_RADIUS_KM, compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ALIKE_DEG = 30.0
"""Angle up to which planes and slips of two mechanisms are alike, degrees. Chosen here: twice the
error of a well-read mechanism."""

REACH_KM = 8.0
"""How far a fault may reach from the event in the middle of its family, km. Chosen here: half a
fault of magnitude 6."""

LEAST_EVENTS = 5
"""Events of the smallest family. Chosen here: fewer weigh little."""

_ROOM_KM = 1.0
"""Distance from the plane of a family that is allowed, km. Chosen here: 2.5 times the errors of
well-located events; catalogs of mechanisms do not state them."""

_FLAT = 0.4
"""Thickness over width, root mean squares, up to which a family is flat. Chosen here: events spread
evenly in a ball have 1."""

_WIDELY = 1.6
"""Factor on angle and distance within which others join a family that was found. Chosen here: to
join costs little, since the share of a family that lies on its fault is drawn."""

_STEEPEST = 0.5
"""Vertical part of a normal above which its plane cannot be told without depths: a dip below 60
degrees."""

_SHARE = 0.5
"""Least share of the alike mechanisms around that lie in the plane of a family. Chosen here: where
parallel faults are as many, or events are spread evenly, there is no telling."""


_MOST = 400
"""Neighbors that are looked at."""

_ROUNDS = 4
"""How often members and mean plane of a family are found in turn."""


def find_families(
    longitude: Floats, latitude: Floats, depth_km: Floats, normals: Floats, slips: Floats
) -> Integers:
    """Return the family of every event, -1 for none.

    Parameters
    ----------
    longitude, latitude, depth_km : ndarray, shape (events,)
        Degrees, km; an event without one of them belongs to none.
    normals, slips : ndarray, shape (events, 3)
        Unit vectors of one plane, whichever; north, east, down.

    Returns
    -------
    ndarray of int64, shape (events,)
        Families are numbered from 0, the largest first.
    """
    family = np.full(len(longitude), -1, dtype=np.int64)
    places, axes = _globe(longitude, latitude, depth_km)
    frames = np.stack([normals, slips], axis=1)
    good = np.flatnonzero(np.isfinite(places).all(axis=1) & np.isfinite(frames).all(axis=(1, 2)))
    # a place that several events share is no measurement of where each of them is
    _, where, count = np.unique(
        np.round(places[good], 4), axis=0, return_inverse=True, return_counts=True
    )
    good = good[count[where.reshape(-1)] == 1]
    # in an order of their own, so that families do not depend on that of the events
    good = good[np.lexsort(places[good].T)]
    if len(good) < LEAST_EVENTS:
        return family
    steep = np.ones((len(good), 2), dtype=bool)
    if np.ptp(depth_km[good]) == 0.0:
        steep = np.abs(frames[good][:, :, 2]) < _STEEPEST
    frames = np.ascontiguousarray(np.einsum("eij,eaj->eai", axes[good], frames[good]))
    places = np.ascontiguousarray(places[good])
    tree = cKDTree(places)
    near = tree.query(places, k=min(_MOST, len(good)), distance_upper_bound=REACH_KM)[1]
    support = np.zeros((len(good), 2, 2), dtype=np.int64)
    _count_support(places, frames, np.ascontiguousarray(near, dtype=np.int64), support)
    inside, alike = support[..., 0], support[..., 1]
    inside = np.where(steep & (inside >= _SHARE * alike), inside, 0)
    found = np.full(len(good), -1, dtype=np.int64)
    number = 0
    for seed in np.argsort(-inside.max(axis=1), kind="stable"):
        if inside[seed].max() < LEAST_EVENTS:
            break
        if found[seed] >= 0:
            continue
        members = _grow((places, frames, tree), (int(seed), int(np.argmax(inside[seed]))), found)
        if len(members):
            found[members] = number
            number += 1
    family[good] = found
    return _largest_first(family)


def _globe(longitude: Floats, latitude: Floats, depth_km: Floats) -> tuple[Floats, Floats]:
    """Return places from the middle of the Earth in km, and north, east and down at each."""
    lon, lat = np.radians(longitude), np.radians(latitude)
    zero = np.zeros_like(lon)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], -1)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    axes = np.stack([north, east, -up], axis=-1)
    return up * (EARTH_RADIUS_KM - depth_km)[:, None], axes


def _largest_first(family: Integers) -> Integers:
    sizes = np.bincount(family[family >= 0])
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(np.where(family >= 0, rank[family] if len(sizes) else -1, -1))


@compiled()
def _alike(one: Floats, plane: int, other: Floats) -> int:
    """Return which plane of another mechanism is like a plane of one, -1 for neither."""
    limit = np.cos(np.radians(ALIKE_DEG))
    for k in range(2):
        n, s = 0.0, 0.0
        for i in range(3):
            n += one[plane, i] * other[k, i]
            s += one[1 - plane, i] * other[1 - k, i]
        if abs(n) > limit and abs(s) > limit and n * s > 0.0:
            return k
    return -1


@compiled()
def _count_support(places: Floats, frames: Floats, near: Integers, support: Integers) -> None:
    """Fill how many alike neighbors lie in either plane of every event, and of how many.

    ``support`` is (events, planes, 2).
    """
    for e in range(len(places)):
        support[e] = 1
        for k in range(near.shape[1]):
            other = near[e, k]
            if other == e or other >= len(places):
                continue
            for plane in range(2):
                if _alike(frames[e], plane, frames[other]) < 0:
                    continue
                support[e, plane, 1] += 1
                off = 0.0
                for i in range(3):
                    off += frames[e, plane, i] * (places[other, i] - places[e, i])
                if abs(off) < _ROOM_KM:
                    support[e, plane, 0] += 1


def _grow(
    events: tuple[Floats, Floats, cKDTree], seed: tuple[int, int], found: Integers
) -> Integers:
    """Return the members of the family about a plane of an event, none if there is no family."""
    (places, frames, _), (event, plane) = events, seed
    middle, mean = places[event], frames[event, [plane, 1 - plane]]
    none = np.zeros(0, dtype=np.int64)
    members, own, sign, alike = _near_plane(events, found, (middle, mean), 1.0)
    for _ in range(_ROUNDS):
        if len(members) < max(LEAST_EVENTS, _SHARE * alike):
            return none
        rows = np.arange(len(own))
        sums = [np.sum(sign * frames[members][rows, (own + k) % 2], axis=0) for k in (0, 1)]
        mean = np.stack([v / np.linalg.norm(v) for v in sums])
        middle = np.median(places[members], axis=0)
        members, own, sign, alike = _near_plane(events, found, (middle, mean), 1.0)
    if len(members) < LEAST_EVENTS:
        return none
    off = places[members] - places[members].mean(axis=0)
    thick2 = float(np.mean((off @ mean[0]) ** 2))
    wide2 = 0.5 * (float(np.mean(np.sum(off**2, axis=1))) - thick2)
    if thick2 >= _FLAT**2 * wide2:
        return none
    return _near_plane(events, found, (middle, mean), _WIDELY)[0]


def _near_plane(
    events: tuple[Floats, Floats, cKDTree],
    found: Integers,
    plane: tuple[Floats, Floats],
    factor: float,
) -> tuple[Integers, Integers, Floats, int]:
    """Return the free events with alike mechanisms in a plane.

    Returns
    -------
    members : ndarray of int64
    own : ndarray of int64
        Which of their planes it is.
    sign : ndarray, shape (members, 1)
        Of their normals against that of the plane.
    alike : int
        Free events around with alike mechanisms, in the plane or not.
    """
    (places, frames, tree), (middle, mean) = events, plane
    near = np.array(sorted(tree.query_ball_point(middle, REACH_KM)), dtype=np.int64)
    free = near[found[near] < 0]
    limit = np.cos(np.radians(factor * ALIKE_DEG))
    cosine = np.einsum("ai,ebi->eab", mean, frames[free])
    ways = []
    for k in (0, 1):
        one, other = cosine[:, 0, k], cosine[:, 1, 1 - k]
        ways.append((np.abs(one) > limit) & (np.abs(other) > limit) & (one * other > 0))
    alike = ways[0] | ways[1]
    inside = alike & (np.abs((places[free] - middle) @ mean[0]) < factor * _ROOM_KM)
    own = ways[1][inside].astype(np.int64)
    sign = np.sign(cosine[inside, 0][np.arange(len(own)), own])[:, None]
    return free[inside], own, sign, int(alike.sum())


def family_planes(family: Integers, frames: Floats) -> Floats:
    """Return mean normals of both planes of every family, shape (families, 2, 3).

    Parameters
    ----------
    family : ndarray of int64, shape (events,)
    frames : ndarray, shape (events, 2, 3)
        Normal and slip of a mechanism of every event.
    """
    count = int(family.max(initial=-1)) + 1
    planes = np.zeros((count, 2, 3))
    for k in range(count):
        own = frames[family == k]
        first = own[0]
        direct = np.einsum("ai,eai->ea", first, own)
        turned = np.einsum("ai,eai->ea", first[::-1], own)
        swap = np.abs(turned).sum(axis=1) > np.abs(direct).sum(axis=1)
        own = np.where(swap[:, None, None], own[:, ::-1], own)
        sign = np.sign(np.einsum("i,ei->e", first[0], own[:, 0]))
        mean = np.sum(np.where(sign == 0, 1.0, sign)[:, None, None] * own, axis=0)
        planes[k] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return planes
