"""Blocks of events of a partition: what a worker needs, the memory that it takes, its work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Settings
from quakeloom.core import digest_file
from quakeloom.location import Ensemble, make_ensemble
from quakeloom.stages._location_ensembles import (
    StoredEnsemble,
    ensemble_bytes,
    find_location_model,
    read_ensemble,
)
from quakeloom.stages._location_grids import grid_size, is_grid_source
from quakeloom.stages._location_store import (
    data_folder,
    locate_settings,
    picked_here,
    places_of,
    tables_folder,
    terms_file,
)
from quakeloom.stages._locations import locate_block
from quakeloom.stages.ingest import PlannedRows
from quakeloom.store import RunLayout, create_array, read_table, write_region

BASE_MB = 450.0
"""Memory of the program with its kernels compiled."""


@dataclass(frozen=True)
class LocationTask:
    """One block of events: what a worker needs to know."""

    settings: Settings
    layout: RunLayout
    group: Path | None
    round: int
    start: int
    events: pa.Table
    picks: pa.Table


def promise_memory(settings: Settings, layout: RunLayout, rows: PlannedRows) -> int:
    """Return the memory in MB that a partition needs at most.

    The program, the tables of the ensemble (once read, once as rows), the grid of one event for
    all members, and the draws of a block.
    """
    return math.ceil(BASE_MB + task_mb(settings, layout, rows))


def task_mb(settings: Settings, layout: RunLayout, rows: PlannedRows) -> float:
    """Return the memory in MB that a worker needs beside the program."""
    locate = locate_settings(settings)
    paths = [find_location_model(m, data_folder(settings)) for m in locate.models]
    if is_grid_source(paths[0]):
        stations = len(places_of(layout).names)
        members, size = grid_size(locate, paths, stations)
    else:
        members, size = locate.members or len(locate.models), ensemble_bytes(locate, 6)
    tables = 2.2 * size / 1e6
    grid = locate.maximum_nodes * members * 8 * 5 / 1e6
    block = min(settings.cluster.block_events, rows.events)
    draws = block * (locate.draws * 34 + members * 4) / 1e6
    picks = rows.polarities * 1200 / 1e6
    return tables + grid + 2 * draws + picks + 100.0


def create_arrays(settings: Settings, group: Path, events: int, members: int) -> None:
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
    settings: Settings, layout: RunLayout, partition: str, group: Path | None, number: int
) -> Iterator[LocationTask]:
    folder = layout.rows(partition)
    events = read_table(folder / "events.parquet", "events")
    if picked_here(settings):
        folder = layout.part("pick", partition)
    picks = read_table(folder / "picks.parquet", "picks")
    ids = events.column("event_id").combine_chunks()
    event = pc.index_in(picks.column("event_id"), ids).fill_null(-1).to_numpy()
    order = np.argsort(event, kind="stable")
    picks, event = picks.take(pa.array(order)), event[order]
    starts = np.searchsorted(event, np.arange(len(ids) + 1))
    size = settings.cluster.block_events
    for start in range(0, len(ids), size):
        stop = min(start + size, len(ids))
        yield LocationTask(
            settings, layout, group, number, start, events.slice(start, stop - start),
            picks.slice(starts[start], starts[stop] - starts[start]),
        )  # fmt: skip


_SHARED: dict[tuple[str, str], tuple[Ensemble, StoredEnsemble, pa.Table]] = {}


def _shared(layout: RunLayout) -> tuple[Ensemble, StoredEnsemble, pa.Table]:
    """Read the ensemble and the stations, once per process."""
    key = (str(layout.root), digest_file(tables_folder(layout) / "members.json"))
    if key not in _SHARED:
        stored = read_ensemble(tables_folder(layout))
        stations = read_table(layout.ingest / "stations.parquet", "stations")
        _SHARED.clear()
        _SHARED[key] = (make_ensemble(stored.times), stored, stations)
    return _SHARED[key]


def locate_task(task: LocationTask) -> dict[str, pa.Table]:
    """Locate one block of events and write its draws; runs on a worker."""
    ensemble, stored, stations = _shared(task.layout)
    locate = locate_settings(task.settings)
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
        locate, ensemble, stored, task.events, task.picks, stations, task.settings.seed, terms,
        task.settings.selection.station_epochs,
    )  # fmt: skip
    if task.group is not None:
        for name, values in block.arrays.items():
            write_region(task.group, name, task.start, values)
    return {"hypocenters": block.hypocenters, "arrivals": block.arrivals}
