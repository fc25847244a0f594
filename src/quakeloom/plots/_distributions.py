"""Distributions by quality: bars, histograms, cumulative curves, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._style import (
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITIES,
    QUALITY_COLORS,
    RULE,
    new_figure,
    styled,
)

_NONE = "#ece9e3"
"""Color of what has no quality letter, paler than F."""


@dataclass(frozen=True)
class CalibrationBins:
    """What was observed, in bins of what was stated.

    Attributes
    ----------
    stated, observed : array_like, shape (bins,)
        Mean stated value and observed value.
    low, high : array_like, shape (bins,)
        Interval of the observed value.
    count : array_like of int, shape (bins,)
        Events.
    """

    stated: ArrayLike
    observed: ArrayLike
    low: ArrayLike
    high: ArrayLike
    count: ArrayLike


@styled
def plot_quality_bar(
    counts: Mapping[str, int],
    reference: Mapping[str, float] | None = None,
    reference_label: str = "",
    label: str = "This run",
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the share of each quality as one bar, and that of a reference under it.

    Parameters
    ----------
    counts : mapping of str to int
        Events per letter; any key that is no letter counts as "no mechanism".
    reference : mapping of str to float, optional
        Counts or shares of another catalog.
    reference_label, label : str
        Names at the bars.
    width_in : float
    """
    rows: list[tuple[str, dict[str, float]]] = [(label, dict(counts))]
    if reference:
        rows.append((reference_label, dict(reference)))
    figure = new_figure(width_in, 0.42 + 0.42 * len(rows))
    axes = figure.add_subplot()
    for row, (_, values) in enumerate(rows):
        total = float(sum(values.values())) or 1.0
        left = 0.0
        for key, value in _in_order(values):
            share = value / total
            axes.barh(
                row,
                share,
                left=left,
                height=0.62,
                color=QUALITY_COLORS.get(key, _NONE),
                edgecolor="white",
                linewidth=0.8,
            )
            text = f"{key}  {100 * share:.0f} %"
            # letters take the larger a share of a bar, the narrower the figure is
            room = share * width_in / PAGE_WIDTH_IN
            if room < 0.008 * len(text) + 0.03:
                text = key
            if room > 0.012 * len(text) + 0.015:
                axes.text(
                    left + share / 2,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color="white" if key in ("A", "B", "C") else INK,
                )
            left += share
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.55, -0.45)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


