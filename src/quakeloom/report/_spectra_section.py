"""Spectra, moment magnitudes and stress drops in the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._phrases import DASH, count
from quakeloom.store import RunLayout, read_json, read_table

_EVENTS = 25
"""Events that are listed; the table has all."""


def spectra_section(settings: Settings, layout: RunLayout) -> Section:
    """Return moments, corners and stress drops of the events."""
    section = Section("spectra", "Spectra and stress drops")
    if not layout.table("source_spectra").exists():
        return section
    sources = read_table(layout.table("source_spectra"), "source_spectra")
    facts = read_json(layout.root / "spectra.json")
    section.add(Text(_lead(sources, facts), "lead"), _events(sources))
    return section


def _lead(sources: pa.Table, facts: dict[str, Any]) -> str:
    measured = int(np.isfinite(sources.column("moment_magnitude").to_numpy()).sum())
    resolved = facts["corners"].get("resolved", 0)
    return (
        f"{count(measured, 'event')} of {sources.num_rows:,} have a moment magnitude, and "
        f"{resolved:,} a corner frequency inside the band of their spectra; corners of others are "
        "bounds."
    )


def _events(sources: pa.Table) -> Grid:
    rows = sources.to_pylist()[:_EVENTS]
    return Grid(
        ("Event", "Spectra", "Mw", "95 %", "Corner, Hz", "95 %"),
        [
            (
                r["event_id"], r["spectrum_count"], _number(r["moment_magnitude"]),
                f"{_number(r['moment_magnitude_low'])} to {_number(r['moment_magnitude_high'])}",
                _number(r["corner_hz"]),
                f"{_number(r['corner_low_hz'])} to {_number(r['corner_high_hz'])}",
            )
            for r in rows
        ],
        "Events with their spectra.",
        (False, True, True, True, True, True),
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else DASH
