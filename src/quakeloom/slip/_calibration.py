"""Where simulated truths lie in their posteriors: whether stated ranges hold what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from quakeloom.slip._gaussian import GaussianData, SlipPrior, factorize

Floats = NDArray[np.float64]

_NEGLIGIBLE = 1e-8
"""Weight below which a model at a hyper-parameter is left out: it moves no rank by more."""


@dataclass(frozen=True)
class TruthRanks:
    """Ranks of the truth: its probability of being exceeded from below, in the mixture.

    Even over many events if the posterior is right; a central 95 % range holds those from 0.025
    to 0.975.

    Attributes
    ----------
    slip : ndarray, shape (events, parameters)
    sums : ndarray, shape (events, sums)
    effective_models : ndarray, shape (events,)
    """

    slip: Floats
    sums: Floats
    effective_models: Floats


def held_share(ranks: Floats, level: float = 0.95) -> float:
    """Return the share of truths that the central range of a level holds."""
    edge = 0.5 * (1.0 - level)
    return float(np.mean((ranks >= edge) & (ranks <= 1.0 - edge)))


def rank_truths(
    greens: Sequence[Floats],
    data: GaussianData,
    values: Floats,
    prior: SlipPrior,
    sums: Sequence[Floats],
    truths: tuple[Floats, Floats],
) -> TruthRanks:
    """Return the ranks of true slip and sums for many events on one network.

    Models are diagonalized once for all events.

    Parameters
    ----------
    greens : sequence of ndarray, shape (data, parameters)
    data : GaussianData
        Its covariance; the values are not used.
    values : ndarray, shape (events, data)
    prior : SlipPrior
    sums : sequence of ndarray, shape (sums, parameters)
        One per model.
    truths : (ndarray, shape (events, parameters); ndarray, shape (events, sums))

    Returns
    -------
    TruthRanks
    """
    events, points = len(values), len(prior.points)
    evidence = np.empty((events, len(greens), points))
    constant = values.shape[1] * np.log(2.0 * np.pi) + data.log_determinant
    for k, green in enumerate(greens):
        white = data.whiten((values - green @ prior.mean).T)
        for c in range(len(prior.covariances)):
            f = factorize(green, data, prior, c)
            turned = (f.vectors.T @ white) ** 2
            for h, point in enumerate(prior.points):
                if point.correlation == c:
                    inverse = f.weights(point)
                    known = inverse @ turned - np.log(inverse).sum()
                    evidence[:, k, h] = -0.5 * (known + constant) + prior.log_weight[h]
    weights = np.exp(evidence - evidence.max(axis=(1, 2), keepdims=True))
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    slip, total = np.zeros(truths[0].shape), np.zeros(truths[1].shape)
    for k, green in enumerate(greens):
        if weights[:, k].max() < _NEGLIGIBLE:
            continue
        white = data.whiten((values - green @ prior.mean).T)
        for c in range(len(prior.covariances)):
            f = factorize(green, data, prior, c)
            turned = f.vectors.T @ white
            for h, point in enumerate(prior.points):
                if point.correlation != c or weights[:, k, h].max() < _NEGLIGIBLE:
                    continue
                inverse, scale = f.weights(point), point.spread**2
                share = weights[:, k, h][:, None]
                rows = (np.eye(prior.mean.size), slip, truths[0]), (sums[k], total, truths[1])
                for row, out, truth in rows:
                    gain = row @ f.gain
                    mean = row @ prior.mean + scale * (gain @ (inverse[:, None] * turned)).T
                    before = np.einsum("ij,ij->i", row @ f.covariance, row)
                    variance = scale * before - scale**2 * (gain**2 @ inverse)
                    spread = np.sqrt(np.maximum(variance, 1e-300))
                    out += share * ndtr((truth - mean) / spread)
    return TruthRanks(slip, total, 1.0 / np.sum(weights.sum(axis=2) ** 2, axis=1))
