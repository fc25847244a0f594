"""Sparse isocon: the mass ratio of altered rock and protolith without choosing immobile elements.

After Kuwatani et al. (2020), Geochim. Cosmochim. Acta, in the form that is convex in the logarithm
of the mass ratio; the isocon diagram is that of Grant (1986), Econ. Geol. 81, 1976-1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from quakeloom.core import InputError

Floats = NDArray[np.float64]

Scale = Literal["log", "linear"]
"""Whether residuals are ``ln(a C / C0)`` or ``a C / C0 - 1``."""

_EPSILONS = tuple(10.0**-k for k in range(1, 9))
"""Rounding of the corner of the norm, from coarse to fine, so that the path ends in the minimum of
the norm itself; chosen here."""

_ROUNDS = 60
"""Steps of reweighting at each rounding at most; chosen here, few need more than 20."""

_STILL = 1e-10
"""Change of ln a at which a rounding is done."""


@dataclass(frozen=True)
class IsoconData:
    """Concentrations relative to a protolith, as logarithms.

    Attributes
    ----------
    log_ratio : ndarray, (element, sample)
        ``ln(C / C0)``; NaN where missing or censored.
    upper : ndarray, (element, sample)
        Where a concentration is below its detection limit, ``ln(limit / C0)``; NaN elsewhere.
    noise : ndarray, (element, sample)
        Standard deviations of ``ln C``, of the analysis.
    protolith_noise : ndarray, (element,)
        Standard deviations of ``ln C0``, which all samples share.
    """

    log_ratio: Floats
    upper: Floats
    noise: Floats
    protolith_noise: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Elements and samples."""
        return self.log_ratio.shape[0], self.log_ratio.shape[1]


def compare_with_protolith(
    altered: tuple[Floats, Floats, Floats],
    protolith: tuple[Floats, Floats, Floats],
    noise: float,
    scatter: float,
) -> IsoconData:
    """Return logarithms of altered rock over protolith with their standard deviations.

    The protolith is the geometric mean of its samples. How far it scatters is learned from
    them: the variance of an element is drawn towards that of all elements, the more, the less
    the elements differ (Smyth, 2004, Stat. Appl. Genet. Mol. Biol. 3). Where there is one sample,
    the scatter is that of the settings.

    Parameters
    ----------
    altered, protolith : (values, limits, errors), each (sample, element)
        Concentrations in one unit per element; see :class:`quakeloom.formats.Analyses`.
    noise : float
        Relative standard deviation of analyses that state none.
    scatter : float
        Standard deviation of ``ln C0`` among samples of one protolith.

    Returns
    -------
    IsoconData
        Elements whose protolith is missing or below its limit have NaN throughout.
    """
    values, limits, errors = altered
    base, _, base_errors = protolith
    with np.errstate(all="ignore"):
        logs = np.log(base)
        own = np.where(np.isfinite(base_errors), base_errors / base, noise)
        relative = np.where(np.isfinite(errors), errors / values, noise)
        count = np.isfinite(logs).sum(axis=0)
        center = np.where(count > 0, np.nansum(logs, axis=0) / np.maximum(count, 1), np.nan)
        squares = np.nansum((logs - center) ** 2, axis=0)
        free = np.maximum(count - 1, 0)
        pooled = squares.sum() / free.sum() if free.sum() else scatter**2
        prior = _prior_samples(squares, free)
        variance = (prior * pooled + squares) / (prior + free)
        squared = np.where(np.isfinite(logs), own**2, 0.0).sum(axis=0)
        alone = squared / np.maximum(count, 1) + scatter**2
        variance = np.where(free > 0, variance, np.maximum(pooled, alone))
        shared = np.sqrt(variance / np.maximum(count, 1))
        ratio = np.log(values) - center
        upper = np.log(limits) - center
    relative = np.where(np.isfinite(relative), relative, noise)
    return IsoconData(ratio.T, upper.T, relative.T, shared)


def _prior_samples(squares: Floats, free: NDArray) -> float:
    """Return how many samples the variance of all elements counts for, by Smyth's moments."""
    use = (free > 0) & (squares > 0)
    if use.sum() < 3:
        return 4.0  # chosen here: nothing can be learned
    half = free[use] / 2.0
    logs = np.log(squares[use] / free[use]) - digamma(half) + np.log(half)
    excess = logs.var(ddof=1) - polygamma(1, half).mean()
    grid = np.geomspace(2.0, 1000.0, 200)
    return float(grid[np.argmin(np.abs(polygamma(1, grid / 2.0) - excess))])


