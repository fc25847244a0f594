"""Which windows to cut: events, instruments and traces that belong together, and gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.picking import Picker
from quakeloom.schema import time_values
from quakeloom.signal import sample_number, sample_time
from quakeloom.stages.archive.index import ArchiveIndex
from quakeloom.stages.archive.record_sets import IndexRow, Instrument
from quakeloom.stages.takeoff.reading import read_tables
from quakeloom.stages.window.expected_arrivals import NO_TIME, ArrivalBook
from quakeloom.store import RunLayout, read_table

MARGIN = 2_000_000_000
"""Nanoseconds that are read before and after a window."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_LONGEST_TRAVEL = 600 * _NANO
"""Nanoseconds that no P or S of a regional event travels longer; chosen here."""


@dataclass(frozen=True)
class WantedWindow:
    """One window to cut.

    Attributes
    ----------
    event : int
        Row of the event; -1 stands for several.
    instrument : Instrument
    start, expected_p, expected_s : int
        Nanoseconds since 1970; ``NO_TIME`` where none is expected.
    distance_km : float
    rows : tuple of IndexRow
        Traces that touch the window.
    """

    event: int
    instrument: Instrument
    start: int
    expected_p: int
    expected_s: int
    distance_km: float
    rows: tuple[IndexRow, ...]


AbsentWindow = tuple[WantedWindow, str, str]
"""What is not cut, with status and reason."""


