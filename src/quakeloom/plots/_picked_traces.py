"""Traces below each other with their picked arrivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import ALERT, INK, MUTED, PAGE_WIDTH_IN, PRESSURE, new_figure, styled

_BEFORE_S, _AFTER_S = 5.0, 10.0
"""What is drawn before the first and after the last pick of all traces."""

_POINTS = 2000
"""Samples of a trace that can be seen; of more, least and greatest values are drawn."""


@dataclass(frozen=True)
class PickedTrace:
    """A trace with its arrivals.

    Attributes
    ----------
    label : str
        Who recorded it.
    samples : ndarray
    rate_hz : float
    start_s : float
        First sample, in seconds after a time that all traces share.
    marks_s : mapping of str to float
        By phase, likewise.
    """

    label: str
    samples: NDArray[Any]
    rate_hz: float
    start_s: float
    marks_s: Mapping[str, float]


@styled
def plot_picked_traces(
    traces: Sequence[PickedTrace],
    label: str = "Time (s)",
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw traces below each other, each to its own scale, with P and S marked.

    Parameters
    ----------
    traces : sequence of PickedTrace
        From above to below.
    label : str
        Of the axis of time: from when it counts.
    width_in : float
    """
    figure = new_figure(width_in, 0.28 * len(traces) + 0.9)
    axes = figure.subplots()
    marks = np.array([s for t in traces for s in t.marks_s.values()])
    start, end = (
        (float(marks.min()) - _BEFORE_S, float(marks.max()) + _AFTER_S)
        if marks.size
        else (-np.inf, np.inf)
    )
    for row, trace in enumerate(traces):
        time, values = _envelope(trace, start, end)
        scale = max(float(np.abs(values).max(initial=0.0)), 1e-30)
        axes.plot(time, row - 0.45 * values / scale, color=INK, lw=0.5)
        for phase, at in trace.marks_s.items():
            color = PRESSURE if phase.upper().startswith("P") else ALERT
            axes.plot([at, at], [row - 0.42, row + 0.42], color=color, lw=1.1)
    axes.set_yticks(range(len(traces)), [t.label for t in traces], fontsize=6.5)
    axes.set_ylim(len(traces) - 0.3, -0.7)
    axes.set_xlabel(label)
    axes.text(1.0, 1.01, "blue: P, red: S", transform=axes.transAxes, ha="right", color=MUTED)
    return figure


def _envelope(
    trace: PickedTrace, start: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and values less their median, thinned to least and greatest where there are many."""
    time = trace.start_s + np.arange(trace.samples.size) / trace.rate_hz
    shown = (time >= start) & (time <= end)
    time, values = time[shown], np.asarray(trace.samples, dtype=float)[shown]
    values = np.where(np.isfinite(values), values, 0.0)
    values = values - (np.median(values) if values.size else 0.0)
    step = values.size // _POINTS
    if step < 2:
        return time, values
    whole = values[: values.size // step * step].reshape(-1, step)
    pairs = np.stack([whole.min(axis=1), whole.max(axis=1)], axis=1).ravel()
    return np.repeat(time[: whole.size : step], 2), pairs
