"""Exhaustive searches: the density of states, and which columns the best subsets have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    RULE,
    new_figure,
    styled,
    use_logarithmic,
)


@styled
def plot_state_density(
    edges: ArrayLike, counts: ArrayLike, best: float, near: float, width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw how many subsets have which error.

    Parameters
    ----------
    edges : array_like, (bin + 1,)
    counts : array_like, (bin,)
    best, near : float
        Error of the best subset, and the error up to which others are as good.
    width_in : float
    """
    figure = new_figure(width_in, 2.3)
    axes = figure.subplots()
    axes.stairs(np.asarray(counts, float), np.asarray(edges, float), fill=True, color=MUTED)
    use_logarithmic(axes, "y")
    axes.set_ylim(bottom=0.7)
    axes.axvspan(best, near, color=PRESSURE, alpha=0.18, linewidth=0,
                 label="within a standard error of the best")  # fmt: skip
    axes.set_xlabel("Cross-validated error")
    axes.set_ylabel("Subsets")
    axes.legend(fontsize=6.5)
    return figure


@styled
def plot_indicators(
    names: Sequence[str],
    subsets: ArrayLike,
    weight: ArrayLike,
    stability: ArrayLike,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw which columns the best subsets have, and the share of near-best ones that have them.

    Parameters
    ----------
    names : sequence of str, (column,)
    subsets : array_like of bool, (subset, column)
        The best first.
    weight, stability : array_like, (column,)
    width_in : float
    """
    has = np.asarray(subsets, bool)
    figure = new_figure(width_in, 1.2 + 0.16 * len(names))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[2.2, 1])
    left.imshow(has.T, cmap="Greys", vmin=0, vmax=1.25, aspect="auto", interpolation="nearest")
    left.set_yticks(range(len(names)), list(names), fontsize=6.5)
    left.set_xlabel("Subsets, the best on the left")
    left.tick_params(length=0)
    y = np.arange(len(names))
    right.hlines(y, 0, np.asarray(weight, float), color=INK, linewidth=2.5, label="near the best")
    right.plot(np.asarray(stability, float), y, "o", color=ALERT, markersize=3.2,
               label="best of resamples")  # fmt: skip
    right.axvline(1.0, color=RULE, linewidth=0.6)
    right.set_xlim(0, 1.05)
    right.set_xlabel("Share that has it")
    right.legend(fontsize=6.5, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1)
    return figure
