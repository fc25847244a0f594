"""Found faults in the report: a map, sections across them, and a table."""

from __future__ import annotations

import numpy as np

from quakeloom.config import Settings
from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._phrases import count, verb
from quakeloom.store import RunLayout, read_table

_ROWS = 40
"""Faults that are listed; chosen here, the table has all of them."""


def fault_section(settings: Settings, layout: RunLayout) -> Section:
    """Return what was found of faults in a run, with what speaks for each."""
    section = Section("faults", "Faults found in the hypocenters")
    if not layout.table("faults").exists():
        return section
    rows = read_table(layout.table("faults"), "faults").to_pylist()
    if not rows:
        section.add(Text("No plane explains the hypocenters better than clusters do.", "lead"))
        return section
    stable = sum(r["fault_status"] == "stable" for r in rows)
    doubtful = len(rows) - stable
    section.add(
        Text(
            f"{count(stable, 'plane')} {verb(stable, 'is', 'are')} stable: found from most starts, "
            "in most draws, and rarely in catalogs with the same clusters and no planes. "
            f"{count(doubtful, 'plane')} {verb(doubtful, 'is', 'are')} doubtful.",
            "lead",
        ),
        Grid(
            ("Fault", "Status", "Strike", "Dip", "Length (km)", "Width (km)", "Events", "Chance",
             "Known", "Doubts"),
            [
                (
                    r["fault"], r["fault_status"], _pm(r["strike_deg"], r["strike_std_deg"], 0),
                    _pm(r["dip_deg"], r["dip_std_deg"], 0),
                    _pm(r["fault_length_km"], r["fault_length_std_km"], 1),
                    _pm(r["fault_width_km"], r["fault_width_std_km"], 1),
                    f"{r['expected_event_count']:.0f}", f"{r['fault_chance']:.3f}",
                    " ".join(w for w in (r["known_status"], r["known_fault"]) if w), r["reason"],
                )
                for r in rows[:_ROWS]
            ],
            "Standard errors are those of draws; the chance is that so good a plane is found where "
            "there are clusters and no planes.",
            (False, False, True, True, True, True, True, True, False, False),
        ),
    )  # fmt: skip
    return section


def _pm(value: float, error: float, digits: int) -> str:
    if not np.isfinite(error):
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"
