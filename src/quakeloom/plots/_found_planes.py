"""Planes found in hypocenters: a map of them, and sections along and across each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline, geographic_position, local_position
from quakeloom.plots._map_frame import draw_map_frame, emptiest_corners, frame_points
from quakeloom.plots._style import (
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PAPER,
    RULE,
    new_figure,
    styled,
)

Floats = NDArray[np.float64]

FAULT_COLORS = ("#16325c", "#b3541e", "#2a7f8e", "#7a4a8c", "#c08a2b", "#5d7a3a")
"""Colors of faults, taken in turn: apart in lightness as well as in hue."""

_SHOWN = 6
"""Faults with sections of their own; chosen here, as many as there are colors."""


@dataclass(frozen=True)
class FoundPlanes:
    """Planes found, and the events that belong to them.

    Attributes
    ----------
    name : list of str
    longitude, latitude, depth_km : array_like, shape (planes,)
        Middles.
    strike_deg, dip_deg, length_km, width_km : array_like, shape (planes,)
        Dip to the right of the strike.
    event_longitude, event_latitude, event_depth_km : array_like, shape (events,)
    owner : array_like of int, shape (events,)
        Plane that each event most likely belongs to, -1 for none.
    """

    name: list[str]
    longitude: ArrayLike
    latitude: ArrayLike
    depth_km: ArrayLike
    strike_deg: ArrayLike
    dip_deg: ArrayLike
    length_km: ArrayLike
    width_km: ArrayLike
    event_longitude: ArrayLike
    event_latitude: ArrayLike
    event_depth_km: ArrayLike
    owner: ArrayLike

    def corners_km(self, plane: int) -> Floats:
        """Return the corners of a plane north, east and down of its middle; shape (4, 3)."""
        strike, dip, length, width = (
            float(np.asarray(v, float)[plane])
            for v in (self.strike_deg, self.dip_deg, self.length_km, self.width_km)
        )
        s, d = np.radians(strike), np.radians(dip)
        along = 0.5 * length * np.array([np.cos(s), np.sin(s), 0.0])
        down = 0.5 * width * np.array([-np.sin(s) * np.cos(d), np.cos(s) * np.cos(d), np.sin(d)])
        return np.stack([-along - down, along - down, along + down, -along + down])


@styled
def plot_found_planes(
    planes: FoundPlanes, coastline: Coastline | None = None, width_in: float = PAGE_WIDTH_IN
) -> Figure | None:
    """Draw hypocenters and the planes found in them on a map.

    A plane is drawn as its outline seen from above, with its upper edge as a thick line.

    Parameters
    ----------
    planes : FoundPlanes
    coastline : Coastline, optional
    width_in : float

    Returns
    -------
    Figure, or None when no event has a place
    """
    lon = np.asarray(planes.event_longitude, float)
    lat = np.asarray(planes.event_latitude, float)
    owner = np.asarray(planes.owner, int)
    frame = frame_points(lon, lat, margin=0.06)
    if frame is None:
        return None
    figure = new_figure(width_in, min(width_in * frame.aspect, 1.1 * width_in))
    axes = figure.subplots()
    draw_map_frame(axes, frame, coastline, scale_bar=emptiest_corners(frame, lon, lat)[1])
    x, y = frame.project(lon, lat)
    size = float(np.clip(3.2 * (300.0 / max(len(lon), 1)) ** 0.35, 0.7, 3.6))
    for k in range(-1, len(planes.name)):
        color = MUTED if k < 0 else FAULT_COLORS[k % len(FAULT_COLORS)]
        mine = owner == k
        axes.plot(x[mine], y[mine], ls="none", marker="o", ms=size, mfc=color, mec="none",
                  alpha=0.45 if k < 0 else 0.9, zorder=4, rasterized=len(lon) > 5000)  # fmt: skip
    middle_lon, middle_lat = np.asarray(planes.longitude, float), np.asarray(planes.latitude, float)
    for k, name in enumerate(planes.name):
        north, east, _ = planes.corners_km(k).T
        px, py = frame.project(*geographic_position(middle_lon[k], middle_lat[k], north, east))
        color = FAULT_COLORS[k % len(FAULT_COLORS)]
        outline = np.stack([px, py], axis=1)
        axes.add_collection(
            PolyCollection([outline], facecolors=color, alpha=0.16, edgecolors="none", zorder=5)
        )
        axes.plot(np.append(px, px[0]), np.append(py, py[0]), color=color, lw=0.8, zorder=6)
        axes.plot(px[:2], py[:2], color=color, lw=2.4, solid_capstyle="round", zorder=6)
        axes.annotate(name, (px[1], py[1]), xytext=(4, 3), textcoords="offset points",
                      fontsize=6.5, color=INK, zorder=8, annotation_clip=True,
                      path_effects=[withStroke(linewidth=2.0, foreground=PAPER)])  # fmt: skip
    handles = [
        Line2D([], [], ls="none", marker="o", ms=3.2, color=MUTED, label="on no plane"),
        Line2D([], [], lw=2.4, color=INK, label="upper edge of a plane"),
    ]
    axes.legend(handles=handles, loc="best", frameon=True, facecolor=PAPER, edgecolor=RULE)
    return figure


@styled
def plot_plane_sections(planes: FoundPlanes, width_in: float = PAGE_WIDTH_IN) -> Figure | None:
    """Draw sections along and across the planes with the most events.

    Left along strike, right across it, without exaggeration: events of the plane in its color,
    others within half its length in gray.

    Parameters
    ----------
    planes : FoundPlanes
    width_in : float

    Returns
    -------
    Figure, or None when there is no plane
    """
    owner = np.asarray(planes.owner, int)
    counts = np.bincount(owner[owner >= 0], minlength=len(planes.name))
    shown = np.sort(np.argsort(-counts, kind="stable")[:_SHOWN])
    if not len(shown):
        return None
    figure = new_figure(width_in, 2.7 * len(shown) + 0.3)
    rows = figure.subplots(len(shown), 2, squeeze=False)
    for (along_axes, across_axes), k in zip(rows, shown, strict=True):
        _draw_sections(planes, int(k), along_axes, across_axes)
    rows[-1][0].set_xlabel("Along strike (km)")
    rows[-1][1].set_xlabel("To the right of the strike (km)")
    return figure


def _draw_sections(planes: FoundPlanes, k: int, along_axes: Axes, across_axes: Axes) -> None:
    color = FAULT_COLORS[k % len(FAULT_COLORS)]
    owner = np.asarray(planes.owner, int)
    depth = np.asarray(planes.event_depth_km, float)
    north, east = local_position(
        float(np.asarray(planes.longitude, float)[k]), float(np.asarray(planes.latitude, float)[k]),
        planes.event_longitude, planes.event_latitude,
    )  # fmt: skip
    strike = np.radians(float(np.asarray(planes.strike_deg, float)[k]))
    along = north * np.cos(strike) + east * np.sin(strike)
    across = -north * np.sin(strike) + east * np.cos(strike)
    reach = 0.5 * float(np.asarray(planes.length_km, float)[k])
    middle = float(np.asarray(planes.depth_km, float)[k])
    corners = planes.corners_km(k)
    cn, ce, cd = corners.T
    outline = {
        "along": cn * np.cos(strike) + ce * np.sin(strike),
        "across": -cn * np.sin(strike) + ce * np.cos(strike),
    }
    half = 1.35 * max(reach, 0.5 * float(np.asarray(planes.width_km, float)[k]), 1.0)
    for axes, value, other, edge in (
        (along_axes, along, across, outline["along"]),
        (across_axes, across, along, outline["across"]),
    ):
        near = np.abs(other) < half
        rest, mine = near & (owner != k), owner == k
        axes.plot(value[rest], depth[rest], ".", ms=2.2, color=MUTED, alpha=0.5)
        axes.plot(value[mine], depth[mine], ".", ms=3.4, color=color)
        axes.plot(np.append(edge, edge[0]), middle + np.append(cd, cd[0]), color=color, lw=1.2)
        axes.set_xlim(-half, half)
        axes.set_ylim(middle + half, max(middle - half, -1.0))
        axes.set_aspect("equal", adjustable="box")
        axes.set_ylabel("Depth (km)")
    along_axes.set_title(planes.name[k], loc="left")
