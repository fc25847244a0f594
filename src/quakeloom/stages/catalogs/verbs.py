"""Stage ``catalogs``: catalogs of mechanisms, split into calendar bins for the stress map."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError, digest_json
from quakeloom.formats import Rejects, read_mechanisms
from quakeloom.schema import make_table
from quakeloom.stages.catalogs import CATALOGS
from quakeloom.stages.catalogs.reading import (
    catalog_part,
    catalog_rejects,
    catalog_tables,
)
from quakeloom.stages.frame.calendar import assign_partitions, choose_calendar
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.rows_before import keep_before
from quakeloom.stages.frame.stage import ONE, StageInputs
from quakeloom.store import (
    RunLayout,
    input_place,
    read_json,
    read_table,
    read_text,
    remove_others,
    write_table,
    write_tables,
    write_text_if_changed,
)

log = logging.getLogger(__name__)

_CALENDAR = "calendar.yaml"
"""File with the kind of bins that was chosen once, so that nothing moves later."""

_SHOWN_REASONS = 3
"""Reasons that the summary names."""


def inputs(run: PlannedRun) -> StageInputs:
    """Read the catalogs and split them; their bins are the partitions of the run."""
    run.rows = split_catalogs(run.settings, run.layout)
    run.inputs = digest_json([r.digest for r in run.rows])
    bins = [r.partition for r in run.rows]
    aside = catalog_rejects(run.layout).digest()
    return StageInputs(common={"rows": run.inputs, "bins": bins, "rejects": aside})


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Put the mechanisms of all bins into one table."""
    names = read_json(layout.plan(CATALOGS.name, ONE))["bins"]
    provenance = read_kept_provenance(layout, CATALOGS.name)
    with open_part(layout, CATALOGS.name, ONE) as job:
        table = layout.table("mechanisms")
        rows = catalog_tables(layout, names)
        job.counts["mechanisms"] = write_tables(table, "mechanisms", rows, provenance)
        job.also.append(table)
        aside = read_table(catalog_rejects(layout), "rejects")
        write_table(layout.table("rejects"), "rejects", aside, provenance)
        job.counts["rejects"] = aside.num_rows
        job.also.append(layout.table("rejects"))
    return job.summary


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return what has changed of the bins since they were made."""
    planned = read_json(layout.plan(CATALOGS.name, ONE))
    bins = [catalog_part(layout, n) for n in planned["bins"]]
    changed = []
    if digest_json([b.digest() if b.exists() else "" for b in bins]) != planned["rows"]:
        changed.append(layout.ingest / "catalog")
    aside = catalog_rejects(layout)
    if (aside.digest() if aside.exists() else "") != planned["rejects"]:
        changed.append(aside)
    return [f"{item} has changed since it was written" for item in changed]


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many mechanisms the catalogs hold."""
    rows = read_table(layout.table("mechanisms"), "mechanisms", ["event_id"]).num_rows
    aside = read_table(layout.table("rejects"), "rejects", ["reason"])
    lines = [("mechanisms of catalogs", str(rows))]
    if aside.num_rows:
        counts = Counter(aside.column("reason").to_pylist()).most_common(_SHOWN_REASONS)
        said = "; ".join(f"{reason} ({count})" for reason, count in counts)
        lines.append(("put aside", f"{aside.num_rows}: {said}"))
    return lines


def split_catalogs(settings: Settings, layout: RunLayout) -> list[PlannedRows]:
    """Read the catalogs and split them into calendar bins; what is planned of each."""
    assert settings.stress is not None
    tables, rejects = [], []
    for name in settings.stress.catalogs:
        place = input_place(settings.data, name)
        aside = Rejects(name)
        tables.append(read_mechanisms(place, aside))
        rejects.append(aside.table())
    table = pa.concat_tables(tables).combine_chunks()
    if not table.num_rows:
        raise InputError(
            f"The catalogs of run '{settings.name}' ({', '.join(settings.stress.catalogs)}) hold "
            "no mechanism, so there is no stress to map. Give catalogs with mechanisms."
        )
    ids = table.column("event_id").to_pylist()
    if len(set(ids)) != len(ids):
        first = np.unique(ids, return_index=True)[1]
        rejects.append(_doubled(table, first))
        log.warning("%d mechanisms of doubled events are left out", len(ids) - first.size)
        table = table.take(pa.array(np.sort(first)))
    write_table(catalog_rejects(layout), "rejects", pa.concat_tables(rejects))
    times = table.column("origin_time").to_numpy().astype("datetime64[ns]")
    calendar: str = settings.partition.calendar
    if calendar == "auto":
        calendar = _kept_calendar(layout, times)
    names = assign_partitions(times, calendar, settings.partition.maximum_events)
    planned = {}
    for name in np.unique(names):
        rows = table.filter(pa.array(names == name))
        rows = rows.take(pc.sort_indices(rows, [("origin_time", "ascending"),
                                                ("event_id", "ascending")]))  # fmt: skip
        part = catalog_part(layout, str(name))
        keep_before(layout, part, str(name), "mechanisms")
        write_table(part, "mechanisms", rows, validate=False)
        planned[str(name)] = PlannedRows(str(name), rows.num_rows, 0, 0, part.digest())
    for file in (layout.ingest / "catalog").children():
        if file.name.endswith(".parquet") and file.stem not in planned:
            keep_before(layout, file, file.stem, "mechanisms")
    remove_others(layout.ingest / "catalog", {f"{n}.parquet" for n in planned} | {_CALENDAR})
    return list(planned.values())


def _doubled(table: pa.Table, first: NDArray[np.int64]) -> pa.Table:
    """Rejects of the mechanisms whose event another one, earlier in the catalogs, has."""
    later = np.setdiff1d(np.arange(table.num_rows), first)
    ids = table.column("event_id").take(pa.array(later)).to_pylist()
    return make_table(
        "rejects",
        {
            "source_line": [-1] * len(ids),
            "record": ["mechanism"] * len(ids),
            "event_id": ids,
            "reason": ["doubled event: an earlier mechanism of the catalogs has its id"] * len(ids),
        },
    )


def _kept_calendar(layout: RunLayout, times: NDArray[np.datetime64]) -> str:
    kept = layout.ingest / "catalog" / _CALENDAR
    if kept.exists():
        return str(yaml.safe_load(read_text(kept))["calendar"])
    calendar = choose_calendar(times)
    write_text_if_changed(kept, f"calendar: {calendar}\n")
    return calendar
