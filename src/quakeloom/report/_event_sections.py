"""Sections on single events: focal spheres, events without a mechanism, rejects."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup
from numpy.typing import NDArray

from quakeloom.plots import QUALITY_COLORS, FocalSphere, plot_focal_sphere
from quakeloom.report._blocks import Gallery, Grid, Heading, Picture, Section, Text, picture
from quakeloom.report._catalog import SOLVED_LETTERS, MechanismCatalog
from quakeloom.report._columns import mechanism_column, number_column, text_column
from quakeloom.report._phrases import STATUS_WORDS, count, degrees, percent, term, whole
from quakeloom.report._results import RunResults

_FIRST_ROWS = 12
"""Rejected rows that are shown; chosen here."""

_EXAMPLES = 3
"""Rejected rows that are shown of one reason; chosen here."""

_SEARCHED = 100_000
"""Rejected rows that are searched for examples; bounds the time on a large catalog."""

_GROUPS = 20
"""Groups of rejects that are listed; chosen here."""

_SPHERE_COLORS = {**QUALITY_COLORS, "D": "#7d766a"}
"""Colors of focal spheres by quality: that of D darker than on maps, since its lines are thin."""

_EMERGENT_WEIGHT = 0.45
"""Size of the symbol of an emergent reading without a probability, share of an impulsive one's;
chosen here."""


def focal_sphere_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return focal spheres of the best, the middle and the worst event of each letter."""
    section = Section("spheres", "Focal spheres")
    chosen = [(q, choose_cases(catalog, q)) for q in SOLVED_LETTERS]
    rows = [row for _, cases in chosen for row, _ in cases]
    if not rows:
        return section
    polarities = _readings_of(results.table("polarities"), catalog.event_id[rows])
    solutions = _readings_of(results.table("solutions"), catalog.event_id[rows])
    section.add(
        Text(
            "Lower hemisphere, equal area. Filled: first motion up; open: down; ringed in red: "
            "against the preferred mechanism. Larger symbols count more. The thick lines are the "
            "preferred planes, the thin ones a sample of the acceptable planes by weight, the "
            "dashed ones other solutions. The events of each letter are its most probable, its "
            "median and its least probable."
        )
    )
    for letter, cases in chosen:
        if not cases:
            continue
        pictures = [
            _sphere_picture(results, catalog, row, words, letter, polarities, solutions)
            for row, words in cases
        ]
        section.add(Heading(f"Quality {letter}"), Gallery(pictures, columns="three"))
    return section


