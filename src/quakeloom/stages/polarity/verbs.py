"""Stage ``polarity``: first motions at the P picks of a partition."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import Executor, find_workers, open_executor, spread_memory_mb
from quakeloom.config import Settings
from quakeloom.schema import is_first_p, make_table, time_values
from quakeloom.signal import ACCELERATION, band_of, is_clipped_before
from quakeloom.stages.archive.record_flags import has_flag
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.verbs import open_marker
from quakeloom.stages.pick import PICK
from quakeloom.stages.polarity import POLARITY
from quakeloom.stages.weights.kept_networks import ChosenWeights, choose_reader, kept_reader
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.weights.polarity_readers import BATCH, Reader, open_reader, reader_digest
from quakeloom.stages.window.reading import window_tables
from quakeloom.store import Item, RunLayout, open_array, read_table, write_table

log = logging.getLogger(__name__)

BASE_MB = 600.0
"""Memory of the program with torch at work, measured."""

SECONDS_PER_WINDOW = 0.001
"""Seconds of a core to read a first motion, measured."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_BLOCK = 512
"""Windows that are read from the array at a time; chosen here: some MB."""

_SPAN = 4 * _BLOCK
"""Windows that a task reads; chosen here: a second of work."""

_TASK_MB = _BLOCK * 3 * 6000 * 4 * 2 / 1e6
"""Memory of a block at work: windows of a minute, compressed and not."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the weights."""
    assert run.settings.waveforms is not None
    weights = {"weights": reader_digest(run.settings.waveforms.polarity)}
    return StageInputs(common=weights, init=weights)


