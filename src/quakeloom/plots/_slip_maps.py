"""Slip on a fault, the models it rests on, and the displacements that it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cmcrameri.cm as cmc
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline
from quakeloom.plots._map_frame import draw_map_frame, emptiest_corners, frame_points
from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    SIDE_BY_SIDE_IN,
    new_figure,
    styled,
)

_ARROW_SHARE = 0.14
"""Length of the longest arrow, of the width of the map. Chosen here."""


@dataclass(frozen=True)
class SlipPanel:
    """One map of the fault's plane.

    Attributes
    ----------
    values : array_like, shape (patches,)
    label : str
        Of its color scale.
    colormap : str
    limits : (float, float), optional
    """

    values: ArrayLike
    label: str
    colormap: str = "lajolla"
    limits: tuple[float, float] | None = None


@styled
def plot_slip_panels(
    along_km: ArrayLike,
    down_km: ArrayLike,
    sizes_km: ArrayLike,
    panels: Mapping[str, SlipPanel],
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw maps of a fault's plane, seen from its hanging wall.

    Parameters
    ----------
    along_km, down_km : array_like, shape (patches,)
        Centers of the patches along strike and down dip.
    sizes_km : array_like, shape (patches, 2)
        Lengths along strike and widths down dip.
    panels : mapping of str to SlipPanel
        By title; panels with the same label and limits have the same colors.
    width_in : float
    """
    x, y = np.asarray(along_km, float), np.asarray(down_km, float)
    size = np.asarray(sizes_km, float)
    columns = 2 if width_in >= SIDE_BY_SIDE_IN else 1
    rows = -(-len(panels) // columns)
    left, right = (x - size[:, 0] / 2).min(), (x + size[:, 0] / 2).max()
    top, bottom = (y - size[:, 1] / 2).min(), (y + size[:, 1] / 2).max()
    share = (bottom - top) / (right - left)
    panel = float(np.clip(0.75 * width_in / columns * share, 0.8, 3.2)) + 0.75
    figure = new_figure(width_in, rows * panel)
    all_axes = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    corners = np.stack([
        np.stack([x + a * size[:, 0] / 2, y + b * size[:, 1] / 2], axis=1)
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ], axis=1)  # fmt: skip
    for k, (axes, (title, shown)) in enumerate(zip(all_axes, panels.items(), strict=False)):
        drawn = PolyCollection(
            list(corners), array=np.asarray(shown.values, float), linewidths=0.2,
            edgecolors="face", cmap=getattr(cmc, shown.colormap),
        )  # fmt: skip
        if shown.limits is not None:
            drawn.set_clim(*shown.limits)
        axes.add_collection(drawn)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        axes.set_title(title)
        figure.colorbar(drawn, ax=axes, label=shown.label, aspect=18, pad=0.02)
        if k % columns == 0:
            axes.set_ylabel("Down dip (km)")
        if k + columns >= len(panels):
            axes.set_xlabel("Along strike (km)")
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    return figure


@styled
def plot_model_weights(
    parameters: Mapping[str, ArrayLike],
    weights: ArrayLike,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw the weights of models against what differs between them.

    Parameters
    ----------
    parameters : mapping of str to array_like, shape (models,)
        By the label of the axis; those that are the same in all models are left out.
    weights : array_like, shape (models,)
    width_in : float

    Returns
    -------
    Figure, or None where models differ in nothing
    """
    weight = np.asarray(weights, float)
    varied = {n: np.asarray(v, float) for n, v in parameters.items() if np.ptp(v) > 1e-12}
    if not varied:
        return None
    columns = min(len(varied), 3 if width_in >= SIDE_BY_SIDE_IN else 2)
    rows = -(-len(varied) // columns)
    figure = new_figure(width_in, 1.75 * rows + 0.2)
    all_axes = np.atleast_1d(figure.subplots(rows, columns, sharey=True)).ravel()
    for k, (axes, (label, values)) in enumerate(zip(all_axes, varied.items(), strict=False)):
        axes.vlines(values, 0.0, weight, color=PRESSURE, linewidth=0.5, alpha=0.6)
        axes.plot(values, weight, ".", color=PRESSURE, markersize=3)
        axes.axhline(1.0 / weight.size, color=ALERT, linewidth=0.7)
        axes.set_xlabel(label)
        axes.set_ylim(bottom=0.0)
        if k % columns == 0:
            axes.set_ylabel("Weight")
    for axes in all_axes[len(varied) :]:
        axes.set_visible(False)
    return figure


@dataclass(frozen=True)
class SiteDisplacements:
    """Displacements of GNSS sites, or points with one component.

    Attributes
    ----------
    longitude, latitude : array_like, shape (sites,)
    observed, predicted : array_like, shape (sites, 2)
        East and north in meters; NaN where there are none.
    """

    longitude: ArrayLike
    latitude: ArrayLike
    observed: ArrayLike
    predicted: ArrayLike


@styled
def plot_displacements(
    sites: SiteDisplacements,
    outline: ArrayLike,
    coastline: Coastline | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:
    """Draw horizontal displacements, observed and predicted, around the fault.

    Parameters
    ----------
    sites : SiteDisplacements
    outline : array_like, shape (points, 2)
        Longitude and latitude around the fault at the surface.
    coastline : Coastline, optional
    width_in : float

    Returns
    -------
    Figure, or None where there is no site
    """
    lon, lat = np.asarray(sites.longitude, float), np.asarray(sites.latitude, float)
    edge = np.asarray(outline, float)
    frame = frame_points(
        np.append(lon, edge[:, 0]), np.append(lat, edge[:, 1]), margin=0.15, shape=(0.5, 0.9)
    )
    if frame is None or not lon.size:
        return None
    figure = new_figure(width_in, width_in * frame.aspect + 0.3)
    axes = figure.subplots()
    bar = emptiest_corners(frame, lon, lat)[1]
    draw_map_frame(axes, frame, coastline, scale_bar=bar)
    fx, fy = frame.project(edge[:, 0], edge[:, 1])
    axes.fill(fx, fy, facecolor="none", edgecolor=MUTED, linewidth=0.9, zorder=4)
    x, y = frame.project(lon, lat)
    axes.plot(x, y, ".", color=INK, markersize=2.5, zorder=5)
    observed, predicted = (np.asarray(v, float) for v in (sites.observed, sites.predicted))
    largest = float(np.nanmax(np.hypot(observed[:, 0], observed[:, 1]), initial=0.0))
    if largest > 0.0:
        west, east, _, _ = frame.limits()
        scale = largest / (_ARROW_SHARE * (east - west))
        _arrows(axes, x, y, observed, scale, INK, "observed")
        key = _arrows(axes, x, y, predicted, scale, ALERT, "mean of the mixture")
        axes.quiverkey(
            key, 0.82, 1.02, largest, f"{1000 * largest:.3g} mm", labelpos="E",
            coordinates="axes", color=ALERT,
        )  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False)
    return figure


def _arrows(
    axes: Axes, x: NDArray, y: NDArray, vectors: NDArray, scale: float, color: str, label: str
) -> Any:
    good = np.isfinite(vectors).all(axis=1)
    axes.plot([], [], "-", color=color, linewidth=1.2, label=label)
    return axes.quiver(
        x[good], y[good], vectors[good, 0], vectors[good, 1], angles="xy", scale_units="xy",
        scale=scale, color=color, width=0.0028, zorder=6,
    )  # fmt: skip
