"""Coastlines as arrays, cut to the frame of a map."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coastline:
    """Closed rings of land (and lakes in land), without jumps at the date line.

    Attributes
    ----------
    longitude, latitude : ndarray, shape (vertices,)
        Degrees; a ring that crosses the date line goes on beyond 180 or -180.
    start : ndarray of int, shape (rings + 1,)
        First vertex of each ring, and the end.
    resolution_deg : float
        Smallest step of the coordinates; finer frames are smoothed when drawn.
    name : str
        Source and scale, for captions.
    """

    longitude: Floats
    latitude: Floats
    start: NDArray[np.int64]
    resolution_deg: float = 0.0
    name: str = ""

    boxes: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first = self.start[:-1]
        bounds = [
            extreme.reduceat(values, first)
            for values in (self.longitude, self.latitude)
            for extreme in (np.minimum, np.maximum)
        ]
        boxes = np.stack(bounds, axis=1) if len(first) else np.zeros((0, 4))
        object.__setattr__(self, "boxes", boxes)

    @classmethod
    def from_steps(
        cls,
        ring_length: ArrayLike,
        ring_start: ArrayLike,
        longitude_step: ArrayLike,
        latitude_step: ArrayLike,
        scale: ArrayLike,
        origin: ArrayLike,
        name: str = "",
    ) -> Coastline:
        """Build a coastline from integer differences between vertices.

        Parameters
        ----------
        ring_length : array_like of int, shape (rings,)
        ring_start : array_like of int, shape (rings, 2)
            First vertex of each ring: longitude, latitude in units of ``scale``.
        longitude_step, latitude_step : array_like of int, shape (vertices - rings,)
        scale, origin : array_like of float, shape (2,)
            ``degrees = origin + scale * integer`` for longitude and latitude.
        """
        length = np.asarray(ring_length, dtype=np.int64)
        first = np.asarray(ring_start, dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(length)])
        columns = []
        for axis, steps in enumerate((longitude_step, latitude_step)):
            jump = np.zeros(start[-1], dtype=np.int64)
            inside = np.ones(start[-1], dtype=bool)
            inside[start[:-1]] = False
            jump[inside] = np.asarray(steps, dtype=np.int64)
            total = np.cumsum(jump)
            total += np.repeat(first[:, axis] - total[start[:-1]], length)
            columns.append(np.asarray(origin)[axis] + np.asarray(scale)[axis] * total)
        return cls(columns[0], columns[1], start, float(np.max(scale)), name)

    def clip(
        self, west: float, east: float, south: float, north: float, step_deg: float = 0.0
    ) -> list[Floats]:
        """Return the polygons of land inside a frame.

        Parameters
        ----------
        west, east, south, north : float
            The frame in degrees, ``west < east``; it may pass the date line (e.g. 175 to 190).
        step_deg : float
            Vertices closer than this to the last one kept are dropped.

        Returns
        -------
        list of ndarray, shape (vertices, 2)
            Longitude and latitude of closed rings in the longitudes of the frame. Their
            edges along the frame are not coast: draw the frame a little smaller.
        """
        polygons: list[Floats] = []
        # rings and frame may both go on beyond the date line, each by up to a turn
        for shift in (-720.0, -360.0, 0.0, 360.0, 720.0):
            hit = (
                (self.boxes[:, 0] + shift < east)
                & (self.boxes[:, 1] + shift > west)
                & (self.boxes[:, 2] < north)
                & (self.boxes[:, 3] > south)
            )
            for ring in np.flatnonzero(hit):
                a, b = self.start[ring], self.start[ring + 1]
                points = np.stack([self.longitude[a:b] + shift, self.latitude[a:b]], axis=1)
                if 0 < step_deg < self.resolution_deg / 1.5:
                    room = 20.0 * self.resolution_deg
                    points = _cut_frame(
                        points, west - room, east + room, south - room, north + room
                    )
                    points = _smooth(points, self.resolution_deg)
                points = _cut_frame(points, west, east, south, north)
                if len(points) >= 3:
                    polygons.append(_thin(points, step_deg))
        return polygons


def _cut(points: Floats, axis: int, limit: float, side: int) -> Floats:
    """Cut a ring at a line of constant longitude or latitude (Sutherland & Hodgman)."""
    distance = side * (points[:, axis] - limit)
    inside = distance >= 0
    if inside.all():
        return points
    if not inside.any():
        return points[:0]
    following = np.roll(points, -1, axis=0)
    next_distance = np.roll(distance, -1)
    crossing = inside != (next_distance >= 0)
    span = np.where(crossing, distance - next_distance, 1.0)
    cut = points + (distance / span)[:, None] * (following - points)
    cut[:, axis] = limit
    both = np.stack([points, cut], axis=1)
    keep = np.stack([inside, crossing], axis=1)
    return np.asarray(both[keep])


def _cut_frame(points: Floats, west: float, east: float, south: float, north: float) -> Floats:
    for axis, limit, side in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        if len(points) < 3:
            return points[:0]
        points = _cut(points, axis, limit, side)
    return points


def _smooth(points: Floats, reach: float) -> Floats:
    """Cut the corners of a staircase (Chaikin 1974, two rounds), long edges only a little."""
    if len(points) < 3:
        return points
    for _ in range(2):
        ahead = np.roll(points, -1, axis=0)
        length = np.hypot(*(ahead - points).T)
        share = np.minimum(0.25, reach / np.where(length > 0, length, 1.0))[:, None]
        near = points + share * (ahead - points)
        far = ahead + share * (points - ahead)
        points = np.stack([near, far], axis=1).reshape(-1, 2)
    return points


def _thin(points: Floats, step: float) -> Floats:
    if step <= 0 or len(points) < 8:
        return points
    cell = np.floor(points / step).astype(np.int64)
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = np.any(cell[1:] != cell[:-1], axis=1)
    kept = points[keep]
    return kept if len(kept) >= 3 else points[:3]
