"""Several smooth fields at once whose data couple them at every node; nonlinear data as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._grid_fields import Floats, laplacian_eigenvalues, spectral_diagonal
from quakeloom.inference._masked_fields import solve_preconditioned

Linearize = Callable[[Floats], tuple[Floats, Floats, float]]
"""From fields (k, ...) to the gradient (k, ...) and the Gauss-Newton matrix (k, k, ...) of
half the squared misfit, and that half itself."""

_MEAN_DEVIATION = 1.8
"""Standard deviation of the mean of each field, of the prior: about that of a logistic variable, so
that a number in a range is uniform in it before there are data."""

_PROBES = 6
"""Random signs for the traces; chosen here."""

_ROUNDS = 25
"""Rounds of smoothness at most."""

_SMOOTHNESS = (1e-3, 1e5)
"""Bounds of the precision of differences; beyond, fields are free or constant. Chosen here."""

_SETTLED = 0.05
"""Change of the logarithms of the smoothness at which the rounds end; a third of its error."""


@dataclass(frozen=True)
class CoupledFields:
    """Posterior of coupled fields by Gauss-Newton and Laplace.

    Attributes
    ----------
    mean : ndarray, (k, ...)
        The most probable fields at the smoothness of the largest Laplace evidence.
    deviation : ndarray, (k, ...)
        Standard deviations by Laplace's approximation.
    smoothness : ndarray, (k,)
    settled : bool
    misfit : float
        Half the squared misfit.
    """

    mean: Floats
    deviation: Floats
    smoothness: Floats
    settled: bool
    misfit: float


def fit_coupled_fields(
    linearize: Linearize, start: Floats, stream: np.random.Generator, draws: int = 48
) -> CoupledFields:
    r"""Find smooth fields and how smooth each is, by Laplace evidence.

    The prior of field j is :math:`\exp(-\frac12 x^T (a_j L + \tau) x)`, with squared differences of
    neighbors and a :math:`\tau` that bounds the mean alone. Gauss-Newton steps with a line search
    find the most probable fields; :math:`a_j = (\gamma_j - 1)/x_j^T L x_j` with the
    effective degrees of freedom of each field is the fixed point of the evidence, whose Hessian
    is the Gauss-Newton one (Fisher information).

    Parameters
    ----------
    linearize : callable
        See :data:`Linearize`.
    start : ndarray, (k, ...)
    stream : numpy.random.Generator
    draws : int
        For the standard deviations.
    """
    laplacian = laplacian_eigenvalues(start.shape[1:])
    weak = np.full(start.shape[1:], 1.0 / (_MEAN_DEVIATION**2 * laplacian.size))
    smoothness = np.full(len(start), 1.0)
    signs = stream.choice([-1.0, 1.0], size=(_PROBES, *start.shape))
    x, settled = start.copy(), False
    value = np.inf
    for _ in range(_ROUNDS):
        prior = smoothness.reshape(-1, *([1] * laplacian.ndim)) * laplacian + weak
        x, value, matrix = _maximize(linearize, prior, x)
        degrees = _degrees(prior, matrix, signs)
        rough = np.array([_rough(laplacian, f) for f in x])
        new = np.clip(np.maximum(degrees - 1.0, 0.5) / np.maximum(rough, 1e-12), *_SMOOTHNESS)
        move = np.clip(np.log(new / smoothness), -2.0, 2.0)
        smoothness = smoothness * np.exp(move)
        if np.abs(move).max() < _SETTLED:
            settled = True
            break
    prior = smoothness.reshape(-1, *([1] * laplacian.ndim)) * laplacian + weak
    x, value, matrix = _maximize(linearize, prior, x)
    deviation = np.sqrt(_variance(prior, matrix, stream, draws))
    return CoupledFields(x, deviation, smoothness, settled, value)


def _maximize(linearize: Linearize, prior: Floats, x: Floats) -> tuple[Floats, float, Floats]:
    """Gauss-Newton steps with halving; the fields, half the misfit, and the last matrix."""
    gradient, matrix, misfit = linearize(x)
    worth = misfit + _energy(prior, x)
    for _ in range(20):
        slope = gradient + _spectral(prior, x)
        step = _solve(prior, matrix, -slope)
        size = 1.0
        while size > 1e-3:
            trial = x + size * step
            found = linearize(trial)
            new = found[2] + _energy(prior, trial)
            if new < worth:
                break
            size *= 0.5
        else:
            break
        gain = worth - new
        x, worth = trial, new
        gradient, matrix, misfit = found
        if gain < 1e-3:
            break
    return x, misfit, matrix


def _spectral(eigenvalues: Floats, x: Floats) -> Floats:
    from scipy.fft import dctn, idctn

    axes = tuple(range(1, x.ndim))
    return np.asarray(idctn(eigenvalues * dctn(x, axes=axes, norm="ortho"), axes=axes,
                            norm="ortho"))  # fmt: skip


def _energy(prior: Floats, x: Floats) -> float:
    return 0.5 * float(np.vdot(x, _spectral(prior, x)))


def _rough(laplacian: Floats, x: Floats) -> float:
    return float(np.vdot(x, _spectral(laplacian, x[None])[0]))


def _solve(prior: Floats, matrix: Floats, right: Floats, tolerance: float = 1e-5) -> Floats:
    """Solve with the posterior precision, preconditioned by the mean matrix of the data."""
    middle = np.array([matrix[j, j].mean() for j in range(len(matrix))])
    scale = prior + middle.reshape(-1, *([1] * (right.ndim - 1)))

    def apply(x: Floats) -> Floats:
        return np.asarray(_spectral(prior, x) + np.einsum("ij...,j...->i...", matrix, x))

    return solve_preconditioned(apply, lambda r: _spectral(1.0 / scale, r), right, tolerance)


def _degrees(prior: Floats, matrix: Floats, signs: Floats) -> Floats:
    """Nodes less the trace of the prior's share of the posterior covariance, per field."""
    count = prior[0].size
    root = np.sqrt(prior)
    traces = np.zeros(len(prior))
    for z in signs:
        for j in range(len(prior)):
            own = np.zeros_like(z)
            own[j] = _spectral(root[j : j + 1], z[j : j + 1])[0]
            traces[j] += float(np.vdot(own, _solve(prior, matrix, own, 1e-4)))
    return np.asarray(np.clip(count - traces / len(signs), 1.0, count))


def _variance(
    prior: Floats, matrix: Floats, stream: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Posterior variances from draws, with each node's own part exact (Rao-Blackwell)."""
    k, shape = len(prior), prior.shape[1:]
    own = np.moveaxis(matrix, (0, 1), (-2, -1)).copy()
    for j in range(k):
        own[..., j, j] += spectral_diagonal(prior[j].copy())
    inverse = np.linalg.inv(own)
    values, vectors = np.linalg.eigh(np.moveaxis(matrix, (0, 1), (-2, -1)))
    root = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    total = np.zeros((k, *shape))
    for _ in range(draws):
        white = stream.standard_normal((*shape, k, 1))
        right = np.moveaxis((root @ white)[..., 0], -1, 0)
        right = right + _spectral(np.sqrt(prior), stream.standard_normal((k, *shape)))
        x = _solve(prior, matrix, right, 1e-4)
        alone = np.moveaxis((inverse @ np.moveaxis(right, 0, -1)[..., None])[..., 0], -1, 0)
        total += (x - alone) ** 2
    return np.asarray(total / draws + np.moveaxis(np.diagonal(inverse, axis1=-2, axis2=-1), -1, 0))
