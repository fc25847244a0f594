"""Stage ``locate``: picks become hypocenters in an ensemble of velocity models.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`, and
:func:`gather_terms`, which estimates the delays of stations from all events between two rounds.
"""

from __future__ import annotations

import logging
import shutil
import time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom import __version__
from quakeloom.cluster import open_executor, peak_memory_mb
from quakeloom.config import Settings
from quakeloom.core import (
    IncompleteError,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.stages.frame.partition_states import (
    digest_folder,
    partition_states,
    refuse_changed,
    refuse_incomplete,
    write_plans,
)
from quakeloom.stages.frame.planned_rows import Ingested
from quakeloom.stages.frame.provenance import CODE
from quakeloom.stages.locate.blocks import (
    create_arrays,
    ensemble_size,
    find_workers,
    locate_task,
    make_tasks,
    promise_memory,
    promise_tables,
    task_mb,
)
from quakeloom.stages.locate.ensembles import ensemble_digest, make_times, write_ensemble
from quakeloom.stages.locate.events import warn_of_few_models
from quakeloom.stages.locate.hypocenters import (
    PART_TABLES,
    STAGE,
    data_folder,
    draws_folder,
    locate_settings,
    picked_here,
    places_of,
    planned_rows,
    read_rays,
    receiver_levels_of,
    round_stage,
    tables_folder,
    take_hypocenters,
    terms_file,
)
from quakeloom.stages.locate.station_terms import gather_terms
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    read_json,
    read_table,
    write_json_if_changed,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)


def plan(settings: Settings, layout: RunLayout, ingested: Ingested) -> dict[str, Any]:
    """Write the plan files; return what the workflow has to know of the stage."""
    locate = locate_settings(settings)
    levels = receiver_levels_of(settings, layout)
    code = digest_source(CODE[STAGE])
    times = ensemble_digest(
        locate, data_folder(settings), places_of(layout), levels, settings.seed, code
    )
    common = {
        "code": code,
        "times": times,
        "seed": settings.seed,
        "settings": digest_json(locate.model_dump(mode="json")),
        "stations": settings.selection.station_epochs,
        "storage": digest_json(settings.storage.model_dump(mode="json")),
    }
    plans = {}
    for row in ingested.partitions:
        read = {}
        if picked_here(settings):
            read["picks"] = digest_file(layout.plan("pick", row.partition))
        plans[row.partition] = {**common, **read, "events": row.events, "rows": row.digest}
    write_plans(layout, STAGE, plans, {"levels": levels, "times": times})
    ensemble = ensemble_size(settings, layout)
    memory = {row.partition: promise_memory(settings, row, ensemble) for row in ingested.partitions}
    return {
        "locate": memory,
        "locate_tables": promise_tables(settings, ensemble),
        "station_rounds": locate.station_iterations,
        "locate_picks": picked_here(settings),
    }


