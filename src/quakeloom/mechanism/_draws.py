"""Draws of angles, hypocenters and velocity models for the trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._keyed import normal_draws, stream_start

_AZIMUTH, _TAKEOFF, _DEPTH, _EAST, _NORTH = 1, 2, 3, 5, 6
"""Purposes of random streams: angles are keyed by event and station, depths and epicenters by
event and velocity model, and each purpose has a stream of its own (4 is the subset of HASH's
``maxout``)."""


@dataclass(frozen=True, eq=False)
class StatedAngles:
    """Angles at the source as a catalog states them, with their standard errors.

    Each an array of shape (n_obs,), or one value for all; take-off 0 is straight down. A
    missing (NaN) error counts as 0.
    """

    azimuth_deg: ArrayLike
    takeoff_deg: ArrayLike
    azimuth_error_deg: ArrayLike
    takeoff_error_deg: ArrayLike


@compiled(nogil=True)
def _perturb(
    event_keys: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    station_keys: NDArray[np.uint64],
    centers: NDArray[np.float64],
    errors: NDArray[np.float64],
    stratified: bool,
    out: NDArray[np.float32],
) -> None:
    """Fill azimuths and take-off angles (first axis of all arrays) of every trial."""
    trials = out.shape[1]
    draws = np.empty(max(trials - 1, 1))
    for event in range(event_keys.shape[0]):
        for i in range(offsets[event], offsets[event + 1]):
            for which in range(2):
                center, error = centers[which, i], errors[which, i]
                start = stream_start(event_keys[event], station_keys[i], which + _AZIMUTH)
                normal_draws(start, trials - 1, stratified, draws)
                out[which, 0, i] = center
                for trial in range(1, trials):
                    out[which, trial, i] = center + error * draws[trial - 1]


def draw_angle_errors(
    event_keys: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    station_keys: NDArray[np.uint64],
    angles: StatedAngles,
    n_trials: int,
    stratified: bool = True,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw azimuths and take-off angles around given ones, per trial.

    For catalogs that state angles (HASH's first program). Trial 0 has the given angles; in
    the others each angle has a normal error of its own, keyed by event and station.

    Parameters
    ----------
    event_keys : uint64, shape (n_events,)
    offsets : int64, shape (n_events + 1,)
    station_keys : uint64, shape (n_obs,)
    angles : StatedAngles
    n_trials : int
    stratified : bool
        Spread each error evenly over its distribution (a Latin hypercube over the trials)
        instead of drawing independently; the same accuracy then takes fewer trials.

    Returns
    -------
    azimuth_deg, takeoff_deg : float32, shape (n_trials, n_obs)
        Not wrapped: directions beyond straight up or down continue on the other side.
    """
    count = len(station_keys)
    centers, errors = np.empty((2, count)), np.empty((2, count))
    centers[0], centers[1] = angles.azimuth_deg, angles.takeoff_deg
    errors[0], errors[1] = angles.azimuth_error_deg, angles.takeoff_error_deg
    errors = np.nan_to_num(errors, nan=0.0)
    out = np.empty((2, n_trials, count), np.float32)
    _perturb(event_keys, offsets, station_keys, centers, errors, stratified, out)
    return out[0], out[1]


@compiled(nogil=True)
def _perturb_places(
    event_keys: NDArray[np.uint64],
    center: NDArray[np.float64],
    error: NDArray[np.float64],
    streams: tuple[int, int],
    stratified: bool,
    out: NDArray[np.float64],
) -> None:
    """Fill one coordinate of the source in every trial from the second on.

    ``streams`` are the number of models and the purpose of the random streams.
    """
    trials = out.shape[0]
    models, purpose = streams
    draws = np.empty(trials)
    for event in range(event_keys.shape[0]):
        out[0, event] = center[event]
        # Each model gets its own stratified depths: with one stratification over all trials
        # a model could see shallow depths only.
        for model in range(models):
            first = model if model > 0 else models
            count = (trials - 1 - first) // models + 1 if first < trials else 0
            if count == 0:
                continue
            start = stream_start(event_keys[event], np.uint64(model), purpose)
            normal_draws(start, count, stratified, draws)
            for i in range(count):
                out[first + i * models, event] = center[event] + error[event] * draws[i]


def draw_epicenters(
    event_keys: NDArray[np.uint64],
    horizontal_error_km: ArrayLike,
    n_trials: int,
    n_models: int,
    stratified: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw by how much the epicenter of every trial lies off the stated one.

    East and north have independent normal errors of the same size. Trial 0 has none; trial
    ``i`` belongs to model ``i mod n_models``, as in :func:`draw_depths_and_models`.

    Parameters
    ----------
    event_keys : uint64, shape (n_events,)
    horizontal_error_km : shape (n_events,) or scalar
        Standard error of either coordinate; missing (NaN) and negative ones count as 0.
    n_trials, n_models : int
    stratified : bool
        Spread the shifts of each model evenly over their distribution.

    Returns
    -------
    east_km, north_km : float64, shape (n_trials, n_events)
    """
    count = len(event_keys)
    error = np.broadcast_to(np.asarray(horizontal_error_km, np.float64), (count,))
    error = np.where(np.isfinite(error) & (error > 0), error, 0.0)
    out = np.empty((2, n_trials, count))
    for shift, purpose in zip(out, (_EAST, _NORTH), strict=True):
        streams = n_models, purpose
        _perturb_places(event_keys, np.zeros(count), error, streams, stratified, shift)
    return out[0], out[1]


def draw_depths_and_models(
    event_keys: NDArray[np.uint64],
    depth_km: ArrayLike,
    depth_error_km: ArrayLike,
    n_trials: int,
    n_models: int,
    stratified: bool = True,
    default_error_km: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw source depths and choose velocity models, per trial.

    For angles traced in one-dimensional models (HASH's second program). Trial 0 has the
    catalog's depth and the first model; trial ``i`` has a normal error of depth and model
    ``i mod n_models``.

    Parameters
    ----------
    event_keys : uint64, shape (n_events,)
    depth_km, depth_error_km : shape (n_events,) or scalar
        An error that is missing (NaN) or 0 becomes ``default_error_km``, as in HASH.
    n_trials, n_models : int
    stratified : bool
        Spread the depths of each model evenly over their distribution.
    default_error_km : float

    Returns
    -------
    depth_km : float64, shape (n_trials, n_events)
        May lie above the surface; who traces rays decides what that means.
    model : int64, shape (n_trials,)
    """
    count = len(event_keys)
    depth = np.ascontiguousarray(np.broadcast_to(np.asarray(depth_km, np.float64), (count,)))
    error = np.broadcast_to(np.asarray(depth_error_km, np.float64), (count,))
    error = np.where(np.isfinite(error) & (error > 0), error, default_error_km)
    out = np.empty((n_trials, count))
    _perturb_places(event_keys, depth, error, (n_models, _DEPTH), stratified, out)
    return out, np.arange(n_trials) % n_models
