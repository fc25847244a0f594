"""Take-off tables by the method of HASH v1.2 (Hardebeck & Shearer 2002).

Velocity follows ``v = a exp(-b z)`` between nodes. A fixed set of rays is traced from the
surface down, and at each distance the earliest of the straddling pairs of rays is
interpolated. Ranges, times and slownesses are kept in single precision as HASH does,
because the number of the ray that wins depends on it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

HASH_RAYS = 9000
"""Rays that are traced, as many as in HASH v1.2 (``nump`` in its ``vel.inc``)."""

_NEAR = 0.1
"""HASH's tolerance when it matches a node with a table depth, km."""

_NO_RAY = -999.0
"""HASH's mark at a table depth that a ray does not reach."""


class HashRays(NamedTuple):
    """Rays from the surface down, as HASH keeps them: in single precision.

    Attributes
    ----------
    slowness, distance, time : ndarray of float32, shape (rays,)
        Horizontal slowness, s/km, and range and time from surface to surface, km and s.
    distance_at, time_at, slowness_at : ndarray of float32, shape (rays, depths)
        Range and time down to the table depths, and the slowness of the medium there; -999
        where the ray does not pass.
    """

    slowness: Singles
    distance: Singles
    time: Singles
    distance_at: Singles
    time_at: Singles
    slowness_at: Singles


