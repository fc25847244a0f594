"""The grid of an event's posterior: axes, spacing, reach, by derivatives of travel times."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.location._density import EventPicks
from quakeloom.location._ensemble import Ensemble
from quakeloom.location._interpolation import Floats, member_times
from quakeloom.location._likelihoods import GAUSSIAN, STUDENT_T
from quakeloom.location._options import LocationOptions

_STEP_KM = 0.2
"""Step of derivatives of travel times, less than the spacing of usual tables. Chosen here."""

_SLOPE_S_KM = 0.15
"""Slope of residuals where the tables do not reach around the start, s/km: P at 6.7 km/s."""

_REACH, _FARTHEST = 4.5, 60.0
"""Least and largest reach of the grid, in standard deviations of one member."""

_DEPTH_RESOLUTION = 0.55
"""Spacing of nodes in depth over that along the horizontal, in standard deviations: posteriors
of depth are the ones with sharp sides. Chosen here."""

_CUT_RESOLUTION = 0.4
"""The same, over that of other events, where a limit of depth cuts the posterior."""


def grid_reach(ensemble: Ensemble, start: Floats, basis: Floats, cloud: ArrayLike | None) -> float:
    """Return how far a grid reaches, in standard deviations: over where mass was found."""
    if cloud is None or not len(np.asarray(cloud)):
        return _REACH
    u = np.linalg.solve(basis, (np.asarray(cloud, dtype=float) - start).T).T
    if ensemble.times.is_section:
        u = u[:, :2]
    return float(np.clip(np.abs(u).max() * 1.1, _REACH, _FARTHEST))


def node_spacing(
    ensemble: Ensemble, options: LocationOptions, start: Floats, basis: Floats
) -> Floats:
    """Return the node spacing of a grid in standard deviations of Gaussian errors.

    Picks with Student's t of ``n`` degrees of freedom tell ``(n + 1) / (n + 3)`` as much as with
    Gaussian errors of the same scale (Lange, Little & Taylor 1989, J. Am. Stat. Assoc. 84,
    881-896), so that a posterior is wider by the root of the inverse. Depth keeps its spacing for
    its sharp sides.
    """
    wider = 1.0
    if options.error_model.kind == STUDENT_T:
        wider = float(np.sqrt((options.freedom + 3.0) / (options.freedom + 1.0)))
    spacing = options.resolution * np.array([_DEPTH_RESOLUTION, wider, wider])
    if ensemble.times.is_section:
        spacing[2] = 1e-3  # a section is thin: the middle of its only cell is not off the line
    room = min(start[0] - options.minimum_depth_km, options.maximum_depth_km - start[0])
    if room < 2.0 * basis[0, 0]:
        # A posterior that the limit of depth cuts is narrower than its Gaussian.
        spacing[0] *= _CUT_RESOLUTION
    return np.asarray(spacing)


def model_variance(
    ensemble: Ensemble, picks: EventPicks, options: LocationOptions, start: Floats
) -> Floats:
    """Variance of station effects, and of structure that no member has: a share of the time."""
    count = picks.time_s.size
    share = np.zeros(count)
    if options.time_error_fraction > 0 or options.time_error_minimum_s > 0:
        times = np.empty((1, count))
        member_times(ensemble.few.arrays, start[None, :], np.full(1, -1), picks.receivers, times)
        share = np.clip(
            options.time_error_fraction * np.nan_to_num(times[0]),
            options.time_error_minimum_s,
            options.time_error_maximum_s,
        )
    return np.asarray(options.station_error_s**2 + share**2)


def grid_shape(
    ensemble: Ensemble,
    picks: EventPicks,
    options: LocationOptions,
    start: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Basis of the grid: the Cholesky factor of one member's covariance; a better start; slopes.

    From the derivatives of the mean travel times; robust likelihoods are not sharper. Slopes are
    the changes of residuals along the columns of the basis, shape (picks, 3).
    """
    section = ensemble.few.is_section
    depth_span = options.maximum_depth_km - options.minimum_depth_km
    prior = np.array([12.0 / depth_span**2, 3.0 / options.radius_km**2, 3.0 / options.radius_km**2])
    if options.depth_prior_error_km > 0:
        prior[0] += options.depth_prior_error_km**-2
    if options.epicenter_prior_error_km > 0:
        prior[1:] += options.epicenter_prior_error_km**-2
    basis: Floats = np.eye(3)
    steps = 4 if options.error_model.kind == GAUSSIAN else 1
    for _ in range(steps):
        offsets = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)]) * _STEP_KM
        nodes = start + offsets
        nodes[:, 0] = np.clip(nodes[:, 0], options.minimum_depth_km, options.maximum_depth_km)
        times = np.empty((7, picks.time_s.size))
        member_times(ensemble.few.arrays, nodes, np.full(7, -1), picks.receivers, times)
        if picks.delay_s is not None:
            times += picks.delay_s[:, ensemble.few_member].mean(axis=1)
        if not np.isfinite(times).all():
            basis = np.diag(1.0 / np.sqrt(prior))
            return basis, start, np.full((picks.time_s.size, 3), _SLOPE_S_KM) * np.diag(basis)
        width = (nodes[1:4] - nodes[4:7])[np.arange(3), np.arange(3)]
        slope = (times[1:4] - times[4:7]) / width[:, None]
        weight = 1.0 / picks.variance
        residual = picks.time_s - times[0]
        mean = (slope @ weight) / weight.sum()
        centered = slope - mean[:, None]
        precision = (centered * weight) @ centered.T + np.diag(prior)
        if section:
            precision[2, :] = precision[:, 2] = 0.0
            precision[2, 2] = 1.0
        covariance = np.linalg.inv(precision)
        basis = np.asarray(np.linalg.cholesky(0.5 * (covariance + covariance.T)), dtype=float)
        if steps == 1:
            break
        gradient = (centered * weight) @ (residual - (residual @ weight) / weight.sum())
        step = covariance @ gradient
        # No farther than the coarse search could be wrong.
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        start = start + step
        start[0] = np.clip(
            start[0], options.minimum_depth_km + 0.01, options.maximum_depth_km - 0.01
        )
        if np.abs(np.linalg.solve(basis, step)).max() < 0.1:
            break
    return basis, start, centered.T @ basis
