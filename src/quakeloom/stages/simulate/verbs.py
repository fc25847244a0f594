"""Stage ``simulate``: a synthetic catalog with known truth, as source tables.

It runs while planning, like the reading of files, and its tables are kept in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.formats import read_velocity_model
from quakeloom.schema import TABLES, make_table
from quakeloom.simulate import (
    find_reading_levels,
    simulate_events,
    simulate_polarities,
    simulate_stations,
)
from quakeloom.stages.simulate.archive import write_archive
from quakeloom.stages.simulate.reading import simulation_options
from quakeloom.stages.takeoff.reading import find_model
from quakeloom.store import Item, write_table, write_tables
from quakeloom.travel import stack_tables, table_grid, trace_table

ARCHIVE = "archive"
"""Folder of the records, where the settings ask for waveforms."""

_CHUNK = 20_000
"""Events simulated at a time."""


def write_simulation(settings: Settings, folder: Item) -> None:
    """Simulate the catalog of a run and write its source tables to a folder."""
    assert settings.simulation is not None
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

    def polarities() -> Iterator[pa.Table]:
        assert settings.simulation is not None
        for first in range(0, settings.simulation.events, _CHUNK):
            count = min(_CHUNK, settings.simulation.events - first)
            events = simulate_events(options, settings.seed, first, count)
            readings = simulate_polarities(events, stations, tables, options, settings.seed, levels)
            if recorded:
                found = write_archive(folder / ARCHIVE, events, stations, readings)
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
