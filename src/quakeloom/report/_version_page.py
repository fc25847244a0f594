"""The page that shows what differs between two versions of a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from quakeloom import __version__
from quakeloom.core import Coastline
from quakeloom.plots import ChangedPoints, plot_changes_map
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._page import report_environment
from quakeloom.report._phrases import DASH, count

_ROWS = 500
"""Events and nodes that the tables show, the most changed first; the JSON file has all."""

_LARGEST_DEG = {"events": 120.0, "nodes": 90.0}
"""Largest angles between two double couples, and between two axes, degrees."""


def build_version_page(
    name: str,
    versions: tuple[str, str],
    runs: Sequence[dict[str, Any]],
    coastline: Coastline | None = None,
) -> str:
    """Return a page of what differs between two versions, which needs nothing else.

    Parameters
    ----------
    name : str
        Of the configuration.
    versions : (str, str)
        Names of the first and the second.
    runs : sequence of dict
        ``as_dict()`` of every run's difference.
    coastline : Coastline, optional
    """
    a, b = versions
    sections = [s for run in runs for s in _sections(run, a, b, coastline) if s.blocks]
    return (
        report_environment()
        .get_template("page.html")
        .render(
            name=name,
            description=f"What differs between version {a} and version {b}, and why.",
            title=f"{name}: {a} to {b}",
            subject="two versions",
            eyebrow="Two versions compared",
            synthetic=False,
            span="",
            sections=sections,
            version=__version__,
            revision="",
        )
    )


def _sections(run: dict[str, Any], a: str, b: str, coastline: Coastline | None) -> list[Section]:
    """Return the sections of one run."""
    name, anchor = run["run"], str(run["run"]).replace("/", "-")
    counts = run["counts"]
    letters = counts["letters changed"]
    summary = Section(f"{anchor}-summary", f"{name}: in short").add(
        Grid(
            ("What", a, b),
            [(w, *(f"{n:,}" for n in counts[w])) for w in ("events", "nodes")],
            numeric=(False, True, True),
        ),
        Text(_in_short(counts), "lead"),
        Grid(
            ("Letter", "Events"), [(k, f"{n:,}") for k, n in letters.items()],
            "Letters that changed.", (False, True),
        ) if letters else None,
    )  # fmt: skip
    why = Section(f"{anchor}-why", f"{name}: why")
    if run["why"]:
        why.add(
            Grid(
                ("Kind", "What", a, b),
                [(c["kind"], c["what"], c.get("old", ""), c.get("new", "")) for c in run["why"]],
                "Rows, settings and modules that differ.",
            )
        )
    events, nodes = (pd.DataFrame(run[k]) for k in ("events", "nodes"))
    return [
        summary,
        why,
        _change_section(f"{anchor}-events", f"{name}: events", events, "rotation_deg", coastline),
        _change_section(f"{anchor}-nodes", f"{name}: nodes of the map", nodes, "shmax_deg",
                        coastline),
    ]  # fmt: skip


def _in_short(counts: dict[str, Any]) -> str:
    """Return a sentence with what changed."""
    said = [
        f"{count(counts[f'{what} {change}'], what[:-1])} {change}"
        for what, changes in (
            ("events", ("added", "withdrawn", "revised")),
            ("nodes", ("new", "gone", "changed")),
        )
        for change in changes
        if counts.get(f"{what} {change}")
    ]
    said.append(f"{count(counts['mechanisms changed'], 'mechanism')} turned")
    return "; ".join(said) + "."


def _change_section(
    anchor: str, title: str, rows: pd.DataFrame, angle: str, coastline: Coastline | None
) -> Section:
    """Return the map and the table of events or nodes that differ."""
    section = Section(anchor, title)
    if rows.empty:
        return section
    is_events = angle == "rotation_deg"
    words = "Rotation of the mechanism in degrees" if is_events else "Turn of SHmax in degrees"
    points = ChangedPoints(
        pd.to_numeric(rows["longitude"]).to_numpy(),
        pd.to_numeric(rows["latitude"]).to_numpy(),
        pd.to_numeric(rows[angle]).to_numpy(),
        rows["change"].to_numpy(),
    )
    largest = _LARGEST_DEG["events" if is_events else "nodes"]
    seen = np.nanmax(np.abs(np.append(points.amount_deg, 0.0)))
    draw = partial(plot_changes_map, points, words, min(largest, max(5.0, float(seen))), coastline)
    what = "event" if is_events else "node"
    section.add(
        page_picture(
            draw, f"Map of {count(len(rows), what)} that differ.", f"{words}. Mercator.", "map"
        )
    )
    columns = [c for c in rows.columns if _is_told(rows[c])]
    shown = [[_cell(v) for v in row] for row in rows[columns].head(_ROWS).to_numpy().tolist()]
    more = f" The first {_ROWS} of {len(rows):,}." if len(rows) > _ROWS else ""
    return section.add(
        Grid(
            columns,
            shown,
            "Second minus first; those that turned most come first." + more,
            [rows[c].dtype.kind == "f" for c in columns],
            search="Find in the table:",
        )
    )


def _is_told(column: pd.Series) -> bool:
    """Say whether a column has a value other than none and zero."""
    return any(v not in (None, "", 0.0) and v == v for v in column.tolist())


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return DASH
    return f"{value:.5g}" if isinstance(value, float) else str(value)
