"""Maps of stations, events and mechanisms."""

from __future__ import annotations

import numpy as np
from cmcrameri import cm
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
    quality_colors,
    styled,
)
from quakeloom.plots._symbols import draw_beachballs, place_symbols, thin_symbols

_CROWDED = 20_000  # events above which density is shown instead of points
_MOVABLE = 1_500  # mechanisms up to which beachballs are moved aside to find room
_UNSOLVED = "#9a958a"


@styled
def plot_network_map(
    event_longitude: ArrayLike,
    event_latitude: ArrayLike,
    event_quality: ArrayLike,
    station_longitude: ArrayLike,
    station_latitude: ArrayLike,
    station_code: ArrayLike = (),
    coastline: Coastline | None = None,
    frame: MapFrame | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw stations and events colored by quality.

    Parameters
    ----------
    event_longitude, event_latitude : array_like, shape (events,)
        Degrees.
    event_quality : array_like of str, shape (events,)
        Letters A to F, or an empty text where there is none.
    station_longitude, station_latitude : array_like, shape (stations,)
        Degrees.
    station_code : array_like of str, shape (stations,)
        Written beside the symbols when there are few.
    coastline : Coastline, optional
    frame : MapFrame, optional
        Default: around events and stations.
    width_in : float

    Returns
    -------
    Figure, or None when nothing has coordinates
    """
    lon, lat = np.asarray(event_longitude, float), np.asarray(event_latitude, float)
    slon, slat = np.asarray(station_longitude, float), np.asarray(station_latitude, float)
    if frame is None:
        frame = frame_points(np.append(lon, slon), np.append(lat, slat), margin=0.06)
    if frame is None:
        return None
    figure, axes = _map_axes(frame, coastline, width_in)
    quality = np.asarray(event_quality, dtype=object)
    x, y = frame.project(lon, lat)
    if len(x) > _CROWDED:
        _draw_density(figure, axes, x, y, "Events per cell")
    else:
        _draw_points(axes, x, y, quality, len(x))
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
    codes = np.asarray(station_code, dtype=object)
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
    longitude: ArrayLike,
    latitude: ArrayLike,
    strike_deg: ArrayLike,
    dip_deg: ArrayLike,
    rake_deg: ArrayLike,
    quality: ArrayLike,
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
    longitude, latitude : array_like, shape (events,)
        Degrees.
    strike_deg, dip_deg, rake_deg : array_like, shape (events,)
        Preferred mechanisms, NaN where there is none.
    quality : array_like of str, shape (events,)
        Letters; sets the color.
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
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    angles = np.stack([np.asarray(a, float) for a in (strike_deg, dip_deg, rake_deg)], axis=-1)
    letters = np.asarray(quality, dtype=object)
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
        _draw_points(axes, x, y, letters, len(x), small=True)
    if radius_pt is None:
        radius_pt = float(np.clip(12.0 - 2.0 * np.log10(max(solved.sum(), 1)), 5.5, 11.0))
    if priority is None:
        rank = {q: i for i, q in enumerate(QUALITIES)}
        priority = np.array([rank.get(str(q), len(rank)) for q in letters], dtype=float)
    handles = _quality_handles(letters[solved])
    west, east, south, north = frame.limits()
    km_per_point = (east - west) / (width_in * 0.90 * 72.0)
    candidates = np.flatnonzero(solved & frame.contains(lon, lat))
    order = np.asarray(priority, float)[candidates]
    room = 1.04 * radius_pt * km_per_point
    if len(candidates) <= _MOVABLE:
        legend = (
            west,
            west + 62 * km_per_point,
            north - (12 * len(handles) + 12) * km_per_point,
            north,
        )
        scale = (west, west + 125 * km_per_point, south, south + 34 * km_per_point)
        arrow = (east - 26 * km_per_point, east, north - 36 * km_per_point, north)
        keep, place = place_symbols(
            x[candidates],
            y[candidates],
            room,
            order,
            (west, east, south, north),
            [legend, scale, arrow],
        )
        place = place[keep]
    else:
        keep = thin_symbols(x[candidates], y[candidates], room, order, limit=1500)
        place = np.stack([x, y], axis=1)[candidates[keep]]
    drawn = candidates[keep]
    moved = np.hypot(place[:, 0] - x[drawn], place[:, 1] - y[drawn]) > 0.2 * room
    ends = np.stack([np.stack([x, y], axis=1)[drawn[moved]], place[moved]], axis=1)
    axes.add_collection(
        LineCollection(list(ends), colors=MUTED, linewidths=0.45, zorder=4.5), autolim=False
    )
    draw_beachballs(
        axes,
        place[:, 0],
        place[:, 1],
        double_couple_beachballs(*angles[drawn].T, vertices=56),
        radius_pt=radius_pt,
        colors=list(quality_colors(letters[drawn], missing=_UNSOLVED)) if len(drawn) else INK,
        rasterized=len(drawn) > 120,
    )
    _legend(axes, handles)
    return figure, int(keep.sum())


def _map_axes(frame: MapFrame, coastline: Coastline | None, width_in: float):  # type: ignore[no-untyped-def]
    figure = new_figure(width_in, width_in * frame.aspect * 0.95 + 0.25)
    axes = figure.add_subplot()
    draw_map_frame(axes, frame, coastline, pixels=width_in * 200.0)
    return figure, axes


def _draw_points(
    axes, x: NDArray, y: NDArray, quality: NDArray, count: int, small: bool = False
) -> None:  # type: ignore[no-untyped-def]
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


def _draw_density(figure: Figure, axes, x: NDArray, y: NDArray, label: str) -> None:  # type: ignore[no-untyped-def]
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
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)


def _quality_handles(quality: NDArray) -> list[Line2D]:
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


def _legend(axes, handles: list[Line2D]) -> None:  # type: ignore[no-untyped-def]
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
