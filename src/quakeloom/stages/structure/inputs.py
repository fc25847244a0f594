"""From the settings of a structure to its grid, its prior and its stations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Structure
from quakeloom.core import InputError, PlanError
from quakeloom.formats import read_velocity_model
from quakeloom.location import Plane
from quakeloom.stages.locate.places import Places, station_places
from quakeloom.store import RunLayout, find_velocity_model, own_velocity_models, read_table
from quakeloom.structure import StructureGrid, StructurePrior, make_structure_prior

Floats = NDArray[np.float64]


def structure_settings(settings: Settings) -> Structure:
    """Return the group ``structure``; :class:`PlanError` if the run has none."""
    if settings.structure is None:
        raise PlanError(
            f"Run '{settings.name}' has no `structure` group in its settings, so no velocities "
            "are sought. Add `structure:` with an origin and a grid."
        )
    return settings.structure


def structure_grid(asked: Structure) -> StructureGrid:
    """Return the grid; its last nodes may lie one spacing beyond the ranges."""
    ranges = (asked.depth_range_km, asked.north_range_km, asked.east_range_km)
    depth, north, east = (
        np.asarray(
            first + step * np.arange(int(np.ceil((last - first) / step - 1e-6)) + 1), np.float64
        )
        for (first, last), step in zip(ranges, asked.spacing_km, strict=True)
    )
    return StructureGrid((depth, north, east), asked.refine)


def structure_plane(asked: Structure) -> Plane:
    """Return the plane that norths and easts lie in."""
    return Plane(asked.origin_longitude_deg, asked.origin_latitude_deg, asked.azimuth_deg)


def model_file(settings: Settings) -> Path:
    """Return the file of the starting model.

    Raises
    ------
    InputError
        If there is none.
    """
    name = structure_settings(settings).model
    found = find_velocity_model(settings.data, name)
    if found is None:
        raise InputError(
            f"Velocity model '{name}' of '{settings.name}' is neither a file below `data` nor one "
            f"of quakeloom's own ({', '.join(own_velocity_models())}). Nothing was planned; "
            "correct structure.model."
        )
    return found


def read_structure_prior(settings: Settings) -> StructurePrior:
    """Read the starting model and build the prior."""
    asked = structure_settings(settings)
    grid = structure_grid(asked)
    model = read_velocity_model(model_file(settings))
    depth = grid.solver_axes_km[0]
    ratio = np.full(depth.size, asked.vp_vs_ratio)
    if model.s_velocity_km_s is not None:
        p = np.interp(depth, model.depth_km, model.p_velocity_km_s)
        ratio = p / np.interp(depth, model.depth_km, model.s_velocity_km_s)
    width = np.array(asked.standard_deviation, dtype=float)
    spread = np.interp(grid.axes_km[0], width[:, 0], width[:, 1])[:, None, None]
    return make_structure_prior(
        grid, np.column_stack([model.depth_km, model.p_velocity_km_s]), ratio[:, None, None],
        spread, asked.lengths_km, (asked.modes, asked.vp_vs_modes),
        (asked.vp_vs_spread, asked.vp_vs_correlation), asked.station_term_s,
    )  # fmt: skip


@dataclass(frozen=True)
class GridStations:
    """Stations of a run in the plane of a grid.

    Attributes
    ----------
    places_table : pyarrow.Table
        Registered table ``stations`` of the run.
    places : Places
        All of the run; names are those of tables.
    place_km : ndarray, (stations, 3)
        Depth, north and east of those in the grid.
    number : dict of str to int
        Which of them a name is; stations outside have none.
    """

    places_table: pa.Table
    places: Places
    place_km: Floats
    number: dict[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stations in the grid."""
        return tuple(self.number)


def read_grid_stations(settings: Settings, layout: RunLayout) -> GridStations:
    """Read the stations of a run, and find those that the grid holds.

    Raises
    ------
    InputError
        If it holds none.
    """
    asked = structure_settings(settings)
    table = read_table(layout.ingest / "stations.parquet", "stations")
    places = station_places(table)
    grid = structure_grid(asked)
    plane = structure_plane(asked).forward(places.longitude, places.latitude).reshape(-1, 2)
    where = np.column_stack([places.depth_km, plane])
    inside = grid.holds(where) if len(where) else np.zeros(0, bool)
    if not inside.any():
        first = (
            f"the first, {places.names[0]}, at depth {where[0, 0]:.2f}, north {where[0, 1]:.1f}, "
            f"east {where[0, 2]:.1f} km"
            if len(where)
            else "there is none at all"
        )
        raise InputError(
            f"None of the {len(where)} stations of '{settings.name}' lies in the grid of "
            f"`structure` ({first}). No velocities can be found; widen the grid, let it begin "
            "above the stations, or move its origin."
        )
    kept = np.flatnonzero(inside)
    return GridStations(
        table, places, where[kept], {places.names[k]: i for i, k in enumerate(kept.tolist())}
    )
