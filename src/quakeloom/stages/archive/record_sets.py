"""What a folder of waveform files holds: who recorded, when, in which file.

Only headers are read. From the index follow the record sets that are read together: all
components of one instrument, in pieces of at most a day, in the order of the archive.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quakeloom.core import InputError, QuakeloomError, StorageError
from quakeloom.formats import Trace, WaveformFile, read_waveforms
from quakeloom.signal import Piece, Record, band_of, make_records
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.store import archive_file, is_input, walk_inputs

log = logging.getLogger(__name__)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_DAY = 86_400 * _NANO
"""Nanoseconds of a day."""

_HALO = 150 * _NANO
"""Nanoseconds that are read on both sides of what is picked: more than a picker's window."""

_IGNORED = {".json", ".csv", ".md", ".parquet", ".yaml", ".yml", ".xml", ".log", ".ch", ".tbl"}
"""Endings of files that lie beside waveforms and are none."""

_COMPANIONS = {"__MACOSX", "Thumbs.db", "desktop.ini", "Desktop.ini", "@eaDir"}
"""Files and folders that macOS, Windows and file servers leave behind."""


@dataclass(frozen=True, order=True)
class Instrument:
    """One instrument: station, location, and the first letters of its channels."""

    network: str
    station: str
    location_code: str
    band: str

    def channel(self) -> str:
        return f"{self.band}?"


@dataclass(frozen=True)
class IndexRow:
    """One trace in a file; its dip is that of the header, NaN where it says none."""

    instrument: Instrument
    channel: str
    start: int
    end: int
    sampling_rate_hz: float
    file: Path
    event_id: str = ""
    dip_deg: float = math.nan


@dataclass(frozen=True)
class Problem:
    """A file, or a part of one, that was put aside."""

    file: str
    record: str
    station: str
    reason: str
    event_id: str = ""


@dataclass(frozen=True)
class RecordSet:
    """What is read together: one instrument over at most a day, with a margin.

    Picks count from ``start`` to ``end``; rows are all traces that touch the span with its
    margin.
    """

    instrument: Instrument
    start: int
    end: int
    rows: tuple[IndexRow, ...]


def list_files(path: Path) -> list[Path]:
    """Return the files of a folder and its folders in order, or the file itself.

    Files that are hidden, companions that systems leave behind (``._x``, ``.DS_Store``), and
    those with endings of tables and notes are left out, and a line of the log counts them.

    Raises
    ------
    InputError
        If there is none.
    """
    if is_input(path):
        return [path]
    found = list(walk_inputs(path))
    if not found:
        raise InputError(
            f"There are no waveforms at '{path}': it does not exist or is empty. Nothing was read; "
            "correct the path."
        )
    files = leave_out_companions(found, path)
    if not files:
        raise InputError(
            f"The folder '{path}' holds no file that could be a waveform. Nothing was read."
        )
    return files


def leave_out_companions(files: Iterable[Path], below: Path) -> list[Path]:
    """Return files that can be waveforms in order; a line of the log counts the others.

    Parameters
    ----------
    files : iterable of Path
    below : Path
        Folder that was asked for; only names below it count.
    """
    kept: list[Path] = []
    hidden, others = 0, 0
    for file in sorted(files):
        parts = file.relative_to(below).parts if file.is_relative_to(below) else (file.name,)
        if any(p.startswith(".") or p in _COMPANIONS for p in parts):
            hidden += 1
        elif file.suffix.lower() in _IGNORED:
            others += 1
        else:
            kept.append(file)
    if hidden or others:
        log.info(
            "%s: %d hidden or companion files and %d with endings of tables and notes are no "
            "waveforms and not read", below, hidden, others,
        )  # fmt: skip
    return kept


def index_files(files: Iterable[Path]) -> tuple[list[IndexRow], list[Problem]]:
    """Read the headers of waveform files; what cannot be read is a problem, not an error."""
    rows: list[IndexRow] = []
    problems: list[Problem] = []
    for file in files:
        found, trouble = read_headers(file)
        rows += found
        problems += trouble
    return settle_channels(rows), problems


