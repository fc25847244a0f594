"""A boundary such as the Moho in models of velocity: where it lies, in every member for itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.location._interpolation import Floats
from quakeloom.location._tables import EnsembleTimes

_NO_BOUNDARY_KM = 1e9
"""Depth of a boundary that a member does not have: below every event."""


def find_boundary(velocity_km_s: ArrayLike, depth_km: ArrayLike, limit_km_s: float) -> Floats:
    """Return the depth at which velocity, going down, first exceeds a limit.

    Whatever comes below does not matter: a low-velocity zone below the boundary, such as the
    crust of a slab below the mantle wedge, is below the boundary. This is how the Moho is defined
    where velocity does not jump (Steinhart 1967: where P first exceeds 7.6 km/s), and the only
    definition that does not depend on how deep a model goes.

    Velocity is linear between nodes. The same model given by its layers and on a grid has its
    boundary at the same depth, within a step of the grid.

    Parameters
    ----------
    velocity_km_s : array_like, shape (depths, ...)
        Columns of nodes; NaN where there is no rock.
    depth_km : array_like, shape (depths,)
        Not decreasing; two nodes of one depth are a jump.
    limit_km_s : float

    Returns
    -------
    ndarray, shape (...)
        The depth of the first node where that is fast already, or has only NaN above; NaN where
        velocity never exceeds the limit.

    References
    ----------
    Steinhart, J. S. (1967), Mohorovicic discontinuity, in International Dictionary of
    Geophysics, Pergamon Press, 991-994.
    """
    velocity = np.asarray(velocity_km_s, dtype=float)
    depth = np.asarray(depth_km, dtype=float)
    over = velocity > limit_km_s
    first = np.argmax(over, axis=0)
    above = np.maximum(first - 1, 0)
    v0 = np.take_along_axis(velocity, above[None], axis=0)[0]
    v1 = np.take_along_axis(velocity, first[None], axis=0)[0]
    between = (v0 <= limit_km_s) & (v1 > limit_km_s)
    share = (limit_km_s - v0) / np.where(between, v1 - v0, 1.0)
    crossing = depth[above] + share * (depth[first] - depth[above])
    found = np.where(between, crossing, depth[first])
    return np.where(over.any(axis=0), found, np.nan)


def boundary_at(times: EnsembleTimes, boundary_km: Floats, nodes: Floats) -> Floats:
    """Return the depth of a boundary at some nodes, in every member.

    Linear between the nodes of the tables; where a member has no boundary (NaN) it is far below.

    Parameters
    ----------
    times : EnsembleTimes
        Its axes are those of the boundary.
    boundary_km : ndarray, shape (members,) or (norths, easts, members)
    nodes : ndarray, shape (n, 3)
        Depth, north, east in km.

    Returns
    -------
    ndarray, shape (n, members), or (1, members) for a flat boundary
    """
    boundary = np.where(np.isfinite(boundary_km), boundary_km, _NO_BOUNDARY_KM)
    if boundary.ndim == 1:
        return boundary[None, :]
    if boundary.shape[:2] == (1, 1):
        return np.asarray(boundary[0])
    values = boundary
    for axis, at in ((times.north_km, nodes[:, 1]), (times.east_km, nodes[:, 2])):
        if axis.size == 1:
            # the first axis left is this one, of one node
            values = values[:, 0] if values.ndim == 3 else values
            continue
        i = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, axis.size - 2)
        share = np.clip((at - axis[i]) / (axis[i + 1] - axis[i]), 0.0, 1.0)
        if values is boundary:
            share = share[:, None, None]
            values = (1.0 - share) * values[i] + share * values[i + 1]
        else:
            row = np.arange(at.size)
            share = share[:, None]
            values = (1.0 - share) * values[row, i] + share * values[row, i + 1]
    return np.asarray(values)
