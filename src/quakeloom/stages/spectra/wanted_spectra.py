"""Which spectra to measure: events, stations, phases, their windows in time and in the array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings, Spectra
from quakeloom.core import distance_azimuth
from quakeloom.schema import make_table, phase_class, time_values
from quakeloom.signal import ACCELERATION, band_of
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.reading import take_hypocenters
from quakeloom.stages.pick import PICK
from quakeloom.stages.readings.station_epochs import find_stations
from quakeloom.store import RunLayout, read_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NANO = 1_000_000_000
"""Nanoseconds of a second."""

NO_TIME = np.iinfo(np.int64).min
"""A time that is not known."""

_LEAD = 0.1
"""Share of a window that lies before its phase: tapers weigh what comes later evenly."""

_GUARD_S = 0.2
"""Seconds before S at which a window of P ends, and before P that of its noise (chosen here)."""

_LEAST_P_S = 1.0
"""Seconds that a window of P must have before S comes (chosen here)."""

_BANDS = "HECFDGSBM"
"""Band codes from the one that is taken first."""


@dataclass
class WantedSpectrum:
    """One reading: its row of the table, and where it lies.

    Attributes
    ----------
    row : dict
        Columns of ``measured_spectra``.
    window : int
        Number of the window in the array of the partition; -1 where nothing can be measured.
    time : int
        Of the phase, nanoseconds since 1970.
    start, end, quiet_start, quiet_end : int
        Of the window of the phase and of that of its noise, samples of the stored window.
    flags, orientation : str
        Of the stored window.
    order : int
        Place among the readings of the partition.
    """

    row: dict[str, Any]
    window: int = -1
    time: int = NO_TIME
    start: int = 0
    end: int = 0
    quiet_start: int = 0
    quiet_end: int = 0
    flags: str = ""
    orientation: str = ""
    order: int = 0

    def refuse(self, status: str, reason: str) -> None:
        """Say why there is no spectrum."""
        self.row["spectrum_status"], self.row["reason"] = status, reason
        self.window = -1


@dataclass(frozen=True)
class Located:
    """Events of a partition with the hypocenters that are taken."""

    ids: list[str]
    origin: Ints
    longitude: Floats
    latitude: Floats
    depth_km: Floats


def located_events(settings: Settings, layout: RunLayout, partition: str) -> pa.Table:
    """Return the events of a partition, with located hypocenters where the run locates."""
    events = read_table(layout.rows(partition) / "events.parquet", "events")
    if LOCATE.runs(settings):
        events, _ = take_hypocenters(layout, partition, events)
    return events


def want_spectra(
    settings: Settings,
    layout: RunLayout,
    partition: str,
    windows: pa.Table,
    shape: tuple[int, float],
) -> list[WantedSpectrum]:
    """Return the readings whose spectra are to be measured, and those of which there is none.

    One row for every event, station and phase; the instrument is that of the pick, else the
    fastest seismometer.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    partition : str
    windows : pyarrow.Table
        Table ``windows`` of the partition.
    shape : tuple
        Samples of a stored window, and their rate.
    """
    assert settings.spectra is not None
    events = located_events(settings, layout, partition)
    located = Located(
        events.column("event_id").to_pylist(),
        time_values(events.column("origin_time")).astype("datetime64[ns]").astype(np.int64),
        *(events.column(n).to_numpy().astype(float) for n in ("longitude", "latitude", "depth_km")),
    )  # fmt: skip
    picks = _phase_times(settings, layout, partition)
    rows = _best_windows(windows)
    found: list[WantedSpectrum] = []
    columns = {n: windows.column(n).to_pylist() for n in _WINDOW_COLUMNS}
    times = {n: _nanoseconds(windows, n) for n in _TIMES}
    number = {e: i for i, e in enumerate(located.ids)}
    for key in sorted(rows, key=lambda k: (number.get(k[0], -1), *k[1:])):
        for phase in settings.spectra.phases:
            wanted = _want(settings.spectra, key, phase, rows[key], (columns, times), picks)
            _place_window(settings.spectra, wanted, picks.get(key, {}), times, rows[key][0], shape)
            wanted.order = len(found)
            found.append(wanted)
    _add_distances(settings, layout, located, found)
    return found


_WINDOW_COLUMNS = ("event_id", "network", "station", "location_code", "channel", "window",
                   "window_status", "reason", "flags", "orientation")  # fmt: skip
"""Columns of the table of windows that are looked at."""

_TIMES = ("window_start", "expected_p_time", "expected_s_time")
"""Columns of times."""

Key = tuple[str, str, str]
"""Event, network, station."""


def _best_windows(windows: pa.Table) -> dict[Key, list[int]]:
    """Return rows of the table of windows by event and station, the best one first."""
    columns = {n: windows.column(n).to_pylist() for n in _WINDOW_COLUMNS}
    rows: dict[Key, list[int]] = {}
    for i in range(windows.num_rows):
        if columns["event_id"][i]:
            key = (columns["event_id"][i], columns["network"][i], columns["station"][i])
            rows.setdefault(key, []).append(i)

    def rank(i: int) -> tuple[bool, bool, bool, int, str]:
        channel = columns["channel"][i]
        place = _BANDS.find(channel[:1])
        return (
            columns["window"][i] < 0,
            "clipped" in columns["flags"][i],
            channel[1:2] in ACCELERATION,
            place if place >= 0 else len(_BANDS),
            columns["location_code"][i],
        )

    return {key: sorted(own, key=rank) for key, own in rows.items()}


def _phase_times(
    settings: Settings, layout: RunLayout, partition: str
) -> dict[Key, dict[str, int]]:
    """Return picked times by event and station, the earliest of each phase."""
    assert settings.waveforms is not None
    if settings.waveforms.picks == "automatic":
        table = read_table(layout.part(PICK.name, partition) / "picks.parquet", "picks")
    else:
        table = read_table(layout.rows(partition) / "picks.parquet", "picks")
    aliases = settings.waveforms.station_aliases
    found: dict[Key, dict[str, int]] = {}
    names = (table.column(n).to_pylist() for n in ("event_id", "network", "station", "phase"))
    for event, network, station, phase, time in zip(
        *names, _nanoseconds(table, "time").tolist(), strict=True
    ):
        kind = phase_class(phase)
        if kind not in ("P", "S") or time == NO_TIME:
            continue
        own = found.setdefault((event, network, aliases.get(station, station)), {})
        own[kind] = min(own.get(kind, time), time)
    return found


def _want(
    spectra: Spectra, key: Key, phase: str, rows: list[int],
    table: tuple[dict[str, list[Any]], dict[str, Ints]], picks: dict[Key, dict[str, int]],
) -> WantedSpectrum:  # fmt: skip
    """Return a reading with the time of its phase, or why it cannot be measured."""
    columns, times = table
    best = rows[0]
    row = {
        **{n: columns[n][best] for n in ("event_id", "network", "station", "location_code")},
        "channel": band_of(columns["channel"][best]) + "?",
        "spectrum_phase": phase, "spectrum_status": "measured", "reason": "", "spectrum": -1,
        "timed_by": "", "spectrum_components": "",
    }  # fmt: skip
    wanted = WantedSpectrum(row, columns["window"][best])
    wanted.flags, wanted.orientation = columns["flags"][best], columns["orientation"][best]
    if wanted.window < 0:
        status = columns["window_status"][best].replace("_", " ")
        why = columns["reason"][best]
        wanted.refuse("no_window", f"{status}: {why}" if why else status)
        return wanted
    own = picks.get(key) or picks.get((key[0], "", key[2]), {})
    picks.setdefault(key, own)
    expected = int(times["expected_s_time" if phase == "S" else "expected_p_time"][best])
    if phase in own:
        wanted.time, row["timed_by"] = own[phase], "pick"
    elif phase == "S" and spectra.use_expected and expected != NO_TIME and "P" in own:
        # the expected S is moved with its P
        shift = own["P"] - int(times["expected_p_time"][best])
        wanted.time, row["timed_by"] = expected + shift, "expected"
    else:
        wanted.refuse("no_pick", f"{phase} was not picked")
    return wanted


def _place_window(
    spectra: Spectra, wanted: WantedSpectrum, own: dict[str, int], times: dict[str, Ints],
    best: int, shape: tuple[int, float],
) -> None:  # fmt: skip
    """Place the windows of a phase and of its noise on the samples of the stored window."""
    if wanted.window < 0:
        return
    count, rate = shape
    begin = int(times["window_start"][best])
    phase = wanted.row["spectrum_phase"]

    def sample(time: int) -> int:
        return round((time - begin) * rate / NANO)

    p = own.get("P", int(times["expected_p_time"][best]))
    s = own.get("S", wanted.time if phase == "S" else int(times["expected_s_time"][best]))
    lag = (s - p) / NANO if NO_TIME not in (p, s) else 0.0
    after = max(spectra.window_s, spectra.window_share * lag) if phase == "S" else spectra.window_s
    if phase == "P" and lag > 0.0:
        after = min(after, lag - _GUARD_S)
        if after < _LEAST_P_S:
            wanted.refuse("too_short", f"S follows P after {lag:.1f} s")
            return
    length = _even_length(after / (1.0 - _LEAD), rate)
    at = sample(wanted.time)
    wanted.start = at - round(_LEAD * length)
    wanted.end = wanted.start + length
    if wanted.end > count:
        # the window that is left must hold most of what was asked for
        shorter = _even_length((count - at) / rate / (1.0 - _LEAD), rate)
        if shorter < 0.6 * length:
            wanted.refuse(
                "too_short", f"the stored window ends {(count - at) / rate:.1f} s after {phase}"
            )
            return
        wanted.start = at - round(_LEAD * shorter)
        wanted.end = wanted.start + shorter
    wanted.quiet_end = sample(p) - round(_GUARD_S * rate)
    wanted.quiet_start = max(wanted.quiet_end - length, 0)
    if wanted.start < 0 or wanted.quiet_end - wanted.quiet_start < rate:
        wanted.refuse("no_noise", "less than a second before P was stored")
        return
    size = wanted.quiet_end - wanted.quiet_start
    wanted.quiet_start = wanted.quiet_end - _even_length(size / rate, rate)
    wanted.row["spectrum_window_s"] = (wanted.end - wanted.start) / rate


def _even_length(seconds: float, rate: float) -> int:
    """Return samples of about so many seconds, by steps of a twelfth: windows that are alike are
    transformed together."""
    step = np.log(1.0 + 1.0 / 12.0)
    return int(np.exp(step * np.floor(np.log(seconds) / step + 1e-9)) * rate)


def _add_distances(
    settings: Settings, layout: RunLayout, located: Located, found: list[WantedSpectrum]
) -> None:
    """Add hypocentral distances and travel times; refuse what has no place."""
    number = {e: i for i, e in enumerate(located.ids)}
    event = np.array([number.get(w.row["event_id"], -1) for w in found], np.int64)
    reading = make_table(
        "polarities",
        {
            **{n: [w.row[n] for w in found] for n in ("network", "station")},
            "channel": [w.row["channel"].replace("?", "Z") for w in found],
        },
        rows=len(found),
    )
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    places = find_stations(
        stations, reading, located.origin[event].astype("datetime64[ns]"),
        settings.selection.station_match, settings.selection.station_epochs,
    )  # fmt: skip
    places.warn("spectra", reading)
    across = distance_azimuth(
        located.longitude[event], located.latitude[event], places.longitude, places.latitude
    )[0]
    down = located.depth_km[event] + np.nan_to_num(places.elevation_m) / 1000.0
    distance = np.hypot(across, down)
    for k, wanted in enumerate(found):
        wanted.row["hypocentral_km"] = float(distance[k])
        if event[k] < 0 or not np.isfinite(distance[k]) or distance[k] <= 0.0:
            what = "station" if np.isnan(places.longitude[k]) else "hypocenter"
            wanted.refuse("no_place", f"the {what} is not known")
        elif wanted.time != NO_TIME and located.origin[event[k]] != NO_TIME:
            travel = (wanted.time - int(located.origin[event[k]])) / NANO
            wanted.row["phase_travel_s"] = travel


def _nanoseconds(table: pa.Table, column: str) -> Ints:
    values: Any = time_values(table.column(column)).astype("datetime64[ns]")
    return np.asarray(values.astype(np.int64))


def window_count(windows: pa.Table) -> int:
    """Return how many windows a partition has stored."""
    return int(pc.max(windows.column("window")).as_py() or 0) + 1 if windows.num_rows else 0
