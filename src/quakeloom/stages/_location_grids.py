"""Ensembles whose times lie on grids: members of other runs, and tables of NonLinLoc."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from quakeloom.config import Locate, Settings, parse_settings
from quakeloom.core import InputError, digest_file, digest_json, random_stream
from quakeloom.formats import TimeGrid, list_time_grids, read_time_grid
from quakeloom.location import EnsembleTimes, Plane, grid_times, station_times
from quakeloom.store import RunLayout, open_array

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """Stations by name: ``NET.STA``, longitude, latitude and depth below sea level in km."""

    names: tuple[str, ...]
    longitude: Floats
    latitude: Floats
    depth_km: Floats


@dataclass(frozen=True)
class GridEnsemble:
    """Times on grids, the plane that they lie in, and the depths of the boundary.

    Attributes
    ----------
    times : EnsembleTimes
    plane : Plane or None
        None where times depend on distance and depth alone.
    boundary_km : ndarray, shape (norths, easts, members)
        NaN where there is none.
    """

    times: EnsembleTimes
    plane: Plane | None
    boundary_km: Floats


def is_grid_source(path: Path) -> bool:
    """Say whether a path is a run with an ensemble, or the root of NonLinLoc's grids."""
    return is_run(path) or bool(list_time_grids(path, "P"))


def is_run(path: Path) -> bool:
    """Say whether a path is the folder of a run that made an ensemble of velocity models."""
    return (path / "ensemble.zarr").is_dir()


def grid_digest(path: Path) -> str:
    """Return a digest of an ensemble on disk: of what its blocks say of themselves."""
    if is_run(path):
        layout = RunLayout(path)
        found = [
            (str(p.relative_to(path)), digest_file(p))
            for stage in ("tomography", "regional")
            for p in sorted(layout.part(stage, "x").parent.glob("*.json"))
        ]
        return digest_json([found, digest_file(layout.settings)])
    headers = [h for phase in ("P", "S") for h in list_time_grids(path, phase)]
    files = [f for h in headers for f in (h, h.with_suffix(".buf")) if f.is_file()]
    return digest_json([(f.name, digest_file(f)) for f in files])


def grid_size(locate: Locate, paths: Sequence[Path], stations: int) -> tuple[int, float]:
    """Return members and bytes of the times of an ensemble on grids, without reading it."""
    if not is_run(paths[0]):
        headers = [h for p in paths for h in list_time_grids(p, "P")]
        return len(paths), 2.0 * sum(h.with_suffix(".buf").stat().st_size for h in headers)
    layout = RunLayout(paths[0])
    for name in ("regional_p_velocity", "p_velocity"):
        if (layout.root / "ensemble.zarr" / name).is_dir():
            shape = open_array(layout.root / "ensemble.zarr", name).shape
            members = min(shape[0], locate.members or shape[0])
            return members, 2.0 * stations * members * float(np.prod(shape[1:])) * 4.0
    return locate.members, 0.0


