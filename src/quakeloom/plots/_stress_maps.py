"""Maps of the stress in the crust: SHmax bars, uncertainty fans, regimes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cmcrameri import cm
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Wedge
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline
from quakeloom.plots._map_frame import (
    Corner,
    MapFrame,
    draw_map_frame,
    emptiest_corners,
    frame_points,
)
from quakeloom.plots._style import INK, MUTED, PAGE_WIDTH_IN, PAPER, new_figure, styled

Floats = NDArray[np.float64]

REGIME_COLORS = {
    "NF": "#b23a26",
    "NS": "#d1815a",
    "SS": "#3f8a5a",
    "TS": "#4f8fb5",
    "TF": "#16325c",
    "U": "#77736a",
}
"""Red, green and blue for normal, strike-slip and thrust, as on the World Stress Map."""

REGIME_WORDS = {
    "NF": "Normal",
    "NS": "Normal and strike-slip",
    "SS": "Strike-slip",
    "TS": "Thrust and strike-slip",
    "TF": "Thrust",
    "U": "Undefined",
}
"""The classes of the World Stress Map in words."""


@dataclass(frozen=True)
class ShmaxNodes:
    """Directions of largest horizontal compression at the nodes of a map.

    Attributes
    ----------
    longitude, latitude, shmax_deg : array_like, shape (nodes,)
        Degrees; nodes without a direction are left out.
    regime : array_like of str, shape (nodes,)
        World Stress Map classes.
    range_deg : array_like, shape (nodes, 2), optional
        Ends of the 95 % range, as deviations from SHmax.
    has_data : array_like of bool, shape (nodes,), optional
        Which nodes have mechanisms of their own.
    true_deg : array_like, shape (nodes,), optional
        Known directions of a simulation.
    """

    longitude: ArrayLike
    latitude: ArrayLike
    shmax_deg: ArrayLike
    regime: ArrayLike
    range_deg: ArrayLike | None = None
    has_data: ArrayLike | None = None
    true_deg: ArrayLike | None = None


@styled
def plot_shmax_map(
    nodes: ShmaxNodes,
    coastline: Coastline | None = None,
    frame: MapFrame | None = None,
    spacing_km: float | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw SHmax as bars colored by regime, with fans of their 95 % range.

    Parameters
    ----------
    nodes : ShmaxNodes
        Ranges are drawn as fans, nodes without data as thin and short bars, true directions as
        thin black lines.
    coastline : Coastline, optional
    frame : MapFrame, optional
        Default: around the nodes.
    spacing_km : float, optional
        Distance of nodes; sets the length of the bars. Default: measured.
    width_in : float

    Returns
    -------
    Figure, or None when no node has a direction
    """
    lon, lat = np.asarray(nodes.longitude, float), np.asarray(nodes.latitude, float)
    shmax = np.asarray(nodes.shmax_deg, float)
    good = np.isfinite(lon) & np.isfinite(lat) & np.isfinite(shmax)
    if frame is None and good.any():
        frame = _frame_around(lon[good], lat[good])
    if frame is None:
        return None
    corner, bar_corner = emptiest_corners(frame, lon[good], lat[good])
    figure, axes = _axes(frame, coastline, width_in, bar_corner)
    x, y = frame.project(lon, lat)
    half = 0.46 * (_spacing(x[good], y[good]) if spacing_km is None else spacing_km)
    data = good if nodes.has_data is None else good & np.asarray(nodes.has_data, bool)
    classes = np.asarray(nodes.regime, dtype=object)
    if nodes.range_deg is not None:
        _draw_fans(axes, x, y, shmax, np.asarray(nodes.range_deg, float), classes, data, half)
    for pick, length, weight in ((good & ~data, 0.5, 0.5), (data, 1.0, 1.3)):
        rows = np.flatnonzero(pick)
        axes.add_collection(
            LineCollection(
                bar_ends(x[rows], y[rows], shmax[rows], half * length),
                colors=[REGIME_COLORS.get(str(c), INK) for c in classes[rows]],
                linewidths=weight * (1.0 if len(rows) < 2500 else 0.6),
                capstyle="butt",
                zorder=7,
            )
        )
    handles: list[Artist] = [
        Line2D([], [], color=REGIME_COLORS[c], lw=2, label=REGIME_WORDS[c])
        for c in REGIME_COLORS
        if np.any(classes[good] == c)
    ]
    if nodes.true_deg is not None:
        truth = np.asarray(nodes.true_deg, float)
        rows = np.flatnonzero(good & np.isfinite(truth))
        # longer than the bars, so that both ends show beside a bar that is right
        lines = bar_ends(x[rows], y[rows], truth[rows], 1.06 * half)
        axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.5, zorder=8))
        handles.append(Line2D([], [], color=INK, lw=0.6, label="True direction"))
    if nodes.range_deg is not None:
        handles.append(Patch(fc=MUTED, alpha=0.35, label="95 % range"))
    _legend(axes, handles, corner)
    return figure