def load_waveforms(file: Path, headers: bool = False) -> WaveformFile:
    """Read a file of an archive, on this machine or in an object storage."""
    with archive_file(file) as place:
        if place == file:
            return read_waveforms(file, headers=headers)
        try:
            found = read_waveforms(place, headers=headers)
        except QuakeloomError as error:
            raise type(error)(str(error).replace(str(place), str(file))) from None
    traces = [replace(trace, source_file=str(file)) for trace in found.traces]
    return WaveformFile(traces, [p.replace(str(place), str(file)) for p in found.problems])


def read_headers(file: Path) -> tuple[list[IndexRow], list[Problem]]:
    """Read the headers of one file, as they are."""
    try:
        found = load_waveforms(file, headers=True)
    except StorageError:  # trouble of the line is no result
        raise
    except QuakeloomError as error:
        return [], [Problem(str(file), "file", "", _reason(error, file))]
    except MemoryError:  # trouble of the machine is no result
        raise
    except Exception as error:  # a reader's defect must cost one file only
        log.exception("%s failed", file)
        return [], [Problem(str(file), "file", "", f"{type(error).__name__}: {error}")]
    return [_row(t, file) for t in found.traces], _file_problems(file, found)


def settle_channels(rows: list[IndexRow]) -> list[IndexRow]:
    """Give files their own channel where several claim the same at the same time.

    Of traces of one channel and one start, those whose file name has another component of
    the same instrument (``.HHE.`` where the header says HHZ) are taken by the name.
    """
    same: dict[tuple[Instrument, str, int], list[int]] = {}
    for i, row in enumerate(rows):
        same.setdefault((row.instrument, row.channel, row.start), []).append(i)
    settled = list(rows)
    for (instrument, channel, _), members in same.items():
        if len({rows[i].file for i in members}) < 2:
            continue
        for i in members:
            words = rows[i].file.name.split(".")
            other = [
                w for w in words if len(w) == 3 and band_of(w) == instrument.band and w != channel
            ]
            if other:
                settled[i] = replace(rows[i], channel=other[0])
    return settled


def index_traces(traces: Sequence[Trace]) -> list[IndexRow]:
    """Return the index of traces that are in memory; :class:`ArchiveReader` gets them back."""
    return [_row(trace, Path(trace.source_file)) for trace in traces]


def record_sets(rows: Iterable[IndexRow], margin: int = _HALO) -> Iterator[RecordSet]:
    """Group traces into sets that are read together, by instrument and time."""
    by_instrument: dict[Instrument, list[IndexRow]] = {}
    for row in rows:
        by_instrument.setdefault(row.instrument, []).append(row)
    for instrument in sorted(by_instrument):
        group: list[IndexRow] = []
        reach = 0
        for row in sorted(by_instrument[instrument], key=lambda r: (r.start, r.channel, r.end)):
            if group and row.start > reach + margin:
                yield from _cut_days(instrument, group, reach, margin)
                group = []
            reach = max(reach, row.end) if group else row.end
            group.append(row)
        if group:
            yield from _cut_days(instrument, group, reach, margin)


