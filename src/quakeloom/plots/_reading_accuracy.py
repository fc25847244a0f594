"""How often picks and first motions are right: over their probability, signal and distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._stations import binomial_interval
from quakeloom.plots._style import (
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    QUALITY_COLORS,
    new_panels,
    styled,
    use_logarithmic,
)

Floats = NDArray[np.float64]
_COLORS = (PRESSURE, QUALITY_COLORS["C"], QUALITY_COLORS["B"])
"""Colors of series in one panel, in turn."""

_STYLES = ("-", "--", "-.")
"""Lines of series, so that they are told apart without color."""


@dataclass(frozen=True)
class PrecisionRecall:
    """A curve of precision and recall over the minimum probability that counts.

    Attributes
    ----------
    label : str
    precision, recall : ndarray, shape (n,)
    marks : sequence of (float, float, float)
        Probability, precision and recall of points that are named.
    """

    label: str
    precision: Floats
    recall: Floats
    marks: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class AccuracyGroups:
    """How many readings are right, in groups by some quantity.

    Attributes
    ----------
    label : str
    low, middle, high : ndarray, shape (groups,)
        Least, median and largest value of the quantity.
    right, count : ndarray of int, shape (groups,)
    """

    label: str
    low: Floats
    middle: Floats
    high: Floats
    right: NDArray[np.int64]
    count: NDArray[np.int64]


@styled
def plot_precision_recall(
    panels: Sequence[tuple[str, Sequence[PrecisionRecall]]], width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw curves of precision over recall, one panel per kind of reading.

    Parameters
    ----------
    panels : sequence of (title, curves)
    width_in : float
    """
    figure, places = new_panels(max(len(panels), 2), width_in, 2.7)
    for axes, (title, curves) in zip(places, panels, strict=False):
        lowest = 1.0
        for k, curve in enumerate(curves):
            color = _COLORS[k % len(_COLORS)]
            axes.plot(curve.recall, curve.precision, _STYLES[k % 3], color=color, lw=1.3,
                      label=curve.label)  # fmt: skip
            for probability, precision, recall in curve.marks:
                axes.plot(recall, precision, "o", color=color, ms=3.2)
                if k == 0:
                    axes.annotate(
                        f"{probability:g}", (recall, precision), xytext=(-3, -3),
                        textcoords="offset points", ha="right", va="top", fontsize=6.5, color=MUTED,
                    )  # fmt: skip
            lowest = min(lowest, float(curve.precision.min(initial=1.0)))
        axes.set_title(title)
        axes.set_xlim(-0.02, 1.02)
        room = max(1.0 - lowest, 0.01)
        axes.set_ylim(lowest - 0.3 * room, 1.0 + 0.06 * room)
        axes.set_xlabel("Recall")
        axes.set_ylabel("Precision")
        axes.grid(True)
        axes.legend(loc="lower left")
    for axes in figure.axes[len(panels) :]:
        axes.set_visible(False)
    return figure


@styled
def plot_reading_accuracy(
    panels: Sequence[tuple[str, bool, Sequence[AccuracyGroups]]], width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw the share of right readings by groups, with 95 % intervals.

    Parameters
    ----------
    panels : sequence of (name of the quantity, logarithmic, series)
    width_in : float
    """
    figure, places = new_panels(max(len(panels), 2), width_in, 2.7)
    for axes, (name, logarithmic, series) in zip(places, panels, strict=False):
        lowest = 0.9
        for k, groups in enumerate(series):
            low, high = binomial_interval(groups.right, groups.count)
            share = groups.right / groups.count
            color = _COLORS[k % len(_COLORS)]
            axes.vlines(groups.middle, low, high, color=color, lw=1.0)
            axes.hlines(share, groups.low, groups.high, color=color, lw=0.6)
            axes.plot(groups.middle, share, "os"[k % 2], color=color, ms=3.6, label=groups.label)
            lowest = min(lowest, float(low.min()))
        if logarithmic:
            use_logarithmic(axes, "x")
            first, last = axes.get_xlim()
            steps = (1, 2, 5) if last < 60.0 * first else (1,)
            ticks = [m * 10.0**k for k in range(-2, 5) for m in steps]
            ticks = [t for t in ticks if first <= t <= last]
            axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
            axes.minorticks_off()
        axes.axhline(0.5, color=INK, lw=0.6, ls=":")
        axes.set_ylim(np.floor(20.0 * lowest) / 20.0, 1.005)
        axes.set_xlabel(name)
        axes.set_ylabel("Right")
        axes.legend(loc="lower right")
    for axes in figure.axes[len(panels) :]:
        axes.set_visible(False)
    return figure
