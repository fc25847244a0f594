"""Directions that the data inform, at one model or on average over the posterior."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._randomized_maximum import Linearization
from quakeloom.inference._white_problems import (
    MemberStreams,
    WhiteProblem,
    robust_weights,
    white_draw,
)


@dataclass(frozen=True)
class InformedSubspace:
    """Directions in which the data say more than the prior.

    Attributes
    ----------
    basis : ndarray, (size, rank)
        Orthonormal directions.
    values : ndarray, (rank,)
        Singular values of the derivative of the normalized data; root mean squares where it
        was averaged over models.
    center : ndarray, (size,)
        The most probable model.
    """

    basis: NDArray[np.float64]
    values: NDArray[np.float64]
    center: NDArray[np.float64]

    @property
    def spread(self) -> NDArray[np.float64]:
        """Posterior standard deviations along the directions, for a linear problem."""
        return np.asarray(1.0 / np.sqrt(1.0 + self.values**2))

    def scale(self, white: NDArray[np.float64], power: float) -> NDArray[np.float64]:
        """Multiply (..., size) by a power of the posterior's root covariance, were it linear."""
        along = white @ self.basis
        return np.asarray(white + (along * (self.spread**power - 1.0)) @ self.basis.T)


def informed_subspace(
    problem: WhiteProblem, center: Linearization, threshold: float = 0.3
) -> InformedSubspace:
    """Find the directions whose singular value exceeds the threshold.

    A direction of singular value s has a posterior variance of 1 / (1 + s^2) of the prior's.
    """
    a = center.jacobian / problem.sigma[:, None]
    if a.shape[0] < a.shape[1]:
        w, u = np.linalg.eigh(a @ a.T)
        keep = w > threshold**2
        values = np.sqrt(w[keep])[::-1]
        basis = (a.T @ u[:, keep][:, ::-1]) / values
    else:
        w, v = np.linalg.eigh(a.T @ a)
        keep = w > threshold**2
        values = np.sqrt(w[keep])[::-1]
        basis = v[:, keep][:, ::-1]
    return InformedSubspace(np.ascontiguousarray(basis), values, center.white)


def averaged_subspace(
    problem: WhiteProblem,
    models: Iterable[NDArray[np.float64]],
    center: NDArray[np.float64],
    threshold: float = 0.3,
) -> InformedSubspace:
    r"""Find the directions that the data inform on average over models of the posterior.

    The derivative changes with the model, so a direction that is loose at the most probable model
    may be stiff at the next. The mean of :math:`J^T J` over draws of the posterior is what the
    identity :math:`E[s s^T] = 1 + E[J^T J]` for the gradient s of the log-posterior needs:
    measured in these directions and widths every component of s has variance 1.

    References
    ----------
    Cui, T. et al. (2014), Likelihood-informed dimension reduction for nonlinear inverse
    problems, Inverse Problems 30.
    """
    total = np.zeros((problem.size, problem.size))
    count = 0
    for white in models:
        a = problem.linearize(white)[1] / problem.sigma[:, None]
        total += a.T @ a
        count += 1
    return subspace_of(total / count, center, threshold)


def subspace_of(
    normal: NDArray[np.float64], center: NDArray[np.float64], threshold: float = 0.3
) -> InformedSubspace:
    """Find the directions of a mean ``J^T J`` whose root exceeds the threshold."""
    w, v = np.linalg.eigh(normal)
    keep = w > threshold**2
    return InformedSubspace(
        np.ascontiguousarray(v[:, keep][:, ::-1]), np.sqrt(w[keep])[::-1], center
    )


def laplace_particles(
    subspace: InformedSubspace, streams: MemberStreams, members: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Draw particles of the posterior as it would be if the problem were linear."""
    size = len(subspace.center)
    draws = np.array([white_draw(streams, int(m), size) for m in members]).reshape(-1, size)
    along = draws @ subspace.basis
    center = subspace.center @ subspace.basis
    rest = draws - along @ subspace.basis.T
    return rest + (center + subspace.spread * along) @ subspace.basis.T


def log_evidence(
    problem: WhiteProblem, center: Linearization, degrees_of_freedom: float | None = None
) -> float:
    r"""Return the logarithm of the probability of the data, by Laplace's approximation.

    :math:`-\frac12 |r|^2 - \frac12 |\xi|^2 - \frac12 \ln\det(1 + A^T A)
    - \sum\ln(\sqrt{2\pi}\,\sigma)` at the most probable model, with normalized residuals r and
    their derivative A. Exact for a linear problem with normal errors. Twice its negative is
    Akaike's Bayesian information criterion up to the number of hyperparameters.

    Parameters
    ----------
    problem : WhiteProblem
    center : Linearization
        At the most probable model.
    degrees_of_freedom : float, optional
        Student's t likelihood, whose constant is left out.
    """
    residuals = (center.prediction - problem.data) / problem.sigma
    weights, log_likelihood = robust_weights(residuals, degrees_of_freedom)
    a = center.jacobian * (np.sqrt(weights) / problem.sigma)[:, None]
    system = a @ a.T if a.shape[0] < a.shape[1] else a.T @ a
    system[np.diag_indices(len(system))] += 1.0
    _, logdet = np.linalg.slogdet(system)
    constant = float(np.sum(np.log(np.sqrt(2.0 * np.pi) * problem.sigma)))
    square = float(center.white @ center.white)
    return log_likelihood - 0.5 * square - 0.5 * float(logdet) - constant
