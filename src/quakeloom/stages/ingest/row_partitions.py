"""Rows of all sources find their events and partitions, and are written partition by partition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import digest_bytes
from quakeloom.formats import misdated_readings
from quakeloom.schema import empty_table, make_table
from quakeloom.stages.frame.calendar import (
    CALENDARS,
    UNDATED,
    assign_partitions,
    choose_calendar,
)
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.frame.rows_before import keep_before
from quakeloom.stages.ingest.doubled_readings import choose_sources, count_disagreements
from quakeloom.stages.ingest.events_of_picks import fill_times
from quakeloom.stages.ingest.reject_rows import reject_rows
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    is_sealed,
    read_json_or,
    remove_others,
    write_json_if_changed,
    write_seal,
    write_table,
)

ROW_TABLES = ("events", "polarities", "picks", "amplitudes", "rejects", "truth")
"""Tables that are split into partitions."""
SHARED_TABLES = ("stations", "reversals", "sp_corrections")
"""Tables that every partition may need."""


def split_rows(
    settings: Settings,
    layout: RunLayout,
    tables: dict[str, pa.Table],
    say: Callable[[str], None] = lambda _: None,
) -> list[PlannedRows]:
    """Write the rows of every partition, and return the partitions in order.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    tables : dict of str to pyarrow.Table
        What all sources hold; stations that are nowhere near their events leave it.
    say : callable
        Called with what is put aside.
    """
    events, doubled = unique_events(tables["events"])
    tables["rejects"] = pa.concat_tables([tables["rejects"], doubled])
    times = fill_times(events, tables["picks"])
    calendar = _sticky_calendar(settings, layout, times)
    partition = assign_partitions(times, calendar, settings.partition.maximum_events)
    # numpy sorts NaT last, which puts undated events into the last partition
    ids = events.column("event_id").to_numpy(zero_copy_only=False).astype(str)
    order = np.lexsort((ids, times, partition == UNDATED))
    events = events.take(order)
    partition = partition[order]
    names, first = np.unique(partition, return_index=True)
    names = names[np.argsort(first)]
    number = {n: i for i, n in enumerate(names)}
    of_event = np.array([number[p] for p in partition])
    # where events were found, they are where the stations said
    pieces = _sort_rows(tables, events, of_event, say, judges_places=not settings.finds_events)

    for name in SHARED_TABLES:
        keep_before(layout, layout.ingest / f"{name}.parquet", "")
        write_table(layout.ingest / f"{name}.parquet", name, tables[name], validate=False)
    bounds = {
        name: (np.argsort(index, kind="stable"), np.bincount(index, minlength=names.size))
        for name, (_, index) in pieces.items()
    }
    offsets = {name: np.concatenate([[0], np.cumsum(c)]) for name, (_, c) in bounds.items()}
    planned = []
    for i, name in enumerate(names):
        here = {
            t: pieces[t][0].take(bounds[t][0][offsets[t][i] : offsets[t][i + 1]])
            for t in ROW_TABLES
        }
        planned.append(_write_rows(layout, str(name), here, tables))
    for folder in (layout.ingest / "partitions").children():
        if folder.name not in number:
            keep_before(layout, folder, folder.name)
    remove_others(layout.ingest / "partitions", {str(n) for n in names})
    return planned


def _sort_rows(
    tables: dict[str, pa.Table],
    events: pa.Table,
    of_event: NDArray[np.int64],
    say: Callable[[str], None],
    *,
    judges_places: bool,
) -> dict[str, tuple[pa.Table, np.ndarray]]:
    """Return the rows of all tables with the number of their partition; the rest is rejected.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
    events : pyarrow.Table
        Each once, in order.
    of_event : ndarray of int64, shape (events,)
        Their partitions.
    say : callable
    judges_places : bool
        Stations that are nowhere near their events are put aside.
    """
    pieces: dict[str, tuple[pa.Table, np.ndarray]] = {"events": (events, of_event)}
    rejects = tables["rejects"]
    event_ids = events.column("event_id").combine_chunks()
    for name in ("polarities", "picks", "amplitudes", "truth"):
        (found, event), orphans = rows_of_events(name, tables[name], event_ids)
        if orphans.num_rows:
            rejects = pa.concat_tables([rejects, orphans])
        if name in ("polarities", "picks"):
            late, reasons = misdated_readings(events, found, name)
            if reasons:
                aside = reject_rows(name, found.filter(pa.array(late)), reasons)
                rejects = pa.concat_tables([rejects, aside])
                found, event = found.filter(pa.array(~late)), event[~late]
                say(f"{len(reasons)} {name} are put aside: {reasons[0]}")
        pieces[name] = found, of_event[event] if found.num_rows else event
    disagreeing = count_disagreements(rejects)
    if disagreeing:
        say(
            f"{disagreeing} first motions are up in one source and down in another; the first "
            "source counts, and the others are among the rejects"
        )
    if judges_places:
        tables["stations"], aside = put_aside_misplaced(
            tables["stations"], events, [pieces[n][0] for n in ("polarities", "picks")], say
        )
        rejects = pa.concat_tables([rejects, aside])
    pieces["rejects"] = rejects, _partitions_of_rejects(rejects, event_ids, pieces)
    return pieces


def _partitions_of_rejects(
    rejects: pa.Table, event_ids: pa.Array, pieces: dict[str, tuple[pa.Table, np.ndarray]]
) -> NDArray[np.int64]:
    """Number of the partition of every reject: of its event, or the first of its file.

    So what a new file says changes no other partition. What is of no file with rows of events is
    kept with the first one.
    """
    of_event = pieces["events"][1]
    where = pc.index_in(rejects.column("event_id"), event_ids).fill_null(-1).to_numpy()
    found = np.where(where >= 0, of_event[where], -1)
    for table, partition in pieces.values():
        if "source_file" in table.column_names and table.num_rows:
            files = table.column("source_file").combine_chunks()
            first = pc.index_in(rejects.column("source_file"), files).fill_null(-1).to_numpy()
            found = np.where((found < 0) & (first >= 0), partition[first], found)
    return np.maximum(found, 0)


def _write_rows(
    layout: RunLayout, partition: str, rows: dict[str, pa.Table], tables: dict[str, pa.Table]
) -> PlannedRows:
    codes = pc.unique(
        pa.chunked_array(
            rows["polarities"].column("station").chunks + rows["picks"].column("station").chunks,
            pa.string(),
        )
    )
    needed = {
        name: tables[name].filter(pc.is_in(tables[name].column("station"), codes))
        for name in SHARED_TABLES
    }
    counts = rows["polarities"].group_by("event_id").aggregate([([], "count_all")])
    largest = int(pc.max(counts.column("count_all")).as_py() or 0)
    digest = digest_bytes(*(_table_bytes(t) for t in (*rows.values(), *needed.values())))
    planned = PlannedRows(
        partition, rows["events"].num_rows, rows["polarities"].num_rows, largest, digest,
        rows["picks"].num_rows,
    )  # fmt: skip
    folder = layout.rows(partition)
    if read_json_or(folder / "rows.json", None) != vars(planned) or not is_sealed(folder):
        keep_before(layout, folder, partition)
        with atomic_folder(folder) as temporary:
            for name, table in rows.items():
                write_table(temporary / f"{name}.parquet", name, table, validate=False)
            write_json_if_changed(temporary / "rows.json", vars(planned))
            write_seal(temporary)
    return planned


def _table_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue().to_pybytes())


def _sticky_calendar(settings: Settings, layout: RunLayout, times: np.ndarray) -> str:
    """Return the kind of bins; what ``auto`` once chose is kept, so that nothing moves."""
    calendar: str = settings.partition.calendar
    if calendar != "auto":
        return calendar
    kept = layout.ingest / "calendar.json"
    chosen = read_json_or(kept, {}).get("calendar")
    if chosen in CALENDARS:
        return str(chosen)
    calendar = choose_calendar(times)
    write_json_if_changed(kept, {"calendar": calendar})
    return calendar


def unique_events(events: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the first row of every event, and the others as ``rejects``."""
    ids = events.column("event_id").combine_chunks().dictionary_encode()
    codes = ids.indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    if first.size == events.num_rows:
        return events, empty_table("rejects")
    keep = np.zeros(events.num_rows, dtype=bool)
    keep[first] = True
    doubled = events.filter(pa.array(~keep))
    rejects = make_table(
        "rejects",
        {
            "source_file": doubled.column("source_file"),
            "source_line": doubled.column("source_line"),
            "record": ["event"] * doubled.num_rows,
            "event_id": doubled.column("event_id"),
            "reason": ["doubled event: the first one with this event_id is used"]
            * doubled.num_rows,
        },
    )
    return events.filter(pa.array(keep)), rejects


def rows_of_events(
    name: str, table: pa.Table, event_ids: pa.Array
) -> tuple[tuple[pa.Table, np.ndarray], pa.Table]:
    """Sort rows by their event; rows of unknown events and doubled readings are rejected.

    Returns
    -------
    (pyarrow.Table, ndarray of int64), pyarrow.Table
        The rows and the event of each, and ``rejects``.
    """
    index = pc.index_in(table.column("event_id"), event_ids)
    event = index.fill_null(-1).to_numpy().astype(np.int64)
    order = np.argsort(event, kind="stable")
    unknown = int(np.searchsorted(event[order], 0))
    rejects = [reject_rows(name, table.take(order[:unknown]), "there is no event with this id")]
    order = order[unknown:]
    rows = table.take(order)
    event = event[order]
    if name in ("polarities", "amplitudes") and rows.num_rows:
        kept, aside = choose_sources(name, rows, event)
        rejects += aside
        if aside:
            rows, event = rows.filter(pa.array(kept)), event[kept]
    return (rows, event), pa.concat_tables(rejects)
