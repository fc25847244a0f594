"""How far ABIC leaves the smoothing strength open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from quakeloom.inference import AbicScan

_STRENGTHS = 7
_SURE = 0.1


def likely_strengths(scan: AbicScan) -> NDArray[np.float64]:
    """Return strengths that stand for the posterior of alpha2, each with the same probability.

    ``p(ln alpha2) ~ exp(-ABIC/2) / alpha``: a uniform prior on the standard deviation of the
    steps between nodes, under which a field without any variation is not certain from the
    start. Empty where the curve leaves no doubt (a standard deviation of ln alpha2 below 0.1).
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
        return np.empty(0)
    levels = (np.arange(_STRENGTHS) + 0.5) / _STRENGTHS
    return np.exp(np.interp(levels, np.cumsum(weight), fine))
