"""How far our numbers are from those of a paper, in units of what counts as agreement."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import ALERT, COLUMN_WIDTH_IN, INK, LAND, MUTED, new_figure, styled

_ROW_IN, _FRAME_IN = 0.3, 0.7
"""Height of a row and of the frame around all, inches. Chosen here: labels do not touch."""

_END = 3.0
"""Where an axis ends, in tolerances; what lies beyond is drawn at its end. Chosen here."""

_LABEL_LETTERS = 44
"""Letters of a line of a label; chosen here, some half of the figure."""


@styled
def plot_paper_agreement(
    names: Sequence[str],
    difference: NDArray[np.float64],
    tolerance: NDArray[np.float64],
    width_in: float = COLUMN_WIDTH_IN * 1.6,
) -> Figure | None:
    """Draw a row per number: its difference from the published one over the tolerance.

    Parameters
    ----------
    names : sequence of str
    difference, tolerance : ndarray, shape (numbers,)
        In the unit of each number. A number without a tolerance agrees only where it is equal:
        it is drawn at zero or at the end.
    width_in : float

    Returns
    -------
    Figure or None
        None where there is no number.
    """
    if not len(names):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0.0, 0.0, difference / tolerance)
    shown = np.clip(np.nan_to_num(ratio, nan=_END, posinf=_END, neginf=-_END), -_END, _END)
    labels = ["\n".join(textwrap.wrap(n, _LABEL_LETTERS)) for n in names]
    rows = sum(label.count("\n") + 1 for label in labels)
    figure = new_figure(width_in, _FRAME_IN + _ROW_IN * max(rows * 0.7, len(names)))
    axes = figure.subplots()
    place = np.arange(len(names))[::-1]
    axes.axvspan(-1.0, 1.0, color=LAND, linewidth=0)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    agrees = np.abs(ratio) <= 1.0 + 1e-9
    for kind, color, marker in ((agrees, INK, "o"), (~agrees, ALERT, "D")):
        axes.hlines(place[kind], 0.0, shown[kind], color=color, linewidth=0.9)
        axes.plot(shown[kind], place[kind], marker, color=color, markersize=3.8, clip_on=False)
    axes.set_yticks(place, labels)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlim(-_END, _END)
    axes.set_xlabel("Ours minus the paper's, over what counts as agreement")
    return figure
