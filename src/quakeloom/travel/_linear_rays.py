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

import numpy as np

from quakeloom.core import compiled

_SAMPLES = 32
_SAMPLES_THIN = 8
_STEPS = 80


@compiled(error_model="numpy")
def _cosine(s, ref, v):
    r = v / ref
    squared = (1.0 - r) * (1.0 + r) + r * r * s * s
    return math.sqrt(squared) if squared > 0.0 else 0.0


@compiled(error_model="numpy")
def _slowness(s, ref):
    return math.sqrt((1.0 - s) * (1.0 + s)) / ref


@compiled(error_model="numpy")
def _range(s, ref, v1, v2, h, between, turning):
    """Horizontal range; ``turning`` is the leg in which the ray turns, -1 for a direct ray."""
    p = _slowness(s, ref)
    x = 0.0
    last = between if turning < 0 else turning
    for i in range(last):
        c = _cosine(s, ref, v1[i]) + _cosine(s, ref, v2[i])
        if c == 0.0:
            return np.inf
        dx = p * h[i] * (v1[i] + v2[i]) / c
        x += dx if i < between else 2.0 * dx
    if turning >= 0:
        g = (v2[turning] - v1[turning]) / h[turning]
        x += 2.0 * _cosine(s, ref, v1[turning]) / (p * g)
    return x


@compiled(error_model="numpy")
def _time(s, ref, v1, v2, h, between, turning):
    t = 0.0
    last = between if turning < 0 else turning
    for i in range(last):
        g = (v2[i] - v1[i]) / h[i]
        c1 = _cosine(s, ref, v1[i])
        c2 = _cosine(s, ref, v2[i])
        w = h[i] * (v1[i] + v2[i]) / (v1[i] * v1[i] * c2 + v2[i] * v2[i] * c1)
        a = g * w
        if abs(a) < 1e-3:
            dt = w * (1.0 + a * a * (1.0 / 3.0 + a * a / 5.0))
        else:
            dt = math.atanh(min(a, 1.0 - 1e-16)) / g
        t += dt if i < between else 2.0 * dt
    if turning >= 0:
        g = (v2[turning] - v1[turning]) / h[turning]
        t += 2.0 * math.atanh(_cosine(s, ref, v1[turning])) / g
    return t


@compiled(error_model="numpy")
def _misfit(u, target, ref, v1, v2, h, between, turning, height):
    """Misfit of a ray in the search variable ``u``, with its cosine and range.

    A direct ray has ``u`` = angle from the horizontal at the fastest level and the misfit in
    the arctangent of height over range, nearly linear in ``u``. A turning ray has ``u`` =
    cosine at the top of its leg and the misfit in range.
    """
    if turning < 0:
        s = math.sin(u)
        x = _range(s, ref, v1, v2, h, between, -1)
        return math.atan2(height, x) - math.atan2(height, target), s, x
    x = _range(u, ref, v1, v2, h, between, turning)
    return x - target, u, x


@compiled(error_model="numpy")
def _shoot(a, fa, b, fb, target, ref, v1, v2, h, between, turning, height):
    """Cosine and range of the ray that reaches ``target``: bracketed false position."""
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
        f, s, x = _misfit(u, target, ref, v1, v2, h, between, turning, height)
        if abs(x - target) <= 1e-10 * (1.0 + target) or abs(b - a) <= 1e-15 * abs(b + a):
            break
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
def _offer(j, t, angle, from_direct, time, takeoff, direct):
    if t < time[j]:
        time[j] = t
        takeoff[j] = angle
        direct[j] = from_direct


