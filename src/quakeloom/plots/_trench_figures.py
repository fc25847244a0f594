"""The section of a trench: hypocenter and boundaries with crosses of two standard deviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import (
    ALERT,
    INK,
    PAGE_WIDTH_IN,
    PRESSURE,
    RULE,
    new_figure,
    styled,
)

_SLANTED = ("-", "--")
"""Lines of the boundaries in turn."""


@dataclass(frozen=True)
class TrenchPanel:
    """One section with what is known of a hypocenter and of boundaries.

    Attributes
    ----------
    title : str
    velocity : ndarray, (depth, distance), km/s
    hypocenter, deviation : (along, depth), km
    boundaries : mapping
        Depth and standard deviation along the section, (2, distance) in km, by name.
    """

    title: str
    velocity: NDArray[np.float64]
    hypocenter: tuple[float, float]
    deviation: tuple[float, float]
    boundaries: Mapping[str, NDArray[np.float64]]


@styled
def plot_trench(
    panels: list[TrenchPanel],
    axes_km: tuple[NDArray[np.float64], NDArray[np.float64]],
    floor_km: NDArray[np.float64],
    truth: tuple[float, float],
    nodes_km: NDArray[np.float64],
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw sections one above the other.

    Parameters
    ----------
    panels : list of TrenchPanel
    axes_km : (depth, distance)
    floor_km : ndarray, (distance,)
    truth : (along, depth)
        Of the hypocenter.
    nodes_km : ndarray, (n, 2)
        Distance along the section and depth of the nodes, which lie off it.
    width_in : float
    """
    depth, distance = axes_km
    figure = new_figure(width_in, 2.7 * len(panels))
    for axes, panel in zip(np.ravel(figure.subplots(len(panels), 1, sharex=True)), panels,
                           strict=True):  # fmt: skip
        shown = np.where(depth[:, None] >= floor_km, panel.velocity, np.nan)
        drawn = axes.pcolormesh(distance, depth, shown, cmap="Greys", vmin=1.5, vmax=11,
                                rasterized=True)  # fmt: skip
        axes.plot(distance, floor_km, color=RULE, linewidth=0.8)
        for (name, (at, spread)), line in zip(panel.boundaries.items(), _SLANTED, strict=False):
            axes.plot(distance, at, line, color=PRESSURE, linewidth=1.0, label=name)
            some = slice(2, None, 6)
            if np.any(spread > 0):
                axes.errorbar(distance[some], at[some], yerr=2 * spread[some], fmt="none",
                              ecolor=PRESSURE, elinewidth=0.9)  # fmt: skip
        axes.errorbar(
            panel.hypocenter[0], panel.hypocenter[1], xerr=2 * panel.deviation[0],
            yerr=2 * panel.deviation[1], fmt="none", ecolor=INK, elinewidth=1.4, zorder=4,
            label="hypocenter, two standard deviations",
        )  # fmt: skip
        axes.plot(*truth, "o", color=ALERT, markersize=4, zorder=5, label="true hypocenter")
        axes.plot(nodes_km[:, 0], nodes_km[:, 1], "v", color=INK, markersize=4,
                  label="nodes (off the line)")  # fmt: skip
        axes.set_title(panel.title, loc="left")
        axes.set_ylim(20.0, 0.0)
        axes.set_xlim(distance[0], distance[-1])
        axes.set_ylabel("Depth (km)")
        figure.colorbar(drawn, ax=axes, label="P velocity (km/s)", pad=0.01)
    axes.set_xlabel("Distance from the trench (km)")
    axes.legend(loc="lower left", fontsize=6.5, ncols=2)
    return figure
