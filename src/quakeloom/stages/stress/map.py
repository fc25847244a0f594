"""The stress map of accumulated statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Stress
from quakeloom.core import InputError, fault_vectors
from quakeloom.formats import read_coastline
from quakeloom.stages.stress.columns import tabulate_map
from quakeloom.stages.stress.inputs import axis_names, place_back, place_boundaries, place_points
from quakeloom.store import find_resource
from quakeloom.stress import (
    Bootstrap,
    MechanismSets,
    PlacedMechanisms,
    PlaneChoice,
    PlaneModel,
    StressField,
    StressGrid,
    StressInversion,
    StressStatistics,
    StressUncertainty,
    add_keyed,
    find_families,
    independent_scatter,
    invert_probable_planes,
    invert_unstable_planes,
    mask_near,
    mask_polygons,
    mechanism_statistics,
    stack_keyed,
    summarize_posterior,
    summarize_replicates,
)

Floats = NDArray[np.float64]


MOST_NODES = 300_000
"""Nodes of the largest map; chosen here: its factor has some 13 GB."""

_MOST_PLACES = 20_000_000
"""Places of the box around a map, of which those near mechanisms are nodes; chosen here."""


@dataclass(frozen=True)
class MapEvents:
    """Mechanisms one by one, for what sums cannot do: planes that are weighed, the bootstrap."""

    points: Floats
    statistics: Floats
    weights: Floats
    angles: Floats
    sets: MechanismSets
    places: Floats
    from_sets: bool = False


@dataclass(frozen=True)
class StressMap:
    """A stress map with its uncertainty.

    Attributes
    ----------
    grid : StressGrid
    field : StressField
    uncertainty : StressUncertainty
    bootstrap : StressUncertainty or None
    fields : ndarray of float32, shape (draws, nodes, 5)
        Joint posterior draws of the components.
    table : pyarrow.Table
        Registered ``stress``: the nodes that have a stress and data.
    longitude, latitude : ndarray, shape (nodes,)
    planes : str
        How fault planes were chosen.
    friction : float or None
        Of the instability criterion.
    friction_at_edge : bool
        It is the least or the largest that was tried, or most draws are at an end of its range.
    model : PlaneModel or None
        What is found of faults and errors where planes are weighed by their probability.
    scatter : float
        Share of the misfit that was taken for noise.
    reason : str
        Why there is no stress; empty where there is one.
    projection : str
        Coordinate reference system of easting and northing; empty for longitude and latitude.
    """

    grid: StressGrid
    field: StressField
    uncertainty: StressUncertainty
    bootstrap: StressUncertainty | None
    fields: NDArray[np.float32]
    table: pa.Table
    longitude: Floats
    latitude: Floats
    planes: str
    friction: float | None = None
    friction_at_edge: bool = False
    scatter: float = 1.0
    reason: str = ""
    projection: str = ""
    model: PlaneModel | None = None


def make_map(
    settings: Stress,
    parts: Sequence[dict[str, NDArray[np.int64]]],
    center: tuple[float, float],
    events: MapEvents | None = None,
    seed: int = 0,
) -> StressMap:
    """Invert the sums of all partitions.

    Parameters
    ----------
    settings : Stress
    parts : sequence of dict
        Keyed statistics, see :func:`quakeloom.stress.key_statistics`.
    center : tuple of float
        Mean (north, east) coordinate of the events, where a single node stands.
    events : MapEvents, optional
        Needed for instability and the bootstrap.
    seed : int

    Returns
    -------
    StressMap
        Where no mechanism is inside the map and usable, a map of one node without a stress
        that says why.
    """
    loaded = [p for p in parts if len(p["node"])]
    if not loaded:
        return _empty_map(settings)
    grid, origin = _make_grid(settings, loaded, center)
    statistics = add_keyed(grid, origin, loaded)
    solved = _solve(settings, grid, statistics, events, seed)
    field = solved.field
    if solved.model is None:
        uncertainty = summarize_posterior(
            field.components, field.covariance, settings.draws, field.freedom, seed
        )
    else:
        uncertainty = summarize_replicates(field.components, solved.fields.astype(np.float32))
    bootstrap = None
    if settings.bootstrap and events is not None:
        draws = Bootstrap(
            solved.inversion, solved.alpha2, events.points, _used_statistics(events, solved),
            events.weights,
        ).run(settings.bootstrap, seed=seed)  # fmt: skip
        bootstrap = summarize_replicates(field.components, draws)
    place = place_back(settings, grid.horizontal)
    table = tabulate_map(grid, field, uncertainty, place)
    choice = solved.choice if solved.planes == "instability" else None
    friction = choice.friction if choice else None
    at_edge = choice.friction_at_edge if choice else False
    if solved.model is not None:
        friction, at_edge = float(solved.model.friction[1]), solved.model.friction_at_edge
    spaced = np.linspace(0, len(solved.fields) - 1, settings.fields).astype(np.int64)
    fields = solved.fields if solved.model is None else solved.fields[spaced]
    return StressMap(
        grid, field, uncertainty, bootstrap, fields.astype(np.float32), table,
        place[:, 0], place[:, 1], solved.planes, friction, at_edge, solved.scatter,
        projection=settings.projection, model=solved.model,
    )  # fmt: skip


def _used_statistics(events: MapEvents, solved: _Solved) -> Floats:
    """Return the statistics that the field rests on: of the chosen planes where they are."""
    if solved.planes != "instability" or solved.choice is None:
        return events.statistics
    strike, dip, rake = events.angles.T
    first = mechanism_statistics(strike, dip, rake, "given")
    second = mechanism_statistics(strike, dip, rake, "auxiliary")
    return np.where(solved.choice.auxiliary[:, None], second, first)


@dataclass(frozen=True)
class _Solved:
    """A field, its joint draws, and how it was come by.

    ``inversion`` and ``alpha2`` are those of the sums as they are, for the bootstrap.
    """

    field: StressField
    fields: Floats
    planes: str
    inversion: StressInversion
    alpha2: tuple[float, ...]
    choice: PlaneChoice | None
    scatter: float
    model: PlaneModel | None = None


def _solve(
    settings: Stress,
    grid: StressGrid,
    statistics: StressStatistics,
    events: MapEvents | None,
    seed: int,
) -> _Solved:
    """Invert sums, or mechanisms one by one where planes are chosen by instability."""
    options: dict[str, Any] = {
        "basis": settings.basis, "order": settings.order, "metric": settings.metric
    }  # fmt: skip
    planes = settings.planes
    if planes == "auto":
        planes = "both" if events is None else "probable"
    if planes == "probable" and events is not None:
        count = len(grid.smoothness(settings.order, settings.metric))
        given = (list(settings.alpha2) * 2)[:count] if settings.alpha2 else None
        normal, slip = fault_vectors(*events.angles.T)
        longitude, latitude, depth = events.places.T
        family = find_families(longitude, latitude, depth, normal, slip)
        sets = replace(events.sets, family=family)
        probable = invert_probable_planes(
            grid, statistics, sets, alpha2=given, seed=seed, **options
        )
        alpha2 = probable.field.point.alpha2
        return _Solved(
            probable.field, probable.draws, planes, probable.inversion, alpha2, None, 1.0,
            probable.model,
        )  # fmt: skip
    choice = None
    if events is not None and planes == "instability":
        strike, dip, rake = events.angles.T
        choice = invert_unstable_planes(
            grid, PlacedMechanisms(events.points, strike, dip, rake, events.weights),
            alpha2=settings.alpha2[0] if settings.alpha2 else None, **options,
        )  # fmt: skip
    if planes == "instability" and choice is not None:
        fields = choice.draw_fields(settings.fields, seed)
        alpha2 = choice.field.point.alpha2
        return _Solved(choice.field, fields, planes, choice.inversion, alpha2, choice, 1.0)
    inversion = StressInversion(grid, statistics, **options)
    field = _solve_sums(settings, inversion)
    used, scatter, alpha2 = inversion, 1.0, field.point.alpha2
    from_sets = events is not None and events.from_sets
    if from_sets and settings.errors == "scores" and not settings.alpha2:
        scatter = independent_scatter(field)
        if scatter < 1.0:
            used = StressInversion(grid, statistics.times(1.0 / scatter), **options)
            weight, ratio = field.data_weight, field.score_ratio
            field = replace(_solve_sums(settings, used), data_weight=weight, score_ratio=ratio)
    fields = used.draw_fields(field.point.alpha2, settings.fields, seed, field.scan)
    return _Solved(field, fields, planes, inversion, alpha2, choice, scatter)


def _solve_sums(settings: Stress, inversion: StressInversion) -> StressField:
    if settings.alpha2:
        given = list(settings.alpha2) * 2
        return inversion.solve(given[: len(inversion.inversion.penalties)])
    scan = inversion.scan()
    return inversion.solve(scan.best.alpha2, scan)


def _empty_map(settings: Stress) -> StressMap:
    """One node, in the middle of the area where one is given, and no stress."""
    names, _ = axis_names(settings)
    area = settings.area
    middle = np.full((1, 2), np.nan)
    if area:
        longitude, latitude = 0.5 * (area[0] + area[1]), 0.5 * (area[2] + area[3])
        middle = place_points(settings, np.array([longitude]), np.array([latitude]))
    axes = {n: np.zeros(1) for n in names[:-2]}
    axes |= dict(zip(names[-2:], middle.T, strict=True))
    grid = StressGrid(axes)
    field = StressField.unknown(grid.node_count)
    uncertainty = summarize_posterior(field.components, field.covariance, 2)
    place = place_back(settings, grid.horizontal) if area else middle
    table = tabulate_map(grid, field, uncertainty, place)
    return StressMap(
        grid, field, uncertainty, None, np.empty((0, grid.node_count, 5), np.float32), table,
        place[:, 0], place[:, 1], settings.planes,
        reason="None of the mechanisms is inside the map and usable. Look at the rules for area, "
        "depth, magnitude and quality, and at what was left out.",
        projection=settings.projection,
    )  # fmt: skip


def _make_grid(
    settings: Stress, parts: Sequence[dict[str, NDArray[np.int64]]], center: tuple[float, float]
) -> tuple[StressGrid, NDArray[np.int64]]:
    names, steps = axis_names(settings)
    keys = stack_keyed(parts)
    low, high = keys.min(axis=0), keys.max(axis=0)
    counted = np.concatenate([p["node"][p["count"] > 0] for p in parts])
    degrees = not settings.projection
    for axis in range(len(names) - 2, len(names)):
        if steps[axis] == 0:
            continue
        step_km = steps[axis] * (111.195 if degrees else 1.0)
        if degrees and names[axis] == "longitude":
            widest = np.abs(np.array([low[axis - 1], high[axis - 1]]) * steps[axis - 1]).max()
            step_km *= max(np.cos(np.radians(min(widest, 85.0))), 0.05)
        reach = int(np.ceil(settings.reach_km / step_km))
        limits = _area_limits(settings, axis - len(names)) if settings.area else None
        loaded = keys[:, axis].min(), keys[:, axis].max()
        low[axis] -= reach
        high[axis] += reach
        if degrees and names[axis] == "latitude":
            pole = int(np.floor(90.0 / steps[axis] + 1e-9))
            low[axis] = min(max(low[axis], -pole), loaded[0])
            high[axis] = max(min(high[axis], pole), loaded[1])
        if limits is not None:
            first, last = (
                int(np.floor(limits[0] / steps[axis])),
                int(np.ceil(limits[1] / steps[axis])),
            )
            if settings.mask == "land":  # land without any mechanism is of the map, too
                low[axis], high[axis] = first, last
            low[axis] = min(max(low[axis], first), loaded[0])
            high[axis] = max(min(high[axis], last), loaded[1])
    refuse_many_nodes(high - low + 1, settings, _MOST_PLACES)
    axes = {
        name: np.arange(low[i], high[i] + 1) * steps[i] if steps[i] else np.zeros(1)
        for i, name in enumerate(names)
    }
    if steps[-1] == 0:
        axes[names[-2]], axes[names[-1]] = np.array([center[0]]), np.array([center[1]])
    horizontal = {n: axes[n] for n in names[-2:]}
    near = np.ones(tuple(v.size for v in horizontal.values()), dtype=bool)
    if steps[-1] != 0:
        places = (counted[:, -2:] * np.array(steps[-2:]))[:, ::-1]
        if settings.mask == "land":
            near = mask_polygons(horizontal, _land(settings, horizontal), settings.reach_km)
        else:
            near = mask_near(horizontal, places, settings.reach_km)
    mask = np.broadcast_to(near, tuple(v.size for v in axes.values())).copy()
    mask[tuple((keys - low).T)] = True
    refuse_many_nodes(np.array([mask.sum()]), settings, MOST_NODES)
    return StressGrid(axes, mask, place_boundaries(settings)), low


def refuse_many_nodes(sizes: NDArray[Any], settings: Stress, most: int) -> None:
    """Refuse a map of more nodes than fit into memory, before it is laid out.

    Parameters
    ----------
    sizes : ndarray
        Nodes along every axis.
    settings : Stress
    most : int
        Nodes that fit.

    Raises
    ------
    InputError
        With the step that would do.
    """
    nodes = float(np.prod(sizes.astype(float)))
    if nodes <= most:
        return
    step, unit = settings.grid_step_deg, "deg"
    if settings.projection:
        step, unit = settings.grid_step_km, "km"
    enough = step * float(np.sqrt(nodes / most))
    raise InputError(
        f"A stress map of {nodes:,.0f} nodes does not fit into memory; at most {most:,} are "
        f"computed. Nothing was inverted; write a grid_step_{unit} of {enough:.2g} or more "
        f"in place of {step:g}, a smaller area, or less depths and times."
    )


def _area_limits(settings: Stress, axis: int) -> tuple[float, float]:
    """Least and largest coordinate of the area on the second last (north) or last axis."""
    west, east, south, north = settings.area
    if not settings.projection:
        return (south, north) if axis == -2 else (west, east)
    side = np.linspace(0.0, 1.0, 21)
    longitude = np.concatenate(
        [west + (east - west) * side] * 2 + [0 * side + west, 0 * side + east]
    )
    latitude = np.concatenate(
        [0 * side + south, 0 * side + north] + [south + (north - south) * side] * 2
    )
    values = place_points(settings, longitude, latitude)[:, axis]
    return float(values.min()), float(values.max())


def _land(settings: Stress, axes: dict[str, Floats]) -> list[Floats]:
    names = list(axes)
    corners = np.array(
        [[e, n] for e in (axes[names[1]][0], axes[names[1]][-1])
         for n in (axes[names[0]][0], axes[names[0]][-1])]
    )  # fmt: skip
    box = place_back(settings, corners)
    coast = read_coastline(find_resource("coastline") / "coastline-10m.npz")
    rings = coast.clip(
        box[:, 0].min() - 1, box[:, 0].max() + 1, box[:, 1].min() - 1, box[:, 1].max() + 1, 0.01
    )
    return [place_points(settings, r[:, 0], r[:, 1])[:, ::-1] for r in rings]
