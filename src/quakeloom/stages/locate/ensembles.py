"""The ensemble that events are located in: models read, members drawn, times traced once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import InputError, LayeredModel, digest_json
from quakeloom.formats import (
    TravelTimeTable,
    has_layers,
    is_simul_model,
    is_travel_time_table,
    read_layer_model,
    read_travel_time_table,
    read_velocity_model,
)
from quakeloom.location import (
    EnsembleTimes,
    Plane,
    draw_layered_members,
    find_boundary,
    scale_times,
    stack_members,
    trace_member,
    with_s_velocities,
)
from quakeloom.stages.locate.grids import (
    grid_digest,
    is_grid_source,
    is_run,
    read_grid_ensemble,
)
from quakeloom.stages.locate.places import LARGEST_KM, LEAST_KM, Places
from quakeloom.stages.locate.simul_grids import frame_digest
from quakeloom.store import (
    Item,
    atomic_folder,
    digest_input,
    find_velocity_model,
    input_place,
    is_input,
    open_array,
    own_velocity_models,
    read_json,
    write_array,
    write_json_if_changed,
)
from quakeloom.travel import table_grid

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]

_SHARED_ARRAYS = ("depth_km", "north_km", "east_km", "level_km", "boundary_km")
"""Arrays of an ensemble beside the times of its members."""


@dataclass(frozen=True)
class StoredEnsemble:
    """Times of an ensemble as they are kept on disk.

    Attributes
    ----------
    times : EnsembleTimes
    boundary_km : ndarray, shape (norths, easts, members)
        Depth of the boundary in each member, NaN where there is none; one north and east where
        models have layers.
    plane : Plane or None
        Where grids lie; None where times depend on depth and distance alone.
    models : tuple of LayeredModel
        The members, where they have layers.
    spherical : bool
        Their rays are those on a sphere.
    limits_km : (float, float)
        Least and largest depth that hypocenters are searched in.
    """

    times: EnsembleTimes
    boundary_km: Floats
    plane: Plane | None = None
    models: tuple[LayeredModel, ...] = ()
    spherical: bool = False
    limits_km: tuple[float, float] = (LEAST_KM, LARGEST_KM)

    @property
    def boundary(self) -> Floats | None:
        """The boundary, or None if there is none in any member."""
        return self.boundary_km if np.isfinite(self.boundary_km).any() else None


def find_location_model(name: str, data: str) -> Path:
    """Return where a model is: below the folder of the data, as given, or one of quakeloom's own.

    A file of velocities or times, the folder of a run that made an ensemble, or the root of
    NonLinLoc's time grids.

    Raises
    ------
    InputError
        If there is none; the message lists those that come with quakeloom.
    """
    for path in (input_place(data, name), input_place("", name)):
        if is_input(path) or is_grid_source(path):
            return path
    found = find_velocity_model(data, name)
    if found is None:
        raise InputError(
            f"Velocity model '{name}' is no file (looked for {input_place(data, name)}), no folder "
            "of a run with an ensemble, no root of NonLinLoc's time grids "
            "(ROOT.P.STATION.time.hdr), and none of quakeloom's own "
            f"({', '.join(own_velocity_models())}). Nothing can be located; correct locate.models."
        )
    return found


def ensemble_digest(
    locate: Locate, data: str, places: Places, levels: Sequence[float], seed: int, code: str
) -> str:
    """Digest of everything that decides the times of an ensemble."""
    names = (
        "models",
        "members",
        "velocity_spread",
        "thickness_spread",
        "vp_vs_spread",
        "correlation_km",
        "vp_vs_ratio",
        "s_velocities",
        "maximum_depth_km",
        "minimum_depth_km",
        "maximum_distance_km",
        "table_step_km",
        "spherical",
        "boundary_velocity_km_s",
        "section_start",
        "section_azimuth_deg",
        "section_width_km",
    )
    paths = [find_location_model(m, data) for m in locate.models]
    files = [grid_digest(p) if is_grid_source(p) else digest_input(p) for p in paths]
    values = {n: getattr(locate, n) for n in names}
    known: list[object] = list(map(float, levels))
    if any(map(is_grid_source, paths)):
        # times belong to stations there, and to receiver levels elsewhere
        known = [list(places.names), *np.round(_positions(places), 6).tolist()]
    if any(map(is_simul_model, paths)):
        files.append(frame_digest(locate, data))
    return digest_json([files, values, known, seed, code])


def _positions(places: Places) -> Floats:
    return np.stack([places.longitude, places.latitude, places.depth_km])


def station_levels(elevation_m: NDArray[np.float64], step_km: float) -> list[float]:
    """Return receiver levels on multiples of a step that hold all stations.

    A station more within them leaves the tables as they are.
    """
    depth = -elevation_m[np.isfinite(elevation_m)] / 1000.0
    if not depth.size:
        return [0.0]
    low = int(np.floor(depth.min() / step_km + 1e-9))
    high = int(np.ceil(depth.max() / step_km - 1e-9))
    return [round(i * step_km, 6) for i in range(low, max(high, low) + 1)]


def make_times(
    locate: Locate, data: str, places: Places, levels: Sequence[float], seed: int, cache: Item
) -> StoredEnsemble:
    """Read models, draw members and trace their times; also the depth of the boundary in each."""
    paths = [find_location_model(m, data) for m in locate.models]
    grids = [p for p in paths if is_grid_source(p)]
    tables = [p for p in paths if is_input(p) and is_travel_time_table(p)]
    models = [p for p in paths if p not in grids and p not in tables]
    if sum(map(bool, (grids, tables, models))) > 1:
        for path in models:
            # a file that is no model at all says so itself
            read_velocity_model(path)
        raise InputError(
            "locate.models mixes velocity models, travel-time tables and grids of other programs "
            "or runs, which have no grid in common. Nothing is located; give one kind."
        )
    if grids or tables:
        timed = [p for p in grids if not is_run(p) and not is_simul_model(p)]
        _refuse_boundary(locate, [*tables, *timed])
    _warn_of_high_stations(locate, places)
    if grids:
        found = read_grid_ensemble(locate, grids, places, seed, cache, data)
        limits = depth_limits(locate, levels, float(found.times.depth_km[-1]))
        return StoredEnsemble(found.times, found.boundary_km, found.plane, limits_km=limits)
    if tables:
        read = [read_travel_time_table(p) for p in tables]
        limits = depth_limits(locate, levels, float(read[0].depth_km[-1]))
        times = _stack_tables(locate, read, levels, limits)
        return StoredEnsemble(times, np.full((1, 1, len(tables)), np.nan), limits_km=limits)
    return _trace_layers(locate, models, levels, seed)


def depth_limits(
    locate: Locate, levels: Sequence[float], bottom_km: float | None = None
) -> tuple[float, float]:
    """Return the least and the largest depth that hypocenters are searched in.

    Parameters
    ----------
    locate : Locate
    levels : sequence of float
        Receiver levels, which hold all stations; the highest first.
    bottom_km : float, optional
        Bottom of tables and grids, which do not reach deeper.

    Raises
    ------
    InputError
        If the one that is given is beyond the other.
    """
    least, largest = locate.minimum_depth_km, locate.maximum_depth_km
    if least is None:
        least = min(LEAST_KM, *levels) if len(levels) else LEAST_KM
    if largest is None:
        largest = LARGEST_KM if bottom_km is None else bottom_km
    if least >= largest:
        raise InputError(
            f"Depths from {least:g} to {largest:g} km are no range, so nothing can be located; "
            "give locate.minimum_depth_km and locate.maximum_depth_km."
        )
    if bottom_km is not None and largest > bottom_km:
        log.warning(
            "locate: locate.maximum_depth_km is %g km, and the models end at %g km; below there "
            "are no times of their own, so lower it, or give models that reach deeper",
            largest,
            bottom_km,
        )
    return least, largest


def _refuse_boundary(locate: Locate, paths: Sequence[Path]) -> None:
    """Refuse a boundary in models that have times and no velocities."""
    if locate.boundary_velocity_km_s > 0 and paths:
        raise InputError(
            f"locate.boundary_velocity_km_s is {locate.boundary_velocity_km_s:g}, but '{paths[0]}' "
            "has travel times and no velocities, so the depth of the boundary is not known. "
            "Nothing is located; set it to 0, or give velocity models."
        )


def _warn_of_high_stations(locate: Locate, places: Places) -> None:
    """Say so where stations lie above the least depth of the search."""
    if locate.minimum_depth_km is None:
        return
    above = places.depth_km < locate.minimum_depth_km
    if above.any():
        log.warning(
            "locate: %d of %d stations lie above the least depth of hypocenters, "
            "locate.minimum_depth_km = %g km (the highest at %g km); lower it if events can be "
            "as high",
            int(above.sum()), above.size, locate.minimum_depth_km, float(places.depth_km.min()),
        )  # fmt: skip


def _trace_layers(
    locate: Locate, paths: Sequence[Path], levels: Sequence[float], seed: int
) -> StoredEnsemble:
    """Draw members around layered models and trace them."""
    models = [read_layer_model(p) if has_layers(p) else read_velocity_model(p) for p in paths]
    members = _members(locate, models, seed)
    limits = depth_limits(locate, levels)
    depth, distance = table_grid(
        limits[1] + 1.0,
        table_reach_km(locate),
        locate.table_step_km,
        models if len(models) == 1 and not locate.members else (),
    )
    top = min(limits[0], -3.0)
    depth = np.concatenate([np.arange(np.floor(top), depth[0]), depth])
    traced = []
    for i, model in enumerate(members):
        traced.append(trace_member(model, depth, distance, levels, locate.spherical))
        if (i + 1) % 25 == 0:
            log.info("locate: traced %d of %d models", i + 1, len(members))
    names = [m.name for m in members]
    boundary = np.full(len(members), np.nan)
    if locate.boundary_velocity_km_s > 0:
        for i, m in enumerate(members):
            boundary[i] = find_boundary(
                m.p_velocity_km_s, m.depth_km, locate.boundary_velocity_km_s
            )
    return StoredEnsemble(
        stack_members(names, traced, depth, distance, levels), boundary[None, None, :],
        models=tuple(members), spherical=locate.spherical, limits_km=limits,
    )  # fmt: skip


def _members(locate: Locate, models: Sequence[LayeredModel], seed: int) -> list[LayeredModel]:
    """Return the members: the models themselves, or drawn around them in turn."""
    models = [
        m
        if m.s_velocity_km_s is not None and locate.s_velocities == "model"
        else with_s_velocities(m, locate.vp_vs_ratio)
        for m in models
    ]
    if not locate.members:
        return list(models)
    return draw_layered_members(
        models,
        locate.members,
        seed,
        velocity_spread=locate.velocity_spread,
        thickness_spread=locate.thickness_spread,
        vp_vs_spread=locate.vp_vs_spread,
        correlation_km=locate.correlation_km,
        vp_vs_ratio=locate.vp_vs_ratio,
    )


def write_ensemble(folder: Item, stored: StoredEnsemble, key: str) -> None:
    """Write the times of an ensemble, under the digest of what decides them."""
    times, plane = stored.times, stored.plane
    with atomic_folder(folder) as temporary:
        if times.scaled:
            write_array(temporary, "straight_slowness", times.values[:, :, :, 0, :], 1)
        else:
            write_array(temporary, "location_time_s", times.values, 1)
        write_array(temporary, "depth_km", times.depth_km)
        write_array(temporary, "north_km", times.north_km)
        write_array(temporary, "east_km", times.east_km)
        write_array(temporary, "level_km", times.level_km)
        write_array(temporary, "boundary_km", stored.boundary_km)
        about = {
            "names": list(times.names),
            "stations": list(times.stations),
            "radial": times.radial,
            "scaled": times.scaled,
            "plane": None
            if plane is None
            else [plane.longitude, plane.latitude, plane.azimuth_deg, plane.projection],
            "layers": [
                {"depth_km": m.depth_km.tolist(), "p_velocity_km_s": m.p_velocity_km_s.tolist()}
                for m in stored.models
            ],
            "spherical": stored.spherical,
            "limits_km": list(stored.limits_km),
            "key": key,
        }
        write_json_if_changed(temporary / "members.json", about)


def read_ensemble(folder: Item) -> StoredEnsemble:
    """Read the times of an ensemble."""
    arrays = {name: np.asarray(open_array(folder, name)[...]) for name in _SHARED_ARRAYS}
    about = read_json(folder / "members.json")
    stored = open_array(folder, "straight_slowness" if about["scaled"] else "location_time_s")
    values = np.empty(stored.shape, stored.dtype)
    for group in range(len(values)):
        values[group] = stored[group]
    if about["scaled"]:
        values = values[:, :, :, None, :]
    times = EnsembleTimes(
        tuple(about["names"]),
        values,
        arrays["depth_km"],
        arrays["north_km"],
        arrays["east_km"],
        about["radial"],
        about["scaled"],
        arrays["level_km"],
        tuple(about["stations"]),
    )
    plane = None if about["plane"] is None else Plane(*about["plane"])
    models = tuple(
        LayeredModel(name, np.array(m["depth_km"]), np.array(m["p_velocity_km_s"]))
        for name, m in zip(about["names"], about.get("layers", []), strict=False)
    )
    spherical = bool(about.get("spherical", False))
    limits = about["limits_km"]
    return StoredEnsemble(
        times, arrays["boundary_km"], plane, models, spherical, (limits[0], limits[1])
    )


def table_reach_km(locate: Locate) -> float:
    """Return how far tables reach: stations are chosen by their distance from the first one."""
    return 1.25 * locate.maximum_distance_km + 25.0


def ensemble_bytes(locate: Locate, levels: int) -> float:
    """Return the bytes of the times of an ensemble in memory, at most."""
    depth, distance = table_grid(
        (LARGEST_KM if locate.maximum_depth_km is None else locate.maximum_depth_km) + 1.0,
        table_reach_km(locate),
        locate.table_step_km,
    )
    members = locate.members or len(locate.models)
    return 2.0 * levels * (depth.size + 8) * distance.size * members * 4.0


def _stack_tables(
    locate: Locate,
    tables: Sequence[TravelTimeTable],
    levels: Sequence[float],
    limits_km: tuple[float, float],
) -> EnsembleTimes:
    """Tables are for receivers at sea level; stations elsewhere get their depth taken off.

    A station at height ``h`` sees a source at depth ``z`` like one at sea level sees depth
    ``z + h``, but for the velocity between, which the table does not have.
    """
    first = tables[0]
    members = []
    for table in tables:
        if not (
            np.array_equal(table.depth_km, first.depth_km)
            and np.array_equal(table.distance_km, first.distance_km)
        ):
            raise InputError(
                f"The travel-time tables '{first.name}' and '{table.name}' have different grids. "
                "Nothing is located; give tables of one grid."
            )
    # deep events are recorded first by stations far from their epicenters
    inside = first.distance_km <= table_reach_km(locate) + limits_km[1]
    distance = first.distance_km[inside]
    depth = np.concatenate([[min(limits_km[0], -3.0)], first.depth_km])
    for table in tables:
        groups = []
        for time in (table.p_time_s, table.s_time_s):
            for level in levels:
                at = np.clip(depth - level, first.depth_km[0], first.depth_km[-1])
                shifted = np.stack(
                    [np.interp(at, first.depth_km, time[:, j]) for j in np.flatnonzero(inside)],
                    axis=1,
                )
                groups.append(scale_times(shifted, depth, distance, level))
        members.append(np.stack(groups))
    return stack_members([t.name for t in tables], members, depth, distance, levels)
