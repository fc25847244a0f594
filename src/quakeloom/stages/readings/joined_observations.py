"""First motions and amplitude ratios together, sorted by event, as the search takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import string_keys
from quakeloom.stages.readings.amplitude_ratios import AmplitudeRatios
from quakeloom.stages.readings.block_readings import BlockEvents, Floats, Readings


@dataclass(frozen=True)
class JoinedObservations:
    """Usable observations of a block, one element each, sorted by event.

    Of an event polarities come first, then amplitude ratios.

    Attributes
    ----------
    event : ndarray of int64
        Event in the block.
    row : ndarray of int64
        Row of the readings, -1 for amplitude ratios.
    offsets : ndarray of int64, shape (events + 1,)
        Where the observations of each event begin, and their number.
    station_keys : ndarray of uint64
        Random streams of the stations.
    polarity : ndarray of int8
        0 for ratios.
    is_impulsive : ndarray of bool
    probability_up, sp_log_ratio : ndarray of float64
        NaN where an observation is of the other kind.
    azimuth_deg, takeoff_deg, distance_km : ndarray of float64
        As in :class:`~quakeloom.stages.readings.block_readings.EventRows`, like ``station``.
    azimuth_error_deg, takeoff_error_deg : ndarray of float64
        Standard errors of the angles: where angles are given, those that came with them.
    station : ndarray of float64, shape (3, observations)
    """

    event: NDArray[np.int64]
    row: NDArray[np.int64]
    offsets: NDArray[np.int64]
    station_keys: NDArray[np.uint64]
    polarity: NDArray[np.int8]
    is_impulsive: NDArray[np.bool_]
    probability_up: Floats
    sp_log_ratio: Floats
    azimuth_deg: Floats
    takeoff_deg: Floats
    distance_km: Floats
    azimuth_error_deg: Floats
    takeoff_error_deg: Floats
    station: Floats

    @property
    def count(self) -> int:
        """Number of observations."""
        return int(self.event.size)


def join_observations(
    settings: Settings, events: BlockEvents, readings: Readings, ratios: AmplitudeRatios
) -> JoinedObservations:
    """Return the readings that are used and the ratios of the same events together."""
    used, amplitudes = readings.used, ratios.amplitudes
    event = np.concatenate([readings.event[used], amplitudes.event[ratios.row]])
    order = np.argsort(event, kind="stable")
    event = event[order]
    count = ratios.row.size
    none = np.full(count, np.nan)

    def joined(of_readings: NDArray[Any], of_ratios: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([of_readings, of_ratios], axis=-1)[..., order]

    def placed(name: str) -> NDArray[Any]:
        values, others = getattr(readings, name), getattr(amplitudes, name)
        return joined(values[..., used], others[..., ratios.row])

    def error(name: str) -> Floats:
        default = float(getattr(settings.takeoff, name))
        if settings.takeoff.angles != "given":
            return np.full(event.size, default)
        values = joined(np.asarray(readings.column(name)[used], dtype=float), none)
        return np.where(np.isnan(values), default, values)

    names = readings.station_names(used) + amplitudes.station_names(ratios.row)
    return JoinedObservations(
        event=event,
        row=joined(used, np.full(count, -1)),
        offsets=event_offsets(event, events.count),
        station_keys=string_keys(names, settings.seed)[order],
        polarity=joined(readings.polarity[used], np.zeros(count, np.int8)),
        is_impulsive=joined(readings.is_impulsive[used], np.ones(count, bool)),
        probability_up=joined(readings.probability_up[used], none),
        sp_log_ratio=joined(np.full(used.size, np.nan), ratios.log_ratio),
        azimuth_deg=placed("azimuth_deg"),
        takeoff_deg=placed("takeoff_deg"),
        distance_km=placed("distance_km"),
        azimuth_error_deg=error("azimuth_error_deg"),
        takeoff_error_deg=error("takeoff_error_deg"),
        station=placed("station"),
    )


def event_offsets(event: NDArray[np.int64], events: int) -> NDArray[np.int64]:
    """Return where the rows of each event begin, and their number, shape (events + 1,)."""
    return np.searchsorted(event, np.arange(events + 1)).astype(np.int64)
