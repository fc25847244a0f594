"""Take-off angles from single sources, traced exactly and not looked up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import LayeredModel
from quakeloom.travel._tables import trace_source_depths

_SAME_HEIGHT_KM = 0.1
"""Receivers are traced together within so much of height: a ray of 5 km turns by 0.6 degrees."""


def trace_takeoffs(
    model: LayeredModel,
    depth_km: float,
    distance_km: ArrayLike,
    receiver_depth_km: ArrayLike,
    spherical: bool = False,
) -> NDArray[np.float64]:
    """Trace the first arrivals of P from one source to receivers, each at its depth.

    Near interfaces, where two branches arrive almost together, an angle between nodes of a table
    or from differences of travel times may be that of neither; these are those of rays.

    Parameters
    ----------
    model : LayeredModel
    depth_km : float
        Of the source, below sea level. A source on a discontinuity is in the upper medium.
    distance_km, receiver_depth_km : array_like, shape (n,)
        Epicentral distances, and depths of the receivers (negative above sea level).
    spherical : bool
        As in :func:`quakeloom.travel.trace_table`.

    Returns
    -------
    ndarray, shape (n,)
        Degrees, 0 straight down, 180 straight up; NaN where a distance or the depth is.
    """
    distance = np.asarray(distance_km, dtype=float)
    level = np.round(np.broadcast_to(receiver_depth_km, distance.shape) / _SAME_HEIGHT_KM)
    takeoff = np.full(distance.shape, np.nan)
    if not np.isfinite(depth_km):
        return takeoff
    for one in np.unique(level[np.isfinite(distance)]):
        own = np.flatnonzero((level == one) & np.isfinite(distance))
        own = own[np.argsort(distance[own], kind="stable")]
        table = trace_source_depths(
            model, model.p_velocity_km_s, np.array([float(depth_km)]), distance[own],
            float(one) * _SAME_HEIGHT_KM, spherical,
        )  # fmt: skip
        takeoff[own] = table.takeoff_deg[0]
    return takeoff
