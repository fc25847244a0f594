"""Stage ``pick``: P and S in the windows of a partition."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import find_workers, open_executor, spread_memory_mb
from quakeloom.config import Settings
from quakeloom.picking import (
    PHASES,
    WIDE_TARGETS,
    Picker,
    PickOptions,
    find_peaks,
    steady_probabilities,
)
from quakeloom.schema import make_table, time_values
from quakeloom.signal import channel_like, is_clipped_before, signal_to_noise
from quakeloom.stages.archive.instrument_choice import InstrumentSays, choose_instrument
from quakeloom.stages.archive.record_flags import has_flag
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf
from quakeloom.stages.frame.verbs import open_marker
from quakeloom.stages.pick import PICK
from quakeloom.stages.weights.kept_networks import ChosenWeights, choose_picker, kept_picker
from quakeloom.stages.weights.pickers import open_picker, picker_digest
from quakeloom.stages.window.reading import iterate_windows, window_tables
from quakeloom.store import Item, RunLayout, open_array, read_table, write_table

log = logging.getLogger(__name__)

BASE_MB = 600.0
"""Memory of the program with torch at work, measured."""

SECONDS_PER_WINDOW = 0.05
"""Seconds of a core to pick a window, measured."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_NO_TIME = np.iinfo(np.int64).min
"""A time that is not known, in nanoseconds since 1970."""

_S_SHARE = PickOptions().s_share
"""Of the S that could belong to one P the earliest counts that is this share as probable."""

_NOISE_S = 0.6
"""Seconds of a window that must have been recorded before a pick."""

_BLOCK = 512
"""Windows that are picked together; chosen here: some 40 MB."""

_TASK_MB = _BLOCK * 3 * 6000 * 4 * 6 / 1e6
"""Memory of a block at work: windows of a minute, and five arrays of their size."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the weights."""
    assert run.settings.waveforms is not None
    weights = {"weights": picker_digest(run.settings.waveforms.picker)}
    return StageInputs(common=weights, init=weights)


