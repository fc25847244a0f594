"""Ranges of named rocks or elements, side by side, with the truth where it is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from quakeloom.plots._style import ALERT, INK

_MOST_NAMES = 40
"""Names that are written below an axis; chosen here: more would lie on one another."""


def draw_ranges(
    axes: Axes, ranges: ArrayLike, truth: ArrayLike | None = None, color: str = INK
) -> None:
    """Draw medians with ranges at 0, 1, 2 and so on, and true values as bars.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ranges : array_like, (3, n)
        Low end, median and high end.
    truth : array_like, (n,), optional
        NaN where unknown; nothing is drawn if all are.
    color : str
    """
    low, middle, high = np.asarray(ranges, float)
    x = np.arange(middle.size)
    axes.errorbar(x, middle, [middle - low, high - middle], fmt="o", color=color, markersize=3.5,
                  elinewidth=0.9, label="median and 95 % range")  # fmt: skip
    if truth is not None and np.isfinite(np.asarray(truth, float)).any():
        axes.plot(x, np.asarray(truth, float), "_", color=ALERT, markersize=10, label="true")


def write_names(axes: Axes, names: Sequence[str], width_in: float) -> None:
    """Write names below an axis: upright unless few, none where they are too many."""
    shown = list(names) if len(names) <= _MOST_NAMES else [""] * len(names)
    rotation = 0 if len(names) <= 6 and width_in > 5 else 90
    axes.set_xticks(range(len(names)), shown, rotation=rotation)
