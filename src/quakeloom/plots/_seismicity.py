"""Hypocenters, found planes and stress on a map and in two depth sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline, geographic_position, local_position
from quakeloom.plots._depth_axis import label_depths
from quakeloom.plots._found_planes import FoundPlanes
from quakeloom.plots._map_frame import MapFrame, draw_map_frame, emptiest_corners, frame_points
from quakeloom.plots._stress_maps import REGIME_COLORS
from quakeloom.plots._style import INK, MUTED, PAGE_WIDTH_IN, PAPER, new_figure, styled

Floats = NDArray[np.float64]

_MANY = 4000
"""Events from which points are small and become an image; chosen here."""

_MOST_BARS = 400
"""Nodes from which bars of stress would hide the hypocenters; then none are drawn."""

_ROOM_IN = (0.58, 0.72, 0.12, 0.45, 0.72)
"""Room left and right of the panels, above and below them, and between them, in inches."""

_ROW_REACH = 1.0 / 16.0
"""Distance from the line, as a share of its length, of nodes without a depth that are drawn;
chosen here: more of them would cover one another."""

_SECTION_HEIGHT = 0.3
"""Least height of a section over its width; a flatter one is drawn steeper than it is."""


@dataclass(frozen=True)
class StressAxes:
    """Nodes of a stress map, for sections.

    Attributes
    ----------
    longitude, latitude, depth_km : array_like, shape (nodes,)
        Depth NaN where the map has none.
    shmax_deg, s1_azimuth_deg, s1_plunge_deg : array_like, shape (nodes,)
    regime : array_like of str, shape (nodes,)
    """

    longitude: ArrayLike
    latitude: ArrayLike
    depth_km: ArrayLike
    shmax_deg: ArrayLike
    s1_azimuth_deg: ArrayLike
    s1_plunge_deg: ArrayLike
    regime: ArrayLike


class _Profile(NamedTuple):
    """A section: what it is called, its azimuth, and places along and across it in km."""

    ends: str
    azimuth_deg: float
    along: Floats
    span: tuple[float, float]


def main_azimuth(north_km: ArrayLike, east_km: ArrayLike) -> float:
    """Return the azimuth along which places spread the most, 0 to 180 degrees.

    Parameters
    ----------
    north_km, east_km : array_like, shape (places,)
        Finite; with less than two places 0.
    """
    north, east = np.asarray(north_km, float), np.asarray(east_km, float)
    if north.size < 2:
        return 0.0
    cov = np.cov(np.stack([north, east]))
    angle = 0.5 * np.degrees(np.arctan2(2.0 * cov[0, 1], cov[0, 0] - cov[1, 1]))
    return float(angle % 180.0)


@styled
def plot_seismicity(
    longitude: ArrayLike,
    latitude: ArrayLike,
    depth_km: ArrayLike,
    planes: FoundPlanes | None = None,
    stress: StressAxes | None = None,
    coastline: Coastline | None = None,
    azimuth_deg: float | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw hypocenters on a map, and in sections along and across their main direction.

    Parameters
    ----------
    longitude, latitude, depth_km : array_like, shape (events,)
        Events whose depth is not known are on the map alone.
    planes : FoundPlanes, optional
        Outlines of planes that were found.
    stress : StressAxes, optional
        SHmax on the map; in the sections the most compressive axis, projected. Left out where
        there are too many nodes to see the events.
    coastline : Coastline, optional
    azimuth_deg : float, optional
        Of the first section. Default: that along which the events spread the most.
    width_in : float

    Returns
    -------
    Figure, or None when no event has a place
    """
    lon, lat, depth = (np.asarray(v, float) for v in (longitude, latitude, depth_km))
    placed = np.isfinite(lon) & np.isfinite(lat)
    frame = frame_points(lon[placed], lat[placed], margin=0.08)
    if frame is None:
        return None
    lon, lat, depth = lon[placed], lat[placed], depth[placed]
    origin = ((frame.west + frame.east) / 2.0, (frame.south + frame.north) / 2.0)
    north, east = local_position(*origin, lon, lat)
    first = main_azimuth(north, east) if azimuth_deg is None else azimuth_deg
    profiles = [_profile(e, a, north, east) for e, a in (("AB", first), ("CD", first + 90.0))]
    figure, axes, bar_axes = _panels(width_in, frame.aspect)
    draw_map_frame(axes[0], frame, coastline, scale_bar=emptiest_corners(frame, lon, lat)[1])
    known = depth[np.isfinite(depth)]
    low, high = (float(v) for v in np.percentile(known, [1, 99])) if known.size else (0.0, 1.0)
    colors = {"cmap": cm.batlow, "vmin": low, "vmax": max(high, low + 1.0)}
    many = len(lon) > _MANY
    size = 1.0 if many else float(np.clip(9.0 * (300.0 / max(len(lon), 1)) ** 0.5, 3.0, 12.0))
    x, y = frame.project(lon, lat)
    drawn = axes[0].scatter(x, y, c=depth, s=size, linewidths=0, zorder=4, rasterized=many,
                            plotnonfinite=True, **colors)  # fmt: skip
    bar = figure.colorbar(drawn, cax=bar_axes)
    bar.ax.invert_yaxis()
    bar.set_label("Depth (km)")
    bar.outline.set_visible(False)
    shown = stress if stress is not None and np.size(stress.longitude) <= _MOST_BARS else None
    if shown is not None:
        _bars_on_map(axes[0], frame, shown)
    if planes is not None:
        _outlines_on_map(axes[0], frame, planes)
    for profile, panel in zip(profiles, axes[1:], strict=True):
        _line_on_map(axes[0], frame, origin, profile)
        panel.scatter(profile.along, depth, c=depth, s=size, linewidths=0, zorder=4,
                      rasterized=many, **colors)  # fmt: skip
        _finish_section(panel, profile, known)
        if planes is not None:
            _outlines_in_section(panel, origin, profile, planes)
        if shown is not None:
            _axes_in_section(panel, origin, profile, shown)
    return figure


