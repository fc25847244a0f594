"""Simulated slip and displacements, whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream

Floats = NDArray[np.float64]


def simulate_sites(
    count: int, reach_km: float, center_km: tuple[float, float], seed: int
) -> Floats:
    """Return east and north of sites, evenly spread at random around a center, (count, 2)."""
    uniform = random_stream(seed, "slip sites").uniform(-reach_km, reach_km, (count, 2))
    return np.asarray(uniform + np.asarray(center_km))


def simulate_slip(mean: Floats, covariance: Floats, seed: int, event: int) -> Floats:
    """Draw slip from its Gaussian prior, for a numbered event."""
    normals = random_stream(seed, "simulated slip", event).standard_normal(mean.size)
    root = np.linalg.cholesky(covariance + 1e-12 * np.mean(np.diag(covariance)) * np.eye(mean.size))
    return np.asarray(mean + root @ normals)


def simulate_displacements(
    green: Floats, slip: Floats, root: Floats, seed: int, event: int
) -> Floats:
    """Return what slip does to the sites, with noise of a covariance given by its root."""
    normals = random_stream(seed, "simulated displacements", event).standard_normal(len(green))
    return np.asarray(green @ slip + root @ normals)
