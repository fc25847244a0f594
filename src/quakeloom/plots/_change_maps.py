"""Maps of what differs between two versions: mechanisms that turned, nodes whose SHmax turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cmcrameri import cm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.core import Coastline
from quakeloom.plots._map_frame import draw_map_frame, emptiest_corners, frame_points
from quakeloom.plots._style import INK, MUTED, PAGE_WIDTH_IN, PAPER, new_figure, styled


@dataclass(frozen=True)
class ChangedPoints:
    """Points of a map with how much they changed.

    Attributes
    ----------
    longitude, latitude : array_like, shape (n,)
        Degrees.
    amount_deg : array_like, shape (n,)
        Angle by which a mechanism or SHmax turned; NaN where there is none in one version.
    change : array_like of str, shape (n,)
        ``added`` or ``new``, ``withdrawn`` or ``gone``; anything else is drawn by its amount.
    """

    longitude: ArrayLike
    latitude: ArrayLike
    amount_deg: ArrayLike
    change: ArrayLike


@styled
def plot_changes_map(
    points: ChangedPoints,
    label: str,
    largest_deg: float,
    coastline: Coastline | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw points colored by how far they turned; new ones as triangles, gone ones as crosses.

    Parameters
    ----------
    points : ChangedPoints
    label : str
        Of the color bar.
    largest_deg : float
        End of the color bar, degrees.
    coastline : Coastline, optional
    width_in : float

    Returns
    -------
    Figure, or None when no point has coordinates
    """
    lon, lat = np.asarray(points.longitude, float), np.asarray(points.latitude, float)
    amount = np.asarray(points.amount_deg, float)
    change = np.asarray(points.change, dtype=object)
    frame = frame_points(lon, lat)
    if frame is None:
        return None
    figure = new_figure(width_in, width_in * frame.aspect + 0.6)
    axes = figure.add_subplot()
    corner, bar_corner = emptiest_corners(frame, lon, lat)
    draw_map_frame(axes, frame, coastline, scale_bar=bar_corner)
    x, y = frame.project(lon, lat)
    came, gone = np.isin(change, ["added", "new"]), np.isin(change, ["withdrawn", "gone"])
    stayed = ~came & ~gone
    order = np.flatnonzero(stayed)[np.argsort(np.nan_to_num(amount[stayed]), kind="stable")]
    drawn = axes.scatter(
        x[order], y[order], c=np.nan_to_num(np.abs(amount[order])), cmap=cm.lajolla_r, s=16,
        vmin=0.0, vmax=largest_deg, edgecolors=INK, linewidths=0.3, zorder=7,
    )  # fmt: skip
    if came.any():
        axes.scatter(x[came], y[came], marker="^", s=18, facecolors=PAPER, edgecolors=INK,
                     linewidths=0.7, zorder=8, label="only in the second")  # fmt: skip
    if gone.any():
        axes.scatter(x[gone], y[gone], marker="x", s=16, color=MUTED, linewidths=0.9, zorder=8,
                     label="only in the first")  # fmt: skip
    if came.any() or gone.any():
        axes.legend(loc=corner, fontsize=7)
    bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", pad=0.05, aspect=40, shrink=0.7)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return figure
