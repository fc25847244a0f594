"""Ensembles whose times lie on grids: members of other runs, tables of NonLinLoc, SIMULPS."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from quakeloom.config import Locate, Settings, parse_settings
from quakeloom.core import InputError, digest_json, random_stream
from quakeloom.formats import (
    MapFrame,
    TimeGrid,
    is_simul_model,
    list_time_grids,
    read_grid_times,
    read_time_grid,
)
from quakeloom.location import Plane, find_boundary, grid_times, station_times
from quakeloom.stages.locate.places import GridEnsemble, Places, station_of
from quakeloom.stages.locate.simul_grids import simul_size, trace_simul_models
from quakeloom.store import (
    Item,
    RunLayout,
    digest_input,
    is_input,
    open_array,
    open_item,
    read_text,
)
from quakeloom.tomography import LineGrid

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
_SAME_PLACE_KM = 1.0
"""How far a grid's station may lie from ours, km; chosen here: coordinates are rounded so."""


def is_grid_source(path: Path) -> bool:
    """Say whether a path is a run with an ensemble, root of NonLinLoc's grids, or of SIMULPS."""
    return is_run(path) or bool(list_time_grids(path, "P")) or is_simul_model(path)


def is_run(path: Path) -> bool:
    """Say whether a path is the folder of a run that made an ensemble of velocity models."""
    return (open_item(path) / "ensemble.zarr").exists()


def grid_digest(path: Path) -> str:
    """Return a digest of an ensemble on disk: of what its blocks say of themselves."""
    if is_run(path):
        layout = RunLayout(path)
        found = [
            (marker.relative_to(layout.root), marker.digest())
            for stage in ("tomography", "regional")
            for marker in layout.parts(stage).children()
            if marker.name.endswith(".json")
        ]
        return digest_json([found, layout.settings.digest()])
    if is_simul_model(path):
        return digest_input(path)
    headers = [h for phase in ("P", "S") for h in list_time_grids(path, phase)]
    files = [f for h in headers for f in (h, h.with_suffix(".buf")) if is_input(f)]
    return digest_json([(f.name, digest_input(f)) for f in files])


