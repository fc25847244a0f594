"""The sections that list: events with their mechanisms, readings by use, files of the run."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import pyarrow.compute as pc
from markupsafe import Markup
from numpy.typing import NDArray

from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._catalog import MechanismCatalog
from quakeloom.report._columns import text_column, time_column
from quakeloom.report._phrases import (
    DASH,
    STATUS_WORDS,
    USE_WORDS,
    count,
    moment,
    number,
    percent,
    term,
    verb,
    whole,
)
from quakeloom.report._results import RunResults
from quakeloom.schema import QUALITIES, USES

_LISTED = 2000
"""Events that the table lists, the best first; more would make the page slow. Chosen here."""


def event_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return the table of events with a box that searches it."""
    section = Section("events", "Events")
    total = len(catalog)
    if not total:
        return section
    rows = _order(catalog)[:_LISTED]
    times = time_column(results.table("mechanisms"), "origin_time")
    reasons = text_column(results.table("mechanisms"), "reason")
    if total > len(rows):
        section.add(
            Text(
                f"The {whole(len(rows))} best of {count(total, 'event')}; all are in "
                "mechanisms.parquet."
            )
        )
    return section.add(
        Grid(
            (
                "Event",
                "Origin time (UTC)",
                term("Longitude", "longitude"),
                term("Latitude", "latitude"),
                term("Depth (km)", "depth_km"),
                term("Magnitude", "magnitude"),
                "Strike / dip / rake",
                term("Quality", "quality"),
                "Status",
            ),
            [_row(catalog, i, times[i], reasons[i]) for i in rows],
            "Events by quality and probability.",
            (False, True, True, True, True, True, True, False, False),
            search="Search events",
        )
    )


def _order(catalog: MechanismCatalog) -> NDArray[np.int64]:
    """Rows by quality, then probability, then identifier."""
    rank = [QUALITIES.index(q) if q in QUALITIES else len(QUALITIES) for q in catalog.quality]
    probability = np.nan_to_num(catalog["mechanism_probability"])
    return np.lexsort((catalog.event_id.astype(str), -probability, np.array(rank)))


def _row(
    catalog: MechanismCatalog, i: int, time: np.datetime64, reason: str
) -> tuple[str | Markup, ...]:
    solved = bool(catalog.solved[i])
    angles = " / ".join(f"{a:.0f}°" for a in catalog.angles[i]) if solved else DASH
    status = str(catalog.status[i])
    words = STATUS_WORDS.get(status, status)
    return (
        str(catalog.event_id[i]),
        moment(time) or DASH,
        number(float(catalog["longitude"][i]), 3),
        number(float(catalog["latitude"][i]), 3),
        number(float(catalog["depth_km"][i]), 1),
        number(float(catalog["magnitude"][i]), 1),
        angles,
        str(catalog.quality[i]) or DASH,
        Markup('<span title="{}">{}</span>').format(reason, words) if reason else words,
    )


def use_section(results: RunResults) -> Section:
    """Return what became of the readings: how many entered the mechanisms, and why others not."""
    section = Section("use", "Use of the first motions")
    table = results.table("polarities")
    if not table.num_rows or "use" not in table.column_names:
        return section
    found = {
        row["values"]: row["counts"] for row in pc.value_counts(table.column("use")).to_pylist()
    }
    known = {use: found[use] for use in USES if found.get(use)}
    total = table.num_rows
    if not known:
        return section
    used = known.get("used", 0)
    rows = [
        (use, whole(n), percent(n / total, 1), USE_WORDS.get(use, "")) for use, n in known.items()
    ]
    if (rest := total - sum(known.values())) > 0:
        rows.append((DASH, whole(rest), percent(rest / total, 1), "not judged"))
    return section.add(
        Text(
            f"{whole(used)} of {count(total, 'first motion')} {verb(used, 'was', 'were')} used "
            "for mechanisms."
        ),
        Grid(
            (term("Use", "use"), "Readings", "Share", "Meaning"),
            rows,
            "Column use of the table of polarities.",
            (False, True, True, False),
        ),
    )


def file_section(results: RunResults) -> Section:
    """Return links to the files of the run, relative to the report."""
    section = Section("files", "Files")
    if not results.files:
        return section
    rows = [
        (Markup('<a href="{}">{}</a>').format(quote(name), name), meaning)
        for name, meaning in results.files
    ]
    return section.add(
        Grid(("File", "Content"), rows, "Files beside this page, in the folder of the run.")
    )
