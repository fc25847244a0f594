"""Rays along the gradient of the travel time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.travel._eikonal import EikonalSolution


def trace_rays(
    solution: EikonalSolution, points_km: ArrayLike, step: float = 0.5, limit: int = 100_000
) -> list[NDArray[np.float64]]:
    """Trace rays from points back to the source along the gradient of the travel time.

    Parameters
    ----------
    solution : EikonalSolution
    points_km : array_like, (n, axes)
    step : float
        Step length in units of the smallest node spacing.
    limit : int
        Most steps.

    Returns
    -------
    list of ndarray, (nodes of the ray, axes), km
        From point to source. A ray that leaves the grid or stalls ends where it does.
    """
    points = np.atleast_2d(np.asarray(points_km, dtype=np.float64)).copy()
    source = np.asarray(solution.source_km)
    low = np.asarray(solution.origin_km)
    high = low + (np.array(solution.velocity.shape) - 1) * solution.spacing_km
    length = step * min(solution.spacing_km)
    paths = [[p.copy()] for p in points]
    moving = np.arange(len(points))
    for _ in range(limit):
        if not moving.size:
            break
        here = points[moving]
        half = np.clip(here - 0.5 * length * _unit(solution.gradients_at(here)), low, high)
        there = np.clip(here - length * _unit(solution.gradients_at(half)), low, high)
        near = np.linalg.norm(there - source, axis=1) <= 1.5 * length
        stalled = np.linalg.norm(there - here, axis=1) < 1e-3 * length
        stalled |= np.isnan(there).any(axis=1)
        points[moving] = there
        for k, p, stop in zip(moving, there, stalled, strict=True):
            if not stop:
                paths[k].append(p)
        for k in moving[near]:
            paths[k].append(source.copy())
        moving = moving[~(near | stalled)]
    return [np.array(p) for p in paths]


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
