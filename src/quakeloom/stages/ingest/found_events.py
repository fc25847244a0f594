"""Runs that find their own events: stations and picks before, and the events when they are there.

What is read while planning are stations, and the picks of the sources by day of UTC. When the
events were found, they are split into partitions as those of sources are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Settings
from quakeloom.core import InputError, digest_json
from quakeloom.schema import TABLES, empty_table, make_table, time_values
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.rows_before import keep_before
from quakeloom.stages.ingest.reject_rows import reject_rows
from quakeloom.stages.ingest.row_partitions import SHARED_TABLES, split_rows
from quakeloom.stages.ingest.source_files import SOURCE_TABLES, gather_sources, read_folders
from quakeloom.stages.ingest.split_index import read_whole_index, write_index
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_folder,
    is_sealed,
    read_json_or,
    read_table,
    remove_others,
    write_json_if_changed,
    write_seal,
    write_table,
)

_UNSORTED = ("events", "truth", "rejects")
"""Tables of sources that are kept as they are until there are events."""

_EVENT_COLUMNS = (
    "event_id", "origin_time", "longitude", "latitude", "depth_km",
    "horizontal_error_km", "vertical_error_km",
)  # fmt: skip
"""Columns of associations that events have."""


def ingest_network(
    settings: Settings,
    layout: RunLayout,
    cache: Item,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[str, dict[str, str]]:
    """Read what is new of stations and picks; return a digest of all, and the days with picks.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    cache : Item
        Folder of the sources as read.
    progress : callable

    Returns
    -------
    str
    dict of str to str
        The digest of the picks of every day, in order.

    Raises
    ------
    InputError
        If there are no stations, or neither a detector nor picks.
    """
    folders = read_folders(settings, layout, cache, progress)
    names = [f.name for f in folders]
    key = digest_json([names, code_digest(__name__)])
    index = layout.ingest / "network.json"
    old = read_json_or(index, {})
    whole = [layout.ingest / "network", *(layout.ingest / "days" / d for d in old.get("days", {}))]
    shared = {name: layout.ingest / f"{name}.parquet" for name in SHARED_TABLES}
    there = {n: t.digest() for n, t in shared.items() if t.exists()}
    if old.get("key") == key and old["shared"] == there and all(map(is_sealed, whole)):
        return digest_json(names), dict(old["days"])
    tables = {name: gather_sources(folders, name) for name in SOURCE_TABLES}
    if not tables["stations"].num_rows:
        raise InputError(
            f"The sources of '{settings.name}' hold no stations, so no event can be found. "
            "Nothing was planned; add a file of stations to `sources`."
        )
    days, undated = _write_days(layout, tables["picks"])
    if not days and not settings.detects:
        raise InputError(
            f"The sources of '{settings.name}' hold no picks to associate. Nothing was planned; "
            "add a file of picks, or the group `detect` for picks of waveforms."
        )
    tables["rejects"] = pa.concat_tables([tables["rejects"], undated])
    for name, item in shared.items():
        keep_before(layout, item, "")
        write_table(item, name, tables[name], validate=False)
    with atomic_folder(layout.ingest / "network") as folder:
        for name in _UNSORTED:
            write_table(folder / f"{name}.parquet", name, tables[name], validate=False)
        write_seal(folder)
    there = {n: t.digest() for n, t in shared.items()}
    write_json_if_changed(index, {"key": key, "days": days, "sources": names, "shared": there})
    return digest_json(names), days


def _write_days(layout: RunLayout, picks: pa.Table) -> tuple[dict[str, str], pa.Table]:
    """Write picks by day of UTC; return the digest of each day, and picks without a time."""
    time = time_values(picks.column("time"))
    undated = np.isnat(time)
    aside = picks.filter(pa.array(undated))
    order = np.argsort(time, kind="stable")[: int((~undated).sum())]
    days, start = np.unique(time[order].astype("datetime64[D]"), return_index=True)
    found = {}
    bounds = np.append(start, order.size)
    for day, first, stop in zip(days.astype(str), bounds[:-1], bounds[1:], strict=True):
        with atomic_folder(layout.ingest / "days" / day) as folder:
            rows = picks.take(pa.array(order[first:stop]))
            write_table(folder / "picks.parquet", "picks", rows, validate=False)
            write_seal(folder)
        found[str(day)] = (layout.ingest / "days" / day / "picks.parquet").digest()
    remove_others(layout.ingest / "days", set(found))
    return found, reject_rows("pick", aside, ["a pick without a time belongs to no day"] *
                              aside.num_rows)  # fmt: skip


def ingest_found_events(run: PlannedRun) -> None:
    """Split the events that the run has found into partitions, with their picks.

    Raises
    ------
    InputError
        If no event was found.
    """
    settings, layout = run.settings, run.layout
    made = [layout.table(n) for n in ("associations", "assignments")]
    sources: Sequence[str] = read_json_or(layout.ingest / "network.json", {}).get("sources", [])
    key = digest_json(
        [[m.digest() for m in made], sources, settings.partition.model_dump(),
         code_digest(__name__)]
    )  # fmt: skip
    rows = read_whole_index(layout, key)
    if rows is None:
        tables = _found_tables(layout)
        if not tables["events"].num_rows:
            raise InputError(
                f"No event was found in the picks of '{settings.name}', so there is nothing to "
                f"locate. {layout.table('unassigned_picks')} says of every pick why; check models, "
                "stations and clocks, or `associate.minimum_picks` and "
                "`associate.false_events_per_day`."
            )
        rows = split_rows(settings, layout, tables, run.progress)
        write_index(layout, key, rows, [layout.ingest / "sources" / name for name in sources])
    run.rows, run.inputs = rows, digest_json([key])


def _found_tables(layout: RunLayout) -> dict[str, pa.Table]:
    """Return what was found in the form of a source."""
    associations = read_table(layout.table("associations"), "associations")
    assignments = read_table(layout.table("assignments"), "assignments")
    tables = {name: empty_table(name) for name in SOURCE_TABLES}
    for name in SHARED_TABLES:
        tables[name] = read_table(layout.ingest / f"{name}.parquet", name)
    tables["rejects"] = read_table(layout.ingest / "network" / "rejects.parquet", "rejects")
    tables["events"] = make_table(
        "events", {n: associations.column(n) for n in _EVENT_COLUMNS}, rows=associations.num_rows
    )
    tables["picks"] = _as_table("picks", assignments)
    is_read = pc.not_equal(assignments.column("polarity"), 0)
    tables["polarities"] = _as_table("polarities", assignments.filter(is_read), arrival_time="time")
    return tables


def _as_table(name: str, rows: pa.Table, **renamed: str) -> pa.Table:
    """Return the columns that a registered table shares with rows, and some by other names."""
    shared = [n for n in TABLES[name].columns if n in rows.column_names and n != "distance_km"]
    columns = {n: rows.column(n) for n in shared}
    columns |= {n: rows.column(other) for n, other in renamed.items()}
    return make_table(name, columns, rows=rows.num_rows)
