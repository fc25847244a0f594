"""Sections on the catalog as a whole: summary, qualities, distributions."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import pyarrow.compute as pc

from quakeloom.plots import (
    plot_quality_bar,
    plot_stacked_histogram,
)
from quakeloom.report._blocks import Gallery, Grid, Picture, Section, Text, page_picture, picture
from quakeloom.report._catalog import (
    SOLVED_LETTERS,
    UCHIDE_2022,
    MechanismCatalog,
    find_setting,
)
from quakeloom.report._event_sections import group_rejects
from quakeloom.report._map_section import unique_stations
from quakeloom.report._phrases import (
    NARROW_TIMES,
    STATUS_WORDS,
    count,
    degrees,
    duration,
    listing,
    memory,
    number,
    percent,
    term,
    verb,
    whole,
)
from quakeloom.report._results import RunResults
from quakeloom.schema import is_earthquake

_CITATION = "Uchide et al. (2022)"
"""Source of the catalog of Japan; in full among the references."""


def summary_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return the headline in plain sentences."""
    section = Section("summary", "Summary")
    section.add(*(Text(sentence, "warning") for sentence in results.warnings))
    total, solved = len(catalog), int(catalog.solved.sum())
    read = max(results.table("events").num_rows, total)
    if total == 0:
        text = (
            f"The run read {count(read, 'event')} and has no mechanism catalog. "
            "See the rejects below for what was put aside while reading."
        )
        section.add(Text(text, "lead"))
    else:
        letters = catalog.letter_counts()
        parts = [f"{whole(letters[q])} {q}" for q in SOLVED_LETTERS if letters[q]]
        text = f"Of {count(read, 'event')} read, {whole(solved)} {verb(solved, 'has', 'have')} "
        text += "a focal mechanism" + (f": {listing(parts)}." if parts and solved else ".")
        unsolved = total - solved
        if unsolved:
            reasons = [
                f"{STATUS_WORDS.get(status, status or 'no status')} ({whole(n)})"
                for status, n in catalog.status_counts().items()
                if status != "solved"
            ]
            text += f" {whole(unsolved)} {verb(unsolved, 'has', 'have')} none: {listing(reasons)}."
        section.add(Text(text, "lead"))
    if "not_earthquake" in catalog.status_counts():
        section.add(Text(_types_sentence(results), "note"))
    section.add(Text(_input_sentence(results)))
    section.add(_cost_sentence(results))
    if results.has("truth"):
        section.add(
            Text(
                "These events are synthetic: they were simulated from known mechanisms, so the "
                "report gives errors relative to the true mechanisms.",
                "note",
            )
        )
    return section


def _types_sentence(results: RunResults) -> str:
    """Say how many events of which types were left out because they are no earthquakes."""
    types = Counter(results.table("events").column("event_type").to_pylist())
    parts = [f"{t} ({whole(n)})" for t, n in types.most_common() if not is_earthquake(t)]
    return (
        f"Left out because their type says that they are no earthquakes: {listing(parts)}. "
        "`selection.event_types: all` searches their mechanisms as well."
    )


