"""Single nodes of a stress map: principal axes, direction of SHmax, Mohr circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge
from numpy.typing import ArrayLike, NDArray

from quakeloom.plots._sphere import project_vectors
from quakeloom.plots._style import ALERT, INK, MUTED, PAGE_WIDTH_IN, RULE, new_figure, styled

Floats = NDArray[np.float64]

AXIS_COLORS = ("#b23a26", "#2e8b62", "#2f6f9f")
"""Colors of S1, S2 and S3."""

_ROSE_BIN_DEG = 5.0
"""Width of the bins of a rose, degrees."""

_DRAWN = 300
"""Draws of axes that are drawn; chosen here, a cloud with an outline and no black spot."""

_CIRCLES = 30
"""Draws of Mohr circles that are drawn."""


@dataclass(frozen=True)
class NodeStress:
    """The posterior of the stress at one place.

    Attributes
    ----------
    title : str
    axes : array_like, shape (draws, 3, 3)
        Unit vectors of S1, S2, S3 as rows; north, east, down.
    shmax_deg, shape_ratio : array_like, shape (draws,)
        ``(S2 - S3)/(S1 - S3)``.
    best_axes : array_like, shape (3, 3)
    best_shmax_deg, best_ratio : float
    normals : array_like, shape (planes, 3)
        Both nodal planes of the mechanisms at the place.
    true_shmax_deg : float
        NaN where it is not known.
    """

    title: str
    axes: ArrayLike
    shmax_deg: ArrayLike
    shape_ratio: ArrayLike
    best_axes: ArrayLike
    best_shmax_deg: float
    best_ratio: float
    normals: ArrayLike
    true_shmax_deg: float = float("nan")


def mohr_points(normals: ArrayLike, axes: ArrayLike, ratio: float) -> tuple[Floats, Floats]:
    """Return normal and shear traction on planes, scaled so that S1 is 1 and S3 is 0.

    Parameters
    ----------
    normals : array_like, shape (planes, 3)
    axes : array_like, shape (3, 3)
        S1, S2, S3 as rows.
    ratio : float
        ``(S2 - S3)/(S1 - S3)``.

    Returns
    -------
    normal, shear : ndarray, shape (planes,)
        Compression positive.
    """
    share = (np.asarray(normals, float).reshape(-1, 3) @ np.asarray(axes, float).T) ** 2
    values = np.array([1.0, ratio, 0.0])
    normal = share @ values
    shear = np.sqrt(np.maximum(share @ values**2 - normal**2, 0.0))
    return normal, shear


@styled
def plot_stress_nodes(
    nodes: Sequence[NodeStress], width_in: float = PAGE_WIDTH_IN
) -> Figure | None:
    """Draw the posterior of chosen nodes, one row each.

    Left the principal axes on the lower hemisphere (equal area), in the middle a rose of SHmax,
    right Mohr circles with the nodal planes of the mechanisms. Thin: draws; thick: the best.

    Parameters
    ----------
    nodes : sequence of NodeStress
    width_in : float

    Returns
    -------
    Figure, or None when there is no node
    """
    if not nodes:
        return None
    figure = new_figure(width_in, 0.31 * width_in * len(nodes))
    rows = figure.subplots(len(nodes), 3, squeeze=False,
                           gridspec_kw={"width_ratios": [1, 1, 1.7], "wspace": 0.3})  # fmt: skip
    for row, node in zip(rows, nodes, strict=True):
        _draw_axes(row[0], node)
        _draw_rose(row[1], node)
        _draw_mohr(row[2], node)
    rows[-1][2].set_xlabel("Normal traction, from S3 (0) to S1 (1)")
    return figure


def _round_panel(axes: Axes) -> None:
    axes.add_patch(Circle((0, 0), 1.0, fill=False, ec=INK, lw=0.9))
    axes.plot([0, 0], [1.0, 1.06], color=INK, lw=0.9)
    axes.set_xlim(-1.12, 1.12)
    axes.set_ylim(-1.12, 1.12)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _draw_axes(panel: Axes, node: NodeStress) -> None:
    _round_panel(panel)
    draws = np.asarray(node.axes, float)[:_DRAWN]
    best = np.asarray(node.best_axes, float)
    for k, color in enumerate(AXIS_COLORS):
        x, y = project_vectors(draws[:, k])
        panel.plot(x, y, ".", ms=1.6, color=color, alpha=0.35, mew=0)
    for k, color in enumerate(AXIS_COLORS):
        x, y = project_vectors(best[k])
        panel.plot(x, y, "o", ms=6, mfc=color, mec="white", mew=0.9, label=f"S{k + 1}")
    panel.set_title(node.title, loc="left")
    panel.legend(loc="lower left", bbox_to_anchor=(-0.12, -0.08), handletextpad=0.1, fontsize=6.5)


def _draw_rose(panel: Axes, node: NodeStress) -> None:
    _round_panel(panel)
    edges = np.arange(0.0, 180.0 + _ROSE_BIN_DEG, _ROSE_BIN_DEG)
    counts, _ = np.histogram(np.asarray(node.shmax_deg, float) % 180.0, edges)
    # area, not radius, is proportional to the count
    radius = np.sqrt(counts / max(counts.max(), 1))
    for low, r in zip(edges[:-1], radius, strict=True):
        for turn in (0.0, 180.0):
            start = 90.0 - (low + _ROSE_BIN_DEG + turn)
            panel.add_patch(Wedge((0, 0), r, start, start + _ROSE_BIN_DEG, fc=MUTED, alpha=0.55))
    for azimuth, color, width in (
        (node.best_shmax_deg, INK, 1.8),
        (node.true_shmax_deg, ALERT, 1.0),
    ):
        if np.isfinite(azimuth):
            e, n = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
            panel.plot([-e, e], [-n, n], color=color, lw=width)
    panel.set_title("SHmax", loc="left")


def _draw_mohr(panel: Axes, node: NodeStress) -> None:
    angle = np.linspace(0.0, np.pi, 91)

    def circles(ratio: float, color: str, width: float, alpha: float) -> None:
        for low, high in ((0.0, 1.0), (0.0, ratio), (ratio, 1.0)):
            middle, half = 0.5 * (low + high), 0.5 * (high - low)
            panel.plot(middle + half * np.cos(angle), half * np.sin(angle), color=color, lw=width,
                       alpha=alpha)  # fmt: skip

    for ratio in np.asarray(node.shape_ratio, float)[:_CIRCLES]:
        if np.isfinite(ratio):
            circles(float(ratio), RULE, 0.5, 0.6)
    circles(node.best_ratio, INK, 1.2, 1.0)
    normal, shear = mohr_points(node.normals, node.best_axes, node.best_ratio)
    panel.plot(normal, shear, ".", ms=3.4, color=AXIS_COLORS[2], alpha=0.8, mew=0)
    panel.set_xlim(-0.03, 1.03)
    panel.set_ylim(0.0, 0.56)
    panel.set_aspect("equal")
    panel.set_ylabel("Shear traction")
