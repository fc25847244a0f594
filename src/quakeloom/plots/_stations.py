"""Figures of the station report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    RULE,
    new_figure,
    styled,
)

VERDICT_COLORS = {
    "normal": QUALITY_COLORS["B"],
    "reversed": ALERT,
    "uninformative": QUALITY_COLORS["C"],
    "mixed": "#7a5c86",
    "too_few": QUALITY_COLORS["D"],
}
"""Colors by the verdict on a station."""


def binomial_interval(
    successes: ArrayLike, trials: ArrayLike, z: float = 1.96
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's score interval of a share (95 % by default); NaN without trials.

    ``(k + z^2/2 -+ z sqrt(k (n-k)/n + z^2/4)) / (n + z^2)``: never leaves 0 to 1 and holds
    for small numbers (Wilson 1927, J. Am. Stat. Assoc. 22, 209).
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = k + z**2 / 2.0
        spread = z * np.sqrt(k * (n - k) / n + z**2 / 4.0)
        low, high = (middle - spread) / (n + z**2), (middle + spread) / (n + z**2)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


@styled
def plot_contradiction_rates(
    names: Sequence[str],
    contradictions: ArrayLike,
    counts: ArrayLike,
    verdicts: Sequence[str] = (),
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the share of contradicting polarities per station or pick kind, with intervals.

    Parameters
    ----------
    names : sequence of str
    contradictions, counts : array_like of int, shape (names,)
        Contradicting and all readings.
    verdicts : sequence of str
        Sets the color: normal, reversed, ``uninformative``, mixed or too_few.
    width_in : float
    """
    k, n = np.asarray(contradictions, float), np.asarray(counts, float)
    low, high = binomial_interval(k, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = k / n
    figure = new_figure(width_in, 0.7 + 0.17 * max(len(names), 1))
    axes = figure.add_subplot()
    rows = np.arange(len(names))
    verdicts = list(verdicts) or ["normal"] * len(names)
    colors = [VERDICT_COLORS.get(v, INK) for v in verdicts]
    axes.axvline(0.5, color=MUTED, lw=0.7, ls=(0, (3, 2)), zorder=1)
    for level in (0.25, 0.75, 1.0):
        axes.axvline(level, color=RULE, lw=0.5, zorder=0)
    axes.hlines(rows, low, high, color=colors, lw=1.1, zorder=2)
    axes.scatter(rate, rows, s=18, color=colors, edgecolor="white", linewidth=0.5, zorder=3)
    axes.set_yticks(rows, list(names))
    for row, total in zip(rows, n, strict=True):
        axes.text(
            1.012,
            float(row),
            f"{total:,.0f}",
            fontsize=6.5,
            va="center",
            color=MUTED,
            clip_on=False,
        )
    axes.text(
        1.012,
        -0.9,
        "readings",
        fontsize=6.5,
        va="center",
        color=MUTED,
        clip_on=False,
    )
    axes.set_ylim(len(names) - 0.3, -0.7)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel("Polarities that contradict the mechanisms")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


@styled
def plot_station_timeline(
    times: ArrayLike,
    agreement: ArrayLike,
    span: tuple[np.datetime64 | None, np.datetime64 | None] | None = None,
    window: int = 15,
    title: str = "",
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw a station's readings through time: agree above, contradict below.

    Parameters
    ----------
    times : array_like of datetime64, shape (readings,)
    agreement : array_like, shape (readings,)
        Signed agreement with the mechanism, from -1 (contradicts far from a nodal plane)
        to +1; readings near a nodal plane are small.
    span : tuple of datetime64 or None, optional
        Proposed reversal, shaded; None is an open end.
    window : int
        Readings in the running share.
    title : str
    width_in : float
    """
    t = np.asarray(times, dtype="datetime64[us]")
    a = np.asarray(agreement, dtype=float)
    good = ~np.isnat(t) & np.isfinite(a)
    order = np.argsort(t[good], kind="stable")
    t, a = t[good][order], a[good][order]
    figure = new_figure(width_in, 1.5)
    axes = figure.add_subplot()
    axes.axhline(0, color=RULE, lw=0.7)
    if len(t):
        if span is not None:
            start = t[0] if span[0] is None else span[0].astype("datetime64[us]")
            end = t[-1] if span[1] is None else span[1].astype("datetime64[us]")
            axes.axvspan(start, end, color=ALERT, alpha=0.08, lw=0)
        wrong = a < 0
        axes.vlines(t, 0, a, color=np.where(wrong, ALERT, QUALITY_COLORS["B"]), lw=0.7, alpha=0.8)
        axes.scatter(t, a, s=7, c=list(np.where(wrong, ALERT, QUALITY_COLORS["B"])), zorder=3, lw=0)
        if len(t) >= 2 * window:
            kernel = np.ones(window) / window
            running = np.convolve(np.sign(a), kernel, mode="valid")
            middle = t[window // 2 : window // 2 + len(running)]
            axes.plot(middle, running, color=INK, lw=1.1, zorder=4)
        locator = AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_ylim(-1.12, 1.12)
    axes.set_yticks([-1, 0, 1], ["contradicts", "nodal", "agrees"])
    if title:
        axes.set_title(title)
    return figure
