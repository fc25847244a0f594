"""Slip that is nowhere backward, in an ensemble of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.inference import Mixture, log_positive_probability, sample_positive
from quakeloom.slip._gaussian import GaussianData, HyperPoint, SlipPrior, factorize
from quakeloom.slip._multimodel import SlipMixture, weigh_evidence

Floats = NDArray[np.float64]

_CONSIDERED = 30.0
"""Fall of the logarithm of a model's free evidence from the largest at which its positive one is
not computed any more. Chosen here: positivity changed it by a few in the examples."""

_BURN_IN = 30
"""Trajectories before the first sample of a model. Chosen here: the start lies inside."""

_EVERY = 3
"""Trajectories per draw, so that draws are hardly alike. Chosen here."""


@dataclass(frozen=True)
class PositiveSlip:
    """Posterior of slip that is nowhere negative.

    Attributes
    ----------
    mixture : Mixture
        Weights of the models.
    log_evidence : ndarray, shape (models,)
    weights : ndarray, shape (models, points)
        Joint weights of models and hyper-parameters.
    draws : ndarray, shape (draws, parameters)
        Equally probable.
    models : ndarray of int, shape (draws,)
    """

    mixture: Mixture
    log_evidence: Floats
    weights: Floats
    draws: Floats
    models: NDArray[np.int64]


def posterior_moments(
    green: Floats, data: GaussianData, prior: SlipPrior, point: HyperPoint
) -> tuple[Floats, Floats]:
    """Return mean and covariance of one model at one point, free in sign."""
    f = factorize(green, data, prior, point.correlation)
    inverse, scale = f.weights(point), point.spread**2
    white = f.vectors.T @ data.whiten((data.values - green @ prior.mean)[:, None])[:, 0]
    mean = prior.mean + scale * (f.gain @ (inverse * white))
    covariance = scale * f.covariance - scale**2 * (f.gain * inverse) @ f.gain.T
    # rounding makes directions that the data know well negative by a hair
    floor = 1e-12 * scale * float(np.mean(np.diag(f.covariance)))
    return mean, 0.5 * (covariance + covariance.T) + floor * np.eye(mean.size)


def make_positive(
    found: SlipMixture,
    greens: Sequence[Floats],
    data: GaussianData,
    prior: SlipPrior,
    count: int,
    seed: int,
    minimum_models: float = 0.0,
) -> PositiveSlip:
    """Return the posterior of slip that is nowhere negative.

    The prior is the Gaussian one, cut off at zero and scaled up again. The evidence of a model is
    then that of free slip times the probability that its posterior is nowhere negative, over that
    of its prior, both by expectation propagation; draws are exact (Hamiltonian).

    Parameters
    ----------
    found : SlipMixture
        Of the same models, free in sign.
    greens : sequence of ndarray, shape (data, parameters)
    data : GaussianData
    prior : SlipPrior
    count : int
        Draws.
    seed : int
    minimum_models : float
        As for :func:`quakeloom.slip.invert_slip`.

    Returns
    -------
    PositiveSlip
    """
    before = np.array([
        log_positive_probability(prior.mean, p.spread**2 * prior.covariances[p.correlation])
        for p in prior.points
    ])  # fmt: skip
    free = np.stack([m.log_evidence for m in found.members])
    joint = np.full(free.shape, -np.inf)
    for k, h in np.argwhere(free > free.max() - _CONSIDERED):
        mean, covariance = posterior_moments(greens[k], data, prior, prior.points[h])
        after = log_positive_probability(mean, covariance)
        joint[k, h] = free[k, h] + prior.log_weight[h] + after - before[h]
    evidence = np.logaddexp.reduce(joint, axis=1)
    mixture = weigh_evidence(evidence, found.log_prior, minimum_models)
    known = np.where(np.isfinite(evidence), evidence, 0.0)
    weights = mixture.weights[:, None] * np.exp(joint - known[:, None])
    draws, models = _draw(weights, greens, data, prior, count, seed)
    return PositiveSlip(mixture, evidence, weights, draws, models)


def _draw(
    weights: Floats,
    greens: Sequence[Floats],
    data: GaussianData,
    prior: SlipPrior,
    count: int,
    seed: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Draw as many samples of every model and point as its weight says."""
    flat = weights.ravel() / weights.sum()
    start = random_stream(seed, "positive slip", "components").random()
    chosen = np.searchsorted(np.cumsum(flat), (np.arange(count) + start) / count)
    chosen = np.minimum(chosen, flat.size - 1)
    size, points = prior.mean.size, weights.shape[1]
    draws = np.empty((count, size))
    for component in np.unique(chosen):
        rows = np.flatnonzero(chosen == component)
        model, point = divmod(int(component), points)
        mean, covariance = posterior_moments(greens[model], data, prior, prior.points[point])
        random = random_stream(seed, "positive slip", model, point)
        normals = random.standard_normal((_BURN_IN + _EVERY * rows.size, size))
        draws[rows] = sample_positive(mean, covariance, normals, _BURN_IN)[::_EVERY]
    return draws, chosen // points


@dataclass(frozen=True)
class DrawnNumbers:
    """What draws of a mixture say of numbers.

    Attributes
    ----------
    mean, variance, within, low, high : ndarray, shape (n,)
        The variance, its part within models, and the 95 % range.
    """

    mean: Floats
    variance: Floats
    within: Floats
    low: Floats
    high: Floats


def describe_draws(draws: Floats, models: NDArray[np.int64]) -> DrawnNumbers:
    """Return moments and ranges of draws, (draws, n), with the part that models have in common."""
    mean, variance = draws.mean(axis=0), draws.var(axis=0)
    inside, counted = np.zeros(mean.size), 0
    for model in np.unique(models):
        own = draws[models == model]
        if len(own) > 1:
            inside += len(own) * own.var(axis=0, ddof=1)
            counted += len(own)
    within = np.minimum(inside / counted, variance) if counted else variance
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    return DrawnNumbers(mean, variance, within, low, high)


def slip_amplitudes(draws: Floats, rakes_deg: Floats) -> Floats:
    """Return the amount of slip of draws, (draws, patches), with one or two directions a patch.

    Parameters
    ----------
    draws : ndarray, shape (draws, directions * patches)
        Parameters of the first direction first.
    rakes_deg : ndarray, shape (directions,)
    """
    if len(rakes_deg) == 1:
        return draws
    first, second = np.split(draws, 2, axis=1)
    between = np.cos(np.radians(rakes_deg[1] - rakes_deg[0]))
    return np.asarray(np.sqrt(first**2 + second**2 + 2.0 * first * second * between))


def mean_rakes(draws: Floats, rakes_deg: Floats) -> Floats:
    """Return the direction of the mean slip of every patch in degrees, -180 to 180."""
    parts = np.split(draws.mean(axis=0), len(rakes_deg))
    angles = np.radians(rakes_deg)
    along = sum(p * np.cos(a) for p, a in zip(parts, angles, strict=True))
    up = sum(p * np.sin(a) for p, a in zip(parts, angles, strict=True))
    return np.asarray(np.degrees(np.arctan2(up, along)))


def centroids(amplitudes: Floats, areas: Floats, places: Floats) -> Floats:
    """Return the centroid of every draw of slip, (draws, axes): mean place, weighed by potency.

    Draws whose potency is not positive have none, and NaN stands for it.

    Parameters
    ----------
    amplitudes : ndarray, shape (draws, patches)
    areas : ndarray, shape (patches,)
    places : ndarray, shape (patches, axes)
    """
    potency = amplitudes * areas
    total = potency.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0.0, potency @ places / total, np.nan)
