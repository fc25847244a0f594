"""Tables of take-off angles and travel times for one-dimensional models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import EARTH_RADIUS_KM, InputError, LayeredModel
from quakeloom.travel._hash_rays import (
    HASH_RAYS,
    insert_table_depths,
    tabulate_hash,
    trace_hash_rays,
)
from quakeloom.travel._linear_rays import Legs, trace_source
from quakeloom.travel._spherical import flatten_depth, flatten_model

Floats = NDArray[np.float64]
Law = Literal["linear", "hash"]

HASH_DEPTHS_KM: Floats = np.arange(0.0, 40.0, 3.0)
"""Table depths of HASH v1.2 (0 to 39 km, every 3 km)."""

HASH_DISTANCES_KM: Floats = np.arange(0.0, 201.0, 2.0)
"""Table distances of HASH v1.2 (0 to 200 km, every 2 km)."""

_BELOW_KM = 0.001
"""How far below a discontinuity the table depth of the lower medium lies, km (chosen here: far
below the error of any depth, far above rounding)."""

_VELOCITY_STEP = 0.01
"""Largest relative change of velocity from one table depth to the next (chosen here, so that
take-off angles are nearly linear between them)."""

_SAME_LEVEL_KM = 0.001
"""Source and receiver closer in depth than this, km, are on one level: a direct ray between
them is horizontal to rounding (chosen here)."""


@dataclass(frozen=True)
class TakeoffTable:
    """First arrivals from a grid of source depths to a grid of epicentral distances.

    Attributes
    ----------
    model_name : str
    depth_km : ndarray, shape (depths,)
        Source depths below sea level, increasing.
    distance_km : ndarray, shape (distances,)
        Epicentral distances, increasing.
    takeoff_deg : ndarray, shape (depths, distances)
        Take-off angle at the source, 0 straight down, 180 straight up; NaN where no ray
        arrives (only with ``law="hash"``).
    travel_time_s : ndarray, shape (depths, distances)
    direct : ndarray of bool, shape (depths, distances)
        True where the first arrival belongs to the branch of the direct ray, so that
        neighbors with True may be averaged however much their angles differ.
    source_slowness_s_km : ndarray, shape (depths,)
        Slowness at the source, the limit of time over distance near the receiver.
    receiver_depth_km : float
    law : {"linear", "hash"}
    """

    model_name: str
    depth_km: Floats
    distance_km: Floats
    takeoff_deg: Floats
    travel_time_s: Floats
    direct: NDArray[np.bool_]
    source_slowness_s_km: Floats
    receiver_depth_km: float = 0.0
    law: Law = "linear"


def table_grid(
    max_depth_km: float = 60.0,
    max_distance_km: float = 300.0,
    finest_km: float = 0.5,
    models: Sequence[LayeredModel] = (),
) -> tuple[Floats, Floats]:
    """Return source depths and distances for a table, dense where angles change fast.

    Depth starts 3 km above sea level. Steps are ``finest_km`` near the receiver, twice
    that from 15 km on, and 2.5 % of depth or distance where this is more. The nodes of the
    models become table depths, a discontinuity two of them (the upper medium ends at its
    depth, the lower begins a meter below), and layers are divided until the velocity changes
    by at most 1 % from one depth to the next.

    Parameters
    ----------
    max_depth_km, max_distance_km : float
        Where the grid ends.
    finest_km : float
        Step near the receiver.
    models : sequence of LayeredModel
        All models that are to be stacked on the grid; without them angles are less exact
        near discontinuities.

    Returns
    -------
    depth_km, distance_km : ndarray
    """
    depths = [np.array([-3.0, -2.0, -1.0]), _graded(max_depth_km, finest_km)]
    for model in models:
        z, v = model.depth_km, model.p_velocity_km_s
        depths.append(z)
        depths.append(z[1:][np.diff(z) == 0.0] + _BELOW_KM)
        for i in np.flatnonzero(np.diff(z) > 0.0):
            count = int(np.ceil(abs(math.log(v[i + 1] / v[i])) / _VELOCITY_STEP))
            depths.append(np.linspace(z[i], z[i + 1], count + 1))
    depth = np.unique(np.round(np.concatenate(depths), 6))
    depth = depth[(depth >= -3.0) & (depth <= max_depth_km)]
    return depth, _graded(max_distance_km, finest_km)


def trace_table(
    model: LayeredModel,
    depth_km: ArrayLike | None = None,
    distance_km: ArrayLike | None = None,
    law: Law = "linear",
    *,
    phase: Literal["P", "S"] = "P",
    receiver_depth_km: float = 0.0,
    spherical: bool = False,
    rays: int = HASH_RAYS,
) -> TakeoffTable:
    """Trace first arrivals from every table depth to every table distance.

    With ``law="linear"`` velocity is linear between nodes and every entry is found by
    exact shooting. The first arrival is the earliest of

    * the direct ray, up from the source or down to a deeper receiver;
    * rays that dive and turn in a layer where velocity grows with depth;
    * paths that run horizontally along a level that is at least as fast as everything
      above it: head waves below a discontinuity or along the top of a layer or half-space
      of constant velocity, and, across the shadow of a low-velocity zone, the creeping wave
      along the velocity maximum above it. This is Fermat's first arrival, the one that an
      eikonal solver gives, so every distance has an arrival.

    A source on a discontinuity is in the upper medium. Above the first node and below the
    last one velocity is constant. ``spherical`` maps model and depths by the
    Earth-flattening transform (exact for times and angles of rays, which matter from about
    300 km on); without it the Earth is flat. Elliptic and topographic effects are left out.

    With ``law="hash"`` the algorithm of HASH v1.2 is followed: velocity exponential in
    depth, ``rays`` slownesses evenly spaced, receivers at the first node, no head waves,
    earliest pair of straddling rays. Use it only to reproduce HASH.

    Parameters
    ----------
    model : LayeredModel
    depth_km, distance_km : array_like, optional
        Increasing. Default :func:`table_grid` of the model (``linear``) or HASH's grid (``hash``).
    phase : {"P", "S"}
        ``S`` needs a model with S velocities.
    receiver_depth_km : float
        Depth of all receivers below sea level (negative: elevation), ``linear`` only.

    Returns
    -------
    TakeoffTable

    Raises
    ------
    InputError
        If the grid does not increase, distances are negative, or S velocities are missing.

    References
    ----------
    Hardebeck & Shearer (2002), BSSA 92, 2264-2276; Aki & Richards (2002), ch. 9.
    """
    default = (HASH_DEPTHS_KM, HASH_DISTANCES_KM) if law == "hash" else table_grid(models=[model])
    depth = _grid(model.name, "depths", default[0] if depth_km is None else depth_km)
    distance = _grid(model.name, "distances", default[1] if distance_km is None else distance_km)
    if distance[0] < 0.0:
        raise InputError(
            f"The table of velocity model '{model.name}' starts at distance {distance[0]} km; "
            "a distance is not negative. No table was traced; start at 0."
        )
    velocity = model.p_velocity_km_s
    if phase == "S":
        if model.s_velocity_km_s is None:
            raise InputError(
                f"Velocity model '{model.name}' has no S velocities, so no S table can be traced. "
                "Give s_velocity_km_s, or trace P."
            )
        velocity = np.asarray(model.s_velocity_km_s, dtype=float)
    if law == "hash":
        return _trace_hash(model, velocity, depth, distance, rays)

    return trace_source_depths(model, velocity, depth, distance, receiver_depth_km, spherical)


def trace_source_depths(
    model: LayeredModel,
    velocity: Floats,
    depth: Floats,
    distance: Floats,
    receiver_depth_km: float,
    spherical: bool,
) -> TakeoffTable:
    """Trace the table of a model whose velocities are linear between nodes, see above."""
    nodes, flat_depth, receiver = model.depth_km, depth, receiver_depth_km
    if spherical:
        deepest = max(float(depth[-1]), receiver, float(nodes[-1]))
        shallowest = min(float(depth[0]), receiver, float(nodes[0]))
        nodes, velocity = flatten_model(nodes, velocity, shallowest, deepest)
        flat_depth = flatten_depth(depth)
        receiver = float(flatten_depth(receiver))
    takeoff = np.empty((depth.size, distance.size))
    time = np.empty_like(takeoff)
    direct = np.empty(takeoff.shape, np.bool_)
    slowness = np.empty(depth.size)
    for i, source in enumerate(flat_depth):
        legs = _legs(nodes, velocity, float(source), receiver)
        v_source = _velocity_above(nodes, velocity, float(source))
        takeoff[i], time[i], direct[i] = trace_source(
            legs, v_source, float(velocity[-1]), bool(receiver > source), distance
        )
        shrink = (EARTH_RADIUS_KM - depth[i]) / EARTH_RADIUS_KM if spherical else 1.0
        slowness[i] = 1.0 / (v_source * shrink)
    return TakeoffTable(
        model.name, depth, distance, takeoff, time, direct, slowness, receiver_depth_km, "linear"
    )


def _trace_hash(
    model: LayeredModel, velocity: Floats, depth: Floats, distance: Floats, rays: int
) -> TakeoffTable:
    depth32 = depth.astype(np.float32)
    z, v = insert_table_depths(model.depth_km, velocity, depth)
    traced = trace_hash_rays(z, v, depth32, rays)
    slow_bottom = np.float32(1.0) / v[-1]
    takeoff, time = tabulate_hash(traced, depth32, distance, slow_bottom)
    slowness = np.array([1.0 / _velocity_above(model.depth_km, velocity, d) for d in depth])
    return TakeoffTable(
        model.name,
        depth,
        distance,
        takeoff,
        time,
        np.ones(takeoff.shape, np.bool_),
        slowness,
        float(model.depth_km[0]),
        "hash",
    )


def _graded(end: float, finest: float) -> Floats:
    """Grid points from 0 to ``end`` whose steps grow with the value."""
    points = [0.0]
    while points[-1] < end - 1e-9:
        here = points[-1]
        step = finest if here < 15.0 else max(2.0 * finest, 0.025 * here)
        # Steps are multiples of the finest, so that the index of a cell is found at once.
        points.append(min(here + finest * max(1, math.floor(step / finest + 1e-9)), end))
    return np.array(points)


def _grid(name: str, what: str, values: ArrayLike) -> Floats:
    grid = np.ascontiguousarray(values, dtype=float)
    if (
        grid.ndim != 1
        or grid.size < 2
        or not np.all(np.isfinite(grid))
        or np.any(np.diff(grid) <= 0)
    ):
        raise InputError(
            f"The {what} of the take-off table of velocity model '{name}' are not two or more "
            "increasing finite numbers. No table was traced; give them in increasing order."
        )
    return grid


def _velocity_above(nodes: Floats, velocity: Floats, depth: float) -> float:
    """Velocity at a depth; on a discontinuity that of the upper medium."""
    i = int(np.searchsorted(nodes, depth, side="left"))
    if i == 0:
        return float(velocity[0])
    if i == nodes.size:
        return float(velocity[-1])
    share = (depth - nodes[i - 1]) / (nodes[i] - nodes[i - 1])
    return float(velocity[i - 1] + share * (velocity[i] - velocity[i - 1]))


def _legs(nodes: Floats, velocity: Floats, source: float, receiver: float) -> Legs:
    """Legs below the upper of source and receiver."""
    # So that no leg is as thin as a denormal number.
    nodes, source, receiver = np.round(nodes, 12), round(source, 12), round(receiver, 12)
    if abs(source - receiver) < _SAME_LEVEL_KM:
        source = receiver
    upper, lower = min(source, receiver), max(source, receiver)
    top = min(upper, float(nodes[0]))
    bottom = max(lower, float(nodes[-1]))
    z = np.concatenate([[top], nodes, [bottom]])
    v = np.concatenate([velocity[:1], velocity, velocity[-1:]])
    z1, z2, v1, v2 = z[:-1], z[1:], v[:-1], v[1:]
    for cut in (upper, lower):
        i = int(np.searchsorted(z2, cut, side="left"))
        if i < z1.size and z1[i] < cut < z2[i]:
            at = v1[i] + (cut - z1[i]) / (z2[i] - z1[i]) * (v2[i] - v1[i])
            z1, z2 = np.insert(z1, i + 1, cut), np.insert(z2, i, cut)
            v1, v2 = np.insert(v1, i + 1, at), np.insert(v2, i, at)
    keep = (z2 > z1) & (z1 >= upper)
    z1, z2, v1, v2 = z1[keep], z2[keep], v1[keep], v2[keep]
    between = int(np.count_nonzero(z2 <= lower))
    return Legs(
        np.ascontiguousarray(v1),
        np.ascontiguousarray(v2),
        np.ascontiguousarray(z2 - z1),
        between,
    )
