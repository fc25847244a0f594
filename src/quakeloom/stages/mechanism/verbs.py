"""Stage ``mechanism``: polarities and amplitudes become focal mechanisms.

Its own verbs: :func:`init`, :func:`part`, :func:`finalise`.
"""

from __future__ import annotations

import contextlib
import logging
import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import find_workers, open_executor
from quakeloom.config import Settings, case_run
from quakeloom.mechanism import mechanism_grid
from quakeloom.schema import QUALITIES, is_earthquake
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import digest_files, open_part, refuse_incomplete
from quakeloom.stages.frame.planned_rows import PlannedRows, read_planned_rows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf, count_reasons
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.mechanism.blocks import block_tasks, solve_block
from quakeloom.stages.mechanism.promised_memory import BASE_MB, promise_memory, task_memory_mb
from quakeloom.stages.mechanism.threshold_choice import apply_choice
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    create_array,
    create_group,
    read_json,
    read_table,
    remove_others,
    write_array,
    write_tables,
)
from quakeloom.travel import HASH_DEPTHS_KM

log = logging.getLogger(__name__)

_HASH_STEP_KM = float(HASH_DEPTHS_KM[1])
"""First depth of HASH's tables below the surface."""

_GRID = "grid"
"""Group of the mechanisms that the accepted sets stand on, beside those of the partitions."""

_ACCEPTED = (
    "Accepted focal mechanisms: group `grid` has the mechanisms, every other group one partition, "
    "events in the order of its events table."
)
"""What the group of the accepted sets says of itself."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return numbers of events, the stations, and the station reports that screening looks at."""
    settings = run.settings
    name = settings.name.split("/")[0]
    screening = [
        f"{case_run(name, case)}/parts/stations/{ONE}.json" for case in settings.selection.screening
    ]
    return StageInputs(
        init={"grid_step_deg": settings.mechanism.grid_step_deg},
        each={r.partition: {"events": r.events} for r in run.rows},
        finalise={"stations": (run.layout.ingest / "stations.parquet").digest()},
        files={"part": screening},
    )


def promise(run: PlannedRun) -> Promise:
    """Return what the search of each partition needs."""
    return Promise(
        {r.partition: promise_memory(run.settings, r) for r in run.rows},
        {r.partition: promise_minutes(_seconds(run.settings, r)) for r in run.rows},
        promise_threads(run.settings),
        finalise_mb=1000 + run.events // 300,
        finalise_minutes=60,
    )


def _seconds(settings: Settings, rows: PlannedRows) -> float:
    """Return the seconds of a core that the search of a partition takes, as measured."""
    options = settings.mechanism
    readings = max(rows.polarities / max(rows.events, 1), 7.0)
    if settings.cuts_windows:
        readings = max(readings, WINDOWS_PER_EVENT)
    seconds = 0.0005 + 0.000016 * options.trials * readings / 14.0
    seconds *= 3.0 if options.weighs_probabilities else 1.0
    seconds *= 6.0 if options.use_amplitudes else 1.0
    if settings.takeoff.angles == "ensemble":
        # rays are traced, one receiver level after the other; some five levels
        seconds += 0.005 * options.trials
    return rows.events * seconds * (8.0 if options.direction_step_deg == 0 else 1.0)