def choose_cases(catalog: MechanismCatalog, letter: str) -> list[tuple[int, str]]:
    """Return rows of the best, median and worst event of a letter, with the word for each.

    The order is by probability, then misfit, then number of polarities, then identifier.
    """
    rows = np.flatnonzero(catalog.solved & (catalog.quality == letter))
    if len(rows) == 0:
        return []
    probability, misfit, readings = (
        np.nan_to_num(np.asarray(catalog[name][rows], dtype=float), posinf=0.0, neginf=0.0)
        for name in ("mechanism_probability", "polarity_misfit", "polarity_count")
    )
    names = catalog.event_id[rows].astype(str)
    keys = rows[np.lexsort((names, -readings, misfit, -probability))]
    picks = {0: "most probable", len(keys) // 2: "median", len(keys) - 1: "least probable"}
    if len(keys) == 1:
        picks = {0: "the only one"}
    elif len(keys) == 2:
        picks = {0: "more probable", 1: "less probable"}
    return [(int(keys[i]), word) for i, word in sorted(picks.items())]


def unsolved_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return events without a mechanism, by status and reason."""
    section = Section("unsolved", "Events without a mechanism")
    rows = np.flatnonzero(~catalog.solved)
    if len(catalog) == 0:
        return section
    if len(rows) == 0:
        return section.add(Text("Every event has a mechanism."))
    reason = text_column(results.table("mechanisms"), "reason")
    table = []
    for status, n in Counter(catalog.status[rows].tolist()).most_common():
        members = rows[catalog.status[rows] == status]
        examples = ", ".join(str(e) for e in catalog.event_id[members[:4]])
        typical = Counter(reason[members].tolist()).most_common(1)[0][0]
        table.append(
            (
                STATUS_WORDS.get(status, status or "no status"),
                whole(n),
                percent(n / len(catalog), 1),
                typical,
                examples + (" …" if len(members) > 4 else ""),
            )
        )
    return section.add(
        Grid(
            (term("Status", "status"), "Events", "Share", "Most frequent reason", "Examples"),
            table,
            "Every event has a row in the mechanism table; these have a status instead of angles.",
            (False, True, True, False, False),
        )
    )


def reject_section(results: RunResults) -> Section:
    """Return what was put aside while reading: groups, then the first rows."""
    section = Section("rejects", "Rejects")
    rejects = results.table("rejects")
    if rejects.num_rows == 0:
        if results.tables:
            section.add(Text("Nothing was put aside while reading."))
        return section
    groups = group_rejects(rejects)
    rows = [
        (record, reason, whole(n), whole(files)) for record, reason, n, files in groups[:_GROUPS]
    ]
    first = [
        (
            _end(r["source_file"], 40),
            r["source_line"] if r["source_line"] >= 0 else "",
            r["event_id"],
            r["station"],
            r["reason"],
            Markup("<code>{}</code>").format(_short(r["text"], 60)) if r["text"] else "",
        )
        for r in rejects.take(_example_rows(rejects)).to_pylist()
    ]
    shown = ""
    if len(groups) > _GROUPS:
        shown = f" The {_GROUPS} largest of {len(groups)} groups."
    return section.add(
        Grid(
            ("Record", "Reason", "Rows", "Files"),
            rows,
            f"{count(rejects.num_rows, 'row')} put aside, by reason.{shown}",
            (False, False, True, True),
        ),
        Grid(
            ("File", "Line", "Event", "Station", "Reason", "Text"),
            first,
            "The first of each reason; all are in rejects.parquet.",
            (False, True, False, False, False, False),
        ),
    )


def group_rejects(rejects: pa.Table) -> list[tuple[str, str, int, int]]:
    """Return record, reason, rows and files of groups of rejects, the largest first.

    Reasons that differ in numbers only are one group; the numbers are then left out.
    """
    counted = rejects.group_by(["record", "reason", "source_file"]).aggregate(
        [("source_line", "count")]
    )
    rows: Counter[tuple[str, str]] = Counter()
    files: dict[tuple[str, str], set[str]] = {}
    words: dict[tuple[str, str], set[str]] = {}
    for r in counted.to_pylist():
        key = (r["record"], re.sub(r"-?\d+(\.\d+)?", "…", r["reason"]))
        rows[key] += r["source_line_count"]
        files.setdefault(key, set()).add(r["source_file"])
        words.setdefault(key, set()).add(r["reason"])
    order = sorted(rows, key=lambda k: (-rows[k], k))
    return [
        (k[0], next(iter(words[k])) if len(words[k]) == 1 else k[1], rows[k], len(files[k]))
        for k in order
    ]


def _example_rows(rejects: pa.Table) -> list[int]:
    """Rows of the first rejects of every reason, numbers apart, in the order of the table."""
    seen: Counter[str] = Counter()
    rows = []
    for row, reason in enumerate(rejects.column("reason").slice(0, _SEARCHED).to_pylist()):
        key = re.sub(r"\d+", "", reason)
        if seen[key] < _EXAMPLES:
            seen[key] += 1
            rows.append(row)
        if len(rows) == _FIRST_ROWS:
            break
    return rows


def _sphere_picture(
    results: RunResults,
    catalog: MechanismCatalog,
    row: int,
    words: str,
    letter: str,
    polarities: pa.Table,
    solutions: pa.Table,
) -> Picture:
    event = str(catalog.event_id[row])
    readings = polarities.filter(pc.equal(polarities.column("event_id"), event))
    if "use" in readings.column_names and pc.any(pc.equal(readings.column("use"), "used")).as_py():
        readings = readings.filter(pc.equal(readings.column("use"), "used"))
    others = solutions.filter(
        pc.and_(
            pc.equal(solutions.column("event_id"), event),
            pc.greater(solutions.column("solution"), 0),
        )
    )
    accepted, weight = _acceptable(results, event)
    strike, dip, rake = catalog.angles[row]
    figure = plot_focal_sphere(
        FocalSphere(
            number_column(readings, "azimuth_deg"),
            number_column(readings, "takeoff_deg"),
            number_column(readings, "polarity"),
            reading_weights(readings),
            (strike, dip, rake),
            [tuple(a) for a in mechanism_column(others)],
            accepted,
            weight,
        ),
        color=_SPHERE_COLORS[letter],
    )
    caption = Markup(
        '<strong class="event">{}</strong> <span class="case">{}</span><br>'
        "{:.0f}° / {:.0f}° / {:.0f}° ± {} / {}<br>"
        "probability {}, misfit {}<br>{}{}"
    ).format(
        event,
        words,
        strike,
        dip,
        rake,
        degrees(catalog["fault_plane_uncertainty_deg"][row]),
        degrees(catalog["auxiliary_plane_uncertainty_deg"][row]),
        percent(catalog["mechanism_probability"][row]),
        percent(catalog["polarity_misfit"][row]),
        count(_finite(catalog["polarity_count"][row]), "polarity", "polarities"),
        f", {count(len(others), 'other solution')}" if len(others) else "",
    )
    alt = (
        f"Focal sphere of event {event}, quality {letter}: strike {strike:.0f}, dip {dip:.0f}, "
        f"rake {rake:.0f} degrees."
    )
    return picture(figure, alt, caption)


def reading_weights(readings: pa.Table) -> NDArray[np.float64]:
    """Return how much readings count, 0 to 1, from probability or onset."""
    probability = number_column(readings, "probability_up")
    onset = text_column(readings, "onset")
    by_onset = np.where(onset == "E", _EMERGENT_WEIGHT, 1.0)
    return np.where(np.isfinite(probability), np.abs(2.0 * probability - 1.0), by_onset)


def _acceptable(
    results: RunResults, event: str
) -> tuple[NDArray[np.float64], NDArray[np.uint8]] | tuple[None, None]:
    """Angles and weights of an event's acceptable mechanisms, None where they are not kept."""
    weights = results.acceptance(event)
    if weights is None or not results.grid:
        return None, None
    weights = np.asarray(weights)
    used = np.flatnonzero(weights)
    angles = [np.asarray(results.grid[c])[used] for c in ("strike_deg", "dip_deg", "rake_deg")]
    return np.stack(angles, axis=-1), weights[used]


def _readings_of(table: pa.Table, events: NDArray[np.object_]) -> pa.Table:
    names = pa.array([str(e) for e in events], pa.string())
    return table.filter(pc.is_in(table.column("event_id"), value_set=names))


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _end(text: str, length: int) -> str:
    return text if len(text) <= length else "…" + text[-length + 1 :]
