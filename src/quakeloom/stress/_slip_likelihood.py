"""How probable mechanisms are in a stress: which plane slipped, and along what.

A fault with unit normal n slips along the shear traction on it, and faults are the more numerous
the nearer to failure they are. Of a mechanism either nodal plane may be the fault, and either may
be turned by an error, so that its probability, relative to a mechanism of any direction, is

``L = (1 - e) (P(n, s) + P(s, n)) / 2 + e``,
``P(n, s) = h(I(n')) / Z(I0, w, R, mu) * exp(c cos a) / B(c)``,
``h(I) = 1 / (1 + exp((I0 - I) / w))``, ``c = 1 / (t^2 (1 + f |grad a|^2))``,

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
error is given (by numbers z of normal distribution, ``f = 0``), which is exact and is what the
sampler does; or n' = n and the turning is added to the variance of a, linearized (``f = 1``).

Nothing depends on the length of the stress. Tension is positive; axes north, east, down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.stress._bessel import log_bessel
from quakeloom.stress._fault_population import PopulationTable, log_population
from quakeloom.stress._tensors import diagonalize

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST_WEIGHT = 0.01
"""Weight below which the error of an event's normal grows no further. Chosen here: ten times the
error is any direction."""

FAULT_CONCENTRATION = 25.6
"""Watson's concentration of the planes of events about the fault that they lie on: 8 degrees about
each axis. Chosen here: planes on the scale of small earthquakes are not one mathematical plane;
errors of mechanisms come on top."""

_LOG_WATSON = 21.684853149322
"""Logarithm of Kummer's M(1/2, 3/2, 25.6), which Watson's density is divided by."""

_TINY = 1e-12
"""Added to squares of tractions before division."""


@compiled(**UNCOUNTED)
def _plane(
    q: Floats,
    shape: Floats,
    given: Floats,
    ways: tuple[float, float],
    slope: Floats,
    outer: Floats,
) -> tuple[float, float]:
    """Return ``ln P`` of one plane without ``ln Z``, and the part of h in it; fill derivatives.

    ``q`` is (nn, ss, ns, nb, sb), ``shape`` (spread, middle) of the stress and what
    :func:`log_bessel` gives for ``1 / t^2``, ``given`` (I0, w, mu, t), ``ways`` the share f of the
    turning of traction that the variance has, and what is added to h (a logarithm) for the fault
    that the event may lie on. ``slope`` gets the derivatives by q, ``outer`` those by spread and
    middle.
    """
    free, added = ways
    nn, ss, a, c, f = q[0], q[1], q[2], q[3], q[4]
    mu, t = given[2], given[3]
    spread, middle = shape[0], shape[1]
    tau2 = a * a + c * c + _TINY * spread * spread
    tau = np.sqrt(tau2)
    # how fast the shear traction turns as the normal turns about slip and about the null axis
    d, e = 2.0 * nn + ss, ss - nn
    p, r = a * d + c * f, a * f - c * e
    tau4 = tau2 * tau2
    steep = (p * p + r * r) / tau4
    t2 = t * t
    concentration = 1.0 / t2
    cosine = a / tau
    log_i0, ratio = shape[2], shape[3]
    if free > 0.0:
        concentration /= 1.0 + free * steep
        log_i0, ratio = log_bessel(concentration)
    value = concentration * (cosine - 1.0) - log_i0
    by_c = cosine - ratio
    by_steep = -by_c * concentration * concentration * t2 * free
    two = 2.0 / tau4
    # d tau2 = 2 a da + 2 c dc
    by_tau2 = -2.0 * steep / tau2 * by_steep - 0.5 * concentration * a / (tau2 * tau)
    slope[0] = by_steep * two * (p * 2.0 * a + r * c)
    slope[1] = by_steep * two * (p * a - r * c)
    slope[2] = by_steep * two * (p * d + r * f) + by_tau2 * 2.0 * a + concentration / tau
    slope[3] = by_steep * two * (p * f - r * e) + by_tau2 * 2.0 * c
    slope[4] = by_steep * two * (p * c + r * a)
    # instability of the reduced stress; compression positive there
    scale = 2.0 / spread
    sigma = -(nn - middle) * scale
    shear = tau * scale
    most = mu + np.sqrt(1.0 + mu * mu)
    above = ((shear - mu * (sigma - 1.0)) / most - given[0]) / given[1]
    few = np.exp(-abs(above))
    frequent = min(above, 0.0) - np.log1p(few)
    own = 1.0
    if added > -600.0:
        top = max(frequent, added)
        both = np.exp(frequent - top) + np.exp(added - top)
        own = np.exp(frequent - top) / both
        frequent = top + np.log(both)
    value += frequent
    by = own * (few if above > 0.0 else 1.0) / (1.0 + few) / (given[1] * most)
    slope[0] += by * mu * scale
    slope[2] += by * scale * a / tau
    slope[3] += by * scale * c / tau
    outer[0] = -by * (shear - mu * sigma) / spread
    outer[1] = -by * mu * scale
    return float(value), float(own)


@compiled(**UNCOUNTED)
def _fault(q: Floats, shape: Floats, given: Floats, slope: Floats, outer: Floats) -> float:
    """Return ``ln h`` of a fault without ``ln Z``, and its derivatives as :func:`_plane` does."""
    nn, a, c = q[0], q[2], q[3]
    mu, spread, middle = given[2], shape[0], shape[1]
    tau = np.sqrt(a * a + c * c + _TINY * spread * spread)
    scale = 2.0 / spread
    sigma, shear = -(nn - middle) * scale, tau * scale
    most = mu + np.sqrt(1.0 + mu * mu)
    above = ((shear - mu * (sigma - 1.0)) / most - given[0]) / given[1]
    few = np.exp(-abs(above))
    by = (few if above > 0.0 else 1.0) / (1.0 + few) / (given[1] * most)
    slope[:] = 0.0
    slope[0] = by * mu * scale
    slope[2] = by * scale * a / tau
    slope[3] = by * scale * c / tau
    outer[0] = -by * (shear - mu * sigma) / spread
    outer[1] = -by * mu * scale
    return float(min(above, 0.0) - np.log1p(few))


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
    faults : ndarray, shape (fields, faults, 4)
        Unit normal of every fault, and the share of its family that lies on it.
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
def _turn(frame: Floats, plane: int, x: float, y: float, out: Floats) -> None:
    """Fill n, s and b of a plane, turned by the angles x and y of n towards s and b."""
    for i in range(3):
        out[0, i] = frame[plane, i]
        out[1, i] = frame[1 - plane, i]
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        out[2, i] = out[0, j] * out[1, k] - out[0, k] * out[1, j]
    size = np.sqrt(x * x + y * y)
    if size < 1e-9:
        return
    x, y, c, s = x / size, y / size, np.cos(size), np.sin(size)
    for i in range(3):
        n, along = out[0, i], x * out[1, i] + y * out[2, i]
        move = (c - 1.0) * along - s * n
        out[0, i] = c * n + s * along
        out[1, i] += x * move
        out[2, i] += y * move


@compiled(**UNCOUNTED)
def _tensor(m: Floats, tensor: Floats) -> None:
    """Fill the tensor of components in the orthonormal basis."""
    half, sixth = np.sqrt(0.5), np.sqrt(1.0 / 6.0)
    tensor[0, 0] = half * m[0] - sixth * m[1]
    tensor[1, 1] = -half * m[0] - sixth * m[1]
    tensor[2, 2] = 2.0 * sixth * m[1]
    tensor[0, 1] = tensor[1, 0] = half * m[2]
    tensor[0, 2] = tensor[2, 0] = half * m[3]
    tensor[1, 2] = tensor[2, 1] = half * m[4]


@compiled(**UNCOUNTED)
def _principal(a: Floats, values: Floats) -> None:
    """Fill the principal values of a deviatoric tensor, ascending (Smith 1961)."""
    square = a[0, 1] ** 2 + a[0, 2] ** 2 + a[1, 2] ** 2
    square = (a[0, 0] ** 2 + a[1, 1] ** 2 + a[2, 2] ** 2 + 2.0 * square) / 6.0
    radius = np.sqrt(square)
    determinant = a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] ** 2)
    determinant -= a[0, 1] * (a[0, 1] * a[2, 2] - a[1, 2] * a[0, 2])
    determinant += a[0, 2] * (a[0, 1] * a[1, 2] - a[1, 1] * a[0, 2])
    cosine = 0.5 * determinant / max(square * radius, 1e-300)
    angle = np.arccos(min(1.0, max(-1.0, cosine))) / 3.0
    values[2] = 2.0 * radius * np.cos(angle)
    values[0] = 2.0 * radius * np.cos(angle + 2.0 * np.pi / 3.0)
    values[1] = -values[0] - values[2]


@compiled(**UNCOUNTED)
def _add_components(g: Floats, factor: float, by: Floats) -> None:
    """Add the derivatives by components that derivatives by the elements of the tensor are."""
    half, sixth = np.sqrt(0.5), np.sqrt(1.0 / 6.0)
    by[0] += factor * half * (g[0, 0] - g[1, 1])
    by[1] += factor * sixth * (2.0 * g[2, 2] - g[0, 0] - g[1, 1])
    by[2] += factor * half * (g[0, 1] + g[1, 0])
    by[3] += factor * half * (g[0, 2] + g[2, 0])
    by[4] += factor * half * (g[1, 2] + g[2, 1])


@compiled(**UNCOUNTED)
def _look(frame: Floats, stress: Floats, q: Floats, drawn: Floats) -> None:
    """Fill (nn, ss, ns, nb, sb) of a stress in a frame; ``drawn`` is scratch, (3, 3)."""
    for a in range(3):
        for i in range(3):
            drawn[a, i] = (
                stress[i, 0] * frame[a, 0] + stress[i, 1] * frame[a, 1] + stress[i, 2] * frame[a, 2]
            )
    for number in range(5):
        a, b = (0, 1, 0, 0, 1)[number], (0, 1, 1, 2, 2)[number]
        q[number] = (
            frame[a, 0] * drawn[b, 0] + frame[a, 1] * drawn[b, 1] + frame[a, 2] * drawn[b, 2]
        )


class _Scratch(NamedTuple):
    """Arrays of one event that a loop fills anew."""

    m: Floats
    before: Floats
    tensor: Floats
    vectors: Floats
    values: Floats
    axes: Floats
    stress: Floats
    frame: Floats
    drawn: Floats
    q: Floats
    shape: Floats
    slope: Floats
    outer: Floats
    level: Floats
    own: Floats
    g: Floats
    by: Floats


@compiled()
def _make_scratch() -> _Scratch:
    return _Scratch(
        np.empty(5), np.empty(5), np.empty((3, 3)), np.empty((3, 3)), np.empty(3),
        np.empty((3, 3)), np.empty((3, 3)), np.empty((2, 3, 3)), np.empty((3, 3)), np.empty(5),
        np.empty(4), np.empty((2, 5)), np.empty((2, 2)), np.empty(2), np.empty(2), np.empty((3, 3)),
        np.empty(5),
    )  # fmt: skip


@compiled(**UNCOUNTED)
def _interpolate(field: Floats, nodes: Integers, corners: Floats, work: _Scratch) -> bool:
    """Fill the stress at an event; return whether it is that of the event before."""
    m, before = work.m, work.before
    m[:] = 0.0
    for corner in range(nodes.size):
        if nodes[corner] >= 0:
            for j in range(5):
                m[j] += corners[corner] * field[nodes[corner], j]
    same = True
    for j in range(5):
        same = same and m[j] == before[j]
        before[j] = m[j]
    return same


@compiled(**UNCOUNTED)
def _find_shape(work: _Scratch, with_axes: bool) -> float:
    """Fill principal values and shape of the stress at an event; return the shape ratio."""
    values = work.values
    _tensor(work.m, work.stress)
    if with_axes:
        for i in range(3):
            for j in range(3):
                work.tensor[i, j] = work.stress[i, j]
        diagonalize(work.tensor, work.vectors, values, work.axes)
    else:
        _principal(work.stress, values)
    spread = max(values[2] - values[0], 1e-9)
    work.shape[0], work.shape[1] = spread, 0.5 * (values[0] + values[2])
    ratio: float = min(max((values[2] - values[1]) / spread, 0.0), 1.0)
    return ratio


@compiled(**UNCOUNTED)
def _add_slopes(work: _Scratch, through: float, part: float, by_ratio: float, ratio: float) -> None:
    """Fill the derivatives by components of an event's logarithm of probability.

    ``through`` is the share of the planes in it, ``part`` that of the first plane of them.
    """
    g, axes, spread = work.g, work.axes, work.shape[0]
    g[:] = 0.0
    d_spread, d_middle = 0.0, 0.0
    for plane in range(2):
        share = through * (part if plane == 0 else 1.0 - part)
        d_spread += share * work.outer[plane, 0]
        d_middle += share * work.outer[plane, 1]
        for number in range(5):
            a, b = (0, 1, 0, 0, 1)[number], (0, 1, 1, 2, 2)[number]
            s = share * work.slope[plane, number]
            for i in range(3):
                for j in range(3):
                    g[i, j] += s * work.frame[plane, a, i] * work.frame[plane, b, j]
    # derivatives of principal values by elements are products of their axes
    low = -d_spread + 0.5 * d_middle - through * by_ratio * ratio / spread
    high = d_spread + 0.5 * d_middle - through * by_ratio * (1.0 - ratio) / spread
    mid = through * by_ratio / spread
    for i in range(3):
        for j in range(3):
            g[i, j] += (
                low * axes[0, i] * axes[0, j]
                + mid * axes[1, i] * axes[1, j]
                + high * axes[2, i] * axes[2, j]
            )
    work.by[:] = 0.0
    _add_components(g, 1.0, work.by)


@compiled(**UNCOUNTED)
def _slope_of_turn(q: Floats, slope: Floats, x: float, y: float, by: Floats) -> None:
    """Fill the derivatives of a function of q by the angles x and y that turned its frame.

    ``slope`` has those by q. The frame turns by the vector x b - y s; a change of it turns the
    frame further by the right Jacobian of the exponential map.
    """
    nn, ss, ns, nb, sb = q
    bb = -nn - ss
    # turns of the turned frame: n towards s, n towards b, s towards b
    to_s = slope[0] * 2.0 * ns - slope[1] * 2.0 * ns + slope[2] * (ss - nn)
    to_s += slope[3] * sb - slope[4] * nb
    to_b = slope[0] * 2.0 * nb + slope[2] * sb + slope[3] * (bb - nn) - slope[4] * ns
    within = slope[1] * 2.0 * sb + slope[2] * nb - slope[3] * ns + slope[4] * (bb - ss)
    square = x * x + y * y
    if square < 1e-8:
        one, two = 0.5, 1.0 / 6.0
    else:
        size = np.sqrt(square)
        one, two = (1.0 - np.cos(size)) / square, (size - np.sin(size)) / (square * size)
    by[0] = within * one * y + to_b * two * x * y + to_s * (1.0 - two * y * y)
    by[1] = -within * one * x + to_b * (1.0 - two * x * x) + to_s * two * x * y


@compiled(**UNCOUNTED)
def _log_share(fault: Floats, normal: Floats) -> float:
    """Return ``ln (p W / (1 - p))`` of a normal: how much more a fault has of it than chance."""
    cosine = fault[0] * normal[0] + fault[1] * normal[1] + fault[2] * normal[2]
    share: float = fault[3]
    value = np.log(share / (1.0 - share)) + FAULT_CONCENTRATION * cosine * cosine - _LOG_WATSON
    return float(value)


@compiled(**UNCOUNTED)
def _slope_of_share(
    frame: Floats, plane: int, x: float, y: float, fault: Floats, part: float, by: Floats
) -> None:
    """Add the derivatives of a fault's density by the angles x and y that turned a normal."""
    n, s = frame[plane], frame[1 - plane]
    size = np.sqrt(x * x + y * y)
    c, over, drop = 1.0, 1.0, 0.0
    if size > 1e-6:
        c, over = np.cos(size), np.sin(size) / size
        drop = (c - over) / (size * size)
    mn, ms, mb = 0.0, 0.0, 0.0
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        mn += fault[i] * n[i]
        ms += fault[i] * s[i]
        mb += fault[i] * (n[j] * s[k] - n[k] * s[j])
    along = x * ms + y * mb
    cosine = c * mn + over * along
    factor = part * 2.0 * FAULT_CONCENTRATION * cosine
    by[0] += factor * (-over * x * mn + drop * x * along + over * ms)
    by[1] += factor * (-over * y * mn + drop * y * along + over * mb)


