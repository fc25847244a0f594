"""One-dimensional velocity models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core.errors import InputError


@dataclass(frozen=True)
class LayeredModel:
    """A velocity model given at depth nodes, with a gradient between them.

    Two nodes at one depth make a discontinuity (the upper one is the velocity above). Below
    the last node the velocity is constant.

    Attributes
    ----------
    name : str
        Name of the model, usually that of its file.
    depth_km : ndarray, shape (nodes,)
        Depths of the nodes in km below sea level, not decreasing.
    p_velocity_km_s : ndarray, shape (nodes,)
        P velocity at the nodes, above zero.
    s_velocity_km_s : ndarray or None
        S velocity at the nodes, if known.

    Raises
    ------
    InputError
        If depths decrease, a velocity is not above zero, or fewer than two nodes are given.
    """

    name: str
    depth_km: NDArray[np.float64]
    p_velocity_km_s: NDArray[np.float64]
    s_velocity_km_s: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        depth = np.asarray(self.depth_km, dtype=float)
        velocity = np.asarray(self.p_velocity_km_s, dtype=float)
        problem = ""
        if depth.ndim != 1 or depth.shape != velocity.shape or depth.size < 2:
            problem = f"has {depth.size} depths and {velocity.size} velocities; two or more needed"
        elif not (np.all(np.isfinite(depth)) and np.all(np.isfinite(velocity))):
            problem = "holds values that are not finite numbers"
        elif np.any(np.diff(depth) < 0):
            where = int(np.argmax(np.diff(depth) < 0)) + 1
            problem = (
                f"goes up from {depth[where - 1]} to {depth[where]} km; depths must not decrease"
            )
        elif np.any(velocity <= 0):
            problem = f"has a velocity of {velocity[velocity <= 0][0]} km/s; it must be above 0"
        if problem:
            raise InputError(
                f"Velocity model '{self.name}' {problem}. No take-off angle can be traced; "
                "correct the model file."
            )
        object.__setattr__(self, "depth_km", depth)
        object.__setattr__(self, "p_velocity_km_s", velocity)