@styled
def plot_stacked_histogram(
    values: ArrayLike,
    quality: ArrayLike,
    label: str,
    bounds: tuple[float, float] | None = None,
    bins: int = 24,
    limits: Mapping[str, float] | None = None,
    percent: bool = False,
    width_in: float = COLUMN_WIDTH_IN,
) -> Figure:
    """Draw a histogram stacked by quality letter.

    Parameters
    ----------
    values : array_like, shape (events,)
        NaN are left out.
    quality : array_like of str, shape (events,)
    label : str
        Axis label with unit.
    bounds : tuple of float, optional
        Limits of the axis; values beyond go into the outermost bins.
    bins : int
    limits : mapping of str to float, optional
        Thresholds of the letters, drawn as thin lines, e.g. ``{"A": 0.15}``.
    percent : bool
        Show the axis in percent.
    width_in : float
    """
    x = np.asarray(values, dtype=float)
    letters = np.asarray(quality, dtype=object)
    good = np.isfinite(x)
    x, letters = x[good], letters[good]
    if bounds is None:
        low, high = (float(x.min()), float(x.max())) if len(x) else (0.0, 1.0)
        bounds = (low, high if high > low else low + 1.0)
    edges = np.linspace(*bounds, bins + 1)
    x = np.clip(x, *bounds)
    figure = new_figure(width_in, 1.9)
    axes = figure.add_subplot()
    base = np.zeros(bins)
    for q in QUALITIES:
        count, _ = np.histogram(x[letters == q], edges)
        if count.sum():
            axes.stairs(
                base + count,
                edges,
                baseline=base,
                fill=True,
                facecolor=QUALITY_COLORS[q],
                edgecolor="white",
                linewidth=0.4,
                label=q,
            )
            base = base + count
    for q, limit in (limits or {}).items():
        axes.axvline(limit, color=QUALITY_COLORS.get(q, INK), lw=0.8, ls=(0, (3, 2)))
        axes.annotate(
            q,
            (limit, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(1.5, 0),
            textcoords="offset points",
            fontsize=6.5,
            va="bottom",
            ha="center",
            color=MUTED,
        )
    axes.set_xlim(*bounds)
    axes.set_ylim(0, max(float(base.max(initial=0.0)), 1.0) * 1.06)
    axes.set_xlabel(label)
    axes.set_ylabel("Events")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    if percent:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    return figure


@styled
def plot_cumulative_angles(
    groups: Mapping[str, ArrayLike],
    label: str = "Rotation angle (degrees)",
    largest: float | None = None,
    guides: Sequence[float] = (0.5, 0.9),
    width_in: float = COLUMN_WIDTH_IN,
    height_in: float = 2.4,
) -> Figure:
    """Draw the cumulative share of angles for several groups, e.g. quality letters.

    Parameters
    ----------
    groups : mapping of str to array_like
        Angles in degrees; a key that is a quality letter gets its color, others are ink.
    label : str
    largest : float, optional
        End of the axis; default the 98th percentile, at least 20 degrees.
    guides : sequence of float
        Shares marked by horizontal lines.
    width_in, height_in : float
    """
    figure = new_figure(width_in, height_in)
    axes = figure.add_subplot()
    cleaned = {k: np.sort(np.asarray(v, float)[np.isfinite(v)]) for k, v in groups.items()}
    cleaned = {k: v for k, v in cleaned.items() if len(v)}
    if largest is None:
        everything = np.concatenate(list(cleaned.values())) if cleaned else np.array([20.0])
        largest = max(20.0, float(np.percentile(everything, 98)))
    for level in guides:
        axes.axhline(level, color=RULE, lw=0.6, zorder=0)
    styles = iter(["-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5))] * 8)
    for name, angles in cleaned.items():
        share = np.arange(1, len(angles) + 1) / len(angles)
        known = name in QUALITY_COLORS
        axes.step(
            np.concatenate([[0.0], angles, [max(largest, angles[-1])]]),
            np.concatenate([[0.0], share, [1.0]]),
            where="post",
            color=QUALITY_COLORS[name] if known else INK,
            ls="-" if known else next(styles),
            lw=1.5 if known else 1.2,
            label=f"{name}  ({len(angles):,})",
        )
    axes.set_xlim(0, largest)
    axes.set_ylim(0, 1.01)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel(label)
    axes.set_ylabel("Share of events")
    if cleaned:
        axes.legend(loc="lower right")
    return figure


@styled
def plot_calibration(
    bins: CalibrationBins,
    stated_label: str = "Stated",
    observed_label: str = "Observed",
    percent: bool = True,
    width_in: float = COLUMN_WIDTH_IN,
    height_in: float = 2.7,
) -> Figure:
    """Draw what was observed against what was stated, with intervals; the diagonal is ideal.

    Parameters
    ----------
    bins : CalibrationBins
        The number of events sets the size of the symbols; empty bins are left out.
    stated_label, observed_label : str
    percent : bool
        Axes are shares from 0 to 1, shown in percent; else any unit from 0.
    width_in, height_in : float
    """
    s, o, lo, hi, n = (
        np.asarray(a, dtype=float)
        for a in (bins.stated, bins.observed, bins.low, bins.high, bins.count)
    )
    use = (n > 0) & np.isfinite(s) & np.isfinite(o)
    figure = new_figure(width_in, height_in)
    axes = figure.add_subplot()
    top = (
        1.0 if percent else float(np.nanmax(np.append(np.r_[s[use], o[use], hi[use]], 1.0))) * 1.05
    )
    axes.plot([0, top], [0, top], color=RULE, lw=0.9, zorder=1)
    axes.vlines(s[use], lo[use], hi[use], color=MUTED, lw=0.9, zorder=2)
    biggest = n.max() if use.any() else 1.0
    axes.scatter(
        s[use],
        o[use],
        s=10 + 34 * np.sqrt(n[use] / biggest),
        color=QUALITY_COLORS["B"],
        edgecolor="white",
        linewidth=0.5,
        zorder=3,
    )
    axes.set_xlim(0, top * 1.02)
    axes.set_ylim(0, top * 1.02)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel(stated_label)
    axes.set_ylabel(observed_label)
    if percent:
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    return figure


@styled
def plot_letter_matrix(
    matrix: ArrayLike,
    letters: Sequence[str],
    row_label: str,
    column_label: str,
    width_in: float = COLUMN_WIDTH_IN,
) -> Figure:
    """Draw how many events went from one letter to another.

    Parameters
    ----------
    matrix : array_like of int, shape (letters, letters)
        Rows before, columns after.
    letters : sequence of str
    row_label, column_label : str
    width_in : float
    """
    m = np.asarray(matrix, dtype=float)
    figure = new_figure(width_in, width_in * 0.92)
    axes = figure.add_subplot()
    share = m / np.maximum(m.sum(axis=1, keepdims=True), 1.0)
    _letter_cells(axes, m, share)
    k = len(letters)
    axes.set_xticks(range(k), letters)
    axes.set_yticks(range(k), letters)
    axes.set_xlim(-0.5, k - 0.5)
    axes.set_ylim(k - 0.5, -0.5)
    axes.set_aspect("equal", adjustable="box")
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    axes.set_xlabel(column_label)
    axes.set_ylabel(row_label)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def _letter_cells(axes: Axes, counts: NDArray, share: NDArray) -> None:
    k = len(counts)
    for i in range(k):
        for j in range(k):
            depth = share[i, j]
            base = np.array(to_rgb(QUALITY_COLORS["B"]))
            face = 1.0 - (1.0 - base) * depth if counts[i, j] else np.array([0.975, 0.972, 0.965])
            axes.fill(
                [j - 0.48, j + 0.48, j + 0.48, j - 0.48],
                [i - 0.48, i - 0.48, i + 0.48, i + 0.48],
                facecolor=face,
                edgecolor=INK if i == j else "none",
                linewidth=0.8,
            )
            if counts[i, j]:
                axes.text(
                    j,
                    i,
                    f"{counts[i, j]:,.0f}",
                    ha="center",
                    va="center",
                    fontsize=7.5 if counts[i, j] < 1e5 else 6,
                    color="white" if depth > 0.7 else INK,
                )


def _in_order(values: Mapping[str, float]) -> list[tuple[str, float]]:
    known = [(q, float(values[q])) for q in QUALITIES if values.get(q)]
    rest = [(k, float(v)) for k, v in values.items() if k not in QUALITIES and v]
    return known + rest
