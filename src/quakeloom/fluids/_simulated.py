"""Voxels whose rock, fluid and pores are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.fluids._candidates import Candidate, PoreGrid
from quakeloom.fluids._conductivity import MIXING, mix_spheroids
from quakeloom.fluids._moduli import rock_velocities

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedVoxels:
    """Simulated voxels.

    Attributes
    ----------
    candidate : ndarray of int
        Which candidate each is made of.
    porosity, ratio, path_ratio : ndarray
    exact : ndarray, (voxel, 3)
        Vp, Vs in km/s and log10 of conductivity, without errors.
    """

    candidate: NDArray[np.int64]
    porosity: Floats
    ratio: Floats
    path_ratio: Floats
    exact: Floats

    def observe(self, covariance: ArrayLike, stream: np.random.Generator) -> Floats:
        """Return data with errors drawn of a covariance."""
        root = np.linalg.cholesky(np.asarray(covariance, dtype=float))
        return np.asarray(self.exact + stream.standard_normal(self.exact.shape) @ root.T)


def simulate_voxels(
    candidates: Sequence[Candidate],
    grid: PoreGrid,
    models: tuple[str, str],
    count: int,
    stream: np.random.Generator,
) -> SimulatedVoxels:
    """Draw voxels of the priors: candidates alike, porosity and shapes log-uniform.

    What the forward model does not describe (no stiffness left) is drawn again, as the selection
    leaves such nodes out.

    Parameters
    ----------
    candidates : sequence of Candidate
    grid : PoreGrid
        Its ends are the ranges of the priors.
    models : (str, str)
        Of moduli and of mixing.
    count : int
    stream : numpy.random.Generator
    """
    model, mixing = models
    chosen = np.empty(count, dtype=np.int64)
    drawn = np.empty((count, 3))
    exact = np.full((count, 3), np.nan)
    usable = [k for k, c in enumerate(candidates) if np.isfinite(c.pore_s_m)] or list(
        range(len(candidates))
    )
    axes = (grid.porosity, grid.ratio, grid.path_ratio)
    for v in range(count):
        while not np.isfinite(exact[v, :2]).all():
            chosen[v] = usable[int(stream.integers(len(usable)))]
            drawn[v] = [np.exp(stream.uniform(np.log(a[0]), np.log(a[-1]))) for a in axes]
            c, (phi, alpha, path) = candidates[chosen[v]], drawn[v]
            vp, vs = rock_velocities(model, c.solid, c.pore, [phi], [alpha])
            exact[v, :2] = vp[0, 0], vs[0, 0]
        if not np.isfinite(c.pore_s_m):
            continue
        if mixing == "spheroids":
            sigma = mix_spheroids(phi, c.solid_s_m, c.pore_s_m, path)
        else:
            sigma = MIXING[mixing](phi, c.solid_s_m, c.pore_s_m)
        exact[v, 2] = np.log10(float(sigma))
    return SimulatedVoxels(chosen, drawn[:, 0], drawn[:, 1], drawn[:, 2], exact)
