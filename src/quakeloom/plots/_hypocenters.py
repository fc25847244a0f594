"""Hypocenters with their uncertainty: a map, two sections, residuals and members."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._depth_axis import label_depths
from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    new_figure,
    new_panels,
    styled,
)

Floats = NDArray[np.float64]
_MANY = 400
"""With more events crosses would hide one another; points are drawn alone."""


@styled
def plot_hypocenters(
    north_km: ArrayLike,
    east_km: ArrayLike,
    depth_km: ArrayLike,
    errors_km: ArrayLike,
    station_north_km: ArrayLike = (),
    station_east_km: ArrayLike = (),
    other_km: ArrayLike | None = None,
    boundary_km: tuple[float, float] | None = None,
) -> Figure:
    """Draw a map and two sections with crosses of two standard deviations.

    Parameters
    ----------
    north_km, east_km, depth_km : array_like, shape (events,)
        Means, in km from a common origin.
    errors_km : array_like, shape (events, 3)
        Standard deviations of north, east, depth.
    station_north_km, station_east_km : array_like
        Stations, drawn where they fall into the frame.
    other_km : array_like, shape (events, 3), optional
        North, east, depth of the same events from elsewhere, joined by thin lines.
    boundary_km : tuple of float, optional
        Mean depth of a boundary and its standard deviation.
    """
    place = np.stack([np.asarray(v, float) for v in (north_km, east_km, depth_km)], axis=-1)
    errors = 2.0 * np.asarray(errors_km, float)
    other = None if other_km is None else np.asarray(other_km, float)
    figure = new_figure(PAGE_WIDTH_IN, 5.6)
    axes = figure.subplots(2, 2, width_ratios=(1.5, 1.0), height_ratios=(1.4, 1.0))
    panels: tuple[tuple[Axes, int, int], ...] = (
        (axes[0, 0], 1, 0), (axes[0, 1], 2, 0), (axes[1, 0], 1, 2)
    )  # fmt: skip
    names = ("North (km)", "East (km)", "Depth (km)")
    for axis, x, y in panels:
        if other is not None:
            # one line with gaps: a line of its own for every event takes kilobytes
            gap = np.full(len(place), np.nan)
            axis.plot(
                np.stack([place[:, x], other[:, x], gap], axis=-1).ravel(),
                np.stack([place[:, y], other[:, y], gap], axis=-1).ravel(),
                color=ALERT, lw=0.5, alpha=0.7,
            )  # fmt: skip
        _crosses(axis, place[:, x], place[:, y], errors[:, x], errors[:, y])
        axis.set_xlabel(names[x])
        axis.set_ylabel(names[y])
        # as many ticks whatever the height, which is known only after the labels have their room
        axis.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if boundary_km is not None and np.isfinite(boundary_km[0]):
        mean, spread = boundary_km
        axes[0, 1].axvspan(mean - 2 * spread, mean + 2 * spread, color=MUTED, alpha=0.25, lw=0)
        axes[1, 0].axhspan(mean - 2 * spread, mean + 2 * spread, color=MUTED, alpha=0.25, lw=0)
    axes[0, 0].set_title("Map")
    axes[0, 1].set_title("From the east")
    axes[1, 0].set_title("From the south")
    limits = axes[0, 0].get_xlim(), axes[0, 0].get_ylim()
    axes[0, 0].plot(
        station_east_km, station_north_km, "^", ms=4, mfc="none", mec=MUTED, mew=0.7, zorder=0
    )
    axes[0, 0].set_xlim(limits[0])
    axes[0, 0].set_ylim(limits[1])
    axes[0, 0].set_aspect("equal", adjustable="box")
    axes[1, 0].invert_yaxis()
    label_depths(axes[0, 1].xaxis)
    label_depths(axes[1, 0].yaxis)
    _legend(axes[1, 1], other is not None, boundary_km is not None)
    return figure


@styled
def plot_location_quality(
    residual_s: ArrayLike,
    is_s: ArrayLike,
    effective_models: ArrayLike,
    members: int,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw histograms of residuals (P and S) and of the effective number of models."""
    residual = np.asarray(residual_s, float)
    second = np.asarray(is_s, bool)
    known = np.isfinite(residual)
    figure, (left, right) = new_panels(2, width_in, 2.3)
    span = float(np.percentile(np.abs(residual[known]), 98)) if known.any() else 1.0
    edges = np.linspace(-max(span, 0.01), max(span, 0.01), 41).tolist()
    left.hist(residual[known & ~second], edges, color=PRESSURE, label="P")
    left.hist(residual[known & second], edges, histtype="step", color=ALERT, lw=1.2, label="S")
    left.set_xlabel("Residual (s)")
    left.set_ylabel("Picks")
    left.legend(frameon=False)
    models = np.asarray(effective_models, float)
    edges = np.linspace(1, max(members, 2), 31).tolist()
    right.hist(models[np.isfinite(models)], edges, color=PRESSURE)
    if members > 10:
        right.axvline(10, color=ALERT, lw=0.8)
    right.set_xlabel(f"Effective number of models, of {members}")
    right.set_ylabel("Events")
    return figure


def _crosses(axis: Axes, x: Floats, y: Floats, dx: Floats, dy: Floats) -> None:
    if x.size <= _MANY:
        axis.errorbar(x, y, yerr=dy, xerr=dx, fmt="none", ecolor=INK, elinewidth=0.7)
    axis.plot(x, y, "o", ms=2.2 if x.size <= _MANY else 1.0, color=PRESSURE, mew=0)


def _legend(axis: Axes, other: bool, boundary: bool) -> None:
    axis.axis("off")
    lines = ["Crosses: two standard deviations"]
    lines += ["Red: to the hypocenter in the sources"] if other else []
    lines += ["Gray: boundary, two standard deviations"] if boundary else []
    axis.text(0.02, 0.95, "\n".join([*lines, "Triangles: stations"]), va="top", color=MUTED,
              transform=axis.transAxes)  # fmt: skip