def _panels(width_in: float, aspect: float) -> tuple[Figure, list[Axes], Axes]:
    """Return a figure with a map and two sections below it, and the axes of a color bar.

    All places are given in inches: a layout that is solved for differs in its last digits from
    call to call.
    """
    left, right, top, below, between = _ROOM_IN
    across = width_in - left - right
    tall = across * aspect
    section = max(1.35, _SECTION_HEIGHT * across)
    height = top + tall + 2.0 * (between + section) + below
    figure = new_figure(width_in, height, constrained=False)

    def place(x: float, y: float, w: float, h: float) -> Axes:
        return figure.add_axes((x / width_in, y / height, w / width_in, h / height))

    lower, upper = below, below + section + between
    above = upper + section + between
    panels = [
        place(left, above, across, tall),
        place(left, upper, across, section),
        place(left, lower, across, section),
    ]
    bar = place(left + across + 0.12, above + 0.2 * tall, 0.11, 0.6 * tall)
    return figure, panels, bar


def _profile(ends: str, azimuth_deg: float, north: Floats, east: Floats) -> _Profile:
    a = np.radians(azimuth_deg)
    along = north * np.cos(a) + east * np.sin(a)
    low, high = float(along.min()), float(along.max())
    room = max(0.06 * (high - low), 1.0)
    return _Profile(ends, azimuth_deg % 360.0, along, (low - room, high + room))


def _line_on_map(
    axes: Axes, frame: MapFrame, origin: tuple[float, float], profile: _Profile
) -> None:
    """Draw the line of a section with the letters of its ends."""
    a = np.radians(profile.azimuth_deg)
    reach = np.array(profile.span)
    x, y = frame.project(*geographic_position(*origin, reach * np.cos(a), reach * np.sin(a)))
    axes.plot(x, y, color=INK, lw=0.7, ls=(0, (5, 3)), zorder=6)
    for letter, u, v in zip(profile.ends, x, y, strict=True):
        axes.annotate(letter, (u, v), ha="center", va="center", fontsize=8, fontweight="bold",
                      color=INK, zorder=9, annotation_clip=False,
                      path_effects=[withStroke(linewidth=2.4, foreground=PAPER)])  # fmt: skip


def _finish_section(panel: Axes, profile: _Profile, depth: Floats) -> None:
    """Set limits, labels and title of a section, with how much steeper it is than true."""
    low, high = profile.span
    top = min(0.0, float(depth.min())) if depth.size else 0.0
    deep = float(depth.max()) if depth.size else 1.0
    room = max(0.12 * (deep - top), 0.5)
    true_height = (deep - top + room) / (high - low)
    panel.set_xlim(low, high)
    panel.set_ylim(deep + room, top - (room if top < 0.0 else 0.0))
    width, height = panel.get_window_extent().size
    steeper = height / width / true_height
    if steeper <= 1.0:
        panel.set_aspect("equal", adjustable="box")
    azimuth = f"N {profile.azimuth_deg:.0f}\N{DEGREE SIGN} E"
    told = "true to scale" if steeper <= 1.05 else f"{steeper:.1f} times steeper than true"
    panel.set_title(f"{profile.ends[0]} to {profile.ends[1]}, {azimuth}, {told}", loc="left")
    panel.set_xlabel("Distance along the section (km)")
    label_depths(panel.yaxis)
    panel.grid(color=MUTED, alpha=0.25, lw=0.4)


