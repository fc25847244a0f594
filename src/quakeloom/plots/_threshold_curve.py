"""Quality of mechanisms over the minimum probability of first motions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from quakeloom.plots._style import (
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    new_panels,
    styled,
)


@styled
def plot_threshold_curve(
    signs: Sequence[Mapping[str, Any]],
    weighed: Mapping[str, Any] | None,
    chosen: float,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw qualities and spreads over the minimum probability.

    Parameters
    ----------
    signs : sequence of mapping
        Rows of table ``threshold_curve`` that count signs, by rising probability.
    weighed : mapping or None
        The row that weighs probabilities.
    chosen : float
        Marked.
    width_in : float
    """
    figure, (left, right) = new_panels(2, width_in, 2.6)
    x = np.arange(len(signs))
    labels = [f"{r['minimum_probability']:g}" for r in signs]
    mark = [r["minimum_probability"] for r in signs].index(chosen)
    a = np.array([r["quality_a_count"] for r in signs])
    both = a + np.array([r["quality_b_count"] for r in signs])
    for values, color, label, name in (
        (both, QUALITY_COLORS["B"], "A and B", "both"),
        (a, QUALITY_COLORS["A"], "A", "a"),
    ):
        left.plot(x, values, "o-", color=color, label=label, markersize=3.5)
        if weighed is not None:
            level = weighed["quality_a_count"]
            level += weighed["quality_b_count"] if name == "both" else 0
            left.axhline(level, color=color, linestyle="--", linewidth=0.9)
    left.set_ylim(bottom=0)
    left.set_ylabel("Events")
    spread = np.array([r["mechanism_rms_deg"] for r in signs], float)
    right.plot(x, spread, "o-", color=INK, label="uncertainty of planes", markersize=3.5)
    truth = np.array([r["rotation_from_truth_deg"] for r in signs], float)
    if np.isfinite(truth).any():
        color = QUALITY_COLORS["C"]
        right.plot(x, truth, "s-", color=color, label="rotation from truth", markersize=3.5)
        if weighed is not None:
            right.axhline(
                weighed["rotation_from_truth_deg"], color=color, linestyle="--", linewidth=0.9
            )
    if weighed is not None and np.isfinite(weighed["mechanism_rms_deg"]):
        right.axhline(weighed["mechanism_rms_deg"], color=INK, linestyle="--", linewidth=0.9)
    right.set_ylim(bottom=0)
    right.set_ylabel("Degrees")
    for axes in (left, right):
        axes.axvline(mark, color=MUTED, linewidth=0.8, zorder=0)
        axes.set_xticks(x, labels)
        axes.set_xlabel("Minimum probability")
        axes.legend(frameon=False, fontsize=7)
    return figure
