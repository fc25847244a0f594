"""How probable mechanisms are in a stress: which plane slipped, and along what.

A fault with unit normal n slips along the shear traction on it, and faults are the more numerous
the nearer to failure they are. Of a mechanism either nodal plane may be the fault, and either may
be turned by an error, so that its probability, relative to a mechanism of any direction, is

``L = (1 - e) (P(n, s) + P(s, n)) / 2 + e``,
``P(n, s) = h(I(n')) / Z(I0, w, R, mu) * exp(c cos a) / B(c)``,
``h(I) = 1 / (1 + exp((I0 - I) / w))``, ``c = 1 / t^2``,

with the instability I of :func:`quakeloom.stress.plane_instability` for the friction mu, the angle
a between slip and shear traction, the Bessel function B of order zero, and the mean Z of ``h(I)``
over all planes. Faults are many above an instability I0 and few below, over a width w: I0 far below
0 are faults in any direction, I0 above 1 such that grow as ``exp(I / w)``. The share e of
mechanisms has nothing to do with the stress.

Events that may lie on one fault (:mod:`quakeloom.stress._families`) are no new choice of a plane
each. For them ``h / Z`` is ``(1 - p) h / Z + p W(n' . m)``: with the share p of such a family that
does lie there, the unit normal m of the fault, and Watson's density W about it. Normals of faults
are drawn as those of single events are: their own probability is ``h(I(m)) / Z``, once.

An error t of a mechanism about every axis turns slip in the plane, and the plane as well, which
turns the shear traction on it: by much where the traction is small. Either the normal n' before the
error is given (by numbers z of normal distribution), which is exact and is what the sampler does;
or it is not, and ``c = 1 / (t^2 + u^2 |grad a|^2)``, linearized where the normal is likely, with
what is left of its error u: where it is read, and the error t, for a choice of its own; nearer to m
and less for the plane of a fault.

Nothing depends on the length of the stress. Tension is positive; axes north, east, down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.stress._bessel import log_bessel
from quakeloom.stress._fault_population import PopulationTable, log_population
from quakeloom.stress._plane_probability import (
    fault_probability,
    linear_probability,
    linear_share,
    log_share,
    plane_probability,
    slope_of_share,
    span_plane,
)
from quakeloom.stress._stress_in_frames import (
    Scratch,
    add_slopes,
    find_shape,
    interpolate_stress,
    look_in_frame,
    make_scratch,
    slope_of_turn,
    turn_frame,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST_WEIGHT = 0.01
"""Weight below which the error of an event's normal grows no further. Chosen here: ten times the
error is any direction."""


class Placed(NamedTuple):
    """Events with their acceptable mechanisms, of which one is the true one.

    Attributes
    ----------
    frames : ndarray, shape (members, 2, 3)
        Normal and slip of every mechanism, unit vectors.
    weights : ndarray, shape (events,)
        How much the logarithm of the probability of an event counts.
    nodes : ndarray of int64, shape (events, corners)
        Nodes that the stress at an event is interpolated from; -1 for none.
    corners : ndarray, shape (events, corners)
        Their shares.
    family : ndarray of int64, shape (events,)
        Fault that each event may lie on, -1 for none.
    fault_nodes, fault_corners : ndarray, shape (faults, corners)
        As those of events.
    """

    frames: Floats
    weights: Floats
    nodes: Integers
    corners: Floats
    family: Integers
    fault_nodes: Integers
    fault_corners: Floats


class Supposed(NamedTuple):
    """What is supposed of every event, in every one of some fields.

    Attributes
    ----------
    member : ndarray of int64, shape (fields, events)
        Which mechanism is the true one.
    turned : ndarray, shape (fields, events, 2, 2)
        Error of each plane's normal about two axes in the plane, in units of t.
    faults : ndarray, shape (fields, faults, 5)
        Unit normal of every fault, the share of its family that lies on it, and Watson's
        concentration of their planes about it.
    """

    member: Integers
    turned: Floats
    faults: Floats


class Derivatives(NamedTuple):
    """Room for the derivatives of the sum over all events.

    Attributes
    ----------
    gradient : ndarray, shape (fields, nodes, 5) or (0, 0, 0)
        Those by the components are added to it.
    turns : ndarray, shape (fields, events, 2, 2) or (0, 0, 0, 0)
        Filled with those by ``Supposed.turned``, where there is room for both.
    """

    gradient: Floats
    turns: Floats


class Found(NamedTuple):
    """Room for logarithms of probabilities.

    Attributes
    ----------
    by_event : ndarray, shape (fields, events)
        Of every event, weights included.
    by_fault : ndarray, shape (fields, faults)
        Of the fault of every family.
    """

    by_event: Floats
    by_fault: Floats


NO_TURNS = np.empty((0, 0, 0, 0))
"""No room for derivatives by the errors of normals."""

NO_DERIVATIVES = Derivatives(np.empty((0, 0, 0)), NO_TURNS)
"""No room for derivatives: only the likelihood is wanted."""


@compiled(**UNCOUNTED)
def _width(t: float, weight: float) -> float:
    """Return the error of an event that counts in part: that much less is known of it."""
    return float(t / np.sqrt(max(weight, _LEAST_WEIGHT)))


@compiled(**UNCOUNTED)
def _look_at_planes(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    log_z: float,
    given: Floats,
    work: Scratch,
) -> None:
    """Fill ``ln P`` of both planes of an event, with the derivatives, and the part of h in each.

    ``which`` is the field and the event.
    """
    chain, event = which
    frame = placed.frames[supposed.member[chain, event]]
    family = placed.family[event]
    wide = _width(given[3], placed.weights[event])
    for plane in range(2):
        x = wide * supposed.turned[chain, event, plane, 0]
        y = wide * supposed.turned[chain, event, plane, 1]
        turn_frame(frame, plane, x, y, work.frame[plane])
        look_in_frame(work.frame[plane], work.stress, work.q, work.drawn)
        added = -np.inf
        if family >= 0:
            added = log_z + log_share(supposed.faults[chain, family], work.frame[plane, 0])
        work.level[plane], work.own[plane] = plane_probability(
            work.q, work.shape, given, added, work.slope[plane], work.outer[plane]
        )
        if family >= 0:
            work.level[plane] += np.log(1.0 - supposed.faults[chain, family, 3])


@compiled(**UNCOUNTED)
def _look_linearly(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    log_z: float,
    given: Floats,
    work: Scratch,
) -> None:
    """Fill ``ln P`` of both planes of an event whose errors are not known.

    Of a plane that is that of a fault the error is known in part, and it is turned by that.
    """
    chain, event = which
    frame = placed.frames[supposed.member[chain, event]]
    family = placed.family[event]
    wide = _width(given[3], placed.weights[event])
    for plane in range(2):
        turn_frame(frame, plane, 0.0, 0.0, work.frame[plane])
        look_in_frame(work.frame[plane], work.stress, work.q, work.drawn)
        slips, frequent = linear_probability(work.q, work.shape, given, wide)
        level = slips + frequent
        if family >= 0:
            fault = supposed.faults[chain, family]
            share, x, y, left = linear_share(fault, work.frame[plane], wide)
            turn_frame(frame, plane, x, y, work.frame[plane])
            look_in_frame(work.frame[plane], work.stress, work.q, work.drawn)
            slips, _ = linear_probability(work.q, work.shape, given, left)
            other = log_z + share + slips
            top = max(level, other)
            level = top + np.log(np.exp(level - top) + np.exp(other - top))
            level += np.log(1.0 - fault[3])
        work.level[plane] = level


@compiled(**UNCOUNTED)
def _look(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    ways: tuple[bool, float],
    given: Floats,
    work: Scratch,
) -> None:
    """Fill ``ln P`` of both planes; ``ways`` is whether errors are not known, and ``ln Z``."""
    if ways[0]:
        _look_linearly(placed, supposed, which, ways[1], given, work)
    else:
        _look_at_planes(placed, supposed, which, ways[1], given, work)


@compiled(**UNCOUNTED)
def _fill_turns(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    shares: tuple[float, float],
    t: float,
    turns: Floats,
    work: Scratch,
) -> None:
    """Fill the derivatives of an event by the errors of its normals."""
    chain, event = which
    frame = placed.frames[supposed.member[chain, event]]
    family = placed.family[event]
    wide = _width(t, placed.weights[event])
    for plane in range(2):
        by = turns[chain, event, plane]
        x = wide * supposed.turned[chain, event, plane, 0]
        y = wide * supposed.turned[chain, event, plane, 1]
        look_in_frame(work.frame[plane], work.stress, work.q, work.drawn)
        slope_of_turn(work.q, work.slope[plane], x, y, by)
        if family >= 0:
            fault = supposed.faults[chain, family]
            slope_of_share(frame, plane, x, y, fault, 1.0 - work.own[plane], by)
        by[0] *= wide * shares[plane]
        by[1] *= wide * shares[plane]


@compiled(**UNCOUNTED)
def _scatter(nodes: Integers, corners: Floats, by: Floats, gradient: Floats, chain: int) -> None:
    """Add derivatives by the stress at a place to those of the nodes around it."""
    for corner in range(nodes.size):
        if nodes[corner] >= 0:
            for j in range(5):
                gradient[chain, nodes[corner], j] += corners[corner] * by[j]


@compiled(**UNCOUNTED)
def _add_faults(
    placed: Placed,
    table: PopulationTable,
    field: tuple[Floats, Floats],
    faults: Floats,
    by_fault: Floats,
    slopes_of: tuple[Floats, int],
    work: Scratch,
) -> None:
    """Fill how probable the faults of families are in one field, and add the derivatives."""
    components, given = field
    nodes, corners = placed.fault_nodes, placed.fault_corners
    gradient, chain = slopes_of
    slopes = gradient.shape[0] > 0
    work.before[:] = np.nan
    ratio, log_z, by_ratio = 0.5, 0.0, 0.0
    for fault in range(nodes.shape[0]):
        if not interpolate_stress(components, nodes[fault], corners[fault], work):
            ratio = find_shape(work, slopes)
            log_z, by_ratio = log_population(table, given, ratio)
        span_plane(faults[fault], work.frame[0])
        look_in_frame(work.frame[0], work.stress, work.q, work.drawn)
        found = fault_probability(work.q, work.shape, given, work.slope[0], work.outer[0])
        by_fault[fault] = found - log_z
        if not slopes:
            continue
        work.slope[1], work.outer[1] = 0.0, 0.0
        for i in range(3):
            for j in range(3):
                work.frame[1, i, j] = work.frame[0, i, j]
        add_slopes(work, 1.0, 1.0, by_ratio, ratio)
        _scatter(nodes[fault], corners[fault], work.by, gradient, chain)


@compiled(nogil=True)
def log_likelihood(
    placed: Placed,
    table: PopulationTable,
    fields: Floats,
    given: Floats,
    supposed: Supposed,
    linear: bool,
    found: Found,
    derivatives: Derivatives,
) -> None:
    """Fill the log-likelihood of every event in fields, and its derivatives if there is room.

    Parameters
    ----------
    placed : Placed
    table : PopulationTable
    fields : ndarray, shape (fields, nodes, 5)
        Orthonormal basis, tension positive.
    given : ndarray, shape (fields, 5)
        Level I0, width w, friction mu, error t of a mechanism about an axis in radians, share e.
    supposed : Supposed
    linear : bool
        Errors of normals are not known: those in ``supposed`` are not looked at, and there are no
        derivatives.
    found : Found
        Filled.
    derivatives : Derivatives
        The derivatives of the sum, where there is room for them.
    """
    weights, nodes, corners = placed.weights, placed.nodes, placed.corners
    (by_event, by_fault), (gradient, turns) = found, derivatives
    slopes = gradient.shape[0] > 0 and not linear
    work = make_scratch()
    ratio, log_z, by_ratio = 0.5, 0.0, 0.0
    for chain in range(fields.shape[0]):
        work.shape[2], work.shape[3] = log_bessel(1.0 / given[chain, 3] ** 2)
        work.before[:] = np.nan
        for event in range(weights.size):
            same = interpolate_stress(fields[chain], nodes[event], corners[event], work)
            if not same:  # events at one node share what follows
                ratio = find_shape(work, slopes)
                log_z, by_ratio = log_population(table, given[chain], ratio)
            _look(placed, supposed, (chain, event), (linear, log_z), given[chain], work)
            level, own = work.level, work.own
            largest = max(level[0], level[1])
            one, two = 0.5 * np.exp(level[0] - largest), 0.5 * np.exp(level[1] - largest)
            # no stress makes an event less probable than this, which keeps the sum finite
            astray = given[chain, 4]
            inside = (1.0 - astray) * (one + two) * np.exp(max(largest - log_z, -600.0))
            likely = max(inside + astray, 1e-300)
            by_event[chain, event] = weights[event] * np.log(likely)
            if not slopes:
                continue
            through = weights[event] * inside / likely
            first = one / (one + two)
            shaped = by_ratio * (first * own[0] + (1.0 - first) * own[1])
            add_slopes(work, through, first, shaped, ratio)
            if turns.shape[0] > 0:
                _fill_turns(
                    placed,
                    supposed,
                    (chain, event),
                    (through * first, through * (1.0 - first)),
                    given[chain, 3],
                    turns,
                    work,
                )
            _scatter(nodes[event], corners[event], work.by, gradient, chain)
        if by_fault.shape[1] > 0:
            _add_faults(
                placed,
                table,
                (fields[chain], given[chain]),
                supposed.faults[chain],
                by_fault[chain],
                (gradient, chain),
                work,
            )
