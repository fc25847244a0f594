"""What a partition of mechanisms says about stress: selection, weights, places, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.cluster import Executor
from quakeloom.config import Stress
from quakeloom.stress import (
    MechanismSets,
    acceptance_table,
    choose_random_planes,
    mechanism_statistics,
    thin_acceptance,
    weigh_acceptance,
)

Floats = NDArray[np.float64]

SET_BLOCK = 1024
"""Rows of sets that are reduced at a time; chosen here: some 10 MB, a tenth of a second."""


@dataclass(frozen=True)
class StressEvents:
    """Mechanisms ready to be accumulated.

    Attributes
    ----------
    points : ndarray, shape (events, dimensions)
        In the order of :func:`axis_names`.
    statistics : ndarray, shape (events, 20)
    weights : ndarray, shape (events,)
    angles : ndarray, shape (events, 3)
        Strike, dip, rake of the preferred plane.
    left_out : dict
        How many events were left out, by reason.
    qualities : dict
        How many of the others have each letter; empty for none.
    sets : MechanismSets
        The same events with some of their acceptable mechanisms, and weights that are not reduced
        by how wide a set is.
    places : ndarray, shape (events, 3)
        Longitude, latitude, depth in km.
    from_sets : bool
        The statistics are those of acceptable mechanisms, not of the preferred ones.
    """

    points: Floats
    statistics: Floats
    weights: Floats
    angles: Floats
    left_out: dict[str, int]
    qualities: dict[str, int]
    sets: MechanismSets
    places: Floats
    from_sets: bool = False


def axis_names(settings: Stress) -> tuple[list[str], list[float]]:
    """Return the axes of the map and their steps; 0 for an axis of one value."""
    names, steps = [], []
    if settings.time_step_years > 0:
        names.append("time_year")
        steps.append(settings.time_step_years)
    if settings.depth_step_km > 0:
        names.append("depth_km")
        steps.append(settings.depth_step_km)
    if settings.projection:
        return [*names, "northing", "easting"], [*steps, *[settings.grid_step_km] * 2]
    return [*names, "latitude", "longitude"], [*steps, *[settings.grid_step_deg] * 2]


def takes_sets(settings: Stress) -> bool:
    """Return whether all acceptable mechanisms of an event enter, where they are stored."""
    return (
        settings.input == "accepted"
        and settings.planes in ("auto", "probable", "both")
        and not settings.catalogs
    )


def wrap_longitude(settings: Stress, longitude: Floats) -> Floats:
    """Return longitudes continuous across the date line where the area or the data lie there."""
    middle = settings.middle_longitude
    return (np.asarray(longitude, dtype=float) - middle + 180.0) % 360.0 - 180.0 + middle


def place_points(settings: Stress, longitude: Floats, latitude: Floats) -> Floats:
    """Return (northing, easting) in km, or (latitude, longitude) in degrees."""
    longitude = wrap_longitude(settings, longitude)
    if not settings.projection:
        return np.stack([latitude, longitude], axis=1)
    east, north = _transformer(settings.projection).transform(longitude, latitude)
    return np.stack([np.asarray(north), np.asarray(east)], axis=1) / 1000.0


def place_back(settings: Stress, horizontal: Floats) -> Floats:
    """Return (longitude, latitude) of (easting, northing) in km, or of themselves."""
    if not settings.projection:
        return horizontal
    lon, lat = _transformer(settings.projection).transform(
        horizontal[:, 0] * 1000.0, horizontal[:, 1] * 1000.0, direction="INVERSE"
    )
    return np.stack([wrap_longitude(settings, np.asarray(lon)), np.asarray(lat)], axis=1)


def place_boundaries(settings: Stress) -> list[Floats]:
    """Return the boundaries in horizontal coordinates of the map, (east, north) order."""
    lines = []
    for line in settings.boundaries:
        points = np.asarray(line, dtype=float)
        lines.append(place_points(settings, points[:, 0], points[:, 1])[:, ::-1])
    return lines


def _rules(
    settings: Stress, column: Mapping[str, Floats], weights: Floats
) -> dict[str, NDArray[np.bool_]]:
    """Return which mechanisms are left out by place, time, magnitude and quality, by reason."""
    longitude, latitude, depth = column["longitude"], column["latitude"], column["depth_km"]
    rules = {
        "no place": ~(np.isfinite(longitude) & np.isfinite(latitude)),
        "no depth": (settings.depth_step_km > 0) & ~np.isfinite(depth),
        "no time": (settings.time_step_years > 0) & ~np.isfinite(column["times"]),
        "too small": column["magnitude"] < settings.minimum_magnitude,
        "too deep": depth > settings.maximum_depth_km,
        "quality": weights <= 0,
    }
    if settings.area:
        west, east, south, north = settings.area
        rules["outside the area"] = (
            (longitude < west) | (longitude > east) | (latitude < south) | (latitude > north)
        )
    return rules


def select_events(
    settings: Stress,
    mechanisms: pa.Table,
    acceptance: Any = None,
    grid: Sequence[Floats] = (),
    seed: int = 0,
    block: int = SET_BLOCK,
    executor: Executor | None = None,
) -> StressEvents:
    """Return the mechanisms of a partition that enter the map, with their statistics.

    Parameters
    ----------
    settings : Stress
    mechanisms : pyarrow.Table
        Registered ``mechanisms``.
    acceptance : array_like, shape (events, mechanisms), optional
        Weights of the grid mechanisms, row by row as ``mechanisms``; read in blocks.
    grid : sequence of ndarray
        Strike, dip, rake of the grid mechanisms, and their shares of all orientations.
    seed : int
        Of random planes.
    block : int
        Rows of sets that are reduced at a time.
    executor : Executor, optional
        Reduces the blocks; this process, if not given.
    """
    column = {n: mechanisms.column(n).to_numpy() for n in
              ("longitude", "latitude", "depth_km", "magnitude", "strike_deg", "dip_deg",
               "rake_deg")}  # fmt: skip
    angles = np.stack([column[n] for n in ("strike_deg", "dip_deg", "rake_deg")], axis=1)
    quality = np.array(mechanisms.column("quality").to_pylist(), dtype=object)
    weights = np.array([settings.quality_weights.get(str(q), 1.0) for q in quality], dtype=float)
    weights = weights.reshape(len(quality))
    left: dict[str, int] = {}
    keep = np.ones(len(quality), dtype=bool)
    longitude = wrap_longitude(settings, column["longitude"])
    times = _decimal_years(mechanisms)
    rules = {
        "no mechanism": ~np.isfinite(angles).all(axis=1),
        **_rules(settings, {**column, "longitude": longitude, "times": times}, weights),
    }
    for reason, fails in rules.items():
        hit = keep & fails
        if hit.any():
            left[reason] = int(hit.sum())
        keep &= ~fails
    rows = np.flatnonzero(keep)
    parts = [place_points(settings, longitude[rows], column["latitude"][rows])]
    if settings.depth_step_km > 0:
        parts.insert(0, column["depth_km"][rows, None])
    if settings.time_step_years > 0:
        parts.insert(0, times[rows, None])
    ids = mechanisms.column("event_id").to_pylist()
    statistics = _preferred(settings, angles[rows], [ids[i] for i in rows], seed)
    weights = weights[rows]
    points = np.concatenate(parts, axis=1)
    whole = weights.copy()
    members = [angles[rows]]
    picked = np.arange(rows.size)[:, None]
    from_sets = acceptance is not None and takes_sets(settings)
    if from_sets and rows.size:
        members.append(np.stack(grid[:3], axis=1))
        coherence, picked = _take_sets(
            SetBlocks(acceptance, rows, block), grid, statistics, executor or Executor(0)
        )
        if settings.weighting == "coherence":
            weights = weights * coherence
    silent = weights <= 0
    if silent.any():
        left["no acceptable mechanism agrees with another"] = int(silent.sum())
    letters, counts = np.unique(quality[rows][~silent].astype(str), return_counts=True)
    qualities = dict(zip(letters.tolist(), counts.tolist(), strict=True))
    chosen = MechanismSets.equal(
        points, np.concatenate(members)[picked], np.where(silent, 0.0, whole)
    )
    places = np.stack([longitude, column["latitude"], column["depth_km"]], axis=1)[rows]
    return StressEvents(
        points, statistics, weights, angles[rows], left, qualities, chosen, places, from_sets
    )


@dataclass(frozen=True)
class SetBlocks:
    """Sets of chosen events, and how many rows of them are read at a time."""

    acceptance: Any
    rows: NDArray[np.int64]
    block: int


@dataclass(frozen=True)
class SetTask:
    """Rows of stored sets that a worker reduces; ``table`` is of the mechanisms they stand on."""

    acceptance: Any
    rows: NDArray[np.int64]
    table: Floats


def reduce_sets(task: SetTask) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return statistics and coherence of sets, and some of their members; runs on a worker."""
    # one contiguous read per block; a chunk holds neighbors
    chunk = np.asarray(task.acceptance[task.rows[0] : task.rows[-1] + 1])
    chunk = chunk[task.rows - task.rows[0]]
    sets, coherence = weigh_acceptance(chunk, task.table)
    return sets, coherence, thin_acceptance(chunk, task.table[:, -1])


