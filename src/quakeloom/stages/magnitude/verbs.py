"""Verbs of stage ``magnitude``: all amplitudes of the run at once.

Station terms and attenuation belong to all events, so there is one job. Writes ``magnitudes``,
``station_magnitudes``, ``magnitude_terms``, ``completeness`` and ``magnitude.json``.
"""

from __future__ import annotations

import logging
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Magnitude, Settings
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.magnitude import MAGNITUDE
from quakeloom.stages.magnitude.completeness_table import make_completeness
from quakeloom.stages.magnitude.measured_tables import measure_catalog
from quakeloom.store import RunLayout, read_json, read_table, write_json_if_changed, write_table

log = logging.getLogger(__name__)

FACTS = "magnitude.json"
"""File with the formula, the attenuation and the counts."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the stations."""
    return StageInputs(common={"stations": (run.layout.ingest / "stations.parquet").digest()})


def promise(run: PlannedRun) -> Promise:
    """Return what measuring all events needs: some 50 amplitudes of 0.5 kB an event."""
    return Promise(1000 + run.events // 40, 60)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Measure the magnitudes of a run."""
    asked = magnitude_settings(settings)
    with open_part(layout, MAGNITUDE.name, ONE) as job:
        events = read_table(layout.table("hypocenters"), "hypocenters")
        amplitudes = _of_events(read_table(layout.table("assignments"), "assignments"), events)
        stations = read_table(layout.ingest / "stations.parquet", "stations")
        made = measure_catalog(asked, events, amplitudes, stations)
        tables = {
            "magnitudes": made.magnitudes,
            "station_magnitudes": made.station_magnitudes,
            "magnitude_terms": made.magnitude_terms,
            "completeness": make_completeness(asked, settings.seed, made.magnitudes),
        }
        provenance = read_kept_provenance(layout, MAGNITUDE.name)
        for name, table in tables.items():
            write_table(layout.table(name), name, table, provenance)
            job.also.append(layout.table(name))
        write_json_if_changed(layout.root / FACTS, made.facts)
        job.also.append(layout.root / FACTS)
        job.counts = {"events": events.num_rows, **made.facts["events"]}
        if not made.facts["events"].get("measured"):
            log.warning("no event has a magnitude; amplitudes: %s", made.facts["amplitudes"])
    return job.summary


def _of_events(amplitudes: pa.Table, events: pa.Table) -> pa.Table:
    """Return the amplitudes of events that went on to be located; others are told."""
    is_there = pc.is_in(amplitudes.column("event_id"), events.column("event_id").combine_chunks())
    kept = amplitudes.filter(is_there)
    if kept.num_rows < amplitudes.num_rows:
        lost = amplitudes.num_rows - kept.num_rows
        log.warning("%d picks are of events that were put aside before they were located", lost)
    return kept


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what was measured, and completeness, for the end of a run."""
    facts = read_json(layout.root / FACTS)
    counts = ", ".join(f"{word.replace('_', ' ')} {n}" for word, n in facts["events"].items())
    found = [("magnitudes", f"{counts} ({facts['formula']})")]
    row = read_table(layout.table("completeness"), "completeness").slice(0, 1).to_pylist()
    if row and row[0]["completeness_method"] != "none":
        found.append((
            "completeness",
            f"{row[0]['completeness']:.1f}, b {row[0]['b_value']:.2f} +- "
            f"{row[0]['b_value_error']:.2f}, b-positive {row[0]['b_positive']:.2f} +- "
            f"{row[0]['b_positive_error']:.2f}",
        ))  # fmt: skip
    return found


def magnitude_settings(settings: Settings) -> Magnitude:
    """Return the group ``magnitude``, which a run of this stage has."""
    assert settings.magnitude is not None
    return settings.magnitude
