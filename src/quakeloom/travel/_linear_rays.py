"""Exact first arrivals in a stack of layers whose velocity is linear in depth.

One source at a time. The legs of a ray are layers with velocities ``v1`` (top) and ``v2``
(bottom) and thickness ``h``: the first ``between`` of them lie between the source and the
receiver, the others below both. For slowness ``p`` and ``c = sqrt(1 - p^2 v^2)`` a leg takes

    x = p h (v1 + v2) / (c1 + c2)
    t = atanh(g w) / g,   w = h (v1 + v2) / (v1^2 c2 + v2^2 c1),   g = (v2 - v1) / h

which hold without cancellation for gradients of either sign and for none. A ray is named by
a reference velocity ``ref`` and its cosine ``s`` there, ``p = sqrt(1 - s^2) / ref``, because a
slowness tells two nearly horizontal rays apart only to half the digits:
``c^2 = (1 - r)(1 + r) + r^2 s^2`` with ``r = v / ref``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]

_SAMPLES = 32
"""Brackets in which the rays that turn in a leg are sought (chosen here: ranges that rise and
fall within a leg are told apart)."""

_SAMPLES_THIN = 8
"""The same in a leg whose velocity grows by less than 5 %, where the range hardly bends."""

_STEPS = 80
"""Most steps of a search (chosen here: halving alone ends at rounding after about 50)."""


class Legs(NamedTuple):
    """Layers with a linear velocity each, from the upper of source and receivers down.

    Attributes
    ----------
    top, bottom : ndarray, shape (legs,)
        Velocity at the upper and at the lower end, km/s.
    thickness : ndarray, shape (legs,)
        In km.
    between : int
        How many of them, the first, lie between the source and the receivers.
    """

    top: Floats
    bottom: Floats
    thickness: Floats
    between: int


class RayFamily(NamedTuple):
    """Rays of one kind, which a single cosine tells apart.

    Attributes
    ----------
    legs : Legs
    turning : int
        The leg in which they turn; -1 for direct rays.
    reference : float
        Velocity at which the cosine is taken, km/s.
    """

    legs: Legs
    turning: int
    reference: float


class Bracket(NamedTuple):
    """Two values of the search variable, and the misfit of the ray of each."""

    low: float
    low_misfit: float
    high: float
    high_misfit: float


class Arrivals(NamedTuple):
    """The earliest arrivals found so far at a line of receivers.

    Attributes
    ----------
    distance : ndarray, shape (receivers,)
        Ascending, km.
    time : ndarray
        In s; infinite where nothing has arrived yet.
    takeoff : ndarray
        In degrees.
    direct : ndarray of bool
        Rays that join smoothly on to the direct ray.
    """

    distance: Floats
    time: Floats
    takeoff: Floats
    direct: NDArray[np.bool_]


@compiled(error_model="numpy")
def _cosine(s: float, ref: float, v: float) -> float:
    r = v / ref
    squared = (1.0 - r) * (1.0 + r) + r * r * s * s
    return math.sqrt(squared) if squared > 0.0 else 0.0


@compiled(error_model="numpy")
def _slowness(s: float, ref: float) -> float:
    return math.sqrt((1.0 - s) * (1.0 + s)) / ref


@compiled(error_model="numpy", forceinline=True)
def _range(s: float, family: RayFamily) -> float:
    """Horizontal range of the ray with a cosine."""
    v1, v2, h, between = family.legs
    turning, ref = family.turning, family.reference
    p = _slowness(s, ref)
    x = 0.0
    last = between if turning < 0 else turning
    for i in range(last):
        c = _cosine(s, ref, v1[i]) + _cosine(s, ref, v2[i])
        if c == 0.0:
            return np.inf
        dx = p * h[i] * (v1[i] + v2[i]) / c
        # below both ends a ray passes every leg down and up again
        x += dx if i < between else 2.0 * dx
    if turning >= 0:
        g = (v2[turning] - v1[turning]) / h[turning]
        x += 2.0 * _cosine(s, ref, v1[turning]) / (p * g)
    return x


@compiled(error_model="numpy")
def _time(s: float, family: RayFamily) -> float:
    """Travel time of the ray with a cosine."""
    v1, v2, h, between = family.legs
    turning, ref = family.turning, family.reference
    t = 0.0
    last = between if turning < 0 else turning
    for i in range(last):
        g = (v2[i] - v1[i]) / h[i]
        c1 = _cosine(s, ref, v1[i])
        c2 = _cosine(s, ref, v2[i])
        w = h[i] * (v1[i] + v2[i]) / (v1[i] * v1[i] * c2 + v2[i] * v2[i] * c1)
        a = g * w
        if abs(a) < 1e-3:
            # atanh(g w) / g by its series: exact to rounding here, and whole for g = 0
            dt = w * (1.0 + a * a * (1.0 / 3.0 + a * a / 5.0))
        else:
            dt = math.atanh(min(a, 1.0 - 1e-16)) / g
        t += dt if i < between else 2.0 * dt
    if turning >= 0:
        g = (v2[turning] - v1[turning]) / h[turning]
        t += 2.0 * math.atanh(_cosine(s, ref, v1[turning])) / g
    return t


@compiled(error_model="numpy", forceinline=True)
def _misfit(
    u: float, target: float, family: RayFamily, height: float
) -> tuple[float, float, float]:
    """Misfit of a ray in the search variable ``u``, with its cosine and range.

    A direct ray has ``u`` = angle from the horizontal at the fastest level and the misfit in
    the arctangent of height over range, nearly linear in ``u``. A turning ray has ``u`` =
    cosine at the top of its leg and the misfit in range.
    """
    if family.turning < 0:
        s = math.sin(u)
        x = _range(s, family)
        return math.atan2(height, x) - math.atan2(height, target), s, x
    x = _range(u, family)
    return x - target, u, x


@compiled(error_model="numpy")
def _shoot(
    bracket: Bracket, target: float, family: RayFamily, height: float
) -> tuple[float, float]:
    """Cosine and range of the ray that reaches ``target``: bracketed false position."""
    a, fa, b, fb = bracket
    s = 0.0
    x = 0.0
    side = 0
    for _ in range(_STEPS):
        if fb == fa or not (math.isfinite(fa) and math.isfinite(fb)):
            u = 0.5 * (a + b)
        else:
            u = (a * fb - b * fa) / (fb - fa)
            if not (min(a, b) <= u <= max(a, b)):
                u = 0.5 * (a + b)
        f, s, x = _misfit(u, target, family, height)
        if abs(x - target) <= 1e-10 * (1.0 + target) or abs(b - a) <= 1e-15 * abs(b + a):
            break
        # where one end stays twice, halving its misfit draws the next point toward it (the
        # Illinois rule): plain false position would creep up from the other side
        if (f > 0.0) == (fb > 0.0):
            b, fb = u, f
            if side == -1:
                fa *= 0.5
            side = -1
        else:
            a, fa = u, f
            if side == 1:
                fb *= 0.5
            side = 1
    return s, x


@compiled(error_model="numpy")
def _offer(j: int, t: float, angle: float, from_direct: bool, arrivals: Arrivals) -> None:
    """Keep an arrival at receiver ``j`` if it is the earliest so far."""
    if t < arrivals.time[j]:
        arrivals.time[j] = t
        arrivals.takeoff[j] = angle
        arrivals.direct[j] = from_direct


@compiled(error_model="numpy")
def trace_source(
    legs: Legs, v_source: float, v_below: float, downward: bool, distance: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Trace the first arrivals of one source to a line of receivers.

    Parameters
    ----------
    legs : Legs
    v_source, v_below : float
        Velocity at the source, and below the last leg.
    downward : bool
        The receiver lies below the source.
    distance : float64 array, shape (receivers,), ascending

    Returns
    -------
    takeoff (degrees), time, ``direct`` flags : arrays, shape (receivers,)
        ``direct`` marks rays that join smoothly on to the direct ray.
    """
    n = distance.size
    arrivals = Arrivals(distance, np.full(n, np.inf), np.full(n, np.nan), np.zeros(n, np.bool_))
    height = 0.0
    fastest = 0.0
    for i in range(legs.between):
        height += legs.thickness[i]
        fastest = max(fastest, legs.top[i], legs.bottom[i])
    if legs.between == 0:
        for j in range(n):
            angle = 180.0 if distance[j] == 0.0 else 90.0
            _offer(j, distance[j] / v_source, angle, True, arrivals)
    else:
        _offer_direct(RayFamily(legs, -1, fastest), height, v_source, downward, arrivals)
    above = max(fastest, v_source if legs.between == 0 else 0.0)
    _offer_from_below(legs, above, height, v_source, v_below, arrivals)
    return arrivals.takeoff, arrivals.time, arrivals.direct


