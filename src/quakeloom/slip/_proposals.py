"""Models drawn where the data want them, and weighed for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import mix_models, temper_log_weights

Floats = NDArray[np.float64]

_WIDER = 1.5
"""Factor of the fitted covariance, so that the tails of the posterior are drawn as well. Chosen
here."""

_PER_NUMBER = 8.0
"""Effective models per number that a proposal is fitted to at least; with fewer the evidence counts
less. Chosen here."""


@dataclass(frozen=True)
class Proposal:
    """A Gaussian density that models are drawn from, in standard normal numbers.

    Attributes
    ----------
    mean : ndarray, shape (n,)
    root : ndarray, shape (n, n)
        Lower Cholesky factor of the covariance.
    """

    mean: Floats
    root: Floats

    def draw(self, normals: Floats) -> Floats:
        """Turn standard normal numbers, (models, n), into draws."""
        return np.asarray(self.mean + normals @ self.root.T)

    def log_density(self, numbers: Floats) -> Floats:
        """Return the logarithm of the density at numbers, (models, n), up to ``n ln(2 pi) / 2``."""
        white = np.linalg.solve(self.root, (numbers - self.mean).T)
        return np.asarray(-0.5 * np.sum(white**2, axis=0) - np.sum(np.log(np.diag(self.root))))


def prior_proposal(count: int) -> Proposal:
    """Return the prior of ``count`` standard normal numbers."""
    return Proposal(np.zeros(count), np.eye(count))


def fit_proposal(numbers: Floats, log_prior: Floats, log_evidence: Floats) -> Proposal:
    """Fit a Gaussian to models as the data weigh them, somewhat wider.

    Parameters
    ----------
    numbers : ndarray, shape (models, n)
    log_prior, log_evidence : ndarray, shape (models,)

    Returns
    -------
    Proposal
    """
    fewest = min(_PER_NUMBER * numbers.shape[1], 0.25 * len(numbers))
    weights = mix_models(log_evidence, log_prior)
    if weights.effective_number < fewest:
        relative = log_evidence - log_evidence.max()
        tempered = temper_log_weights(log_prior, relative, fewest)
        weights = mix_models(relative, tempered)
    mean = weights.weights @ numbers
    offset = numbers - mean
    covariance = (offset * weights.weights[:, None]).T @ offset
    floor = 1e-4 * np.eye(mean.size)
    root = np.asarray(np.linalg.cholesky(_WIDER * covariance + floor), np.float64)
    return Proposal(np.asarray(mean, np.float64), root)


def log_importance(numbers: Floats, proposals: list[Proposal]) -> Floats:
    """Return the logarithm of the prior over the density that models were drawn from.

    As many models were drawn from each proposal; all count as drawn from their mixture (Owen & Zhou
    2000, J. Am. Stat. Assoc. 95, 135-143).
    """
    drawn = np.stack([p.log_density(numbers) for p in proposals])
    mixture = np.logaddexp.reduce(drawn, axis=0) - np.log(len(proposals))
    return np.asarray(prior_proposal(numbers.shape[1]).log_density(numbers) - mixture)
