"""How far ABIC leaves the smoothing strength open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from quakeloom.inference import AbicScan

_STRENGTHS = 7
"""Strengths that stand for a posterior of alpha2. Chosen here: odd, so that its median is one."""

_SURE = 0.1
"""Standard deviation of ln alpha2 below which the best strength stands alone: others are
then within a tenth of it. Chosen here."""

LENGTH_SHARE = 0.8
"""Slip says nothing of the length of the stress, so a field varies in four of the five
components that its prior lets vary alike: ABIC sees 4/5 of the variance of the steps between
nodes, and its strength is that much too large for a statement of how far they may go."""


def likely_strengths(scan: AbicScan) -> NDArray[np.float64]:
    """Return strengths that stand for the posterior of alpha2, each with the same probability.

    ``p(ln alpha2) ~ exp(-ABIC/2) / alpha``: a uniform prior on the standard deviation of the
    steps between nodes, under which a field without any variation is not certain from the
    start; times :data:`LENGTH_SHARE`. One alone, the best, where the curve leaves no doubt (a
    standard deviation of ln alpha2 below 0.1); none where there was nothing to choose.
    """
    logs = np.log([p.alpha2[0] for p in scan.points])
    if logs.size < 5:
        return np.empty(0)
    fine = np.linspace(logs[0], logs[-1], 2000)
    abic = PchipInterpolator(logs, [p.abic for p in scan.points])(fine)
    weight = np.exp(-0.5 * (abic - abic.min()) - 0.5 * (fine - fine[np.argmin(abic)]))
    weight /= weight.sum()
    mean = np.sum(weight * fine)
    if np.sqrt(np.sum(weight * (fine - mean) ** 2)) < _SURE:
        return LENGTH_SHARE * np.array(scan.best.alpha2)
    levels = (np.arange(_STRENGTHS) + 0.5) / _STRENGTHS
    return LENGTH_SHARE * np.exp(np.interp(levels, np.cumsum(weight), fine))
