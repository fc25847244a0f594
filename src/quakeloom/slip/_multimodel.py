"""Slip in an ensemble of models: the mixture, the answer of one model, and a Gaussian one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky

from quakeloom.core import random_stream
from quakeloom.inference import (
    Mixture,
    mix_models,
    mixture_exceedance,
    mixture_quantile,
    temper_log_weights,
    total_variance,
)
from quakeloom.slip._gaussian import (
    GaussianData,
    HyperPoint,
    MemberSlip,
    SlipPrior,
    draw_member,
    gaussian_data,
    solve_member,
)

Floats = NDArray[np.float64]

_NEGLIGIBLE = 1e-12
"""Weight over the largest below which a model at a hyper-parameter is left out of quantiles."""

_ITERATIONS = 6
"""Rounds in which the Gaussian error of prediction and its slip settle; changes are then below a
thousandth of a standard deviation in the examples."""


@dataclass(frozen=True)
class SlipMixture:
    """Posterior of slip over models and hyper-parameters, free in sign.

    Attributes
    ----------
    mixture : Mixture
        Weights of the models, hyper-parameters summed over.
    log_evidence : ndarray, shape (models,)
    weights : ndarray, shape (models, points)
        Joint weights, which sum to 1.
    members : list of MemberSlip
    log_prior : ndarray, shape (models,)
        Logarithms of the prior weights, up to a constant.
    """

    mixture: Mixture
    log_evidence: Floats
    weights: Floats
    members: list[MemberSlip]
    log_prior: Floats

    @property
    def point_weights(self) -> Floats:
        """Posterior weights of the hyper-parameters, shape (points,)."""
        return np.asarray(self.weights.sum(axis=0))

    def stacked(self, sums: bool = False) -> tuple[Floats, Floats, Floats]:
        """Return weights, means and variances of all that counts, one row each."""
        w = self.weights.ravel()
        kept = w > _NEGLIGIBLE * w.max()
        mean, variance = (
            np.concatenate([getattr(m, n) for m in self.members])[kept]
            for n in (("sum_mean", "sum_variance") if sums else ("mean", "variance"))
        )
        return w[kept] / w[kept].sum(), mean, variance

    def moments(self, sums: bool = False) -> tuple[Floats, Floats, Floats]:
        """Return mean, variance, and the part of the variance within models."""
        weights, means, variances = self.stacked(sums)
        within, between = total_variance(weights, means, variances)
        return np.asarray(weights @ means), np.asarray(within + between), within

    def quantile(self, level: float, sums: bool = False) -> Floats:
        """Return a quantile of every parameter, or sum."""
        weights, means, variances = self.stacked(sums)
        return mixture_quantile(weights, means, np.sqrt(variances), level)

    def exceedance(self, value: float) -> Floats:
        """Return the probability that every parameter is above a value."""
        weights, means, variances = self.stacked()
        return mixture_exceedance(weights, means, np.sqrt(variances), value)


def invert_slip(
    greens: Iterable[Floats],
    data: GaussianData,
    prior: SlipPrior,
    sums: Floats | Sequence[Floats] | None = None,
    minimum_models: float = 0.0,
    log_prior: Floats | None = None,
) -> SlipMixture:
    """Return the posterior of slip as the mixture over an ensemble of models.

    All models share the prior and one grid of hyper-parameters, over which the evidence of every
    model is summed: optimized one by one, flexible models would be rewarded.

    Parameters
    ----------
    greens : iterable of ndarray, shape (data, parameters)
        One per model.
    data : GaussianData
    prior : SlipPrior
    sums : ndarray, shape (sums, parameters), or a sequence of one per model, optional
        Rows of linear sums that are wanted, such as the moment.
    minimum_models : float
        Effective number that the evidence leaves at least; with 0 it is taken as it is.
    log_prior : ndarray, shape (models,), optional
        Logarithms of prior weights; models are equally probable without.

    Returns
    -------
    SlipMixture

    References
    ----------
    Agata, Kasahara & Yagi (2021), Geophys. J. Int. 225, 1392-1411.
    """
    members = [
        solve_member(g, data, prior, sums[k] if isinstance(sums, list) else sums)  # type: ignore[arg-type]
        for k, g in enumerate(greens)
    ]
    joint = np.stack([m.log_evidence for m in members]) + prior.log_weight
    peak = joint.max(axis=1)
    evidence = peak + np.log(np.exp(joint - peak[:, None]).sum(axis=1))
    before = np.zeros(evidence.size) if log_prior is None else log_prior
    mixture = weigh_evidence(evidence, before, minimum_models)
    within = np.exp(joint - evidence[:, None])
    return SlipMixture(mixture, evidence, mixture.weights[:, None] * within, members, before)


def weigh_evidence(log_evidence: Floats, log_prior: Floats, minimum_models: float) -> Mixture:
    """Weigh models by their evidence, which leaves at least so many of them in effect.

    With 0 it is taken as it is; no more than a quarter of the models are kept so.
    """
    mixture = mix_models(log_evidence, log_prior)
    if minimum_models <= 0.0 or mixture.effective_number >= minimum_models:
        return mixture
    known = np.isfinite(log_evidence)
    worst = np.where(known, log_evidence, log_evidence[known].min())
    fewest = min(minimum_models, 0.25 * log_evidence.size)
    tempered = temper_log_weights(log_prior, worst - worst.max(), fewest)
    return Mixture(mix_models(log_evidence, tempered).weights, mixture.log_mean_evidence)


def draw_mixture(
    found: SlipMixture,
    greens: Sequence[Floats],
    data: GaussianData,
    prior: SlipPrior,
    count: int,
    seed: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Return equally probable draws of the mixture, and the model of each.

    Models and hyper-parameters have as many draws as their weights say, but for rounding
    (systematic resampling); a draw belongs to its number and the seed.

    Returns
    -------
    draws : ndarray, shape (count, parameters)
    models : ndarray of int, shape (count,)
    """
    flat = found.weights.ravel()
    start = random_stream(seed, "slip", "components").random()
    places = (np.arange(count) + start) / count
    chosen = np.minimum(np.searchsorted(np.cumsum(flat / flat.sum()), places), flat.size - 1)
    points = found.weights.shape[1]
    draws = np.empty((count, prior.mean.size))
    for component in np.unique(chosen):
        rows = np.flatnonzero(chosen == component)
        model, point = divmod(int(component), points)
        normals = np.stack([
            random_stream(seed, "slip", "draw", int(r)).standard_normal(
                prior.mean.size + data.values.size
            ) for r in rows
        ])  # fmt: skip
        draws[rows] = draw_member(greens[model], data, prior, prior.points[point], normals)
    return draws, chosen // points


