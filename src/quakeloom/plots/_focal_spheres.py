"""Focal spheres: readings, preferred and acceptable planes, axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import fault_vectors, p_radiation, principal_axes, ray_vectors
from quakeloom.plots._beachballs import double_couple_beachballs
from quakeloom.plots._sphere import plane_arcs, project_rays, project_vectors
from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PAPER,
    RULE,
    new_figure,
    styled,
)

Floats = NDArray[np.float64]

_DRAWN = 120
"""Acceptable mechanisms that are drawn; more would fill the sphere (chosen here)."""


@dataclass(frozen=True)
class FocalSphere:
    """What a focal-sphere plot shows of one event.

    Attributes
    ----------
    azimuth_deg, takeoff_deg : ndarray, shape (readings,)
        Direction of the ray at the source; take-off 0 straight down.
    polarity : ndarray, shape (readings,)
        +1 up, -1 down, 0 not known (drawn as a small cross).
    weight : ndarray, shape (readings,)
        0 to 1: how much a reading counts (1 impulsive, less for emergent; or
        ``|2 probability_up - 1|``); sets the size of the symbol.
    mechanism : tuple of float, optional
        Preferred strike, dip, rake in degrees; NaN or None for an unsolved event.
    others : sequence of tuple of float
        Further solutions, drawn dashed.
    accepted : ndarray, shape (mechanisms, 3)
        Strike, dip, rake of acceptable mechanisms, drawn thin.
    accepted_weight : ndarray, shape (mechanisms,)
        Their weights, any scale.
    """

    azimuth_deg: ArrayLike
    takeoff_deg: ArrayLike
    polarity: ArrayLike
    weight: ArrayLike | None = None
    mechanism: tuple[float, float, float] | None = None
    others: list[tuple[float, float, float]] = field(default_factory=list)
    accepted: ArrayLike | None = None
    accepted_weight: ArrayLike | None = None


def choose_by_weight(weights: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return indices spread evenly over the cumulative weight, without randomness.

    The mechanism at every ``1/count`` of the total weight is taken, so heavy ones are taken
    for sure and light ones in proportion; repeated picks are dropped.
    """
    w = np.nan_to_num(np.asarray(weights, dtype=float))
    total = np.cumsum(np.maximum(w, 0.0))
    if len(total) == 0 or total[-1] <= 0:
        return np.zeros(0, dtype=np.int64)
    levels = (np.arange(count) + 0.5) / count * total[-1]
    return np.unique(np.searchsorted(total, levels))


@styled
def draw_focal_sphere(axes: Axes, sphere: FocalSphere, color: str = INK) -> None:
    """Draw one focal sphere (lower hemisphere, equal area) on empty axes.

    Filled symbols are up, open ones down; symbols ringed in red contradict the preferred
    mechanism. Rays that leave upwards are drawn at their antipode.
    """
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-1.16, 1.16)
    axes.set_ylim(-1.16, 1.16)
    angle = np.linspace(0, 2 * np.pi, 181)
    axes.fill(np.cos(angle), np.sin(angle), facecolor=PAPER, edgecolor="none", zorder=0)
    solved = sphere.mechanism is not None and bool(np.all(np.isfinite(sphere.mechanism)))
    if solved:
        _draw_mechanism(axes, sphere, color)
    axes.plot(np.cos(angle), np.sin(angle), color=INK, lw=0.9, zorder=6, clip_on=False)
    axes.plot([0, 0], [1.0, 1.05], color=INK, lw=0.9, zorder=6, clip_on=False)
    axes.text(0, 1.065, "N", ha="center", va="bottom", fontsize=7, color=MUTED)
    if not solved:
        axes.plot([-0.03, 0.03], [0, 0], color=RULE, lw=0.8)
        axes.plot([0, 0], [-0.03, 0.03], color=RULE, lw=0.8)
    _draw_readings(axes, sphere, solved)


@styled
def plot_focal_sphere(sphere: FocalSphere, color: str = INK, width_in: float = 2.1) -> Figure:
    """Return a figure with one focal sphere; see :func:`draw_focal_sphere`."""
    figure = new_figure(width_in, width_in, constrained=False)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    draw_focal_sphere(axes, sphere, color)
    return figure