def _cut_days(
    instrument: Instrument, rows: list[IndexRow], reach: int, margin: int
) -> Iterator[RecordSet]:
    start = min(r.start for r in rows)
    if reach - start <= _DAY + _DAY // 4:
        yield RecordSet(instrument, start, reach, tuple(rows))
        return
    for day in range(start // _DAY, reach // _DAY + 1):
        a, b = max(day * _DAY, start), min((day + 1) * _DAY, reach)
        touching = tuple(r for r in rows if r.start < b + margin and r.end > a - margin)
        if touching and b > a:
            yield RecordSet(instrument, a, b, touching)


class ArchiveReader:
    """Reads the traces of record sets, keeping the last few files, so each is opened once.

    Parameters
    ----------
    keep : int
        Files that are kept.
    directions : SensorDirections
        Where sensors point; without it the headers of the files tell.
    load : callable
        Gives the content of a file; that of traces in memory by the name that they carry.
    repair : callable
        Takes every piece as it was recorded and gives the one that is used.

    Attributes
    ----------
    opened : int
        Files that were opened so far.
    problems : list of Problem
        What files said when their samples were read.
    """

    def __init__(
        self,
        keep: int = 8,
        directions: SensorDirections | None = None,
        load: Callable[[Path], WaveformFile] = load_waveforms,
        repair: Callable[[Piece], Piece] = lambda piece: piece,
    ) -> None:
        self._keep = keep
        self._mend = repair
        self.directions = directions or SensorDirections()
        self._load = load
        self._files: OrderedDict[Path, list[Trace]] = OrderedDict()
        self._seen: set[Path] = set()
        self.opened = 0
        self.problems: list[Problem] = []

    def read(
        self,
        wanted: RecordSet,
        components: str,
        rate_hz: float,
        margin: int = _HALO,
    ) -> tuple[list[Record], list[Problem]]:
        """Return the records of a set on the grid of a rate, and what was put aside."""
        pieces: list[Piece] = []
        problems: list[Problem] = []
        names = []
        for file in dict.fromkeys(r.file for r in wanted.rows):
            try:
                traces = self._traces(file)
            except StorageError:  # trouble of the line is no result
                raise
            except (QuakeloomError, OSError) as error:
                problems.append(
                    Problem(str(file), "file", wanted.instrument.station, _reason(error, file))
                )
                continue
            names.append(str(file))
            here = [r for r in wanted.rows if r.file == file]
            for trace in traces:
                if _instrument(trace) != wanted.instrument:
                    continue
                # a file of one trace may have another channel than its header says
                alone = len(traces) == 1 and len(here) == 1 and here[0].sampling_rate_hz > 0
                channel = here[0].channel if alone else trace.channel
                piece = _cut(trace, channel, wanted.start - margin, wanted.end + margin)
                if piece is not None:
                    pieces += self.directions.direct(self._mend(piece), trace)
        records, reasons = make_records(pieces, components, rate_hz)
        name = names[0] if names else ""
        reasons += [reason for record in records for reason in record.problems]
        for piece in pieces:
            key = (wanted.instrument.network, wanted.instrument.station)
            code = ".".join((*key, wanted.instrument.location_code, piece.channel))
            if code in self.directions.contradictions:
                reasons.append(self.directions.contradictions[code])
        station = wanted.instrument.station
        problems += [Problem(name, "trace", station, reason) for reason in reasons]
        return records, problems

    def _traces(self, file: Path) -> list[Trace]:
        if file in self._files:
            self._files.move_to_end(file)
            return self._files[file]
        found = self._load(file)
        self.opened += 1
        if file not in self._seen:
            self._seen.add(file)
            self.problems += _file_problems(file, found)
        self._files[file] = found.traces
        while len(self._files) > self._keep:
            self._files.popitem(last=False)
        return found.traces


def _file_problems(file: Path, found: WaveformFile) -> list[Problem]:
    station = found.traces[0].station if found.traces else ""
    return [Problem(str(file), "trace", station, reason) for reason in found.problems]


def _cut(trace: Trace, channel: str, start: int, end: int) -> Piece | None:
    if trace.end <= start or trace.start >= end:
        return None
    rate = trace.sampling_rate_hz
    a = max(int((start - trace.start) * rate / _NANO), 0)
    b = min(int((end - trace.start) * rate / _NANO) + 1, trace.samples.size)
    if b <= a:
        return None
    begin = trace.start + round(a * _NANO / rate)
    return Piece(
        channel, begin, rate, trace.samples[a:b], sensor=trace.sensor, source=trace.source_file
    )


def _row(trace: Trace, file: Path) -> IndexRow:
    return IndexRow(
        _instrument(trace), trace.channel, trace.start, trace.end, trace.sampling_rate_hz, file,
        dip_deg=trace.dip_deg,
    )  # fmt: skip


def _instrument(trace: Trace) -> Instrument:
    return Instrument(trace.network, trace.station, trace.location_code, band_of(trace.channel))


def _reason(error: Exception, file: Path) -> str:
    return str(error).replace(f"'{file}' ", "").removesuffix(" Nothing is read from it.")
