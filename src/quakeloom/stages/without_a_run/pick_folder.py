"""Pick any waveforms: what ``quakeloom pick --waveforms`` and the library's pickers do.

Not a stage of the workflow, but made of the same parts; for archives that fit no run.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import SettingsError
from quakeloom.formats import Trace, WaveformFile
from quakeloom.picking import Picker, PickOptions, Picks, pick_records
from quakeloom.schema import make_table
from quakeloom.signal import Record, band_of, flag_bit, flag_names, is_clipped_before
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.instrument_choice import InstrumentSays, choose_instrument
from quakeloom.stages.archive.record_sets import (
    ArchiveReader,
    IndexRow,
    Problem,
    RecordSet,
    index_files,
    index_traces,
    list_files,
    record_sets,
)

log = logging.getLogger(__name__)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_TOGETHER_SAMPLES = 2_000_000
"""Records are picked together until they hold this many samples."""


_USELESS = {
    "dead": "all samples are 0; nothing can be picked on it",
    "constant": "all samples are the same; nothing can be picked on it",
    "spikes": "one sample stands alone, far off its neighbors (a spike); arrivals that are small "
    "beside it may be lost",
}
"""Flags of components on which arrivals are lost, in words."""


@dataclass
class FolderPicks:
    """What picking waveforms gave.

    Attributes
    ----------
    picks, rejects : pyarrow.Table
        Registered tables.
    picker : str
        Name of the weights that were used.
    records : int
        Records that were read.
    seconds_of_data : float
    """

    picks: pa.Table
    rejects: pa.Table
    picker: str
    records: int = 0
    seconds_of_data: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)


def pick_folder(
    path: Path,
    picker: Picker,
    options: PickOptions | None = None,
    span_s: tuple[float, float] | None = None,
    one_per_station: bool = True,
    progress: Callable[[str], None] = lambda _: None,
    directions: SensorDirections | None = None,
) -> FolderPicks:
    """Pick P and S in every waveform file at a path.

    Parameters
    ----------
    path : Path
        A file, a folder of files, a tree such as SDS.
    picker : Picker
    options : PickOptions
    span_s : (float, float), optional
        Use only this part of every record, in seconds after the first sample of its file, be
        that data or fill; for cut event records whose origin is known to lie there.
    one_per_station : bool
        Of picks of one phase of a station that several instruments give within half a second
        keep one; see :func:`choose_instrument`. The others go to ``rejects``.
    progress : callable
    directions : SensorDirections, optional
        Where sensors point; without it the headers of the files tell.

    Returns
    -------
    FolderPicks

    Raises
    ------
    InputError
        If there are no files.
    SettingsError
        If the span does not end after its start.
    """
    if span_s is not None and not 0.0 <= span_s[0] < span_s[1] < math.inf:
        raise SettingsError(
            f"The span {span_s[0]:g},{span_s[1]:g} does not run from a second of the record to a "
            "later one. Nothing was picked; give two numbers such as 10,20, from 0 on."
        )
    progress("reading headers")
    rows, problems = index_files(list_files(path))
    archive = _Archive(rows, problems, ArchiveReader(directions=directions))
    return _pick_archive(archive, picker, options, span_s, one_per_station, progress)


def pick_traces(
    traces: Sequence[Trace],
    picker: Picker,
    options: PickOptions | None = None,
    one_per_station: bool = True,
) -> FolderPicks:
    """Pick P and S in traces that are in memory; see :func:`pick_folder`.

    Parameters
    ----------
    traces : sequence of Trace
        With one name as ``source_file``.
    picker : Picker
    options : PickOptions
    one_per_station : bool
    """
    reader = ArchiveReader(load=lambda _: WaveformFile(list(traces)))
    archive = _Archive(index_traces(traces), [], reader)
    return _pick_archive(archive, picker, options, None, one_per_station, lambda _: None)


@dataclass(frozen=True)
class _Archive:
    """Where records come from: an index, what it left out, and who reads."""

    rows: list[IndexRow]
    problems: list[Problem]
    reader: ArchiveReader


def _pick_archive(
    archive: _Archive,
    picker: Picker,
    options: PickOptions | None,
    span_s: tuple[float, float] | None,
    one_per_station: bool,
    progress: Callable[[str], None],
) -> FolderPicks:
    rows, problems, reader = archive.rows, archive.problems, archive.reader
    made: list[dict[str, Any]] = []
    waiting: list[tuple[RecordSet, Record]] = []
    found = FolderPicks(make_table("picks", {}, rows=0), make_table("rejects", {}, rows=0), "")
    sets = list(record_sets(rows))
    for number, wanted in enumerate(sets):
        try:
            records, trouble = reader.read(wanted, picker.components, picker.sampling_rate_hz)
        except MemoryError:  # trouble of the machine is no result
            raise
        except Exception as error:  # one instrument must not cost the others
            log.exception("%s failed", wanted.instrument)
            problems.append(_failed(wanted, error))
            continue
        problems += trouble
        for record in records:
            part = (
                record if span_s is None else _span(record, _first_sample(wanted, record), span_s)
            )
            if part is None:
                problems.append(_outside(wanted, record, span_s))
                continue
            problems += _useless(wanted, part)
            waiting.append((wanted, part))
            found.records += 1
            found.seconds_of_data += part.data.shape[1] / part.rate_hz
        if sum(r.data.shape[1] for _, r in waiting) >= _TOGETHER_SAMPLES:
            made += _pick(picker, waiting, options, problems)
            waiting = []
            progress(f"picked {number + 1} of {len(sets)} sets, {len(made)} picks")
    made += _pick(picker, waiting, options, problems)
    made.sort(key=lambda r: (r["time"], r["network"], r["station"], r["phase"], r["channel"]))
    if one_per_station:
        made, doubled = _best_of_station(made)
        problems += doubled
    found.picks = _picks_table(made, picker.name)
    # a file says the same when its headers and when its samples are read
    problems = list(dict.fromkeys([*problems, *reader.problems]))
    found.rejects = problems_table(problems)
    found.picker = picker.name
    found.counts = {
        "files": len({r.file for r in rows}),
        "P": sum(r["phase"] == "P" for r in made),
        "S": sum(r["phase"] == "S" for r in made),
        "put aside": len(problems),
    }
    return found


def problems_table(problems: list[Problem]) -> pa.Table:
    """Return problems as the registered table ``rejects``."""
    return make_table(
        "rejects",
        {
            "source_file": [p.file for p in problems],
            "record": [p.record for p in problems],
            "station": [p.station for p in problems],
            "event_id": [p.event_id for p in problems],
            "reason": [p.reason for p in problems],
        },
        rows=len(problems),
    )


def _failed(wanted: RecordSet, error: Exception) -> Problem:
    return Problem(
        str(wanted.rows[0].file), "trace", wanted.instrument.station,
        f"{type(error).__name__}: {error}",
    )  # fmt: skip


def _outside(wanted: RecordSet, record: Record, span_s: tuple[float, float] | None) -> Problem:
    """Say that a record has less than a second in the span that was asked for."""
    seconds = record.data.shape[1] / record.rate_hz
    span = "" if span_s is None else f" of {span_s[0]:g} to {span_s[1]:g} s"
    reason = f"a record of {seconds:.1f} s has less than 1 s in the span{span}; it is not used"
    return Problem(str(wanted.rows[0].file), "trace", wanted.instrument.station, reason)


def _useless(wanted: RecordSet, record: Record) -> list[Problem]:
    """Say on which components of a record arrivals are lost."""
    return [
        Problem(
            str(wanted.rows[0].file), "trace", wanted.instrument.station,
            f"{channel}: {_USELESS[name]}",
        )
        for channel, flags in zip(record.channels, record.flags, strict=True)
        for name in flag_names(flags)
        if channel and name in _USELESS
    ]  # fmt: skip


def _first_sample(wanted: RecordSet, record: Record) -> int:
    """Return when the recording begins that a record lies in: fill before it is no data."""
    holding = [r.start for r in wanted.rows if r.start <= record.start < r.end]
    return max(holding, default=record.start)


def _span(record: Record, begins: int, span_s: tuple[float, float]) -> Record | None:
    late = (record.start - begins) / _NANO
    a, b = (max(round((s - late) * record.rate_hz), 0) for s in span_s)
    data = record.data[:, a:b]
    if data.shape[1] < record.rate_hz:
        return None
    gaps = [(max(i - a, 0), j - a) for i, j in record.gaps if j > a and i < b]
    return replace(record, start=record.time_of(a), data=data, gaps=gaps)


def _pick(
    picker: Picker,
    waiting: list[tuple[RecordSet, Record]],
    options: PickOptions | None,
    problems: list[Problem],
) -> list[dict[str, Any]]:
    """Return the picks of records; peaks that were refused are problems."""
    results = pick_records(picker, [r for _, r in waiting], options)
    rows = []
    for (wanted, record), picks in zip(waiting, results, strict=True):
        rows += _rows(wanted, record, picks, picker.sampling_rate_hz)
        file, station = str(wanted.rows[0].file), wanted.instrument.station
        problems += [Problem(file, "pick", station, reason) for reason in picks.refused]
    return rows


def _rows(wanted: RecordSet, record: Record, picks: Picks, rate_hz: float) -> list[dict[str, Any]]:
    instrument = wanted.instrument
    clipped = [
        c for c, f in zip(record.channels, record.flags, strict=True) if f & flag_bit("clipped")
    ]
    return [
        {
            "network": instrument.network,
            "station": instrument.station,
            "location_code": instrument.location_code,
            "channel": picks.channel[i],
            "phase": picks.phase[i],
            "time": int(picks.time[i]),
            "uncertainty_s": float(picks.uncertainty_s[i]),
            "probability": float(picks.probability[i]),
            "snr": float(picks.snr[i]),
            "source_file": str(wanted.rows[0].file),
            "choice": record.choice,
            "clipped": picks.channel[i] in clipped
            and is_clipped_before(
                record.data[record.channels.index(picks.channel[i])],
                round((int(picks.time[i]) - record.start) * record.rate_hz / _NANO),
            ),
            "says": InstrumentSays(
                instrument.location_code,
                picks.channel[i],
                float(picks.probability[i]),
                max(r.sampling_rate_hz for r in wanted.rows) < 0.8 * rate_hz,
                picks.channel[i] in clipped,
            ),
        }
        for i in range(len(picks.phase))
        if wanted.start <= picks.time[i] < wanted.end
    ]


def _best_of_station(
    rows: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Keep one of simultaneous picks of several instruments of a station."""
    by_station: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_station.setdefault((row["network"], row["station"], row["phase"]), []).append(row)
    dropped: set[int] = set()
    problems = []
    for group in by_station.values():
        for i, row in enumerate(group):
            for other in group[i + 1 :]:
                if other["time"] - row["time"] > _NANO // 2:
                    break
                same = (row["location_code"], band_of(row["channel"])) == (
                    other["location_code"],
                    band_of(other["channel"]),
                )
                if same or id(row) in dropped or id(other) in dropped:
                    continue
                is_first, words = choose_instrument(row["says"], other["says"])
                better, worse = (row, other) if is_first else (other, row)
                dropped.add(id(worse))
                better["choice"] = better["choice"] or words
                what = f"{worse['phase']} on {worse['channel']}"
                reason = f"{what} (probability {worse['probability']:.2f}): {words}"
                problems.append(Problem(worse["source_file"], "pick", worse["station"], reason))
    return [r for r in rows if id(r) not in dropped], problems


def _picks_table(rows: list[dict[str, Any]], picker: str) -> pa.Table:
    columns: dict[str, Any] = {}
    for name in (
        "network", "station", "location_code", "channel", "phase", "uncertainty_s",
        "probability", "snr", "choice", "clipped", "source_file",
    ):  # fmt: skip
        columns[name] = [r[name] for r in rows]
    columns["time"] = np.array([r["time"] for r in rows], dtype=np.int64).astype("datetime64[ns]")
    columns["picker"] = [picker] * len(rows)
    return make_table("picks", columns, rows=len(rows))
