"""Maps of stations, events and mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline
from quakeloom.plots._beachballs import double_couple_beachballs
from quakeloom.plots._map_frame import MapFrame, draw_map_frame, frame_points
from quakeloom.plots._style import (
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PAPER,
    QUALITIES,
    QUALITY_COLORS,
    new_figure,
    plain_powers,
    quality_colors,
    styled,
)
from quakeloom.plots._symbols import (
    BeachballStyle,
    draw_beachballs,
    place_symbols,
    thin_symbols,
)

Floats = NDArray[np.float64]

_CROWDED = 20_000
"""Events above which density is shown instead of points, which would hide one another."""

_MOVABLE = 1_500
"""Mechanisms up to which beachballs are moved aside to find room; of more as many are drawn."""

_UNSOLVED = "#9a958a"
"""Color of events without a letter."""


@dataclass(frozen=True)
class MapPoints:
    """Points of a map with a text each.

    Attributes
    ----------
    longitude, latitude : array_like, shape (points,)
        Degrees.
    labels : array_like of str, shape (points,)
        Quality letters of events (an empty text where there is none), or codes of stations.
    """

    longitude: ArrayLike
    latitude: ArrayLike
    labels: ArrayLike = ()


class _Page(NamedTuple):
    """A map on paper: limits in km, and km per point."""

    west: float
    east: float
    south: float
    north: float
    km_per_point: float


@styled
def plot_network_map(
    events: MapPoints,
    stations: MapPoints,
    coastline: Coastline | None = None,
    frame: MapFrame | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw stations and events colored by quality.

    Parameters
    ----------
    events : MapPoints
        With quality letters A to F.
    stations : MapPoints
        Codes are written beside the symbols when there are few.
    coastline : Coastline, optional
    frame : MapFrame, optional
        Default: around events and stations.
    width_in : float

    Returns
    -------
    Figure, or None when nothing has coordinates
    """
    lon, lat = np.asarray(events.longitude, float), np.asarray(events.latitude, float)
    slon, slat = np.asarray(stations.longitude, float), np.asarray(stations.latitude, float)
    if frame is None:
        frame = frame_points(np.append(lon, slon), np.append(lat, slat), margin=0.06)
    if frame is None:
        return None
    figure, axes = _map_axes(frame, coastline, width_in)
    quality = np.asarray(events.labels, dtype=object)
    x, y = frame.project(lon, lat)
    if len(x) > _CROWDED:
        _draw_density(figure, axes, x, y, "Events per cell")
    else:
        _draw_points(axes, x, y, quality)
    sx, sy = frame.project(slon, slat)
    inside = frame.contains(slon, slat)
    axes.plot(
        sx[inside],
        sy[inside],
        ls="none",
        marker="^",
        ms=4.6 if inside.sum() < 400 else 2.8,
        mfc=PAPER,
        mec=INK,
        mew=0.7,
        zorder=6,
    )
    codes = np.asarray(stations.labels, dtype=object)
    if len(codes) == len(slon) and 0 < inside.sum() <= 60:
        for i in np.flatnonzero(inside):
            axes.annotate(
                str(codes[i]),
                (sx[i], sy[i]),
                xytext=(0, -4),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=5.5,
                color=MUTED,
                zorder=6,
            )
    handles = [Line2D([], [], ls="none", marker="^", mfc=PAPER, mec=INK, ms=4.6, label="Station")]
    if len(x) <= _CROWDED:
        handles += _quality_handles(quality)
    _legend(axes, handles)
    return figure


