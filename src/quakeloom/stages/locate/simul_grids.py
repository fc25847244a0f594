"""Times in three-dimensional models of SIMULPS: placed on the globe, on a grid, traced."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import InputError, digest_json
from quakeloom.formats import SimulFrame, SimulModel, read_simul_frame, read_simul_model
from quakeloom.location import Plane, find_boundary, grid_times
from quakeloom.stages.ensemble.member_tables import member_table
from quakeloom.stages.locate.places import LEAST_KM, GridEnsemble, Places
from quakeloom.store import Item, digest_input, input_place, is_input

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]

_MOST_NODES = 20_000_000
"""Nodes of the grid of times, which take 160 MB per station and member; chosen here."""

_FRAME_KEYS = {
    "model_origin": "longitude and latitude of x = y = 0",
    "model_azimuth_deg": "azimuth of the y axis, the negative of SIMULPS's rota",
    "model_x_axis": "west in SIMULPS, east in TomoDD",
}
"""Settings that place a model on the globe, with what they are."""


@dataclass(frozen=True)
class _Volume:
    """The grid that times are computed on, and the stations in it.

    Attributes
    ----------
    models : list of SimulModel
    frame : SimulFrame
        Of the models.
    plane : Plane
        Around the origin of the models, its north along their y axis; distances in it are those
        on the ellipsoid.
    depth_km, north_km, east_km : ndarray
        Evenly spaced.
    stations : ndarray of int
        Numbers of the stations that are used.
    position_km : ndarray, shape (stations, 3)
        Their depth, north and east.
    """

    models: list[SimulModel]
    frame: SimulFrame
    plane: Plane
    depth_km: Floats
    north_km: Floats
    east_km: Floats
    stations: NDArray[np.int64]
    position_km: Floats

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of nodes."""
        return self.depth_km.size, self.north_km.size, self.east_km.size

    def velocity(self, model: SimulModel, phase: str) -> Floats:
        """Return the velocity of a model at all nodes of the grid."""
        north, east = np.meshgrid(self.north_km, self.east_km, indexing="ij")
        longitude, latitude = self.plane.inverse(north, east)
        x, y = self.frame.model_position(longitude, latitude)
        return model.velocity_at(phase, self.depth_km[:, None, None], y, x)


def simul_frame(locate: Locate, data: str) -> SimulFrame:
    """Return how models of SIMULPS lie on the globe, by the settings.

    Raises
    ------
    InputError
        If that is not said; the message has the keys to write.
    """
    if locate.model_stations:
        path = input_place(data, locate.model_stations)
        if not is_input(path):
            raise InputError(
                f"locate.model_stations is '{locate.model_stations}', and there is no file {path}. "
                "The models of SIMULPS cannot be placed on the globe; correct the path."
            )
        return read_simul_frame(path)
    missing = [key for key in _FRAME_KEYS if getattr(locate, key) is None]
    if missing:
        keys = ", ".join(f"locate.{key} ({_FRAME_KEYS[key]})" for key in missing)
        either = (
            "locate.model_stations (SIMULPS's station file, whose first line has origin and "
            "rotation), or "
            if len(missing) == len(_FRAME_KEYS)
            else ""
        )
        raise InputError(
            "A model of SIMULPS does not say where on the globe it lies, and nor do the settings. "
            f"Nothing is located; give {either}{keys}."
        )
    assert locate.model_origin is not None
    assert locate.model_azimuth_deg is not None
    assert locate.model_x_axis is not None
    return SimulFrame(*locate.model_origin, locate.model_azimuth_deg, locate.model_x_axis)


def frame_digest(locate: Locate, data: str) -> str:
    """Return a digest of the settings that decide the times in models of SIMULPS."""
    names = (*_FRAME_KEYS, "model_second_block", "model_spacing_km", "model_margin_km")
    stations = digest_input(input_place(data, locate.model_stations)) if (
        locate.model_stations and is_input(input_place(data, locate.model_stations))
    ) else ""  # fmt: skip
    return digest_json([stations, *(getattr(locate, name) for name in names)])


