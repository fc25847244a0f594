"""Stage ``window``: waveforms around expected arrivals, cut once and stored as one array.

Windows are cut in the order of the archive, so that each file is opened once, and stored in
that order in the Zarr array ``waveform`` of the partition; the table ``windows`` has one row
for every event and instrument, cut or not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.cluster import peak_memory_mb
from quakeloom.config import Settings
from quakeloom.core import MemoryPromiseError, digest_file, digest_json, digest_source
from quakeloom.picking import Picker
from quakeloom.schema import make_table
from quakeloom.signal import flag_names
from quakeloom.stages.archive.directions import read_directions
from quakeloom.stages.archive.record_sets import ArchiveReader, RecordSet
from quakeloom.stages.archive.stored_index import index_archive, read_span, write_span
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
from quakeloom.stages.frame.planned_rows import Ingested
from quakeloom.stages.frame.provenance import CODE
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.window.expected_arrivals import NO_TIME
from quakeloom.stages.window.wanted_windows import MARGIN, WantedWindow, plan_windows, time_spans
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    create_array,
    read_json,
    read_table,
    write_json_if_changed,
    write_region,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)

STAGE = "window"
BASE_MB = 420.0
"""Memory of the program with ObsPy and torch loaded, measured."""

_NANO = 1_000_000_000
_USELESS = {"dead", "constant"}


def plan(
    settings: Settings,
    layout: RunLayout,
    ingested: Ingested,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Write the plan file of every partition; return the memory in MB that each promises.

    The plan of a partition holds the digest of its events and picks, of the files of the
    archive that touch its time, of settings and code.
    """
    assert settings.waveforms is not None
    index = index_archive(settings, layout.ingest, progress)
    picker = open_picker(settings.waveforms.picker)
    common = {
        "settings": digest_json(
            [
                settings.waveforms.model_dump(mode="json", exclude=_LATER_SETTINGS),
                settings.selection.maximum_distance_km,
                picker.samples,
                picker.sampling_rate_hz,
                picker.components,
            ]
        ),
        "code": digest_source(CODE[STAGE]),
    }
    common["directions"] = read_directions(settings, layout).digest
    if settings.takeoff.angles == "layered":
        common["takeoff"] = digest_file(layout.plan_step("takeoff", "tables"))
    plans: dict[str, dict[str, Any]] = {}
    for part_rows in ingested.partitions:
        spans = time_spans(settings, layout, part_rows.partition, picker)
        plans[part_rows.partition] = {
            **common,
            "rows": part_rows.digest,
            "archive": write_span(index, layout.ingest, part_rows.partition, *spans),
        }
    write_plans(layout, STAGE, plans, {})
    memory = promise_memory(settings, picker)
    return dict.fromkeys(plans, memory)


_LATER_SETTINGS = {
    "fetch",
    "picks",
    "p_threshold",
    "s_threshold",
    "polarity",
    "polarities",
    "tolerance_s",
    "tolerance_share",
}
"""Settings that matter only to later stages."""


def promise_memory(settings: Settings, picker: Picker) -> int:
    """Return the memory in MB that cutting a partition needs at most.

    The program, the index, one shard of windows twice, and eight open day files.

    Raises
    ------
    MemoryPromiseError
        If it is more than ``cluster.memory_mb``.
    """
    assert settings.waveforms is not None
    shard = settings.waveforms.shard_windows * 3 * picker.samples * 4 / 1e6
    day = 8 * 86_400 * 250 * 4 / 1e6
    needed = round(BASE_MB + 2 * shard + day + 200)
    if needed > settings.cluster.memory_mb:
        raise MemoryPromiseError(
            f"Cutting windows needs {needed} MB ({BASE_MB:.0f} MB for the program, {2 * shard:.0f} "
            f"MB for a shard of {settings.waveforms.shard_windows} windows, {day:.0f} MB for open "
            f"files), but cluster.memory_mb is {settings.cluster.memory_mb}. Nothing was planned; "
            "give more memory or lower waveforms.shard_windows."
        )
    return needed


