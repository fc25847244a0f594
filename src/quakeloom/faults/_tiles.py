"""Tiles with halos, so that a nation is searched in pieces and has no seams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._draws import match_planes
from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import PlaneModel
from quakeloom.faults._rectangles import CENTER, COLUMNS, COUNT
from quakeloom.faults._search import search_planes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_START_SIZES = ((12, 25, 50), (9, 18, 36), (16, 32, 64), (10, 22, 44), (14, 28, 56))
"""Neighbors by which the searches start, in turn; chosen here."""


@dataclass(frozen=True)
class Tile:
    """A square of the map, and the events in and around it.

    Attributes
    ----------
    low, high : tuple of float
        Its corners, north and east in km; a plane belongs to it if its center is in it.
    rows : ndarray of int
        Events in it and in its halo.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    rows: Integers


@dataclass(frozen=True)
class TileTask:
    """A tile to be searched; all that decides the result."""

    events: Hypocenters
    low: tuple[float, float]
    high: tuple[float, float]
    even: Floats
    model: PlaneModel
    start: int
    seed: int


def cut_tiles(positions: Floats, tile_km: float, halo_km: float) -> list[Tile]:
    """Return the tiles that hold events; one if the region is no wider than two tiles.

    Tiles follow from the origin of the coordinates, not from the events, so that more events do
    not move them.
    """
    low, high = positions[:, :2].min(axis=0), positions[:, :2].max(axis=0)
    if (high - low).max() <= 2.0 * tile_km:
        everywhere = (-np.inf, -np.inf), (np.inf, np.inf)
        return [Tile(*everywhere, np.arange(len(positions)))]
    cells = np.unique(np.floor(positions[:, :2] / tile_km).astype(np.int64), axis=0)
    tiles = []
    for cell in cells:
        corner = cell * tile_km
        near = np.all(
            (positions[:, :2] >= corner - halo_km)
            & (positions[:, :2] < corner + tile_km + halo_km),
            axis=1,
        )
        first, second = corner, corner + tile_km
        tiles.append(Tile((first[0], first[1]), (second[0], second[1]), np.flatnonzero(near)))
    return tiles


def search_tile(task: TileTask) -> Floats:
    """Return the planes whose centers lie in a tile; runs on a worker."""
    least = task.model.least_events
    if len(task.events) < 2 * least and len(task.events) < least:
        return np.empty((0, COLUMNS))
    sizes = _START_SIZES[task.start % len(_START_SIZES)]
    found = search_planes(task.events, task.even, task.model, sizes)
    planes = found.mixture.planes
    center = planes[:, CENTER][:, :2]
    inside = np.all((center >= task.low) & (center < task.high), axis=1)
    return planes[inside]


def join_tiles(found: list[Floats]) -> Floats:
    """Return the planes of all tiles, those that two tiles found once.

    Of two that are the same the one with more events is kept.
    """
    planes = np.concatenate([np.empty((0, COLUMNS)), *found])
    planes = planes[np.argsort(-planes[:, COUNT], kind="stable")]
    if len(found) < 2:
        return planes
    kept: list[Floats] = []
    for plane in planes:
        others = np.array(kept).reshape(-1, COLUMNS)
        if len(kept) and match_planes(plane[None], _near(plane, others))[0] >= 0:
            continue
        kept.append(plane)
    return np.array(kept).reshape(-1, COLUMNS)


def _near(plane: Floats, others: Floats) -> Floats:
    apart = np.linalg.norm(others[:, CENTER] - plane[CENTER], axis=1)
    near: Floats = others[apart < plane[6] + plane[7] + others[:, 6] + others[:, 7]]
    return near
