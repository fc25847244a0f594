"""The ensemble that events are located in: models read, members drawn, times traced once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Locate, expand_variables
from quakeloom.core import InputError, LayeredModel, digest_file, digest_json
from quakeloom.formats import (
    TravelTimeTable,
    has_layers,
    is_travel_time_table,
    read_layer_model,
    read_travel_time_table,
    read_velocity_model,
)
from quakeloom.location import (
    EnsembleTimes,
    draw_layered_models,
    scale_times,
    stack_members,
    trace_member,
)
from quakeloom.store import atomic_folder, find_resource, open_array, read_json, write_array
from quakeloom.store import write_json_if_changed as write_json
from quakeloom.travel import table_grid

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]

_ARRAYS = ("straight_slowness", "depth_km", "distance_km", "level_km", "boundary_km")


@dataclass(frozen=True)
class StoredEnsemble:
    """Times of an ensemble, and the depth of the boundary in each member (NaN: none)."""

    times: EnsembleTimes
    boundary_km: Floats


def find_location_model(name: str, base: Path) -> Path:
    """Return the file of a model: below ``base``, as given, or one of quakeloom's own.

    Raises
    ------
    InputError
        If there is none; the message lists those that come with quakeloom.
    """
    own = find_resource("velocity_models")
    written = expand_variables(name)
    for path in (base / written, Path(written), own / f"{written}.txt"):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in own.glob("*.txt")))
    raise InputError(
        f"Velocity model '{name}' does not exist as a file (looked for {base / written}), and is "
        f"none of quakeloom's own ({known}). Nothing can be located; correct locate.models."
    )


def ensemble_digest(
    locate: Locate, base: Path, levels: Sequence[float], seed: int, code: str
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
    )
    files = [digest_file(find_location_model(m, base)) for m in locate.models]
    values = {n: getattr(locate, n) for n in names}
    return digest_json([files, values, list(map(float, levels)), seed, code])


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
    locate: Locate, base: Path, levels: Sequence[float], seed: int
) -> tuple[EnsembleTimes, Floats]:
    """Read models, draw members and trace their times; also the depth of the boundary in each."""
    paths = [find_location_model(m, base) for m in locate.models]
    tables = [read_travel_time_table(p) for p in paths if is_travel_time_table(p)]
    models = [
        read_layer_model(p) if has_layers(p) else read_velocity_model(p)
        for p in paths
        if not is_travel_time_table(p)
    ]
    if tables and models:
        raise InputError(
            "locate.models mixes travel-time tables with velocity models, which have no grid in "
            "common. Nothing is located; give either."
        )
    if tables:
        return _stack_tables(locate, tables, levels), np.full(len(tables), np.nan)
    members = draw_members(locate, models, seed)
    depth, distance = table_grid(
        locate.maximum_depth_km + 1.0,
        table_reach_km(locate),
        locate.table_step_km,
        models if len(models) == 1 and not locate.members else (),
    )
    top = min(locate.minimum_depth_km, -3.0)
    depth = np.concatenate([np.arange(np.floor(top), depth[0]), depth])
    traced = []
    for i, model in enumerate(members):
        traced.append(trace_member(model, depth, distance, levels, locate.spherical))
        if (i + 1) % 25 == 0:
            log.info("locate: traced %d of %d models", i + 1, len(members))
    names = [m.name for m in members]
    boundary = np.array([_boundary(m, locate.boundary_velocity_km_s) for m in members])
    return stack_members(names, traced, depth, distance, levels), boundary


def draw_members(locate: Locate, models: Sequence[LayeredModel], seed: int) -> list[LayeredModel]:
    """Return the members: the models themselves, or drawn around them in turn."""
    models = [_with_s(m, locate) for m in models]
    if not locate.members:
        return list(models)
    share = -(-locate.members // len(models))
    drawn = [
        draw_layered_models(
            model,
            share,
            seed + i,
            velocity_spread=locate.velocity_spread,
            thickness_spread=locate.thickness_spread,
            vp_vs_spread=locate.vp_vs_spread,
            correlation_km=locate.correlation_km,
            vp_vs_ratio=locate.vp_vs_ratio,
        )
        for i, model in enumerate(models)
    ]
    return [d[k] for k in range(share) for d in drawn][: locate.members]


def write_ensemble(folder: Path, times: EnsembleTimes, boundary_km: Floats, key: str) -> None:
    """Write the times of an ensemble of one-dimensional models."""
    with atomic_folder(folder) as temporary:
        write_array(temporary, "straight_slowness", times.values[:, :, :, 0, :])
        write_array(temporary, "depth_km", times.depth_km)
        write_array(temporary, "distance_km", times.north_km)
        write_array(temporary, "level_km", times.level_km)
        write_array(temporary, "boundary_km", boundary_km)
        write_json(temporary / "members.json", {"names": list(times.names), "key": key})


def read_ensemble(folder: Path) -> StoredEnsemble:
    """Read the times of an ensemble."""
    arrays = {name: np.asarray(open_array(folder, name)[...]) for name in _ARRAYS}
    names = tuple(read_json(folder / "members.json")["names"])
    times = EnsembleTimes(
        names,
        arrays["straight_slowness"][:, :, :, None, :],
        arrays["depth_km"],
        arrays["distance_km"],
        np.zeros(1),
        True,
        True,
        arrays["level_km"],
    )
    return StoredEnsemble(times, arrays["boundary_km"])


def table_reach_km(locate: Locate) -> float:
    """Return how far tables reach: stations are chosen by their distance from the first one."""
    return 1.25 * locate.maximum_distance_km + 25.0


def ensemble_bytes(locate: Locate, levels: int) -> float:
    """Return the bytes of the times of an ensemble in memory, at most."""
    depth, distance = table_grid(
        locate.maximum_depth_km + 1.0,
        table_reach_km(locate),
        locate.table_step_km,
    )
    members = locate.members or len(locate.models)
    return 2.0 * levels * (depth.size + 8) * distance.size * members * 4.0


def _with_s(model: LayeredModel, locate: Locate) -> LayeredModel:
    if model.s_velocity_km_s is not None and locate.s_velocities == "model":
        return model
    s = model.p_velocity_km_s / locate.vp_vs_ratio
    return LayeredModel(model.name, model.depth_km, model.p_velocity_km_s, s)


def _boundary(model: LayeredModel, velocity_km_s: float) -> float:
    """Depth at which P first exceeds a velocity; NaN if it never does, or none is asked for."""
    if velocity_km_s <= 0:
        return float("nan")
    z, v = model.depth_km, model.p_velocity_km_s
    over = np.flatnonzero(v > velocity_km_s)
    if not over.size:
        return float("nan")
    i = int(over[0])
    if i == 0 or z[i] == z[i - 1]:
        return float(z[i])
    return float(z[i - 1] + (velocity_km_s - v[i - 1]) / (v[i] - v[i - 1]) * (z[i] - z[i - 1]))


def _stack_tables(
    locate: Locate, tables: Sequence[TravelTimeTable], levels: Sequence[float]
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
    inside = first.distance_km <= table_reach_km(locate)
    distance = first.distance_km[inside]
    depth = np.concatenate([[min(locate.minimum_depth_km, -3.0)], first.depth_km])
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
