"""Whether Markov chains agree, and how many independent draws they are worth.

Rank-normalized split R-hat and effective sample size of Vehtari et al. (2021), Bayesian Anal. 16,
667-718.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChainDiagnostics:
    """Convergence of every quantity.

    Attributes
    ----------
    r_hat : ndarray, (quantity,)
        The larger of bulk and tail; near 1 where chains agree. 1 where nothing varies.
    bulk_draws, tail_draws : ndarray, (quantity,)
        Effective independent draws for means, and for 5 and 95 % quantiles.
    """

    r_hat: Floats
    bulk_draws: Floats
    tail_draws: Floats


def diagnose_chains(draws: Floats) -> ChainDiagnostics:
    """Compare chains, and their halves, of each quantity.

    Parameters
    ----------
    draws : ndarray, (chain, draw, quantity)
        At least two chains of four draws.

    Returns
    -------
    ChainDiagnostics
    """
    x = np.asarray(draws, float)
    half = x.shape[1] // 2
    split = np.concatenate([x[:, :half], x[:, x.shape[1] - half :]])
    bulk = _rank_normal(split)
    folded = _rank_normal(np.abs(split - np.median(split, axis=(0, 1))))
    low = (split <= np.quantile(split, 0.05, axis=(0, 1))).astype(float)
    high = (split <= np.quantile(split, 0.95, axis=(0, 1))).astype(float)
    return ChainDiagnostics(
        np.maximum(_split_r_hat(bulk), _split_r_hat(folded)),
        _effective_draws(bulk),
        np.minimum(_effective_draws(low), _effective_draws(high)),
    )


def _rank_normal(x: Floats) -> Floats:
    flat = x.reshape(-1, x.shape[-1])
    ranks = rankdata(flat, axis=0)
    return np.asarray(ndtri((ranks - 0.375) / (len(flat) + 0.25))).reshape(x.shape)


def _split_r_hat(x: Floats) -> Floats:
    within = x.var(axis=1, ddof=1).mean(axis=0)
    between = x.mean(axis=1).var(axis=0, ddof=1)
    n = x.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.sqrt((n - 1) / n + between / within)
    still = (within == 0) & (between == 0)
    return np.where(still, 1.0, np.where(within == 0, np.inf, found))


def _effective_draws(x: Floats) -> Floats:
    """Geyer's initial monotone sequence over the autocorrelation of all chains together."""
    chains, n, quantities = x.shape
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    centered = x - x.mean(axis=1, keepdims=True)
    power = np.fft.rfft(centered, size, axis=1)
    covariance = np.fft.irfft(power * np.conj(power), size, axis=1)[:, :n] / n
    within = covariance[:, 0].mean(axis=0) * n / (n - 1)
    total = within * (n - 1) / n + x.mean(axis=1).var(axis=0, ddof=1)
    result = np.full(quantities, float(chains * n))
    for q in range(quantities):
        if total[q] <= 0:
            continue
        rho = 1.0 - (within[q] - covariance[:, :, q].mean(axis=0)) / total[q]
        rho[0] = 1.0
        pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
        below = np.flatnonzero(pairs <= 0)
        pairs = pairs[: below[0]] if below.size else pairs
        tau = -1.0 + 2.0 * np.minimum.accumulate(pairs).sum()
        result[q] = chains * n / max(tau, 1.0 / np.log10(chains * n))
    return result
