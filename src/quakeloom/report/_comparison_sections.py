"""Sections that compare the run with other catalogs and with itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from quakeloom.plots import plot_cumulative_angles, plot_letter_matrix
from quakeloom.report._blocks import Gallery, Grid, Heading, Section, Text, picture
from quakeloom.report._comparison import (
    NO_LETTER,
    AngleStatistics,
    CatalogComparison,
    compare_catalogs,
)
from quakeloom.report._phrases import count, degrees, percent, term, verb, whole
from quakeloom.report._results import ComparedCatalog, RunResults
from quakeloom.schema import QUALITIES

_ROTATED_DEG = 15.0
"""Rotation above which events are listed, degrees; chosen here: random numbers alone seldom rotate
a good mechanism by more."""


def comparison_section(results: RunResults) -> Section:
    """Return one part per other catalog: rotations, letters, who is missing."""
    section = Section("comparison", "Comparison with other catalogs")
    for other in compared_catalogs(results):
        if not is_seed(other):
            _add_comparison(section, results, other)
    return section


def seed_section(results: RunResults) -> Section:
    """Return the scatter between solutions with different random numbers."""
    section = Section("seeds", "Scatter between random seeds")
    scatter = results.seed_scatter or _scatter_of_seeds(results)
    if not scatter:
        return section
    rotation = np.asarray(scatter.get("rotation_deg", ()), dtype=float)
    letters = np.asarray(scatter.get("quality", ["all"] * len(rotation)), dtype=object)
    if len(rotation) == 0:
        return section
    groups = {q: rotation[letters == q] for q in QUALITIES if np.any(letters == q)}
    best = rotation[np.isin(letters, ["A", "B"])]
    seeds = scatter.get("seeds", ())
    text = "The same events were solved again with other random numbers"
    notes = [count(len(seeds), "seed") if len(seeds) else "", str(scatter.get("settings", ""))]
    notes = [n for n in notes if n]
    text += f" ({', '.join(notes)}). " if notes else ". "
    if len(best):
        s = AngleStatistics.of(best)
        text += (
            f"Solutions rated A or B rotate by {degrees(s.median, 1)} (median) and "
            f"{degrees(s.percentile_90, 1)} (90th percentile)."
        )
    section.add(
        Text(text),
        _angle_grid(
            groups | {"all": rotation},
            "Rotation between two seeds, per quality letter. For comparison: with HASH's 30 "
            "trials and at most 500 mechanisms kept at random, Calaveras events rated A or B "
            "rotate by 7° (median) and 15° (90th percentile), C by 10° and 20°, D by 24° and 55°.",
        ),
        Gallery(
            [
                picture(
                    plot_cumulative_angles(groups, "Rotation between seeds (degrees)"),
                    "Cumulative rotation between seeds per quality.",
                    "Rotation between solutions of the same event with different seeds.",
                )
            ]
        ),
    )
    return section


def compared_catalogs(results: RunResults) -> list[ComparedCatalog]:
    """Return the catalogs to compare with, in one form."""
    return [
        c if isinstance(c, ComparedCatalog) else ComparedCatalog(str(c[0]), c[1])
        for c in results.comparisons
    ]


def is_seed(catalog: ComparedCatalog) -> bool:
    """Return whether a compared catalog differs by its random numbers only, by its name."""
    return catalog.name.lower().startswith("seed")


def _scatter_of_seeds(results: RunResults) -> dict[str, Any] | None:
    found = [c for c in compared_catalogs(results) if is_seed(c)]
    parts = [compare_catalogs(results.table("mechanisms"), c.mechanisms) for c in found]
    if not parts:
        return None
    return {
        "rotation_deg": np.concatenate([p.rotation_deg for p in parts]),
        "quality": np.concatenate([p.quality_a for p in parts]),
        "seeds": ["this run"] + [c.name for c in found],
    }


def _add_comparison(section: Section, results: RunResults, other: ComparedCatalog) -> None:
    this = results.table("mechanisms")
    if other.earlier:
        found = compare_catalogs(other.mechanisms, this)
        before, after = other.name, "this run"
    else:
        found = compare_catalogs(this, other.mechanisms)
        before, after = "this run", other.name
    section.add(Heading(f"{before[:1].upper()}{before[1:]} and {after}"))
    if other.description:
        section.add(Text(other.description))
    section.add(Text(_comparison_sentence(found, before, after)))
    if found.common == 0:
        return
    order = [q for q in (*QUALITIES, NO_LETTER) if q in found.by_quality_a]
    groups = {q: found.rotation_deg[found.quality_a == q] for q in order}
    present = [
        i for i in range(len(found.letters))
        if found.letter_matrix[i].sum() + found.letter_matrix[:, i].sum() > 0
    ]  # fmt: skip
    pictures = [
        picture(
            plot_letter_matrix(
                found.letter_matrix[np.ix_(present, present)],
                [found.letters[i] for i in present],
                f"Letter in {before}",
                f"Letter in {after}",
            ),
            "Matrix of quality letters in both catalogs.",
            f"Letters in {before} (rows) and in {after} (columns). Left of the diagonal events "
            "got a better letter, right of it a worse one.",
        )
    ]
    if len(found.rotation_deg):
        pictures.insert(
            0,
            picture(
                plot_cumulative_angles(groups),
                "Cumulative rotation between both catalogs per quality.",
                f"Rotation of the mechanisms between both catalogs, by the letters in {before}.",
            ),
        )
        everything = groups | {"all": found.rotation_deg}
        section.add(_angle_grid(everything, f"Rotation per letter in {before}."))
    section.add(Gallery(pictures))
    rotated = [m for m in found.most_rotated(8, "ABC") if m[1] > _ROTATED_DEG]
    if rotated:
        section.add(
            Grid(
                (term("Event", "event_id"), "Rotation", f"Letter, {before}", f"Letter, {after}"),
                [(e, degrees(r, 1), a, b) for e, r, a, b in rotated],
                "Events rated A to C in either catalog that rotate most, above "
                f"{_ROTATED_DEG:.0f}°. Of all letters "
                f"{whole((found.rotation_deg > _ROTATED_DEG).sum())} do.",
                (False, True, False, False),
            )
        )


def _comparison_sentence(found: CatalogComparison, before: str, after: str) -> str:
    if found.common == 0:
        return (
            f"The catalogs have no event in common ({count(found.events_a, 'event')} in {before}, "
            f"{count(found.events_b, 'event')} in {after}); identifiers must agree."
        )
    s = found.overall
    text = f"{count(found.common, 'event')} in both"
    missing = [
        f"{whole(len(names))} only in {where}"
        for names, where in ((found.missing_in_b, before), (found.missing_in_a, after))
        if names
    ]
    text += f" ({', '.join(missing)}). " if missing else ". "
    if s.count:
        text += (
            f"{count(s.count, 'event')} solved in both {verb(s.count, 'rotates', 'rotate')} by "
            f"{degrees(s.median, 1)} (median) and {degrees(s.percentile_90, 1)} (90th percentile), "
            f"at most {degrees(s.largest, 1)}. "
        )
    only = [
        f"{whole(len(names))} solved only in {where}"
        for names, where in ((found.unsolved_in_b, before), (found.unsolved_in_a, after))
        if names
    ]
    if only:
        text += "; ".join(only) + ". "
    lettered = found.common - found.letters_missing
    unlettered = f" {whole(found.letters_missing)} have no letter in one of them."
    return text + (
        f"Letters: {percent(found.letters_equal / max(lettered, 1))} equal, "
        f"{whole(found.letters_better)} better and {whole(found.letters_worse)} worse in {after}."
        f"{unlettered if found.letters_missing else ''}"
    )


def _angle_grid(groups: dict[str, Any], caption: str) -> Grid:
    rows = []
    for name, angles in groups.items():
        s = AngleStatistics.of(angles)
        rows.append(
            (
                name,
                whole(s.count),
                degrees(s.median, 1),
                degrees(s.percentile_90, 1),
                degrees(s.percentile_95, 1),
                degrees(s.largest, 1),
            )
        )
    return Grid(
        (term("Quality", "quality"), "Events", "Median", "90 %", "95 %", "Largest"),
        rows,
        caption,
        (False,) + (True,) * 5,
    )
