"""Basalts: degrees of melting, and the source beside what was supposed of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._named_ranges import draw_ranges, write_names
from quakeloom.plots._style import (
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    RULE,
    new_figure,
    styled,
    use_logarithmic,
)


@styled
def plot_melt_fractions(
    names: Sequence[str],
    ranges: ArrayLike,
    truth: ArrayLike | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the degree of melting of every basalt with its range.

    Parameters
    ----------
    names : sequence of str, (sample,)
    ranges : array_like, (3, sample)
        2.5 %, median and 97.5 %, of 1.
    truth : array_like, (sample,), optional
        NaN where unknown.
    width_in : float
    """
    figure = new_figure(width_in, 2.6)
    axes = figure.subplots()
    known = None if truth is None else 100.0 * np.asarray(truth, float)
    draw_ranges(axes, 100.0 * np.asarray(ranges, float), known)
    axes.set_ylim(bottom=0.0)
    write_names(axes, names, width_in)
    axes.set_ylabel("Degree of melting (%)")
    figure.legend(loc="outside upper right", ncols=3, fontsize=6.5)
    return figure


@styled
def plot_source(
    names: Sequence[str],
    ranges: ArrayLike,
    before: ArrayLike,
    truth: ArrayLike | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the composition of the source over that supposed beforehand.

    Parameters
    ----------
    names : sequence of str, (element,)
        The most incompatible first.
    ranges : array_like, (3, element)
        2.5 %, median and 97.5 %.
    before : array_like, (3, element)
        The same beforehand.
    truth : array_like, (element,), optional
        NaN where unknown.
    width_in : float
    """
    prior = np.asarray(before, float)
    x = np.arange(len(names))
    figure = new_figure(width_in, 2.6)
    axes = figure.subplots()
    use_logarithmic(axes, "y")
    axes.axhline(1.0, color=RULE, linewidth=0.8, zorder=0)
    axes.vlines(x - 0.2, prior[0] / prior[1], prior[2] / prior[1], color=MUTED, linewidth=3.0,
                alpha=0.35, label="95 % beforehand")  # fmt: skip
    known = None if truth is None else np.asarray(truth, float) / prior[1]
    draw_ranges(axes, np.asarray(ranges, float) / prior[1], known, PRESSURE)
    axes.set_xticks(x, list(names))
    axes.set_xlabel("The most incompatible first")
    axes.set_ylabel("Source over that supposed")
    figure.legend(loc="outside upper right", ncols=3, fontsize=6.5)
    return figure