def quality_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return counts per quality, beside the published proportions."""
    section = Section("quality", "Quality of the mechanisms")
    if len(catalog) == 0:
        return section
    counts = catalog.letter_counts()
    total = sum(counts.values())
    if counts["none"] == total:
        return section.add(Text("The mechanisms of this catalog come without quality letters."))
    undefined = counts["E"] + counts["F"] + counts["none"]
    reference_total = sum(UCHIDE_2022.values())
    rows = []
    criteria = _letter_criteria(results)
    for q in SOLVED_LETTERS:
        rows.append(
            (
                q,
                whole(counts[q]),
                percent(counts[q] / total, 1),
                percent(UCHIDE_2022[q] / reference_total, 1),
                criteria[q],
            )
        )
    parts = [f"{q} {whole(counts[q])}" for q in "EF" if counts[q]]
    if counts["none"]:
        parts.append(f"without letter {whole(counts['none'])}")
    rows.append(
        (
            "undefined",
            whole(undefined),
            percent(undefined / total, 1),
            percent(UCHIDE_2022["undefined"] / reference_total, 1),
            listing(parts),
        )
    )
    best = counts["A"] + counts["B"] + counts["C"]
    reference_best = sum(UCHIDE_2022[q] for q in "ABC")
    rows.append(
        (
            "A to C",
            whole(best),
            percent(best / total, 1),
            percent(reference_best / reference_total, 1),
            f"those that {_CITATION} used for stress",
        )
    )
    rows.append(("all", whole(total), percent(1.0), percent(1.0), ""))
    shown = {**{q: counts[q] for q in SOLVED_LETTERS}, "undefined": undefined}
    section.add(
        page_picture(
            partial(plot_quality_bar, shown, UCHIDE_2022, "Japan", "This run"),
            "Bars of the share of each quality letter in this run and in the catalog of Japan.",
            f"Share of each quality. The lower bar is the catalog of Japan by {_CITATION}, "
            f"{reference_total:,} events with HASH v1.2 defaults: context, not a target, since "
            "networks and magnitudes differ.",
            width="wide",
        ),
        Grid(
            (term("Quality", "quality"), "Events", "Share", "Japan 2022", "Criterion"),
            rows,
            "Events per quality letter. " + _criteria_note(results),
            (False, True, True, True, False),
        ),
    )
    several = int((catalog.multiple & catalog.solved).sum())
    if several:
        section.add(
            Text(
                f"{count(several, 'event')} {verb(several, 'has', 'have')} more than one solution "
                f"({percent(several / max(int(catalog.solved.sum()), 1))} of those solved); the "
                "catalog's row is the most probable one, the others are in the solutions table."
            )
        )
    return section


def distribution_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return histograms of misfit, probability, uncertainty, gaps and polarity numbers."""
    section = Section("distributions", "Distributions")
    solved = catalog.solved
    if not solved.any():
        return section
    limits = _thresholds(results)
    gaps = catalog["azimuthal_gap_deg"][solved]
    widest = 30.0 * np.ceil(max(90.0, float(np.nanmax(np.nan_to_num(gaps)))) / 30.0)
    charts = (
        ("Polarity misfit", "polarity_misfit", (0.0, 0.5), "misfit"),
        ("Mechanism probability", "mechanism_probability", (0.0, 1.0), "probability"),
        ("Mean plane uncertainty (degrees)", "", (0.0, 70.0), "uncertainty"),
        ("Station distribution ratio", "station_distribution_ratio", (0.0, 1.0), "distribution"),
        ("Azimuthal gap (degrees)", "azimuthal_gap_deg", (0.0, widest), ""),
        ("Take-off gap (degrees)", "takeoff_gap_deg", (0.0, 90.0), ""),
        ("Polarities per event", "polarity_count", None, ""),
        ("S/P amplitude misfit (log10)", "amplitude_ratio_misfit", (0.0, 1.5), ""),
    )
    pictures: list[Picture] = []
    for label, name, bounds, lines in charts:
        values = catalog[name] if name else catalog.mean_uncertainty_deg
        as_percent = bool(lines) and lines != "uncertainty"
        use = np.isfinite(values) & (solved if label != "Polarities per event" else True)
        if not use.any():
            continue
        x = values[use]
        figure = plot_stacked_histogram(
            x, catalog.quality[use], label, bounds, limits=limits.get(lines), percent=as_percent
        )
        middle = percent(float(np.median(x))) if as_percent else number(float(np.median(x)), 1)
        pictures.append(
            picture(figure, f"Histogram of {label.lower()}.", f"{label}; median {middle}.")
        )
    section.add(
        Gallery(
            pictures,
            "Solved events, stacked by quality letter (A darkest). Dashed lines are the limits "
            "of the letters named at their top; values beyond the axis are in the last bin.",
        )
    )
    rows = []
    for q in (*SOLVED_LETTERS, "all"):
        pick = solved & ((catalog.quality == q) if q != "all" else True)
        if not pick.any():
            continue
        rows.append(
            (
                q,
                whole(pick.sum()),
                percent(_median(catalog["polarity_misfit"][pick]), 1),
                percent(_median(catalog["mechanism_probability"][pick])),
                degrees(_median(catalog["fault_plane_uncertainty_deg"][pick])),
                degrees(_median(catalog["auxiliary_plane_uncertainty_deg"][pick])),
                percent(_median(catalog["station_distribution_ratio"][pick])),
                number(_median(catalog["polarity_count"][pick]), 0),
            )
        )
    section.add(
        Grid(
            (
                term("Quality", "quality"),
                "Events",
                term("Misfit", "polarity_misfit"),
                term("Probability", "mechanism_probability"),
                term("Fault plane", "fault_plane_uncertainty_deg"),
                term("Auxiliary", "auxiliary_plane_uncertainty_deg"),
                term("Distribution", "station_distribution_ratio"),
                term("Polarities", "polarity_count"),
            ),
            rows,
            "Medians per quality letter. Plane uncertainties are RMS angles.",
            (False,) + (True,) * 7,
        )
    )
    return section


