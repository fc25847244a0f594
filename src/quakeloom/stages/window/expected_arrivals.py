"""When P and S of events are expected at the instruments of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import distance_azimuth
from quakeloom.schema import make_table, phase_class, time_values
from quakeloom.stages.archive.record_sets import Instrument
from quakeloom.stages.readings.station_epochs import find_stations
from quakeloom.travel import TableStack, lookup

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

NO_TIME = np.iinfo(np.int64).min
"""A time that is not known, in nanoseconds since 1970."""


_NEVER = np.iinfo(np.int64).max
"""Later than any arrival, in nanoseconds since 1970."""


@dataclass(frozen=True)
class Expected:
    """Expected arrivals of the events of a partition at one instrument.

    Attributes
    ----------
    p, s : ndarray of int64, shape (events,)
        Nanoseconds since 1970; ``NO_TIME`` where none is expected.
    distance_km : ndarray, shape (events,)
        NaN if the station's place is not known.
    given : ndarray of bool
        The P is a given pick.
    """

    p: NDArray[np.int64]
    s: NDArray[np.int64]
    distance_km: NDArray[np.float64]
    given: NDArray[np.bool_]


class ArrivalBook:
    """Looks up expected arrivals: the earliest given pick, else travel times in the first model."""

    def __init__(
        self,
        settings: Settings,
        events: pa.Table,
        stations: pa.Table,
        picks: pa.Table,
        polarities: pa.Table,
        tables: TableStack | None,
    ) -> None:
        assert settings.waveforms is not None
        self._settings = settings
        self._events = events
        self._stations = stations
        self._rows: dict[str, list[int]] = {}
        for row, station in enumerate(stations.column("station").to_pylist()):
            self._rows.setdefault(station, []).append(row)
        self._longitude, self._latitude = (
            events.column(c).to_numpy() for c in ("longitude", "latitude")
        )
        self._tables = tables
        self._origin = _nanoseconds(events, "origin_time")
        index = {e: i for i, e in enumerate(events.column("event_id").to_pylist())}
        aliases = settings.waveforms.station_aliases
        self._given: dict[str, dict[str, list[tuple[int, int, str]]]] = {}
        for table, time, phase in ((picks, "time", ""), (polarities, "arrival_time", "P")):
            names = table.column("phase").to_pylist() if not phase else [phase] * table.num_rows
            rows = zip(
                table.column("event_id").to_pylist(), table.column("station").to_pylist(),
                table.column("network").to_pylist(), names, _nanoseconds(table, time).tolist(),
                strict=True,
            )  # fmt: skip
            for event, station, network, name, at in rows:
                if event in index and at != NO_TIME:
                    by_phase = self._given.setdefault(aliases.get(station, station), {})
                    by_phase.setdefault(phase_class(name), []).append((index[event], at, network))

    def arrivals(self, instrument: Instrument) -> Expected:
        """Return the expected arrivals of all events at an instrument."""
        settings = self._settings
        assert settings.waveforms is not None
        n = self._events.num_rows
        p, s = np.full(n, NO_TIME), np.full(n, NO_TIME)
        by_phase = self._given.get(instrument.station, {})
        distance = self._distance(instrument, [e for rows in by_phase.values() for e, *_ in rows])
        near = distance <= settings.selection.maximum_distance_km
        if self._tables is not None:
            depth = self._events.column("depth_km").to_numpy()
            with np.errstate(invalid="ignore"):
                usable = near & np.isfinite(depth) & (self._origin != NO_TIME)
            at = np.flatnonzero(usable)
            if at.size:
                zeros = np.zeros(at.size, dtype=np.int64)
                _, travel = lookup(self._tables, zeros, depth[at], distance[at])
                at, travel = at[np.isfinite(travel)], travel[np.isfinite(travel)]
                p[at] = self._origin[at] + np.round(travel * _NANO).astype(np.int64)
                ratio = settings.waveforms.vp_vs_ratio
                s[at] = self._origin[at] + np.round(ratio * travel * _NANO).astype(np.int64)
        given = {}
        for times, phase in ((p, "P"), (s, "S")):
            earliest = np.full(n, _NEVER)
            for event, at_time, network in by_phase.get(phase, ()):
                if network and instrument.network and network != instrument.network:
                    continue
                # Pn and Pg of one station: the first arrival is the earlier one
                earliest[event] = min(at_time, earliest[event])
            given[phase] = earliest != _NEVER
            times[given[phase]] = earliest[given[phase]]
        return Expected(p, s, distance, given["P"])

    def _distance(self, instrument: Instrument, given: list[int]) -> NDArray[np.float64]:
        """Return distances in km, NaN beyond the largest that counts but for given picks."""
        n = self._events.num_rows
        selection = self._settings.selection
        distance = np.full(n, np.nan)
        rows = self._rows.get(instrument.station, [])
        if not rows:
            return distance
        stations = self._stations.take(rows)
        latitudes = stations.column("latitude").to_numpy()
        # a degree of latitude has 110.5 km or more
        reach = selection.maximum_distance_km / 110.5
        south, north = latitudes.min() - reach, latitudes.max() + reach
        close = (self._latitude >= south) & (self._latitude <= north)
        close[given] = True
        at = np.flatnonzero(close)
        reading = make_table(
            "polarities",
            {
                "network": [instrument.network] * at.size,
                "station": [instrument.station] * at.size,
                "channel": [instrument.band + "Z"] * at.size,
            },
            rows=at.size,
        )
        times = self._origin[at].astype("datetime64[ns]")
        places = find_stations(
            stations, reading, times, selection.station_match, selection.station_epochs
        )
        places.warn("window", reading)
        distance[at] = distance_azimuth(
            self._longitude[at], self._latitude[at], places.longitude, places.latitude,
            self._settings.takeoff.distance,
        )[0]  # fmt: skip
        return distance


def _nanoseconds(table: pa.Table, column: str) -> NDArray[np.int64]:
    values: Any = time_values(table.column(column)).astype("datetime64[ns]")
    return np.asarray(values.astype(np.int64))