def _outlines_on_map(axes: Axes, frame: MapFrame, planes: FoundPlanes) -> None:
    lon, lat = np.asarray(planes.longitude, float), np.asarray(planes.latitude, float)
    for k in range(len(planes.name)):
        north, east, _ = planes.corners_km(k).T
        x, y = frame.project(*geographic_position(lon[k], lat[k], north, east))
        axes.plot(np.append(x, x[0]), np.append(y, y[0]), color=INK, lw=0.8, zorder=7)
        axes.plot(x[:2], y[:2], color=INK, lw=2.2, solid_capstyle="round", zorder=7)


def _outlines_in_section(
    panel: Axes, origin: tuple[float, float], profile: _Profile, planes: FoundPlanes
) -> None:
    """Draw planes as their outline seen along the normal of the section."""
    a = np.radians(profile.azimuth_deg)
    middle = np.asarray(planes.depth_km, float)
    for k in range(len(planes.name)):
        n0, e0 = local_position(*origin, planes.longitude, planes.latitude)
        north, east, down = planes.corners_km(k).T
        along = (n0[k] + north) * np.cos(a) + (e0[k] + east) * np.sin(a)
        depth = middle[k] + down
        panel.plot(np.append(along, along[0]), np.append(depth, depth[0]), color=INK, lw=0.9,
                   zorder=6)  # fmt: skip


def _bars_on_map(axes: Axes, frame: MapFrame, stress: StressAxes) -> None:
    """Draw SHmax below the events, in the colors of regimes."""
    x, y = frame.project(np.asarray(stress.longitude, float), np.asarray(stress.latitude, float))
    west, east, _, _ = frame.limits()
    a = np.radians(np.asarray(stress.shmax_deg, float))
    half = 0.018 * (east - west)
    step = np.stack([half * np.sin(a), half * np.cos(a)], axis=-1)
    middle = np.stack([x, y], axis=-1)
    axes.add_collection(
        LineCollection(
            list(np.stack([middle - step, middle + step], axis=1)), colors=_colors(stress),
            linewidths=1.1, alpha=0.75, zorder=3,
        )
    )  # fmt: skip


def _axes_in_section(
    panel: Axes, origin: tuple[float, float], profile: _Profile, stress: StressAxes
) -> None:
    """Draw the most compressive axis at nodes, as the section sees it.

    Nodes without a depth stand in a row at the lower edge, those near the line alone.
    """
    a = np.radians(profile.azimuth_deg)
    north, east = local_position(*origin, stress.longitude, stress.latitude)
    along = north * np.cos(a) + east * np.sin(a)
    azimuth, plunge = (
        np.radians(np.asarray(v, float)) for v in (stress.s1_azimuth_deg, stress.s1_plunge_deg)
    )
    # in units of the panel, so that an axis that plunges by 45 degrees looks like it
    (low, high), (bottom, top) = panel.get_xlim(), panel.get_ylim()
    box = panel.get_window_extent()
    across, upward = float(box.width), float(box.height)
    half = 0.014 * across
    level = np.asarray(stress.depth_km, float)
    away = np.abs(east * np.cos(a) - north * np.sin(a))
    near = np.isfinite(level) | (away < _ROW_REACH * (high - low))
    level = np.where(np.isfinite(level), level, bottom + 0.06 * (top - bottom))
    dx = half * np.cos(plunge) * np.cos(azimuth - a) * (high - low) / across
    dy = half * np.sin(plunge) * (bottom - top) / upward
    ends = np.stack(
        [np.stack([along - dx, level - dy], axis=-1), np.stack([along + dx, level + dy], axis=-1)],
        axis=1,
    )
    panel.add_collection(
        LineCollection(
            list(ends[near]),
            colors=list(np.array(_colors(stress))[near]),
            linewidths=1.3,
            alpha=0.9,
            zorder=5,
        )
    )


def _colors(stress: StressAxes) -> list[str]:
    regimes = np.asarray(stress.regime, dtype=object)
    return [REGIME_COLORS.get(str(r), MUTED) for r in regimes]
