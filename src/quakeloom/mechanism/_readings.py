"""What the compiled search takes: the readings of a block, its limits, and which readings count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._blocks import ObservationBlock


class Rays(NamedTuple):
    """Angles at the source of every observation in every trial, in degrees.

    Both float32, shape (n_trials, n_obs). Observations without angles in trial 0 have none.
    """

    azimuth: NDArray[np.float32]
    takeoff: NDArray[np.float32]


class Readings(NamedTuple):
    """The arrays of an :class:`ObservationBlock`, and the order of its observations.

    Attributes
    ----------
    event_keys : uint64, shape (n_events,)
    offsets : int64, shape (n_events + 1,)
    order : int64, shape (n_obs,)
        Observations by event and station key.
    rays : Rays
    polarity : int8, shape (n_obs,)
    impulsive : bool, shape (n_obs,)
    probability_up : float32, shape (n_obs,)
    ratio : float32, shape (n_obs,)
        log10 S/P.
    """

    event_keys: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]
    rays: Rays
    polarity: NDArray[np.int8]
    impulsive: NDArray[np.bool_]
    probability_up: NDArray[np.float32]
    ratio: NDArray[np.float32]


class Limits(NamedTuple):
    """The settings that the compiled loop needs (see :class:`MechanismOptions`).

    ``use_probabilities`` is 0 for counting signs, 1 for weighing by probabilities, 2 for weighing
    the events of which some reading states one. ``presence_of_count`` and ``level_of_count`` give
    the weight for probability and spread and the stored weight of a mechanism that so many
    trials accept.
    """

    minimum: int
    widest_azimuth: float
    widest_takeoff: float
    use_onset: bool
    use_emergent: bool
    use_probabilities: int
    rate: float
    floor: float
    amplitude_error: float
    maxout: int
    average_hash: bool
    angle_deg: float
    least: float
    presence_of_count: NDArray[np.float32]
    level_of_count: NDArray[np.uint8]


class Selection(NamedTuple):
    """The observations of one event that count, as places in :class:`Readings`.

    Attributes
    ----------
    signed : int64
        Those with a polarity, impulsive ones first.
    impulsive : int
        How many of them are impulsive.
    paired : int64
        Those with an S/P ratio.
    ignored : int
        Observations without usable angles.
    """

    signed: NDArray[np.int64]
    impulsive: int
    paired: NDArray[np.int64]
    ignored: int


def order_readings(block: ObservationBlock) -> NDArray[np.int64]:
    """Return the order of observations by event and station key.

    Sums of floats depend on the order of their terms; with this order the result does not
    depend on the order of input. Observations that share a key are ordered by their values.
    """
    event = np.repeat(np.arange(len(block.event_keys)), np.diff(block.offsets))
    order = np.lexsort((block.station_keys, event))
    keys, events = block.station_keys[order], event[order]
    if np.any((keys[1:] == keys[:-1]) & (events[1:] == events[:-1])):
        order = np.lexsort((
            block.probability_up, block.sp_log_ratio, block.impulsive, block.polarity,
            block.takeoff_deg[0], block.azimuth_deg[0], block.station_keys, event,
        ))  # fmt: skip
    return order.astype(np.int64)


def complete_rays(azimuth: NDArray[np.float32], takeoff: NDArray[np.float32]) -> Rays:
    """Return rays of which each trial has all: where angles are missing, those of trial 0."""
    missing = ~(np.isfinite(azimuth) & np.isfinite(takeoff))
    if missing[1:].any():
        azimuth = np.where(missing, azimuth[:1], azimuth)
        takeoff = np.where(missing, takeoff[:1], takeoff)
    return Rays(azimuth, takeoff)


def read_block(block: ObservationBlock, use_amplitudes: bool) -> Readings:
    """Return the readings of a block whose arrays are in order, without S/P if not wanted."""
    ratio = block.sp_log_ratio
    if not use_amplitudes:
        ratio = np.full_like(ratio, np.nan)
    return Readings(
        block.event_keys, block.offsets, order_readings(block),
        complete_rays(block.azimuth_deg, block.takeoff_deg), block.polarity, block.impulsive,
        block.probability_up, ratio,
    )  # fmt: skip


@compiled(nogil=True)
def has_ray(observation: int, rays: Rays) -> bool:
    """Whether an observation has angles in trial 0; without, it counts nowhere."""
    azimuth, takeoff = rays.azimuth[0, observation], rays.takeoff[0, observation]
    return bool(np.isfinite(azimuth) and np.isfinite(takeoff))


@compiled(nogil=True)
def select_readings(
    event: int,
    readings: Readings,
    limits: Limits,
    signed: NDArray[np.int64],
    paired: NDArray[np.int64],
) -> Selection:
    """Select the observations of an event that count; the last two arrays receive them."""
    count = pairs = ignored = sharp = 0
    # Impulsive picks in a first pass, emergent ones in a second: limits of both kinds are
    # found from the first so-many rows.
    for wanted in range(2):
        for k in range(readings.offsets[event], readings.offsets[event + 1]):
            i = readings.order[k]
            impulsive = readings.impulsive[i]
            known = has_ray(i, readings.rays)
            has_sign = readings.polarity[i] != 0
            if limits.use_probabilities != 0:
                has_sign = has_sign or np.isfinite(readings.probability_up[i])
            has_sign = has_sign and (limits.use_emergent or impulsive)
            if wanted == 0:
                if not known:
                    ignored += 1
                elif np.isfinite(readings.ratio[i]):
                    paired[pairs] = i
                    pairs += 1
            if known and has_sign and impulsive == (wanted == 0):
                signed[count] = i
                count += 1
        if wanted == 0:
            sharp = count
    return Selection(signed[:count], sharp, paired[:pairs], ignored)


@compiled(nogil=True)
def is_weighed(chosen: Selection, readings: Readings, limits: Limits) -> bool:
    """Whether the readings of an event are weighed by probabilities, not counted."""
    if limits.use_probabilities < 2:
        return limits.use_probabilities == 1
    for k in range(chosen.signed.shape[0]):
        if np.isfinite(readings.probability_up[chosen.signed[k]]):
            return True
    return False


@compiled(nogil=True)
def log_odds_up(i: int, readings: Readings, limits: Limits) -> float:
    """Log odds that a first motion is up, by its probability or else by its sign."""
    p = float(readings.probability_up[i])
    if not np.isfinite(p):
        p = 1.0 - limits.rate if readings.polarity[i] > 0 else limits.rate
    p = limits.floor + (1.0 - 2.0 * limits.floor) * min(max(p, 0.0), 1.0)
    odds: float = np.log(p / (1.0 - p))
    return odds
