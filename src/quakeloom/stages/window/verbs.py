"""Stage ``window``: waveforms around expected arrivals, cut once and stored as one array.

Windows are cut in the order of the archive, so that each file is opened once, and stored in
that order in the Zarr array ``waveform`` of the partition; the table ``windows`` has one row
for every event and instrument, cut or not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import find_workers, open_executor, spread_memory_mb
from quakeloom.config import Settings
from quakeloom.core import MemoryPromiseError, StorageError, digest_json
from quakeloom.picking import Picker
from quakeloom.schema import make_table
from quakeloom.signal import flag_names
from quakeloom.stages.archive.directions import SensorDirections, read_directions
from quakeloom.stages.archive.record_sets import ArchiveReader, Problem, RecordSet
from quakeloom.stages.archive.stored_index import index_archive, read_span, write_span
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf, count_reasons
from quakeloom.stages.frame.verbs import open_marker
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.window import WINDOW
from quakeloom.stages.window.expected_arrivals import NO_TIME
from quakeloom.stages.window.wanted_windows import MARGIN, WantedWindow, plan_windows, time_spans
from quakeloom.store import Item, RunLayout, grow_array, input_name, read_table, write_table

log = logging.getLogger(__name__)

BASE_MB = 420.0
"""Memory of the program with ObsPy and torch loaded, measured."""

SECONDS_PER_WINDOW = 0.002
"""Seconds of a core to cut a window, measured."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_USELESS = {"dead", "constant"}
"""Flags of components of which nothing can be read."""

_BLOCK = 256
"""Windows of a task, at least: chosen here, some 10 MB, a second of work."""

_MOST = 1024
"""Windows of a task, at most, where one file holds them all; chosen here: some 40 MB."""


@dataclass(frozen=True)
class WindowShape:
    """What the picker reads: samples, their rate, components."""

    samples: int
    sampling_rate_hz: float
    components: str


@dataclass(frozen=True)
class CutTask:
    """Windows that a worker cuts, and what it needs to know for them."""

    settings: Settings
    layout: RunLayout
    shape: WindowShape
    ids: tuple[str, ...]
    wanted: tuple[WantedWindow, ...]


