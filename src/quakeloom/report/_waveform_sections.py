"""Waveforms in the report: what was cut, who picked, how picks and first motions compare."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from quakeloom.plots import (
    AccuracyGroups,
    FirstMotion,
    PrecisionRecall,
    plot_first_motions,
    plot_pick_residuals,
    plot_precision_recall,
    plot_reading_accuracy,
)
from quakeloom.report._blocks import Grid, Heading, Section, Text, page_picture, picture
from quakeloom.report._phrases import count, percent, verb
from quakeloom.report._reading_accuracy import (
    TOLERANCE_S,
    JudgedPicks,
    equal_groups,
    judge_picks,
    judge_readings,
    precision_recall,
)
from quakeloom.report._results import RunResults

_STATUS = {
    "cut": "cut",
    "no_waveform": "not recording",
    "not_triggered": "station not triggered by some events",
    "second_choice": "another instrument of the station is faster",
    "too_short": "too short",
    "useless": "no living component",
    "error": "failed",
}
"""Words for the status of windows in the table ``windows``."""

_PICK_MARKS = (0.3, 0.5, 0.7, 0.9)
"""Minimum probabilities of picks that are named along their curve; chosen here."""

_READING_MARKS = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Minimum probabilities of first motions that are named along their curve; chosen here."""

_SURE = 0.9
"""Probability from which a first motion is called sure; chosen here."""

_NEAR = 5.0
"""Tolerances within which residuals of picks are summarized; farther ones are of another wave."""

_ROBUST = 1.4826
"""Standard deviation of normal numbers over their median absolute deviation."""

_SHOWN = 12
"""Wrong, and right, first motions that are drawn."""


def waveform_section(results: RunResults) -> Section:
    """Return what became of the waveforms of a run, down to first motions."""
    section = Section("waveforms", "Waveforms, picks and first motions")
    facts = results.waveforms
    if not facts:
        return section
    windows, picks = results.table("windows"), results.table("picks")
    status, phases = facts["window_status"], facts["phases"]
    section.add(
        Text(
            f"{count(status.get('cut', 0), 'window')} of event and instrument gave "
            f"{phases.get('P', 0):,} P and {phases.get('S', 0):,} S, picked by "
            f"{facts['picker']}. First motions were read by {facts['reader']}.",
            "lead",
        ),
        Grid(
            ("Windows", "Number"),
            [(_STATUS.get(k, k), f"{n:,}") for k, n in status.items()],
            "What became of every event at every instrument of the archive.",
            (False, True),
        ),
    )
    reference, authority = facts["reference"], facts["authority"]
    if not reference.num_rows:
        return section
    judged = judge_picks(picks, windows, reference, authority != "analyst")
    readings = judge_readings(facts["readings"], picks, windows, reference)
    if facts["is_part"]:
        section.add(
            Text(
                "What follows compares the picks and first motions of an even part of the events, "
                f"{pc.count_distinct(windows.column('event_id')).as_py():,} of them."
            )
        )
    _add_picks(section, judged, authority)
    _add_curves(section, judged, readings, authority)
    _add_readings(section, readings, facts)
    return section


def _add_picks(section: Section, judged: dict[str, JudgedPicks], authority: str) -> None:
    rows: list[tuple[str, ...]] = []
    near: dict[str, ArrayLike] = {}
    for phase, found in judged.items():
        late = found.residual_s
        values = late[np.abs(late) <= _NEAR * TOLERANCE_S[phase]]
        if not late.size:
            continue
        right = int(np.sum(np.abs(late) <= TOLERANCE_S[phase]))
        near[phase] = values
        median = float(np.median(values)) if values.size else float("nan")
        spread = _ROBUST * float(np.median(np.abs(values - median))) if values.size else median
        rows.append(
            (phase, f"{found.references:,}", f"{late.size:,}", f"{right:,}",
             percent(right / late.size), percent(right / found.references),
             f"{1000 * median:+.0f} ms", f"{1000 * spread:.0f} ms")
        )  # fmt: skip
    if not rows:
        return
    apart = " and ".join(f"{t:g} s ({p})" for p, t in TOLERANCE_S.items())
    told = (
        "Picks against the simulated truth: the arrivals that stand out of the noise of each "
        "record, known exactly."
        if authority != "analyst"
        else "Picks against an analyst's in the sources, at events and stations where the analyst "
        "has the phase."
    )
    section.add(
        Heading("Picks"),
        Grid(
            ("Phase", "Arrivals", "Picks", "Right", "Precision", "Recall", "Median", "Spread"),
            rows,
            f"{told} Right is within {apart}; median and normalized median absolute deviation of "
            "pick minus reference, of picks within five times that.",
            (False, *[True] * 7),
        ),
        picture(
            plot_pick_residuals(near, _short(authority)),
            "Histograms of pick residuals.",
            "Residuals of picks; the outermost bars hold all beyond.",
        ),
    )


