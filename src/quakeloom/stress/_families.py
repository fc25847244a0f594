"""Families of events that may lie on one fault: alike mechanisms in one of their own planes.

Faults near failure are many, and which of them slip says how the stress is oriented: to friction
every event is a choice. The aftershocks of one fault are not; their plane was chosen once. Events
are taken for such a family where their mechanisms are alike and their hypocenters lie in one of
their common nodal planes, thin across it and wide along it. Whether they do lie on one fault, and
on which of the two planes, is then left to the posterior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from quakeloom.core import EARTH_RADIUS_KM, compiled
from quakeloom.stress._plane_probability import log_watson_mean
from quakeloom.stress._tensors import stress_components, stress_tensors

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

_BEGIN = 8.0
"""Watson's concentration about either mean plane where the search for faults begins: 14 degrees
about each axis. Chosen here: wider than what is found, so that the search narrows it."""

SCATTER_RANGE_DEG = (3.0, 20.0)
"""How far planes of events on one fault scatter about it, standard deviation about each axis, any
logarithm alike. Chosen here: faults are rough, and at 20 degrees they are hardly one plane."""

_CONCENTRATION = tuple(0.5 / np.radians(s) ** 2 for s in reversed(SCATTER_RANGE_DEG))
"""Watson's concentrations of that range."""

FAULT_MOVES = 4
"""Kinds of moves of faults."""

_MOST = 400
"""Neighbors that are looked at."""

_ROUNDS = 4
"""How often members and mean plane of a family are found in turn."""


@dataclass(frozen=True)
class FaultStart:
    """Where chains look for the faults of families.

    Attributes
    ----------
    planes : ndarray, shape (faults, 2, 3)
        Mean normals of both planes of every family.
    """

    planes: Floats

    @property
    def bisector(self) -> Floats:
        """Unit vectors between both normals, shape (faults, 3)."""
        middle = self.planes.sum(axis=1)
        length = np.linalg.norm(middle, axis=1, keepdims=True)
        axis: Floats = middle / np.maximum(length, 1e-9)
        return axis

    def begin(self, chains: int, generator: np.random.Generator) -> Floats:
        """Return faults to begin at, shape (chains, faults, 5): near either plane.

        Their density is that of :meth:`log_density`.
        """
        faults = len(self.planes)
        out = np.zeros((chains, faults, 5))
        if faults:
            side = generator.integers(0, 2, (chains, faults))
            normals = self.planes[np.arange(faults), side]
            out[..., :3] = draw_watson(normals, _BEGIN, generator)
            out[..., 3] = np.clip(generator.random((chains, faults)), 1e-4, 1.0 - 1e-4)
            low, high = np.log(_CONCENTRATION)
            out[..., 4] = np.exp(generator.uniform(low, high, (chains, faults)))
        return out

    def log_density(self, faults: Floats) -> Floats:
        """Return the logarithm of the density of normals that :meth:`begin` draws, of each fault.

        Relative to normals of any direction; shape (chains, faults).
        """
        cosine = np.einsum("cfi,fpi->cfp", faults[..., :3], self.planes)
        mean = log_watson_mean(_BEGIN)
        values: Floats = np.log(0.5 * np.exp(_BEGIN * cosine**2 - mean).sum(axis=-1))
        return values


def turn_randomly(normals: Floats, angle: float, generator: np.random.Generator) -> Floats:
    """Return unit vectors turned by normal deviates of a root mean square angle about any axis."""
    step = angle * generator.standard_normal(normals.shape)
    step -= np.sum(step * normals, axis=-1, keepdims=True) * normals
    size = np.linalg.norm(step, axis=-1, keepdims=True)
    turned: Floats = np.cos(size) * normals + np.sinc(size / np.pi) * step
    turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
    return turned


def draw_watson(axes: Floats, concentration: float, generator: np.random.Generator) -> Floats:
    """Return unit vectors of Watson's density ``exp(c cos^2)`` about axes.

    ``x = cos`` has the density ``exp(c x^2)`` on [0, 1], drawn by its tabulated distribution.
    """
    x = np.linspace(0.0, 1.0, 2001)
    below = np.concatenate(
        [[0.0], np.cumsum(np.exp(concentration * (0.5 * (x[1:] + x[:-1])) ** 2))]
    )
    cosine = np.interp(below[-1] * generator.random(axes.shape[:-1]), below, x)
    across = generator.standard_normal(axes.shape)
    across -= np.sum(across * axes, axis=-1, keepdims=True) * axes
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    drawn: Floats = cosine[..., None] * axes + np.sqrt(1.0 - cosine**2)[..., None] * across
    return drawn


def turn_about(normals: Floats, axes: Floats) -> Floats:
    """Return unit vectors after half a turn about axes."""
    turned: Floats = 2.0 * np.sum(normals * axes, axis=-1, keepdims=True) * axes - normals
    return turned


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