@styled
def plot_mechanism_map(
    events: MapPoints,
    angles_deg: ArrayLike,
    priority: ArrayLike | None = None,
    coastline: Coastline | None = None,
    frame: MapFrame | None = None,
    radius_pt: float | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> tuple[Figure, int] | None:
    """Draw beachballs where they have room, the best first, over all events as points.

    Where events crowd, beachballs are moved aside and tied to their epicenter by a line.

    Parameters
    ----------
    events : MapPoints
        With quality letters, which set the color.
    angles_deg : array_like, shape (events, 3)
        Strike, dip, rake of preferred mechanisms, NaN where there is none.
    priority : array_like, shape (events,)
        Smaller is drawn first; default is the order of the letters.
    coastline : Coastline, optional
    frame : MapFrame, optional
        Default: around the events that have a mechanism.
    radius_pt : float, optional
        Radius of the symbols; default by their number.
    width_in : float

    Returns
    -------
    Figure and number of beachballs drawn, or None when no mechanism has coordinates
    """
    lon, lat = np.asarray(events.longitude, float), np.asarray(events.latitude, float)
    angles = np.asarray(angles_deg, float).reshape(-1, 3)
    letters = np.asarray(events.labels, dtype=object)
    solved = np.isfinite(angles).all(axis=-1) & np.isfinite(lon) & np.isfinite(lat)
    if frame is None:
        frame = frame_points(lon[solved], lat[solved], margin=0.10, smallest_km=5.0)
    if frame is None:
        return None
    figure, axes = _map_axes(frame, coastline, width_in)
    x, y = frame.project(lon, lat)
    if len(x) > _CROWDED:
        _draw_density(figure, axes, x, y, "Events per cell")
    else:
        _draw_points(axes, x, y, letters, small=True)
    if radius_pt is None:
        radius_pt = float(np.clip(12.0 - 2.0 * np.log10(max(solved.sum(), 1)), 5.5, 11.0))
    if priority is None:
        rank = {q: i for i, q in enumerate(QUALITIES)}
        priority = np.array([rank.get(str(q), len(rank)) for q in letters], dtype=float)
    handles = _quality_handles(letters[solved])
    west, east, south, north = frame.limits()
    page = _Page(west, east, south, north, (east - west) / (width_in * 0.90 * 72.0))
    candidates = np.flatnonzero(solved & frame.contains(lon, lat))
    points = np.stack([x, y], axis=1)
    room = 1.04 * radius_pt * page.km_per_point
    order = np.asarray(priority, float)[candidates]
    keep, place = _find_room(points[candidates], room, order, page, len(handles))
    drawn = candidates[keep]
    moved = np.hypot(place[:, 0] - x[drawn], place[:, 1] - y[drawn]) > 0.2 * room
    ends = np.stack([points[drawn[moved]], place[moved]], axis=1)
    axes.add_collection(
        LineCollection(list(ends), colors=MUTED, linewidths=0.45, zorder=4.5), autolim=False
    )
    colors = list(quality_colors(letters[drawn], missing=_UNSOLVED)) if len(drawn) else INK
    strike, dip, rake = angles[drawn].T
    draw_beachballs(
        axes,
        place[:, 0],
        place[:, 1],
        double_couple_beachballs(strike, dip, rake, vertices=56),
        BeachballStyle(radius_pt, colors),
        rasterized=len(drawn) > 120,
    )
    _legend(axes, handles)
    return figure, int(keep.sum())


def _find_room(
    points: Floats, room: float, priority: Floats, page: _Page, entries: int
) -> tuple[NDArray[np.bool_], Floats]:
    """Return which symbols are drawn, and where: moved aside if they are few.

    Symbols that are moved keep clear of the legend with so many entries, the scale bar and the
    north arrow, whose sizes are in points.
    """
    west, east, south, north, km = page
    x, y = points.T
    if len(points) > _MOVABLE:
        keep = thin_symbols(x, y, room, priority, limit=1500)
        return keep, points[keep]
    legend = (west, west + 62 * km, north - (12 * entries + 12) * km, north)
    scale = (west, west + 125 * km, south, south + 34 * km)
    arrow = (east - 26 * km, east, north - 36 * km, north)
    bounds = (west, east, south, north)
    keep, place = place_symbols(x, y, room, priority, bounds, [legend, scale, arrow])
    return keep, place[keep]


def _map_axes(frame: MapFrame, coastline: Coastline | None, width_in: float) -> tuple[Figure, Axes]:
    figure = new_figure(width_in, width_in * frame.aspect * 0.95 + 0.25)
    axes = figure.add_subplot()
    draw_map_frame(axes, frame, coastline, pixels=width_in * 200.0)
    return figure, axes


def _draw_points(
    axes: Axes, x: Floats, y: Floats, quality: NDArray[np.object_], small: bool = False
) -> None:
    count = len(x)
    size = float(np.clip(90.0 / np.sqrt(max(count, 1)), 2.0, 18.0)) * (0.6 if small else 1.0)
    order = np.argsort([-ord(str(q)[0]) if str(q) else -999 for q in quality], kind="stable")
    axes.scatter(
        x[order],
        y[order],
        s=size,
        c=list(quality_colors(quality[order], missing=_UNSOLVED)) if count else INK,
        edgecolors=INK if not small else "none",
        linewidths=0.25,
        zorder=4,
        rasterized=count > 1500,
    )


def _draw_density(figure: Figure, axes: Axes, x: Floats, y: Floats, label: str) -> None:
    good = np.isfinite(x) & np.isfinite(y)
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    cells = 140
    mesh = axes.hexbin(
        x[good],
        y[good],
        gridsize=(cells, max(int(cells * (north - south) / (east - west) / 1.732), 1)),
        extent=(west, east, south, north),
        mincnt=1,
        norm=LogNorm(),
        cmap=cm.davos_r,
        linewidths=0.0,
        zorder=3,
        rasterized=True,
    )
    bar = figure.colorbar(mesh, ax=axes, shrink=0.5, aspect=28, pad=0.01)
    bar.formatter = plain_powers()
    bar.update_ticks()
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)


def _quality_handles(quality: NDArray[np.object_]) -> list[Line2D]:
    letters, counts = np.unique([str(q) for q in quality], return_counts=True)
    found = dict(zip(letters.tolist(), counts.tolist(), strict=True))
    handles = []
    for q in QUALITIES:
        if found.get(q):
            handles.append(
                Line2D(
                    [],
                    [],
                    ls="none",
                    marker="o",
                    ms=5,
                    mfc=QUALITY_COLORS[q],
                    mec=INK,
                    mew=0.3,
                    label=f"{q}  ({found[q]:,})",
                )
            )
    rest = sum(n for q, n in found.items() if q not in QUALITIES)
    if rest:
        handles.append(
            Line2D([], [], ls="none", marker="o", ms=5, mfc=_UNSOLVED, mec=INK, mew=0.3,
                   label=f"none  ({rest:,})")
        )  # fmt: skip
    return handles


def _legend(axes: Axes, handles: list[Line2D]) -> None:
    legend = axes.legend(
        handles=handles,
        loc="upper left",
        frameon=True,
        framealpha=0.85,
        facecolor=PAPER,
        edgecolor="none",
        borderpad=0.5,
        labelspacing=0.35,
        handletextpad=0.4,
    )
    legend.set_zorder(22)
