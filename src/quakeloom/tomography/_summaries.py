"""What an ensemble of velocity sections says: moments, quantiles, probabilities, depths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class SectionSummary:
    """Statistics of an ensemble at the nodes, (depth, distance), in km/s.

    Attributes
    ----------
    mean, standard_deviation : ndarray
    quantiles : ndarray, (levels, depth, distance)
    levels : tuple of float
    """

    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    levels: tuple[float, ...]


def summarize_sections(
    velocities: ArrayLike, levels: tuple[float, ...] = (0.025, 0.16, 0.5, 0.84, 0.975)
) -> SectionSummary:
    """Return mean, standard deviation and quantiles of an ensemble (member, ...).

    Of n members the i-th smallest is the quantile i / (n + 1): a range holds a further draw as
    often as it says, also where members are few. The outermost members are the ends of ranges that
    n members cannot resolve (95 % needs 39).
    """
    v = np.asarray(velocities, dtype=np.float64)
    spread = v.std(axis=0, ddof=1) if len(v) > 1 else np.full(v.shape[1:], np.nan)
    return SectionSummary(
        v.mean(axis=0), spread, np.quantile(v, levels, axis=0, method="weibull"), levels
    )


def informed_nodes(
    standard_deviation: ArrayLike,
    prior_standard_deviation: ArrayLike,
    ratio: float,
    limit_km_s: float | None = None,
) -> NDArray[np.bool_]:
    """Return the nodes of which the data say something: elsewhere a section is left blank.

    Parameters
    ----------
    standard_deviation, prior_standard_deviation : array_like, (depth, distance), km/s
    ratio : float
        Largest standard deviation over the prior's.
    limit_km_s : float, optional
        Largest standard deviation itself.
    """
    spread = np.asarray(standard_deviation, dtype=np.float64)
    known = spread_reduction(spread, prior_standard_deviation) <= ratio
    if limit_km_s is not None:
        known &= spread <= limit_km_s
    return np.asarray(known)


def exceedance_probability(velocities: ArrayLike, threshold_km_s: float) -> NDArray[np.float64]:
    """Return the share of members whose velocity exceeds a value, at the nodes; NaN stays."""
    v = np.asarray(velocities, dtype=np.float64)
    return np.where(np.isnan(v).any(axis=0), np.nan, (v > threshold_km_s).mean(axis=0))


def isovelocity_depths(
    velocities: ArrayLike, depth_km: ArrayLike, threshold_km_s: float
) -> NDArray[np.float64]:
    """Return the shallowest depth at which every member reaches a velocity.

    Linear between nodes. NaN where a member does not reach it.

    Parameters
    ----------
    velocities : array_like, (member, depth, distance), km/s
        NaN above the ground.
    depth_km : array_like, (depth,)
    threshold_km_s : float

    Returns
    -------
    ndarray, (member, distance), km
    """
    v = np.asarray(velocities, dtype=np.float64)
    z = np.asarray(depth_km, dtype=np.float64)
    reached = v >= threshold_km_s
    first = np.argmax(reached, axis=1)
    some = reached.any(axis=1)
    above = np.maximum(first - 1, 0)
    take = np.take_along_axis
    v1 = take(v, first[:, None], axis=1)[:, 0]
    v0 = take(v, above[:, None], axis=1)[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (threshold_km_s - v0) / (v1 - v0)
        depth = z[above] + share * (z[first] - z[above])
    depth = np.where((first == 0) | np.isnan(v0), z[first], depth)
    return np.where(some, depth, np.nan)


def spread_reduction(
    standard_deviation: ArrayLike, prior_standard_deviation: ArrayLike
) -> NDArray[np.float64]:
    """Return the posterior's standard deviation over the prior's: 1 where nothing was learned."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.asarray(standard_deviation) / np.asarray(prior_standard_deviation))
