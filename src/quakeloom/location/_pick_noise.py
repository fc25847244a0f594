"""How large the errors of picks really are, from the residuals of a whole catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]

_LEVELS = np.concatenate([[0.0], np.geomspace(0.004, 2.0, 60)])
"""Errors beyond those stated that are tried, in s: a tenth apart."""

_FINE_LEVELS = 41
"""Errors tried between the two beside the best, for the mean and its standard error."""

_ROUNDS = 25
"""Rounds of expectation and maximization for the share of wrong picks: to a thousandth."""

_MOST_RESIDUALS = 20_000
"""Residuals of a phase that are looked at; more are thinned evenly. The error is 0.5 % then."""

_FIRST_SHARE = 0.02
"""Share of wrong picks that the search starts from."""

_LARGEST_SHARE = 0.3
"""Largest share of wrong picks: with more, nothing tells which are the right ones."""

_PARAMETERS = 4.0
"""Numbers that a hypocenter takes from its picks: place and origin time."""


@dataclass(frozen=True)
class PickNoise:
    """What the residuals of a phase say of its picks.

    Attributes
    ----------
    noise_s, noise_error_s : float
        Error beyond those that are stated, to be added in squares, and its standard error.
    contamination : float
        Share of picks that are wrong: spread evenly over the range of all residuals.
    count : int
        Residuals.
    """

    noise_s: float
    noise_error_s: float
    contamination: float
    count: int


def estimate_pick_noise(
    residual_s: ArrayLike, variance: ArrayLike, picks: ArrayLike, freedom: float = np.inf
) -> PickNoise:
    """Infer the error of picks beyond what is stated, and the share of wrong ones.

    A residual is drawn from ``(1 - e) f(r; s) + e / W``: ``f`` is Gaussian or Student's t with
    scale ``s^2 = (variance + noise^2) (1 - 4 / picks)``, since a hypocenter fitted to its picks
    takes four numbers from them, and ``W`` the span of all residuals. The noise of most posterior
    probability, over the levels tried, with its standard deviation; the share ``e`` by
    expectation and maximization at each of them.

    Parameters
    ----------
    residual_s, variance : array_like, shape (n,)
        Of one phase, after station terms; variance as it is stated, with all that settings add.
    picks : array_like, shape (n,)
        Picks of the event.
    freedom : float
        Degrees of freedom of Student's t; infinite is Gaussian.

    References
    ----------
    Hierarchical noise as in Bodin et al. (2012), J. Geophys. Res. 117, B02301.
    """
    residual = np.abs(np.asarray(residual_s, dtype=float))
    count = residual.size
    keep = np.linspace(0, count - 1, min(count, _MOST_RESIDUALS)).round().astype(np.int64)
    residual, stated = residual[keep], np.asarray(variance, dtype=float)[keep]
    fitted = np.maximum(1.0 - _PARAMETERS / np.asarray(picks, dtype=float)[keep], 0.2)
    width = 2.0 * max(float(residual.max()), 1e-3)

    def try_levels(levels: Floats) -> tuple[Floats, Floats]:
        fit, shares = np.empty(levels.size), np.empty(levels.size)
        for i, level in enumerate(levels):
            density = _density(residual, (stated + level**2) * fitted, freedom)
            share = _FIRST_SHARE
            for _ in range(_ROUNDS):
                wrong = share / width
                share = float(np.mean(wrong / (wrong + (1.0 - share) * density)))
                share = min(share, _LARGEST_SHARE)
            fit[i], shares[i] = np.log(share / width + (1.0 - share) * density).sum(), share
        return fit, shares

    best = int(np.argmax(try_levels(_LEVELS)[0]))
    around = _LEVELS[max(best - 1, 0)], _LEVELS[min(best + 1, _LEVELS.size - 1)]
    levels = np.linspace(*around, _FINE_LEVELS)
    fit, shares = try_levels(levels)
    weight = np.exp(fit - fit.max())
    weight /= weight.sum()  # so that means stay within what was tried
    noise = float(weight @ levels) if best else 0.0
    error = float(np.sqrt(weight @ (levels - weight @ levels) ** 2))
    return PickNoise(noise, error, min(float(weight @ shares), 1.0), count)


def _density(residual: Floats, variance: Floats, freedom: float) -> Floats:
    """Density of residuals of some variance: Gaussian, or Student's t with it as scale."""
    squared = residual**2 / variance
    if not np.isfinite(freedom):
        return np.asarray(np.exp(-0.5 * squared) / np.sqrt(2.0 * np.pi * variance))
    factor = gammaln(0.5 * (freedom + 1.0)) - gammaln(0.5 * freedom)
    log = factor - 0.5 * np.log(np.pi * freedom * variance)
    return np.asarray(np.exp(log - 0.5 * (freedom + 1.0) * np.log1p(squared / freedom)))