def _add_curves(
    section: Section, judged: dict[str, JudgedPicks], readings: pd.DataFrame, authority: str
) -> None:
    panels = []
    picked = [
        _curve(phase, p.probability, np.abs(p.residual_s) <= TOLERANCE_S[phase], p.references,
               _PICK_MARKS)
        for phase, p in judged.items() if p.probability.size
    ]  # fmt: skip
    if picked:
        panels.append(("P and S picks", picked))
    read = []
    for label, sign in (("up", 1), ("down", -1)):
        called = readings[readings["polarity"] == sign]
        references = int((readings["truth"] == sign).sum())
        if len(called) and references:
            read.append(
                _curve(label, called["confidence"], called["right"], references, _READING_MARKS)
            )
    if read:
        panels.append(("First motions", read))
    if panels:
        section.add(
            Heading("Precision and recall"),
            page_picture(
                partial(plot_precision_recall, panels),
                "Precision over recall for picks and for first motions.",
                f"By the {authority}, with the minimum probability that counts rising from right "
                "to left (named at the points). Picks begin at the thresholds of the run, first "
                "motions are those read of arrivals that were picked.",
                "wide",
            ),
        )


def _curve(
    label: str, score: Any, right: Any, references: int, marks: tuple[float, ...]
) -> PrecisionRecall:
    _, precision, recall = precision_recall(score, right, references)
    named = zip(*precision_recall(score, right, references, marks), strict=True)
    return PrecisionRecall(label, precision, recall, list(named))


def _add_readings(section: Section, readings: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    if readings.empty:
        return
    authority = facts["authority"]
    right = readings["right"].to_numpy()
    sure = readings["confidence"].to_numpy() >= _SURE
    text = (
        f"{right.sum():,} of {count(right.size, 'first motion')} "
        f"{verb(right.sum(), 'agrees', 'agree')} with "
        f"{'the simulated truth' if authority != 'analyst' else 'an analyst'} "
        f"({percent(float(right.mean()), 1)})"
    )
    if 0 < sure.sum() < sure.size:
        text += (
            f"; of the {sure.sum():,} with a confidence of {_SURE:g} or more, "
            f"{right[sure].sum():,} "
            f"({percent(float(right[sure].mean()), 1)})"
        )
    off = (readings["arrival_time"] - readings["true_time"]).dt.total_seconds().abs()
    astray = int((off[~right] > TOLERANCE_S["P"]).sum())
    text += "."
    if astray:
        text += (
            f" {astray:,} of the {count((~right).sum(), 'wrong one')} {verb(astray, 'was', 'were')}"
            f" read at a P that is more than {TOLERANCE_S['P']:g} s off."
        )
    section.add(Heading("First motions"), Text(text))
    panels: list[tuple[str, bool, list[AccuracyGroups]]] = []
    for name, column, logarithmic in (
        ("Signal-to-noise ratio of P", "snr", True),
        ("Distance (km)", "distance_km", False),
    ):
        series = [
            _groups(label, rows, column)
            for label, rows in (
                ("all", readings),
                (f"confidence of {_SURE:g} or more", readings[sure]),
            )
        ]
        series = [s for s in series if s.count.size]
        if series:
            panels.append((name, logarithmic, series))
    if panels:
        section.add(
            page_picture(
                partial(plot_reading_accuracy, panels),
                "Share of right first motions over signal-to-noise ratio and over distance.",
                "Share of first motions that are right, in groups of equal size, with 95 % "
                "intervals; level bars span each group. The ratio is that of the pick: root mean "
                "square of 1 s after P over that of 3 s before.",
                "wide",
            )
        )
    wrong = readings[~right].sort_values(["confidence", "event_id", "station"], ascending=False)
    agree = readings[right].sort_values(["confidence", "event_id", "station"])
    if not agree.empty:
        # most are sure, and a few that are not are worth seeing: evenly by rank and probability
        sure_of = agree["confidence"].to_numpy()
        along = np.linspace(0.0, 1.0, len(agree)) + (sure_of - sure_of[0])
        levels = np.linspace(0.0, along[-1], _SHOWN)
        agree = agree.iloc[np.unique(np.searchsorted(along, levels - 1e-12))]
    for rows, alt, caption in (
        (wrong.head(_SHOWN), "First motions that were read wrong.",
         "Wrong readings, the most certain first"),
        (agree, "First motions that were read right.",
         "Right readings, from the least to the most certain"),
    ):  # fmt: skip
        motions = [m for m in (_motion(row, facts) for row in _records(rows)) if m]
        if motions:
            section.add(
                page_picture(
                    partial(plot_first_motions, motions, _short(authority)),
                    alt,
                    f"{caption}: verticals around the pick (dotted), scaled to the first 0.12 s, "
                    f"with the sign and its probability. The blue mark is P of the {authority}.",
                    "wide",
                )
            )


def _groups(label: str, readings: pd.DataFrame, column: str) -> AccuracyGroups:
    values, right = readings[column].to_numpy(float), readings["right"].to_numpy()
    groups = equal_groups(values)
    low, middle, high = (
        np.array([f(values[g]) for g in groups]) for f in (np.min, np.median, np.max)
    )
    return AccuracyGroups(
        label,
        low,
        middle,
        high,
        np.array([right[g].sum() for g in groups], dtype=int),
        np.array([g.size for g in groups], dtype=int),
    )


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]


def _motion(row: Mapping[str, Any], facts: Mapping[str, Any]) -> FirstMotion | None:
    found = facts["excerpt"](row)
    if found is None:
        return None
    samples, rate, at = found
    late = (row["true_time"] - row["arrival_time"]).total_seconds() * rate
    sure = row["confidence"] if np.isfinite(row["probability_up"]) else float("nan")
    return FirstMotion(
        row["station"], samples, rate, at, int(row["polarity"]), int(row["truth"]), sure, at + late
    )


def _short(authority: str) -> str:
    return "truth" if authority != "analyst" else authority