def time_spans(
    settings: Settings, layout: RunLayout, partition: str, picker: Picker
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the time that windows of a partition can touch, and that of its events and picks."""
    assert settings.waveforms is not None
    folder = layout.rows(partition)
    known = []
    for name, column in (
        ("events", "origin_time"), ("picks", "time"), ("polarities", "arrival_time")
    ):  # fmt: skip
        times = read_table(folder / f"{name}.parquet", name, [column]).column(column)
        values = time_values(times).astype("datetime64[ns]")
        known.append(values[~np.isnat(values)].astype(np.int64))
    times = np.concatenate(known)
    if not times.size:
        return (-(2**62), 2**62), (-(2**62), 2**62)
    length = round(picker.samples / picker.sampling_rate_hz * _NANO)
    before = round(settings.waveforms.before_p_s * _NANO) + length + 2 * MARGIN
    first, last = int(times.min()), int(times.max())
    after = _LONGEST_TRAVEL + length + 2 * MARGIN
    return (first - before, last + after), (first, last)


def plan_windows(
    settings: Settings,
    layout: RunLayout,
    partition: str,
    events: pa.Table,
    index: ArchiveIndex,
    picker: Picker,
) -> tuple[list[WantedWindow], list[AbsentWindow]]:
    """Return the windows to cut in the order of the archive, and those without waveform."""
    assert settings.waveforms is not None
    folder = layout.rows(partition)
    layered = settings.takeoff.angles == "layered"
    book = ArrivalBook(
        settings,
        events,
        read_table(layout.ingest / "stations.parquet", "stations"),
        read_table(folder / "picks.parquet", "picks"),
        read_table(folder / "polarities.parquet", "polarities"),
        read_tables(layout) if layered else None,
    )
    only_given = settings.waveforms.picks == "given"
    before = round(settings.waveforms.before_p_s * _NANO)
    length = round(picker.samples / picker.sampling_rate_hz * _NANO)
    origin = time_values(events.column("origin_time")).astype("datetime64[ns]").astype(np.int64)
    wanted: list[WantedWindow] = []
    silent: list[tuple[WantedWindow, bool]] = []
    for instrument, (rows, recorded, is_triggered) in sorted(index.by_instrument().items()):
        own = sorted(rows, key=lambda r: (r.start, r.channel, r.file))
        starts = np.array([r.start for r in own], np.int64)
        ends = np.array([r.end for r in own], np.int64)
        longest = int((ends - starts).max(initial=0))
        arrivals = book.arrivals(instrument)
        use = arrivals.p != NO_TIME
        if only_given:
            use &= arrivals.given
        events_here = np.flatnonzero(use)
        # a second more than needed, since windows start on whole samples
        about = arrivals.p[events_here] - before
        reach = MARGIN + _NANO
        can_be = np.searchsorted(starts, about - longest - reach) < np.searchsorted(
            starts, about + length + reach
        )
        known = np.where(
            origin[events_here] == NO_TIME, arrivals.p[events_here], origin[events_here]
        )
        lived = (known >= recorded[0]) & (known <= recorded[1])
        either = can_be | lived
        for event, could, alive in zip(
            events_here[either].tolist(), can_be[either], lived[either], strict=True
        ):
            p = int(arrivals.p[event])
            start = 0
            covering: tuple[IndexRow, ...] = ()
            if could:
                # on whole samples, so that the same waveform gives the same window
                number = sample_number(p - before, picker.sampling_rate_hz)
                start = sample_time(number, picker.sampling_rate_hz)
                first = int(np.searchsorted(starts, start - longest - MARGIN))
                last = int(np.searchsorted(starts, start + length + MARGIN))
                covering = tuple(own[k] for k in range(first, last) if ends[k] > start - MARGIN)
            w = WantedWindow(
                event, instrument, start, p, int(arrivals.s[event]),
                float(arrivals.distance_km[event]), covering,
            )  # fmt: skip
            if covering:
                wanted.append(w)
            elif alive:
                silent.append((w, is_triggered))
    absent = one_per_station(silent, wanted)
    wanted, slower = _prefer_fast(wanted, picker.sampling_rate_hz)
    faster = "another instrument of the station records faster"
    absent += [(w, "second_choice", faster) for w in slower]
    wanted.sort(key=lambda w: (str(w.rows[0].file), w.start, w.instrument, w.event))
    return wanted, absent


def one_per_station(
    silent: list[tuple[WantedWindow, bool]], wanted: list[WantedWindow]
) -> list[AbsentWindow]:
    """Keep one row for every event of a station that recorded nothing of it.

    Where one instrument of a station recorded, the others that did not are no news. Where all
    record events only, one row tells of all events that did not trigger the station: they are
    the rule, and would drown the gaps of stations that record continuously.
    """
    recorded = {(w.event, w.instrument.network, w.instrument.station) for w in wanted}
    by_station: dict[tuple[str, str], dict[int, list[tuple[WantedWindow, bool]]]] = {}
    for w, is_triggered in silent:
        station = w.instrument.network, w.instrument.station
        if (w.event, *station) not in recorded:
            by_station.setdefault(station, {}).setdefault(w.event, []).append((w, is_triggered))
    rows: list[AbsentWindow] = []
    for events in by_station.values():
        quiet = []
        for group in events.values():
            first = min((w for w, _ in group), key=lambda w: w.instrument)
            if all(is_triggered for _, is_triggered in group):
                quiet.append(first)
                continue
            reason = "the instrument was not recording at the expected P"
            if len(group) > 1:
                reason = f"none of {len(group)} instruments was recording at the expected P"
            rows.append((first, "no_waveform", reason))
        if quiet:
            first = replace(quiet[0], event=-1, expected_p=NO_TIME, expected_s=NO_TIME,
                            distance_km=float("nan"))  # fmt: skip
            many = f"{len(quiet)} events" if len(quiet) > 1 else "1 event"
            reason = f"no triggered record holds the expected P of {many}"
            rows.append((first, "not_triggered", reason))
    return rows


def _prefer_fast(
    wanted: list[WantedWindow], rate_hz: float
) -> tuple[list[WantedWindow], list[WantedWindow]]:
    """Leave out instruments slower than the picker where the station has a faster one."""

    def is_slow(w: WantedWindow) -> bool:
        return 0.0 < max(r.sampling_rate_hz for r in w.rows) < 0.8 * rate_hz

    fast = {(w.event, w.instrument.network, w.instrument.station) for w in wanted if not is_slow(w)}
    slower = [
        w
        for w in wanted
        if is_slow(w) and (w.event, w.instrument.network, w.instrument.station) in fast
    ]
    out = {id(w) for w in slower}
    return [w for w in wanted if id(w) not in out], slower