def list_partitions(layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state: ``done``, ``stale`` or ``missing``."""
    return partition_states(layout, STAGE)


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Read the models, draw the members and trace their travel times, once per run."""
    started = time.perf_counter()
    locate = locate_settings(settings)
    planned = read_json(layout.plan_step(STAGE, "init"))
    folder = tables_folder(layout)
    marker = folder / "members.json"
    if not marker.exists() or read_json(marker)["key"] != planned["times"]:
        made = make_times(
            locate, data_folder(settings), places_of(layout), planned["levels"], settings.seed,
            layout.root / "tables",
        )  # fmt: skip
        write_ensemble(folder, made, planned["times"])
    members = len(read_json(marker)["names"])
    write_json_if_changed(
        layout.done_step(STAGE, "init"), {"members": members, "times": planned["times"]}
    )
    log.info("locate: %d models, %.1f s", members, time.perf_counter() - started)
    return {"members": members}


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
    started = time.perf_counter()
    locate = locate_settings(settings)
    last = round_number is None
    number = locate.station_iterations if round_number is None else round_number
    planned = planned_rows(layout, partition)
    cluster = settings.cluster
    ensemble = ensemble_size(settings, layout)
    workers = find_workers(settings, planned, task_mb(settings, planned, ensemble))
    stage = STAGE if last else round_stage(number)
    counts: dict[str, int] = {}
    keep = last and locate.draws > 0
    with (
        atomic_folder(layout.part(stage, partition)) as folder,
        atomic_folder(draws_folder(layout) / partition if keep else folder / "draws") as group,
        open_executor(cluster.kind, workers, cluster.scheduler_file) as executor,
    ):
        if keep:
            members = len(read_json(tables_folder(layout) / "members.json")["names"])
            create_arrays(settings, group, planned.events, members)
        pieces: dict[str, list[pa.Table]] = {name: [] for name in PART_TABLES}
        tasks = make_tasks(settings, layout, partition, group if keep else None, number)
        for tables in executor.map(locate_task, tasks):
            for name, table in tables.items():
                pieces[name].append(table)
        for name, found in pieces.items():
            counts[name] = write_tables(
                folder / f"{name}.parquet", name, found, {"partition": partition}, validate=True
            )
        if not keep:
            shutil.rmtree(folder / "draws", ignore_errors=True)
    status = pc.value_counts(pa.concat_tables(pieces["hypocenters"]).column("status")).to_pylist()
    states = {row["values"]: row["counts"] for row in status}
    digests = {
        name: digest_file(layout.part(stage, partition) / f"{name}.parquet") for name in PART_TABLES
    }
    if keep:
        digests["draws"] = digest_folder(draws_folder(layout) / partition)
    marker = layout.done(stage, partition)
    marker.unlink(missing_ok=True)
    write_json_if_changed(
        marker,
        {
            "plan": digest_file(layout.plan(STAGE, partition)),
            "counts": counts,
            "states": states,
            "digests": digests,
        },
    )
    summary = {
        "events": planned.events,
        **states,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
        "workers": workers,
    }
    log.info("locate %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the partitions into ``hypocenters``, ``arrivals`` and ``station_terms``.

    Raises
    ------
    IncompleteError
        If partitions are missing or of another plan; the message names them.
    """
    locate = locate_settings(settings)
    names = refuse_incomplete(layout, STAGE)
    provenance = _provenance(settings, layout)
    counts = {}
    for name in PART_TABLES:
        counts[name] = write_tables(
            layout.table(name), name,
            (read_table(layout.part(STAGE, n) / f"{name}.parquet", name) for n in names),
            provenance,
        )  # fmt: skip
    files = [f"{name}.parquet" for name in PART_TABLES]
    terms = layout.table("station_terms")
    if locate.station_iterations:
        table = read_table(terms_file(layout, locate.station_iterations - 1), "station_terms")
        write_table(terms, "station_terms", table, provenance)
        files.append(terms.name)
    else:
        terms.unlink(missing_ok=True)
    _remove_others(layout, set(names))
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {"counts": counts, "digests": {f: digest_file(layout.root / f) for f in files}},
    )
    members = len(read_json(tables_folder(layout) / "members.json")["names"])
    warn_of_few_models(
        read_table(layout.table("hypocenters"), "hypocenters", ["effective_model_count"]), members
    )
    log.info("locate: gathered %d partitions: %s", len(names), counts)
    return counts


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read everything again and compare it with the recorded digests.

    Raises
    ------
    VerificationError
        With every file that is missing or changed.
    IncompleteError
        If partitions are missing.
    """
    names = refuse_incomplete(layout, STAGE)
    recorded = [
        (
            draws_folder(layout) / name
            if table == "draws"
            else layout.part(STAGE, name) / f"{table}.parquet",
            digest,
        )
        for name in names
        for table, digest in read_json(layout.done(STAGE, name))["digests"].items()
    ]
    final = layout.done_step(STAGE, "finalise")
    if not final.exists():
        raise IncompleteError(
            f"The hypocenters of {layout.root} were not gathered. Run `quakeloom locate finalise`."
        )
    recorded += [(layout.root / f, d) for f, d in read_json(final)["digests"].items()]
    files = refuse_changed(f"The hypocenters of {layout.root}", recorded)
    return {"files": files, "partitions": len(names)}


def _remove_others(layout: RunLayout, names: set[str]) -> None:
    for folder in (layout.part(STAGE, "x").parent, draws_folder(layout)):
        for old in folder.iterdir() if folder.is_dir() else ():
            if old.name.removesuffix(".json") not in names and not old.name.startswith("."):
                shutil.rmtree(old) if old.is_dir() else old.unlink()


def _provenance(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    known = read_json(layout.provenance) if layout.provenance.exists() else {}
    return {
        **known,
        "quakeloom": __version__,
        "seed": settings.seed,
        "locate": locate_settings(settings).model_dump(mode="json"),
        "locate_code_digest": digest_source(CODE[STAGE]),
    }


__all__ = [
    "STAGE",
    "finalise",
    "gather_terms",
    "init",
    "list_partitions",
    "part",
    "plan",
    "promise_memory",
    "promise_tables",
    "read_rays",
    "take_hypocenters",
    "verify",
]
