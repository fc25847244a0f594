"""Stage ``pick``: P and S in the windows of a partition."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.cluster import peak_memory_mb
from quakeloom.config import Settings
from quakeloom.core import digest_file, digest_json, digest_source
from quakeloom.picking import PHASES, Picker, PickOptions, find_peaks, steady_probabilities
from quakeloom.schema import make_table, time_values
from quakeloom.signal import channel_like, signal_to_noise
from quakeloom.stages.archive.instrument_choice import InstrumentSays, choose_instrument
from quakeloom.stages.frame.partition_states import (
    mark_done,
    partition_states,
    read_parts,
    refuse_incomplete,
    remove_old_parts,
    require_partition,
    verify_parts,
    write_plans,
)
from quakeloom.stages.frame.provenance import CODE
from quakeloom.stages.weights.pickers import open_picker, picker_digest
from quakeloom.stages.window import verbs as window
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    open_array,
    read_json,
    write_json_if_changed,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)

STAGE = "pick"
BASE_MB = 600.0
"""Memory of the program with torch at work, measured."""

_NANO = 1_000_000_000
_NO_TIME = np.iinfo(np.int64).min
_S_SHARE = PickOptions().s_share
_NOISE_S = 0.6
"""Seconds of a window that must have been recorded before a pick."""

_BLOCK = 512


def plan(settings: Settings, layout: RunLayout, partitions: list[str]) -> int:
    """Write the plan file of every partition; return the memory in MB that each promises."""
    assert settings.waveforms is not None
    w = settings.waveforms
    common = {
        "settings": digest_json([w.p_threshold, w.s_threshold, w.tolerance_s, w.tolerance_share]),
        "weights": picker_digest(w.picker),
        "code": digest_source(CODE[STAGE]),
    }
    write_plans(
        layout,
        STAGE,
        {n: {**common, "windows": digest_file(layout.plan(window.STAGE, n))} for n in partitions},
        {"weights": common["weights"]},
    )
    return round(BASE_MB + _BLOCK * 3 * 6000 * 4 * 6 / 1e6)


def list_partitions(layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state."""
    return partition_states(layout, STAGE)


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage: load the weights once, so that a missing file is told before any work."""
    assert settings.waveforms is not None
    picker = open_picker(settings.waveforms.picker)
    write_json_if_changed(
        layout.done_step(STAGE, "init"),
        {
            "picker": picker.name,
            "samples": picker.samples,
            "sampling_rate_hz": picker.sampling_rate_hz,
        },
    )


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Pick the windows of one partition; what was there of it is replaced as a whole."""
    assert settings.waveforms is not None
    started = time.perf_counter()
    require_partition(layout, STAGE, partition)
    picker = open_picker(settings.waveforms.picker)
    table, group = window.window_tables(layout, partition)
    rows = _WindowRows(table)
    picks: list[dict[str, Any]] = []
    if rows.count:
        array = open_array(group, "waveform")
        for first, last in window.iterate_windows(rows.count, _BLOCK):
            block = np.asarray(array[first:last])
            found = steady_probabilities(picker, block)
            for k in range(last - first):
                picks += _pick_window(settings, picker, rows, first + k, block[k], found[k])
    picks = _best_instruments(picks)
    with atomic_folder(layout.part(STAGE, partition)) as folder:
        write_table(
            folder / "picks.parquet", "picks", _table(picks, picker.name), {"partition": partition}
        )
    counts = {
        "windows": rows.count,
        "P": sum(p["phase"] == "P" for p in picks),
        "S": sum(p["phase"] == "S" for p in picks),
    }
    mark_done(layout, STAGE, partition, counts)
    summary = {
        **counts,
        "picker": picker.name,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
    }
    log.info("pick %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the picks of all partitions into ``picks.parquet``."""
    names = refuse_incomplete(layout, STAGE)
    rows = write_tables(
        layout.table("picks"), "picks", read_parts(layout, STAGE, names, "picks"),
        read_json(layout.provenance),
    )  # fmt: skip
    remove_old_parts(layout, STAGE, set(names))
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {"rows": rows, "digest": digest_file(layout.table("picks"))},
    )
    log.info("pick: gathered %d partitions: %d picks", len(names), rows)
    return {"picks": rows}


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read everything again and compare it with its digests."""
    return verify_parts(layout, STAGE)


class _WindowRows:
    """The rows of cut windows by number of the window."""

    def __init__(self, table: pa.Table) -> None:
        number = table.column("window").to_numpy()
        cut = np.flatnonzero(number >= 0)
        self.count = cut.size
        order = np.empty(cut.size, dtype=np.int64)
        order[number[cut]] = cut
        taken = table.take(pa.array(order))
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
    factors = getattr(picker, "error_per_width", (0.2, 0.4))
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
        position, width, probability = find_peaks(traces[k], threshold, max(round(0.5 * rate), 1))
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
        picks.append(
            {
                **{n: rows.columns[n][number] for n in rows.columns},
                "channel": channel_like(channel, picker.components[use[0]]),
                "choice": rows.choice[number],
                "is_clipped": f"{picker.components[use[0]]}:" in rows.flags[number]
                and "clipped" in rows.flags[number],
                "phase": phase,
                "time": start + round(at * _NANO / rate),
                "uncertainty_s": max(factors[k] * float(width[best]), 0.5) / rate,
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
             "uncertainty_s", "probability", "snr", "choice", "source_file")  # fmt: skip
    columns: dict[str, Any] = {n: [p[n] for p in picks] for n in names}
    columns["time"] = np.array([p["time"] for p in picks], dtype=np.int64).astype("datetime64[ns]")
    columns["picker"] = [picker] * len(picks)
    return make_table("picks", columns, rows=len(picks))
