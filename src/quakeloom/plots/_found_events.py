"""Events that a run found over time, and which of the true ones it found."""

from __future__ import annotations

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    COLUMN_WIDTH_IN,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    new_figure,
    new_panels,
    styled,
)

_HOURS = 24
"""Hours of a day."""


@styled
def plot_events_over_time(
    time: ArrayLike, picks: ArrayLike, width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw the picks of events over time, and how many events fall into each hour of the day.

    Parameters
    ----------
    time : array_like of datetime64, shape (events,)
        Origin times, UTC.
    picks : array_like, shape (events,)
        Picks of each.
    width_in : float
    """
    moments = np.asarray(time, "datetime64[ms]")
    figure, (left, right) = new_panels(2, width_in, 2.3)
    left.plot(moments.astype(object), np.asarray(picks), ".", ms=3.0, color=QUALITY_COLORS["A"])
    left.set_ylabel("Picks of the event")
    left.set_ylim(bottom=0)
    left.set_xlabel("Origin time (UTC)")
    locator = AutoDateLocator(maxticks=5)
    left.xaxis.set_major_locator(locator)
    left.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    hour = (moments - moments.astype("datetime64[D]")) / np.timedelta64(1, "h")
    right.hist(hour, np.arange(_HOURS + 1).tolist(), color=QUALITY_COLORS["B"])
    right.set_xlim(0, _HOURS)
    right.set_xticks([0, 6, 12, 18, 24])
    right.set_xlabel("Hour of the day (UTC)")
    right.set_ylabel("Events")
    return figure


@styled
def plot_recall(
    edges: ArrayLike, found: ArrayLike, missed: ArrayLike, width_in: float = COLUMN_WIDTH_IN
) -> Figure:
    """Draw how many true events were found and missed, by magnitude.

    Parameters
    ----------
    edges : array_like, shape (bins + 1,)
    found, missed : array_like, shape (bins,)
    width_in : float
    """
    border = np.asarray(edges, float)
    middle, step = 0.5 * (border[1:] + border[:-1]), np.diff(border)
    figure = new_figure(width_in, 2.3)
    axes = figure.subplots()
    lower, upper = np.asarray(found, float), np.asarray(missed, float)
    axes.bar(middle, lower, 0.9 * step, color=QUALITY_COLORS["A"], label="found")
    axes.bar(middle, upper, 0.9 * step, bottom=lower, color=MUTED, alpha=0.4, label="missed")
    axes.set_xlabel("Magnitude")
    axes.set_ylabel("True events")
    axes.legend(frameon=False)
    return figure
