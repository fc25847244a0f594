"""Beachballs as symbols on any axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba_array
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._beachballs import Beachballs
from quakeloom.plots._style import INK, MUTED, PAPER

_CIRCLE = 72
"""Vertices of the outline of a beachball: a corner every 5 degrees, which no print shows."""

Floats = NDArray[np.float64]
Rectangle = tuple[float, float, float, float]
"""West, east, south, north."""


@dataclass(frozen=True)
class BeachballStyle:
    """How beachballs look.

    Attributes
    ----------
    radius_pt : float or array_like, shape (n,)
        Radius in points.
    colors : color or sequence of colors, length n
        Fill of the compressional part.
    background : color
        Fill of the dilatational part.
    edge_width_pt : float
        Width of the outline.
    """

    radius_pt: ArrayLike = 8.0
    colors: Any = INK
    background: str = PAPER
    edge_width_pt: float = 0.5


def draw_beachballs(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    balls: Beachballs,
    style: BeachballStyle | None = None,
    zorder: float = 5.0,
    rasterized: bool = False,
) -> PolyCollection:
    """Draw beachballs of a fixed size on paper at positions in data coordinates.

    One collection holds all polygons, ball after ball, so that a ball that overlaps another
    hides it properly and thousands are drawn at once.

    Parameters
    ----------
    axes : Axes
    x, y : array_like, shape (n,)
        Centers in data coordinates.
    balls : Beachballs
        From :func:`double_couple_beachballs` or :func:`moment_tensor_beachballs`.
    style : BeachballStyle, optional
    zorder, rasterized
        As in matplotlib.

    Returns
    -------
    PolyCollection
    """
    x, y = np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y))
    n = len(balls)
    style = style or BeachballStyle()
    stack = _stack_polygons(balls, style)
    where = np.array(stack.owner, dtype=int)
    collection = PolyCollection(
        stack.polygons,
        facecolors=np.array(stack.faces).reshape(-1, 4),
        edgecolors=np.array(stack.edges).reshape(-1, 4),
        linewidths=stack.widths,
        offsets=np.stack([x[where], y[where]], axis=-1) if n else np.zeros((0, 2)),
        offset_transform=axes.transData,
        transform=axes.figure.dpi_scale_trans,
        zorder=zorder,
        rasterized=rasterized,
        closed=True,
    )
    axes.add_collection(collection, autolim=False)
    return collection


@dataclass(frozen=True)
class _PolygonStack:
    """Polygons from bottom to top: vertices in inches, colors, widths, and whose ball each is."""

    polygons: list[Floats] = field(default_factory=list)
    faces: list[Floats] = field(default_factory=list)
    edges: list[Floats] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def add(self, owner: int, polygon: Floats, face: Floats, edge: Floats, width: float) -> None:
        self.polygons.append(polygon)
        self.faces.append(face)
        self.edges.append(edge)
        self.widths.append(width)
        self.owner.append(owner)


def _stack_polygons(balls: Beachballs, style: BeachballStyle) -> _PolygonStack:
    """Of every ball the circle, its caps, and the outline on top."""
    n = len(balls)
    inches = np.broadcast_to(np.asarray(style.radius_pt, dtype=float) / 72.0, (n,))
    dark = np.broadcast_to(to_rgba_array(style.colors), (n, 4))
    light = np.broadcast_to(to_rgba_array(style.background), (n, 4))
    edge = to_rgba_array(MUTED)[0]
    angle = np.linspace(0.0, 2.0 * np.pi, _CIRCLE, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    clear = np.zeros(4)
    stack = _PolygonStack()
    for i in range(n):
        rim = circle * inches[i]
        compress = balls.caps_compress[i]
        stack.add(i, rim, light[i] if compress else dark[i], clear, 0.0)
        for side in range(2):
            if balls.present[i, side]:
                cap = balls.caps[i, side] * inches[i]
                stack.add(i, cap, dark[i] if compress else light[i], clear, 0.0)
        outline = dark[i] if balls.valid[i] else edge
        stack.add(i, rim, clear, outline, style.edge_width_pt)
    return stack


def thin_symbols(
    x: ArrayLike, y: ArrayLike, radius: float, priority: ArrayLike, limit: int | None = None
) -> NDArray[np.bool_]:
    """Choose symbols that do not overlap, the most important first.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Positions on the page, any unit.
    radius : float
        Radius of a symbol in that unit.
    priority : array_like, shape (n,)
        Smaller is more important; ties keep the order given.
    limit : int, optional
        At most so many are kept.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for symbols to draw; positions that are not finite are left out.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    keep = np.zeros(len(x), dtype=bool)
    if len(x) == 0:
        return keep
    from scipy.spatial import cKDTree

    free = np.isfinite(x) & np.isfinite(y)
    known = np.flatnonzero(free)
    tree = cKDTree(np.stack([x[known], y[known]], axis=1))
    count = 0
    for i in np.argsort(np.asarray(priority, dtype=float), kind="stable"):
        if not free[i]:
            continue
        keep[i] = True
        near = known[tree.query_ball_point((x[i], y[i]), 2.0 * radius)]
        far = (x[near] - x[i]) ** 2 + (y[near] - y[i]) ** 2 >= (2.0 * radius) ** 2
        free[near[~far]] = False
        count += 1
        if limit is not None and count >= limit:
            break
    return keep