@compiled(error_model="numpy")
def _offer_direct(
    family: RayFamily, height: float, v_source: float, downward: bool, arrivals: Arrivals
) -> None:
    """Offer the rays that stay between source and receivers.

    Beyond the reach of the flattest one, the level of the fastest velocity carries it on.
    """
    fastest = family.reference
    reach = _range(0.0, family)
    reach_time = _time(0.0, family)
    upper = 0.5 * math.pi
    for j in range(arrivals.distance.size):
        target = arrivals.distance[j]
        if target <= reach:
            s, x = 1.0, 0.0
            if target > 0.0:
                f_flat = math.atan2(height, reach) - math.atan2(height, target)
                f_upper, _, _ = _misfit(upper, target, family, height)
                s, x = _shoot(Bracket(0.0, f_flat, upper, f_upper), target, family, height)
                # the next receiver is farther, so its ray is flatter
                upper = min(0.5 * math.pi, math.asin(s) * (1.0 + 1e-9))
            p = _slowness(s, fastest)
            # the search ends near the target: the slowness carries the time over the rest
            t = _time(s, family) + p * (target - x)
        else:
            p = 1.0 / fastest
            t = reach_time + p * (target - reach)
        angle = math.degrees(math.asin(min(1.0, p * v_source)))
        _offer(j, t, angle if downward else 180.0 - angle, True, arrivals)


