"""Hypocenters with their errors and mechanisms, as the search for faults takes them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, fault_vectors

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_EVENTS = 8
"""Events that a plane must have at least: fewer lie on a common plane by chance too easily (a
plane, its edges and its thickness are eight numbers)."""


@dataclass(frozen=True)
class MechanismSets:
    """Sets of acceptable mechanisms of events, one after the other.

    Attributes
    ----------
    starts : ndarray of int, shape (n + 1,)
        Members of event ``i`` are rows ``starts[i]`` to ``starts[i + 1]``; none is allowed.
    normals, slips : ndarray, shape (members, 3)
        Unit vectors of the first nodal plane, north, east, down; the second plane has them
        exchanged. For an event's members they are in the order of planes that ``plane 1`` of
        the event names.
    weights : ndarray, shape (members,)
        Sum to 1 over the members of an event.
    """

    starts: Integers
    normals: Floats
    slips: Floats
    weights: Floats

    @classmethod
    def none(cls, count: int) -> MechanismSets:
        """Return the sets of events of which no mechanism is known."""
        return cls(np.zeros(count + 1, np.int64), np.empty((0, 3)), np.empty((0, 3)), np.empty(0))

    def take(self, rows: Integers) -> MechanismSets:
        """Return the sets of some events, in the order given."""
        counts = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        members = np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
        return MechanismSets(
            starts, self.normals[members], self.slips[members], self.weights[members]
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which events have a mechanism, shape (n,)."""
        return np.diff(self.starts) > 0


@dataclass(frozen=True)
class Hypocenters:
    """Hypocenters in one Cartesian system, with their errors.

    Attributes
    ----------
    positions : ndarray, shape (n, 3)
        North, east, down in km.
    covariances : ndarray, shape (n, 3, 3)
        Of the errors of location, independent between events, km^2.
    mechanisms : MechanismSets
    weights : ndarray, shape (n,)
        How often each event counts; 1 by default.
    """

    positions: Floats
    covariances: Floats
    mechanisms: MechanismSets
    weights: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if not self.weights.size:
            object.__setattr__(self, "weights", np.ones(len(self.positions)))

    def __len__(self) -> int:
        return len(self.positions)

    def own_order(self) -> Integers:
        """Return the rows from the middle of the events outwards.

        An order that neither follows from that of the catalog nor changes when the events are
        turned or moved together.
        """
        distance = np.linalg.norm(self.positions - self.positions.mean(axis=0), axis=1)
        return np.argsort(distance, kind="stable")

    def take(self, rows: Integers) -> Hypocenters:
        """Return some of the events, in the order given."""
        return Hypocenters(
            self.positions[rows],
            self.covariances[rows],
            self.mechanisms.take(rows),
            self.weights[rows],
        )

    def reweighted(self, weights: Floats) -> Hypocenters:
        """Return the same events with other weights."""
        return Hypocenters(self.positions, self.covariances, self.mechanisms, weights)

    def moved(self, positions: Floats) -> Hypocenters:
        """Return the same events at other places."""
        return Hypocenters(positions, self.covariances, self.mechanisms, self.weights)


def make_hypocenters(
    positions: ArrayLike,
    covariances: ArrayLike,
    mechanisms: MechanismSets | None = None,
) -> Hypocenters:
    """Check hypocenters and return them as the search takes them.

    Parameters
    ----------
    positions : array_like, shape (n, 3)
        North, east, down, km.
    covariances : array_like, shape (n, 3, 3) or (n, 3)
        Covariances of location, or standard errors along the axes; km.
    mechanisms : MechanismSets, optional

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, or a covariance is not positive.
    """
    x = np.ascontiguousarray(positions, dtype=float)
    s = np.asarray(covariances, dtype=float)
    if s.ndim == 2:
        s = s[:, :, None] ** 2 * np.eye(3)
    if x.ndim != 2 or x.shape[1:] != (3,) or s.shape != (len(x), 3, 3):
        raise InputError(
            f"Hypocenters have the shape {x.shape} and their covariances {s.shape}, so they do "
            "not belong together. Give (n, 3) and (n, 3, 3), or (n, 3) for standard errors."
        )
    bad = ~(np.isfinite(x).all(axis=1) & np.isfinite(s).all(axis=(1, 2)))
    bad[~bad] = np.linalg.eigvalsh(s[~bad])[:, 0] < 0
    if bad.any():
        raise InputError(
            f"{bad.sum()} of {len(x)} hypocenters (the first is row {int(np.argmax(bad))}) have a "
            "place or an error that is not finite, or a covariance with a negative variance, so "
            "no likelihood can be computed. Leave these events out or correct their errors."
        )
    sets = MechanismSets.none(len(x)) if mechanisms is None else mechanisms
    if len(sets.starts) != len(x) + 1:
        raise InputError(
            f"There are {len(x)} hypocenters and sets of mechanisms for {len(sets.starts) - 1}, so "
            "they do not belong together. Give one set an event, empty where none is known."
        )
    return Hypocenters(x, np.ascontiguousarray(s), sets)


def collect_mechanisms(
    event: ArrayLike, angles_deg: ArrayLike, weights: ArrayLike | None, preferred_deg: ArrayLike
) -> MechanismSets:
    """Return sets of mechanisms with their nodal planes in the order of the preferred ones.

    Parameters
    ----------
    event : array_like of int, shape (members,)
        Row of the event of each member.
    angles_deg : array_like, shape (members, 3)
        Strike, dip, rake.
    weights : array_like, shape (members,), optional
        Equal if absent; normalized here.
    preferred_deg : array_like, shape (n, 3)
        Plane 1 of the event (strike, dip, rake); a row of NaN where the event has none, whose
        members are left out.

    Notes
    -----
    A member is turned to the order of planes in which its normal and slip agree better with
    those of plane 1, by the sum of the absolute cosines.
    """
    owner = np.asarray(event, dtype=np.int64)
    angles = np.asarray(angles_deg, dtype=float).reshape(-1, 3)
    plane1 = np.asarray(preferred_deg, dtype=float).reshape(-1, 3)
    w = np.ones(len(owner)) if weights is None else np.asarray(weights, dtype=float)
    good = np.isfinite(angles).all(axis=1) & np.isfinite(plane1[owner]).all(axis=1) & (w > 0)
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(owner[rows], kind="stable")]
    owner, angles, w = owner[rows], angles[rows], w[rows]
    normal, slip = fault_vectors(*angles.T)
    first, move = (v[owner] for v in fault_vectors(*plane1.T))

    def alike(one: Floats, other: Floats) -> Floats:
        cosine: Floats = np.abs(np.sum(one * other, axis=1))
        return cosine

    turned = alike(normal, move) + alike(slip, first) > alike(normal, first) + alike(slip, move)
    normal, slip = (
        np.where(turned[:, None], slip, normal),
        np.where(turned[:, None], normal, slip),
    )
    counts = np.bincount(owner, minlength=len(plane1))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = np.bincount(owner, weights=w, minlength=len(plane1))
    return MechanismSets(starts, normal, slip, w / total[owner])
