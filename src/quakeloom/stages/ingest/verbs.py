"""Stage ``ingest``: foreign files become registered tables, once, and rows find partitions.

It runs while planning, since only the events tell which partitions there are. Every source
is read once and kept under the digest of its content; planning again reads nothing that
has not changed. The rows of a partition are written only if they differ, with a digest, so
that a partition whose rows are the same is not computed again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from quakeloom.config import Settings
from quakeloom.core import InputError, SettingsError, digest_json
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.partition_states import refuse_changed
from quakeloom.stages.frame.planned_rows import Ingested
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.ingest.events_of_picks import events_of_picks
from quakeloom.stages.ingest.found_events import ingest_network
from quakeloom.stages.ingest.row_partitions import split_rows
from quakeloom.stages.ingest.source_files import SOURCE_TABLES, gather_sources, read_folders
from quakeloom.stages.ingest.split_index import INDEX, read_whole_index, write_index
from quakeloom.store import (
    Item,
    RunLayout,
    read_json,
    read_seal,
)

log = logging.getLogger(__name__)


def plan(run: PlannedRun) -> None:
    """Read what is new, and split the rows into partitions.

    Where events are still to be found, there are stations and perhaps picks only; the rows are
    split when the events are there (:mod:`quakeloom.stages.ingest.found_events`).
    """
    if run.settings.detects and not run.settings.finds_events:
        raise SettingsError(
            f"`detect` of '{run.settings.name}' makes picks of no event yet, and nothing in the "
            "run finds their events. Nothing was planned; add `associate: {}`."
        )
    if run.settings.finds_events:
        run.inputs, run.days = ingest_network(run.settings, run.layout, run.cache, run.progress)
        return
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
    folders = read_folders(settings, layout, cache, progress)
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
    kept = read_whole_index(layout, known)
    if kept is not None:
        return Ingested(kept, inputs)
    progress("sorting rows into partitions")
    tables = {name: gather_sources(folders, name) for name in SOURCE_TABLES}
    if not tables["events"].num_rows and settings.locate is not None:
        tables["events"] = events_of_picks(tables["picks"], tables["rejects"])
    if not tables["events"].num_rows:
        raise InputError(
            f"The sources of '{settings.name}' hold no event that can be used "
            f"({tables['rejects'].num_rows} records were put aside). Nothing was planned; "
            "check the files and their formats."
        )
    rows = split_rows(settings, layout, tables, progress)
    write_index(layout, known, rows, folders)
    return Ingested(rows, inputs)


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read sources as read, and the rows of all partitions, and compare them with their digests.

    Raises
    ------
    VerificationError
        With every file that is missing or changed.
    """
    index = read_json(layout.ingest / INDEX)
    folders = [_cached(settings, layout, name) for name in index["sources"]]
    if settings.finds_events:
        folders += [layout.ingest / "network", *(layout.ingest / "days").children()]
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
