"""Ranges of mass ratios, gains and losses: immobile and mobile elements as a mixture.

An element is immobile in all samples, or mobile in all. Given which, everything is Gaussian:

    ln(C_ij / C0_i) = -ln a_j - d_i + z_i (b_i + w_ij) + e_ij

with the error d_i of the protolith, which all samples share, the analytical error e_ij, the
indicator z_i, and gains b_i of an element and w_ij of a sample. Their variances and the share of
immobile elements are inferred; values below a detection limit are drawn with the rest. Gibbs
sampling (e.g. George & McCulloch, 1993, J. Am. Stat. Assoc. 88, 881-889) in several chains from
different starts; where these disagree, no range is stated without saying so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from quakeloom.geochem._isocon import IsoconData

Floats = NDArray[np.float64]

_GAIN_SD = 0.5
"""Standard deviation of ln gains that the priors of their variances are centered on: elements that
are mobile gain or lose half of themselves; chosen here, the data decide."""

_PRIOR_SHAPE = 2.0
"""Shape of the inverse gamma priors of variances: as weak as has a mean; chosen here."""


@dataclass
class _State:
    """All unknowns of all chains: the first axis counts chains."""

    log_a: Floats
    mobile: NDArray[np.bool_]
    share: Floats
    shared_variance: Floats
    own_variance: Floats
    y: Floats
    gains: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class IsoconPosterior:
    """Draws of the posterior.

    Attributes
    ----------
    log_mass_ratio : ndarray, (chain, draw, sample)
    immobile : ndarray, (element,)
        Probability that the element is immobile.
    log_gains : ndarray, (draw, element, sample)
        Logarithms of gains, 0 where the draw has an element immobile; some of the draws.
    immobile_share : ndarray, (chain, draw)
    """

    log_mass_ratio: Floats
    immobile: Floats
    log_gains: Floats
    immobile_share: Floats


def sample_isocon(
    data: IsoconData,
    starts: Floats,
    stream: np.random.Generator,
    sweeps: int = 1500,
    kept_gains: int = 400,
) -> IsoconPosterior:
    """Draw mass ratios, immobile elements, gains and losses.

    Parameters
    ----------
    data : IsoconData
        Elements have at least one value or limit each.
    starts : ndarray, (chain, sample)
        Mass ratios that the chains begin from.
    stream : numpy.random.Generator
    sweeps : int
        Of each chain, after a third as many that are thrown away.
    kept_gains : int
        Draws of gains that are returned.
    """
    chains, samples = starts.shape
    elements = data.shape[0]
    known = np.isfinite(data.log_ratio)
    censored = np.isfinite(data.upper) & ~known
    first = np.where(known, data.log_ratio, np.where(censored, data.upper, 0.0))
    state = _State(
        np.log(starts),
        np.ones((chains, elements), bool),
        np.full(chains, 0.5),
        np.full(chains, _GAIN_SD**2),
        np.full(chains, _GAIN_SD**2),
        np.repeat(first[None], chains, axis=0),
    )
    present = known | censored
    burn = sweeps // 3
    every = max(1, sweeps * chains // kept_gains)
    log_a = np.empty((chains, sweeps, samples))
    share = np.empty((chains, sweeps))
    immobile = np.zeros(elements)
    gains = []
    for sweep in range(-burn, sweeps):
        _sweep(state, data, present, censored, stream)
        if sweep < 0:
            continue
        log_a[:, sweep] = state.log_a
        share[:, sweep] = state.share
        immobile += (~state.mobile).mean(axis=0) / sweeps
        if sweep % every == 0:
            gains.append(np.where(present[None], state.gains, np.nan))
    return IsoconPosterior(log_a, immobile, np.concatenate(gains), share)


def _sweep(
    state: _State,
    data: IsoconData,
    present: NDArray[np.bool_],
    censored: NDArray[np.bool_],
    stream: np.random.Generator,
) -> None:
    """Draw every unknown once, given the others."""
    noise = np.where(present, data.noise**2, np.inf)[None]
    base = data.protolith_noise[None] ** 2
    b2, w2 = state.shared_variance[:, None], state.own_variance[:, None]
    rest = state.y + state.log_a[:, None, :]
    still = _log_density(rest, noise, base)
    moved = _log_density(rest, noise + w2[..., None], base + b2)
    with np.errstate(divide="ignore", over="ignore"):
        odds = np.log1p(-state.share)[:, None] - np.log(state.share)[:, None] + moved - still
        state.mobile = stream.random(odds.shape) < 1.0 / (1.0 + np.exp(-odds))
    z = state.mobile
    variance = noise + np.where(z, w2, 0.0)[..., None]
    common = base + np.where(z, b2, 0.0)
    state.log_a = _draw_ratios(state.y, variance, common, stream)
    rest = state.y + state.log_a[:, None, :]
    precision = 1.0 / variance
    spread = 1.0 / (precision.sum(axis=-1) + 1.0 / common)
    middle = spread * (precision * rest).sum(axis=-1)
    shared = middle + np.sqrt(spread) * stream.standard_normal(middle.shape)
    part = np.where(z, b2 / common, 0.0)
    gain = part * shared + np.sqrt(part * base) * stream.standard_normal(shared.shape)
    left = rest - shared[..., None]
    own = np.where(z, w2, 0.0)[..., None]
    pull = np.where(present[None], own / variance, 0.0)
    jitter = np.sqrt(pull * np.where(present, data.noise**2, 0.0)[None])
    own_gain = pull * left + jitter * stream.standard_normal(left.shape)
    state.gains = np.where(z, gain, 0.0)[..., None] + np.where(z[..., None], own_gain, 0.0)
    if censored.any():
        _draw_censored(state, data, shared, variance, censored, stream)
    _draw_hyperparameters(state, gain, own_gain, present, stream)


def _log_density(rest: Floats, noise: Floats, common: Floats) -> Floats:
    """Gaussian density with a diagonal and one shared error, up to a constant."""
    precision = 1.0 / noise
    total = precision.sum(axis=-1)
    weighted = (precision * rest).sum(axis=-1)
    squares = (precision * rest**2).sum(axis=-1)
    logs = np.where(np.isfinite(noise), np.log(np.where(np.isfinite(noise), noise, 1.0)), 0.0)
    quadratic = squares - common * weighted**2 / (1.0 + common * total)
    return np.asarray(-0.5 * (quadratic + logs.sum(axis=-1) + np.log1p(common * total)))


def _draw_ratios(
    y: Floats, variance: Floats, common: Floats, stream: np.random.Generator
) -> Floats:
    """Draw ``ln a`` of all samples at once; errors of the protolith couple them."""
    u = 1.0 / variance
    factor = common / (1.0 + common * u.sum(axis=-1))
    precision = -np.matmul(np.swapaxes(u * factor[..., None], 1, 2), u)
    n = y.shape[-1]
    precision[:, np.arange(n), np.arange(n)] += u.sum(axis=1) + 1e-9
    weighted = (u * y).sum(axis=-1)
    right = (u * ((factor * weighted)[..., None] - y)).sum(axis=1)
    lower = np.linalg.cholesky(precision)
    white = stream.standard_normal(right.shape)
    half = np.linalg.solve(lower, right[..., None])
    return np.asarray(np.linalg.solve(np.swapaxes(lower, 1, 2), half + white[..., None])[..., 0])


def _draw_censored(
    state: _State,
    data: IsoconData,
    shared: Floats,
    variance: Floats,
    censored: NDArray[np.bool_],
    stream: np.random.Generator,
) -> None:
    """Draw logarithms below their limits, from normal densities that end there."""
    k, e, j = np.nonzero(np.broadcast_to(censored, state.y.shape))
    mean = shared[k, e] - state.log_a[k, j]
    variance = np.broadcast_to(variance, state.y.shape)
    sd = np.sqrt(variance[k, e, j])
    top = log_ndtr((data.upper[e, j] - mean) / sd)
    state.y[k, e, j] = mean + sd * ndtri_exp(top + np.log(stream.random(k.size)))


def _draw_hyperparameters(
    state: _State,
    gain: Floats,
    own_gain: Floats,
    present: NDArray[np.bool_],
    stream: np.random.Generator,
) -> None:
    z = state.mobile
    count = z.sum(axis=1)
    state.share = stream.beta(1.0 + (~z).sum(axis=1), 1.0 + count)
    shape, scale = _PRIOR_SHAPE, (_PRIOR_SHAPE - 1.0) * _GAIN_SD**2
    squares = np.where(z, gain**2, 0.0).sum(axis=1)
    state.shared_variance = (scale + squares / 2) / stream.gamma(shape + count / 2)
    use = z[..., None] & present[None]
    squares = np.where(use, own_gain**2, 0.0).sum(axis=(1, 2))
    state.own_variance = (scale + squares / 2) / stream.gamma(shape + use.sum(axis=(1, 2)) / 2)
