"""Rays of local earthquakes in flat layers: direct, head and reflected P and S.

Layers of constant velocity; ray parameters are found by bisection, which never fails. The
first arrival is the earliest of them. Amplitudes follow path lengths and the free surface
(Kennett 1991), not full wave theory: what a picker sees is their order, sign and size.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MOST_RAYS = 8
"""Rays kept per wave type: the direct one, up to four head waves, up to three reflections."""

DIRECT, HEAD, REFLECTED = 0, 1, 2


@njit(cache=True)
def _offset(p, thickness, velocity, count):
    """Horizontal range and time of a ray of parameter p through layers."""
    x = 0.0
    t = 0.0
    length = 0.0
    for k in range(count):
        s = p * velocity[k]
        c = math.sqrt(max(1.0 - s * s, 1e-12))
        x += thickness[k] * s / c
        t += thickness[k] / (velocity[k] * c)
        length += thickness[k] / c
    return x, t, length


@njit(cache=True)
def _shoot(distance, thickness, velocity, count):
    """Ray parameter, time and length of the ray through all layers that lands at a distance."""
    fastest = 0.0
    for k in range(count):
        if thickness[k] > 0.0 and velocity[k] > fastest:
            fastest = velocity[k]
    low = 0.0
    high = 1.0 / fastest
    for _ in range(50):
        p = 0.5 * (low + high)
        x, _, _ = _offset(p, thickness, velocity, count)
        if x < distance:
            low = p
        else:
            high = p
    x, t, length = _offset(low, thickness, velocity, count)
    # What bisection leaves (grazing rays) is made up along the ray parameter, exact to second
    # order.
    return low, t + low * (distance - x), math.hypot(length, distance - x)


@njit(cache=True)
def trace_rays(top, velocity, depth, distance, rays):
    """Trace direct, head and reflected rays of one wave type to the surface.

    Parameters
    ----------
    top, velocity : ndarray, shape (layers,)
        Depths (km) of the tops of the layers, 0 first, and velocities (km/s).
    depth, distance : float
        Of the source below the surface and along it, km.
    rays : ndarray, shape (MOST_RAYS, 5)
        Filled with time (s), ray parameter (s/km), take-off angle (degrees, 0 down), length
        (km) and kind, by kind and interface.

    Returns
    -------
    int
        The number of rays; 1 or more, the direct one first.
    """
    layers = top.size
    source = 0
    while source + 1 < layers and top[source + 1] <= depth:
        source += 1
    thickness = np.empty(2 * layers)
    speeds = np.empty(2 * layers)
    for k in range(source + 1):
        bottom = depth if k == source else top[k + 1]
        thickness[k] = bottom - top[k]
        speeds[k] = velocity[k]
    if depth <= 0.0:
        thickness[0] = 1e-3
    p, t, length = _shoot(distance, thickness, speeds, source + 1)
    rays[0, 0] = t
    rays[0, 1] = p
    rays[0, 2] = 180.0 - math.degrees(math.asin(min(p * velocity[source], 1.0)))
    rays[0, 3] = length
    rays[0, 4] = DIRECT
    count = 1
    fastest = 0.0
    for k in range(source + 1):
        fastest = max(fastest, velocity[k])
    reflections = 0
    heads = 0
    for m in range(source + 1, layers):
        # Legs: surface to the interface, and from the source down to it.
        legs = 0
        for k in range(m):
            thickness[legs] = top[k + 1] - top[k]
            speeds[legs] = velocity[k]
            legs += 1
        for k in range(source, m):
            thickness[legs] = top[k + 1] - max(top[k], depth)
            speeds[legs] = velocity[k]
            legs += 1
        if velocity[m] > fastest and heads < 4:
            p = 1.0 / velocity[m]
            critical, t, length = _offset(p, thickness, speeds, legs)
            if critical < distance:
                rays[count, 0] = t + p * (distance - critical)
                rays[count, 1] = p
                rays[count, 2] = math.degrees(math.asin(min(p * velocity[source], 1.0)))
                rays[count, 3] = length + distance - critical
                rays[count, 4] = HEAD
                count += 1
                heads += 1
        if reflections < 3 and abs(velocity[m] - velocity[m - 1]) > 0.06 * velocity[m - 1]:
            p, t, length = _shoot(distance, thickness, speeds, legs)
            rays[count, 0] = t
            rays[count, 1] = p
            rays[count, 2] = math.degrees(math.asin(min(p * velocity[source], 1.0)))
            rays[count, 3] = length
            rays[count, 4] = REFLECTED
            count += 1
            reflections += 1
        fastest = max(fastest, velocity[m])
    return count


@njit(cache=True)
def surface_response(p, vp, vs):
    """Motion of the free surface: vertical and radial of unit P, then of unit SV.

    Kennett (1991): ``C1 = 2 b (b - 2p^2)/D``, ``C2 = 4 qa qb b/D``,
    ``D = (b - 2p^2)^2 + 4 p^2 qa qb`` with ``b = 1/vs^2``; P gives ``vp qa C1`` and
    ``vp p C2``, SV ``vs p C2`` and ``vs qb C1``. Beyond the critical angle of S the size of
    the complex motion is returned.
    """
    b = 1.0 / (vs * vs)
    qa = np.sqrt(complex(1.0 / (vp * vp) - p * p))
    qb = np.sqrt(complex(b - p * p))
    d = (b - 2.0 * p * p) ** 2 + 4.0 * p * p * qa * qb
    c1 = 2.0 * b * (b - 2.0 * p * p) / d
    c2 = 4.0 * qa * qb * b / d
    pz = (vp * qa * c1).real
    pr = (vp * p * c2).real
    sz = abs(vs * p * c2)
    sr = abs(vs * qb * c1)
    return pz, pr, sz, sr