@compiled(**UNCOUNTED)
def _span(fault: Floats, frame: Floats) -> None:
    """Fill a normal and two directions in its plane."""
    low = 0
    for i in range(1, 3):
        if abs(fault[i]) < abs(fault[low]):
            low = i
    square = 0.0
    for i in range(3):
        frame[0, i] = fault[i]
        frame[1, i] = (1.0 if i == low else 0.0) - fault[low] * fault[i]
        square += frame[1, i] ** 2
    for i in range(3):
        frame[1, i] /= np.sqrt(square)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        frame[2, i] = frame[0, j] * frame[1, k] - frame[0, k] * frame[1, j]


@compiled(**UNCOUNTED)
def _width(t: float, weight: float) -> float:
    """Return the error of an event that counts in part: that much less is known of it."""
    return float(t / np.sqrt(max(weight, _LEAST_WEIGHT)))


@compiled(**UNCOUNTED)
def _look_at_planes(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    ways: tuple[float, float],
    given: Floats,
    work: _Scratch,
) -> None:
    """Fill ``ln P`` of both planes of an event, with the derivatives, and the part of h in each.

    ``which`` is the field and the event; ``ways`` the share f, and ``ln Z``.
    """
    chain, event = which
    free, log_z = ways
    frame = placed.frames[supposed.member[chain, event]]
    family = placed.family[event]
    wide = _width(given[3], placed.weights[event])
    for plane in range(2):
        x = wide * supposed.turned[chain, event, plane, 0]
        y = wide * supposed.turned[chain, event, plane, 1]
        _turn(frame, plane, x, y, work.frame[plane])
        _look(work.frame[plane], work.stress, work.q, work.drawn)
        added = -np.inf
        if family >= 0:
            added = log_z + _log_share(supposed.faults[chain, family], work.frame[plane, 0])
        work.level[plane], work.own[plane] = _plane(
            work.q, work.shape, given, (free, added), work.slope[plane], work.outer[plane]
        )
        if family >= 0:
            work.level[plane] += np.log(1.0 - supposed.faults[chain, family, 3])


