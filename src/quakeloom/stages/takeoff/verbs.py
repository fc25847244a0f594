"""Stage ``takeoff``: tables of take-off angles and travel times, one per velocity model.

Not a heavy stage: all models of a run are traced at once, in seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.config import Settings, expand_variables
from quakeloom.core import InputError, LayeredModel, digest_file, digest_json, digest_source
from quakeloom.stages.frame.provenance import CODE
from quakeloom.store import (
    RunLayout,
    atomic_folder,
    find_resource,
    open_array,
    read_json,
    write_array,
    write_json_if_changed,
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

log = logging.getLogger(__name__)

_ARRAYS = ("depth_km", "distance_km", "takeoff_deg", "travel_time_s", "source_slowness_s_km")


def find_model(settings: Settings, name: str) -> Path:
    """Return the file of a velocity model: one of quakeloom's own by name, or a path.

    Raises
    ------
    InputError
        If there is no such model; the message lists those that come with quakeloom.
    """
    own = find_resource("velocity_models")
    base = Path(expand_variables(settings.data))
    written = expand_variables(name)
    for path in (base / written, Path(written), own / f"{written}.txt"):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in own.glob("*.txt")))
    raise InputError(
        f"Velocity model '{name}' of '{settings.name}' does not exist as a file (looked for "
        f"{base / written}), and is none of quakeloom's own ({known}). No angle can be traced; "
        "correct takeoff.models."
    )


def plan(settings: Settings, layout: RunLayout) -> None:
    """Write the plan file: digests of models, settings and code."""
    models = [find_model(settings, name) for name in settings.takeoff.models]
    write_json_if_changed(
        layout.plan_step("takeoff", "tables"),
        {
            "stage": "takeoff",
            "models": [digest_file(m) for m in models],
            "settings": digest_json(_table_settings(settings)),
            "code": digest_source(CODE["takeoff"]),
        },
    )


def part(settings: Settings, layout: RunLayout) -> None:
    """Trace all models and write their tables."""
    with atomic_folder(layout.part("takeoff", "tables")) as folder:
        for i, table in enumerate(trace_models(settings)):
            group = folder / f"model{i:03d}.zarr"
            for array in _ARRAYS:
                write_array(group, array, getattr(table, array))
            write_array(group, "direct_arrival", table.direct)
            write_json_if_changed(
                folder / f"model{i:03d}.json",
                {
                    "model_name": settings.takeoff.models[i],
                    "receiver_depth_km": table.receiver_depth_km,
                    "law": table.law,
                },
            )
            log.info(
                "takeoff %s: %d depths, %d distances", table.model_name, *table.takeoff_deg.shape
            )
    write_json_if_changed(
        layout.done_step("takeoff", "tables"), {"models": len(settings.takeoff.models)}
    )


def trace_models(settings: Settings) -> Iterator[TakeoffTable]:
    """Trace the models that the settings name, all on one grid, in their order."""
    models = _read_models(settings)
    grid = _grid(settings, models)
    for model in models:
        yield trace_table(model, *grid, law=settings.takeoff.law)


def read_tables(layout: RunLayout) -> TableStack:
    """Read the tables of a run."""
    folder = layout.part("takeoff", "tables")
    tables = []
    for file in sorted(folder.glob("model*.json")):
        group = file.with_suffix(".zarr")
        arrays = {name: np.asarray(open_array(group, name)[...]) for name in _ARRAYS}
        direct = np.asarray(open_array(group, "direct_arrival")[...])
        tables.append(TakeoffTable(**read_json(file), **arrays, direct=direct))
    return stack_tables(tables)


def table_bytes(settings: Settings) -> int:
    """Return the bytes of the tables in memory, at most."""
    if settings.takeoff.angles != "layered":
        return 0
    models = _read_models(settings)
    depth, distance = _grid(settings, models)
    if depth is None or distance is None:
        depth, distance = HASH_DEPTHS_KM, HASH_DISTANCES_KM
    return int(len(models) * depth.size * distance.size * 4 * 8)


def _read_models(settings: Settings) -> list[LayeredModel]:
    from quakeloom.formats import read_velocity_model  # all formats; only tracing needs them

    return [read_velocity_model(find_model(settings, name)) for name in settings.takeoff.models]


def _grid(
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


def _table_settings(settings: Settings) -> dict[str, Any]:
    takeoff = settings.takeoff
    return {
        "law": takeoff.law,
        "step": takeoff.table_step_km,
        "depth": takeoff.maximum_depth_km,
        "distance": settings.selection.maximum_distance_km,
        "names": takeoff.models,
    }
