"""Members of a structure and their travel times, as the location of events reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import IncompleteError
from quakeloom.stages.ensemble.member_tables import table_folder
from quakeloom.stages.structure import STRUCTURE
from quakeloom.stages.structure.inputs import (
    read_grid_stations,
    structure_grid,
    structure_plane,
    structure_settings,
)
from quakeloom.store import Item, RunLayout, open_array, read_json

Floats = NDArray[np.float64]


def structure_group(layout: RunLayout) -> Item:
    """Return the Zarr group of the models."""
    return layout.root / "structure.zarr"


def structure_cache(layout: RunLayout) -> Item:
    """Return the folder of all travel-time tables of members."""
    return layout.root / "structure_tables"


def table_axes(settings: Settings) -> tuple[Floats, Floats, Floats]:
    """Return depths, norths and easts of the tables."""
    asked = structure_settings(settings)
    depth, north, east = (
        a[::k] for a, k in zip(structure_grid(asked).solver_axes_km, asked.table_every, strict=True)
    )
    return depth, north, east


def structure_size(settings: Settings, layout: RunLayout) -> tuple[int, int, float]:
    """Return members, groups and bytes of the tables, without any being there."""
    asked = structure_settings(settings)
    groups = 2 * len(read_grid_stations(settings, layout).names)
    nodes = float(np.prod([a.size for a in table_axes(settings)]))
    return asked.members, groups, 4.0 * groups * asked.members * nodes


def read_structure_times(
    settings: Settings, layout: RunLayout, members: int | None = None
) -> dict[str, Any]:
    """Read the travel times of P and S of every member at every station.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    members : int, optional
        The first so many members; all if absent.

    Returns
    -------
    dict
        ``names`` of the members, ``stations``, ``time_s`` as float32 of shape (2, stations,
        depths, norths, easts, members), ``axes_km`` and ``plane``.

    Raises
    ------
    IncompleteError
        If the stage has not been gathered.
    """
    marker = layout.done_step(STRUCTURE.name, "finalise")
    if not marker.exists():
        raise IncompleteError(
            f"The members of stage 'structure' of {layout.root} are not there yet, so nothing can "
            "be located in them. Run the workflow, or `quakeloom structure finalise`."
        )
    keys = read_json(marker)["tables"]
    stations = read_grid_stations(settings, layout).names
    axes = table_axes(settings)
    chosen = sorted(keys, key=int)[:members]
    time = np.empty((2, len(stations), *(a.size for a in axes), len(chosen)), np.float32)
    for k, member in enumerate(chosen):
        for phase in range(2):
            for i, station in enumerate(stations):
                folder = table_folder(structure_cache(layout), keys[member][phase][station])
                time[phase, i, ..., k] = np.asarray(open_array(folder, "station_time_s")[...])
    return {
        "names": tuple(f"m{int(m):04d}" for m in chosen),
        "stations": stations,
        "time_s": time,
        "axes_km": axes,
        "plane": structure_plane(structure_settings(settings)),
    }
