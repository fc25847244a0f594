"""Spectra, moment magnitudes and stress drops in the report."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.plots import (
    EventSpectraShown,
    plot_catalog_magnitude,
    plot_event_spectra,
    plot_stress_drops,
)
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import DASH, count, verb
from quakeloom.spectra import frequency_bins, log_moment_of, log_shape
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.spectra.kept_spectra import read_shown
from quakeloom.store import RunLayout, read_json, read_table

_EVENTS = 25
"""Events that are listed; the table has all."""

_DRAWN = 4
"""Events whose spectra are drawn: those with most of them (chosen here)."""

STATUS_WORDS = {
    "measured": "measured",
    "no_window": "no window was stored",
    "no_pick": "not picked",
    "no_response": "no response is known",
    "clipped": "clipped",
    "gap": "the record ends within the window",
    "no_component": "a component lacks",
    "too_short": "too little between P and S, or after S",
    "no_noise": "no noise before P",
    "no_place": "station or hypocenter not known",
    "narrow_band": "too few frequencies above the noise",
    "error": "failed",
}
"""Words for what became of the spectrum of a reading."""


def spectra_section(settings: Settings, layout: RunLayout) -> Section:
    """Return moments, corners and stress drops of the events, and spectra of some."""
    section = Section("spectra", "Spectra and stress drops")
    if not layout.table("source_spectra").exists():
        return section
    sources = read_table(layout.table("source_spectra"), "source_spectra")
    facts = read_json(layout.root / "spectra.json")
    section.add(Text(_lead(sources, facts), "lead"), _statuses(facts))
    if not np.isfinite(sources.column("moment_magnitude").to_numpy()).any():
        return section
    number = {n: sources.column(n).to_numpy().astype(float) for n in _NUMBERS}
    shown = _drawn(settings, layout, sources)
    pictures = (
        page_picture(
            partial(plot_event_spectra, shown),
            "Spectra of events with the fitted shape.",
            "Spectra of the events that have most: each reading in its band, attenuation and level "
            "taken off (gray); Brune's shape at the most probable moment and corner (line); the 95 "
            "% range of the corner (band). The fit knows more shapes than the one that is drawn.",
        ),
        page_picture(
            partial(
                plot_catalog_magnitude, number["magnitude"], number["moment_magnitude"],
                number["moment_magnitude_error"],
            ),
            "Mw against the magnitude of the catalog.",
            "Moment magnitude against the magnitude of the catalog; bars are 95 % of the spectra.",
        ),
        page_picture(
            partial(
                plot_stress_drops, number["moment_magnitude"], number["stress_drop_mpa"],
                number["stress_drop_low_mpa"], number["stress_drop_high_mpa"],
            ),
            "Stress drops against Mw.",
            f"Stress drops against Mw in the model '{facts['settings']['rupture']}', with 95 % "
            "ranges; lower bounds where the corner is above the band. At one corner other models "
            "differ by factors of up to six.",
        ),
    )  # fmt: skip
    section.add(*(p for p in pictures if p is not None), _events(sources))
    return section


_NUMBERS = ("magnitude", "moment_magnitude", "moment_magnitude_error", "stress_drop_mpa",
            "stress_drop_low_mpa", "stress_drop_high_mpa")  # fmt: skip
"""Columns that are drawn."""


def _lead(sources: pa.Table, facts: dict[str, Any]) -> str:
    measured = int(np.isfinite(sources.column("moment_magnitude").to_numpy()).sum())
    resolved = int(facts["corners"].get("resolved", 0))
    above = int(facts["corners"].get("above_band", 0))
    return (
        f"{count(measured, 'event')} of {sources.num_rows:,} {verb(measured, 'has', 'have')} a "
        f"moment magnitude. {count(resolved, 'corner')} {verb(resolved, 'lies', 'lie')} inside the "
        f"band of the spectra; {above:,} {verb(above, 'is', 'are')} above it and only known to be "
        "larger than a bound."
    )


def _statuses(facts: dict[str, Any]) -> Grid:
    found = facts["spectra"]
    return Grid(
        ("Spectrum", "Readings"),
        [(words, f"{found[k]:,}") for k, words in STATUS_WORDS.items() if k in found],
        "What became of the spectrum of every reading; the reason of each is in "
        "station_spectra.parquet.",
        (False, True),
    )


def _drawn(settings: Settings, layout: RunLayout, sources: pa.Table) -> list[EventSpectraShown]:
    """Return the spectra of the events that have most, with levels and attenuation taken off."""
    rows = [r for r in sources.to_pylist() if np.isfinite(r["moment_magnitude"])]
    rows.sort(key=lambda r: (-r["spectrum_count"], r["event_id"]))
    rows = rows[:_DRAWN]
    f = frequency_bins().center_hz
    names = planned_partitions(layout, "spectra")
    moments = read_shown(settings, layout, names, {r["event_id"]: r for r in rows})
    found = []
    for r in rows:
        low, high = r["corner_low_hz"], r["corner_high_hz"]
        corner = r["corner_hz"] if np.isfinite(r["corner_hz"]) else low
        if r["event_id"] not in moments or not np.isfinite(corner) or corner <= 0.0:
            continue
        model = np.exp(log_moment_of(r["moment_magnitude"]) + log_shape(f, corner))
        ends = (low, high if np.isfinite(high) else np.inf)
        title = f"{r['event_id']}: Mw {r['moment_magnitude']:.2f}"
        found.append(EventSpectraShown(title, f, np.exp(moments[r["event_id"]]), model, ends))
    return found


def _events(sources: pa.Table) -> Grid:
    rows = [r for r in sources.to_pylist() if np.isfinite(r["moment_magnitude"])]
    return Grid(
        ("Event", "Spectra", "Mw", "95 %", "Corner, Hz", "95 %", "Stress drop, MPa", "95 %"),
        [
            (
                r["event_id"], r["spectrum_count"], _number(r["moment_magnitude"]),
                _span(r, "moment_magnitude_low", "moment_magnitude_high"),
                _number(r["corner_hz"]), _span(r, "corner_low_hz", "corner_high_hz"),
                _number(r["stress_drop_mpa"]),
                _span(r, "stress_drop_low_mpa", "stress_drop_high_mpa"),
            )
            for r in rows[:_EVENTS]
        ],
        f"The first {min(len(rows), _EVENTS)} of {count(len(rows), 'event')} with a moment; all "
        "are in source_spectra.parquet. A range that is open above is a lower bound of 95 %.",
        (False, *[True] * 7),
    )  # fmt: skip


def _span(row: dict[str, Any], low: str, high: str) -> str:
    if np.isfinite(row[low]) and not np.isfinite(row[high]):
        return f"> {_number(row[low])}"
    return f"{_number(row[low])} to {_number(row[high])}"


def _number(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else DASH
