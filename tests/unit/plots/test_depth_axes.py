"""Depths above sea level are elevations, or said to be above it."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import depth_words
from quakeloom.plots import SectionGrid, plot_ensemble_bands, plot_hypocenters
from quakeloom.plots import plot_velocity_sections as plot_sections


def labels_of(axis) -> tuple[str, list[float]]:
    """The label of an axis, and its ticks as they are written."""
    axis.figure.canvas.draw()
    ticks = [t.get_text().replace("\N{MINUS SIGN}", "-") for t in axis.get_ticklabels()]
    return axis.get_label_text(), [float(t) for t in ticks if t]


@pytest.mark.parametrize(
    ("depth", "label"),
    [
        ((0.0, 40.0), "Depth (km)"),
        ((-1.0, 40.0), "Depth (km, negative above sea level)"),
        ((-3.0, -1.0), "Elevation (km)"),
    ],
)
def test_sections_say_which_way_they_count(depth, label):
    z, x = np.linspace(*depth, 20), np.linspace(0.0, 50.0, 30)
    figure = plot_sections(SectionGrid(z, x), {"a": np.ones((20, 30))})
    said, ticks = labels_of(figure.axes[0].yaxis)
    assert said == label
    if label.startswith("Elevation"):
        assert min(ticks) >= 1.0
        assert max(ticks) <= 3.0


def test_a_short_line_on_a_hill_has_elevations_in_m_that_fall_downward():
    z, x = np.linspace(-0.6, -0.5, 20), np.linspace(0.0, 0.4, 30)
    figure = plot_sections(SectionGrid(z, x), {"a": np.ones((20, 30))})
    said, ticks = labels_of(figure.axes[0].yaxis)
    assert said == "Elevation (m)"
    assert 500 <= min(ticks) < max(ticks) <= 600
    low, high = figure.axes[0].get_ylim()
    assert low > high


def test_bands_of_depths_and_hypocenters_say_it_too():
    x = np.linspace(0, 400, 5)
    band = ("2 km/s", x * 0 - 580.0, x * 0 - 570.0, x * 0 - 560.0)
    figure = plot_ensemble_bands(x, [band], "Distance (m)", "Depth (m)", "m")
    assert labels_of(figure.axes[0].yaxis)[0] == "Elevation (m)"
    one = np.array([1.0, 2.0])
    figure = plot_hypocenters(one, one, [-2.7, -2.5], np.full((2, 3), 0.05))
    assert labels_of(figure.axes[1].xaxis)[0] == "Elevation (km)"
    assert labels_of(figure.axes[2].yaxis)[0] == "Elevation (km)"
    figure = plot_hypocenters(one, one, [5.0, 8.0], np.full((2, 3), 0.05))
    assert labels_of(figure.axes[2].yaxis)[0] == "Depth (km)"


def test_words_for_depths():
    assert depth_words(-0.6) == "0.6 km elevation"
    assert depth_words(0.0) == "0 km depth"
    assert depth_words(8) == "8 km depth"