def promise(run: PlannedRun) -> Promise:
    """Return what reading the first motions of each partition needs."""
    seconds = {r.partition: SECONDS_PER_WINDOW * WINDOWS_PER_EVENT * r.events for r in run.rows}
    return Promise(
        spread_memory_mb(run.settings.cluster, BASE_MB, _TASK_MB),
        {name: promise_minutes(s) for name, s in seconds.items()},
        promise_threads(run.settings),
    )


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage: load the weights once, so that a missing file is told before any work."""
    assert settings.waveforms is not None
    reader = open_reader(settings.waveforms.polarity)
    open_marker(layout, POLARITY.name, {"reader": reader.name})


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Read the first motions of one partition; what was there of it is replaced."""
    assert settings.waveforms is not None
    with open_part(layout, POLARITY.name, partition) as job:
        chosen = choose_reader(settings.waveforms.polarity)
        reader = kept_reader(chosen)
        table, group = window_tables(layout, partition)
        picks = _p_picks(settings, layout, partition, table)
        vertical = open_picker(settings.waveforms.picker).components.index("Z")
        tasks = -(-int(pc.max(table.column("window")).as_py() or 0) // _SPAN)
        workers = find_workers(settings.cluster, tasks, BASE_MB, _TASK_MB)
        with open_executor(settings.cluster, workers) as executor:
            asked = _ReadingAsked(chosen, reader, vertical)
            read, reasons = _read(picks, table, group, asked, executor)
        folder = layout.rows(partition)
        given = read_table(folder / "polarities.parquet", "polarities")
        events = read_table(folder / "events.parquet", "events", ["event_id"])
        merged = merge_readings(settings, read, given, events.column("event_id").combine_chunks())
        about = {"partition": partition, "reader": reader.name}
        write_table(job.folder / "polarities.parquet", "polarities", merged, about)
        write_table(job.folder / "rejects.parquet", "rejects", _rejects(picks, reasons), about)
        signs = read.column("polarity").to_numpy()
        job.counts = {
            "picks": len(picks),
            "up": int((signs > 0).sum()),
            "down": int((signs < 0).sum()),
            "not_read": len(reasons),
            "rows": merged.num_rows,
        }
        job.said = {"reader": reader.name, "workers": workers}
    return job.summary


def merge_readings(
    settings: Settings, read: pa.Table, given: pa.Table, event_ids: pa.Array
) -> pa.Table:
    """Return the polarities that the mechanisms are made of, sorted by event.

    Read polarities replace those of the sources; with ``waveforms.polarities: add`` those of
    the sources stay, and a read one counts where its station has none in that event.
    """
    assert settings.waveforms is not None
    table = read
    if settings.waveforms.polarities == "add":
        taken = {
            (e, s)
            for e, s, p in zip(
                given.column("event_id").to_pylist(), given.column("station").to_pylist(),
                given.column("polarity").to_pylist(), strict=True,
            )
            if p
        }  # fmt: skip
        new = [
            (e, s) not in taken
            for e, s in zip(
                read.column("event_id").to_pylist(), read.column("station").to_pylist(), strict=True
            )
        ]
        table = pa.concat_tables([given, read.filter(pa.array(new, pa.bool_()))])
    index = pc.index_in(table.column("event_id"), event_ids).fill_null(-1).to_numpy()
    order = np.argsort(index, kind="stable")
    return table.take(pa.array(order[np.searchsorted(index[order], 0) :]))


def _p_picks(
    settings: Settings, layout: RunLayout, partition: str, windows: pa.Table
) -> list[dict[str, Any]]:
    """P picks with the number of their window, in the order of the windows."""
    assert settings.waveforms is not None
    numbers = windows.column("window").to_pylist()
    columns = {n: windows.column(n).to_pylist() for n in _CODES}
    by_station: dict[tuple[str, str], list[int]] = {}
    for i, number in enumerate(numbers):
        if number >= 0:
            key = columns["event_id"][i], columns["station"][i]
            by_station.setdefault(key, []).append(i)
    if settings.waveforms.picks == "automatic":
        folder = layout.part(PICK.name, partition)
        table = read_table(folder / "picks.parquet", "picks")
        table = table.filter(pc.equal(table.column("phase"), "P"))
        times = _nanoseconds(table, "time")
        source = {n: table.column(n).to_pylist() for n in (*_CODES, "onset", "pick_weight")}
    else:
        table, times, source = _given_picks(layout, partition)
    aliases = settings.waveforms.station_aliases
    picks = []
    for k in range(table.num_rows):
        station = aliases.get(source["station"][k], source["station"][k])
        rows = by_station.get((source["event_id"][k], station), [])
        rows = [
            i for i in rows
            if not source["network"][k] or not columns["network"][i]
            or source["network"][k] == columns["network"][i]
        ]  # fmt: skip
        band = band_of(source["channel"][k])
        exact = [
            i for i in rows
            if band and band_of(columns["channel"][i]) == band
            and columns["location_code"][i] == source["location_code"][k]
        ]  # fmt: skip
        best = min(exact or rows, key=lambda i: _preference(columns, i), default=None)
        picks.append(
            {
                **{n: source[n][k] for n in (*_CODES, "onset", "pick_weight")},
                "time": int(times[k]),
                "row": best,
                "window": numbers[best] if best is not None else -1,
                "trace_channel": columns["channel"][best] if best is not None else "",
                "trace_network": columns["network"][best] if best is not None else "",
            }
        )
    return sorted(picks, key=lambda p: (p["window"], p["event_id"], p["station"], p["time"]))


_CODES = ("event_id", "network", "station", "location_code", "channel", "source_file")
"""Columns that picks and windows have in common."""


def _preference(columns: dict[str, list[str]], row: int) -> tuple[bool, str, str]:
    """Seismometers before accelerometers, high sampling rates before low ones."""
    channel = columns["channel"][row]
    bands = "HECFDGSBM"
    rank = bands.index(channel[0]) if channel[:1] in bands and channel else len(bands)
    return channel[1:2] in ACCELERATION, f"{rank:02d}", columns["location_code"][row]


def _given_picks(
    layout: RunLayout, partition: str
) -> tuple[pa.Table, NDArray[np.int64], dict[str, list[Any]]]:
    """P picks of the sources: table ``picks``, else the arrival times of the polarities."""
    folder = layout.rows(partition)
    picks = read_table(folder / "picks.parquet", "picks")
    first = [is_first_p(phase) for phase in picks.column("phase").to_pylist()]
    picks = picks.filter(pa.array(first, pa.bool_()))
    time_column = "time"
    if not picks.num_rows:
        picks = read_table(folder / "polarities.parquet", "polarities")
        picks = picks.filter(pc.is_valid(picks.column("arrival_time")))
        time_column = "arrival_time"
    n = picks.num_rows
    source = {
        c: picks.column(c).to_pylist() if c in picks.column_names else [""] * n
        for c in (*_CODES, "onset", "pick_weight")
    }
    return picks, _nanoseconds(picks, time_column), source


@dataclass(frozen=True)
class _ReadingAsked:
    """How first motions are read; ``vertical`` is its place among the components of windows."""

    weights: ChosenWeights
    reader: Reader
    vertical: int


@dataclass(frozen=True)
class CutTask:
    """Pieces of verticals that a worker cuts.

    Attributes
    ----------
    group : Item
        Windows of the partition.
    vertical : int
        Its place among the components.
    samples, pick_sample : int
        Of a piece, and the one that the pick is at.
    numbers, firsts : ndarray of int64
        Numbers of the windows, and where in them the pieces begin.
    flagged : ndarray of bool
        The channel is called clipped.
    """

    group: Item
    vertical: int
    samples: int
    pick_sample: int
    numbers: NDArray[np.int64]
    firsts: NDArray[np.int64]
    flagged: NDArray[np.bool_]


@dataclass(frozen=True)
class ReadTask:
    """Pieces of verticals whose first motions a worker reads."""

    weights: ChosenWeights
    pieces: NDArray[np.float32]


def cut_pieces(task: CutTask) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cut pieces around picks out of the windows of a partition; runs on a worker.

    Also says which channels were at their limit by the pick already.
    """
    array = open_array(task.group, "waveform")
    out = np.empty((task.numbers.size, task.samples), np.float32)
    clipped = np.zeros(task.numbers.size, dtype=bool)
    block_of = task.numbers // _BLOCK
    for block in np.unique(block_of).tolist():
        start = block * _BLOCK
        data = np.asarray(array[start : min(start + _BLOCK, array.shape[0]), task.vertical])
        for i in np.flatnonzero(block_of == block).tolist():
            first = task.firsts[i]
            trace = data[task.numbers[i] - start]
            out[i] = trace[first : first + task.samples]
            clipped[i] = task.flagged[i] and is_clipped_before(trace, first + task.pick_sample)
    return out, clipped


def read_pieces(task: ReadTask) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Read first motions; runs on a worker."""
    return kept_reader(task.weights).read_polarities(task.pieces)


def _read(
    picks: list[dict[str, Any]],
    windows: pa.Table,
    group: Item,
    asked: _ReadingAsked,
    executor: Executor,
) -> tuple[pa.Table, dict[int, str]]:
    """Read every pick; return the rows of polarities and why picks could not be read."""
    orientations, choices = (windows.column(n).to_pylist() for n in ("orientation", "choice"))
    flags = windows.column("flags").to_pylist()
    clipped = np.zeros(len(picks), dtype=bool)
    orientation = [orientations[p["row"]] if p["row"] is not None else "" for p in picks]
    reasons, rows, numbers, firsts = _within(picks, windows, group, asked.reader)
    flagged = np.array([has_flag(flags[picks[i]["row"]], "Z", "clipped") for i in rows], dtype=bool)
    sign = np.zeros(len(picks), np.int8)
    up = np.full(len(picks), np.nan)
    living: list[int] = []

    def cut_tasks() -> Iterator[CutTask]:
        for start, stop in _spans(numbers):
            part = slice(start, stop)
            yield CutTask(
                group, asked.vertical, asked.reader.samples, asked.reader.pick_sample,
                numbers[part], firsts[part], flagged[part],
            )  # fmt: skip

    def batches() -> Iterator[ReadTask]:
        # always the same pieces together, since rounding may depend on it
        waiting, done = np.zeros((0, asked.reader.samples), np.float32), 0
        for pieces, at_limit in executor.map(cut_pieces, cut_tasks()):
            alive = pieces.min(axis=1) != pieces.max(axis=1)
            clipped[rows[done : done + len(pieces)]] = at_limit & alive
            for i, is_alive in zip(rows[done : done + len(pieces)], alive, strict=True):
                if is_alive:
                    living.append(i)
                else:
                    reasons[i] = "the vertical is dead or constant around the pick"
            done += len(pieces)
            waiting = np.concatenate([waiting, pieces[alive]])
            while len(waiting) >= BATCH:
                yield ReadTask(asked.weights, waiting[:BATCH])
                waiting = waiting[BATCH:]
        if len(waiting):
            yield ReadTask(asked.weights, waiting)

    read = list(executor.map(read_pieces, batches()))
    if read:
        sign[living], up[living] = (np.concatenate(values) for values in zip(*read, strict=True))
    table = make_table(
        "polarities",
        {
            **{n: [p[n] for p in picks] for n in ("event_id", "station", "onset", "pick_weight",
                                                  "source_file")},
            "network": [p["trace_network"] or p["network"] for p in picks],
            "channel": [p["trace_channel"] or p["channel"] for p in picks],
            "polarity": sign,
            "probability_up": up,
            "orientation": orientation,
            "reversed": [o == "reversed" for o in orientation],
            "clipped": clipped,
            "choice": [choices[p["row"]] if p["row"] is not None else "" for p in picks],
            "arrival_time": np.array([p["time"] for p in picks], np.int64).astype("datetime64[ns]"),
        },
        rows=len(picks),
    )  # fmt: skip
    return table, reasons


def _within(
    picks: list[dict[str, Any]], windows: pa.Table, group: Item, reader: Reader
) -> tuple[dict[int, str], list[int], NDArray[np.int64], NDArray[np.int64]]:
    """Find where the pieces around picks begin in their windows, and why others have none.

    Returns
    -------
    reasons : dict of int to str
        By the number of the pick.
    rows, numbers, firsts
        Of the others: number of the pick, of its window, and the first sample of the piece.
    """
    starts = _nanoseconds(windows, "window_start")
    rates = windows.column("sampling_rate_hz").to_numpy()
    reasons: dict[int, str] = {}
    found: list[tuple[int, int, int]] = []
    samples = 0
    for i, p in enumerate(picks):
        if p["row"] is None:
            reasons[i] = f"no window of station {p['station']} was cut for this event"
            continue
        rate = float(rates[p["row"]])
        if abs(rate - reader.sampling_rate_hz) > 1e-6 * rate:
            reasons[i] = f"windows have {rate:g} Hz, the network reads {reader.sampling_rate_hz:g}"
            continue
        samples = samples or open_array(group, "waveform").shape[2]
        at = round((p["time"] - int(starts[p["row"]])) * rate / _NANO)
        first = at - reader.pick_sample
        if first < 0 or first + reader.samples > samples:
            reasons[i] = "the pick is too near to the end of its window"
            continue
        found.append((i, p["window"], first))
    table = np.array(found, np.int64).reshape(-1, 3)
    return reasons, table[:, 0].tolist(), table[:, 1], table[:, 2]


def _spans(numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the bounds of picks whose windows lie together; windows are in order."""
    if not numbers.size:
        return
    edges = np.flatnonzero(np.diff(numbers // _SPAN)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), numbers.size], strict=True)


def _rejects(picks: list[dict[str, Any]], reasons: dict[int, str]) -> pa.Table:
    rows = sorted(reasons)
    return make_table(
        "rejects",
        {
            "source_file": [picks[i]["source_file"] for i in rows],
            "record": ["polarity"] * len(rows),
            "event_id": [picks[i]["event_id"] for i in rows],
            "station": [picks[i]["station"] for i in rows],
            "reason": [reasons[i] for i in rows],
        },
        rows=len(rows),
    )


def _nanoseconds(table: pa.Table, column: str) -> NDArray[np.int64]:
    values: Any = time_values(table.column(column)).astype("datetime64[ns]")
    return np.asarray(values.astype(np.int64))