def init(settings: Settings, layout: RunLayout) -> None:
    """Make the store of accepted sets with the grid of mechanisms, if it is not there."""
    grid = mechanism_grid(settings.mechanism.grid_step_deg)
    facts: dict[str, Any] = {}
    if not settings.storage.acceptance:
        # sets of earlier settings belong to other rows
        layout.accepted.remove()
    else:
        with atomic_folder(layout.accepted / _GRID) as group:
            for name in ("strike_deg", "dip_deg", "rake_deg"):
                write_array(group, name, getattr(grid, name))
        create_group(layout.accepted, {"description": _ACCEPTED})
        facts["digests"] = digest_files(layout, [layout.accepted / _GRID])
    open_marker(
        layout,
        MECHANISM.name,
        {
            "mechanisms": int(grid.strike_deg.size),
            "grid_step_deg": settings.mechanism.grid_step_deg,
            **facts,
        },
    )


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Compute one partition; what was there of it before is replaced as a whole.

    Returns
    -------
    dict
        Counts, seconds and peak memory, as logged.
    """
    settings = apply_choice(settings, layout)
    planned = read_planned_rows(layout, partition)
    cluster = settings.cluster
    blocks = math.ceil(planned.events / cluster.block_events)
    workers = find_workers(cluster, blocks, BASE_MB, task_memory_mb(settings, planned))
    keep = settings.storage.acceptance
    with open_part(layout, MECHANISM.name, partition) as job, contextlib.ExitStack() as stack:
        group = None
        if keep:
            group = stack.enter_context(atomic_folder(layout.accepted / partition))
            size = mechanism_grid(settings.mechanism.grid_step_deg).strike_deg.size
            create_array(
                group,
                "acceptance",
                (planned.events, size),
                settings.storage.chunk_events,
                settings.storage.shard_events,
            )
            job.also.append(layout.accepted / partition)
        executor = stack.enter_context(open_executor(cluster, workers))
        pieces: dict[str, list[pa.Table]] = {name: [] for name in MECHANISM.part_tables}
        for tables in executor.map(solve_block, block_tasks(settings, layout, partition, group)):
            for name, table in tables.items():
                pieces[name].append(table)
        pieces["rejects"].insert(
            0, read_table(layout.rows(partition) / "rejects.parquet", "rejects")
        )
        if settings.cuts_windows:
            unread = layout.part("polarity", partition) / "rejects.parquet"
            pieces["rejects"].insert(1, read_table(unread, "rejects"))
        for name, tables in pieces.items():
            job.counts[name] = write_tables(
                job.folder / f"{name}.parquet", name, tables, {"partition": partition},
                validate=True,
            )  # fmt: skip
        solved = sum(
            pc.sum(pc.equal(t.column("status"), "solved")).as_py() or 0
            for t in pieces["mechanisms"]
        )
        job.said = {"solved": int(solved), "workers": workers}
    return job.summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the partitions into the tables of the run.

    Raises
    ------
    IncompleteError
        If partitions are missing or were computed from another plan; the message names them.
    """
    names = refuse_incomplete(layout, MECHANISM.name)
    provenance = read_kept_provenance(layout, MECHANISM.name)
    truth = [read_table(layout.rows(n) / "truth.parquet", "truth") for n in names]
    if any(t.num_rows for t in truth):
        write_tables(layout.table("truth"), "truth", truth, provenance)
    else:
        layout.table("truth").remove()
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    write_tables(layout.table("stations"), "stations", [stations], provenance)
    remove_others(layout.accepted, {*names, _GRID, "zarr.json"})
    counts = gather_parts(MECHANISM, layout)
    shallow = _above_first_depth(settings, layout)
    if shallow:
        log.warning(
            "mechanism: %d events are less than %g km deep, where HASH's tables have no depth "
            "between the surface and there: take-off angles can be tens of degrees off; use "
            "takeoff.law: linear",
            shallow, _HASH_STEP_KM,
        )  # fmt: skip
    return counts


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return what does not agree among the tables of the run."""
    counts = read_json(layout.done_step(MECHANISM.name, "finalise"))["counts"]
    events, rows = (counts[name] for name in ("events", "mechanisms"))
    if events != rows:
        return [f"{layout.table('mechanisms')} has {rows} rows for {events} events"]
    return []


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return events by status, mechanisms by quality, and what was put aside."""
    mechanisms = read_table(layout.table("mechanisms"), "mechanisms", ["status", "quality"])
    polarities = read_table(layout.table("polarities"), "polarities", ["use"])
    rejects = read_table(layout.table("rejects"), "rejects", ["record"])
    used = pc.sum(pc.equal(polarities.column("use"), "used")).as_py() or 0
    letters = dict(_counts(mechanisms.column("quality")))
    shallow = _above_first_depth(settings, layout)
    return [
        ("events", str(mechanisms.num_rows)),
        ("polarities used", f"{used} of {polarities.num_rows}"),
        *((f"status {s}", str(n)) for s, n in _counts(mechanisms.column("status"))),
        *((f"  {t}", f"{n} left out by type") for t, n in _left_out(settings, layout)),
        *(
            [("too shallow for HASH's tables", f"{shallow} events above {_HASH_STEP_KM:g} km")]
            if shallow
            else []
        ),
        ("quality", "  ".join(f"{q} {letters.get(q, 0)}" for q in QUALITIES)),
        ("rejects", str(rejects.num_rows)),
        *((f"  {r}", str(n)) for r, n in _counts(rejects.column("record"))),
    ]


def _above_first_depth(settings: Settings, layout: RunLayout) -> int:
    """Count solved events between the surface and the first depth of HASH's tables."""
    if settings.takeoff.angles != "layered" or settings.takeoff.law != "hash":
        return 0
    table = read_table(layout.table("mechanisms"), "mechanisms", ["status", "depth_km"])
    shallow = pc.less(table.column("depth_km"), _HASH_STEP_KM)
    solved = pc.equal(table.column("status"), "solved")
    return int(pc.sum(pc.and_(shallow, solved)).as_py() or 0)


def _left_out(settings: Settings, layout: RunLayout) -> list[tuple[str, int]]:
    """Return the types of events that are no earthquakes and were left out, with their numbers."""
    if settings.selection.event_types == "all":
        return []
    types = read_table(layout.table("events"), "events", ["event_type"]).column("event_type")
    return [(t, n) for t, n in _counts(types) if not is_earthquake(t)]


def _counts(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    found = pc.value_counts(column).to_pylist()
    return sorted(((f["values"], f["counts"]) for f in found), key=lambda p: (-p[1], p[0]))


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many events have a mechanism, and why the others have none."""
    status = read_table(layout.table("mechanisms"), "mechanisms", ["status"]).column("status")
    use = read_table(layout.table("polarities"), "polarities", ["use"]).column("use")
    unused = ", ".join(f"{word} ({n})" for word, n in count_reasons(use, ("used",))[:3])
    return UsedOf(
        "events with a mechanism",
        pc.sum(pc.equal(status, "solved")).as_py() or 0,
        len(status),
        count_reasons(status, ("solved",)),
        (f"Readings not used: {unused}. " if unused else "")
        + "Look at the column `use` of polarities.parquet, and at `mechanism.minimum_polarities`, "
        "`mechanism.maximum_azimuthal_gap_deg` and `selection`.",
    )
