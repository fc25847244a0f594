"""Azimuths and take-off angles of every trial: given, traced, or of drawn hypocenters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.mechanism import (
    StatedAngles,
    draw_angle_errors,
    draw_depths_and_models,
    draw_epicenters,
)
from quakeloom.stages.readings.block_readings import (
    BlockEvents,
    Floats,
    HypocenterDraws,
    Shared,
)
from quakeloom.stages.readings.joined_observations import JoinedObservations
from quakeloom.travel import lookup


@dataclass(frozen=True)
class AngleDraws:
    """Angles of every trial, shape (trials, observations); NaN where no ray arrives.

    The first trial is the reference: the hypocenter as it is known, without errors.
    """

    azimuth_deg: Floats
    takeoff_deg: Floats

    @property
    def has_ray(self) -> NDArray[np.bool_]:
        """Whether an observation has a ray in the reference trial."""
        return np.asarray(np.isfinite(self.takeoff_deg[0] + self.azimuth_deg[0]))


def draw_angles(
    settings: Settings,
    events: BlockEvents,
    observations: JoinedObservations,
    shared: Shared,
    draws: HypocenterDraws | None,
) -> AngleDraws:
    """Return the angles of every trial, with their errors."""
    if settings.takeoff.angles == "given":
        azimuth, takeoff = observations.azimuth_deg, observations.takeoff_deg
    elif settings.takeoff.angles == "ensemble":
        azimuth, takeoff = _draw_rays(settings, events, observations, shared, draws)
    else:
        azimuth, takeoff = _trace(settings, events, observations, shared)
    trials = settings.mechanism.trials
    azimuth = np.broadcast_to(azimuth, (trials, observations.count))
    takeoff = np.broadcast_to(takeoff, (trials, observations.count))
    errors = (observations.azimuth_error_deg, observations.takeoff_error_deg)
    if errors[0].any() or errors[1].any():
        zero = np.zeros(observations.count)
        drawn = draw_angle_errors(
            events.keys,
            observations.offsets,
            observations.station_keys,
            StatedAngles(zero, zero, *errors),
            trials,
            settings.mechanism.stratified_draws,
        )
        azimuth, takeoff = azimuth + drawn[0], takeoff + drawn[1]
    return AngleDraws(azimuth, takeoff)


def _trace(
    settings: Settings, events: BlockEvents, observations: JoinedObservations, shared: Shared
) -> tuple[Floats, Floats]:
    """Angles from hypocenters drawn by their errors, and models drawn in turn."""
    assert shared.tables is not None
    error = events.column("vertical_error_km")
    error = np.where(error > 0, error, np.nan)
    error = np.where(np.isnan(error), settings.takeoff.depth_error_km, error)
    depths, models = draw_depths_and_models(
        events.keys,
        np.nan_to_num(events.column("depth_km")),
        error,
        settings.mechanism.trials,
        len(settings.takeoff.models),
        settings.mechanism.stratified_draws,
    )
    depth = np.maximum(depths[:, observations.event], 0.0)
    distance, azimuth = observations.distance_km, observations.azimuth_deg
    if settings.takeoff.epicenter_errors:
        distance, azimuth = _move_epicenters(settings, events, observations)
    takeoff, _ = lookup(shared.tables, models[:, None], depth, np.atleast_2d(distance))
    return azimuth, takeoff


def _move_epicenters(
    settings: Settings, events: BlockEvents, observations: JoinedObservations
) -> tuple[Floats, Floats]:
    """Distances and azimuths of every trial, from epicenters drawn by their errors.

    In the plane that touches the Earth at the stated epicenter: what a shift of 5 km turns an
    azimuth by the convergence of meridians is below 0.05 degrees at 45 degrees of latitude.
    """
    error = events.column("horizontal_error_km")
    error = np.where(error > 0, error, settings.takeoff.epicenter_error_km)
    east, north = draw_epicenters(
        events.keys,
        error,
        settings.mechanism.trials,
        len(settings.takeoff.models),
        settings.mechanism.stratified_draws,
    )
    angle = np.radians(observations.azimuth_deg)
    away = observations.distance_km
    x = away * np.sin(angle) - east[:, observations.event]
    y = away * np.cos(angle) - north[:, observations.event]
    moved = (error > 0)[observations.event]
    # Events without an error keep their angles to the last digit, and so does the first trial.
    distance = np.where(moved, np.hypot(x, y), away)
    azimuth = np.where(moved, np.degrees(np.arctan2(x, y)) % 360.0, observations.azimuth_deg)
    distance[0], azimuth[0] = away, observations.azimuth_deg
    return distance, azimuth


def _draw_rays(
    settings: Settings,
    events: BlockEvents,
    observations: JoinedObservations,
    shared: Shared,
    draws: HypocenterDraws | None,
) -> tuple[Floats, Floats]:
    """Angles of drawn hypocenters, each in the member that it was drawn with.

    The first trial has the mean hypocenter, the others one draw each, again from the first
    where there are fewer draws than trials.
    """
    assert draws is not None
    assert shared.rays is not None
    trials, offsets = settings.mechanism.trials, observations.offsets
    azimuth = np.full((trials, observations.count), np.nan)
    takeoff = np.full_like(azimuth, np.nan)
    mean = [events.column(c) for c in ("longitude", "latitude", "depth_km")]
    for i in range(events.count):
        a, b = offsets[i], offsets[i + 1]
        if a == b or not np.isfinite(draws.depth_km[i]).all():
            continue
        chosen = np.concatenate([[0], np.arange(trials - 1) % draws.member.shape[1]])
        place = [
            np.concatenate([[m[i]], d[i, chosen[1:]]])
            for m, d in zip(mean, (draws.longitude, draws.latitude, draws.depth_km), strict=True)
        ]
        azimuth[:, a:b], takeoff[:, a:b] = shared.rays.draw_takeoffs(
            draws.member[i, chosen], *place, *observations.station[:, a:b]
        )
    return azimuth, takeoff
