"""Make the figure of the 1-D verification of ensemble tomography.

    python docs/images/make_line_figures.py

The same program gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from quakeloom.plots import PAGE_WIDTH_IN, QUALITY_COLORS, figure_to_png, new_figure, styled
from quakeloom.tomography import SamplerOptions, line_verification, sample_ensemble

INK = "#22262b"
HERE = Path(__file__).parent


@styled
def draw_verification() -> Figure:
    """Draw mean and standard deviation of the exact posterior and of three ensembles."""
    line = line_verification()
    x = line.distance_km
    figure = new_figure(PAGE_WIDTH_IN, 3.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.fill_between(
        x,
        line.mean - line.standard_deviation,
        line.mean + line.standard_deviation,
        color=QUALITY_COLORS["D"],
        alpha=0.5,
        linewidth=0,
        label="exact, one standard deviation",
    )
    upper.plot(x, 0.25 + 0.02 * np.sin(2 * np.pi * x / 6), ":", color=INK, label="truth")
    for sampler, members, color in (
        ("rml", 1024, QUALITY_COLORS["A"]),
        ("psvgd", 256, QUALITY_COLORS["B"]),
        ("fsvgd", 64, "#b23a26"),
    ):
        found = sample_ensemble(sampler, line.problem, 1, np.arange(members), SamplerOptions())
        slowness = line.field.evaluate(found.white)
        upper.plot(x, slowness.mean(axis=0), color=color, label=f"{sampler}, {members} members")
        ratio = slowness.std(axis=0, ddof=1) / line.standard_deviation
        lower.plot(x, ratio, color=color)
    lower.axhspan(0.8, 1.2, color=QUALITY_COLORS["F"], zorder=0)
    lower.axhline(1.0, color=INK, linewidth=0.6)
    lower.set_ylim(0.5, 1.3)
    lower.set_ylabel("Standard deviation / exact")
    lower.set_xlabel("Distance (km)")
    upper.set_ylabel("Slowness (s/km)")
    upper.legend(ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return figure


if __name__ == "__main__":
    (HERE / "line-verification.png").write_bytes(figure_to_png(draw_verification(), 120))