def propose_faults(
    faults: Floats, number: int, scale: float, start: FaultStart, generator: np.random.Generator
) -> Floats:
    """Return other faults: near ones, those of the other planes, other shares and scatters.

    A family that lies on one fault may lie on either of the two that its mechanisms have. Half a
    turn about the bisector of their mean planes leads from one to the other and back.

    Parameters
    ----------
    faults : ndarray, shape (chains, faults, 5)
        Unit normals, the shares of families that lie there, and how concentrated they are.
    number : int
        Which of the kinds, in turn.
    scale : float
        How far normals turn, radians.
    """
    proposed = faults.copy()
    kind = number % FAULT_MOVES
    if kind == 0:
        proposed[..., :3] = turn_randomly(faults[..., :3], scale, generator)
    elif kind == 1:
        proposed[..., :3] = turn_about(faults[..., :3], start.bisector)
    elif kind == 2:
        step = faults[..., 3] + 0.3 * generator.standard_normal(faults.shape[:2])
        # reflected at 0 and 1, kept off both
        step = np.abs((step + 1.0) % 2.0 - 1.0)
        proposed[..., 3] = np.clip(step, 1e-4, 1.0 - 1e-4)
    else:
        low, high = np.log(_CONCENTRATION)
        place = (np.log(faults[..., 4]) - low) / (high - low)
        place += 0.2 * generator.standard_normal(faults.shape[:2])
        # reflected at both ends
        place = np.abs((place + 1.0) % 2.0 - 1.0)
        proposed[..., 4] = np.exp(low + (high - low) * place)
    return proposed


def sum_by_family(family: Integers, by_event: Floats, families: int) -> Floats:
    """Return sums over the events of each family, shape (chains, families)."""
    own = family >= 0
    sums = [np.bincount(family[own], weights=v, minlength=families) for v in by_event[:, own]]
    return np.array(sums, dtype=np.float64).reshape(len(by_event), families)


def spread_to_events(family: Integers, by_family: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for every event what holds for its family, False for events of none."""
    out = np.zeros((len(by_family), len(family)), dtype=bool)
    own = family >= 0
    out[:, own] = by_family[:, family[own]]
    return out


@dataclass(frozen=True)
class HalfTurn:
    """A stress turned about an axis of a family's mechanisms, and faults that change planes.

    Half a turn about the P, T or null axis of a double couple leaves it what it is, and the first
    two change its planes. The turned stress explains the family as well as the stress did, on the
    other plane or on the same one. What others say decides.

    Attributes
    ----------
    turn : ndarray, shape (chains, 3, 3)
        Rotation matrices.
    about : ndarray of int64, shape (chains,)
        Families whose axes these are.
    sign : ndarray, shape (chains,)
        -1 where the turn leads normals to the other side of their planes.
    changed : ndarray of bool, shape (chains, faults)
    faults : ndarray, shape (chains, faults, 5)
        Those after the change.
    """

    turn: Floats
    about: Integers
    sign: Floats
    changed: NDArray[np.bool_]
    faults: Floats

    def rotate(self, stresses: Floats) -> Floats:
        """Return turned stresses, shape (chains, 5)."""
        tensor = stress_tensors(stresses)
        return stress_components(self.turn @ tensor @ np.swapaxes(self.turn, 1, 2))

    def carry(self, turned: Floats, family: Integers) -> Floats:
        """Return errors of normals that the families about whose axes it goes have then.

        ``turned`` is (chains, events, planes, axes), as in :class:`Supposed`.
        """
        own = family[None, :] == self.about[:, None]
        chains = np.arange(len(self.about))
        swapped = self.changed[chains, self.about][:, None] & own
        out = np.where(swapped[..., None, None], turned[:, :, ::-1], turned)
        out[..., 1] *= np.where(own, self.sign[:, None], 1.0)[..., None]
        return out


def propose_half_turn(
    faults: Floats, start: FaultStart, generator: np.random.Generator
) -> HalfTurn:
    """Return a half turn about an axis of any family; any of the others change planes or not.

    Done twice it changes nothing, so that it is as likely from there to here.
    """
    chains, count = faults.shape[:2]
    about = np.asarray(generator.integers(0, count, chains), dtype=np.int64)
    which = generator.integers(0, 3, chains)
    one, other = start.planes[about, 0], start.planes[about, 1]
    axes = np.stack([one + other, one - other, np.cross(one, other)], axis=1)
    axis = axes[np.arange(chains), which]
    axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    turn = 2.0 * axis[:, :, None] * axis[:, None, :] - np.eye(3)
    changed = generator.random((chains, count)) < 0.5
    changed[np.arange(chains), about] = which < 2
    proposed = faults.copy()
    others = turn_about(faults[..., :3], start.bisector)
    proposed[..., :3] = np.where(changed[..., None], others, faults[..., :3])
    # the fault itself turns with the stress
    itself = np.einsum("cij,cj->ci", turn, faults[np.arange(chains), about, :3])
    proposed[np.arange(chains), about, :3] = itself
    return HalfTurn(turn, about, np.where(which == 0, 1.0, -1.0), changed, proposed)
