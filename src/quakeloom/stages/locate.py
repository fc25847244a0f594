"""Stage ``locate``: picks become hypocenters in an ensemble of velocity models.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`, and
:func:`gather_terms`, which estimates the delays of stations from all events between two rounds.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom import __version__
from quakeloom.cluster import clamp_workers, open_executor, peak_memory_mb
from quakeloom.config import Locate, Settings, expand_variables
from quakeloom.core import (
    IncompleteError,
    InputError,
    PlanError,
    VerificationError,
    digest_bytes,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.location import (
    Ensemble,
    EnsembleTakeoffs,
    estimate_station_terms,
    make_ensemble,
)
from quakeloom.schema import make_table
from quakeloom.stages._location_ensembles import (
    ensemble_bytes,
    ensemble_digest,
    make_times,
    read_ensemble,
    station_levels,
    write_ensemble,
)
from quakeloom.stages._locations import LocatedBlock, locate_block
from quakeloom.stages._provenance import CODE
from quakeloom.stages.ingest import Ingested, PlannedRows
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    create_array,
    open_array,
    read_json,
    read_table,
    write_json_if_changed,
    write_region,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)

STAGE = "locate"
PART_TABLES = ("hypocenters", "arrivals")
BASE_MB = 450.0
"""Memory of the program with its kernels compiled."""


@dataclass(frozen=True)
class _Task:
    """One block of events: what a worker needs to know."""

    settings: Settings
    layout: RunLayout
    group: Path | None
    round: int
    start: int
    events: pa.Table
    picks: pa.Table


def plan(settings: Settings, layout: RunLayout, ingested: Ingested) -> list[dict[str, Any]]:
    """Write the plan files; return partitions and the memory that they need."""
    locate = _locate(settings)
    levels = _levels(settings, layout)
    code = digest_source(CODE[STAGE])
    times = ensemble_digest(locate, _base(settings), levels, settings.seed, code)
    write_json_if_changed(
        layout.plan_step(STAGE, "init"), {"stage": STAGE, "levels": levels, "times": times}
    )
    common = {
        "stage": STAGE,
        "code": code,
        "times": times,
        "seed": settings.seed,
        "settings": digest_json(locate.model_dump(mode="json")),
        "stations": settings.selection.station_epochs,
        "storage": digest_json(settings.storage.model_dump(mode="json")),
    }
    entries = []
    for row in ingested.partitions:
        write_json_if_changed(
            layout.plan(STAGE, row.partition),
            {**common, "partition": row.partition, "events": row.events, "rows": row.digest},
        )
        entries.append({"partition": row.partition, "memory_mb": promise_memory(settings, row)})
    names = [row.partition for row in ingested.partitions]
    write_json_if_changed(
        layout.plan_step(STAGE, "finalise"), {"stage": STAGE, "partitions": names}
    )
    folder = layout.plan(STAGE, "x").parent
    for old in folder.glob("*.json"):
        if old.stem not in names:
            old.unlink()
    return entries


def promise_memory(settings: Settings, rows: PlannedRows) -> int:
    """Return the memory in MB that a partition needs at most.

    The program, the tables of the ensemble (once read, once as rows), the grid of one event for
    all members, and the draws of a block.
    """
    return math.ceil(BASE_MB + _task_mb(settings, rows))


def list_partitions(layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state: ``done``, ``stale`` or ``missing``."""
    states = []
    for name in _planned(layout):
        marker = layout.done(STAGE, name)
        state = "missing"
        if marker.exists():
            same = read_json(marker)["plan"] == digest_file(layout.plan(STAGE, name))
            state = "done" if same else "stale"
        states.append((name, state))
    return states


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Read the models, draw the members and trace their travel times, once per run."""
    started = time.perf_counter()
    locate = _locate(settings)
    planned = read_json(layout.plan_step(STAGE, "init"))
    folder = tables_folder(layout)
    marker = folder / "members.json"
    if not marker.exists() or read_json(marker)["key"] != planned["times"]:
        made = make_times(locate, _base(settings), planned["levels"], settings.seed)
        write_ensemble(folder, *made, planned["times"])
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
    locate = _locate(settings)
    last = round_number is None
    number = locate.station_iterations if round_number is None else round_number
    planned = _planned_rows(layout, partition)
    cluster = settings.cluster
    blocks = math.ceil(planned.events / cluster.block_events)
    workers = cluster.workers if cluster.kind == "local" and blocks > 1 else 0
    if cluster.kind != "scheduler":
        workers = clamp_workers(
            min(workers, blocks), BASE_MB, _task_mb(settings, planned), cluster.memory_mb
        )
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
            _create_arrays(settings, group, planned.events, members)
        pieces: dict[str, list[pa.Table]] = {name: [] for name in PART_TABLES}
        tasks = _tasks(settings, layout, partition, group if keep else None, number)
        for tables in executor.map(_locate_task, tasks):
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


def gather_terms(settings: Settings, layout: RunLayout, round_number: int) -> dict[str, Any]:
    """Estimate station terms from the residuals of all partitions of a round.

    Raises
    ------
    IncompleteError
        If partitions of the round are missing or stale; the message names them.
    """
    locate = _locate(settings)
    names = _planned(layout)
    stage = round_stage(round_number)
    _refuse_incomplete(layout, names, stage)
    arrivals = pa.concat_tables(
        [
            read_table(layout.part(stage, n) / "arrivals.parquet", "arrivals")
            .filter(pc.equal(pc.field("pick_use"), "used"))
            for n in names
        ]
    )  # fmt: skip
    codes = list(
        zip(*(arrivals.column(c).to_pylist() for c in ("network", "station", "phase")), strict=True)
    )
    keys = sorted(set(codes))
    index = {k: i for i, k in enumerate(keys)}
    residual = (
        arrivals.column("residual_s").to_numpy() + arrivals.column("station_term_s").to_numpy()
    )
    known = np.isfinite(residual)
    terms = estimate_station_terms(
        np.array([index[k] for k in codes], dtype=np.int64)[known],
        residual[known],
        arrivals.column("uncertainty_s").to_numpy()[known] ** 2 + locate.station_error_s**2,
        len(keys),
        locate.station_prior_s,
    )
    table = make_table(
        "station_terms",
        {
            "network": [k[0] for k in keys],
            "station": [k[1] for k in keys],
            "phase": [k[2] for k in keys],
            "station_term_s": terms.term_s,
            "station_term_error_s": terms.error_s,
            "pick_count": terms.count,
        },
        rows=len(keys),
    )
    path = terms_file(layout, round_number)
    write_table(path, "station_terms", table)
    used = arrivals.num_rows
    rms = float(np.sqrt(np.mean((residual[known]) ** 2))) if known.any() else 0.0
    write_json_if_changed(
        layout.done_step(stage, "terms"),
        {"digest": digest_file(path), "stations": len(keys), "picks": used},
    )
    log.info("locate: %d station terms of round %d, rms %.3f s", len(keys), round_number, rms)
    return {"terms": len(keys), "picks": used}


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Gather the partitions into ``hypocenters``, ``arrivals`` and ``station_terms``.

    Raises
    ------
    IncompleteError
        If partitions are missing or of another plan; the message names them.
    """
    locate = _locate(settings)
    names = _planned(layout)
    _refuse_incomplete(layout, names, STAGE)
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
    few = _few_models(layout)
    if few:
        log.warning(
            "locate: fewer than 10 models count for %d of %d events; draw more members, or give "
            "picks and stations larger errors",
            few, counts["hypocenters"],
        )  # fmt: skip
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
    names = _planned(layout)
    _refuse_incomplete(layout, names, STAGE)
    problems, files = [], 0
    for name in names:
        for table, digest in read_json(layout.done(STAGE, name))["digests"].items():
            files += 1
            if table == "draws":
                path = draws_folder(layout) / name
                found = digest_folder(path) if path.is_dir() else ""
            else:
                path = layout.part(STAGE, name) / f"{table}.parquet"
                found = digest_file(path) if path.is_file() else ""
            if found != digest:
                problems.append(f"{path} {'has changed' if found else 'is missing'}")
    final = layout.done_step(STAGE, "finalise")
    if not final.exists():
        raise IncompleteError(
            f"The hypocenters of {layout.root} were not gathered. Run `quakeloom locate finalise`."
        )
    for file, digest in read_json(final)["digests"].items():
        files += 1
        path = layout.root / file
        if not path.is_file() or digest_file(path) != digest:
            problems.append(f"{path} {'has changed' if path.is_file() else 'is missing'}")
    if problems:
        raise VerificationError(
            f"The hypocenters of {layout.root} do not agree with their digests: "
            + "; ".join(problems)
            + ". Remove the files named here and run again."
        )
    return {"files": files, "partitions": len(names)}


