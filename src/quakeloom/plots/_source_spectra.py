"""Spectra with their models, and what they say of a catalog: Mw, corners, stress drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    new_figure,
    styled,
    use_logarithmic,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EventSpectraShown:
    """Spectra of an event as they are drawn.

    Attributes
    ----------
    title : str
    frequency_hz : ndarray, shape (bins,)
    moment : ndarray, shape (readings, bins)
        N m, attenuation and level of each reading taken off; NaN outside of its band.
    model : ndarray, shape (bins,)
        N m.
    corner_hz : tuple of float
        Ends of the range; the upper one is infinite where the corner is a bound.
    """

    title: str
    frequency_hz: Floats
    moment: Floats
    model: Floats
    corner_hz: tuple[float, float]


@styled
def plot_event_spectra(
    shown: Sequence[EventSpectraShown], width_in: float = PAGE_WIDTH_IN
) -> Figure | None:
    """Draw the spectra of events with the fitted shape and the range of the corner; None of none.

    Parameters
    ----------
    shown : sequence of EventSpectraShown
    width_in : float
    """
    if not shown:
        return None
    columns = 2 if width_in >= PAGE_WIDTH_IN and len(shown) > 1 else 1
    rows = -(-len(shown) // columns)
    figure = new_figure(width_in, 2.6 * rows)
    for k, one in enumerate(shown):
        axes = figure.add_subplot(rows, columns, k + 1)
        f = one.frequency_hz
        low, high = one.corner_hz
        axes.axvspan(low, min(high, float(f[-1])), color=PRESSURE, alpha=0.15, linewidth=0)
        for moment in one.moment:
            axes.plot(f, moment, color=MUTED, linewidth=0.7)
        axes.plot(f, one.model, color=ALERT, linewidth=1.4)
        use_logarithmic(axes, "x")
        use_logarithmic(axes, "y")
        axes.set_xlim(float(f[0]), float(f[-1]))
        axes.set_title(one.title)
        axes.set_xlabel("Frequency (Hz)")
        axes.set_ylabel("Moment spectrum (N m)")
    return figure


@styled
def plot_catalog_magnitude(
    magnitude: Floats, moment_magnitude: Floats, error: Floats, width_in: float = PAGE_WIDTH_IN
) -> Figure | None:
    """Draw Mw against the magnitude of the catalog, with the line where both are equal.

    Parameters
    ----------
    magnitude, moment_magnitude, error : ndarray, shape (events,)
    width_in : float
    """
    known = np.isfinite(magnitude + moment_magnitude + error)
    if not known.any():
        return None
    x, y, sd = magnitude[known], moment_magnitude[known], error[known]
    figure = new_figure(width_in, 2.8)
    axes = figure.subplots()
    axes.errorbar(x, y, 1.96 * sd, fmt="o", color=INK, ecolor=MUTED, markersize=3, elinewidth=0.6)
    ends = [min(x.min(), y.min()) - 0.2, max(x.max(), y.max()) + 0.2]
    axes.plot(ends, ends, color=ALERT, linewidth=0.9, linestyle="--", label="Mw = magnitude")
    axes.legend()
    axes.set_xlabel("Magnitude of the catalog")
    axes.set_ylabel("Mw")
    return figure


@styled
def plot_stress_drops(
    moment_magnitude: Floats, stress_mpa: Floats, low_mpa: Floats, high_mpa: Floats,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure | None:  # fmt: skip
    """Draw stress drops against Mw; bounds are triangles, ranges bars.

    Parameters
    ----------
    moment_magnitude : ndarray, shape (events,)
    stress_mpa, low_mpa, high_mpa : ndarray, shape (events,)
        NaN where the value, or an end, is not known.
    width_in : float
    """
    value = np.isfinite(moment_magnitude + stress_mpa + low_mpa + high_mpa)
    least = np.isfinite(moment_magnitude + low_mpa) & ~np.isfinite(stress_mpa)
    if not (value.any() or least.any()):
        return None
    figure = new_figure(width_in, 2.8)
    axes = figure.subplots()
    middle = stress_mpa[value]
    axes.errorbar(
        moment_magnitude[value], middle,
        [middle - low_mpa[value], high_mpa[value] - middle],
        fmt="o", color=INK, ecolor=MUTED, markersize=3, elinewidth=0.6, label="95 % range",
    )  # fmt: skip
    if least.any():
        axes.scatter(
            moment_magnitude[least], low_mpa[least], marker="^", s=14, color=PRESSURE,
            linewidths=0, label="lower bound",
        )  # fmt: skip
    use_logarithmic(axes, "y")
    axes.legend()
    axes.set_xlabel("Mw")
    axes.set_ylabel("Stress drop (MPa)")
    return figure