def _take_sets(
    blocks: SetBlocks, grid: Sequence[Floats], statistics: Floats, executor: Executor
) -> tuple[Floats, NDArray[np.int64]]:
    """Put what sets say in the place of preferred mechanisms; return coherence and members.

    Members are numbers of preferred mechanisms, after which those of the grid are counted on.
    """
    table = acceptance_table(*grid)
    rows = blocks.rows
    bounds = list(_blocks(rows, blocks.block))
    tasks = (SetTask(blocks.acceptance, rows[a:b], table) for a, b in bounds)
    coherences, members = [], []
    for (start, stop), found in zip(bounds, executor.map(reduce_sets, tasks), strict=True):
        sets, coherence, thinned = found
        has = coherence > 0
        statistics[start:stop][has] = sets[has]
        coherences.append(np.where(has, coherence, 0.0))
        # an event without a set has its preferred mechanism alone
        alone = np.arange(start, stop)[:, None]
        members.append(np.where(has[:, None], thinned + rows.size, alone))
    return np.concatenate(coherences), np.concatenate(members)


def _preferred(settings: Stress, angles: Floats, ids: list[str], seed: int) -> Floats:
    strike, dip, rake = angles.T
    if settings.planes != "random":
        return mechanism_statistics(strike, dip, rake, "both")
    other = choose_random_planes(ids, seed)
    given = mechanism_statistics(strike, dip, rake, "given")
    auxiliary = mechanism_statistics(strike, dip, rake, "auxiliary")
    return np.where(other[:, None], auxiliary, given)


def _blocks(rows: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Runs of selected rows that lie within ``size`` rows of the table."""
    start = 0
    while start < rows.size:
        stop = int(np.searchsorted(rows, rows[start] + size))
        yield start, stop
        start = stop


def _decimal_years(mechanisms: pa.Table) -> Floats:
    times = mechanisms.column("origin_time").to_numpy().astype("datetime64[ns]")
    year = times.astype("datetime64[Y]")
    length = (year + 1).astype("datetime64[ns]") - year.astype("datetime64[ns]")
    part = (times - year.astype("datetime64[ns]")) / length
    out: Floats = year.astype(float) + 1970.0 + part
    return np.where(np.isnat(times), np.nan, out)


def _transformer(projection: str) -> Any:
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    from quakeloom.core import SettingsError

    try:
        return Transformer.from_crs("EPSG:4326", projection, always_xy=True)
    except CRSError as error:
        raise SettingsError(
            f"stress.projection '{projection}' is not known ({error}); write one such as "
            "EPSG:2193, or leave it empty."
        ) from error
