"""Pick any waveforms: what ``quakeloom pick --waveforms`` and the library's pickers do.

Not a stage of the workflow, but made of the same parts; for archives that fit no run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.formats import Trace
from quakeloom.picking import Picker, PickOptions, Picks, pick_records
from quakeloom.schema import make_table
from quakeloom.signal import Record
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
) -> FolderPicks:
    """Pick P and S in every waveform file at a path.

    Parameters
    ----------
    path : Path
        A file, a folder of files, a tree such as SDS.
    picker : Picker
    options : PickOptions
    span_s : (float, float), optional
        Use only this part of every record, in seconds after its first sample; for cut event
        records whose origin is known to lie there.
    one_per_station : bool
        Of picks of one phase of a station that several instruments give within half a second
        keep the most probable of those that are not slower than the picker; the others go to
        ``rejects``.
    progress : callable

    Returns
    -------
    FolderPicks
    """
    progress("reading headers")
    rows, problems = index_files(list_files(path))
    archive = _Archive(rows, problems, ArchiveReader())
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
    reader = ArchiveReader(load=lambda _: list(traces))
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
        except Exception as error:  # one instrument must not cost the others
            log.exception("%s failed", wanted.instrument)
            problems.append(_failed(wanted, error))
            continue
        problems += trouble
        for record in records:
            part = record if span_s is None else _span(record, *span_s)
            if part is None:
                continue
            waiting.append((wanted, part))
            found.records += 1
            found.seconds_of_data += part.data.shape[1] / part.rate_hz
        if sum(r.data.shape[1] for _, r in waiting) >= _TOGETHER_SAMPLES:
            made += _pick(picker, waiting, options)
            waiting = []
            progress(f"picked {number + 1} of {len(sets)} sets, {len(made)} picks")
    made += _pick(picker, waiting, options)
    made.sort(key=lambda r: (r["time"], r["network"], r["station"], r["phase"], r["channel"]))
    if one_per_station:
        made, doubled = _best_of_station(made)
        problems += doubled
    found.picks = _picks_table(made, picker.name)
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


def _span(record: Record, start_s: float, end_s: float) -> Record | None:
    a, b = (max(round(s * record.rate_hz), 0) for s in (start_s, end_s))
    data = record.data[:, a:b]
    if data.shape[1] < record.rate_hz:
        return None
    return Record(
        record.time_of(a), record.rate_hz, data, record.flags, record.channels, record.problems
    )


def _pick(
    picker: Picker, waiting: list[tuple[RecordSet, Record]], options: PickOptions | None
) -> list[dict[str, Any]]:
    results = pick_records(picker, [r for _, r in waiting], options)
    rows = []
    for (wanted, _), picks in zip(waiting, results, strict=True):
        rows += _rows(wanted, picks, picker.sampling_rate_hz)
    return rows


def _rows(wanted: RecordSet, picks: Picks, rate_hz: float) -> list[dict[str, Any]]:
    instrument = wanted.instrument
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
            "slow": max(r.sampling_rate_hz for r in wanted.rows) < 0.8 * rate_hz,
        }
        for i in range(len(picks.phase))
        if wanted.start <= picks.time[i] < wanted.end
    ]


def _best_of_station(
    rows: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Keep the most probable of simultaneous picks of several instruments of a station."""
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
                same = (row["location_code"], row["channel"][:-1]) == (
                    other["location_code"],
                    other["channel"][:-1],
                )
                if same or id(row) in dropped or id(other) in dropped:
                    continue
                # a slow instrument smears onsets, however sure the network is
                rank = [(r["slow"], -r["probability"]) for r in (row, other)]
                worse = other if rank[0] <= rank[1] else row
                dropped.add(id(worse))
                what = f"{worse['phase']} on {worse['channel']}"
                reason = (
                    f"{what} (probability {worse['probability']:.2f}): another instrument of the "
                    "station is faster or more certain"
                )
                problems.append(Problem(worse["source_file"], "pick", worse["station"], reason))
    return [r for r in rows if id(r) not in dropped], problems


def _picks_table(rows: list[dict[str, Any]], picker: str) -> pa.Table:
    columns: dict[str, Any] = {}
    for name in (
        "network", "station", "location_code", "channel", "phase", "uncertainty_s",
        "probability", "snr", "source_file",
    ):  # fmt: skip
        columns[name] = [r[name] for r in rows]
    columns["time"] = np.array([r["time"] for r in rows], dtype=np.int64).astype("datetime64[ns]")
    columns["picker"] = [picker] * len(rows)
    return make_table("picks", columns, rows=len(rows))
