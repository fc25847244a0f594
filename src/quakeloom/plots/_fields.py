"""Fields on grids, side by side: each panel with its own scale or one for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cmcrameri.cm as cmc
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import PAGE_WIDTH_IN, SIDE_BY_SIDE_IN, new_figure, styled


@dataclass(frozen=True)
class FieldPanel:
    """A field to draw.

    Attributes
    ----------
    title : str
    values : array_like, (rows, columns)
        NaN is left blank.
    label : str
        Of the color scale.
    colormap : str
        Of cmcrameri.
    limits : (float, float), optional
        Of the color scale; from the values if absent.
    """

    title: str
    values: ArrayLike
    label: str = ""
    colormap: str = "batlow"
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class FieldAxes:
    """The axes that fields are drawn on: names, coordinates of the nodes, and whether down."""

    across: str
    along: str
    across_values: ArrayLike
    along_values: ArrayLike
    downward: bool = False


@styled
def plot_fields(
    axes: FieldAxes, panels: Sequence[FieldPanel], columns: int = 2, width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw fields on one grid, rows of values along the vertical axis.

    Parameters
    ----------
    axes : FieldAxes
        ``across`` is horizontal (the second index), ``along`` vertical (the first).
    panels : sequence of FieldPanel
    columns : int
        Panels side by side where the figure is wide enough.
    width_in : float
    """
    x, y = np.asarray(axes.across_values, float), np.asarray(axes.along_values, float)
    columns = columns if width_in >= SIDE_BY_SIDE_IN else 1
    rows = -(-len(panels) // columns)
    ratio = (abs(y[-1] - y[0]) or 1.0) / (abs(x[-1] - x[0]) or 1.0)
    height = max(1.1, min(3.0, 0.75 * width_in / columns * ratio + 0.55))
    figure = new_figure(width_in, rows * height + 0.3)
    all_axes = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    first, last = _edges(x), _edges(y)
    extent = (first[0], first[1], last[1], last[0]) if axes.downward else (*first, *last)
    for place, panel in zip(all_axes, panels, strict=False):
        values = np.asarray(panel.values, float)
        finite = values[np.isfinite(values)]
        low, high = panel.limits or (
            tuple(np.percentile(finite, [0.5, 99.5])) if finite.size else (0.0, 1.0)
        )
        image = place.imshow(
            values, extent=extent, origin="upper" if axes.downward else "lower", aspect="auto",
            cmap=getattr(cmc, panel.colormap), vmin=low, vmax=high, interpolation="nearest",
            rasterized=True,
        )  # fmt: skip
        place.set_title(panel.title)
        figure.colorbar(image, ax=place, label=panel.label, shrink=0.85, aspect=20, pad=0.02)
    for place in all_axes[len(panels) :]:
        place.set_visible(False)
    for k, place in enumerate(all_axes[: len(panels)]):
        if k % columns == 0:
            place.set_ylabel(axes.along)
        if k + columns >= len(panels):
            place.set_xlabel(axes.across)
    return figure


def _edges(values: np.ndarray) -> tuple[float, float]:
    """Return where the first cell begins and the last ends."""
    half = 0.5 * (values[-1] - values[0]) / max(values.size - 1, 1) or 0.5
    return float(values[0] - half), float(values[-1] + half)