@dataclass(frozen=True)
class CutBlock:
    """What a worker cut: windows, a row for every wanted one, and what files said."""

    windows: NDArray[np.float32]
    rows: list[dict[str, Any]]
    problems: list[Problem]
    opened: int


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files of the archive that touch the time of each partition."""
    settings, layout = run.settings, run.layout
    assert settings.waveforms is not None
    index = index_archive(settings, layout.ingest, run.progress)
    picker = open_picker(settings.waveforms.picker)
    each = {}
    for rows in run.rows:
        spans = time_spans(settings, layout, rows.partition, picker)
        each[rows.partition] = {"archive": write_span(index, layout.ingest, rows.partition, *spans)}
    reads = [picker.samples, picker.sampling_rate_hz, picker.components]
    common = {
        "picker": digest_json(reads),
        "directions": read_directions(settings, layout).digest,
    }
    return StageInputs(common=common, each=each)


def promise(run: PlannedRun) -> Promise:
    """Return what cutting the windows of each partition needs."""
    assert run.settings.waveforms is not None
    seconds = {r.partition: SECONDS_PER_WINDOW * WINDOWS_PER_EVENT * r.events for r in run.rows}
    return Promise(
        promise_memory(run.settings, open_picker(run.settings.waveforms.picker)),
        {name: promise_minutes(s) for name, s in seconds.items()},
        promise_threads(run.settings),
    )


def promise_memory(settings: Settings, picker: Picker) -> int:
    """Return the memory in MB that cutting a partition needs at most.

    The program, the index, one shard of windows twice, and in every process that cuts eight open
    day files and a block of windows.

    Raises
    ------
    MemoryPromiseError
        If it is more than ``cluster.memory_mb`` without any worker.
    """
    assert settings.waveforms is not None
    shard = settings.waveforms.shard_windows * 3 * picker.samples * 4 / 1e6
    day = _task_mb(picker)
    needed = round(BASE_MB + 2 * shard + day + 200)
    if needed > settings.cluster.memory_mb:
        raise MemoryPromiseError(
            f"Cutting windows needs {needed} MB ({BASE_MB:.0f} MB for the program, {2 * shard:.0f} "
            f"MB for a shard of {settings.waveforms.shard_windows} windows, {day:.0f} MB for open "
            f"files), but cluster.memory_mb is {settings.cluster.memory_mb}. Nothing was planned; "
            "give more memory or lower waveforms.shard_windows."
        )
    return spread_memory_mb(settings.cluster, BASE_MB, day, 2 * shard + 200)


def _task_mb(picker: Picker) -> float:
    """Return the memory in MB of a process at work: eight open day files, and a block twice."""
    block = 2 * _BLOCK * len(picker.components) * picker.samples * 4 / 1e6
    return 8 * 86_400 * 250 * 4 / 1e6 + block


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage."""
    open_marker(layout, WINDOW.name, {})


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Cut the windows of one partition; what was there of it is replaced as a whole."""
    assert settings.waveforms is not None
    with open_part(layout, WINDOW.name, partition) as job:
        picker = open_picker(settings.waveforms.picker)
        index = read_span(layout.ingest, partition)
        events = read_table(layout.rows(partition) / "events.parquet", "events")
        wanted, absent = plan_windows(settings, layout, partition, events, index, picker)
        ids = events.column("event_id").to_pylist()
        made = [_row(ids, w, status, reason) for w, status, reason in absent]
        tasks = list(_cut_tasks(settings, layout, picker, ids, wanted))
        workers = find_workers(settings.cluster, len(tasks), BASE_MB, _task_mb(picker))
        problems: list[Problem] = []
        opened = 0
        with (
            grow_array(
                job.folder / "windows.zarr", "waveform", (len(picker.components), picker.samples),
                settings.waveforms.chunk_windows, settings.waveforms.shard_windows,
                compress=settings.waveforms.compress, apart=True,
            ) as windows,
            open_executor(settings.cluster, workers) as executor,
        ):  # fmt: skip
            for block in executor.map(cut_windows, tasks):
                numbers = [windows.append(window) for window in block.windows]
                for row in block.rows:
                    if row["window"] >= 0:
                        row["window"] = numbers[row["window"]]
                made += block.rows
                problems += block.problems
                opened += block.opened
        for problem in dict.fromkeys(problems):
            log.warning("window %s: %s: %s", partition, problem.file, problem.reason)
        table = _table(made, layout.results(settings.name))
        write_table(job.folder / "windows.parquet", "windows", table, {"partition": partition})
        job.counts = {"windows": windows.count, "rows": len(made), "files_opened": opened}
        job.said = {"workers": workers}
    return job.summary


def _cut_tasks(
    settings: Settings,
    layout: RunLayout,
    picker: Picker,
    ids: list[str],
    wanted: list[WantedWindow],
) -> Iterator[CutTask]:
    """Yield blocks of windows in the order of the archive, parted where the files change."""
    shape = WindowShape(picker.samples, picker.sampling_rate_hz, picker.components)
    start = 0
    for i in range(1, len(wanted) + 1):
        count = i - start
        if i < len(wanted) and count < _MOST:
            before, after = ({r.file for r in w.rows} for w in wanted[i - 1 : i + 1])
            if count < _BLOCK or before & after:
                continue
        block = wanted[start:i]
        own = sorted({w.event for w in block if w.event >= 0})
        number = {event: k for k, event in enumerate(own)}
        yield CutTask(
            settings, layout, shape, tuple(ids[e] for e in own),
            tuple(replace(w, event=number.get(w.event, -1)) for w in block),
        )  # fmt: skip
        start = i


_DIRECTIONS: dict[tuple[str, str], SensorDirections] = {}
"""Where the sensors of the last run point, kept for the next block of this process."""


def _kept_directions(settings: Settings, layout: RunLayout) -> SensorDirections:
    """Read where sensors point, once per process and table of stations."""
    stations = layout.ingest / "stations.parquet"
    key = (str(stations), stations.digest())
    if key not in _DIRECTIONS:
        _DIRECTIONS.clear()
        _DIRECTIONS[key] = read_directions(settings, layout)
    return _DIRECTIONS[key]


def cut_windows(task: CutTask) -> CutBlock:
    """Cut one block of windows; runs on a worker."""
    directions = _kept_directions(task.settings, task.layout)
    reader = ArchiveReader(12, directions)
    windows: list[NDArray[np.float32]] = []
    rows = []
    for w in task.wanted:
        # what the metadata say of another time is no matter of this window
        directions.contradictions.clear()
        window, row = _cut_one(task.ids, w, reader, task.shape)
        if window is not None:
            row["window"] = len(windows)
            windows.append(window)
        rows.append(row)
    size = len(windows), len(task.shape.components), task.shape.samples
    stacked = np.stack(windows) if windows else np.zeros(size, np.float32)
    return CutBlock(stacked, rows, reader.problems, reader.opened)


def _cut_one(
    ids: Sequence[str], w: WantedWindow, reader: ArchiveReader, shape: WindowShape
) -> tuple[NDArray[np.float32] | None, dict[str, Any]]:
    """Cut one window; None with a reason if there is nothing to keep."""
    rate, n = shape.sampling_rate_hz, shape.samples
    end = w.start + round(n / rate * _NANO)
    try:
        records, problems = reader.read(
            RecordSet(w.instrument, w.start, end, w.rows), shape.components, rate, MARGIN
        )
    except (MemoryError, StorageError):  # trouble of machine or line is no result
        raise
    except Exception as error:  # one window must not cost the others
        log.exception("%s failed", w.instrument)
        return None, _row(ids, w, "error", f"{type(error).__name__}: {error}")
    best = None
    for record in records:
        first = round((w.start - record.start) * rate / _NANO)
        at_p = round((w.expected_p - record.start) * rate / _NANO)
        if 0 <= at_p < record.data.shape[1]:
            best = record, first
    said = "; ".join(dict.fromkeys(p.reason for p in problems))[:200]
    if best is None:
        status = "too_short" if records or "shorter" in said else "no_waveform"
        return None, _row(ids, w, status, said or "no record holds the expected P")
    record, first = best
    window = np.zeros((len(shape.components), n), np.float32)
    a, b = max(first, 0), min(first + n, record.data.shape[1])
    window[:, a - first : b - first] = record.data[:, a:b]
    names = [flag_names(f) for f in record.flags]
    dead = [
        not record.channels[k] or bool(_USELESS & set(names[k])) or not window[k].any()
        for k in range(len(shape.components))
    ]
    flags = " ".join(
        f"{c}:{','.join(x)}" for c, x in zip(shape.components, names, strict=True) if x
    )
    row = _row(ids, w, "cut", said)
    row["flags"] = flags
    row["orientation"], row["choice"] = record.orientation, record.choice
    row["window_start"] = record.time_of(first)
    row["sampling_rate_hz"] = rate
    vertical = shape.components.index("Z")
    row["channel"] = record.channels[vertical] or next((c for c in record.channels if c), "")
    if all(dead):
        row["window_status"], row["reason"] = "useless", "no living component"
        row["window_start"] = None
        return None, row
    return window, row


def _row(ids: Sequence[str], w: WantedWindow, status: str, reason: str) -> dict[str, Any]:
    return {
        "event_id": ids[w.event] if w.event >= 0 else "",
        "network": w.instrument.network,
        "station": w.instrument.station,
        "location_code": w.instrument.location_code,
        "channel": f"{w.instrument.band}Z",
        "window": -1,
        "window_status": status,
        "reason": reason,
        "window_start": None,
        "expected_p_time": w.expected_p if w.expected_p != NO_TIME else None,
        "expected_s_time": w.expected_s if w.expected_s != NO_TIME else None,
        "distance_km": w.distance_km,
        "flags": "",
        "orientation": "",
        "choice": "",
        "sampling_rate_hz": None,
        "source_file": input_name(w.rows[0].file) if w.rows else "",
    }


def _table(rows: list[dict[str, Any]], results: Item) -> pa.Table:
    """Rows as a table; files below the results are named from there, wherever these are."""
    for row in rows:
        row["source_file"] = row["source_file"].removeprefix(f"{results}/")
    columns: dict[str, Any] = {
        name: [r[name] for r in rows]
        for name in ("event_id", "network", "station", "location_code", "channel", "window",
                     "window_status", "reason", "distance_km", "flags", "orientation", "choice",
                     "source_file")
    }  # fmt: skip
    columns["sampling_rate_hz"] = [
        np.nan if r["sampling_rate_hz"] is None else r["sampling_rate_hz"] for r in rows
    ]
    for name in ("window_start", "expected_p_time", "expected_s_time"):
        values = [np.iinfo(np.int64).min if r[name] is None else r[name] for r in rows]
        columns[name] = np.array(values, dtype=np.int64).astype("datetime64[ns]")
    return make_table("windows", columns, rows=len(rows))


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many windows were cut of those that were looked for, and why others were not."""
    status = read_table(layout.table("windows"), "windows", ["window_status"]).column(0)
    cut = pc.sum(pc.equal(status, "cut")).as_py() or 0
    return UsedOf(
        "windows cut",
        cut,
        len(status),
        count_reasons(status, ("cut",)),
        "Look at the column `reason` of windows.parquet, and at `waveforms.archives`, station "
        "codes and times.",
    )
