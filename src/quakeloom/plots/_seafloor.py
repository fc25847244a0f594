"""Pictures of the sea floor: hillshades, differences, profiles, spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cmcrameri.cm as cmc
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.plots._style import (
    ALERT,
    INK,
    MUTED,
    PAGE_WIDTH_IN,
    PRESSURE,
    SIDE_BY_SIDE_IN,
    new_figure,
    new_panels,
    styled,
    use_logarithmic,
)

Floats = NDArray[np.float64]

_LIGHT_AZIMUTH_DEG, _LIGHT_HEIGHT_DEG = 315.0, 35.0
"""Where the light of a hillshade comes from: the north-west, as maps have it."""

_SHADE_SLOPE = 0.15
"""Typical slope after exaggeration, m per m; chosen here, so that flat ground shows its forms."""

_WIDEST_IN = 3.2
"""Widest map, inches; chosen here: a single one does not fill the page."""

_SERIES = (PRESSURE, ALERT, "#2a7f8e", "#c08a2b", MUTED, "#7b5ea7")
"""Colors of methods beside each other."""


def shade_relief(depth: NDArray[np.floating], spacing_m: float, exaggeration: float) -> Floats:
    """Return the light that falls on a sea floor, 0 to 1.

    Parameters
    ----------
    depth : ndarray, shape (rows, columns)
        m, positive down, rows from south to north.
    spacing_m : float
    exaggeration : float
        Of heights.
    """
    up = -np.asarray(depth, np.float64) * exaggeration
    dy, dx = np.gradient(up, spacing_m)
    azimuth, height = np.deg2rad(_LIGHT_AZIMUTH_DEG), np.deg2rad(_LIGHT_HEIGHT_DEG)
    east, north = np.sin(azimuth) * np.cos(height), np.cos(azimuth) * np.cos(height)
    light = (-dx * east - dy * north + np.sin(height)) / np.sqrt(1 + dx**2 + dy**2)
    return np.asarray(np.clip(light, 0.0, 1.0))


@styled
def plot_relief_panels(
    panels: Mapping[str, NDArray[np.floating]], spacing_m: float, width_in: float = PAGE_WIDTH_IN
) -> Figure:
    """Draw hillshades of the same area beside each other, with one exaggeration."""
    first = np.asarray(next(iter(panels.values())), np.float64)
    slope = np.hypot(*np.gradient(first, spacing_m))
    typical = float(np.nanquantile(slope, 0.7)) if np.isfinite(slope).any() else 1.0
    exaggeration = float(np.clip(_SHADE_SLOPE / max(typical, 1e-6), 1.0, 30.0))
    figure, places = _small_maps(len(panels), width_in, first.shape)
    for axes, (title, depth) in zip(places, panels.items(), strict=False):
        image = shade_relief(depth, spacing_m, exaggeration)
        axes.imshow(image, cmap="gray", origin="lower", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title)
    return figure


@styled
def plot_difference_panels(
    panels: Mapping[str, NDArray[np.floating]],
    label: str,
    diverging: bool = True,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw maps of one quantity beside each other, with one scale of colors."""
    values = [np.asarray(v, np.float64) for v in panels.values()]
    figure, places = _small_maps(len(panels), width_in, values[0].shape)
    high = max(float(np.nanquantile(np.abs(v), 0.98)) for v in values) or 1.0
    low = -high if diverging else 0.0
    image: Any = None
    for axes, title, value in zip(places, panels, values, strict=False):
        image = axes.imshow(
            value, cmap=cmc.vik if diverging else cmc.lajolla, origin="lower", vmin=low, vmax=high,
            interpolation="nearest",
        )  # fmt: skip
        axes.set_title(title)
    figure.colorbar(image, ax=places, label=label, shrink=0.8, pad=0.02)
    return figure


@styled
def plot_depth_profile(
    distance_m: Floats,
    lines: Mapping[str, Floats],
    band: tuple[Floats, Floats] | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw depths along a line, with the 90 % range of the result.

    Parameters
    ----------
    distance_m : ndarray, (n,)
    lines : mapping of str to ndarray, (n,)
        Depths in m; the first is the truth.
    band : (ndarray, ndarray), optional
        Upper and lower end of the range.
    width_in : float
    """
    figure = new_figure(width_in, 2.6)
    axes = figure.subplots()
    if band is not None:
        axes.fill_between(distance_m, band[0], band[1], color=PRESSURE, alpha=0.15, linewidth=0,
                          label="90 % range")  # fmt: skip
    for number, (name, depth) in enumerate(lines.items()):
        color = INK if number == 0 else _SERIES[(number - 1) % len(_SERIES)]
        axes.plot(distance_m, depth, color=color, linewidth=2.0 if number == 0 else 1.1, label=name,
                  drawstyle="steps-mid" if "input" in name else "default")  # fmt: skip
    axes.invert_yaxis()
    axes.set_xlabel("Distance (m)")
    axes.set_ylabel("Depth (m)")
    axes.legend(ncols=2, loc="best")
    return figure


@styled
def plot_depth_spectra(
    wavelength_m: Floats,
    power: Mapping[str, Floats],
    nyquist_m: float,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw power of grids over that of the truth by wavelength.

    Parameters
    ----------
    wavelength_m : ndarray, (n,)
    power : mapping of str to ndarray, (n,)
        The first is the truth.
    nyquist_m : float
        Shortest wave that the input resolves.
    width_in : float
    """
    names = list(power)
    figure, places = new_panels(1, width_in, 2.6)
    axes = places[0]
    axes.axhline(1.0, color=INK, linewidth=1.0)
    for number, name in enumerate(names[1:]):
        ratio = power[name] / np.maximum(power[names[0]], 1e-30)
        axes.plot(wavelength_m, ratio, label=name, color=_SERIES[number % len(_SERIES)])
    axes.axvline(nyquist_m, color=MUTED, linestyle=":", linewidth=1.0)
    use_logarithmic(axes, "x")
    axes.set_ylim(0, 1.6)
    axes.set_xlabel("Wavelength (m); dotted: shortest wave of the input")
    axes.set_ylabel("Power over the true one")
    axes.legend(ncols=3, loc="upper left")
    return figure


def _small_maps(count: int, width_in: float, shape: Sequence[int]) -> tuple[Figure, list[Axes]]:
    """Return a figure with as many maps as fit side by side, without ticks."""
    columns = min(count, 4 if width_in >= SIDE_BY_SIDE_IN else 2)
    rows = -(-count // columns)
    panel = min(width_in / columns, _WIDEST_IN)
    height = min(panel * shape[0] / shape[1], 2 * panel) + 0.25
    figure = new_figure(width_in, rows * height)
    places = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in places:
        axes.set_xticks([])
        axes.set_yticks([])
    for axes in places[count:]:
        axes.set_visible(False)
    return figure, places[:count]