def _median(values: np.ndarray) -> float:
    """Return the median of what is known, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _input_sentence(results: RunResults) -> str:
    polarities = results.table("polarities")
    stations = results.table("stations")
    text = ""
    if polarities.num_rows:
        used = pc.count_distinct(polarities.column("station")).as_py()
        known = int(pc.sum(pc.not_equal(polarities.column("polarity"), 0)).as_py() or 0)
        text += (
            f"The input holds {count(polarities.num_rows, 'reading')} of P first motions, "
            f"{whole(known)} of them up or down, from {count(used, 'station')}"
        )
        codes, _, _ = unique_stations(stations)
        text += f" ({count(len(codes), 'station')} listed)" if len(codes) else ""
        if "use" in polarities.column_names:
            entered = pc.sum(pc.equal(polarities.column("use"), "used")).as_py() or 0
            text += f"; {whole(entered)} entered the mechanisms. " if entered else ". "
        else:
            text += ". "
    rejects = results.table("rejects")
    if rejects.num_rows:
        reasons = group_rejects(rejects)
        shown = [f"{whole(n)}{NARROW_TIMES}{reason}" for _, reason, n, _ in reasons[:3]]
        text += f"While reading, {count(rejects.num_rows, 'row')} "
        text += f"{verb(rejects.num_rows, 'was', 'were')} put aside: {'; '.join(shown)}"
        text += "; and others." if len(reasons) > 3 else "."
    elif results.tables:
        text += "No row was put aside while reading."
    return text


def _cost_sentence(results: RunResults) -> Text | None:
    seconds = np.array([float(t.get("seconds") or 0.0) for t in results.timings])
    if not len(seconds):
        return None
    peak = max((float(t.get("peak_memory_mb") or 0.0) for t in results.timings), default=0.0)
    wall = results.provenance.get("wall_seconds")
    text = f"{count(len(seconds), 'job')} took {duration(float(seconds.sum()))} in all"
    if isinstance(wall, int | float):
        text += f", {duration(float(wall))} by the clock"
    text += f", and no job needed more than {memory(peak)} of memory." if peak > 0 else "."
    return Text(text)


def _thresholds(results: RunResults) -> dict[str, dict[str, float]]:
    prob_c = float(find_setting(results.settings, ("prob_c",), 0.5))
    return {
        "misfit": {"A": 0.15, "B": 0.20, "C": 0.30},
        "probability": {"A": 0.8, "B": 0.6, "C": prob_c},
        "uncertainty": {"A": 25.0, "B": 35.0, "C": 45.0},
        "distribution": {"A": 0.5, "B": 0.4, "C": 0.3},
    }


def _letter_criteria(results: RunResults) -> dict[str, str]:
    t = _thresholds(results)
    words = {
        q: (
            f"misfit ≤ {t['misfit'][q]:.2f}, uncertainty ≤ {t['uncertainty'][q]:.0f}°, "
            f"distribution ≥ {t['distribution'][q]:.1f}, probability ≥ {t['probability'][q]:.1f}"
        )
        for q in "ABC"
    }
    words["D"] = "any other solution"
    return words


_LETTERS_HOLD = (
    "What letters hold, on simulated events of 25 readings: weighed by probabilities, half of the "
    "mechanisms of A, B and C are within 19, 24 and 28 degrees of the truth; counted, half of B "
    "and C are within 19 and 22 degrees. Every mechanism states its own uncertainty."
)
"""Of ``benchmarks/calibration.py`` (docs/calibration.md, section Mechanisms): 531, 776 and 820
events by probabilities, 52 and 326 by counting."""


def _criteria_note(results: RunResults) -> str:
    mode = find_setting(results.settings, ("stdr_mode",), "")
    text = "E: a gap too large; F: too few polarities. " + _LETTERS_HOLD
    if mode == "hash12":
        text += (
            " The station distribution ratio follows HASH v1.2, whose weights rest on angles "
            "converted to radians twice (stdr_mode: hash12)."
        )
    return text
