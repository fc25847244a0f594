"""Judged soundings in the report: counts, reasons, scores, and the grid."""

from __future__ import annotations

from functools import partial

import numpy as np

from quakeloom.config import Settings
from quakeloom.plots import plot_difference_panels, plot_relief_panels
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import number, whole
from quakeloom.store import RunLayout, open_dataset, read_json

_WORDS = {
    "shallow": "likely wrong: above the ground around", "missing": "no place or depth",
    "deep": "likely wrong: below the ground around",
    "few_neighbors": "hard to tell: few neighbors", "rough_ground": "hard to tell: rough ground",
}  # fmt: skip
"""What reasons mean, in words."""

_WIDEST = 400
"""Cells along a side that a picture shows; chosen here."""


def sounding_section(settings: Settings, layout: RunLayout) -> Section:
    """Return what was said of the soundings of a survey."""
    facts = read_json(layout.root / "soundings.json")
    section = Section("soundings", "Soundings")
    for note in facts["notes"]:
        section.add(Text(note, "note"))
    section.add(
        Text(
            f"{facts['likely_wrong']:,} of {facts['soundings']:,} soundings are likely wrong. None "
            "is deleted: each has its probability and a reason in soundings.parquet.",
            "lead",
        ),
        Grid(
            ("Soundings", "count"),
            [(_WORDS[name], whole(n)) for name, n in facts["reasons"].items()],
            "",
            (False, True),
        ),
    )
    if "scores" in facts:
        section.add(
            Grid(
                ("Simulated blunders found", "precision", "recall", "F1"),
                [
                    (name, *(number(s[k], 3) for k in ("precision", "recall", "f1")))
                    for name, s in facts["scores"].items()
                ],
                "Soundings with a probability above one half count as found.",
                (False, True, True, True),
            )
        )
    with open_dataset(layout.root / "soundings.nc") as data:
        step = max(1, max(data["depth"].shape) // _WIDEST)
        depth, deviation = (
            np.asarray(data[n].to_numpy(), float)[::step, ::step] for n in ("depth", "depth_sd")
        )
    if min(depth.shape) > 1:
        shown = np.where(np.isfinite(depth), depth, np.nanmean(depth))
        section.add(
            page_picture(
                partial(plot_relief_panels, {"Gridded depth": shown},
                        step * float(facts["grid_cell_m"])),
                "Hillshade of the gridded soundings.",
                "Means of cells, each sounding weighed by its probability of being right.",
            ),
            page_picture(
                partial(plot_difference_panels, {"Standard error": deviation}, "m", False),
                "Standard error of the depth of cells.", "",
            ),
        )  # fmt: skip
    return section
