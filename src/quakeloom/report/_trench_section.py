"""The earthquake at a trench, on the page of its paper: two sections and what is said of it."""

from __future__ import annotations

from functools import partial

import numpy as np

from quakeloom.plots import TrenchPanel, plot_trench
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.stages.papers.trench import BOUNDARIES, ON_BOUNDARY_KM, Trench, node_places

_TITLES = {
    "one model": "Without the ensemble: one model, taken as exact",
    "ensemble": "With the ensemble",
}
"""Titles of the sections."""


def trench_section(found: tuple[Trench, dict[str, dict[str, float]]] | None) -> Section:
    """Return the two sections with crosses and the table of the earthquake; empty without one."""
    section = Section("trench", "The earthquake in the section")
    if found is None:
        return section
    trench, rows = found
    grid = trench.grid
    middle = np.asarray(trench.members.mean(axis=0))
    panels = []
    for name, title in _TITLES.items():
        row = rows[name]
        spread = 1.0 if name == "ensemble" else 0.0
        panels.append(
            TrenchPanel(
                title,
                middle,
                (row["along"], row["depth"]),
                (row["along_deviation"], row["depth_deviation"]),
                {
                    key: np.stack([at.mean(axis=0), spread * at.std(axis=0, ddof=1)])
                    for key, (_, at) in trench.boundaries.items()
                },
            )
        )
    row = rows["ensemble"]
    places = node_places(grid)
    draw = partial(
        plot_trench, panels, (grid.depth_km, grid.distance_km), grid.ground_depth_km,
        (row["true_along"], row["true_depth"]), places[:, [1, 0]],
    )  # fmt: skip
    section.add(
        Text(
            "A simulated earthquake of M 6 on the plate boundary, located with P and S of "
            f"{len(places)} nodes that lie off the refraction line. Bars: two standard deviations "
            "of hypocenter and boundaries.",
            "lead",
        ),
        page_picture(
            draw,
            "Two sections with hypocenter and boundaries, without and with the ensemble.",
            "Gray: mean velocity of the ensemble below the sea floor. In one model, taken as "
            "exact, boundaries have no range.",
        ),
        _table(rows),
    )
    return section


def _table(rows: dict[str, dict[str, float]]) -> Grid:
    names = list(_TITLES)
    lines = [("Depth (km)", *(f"{rows[n]['depth']:.2f} ± {rows[n]['depth_deviation']:.2f}"
                              for n in names), f"{rows[names[0]]['true_depth']:.2f}")]  # fmt: skip
    for axis, words in (("along", "Along the line (km)"), ("across", "Across the line (km)")):
        lines.append(
            (words, *(f"{rows[n][axis]:.2f} ± {rows[n][f'{axis}_deviation']:.2f}" for n in names),
             f"{rows[names[0]][f'true_{axis}']:.2f}")
        )  # fmt: skip
    for key in BOUNDARIES:
        lines.append(
            (f"Depth of the {key} there (km)",
             *(f"{rows[n][key]:.2f} ± {rows[n][f'{key} deviation']:.2f}" for n in names),
             f"{rows['ensemble'][f'true {key}']:.2f}")
        )  # fmt: skip
    for key in BOUNDARIES:
        true = "on it" if key == "plate boundary" else "not on it"
        lines.append(
            (f"Probability that it lies on the {key}",
             *(f"{rows[n][f'on {key}']:.2f}" for n in names), true)
        )  # fmt: skip
    return Grid(
        ("", "One model", "Ensemble", "Truth"),
        lines,
        f"Means and standard deviations. On a boundary: within {ON_BOUNDARY_KM:g} km of it in "
        "depth, hypocenter and boundary taken together member by member.",
        (False, True, True, True),
    )
