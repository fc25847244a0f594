"""Stage ``simulate``: a synthetic catalog with known truth, as source tables.

It runs while planning, like the reading of files, and its tables are kept in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from quakeloom.cluster import Executor, find_workers, open_executor
from quakeloom.config import Settings
from quakeloom.formats import read_velocity_model
from quakeloom.schema import TABLES, make_table
from quakeloom.simulate import (
    ReadingLevels,
    SimulatedEvents,
    SimulatedReadings,
    SimulatedStations,
    SimulationOptions,
    find_reading_levels,
    simulate_events,
    simulate_polarities,
    simulate_stations,
)
from quakeloom.stages.simulate.archive import BLOCK, write_archive
from quakeloom.stages.simulate.reading import simulation_options
from quakeloom.stages.takeoff.reading import find_model
from quakeloom.store import Item, write_table, write_tables
from quakeloom.travel import TableStack, stack_tables, table_grid, trace_table

ARCHIVE = "archive"
"""Folder of the records, where the settings ask for waveforms."""

_CHUNK = 20_000
"""Events simulated at a time."""


BASE_MB = 450.0
"""Memory of the program with its kernels compiled, measured."""

_TASK_MB = 600.0
"""Memory of a task: some 20,000 events with their readings, or a block of records."""

_RECORDS_PER_EVENT = 20.0
"""Readings of an event, roughly, to count the blocks of records before there are any."""


@dataclass(frozen=True)
class ChunkTask:
    """Some events of a catalog, by number, that a worker simulates with their readings."""

    options: SimulationOptions
    seed: int
    first: int
    count: int
    stations: SimulatedStations
    tables: TableStack
    levels: ReadingLevels


def simulate_chunk(task: ChunkTask) -> tuple[SimulatedEvents, SimulatedReadings]:
    """Simulate events and what stations read of them; runs on a worker."""
    events = simulate_events(task.options, task.seed, task.first, task.count)
    return events, simulate_polarities(
        events, task.stations, task.tables, task.options, task.seed, task.levels
    )


def write_simulation(settings: Settings, folder: Item) -> None:
    """Simulate the catalog of a run and write its source tables to a folder."""
    simulation = settings.simulation
    assert simulation is not None
    chunks = -(-simulation.events // _CHUNK)
    if settings.waveforms is not None:
        chunks = max(chunks, round(simulation.events * _RECORDS_PER_EVENT / BLOCK))
    workers = find_workers(settings.cluster, chunks, BASE_MB, _TASK_MB, refuses=False)
    cluster = settings.cluster if chunks > 1 else None
    with open_executor(cluster, workers) as executor:
        _write_catalog(settings, folder, executor)


def _write_catalog(settings: Settings, folder: Item, executor: Executor) -> None:
    options = simulation_options(settings)
    stations = simulate_stations(options, settings.seed)
    write_table(folder / "stations.parquet", "stations", _table("stations", stations.stations))
    names = settings.takeoff.models or ["generic_crust"]
    model = read_velocity_model(find_model(settings, names[0]))
    depths, distances = table_grid(
        options.greatest_depth_km * 1.5 + 5.0, options.maximum_distance_km * 1.05, models=[model]
    )
    tables = stack_tables([trace_table(model, depths, distances)])
    levels = find_reading_levels(stations, tables, options, settings.seed)
    recorded = settings.waveforms is not None
    pieces: dict[str, list[pa.Table]] = {"events": [], "truth": [], "reference_arrivals": []}

    def chunks() -> Iterator[ChunkTask]:
        assert settings.simulation is not None
        for first in range(0, settings.simulation.events, _CHUNK):
            count = min(_CHUNK, settings.simulation.events - first)
            yield ChunkTask(options, settings.seed, first, count, stations, tables, levels)

    def polarities() -> Iterator[pa.Table]:
        for events, readings in executor.map(simulate_chunk, chunks()):
            if recorded:
                found = write_archive(folder / ARCHIVE, events, stations, readings, executor)
                pieces["reference_arrivals"] += [_table("reference_arrivals", a) for a in found]
            pieces["events"].append(_table("events", events.events))
            pieces["truth"].append(_table("truth", events.truth))
            yield _table("polarities", readings.polarities)

    write_tables(folder / "polarities.parquet", "polarities", polarities())
    for name, tables_of_name in pieces.items():
        if tables_of_name:
            write_tables(folder / f"{name}.parquet", name, tables_of_name)


def _table(name: str, columns: Any) -> pa.Table:
    """Make a registered table that says where its rows come from."""
    rows = len(columns["station" if name == "stations" else "event_id"])
    source = {"source_file": ["simulation"] * rows} if "source_file" in TABLES[name].columns else {}
    return make_table(name, {**columns, **source})
