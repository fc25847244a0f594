"""Verbs of stage ``associate``: day by day, with the picks of the days beside, then all days.

A day depends on its own picks, and near midnight on those of its neighbors; what is assumed of the
network is fitted to its own picks alone. So one more day changes no event but those that reach
into it, and days may be computed in any order.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.association import AssociationOptions, associate_day
from quakeloom.config import Associate, Settings
from quakeloom.schema import TABLES, empty_table, make_table, time_values
from quakeloom.stages.associate.borders import settle_border
from quakeloom.stages.associate.found_tables import make_found_tables
from quakeloom.stages.associate.network import (
    choose_proposer,
    read_models,
    trace_network,
    warn_of_silent,
)
from quakeloom.stages.associate.usable_picks import usable_picks
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import (
    mark_finalised,
    refuse_incomplete,
    remove_old_parts,
)
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.ingest.reading import day_picks
from quakeloom.stages.locate.ensembles import find_location_model
from quakeloom.store import (
    RunLayout,
    digest_input,
    is_input,
    read_json,
    read_table,
    write_tables,
)

log = logging.getLogger(__name__)

_NAME = "associate"
"""Name of the stage."""

_TABLES = ("associations", "assignments", "unassigned_picks")
"""Tables of every day, and of the run."""

DayTables = dict[str, pa.Table]
"""Tables of a day by name."""

_BEFORE, _AFTER = 1, 1
"""Days before and after whose picks are read with a day's."""


def partitions(run: PlannedRun) -> list[str]:
    """Return the days with picks, or with records that are picked."""
    return run.partitions["detect"] if run.settings.detects else sorted(run.days)


def inputs(run: PlannedRun) -> StageInputs:
    """Return digests of stations, models, and the picks of each day and of those beside it."""
    names = model_names(run.settings)
    paths = [find_location_model(name, run.settings.data) for name in names]
    models = [digest_input(path) if is_input(path) else str(path) for path in paths]
    each: dict[str, dict[str, Any]] = {
        day: {f"picks {d}": run.days[d] for d in _days_around(day) if d in run.days}
        for day in run.days
    }
    stations = run.layout.ingest / "stations.parquet"
    return StageInputs(common={"models": models, "stations": stations.digest()}, each=each)


def promise(run: PlannedRun) -> Promise:
    """Return what a day needs: tables of travel times, votes, and its picks."""
    return Promise(memory_mb=1500, minutes=60, finalise_mb=2000, finalise_minutes=60)


def compute(settings: Settings, layout: RunLayout, partition: str) -> DayTables:
    """Associate the picks of a day."""
    asked = associate_settings(settings)
    days = _days_around(partition)
    picks = pa.concat_tables([_read_picks(settings, layout, day) for day in days])
    start = np.datetime64(partition, "ns").astype(np.int64)
    usable, reason = usable_picks(
        picks, read_table(layout.ingest / "stations.parquet", "stations"), int(start)
    )
    if not usable.rows.size:
        log.warning("%s: no pick of %s can be used", partition, picks.num_rows)
        return _no_events(picks, reason, partition)
    models = read_models(model_names(settings), asked.members, settings.seed, settings.data)
    options = make_options(asked)
    sites, times = trace_network(usable, models, options)
    found = associate_day(
        usable.arrays, sites, times, options, 0.0, choose_proposer(asked.candidates)
    )
    warn_of_silent(found, usable)
    made = make_found_tables(picks, usable, reason, found)
    return {
        "associations": made.associations,
        "assignments": made.assignments,
        "unassigned_picks": _of_day(made.unassigned_picks, partition),
    }


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Put the days together; a pick that two days want is the likelier event's."""
    names = refuse_incomplete(layout, _NAME)
    provenance = read_kept_provenance(layout, _NAME)
    counts = {
        table: write_tables(
            layout.table(table), table,
            (day[table] for day in _settled_days(settings, layout, names)), provenance,
        )
        for table in _TABLES
    }  # fmt: skip
    remove_old_parts(layout, _NAME, set(names))
    mark_finalised(layout, _NAME, [f"{t}.parquet" for t in _TABLES], {"counts": counts})
    return counts


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return events found, and picks without an event, for the end of a run."""
    events = read_table(layout.table("associations"), "associations")
    picks = read_table(layout.table("assignments"), "assignments")
    left = read_table(layout.table("unassigned_picks"), "unassigned_picks")
    false = float(np.sum(1.0 - events.column("probability_real").to_numpy()))
    reasons = Counter(left.column("unassigned_reason").to_pylist())
    said = ", ".join(f"{r} {n}" for r, n in sorted(reasons.items()))
    return [
        (
            "events found",
            f"{events.num_rows} of {picks.num_rows} picks, {false:.2f} expected to be false",
        ),
        ("picks without an event", f"{left.num_rows}{f' ({said})' if said else ''}"),
    ]


def associate_settings(settings: Settings) -> Associate:
    """Return the group ``associate``, which a run of this stage has."""
    assert settings.associate is not None
    return settings.associate


def model_names(settings: Settings) -> list[str]:
    """Return the velocity models: those of ``associate``, else of ``takeoff``."""
    return associate_settings(settings).models or settings.takeoff.models


def make_options(asked: Associate) -> AssociationOptions:
    """Return the options of the room that the settings ask for."""
    names = AssociationOptions.__dataclass_fields__
    return AssociationOptions(**{k: v for k, v in asked.model_dump().items() if k in names})


def _days_around(day: str) -> list[str]:
    first = date.fromisoformat(day)
    return [str(first + timedelta(days=k)) for k in range(-_BEFORE, _AFTER + 1)]


def _read_picks(settings: Settings, layout: RunLayout, day: str) -> pa.Table:
    """Read the picks of a day, of its records or of sources; none where there is no such day."""
    if not settings.detects:
        return day_picks(layout, day)
    if day not in read_json(layout.plan_step(_NAME, "finalise"))["partitions"]:
        return empty_table("detections")
    return read_table(layout.part("detect", day) / "detections.parquet", "detections")


def _of_day(table: pa.Table, day: str) -> pa.Table:
    """Return rows whose time lies within a day."""
    days = time_values(table.column("time")).astype("datetime64[D]")
    return table.filter(pa.array(days == np.datetime64(day, "D")))


def _no_events(picks: pa.Table, reason: np.ndarray, day: str) -> DayTables:
    """Return the tables of a day of which no pick can be used."""
    shared = [n for n in TABLES["unassigned_picks"].columns if n in picks.column_names]
    left = make_table(
        "unassigned_picks",
        {**{n: picks.column(n) for n in shared}, "unassigned_reason": reason.tolist()},
        rows=picks.num_rows,
    )
    return {
        **{n: empty_table(n) for n in ("associations", "assignments")},
        "unassigned_picks": _of_day(left, day),
    }


def _settled_days(settings: Settings, layout: RunLayout, names: list[str]) -> Iterator[DayTables]:
    """Yield the tables of all days in order, with no pick in two events."""
    least = associate_settings(settings).minimum_picks
    before: DayTables | None = None
    for name in sorted(names):
        folder = layout.part(_NAME, name)
        day = {t: read_table(folder / f"{t}.parquet", t) for t in _TABLES}
        if before is not None:
            before, day = settle_border(before, day, least)
            yield before
        before = day
    if before is not None:
        yield before


__all__ = [
    "associate_settings",
    "compute",
    "finalise",
    "inputs",
    "make_options",
    "model_names",
    "partitions",
    "promise",
    "summarize",
]
