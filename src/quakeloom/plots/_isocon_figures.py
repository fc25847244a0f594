"""Altered rocks: isocon diagrams, mass ratios, gains and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cmcrameri import cm
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._named_ranges import draw_ranges, write_names
from quakeloom.plots._style import (
    ALERT,
    COLUMN_WIDTH_IN,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    RULE,
    new_figure,
    styled,
    use_logarithmic,
)


@dataclass(frozen=True)
class IsoconPoints:
    """An altered rock beside its protolith.

    Attributes
    ----------
    names : sequence of str
    protolith, altered : array_like, (element,)
        Concentrations; NaN where missing.
    immobile : array_like, (element,)
        Probability that the element is immobile.
    mass_ratio : tuple of float
        2.5 %, median and 97.5 %.
    """

    names: Sequence[str]
    protolith: ArrayLike
    altered: ArrayLike
    immobile: ArrayLike
    mass_ratio: tuple[float, float, float]


@styled
def plot_isocon(points: IsoconPoints, width_in: float = COLUMN_WIDTH_IN) -> Figure:
    """Draw concentrations in altered rock over those in its protolith, with the isocon.

    Parameters
    ----------
    points : IsoconPoints
        Elements that are likely immobile are filled.
    width_in : float
    """
    x, y, chance = (
        np.asarray(v, float) for v in (points.protolith, points.altered, points.immobile)
    )
    use = np.isfinite(x) & np.isfinite(y)
    figure = new_figure(width_in, min(width_in, 4.6))
    axes = figure.subplots()
    use_logarithmic(axes, "x")
    use_logarithmic(axes, "y")
    if use.any():
        ends = np.array([x[use].min() / 1.8, x[use].max() * 1.8])
        low, middle, high = points.mass_ratio
        axes.plot(ends, ends, color=RULE, linewidth=0.8, linestyle=":", label="no change of mass")
        axes.fill_between(ends, ends / high, ends / low, color=PRESSURE, alpha=0.2, linewidth=0)
        axes.plot(ends, ends / middle, color=PRESSURE, linewidth=1.1,
                  label=f"isocon, mass \N{MULTIPLICATION SIGN} {middle:.2f}")  # fmt: skip
        still = use & (chance > 0.5)
        moved = use & ~still
        axes.plot(x[still], y[still], "o", color=INK, markersize=4, label="immobile")
        axes.plot(x[moved], y[moved], "o", markerfacecolor="white", markeredgecolor=ALERT,
                  markersize=4, label="mobile")  # fmt: skip
        for k in np.flatnonzero(use).tolist():
            above = y[k] > x[k] / middle
            axes.annotate(points.names[k], (x[k], y[k]), fontsize=6, color=MUTED,
                          xytext=(-3, 3) if above else (3, -3), textcoords="offset points",
                          ha="right" if above else "left",
                          va="bottom" if above else "top")  # fmt: skip
        axes.legend(loc="upper left", fontsize=6.5)
    axes.set_xlabel("Protolith (wt% and ppm)")
    axes.set_ylabel("Altered rock (wt% and ppm)")
    return figure


@styled
def plot_mass_ratios(
    names: Sequence[str],
    ranges: ArrayLike,
    sparse: ArrayLike,
    truth: ArrayLike | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw the mass ratio of every sample with its range.

    Parameters
    ----------
    names : sequence of str, (sample,)
    ranges : array_like, (3, sample)
        2.5 %, median and 97.5 %.
    sparse : array_like, (sample,)
        By the sparsest gains and losses.
    truth : array_like, (sample,), optional
        NaN where unknown.
    width_in : float
    """
    x = np.arange(len(names))
    figure = new_figure(width_in, 2.6)
    axes = figure.subplots()
    axes.axhline(1.0, color=RULE, linewidth=0.8, zorder=0)
    draw_ranges(axes, ranges, truth)
    axes.plot(x + 0.18, np.asarray(sparse, float), "x", color=PRESSURE, markersize=4,
              label="sparse solution")  # fmt: skip
    write_names(axes, names, width_in)
    axes.set_ylabel("Mass of altered rock\nover that of protolith")
    axes.legend(loc="best", fontsize=6.5)
    return figure


@styled
def plot_gains(
    elements: Sequence[str],
    samples: Sequence[str],
    gains: ArrayLike,
    sure: ArrayLike,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw relative gains and losses as a map of elements and samples.

    Parameters
    ----------
    elements, samples : sequence of str
    gains : array_like, (element, sample)
        Relative to the mass in the protolith; NaN where missing.
    sure : array_like of bool, (element, sample)
        Whether the 95 % range is without 0; others are marked by a dot.
    width_in : float
    """
    values, told = np.asarray(gains, float), np.asarray(sure, bool)
    figure = new_figure(width_in, 1.1 + 0.17 * len(elements))
    axes = figure.subplots()
    top = max(1.0, float(np.nanquantile(values, 0.98))) if np.isfinite(values).any() else 1.0
    image = axes.imshow(
        values, cmap=cm.vik, norm=TwoSlopeNorm(0.0, -1.0, top), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    rows, columns = np.nonzero(~told & np.isfinite(values))
    axes.plot(columns, rows, ".", color=INK, markersize=2.5)
    axes.set_yticks(range(len(elements)), list(elements), fontsize=6.5)
    few = len(samples) <= 40
    axes.set_xticks(range(len(samples)), list(samples) if few else [""] * len(samples),
                    rotation=90 if len(samples) > 6 or width_in < 5 else 0)  # fmt: skip
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, extend="max", shrink=0.8)
    bar.set_label("Gain over mass in protolith")
    return figure
