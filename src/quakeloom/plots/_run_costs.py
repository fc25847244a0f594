"""Run time, memory and growth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    new_figure,
    new_panels,
    styled,
    use_logarithmic,
)


@styled
def plot_rule_costs(
    rules: Sequence[str],
    seconds: ArrayLike,
    memory_mb: ArrayLike,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw wall time and peak memory per rule as two columns of bars.

    Parameters
    ----------
    rules : sequence of str
    seconds, memory_mb : array_like, shape (rules,)
        Sum of wall times, largest peak memory; NaN where not known.
    width_in : float
    """
    figure, (left, right) = new_panels(2, width_in, 0.75 + 0.2 * max(len(rules), 1), sharey=True)
    rows = np.arange(len(rules))
    for axes, values, label, color in (
        (left, np.asarray(seconds, float), "Wall time (s)", QUALITY_COLORS["B"]),
        (right, np.asarray(memory_mb, float), "Peak memory (MB)", QUALITY_COLORS["A"]),
    ):
        bars = np.nan_to_num(values)
        axes.barh(rows, bars, height=0.6, color=color)
        top = bars.max(initial=0.0) or 1.0
        for row, value in zip(rows.tolist(), values.tolist(), strict=True):
            if np.isfinite(value):
                text = f"{value:,.0f}" if value >= 100 else f"{value:,.2g}"
                axes.text(value + 0.012 * top, row, text, va="center", fontsize=6.5, color=MUTED)
        axes.set_xlim(0, top * 1.14)
        axes.set_xlabel(label)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    left.set_yticks(rows, list(rules))
    left.set_ylim(len(rules) - 0.4, -0.6)
    return figure


@styled
def plot_growth(
    sizes: ArrayLike,
    rates: ArrayLike,
    size_label: str = "Events",
    rate_label: str = "Events per second",
    width_in: float = COLUMN_WIDTH_IN,
) -> Figure:
    """Draw throughput against size on logarithmic axes; a flat line is linear cost."""
    n, r = np.asarray(sizes, float), np.asarray(rates, float)
    figure = new_figure(width_in, 2.2)
    axes = figure.add_subplot()
    axes.plot(n, r, color=QUALITY_COLORS["B"], marker="o", ms=4, mec="white", mew=0.5)
    use_logarithmic(axes, "x")
    use_logarithmic(axes, "y")
    if len(r):
        axes.set_ylim(np.nanmin(r) / 3.0, np.nanmax(r) * 3.0)
    for x, y in zip(n, r, strict=True):
        axes.annotate(
            f"{y:,.0f}", (x, y), xytext=(0, 5), textcoords="offset points", ha="center",
            fontsize=6.5, color=INK,
        )  # fmt: skip
    axes.set_xlabel(size_label)
    axes.set_ylabel(rate_label)
    return figure
