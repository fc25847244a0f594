"""Stage ``mechanism``: polarities and amplitudes become focal mechanisms.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import clamp_workers, open_executor, peak_memory_mb
from quakeloom.config import Settings
from quakeloom.core import (
    PlanError,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.mechanism import mechanism_grid
from quakeloom.stages.frame.partition_states import (
    digest_folder,
    partition_states,
    read_parts,
    refuse_changed,
    refuse_incomplete,
    remove_old_parts,
    write_plans,
)
from quakeloom.stages.frame.planned_rows import Ingested, PlannedRows
from quakeloom.stages.frame.provenance import CODE, describe_provenance, science_settings
from quakeloom.stages.mechanism.blocks import block_tasks, solve_block
from quakeloom.stages.mechanism.threshold_choice import apply_choice
from quakeloom.stages.takeoff import verbs as takeoff
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    create_array,
    read_json,
    read_table,
    write_array,
    write_json_if_changed,
    write_tables,
)

log = logging.getLogger(__name__)

STAGE = "mechanism"
PART_TABLES = ("events", "polarities", "mechanisms", "solutions", "rejects")
GATHERED = ("events", "stations", "polarities", "mechanisms", "solutions", "rejects", "truth")
"""Tables that the stage writes for a run."""


BASE_MB = 560.0
"""Memory of the program while its kernels are compiled, which happens once, measured."""


def plan(settings: Settings, layout: RunLayout, ingested: Ingested) -> list[dict[str, Any]]:
    """Write the plan file of every partition; return what the workflow must know of each.

    A plan file holds digests of everything that decides the result of the partition: its
    rows, the settings, the code, the velocity models. It is written only when it changes.
    """
    common: dict[str, Any] = {
        "settings": digest_json(science_settings(settings)),
        "code": digest_source(CODE[STAGE]),
    }
    if settings.takeoff.angles == "layered":
        common["takeoff"] = digest_file(layout.plan_step("takeoff", "tables"))
    located = settings.takeoff.angles == "ensemble"
    plans = {}
    for row in ingested.partitions:
        read = {}
        if settings.waveforms is not None:
            read["polarity"] = digest_file(layout.plan("polarity", row.partition))
        if settings.threshold is not None:
            read["threshold"] = digest_file(layout.plan_step("threshold", "finalise"))
        if located:
            read["locate"] = digest_file(layout.plan("locate", row.partition))
        plans[row.partition] = {**common, **read, "events": row.events, "rows": row.digest}
    write_plans(layout, STAGE, plans, {"grid_step_deg": settings.mechanism.grid_step_deg})
    write_json_if_changed(layout.provenance, describe_provenance(settings, ingested.inputs))
    return [
        {"partition": row.partition, "memory_mb": promise_memory(settings, row)}
        for row in ingested.partitions
    ]


def promise_memory(settings: Settings, rows: PlannedRows) -> int:
    """Return the memory in MB that computing a partition needs at most.

    The program, the tables of the partition in and out, the take-off tables, and for every
    worker one block: its acceptance weights twice (made, compressed) and its draws.
    """
    workers = settings.cluster.workers if settings.cluster.kind == "local" else 0
    tables = rows.polarities * 600 / 1e6 + rows.events * 1500 / 1e6
    task = _task_mb(settings, rows)
    per_worker = BASE_MB + task if workers > 1 else 0.0
    here = 0.0 if workers > 1 else task
    fitting = clamp_workers(max(workers, 1), BASE_MB + tables, task, settings.cluster.memory_mb)
    return math.ceil(BASE_MB + tables + here + fitting * per_worker)


@dataclass(frozen=True)
class PartitionState:
    """A planned partition: name, events, and ``done``, ``stale`` or ``missing``."""

    partition: str
    events: int
    state: str


def list_partitions(layout: RunLayout) -> list[PartitionState]:
    """Return the planned partitions of a run with their state."""
    return [
        PartitionState(name, _planned_rows(layout, name).events, state)
        for name, state in partition_states(layout, STAGE)
    ]


def init(settings: Settings, layout: RunLayout) -> None:
    """Make the store of accepted sets with the grid of mechanisms, if it is not there."""
    grid = mechanism_grid(settings.mechanism.grid_step_deg)
    if settings.storage.acceptance:
        with atomic_folder(layout.part(STAGE, "grid.zarr")) as folder:
            for name in ("strike_deg", "dip_deg", "rake_deg"):
                write_array(folder, name, getattr(grid, name))
        target = layout.accepted / "grid"
        with atomic_folder(target) as folder:
            shutil.copytree(layout.part(STAGE, "grid.zarr"), folder, dirs_exist_ok=True)
        shutil.rmtree(layout.part(STAGE, "grid.zarr"))
        _write_group_metadata(layout)
    write_json_if_changed(
        layout.done_step(STAGE, "init"),
        {
            "mechanisms": int(grid.strike_deg.size),
            "grid_step_deg": settings.mechanism.grid_step_deg,
        },
    )


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Compute one partition; what was there of it before is replaced as a whole.

    Returns
    -------
    dict
        Counts, seconds and peak memory, as logged.
    """
    started = time.perf_counter()
    settings = apply_choice(settings, layout)
    planned = _planned_rows(layout, partition)
    cluster = settings.cluster
    blocks = math.ceil(planned.events / cluster.block_events)
    workers = cluster.workers if cluster.kind == "local" and blocks > 1 else 0
    if cluster.kind != "scheduler":
        workers = clamp_workers(
            min(workers, blocks), BASE_MB, _task_mb(settings, planned), cluster.memory_mb
        )
    keep = settings.storage.acceptance
    counts: dict[str, int] = {}
    with (
        atomic_folder(layout.part(STAGE, partition)) as folder,
        atomic_folder(layout.accepted / partition if keep else folder / "accepted") as accepted,
        open_executor(cluster.kind, workers, cluster.scheduler_file) as executor,
    ):
        group = accepted if keep else None
        if group is not None:
            size = mechanism_grid(settings.mechanism.grid_step_deg).strike_deg.size
            create_array(
                group,
                "acceptance",
                (planned.events, size),
                settings.storage.chunk_events,
                settings.storage.shard_events,
            )
        pieces: dict[str, list[pa.Table]] = {name: [] for name in PART_TABLES}
        for tables in executor.map(solve_block, block_tasks(settings, layout, partition, group)):
            for name, table in tables.items():
                pieces[name].append(table)
        pieces["rejects"].insert(
            0, read_table(layout.rows(partition) / "rejects.parquet", "rejects")
        )
        if settings.waveforms is not None:
            unread = layout.part("polarity", partition) / "rejects.parquet"
            pieces["rejects"].insert(1, read_table(unread, "rejects"))
        for name, tables in pieces.items():
            counts[name] = write_tables(
                folder / f"{name}.parquet", name, tables, {"partition": partition}, validate=True
            )
        if not keep:
            shutil.rmtree(folder / "accepted", ignore_errors=True)
        solved = sum(
            pc.sum(pc.equal(t.column("status"), "solved")).as_py() or 0
            for t in pieces["mechanisms"]
        )
    digests = {
        name: digest_file(layout.part(STAGE, partition) / f"{name}.parquet") for name in PART_TABLES
    }
    if keep:
        digests["accepted"] = digest_folder(layout.accepted / partition)
    plan_digest = digest_file(layout.plan(STAGE, partition))
    marker = layout.done(STAGE, partition)
    marker.unlink(missing_ok=True)
    write_json_if_changed(marker, {"plan": plan_digest, "counts": counts, "digests": digests})
    summary = {
        "events": planned.events,
        "solved": int(solved),
        "polarities": planned.polarities,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
        "workers": workers,
    }
    log.info("mechanism %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the partitions into the tables of the run.

    Raises
    ------
    IncompleteError
        If partitions are missing or were computed from another plan; the message names them.
    """
    names = refuse_incomplete(layout, STAGE)
    provenance = read_json(layout.provenance)
    counts = {}
    for name in PART_TABLES:
        counts[name] = write_tables(
            layout.table(name), name, read_parts(layout, STAGE, names, name), provenance
        )
    truth = [read_table(layout.rows(n) / "truth.parquet", "truth") for n in names]
    if any(t.num_rows for t in truth):
        counts["truth"] = write_tables(layout.table("truth"), "truth", truth, provenance)
    else:
        layout.table("truth").unlink(missing_ok=True)
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    counts["stations"] = write_tables(layout.table("stations"), "stations", [stations], provenance)
    _remove_others(layout, set(names))
    digests = {n: digest_file(layout.table(n)) for n in GATHERED if layout.table(n).exists()}
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"), {"counts": counts, "digests": digests}
    )
    log.info("mechanism: gathered %d partitions: %s", len(names), counts)
    return counts


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read everything again and compare it with the recorded digests.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    IncompleteError
        If partitions are missing.
    """
    names = refuse_incomplete(layout, STAGE)
    recorded = [
        (
            layout.accepted / name
            if table == "accepted"
            else layout.part(STAGE, name) / f"{table}.parquet",
            digest,
        )
        for name in names
        for table, digest in read_json(layout.done(STAGE, name))["digests"].items()
    ]
    gathered = read_json(layout.done_step(STAGE, "finalise"))
    recorded += [(layout.table(table), digest) for table, digest in gathered["digests"].items()]
    events, rows = (gathered["counts"][name] for name in ("events", "mechanisms"))
    problems = []
    if events != rows:
        problems.append(f"{layout.table('mechanisms')} has {rows} rows for {events} events")
    files = refuse_changed(f"Run {layout.root}", recorded, problems)
    return {"files": files, "partitions": len(names), "events": events}


def _task_mb(settings: Settings, rows: PlannedRows) -> float:
    events = min(settings.cluster.block_events, rows.events)
    mean = rows.polarities / max(rows.events, 1)
    readings = events * mean * 1.5 + rows.largest_event
    draws = settings.mechanism.trials * readings * 8 * 4
    grid = 2 * 180**3 / settings.mechanism.grid_step_deg**3 / 3.0
    acceptance = 3 * events * grid
    return (draws + acceptance + takeoff.table_bytes(settings)) / 1e6 + 150.0


def _planned_rows(layout: RunLayout, partition: str) -> PlannedRows:
    marker = layout.rows(partition) / "rows.json"
    if not marker.exists():
        raise PlanError(
            f"There is no partition '{partition}' in the plan of {layout.root}. Nothing was "
            "computed; run `quakeloom plan`, which lists the partitions."
        )
    return PlannedRows(**read_json(marker))


def _remove_others(layout: RunLayout, names: set[str]) -> None:
    """Remove what partitions that are no longer planned have left."""
    remove_old_parts(layout, STAGE, names)
    if layout.accepted.is_dir():
        for path in layout.accepted.iterdir():
            if path.is_dir() and path.name not in names | {"grid"}:
                shutil.rmtree(path)


def _write_group_metadata(layout: RunLayout) -> None:
    import zarr

    zarr.open_group(
        str(layout.accepted),
        mode="a",
        attributes={
            "description": "Accepted focal mechanisms: group `grid` has the mechanisms, every "
            "other group one partition, events in the order of its events table."
        },
    )
