"""Verbs of stage ``merge``: located events beside the events of the run's sources."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Merge, Settings
from quakeloom.core import InputError
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.merge.matching import merge_tables
from quakeloom.store import RunLayout, read_table, write_table


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the events of the sources.

    Raises
    ------
    InputError
        If there are none.
    """
    known = run.layout.ingest / "network" / "events.parquet"
    if not read_table(known, "events", ["event_id"]).num_rows:
        raise InputError(
            f"`merge` of '{run.settings.name}' compares with the events of `sources`, and they "
            "hold none. Nothing more was planned; add a catalog to `sources`, or remove the group."
        )
    return StageInputs(common={"events": known.digest()})


def promise(run: PlannedRun) -> Promise:
    """Return what comparing two catalogs needs."""
    return Promise(memory_mb=1500, minutes=30)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Compare the located events of a run with those of its sources."""
    with open_part(layout, "merge", ONE) as job:
        known = read_table(layout.ingest / "network" / "events.parquet", "events")
        matches = merge_tables(located_events(layout), known, merge_settings(settings))
        write_table(
            layout.table("matches"), "matches", matches, read_kept_provenance(layout, "merge")
        )
        job.also.append(layout.table("matches"))
        for status in ("same", "new", "catalog_only"):
            own = pc.equal(matches.column("match_status"), status)
            job.counts[status] = int(pc.sum(own).as_py() or 0)
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many events are in both catalogs or in one."""
    status = read_table(layout.table("matches"), "matches").column("match_status").to_pylist()
    return [
        (f"beside the catalog: {name.replace('_', ' ')}", str(status.count(name)))
        for name in ("same", "new", "catalog_only")
    ]


def merge_settings(settings: Settings) -> Merge:
    """Return the group ``merge``, which a run of this stage has."""
    assert settings.merge is not None
    return settings.merge


def located_events(layout: RunLayout) -> pa.Table:
    """Return the located events of a run with their errors, as table ``hypocenters``."""
    table = read_table(layout.table("hypocenters"), "hypocenters")
    return table.filter(pc.is_valid(table.column("origin_time")))