def sparse_isocon(data: IsoconData, weights: Floats | None = None, scale: Scale = "log") -> Floats:
    """Return the mass ratio of every sample by the sparsest gains and losses.

    Minimizes ``sum_i w_i || r_i ||`` over the mass ratios a, with the residuals r_i of an element
    over all samples: ``ln a_j + ln(C_ij / C0_i)``, or ``a_j C_ij / C0_i - 1``. Elements that no
    sample gained or lost decide, whichever they are. A concentration below its limit counts only
    where it is a loss at the limit. The linear form counts gains more than losses, and may
    follow enriched elements; the logarithm is the default.

    Parameters
    ----------
    data : IsoconData
    weights : ndarray, (..., element), optional
        Of elements; with a leading axis, one solution for each row (bootstrap counts).
    scale : str

    Returns
    -------
    ndarray, (..., sample)
        ``a``: mass of altered rock over that of its protolith.

    Raises
    ------
    InputError
        If a sample has no element in common with the protolith.
    """
    known = np.isfinite(data.log_ratio)
    without = np.flatnonzero(~known.any(axis=0))
    if without.size:
        raise InputError(
            f"{without.size} samples (the first is number {without[0] + 1}) have no element in "
            "common with the protolith. Nothing was computed; leave them out, or give more "
            "elements."
        )
    w = np.ones(len(known)) if weights is None else np.asarray(weights, float)
    single = w.ndim == 1
    w = np.atleast_2d(w)
    y = np.where(known, data.log_ratio, 0.0)
    solve = _log_solution if scale == "log" else _linear_solution
    a = solve(y, known, data.upper, w)
    return np.asarray(a[0] if single else a)


def _log_solution(y: Floats, known: NDArray, upper: Floats, w: Floats) -> Floats:
    censored = np.isfinite(upper)
    bound = np.where(censored, upper, 0.0)
    start = np.array([np.median(y[known[:, j], j]) for j in range(y.shape[1])])
    log_a = np.repeat(-start[None, :], len(w), axis=0)
    for epsilon in _EPSILONS:
        for _ in range(_ROUNDS):
            shifted = bound[None] + log_a[:, None, :]
            loss = censored[None] & (shifted < 0)
            use = known[None] | loss
            r = np.where(known[None], y[None] + log_a[:, None, :], np.where(loss, shifted, 0.0))
            v = w[..., None] / np.sqrt((r**2).sum(axis=-1, keepdims=True) + epsilon**2)
            v = np.where(use, v, 0.0)
            value = np.where(known[None], y[None], bound[None])
            total = v.sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                new = np.where(total > 0, -(v * value).sum(axis=1) / total, log_a)
            moved = np.abs(new - log_a).max()
            log_a = new
            if moved < _STILL:
                break
    return np.asarray(np.exp(log_a))


def _linear_solution(y: Floats, known: NDArray, upper: Floats, w: Floats) -> Floats:
    x = np.where(known, np.exp(y), 0.0)
    a = np.repeat(
        np.array([[np.exp(-np.median(y[known[:, j], j])) for j in range(y.shape[1])]]), len(w), 0
    )
    for epsilon in _EPSILONS:
        for _ in range(_ROUNDS):
            r = np.where(known[None], a[:, None, :] * x[None] - 1.0, 0.0)
            v = w[..., None] / np.sqrt((r**2).sum(axis=-1, keepdims=True) + epsilon**2)
            v = np.where(known[None], v, 0.0)
            square = (v * x[None] ** 2).sum(axis=1)
            new = np.where(square > 0, (v * x[None]).sum(axis=1) / np.maximum(square, 1e-300), a)
            moved = np.abs(new - a).max()
            a = new
            if moved < _STILL:
                break
    return a


def element_deviation(data: IsoconData, mass_ratio: Floats) -> Floats:
    """Return how far elements are from the isocon, in standard deviations of their noise.

    Parameters
    ----------
    data : IsoconData
    mass_ratio : ndarray, (..., sample)

    Returns
    -------
    ndarray, (..., element)
        Root mean square over samples, with the noise of analysis and protolith together; NaN
        for elements without values.
    """
    r = data.log_ratio + np.log(mass_ratio)[..., None, :]
    sd = np.sqrt(data.noise**2 + data.protolith_noise[:, None] ** 2)
    with np.errstate(invalid="ignore"):
        squares = (r / sd) ** 2
    known = np.isfinite(squares)
    count = known.sum(axis=-1)
    total = np.where(known, squares, 0.0).sum(axis=-1)
    return np.where(count > 0, np.sqrt(total / np.maximum(count, 1)), np.nan)