def describe_simul_model(locate: Locate, path: Path, data: str) -> str:
    """Say in words what a model of SIMULPS holds, and where it lies."""
    model, frame = read_simul_model(path, locate.model_second_block), simul_frame(locate, data)
    p, s = model.p_velocity_km_s, model.s_velocity_km_s
    (south, north), (west, east) = _sides([model], frame)
    plane = Plane(frame.longitude, frame.latitude, frame.true_azimuth_deg)
    longitude, latitude = plane.inverse([south, south, north, north], [west, east, east, west])
    corners = ", ".join(
        f"{a:.3f} {b:.3f}" for a, b in zip(longitude.tolist(), latitude.tolist(), strict=True)
    )
    return (
        f"{model.x_km.size} x {model.y_km.size} x {model.z_km.size} nodes, P {p.min():g} to "
        f"{p.max():g} km/s, {'no S' if s is None else f'S {s.min():.2f} to {s.max():.2f} km/s'}; "
        f"corners at longitude and latitude {corners}"
    )


def simul_size(
    locate: Locate, paths: Sequence[Path], data: str, places: Places
) -> tuple[int, int, float]:
    """Return members, groups and bytes of the times in models of SIMULPS."""
    volume = _volume(locate, paths, data, places)
    groups = 2 * volume.stations.size
    return len(paths), groups, 4.0 * groups * len(paths) * float(np.prod(volume.shape))


def trace_simul_models(
    locate: Locate, paths: Sequence[Path], data: str, places: Places, cache: Item
) -> GridEnsemble:
    """Compute the times from every node to every station in models of SIMULPS.

    First arrivals by the eikonal equation, P and S in their own velocities; S by ``vp_vs_ratio``
    where a model has none.
    """
    volume = _volume(locate, paths, data, places)
    left = len(places.names) - volume.stations.size
    if left:
        log.warning(
            "locate: %d of %d stations lie more than %g km outside of the models, "
            "locate.model_margin_km, and are not used",
            left, len(places.names), locate.model_margin_km,
        )  # fmt: skip
    time = np.empty((2, volume.stations.size, *volume.shape, len(paths)), np.float32)
    boundary = np.full((*volume.shape[1:], len(paths)), np.nan)
    spacing = (locate.model_spacing_km,) * 3
    origin = (
        float(volume.depth_km[0]), float(volume.north_km[0]), float(volume.east_km[0]),
    )  # fmt: skip
    for k, model in enumerate(volume.models):
        own = locate.s_velocities == "model" and model.s_velocity_km_s is not None
        for phase in (0, 1) if own else (0,):
            velocity = volume.velocity(model, "PS"[phase])
            for i, (depth, north, east) in enumerate(volume.position_km.tolist()):
                time[phase, i, ..., k] = member_table(
                    cache, velocity, spacing, origin, (depth, north, east)
                ).time_s
            if phase == 0 and locate.boundary_velocity_km_s > 0:
                boundary[..., k] = find_boundary(
                    velocity, volume.depth_km, locate.boundary_velocity_km_s
                )
        if not own:
            time[1, ..., k] = time[0, ..., k] * np.float32(locate.vp_vs_ratio)
        log.info("locate: traced %d of %d models", k + 1, len(paths))
    names = [places.names[i] for i in volume.stations]
    times = grid_times(
        [p.name for p in paths], names, time, volume.depth_km, volume.north_km, volume.east_km
    )
    return GridEnsemble(times, volume.plane, boundary)


