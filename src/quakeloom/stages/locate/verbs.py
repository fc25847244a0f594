"""Stage ``locate``: picks become hypocenters in an ensemble of velocity models.

Its own verbs: :func:`init`, :func:`part`, :func:`finalise`, and
:func:`gather_terms`, which estimates the delays of stations from all events between two rounds.
"""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import open_executor
from quakeloom.config import Settings
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import (
    open_part,
    planned_partitions,
    read_parts,
    refuse_incomplete,
)
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf, count_reasons
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.blocks import (
    block_workers,
    create_arrays,
    ensemble_size,
    locate_task,
    make_tasks,
    picks_mb,
    promise_memory,
    promise_tables,
    promise_terms,
    task_mb,
)
from quakeloom.stages.locate.corrections import (
    ESTIMATED,
    corrections_digest,
    warn_of_structure,
)
from quakeloom.stages.locate.ensembles import ensemble_digest, make_times, write_ensemble
from quakeloom.stages.locate.events import count_at_limit, warn_of_few_models, warn_of_limits
from quakeloom.stages.locate.hypocenters import (
    draws_folder,
    estimated_file,
    locate_settings,
    places_of,
    planned_rows,
    receiver_levels_of,
    round_stage,
    structure_warnings,
    tables_folder,
)
from quakeloom.stages.locate.run_structure import (
    locates_in_structure,
    read_structure,
    structure_times_digest,
)
from quakeloom.stages.locate.station_terms import gather_terms, part_tables, planned_rounds
from quakeloom.stages.locate.term_rounds import correction_rounds
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_folder,
    read_json,
    read_table,
    remove_others,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)

SECONDS_PER_EVENT = 0.1
"""Seconds of a core to locate an event, measured: 100 members, 20 picks, Student's t."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the ensemble's travel times, and what rounds of station terms need."""
    settings, layout = run.settings, run.layout
    locate = locate_settings(settings)
    levels = receiver_levels_of(settings, layout)
    own = locates_in_structure(settings)
    times = (
        structure_times_digest(settings, layout)
        if own
        else ensemble_digest(
            locate, settings.data, places_of(layout), levels, settings.seed,
            code_digest(__name__),
        )
    )  # fmt: skip
    rounds = correction_rounds(locate, run.events)
    terms = f"{settings.name}/parts/{round_stage(rounds.every - 1)}.terms.json"
    return StageInputs(
        common={
            "times": times,
            "rounds": asdict(rounds),
            "corrections": corrections_digest(locate, settings.data),
        },
        init={"levels": levels, "times": times, "rounds": asdict(rounds)},
        each={r.partition: {"events": r.events} for r in run.rows},
        files={
            **({"part": [terms]} if rounds.every else {}),
            **({"init": [f"{settings.name}/parts/structure.finalise.json"]} if own else {}),
        },
    )


