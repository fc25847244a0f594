"""Names from files are drawn as they are: a dollar sign is no formula."""

import re

import numpy as np
import pytest
from matplotlib.text import Text

from quakeloom.plots import (
    FaultTendencies,
    MapPoints,
    figure_to_png,
    figure_to_svg,
    plot_abic_curve,
    plot_contradiction_rates,
    plot_fault_tendency,
    plot_network_map,
)

NAMES = ["$$", r"$\frac{$", "A$B", "$x^2$", "_{", "100%", "<b>&", "\\alpha"]


def _draw(kind: str):
    n = len(NAMES)
    place = 10.0 + np.arange(n) / 10.0
    if kind == "map":
        return plot_network_map(
            MapPoints(place, place, np.array(["A"] * n, object)),
            MapPoints(place, place[::-1], np.array(NAMES, object)),
        )
    if kind == "stations":
        return plot_contradiction_rates(NAMES, np.ones(n, int), np.full(n, 9))
    tendency = np.full(n, 0.5)
    span = np.stack([tendency - 0.1, tendency + 0.1], axis=1)
    return plot_fault_tendency(
        FaultTendencies(place, place, place, tendency, span, np.array(NAMES, object))
    )


@pytest.mark.parametrize("kind", ["map", "stations", "faults"])
def test_names_with_dollar_signs_are_drawn_as_text(kind):
    """Whatever a code is made of: the figure is drawn, and no text is taken for a formula."""
    figure = _draw(kind)
    assert figure_to_svg(figure).startswith(b"<svg")
    assert figure_to_png(figure).startswith(b"\x89PNG")
    assert not any(t.get_parse_math() for t in figure.findobj(Text))
    if kind != "map":  # on maps only the best placed names are written
        drawn = {t.get_text() for t in figure.findobj(Text)}
        assert {"$$", "$x^2$"} <= {n for n in NAMES if any(n in t for t in drawn)}


def test_powers_of_ten_need_no_formula():
    """Labels of logarithmic axes are plain characters."""
    strength = np.logspace(-3, 5, 20)
    figure = plot_abic_curve(strength, strength, strength, strength, 1.0)
    figure_to_svg(figure)
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels() if t.get_text()]
    assert "10⁻³" in labels or "10⁻²" in labels
    assert not any(re.search(r"[$\\\\{}]", label) for label in labels)