@compiled(error_model="numpy")
def _offer_from_below(
    legs: Legs, above: float, height: float, v_source: float, v_below: float, arrivals: Arrivals
) -> None:
    """Offer what leaves downward: rays that turn in a leg below both ends, and head waves.

    ``above`` is the fastest velocity between the ends, which a ray must exceed to come back.
    """
    joined = above <= v_source
    count = legs.thickness.size
    for k in range(legs.between, count):
        # Path along the level at the top of this leg: head wave, or the edge of a shadow.
        level = legs.top[k]
        if k > 0:
            level = max(level, legs.bottom[k - 1])
        _run_along(level, above, k, legs, v_source, arrivals)
        if k > legs.between and legs.top[k] != legs.bottom[k - 1]:
            joined = False
        if legs.top[k] < above:
            joined = False
        slow_top = 1.0 / max(above, legs.top[k])
        if legs.bottom[k] > legs.top[k] and slow_top > 1.0 / legs.bottom[k]:
            family = RayFamily(legs, k, legs.top[k])
            joined = _offer_turning(family, 1.0 / slow_top, height, v_source, joined, arrivals)
        else:
            joined = False
        above = max(above, legs.top[k], legs.bottom[k])
    level = v_below
    if count > 0:
        level = max(level, legs.bottom[count - 1])
    _run_along(level, above, count, legs, v_source, arrivals)


@compiled(error_model="numpy")
def _offer_turning(
    family: RayFamily,
    slowest: float,
    height: float,
    v_source: float,
    joined: bool,
    arrivals: Arrivals,
) -> bool:
    """Offer the rays that turn in one leg, between velocity ``slowest`` and that at its bottom.

    Range may rise and fall with the cosine, so that a distance has several rays: every piece on
    which it rises is searched for itself, and where it falls later rays are no first arrivals.
    Returns whether the deepest of these rays still joins on to the direct one.
    """
    top, bottom = family.reference, family.legs.bottom[family.turning]
    low = _cosine(0.0, slowest, top)
    high = _cosine(0.0, bottom, top)
    # Range against cosine bends little within a leg of nearly one velocity.
    samples = _SAMPLES if bottom > 1.05 * top else _SAMPLES_THIN
    cosines = np.empty(samples + 1)
    ranges = np.empty(samples + 1)
    for m in range(samples + 1):
        c = low + (high - low) * 0.5 * (1.0 - math.cos(math.pi * m / samples))
        cosines[m] = c
        ranges[m] = _range(c, family)
    distance = arrivals.distance
    for m in range(samples):
        x1 = ranges[m]
        x2 = ranges[m + 1]
        if not x2 > x1:
            joined = False
            continue
        # The ends of neighboring brackets may differ in the last bit; a grid distance
        # between them would otherwise belong to neither.
        slack = 1e-9 * (1.0 + x2)
        j = np.searchsorted(distance, x1 - slack)
        while j < distance.size and distance[j] <= x2 + slack:
            target = distance[j]
            if target > 0.0:
                bracket = Bracket(cosines[m], x1 - target, cosines[m + 1], x2 - target)
                s, x = _shoot(bracket, target, family, height)
                p = _slowness(s, top)
                t = _time(s, family) + p * (target - x)
                angle = math.degrees(math.asin(min(1.0, p * v_source)))
                _offer(j, t, angle, joined, arrivals)
            j += 1
    return joined


@compiled(error_model="numpy")
def _run_along(
    level: float, above: float, k: int, legs: Legs, v_source: float, arrivals: Arrivals
) -> None:
    """Offer the arrivals that run along the top of leg ``k`` at velocity ``level``."""
    if level < above:
        return
    v1, v2, h, between = legs
    distance = arrivals.distance
    p = 1.0 / level
    x0 = 0.0
    for i in range(k):
        c = _cosine(0.0, level, v1[i]) + _cosine(0.0, level, v2[i])
        if c == 0.0:
            return
        dx = p * h[i] * (v1[i] + v2[i]) / c
        x0 += dx if i < between else 2.0 * dx
    if x0 > distance[-1]:
        return
    # down to the level and up again, as two direct rays: through the legs between the ends once,
    # through those below both twice
    once = RayFamily(Legs(v1, v2, h, min(between, k)), -1, level)
    below = Legs(v1[between:k], v2[between:k], h[between:k], k - between)
    t0 = _time(0.0, once)
    t0 += 2.0 * _time(0.0, RayFamily(below, -1, level))
    angle = math.degrees(math.asin(min(1.0, p * v_source)))
    for j in range(np.searchsorted(distance, x0), distance.size):
        if distance[j] > 0.0:
            _offer(j, t0 + p * (distance[j] - x0), angle, False, arrivals)
