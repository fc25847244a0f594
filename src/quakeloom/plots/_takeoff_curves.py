"""Take-off angles and travel times over distance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    QUALITY_COLORS,
    new_figure,
    styled,
)

_COLORS = (INK, ALERT, PRESSURE, QUALITY_COLORS["B"], QUALITY_COLORS["C"], MUTED)
"""Colors of models, in the order of the settings."""


@styled
def plot_takeoff_curves(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]],
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw take-off angles and travel times of first arrivals over epicentral distance.

    Parameters
    ----------
    curves : mapping of str to (distance_km, takeoff_deg, travel_time_s)
        By label, such as model and depth; arrays of one length in any order of distance.
        Take-off counts from straight down (0) to straight up (180 degrees); the horizontal at
        90 degrees is drawn, below which rays turn.
    width_in : float
    """
    figure = new_figure(width_in, 2.6)
    left, right = figure.subplots(1, 2)
    for color, (label, arrays) in zip(cycle(_COLORS), curves.items(), strict=False):
        distance, takeoff, time = (np.asarray(a, dtype=float) for a in arrays)
        order = np.argsort(distance, kind="stable")
        line = ".-" if distance.size < 40 else "-"
        for axes, values in ((left, takeoff), (right, time)):
            axes.plot(distance[order], values[order], line, color=color, lw=1.1, ms=3, label=label)
    left.axhline(90.0, color=MUTED, lw=0.7, ls=":")
    left.set_ylabel("Take-off angle (degrees from down)")
    right.set_ylabel("Travel time (s)")
    for axes in (left, right):
        axes.set_xlabel("Epicentral distance (km)")
    if 0 < len(curves) <= 8:
        right.legend()
    return figure
