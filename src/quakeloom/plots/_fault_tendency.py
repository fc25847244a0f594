"""Faults and how well they are oriented to slip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cmcrameri import cm
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from quakeloom.core import Coastline
from quakeloom.plots._map_frame import draw_map_frame, emptiest_corners, frame_points
from quakeloom.plots._stress_maps import bar_ends
from quakeloom.plots._style import INK, MUTED, PAGE_WIDTH_IN, PAPER, new_figure, styled


@dataclass(frozen=True)
class FaultTendencies:
    """Slip tendencies of faults.

    Attributes
    ----------
    longitude, latitude, strike_deg : array_like, shape (faults,)
        Degrees.
    tendency : array_like, shape (faults,)
        0 to 1; NaN where it is not known.
    tendency_range : array_like, shape (faults, 2)
        95 % range.
    name : array_like of str, shape (faults,)
    """

    longitude: ArrayLike
    latitude: ArrayLike
    strike_deg: ArrayLike
    tendency: ArrayLike
    tendency_range: ArrayLike
    name: ArrayLike


@styled
def plot_fault_tendency(
    faults: FaultTendencies,
    coastline: Coastline | None = None,
    length_km: float | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw faults on a map, colored by slip tendency, and their ranges beside it.

    Parameters
    ----------
    faults : FaultTendencies
    coastline : Coastline, optional
    length_km : float, optional
        Length of the drawn traces; default a twelfth of the map.
    width_in : float

    Returns
    -------
    Figure, or None when no fault has a tendency
    """
    lon, lat = np.asarray(faults.longitude, float), np.asarray(faults.latitude, float)
    value, span = np.asarray(faults.tendency, float), np.asarray(faults.tendency_range, float)
    names = np.asarray(faults.name, dtype=object)
    good = np.flatnonzero(np.isfinite(value) & np.isfinite(lon) & np.isfinite(lat))
    frame = frame_points(lon[good], lat[good], margin=0.18, shape=(0.9, 1.2), smallest_km=60.0)
    if frame is None:
        return None
    height = 0.56 * width_in * frame.aspect + 0.35
    figure = new_figure(width_in, max(height, 0.16 * len(good) + 0.9))
    ratios = [0.56, 0.44]
    axes, side = figure.subplots(1, 2, gridspec_kw={"width_ratios": ratios, "wspace": 0.08})
    bar_corner = emptiest_corners(frame, lon[good], lat[good])[1]
    draw_map_frame(axes, frame, coastline, scale_bar=bar_corner)
    x, y = frame.project(lon[good], lat[good])
    west, east, _, _ = frame.limits()
    half = 0.5 * ((east - west) / 12.0 if length_km is None else length_km)
    lines = bar_ends(x, y, np.asarray(faults.strike_deg, float)[good], half)
    axes.add_collection(
        LineCollection(lines, colors=INK, linewidths=3.6, capstyle="round", zorder=6)
    )
    drawn = LineCollection(
        lines, array=value[good], cmap=cm.bilbao_r, linewidths=2.4, capstyle="round", zorder=7
    )
    drawn.set_clim(0.0, 1.1)
    axes.add_collection(drawn)
    order = good[np.argsort(value[good], kind="stable")]
    place = np.arange(len(order))
    number = {fault: len(order) - i for i, fault in enumerate(order)}
    for i, fault in enumerate(good):
        axes.annotate(
            str(number[fault]),
            tuple(lines[i][1]),
            xytext=(6, 3),
            textcoords="offset points",
            fontsize=6.5,
            color=INK,
            zorder=8,
            path_effects=[withStroke(linewidth=2.0, foreground=PAPER)],
        )
    side.hlines(place, span[order, 0], span[order, 1], color=MUTED, lw=1.0)
    side.scatter(value[order], place, c=value[order], cmap=cm.bilbao_r, vmin=0, vmax=1.1,
                 edgecolors=INK, linewidths=0.5, s=22, zorder=3)  # fmt: skip
    side.set_yticks(place, [f"{number[f]}  {names[f]}" for f in order], fontsize=6.5)
    side.set_ylim(-0.7, len(order) - 0.3)
    side.set_xlim(0.0, 1.0)
    side.set_xlabel("Slip tendency (0 to 1), 95 % range")
    side.tick_params(axis="y", length=0)
    return figure
