"""The lower focal hemisphere in equal-area projection.

Plot axes: x east, y north, unit circle. A ray at angle ``i`` from straight down lies at
radius ``sqrt(2) sin(i/2)`` (Lambert azimuthal equal-area; the Schmidt net). Rays that go up
are drawn at their antipode, where the radiation of any moment tensor has the same sign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import ray_vectors

Floats = NDArray[np.float64]


def project_vectors(vectors: ArrayLike) -> tuple[Floats, Floats]:
    """Return plot coordinates of directions on the lower hemisphere.

    ``(x, y) = (east, north) / sqrt(1 + down)`` for unit vectors, which is the equal-area
    projection without trigonometry.

    Parameters
    ----------
    vectors : array_like, shape ``S + (3,)``
        North, east, down; any length above zero. Upward ones are turned to their antipode.

    Returns
    -------
    x, y : ndarray, shape ``S``
        Within the unit circle; NaN where the vector is zero or not finite.
    """
    v = np.asarray(vectors, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        v = v / np.linalg.norm(v, axis=-1, keepdims=True)
        v = np.where(v[..., 2:3] < 0, -v, v)
        scale = 1.0 / np.sqrt(1.0 + v[..., 2])
    return v[..., 1] * scale, v[..., 0] * scale


def project_rays(azimuth_deg: ArrayLike, takeoff_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Return plot coordinates of rays; take-off 0 is straight down, 180 straight up."""
    return project_vectors(ray_vectors(azimuth_deg, takeoff_deg))


def plane_arcs(normals: ArrayLike, points: int = 61) -> Floats:
    """Return the traces of planes on the lower hemisphere.

    Parameters
    ----------
    normals : array_like, shape (planes, 3)
        Normals in north, east, down; sign and length do not matter.
    points : int
        Vertices per arc.

    Returns
    -------
    ndarray, shape (planes, points, 2)
        x (east), y (north), from rim to rim. NaN for a normal that is not finite or zero.
    """
    n = np.atleast_2d(np.asarray(normals, dtype=float))
    with np.errstate(invalid="ignore", divide="ignore"):
        n = n / np.linalg.norm(n, axis=-1, keepdims=True)
    n = np.where(n[..., 2:3] > 0, -n, n)
    level = np.hypot(n[..., 0], n[..., 1])
    flat = level < 1e-12
    safe = np.where(flat, 1.0, level)
    along = np.stack(
        [np.where(flat, 1.0, n[..., 1] / safe), np.where(flat, 0.0, -n[..., 0] / safe), 0 * level],
        axis=-1,
    )
    down_dip = np.cross(along, n)
    down_dip = np.where(down_dip[..., 2:3] < 0, -down_dip, down_dip)
    angle = np.linspace(0.0, np.pi, points)
    arc = np.cos(angle)[:, None] * along[:, None, :] + np.sin(angle)[:, None] * down_dip[:, None, :]
    scale = 1.0 / np.sqrt(1.0 + np.maximum(arc[..., 2], 0.0))
    return np.stack([arc[..., 1] * scale, arc[..., 0] * scale], axis=-1)
