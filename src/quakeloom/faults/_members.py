"""Who belongs to which plane, and which nodal plane slipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import Mixture, PlaneModel
from quakeloom.faults._rectangles import NORMAL, axes_of, mechanism_factor

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Members:
    """Events and planes, one row for every plane that explains part of an event.

    Attributes
    ----------
    event, plane : ndarray of int, shape (rows,)
        Row of the event and of the plane; -1 for no plane.
    probability : ndarray, shape (rows,)
        That the event is on the plane; by event they sum to 1 but for what was left out.
    """

    event: Integers
    plane: Integers
    probability: Floats


def list_members(mixture: Mixture, least: float) -> Members:
    """Return the planes of every event with their probabilities, by event.

    Every event has at least one row: that of the background is always there.

    Parameters
    ----------
    mixture : Mixture
    least : float
        Probability below which a plane is left out.
    """
    n = len(mixture.total)
    event, plane = [np.arange(n)], [np.full(n, -1)]
    probability = [mixture.background / mixture.total]
    for k, rows in enumerate(mixture.rows):
        shares = mixture.shares(k)
        kept = shares >= least
        event.append(rows[kept])
        plane.append(np.full(int(kept.sum()), k))
        probability.append(shares[kept])
    events, planes, shares = (np.concatenate(v) for v in (event, plane, probability))
    order = np.lexsort((planes, -shares, events))
    return Members(events[order].astype(np.int64), planes[order].astype(np.int64), shares[order])


def active_planes(events: Hypocenters, mixture: Mixture, model: PlaneModel) -> Floats:
    """Return the probability that plane 1 of each event slipped, shape (n,); NaN without a set.

    The sum over planes and background of the probability that the event is on it times the part
    of its mechanisms' likelihood there that plane 1 has; off all planes both are as likely.
    """
    sets = events.mechanisms
    first = np.where(sets.known, 0.5 * mixture.background / mixture.total, np.nan)
    for k, plane in enumerate(mixture.planes):
        along, down = axes_of(np.ascontiguousarray(plane[NORMAL]))
        shares = mixture.shares(k)
        for share, i in zip(shares, mixture.rows[k], strict=True):
            if not sets.known[i]:
                continue
            part = slice(sets.starts[i], sets.starts[i + 1])
            factor, one = mechanism_factor(
                plane, along, down, sets.normals[part], sets.slips[part], sets.weights[part],
                model.spread,
            )  # fmt: skip
            first[i] += share * one / factor
    return np.clip(first, 0.0, 1.0)
