"""Stage ``regional``: an ensemble of 3-D velocity models, and travel times to every station.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`. A
partition is a block of members, which is a shard of the ensemble. :func:`read_times` is what the
location of events asks for.
"""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from quakeloom.cluster import clamp_workers, open_executor, peak_memory_mb
from quakeloom.config import Settings
from quakeloom.core import (
    IncompleteError,
    PlanError,
    VerificationError,
    digest_bytes,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.schema import conform_table
from quakeloom.stages.ensemble.blocks import Block, ensemble_path, resize_arrays, split_members
from quakeloom.stages.ensemble.member_tables import member_table, table_digest, table_folder
from quakeloom.stages.frame.provenance import CODE, describe_provenance
from quakeloom.stages.regional.inputs import (
    RegionalStations,
    read_prior,
    read_stations,
    regional_axes,
    regional_digest,
    regional_settings,
)
from quakeloom.stages.regional.products import write_products
from quakeloom.store import (
    RunLayout,
    create_array,
    open_array,
    read_json,
    write_array,
    write_json_if_changed,
    write_region,
    write_table,
)
from quakeloom.tomography import RegionalPrior, draw_regional_member

log = logging.getLogger(__name__)

STAGE = "regional"
BASE_MB = 400.0
_VELOCITY = "regional_p_velocity"
_TABLES_ONLY = {"stations", "stations_format", "table_every", "order"}
_PRIORS: dict[str, RegionalPrior] = {}


def blocks_of(settings: Settings) -> list[Block]:
    """Split the members into blocks; adding members leaves the full blocks as they are."""
    regional = regional_settings(settings)
    return split_members(regional.members, regional.block_members)


def plan(settings: Settings, layout: RunLayout) -> list[dict[str, Any]]:
    """Write the plan files of an ensemble; return what the workflow must know of each block."""
    regional = regional_settings(settings)
    dumped = regional.model_dump(mode="json", exclude={"members", *_TABLES_ONLY})
    common = {
        "stage": STAGE,
        "settings": digest_json({"seed": settings.seed, "regional": dumped}),
        "code": digest_source(CODE[STAGE]),
        "inputs": regional_digest(settings),
    }
    write_json_if_changed(layout.plan_step(STAGE, "init"), common)
    stations = read_stations(settings)
    tables = {
        "stations": digest_json([list(stations.names), np.round(stations.places_km, 6).tolist()]),
        "table_every": list(regional.table_every),
        "order": regional.order,
    }
    blocks = blocks_of(settings)
    for block in blocks:
        write_json_if_changed(
            layout.plan(STAGE, block.name),
            {**common, **tables, "partition": block.name, "members": list(block.members)},
        )
    write_json_if_changed(
        layout.plan_step(STAGE, "finalise"),
        {"stage": STAGE, "partitions": [b.name for b in blocks], **tables},
    )
    write_json_if_changed(layout.provenance, describe_provenance(settings, common["inputs"], STAGE))
    names = {b.name for b in blocks}
    for file in layout.plan(STAGE, "x").parent.glob("*.json"):
        if file.stem not in names:
            file.unlink()
    memory = promise_memory(settings)
    return [{"partition": b.name, "memory_mb": memory} for b in blocks]


def promise_memory(settings: Settings) -> int:
    """Return the memory in MB that computing a block needs at most."""
    cluster = settings.cluster
    workers = cluster.workers if cluster.kind == "local" else 0
    task = _task_mb(settings)
    fitting = clamp_workers(max(workers, 1), BASE_MB, task, cluster.memory_mb)
    return math.ceil(BASE_MB + task + (fitting * (BASE_MB + task) if workers > 1 else 0.0))


def promise_storage(settings: Settings, stations: RegionalStations) -> float:
    """Return the GB that models and tables of an ensemble take before compression.

    Stations at one place share their tables.
    """
    places = len(np.unique(stations.places_km, axis=0))
    regional = regional_settings(settings)
    axes = regional_axes(regional)
    kept = np.prod([math.ceil(a.size / k) for a, k in zip(axes, regional.table_every, strict=True)])
    nodes = np.prod([a.size for a in axes])
    return float(regional.members * (nodes + places * kept) * 4 / 1e9)


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Read the stations and make room for the members; what is there of the same plan stays."""
    marker = layout.done_step(STAGE, "init")
    plan_digest = digest_file(layout.plan_step(STAGE, "init"))
    stations = read_stations(settings)
    write_table(
        layout.table("rejects"), "rejects", conform_table("rejects", stations.rejects),
        validate=False,
    )  # fmt: skip
    group = ensemble_path(layout)
    kept = zarr.open_group(str(group), mode="r").attrs.get("plan") if group.is_dir() else None
    if kept != plan_digest:
        regional = regional_settings(settings)
        depth, north, east = regional_axes(regional)
        size = regional.block_members
        rows = max(regional.members, size)
        create_array(group, _VELOCITY, (rows, depth.size, north.size, east.size), 1, size)
        for name, axis in (("depth_km", depth), ("north_km", north), ("east_km", east)):
            write_array(group, name, axis)
        zarr.open_group(str(group), mode="a").attrs.update(
            {
                "description": f"Ensemble of P-velocity models of '{settings.name}'",
                "coordinates": "depth_km north_km east_km",
                "origin_longitude_deg": regional.origin_longitude_deg,
                "origin_latitude_deg": regional.origin_latitude_deg,
                "plan": plan_digest,
            }
        )
    summary = {
        "plan": plan_digest,
        "stations": len(stations.names),
        "rejects": stations.rejects.num_rows,
        "storage_gb": round(promise_storage(settings, stations), 3),
    }
    write_json_if_changed(marker, summary)
    log.info("regional init: %s", summary)
    return summary


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Draw one block of members, and compute the tables that are not there yet."""
    started = time.perf_counter()
    block = next((b for b in blocks_of(settings) if b.name == partition), None)
    if block is None or not layout.plan(STAGE, partition).exists():
        raise PlanError(
            f"There is no block '{partition}' in the plan of {layout.root}. Nothing was computed; "
            "run `quakeloom plan`, which lists the blocks."
        )
    ready = layout.done_step(STAGE, "init")
    current = digest_file(layout.plan_step(STAGE, "init"))
    if not ready.exists() or read_json(ready)["plan"] != current:
        raise IncompleteError(
            f"Stage '{STAGE}' in {layout.root} is not prepared for its present plan. No member "
            "was drawn; run `quakeloom regional init` first."
        )
    cluster = settings.cluster
    workers = cluster.workers if cluster.kind == "local" and len(block.members) > 1 else 0
    if cluster.kind != "scheduler":
        workers = clamp_workers(workers, BASE_MB, _task_mb(settings), cluster.memory_mb)
    marker = layout.done(STAGE, partition)
    marker.unlink(missing_ok=True)
    with open_executor(cluster.kind, workers, cluster.scheduler_file) as executor:
        found = list(executor.map(_draw, [(settings, layout, m) for m in block.members]))
    velocity = np.stack([f[0] for f in found])
    regional = regional_settings(settings)
    resize_arrays(layout, (_VELOCITY,), regional.members)
    write_region(ensemble_path(layout), _VELOCITY, block.members[0], velocity)
    write_json_if_changed(
        marker,
        {
            "plan": digest_file(layout.plan(STAGE, partition)),
            "members": list(block.members),
            "digest": digest_bytes(velocity.tobytes()),
            "tables": {str(m): f[1] for m, f in zip(block.members, found, strict=True)},
        },
    )
    summary = {
        "members": len(block.members),
        "tables": sum(len(f[1]) for f in found),
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
        "workers": workers,
    }
    log.info("regional %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Summarize the ensemble; refuse while blocks are missing or out of date, and name them."""
    missing = [b for b, state in list_blocks(settings, layout) if state != "done"]
    if missing:
        raise IncompleteError(
            f"{len(missing)} blocks of stage '{STAGE}' in {layout.root} are missing or out of "
            f"date: {', '.join(missing[:10])}{' ...' if missing[10:] else ''}. Nothing was "
            "summarized; run the workflow, or `quakeloom regional part` for each."
        )
    resize_arrays(layout, (_VELOCITY,), regional_settings(settings).members)
    keys = _table_keys(settings, layout)
    stations = read_stations(settings).names
    # one station at a time: the tables of many stations need not fit into memory
    times = (np.stack([_read_table(layout, keys[m][s]) for m in sorted(keys)]) for s in stations)
    summary = write_products(settings, layout, read_prior(settings), len(stations), times)
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {"plan": digest_file(layout.plan_step(STAGE, "finalise")), **summary},
    )
    log.info("regional: %s", summary)
    return summary


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read all members and tables again and compare them with their digests.

    Raises
    ------
    VerificationError
        If something is missing or has changed; the message names it.
    """
    problems: list[str] = []
    count = tables = 0
    for block in blocks_of(settings):
        marker = layout.done(STAGE, block.name)
        if not marker.exists():
            problems.append(f"block {block.name} is missing")
            continue
        said = read_json(marker)
        rows = slice(block.members[0], block.members[-1] + 1)
        values = np.asarray(open_array(ensemble_path(layout), _VELOCITY)[rows])
        if digest_bytes(np.ascontiguousarray(values).tobytes()) != said["digest"]:
            problems.append(f"the models of block {block.name} have changed since they were made")
        for member, by_station in said["tables"].items():
            for station, (key, digest) in by_station.items():
                if table_digest(_cache(layout), key) != digest:
                    problems.append(f"the table of member {member} and station {station} is gone "
                                    "or has changed")  # fmt: skip
                tables += 1
        count += len(block.members)
    if problems:
        raise VerificationError(
            f"Run {layout.root} does not agree with its digests: {'; '.join(problems[:10])}. Run "
            "it again after removing parts/regional of the blocks named here."
        )
    return {"blocks": len(blocks_of(settings)), "members": count, "tables": tables}


def list_blocks(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return every planned block with its state: ``done``, ``stale`` or ``missing``."""
    rows = []
    for block in blocks_of(settings):
        marker, planned = layout.done(STAGE, block.name), layout.plan(STAGE, block.name)
        if not marker.exists():
            state = "missing"
        elif not planned.exists() or read_json(marker)["plan"] != digest_file(planned):
            state = "stale"
        else:
            state = "done"
        rows.append((block.name, state))
    return rows


def read_times(settings: Settings, layout: RunLayout, members: int | None = None) -> dict[str, Any]:
    """Read the travel times of every member at every station, for the location of events.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
        Of a finished ensemble.
    members : int, optional
        The first so many members; all if absent.

    Returns
    -------
    dict
        ``names`` of the members, ``stations``, ``time_s`` as float32 of shape (stations, depths,
        norths, easts, members), ``depth_km``, ``north_km``, ``east_km``, and the origin
        ``longitude_deg`` and ``latitude_deg`` that norths and easts count from.
    """
    regional = regional_settings(settings)
    stations = read_stations(settings).names
    keys = _table_keys(settings, layout)
    chosen = sorted(keys)[:members]
    axes = [a[::k] for a, k in zip(regional_axes(regional), regional.table_every, strict=True)]
    time_s = np.empty((len(stations), *(a.size for a in axes), len(chosen)), dtype=np.float32)
    for j, member in enumerate(chosen):
        for i, station in enumerate(stations):
            time_s[i, ..., j] = _read_table(layout, keys[member][station])
    return {
        "names": tuple(f"m{m:04d}" for m in chosen),
        "stations": stations,
        "time_s": time_s,
        "depth_km": axes[0],
        "north_km": axes[1],
        "east_km": axes[2],
        "longitude_deg": regional.origin_longitude_deg,
        "latitude_deg": regional.origin_latitude_deg,
    }


def _table_keys(settings: Settings, layout: RunLayout) -> dict[int, dict[str, list[str]]]:
    """Return key and digest of the tables by member and station."""
    keys: dict[int, dict[str, list[str]]] = {}
    for block in blocks_of(settings):
        marker = layout.done(STAGE, block.name)
        if not marker.exists():
            raise IncompleteError(
                f"Block {block.name} of the ensemble in {layout.root} is missing, so nothing can "
                "be located in it; run the workflow."
            )
        keys |= {int(m): t for m, t in read_json(marker)["tables"].items()}
    return keys


def _read_table(layout: RunLayout, key: list[str]) -> NDArray[np.float32]:
    return np.asarray(open_array(table_folder(_cache(layout), key[0]), "station_time_s")[...])


def _cache(layout: RunLayout) -> Path:
    return layout.root / "tables"


def _draw(
    job: tuple[Settings, RunLayout, int],
) -> tuple[NDArray[np.float32], dict[str, list[str]]]:
    """Draw a member and make its tables, on a worker."""
    settings, layout, member = job
    key = f"{layout.root} {digest_file(layout.plan_step(STAGE, 'init'))}"
    if key not in _PRIORS:
        _PRIORS.clear()
        _PRIORS[key] = read_prior(settings)
    prior = _PRIORS[key]
    regional = regional_settings(settings)
    velocity = draw_regional_member(prior, settings.seed, member).astype(np.float32)
    stations = read_stations(settings)
    tables: dict[str, list[str]] = {}
    for name, place in zip(stations.names, stations.places_km, strict=True):
        found = member_table(
            _cache(layout),
            velocity.astype(np.float64),
            prior.spacing_km,
            prior.origin_km,
            tuple(place.tolist()),
            order=regional.order,
            every=regional.table_every,
        )
        tables[name] = [found.key, digest_bytes(found.time_s.tobytes())]
    return velocity, tables


def _task_mb(settings: Settings) -> float:
    """Memory of one member and one of its tables, from the sizes in the settings alone."""
    nodes = float(np.prod([a.size for a in regional_axes(regional_settings(settings))]))
    return 150.0 + nodes * 150 / 1e6
