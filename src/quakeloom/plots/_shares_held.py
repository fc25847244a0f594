"""Stated probabilities beside the shares that held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import COLUMN_WIDTH_IN, INK, MUTED, new_figure, styled

_ROW_IN, _FRAME_IN = 0.24, 0.7
"""Height of a row and of the frame around all, inches. Chosen here: labels do not touch."""


@styled
def plot_shares_held(
    product: Sequence[str],
    stated: NDArray[np.float64],
    held: NDArray[np.float64],
    error: NDArray[np.float64],
) -> Figure:
    """Draw a row per product: a line at what is stated, a point at what held.

    Parameters
    ----------
    product : sequence of str
    stated, held, error : ndarray, shape (products,)
        Probabilities from 0 to 1, and the standard error of ``held``, of which two are drawn.
    """
    figure = new_figure(COLUMN_WIDTH_IN * 1.4, _FRAME_IN + _ROW_IN * len(product))
    axes = figure.subplots()
    place = np.arange(len(product))[::-1]
    axes.vlines(stated, place - 0.35, place + 0.35, color=MUTED, linewidth=2.0)
    axes.errorbar(held, place, xerr=2.0 * error, fmt="o", color=INK, markersize=3.5, linewidth=0.9)
    axes.set_yticks(place, list(product))
    axes.set_ylim(-0.6, len(product) - 0.4)
    axes.set_xlim(0.0, 1.02)
    axes.set_xlabel("Share of true values held")
    return figure