@compiled(**UNCOUNTED)
def _fill_turns(
    placed: Placed,
    supposed: Supposed,
    which: tuple[int, int],
    shares: tuple[float, float],
    t: float,
    turns: Floats,
    work: _Scratch,
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
        _look(work.frame[plane], work.stress, work.q, work.drawn)
        _slope_of_turn(work.q, work.slope[plane], x, y, by)
        if family >= 0:
            fault = supposed.faults[chain, family]
            _slope_of_share(frame, plane, x, y, fault, 1.0 - work.own[plane], by)
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
    work: _Scratch,
) -> None:
    """Fill how probable the faults of families are in one field, and add the derivatives."""
    components, given = field
    nodes, corners = placed.fault_nodes, placed.fault_corners
    gradient, chain = slopes_of
    slopes = gradient.shape[0] > 0
    work.before[:] = np.nan
    ratio, log_z, by_ratio = 0.5, 0.0, 0.0
    for fault in range(nodes.shape[0]):
        if not _interpolate(components, nodes[fault], corners[fault], work):
            ratio = _find_shape(work, slopes)
            log_z, by_ratio = log_population(table, given, ratio)
        _span(faults[fault], work.frame[0])
        _look(work.frame[0], work.stress, work.q, work.drawn)
        found = _fault(work.q, work.shape, given, work.slope[0], work.outer[0])
        by_fault[fault] = found - log_z
        if not slopes:
            continue
        work.slope[1], work.outer[1] = 0.0, 0.0
        for i in range(3):
            for j in range(3):
                work.frame[1, i, j] = work.frame[0, i, j]
        _add_slopes(work, 1.0, 1.0, by_ratio, ratio)
        _scatter(nodes[fault], corners[fault], work.by, gradient, chain)