@styled
def plot_focal_spheres(
    spheres: Sequence[FocalSphere],
    titles: Sequence[str],
    columns: int = 4,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw focal spheres of several events beside each other.

    Parameters
    ----------
    spheres : sequence of FocalSphere
    titles : sequence of str
        One per sphere.
    columns : int
    width_in : float
    """
    columns = min(columns, max(len(spheres), 1))
    rows = max(-(-len(spheres) // columns), 1)
    side = width_in / max(columns, 3)
    figure = new_figure(side * columns, (side + 0.15) * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, sphere, title in zip(panels, spheres, titles, strict=False):
        draw_focal_sphere(axes, sphere)
        axes.set_title(title, fontsize=7.5)
    for axes in panels[len(spheres) :]:
        axes.set_visible(False)
    return figure


def _draw_mechanism(axes: Axes, sphere: FocalSphere, color: str) -> None:
    mechanism = sphere.mechanism
    assert mechanism is not None
    strike, dip, rake = mechanism
    ball = double_couple_beachballs([strike], [dip], [rake], vertices=180)
    for side in range(2):
        if ball.present[0, side]:
            cap = ball.caps[0, side]
            axes.fill(cap[:, 0], cap[:, 1], facecolor=color, alpha=0.16, edgecolor="none", zorder=1)
    if sphere.accepted is not None and len(np.atleast_2d(sphere.accepted)):
        accepted = np.atleast_2d(np.asarray(sphere.accepted, dtype=float))
        weight = (
            np.ones(len(accepted)) if sphere.accepted_weight is None else sphere.accepted_weight
        )
        accepted = accepted[choose_by_weight(weight, _DRAWN)]
        arcs = np.concatenate([plane_arcs(v) for v in fault_vectors(*accepted.T)])
        axes.add_collection(
            LineCollection(
                list(arcs), colors=color, linewidths=0.4, alpha=0.16, zorder=2, rasterized=True
            )
        )
    for other in sphere.others:
        arcs = np.concatenate([plane_arcs(v) for v in fault_vectors(*other)])
        axes.add_collection(
            LineCollection(
                list(arcs), colors=MUTED, linewidths=0.8, linestyles=(0, (4, 3)), zorder=3
            )
        )
    arcs = np.concatenate([plane_arcs(v) for v in fault_vectors(*mechanism)])
    axes.add_collection(LineCollection(list(arcs), colors=color, linewidths=1.5, zorder=4))
    t, p, _ = principal_axes(*mechanism)
    for vector, label in ((t, "T"), (p, "P")):
        x, y = project_vectors(vector)
        axes.plot(x, y, marker="s", ms=2.6, color=color, zorder=9)
        axes.annotate(
            label,
            (float(x), float(y)),
            xytext=(3.2, 2.2),
            textcoords="offset points",
            fontsize=8,
            fontweight="bold",
            color=color,
            zorder=9,
            path_effects=[withStroke(linewidth=2.0, foreground=PAPER)],
        )


def _draw_readings(axes: Axes, sphere: FocalSphere, solved: bool) -> None:
    azimuth = np.atleast_1d(np.asarray(sphere.azimuth_deg, dtype=float))
    takeoff = np.atleast_1d(np.asarray(sphere.takeoff_deg, dtype=float))
    polarity = np.atleast_1d(np.asarray(sphere.polarity, dtype=float))
    weight = np.ones(len(azimuth)) if sphere.weight is None else np.asarray(sphere.weight, float)
    x, y = project_rays(azimuth, takeoff)
    size = 9.0 + 22.0 * np.clip(np.nan_to_num(weight), 0.0, 1.0)
    seen = np.isfinite(x) & np.isfinite(y)
    contradicts = np.zeros(len(x), dtype=bool)
    if solved and sphere.mechanism is not None:
        normal, slip = fault_vectors(*sphere.mechanism)
        expected = p_radiation(normal, slip, ray_vectors(azimuth, takeoff))
        contradicts = (expected * polarity) < 0
    for sign, face in ((1.0, INK), (-1.0, PAPER)):
        for wrong, edge, width in ((False, INK, 0.7), (True, ALERT, 1.3)):
            pick = seen & (polarity == sign) & (contradicts == wrong)
            axes.scatter(
                x[pick],
                y[pick],
                s=size[pick],
                facecolor=face,
                edgecolor=edge,
                linewidth=width,
                zorder=7 + wrong,
                clip_on=False,
            )
    unknown = seen & (polarity == 0)
    axes.scatter(
        x[unknown],
        y[unknown],
        s=10,
        marker="x",
        color=MUTED,
        linewidth=0.7,
        zorder=7,
        clip_on=False,
    )