def read_grid_ensemble(
    locate: Locate, paths: Sequence[Path], places: Places, seed: int, cache: Path
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
    if not is_run(paths[0]):
        return _read_tables(locate, paths, places)
    layout = RunLayout(paths[0])
    settings = parse_settings(yaml.safe_load(layout.settings.read_text("utf-8")), str(paths[0]))
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


def _both_phases(locate: Locate, p_time: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Stack P times and S times by each member's Vp/Vs; members are the last axis."""
    ratio = vp_vs_of_members(locate, p_time.shape[-1], seed).astype(np.float32)
    return np.stack([p_time, p_time * ratio])


def _read_region(locate: Locate, settings: Settings, layout: RunLayout, seed: int) -> GridEnsemble:
    """Read the members of a regional run."""
    from quakeloom.stages.regional import read_times

    found = read_times(settings, layout, locate.members or None)
    times = grid_times(
        found["names"], found["stations"], _both_phases(locate, found["time_s"], seed),
        found["depth_km"], found["north_km"], found["east_km"],
    )  # fmt: skip
    boundary = np.full((times.north_km.size, times.east_km.size, times.member_count), np.nan)
    if locate.boundary_velocity_km_s > 0:
        assert settings.regional is not None
        every = settings.regional.table_every
        array = open_array(layout.root / "ensemble.zarr", "regional_p_velocity")
        for k in range(times.member_count):
            velocity = np.asarray(array[k], dtype=float)[tuple(slice(None, None, e) for e in every)]
            boundary[..., k] = _boundary(velocity, times.depth_km, locate.boundary_velocity_km_s)
    plane = Plane(found["longitude_deg"], found["latitude_deg"])
    return GridEnsemble(times, plane, boundary)


def _read_section(
    locate: Locate,
    settings: Settings,
    layout: RunLayout,
    places: Places,
    seed: int,
    cache: Path,
) -> GridEnsemble:
    """Trace the members of a refraction line to the stations that lie along it."""
    from quakeloom.stages._line_inputs import read_line
    from quakeloom.stages._member_tables import member_table

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
    chosen = np.flatnonzero(inside)
    array = open_array(layout.root / "ensemble.zarr", "p_velocity")
    count = min(array.shape[0], locate.members or array.shape[0])
    origin = (float(grid.depth_km[0]), float(grid.distance_km[0]))
    p_time = np.empty((chosen.size, *grid.shape, 1, count), np.float32)
    boundary = np.full((grid.distance_km.size, 1, count), np.nan)
    for k in range(count):
        velocity = np.asarray(array[k], dtype=float)
        for i, s in enumerate(chosen):
            # a station cannot lie above the ground of the section
            depth = max(float(places.depth_km[s]), float(grid.ground_at(along[s, 0])))
            p_time[i, :, :, 0, k] = member_table(
                cache, velocity, grid.spacing_km, origin, (depth, float(along[s, 0])), grid.active
            ).time_s
        if locate.boundary_velocity_km_s > 0:
            found = _boundary(velocity, grid.depth_km, locate.boundary_velocity_km_s)
            boundary[:, 0, k] = found
        if (k + 1) % 25 == 0:
            log.info("locate: traced %d of %d members", k + 1, count)
    # no earthquake lies in the water or the air
    p_time[:, ~grid.below_ground] = np.inf
    times = grid_times(
        [f"m{k:04d}" for k in range(count)], [places.names[s] for s in chosen],
        _both_phases(locate, p_time, seed), grid.depth_km, grid.distance_km,
    )  # fmt: skip
    return GridEnsemble(times, plane, boundary)


def _read_tables(locate: Locate, roots: Sequence[Path], places: Places) -> GridEnsemble:
    """Read grids of NonLinLoc; every root is a member."""
    depth_of = {n.split(".")[-1]: d for n, d in zip(places.names, places.depth_km, strict=True)}
    members: list[dict[tuple[str, str], TimeGrid]] = []
    for root in roots:
        grids = {}
        for phase in ("P", "S"):
            for header in list_time_grids(root, phase):
                grid = read_time_grid(header)
                grids[phase, grid.station] = grid
        members.append(grids)
    stations = sorted({s for grids in members for _, s in grids})
    first = next(iter(members[0].values()))
    for root, grids in zip(roots, members, strict=True):
        for (phase, station), grid in grids.items():
            _refuse_other_grid(root, phase, station, grid, first)
        lacking = [s for s in stations if ("P", s) not in grids]
        if lacking:
            raise InputError(
                f"The grids '{root}' have no P times of {', '.join(lacking[:5])}, which others "
                "have. Nothing is located; make them for the same stations."
            )
    shape = (2, len(stations), *first.time_s.shape, len(members))
    time = np.empty(shape, np.float32)
    measured = locate.s_velocities == "model"
    for k, grids in enumerate(members):
        for i, station in enumerate(stations):
            first_times = grids["P", station].time_s
            own = grids.get(("S", station)) if measured else None
            time[0, i, ..., k] = first_times
            time[1, i, ..., k] = first_times * locate.vp_vs_ratio if own is None else own.time_s
    names = [r.name for r in roots]
    nothing = np.full((1, 1, len(members)), np.nan)
    if first.distance_km is not None:
        depth = [depth_of.get(s, members[0]["P", s].station_km[2]) for s in stations]
        times = station_times(names, stations, time, first.depth_km, first.distance_km, depth)
        return GridEnsemble(times, None, nothing)
    if not np.isfinite(first.origin[0]):
        raise InputError(
            f"The grids '{roots[0]}' lie in space by the transformation '{first.transformation}', "
            "and only SIMPLE is known here. Nothing is located; make two-dimensional grids "
            "(GRID2D), which need none, or use SIMPLE."
        )
    assert first.north_km is not None
    assert first.east_km is not None
    times = grid_times(names, stations, time, first.depth_km, first.north_km, first.east_km)
    longitude, latitude, azimuth = first.origin
    return GridEnsemble(times, Plane(longitude, latitude, azimuth), nothing)


def _refuse_other_grid(
    root: Path, phase: str, station: str, grid: TimeGrid, first: TimeGrid
) -> None:
    same = grid.time_s.shape == first.time_s.shape and grid.origin == first.origin
    for a, b in (
        (grid.depth_km, first.depth_km),
        (grid.distance_km, first.distance_km),
        (grid.north_km, first.north_km),
        (grid.east_km, first.east_km),
    ):
        same = same and (a is None) == (b is None) and (a is None or np.array_equal(a, b))
    if not same:
        raise InputError(
            f"The grid of {phase} at {station} of '{root}' has other nodes than that of "
            f"{first.station}. Nothing is located; make all grids of one size."
        )


def _boundary(velocity: Floats, depth_km: Floats, limit_km_s: float) -> Floats:
    """Depth below which P stays faster than a limit, per column; NaN where it never is.

    The deepest node that is slower decides: a boundary is what lies above what stays fast.
    """
    slow = velocity <= limit_km_s
    last = velocity.shape[0] - 1 - np.argmax(slow[::-1], axis=0)
    last = np.where(slow.any(axis=0), last, -1)
    upper = np.clip(last, 0, velocity.shape[0] - 2)
    v0 = np.take_along_axis(velocity, upper[None], axis=0)[0]
    v1 = np.take_along_axis(velocity, upper[None] + 1, axis=0)[0]
    share = (limit_km_s - v0) / np.where(v1 > v0, v1 - v0, 1.0)
    depth = depth_km[upper] + share * (depth_km[upper + 1] - depth_km[upper])
    depth = np.where(last < 0, depth_km[0], depth)
    return np.where(last == velocity.shape[0] - 1, np.nan, depth)
