"""Stage ``ingest``: foreign files become registered tables, once, and rows find partitions.

It runs while planning, since only the events tell which partitions there are. Every source
is read once and kept under the digest of its content; planning again reads nothing that
has not changed. The rows of a partition are written only if they differ, with a digest, so
that a partition whose rows are the same is not computed again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import InputError, digest_json
from quakeloom.schema import empty_table
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.partition_states import refuse_changed
from quakeloom.stages.frame.planned_rows import Ingested, PlannedRows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.ingest.events_of_picks import events_of_picks
from quakeloom.stages.ingest.row_partitions import SHARED_TABLES, split_rows
from quakeloom.stages.ingest.source_files import SOURCE_TABLES, read_sources, simulate_source
from quakeloom.store import (
    Item,
    RunLayout,
    is_sealed,
    read_json,
    read_json_or,
    read_seal,
    read_table,
    write_json_if_changed,
)

log = logging.getLogger(__name__)


def plan(run: PlannedRun) -> None:
    """Read what is new, and split the rows into partitions."""
    ingested = ingest_sources(run.settings, run.layout, run.cache, run.progress)
    run.rows = ingested.partitions
    run.inputs = ingested.inputs


def ingest_sources(
    settings: Settings,
    layout: RunLayout,
    cache: Item,
    progress: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Read what is new, split everything into partitions, and return them in order.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    cache : Item
        Folder of the sources as read; cases of one configuration share it.
    progress : callable
        Called with a sentence now and then.

    Raises
    ------
    InputError
        If a file is missing or no source holds an event.
    FormatError
        If a file is not in its format.
    """
    folders = (
        [simulate_source(settings, cache, progress)]
        if settings.simulation is not None
        else read_sources(settings, cache, progress)
    )
    # whether picks without events are enough depends on whether events are located
    known = digest_json(
        [
            [f.name for f in folders],
            settings.partition.model_dump(),
            code_digest(__name__),
            settings.locate is not None,
        ]
    )
    inputs = digest_json([f.name for f in folders])
    if settings.simulation is not None:
        write_json_if_changed(layout.ingest / "simulation.json", {"folder": str(folders[0])})
    index = layout.ingest / "index.json"
    old = read_json_or(index, {})
    if old.get("key") == known and _is_whole(layout, old):
        return Ingested([PlannedRows(**row) for row in old["partitions"]], inputs)
    progress("sorting rows into partitions")
    tables = {name: _gather(folders, name) for name in SOURCE_TABLES}
    if not tables["events"].num_rows and settings.locate is not None:
        tables["events"] = events_of_picks(tables["picks"], tables["rejects"])
    if not tables["events"].num_rows:
        raise InputError(
            f"The sources of '{settings.name}' hold no event that can be used "
            f"({tables['rejects'].num_rows} records were put aside). Nothing was planned; "
            "check the files and their formats."
        )
    rows = split_rows(settings, layout, tables, progress)
    shared = {n: (layout.ingest / f"{n}.parquet").digest() for n in SHARED_TABLES}
    content = {
        "key": known,
        "partitions": [vars(r) for r in rows],
        "shared": shared,
        "sources": [f.name for f in folders],
    }
    write_json_if_changed(index, {**content, "digest": digest_json(content)})
    return Ingested(rows, inputs)


def _is_whole(layout: RunLayout, index: dict[str, Any]) -> bool:
    """Say whether the rows that an index speaks of are as they were written.

    What was removed by hand or damaged is sorted again, so that no command fails for good.
    """
    content = {k: v for k, v in index.items() if k != "digest"}
    if index.get("digest") != digest_json(content):
        return False
    damaged = [
        str(layout.rows(p["partition"]))
        for p in index["partitions"]
        if not is_sealed(layout.rows(p["partition"]))
    ]
    for name, digest in index["shared"].items():
        table = layout.ingest / f"{name}.parquet"
        if not table.exists() or table.digest() != digest:
            damaged.append(str(table))
    if damaged:
        log.warning("missing or changed since planned, and made again: %s", ", ".join(damaged))
    return not damaged


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read sources as read, and the rows of all partitions, and compare them with their digests.

    Raises
    ------
    VerificationError
        With every file that is missing or changed.
    """
    index = read_json(layout.ingest / "index.json")
    folders = [_cached(settings, layout, name) for name in index["sources"]]
    folders += [layout.rows(p["partition"]) for p in index["partitions"]]
    recorded = [(layout.ingest / f"{n}.parquet", d) for n, d in index["shared"].items()]
    problems = []
    for folder in folders:
        digests = read_seal(folder)
        if not digests:
            problems.append(f"{folder} has no digests.json that can be read")
        recorded += [(folder / name, digest) for name, digest in digests.items()]
    files = refuse_changed(f"The sources of run {layout.root}", recorded, problems)
    return {"files": files, "partitions": len(index["partitions"])}


def _cached(settings: Settings, layout: RunLayout, name: str) -> Item:
    """Return a source as read: kept with the run, or with its configuration."""
    own = layout.ingest / "sources" / name
    configuration = layout.results(settings.name) / settings.name.split("/")[0]
    return own if own.exists() else configuration / "ingest" / "sources" / name


def _gather(folders: list[Item], name: str) -> pa.Table:
    pieces = [
        read_table(f / f"{name}.parquet", name) for f in folders if (f / f"{name}.parquet").exists()
    ]
    return pa.concat_tables(pieces) if pieces else empty_table(name)
