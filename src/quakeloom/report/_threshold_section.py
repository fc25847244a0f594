"""The choice of the polarity probability threshold, in the report."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from quakeloom.plots import plot_threshold_curve
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import count, percent, verb
from quakeloom.report._results import RunResults

_LETTERS = "ABCD"
"""Quality letters of events with a mechanism."""


def threshold_section(results: RunResults) -> Section:
    """Return the curve of qualities over the minimum probability, and what was chosen."""
    section = Section("threshold", "Polarity probability threshold")
    if not results.has("threshold_curve"):
        return section
    rows = results.table("threshold_curve").to_pylist()
    signs = [r for r in rows if r["threshold_method"] == "threshold"]
    if not signs or not signs[0]["event_count"]:
        return section
    best = max(signs, key=lambda r: (r["worth"], -r["minimum_probability"]))
    weighed = next((r for r in rows if r["threshold_method"] == "probabilities"), None)
    events = best["event_count"]
    section.add(
        Text(
            f"{count(events, 'event')} {verb(events, 'was', 'were')} solved with every minimum "
            "probability. Most good mechanisms come out at "
            f"{best['minimum_probability']:g} ({best['quality_a_count']} of quality A, "
            f"{best['quality_b_count']} of B), where "
            f"{percent(best['expected_error_rate'])} of the polarities are expected to be wrong."
            + _comparison(best, weighed)
            + _use(results),
            "lead",
        ),
        page_picture(
            partial(plot_threshold_curve, signs, weighed, best["minimum_probability"]),
            "Events of each quality over the minimum probability.",
            "First panel: events of quality A and of A and B over the minimum probability of a "
            "first motion that counts; dashed, where all count by their probabilities. Second: "
            "of the "
            f"{count(best['common_count'], 'event')} that every way solves, mean uncertainty of "
            "the planes and, where the truth is known, median rotation from it.",
            "wide",
        ),
        Grid(
            ("Minimum probability", "Expected wrong", "Readings", "Solved", *_LETTERS,
             "Spread (°)", "Rotation (°)", "Within 30°"),
            [_row(r) for r in rows],
            "Minimum probability of a reading that counts (all: weighed by probability), share of "
            "wrong ones that the search expects, readings, solved events, events of each quality; "
            "over the events that every way solves, mean uncertainty and, where the truth is "
            "known, median rotation from it in degrees; share of the solved events within 30.",
            (False, *[True] * 10),
        ),
    )  # fmt: skip
    return section


def _use(results: RunResults) -> str:
    """Say whether the mechanisms of the run use the choice."""
    wanted = results.settings.get("threshold") or {}
    how = results.settings.get("mechanism") or {}
    if not wanted.get("apply", True):
        return " It is shown only (threshold.apply: false)."
    is_weighed = how.get("use_probabilities")
    if is_weighed or (is_weighed is None and how.get("average") != "hash"):
        return (
            " The mechanisms of this run do not use it: they weigh all readings by their "
            "probabilities (mechanism.use_probabilities), which needs no threshold."
        )
    return " The mechanisms of this run use it."


def _comparison(best: dict[str, Any], weighed: dict[str, Any] | None) -> str:
    if weighed is None:
        return ""
    good = [r["quality_a_count"] + r["quality_b_count"] for r in (best, weighed)]
    text = f" Weighed by their probabilities, all readings together give {good[1]} of A or B"
    angles = [r["rotation_from_truth_deg"] for r in (best, weighed)]
    if all(math.isfinite(a) for a in angles):
        text += (
            f"; the median rotation from the true mechanism of the events that every way solves "
            f"is {angles[1]:.1f} degrees against {angles[0]:.1f} with the threshold"
        )
    return text + "."


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    weighed = row["threshold_method"] == "probabilities"
    truth = row["rotation_from_truth_deg"], row["rotation_within_30_share"]
    return (
        "all" if weighed else f"{row['minimum_probability']:g}",
        "" if weighed else percent(row["expected_error_rate"]),
        row["reading_count"],
        row["solved_count"],
        *(row[f"quality_{q.lower()}_count"] for q in _LETTERS),
        f"{row['mechanism_rms_deg']:.1f}" if math.isfinite(row["mechanism_rms_deg"]) else "",
        f"{truth[0]:.1f}" if math.isfinite(truth[0]) else "",
        percent(truth[1]) if math.isfinite(truth[1]) else "",
    )
