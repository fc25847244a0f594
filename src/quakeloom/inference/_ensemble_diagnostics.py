"""How good an ensemble is, by Stein's identity and without knowing the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.inference._informed_subspace import InformedSubspace


@dataclass(frozen=True)
class EnsembleQuality:
    """Stein diagnostics of an ensemble, along the data-informed directions.

    Attributes
    ----------
    effective_sample_size : float
        Independent posterior draws that would have errors as large as this ensemble's; at
        most its number of members.
    spread_ratio : ndarray, (rank,)
        Variance of the ensemble in units of the posterior's; 1 is right, less is collapse.
    mean_shift : ndarray, (rank,)
        Error of the ensemble's mean in posterior standard deviations.
    """

    effective_sample_size: float
    spread_ratio: NDArray[np.float64]
    mean_shift: NDArray[np.float64]


def assess_ensemble(
    particles: NDArray[np.float64], scores: NDArray[np.float64], subspace: InformedSubspace
) -> EnsembleQuality:
    r"""Compare an ensemble with its posterior by the gradients of the log-posterior alone.

    For draws of a density :math:`p`, Stein's identity says
    :math:`E[s] = 0` and :math:`-E[(x - \bar x) s] = 1` for every coordinate :math:`x` and
    its score :math:`s = \partial \ln p / \partial x`, whatever the density. For a Gaussian
    posterior the second is the ratio of the variances, the first the shift of the mean over
    the variance. The scatter of single draws tells how large the errors of n independent
    draws are: 1/n and 2/n for a Gaussian in units of its width, more where the posterior is
    no Gaussian. The effective sample size is the n at which the errors found would be
    typical, the smaller of the two. Directions and widths must be those of the posterior as a
    whole (:func:`averaged_subspace`), not of one model of it.

    Parameters
    ----------
    particles, scores : ndarray, (members, size)
        White coordinates and gradients of the log-posterior by them.
    subspace : InformedSubspace

    References
    ----------
    Gorham, J. and Mackey, L. (2015), Measuring sample quality with Stein's method, NIPS.
    """
    y = particles @ subspace.basis / subspace.spread
    return _assess_directions(y, scores @ subspace.basis * subspace.spread)


def _assess_directions(y: NDArray[np.float64], s: NDArray[np.float64]) -> EnsembleQuality:
    """Assess members (n, rank) and scores in directions of unit posterior width."""
    n = len(y)
    if n < 3 or not y.shape[1]:
        none = np.full(y.shape[1], np.nan)
        return EnsembleQuality(float("nan"), none, none)
    centered = y - y.mean(axis=0)
    ratio = -(centered * s).sum(axis=0) / (n - 1)
    shift = s.mean(axis=0)
    # the scatter of one draw: no less than a Gaussian's, so a collapsed ensemble does not
    # pass for a precise one
    noise = max(float(np.mean(s.var(axis=0, ddof=1))), 1.0)
    spread_noise = max(float(np.mean((centered * s).var(axis=0, ddof=1))), 2.0)
    # noise of n draws is part of both estimates, so no ensemble counts for more than n
    by_mean = noise / max(float(np.mean(shift**2)), noise / n)
    by_spread = spread_noise / max(float(np.mean((ratio - 1.0) ** 2)), spread_noise / n)
    return EnsembleQuality(min(by_mean, by_spread, float(n)), ratio, shift)


def assess_mixture(
    particles: NDArray[np.float64],
    scores: NDArray[np.float64],
    subspaces: Sequence[InformedSubspace],
    which: Sequence[int],
) -> EnsembleQuality:
    """Assess an ensemble whose members belong to posteriors with different priors.

    Stein's identity holds for every posterior in the directions and widths of its own, so
    the first direction of one is put beside the first of the others, and so on, as far as all
    have one; every member counts from the center of its posterior. See :func:`assess_ensemble`.

    Parameters
    ----------
    particles, scores : ndarray, (members, size)
    subspaces : sequence of InformedSubspace
        One per posterior.
    which : sequence of int, (members,)
        The posterior of every member.
    """
    if all(s is subspaces[0] for s in subspaces):
        return assess_ensemble(particles, scores, subspaces[0])
    rank = min(s.values.size for s in subspaces)
    y, s = np.empty((len(particles), rank)), np.empty((len(particles), rank))
    for row, place in enumerate(which):
        own = subspaces[place]
        basis, spread = own.basis[:, :rank], own.spread[:rank]
        y[row] = (particles[row] - own.center) @ basis / spread
        s[row] = scores[row] @ basis * spread
    return _assess_directions(y, s)


def coverage_spread(
    factor: NDArray[np.float64],
    members: int,
    draws: int = 300,
    seed: int = 0,
    level: float = 0.95,
) -> NDArray[np.float64]:
    r"""Coverage that exact posterior draws have of single truths: what scatter to expect.

    The share of nodes whose truth lies in the ensemble's range has the mean ``level`` over many
    truths, but nodes are correlated, so one truth counts as a few tens of independent nodes and
    the share of one truth scatters by some :math:`\sqrt{0.05 \cdot 0.95 / n_\mathrm{eff}}`.
    A test of an ensemble against single truths must allow for it.

    Parameters
    ----------
    factor : ndarray, (nodes, size)
        Any factor of the posterior covariance at the nodes, ``C = factor @ factor.T``.
    members : int
        Members of the ensemble whose quantiles make the range.
    draws : int
        Truths to draw.
    seed : int
    level : float

    Returns
    -------
    ndarray, (draws,)
        Coverage of every truth.
    """
    rng = random_stream(seed, "coverage_spread")
    size = factor.shape[1]
    found = np.empty(draws)
    for k in range(draws):
        crowd = rng.standard_normal((members, size)) @ factor.T
        truth = factor @ rng.standard_normal(size)
        low, high = central_range(crowd, level)
        found[k] = np.mean((truth >= low) & (truth <= high))
    return found


def central_range(
    values: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the range that holds a further draw with a probability, from members (n, ...).

    Of n members the i-th smallest is the quantile i / (n + 1), so that the range is right for
    small ensembles too, as long as ``1 - level >= 2 / (n + 1)``.
    """
    edges = 0.5 * (1.0 - level), 0.5 * (1.0 + level)
    low, high = np.quantile(values, edges, axis=0, method="weibull")
    return low, high


def ensemble_agreement(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare two ensembles of the same field, (members, ...).

    Returns
    -------
    difference : ndarray
        Difference of the means in units of the pooled standard deviation.
    ratio : ndarray
        Standard deviation of the first over that of the second.
    """
    a, b = first.std(axis=0, ddof=1), second.std(axis=0, ddof=1)
    pooled = np.sqrt(0.5 * (a**2 + b**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = (first.mean(axis=0) - second.mean(axis=0)) / pooled
        ratio = a / b
    return difference, ratio
