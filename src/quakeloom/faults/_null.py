"""Catalogs with clusters and without planes, and the chance of a plane in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._starts import find_neighborhoods

Floats = NDArray[np.float64]

_NEIGHBOR = 25
"""Each event is moved within the ball that reaches so many neighbors; chosen here: clusters of
that size stay where they are, and no plane of fewer events is left."""


def destroy_planes(events: Hypocenters, keys: Sequence[str], seed: int, trial: int) -> Hypocenters:
    """Return a catalog whose clusters are kept and whose planes are not.

    Every event moves to a place anywhere in the ball about it that reaches its 25th neighbor: as
    many events stay in as dense places, but no direction is left in what is smaller. Depths do not
    rise above the shallowest event. Mechanisms are kept by their events.

    Parameters
    ----------
    events : Hypocenters
    keys : sequence of str
        Names of the events, by which the random numbers go.
    seed, trial : int
    """
    k = min(_NEIGHBOR, max(len(events) // 2, 1))
    radius = find_neighborhoods(events.positions, k).distance_km[:, -1]
    moves = np.array([_in_ball(random_stream(seed, "no planes", trial, key)) for key in keys])
    moved = events.positions + radius[:, None] * moves
    top = events.positions[:, 2].min()
    moved[:, 2] = np.where(moved[:, 2] < top, 2.0 * top - moved[:, 2], moved[:, 2])
    return events.moved(np.ascontiguousarray(moved))


def _in_ball(stream: np.random.Generator) -> Floats:
    """Return a point anywhere in the unit ball."""
    direction = stream.standard_normal(3)
    point: Floats = direction / np.linalg.norm(direction) * stream.random() ** (1.0 / 3.0)
    return point


def chance_of_planes(planarity: Floats, null: list[Floats]) -> Floats:
    """Return the chance that a plane as good is none, NaN without catalogs to compare.

    The number of planes as good that a catalog without planes has on average, one more counted,
    over the number that this catalog has; a better plane has no greater chance than a worse one
    (the q-value of Storey 2002, with no part of the planes taken for none beforehand).

    Parameters
    ----------
    planarity : ndarray, shape (planes,)
        Log-likelihood of its events over that of clusters without planes.
    null : list of ndarray
        The same of the planes that were found in each catalog without planes.
    """
    if not null:
        return np.full(len(planarity), np.nan)
    every = np.concatenate(null)
    expected = (1.0 + np.array([(every >= g).sum() for g in planarity])) / (len(null) + 1.0)
    as_good = np.array([(planarity >= g).sum() for g in planarity])
    chance = np.minimum(expected / np.maximum(as_good, 1), 1.0)
    # the least of itself and of all worse planes
    least: Floats = np.array([chance[planarity <= g].min() for g in planarity])
    return least