@compiled(error_model="numpy")
def trace_source(v1, v2, h, between, v_source, v_below, downward, distance):
    """Trace the first arrivals of one source to a line of receivers.

    Parameters
    ----------
    v1, v2, h : float64 arrays, shape (legs,)
        Velocities at top and bottom of the legs and their thickness.
    between : int
        The number of legs between source and receiver.
    v_source, v_below : float
        Velocity at the source, and below the last leg.
    downward : bool
        The receiver lies below the source.
    distance : float64 array, shape (receivers,), ascending

    Returns
    -------
    takeoff (degrees), time, slowness-free ``direct`` flags : arrays, shape (receivers,)
        ``direct`` marks rays that join smoothly on to the direct ray.
    """
    n = distance.size
    legs = h.size
    time = np.full(n, np.inf)
    takeoff = np.full(n, np.nan)
    direct = np.zeros(n, np.bool_)
    height = 0.0
    fastest = 0.0
    for i in range(between):
        height += h[i]
        fastest = max(fastest, v1[i], v2[i])

    if between == 0:
        for j in range(n):
            angle = 180.0 if distance[j] == 0.0 else 90.0
            _offer(j, distance[j] / v_source, angle, True, time, takeoff, direct)
    else:
        reach = _range(0.0, fastest, v1, v2, h, between, -1)
        reach_time = _time(0.0, fastest, v1, v2, h, between, -1)
        upper = 0.5 * math.pi
        for j in range(n):
            target = distance[j]
            if target <= reach:
                s, x = 1.0, 0.0
                if target > 0.0:
                    f_flat = math.atan2(height, reach) - math.atan2(height, target)
                    f_upper, _, _ = _misfit(upper, target, fastest, v1, v2, h, between, -1, height)
                    s, x = _shoot(
                        0.0, f_flat, upper, f_upper, target, fastest,
                        v1, v2, h, between, -1, height,
                    )  # fmt: skip
                    upper = min(0.5 * math.pi, math.asin(s) * (1.0 + 1e-9))
                p = _slowness(s, fastest)
                t = _time(s, fastest, v1, v2, h, between, -1) + p * (target - x)
            else:
                p = 1.0 / fastest
                t = reach_time + p * (target - reach)
            angle = math.degrees(math.asin(min(1.0, p * v_source)))
            _offer(j, t, angle if downward else 180.0 - angle, True, time, takeoff, direct)

    # Rays that leave downward and turn in a leg below both ends.
    above = max(fastest, v_source if between == 0 else 0.0)
    joined = above <= v_source
    cosines = np.empty(_SAMPLES + 1)
    ranges = np.empty(_SAMPLES + 1)
    for k in range(between, legs):
        # Path along the level at the top of this leg: head wave, or the edge of a shadow.
        level = v1[k]
        if k > 0:
            level = max(level, v2[k - 1])
        _run_along(level, above, k, v1, v2, h, between, v_source, distance, time, takeoff, direct)
        if k > between and v1[k] != v2[k - 1]:
            joined = False
        slow_top = 1.0 / max(above, v1[k])
        if v1[k] < above:
            joined = False
        if v2[k] > v1[k] and slow_top > 1.0 / v2[k]:
            low = _cosine(0.0, 1.0 / slow_top, v1[k])
            high = _cosine(0.0, v2[k], v1[k])
            # Range against cosine bends little within a leg of nearly one velocity.
            samples = _SAMPLES if v2[k] > 1.05 * v1[k] else _SAMPLES_THIN
            for m in range(samples + 1):
                c = low + (high - low) * 0.5 * (1.0 - math.cos(math.pi * m / samples))
                cosines[m] = c
                ranges[m] = _range(c, v1[k], v1, v2, h, between, k)
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
                while j < n and distance[j] <= x2 + slack:
                    target = distance[j]
                    if target > 0.0:
                        s, x = _shoot(
                            cosines[m], x1 - target, cosines[m + 1], x2 - target, target,
                            v1[k], v1, v2, h, between, k, height,
                        )  # fmt: skip
                        p = _slowness(s, v1[k])
                        t = _time(s, v1[k], v1, v2, h, between, k) + p * (target - x)
                        angle = math.degrees(math.asin(min(1.0, p * v_source)))
                        _offer(j, t, angle, joined, time, takeoff, direct)
                    j += 1
        else:
            joined = False
        above = max(above, v1[k], v2[k])
    level = v_below
    if legs > 0:
        level = max(level, v2[legs - 1])
    _run_along(level, above, legs, v1, v2, h, between, v_source, distance, time, takeoff, direct)
    return takeoff, time, direct


@compiled(error_model="numpy")
def _run_along(
    level, above, k, v1, v2, h, between, v_source, distance, time, takeoff, direct
):  # fmt: skip
    """Offer the arrivals that run along the top of leg ``k`` at velocity ``level``."""
    if level < above:
        return
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
    t0 = _time(0.0, level, v1, v2, h, min(between, k), -1)
    below = k - between
    t0 += 2.0 * _time(0.0, level, v1[between:k], v2[between:k], h[between:k], below, -1)
    angle = math.degrees(math.asin(min(1.0, p * v_source)))
    for j in range(np.searchsorted(distance, x0), distance.size):
        if distance[j] > 0.0:
            _offer(j, t0 + p * (distance[j] - x0), angle, False, time, takeoff, direct)
