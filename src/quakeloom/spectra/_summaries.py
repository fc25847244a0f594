"""From what is known of events at every corner to values, ranges, bounds and statuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.spectra._event_fit import CORNER_STEP, CornerGrid
from quakeloom.spectra._models import RUPTURES, Medium, log_stress_factor

Floats = NDArray[np.float64]

_TAIL, _BOUND = 0.025, 0.05
"""Probability on either side of a range, and beyond a bound."""

_BISECTIONS = 60
"""Halvings by which quantiles are found: to 1e-16 of their span."""

_RESOLVED = 0.5
"""A corner is a value if its range ends by this share inside the band; see :func:`summarize`."""


@dataclass(frozen=True)
class SourceEstimates:
    """What spectra say of events; NaN where they say nothing.

    Attributes
    ----------
    log_moment, log_moment_error : ndarray, shape (events,)
        Mean and standard deviation of ln moment, without the medium.
    log_moment_range : ndarray, shape (events, 2)
        95 %, with the medium.
    corner_hz : ndarray, shape (events,)
        Median; NaN where the corner is a bound.
    corner_range : ndarray, shape (events, 2)
        95 %; where it is a bound the one end holds with 95 %, and the other is 0 or infinite.
    corner_status : ndarray of str
        ``resolved``, ``above_band``, ``below_band``, ``unresolved`` (neither end is known) or
        ``none``.
    log_stress : ndarray, shape (events,)
        Median of ln stress drop (Pa) in the named model of the rupture.
    log_stress_range, log_stress_all_range : ndarray, shape (events, 2)
        95 % in that model, and over all models of the rupture.
    brune_share : ndarray
        Posterior probability of the first shape.
    factor, scatter : ndarray
        Mean factor of attenuation and scatter of levels.
    """

    log_moment: Floats
    log_moment_error: Floats
    log_moment_range: Floats
    corner_hz: Floats
    corner_range: Floats
    corner_status: NDArray[np.str_]
    log_stress: Floats
    log_stress_range: Floats
    log_stress_all_range: Floats
    brune_share: Floats
    factor: Floats
    scatter: Floats


def summarize(grid: CornerGrid, phase: str, rupture: str, medium: Medium) -> SourceEstimates:
    """Return values and ranges of events.

    A corner whose 95 % range reaches beyond the band is a bound: what a spectrum says there is
    that the corner is not inside. ``above_band`` gives what the corner exceeds with 95 %,
    ``below_band`` what it stays under; stress drops then are bounds likewise. Ranges of moments
    and stress drops have the error of the medium.

    Parameters
    ----------
    grid : CornerGrid
    phase : {"P", "S"}
    rupture : str
        Model of the rupture, a key of :data:`RUPTURES`.
    medium : Medium
    """
    n, shapes, corners = grid.log_weight.shape
    flat = grid.log_weight.reshape(n, -1)
    top = flat.max(axis=1, keepdims=True)
    some = np.isfinite(top[:, 0])
    weight = np.exp(np.where(np.isfinite(flat), flat - np.where(some[:, None], top, 0.0), -np.inf))
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(some[:, None], weight / np.where(total > 0.0, total, 1.0), 0.0)
    mean, variance = grid.mean.reshape(n, -1), grid.variance.reshape(n, -1)
    by_shape = weight.reshape(n, shapes, corners)
    moment = np.where(some, (weight * mean).sum(axis=1), np.nan)
    spread = np.sqrt((weight * (variance + (mean - moment[:, None]) ** 2)).sum(axis=1))
    spread[~some] = np.nan
    ranges = _quantiles(weight, mean, variance + medium.moment_error**2, (_TAIL, 1.0 - _TAIL))
    of_corner = by_shape.sum(axis=1)
    corner, corner_range, status = _corners(grid, of_corner)
    stress, own, every = _stresses(grid, weight, (phase, rupture), medium)
    for values, open_low, open_high in ((own, 0, 1), (every, 0, 1)):
        values[np.isin(status, ("below_band", "unresolved")), open_low] = -np.inf
        values[np.isin(status, ("above_band", "unresolved")), open_high] = np.inf
    stress[status != "resolved"] = np.nan
    nothing = ~some
    for values in (ranges, own, every):
        values[nothing] = np.nan
    return SourceEstimates(
        moment, spread, ranges, corner, corner_range, status, stress, own, every,
        np.where(some, by_shape[:, 0].sum(axis=1), np.nan),
        np.where(some, (weight * grid.factor.reshape(n, -1)).sum(axis=1), np.nan),
        np.where(some, (weight * grid.scatter.reshape(n, -1)).sum(axis=1), np.nan),
    )  # fmt: skip


def _corners(grid: CornerGrid, weight: Floats) -> tuple[Floats, Floats, NDArray[np.str_]]:
    """Return corners, their ranges and statuses."""
    edges = np.log(grid.corner_hz[0]) + CORNER_STEP * (np.arange(grid.corner_hz.size + 1) - 0.5)
    cumulative = np.concatenate([np.zeros((weight.shape[0], 1)), weight.cumsum(axis=1)], axis=1)

    def quantile(share: float) -> Floats:
        at = np.clip((cumulative < share).sum(axis=1) - 1, 0, weight.shape[1] - 1)
        row = np.arange(weight.shape[0])
        inside = (share - cumulative[row, at]) / np.where(weight[row, at] > 0, weight[row, at], 1)
        return np.asarray(np.exp(edges[at] + CORNER_STEP * np.clip(inside, 0.0, 1.0)))

    low, high, middle = (quantile(s) for s in (_TAIL, 1.0 - _TAIL, 0.5))
    some = cumulative[:, -1] > 0.5
    with np.errstate(invalid="ignore"):
        under, over = low < grid.bands[:, 0], high > grid.bands[:, 1]
    status = np.select(
        [~some, under & over, over, under], ["none", "unresolved", "above_band", "below_band"],
        "resolved",
    )  # fmt: skip
    bounds = np.column_stack([low, high])
    bounds[status == "above_band"] = np.column_stack(
        [quantile(_BOUND), np.full(some.size, np.inf)]
    )[status == "above_band"]
    bounds[status == "below_band"] = np.column_stack([np.zeros(some.size), quantile(1.0 - _BOUND)])[
        status == "below_band"
    ]
    bounds[status == "unresolved"] = 0.0, np.inf
    bounds[~some] = np.nan
    return np.where(status == "resolved", middle, np.nan), bounds, status


def _stresses(
    grid: CornerGrid, weight: Floats, model: tuple[str, str], medium: Medium
) -> tuple[Floats, Floats, Floats]:
    """Return medians of ln stress drop, and ranges in the named model and over all models."""
    phase, rupture = model
    n, shapes, corners = grid.log_weight.shape
    three = np.tile(3.0 * np.log(grid.corner_hz), shapes)[None, :]
    mean = grid.mean.reshape(n, -1) + three
    # within a step of the grid corners are equally likely
    within = (3.0 * CORNER_STEP) ** 2 / 12.0
    variance = grid.variance.reshape(n, -1) + within + medium.stress_error**2
    found = _quantiles(weight, mean, variance, (_TAIL, 0.5, 1.0 - _TAIL))
    edge = _quantiles(weight, mean, variance, (_BOUND, 1.0 - _BOUND))
    _, _, status = _corners(grid, weight.reshape(n, shapes, corners).sum(axis=1))
    own = found[:, [0, 2]]
    own[status == "above_band", 0] = edge[status == "above_band", 0]
    own[status == "below_band", 1] = edge[status == "below_band", 1]
    factors = [log_stress_factor(name, phase, medium) for name in sorted(RUPTURES)]
    mixed = _quantiles(
        np.concatenate([weight / len(factors)] * len(factors), axis=1),
        np.concatenate([mean + f for f in factors], axis=1),
        np.concatenate([variance] * len(factors), axis=1), (_TAIL, 1.0 - _TAIL),
    )  # fmt: skip
    factor = log_stress_factor(rupture, phase, medium)
    return found[:, 1] + factor, own + factor, mixed


def _quantiles(weight: Floats, mean: Floats, variance: Floats, shares: tuple[float, ...]) -> Floats:
    """Return quantiles of mixtures of normals by halving, shape (events, shares)."""
    from scipy.special import ndtr

    heavy = weight > 1e-7
    keep = np.flatnonzero(heavy.any(axis=0))
    weight, mean = weight[:, keep], mean[:, keep]
    sd = np.sqrt(np.maximum(variance[:, keep], 1e-12))
    used = weight > 0.0
    low = np.where(used, mean - 8.0 * sd, np.inf).min(axis=1, initial=np.inf)
    high = np.where(used, mean + 8.0 * sd, -np.inf).max(axis=1, initial=-np.inf)
    empty = ~np.isfinite(low)
    low[empty], high[empty] = 0.0, 0.0
    total = weight.sum(axis=1)
    found = np.empty((weight.shape[0], len(shares)))
    for k, share in enumerate(shares):
        a, b = low.copy(), high.copy()
        for _ in range(_BISECTIONS):
            middle = 0.5 * (a + b)
            below = (weight * ndtr((middle[:, None] - mean) / sd)).sum(axis=1) < share * total
            a, b = np.where(below, middle, a), np.where(below, b, middle)
        found[:, k] = 0.5 * (a + b)
    return found
