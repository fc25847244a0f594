"""How much each pick counts: noise of P and of S, and the share of wrong picks, of a catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.structure._arrivals import Arrivals

Floats = NDArray[np.float64]

_FIRST_SHARE = 0.01
"""Share of wrong picks that the search starts from; chosen here."""

_LARGEST_SHARE = 0.3
"""Largest share: with more, nothing tells which picks are right; chosen here."""

_ROUNDS = 20
"""Rounds of expectation and maximization; chosen here: to a thousandth."""

_OUTLIER = 0.5
"""Picks that are right with less probability are called outliers; chosen here."""


@dataclass(frozen=True)
class PickWeights:
    """How much the picks of a catalog count.

    Attributes
    ----------
    noise : (float, float)
        Errors of P and of S over the stated ones.
    contamination : float
        Share of wrong picks, which are spread evenly.
    share : ndarray, (picks,)
        Probability that a pick is right.
    """

    noise: tuple[float, float]
    contamination: float
    share: Floats

    def weight(self, arrivals: Arrivals) -> Floats:
        """Return what picks count: their shares over their variances, (picks,), 1/s^2."""
        factor = np.where(arrivals.is_s, self.noise[1], self.noise[0])
        return np.asarray(self.share / (arrivals.sigma_s * factor) ** 2)

    @property
    def is_outlier(self) -> NDArray[np.bool_]:
        """Which picks are wrong rather than right."""
        return self.share < _OUTLIER


def first_weights(residual_s: Floats, largest_s: float) -> PickWeights:
    """Return the weights before anything is known of noise: far residuals are wrong ones."""
    share = (np.abs(residual_s) <= largest_s).astype(float)
    return PickWeights((1.0, 1.0), float(np.mean(1.0 - share)) if share.size else 0.0, share)


def infer_weights(
    arrivals: Arrivals, residual_s: Floats, unknowns: float, largest_s: float
) -> PickWeights:
    """Infer noise and contamination from the residuals of all events.

    A residual of a right pick is Gaussian, with the stated error times a factor of its phase; a
    wrong one is even within ``largest_s``. By expectation and maximization; then both factors grow
    by what the unknowns took from the residuals, which were fitted to the same picks.

    Parameters
    ----------
    arrivals : Arrivals
    residual_s : ndarray, (picks,)
    unknowns : float
        How many the picks were fitted with: four of every source, and those of structure that
        they determine.
    largest_s : float
    """
    z = residual_s / arrivals.sigma_s
    phase = [np.flatnonzero(~arrivals.is_s), np.flatnonzero(arrivals.is_s)]
    inside = np.abs(residual_s) <= largest_s
    even = arrivals.sigma_s / (2.0 * largest_s)
    noise = [max(float(np.sqrt(np.mean(z[p & inside] ** 2))), 1e-3) if (p & inside).any() else 1.0
             for p in (~arrivals.is_s, arrivals.is_s)]  # fmt: skip
    wrong, share = _FIRST_SHARE, inside.astype(float)
    for _ in range(_ROUNDS):
        factor = np.where(arrivals.is_s, noise[1], noise[0])
        right = np.exp(-0.5 * (z / factor) ** 2) / (np.sqrt(2.0 * np.pi) * factor)
        share = np.where(
            inside, (1.0 - wrong) * right / ((1.0 - wrong) * right + wrong * even), 0.0
        )
        wrong = min(max(float(np.mean(1.0 - share)), 1e-6), _LARGEST_SHARE)
        for k, p in enumerate(phase):
            total = float(share[p].sum()) if p.size else 0.0
            if total > 0:
                noise[k] = max(float(np.sqrt((share[p] * z[p] ** 2).sum() / total)), 1e-3)
    total = float(share.sum())
    scale = float(np.sqrt(total / max(total - unknowns, 0.1 * total, 1.0)))
    return PickWeights((noise[0] * scale, noise[1] * scale), wrong, share)