def promise(run: PlannedRun) -> Promise:
    """Return what picking the windows of each partition needs."""
    seconds = {r.partition: SECONDS_PER_WINDOW * WINDOWS_PER_EVENT * r.events for r in run.rows}
    return Promise(
        spread_memory_mb(run.settings.cluster, BASE_MB, _TASK_MB),
        {name: promise_minutes(s) for name, s in seconds.items()},
        promise_threads(run.settings),
    )


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage: load the weights once, so that a missing file is told before any work."""
    assert settings.waveforms is not None
    picker = open_picker(settings.waveforms.picker)
    open_marker(
        layout,
        PICK.name,
        {
            "picker": picker.name,
            "samples": picker.samples,
            "sampling_rate_hz": picker.sampling_rate_hz,
        },
    )


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Pick the windows of one partition; what was there of it is replaced as a whole."""
    assert settings.waveforms is not None
    with open_part(layout, PICK.name, partition) as job:
        chosen = choose_picker(settings.waveforms.picker)
        table, group = window_tables(layout, partition)
        count = int(pc.sum(pc.greater_equal(table.column("window"), 0)).as_py() or 0)
        tasks = _pick_tasks(settings, chosen, table, group, count)
        blocks = -(-count // _BLOCK)
        workers = find_workers(settings.cluster, blocks, BASE_MB, _TASK_MB)
        picks: list[dict[str, Any]] = []
        with open_executor(settings.cluster, workers) as executor:
            for found in executor.map(pick_block, tasks):
                picks += found
        picks = _best_instruments(picks)
        name = kept_picker(chosen).name
        write_table(
            job.folder / "picks.parquet",
            "picks",
            _table(picks, name),
            {"partition": partition},
        )
        job.counts = {
            "windows": count,
            "P": sum(p["phase"] == "P" for p in picks),
            "S": sum(p["phase"] == "S" for p in picks),
        }
        job.said = {"picker": name, "workers": workers}
    return job.summary


@dataclass(frozen=True)
class PickTask:
    """Windows that a worker picks: their rows, and where they lie in the array."""

    settings: Settings
    picker: ChosenWeights
    rows: pa.Table
    group: Item
    first: int


def _pick_tasks(
    settings: Settings, picker: ChosenWeights, table: pa.Table, group: Item, count: int
) -> Iterator[PickTask]:
    """Yield blocks of cut windows by their number."""
    number = table.column("window").to_numpy()
    cut = np.flatnonzero(number >= 0)
    order = np.empty(cut.size, dtype=np.int64)
    order[number[cut]] = cut
    taken = table.take(pa.array(order))
    for first, last in iterate_windows(count, _BLOCK):
        yield PickTask(settings, picker, taken.slice(first, last - first), group, first)


def pick_block(task: PickTask) -> list[dict[str, Any]]:
    """Pick one block of windows; runs on a worker."""
    picker = kept_picker(task.picker)
    rows = _WindowRows(task.rows)
    block = np.asarray(open_array(task.group, "waveform")[task.first : task.first + rows.count])
    found = steady_probabilities(picker, block)
    picks: list[dict[str, Any]] = []
    for k in range(rows.count):
        picks += _pick_window(task.settings, picker, rows, k, block[k], found[k])
    return picks


class _WindowRows:
    """The rows of a block of cut windows, in the order of their numbers."""

    def __init__(self, taken: pa.Table) -> None:
        self.count = taken.num_rows
        names = ("event_id", "network", "station", "location_code", "channel", "source_file")
        self.columns = {n: taken.column(n).to_pylist() for n in names}
        self.flags = taken.column("flags").to_pylist()
        self.choice = taken.column("choice").to_pylist()
        self.start, self.p, self.s = (
            time_values(taken.column(c)).astype("datetime64[ns]").astype(np.int64)
            for c in ("window_start", "expected_p_time", "expected_s_time")
        )


def _pick_window(
    settings: Settings,
    picker: Picker,
    rows: _WindowRows,
    number: int,
    data: NDArray[np.float32],
    traces: NDArray[np.float32],
) -> list[dict[str, Any]]:
    """Return at most one P and one S of the event of a window."""
    w = settings.waveforms
    assert w is not None
    rate = picker.sampling_rate_hz
    start = int(rows.start[number])
    vertical = picker.components.index("Z")
    flat = [k for k in range(len(picker.components)) if k != vertical and data[k].any()]
    upright = [vertical] if data[vertical].any() else flat
    errors = getattr(picker, "errors", WIDE_TARGETS)
    picks: list[dict[str, Any]] = []
    # what was not recorded is zero, and its end looks like an onset
    living = np.flatnonzero(data.any(axis=0))
    earliest = (int(living[0]) if living.size else data.shape[1]) + _NOISE_S * rate
    for k, phase in enumerate(PHASES):
        expected = int((rows.p if phase == "P" else rows.s)[number])
        if expected == _NO_TIME:
            continue
        center = (expected - start) / _NANO * rate
        lag = (int(rows.s[number]) - int(rows.p[number])) / _NANO
        # with Vp/Vs near 1.73 the P time is 1.37 times the S-P time
        travel = max(lag * 1.37, 0.0) if rows.s[number] != _NO_TIME else 0.0
        reach = (w.tolerance_s + w.tolerance_share * travel) * rate * (1.0 if k == 0 else 1.73)
        threshold = w.p_threshold if phase == "P" else w.s_threshold
        position, _, probability = find_peaks(traces[k], threshold, max(round(0.5 * rate), 1))
        near = np.flatnonzero((np.abs(position - center) <= reach) & (position > earliest))
        if not near.size:
            continue
        best = near[np.argmax(probability[near])]
        if phase == "S" and flat:
            # the first motion of S is often smaller than what follows it
            best = near[probability[near] >= _S_SHARE * probability[best]][0]
        at = float(position[best])
        if phase == "P":
            earliest = at
        use = upright if phase == "P" else flat or upright
        channel = rows.columns["channel"][number]
        is_clipped = has_flag(rows.flags[number], picker.components[use[0]], "clipped")
        picks.append(
            {
                **{n: rows.columns[n][number] for n in rows.columns},
                "channel": channel_like(channel, picker.components[use[0]]),
                "choice": rows.choice[number],
                "is_clipped": is_clipped,
                "clipped": is_clipped and is_clipped_before(data[use[0]], round(at)),
                "phase": phase,
                "time": start + round(at * _NANO / rate),
                "uncertainty_s": errors[k].of(probability[best], rate),
                "probability": min(float(probability[best]), 1.0),
                "snr": signal_to_noise(data[use], round(at), rate),
            }
        )
    return picks


def _best_instruments(picks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one instrument per event, station and phase; see :func:`choose_instrument`."""
    best: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for pick in sorted(picks, key=lambda p: _says(p).rank()):
        key = (pick["event_id"], pick["network"], pick["station"], pick["phase"])
        if key not in best:
            best[key] = pick
            continue
        reason = choose_instrument(_says(best[key]), _says(pick))[1]
        best[key]["choice"] = best[key]["choice"] or reason
    return sorted(
        best.values(),
        key=lambda p: (p["time"], p["event_id"], p["network"], p["station"], p["phase"]),
    )


def _says(pick: dict[str, Any]) -> InstrumentSays:
    return InstrumentSays(
        pick["location_code"], pick["channel"], pick["probability"],
        is_clipped=pick["is_clipped"],
    )  # fmt: skip


def _table(picks: list[dict[str, Any]], picker: str) -> pa.Table:
    names = ("event_id", "network", "station", "location_code", "channel", "phase",
             "uncertainty_s", "probability", "snr", "choice", "clipped", "source_file")  # fmt: skip
    columns: dict[str, Any] = {n: [p[n] for p in picks] for n in names}
    columns["time"] = np.array([p["time"] for p in picks], dtype=np.int64).astype("datetime64[ns]")
    columns["picker"] = [picker] * len(picks)
    return make_table("picks", columns, rows=len(picks))


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many picks there are, against the windows that were cut."""
    picks = read_table(layout.table("picks"), "picks", ["phase"]).num_rows
    windows = read_table(layout.table("windows"), "windows", ["window"]).column("window")
    cut = pc.sum(pc.greater_equal(windows, 0)).as_py() or 0
    return UsedOf(
        "windows have a pick" if not picks else "windows, picks in them",
        picks,
        cut,
        remedy="Lower `waveforms.p_threshold`, or choose another `waveforms.picker`.",
    )
