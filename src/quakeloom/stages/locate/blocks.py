"""Blocks of events of a partition: what a worker needs, the memory that it takes, its work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import clamp_workers, find_workers
from quakeloom.config import Settings
from quakeloom.formats import is_simul_model
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.locate.ensembles import (
    ensemble_bytes,
    find_location_model,
)
from quakeloom.stages.locate.events import locate_block
from quakeloom.stages.locate.grids import grid_size, is_grid_source
from quakeloom.stages.locate.hypocenters import (
    locate_settings,
    picked_here,
    places_of,
    receiver_levels_of,
)
from quakeloom.stages.locate.run_structure import (
    locates_in_structure,
    structure_ensemble_size,
)
from quakeloom.stages.locate.station_terms import (
    planned_rounds,
    read_corrections,
    shared_locator,
)
from quakeloom.stages.locate.term_rounds import round_settings
from quakeloom.store import Item, RunLayout, create_array, read_table, write_region

BASE_MB = 450.0
"""Memory of the program with its kernels compiled."""

SOLVER_BYTES = 100.0
"""Memory of a node while times to one station are computed in three dimensions: velocity, slowness,
times and their order, in double precision (66 measured)."""


@dataclass(frozen=True)
class LocationTask:
    """One block of events: what a worker needs to know."""

    settings: Settings
    layout: RunLayout
    group: Item | None
    round: int
    start: int
    events: pa.Table
    picks: pa.Table


@dataclass(frozen=True)
class EnsembleSize:
    """Members of an ensemble, bytes of its times and of one group of them, and in all when made."""

    members: int
    bytes: float
    group: float
    making: float


def promise_memory(settings: Settings, rows: PlannedRows, ensemble: EnsembleSize) -> int:
    """Return the memory in MB that a partition needs at most.

    The program with the picks of the partition, and in every process that locates the tables of
    the ensemble (``ensemble`` is what :func:`ensemble_size` says of it), the grid of one event for
    all members, and the draws of a block.
    """
    task = task_mb(settings, rows, ensemble)
    workers = block_workers(settings, rows, task)
    located = workers * (BASE_MB + task) if workers else task
    return math.ceil(BASE_MB + picks_mb(rows) + located)


def promise_tables(settings: Settings, ensemble: EnsembleSize) -> int:
    """Return the memory in MB that making the tables of the ensemble needs at most."""
    making = ensemble.making / 1e6
    clamp_workers(0, BASE_MB, making, settings.cluster.memory_mb)
    return math.ceil(BASE_MB + making)


def promise_terms(picks: float, ensemble: EnsembleSize, stations: int) -> int:
    """Return the memory in MB that the terms of all stations need at most.

    The ensemble, the picks of the largest partition (``picks``, in MB), and matrices of all terms
    and members: the sum over events, what is added to it, a factor, an inverse and the draws.
    """
    unknowns = 2 * stations + ensemble.members
    return math.ceil(BASE_MB + 1.2 * ensemble.bytes / 1e6 + 3.0 * picks + 5 * 8 * unknowns**2 / 1e6)


def block_workers(settings: Settings, rows: PlannedRows, task: float) -> int:
    """Return how many local processes locate the blocks of a partition; 0 is this one."""
    blocks = math.ceil(rows.events / settings.cluster.block_events)
    return find_workers(settings.cluster, blocks, BASE_MB + picks_mb(rows), task)


def ensemble_size(settings: Settings, layout: RunLayout) -> EnsembleSize:
    """Return how large the ensemble of a run is, without making it."""
    locate = locate_settings(settings)
    if locates_in_structure(settings):
        members, groups, size = structure_ensemble_size(settings, layout)
        return EnsembleSize(members, size, size / groups, size + 4.0 * size / groups)
    paths = [find_location_model(m, settings.data) for m in locate.models]
    levels = receiver_levels_of(settings, layout)
    if is_grid_source(paths[0]):
        members, groups, size = grid_size(locate, paths, places_of(layout), settings.data)
        making = size
        if is_simul_model(paths[0]):
            making += SOLVER_BYTES * size / (4.0 * groups * members)
    else:
        members, groups = locate.members or len(locate.models), 2 * len(levels)
        size = ensemble_bytes(locate, len(levels))
        making = 2.0 * size  # members are traced one by one and stacked
    return EnsembleSize(members, size, size / groups, making + 4.0 * size / groups)


def task_mb(settings: Settings, rows: PlannedRows, ensemble: EnsembleSize) -> float:
    """Return the memory in MB that a process that locates needs beside the program."""
    locate = locate_settings(settings)
    members = ensemble.members
    # a group is taken apart while it is read; those of the few members searched first are copied
    few = 16.0 / members if members > 8 else 0.0
    tables = (ensemble.bytes * (1.0 + few) + 7.0 * ensemble.group) / 1e6
    grid = locate.maximum_nodes * members * 8 * 4 / 1e6
    block = min(settings.cluster.block_events, rows.events)
    draws = 2.0 * block * (locate.draws * 34 + members * 4) / 1e6
    return tables + grid + draws + 2.0 * picks_mb(rows) * block / max(rows.events, 1)


def picks_mb(rows: PlannedRows) -> float:
    """Return the memory in MB of the picks of a partition."""
    return max(rows.picks, rows.polarities) * 600 / 1e6


def create_arrays(settings: Settings, group: Item, events: int, members: int) -> None:
    locate, storage = locate_settings(settings), settings.storage
    widths = {
        **dict.fromkeys(
            ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_origin_s", "draw_member"),
            locate.draws,
        ),
        "member_weight": members,
    }
    for name, width in widths.items():
        create_array(group, name, (events, width), storage.chunk_events, storage.shard_events)


def make_tasks(
    settings: Settings, layout: RunLayout, partition: str, group: Item | None, number: int
) -> Iterator[LocationTask]:
    folder = layout.rows(partition)
    events = read_table(folder / "events.parquet", "events")
    if picked_here(settings):
        folder = layout.part("pick", partition)
    picks = read_table(folder / "picks.parquet", "picks")
    rounds = planned_rounds(layout)
    if number < rounds.every:
        kept = rounds.choose(events.column("event_id").to_pylist(), settings.seed)
        events = events.take(pa.array(kept))
    ids = events.column("event_id").combine_chunks()
    event = pc.index_in(picks.column("event_id"), ids).fill_null(-1).to_numpy()
    order = np.argsort(event, kind="stable")
    picks, event = picks.take(pa.array(order)), event[order]
    starts = np.searchsorted(event, np.arange(len(ids) + 1))
    size = settings.cluster.block_events
    # a partition of which no event is chosen has tables as well
    for start in range(0, max(len(ids), 1), size):
        stop = min(start + size, len(ids))
        yield LocationTask(
            settings, layout, group, number, start, events.slice(start, stop - start),
            picks.slice(starts[start], starts[stop] - starts[start]),
        )  # fmt: skip


def locate_task(task: LocationTask) -> dict[str, pa.Table]:
    """Locate one block of events and write its draws; runs on a worker."""
    locate = locate_settings(task.settings)
    if task.group is None:
        locate = locate.model_copy(update={"draws": 0})
    if task.round < planned_rounds(task.layout).every:
        locate = round_settings(locate)
    block = locate_block(
        locate, shared_locator(task.layout), task.events, task.picks, task.settings.seed,
        read_corrections(task.settings, task.layout, task.round),
        task.settings.selection.station_epochs,
    )  # fmt: skip
    if task.group is not None:
        for name, values in block.arrays.items():
            write_region(task.group, name, task.start, values)
    return {"hypocenters": block.hypocenters, "arrivals": block.arrivals}
