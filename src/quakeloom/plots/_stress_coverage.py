"""Whether the ranges of stress maps hold the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import INK, MUTED, PAGE_WIDTH_IN, new_figure, styled

_COLORS = ("#16325c", "#b23a26", "#3f8a5a", "#4f8fb5")
"""Colors of quantities, in order."""

_MARKERS = ("o", "s", "^", "D")
"""Symbols of quantities, so that they are told apart without color."""


@styled
def plot_stress_coverage(
    density: ArrayLike,
    share: ArrayLike,
    names: Sequence[str],
    distance: ArrayLike,
    stated_deg: ArrayLike,
    actual_deg: ArrayLike,
    wanted: tuple[float, float] = (0.90, 0.98),
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw how often 95 % ranges hold the truth, and what is stated far from any data.

    Parameters
    ----------
    density : array_like, shape (densities,)
        Mechanisms per node.
    share : array_like, shape (densities, quantities)
        Share of nodes whose truth is inside.
    names : sequence of str
        Of the quantities.
    distance : array_like, shape (columns,)
        Nodes from the last one with data; 0 among the data.
    stated_deg, actual_deg : array_like, shape (columns,)
        Standard deviation of SHmax that is stated, and root mean square error.
    wanted : tuple of float
        Drawn as a band.
    width_in : float
    """
    x, y = np.asarray(density, float), 100.0 * np.asarray(share, float)
    figure = new_figure(width_in, 2.7)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.08})
    left.axhspan(100 * wanted[0], 100 * wanted[1], color=MUTED, alpha=0.15, lw=0)
    left.axhline(95.0, color=MUTED, lw=0.6)
    for k, name in enumerate(names):
        left.plot(x, y[:, k], color=_COLORS[k], marker=_MARKERS[k], ms=3.5, lw=1.0, label=name)
    left.set_xscale("log")
    left.set_xticks(x, [f"{v:g}" for v in x])
    left.minorticks_off()
    left.set_ylim(min(80.0, y.min() - 1.0), 100.0)
    left.set_xlabel("Mechanisms per node")
    left.set_ylabel("Truth in the 95 % range (%)")
    left.legend(loc="lower right", fontsize=6.5, frameon=False)
    d = np.asarray(distance, float)
    columns = np.arange(d.size)
    last = int(np.flatnonzero(d == 0.0)[-1])
    right.axvspan(last + 0.5, columns[-1] + 0.5, color=MUTED, alpha=0.15, lw=0)
    right.plot(columns, actual_deg, color=INK, marker="o", ms=3.5, lw=1.0, label="Error (rms)")
    right.plot(
        columns, stated_deg, color=_COLORS[1], marker="s", ms=3.5, lw=1.0, label="Stated (std)"
    )
    right.text(0.97, 0.05, "No mechanisms", transform=right.transAxes, ha="right", fontsize=6.5,
               color=MUTED)  # fmt: skip
    right.set_xlim(-0.5, columns[-1] + 0.5)
    right.set_ylim(0.0, None)
    right.set_xlabel("Column of nodes, west to east")
    right.set_ylabel("SHmax (degrees)")
    right.legend(loc="upper left", fontsize=6.5, frameon=False)
    return figure