@styled
def plot_regime_map(
    longitude: ArrayLike,
    latitude: ArrayLike,
    a_phi: ArrayLike,
    silent: ArrayLike,
    coastline: Coastline | None = None,
    frame: MapFrame | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw the regime number as colored cells, hatched where the data are silent.

    Parameters
    ----------
    longitude, latitude : array_like, shape (columns,) and (rows,)
        Evenly spaced coordinates of the nodes.
    a_phi : array_like, shape (rows, columns)
        Simpson's regime number, NaN outside the map.
    silent : array_like of bool, shape (rows, columns)
        Where no mechanism is, so that smoothness decides.
    coastline : Coastline, optional
    frame : MapFrame, optional
    width_in : float

    Returns
    -------
    Figure, or None when there is no value
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    values, hush = np.asarray(a_phi, float), np.asarray(silent, bool)
    known = np.isfinite(values)
    if not known.any():
        return None
    step_x = lon[1] - lon[0] if lon.size > 1 else 0.1
    step_y = lat[1] - lat[0] if lat.size > 1 else 0.1
    row, column = np.nonzero(known)
    if frame is None:
        frame = _frame_around(lon[column], lat[row], 0.5 * step_x, 0.5 * step_y)
    if frame is None:
        return None
    corner, bar_corner = emptiest_corners(frame, lon[column], lat[row])
    figure, axes = _axes(frame, coastline, width_in, bar_corner)
    cells = []
    for i, j in zip(row, column, strict=True):
        x, y = frame.project(
            lon[j] + 0.5 * step_x * np.array([-1, 1, 1, -1]),
            lat[i] + 0.5 * step_y * np.array([-1, -1, 1, 1]),
        )
        cells.append(np.stack([x, y], axis=1))
    drawn = PolyCollection(
        cells, array=values[known], cmap=cm.roma, alpha=0.9, linewidths=0.0, zorder=2.5
    )
    drawn.set_clim(0.0, 3.0)
    axes.add_collection(drawn)
    quiet = [cell for cell, q in zip(cells, hush[known], strict=True) if q]
    if quiet:
        # pale first, then hatched: the hatch alone would look like a value of its own
        axes.add_collection(
            PolyCollection(quiet, facecolors=PAPER, alpha=0.55, linewidths=0, zorder=2.6)
        )
        axes.add_collection(
            PolyCollection(
                quiet, facecolors="none", edgecolors=MUTED, hatch="////", linewidths=0, zorder=2.7
            )
        )
    bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", pad=0.05, aspect=40, shrink=0.7)
    bar.set_ticks([0.5, 1.0, 1.5, 2.0, 2.5], labels=["normal", "", "strike-slip", "", "thrust"])
    bar.set_label("Faulting regime, A_φ from 0 to 3")
    bar.outline.set_visible(False)
    if quiet:
        _legend(
            axes,
            [Patch(fc=PAPER, ec=MUTED, hatch="////", lw=0, label="No mechanisms: the prior")],
            corner,
        )
    return figure


def _frame_around(
    longitude: Floats, latitude: Floats, east: float | None = None, north: float | None = None
) -> MapFrame | None:
    """A frame around nodes and what is drawn half a step beyond them."""
    if east is None or north is None:
        shrink = max(float(np.cos(np.radians(np.median(latitude)))), 0.05)
        half = 0.5 * _spacing(longitude * shrink, latitude, 0.2)
        east, north = half / shrink, half
    return frame_points(
        np.concatenate([longitude - east, longitude + east]),
        np.concatenate([latitude - north, latitude + north]),
        margin=0.03,
        shape=(0.55, 1.25),
    )


def _axes(
    frame: MapFrame, coastline: Coastline | None, width_in: float, scale_bar: Corner
) -> tuple[Figure, Axes]:
    figure = new_figure(width_in, width_in * frame.aspect + 0.3)
    axes = figure.add_subplot()
    draw_map_frame(axes, frame, coastline, scale_bar=scale_bar)
    return figure, axes


def _spacing(x: Floats, y: Floats, alone: float = 20.0) -> float:
    """Median distance to the nearest other point; ``alone`` for a single one."""
    from scipy.spatial import cKDTree

    if len(x) < 2:
        return alone
    points = np.stack([x, y], axis=1)
    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))


def bar_ends(x: Floats, y: Floats, azimuth_deg: Floats, half: float) -> list[Floats]:
    """Return both ends of bars around points, each (2, 2), for a collection of lines."""
    angle = np.radians(azimuth_deg)
    step = half * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    middle = np.stack([x, y], axis=1)
    return list(np.stack([middle - step, middle + step], axis=1))


def _draw_fans(
    axes: Axes,
    x: Floats,
    y: Floats,
    shmax: Floats,
    span: Floats,
    classes: NDArray[np.object_],
    pick: NDArray[np.bool_],
    radius: float,
) -> None:
    """Draw the range of every picked node as two opposite wedges of the color of its class."""
    wedges, colors = [], []
    for i in np.flatnonzero(pick & np.isfinite(span).all(axis=1)):
        # matplotlib's angles run counterclockwise from east
        first, last = 90.0 - (shmax[i] + span[i, 1]), 90.0 - (shmax[i] + span[i, 0])
        for turn in (0.0, 180.0):
            wedges.append(Wedge((x[i], y[i]), radius, first + turn, last + turn))
            colors.append(REGIME_COLORS.get(str(classes[i]), MUTED))
    axes.add_collection(
        PatchCollection(wedges, facecolors=colors, edgecolors="none", alpha=0.28, zorder=6)
    )


def _legend(axes: Axes, handles: Sequence[Artist], corner: Corner) -> None:
    legend = axes.legend(
        handles=handles, loc=corner, fontsize=6.5, framealpha=0.9, facecolor=PAPER,
        edgecolor="none", handlelength=1.6,
    )  # fmt: skip
    legend.set_zorder(22)