@dataclass(frozen=True)
class GaussianPrediction:
    """Slip where the models' scatter counts as a Gaussian error of prediction.

    Attributes
    ----------
    log_evidence : float
    mean, variance : ndarray, shape (parameters,)
    sum_mean, sum_variance : ndarray, shape (sums,)
    """

    log_evidence: float
    mean: Floats
    variance: Floats
    sum_mean: Floats
    sum_variance: Floats


def gaussian_prediction(
    greens: Sequence[Floats],
    data: GaussianData,
    prior: SlipPrior,
    point: HyperPoint,
    sums: Floats | None = None,
) -> GaussianPrediction:
    """Return slip in the mean model with the models' scatter in the covariance of the data.

    ``C_p = cov_k(G_k m)`` at the slip of the round before (Duputel et al. 2014, Geophys. J. Int.
    197, 464-482, with the scatter of an ensemble in place of derivatives). To compare with: the
    mixture needs neither a Gaussian scatter nor a slip to take it at.

    Parameters
    ----------
    greens : sequence of ndarray, shape (data, parameters)
    data : GaussianData
    prior : SlipPrior
    point : HyperPoint
        Hyper-parameters, such as the most probable ones of the mixture.
    sums : ndarray, shape (sums, parameters), optional
    """
    mean_green = np.mean(np.stack(greens), axis=0)
    covariance = point.noise**2 * (data.root @ data.root.T)
    alone = HyperPoint(1.0, point.spread, point.correlation)
    own = SlipPrior(prior.mean, prior.covariances, [alone], np.zeros(1))
    slip = solve_member(mean_green, gaussian_data(data.values, covariance), own).mean[0]
    for _ in range(_ITERATIONS):
        predicted = np.stack([g @ slip for g in greens])
        offset = predicted - predicted.mean(axis=0)
        scatter = offset.T @ offset / max(len(greens) - 1, 1)
        both = GaussianData(data.values, cholesky(covariance + scatter, lower=True))
        found = solve_member(mean_green, both, own, sums)
        slip = found.mean[0]
    return GaussianPrediction(
        float(found.log_evidence[0]), found.mean[0], found.variance[0], found.sum_mean[0],
        found.sum_variance[0],
    )  # fmt: skip
