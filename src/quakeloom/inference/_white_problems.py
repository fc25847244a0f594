"""Inverse problems in white coordinates: what every sampler of ensembles is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import random_stream


class WhiteProblem(Protocol):
    """Gaussian prior in white coordinates, data with independent errors.

    The prior of the ``size`` coordinates is standard normal; ``data`` (n,) have standard
    errors ``sigma`` (n,).
    """

    @property
    def size(self) -> int:
        """Number of white coordinates."""
        ...

    @property
    def data(self) -> NDArray[np.float64]:
        """Observed data (n,)."""
        ...

    @property
    def sigma(self) -> NDArray[np.float64]:
        """Standard errors of the data (n,)."""
        ...

    def predict(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predicted data (n,) of one model (size,)."""
        ...

    def linearize(
        self, white: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return predicted data (n,) and their derivative (n, size)."""
        ...

    def pull_back(
        self, white: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the derivative of ``weights @ predict`` (size,), without the full matrix."""
        ...


@dataclass(frozen=True)
class MemberStreams:
    """Random numbers of the members of an ensemble, which belong to a member's number alone.

    Attributes
    ----------
    seed : int
        The root seed of the run.
    owner : str
        Whose ensemble it is: two owners of one seed share no random numbers.
    """

    seed: int
    owner: str

    def stream(self, purpose: str, member: int) -> np.random.Generator:
        """Return the generator of a member for one purpose."""
        return random_stream(self.seed, self.owner, purpose, member)


@dataclass(frozen=True)
class LinearProblem:
    """Data that depend linearly on the coordinates: ``offset + operator @ white``.

    ``modes`` is the derivative of the sought function by the coordinates, where there is one.
    """

    operator: NDArray[np.float64]
    offset: NDArray[np.float64]
    data: NDArray[np.float64]
    sigma: NDArray[np.float64]
    modes: NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return int(self.operator.shape[1])

    def predict(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predicted data."""
        return self.offset + self.operator @ white

    def linearize(
        self, white: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return predicted data and the operator."""
        return self.predict(white), self.operator

    def pull_back(
        self, white: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return ``operator.T @ weights``."""
        return self.operator.T @ weights

    def posterior(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the exact posterior mean (size,) and covariance (size, size)."""
        a, s = self.operator, self.sigma
        gain = np.linalg.solve(a @ a.T + np.diag(s**2), a).T
        mean = gain @ (self.data - self.offset)
        return mean, np.eye(self.size) - gain @ a

    def log_evidence(self) -> float:
        """Return the natural logarithm of the probability density of the data."""
        a = self.operator
        system = a @ a.T + np.diag(self.sigma**2)
        residual = self.data - self.offset
        _, logdet = np.linalg.slogdet(2 * np.pi * system)
        return float(-0.5 * (residual @ np.linalg.solve(system, residual) + logdet))


def robust_weights(
    residuals: ArrayLike, degrees_of_freedom: float | None
) -> tuple[NDArray[np.float64], float]:
    r"""Weights of normalized residuals, and their log-likelihood up to a constant.

    Normal errors for ``None``; else Student's t with :math:`\nu` degrees of freedom, whose
    weights :math:`(\nu+1)/(\nu+r^2)` make outliers harmless. The derivative of the
    log-likelihood by a residual is ``-weight * residual`` in both.
    """
    r = np.asarray(residuals, dtype=np.float64)
    if degrees_of_freedom is None:
        return np.ones_like(r), float(-0.5 * np.sum(r**2))
    nu = degrees_of_freedom
    return (nu + 1) / (nu + r**2), float(-0.5 * (nu + 1) * np.sum(np.log1p(r**2 / nu)))


def posterior_score(
    problem: WhiteProblem,
    white: NDArray[np.float64],
    degrees_of_freedom: float | None = None,
    noise_shape: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    r"""Return the gradient of the log-posterior, the normalized residuals and log-likelihood.

    With ``noise_shape`` a a common factor of all standard errors is integrated out, whose
    square has an inverse gamma prior of shape a and scale a + 1 (mode 1): the log-likelihood
    is :math:`-(a + n/2) \ln(a + 1 + |r|^2/2)`.
    """
    residuals = (problem.predict(white) - problem.data) / problem.sigma
    weights, log_likelihood = robust_weights(residuals, degrees_of_freedom)
    if noise_shape is not None:
        shape = noise_shape + 0.5 * residuals.size
        scale = noise_shape + 1.0 + 0.5 * float(np.sum(residuals**2))
        weights = np.full_like(residuals, shape / scale)
        log_likelihood = -shape * float(np.log(scale))
    gradient = problem.pull_back(white, -weights * residuals / problem.sigma) - white
    return gradient, residuals, log_likelihood


def noise_factor(
    residuals: NDArray[np.float64], shape: float, streams: MemberStreams, member: int
) -> float:
    """Draw the factor of all standard errors, given a member's normalized residuals.

    See :func:`posterior_score` for its prior.
    """
    gamma = float(streams.stream("noise_factor", member).gamma(shape + 0.5 * residuals.size))
    return float(np.sqrt((shape + 1.0 + 0.5 * np.sum(residuals**2)) / gamma))


def white_draw(
    streams: MemberStreams, member: int, size: int, purpose: str = "prior"
) -> NDArray[np.float64]:
    """Standard normal numbers that belong to a member and to nothing else."""
    return streams.stream(purpose, member).standard_normal(size)
