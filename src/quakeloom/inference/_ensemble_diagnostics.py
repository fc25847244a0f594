"""How good an ensemble is, by Stein's identity and without knowing the posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._stein import InformedSubspace


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
    its score :math:`s = \partial \ln p / \partial x`. For a Gaussian posterior the second is
    the ratio of the variances, the first the shift of the mean over the variance. For n
    independent draws the shift has variance 1/n and the ratio 2/n; the effective sample size
    is the n at which the errors found would be typical, the smaller of the two. It takes the
    identity's word for posteriors that are nearly Gaussian along the directions; strong
    nonlinearity is counted as error.

    Parameters
    ----------
    particles, scores : ndarray, (members, size)
        White coordinates and gradients of the log-posterior by them.
    subspace : InformedSubspace

    References
    ----------
    Gorham, J. and Mackey, L. (2015), Measuring sample quality with Stein's method, NIPS.
    """
    n = len(particles)
    y = particles @ subspace.basis / subspace.spread
    s = scores @ subspace.basis * subspace.spread
    if n < 3 or not y.shape[1]:
        none = np.full(y.shape[1], np.nan)
        return EnsembleQuality(float("nan"), none, none)
    centered = y - y.mean(axis=0)
    ratio = -(centered * s).sum(axis=0) / (n - 1)
    # coordinates are in units of the posterior's width as linearized, so that width is 1
    shift = s.mean(axis=0)
    # noise of n draws is part of both estimates, so no ensemble counts for more than n
    by_mean = 1.0 / max(float(np.mean(shift**2)), 1.0 / n)
    by_spread = 2.0 / max(float(np.mean((ratio - 1.0) ** 2)), 2.0 / n)
    return EnsembleQuality(min(by_mean, by_spread, float(n)), ratio, shift)


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