@compiled(nogil=True)
def log_likelihood(
    placed: Placed,
    table: PopulationTable,
    fields: Floats,
    given: Floats,
    supposed: Supposed,
    free: float,
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
    free : float
        0 where errors of normals are as supposed, 1 where they are not known (and 0 in
        ``supposed``).
    found : Found
        Filled.
    derivatives : Derivatives
        The derivatives of the sum, where there is room for them.
    """
    weights, nodes, corners = placed.weights, placed.nodes, placed.corners
    (by_event, by_fault), (gradient, turns) = found, derivatives
    slopes = gradient.shape[0] > 0
    work = _make_scratch()
    ratio, log_z, by_ratio = 0.5, 0.0, 0.0
    for chain in range(fields.shape[0]):
        work.shape[2], work.shape[3] = log_bessel(1.0 / given[chain, 3] ** 2)
        work.before[:] = np.nan
        for event in range(weights.size):
            same = _interpolate(fields[chain], nodes[event], corners[event], work)
            if not same:  # events at one node share what follows
                ratio = _find_shape(work, slopes)
                log_z, by_ratio = log_population(table, given[chain], ratio)
            _look_at_planes(placed, supposed, (chain, event), (free, log_z), given[chain], work)
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
            _add_slopes(work, through, first, shaped, ratio)
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
