"""Which stated ranges hold, as `quakeloom calibrate` found on catalogs like that of the run."""

from __future__ import annotations

import numpy as np

from quakeloom.plots import plot_shares_held
from quakeloom.report._blocks import Grid, Section, Text, picture
from quakeloom.report._phrases import count
from quakeloom.report._results import RunResults
from quakeloom.stages.calibration.judging import verdict


def calibration_section(results: RunResults) -> Section:
    """Return the table of `quakeloom calibrate` in words, numbers and a figure."""
    section = Section("calibration", "What is stated, what holds")
    if not results.has("calibration"):
        return section
    rows = results.table("calibration").to_pylist()
    section.add(Text(describe_verdicts(rows), "lead"))
    figure = plot_shares_held(
        [r["product"] for r in rows],
        *(np.array([r[c] for r in rows], dtype=float)
          for c in ("stated_probability", "share_held", "share_held_error")),
    )  # fmt: skip
    section.add(
        picture(
            figure,
            "Stated probabilities and the shares that held.",
            "Lines: what is stated; points: the share of true values that was held, with two "
            "standard errors over catalogs.",
        )
    )
    section.add(
        Grid(
            ["product", "stated", "holds", "truths", "width", ""],
            [
                [
                    r["product"],
                    f"{100 * r['stated_probability']:.0f} %",
                    f"{100 * r['share_held']:.1f} ± {100 * r['share_held_error']:.1f} %",
                    r["truth_count"],
                    f"{r['range_width']:.2g} {r['range_unit']}"
                    if np.isfinite(r["range_width"]) else "",
                    verdict(r),
                ]
                for r in rows
            ],
            "On simulated catalogs with the network, readings and errors of this run, another true "
            "velocity model and mechanisms in its stress. Width: median of the ranges, or the "
            "stated error.",
            (False, True, True, True, True, False),
        )
    )  # fmt: skip
    return section


def describe_verdicts(rows: list[dict[str, object]]) -> str:
    """Say in one or two sentences what holds and what does not."""
    catalogs = int(str(rows[0]["catalog_count"])) if rows else 0
    said = {w: [str(r["product"]) for r in rows if verdict(r) == w]
            for w in ("holds", "too narrow", "too wide")}  # fmt: skip
    words = (
        f"On {count(catalogs, 'simulated catalog')} like this one, "
        f"{len(said['holds'])} of {len(rows)} statements hold."
    )
    for kind in ("too narrow", "too wide"):
        if said[kind]:
            words += f" {kind.capitalize()}: {'; '.join(said[kind])}."
    return words
