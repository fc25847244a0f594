"""Velocity models and their tables of take-off angles, as other stages read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.core import InputError, LayeredModel
from quakeloom.stages.frame.partition_states import refuse_damaged
from quakeloom.stages.frame.stage import ONE
from quakeloom.stages.takeoff import TAKEOFF
from quakeloom.store import (
    RunLayout,
    find_velocity_model,
    input_place,
    near_names,
    open_array,
    own_velocity_models,
    read_json,
)
from quakeloom.travel import (
    HASH_DEPTHS_KM,
    HASH_DISTANCES_KM,
    TableStack,
    TakeoffTable,
    stack_tables,
    table_grid,
    trace_table,
)

TABLE_ARRAYS = ("depth_km", "distance_km", "takeoff_deg", "travel_time_s", "source_slowness_s_km")
"""Arrays of a table, beside ``direct_arrival``."""


def find_model(settings: Settings, name: str) -> Path:
    """Return the file of a velocity model: one of quakeloom's own by name, or a path.

    Raises
    ------
    InputError
        If there is no such model; the message lists those that come with quakeloom.
    """
    found = find_velocity_model(settings.data, name)
    if found is None:
        raise InputError(
            f"Velocity model '{name}' of '{settings.name}' does not exist as a file (looked for "
            f"{input_place(settings.data, name)}), and is none of quakeloom's own "
            f"({', '.join(own_velocity_models())}). No angle can be traced; correct "
            f"takeoff.models.{near_names(settings.data, name)}"
        )
    return found


def trace_models(settings: Settings) -> Iterator[TakeoffTable]:
    """Trace the models that the settings name, all on one grid, in their order."""
    models = read_models(settings)
    depths, distances = table_axes(settings, models)
    for model in models:
        yield trace_table(model, depths, distances, law=settings.takeoff.law)


def read_tables(layout: RunLayout) -> TableStack:
    """Read the tables of a run.

    Raises
    ------
    VerificationError
        If they are not those that the stage wrote.
    """
    refuse_damaged(layout, TAKEOFF.name, ONE)
    folder = layout.part(TAKEOFF.name, ONE)
    tables = []
    for file in (f for f in folder.children() if f.name.endswith(".json")):
        group = folder / f"{file.stem}.zarr"
        arrays: dict[str, Any] = {
            name: np.asarray(open_array(group, name)[...]) for name in TABLE_ARRAYS
        }
        direct = np.asarray(open_array(group, "direct_arrival")[...])
        tables.append(TakeoffTable(**read_json(file), **arrays, direct=direct))
    return stack_tables(tables)


def table_bytes(settings: Settings) -> int:
    """Return the bytes of the tables in memory, at most."""
    if settings.takeoff.angles != "layered":
        return 0
    models = read_models(settings)
    depth, distance = table_axes(settings, models)
    if depth is None or distance is None:
        depth, distance = HASH_DEPTHS_KM, HASH_DISTANCES_KM
    return int(len(models) * depth.size * distance.size * 4 * 8)


def read_models(settings: Settings) -> list[LayeredModel]:
    """Read the velocity models of a run."""
    from quakeloom.formats import read_velocity_model  # all formats; only tracing needs them

    return [read_velocity_model(find_model(settings, name)) for name in settings.takeoff.models]


def table_axes(
    settings: Settings, models: list[LayeredModel]
) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """Depths and distances of the tables; none for HASH's own."""
    if settings.takeoff.law == "hash":
        return None, None
    return table_grid(
        settings.takeoff.maximum_depth_km,
        min(settings.selection.maximum_distance_km * 1.02, 2000.0),
        settings.takeoff.table_step_km,
        models=models,
    )