def insert_table_depths(
    depth: NDArray[np.float64], velocity: NDArray[np.float64], table_depth: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the nodes with one more at every table depth that is inside a layer."""
    z = [np.float32(depth[0])]
    v = [np.float32(velocity[0])]
    near = np.float32(_NEAR)
    for top, bottom, v_top, v_bottom in zip(
        depth[:-1], depth[1:], velocity[:-1], velocity[1:], strict=True
    ):
        top32, bottom32 = np.float32(top), np.float32(bottom)
        v_end = np.float32(v_bottom)
        inner = [
            np.float32(d)
            for d in table_depth
            if top32 <= np.float32(d) - near and bottom32 >= np.float32(d) + near
        ]
        lower_z, lower_v = bottom32, v_end
        added: list[tuple[np.float32, np.float32]] = []
        for d in reversed(inner):
            share = (d - top32) / (lower_z - top32)
            lower_v = np.float32(v_top) + share * (lower_v - np.float32(v_top))
            lower_z = d
            added.append((lower_z, lower_v))
        for node in reversed(added):
            z.append(node[0])
            v.append(node[1])
        z.append(bottom32)
        v.append(v_end)
    return np.array(z, np.float32), np.array(v, np.float32)


@compiled(error_model="numpy")
def trace_hash_rays(z: Singles, v: Singles, table_depth: Singles, rays: int) -> HashRays:
    """Trace rays from the first node down through exponential layers.

    Every product is rounded to single precision where HASH rounds it: the ray that wins at a
    distance would be another one else.
    """
    nodes = z.size
    slow = (np.float32(1.0) / v).astype(np.float32)
    step = np.float32(slow[0] / np.float32(rays))
    count = int((slow[0] + step / np.float32(2.0)) / step) + 1
    nd = table_depth.size
    p_all = np.empty(count, np.float32)
    x_all = np.empty(count, np.float32)
    t_all = np.empty(count, np.float32)
    x_at = np.full((count, nd), np.float32(_NO_RAY), np.float32)
    t_at = np.full((count, nd), np.float32(_NO_RAY), np.float32)
    u_at = np.full((count, nd), np.float32(_NO_RAY), np.float32)
    for ray in range(count):
        p32 = np.float32(step * np.float32(ray))
        p = float(p32)
        p_all[ray] = p32
        x = np.float32(0.0)
        t = np.float32(0.0)
        for d in range(nd):
            if table_depth[d] == 0.0:
                x_at[ray, d] = 0.0
                t_at[ray, d] = 0.0
                u_at[ray, d] = slow[0]
        for i in range(nodes - 1):
            h = float(np.float32(z[i + 1] - z[i]))
            if h == 0.0:
                continue
            u_top = float(slow[i])
            u_bottom = float(slow[i + 1])
            if u_top <= p:
                break
            q_top = math.sqrt((u_top - p) * (u_top + p))
            turned = False
            b = -math.log(u_bottom / u_top) / h
            if b == 0.0:
                dx = p / q_top * h
                tau = q_top * h
            else:
                angle = math.atan2(q_top, p)
                dx = angle
                tau = q_top - p * angle
                if u_bottom <= p:
                    turned = True
                else:
                    q = math.sqrt((u_bottom - p) * (u_bottom + p))
                    angle = math.atan2(q, p)
                    tau += p * angle - q
                    dx -= angle
                dx /= b
                tau /= b
            x = np.float32(x + np.float32(dx))
            t = np.float32(t + np.float32(tau + p * dx))
            if turned:
                break
            for d in range(nd):
                if abs(z[i + 1] - table_depth[d]) < np.float32(_NEAR):
                    x_at[ray, d] = x
                    t_at[ray, d] = t
                    u_at[ray, d] = slow[i + 1]
        x_all[ray] = np.float32(2.0) * x
        t_all[ray] = np.float32(2.0) * t
    return HashRays(p_all, x_all, t_all, x_at, t_at, u_at)


@compiled(error_model="numpy")
def tabulate_hash(
    traced: HashRays, table_depth: Singles, distance: Floats, slow_bottom: np.float32
) -> tuple[Floats, Floats]:
    """Return take-off angles and times of the earliest pair of rays around each distance.

    NaN where there is none. Rays that leave upward have negative slowness in the list ``ps``;
    they come first, so that range grows along the list until rays turn back. Rays of less slowness
    than ``slow_bottom`` go on into the half-space and are left out.
    """
    p_all, x_all, t_all, x_at, t_at, u_at = traced
    count, nd = x_at.shape
    takeoff = np.full((nd, distance.size), np.nan)
    time = np.full((nd, distance.size), np.nan)
    xs = np.empty(2 * count, np.float32)
    ts = np.empty(2 * count, np.float32)
    ps = np.empty(2 * count, np.float32)
    us = np.empty(2 * count, np.float32)
    for d in range(nd):
        m = 0
        first_down = count - 1
        if table_depth[d] != 0.0:
            furthest = np.float32(_NO_RAY)
            first_down = -1
            for ray in range(count):
                x = x_at[ray, d]
                if x == np.float32(_NO_RAY) or x <= furthest:
                    break
                xs[m], ts[m], ps[m], us[m] = x, t_at[ray, d], -p_all[ray], u_at[ray, d]
                furthest = x
                first_down = ray
                m += 1
        for ray in range(first_down, -1, -1):
            if x_at[ray, d] == np.float32(_NO_RAY):
                continue
            xs[m] = x_all[ray] - x_at[ray, d]
            ts[m] = t_all[ray] - t_at[ray, d]
            ps[m], us[m] = p_all[ray], u_at[ray, d]
            m += 1
        for j in range(distance.size):
            target = np.float32(distance[j])
            best = np.float32(999.0)  # seconds; HASH's start, later arrivals do not count
            for i in range(1, m):
                if xs[i - 1] > target or xs[i] < target:
                    continue
                if 0.0 < ps[i] < slow_bottom:
                    continue
                share = np.float32((target - xs[i - 1]) / (xs[i] - xs[i - 1]))
                t = np.float32(ts[i - 1] + share * np.float32(ts[i] - ts[i - 1]))
                if t < best:
                    best = t
                    time[d, j] = t
                    angle = math.degrees(math.asin(min(1.0, abs(ps[i] / us[i]))))
                    takeoff[d, j] = angle if ps[i] >= 0.0 else 180.0 - angle
            if distance[j] == 0.0:
                takeoff[d, j] = 180.0
    return takeoff, time
