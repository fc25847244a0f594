"""Stein variational gradient descent: as published, and one that keeps its variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._informed_subspace import InformedSubspace

_WIDER = 4.0
"""Bandwidth of one-dimensional kernels over the median heuristic. With the heuristic itself 8, 16
and 32 particles on a unit Gaussian end with a variance of 0.85, 0.91 and 0.94; with this 1.03, 1.00
and 0.99 (a kernel that is wide keeps the second moment exactly)."""

Scores = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def median_bandwidth(square_distances: NDArray[np.float64]) -> float:
    """Return the median heuristic ``median(d^2) / ln(n + 1)`` of (n, n) squared distances."""
    n = len(square_distances)
    off = square_distances[~np.eye(n, dtype=bool)]
    return float(max(float(np.median(off)) / np.log(n + 1.0), 1e-300))


def global_direction(
    particles: NDArray[np.float64],
    scores: NDArray[np.float64],
    functions: NDArray[np.float64],
    push: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    r"""Stein direction with one radial kernel on the function values.

    :math:`\phi_i = \frac1n \sum_j k(f_j, f_i)\, s_j + \nabla_{f_j} k(f_j, f_i)` with
    :math:`k = \exp(-|f_j-f_i|^2/h)` and the median bandwidth. As the dimension grows all
    distances become alike, the repulsion dies, and the ensemble collapses.

    Parameters
    ----------
    particles, scores : ndarray, (n, size)
        White coordinates and gradients of the log-posterior by them.
    functions : ndarray, (n, nodes)
        Function values of the particles.
    push : callable
        Maps differences of functions (n, nodes) into white coordinates (n, size), the
        transposed derivative of the function.
    """
    n = len(particles)
    norm = np.einsum("ij,ij->i", functions, functions)
    square = np.maximum(norm[:, None] + norm[None, :] - 2.0 * functions @ functions.T, 0.0)
    h = median_bandwidth(square)
    k = np.exp(-square / h)
    repulsion = (2.0 / h) * (k.sum(axis=1)[:, None] * functions - k @ functions)
    return np.asarray((k @ scores + push(repulsion)) / n)


def coordinate_direction(
    particles: NDArray[np.float64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Stein direction with a kernel of its own for every coordinate.

    Where coordinates are nearly independent under the posterior, as they are after whitening
    in the data-informed subspace, each can be moved by its own one-dimensional kernel
    (message-passing Stein descent with empty neighborhoods). One dimension keeps its
    variance, whatever their number, if the kernel is a few times as wide as the median heuristic
    says: with that itself few particles end a tenth too near to each other.
    """
    n, size = particles.shape
    out = np.empty_like(particles)
    for d in range(size):
        x = particles[:, d]
        difference = x[:, None] - x[None, :]
        square = difference**2
        h = _WIDER * median_bandwidth(square)
        k = np.exp(-square / h)
        out[:, d] = (k @ scores[:, d] + (2.0 / h) * (k * difference).sum(axis=1)) / n
    return out


@dataclass
class Adam:
    """Adam steps for ascent."""

    rate: float
    first: NDArray[np.float64] | float = 0.0
    second: NDArray[np.float64] | float = 0.0
    count: int = 0

    def step(self, gradient: NDArray[np.float64], share: float = 1.0) -> NDArray[np.float64]:
        """Return the increment; ``share`` scales the rate."""
        self.count += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        first = self.first / (1.0 - 0.9**self.count)
        second = self.second / (1.0 - 0.999**self.count)
        return np.asarray(self.rate * share * first / (np.sqrt(second) + 1e-8))


def function_space_stein(
    particles: NDArray[np.float64],
    scores: Scores,
    modes: NDArray[np.float64],
    steps: int = 500,
    rate: float = 0.05,
) -> NDArray[np.float64]:
    """Move particles by function-space Stein descent, as published.

    Kept for comparison: with the radial kernel and the median bandwidth the ensemble's
    standard deviation falls far short of the posterior's (to a quarter or less of the
    variance at 20 dimensions). Use :func:`projected_stein`.

    Parameters
    ----------
    particles : ndarray, (n, size)
        White coordinates to start from.
    scores : callable
        Gradients of the log-posterior, (n, size) to (n, size).
    modes : ndarray, (nodes, size)
        Derivative of the function by the white coordinates.
    steps : int
    rate : float
        First rate of Adam, falling as a cosine.

    References
    ----------
    Wang, Z. et al. (2019), Function space particle optimization for Bayesian neural networks,
    ICLR. Agata, R., Shiraishi, K. and Fujie, G. (2023), Bayesian seismic tomography based on
    velocity-space Stein variational gradient descent for physics-informed neural network,
    IEEE Trans. Geosci. Remote Sens. 61.
    """
    x = particles.copy()
    adam = Adam(rate)
    for step in range(steps):
        direction = global_direction(x, scores(x), x @ modes.T, lambda f: f @ modes)
        x += adam.step(direction, 0.5 * (1.0 + np.cos(np.pi * step / steps)))
    return x


def projected_stein(
    particles: NDArray[np.float64],
    scores: Scores,
    subspace: InformedSubspace,
    steps: int = 60,
    rate: float = 0.5,
) -> NDArray[np.float64]:
    """Move particles by Stein descent in the whitened data-informed subspace.

    Outside the subspace particles keep their prior draws, which is what the posterior is
    there. Inside, coordinates are scaled to unit posterior width and every coordinate has
    its own kernel (:func:`coordinate_direction`), so no variance is lost at any dimension.

    Parameters
    ----------
    particles : ndarray, (n, size)
        From :func:`laplace_particles`, or prior draws.
    scores : callable
        Gradients of the log-posterior, (n, size) to (n, size).
    subspace : InformedSubspace
    steps : int
    rate : float
        Step in units of the posterior width.
    """
    x = particles.copy()
    spread = subspace.spread
    for step in range(steps):
        y = (x @ subspace.basis) / spread
        s = (scores(x) @ subspace.basis) * spread
        share = 0.5 * (1.0 + np.cos(np.pi * step / steps))
        x += rate * share * (coordinate_direction(y, s) * spread) @ subspace.basis.T
    return x
