"""S/P amplitude ratios of a block of events, corrected for the station."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.readings.block_readings import BlockEvents, EventRows, Readings, Shared
from quakeloom.stages.readings.sites import place_rows


@dataclass(frozen=True)
class AmplitudeRatios:
    """Usable ratios of a block of events.

    Attributes
    ----------
    amplitudes : EventRows
        All rows of table ``amplitudes``, with the places of their stations.
    row : ndarray of int64, shape (ratios,)
        Rows that are used.
    log_ratio : ndarray of float64, shape (ratios,)
        Decimal logarithm of S/P, corrected for the station.
    """

    amplitudes: EventRows
    row: NDArray[np.int64]
    log_ratio: NDArray[np.float64]


def amplitude_ratios(
    settings: Settings,
    events: BlockEvents,
    amplitudes: pa.Table,
    readings: Readings,
    shared: Shared,
) -> AmplitudeRatios:
    """Return log10 S/P of amplitudes that stand out of the noise, corrected for the station.

    Parameters
    ----------
    settings : Settings
    events : BlockEvents
    amplitudes : pyarrow.Table
        Registered table ``amplitudes`` of these events, sorted by event.
    readings : Readings
        Of the same events: where angles are given, a ratio takes those of its station.
    shared : Shared
    """
    if not settings.mechanism.use_amplitudes or not amplitudes.num_rows:
        none = events.rows_of(amplitudes.slice(0, 0))
        return AmplitudeRatios(none, np.zeros(0, dtype=np.int64), np.zeros(0))
    rows = place_rows(settings, events, events.rows_of(amplitudes), shared.stations)
    traced = settings.takeoff.angles != "given"
    if not traced:
        rows = _angles_of_same_station(rows, readings)
    p, s, p_noise, s_noise = (
        rows.column(c) for c in ("p_amplitude", "s_amplitude", "p_noise", "s_noise")
    )
    snr = settings.mechanism.minimum_amplitude_snr
    with np.errstate(invalid="ignore", divide="ignore"):
        loud = (p > 0) & (s > 0) & (p >= snr * np.abs(p_noise)) & (s >= snr * np.abs(s_noise))
        ratio = np.log10(s / p) - _corrections(settings, shared.sp_corrections, amplitudes)
        near = ~(rows.distance_km > settings.selection.maximum_distance_km)
    ready = np.isfinite(rows.azimuth_deg) & (np.isfinite(rows.takeoff_deg) | traced)
    usable = events.is_usable[rows.event]
    chosen = np.flatnonzero(loud & near & ready & usable & np.isfinite(ratio))
    return AmplitudeRatios(rows, chosen, ratio[chosen])


def _angles_of_same_station(rows: EventRows, readings: Readings) -> EventRows:
    """Return rows with the angles of the last reading of their event and station."""
    known = dict(
        zip(
            zip(readings.event.tolist(), readings.column("station").tolist(), strict=True),
            range(readings.count),
            strict=True,
        )
    )
    keys = zip(rows.event.tolist(), rows.column("station").tolist(), strict=True)
    where = np.array([known.get(key, -1) for key in keys], dtype=np.int64)
    return replace(
        rows,
        azimuth_deg=np.where(where >= 0, readings.azimuth_deg[where], np.nan),
        takeoff_deg=np.where(where >= 0, readings.takeoff_deg[where], np.nan),
    )


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
