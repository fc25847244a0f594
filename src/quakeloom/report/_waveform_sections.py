"""Waveforms in the report: what was cut, who picked, how picks and polarities compare."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from quakeloom.plots import plot_first_motions, plot_pick_residuals
from quakeloom.report._blocks import Grid, Section, Text, picture
from quakeloom.report._phrases import count, percent
from quakeloom.report._results import RunResults
from quakeloom.schema import time_values

_STATUS = {
    "cut": "cut",
    "no_waveform": "not recording",
    "second_choice": "another instrument of the station is faster",
    "too_short": "too short",
    "useless": "no living component",
    "error": "failed",
}


def waveform_section(results: RunResults) -> Section:
    """Return what became of the waveforms of a run, down to first motions."""
    section = Section("waveforms", "Waveforms, picks and first motions")
    facts = results.waveforms
    if not facts:
        return section
    windows, picks = results.table("windows"), results.table("picks")
    phases = picks.column("phase").to_pylist()
    section.add(
        Text(
            f"{count(_counts(windows, 'window_status').get('cut', 0), 'window')} of event and "
            f"instrument gave {phases.count('P')} P and {phases.count('S')} S, picked by "
            f"{facts['picker']}. First motions were read by {facts['reader']}.",
            "lead",
        ),
        Grid(
            ("Windows", "Number"),
            [(_STATUS.get(k, k), n) for k, n in _counts(windows, "window_status").items()],
            "What became of every event at every instrument of the archive.",
            (False, True),
        ),
    )
    _add_residuals(section, picks, facts["given_picks"])
    _add_motions(section, facts["motions"])
    return section


def pick_residuals(picks: pa.Table, given: pa.Table) -> dict[str, np.ndarray]:
    """Return pick less given pick in seconds of the same event, station and phase."""
    times = time_values(given.column("time")).astype("datetime64[ns]").astype(np.int64)
    known: dict[tuple[str, ...], list[int]] = {}
    for key, at in zip(_keys(given), times.tolist(), strict=True):
        known.setdefault(key, []).append(at)
    found: dict[str, list[float]] = {"P": [], "S": []}
    own = time_values(picks.column("time")).astype("datetime64[ns]").astype(np.int64)
    for key, at in zip(_keys(picks), own.tolist(), strict=True):
        if key in known and key[2] in found:
            nearest = min(known[key], key=lambda t: abs(t - at))
            found[key[2]].append((at - nearest) / 1e9)
    return {phase: np.array(values) for phase, values in found.items()}


def _keys(table: pa.Table) -> list[tuple[str, ...]]:
    names = ("event_id", "station", "phase")
    columns = [table.column(n).to_pylist() for n in names]
    return [(e, s, p[:1].upper()) for e, s, p in zip(*columns, strict=True)]


def _add_residuals(section: Section, picks: pa.Table, given: pa.Table) -> None:
    residuals = {p: r for p, r in pick_residuals(picks, given).items() if r.size}
    if not residuals:
        return
    rows = []
    reference = [k[2] for k in _keys(given)]
    for phase, values in residuals.items():
        near = np.abs(values) <= (0.1 if phase == "P" else 0.2)
        rows.append(
            (
                phase,
                reference.count(phase),
                values.size,
                percent(near.mean()),
                f"{1000 * np.median(values):+.0f} ms",
                f"{1000 * np.median(np.abs(values - np.median(values))) * 1.4826:.0f} ms",
            )
        )
    section.add(
        Grid(
            ("Phase", "Analyst", "Both", "Within 0.1 s (P), 0.2 s (S)", "Median", "Spread"),
            rows,
            "Picks against those of the sources at the same event and station. The spread is "
            "the normalized median absolute deviation.",
            (False, True, True, True, True, True),
        ),
        picture(
            plot_pick_residuals(residuals),
            "Histograms of pick residuals.",
            "Pick less analyst's pick; the outermost bars hold all beyond.",
        ),
    )


def _add_motions(section: Section, motions: list) -> None:
    if not motions:
        return
    judged = [m for m in motions if m.given and m.polarity]
    wrong = [m for m in judged if m.polarity != m.given]
    if judged:
        section.add(
            Text(
                f"{len(judged) - len(wrong)} of {len(judged)} first motions that an analyst has "
                "read as well agree."
            )
        )
    chosen = {id(m) for m in wrong}
    others = [m for m in motions if id(m) not in chosen]
    shown = (wrong + others)[:24]
    section.add(
        picture(
            plot_first_motions(shown),
            "First motions around P.",
            "Verticals around the pick (dotted), scaled to the first 0.12 s; with the sign that "
            "was read and the probability of up. Red: an analyst has the opposite sign.",
            "wide",
        )
    )


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    values = table.column(column).to_pylist()
    return {v: values.count(v) for v in sorted(set(values), key=lambda v: -values.count(v))}
