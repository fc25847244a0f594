"""Stage ``regional``: an ensemble of 3-D velocity models, and travel times to every station.

Its own verbs: :func:`init`, :func:`part`, :func:`finalise`. A partition is a block of members,
which is a shard of the ensemble.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.cluster import clamp_workers, find_workers, open_executor
from quakeloom.config import Settings
from quakeloom.core import digest_bytes, digest_json
from quakeloom.schema import conform_table
from quakeloom.stages.ensemble.blocks import (
    blocks_of,
    ensemble_path,
    require_block,
)
from quakeloom.stages.ensemble.member_tables import member_table, table_digest
from quakeloom.stages.frame.partition_states import open_part, refuse_incomplete
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.regional import REGIONAL
from quakeloom.stages.regional.inputs import (
    RegionalStations,
    read_prior,
    read_stations,
    regional_axes,
    regional_digest,
    regional_settings,
)
from quakeloom.stages.regional.products import write_products
from quakeloom.stages.regional.reading import read_station_table, table_keys, tables_cache
from quakeloom.store import (
    RunLayout,
    create_array,
    digest_array,
    read_attributes,
    read_json,
    resize_arrays,
    write_array,
    write_attributes,
    write_region,
    write_table,
)
from quakeloom.tomography import RegionalPrior, draw_regional_member

log = logging.getLogger(__name__)

BASE_MB = 400.0
"""Memory of the program with its libraries and kernels loaded, measured."""

_VELOCITY = "regional_p_velocity"
"""Array of the models, one row per member."""

_PRIORS: dict[str, RegionalPrior] = {}
"""The prior of the last member, kept for the next one of this process."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files of the ensemble, its stations, and what tables keep."""
    regional = regional_settings(run.settings)
    run.inputs = regional_digest(run.settings)
    stations = read_stations(run.settings)
    common = {"inputs": run.inputs}
    tables = {
        "stations": digest_json([list(stations.names), np.round(stations.places_km, 6).tolist()]),
        "table_every": list(regional.table_every),
        "order": regional.order,
    }
    return StageInputs(
        common=common,
        init=common,
        each={b.name: {**tables, "members": list(b.members)} for b in blocks_of(regional)},
        finalise=tables,
    )


def promise(run: PlannedRun) -> Promise:
    """Return what computing the blocks needs."""
    memory = promise_memory(run.settings)
    threads = promise_threads(run.settings)
    return Promise(memory, 120, threads, init_mb=2000, init_minutes=30, finalise_mb=4000)


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
    plan_digest = layout.plan_step(REGIONAL.name, "init").digest()
    stations = read_stations(settings)
    write_table(
        layout.table("rejects"), "rejects", conform_table("rejects", stations.rejects),
        validate=False,
    )  # fmt: skip
    group = ensemble_path(layout)
    if read_attributes(group).get("plan") != plan_digest:
        regional = regional_settings(settings)
        depth, north, east = regional_axes(regional)
        size = regional.block_members
        rows = max(regional.members, size)
        create_array(group, _VELOCITY, (rows, depth.size, north.size, east.size), 1, size)
        for name, axis in (("depth_km", depth), ("north_km", north), ("east_km", east)):
            write_array(group, name, axis)
        write_attributes(
            group,
            {
                "description": f"Ensemble of P-velocity models of '{settings.name}'",
                "coordinates": "depth_km north_km east_km",
                "origin_longitude_deg": regional.origin_longitude_deg,
                "origin_latitude_deg": regional.origin_latitude_deg,
                "plan": plan_digest,
            },
        )
    summary = {
        "stations": len(stations.names),
        "rejects": stations.rejects.num_rows,
        "storage_gb": round(promise_storage(settings, stations), 3),
    }
    open_marker(layout, REGIONAL.name, summary)
    log.info("regional init: %s", summary)
    return summary


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Draw one block of members, and compute the tables that are not there yet."""
    regional = regional_settings(settings)
    block = require_block(layout, REGIONAL.name, regional, partition)
    cluster = settings.cluster
    workers = find_workers(cluster, len(block.members), BASE_MB, _task_mb(settings))
    with open_part(layout, REGIONAL.name, partition) as job:
        with open_executor(cluster, workers) as executor:
            found = list(executor.map(_draw, [(settings, layout, m) for m in block.members]))
        velocity = np.stack([f[0] for f in found])
        resize_arrays(ensemble_path(layout), (_VELOCITY,), regional.members)
        write_region(ensemble_path(layout), _VELOCITY, block.members[0], velocity)
        job.counts = {"members": len(block.members), "tables": sum(len(f[1]) for f in found)}
        job.extra = {
            "members": list(block.members),
            "digest": digest_bytes(velocity.tobytes()),
            "tables": {str(m): f[1] for m, f in zip(block.members, found, strict=True)},
        }
        job.said = {"workers": workers}
    return job.summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Summarize the ensemble; refuse while blocks are missing or out of date, and name them."""
    refuse_incomplete(layout, REGIONAL.name)
    resize_arrays(ensemble_path(layout), (_VELOCITY,), regional_settings(settings).members)
    keys = table_keys(settings, layout)
    stations = read_stations(settings).names
    # one station at a time: the tables of many stations need not fit into memory
    times = (
        np.stack([read_station_table(layout, keys[m][s]) for m in sorted(keys)]) for s in stations
    )
    summary = write_products(settings, layout, read_prior(settings), len(stations), times)
    gather_parts(REGIONAL, layout, {"summary": summary})
    log.info("regional: %s", summary)
    return summary


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return what has changed of the members and their tables since they were written."""
    problems = []
    for block in blocks_of(regional_settings(settings)):
        said = read_json(layout.done(REGIONAL.name, block.name))
        rows = slice(block.members[0], block.members[-1] + 1)
        if digest_array(ensemble_path(layout), _VELOCITY, rows) != said["digest"]:
            problems.append(f"the models of block {block.name} have changed since they were made")
        for member, by_station in said["tables"].items():
            problems += [
                f"the table of member {member} and station {station} is gone or has changed"
                for station, (key, digest) in by_station.items()
                if table_digest(tables_cache(layout), key) != digest
            ]
    return problems[:10]


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what became of a regional ensemble."""
    found = read_json(layout.root / "regional.json")
    rows = [(key, str(found[key])) for key in ("members", "nodes", "stations", "known")]
    return [*rows, ("mean relative spread", f"{found['mean_relative_spread']:.3f}")]


def _draw(
    job: tuple[Settings, RunLayout, int],
) -> tuple[NDArray[np.float32], dict[str, list[str]]]:
    """Draw a member and make its tables, on a worker."""
    settings, layout, member = job
    key = f"{layout.root} {layout.plan_step(REGIONAL.name, 'init').digest()}"
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
            tables_cache(layout),
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
