"""Read first motions at given picks: ``quakeloom polarity --waveforms``, and the library."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import InputError, QuakeloomError, SettingsError
from quakeloom.formats import Trace, WaveformFile
from quakeloom.schema import is_first_p, make_table, time_values
from quakeloom.signal import (
    ACCELERATION,
    Record,
    band_of,
    flag_bit,
    flag_names,
    is_clipped_before,
)
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.record_sets import (
    ArchiveReader,
    IndexRow,
    Problem,
    RecordSet,
    index_files,
    index_traces,
    list_files,
)
from quakeloom.stages.weights.polarity_readers import Reader, open_reader
from quakeloom.stages.without_a_run.pick_folder import problems_table

log = logging.getLogger(__name__)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_NEEDED_S = 4.0
"""Seconds around a pick that a trace must touch to be read; chosen here: twice a window."""

_STEEP_DEG = 60.0
"""Dip from which a channel counts as the vertical where it cannot be turned; chosen here: its
share of the vertical is .87 then."""

_USELESS = ("dead", "constant")
"""Flags of traces of which nothing can be read."""


@dataclass
class FolderPolarities:
    """What reading a folder gave: registered tables, and numbers to show."""

    polarities: pa.Table
    rejects: pa.Table
    counts: dict[str, int] = field(default_factory=dict)


def read_folder(
    path: Path,
    picks: pa.Table,
    reader: Reader,
    shift_s: float = 0.0,
    progress: Callable[[str], None] = lambda _: None,
    directions: SensorDirections | None = None,
) -> FolderPolarities:
    """Read the first motion at every P pick of a table.

    The vertical of the pick's station is cut around the pick: its instrument if the pick
    names one, else the one with the highest sampling rate, seismometers before
    accelerometers. Every P pick gets a row; where nothing could be read the polarity is 0
    and ``rejects`` says why.

    Parameters
    ----------
    path : Path
        Waveforms: a file, a folder, a tree.
    picks : pyarrow.Table
        Registered table ``picks``.
    reader : Reader
    shift_s : float
        Added to every pick before reading, to see how reading bears with wrong picks.
    progress : callable
    directions : SensorDirections, optional
        Where sensors point; without it the headers of the files tell.
    """
    if not math.isfinite(shift_s):
        raise SettingsError(f"The shift {shift_s} is no number of seconds. Nothing was read.")
    progress("reading headers")
    rows, problems = index_files(list_files(path))
    archive = ArchiveReader(directions=directions)
    return _read_archive(rows, problems, archive, picks, reader, shift_s, progress)


def read_traces(traces: Sequence[Trace], picks: pa.Table, reader: Reader) -> FolderPolarities:
    """Read the first motion at every P pick in traces in memory; see :func:`read_folder`.

    Parameters
    ----------
    traces : sequence of Trace
        With one name as ``source_file``.
    picks : pyarrow.Table
        Registered table ``picks``.
    reader : Reader
    """
    archive = ArchiveReader(load=lambda _: WaveformFile(list(traces)))
    return _read_archive(index_traces(traces), [], archive, picks, reader, 0.0, lambda _: None)


def _read_archive(
    rows: list[IndexRow],
    problems: list[Problem],
    archive: ArchiveReader,
    picks: pa.Table,
    reader: Reader,
    shift_s: float,
    progress: Callable[[str], None],
) -> FolderPolarities:
    by_station = _verticals(rows, archive.directions)
    wanted = _p_picks(picks)
    if not wanted:
        raise InputError(
            "The table of picks holds no P pick, so no first motion can be read. Nothing was "
            "written; give P picks."
        )
    # the archive is read file by file, whatever the order of the picks
    jobs: list[tuple[int, RecordSet]] = []
    reasons: dict[int, str] = {}
    for i, pick in enumerate(wanted):
        at = pick["time"] + round(shift_s * _NANO)
        candidates = _candidates(by_station.get(pick["station"], []), pick, at)
        if not candidates:
            reasons[i] = _why_none(by_station.get(pick["station"], []), pick)
            continue
        jobs.append((i, _record_set(candidates, at)))
    jobs.sort(key=lambda j: (str(j[1].rows[0].file), j[0]))
    windows: list[NDArray[np.float32]] = []
    read: list[_Reading] = []
    for i, job in jobs:
        at = wanted[i]["time"] + round(shift_s * _NANO)
        try:
            records, trouble = _read_upright(archive, job, rows, reader.sampling_rate_hz)
            problems += trouble
            window, record = cut_window(records, at, reader)
            _refuse_tilted(archive, job, record, at)
        except QuakeloomError as error:
            reasons[i] = str(error)
            continue
        except MemoryError:  # trouble of the machine is no result
            raise
        except Exception as error:  # one record must not cost the others
            log.exception("%s failed", job.instrument)
            reasons[i] = f"{type(error).__name__}: {error}"
            continue
        windows.append(window)
        sample = round((at - record.start) * record.rate_hz / _NANO)
        read.append(_Reading(i, job, record, sample))
        if len(read) % 5000 == 0:
            progress(f"cut {len(read)} of {len(jobs)} windows")
    stacked = np.stack(windows) if windows else np.zeros((0, reader.samples), np.float32)
    sign, up = reader.read_polarities(stacked)
    problems = list(dict.fromkeys([*problems, *archive.problems]))
    return _tables(wanted, read, sign, up, reasons, problems)


def _read_upright(
    archive: ArchiveReader, job: RecordSet, rows: list[IndexRow], rate_hz: float
) -> tuple[list[Record], list[Problem]]:
    """Read the vertical; of a tilted sensor from all its components, of which it follows."""
    records, trouble = archive.read(job, "Z", rate_hz, 0)
    # one tilted axis alone is not even known for a vertical
    if records and not any(r.orientation == "unrotated" for r in records):
        return records, trouble
    whole = [
        r for r in rows
        if r.instrument == job.instrument and r.start < job.end and r.end > job.start
    ]  # fmt: skip
    return archive.read(replace(job, rows=tuple(whole)), "ZNE", rate_hz, 0)


def _refuse_tilted(archive: ArchiveReader, job: RecordSet, record: Record, at: int) -> None:
    """Refuse a channel that is far from the vertical and could not be turned."""
    if record.orientation != "unrotated":
        return
    channel = record.channels[0]
    header = next((r.dip_deg for r in job.rows if r.channel == channel), math.nan)
    dip = archive.directions.vertical_dip(job.instrument, channel, at, header)
    if abs(dip) < _STEEP_DEG:
        raise InputError(
            f"{channel} is tilted (dip {dip:g} degrees), and without the other components nothing "
            "says which way is up"
        )


@dataclass(frozen=True)
class _Reading:
    """A pick whose window could be cut: its number, set, record, and its sample in that."""

    pick: int
    job: RecordSet
    record: Record
    sample: int


@dataclass(frozen=True)
class FirstMotionWindow:
    """The vertical around a pick, long enough for shifted picks.

    Attributes
    ----------
    label : str
        Station and event.
    samples : ndarray of float32
    rate_hz : float
    pick : int
        Sample of the pick.
    given : int
        First motion that the table has: +1 or -1.
    row : int
        Row of the table.
    """

    label: str
    samples: NDArray[np.float32]
    rate_hz: float
    pick: int
    given: int
    row: int

    def window(self, reader: Reader, shift_s: float = 0.0) -> NDArray[np.float32]:
        """Return the window of a reader at the shifted pick."""
        first = self.pick + round(shift_s * self.rate_hz) - reader.pick_sample
        return self.samples[first : first + reader.samples]


def cut_folder(
    path: Path,
    polarities: pa.Table,
    reach_s: float = 2.0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[FirstMotionWindow]:
    """Cut the vertical around every first motion of a table, at 100 Hz.

    Parameters
    ----------
    path : Path
        Waveforms: a file, a folder, a tree.
    polarities : pyarrow.Table
        Registered table ``polarities`` with arrival times; rows without either are left out.
    reach_s : float
        Seconds on either side; picks nearer to the ends of their records are left out.
    progress : callable
    """
    progress("reading headers")
    rows, _ = index_files(list_files(path))
    return _cut_archive(rows, ArchiveReader(), polarities, reach_s)


def cut_traces(
    traces: Sequence[Trace], polarities: pa.Table, reach_s: float = 2.0
) -> list[FirstMotionWindow]:
    """Cut the vertical around every first motion in traces in memory; see :func:`cut_folder`."""
    archive = ArchiveReader(load=lambda _: WaveformFile(list(traces)))
    return _cut_archive(index_traces(traces), archive, polarities, reach_s)


def _cut_archive(
    rows: list[IndexRow], archive: ArchiveReader, polarities: pa.Table, reach_s: float
) -> list[FirstMotionWindow]:
    rate, side = 100.0, round(reach_s * 100.0)
    around = Reader("", rate, 2 * side + 1, side)
    by_station = _verticals(rows, archive.directions)
    found = []
    for pick in _motions(polarities):
        candidates = _candidates(by_station.get(pick["station"], []), pick, pick["time"])
        if not candidates:
            continue
        try:
            records, _ = archive.read(_record_set(candidates, pick["time"]), "Z", rate, 0)
            samples, _ = cut_window(records, pick["time"], around)
        except QuakeloomError:
            continue
        label = f"{pick['station']} {pick['event_id'] or ''}".strip()
        found.append(FirstMotionWindow(label, samples, rate, side, pick["polarity"], pick["row"]))
    return found


def cut_window(records: list[Record], at: int, reader: Any) -> tuple[NDArray[np.float32], Record]:
    """Cut the window of a reader around a pick from records of the vertical; return both.

    Raises
    ------
    InputError
        With the reason, if no record holds the window or the channel is useless.
    """
    for record in records:
        sample = round((at - record.start) * record.rate_hz / _NANO)
        first = sample - reader.pick_sample
        if first < 0 or first + reader.samples > record.data.shape[1]:
            continue
        window = record.data[0, first : first + reader.samples]
        useless = [n for n in flag_names(record.flags[0]) if n in _USELESS]
        if useless or not window.any() or window.min() == window.max():
            raise InputError(f"the vertical is {useless[0] if useless else 'constant'}")
        if record.flags[0] & flag_bit("nan"):
            raise InputError("the vertical has samples that are no number")
        return window, record
    raise InputError(
        f"the record does not hold {reader.samples / reader.sampling_rate_hz:.2f} s around the pick"
    )


def _verticals(rows: list[IndexRow], directions: SensorDirections) -> dict[str, list[IndexRow]]:
    """Return traces of verticals by station."""
    by_station: dict[str, list[IndexRow]] = {}
    for row in rows:
        if directions.is_vertical(row.instrument, row.channel, row.start, row.dip_deg):
            by_station.setdefault(row.instrument.station, []).append(row)
    return by_station


def _p_picks(picks: pa.Table) -> list[dict[str, Any]]:
    times = time_values(picks.column("time")).astype("datetime64[ns]").astype(np.int64)
    names = ("event_id", "network", "station", "location_code", "channel", "phase", "onset",
             "pick_weight", "source_file", "source_line")  # fmt: skip
    columns = {n: picks.column(n).to_pylist() for n in names}
    return [
        {**{n: columns[n][i] for n in names}, "time": int(times[i])}
        for i in range(picks.num_rows)
        if is_first_p(columns["phase"][i])
    ]


def _motions(polarities: pa.Table) -> list[dict[str, Any]]:
    """Rows of polarities that have a sign and a time, as picks."""
    times = time_values(polarities.column("arrival_time")).astype("datetime64[ns]")
    columns = {
        n: polarities.column(n).to_pylist()
        for n in ("event_id", "network", "station", "channel", "polarity")
    }
    return [
        {**{n: values[i] for n, values in columns.items()}, "location_code": "",
         "time": int(times[i].astype(np.int64)), "row": i}
        for i in range(polarities.num_rows)
        if columns["polarity"][i] and not np.isnat(times[i])
    ]  # fmt: skip


def _candidates(rows: list[IndexRow], pick: dict[str, Any], at: int) -> list[IndexRow]:
    """Traces of the pick's best instrument that lie around it."""
    near = [
        r
        for r in rows
        if r.start <= at + round(_NEEDED_S * _NANO) and r.end >= at - round(_NEEDED_S * _NANO)
    ]
    networks = {r.instrument.network for r in near}
    if pick["network"] in networks:
        near = [r for r in near if r.instrument.network == pick["network"]]
    if not near:
        return []
    band = band_of(pick["channel"])
    exact = [r for r in near if band and r.instrument.band == band]
    same = [r for r in exact if r.instrument.location_code == pick["location_code"]]
    chosen = min(
        same or exact or near,
        key=lambda r: (
            not r.start <= at < r.end,
            r.instrument.band[1:2] in ACCELERATION,
            -r.sampling_rate_hz,
            r.instrument,
        ),
    ).instrument
    return [r for r in near if r.instrument == chosen]