def list_partitions(layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state."""
    return partition_states(layout, STAGE)


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage: make its folder."""
    layout.part(STAGE, "x").parent.mkdir(parents=True, exist_ok=True)
    write_json_if_changed(layout.done_step(STAGE, "init"), {"stage": STAGE})


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Cut the windows of one partition; what was there of it is replaced as a whole."""
    assert settings.waveforms is not None
    started = time.perf_counter()
    require_partition(layout, STAGE, partition)
    picker = open_picker(settings.waveforms.picker)
    index = read_span(layout.ingest, partition)
    events = read_table(layout.rows(partition) / "events.parquet", "events")
    wanted, absent = plan_windows(settings, layout, partition, events, index, picker)
    ids = events.column("event_id").to_pylist()
    reader = ArchiveReader(12, read_directions(settings, layout))
    made = [_row(ids, w, status, reason) for w, status, reason in absent]
    with atomic_folder(layout.part(STAGE, partition)) as folder:
        group = folder / "windows.zarr"
        shard = settings.waveforms.shard_windows
        buffer = np.zeros((shard, len(picker.components), picker.samples), np.float32)
        count = 0
        spill = folder / "spill.f4"
        with spill.open("wb") as stream:
            for w in wanted:
                window, row = _cut_one(ids, w, reader, picker)
                if window is not None:
                    row["window"] = count
                    buffer[count % shard] = window
                    count += 1
                    if count % shard == 0:
                        stream.write(buffer.tobytes())
                made.append(row)
            stream.write(buffer[: count % shard].tobytes())
        # the number of windows is known only now, and an array has its shape from the start
        create_array(
            group, "waveform", (count, *buffer.shape[1:]), settings.waveforms.chunk_windows, shard,
            compress=settings.waveforms.compress, apart=True,
        )  # fmt: skip
        with spill.open("rb") as stream:
            for first in range(0, count, shard):
                n = min(shard, count - first)
                block = np.fromfile(stream, np.float32, n * buffer[0].size)
                write_region(group, "waveform", first, block.reshape(n, *buffer.shape[1:]))
        spill.unlink()
        table = _table(made, _results_folder(settings, layout))
        write_table(folder / "windows.parquet", "windows", table, {"partition": partition})
    for problem in reader.problems:
        log.warning("window %s: %s: %s", partition, problem.file, problem.reason)
    counts = {"windows": count, "rows": len(made), "files_opened": reader.opened}
    mark_done(layout, STAGE, partition, counts)
    summary = {
        **counts,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
    }
    log.info("window %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the table of windows; the arrays stay where they are."""
    names = refuse_incomplete(layout, STAGE)
    provenance = read_json(layout.provenance)
    rows = write_tables(
        layout.table("windows"), "windows", read_parts(layout, STAGE, names, "windows"), provenance
    )
    remove_old_parts(layout, STAGE, set(names))
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {"rows": rows, "digest": digest_file(layout.table("windows"))},
    )
    log.info("window: gathered %d partitions: %d rows", len(names), rows)
    return {"windows": rows}


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read everything again and compare it with its digests."""
    return verify_parts(layout, STAGE)


def _cut_one(
    ids: list[str], w: WantedWindow, reader: ArchiveReader, picker: Picker
) -> tuple[NDArray[np.float32] | None, dict[str, Any]]:
    """Cut one window; None with a reason if there is nothing to keep."""
    rate, n = picker.sampling_rate_hz, picker.samples
    end = w.start + round(n / rate * _NANO)
    try:
        records, problems = reader.read(
            RecordSet(w.instrument, w.start, end, w.rows), picker.components, rate, MARGIN
        )
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
    window = np.zeros((len(picker.components), n), np.float32)
    a, b = max(first, 0), min(first + n, record.data.shape[1])
    window[:, a - first : b - first] = record.data[:, a:b]
    names = [flag_names(f) for f in record.flags]
    dead = [
        not record.channels[k] or bool(_USELESS & set(names[k])) or not window[k].any()
        for k in range(len(picker.components))
    ]
    flags = " ".join(
        f"{c}:{','.join(x)}" for c, x in zip(picker.components, names, strict=True) if x
    )
    row = _row(ids, w, "cut", said)
    row["flags"] = flags
    row["orientation"], row["choice"] = record.orientation, record.choice
    row["window_start"] = record.time_of(first)
    row["sampling_rate_hz"] = rate
    vertical = picker.components.index("Z")
    row["channel"] = record.channels[vertical] or next((c for c in record.channels if c), "")
    if all(dead):
        row["window_status"], row["reason"] = "useless", "no living component"
        row["window_start"] = None
        return None, row
    return window, row


def _row(ids: list[str], w: WantedWindow, status: str, reason: str) -> dict[str, Any]:
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
        "source_file": str(w.rows[0].file) if w.rows else "",
    }


def _results_folder(settings: Settings, layout: RunLayout) -> Path:
    """Return the folder of all results, in which the archive of a simulation lies."""
    return layout.root.parents[settings.name.count("/")]


def _table(rows: list[dict[str, Any]], results: Path) -> pa.Table:
    """Rows as a table; files below the results are named from there, wherever these are."""
    for row in rows:
        file = Path(row["source_file"])
        if row["source_file"] and file.is_relative_to(results):
            row["source_file"] = file.relative_to(results).as_posix()
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


def window_tables(layout: RunLayout, partition: str) -> tuple[pa.Table, Path]:
    """Return the table of windows of a partition, and the group of their array."""
    folder = layout.part(STAGE, partition)
    return read_table(folder / "windows.parquet", "windows"), folder / "windows.zarr"


def iterate_windows(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of windows."""
    for first in range(0, count, size):
        yield first, min(first + size, count)