def place_symbols(
    x: ArrayLike,
    y: ArrayLike,
    radius: float,
    priority: ArrayLike,
    bounds: Rectangle,
    blocked: list[Rectangle] | None = None,
    limit: int = 64,
    reach: int = 6,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose symbols and move those that have no room at their place a little aside.

    The most important comes first and takes, of the free places at or around its own, the
    one with the least cost: distance in diameters plus a charge for covering points.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Positions on the page, any unit.
    radius : float
        Radius of a symbol in that unit, with the room around it.
    priority : array_like, shape (n,)
        Smaller is more important.
    bounds : tuple of float
        West, east, south, north of the page.
    blocked : list of tuple of float, optional
        Rectangles (same order) to keep free, e.g. the legend.
    limit : int
        At most so many are placed.
    reach : int
        Largest displacement in diameters.

    Returns
    -------
    keep : ndarray of bool, shape (n,)
    place : ndarray, shape (n, 2)
        Positions of the symbols; NaN where not kept.
    """
    points = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)
    keep = np.zeros(len(points), dtype=bool)
    place = np.full_like(points, np.nan)
    shifts = _rings(radius, reach)
    cost = np.hypot(*shifts.T) / (2.0 * radius)
    known = points[np.isfinite(points).all(axis=1)]
    taken = np.zeros((0, 2))
    for i in np.argsort(np.asarray(priority, dtype=float), kind="stable"):
        if len(taken) >= limit:
            break
        if not np.isfinite(points[i]).all():
            continue
        options = points[i] + shifts
        free = _clear_of_edges(options, radius, bounds, blocked or [])
        if len(taken):
            gap = np.min(np.sum((options[:, None, :] - taken[None, :, :]) ** 2, axis=-1), axis=1)
            free &= gap >= (2.0 * radius) ** 2
        if not free.any():
            continue
        covered = np.sum(
            np.sum((options[:, None, :] - known[None, :, :]) ** 2, axis=-1) < radius**2, axis=1
        )
        best = int(np.argmin(np.where(free, cost + 0.5 * np.minimum(covered, 6), np.inf)))
        keep[i] = True
        place[i] = options[best]
        taken = np.concatenate([taken, place[i : i + 1]])
    return keep, place


def _rings(radius: float, reach: int) -> Floats:
    """Shifts: none, and rings a diameter apart, with more places the wider they are."""
    rings = [np.zeros((1, 2))]
    for ring in range(1, reach + 1):
        angle = np.arange(12 + 4 * ring) / (12 + 4 * ring) * 2.0 * np.pi
        rings.append(2.0 * radius * ring * np.stack([np.sin(angle), np.cos(angle)], axis=1))
    return np.concatenate(rings)


def _clear_of_edges(
    places: Floats, radius: float, bounds: Rectangle, blocked: list[Rectangle]
) -> NDArray[np.bool_]:
    """Return at which places a symbol is whole, on the page and outside what is blocked."""
    west, east, south, north = bounds
    x, y = places.T
    free = (x > west + radius) & (x < east - radius) & (y > south + radius) & (y < north - radius)
    for a, b, c, d in blocked:
        outside = np.maximum(np.maximum(a - x, x - b), np.maximum(c - y, y - d))
        free &= outside > radius
    return np.asarray(free)
