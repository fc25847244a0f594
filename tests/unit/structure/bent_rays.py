"""First arrivals by bending rays: an independent check of times in smooth media.

A path between two points is a polyline whose time, the integral of slowness, is made least by
moving its points; no grid and no eikonal equation takes part (Um & Thurber 1987 bend likewise).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter


class SmoothMedium:
    """Velocity as a cubic spline of values on a regular grid."""

    def __init__(self, velocity, spacing_km, origin_km):
        self.coefficients = spline_filter(np.log(velocity), order=3)
        self.spacing, self.origin = np.asarray(spacing_km), np.asarray(origin_km)

    def slowness(self, points):
        at = ((points - self.origin) / self.spacing).reshape(-1, 3).T
        values = map_coordinates(self.coefficients, at, order=3, prefilter=False, mode="nearest")
        return np.exp(-values).reshape(points.shape[:-1])


def path_times(medium, paths):
    """Times along paths (rays, points, 3), by the slowness in the middle of four parts each."""
    a, b = paths[:, :-1], paths[:, 1:]
    length = np.linalg.norm(b - a, axis=2)
    total = np.zeros(length.shape)
    for share in (0.125, 0.375, 0.625, 0.875):
        total += 0.25 * medium.slowness(a + share * (b - a))
    return (total * length).sum(axis=1)


def bent_times(medium, start, end, points=9, rounds=25):
    """Least times between pairs of points (rays, 3), (rays,)."""
    share = np.linspace(0, 1, points)[None, :, None]
    paths = start[:, None] * (1 - share) + end[:, None] * share
    step = 0.1
    rays = len(start)
    for _ in range(rounds):
        for k in range(1, points - 1):
            # each point moves to where the two parts beside it are quickest, along three axes
            for axis in range(3):
                around = paths[:, k - 1 : k + 2]
                tried = []
                for sign in (-1.0, 0.0, 1.0):
                    moved = around.copy()
                    moved[:, 1, axis] += sign * step
                    tried.append(path_times(medium, moved))
                low, here, high = tried
                curve = np.maximum(low + high - 2.0 * here, 1e-12)
                move = np.clip(0.5 * step * (low - high) / curve, -0.5, 0.5)
                paths[:, k, axis] += move
    assert paths.shape == (rays, points, 3)
    return path_times(medium, paths)