def locate_catalog(
    locate: Locate,
    events: pa.Table,
    picks: pa.Table,
    stations: pa.Table,
    out: Path,
    seed: int = 0,
    base: Path = Path(),
    block_events: int = 1024,
) -> pa.Table:
    """Locate any picks in one go and write all files to a folder.

    Parameters
    ----------
    locate : Locate
    events, picks, stations : pyarrow.Table
        Events may be empty: those of the picks are taken.
    out : Path
    seed : int
    base : Path
        Where relative paths of models start.
    """
    if not picks.num_rows:
        raise InputError("There are no picks, so there is nothing to locate; check the file.")
    ids = [i for i in pc.unique(picks.column("event_id")).to_pylist() if i]
    if not ids:
        raise InputError(
            f"None of {picks.num_rows} picks has an event_id, so events are not known. Nothing "
            "was located; associate the picks first."
        )
    known = set(events.column("event_id").to_pylist())
    more = sorted(i for i in ids if i not in known)
    if more:
        events = pa.concat_tables([events, make_table("events", {"event_id": more})])
    out.mkdir(parents=True, exist_ok=True)
    levels = station_levels(stations.column("elevation_m").to_numpy(), locate.level_step_km)
    code = digest_source(CODE[STAGE])
    key = ensemble_digest(locate, base, levels, seed, code)
    folder = out / "tables.zarr"
    marker = folder / "members.json"
    if not marker.exists() or read_json(marker)["key"] != key:
        write_ensemble(folder, *make_times(locate, base, levels, seed), key)
    stored = read_ensemble(folder)
    ensemble = make_ensemble(stored.times)
    blocks: list[LocatedBlock] = []
    for start in range(0, events.num_rows, block_events):
        block = events.slice(start, block_events)
        blocks.append(
            locate_block(locate, ensemble, stored.boundary_km, block, picks, stations, seed)
        )
    provenance = {"quakeloom": __version__, "seed": seed, "code_digest": code,
                  "locate": locate.model_dump(mode="json")}  # fmt: skip
    hypocenters = pa.concat_tables([b.hypocenters for b in blocks])
    for name in PART_TABLES:
        write_tables(
            out / f"{name}.parquet", name, [getattr(b, name) for b in blocks], provenance, True
        )
    if locate.draws:
        with atomic_folder(out / "locations.zarr") as group:
            for name in blocks[0].arrays:
                values = np.concatenate([b.arrays[name] for b in blocks])
                chunk = min(64, len(values))
                create_array(group, name, values.shape, chunk, -(-len(values) // chunk) * chunk)
                write_region(group, name, 0, values)
    return hypocenters


def take_hypocenters(
    layout: RunLayout, partition: str, events: pa.Table
) -> tuple[pa.Table, tuple[np.ndarray, ...]]:
    """Return the events of a partition with located hypocenters, and the draws of each.

    Events that were not located have none; longitude, latitude and depth of them are NaN.

    Returns
    -------
    pyarrow.Table
        Table ``events``.
    tuple of ndarray, shape (events, draws)
        Longitude, latitude, depth (km) and member.
    """
    table = read_table(layout.part(STAGE, partition) / "hypocenters.parquet", "hypocenters")
    if not table.column("event_id").equals(events.column("event_id")):
        raise PlanError(
            f"The hypocenters of partition '{partition}' are those of other events. Run "
            "`quakeloom plan --config FILE` and locate again."
        )
    good = np.array(table.column("status").to_pylist()) == "located"
    horizontal = np.sqrt(
        np.maximum(table.column("cov_ee").to_numpy(), table.column("cov_nn").to_numpy())
    )
    columns = {name: events.column(name) for name in events.column_names}
    for name in ("longitude", "latitude", "depth_km"):
        columns[name] = np.where(good, table.column(name).to_numpy(), np.nan)
    columns["origin_time"] = table.column("origin_time")
    columns["horizontal_error_km"] = horizontal
    columns["vertical_error_km"] = np.sqrt(table.column("cov_dd").to_numpy())
    group = draws_folder(layout) / partition
    names = ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_member")
    draws = tuple(np.asarray(open_array(group, name)[...]) for name in names)
    draws = (*draws[:3], draws[3].astype(np.int64))
    return make_table("events", columns), draws


def read_rays(layout: RunLayout) -> EnsembleTakeoffs:
    """Read the ensemble as a source of take-off angles."""
    return EnsembleTakeoffs(read_ensemble(tables_folder(layout)).times)


def tables_folder(layout: RunLayout) -> Path:
    """Folder of the travel times of the ensemble."""
    return layout.part(STAGE, "tables.zarr").parent.parent / "locate_tables.zarr"


def draws_folder(layout: RunLayout) -> Path:
    """Folder of the draws of hypocenters, one Zarr group per partition."""
    return layout.root / "locations.zarr"


def round_stage(number: int) -> str:
    """Name of a round of the station terms among the parts of a run."""
    return f"{STAGE}_round{number}"


def terms_file(layout: RunLayout, number: int) -> Path:
    """File of the station terms that a round gave."""
    return layout.root / "parts" / round_stage(number) / "station_terms.parquet"


def digest_folder(folder: Path) -> str:
    """Return the digest of all files of a folder, names included."""
    parts: list[bytes] = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts.append(str(file.relative_to(folder)).encode())
        parts.append(digest_file(file).encode())
    return digest_bytes(*parts)


def _locate(settings: Settings) -> Locate:
    if settings.locate is None:
        raise PlanError(
            f"Run '{settings.name}' has no `locate` group in its settings, so nothing is located. "
            "Add `locate: {models: [...]}`."
        )
    return settings.locate


def _base(settings: Settings) -> Path:
    return Path(expand_variables(settings.data))


def _levels(settings: Settings, layout: RunLayout) -> list[float]:
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    return station_levels(
        stations.column("elevation_m").to_numpy(), _locate(settings).level_step_km
    )


def _task_mb(settings: Settings, rows: PlannedRows) -> float:
    locate = _locate(settings)
    members = locate.members or len(locate.models)
    levels = 6
    tables = 2.2 * ensemble_bytes(locate, levels) / 1e6
    grid = locate.maximum_nodes * members * 8 * 5 / 1e6
    block = min(settings.cluster.block_events, rows.events)
    draws = block * (locate.draws * 34 + members * 4) / 1e6
    picks = rows.polarities * 1200 / 1e6
    return tables + grid + 2 * draws + picks + 100.0


def _create_arrays(settings: Settings, group: Path, events: int, members: int) -> None:
    locate, storage = _locate(settings), settings.storage
    widths = {
        **dict.fromkeys(
            ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_origin_s", "draw_member"),
            locate.draws,
        ),
        "member_weight": members,
    }
    for name, width in widths.items():
        create_array(group, name, (events, width), storage.chunk_events, storage.shard_events)


def _tasks(
    settings: Settings, layout: RunLayout, partition: str, group: Path | None, number: int
) -> Iterator[_Task]:
    folder = layout.rows(partition)
    events = read_table(folder / "events.parquet", "events")
    picks = read_table(folder / "picks.parquet", "picks")
    ids = events.column("event_id").combine_chunks()
    event = pc.index_in(picks.column("event_id"), ids).to_numpy()
    starts = np.searchsorted(event, np.arange(len(ids) + 1))
    size = settings.cluster.block_events
    for start in range(0, len(ids), size):
        stop = min(start + size, len(ids))
        yield _Task(
            settings, layout, group, number, start, events.slice(start, stop - start),
            picks.slice(starts[start], starts[stop] - starts[start]),
        )  # fmt: skip


_SHARED: dict[tuple[str, str], tuple[Ensemble, np.ndarray, pa.Table]] = {}


def _shared(layout: RunLayout) -> tuple[Ensemble, np.ndarray, pa.Table]:
    """Read the ensemble and the stations, once per process."""
    key = (str(layout.root), digest_file(tables_folder(layout) / "members.json"))
    if key not in _SHARED:
        stored = read_ensemble(tables_folder(layout))
        stations = read_table(layout.ingest / "stations.parquet", "stations")
        _SHARED.clear()
        _SHARED[key] = (make_ensemble(stored.times), stored.boundary_km, stations)
    return _SHARED[key]


def _locate_task(task: _Task) -> dict[str, pa.Table]:
    """Locate one block of events and write its draws; runs on a worker."""
    ensemble, boundary, stations = _shared(task.layout)
    locate = _locate(task.settings)
    if task.group is None:
        locate = locate.model_copy(update={"draws": 0})
    terms = None
    if task.round > 0:
        table = read_table(terms_file(task.layout, task.round - 1), "station_terms")
        terms = {
            (r["network"], r["station"], r["phase"]):
            (r["station_term_s"], r["station_term_error_s"])
            for r in table.to_pylist()
        }  # fmt: skip
    block = locate_block(
        locate, ensemble, boundary, task.events, task.picks, stations, task.settings.seed, terms,
        task.settings.selection.station_epochs,
    )  # fmt: skip
    if task.group is not None:
        for name, values in block.arrays.items():
            write_region(task.group, name, task.start, values)
    return {"hypocenters": block.hypocenters, "arrivals": block.arrivals}


def _planned(layout: RunLayout) -> list[str]:
    path = layout.plan_step(STAGE, "finalise")
    if not path.exists():
        raise PlanError(f"{layout.root} has no plan to locate. Run `quakeloom plan --config FILE`.")
    return list(read_json(path)["partitions"])


def _planned_rows(layout: RunLayout, partition: str) -> PlannedRows:
    path = layout.rows(partition) / "rows.json"
    if not path.exists() or not layout.plan(STAGE, partition).exists():
        raise PlanError(
            f"Partition '{partition}' of {layout.root} is not planned to be located. "
            "Run `quakeloom plan --config FILE`."
        )
    return PlannedRows(**read_json(path))


def _refuse_incomplete(layout: RunLayout, names: list[str], stage: str) -> None:
    missing, stale = [], []
    for name in names:
        marker = layout.done(stage, name)
        if not marker.exists():
            missing.append(name)
        elif read_json(marker)["plan"] != digest_file(layout.plan(STAGE, name)):
            stale.append(name)
    if missing or stale:
        raise IncompleteError(
            f"The hypocenters of {layout.root} cannot be gathered: "
            + "; ".join(
                f"{words}: {', '.join(found[:8])}{' ...' if len(found) > 8 else ''}"
                for words, found in (("not located", missing), ("of another plan", stale))
                if found
            )
            + ". Run `quakeloom locate part` for them."
        )


def _remove_others(layout: RunLayout, names: set[str]) -> None:
    for folder in (layout.part(STAGE, "x").parent, draws_folder(layout)):
        for old in folder.iterdir() if folder.is_dir() else ():
            if old.name.removesuffix(".json") not in names and not old.name.startswith("."):
                shutil.rmtree(old) if old.is_dir() else old.unlink()


def _few_models(layout: RunLayout) -> int:
    members = len(read_json(tables_folder(layout) / "members.json")["names"])
    if members < 10:
        return 0
    table = read_table(layout.table("hypocenters"), "hypocenters", ["effective_model_count"])
    count = table.column("effective_model_count").to_numpy()
    return int(np.sum(count < 10.0))


def _provenance(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    known = read_json(layout.provenance) if layout.provenance.exists() else {}
    return {
        **known,
        "quakeloom": __version__,
        "seed": settings.seed,
        "locate": _locate(settings).model_dump(mode="json"),
        "locate_code_digest": digest_source(CODE[STAGE]),
    }