def grid_size(
    locate: Locate, paths: Sequence[Path], places: Places, data: str
) -> tuple[int, int, float]:
    """Return members, groups and bytes of the times of an ensemble on grids, not reading them."""
    if is_simul_model(paths[0]):
        return simul_size(locate, paths, data, places)
    if not is_run(paths[0]):
        grids = _list_tables(paths[0], places)
        groups = 2 * len({station for _, station in grids})
        nodes = next(iter(grids.values())).shape
        return len(paths), groups, 4.0 * groups * len(paths) * float(np.prod(nodes))
    layout = RunLayout(paths[0])
    settings = _settings_of(layout)
    if settings.regional is not None:
        from quakeloom.stages.regional.inputs import read_stations

        array = open_array(layout.root / "ensemble.zarr", "regional_p_velocity")
        groups = 2 * len(read_stations(settings).names)
        nodes = tuple(
            -(-n // every)
            for n, every in zip(array.shape[1:], settings.regional.table_every, strict=True)
        )
    else:
        array = open_array(layout.root / "ensemble.zarr", "p_velocity")
        groups = 2 * _section_of(locate, settings, layout, places).stations.size
        nodes = array.shape[1:]
    members = min(array.shape[0], locate.members or array.shape[0])
    return members, groups, 4.0 * groups * members * float(np.prod(nodes))


def read_grid_ensemble(
    locate: Locate, paths: Sequence[Path], places: Places, seed: int, cache: Item, data: str
) -> GridEnsemble:
    """Read the times of an ensemble on grids.

    Raises
    ------
    InputError
        If several are given that have no grid in common, or one is not finished.
    """
    if len(paths) > 1 and any(is_run(p) for p in paths):
        raise InputError(
            f"locate.models names {len(paths)} ensembles, one of them a run; members of different "
            "runs lie on different grids. Nothing is located; give one run."
        )
    if any(map(is_simul_model, paths)):
        if not all(map(is_simul_model, paths)):
            raise InputError(
                "locate.models mixes models of SIMULPS and grids of NonLinLoc, which have no grid "
                "in common. Nothing is located; give one kind."
            )
        return trace_simul_models(locate, paths, data, places, cache)
    if not is_run(paths[0]):
        return _read_tables(locate, paths, places)
    layout = RunLayout(paths[0])
    settings = _settings_of(layout)
    if settings.regional is not None:
        return _read_region(locate, settings, layout, seed)
    return _read_section(locate, settings, layout, places, seed, cache)


def vp_vs_of_members(locate: Locate, count: int, seed: int) -> Floats:
    """Return the Vp/Vs of every member: lognormal around the ratio; belongs to its number."""
    return np.array(
        [
            locate.vp_vs_ratio
            * np.exp(locate.vp_vs_spread * random_stream(seed, "vp/vs", k).standard_normal())
            for k in range(count)
        ]
    )


def _fill_s_times(locate: Locate, time: NDArray[np.float32], seed: int) -> None:
    """Fill S times (the second of the first axis) by each member's Vp/Vs, the last axis."""
    ratio = vp_vs_of_members(locate, time.shape[-1], seed).astype(np.float32)
    np.multiply(time[0], ratio, out=time[1])


def _read_region(locate: Locate, settings: Settings, layout: RunLayout, seed: int) -> GridEnsemble:
    """Read the members of a regional run."""
    from quakeloom.stages.regional.reading import read_times

    found = read_times(settings, layout, locate.members or None)
    p_time = found.pop("time_s")
    time = np.empty((2, *p_time.shape), np.float32)
    time[0] = p_time
    del p_time
    _fill_s_times(locate, time, seed)
    times = grid_times(
        found["names"], found["stations"], time, found["depth_km"], found["north_km"],
        found["east_km"],
    )  # fmt: skip
    boundary = np.full((times.north_km.size, times.east_km.size, times.member_count), np.nan)
    if locate.boundary_velocity_km_s > 0:
        assert settings.regional is not None
        every = settings.regional.table_every
        array = open_array(layout.root / "ensemble.zarr", "regional_p_velocity")
        for k in range(times.member_count):
            velocity = np.asarray(array[k], dtype=float)[tuple(slice(None, None, e) for e in every)]
            boundary[..., k] = find_boundary(
                velocity, times.depth_km, locate.boundary_velocity_km_s
            )
    plane = Plane(found["longitude_deg"], found["latitude_deg"])
    return GridEnsemble(times, plane, boundary)


def _settings_of(layout: RunLayout) -> Settings:
    return parse_settings(yaml.safe_load(read_text(layout.settings)), str(layout.root))


@dataclass(frozen=True)
class _Section:
    """Where a line lies, and which stations lie along it."""

    plane: Plane
    grid: LineGrid
    along: Floats
    stations: NDArray[np.int64]


def _section_of(locate: Locate, settings: Settings, layout: RunLayout, places: Places) -> _Section:
    from quakeloom.stages.tomography.inputs import read_line

    if locate.section_start is None:
        raise InputError(
            f"'{layout.root}' is the ensemble of a line, and where the line lies is not said. "
            "Nothing is located; give locate.section_start (longitude and latitude of distance 0) "
            "and locate.section_azimuth_deg."
        )
    plane = Plane(*locate.section_start, locate.section_azimuth_deg)
    grid = read_line(settings).problem.grid
    along = plane.forward(places.longitude, places.latitude)
    margin = 2 * grid.spacing_km[1]
    low, high = grid.distance_km[0] + margin, grid.distance_km[-1] - margin
    near = np.abs(along[:, 1]) <= locate.section_width_km
    inside = near & (along[:, 0] >= low) & (along[:, 0] <= high)
    if not inside.any():
        raise InputError(
            f"None of {len(places.names)} stations lies within {locate.section_width_km:g} km of "
            f"the line of '{layout.root}', between its distances {low:.1f} and {high:.1f} km. "
            "Nothing is located; check locate.section_start and locate.section_azimuth_deg."
        )
    return _Section(plane, grid, along, np.flatnonzero(inside))


def _read_section(
    locate: Locate,
    settings: Settings,
    layout: RunLayout,
    places: Places,
    seed: int,
    cache: Item,
) -> GridEnsemble:
    """Trace the members of a refraction line to the stations that lie along it."""
    from quakeloom.stages.ensemble.member_tables import member_table

    section = _section_of(locate, settings, layout, places)
    plane, grid, along, chosen = section.plane, section.grid, section.along, section.stations
    array = open_array(layout.root / "ensemble.zarr", "p_velocity")
    count = min(array.shape[0], locate.members or array.shape[0])
    origin = (float(grid.depth_km[0]), float(grid.distance_km[0]))
    time = np.empty((2, chosen.size, *grid.shape, 1, count), np.float32)
    boundary = np.full((grid.distance_km.size, 1, count), np.nan)
    for k in range(count):
        velocity = np.asarray(array[k], dtype=float)
        for i, s in enumerate(chosen):
            # a station cannot lie above the ground of the section
            depth = max(float(places.depth_km[s]), float(grid.ground_at(along[s, 0])))
            time[0, i, :, :, 0, k] = member_table(
                cache, velocity, grid.spacing_km, origin, (depth, float(along[s, 0])), grid.active
            ).time_s
        if locate.boundary_velocity_km_s > 0:
            found = find_boundary(velocity, grid.depth_km, locate.boundary_velocity_km_s)
            boundary[:, 0, k] = found
        if (k + 1) % 25 == 0:
            log.info("locate: traced %d of %d members", k + 1, count)
    # no earthquake lies in the water or the air
    time[0][:, ~grid.below_ground] = np.inf
    _fill_s_times(locate, time, seed)
    times = grid_times(
        [f"m{k:04d}" for k in range(count)], [places.names[s] for s in chosen], time,
        grid.depth_km, grid.distance_km,
    )  # fmt: skip
    return GridEnsemble(times, plane, boundary)


def _read_tables(locate: Locate, roots: Sequence[Path], places: Places) -> GridEnsemble:
    """Read grids of NonLinLoc; every root is a member."""
    members = [_list_tables(root, places) for root in roots]
    stations = sorted({s for grids in members for _, s in grids})
    first = members[0]["P", stations[0]]
    for root, grids in zip(roots, members, strict=True):
        lacking = [s for s in stations if ("P", s) not in grids]
        if lacking:
            raise InputError(
                f"The grids '{root}' have no P times of {', '.join(lacking[:5])}, which others "
                "have. Nothing is located; make them for the same stations."
            )
        for grid in grids.values():
            _refuse_other_grid(grid, first)
    time = np.empty((2, len(stations), *first.shape, len(members)), np.float32)
    for k, grids in enumerate(members):
        for i, station in enumerate(stations):
            time[0, i, ..., k] = read_grid_times(grids["P", station])
            own = grids.get(("S", station)) if locate.s_velocities == "model" else None
            if own is None:
                time[1, i, ..., k] = time[0, i, ..., k] * locate.vp_vs_ratio
            else:
                time[1, i, ..., k] = read_grid_times(own)
    names = [r.name for r in roots]
    known_as = [_place_of_table(members[0]["P", s], places) for s in stations]
    nothing = np.full((1, 1, len(members)), np.nan)
    if first.distance_km is not None:
        depth = [float(places.depth_km[_places_of(places, s)[0]]) for s in stations]
        times = station_times(names, known_as, time, first.depth_km, first.distance_km, depth)
        return GridEnsemble(times, None, nothing)
    frame = _frame_of(first)
    assert first.north_km is not None
    assert first.east_km is not None
    times = grid_times(names, known_as, time, first.depth_km, first.north_km, first.east_km)
    plane = Plane(frame.longitude, frame.latitude, frame.azimuth_deg, frame.projection)
    return GridEnsemble(times, plane, nothing)


def _list_tables(root: Path, places: Places) -> dict[tuple[str, str], TimeGrid]:
    """Read the headers of a root's grids by phase and station, those of known stations alone."""
    grids: dict[tuple[str, str], TimeGrid] = {}
    others = []
    for phase in ("P", "S"):
        for header in list_time_grids(root, phase):
            grid = read_time_grid(header)
            found = _places_of(places, grid.station)
            if not found:
                others.append(grid.station)
            elif (phase, grid.station) not in grids:
                _refuse_other_place(grid, places, found)
                grids[phase, grid.station] = grid
    if not any(phase == "P" for phase, _ in grids):
        raise InputError(
            f"The grids '{root}' are those of {', '.join(sorted(set(others))[:5])}, and none of "
            f"the {len(places.names)} stations is among them. Nothing is located; make grids for "
            "the stations, under their codes."
        )
    return grids


def _places_of(places: Places, name: str) -> list[int]:
    """Numbers of the places that a table may belong to: by name, or by code alone."""
    known = [station_of(n) for n in places.names]
    return [i for i, n in enumerate(known) if name in (n, n.split(".", 1)[-1])]


def _frame_of(grid: TimeGrid) -> MapFrame:
    if not grid.frame.projection:
        raise InputError(
            f"'{grid.header}' lies in space by the transformation '{grid.frame.name}', which is "
            "not known here (SIMPLE, LAMBERT, TRANS_MERC and AZIMUTHAL_EQUIDIST are). Nothing is "
            "located; make grids with one of those, or of two dimensions (GRID2D), which need none."
        )
    return grid.frame


def _place_of_table(grid: TimeGrid, places: Places) -> str:
    """Return the name of the place of a table: its own, or of a station that moved the nearest."""
    found = _places_of(places, grid.station)
    if len(found) == 1 or len({station_of(places.names[i]) for i in found}) > 1:
        return grid.station
    return places.names[found[int(np.argmin(_distances(grid, places, found)))]]


def _positions_in(grid: TimeGrid, places: Places, found: Sequence[int]) -> Floats:
    """Return east, north and depth of places as a table has them; it may know depth alone."""
    at = np.array([[0.0, 0.0, places.depth_km[i]] for i in found])
    if grid.distance_km is None:
        frame = _frame_of(grid)
        plane = Plane(frame.longitude, frame.latitude, frame.azimuth_deg, frame.projection)
        at[:, 1::-1] = plane.forward(places.longitude[found], places.latitude[found])
    else:
        at[:, :2] = grid.station_km[:2]
    return at


def _distances(grid: TimeGrid, places: Places, found: Sequence[int]) -> Floats:
    """Return how far places are from the station of a table, km."""
    at = _positions_in(grid, places, found)
    return np.asarray(np.linalg.norm(at - np.array(grid.station_km), axis=1))


def _refuse_other_place(grid: TimeGrid, places: Places, found: Sequence[int]) -> None:
    """Refuse times to another place than that of a station."""
    away = float(_distances(grid, places, found).min())
    if not away < _SAME_PLACE_KM:
        at = _positions_in(grid, places, found)
        raise InputError(
            f"'{grid.header}' has times to a place {away:.1f} km from where station "
            f"'{places.names[found[0]]}' is (east, north and depth in km are "
            f"{', '.join(f'{v:.2f}' for v in grid.station_km)} in the header and "
            f"{', '.join(f'{v:.2f}' for v in at[0])} by the stations). Nothing is located; make "
            "the grid again, or correct the station."
        )


def _refuse_other_grid(grid: TimeGrid, first: TimeGrid) -> None:
    same = grid.shape == first.shape and grid.frame == first.frame
    for a, b in (
        (grid.depth_km, first.depth_km),
        (grid.distance_km, first.distance_km),
        (grid.north_km, first.north_km),
        (grid.east_km, first.east_km),
    ):
        if a is None or b is None:
            same = same and a is b
        else:
            same = same and np.array_equal(a, b)
    if not same:
        raise InputError(
            f"'{grid.header}' has other nodes, or lies elsewhere, than '{first.header}'. Nothing "
            "is located; make all grids of one size and transformation."
        )
