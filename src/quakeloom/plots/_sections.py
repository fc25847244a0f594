"""Velocity sections of refraction lines and how their travel times fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cmcrameri.cm as cmc
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._depth_axis import label_depths
from quakeloom.plots._style import (
    ALERT,
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    SIDE_BY_SIDE_IN,
    new_figure,
    styled,
)


@dataclass(frozen=True)
class SectionGrid:
    """Where sections below a line lie.

    Attributes
    ----------
    depth_km, distance_km : array_like
        Coordinates of the nodes, evenly spaced. Lines shorter than 2 km are drawn in meters.
    ground_km : array_like, (distance,), optional
        Depth of the ground.
    marks_km : array_like, (n, 2), optional
        Distance and depth of shots or stations.
    """

    depth_km: ArrayLike
    distance_km: ArrayLike
    ground_km: ArrayLike | None = None
    marks_km: ArrayLike | None = None


@styled
def plot_velocity_sections(
    grid: SectionGrid,
    sections: Mapping[str, ArrayLike],
    label: str = "P velocity (km/s)",
    colormap: str = "batlow",
    limits: tuple[float, float] | None = None,
    columns: int = 1,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw sections below a line, one panel each, on one color scale.

    Parameters
    ----------
    grid : SectionGrid
    sections : mapping of str to array_like, (depth, distance)
        By title; NaN is left blank (above the ground, or too uncertain).
    label, colormap, limits
        Of the color scale; limits from the data if absent.
    columns : int
        Panels side by side, where the figure is wide enough.
    width_in : float
    """
    z, x = np.asarray(grid.depth_km, float), np.asarray(grid.distance_km, float)
    factor, unit = (1000.0, "m") if x[-1] - x[0] < 2.0 else (1.0, "km")
    z, x = z * factor, x * factor
    fields = {t: np.asarray(v, float) for t, v in sections.items()}
    finite = np.concatenate([v[np.isfinite(v)] for v in fields.values()] or [np.zeros(1)])
    low, high = limits or (tuple(np.percentile(finite, [0.5, 99.5])) if finite.size else (0.0, 1.0))
    columns = columns if width_in >= SIDE_BY_SIDE_IN else 1
    rows = -(-len(fields) // columns)
    panel = max(0.9, min(2.2, 0.9 * width_in / columns * (z[-1] - z[0]) / (x[-1] - x[0]) + 0.5))
    figure = new_figure(width_in, rows * panel + 0.75)
    all_axes = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    dz, dx = z[1] - z[0], x[1] - x[0]
    extent = (x[0] - dx / 2, x[-1] + dx / 2, z[-1] + dz / 2, z[0] - dz / 2)
    image = None
    for axes, (title, values) in zip(all_axes, fields.items(), strict=False):
        image = axes.imshow(
            values,
            extent=extent,
            aspect="auto",
            cmap=getattr(cmc, colormap),
            vmin=low,
            vmax=high,
            interpolation="nearest",
            rasterized=True,
        )
        if grid.ground_km is not None:
            axes.plot(x, np.asarray(grid.ground_km) * factor, color=INK, linewidth=0.7)
        if grid.marks_km is not None:
            marks = np.asarray(grid.marks_km, float) * factor
            axes.plot(marks[:, 0], marks[:, 1], "v", color=ALERT, markersize=3, clip_on=False)
        axes.set_title(title)
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(z[-1], z[0])
    for axes in all_axes[len(fields) :]:
        axes.set_visible(False)
    for k, axes in enumerate(all_axes[: len(fields)]):
        if k % columns == 0:
            label_depths(axes.yaxis, unit)
        if k + columns >= len(fields):
            axes.set_xlabel(f"Distance ({unit})")
    if image is not None:
        figure.colorbar(image, ax=list(all_axes), label=label, shrink=0.8, aspect=30, pad=0.01)
    return figure


@styled
def plot_travel_time_fits(
    offsets_km: ArrayLike,
    times_s: ArrayLike,
    predicted_s: ArrayLike,
    reducing_velocity_km_s: float = 0.0,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw picked and predicted travel times over offset, reduced if a velocity is given.

    Parameters
    ----------
    offsets_km : array_like, (n,)
        Receiver less shot, with sign.
    times_s, predicted_s : array_like, (n,)
    reducing_velocity_km_s : float
        Times less offset over this velocity are drawn; 0 does not reduce.
    width_in : float
    """
    x, t, p = (np.asarray(v, float) for v in (offsets_km, times_s, predicted_s))
    factor, unit = (1000.0, "m") if np.ptp(x) < 4.0 else (1.0, "km")
    off = np.abs(x) / reducing_velocity_km_s if reducing_velocity_km_s > 0 else np.zeros(x.size)
    seconds, scale = ("ms", 1000.0) if t.max(initial=0.0) < 1.0 else ("s", 1.0)
    figure = new_figure(width_in, 2.6)
    axes = figure.subplots()
    axes.plot(x * factor, (t - off) * scale, ".", color=MUTED, markersize=2.5, label="picked")
    axes.plot(
        x * factor,
        (p - off) * scale,
        ".",
        color=QUALITY_COLORS["B"],
        markersize=1.6,
        label="mean of the ensemble",
    )
    axes.set_xlabel(f"Offset ({unit})")
    label = f"Travel time ({seconds})"
    if reducing_velocity_km_s > 0:
        label = f"Time less offset / {reducing_velocity_km_s:g} km/s ({seconds})"
    axes.set_ylabel(label)
    axes.legend(loc="best", markerscale=2)
    return figure


@styled
def plot_residual_histogram(
    residuals: ArrayLike, label: str = "Normalized residual", width_in: float = COLUMN_WIDTH_IN
) -> Figure:
    """Draw the histogram of normalized residuals over the standard normal density."""
    r = np.asarray(residuals, float).ravel()
    figure = new_figure(width_in, 2.2)
    axes = figure.subplots()
    edges = np.linspace(-5, 5, 51)
    axes.hist(np.clip(r, -5, 5), edges.tolist(), density=True, color=QUALITY_COLORS["D"])
    middle = np.linspace(-5, 5, 201)
    axes.plot(
        middle, np.exp(-0.5 * middle**2) / np.sqrt(2 * np.pi), color=INK, label="standard normal"
    )
    axes.set_xlabel(label)
    axes.set_ylabel("Density")
    axes.legend(loc="upper right")
    return figure


@styled
def plot_ensemble_bands(
    positions: ArrayLike,
    bands: Sequence[tuple[str, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
    x_label: str,
    y_label: str,
    depth_unit: str = "",
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw lines with a range each: exact and sampled posteriors, depths of an iso-velocity.

    Parameters
    ----------
    positions : array_like, (n,)
    bands : sequence of (label, lower, middle, upper)
    x_label, y_label : str
    depth_unit : str
        Unit of depths; with one the vertical axis is one of depths, and points down.
    width_in : float
    """
    x = np.asarray(positions, float)
    figure = new_figure(width_in, 2.6)
    axes: Axes = figure.subplots()
    colors = (INK, QUALITY_COLORS["B"], QUALITY_COLORS["C"], ALERT, MUTED)
    for k, (label, lower, middle, upper) in enumerate(bands):
        color = colors[k % len(colors)]
        axes.fill_between(x, lower, upper, color=color, alpha=0.15, linewidth=0)
        axes.plot(x, middle, color=color, label=label)
        axes.plot(x, lower, color=color, linewidth=0.6)
        axes.plot(x, upper, color=color, linewidth=0.6)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if depth_unit:
        axes.invert_yaxis()
        label_depths(axes.yaxis, depth_unit)
    axes.legend(loc="best")
    return figure
