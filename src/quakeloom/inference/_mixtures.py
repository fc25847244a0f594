"""Mixtures over an ensemble of models: weights by evidence, effective number, total variance.

The posterior under uncertain models is ``p(m | d) = sum_k w_k p(m | d, k)`` with
``w_k`` proportional to ``q_k Z_k``: the prior probability of a model times its evidence (Agata,
Kasahara & Yagi 2021, Geophys. J. Int. 225, 1392-1411). Hypocenters and slip are both mixed so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from quakeloom.core import InputError

Floats = NDArray[np.float64]

FEWEST_MODELS = 10.0
"""Effective number of models below which a mixture is told to rest on few. Chosen here."""

FEWEST_SHARE = 1.0 / 50.0
"""Effective number over the number of models below which the same is told. Chosen here."""

_BISECTIONS = 60
"""Halvings of an interval: to the last digit of a double."""

_POWER_STEPS = 40
"""Steps toward the power of the weights; it is then exact to single precision."""


@dataclass(frozen=True)
class Mixture:
    """Weights of models by their evidence.

    Attributes
    ----------
    weights : ndarray, shape (models,)
        Posterior weights, which sum to 1.
    log_mean_evidence : float
        Natural logarithm of ``sum_k q_k Z_k``: the evidence of the ensemble as a whole.
    """

    weights: Floats
    log_mean_evidence: float

    @property
    def effective_number(self) -> float:
        """Effective number of models, one over the sum of squared weights."""
        return effective_number(self.weights)

    @property
    def warning(self) -> str:
        """A sentence where the mixture rests on few models; empty where it does not."""
        return few_models_warning(self.weights)


def mix_models(log_evidence: ArrayLike, log_prior: ArrayLike | None = None) -> Mixture:
    """Weigh models by their evidence.

    Parameters
    ----------
    log_evidence : array_like, shape (models,)
        Natural logarithms; minus infinity for a model that cannot have made the data.
    log_prior : array_like, shape (models,), optional
        Natural logarithms of the prior weights, which need not sum to 1; equal if not given.

    Returns
    -------
    Mixture

    Raises
    ------
    InputError
        Without a model, or where no model has any evidence.
    """
    evidence = np.asarray(log_evidence, dtype=float)
    prior = np.zeros(evidence.shape) if log_prior is None else np.asarray(log_prior, dtype=float)
    joint = evidence + prior
    if not evidence.size or not np.isfinite(joint.max()):
        raise InputError(
            f"None of {evidence.size} models has an evidence that is a number, so they cannot be "
            "weighed. Look at the data, their errors and the models' predictions."
        )
    peak, top = joint.max(), prior.max()
    mass = np.exp(joint - peak)
    total = mass.sum()
    prior_total = np.exp(prior - top).sum()
    return Mixture(mass / total, float(peak + np.log(total) - top - np.log(prior_total)))


def effective_number(weights: ArrayLike) -> float:
    """Return the effective number of models, one over the sum of squared weights."""
    w = np.asarray(weights, dtype=float)
    return float(1.0 / np.sum(w**2))


def few_models_warning(weights: ArrayLike) -> str:
    """Return a sentence where a mixture rests on few models; empty where it does not.

    Few are fewer than ten, or less than a fiftieth of them, in effect.
    """
    w = np.asarray(weights, dtype=float)
    count = effective_number(w)
    if w.size < 2 or (count >= FEWEST_MODELS and count >= FEWEST_SHARE * w.size):
        return ""
    return (
        f"In effect {count:.1f} of {w.size} models make up the mixture. What the medium and the "
        "geometry add to the uncertainty is known from those few; draw more models, or nearer to "
        "those that explain the data."
    )


def between_covariance(weights: Floats, means: Floats, mean: Floats) -> Floats:
    """Return the covariance of the models' means around that of the mixture.

    With the mean of the models' own covariances it makes up the whole (law of total variance).

    Parameters
    ----------
    weights : ndarray, shape (models,)
    means : ndarray, shape (models, n)
    mean : ndarray, shape (n,)
    """
    offset = means - mean
    between: Floats = (offset * weights[:, None]).T @ offset
    return between


def total_variance(weights: Floats, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return the mean of the models' variances, and the variance of their means.

    Their sum is the variance of the mixture, number by number.

    Parameters
    ----------
    weights : ndarray, shape (models,)
    means, variances : ndarray, shape (models, n)
    """
    mean = weights @ means
    return weights @ variances, weights @ (means - mean) ** 2


def temper_log_weights(log_weight: Floats, log_evidence: Floats, fewest: float) -> Floats:
    """Return prior weights that leave at least so many models in effect.

    Evidence counts by the largest power below 1 with which the effective number,
    ``1 / sum w^2``, is ``fewest``.

    Parameters
    ----------
    log_weight, log_evidence : ndarray, shape (models,)
        The evidence relative to the largest one.
    fewest : float

    Returns
    -------
    ndarray, shape (models,)
        Logarithms of weights, to which the whole evidence is added again.
    """
    low, high = 0.0, 1.0
    for _ in range(_POWER_STEPS):
        power = 0.5 * (low + high)
        value = log_weight + power * log_evidence
        weight = np.exp(value - value.max())
        many = weight.sum() ** 2 / np.sum(weight**2) >= fewest
        low, high = (power, high) if many else (low, power)
    return np.asarray(log_weight + (low - 1.0) * log_evidence)


def mixture_exceedance(
    weights: Floats, means: Floats, deviations: Floats, value: ArrayLike
) -> Floats:
    """Return the probability that a mixture of normal densities is above a value.

    Parameters
    ----------
    weights : ndarray, shape (models,)
    means, deviations : ndarray, shape (models, n)
    value : float or array_like, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    spread = np.maximum(deviations, 1e-300)
    return np.asarray(weights @ ndtr((means - np.asarray(value, dtype=float)) / spread))


def mixture_quantile(weights: Floats, means: Floats, deviations: Floats, level: float) -> Floats:
    """Return the quantile of a mixture of normal densities, by bisection.

    Parameters
    ----------
    weights : ndarray, shape (models,)
    means, deviations : ndarray, shape (models, n)
    level : float
        Between 0 and 1.

    Returns
    -------
    ndarray, shape (n,)
    """
    counted = weights > 0.0
    w, m, s = weights[counted], means[counted], deviations[counted]
    # nine deviations beyond the outermost mean hold every level that a double can tell from 0
    low, high = (m - 9.0 * s).min(axis=0), (m + 9.0 * s).max(axis=0)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = mixture_exceedance(w, m, s, middle) > 1.0 - level
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(0.5 * (low + high))
