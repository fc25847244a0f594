"""What is said of a located event: moments, axes, residuals, and other ways to locate it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from quakeloom.core import distance_azimuth
from quakeloom.location._approximations import locate_gaussian
from quakeloom.location._ensemble import Ensemble, make_ensemble
from quakeloom.location._interpolation import Floats, all_times
from quakeloom.location._locate import (
    Location,
    locate_event,
)
from quakeloom.location._options import LocationOptions
from quakeloom.location._picks import Plane, ScreenedPicks

_AXIS_FACTOR = np.sqrt(3.5059)
"""Axes of the 68 % ellipsoid in standard deviations: the root of the 68.27 % quantile of
chi-square with three degrees of freedom."""


def describe_location(location: Location, plane: Plane) -> dict[str, float]:
    """Return moments, ranges and axes by the names of the columns of ``hypocenters``."""
    posterior = location.posterior
    mean = posterior.mean
    covariance = location.covariance
    between = location.stretch**2 * posterior.between_covariance
    longitude, latitude = plane.inverse(mean[1], mean[2])
    turn = np.radians(plane.azimuth_at(longitude, latitude))
    # rows: east, north, depth of depth, turned north, turned east
    to_end = np.array(
        [[0, np.sin(turn), np.cos(turn)], [0, np.cos(turn), -np.sin(turn)], [1, 0, 0]]
    )
    c = to_end @ covariance @ to_end.T
    best = location.maximum
    longitude_map, latitude_map = plane.inverse(best[1], best[2])
    quantiles = location.depth_quantiles()
    values = {
        "longitude": float(longitude),
        "latitude": float(latitude),
        "depth_km": float(mean[0]),
        "origin_s": posterior.origin_mean_s,
        "origin_error_s": posterior.origin_deviation_s,
        "longitude_map": float(longitude_map),
        "latitude_map": float(latitude_map),
        "depth_map_km": float(best[0]),
        "origin_map_s": location.maximum_origin_s,
        "cov_ee": c[0, 0], "cov_en": c[0, 1], "cov_ed": c[0, 2],
        "cov_nn": c[1, 1], "cov_nd": c[1, 2], "cov_dd": c[2, 2],
        "depth_025_km": quantiles[0], "depth_160_km": quantiles[1],
        "depth_840_km": quantiles[2], "depth_975_km": quantiles[3],
        "within_model_variance": float(np.trace(covariance) - np.trace(between)),
        "between_model_variance": float(np.trace(between)),
        "within_model_depth_variance": float(covariance[0, 0] - between[0, 0]),
        "between_model_depth_variance": float(between[0, 0]),
        "effective_model_count": location.effective_member_count,
        **_ellipsoid(c),
        "node_count": float(posterior.grid.nodes.shape[0]),
        "grid_coarser": float(posterior.coarser),
    }  # fmt: skip
    return {k: float(v) for k, v in values.items()}


def _ellipsoid(covariance: Floats) -> dict[str, float]:
    """Axes of the 68 % ellipsoid (three degrees of freedom), the longest first."""
    size, axes = np.linalg.eigh(covariance)
    values = {}
    for rank, i in enumerate((2, 1, 0), start=1):
        east, north, down = axes[:, i] * (1.0 if axes[2, i] >= 0 else -1.0)
        values[f"ellipsoid_{rank}_km"] = _AXIS_FACTOR * float(np.sqrt(max(size[i], 0.0)))
        values[f"ellipsoid_{rank}_azimuth_deg"] = float(np.degrees(np.arctan2(east, north)) % 360.0)
        values[f"ellipsoid_{rank}_plunge_deg"] = float(np.degrees(np.arcsin(min(down, 1.0))))
    return values


class PickRays(NamedTuple):
    """What is known of the ray of every pick at the maximum, NaN where it is not.

    ``spread_s`` is how far the members' travel times differ, weighted by their posterior, after a
    change common to all picks of a member (its origin time) is taken off.
    """

    residual_s: Floats
    predicted_s: Floats
    spread_s: Floats
    distance_km: Floats
    azimuth_deg: Floats


def event_residuals(
    ensemble: Ensemble,
    location: Location,
    screened: ScreenedPicks,
    plane: Plane,
) -> PickRays:
    """Return residuals, travel times with their spread, distances and azimuths at the maximum."""
    picks = screened.picks
    count = picks.time_s.size
    residual, predicted, spread = (np.full(count, np.nan) for _ in range(3))
    longitude, latitude = plane.inverse(location.maximum[1], location.maximum[2])
    distance, azimuth = distance_azimuth(longitude, latitude, picks.longitude, picks.latitude)
    known = np.flatnonzero(np.isfinite(picks.longitude) & (screened.group[:, 0] >= 0))
    event = screened.in_plane(known, plane)
    times = np.empty((known.size, ensemble.times.member_count))
    all_times(ensemble.times.arrays, location.maximum[None, :], event.receivers, times)
    if event.delay_s is not None:
        times += event.delay_s
    used = np.searchsorted(known, screened.kept)
    if location.picks.delay_s is not None:
        # of the picks used it also has what smooths the ensemble
        times[used] += location.picks.delay_s
        if event.delay_s is not None:
            times[used] -= event.delay_s[used]
    weights = location.maximum_weights
    predicted[known] = times @ weights
    common = np.average(times[used], axis=0, weights=1.0 / location.variance)
    apart = times - common
    middle = apart @ weights
    spread[known] = np.sqrt((apart - middle[:, None]) ** 2 @ weights)
    raw = picks.time_s - screened.correction_s - predicted
    origin = np.average(raw[screened.kept], weights=1.0 / location.variance)
    if np.isfinite(location.maximum_origin_s):
        origin = location.maximum_origin_s
    residual = raw - origin
    return PickRays(residual, predicted, spread, distance, azimuth)


def azimuthal_gap(azimuth: Floats) -> float:
    """Return the largest gap between azimuths, in degrees."""
    a = np.sort(azimuth)
    return float(np.max(np.append(np.diff(a), a[0] + 360.0 - a[-1])))


def compare_models(
    ensemble: Ensemble,
    location: Location,
    options: LocationOptions,
    prior: Floats | None,
    plane: Plane,
    values: dict[str, float],
) -> None:
    """Add the Gaussian approximation and the location in the mean model to the values."""
    approximate = locate_gaussian(ensemble, location, options, prior)
    if approximate is not None:
        longitude, latitude = plane.inverse(approximate[0][1], approximate[0][2])
        values |= {
            "longitude_gaussian": float(longitude),
            "latitude_gaussian": float(latitude),
            "depth_gaussian_km": float(approximate[0][0]),
            "depth_error_gaussian_km": float(np.sqrt(approximate[1][0, 0])),
        }
    delay = location.picks.delay_s
    picks = location.picks
    if delay is not None:
        picks = replace(picks, delay_s=delay.mean(axis=1, keepdims=True))
    single = locate_event(_mean_ensemble(ensemble), picks, options, location.maximum, None, prior)
    if single is not None:
        mean = single.posterior.mean
        longitude, latitude = plane.inverse(mean[1], mean[2])
        values |= {
            "longitude_single": float(longitude),
            "latitude_single": float(latitude),
            "depth_single_km": float(mean[0]),
            "depth_error_single_km": float(np.sqrt(single.posterior.covariance[0, 0])),
        }


_MEANS: dict[int, tuple[Ensemble, Ensemble]] = {}
"""The mean of the last ensemble, by the ensemble's ``id``: it is wanted for every event."""


def _mean_ensemble(ensemble: Ensemble) -> Ensemble:
    kept = _MEANS.get(id(ensemble))
    if kept is None or kept[0] is not ensemble:
        _MEANS.clear()
        _MEANS[id(ensemble)] = kept = (ensemble, make_ensemble(ensemble.times.mean()))
    return kept[1]
