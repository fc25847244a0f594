"""S/P amplitude ratios of a block of events, corrected for the station."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.readings.sites import ReadingSites, event_index, place_readings


@dataclass(frozen=True)
class AmplitudeRatios:
    """Usable ratios of a block of events.

    Attributes
    ----------
    log_ratio : ndarray of float64
        Decimal logarithm of S/P, corrected for the station.
    event, row : ndarray of int64
        Event in the block, and row of table ``amplitudes``.
    distance_km, azimuth_deg, takeoff_deg : ndarray of float64
        NaN where the ray has still to be traced.
    station : ndarray of float64
        Longitude, latitude and elevation (m), shape (3, ratios).
    """

    log_ratio: NDArray[np.float64]
    event: NDArray[np.int64]
    row: NDArray[np.int64]
    distance_km: NDArray[np.float64]
    azimuth_deg: NDArray[np.float64]
    takeoff_deg: NDArray[np.float64]
    station: NDArray[np.float64]


def amplitude_ratios(
    settings: Settings,
    events: pa.Table,
    amplitudes: pa.Table,
    stations: pa.Table,
    corrections: pa.Table,
    ids: pa.Array,
    usable_event: NDArray[np.bool_],
    readings: pa.Table,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    sites: ReadingSites,
) -> AmplitudeRatios:
    """log10 S/P of amplitudes that stand out of the noise, corrected for the station."""
    if not settings.mechanism.use_amplitudes or not amplitudes.num_rows:
        none, nowhere = np.zeros(0), np.zeros(0, dtype=np.int64)
        return AmplitudeRatios(none, nowhere, nowhere, none, none, none, np.zeros((3, 0)))
    event = event_index(amplitudes, ids)
    p, s, np_, ns = (
        amplitudes.column(c).to_numpy()
        for c in ("p_amplitude", "s_amplitude", "p_noise", "s_noise")
    )
    snr = settings.mechanism.minimum_amplitude_snr
    with np.errstate(invalid="ignore", divide="ignore"):
        loud = (p > 0) & (s > 0) & (p >= snr * np.abs(np_)) & (s >= snr * np.abs(ns))
        ratio = np.log10(s / p) - _corrections(settings, corrections, amplitudes)
    placed, angles = place_readings(settings, events, amplitudes, event, stations)
    if settings.takeoff.angles == "given":
        angles = _angles_of_same_station(readings, sites.event, given, amplitudes, event)
    with np.errstate(invalid="ignore"):
        near = ~(placed.distance > settings.selection.maximum_distance_km)
    ready = np.isfinite(angles[0]) & (np.isfinite(angles[1]) | (settings.takeoff.angles != "given"))
    rows = np.flatnonzero(loud & near & ready & usable_event[event] & np.isfinite(ratio))
    return AmplitudeRatios(
        log_ratio=ratio[rows],
        event=event[rows],
        row=rows,
        distance_km=placed.distance[rows],
        azimuth_deg=angles[0][rows],
        takeoff_deg=angles[1][rows],
        station=placed.station[:, rows],
    )


def _angles_of_same_station(
    readings: pa.Table,
    reading_event: NDArray[np.int64],
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    amplitudes: pa.Table,
    event: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = dict(
        zip(
            zip(reading_event.tolist(), readings.column("station").to_pylist(), strict=True),
            range(readings.num_rows),
            strict=True,
        )
    )
    where = np.array(
        [
            known.get(key, -1)
            for key in zip(event.tolist(), amplitudes.column("station").to_pylist(), strict=True)
        ],
        dtype=np.int64,
    )
    azimuth = np.where(where >= 0, given[0][where], np.nan)
    return azimuth, np.where(where >= 0, given[1][where], np.nan)


def _corrections(
    settings: Settings, corrections: pa.Table, amplitudes: pa.Table
) -> NDArray[np.float64]:
    """Station corrections by code and first two letters of the channel, V and E exchanged."""
    table: dict[tuple[str, str], float] = {}
    for station, channel, value in zip(
        *(corrections.column(c).to_pylist() for c in ("station", "channel", "sp_log_correction")),
        strict=True,
    ):
        table.setdefault((station, channel[:2].replace("V", "E", 1)), value)
    none = np.nan if settings.mechanism.require_sp_correction else 0.0
    codes = zip(*(amplitudes.column(c).to_pylist() for c in ("station", "channel")), strict=True)
    return np.array([table.get((s, c[:2].replace("V", "E", 1)), none) for s, c in codes])