def _why_none(rows: list[IndexRow], pick: dict[str, Any]) -> str:
    if not rows:
        return f"there is no vertical of station {pick['station']}"
    return f"no vertical of station {pick['station']} was recording at the pick"


def _record_set(rows: list[IndexRow], at: int) -> RecordSet:
    margin = round(60 * _NANO)
    return RecordSet(rows[0].instrument, at - margin, at + margin, tuple(rows))


def _tables(
    picks: list[dict[str, Any]],
    read: list[_Reading],
    sign: NDArray[np.int8],
    up: NDArray[np.float64],
    reasons: dict[int, str],
    problems: list[Problem],
) -> FolderPolarities:
    polarity = np.zeros(len(picks), np.int8)
    probability = np.full(len(picks), np.nan)
    codes = [(p["network"], p["channel"]) for p in picks]
    orientation, choice = [""] * len(picks), [""] * len(picks)
    clipped = [False] * len(picks)
    for k, reading in enumerate(read):
        i, record = reading.pick, reading.record
        polarity[i], probability[i] = sign[k], up[k]
        codes[i] = reading.job.instrument.network, record.channels[0]
        orientation[i], choice[i] = record.orientation, record.choice
        clipped[i] = bool(record.flags[0] & flag_bit("clipped")) and is_clipped_before(
            record.data[0], reading.sample
        )
        asked = picks[i]["network"]
        if asked and asked != codes[i][0]:
            # the codes of picks and of files differ, and nobody else knows
            other = f"station of network {codes[i][0] or '(none)'} for a pick of {asked}"
            choice[i] = "; ".join(filter(None, (choice[i], other)))
    for i, reason in reasons.items():
        p = picks[i]
        problems.append(Problem(p["source_file"], "polarity", p["station"], reason, p["event_id"]))
    names = ("event_id", "station", "onset", "pick_weight", "source_file", "source_line")
    table = make_table(
        "polarities",
        {
            **{n: [p[n] for p in picks] for n in names},
            "network": [c[0] for c in codes],
            "channel": [c[1] for c in codes],
            "polarity": polarity,
            "probability_up": probability,
            "orientation": orientation,
            "reversed": [o == "reversed" for o in orientation],
            "clipped": clipped,
            "choice": choice,
            "arrival_time": np.array([p["time"] for p in picks]).astype("datetime64[ns]"),
        },
        rows=len(picks),
    )
    counts = {
        "picks": len(picks),
        "up": int((polarity > 0).sum()),
        "down": int((polarity < 0).sum()),
        "unknown": int((polarity == 0).sum()),
        "turned": orientation.count("reversed"),
        "clipped": sum(clipped),
    }
    return FolderPolarities(table, problems_table(problems), counts)


__all__ = [
    "FirstMotionWindow",
    "FolderPolarities",
    "cut_folder",
    "cut_traces",
    "cut_window",
    "open_reader",
    "read_folder",
    "read_traces",
]