def promise(run: PlannedRun) -> Promise:
    """Return what locating the events of each partition needs."""
    ensemble = ensemble_size(run.settings, run.layout)
    return Promise(
        {r.partition: promise_memory(run.settings, r, ensemble) for r in run.rows},
        {r.partition: promise_minutes(SECONDS_PER_EVENT * r.events) for r in run.rows},
        promise_threads(run.settings),
        init_mb=promise_tables(run.settings, ensemble),
        init_minutes=60,
        facts={
            "rounds": correction_rounds(locate_settings(run.settings), run.events).every,
            "terms_mb": promise_terms(
                max(map(picks_mb, run.rows), default=0.0),
                ensemble,
                len(places_of(run.layout).names),
            ),
        },
    )


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Read the models, draw the members and trace their travel times, once per run."""
    started = time.perf_counter()
    locate = locate_settings(settings)
    planned = read_json(layout.plan_step(LOCATE.name, "init"))
    folder = tables_folder(layout)
    marker = folder / "members.json"
    if not marker.exists() or read_json(marker)["key"] != planned["times"]:
        made = (
            read_structure(settings, layout)
            if locates_in_structure(settings)
            else make_times(
                locate, settings.data, places_of(layout), planned["levels"], settings.seed,
                layout.root / "tables",
            )
        )  # fmt: skip
        write_ensemble(folder, made, planned["times"])
    members = len(read_json(marker)["names"])
    open_marker(layout, LOCATE.name, {"members": members, "times": planned["times"]})
    log.info("locate: %d models, %.1f s", members, time.perf_counter() - started)
    return {"members": members}


def before_parts(settings: Settings, layout: RunLayout) -> None:
    """Go over all partitions for the rounds of station terms, in this process."""
    for number in range(planned_rounds(layout).every):
        for name in planned_partitions(layout, LOCATE.name):
            part(settings, layout, name, number)
        gather_terms(settings, layout, number)


def part(
    settings: Settings, layout: RunLayout, partition: str, round_number: int | None = None
) -> dict[str, Any]:
    """Locate the events of one partition; what was there of it is replaced.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    partition : str
    round_number : int, optional
        A round of the station terms, from 0, which keeps residuals alone; the last round, with
        all results, if not given.
    """
    locate = locate_settings(settings)
    last = round_number is None
    number = planned_rounds(layout).every if round_number is None else round_number
    planned = planned_rows(layout, partition)
    cluster = settings.cluster
    ensemble = ensemble_size(settings, layout)
    workers = block_workers(settings, planned, task_mb(settings, planned, ensemble))
    parts = LOCATE.name if last else round_stage(number)
    keep = last and locate.draws > 0
    with (
        open_part(layout, LOCATE.name, partition, parts) as job,
        contextlib.ExitStack() as stack,
    ):
        group = None
        if keep:
            group = stack.enter_context(atomic_folder(draws_folder(layout) / partition))
            members = len(read_json(tables_folder(layout) / "members.json")["names"])
            create_arrays(settings, group, planned.events, members)
            job.also.append(draws_folder(layout) / partition)
        executor = stack.enter_context(open_executor(cluster, workers))
        pieces: dict[str, list[pa.Table]] = {name: [] for name in LOCATE.part_tables}
        tasks = make_tasks(settings, layout, partition, group, number)
        for tables in executor.map(locate_task, tasks):
            for name, table in tables.items():
                pieces[name].append(table)
        for name, found in pieces.items():
            job.counts[name] = write_tables(
                job.folder / f"{name}.parquet", name, found, {"partition": partition},
                validate=True,
            )  # fmt: skip
        status = pc.value_counts(pa.concat_tables(pieces["hypocenters"]).column("status"))
        states = {row["values"]: row["counts"] for row in status.to_pylist()}
        job.extra = {"states": states}
        job.said = {**states, "workers": workers}
    return job.summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the partitions into ``hypocenters``, ``arrivals`` and ``station_terms``.

    Raises
    ------
    IncompleteError
        If partitions are missing or of another plan; the message names them.
    """
    names = refuse_incomplete(layout, LOCATE.name)
    rounds = planned_rounds(layout)
    noise = None
    for name in ESTIMATED:
        made = rounds.every if name == "pick_noise" else rounds.terms
        if made:
            table = read_table(estimated_file(layout, rounds.every - 1, name), name)
            write_table(layout.table(name), name, table, read_kept_provenance(layout, LOCATE.name))
            noise = table if name == "pick_noise" else noise
        else:
            layout.table(name).remove()
    remove_others(draws_folder(layout), names)
    about = read_json(tables_folder(layout) / "members.json")
    hypocenters = pa.concat_tables(read_parts(layout, LOCATE.name, names, "hypocenters"))
    warn_of_few_models(hypocenters, len(about["names"]))
    locate = locate_settings(settings)
    warn_of_limits(hypocenters, about["limits_km"][0])
    # kept with the marker, since the summary and the report say it as well
    parts = partial(part_tables, layout, LOCATE.name, names)
    said = warn_of_structure(locate, parts, rounds, noise)
    return gather_parts(LOCATE, layout, {"structure": said})


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return what has changed of the rounds of station terms since they were written."""
    problems = []
    for number in range(planned_rounds(layout).every):
        stage = round_stage(number)
        terms = layout.done_step(stage, "terms")
        recorded: dict[Item, str] = {}
        if terms.exists():
            files = [estimated_file(layout, number, name) for name in ESTIMATED]
            recorded = dict(zip(files, read_json(terms)["digests"], strict=True))
        for name in refuse_incomplete(layout, LOCATE.name, stage):
            digests = read_json(layout.done(stage, name))["digests"]
            recorded |= {layout.root / file: digest for file, digest in digests.items()}
        problems += [
            f"{item} has changed since it was written"
            for item, digest in recorded.items()
            if not item.exists() or item.digest() != digest
        ]
    return problems


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return events by status, those at the least depth, and what residuals show."""
    table = read_table(layout.table("hypocenters"), "hypocenters", ["status", "reason"])
    counts = count_reasons(table.column("status"), ())
    shallow = count_at_limit(table)
    limit = read_json(tables_folder(layout) / "members.json")["limits_km"][0]
    return [
        *((f"location {status}", str(n)) for status, n in counts),
        *([(f"  at the least depth, {limit:g} km", str(shallow))] if shallow else []),
        *(("locations: warning", sentence) for sentence in structure_warnings(layout)),
    ]


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many events were located, and why the others were not."""
    status = read_table(layout.table("hypocenters"), "hypocenters", ["status"]).column("status")
    return UsedOf(
        "events located",
        pc.sum(pc.equal(status, "located")).as_py() or 0,
        len(status),
        count_reasons(status, ("located",)),
        "Look at the column `reason` of hypocenters.parquet and `pick_use` of arrivals.parquet, "
        "and at `locate.minimum_picks`.",
    )


__all__ = [
    "before_parts",
    "check",
    "finalise",
    "gather_terms",
    "init",
    "inputs",
    "part",
    "promise",
    "summarize",
    "used_of",
]
