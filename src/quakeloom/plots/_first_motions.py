"""Picks and first motions beside what an analyst, or the simulated truth, has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._style import (
    ALERT,
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    QUALITY_COLORS,
    new_figure,
    styled,
)


@dataclass(frozen=True)
class FirstMotion:
    """A first motion to draw.

    Attributes
    ----------
    label : str
        Who recorded it.
    samples : ndarray
        Vertical around P.
    rate_hz : float
    pick : int
        Sample of P.
    polarity, given : int
        As read and as the reference has it: +1, -1, 0 not known.
    probability : float
        Of the sign that was read; NaN if not stated.
    given_pick : float
        Sample of P in the reference; NaN if it has none.
    """

    label: str
    samples: NDArray[np.float32]
    rate_hz: float
    pick: int
    polarity: int
    given: int
    probability: float
    given_pick: float = float("nan")


@styled
def plot_pick_residuals(
    residuals_s: Mapping[str, ArrayLike],
    reference: str = "analyst",
    width_in: float = COLUMN_WIDTH_IN,
) -> Figure:
    """Draw histograms of pick residuals, one panel per phase.

    Parameters
    ----------
    residuals_s : mapping of str to array_like
        By phase: pick minus reference in seconds.
    reference : str
        Whose the reference is.
    width_in : float
    """
    figure = new_figure(width_in, 1.9)
    panels = figure.subplots(1, max(len(residuals_s), 1), squeeze=False)[0]
    for axes, (phase, values) in zip(panels, residuals_s.items(), strict=False):
        shown = np.asarray(values, dtype=float)
        limit = 0.25 if phase == "P" else 0.5
        axes.hist(np.clip(shown, -limit, limit), np.linspace(-limit, limit, 26),
                  color=QUALITY_COLORS["B"])  # fmt: skip
        axes.axvline(0.0, color=INK, lw=0.7)
        axes.set_xlabel(f"{phase}: pick minus {reference} (s)")
    panels[0].set_ylabel("Picks")
    return figure


@styled
def plot_first_motions(
    motions: Sequence[FirstMotion],
    reference: str = "analyst",
    columns: int = 4,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw first motions in small panels, contradictions to the reference in red.

    The pick is dotted; a short mark on the axis is P of the reference.

    Parameters
    ----------
    motions : sequence of FirstMotion
    reference : str
        Whose the reference is.
    columns : int
    width_in : float
    """
    # a panel holds its title from 1.7 inches on
    columns = min(columns, max(int(width_in / 1.7), 1))
    rows = max(-(-len(motions) // columns), 1)
    figure = new_figure(width_in, 1.15 * rows + 0.25)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, (axes, motion) in enumerate(zip(panels, motions, strict=False)):
        time = (np.arange(motion.samples.size) - motion.pick) / motion.rate_hz
        noise = motion.samples[: max(motion.pick - 2, 1)]
        centered = motion.samples - noise.mean()
        # the first motion, not the whole P wave, must be seen
        early = np.abs(centered[: motion.pick + max(round(0.12 * motion.rate_hz), 3)]).max()
        scale = max(float(early), 1e-30)
        wrong = motion.given != 0 and motion.polarity == -motion.given
        axes.plot(time, centered / scale, color=ALERT if wrong else INK, lw=0.8)
        axes.axvline(0.0, color=MUTED, lw=0.7, ls=":")
        late = (motion.given_pick - motion.pick) / motion.rate_hz
        if time[0] < late < time[-1]:
            axes.plot([late, late], [-1.6, -1.15], color=PRESSURE, lw=1.4)
        axes.set_xlim(time[0], time[-1])
        axes.set_ylim(-1.6, 1.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if k + columns < len(motions):
            axes.set_xticklabels([])
        else:
            axes.set_xlabel("Time from the pick (s)")
        sign = {1: "up", -1: "down", 0: "?"}
        told = f", {reference} {sign[motion.given]}" if motion.given else ""
        sure = "" if np.isnan(motion.probability) else f" {motion.probability:.2f}"
        axes.set_title(
            f"{motion.label}: {sign[motion.polarity]}{sure}{told}", fontsize=6.5,
            color=ALERT if wrong else INK, loc="left",
        )  # fmt: skip
    for axes in panels[len(motions) :]:
        axes.set_visible(False)
    return figure
