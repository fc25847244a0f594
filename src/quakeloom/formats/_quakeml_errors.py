"""Standard errors from the uncertainties of QuakeML, whatever confidence level they have."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from quakeloom.formats._quakeml_columns import OneKind
from quakeloom.formats._text_columns import Floats, Mask

_ONE_SIGMA_PERCENT = (68.0, 69.0)
"""Confidence levels that stand for one standard error of a single quantity."""


def read_errors(records: OneKind, name: str) -> tuple[Floats, Mask]:
    """Return standard errors of a quantity, and where they are impossible.

    The uncertainty, else the mean of the lower and the upper one, else the one of them that is
    given; divided by the standard errors of a normal quantity within its confidence level.
    Without a level it is taken for one standard error.

    Parameters
    ----------
    records : OneKind
    name : str
        The quantity, such as ``depth``.

    Returns
    -------
    error : ndarray of float64
        In the unit of the quantity; NaN where unknown or impossible.
    bad : ndarray of bool
    """
    error, bad = records.numbers(f"{name}_error")
    if records.has(f"{name}_lower") or records.has(f"{name}_upper"):
        lower, bad_lower = records.numbers(f"{name}_lower")
        upper, bad_upper = records.numbers(f"{name}_upper")
        mean = np.where(
            np.isnan(lower), upper, np.where(np.isnan(upper), lower, 0.5 * (lower + upper))
        )
        bad = bad | bad_lower | bad_upper | (lower < 0) | (upper < 0)
        error = np.where(np.isnan(error), mean, error)
    return scale_by_level(records, error, bad, f"{name}_level", 1)


def scale_by_level(
    records: OneKind, error: Floats, bad: Mask, level: str, dimensions: int
) -> tuple[Floats, Mask]:
    """Return errors as standard errors, by the confidence level that a field gives.

    In one dimension the level is that of an interval, in two that of an ellipse, whose half
    axes are ``sqrt(-2 ln(1 - p))`` standard errors long for a probability ``p``. Levels are
    percent; numbers up to 1 are taken for the probability itself.

    Parameters
    ----------
    records : OneKind
    error : ndarray of float64
    bad : ndarray of bool
        Where the error is known to be impossible.
    level : str
        Field of the confidence level.
    dimensions : {1, 2}
    """
    with np.errstate(invalid="ignore"):
        bad = bad | (error < 0) | np.isinf(error)
    if records.has(level):
        percent, bad_level = records.numbers(level)
        percent = np.where(percent <= 1.0, 100.0 * percent, percent)
        factors = {float(p): _sigmas(float(p), dimensions) for p in np.unique(percent)}
        factor = np.array([factors.get(float(p), 1.0) for p in percent])
        factor = np.where(np.isnan(percent), 1.0, factor)
        bad = bad | ((bad_level | np.isnan(factor)) & ~np.isnan(error))
        error = error / factor
    return np.where(bad, np.nan, error), bad


def _sigmas(percent: float, dimensions: int) -> float:
    """Return the standard errors to the edge of a confidence region; NaN if it is none."""
    if not 0.0 < percent < 100.0:
        return math.nan
    if dimensions == 2:
        return math.sqrt(-2.0 * math.log1p(-percent / 100.0))
    if _ONE_SIGMA_PERCENT[0] <= percent < _ONE_SIGMA_PERCENT[1]:
        return 1.0
    return NormalDist().inv_cdf(0.5 + percent / 200.0)
