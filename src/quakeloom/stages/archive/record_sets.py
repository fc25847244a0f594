"""What a folder of waveform files holds: who recorded, when, in which file.

Only headers are read. From the index follow the record sets that are read together: all
components of one instrument, in pieces of at most a day, in the order of the archive.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quakeloom.core import InputError, QuakeloomError
from quakeloom.formats import Trace, read_waveforms
from quakeloom.signal import Piece, Record, component_of, make_records
from quakeloom.store import is_input, walk_inputs

log = logging.getLogger(__name__)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_DAY = 86_400 * _NANO
"""Nanoseconds of a day."""

_HALO = 150 * _NANO
"""Nanoseconds that are read on both sides of what is picked: more than a picker's window."""

_IGNORED = {".json", ".csv", ".txt", ".md", ".parquet", ".yaml", ".xml", ".log"}
"""Endings of files that lie beside waveforms and are none."""


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
    """One trace in a file."""

    instrument: Instrument
    channel: str
    start: int
    end: int
    sampling_rate_hz: float
    file: Path
    event_id: str = ""


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
    files = sorted(
        f
        for f in found
        if f.suffix.lower() not in _IGNORED
        and not any(part.startswith(".") for part in f.relative_to(path).parts)
    )
    if not files:
        raise InputError(
            f"The folder '{path}' holds no file that could be a waveform. Nothing was read."
        )
    return files


def index_files(files: Iterable[Path]) -> tuple[list[IndexRow], list[Problem]]:
    """Read the headers of waveform files; what cannot be read is a problem, not an error."""
    rows: list[IndexRow] = []
    problems: list[Problem] = []
    for file in files:
        found, trouble = read_headers(file)
        rows += found
        problems += trouble
    return settle_channels(rows), problems


def read_headers(file: Path) -> tuple[list[IndexRow], list[Problem]]:
    """Read the headers of one file, as they are."""
    try:
        found = read_waveforms(file, headers=True)
    except QuakeloomError as error:
        return [], [Problem(str(file), "file", "", _reason(error, file))]
    except Exception as error:  # a reader's defect must cost one file only
        log.exception("%s failed", file)
        return [], [Problem(str(file), "file", "", f"{type(error).__name__}: {error}")]
    station = found.traces[0].station if found.traces else ""
    problems = [Problem(str(file), "trace", station, reason) for reason in found.problems]
    return [_row(t, file) for t in found.traces], problems


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
            other = [w for w in words if len(w) == 3 and w[:2] == instrument.band and w != channel]
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


def _read_traces(file: Path) -> list[Trace]:
    return read_waveforms(file).traces


class ArchiveReader:
    """Reads the traces of record sets, keeping the last few files, so each is opened once.

    Parameters
    ----------
    keep : int
        Files that are kept.
    load : callable
        Gives the traces of a file; those of traces in memory by the name that they carry.
    """

    def __init__(self, keep: int = 8, load: Callable[[Path], list[Trace]] = _read_traces) -> None:
        self._keep = keep
        self._load = load
        self._files: OrderedDict[Path, list[Trace]] = OrderedDict()
        self.opened = 0

    def read(
        self,
        wanted: RecordSet,
        components: str,
        rate_hz: float,
        margin: int = _HALO,
        all_channels: bool = True,
    ) -> tuple[list[Record], list[Problem]]:
        """Return the records of a set on the grid of a rate, and what was put aside.

        Without ``all_channels`` other components are not asked for, and none of them is put aside.
        """
        pieces: list[Piece] = []
        problems: list[Problem] = []
        names = []
        for file in dict.fromkeys(r.file for r in wanted.rows):
            try:
                traces = self._traces(file)
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
                if not all_channels and component_of(channel) not in components:
                    continue
                piece = _cut(trace, channel, wanted.start - margin, wanted.end + margin)
                if piece is not None:
                    pieces.append(piece)
        records, reasons = make_records(pieces, components, rate_hz)
        name = names[0] if names else ""
        reasons += [reason for record in records for reason in record.problems]
        station = wanted.instrument.station
        problems += [Problem(name, "trace", station, reason) for reason in reasons]
        return records, problems

    def _traces(self, file: Path) -> list[Trace]:
        if file in self._files:
            self._files.move_to_end(file)
            return self._files[file]
        traces = self._load(file)
        self.opened += 1
        self._files[file] = traces
        while len(self._files) > self._keep:
            self._files.popitem(last=False)
        return traces


def _cut(trace: Trace, channel: str, start: int, end: int) -> Piece | None:
    if trace.end <= start or trace.start >= end:
        return None
    rate = trace.sampling_rate_hz
    a = max(int((start - trace.start) * rate / _NANO), 0)
    b = min(int((end - trace.start) * rate / _NANO) + 1, trace.samples.size)
    if b <= a:
        return None
    begin = trace.start + round(a * _NANO / rate)
    return Piece(channel, begin, rate, trace.samples[a:b])


def _row(trace: Trace, file: Path) -> IndexRow:
    return IndexRow(
        _instrument(trace), trace.channel, trace.start, trace.end, trace.sampling_rate_hz, file
    )


def _instrument(trace: Trace) -> Instrument:
    return Instrument(trace.network, trace.station, trace.location_code, trace.channel[:-1])


def _reason(error: Exception, file: Path) -> str:
    return str(error).replace(f"'{file}' ", "").removesuffix(" Nothing is read from it.")
