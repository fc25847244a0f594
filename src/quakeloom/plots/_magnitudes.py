"""Magnitudes over time, frequencies of magnitudes, station terms, magnitudes against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._style import (
    ALERT,
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    new_figure,
    styled,
    use_logarithmic,
)

Floats = NDArray[np.float64]

_MANY = 400
"""From so many events on, magnitudes over time have no bars of errors, which would hide them."""


_MANY_POINTS = 4000
"""From so many events on, points become an image; chosen here."""


@dataclass(frozen=True)
class FrequencyMagnitude:
    """What is drawn over the counts of a catalog.

    Attributes
    ----------
    completeness : float
        NaN for none.
    b, b_sd : float
        Of magnitudes from completeness on; NaN for none.
    b_positive, b_positive_sd : float
        Of positive differences; NaN for none.
    bin_width : float
    """

    completeness: float
    b: float
    b_sd: float
    b_positive: float
    b_positive_sd: float
    bin_width: float = 0.1


@styled
def plot_magnitude_time(
    time: NDArray[np.datetime64],
    magnitude: ArrayLike,
    error: ArrayLike,
    completeness: float = np.nan,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw magnitudes over time.

    Parameters
    ----------
    time : ndarray of datetime64, shape (n,)
    magnitude, error : array_like, shape (n,)
        Rows without a magnitude are passed over.
    completeness : float
        Marked; NaN for none.
    width_in : float
    """
    m, sd = (np.asarray(v, dtype=float) for v in (magnitude, error))
    shown = np.isfinite(m) & ~np.isnat(time)
    t, m, sd = time[shown].astype("datetime64[us]"), m[shown], sd[shown]
    figure = new_figure(width_in, 2.4)
    axes = figure.subplots()
    if m.size <= _MANY:
        axes.errorbar(t, m, np.nan_to_num(sd), fmt="none", ecolor=MUTED, elinewidth=0.6, zorder=1)
    # many points become an image within the drawing
    many = m.size > _MANY_POINTS
    axes.scatter(t, m, s=2.5 if many else 7, color=INK, linewidths=0, zorder=2, rasterized=many)
    if np.isfinite(completeness):
        axes.axhline(completeness, color=ALERT, linewidth=0.9, linestyle="--", label="completeness")
        axes.legend()
    if m.size:
        locator = AutoDateLocator(minticks=3, maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_ylabel("Magnitude")
    axes.set_xlabel("Time (UTC)")
    return figure


@styled
def plot_frequency_magnitude(
    magnitude: ArrayLike, law: FrequencyMagnitude, width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw how many events there are of each magnitude and from each magnitude on.

    Parameters
    ----------
    magnitude : array_like, shape (n,)
        NaN is passed over.
    law : FrequencyMagnitude
        Its lines go through the cumulative count at completeness.
    width_in : float
    """
    values = np.asarray(magnitude, dtype=float)
    bins = np.round(values[np.isfinite(values)] * (1.0 / law.bin_width)).astype(np.int64)
    figure = new_figure(width_in, 2.8)
    axes = figure.subplots()
    axes.set_xlabel("Magnitude")
    axes.set_ylabel("Events")
    if not bins.size:
        return figure
    steps = np.arange(bins.min(), bins.max() + 1)
    counts = np.bincount(bins - bins.min())
    above = counts[::-1].cumsum()[::-1]
    x = steps * law.bin_width
    known = counts > 0
    axes.plot(x[known], counts[known], "o", color=MUTED, markersize=3, label="in each bin")
    axes.plot(x, above, "s", color=INK, markersize=3, label="from there on")
    if np.isfinite(law.completeness):
        axes.axvline(law.completeness, color=ALERT, linewidth=0.9, linestyle="--",
                     label="completeness")  # fmt: skip
        start = int(np.searchsorted(steps, round(law.completeness / law.bin_width)))
        start = min(start, above.size - 1)
        line = np.array([x[start], x[-1]])
        for b, sd, color, style, name in (
            (law.b, law.b_sd, PRESSURE, "-", "b"),
            (law.b_positive, law.b_positive_sd, ALERT, ":", "b-positive"),
        ):
            if np.isfinite(b):
                axes.plot(line, above[start] * 10.0 ** (-b * (line - line[0])), style, color=color,
                          label=f"{name} {b:.2f} ± {sd:.2f}")  # fmt: skip
    use_logarithmic(axes, "y")
    axes.set_ylim(0.7, 2.0 * above[0])
    axes.legend()
    return figure


@styled
def plot_magnitude_terms(
    names: Sequence[str],
    term: ArrayLike,
    error: ArrayLike,
    truth: ArrayLike | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the terms of stations with their errors, and the true ones where they are known.

    Parameters
    ----------
    names : sequence of str, length n
    term, error : array_like, shape (n,)
    truth : array_like, shape (n,), optional
    width_in : float
    """
    figure = new_figure(width_in, 2.4)
    axes = figure.subplots()
    x = np.arange(len(names))
    axes.axhline(0.0, color=MUTED, linewidth=0.6, zorder=0)
    if len(names):
        axes.errorbar(x, np.asarray(term, float), np.nan_to_num(np.asarray(error, float)), fmt="o",
                      color=INK, markersize=3, elinewidth=0.8, label="estimated")  # fmt: skip
    if truth is not None and len(names):
        axes.plot(x, np.asarray(truth, float), "_", color=ALERT, markersize=8, label="true")
        axes.legend()
    small = len(names) > 40
    axes.set_xticks(x, [""] * len(names) if small else list(names), rotation=90)
    axes.set_ylabel("Station term")
    return figure


@styled
def plot_true_magnitudes(
    truth: ArrayLike, magnitude: ArrayLike, error: ArrayLike, width_in: float = COLUMN_WIDTH_IN
) -> Figure:
    """Draw measured magnitudes with their errors over the true ones.

    Parameters
    ----------
    truth, magnitude, error : array_like, shape (n,)
    width_in : float
    """
    x, m, sd = (np.asarray(v, dtype=float) for v in (truth, magnitude, error))
    figure = new_figure(width_in, min(width_in, 3.2))
    axes = figure.subplots()
    if m.size:
        ends = np.array([min(x.min(), m.min()), max(x.max(), m.max())])
        axes.plot(ends, ends, color=MUTED, linewidth=0.8, zorder=0)
        axes.errorbar(x, m, sd, fmt="o", color=INK, markersize=2.5, elinewidth=0.6)
    axes.set_xlabel("True magnitude")
    axes.set_ylabel("Measured magnitude")
    return figure