def _volume(locate: Locate, paths: Sequence[Path], data: str, places: Places) -> _Volume:
    """Read the models, and lay a grid through their inner nodes and the stations beside them."""
    frame = simul_frame(locate, data)
    models = [read_simul_model(p, locate.model_second_block) for p in paths]
    plane = Plane(frame.longitude, frame.latitude, frame.true_azimuth_deg)
    sides = np.array(_sides(models, frame))
    position = np.column_stack(
        [places.depth_km, plane.forward(places.longitude, places.latitude)]
    ).reshape(-1, 3)
    outside = np.maximum(sides[:, 0] - position[:, 1:], position[:, 1:] - sides[:, 1]).max(axis=1)
    chosen = np.flatnonzero(outside <= locate.model_margin_km)
    if not chosen.size:
        _refuse_elsewhere(locate, models, frame, places)
    used = position[chosen]
    # up to where hypocenters are searched: SIMULPS has velocities there as well
    least = LEAST_KM if locate.minimum_depth_km is None else locate.minimum_depth_km
    top = min(least, max(m.inner_range("z")[0] for m in models))
    bottom = min(m.inner_range("z")[1] for m in models)
    step = locate.model_spacing_km
    low = [min(top, used[:, 0].min()), *np.minimum(sides[:, 0], used[:, 1:].min(axis=0))]
    high = [bottom, *np.maximum(sides[:, 1], used[:, 1:].max(axis=0))]
    first = [int(np.floor(v / step + 1e-9)) for v in low]
    counts = [
        max(int(np.ceil(v / step - 1e-9)) - f + 1, 2) for f, v in zip(first, high, strict=True)
    ]
    _refuse_large(locate, counts)
    deep = used[:, 0] > (first[0] + counts[0] - 1) * step
    if deep.any():
        raise InputError(
            f"Station '{places.names[chosen[deep][0]]}' lies {used[deep, 0][0]:g} km below sea "
            f"level, and the models of SIMULPS end at {bottom:g} km. Nothing is located; correct "
            "the elevation of the station."
        )
    axes = [np.round(np.arange(f, f + n) * step, 9) for f, n in zip(first, counts, strict=True)]
    return _Volume(models, frame, plane, axes[0], axes[1], axes[2], chosen, used)


def _sides(
    models: Sequence[SimulModel], frame: SimulFrame
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the range of north and of east that the inner nodes of all models cover.

    Raises
    ------
    InputError
        If they have none in common.
    """
    ranges = []
    for axis in "yxz":
        low = max(m.inner_range(axis)[0] for m in models)
        high = min(m.inner_range(axis)[1] for m in models)
        if not low < high:
            named = models[0].name if len(models) == 1 else f"{len(models)} models"
            raise InputError(
                f"The inner nodes of {named} have no range of {axis} (from {low:g} to {high:g} "
                "km; the first and the last of every axis are taken as far away). Nothing is "
                "located; give models with two nodes or more between the outermost ones."
            )
        ranges.append((low, high))
    (south, north), (low, high), _ = ranges
    return (south, north), ((-high, -low) if frame.x_axis == "west" else (low, high))


def _refuse_elsewhere(
    locate: Locate, models: Sequence[SimulModel], frame: SimulFrame, places: Places
) -> None:
    """Refuse stations of which none is near the models."""
    x, y = frame.model_position(places.longitude, places.latitude)
    found = ", ".join(
        f"{axis} {np.median(at):.1f} where nodes go from {low:g} to {high:g} km"
        for axis, at, (low, high) in (
            ("x", x, models[0].inner_range("x")),
            ("y", y, models[0].inner_range("y")),
        )
    )
    raise InputError(
        f"None of {len(places.names)} stations lies in '{models[0].name}' or within "
        f"{locate.model_margin_km:g} km of it (their middle has {found}). Nothing is located; "
        "check the origin (SIMULPS counts longitude positive west), the rotation and "
        f"model_x_axis: origin {frame.longitude:g}, {frame.latitude:g}, y axis at azimuth "
        f"{frame.azimuth_deg:g}, x to the {frame.x_axis}."
    )


def _refuse_large(locate: Locate, counts: Sequence[int]) -> None:
    """Refuse a grid with too many nodes."""
    nodes = int(np.prod(np.array(counts, dtype=np.int64)))
    if nodes > _MOST_NODES:
        coarser = locate.model_spacing_km * (nodes / _MOST_NODES) ** (1.0 / 3.0)
        raise InputError(
            f"A grid with {locate.model_spacing_km:g} km between nodes has "
            f"{' x '.join(map(str, counts))} nodes in these models, more than {_MOST_NODES:,}. "
            f"Nothing is located; set locate.model_spacing_km to {np.ceil(coarser * 10) / 10:g}."
        )
