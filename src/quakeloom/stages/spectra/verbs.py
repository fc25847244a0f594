"""Verbs of stage ``spectra``: spectra of a partition, then events, paths and sites of all.

A partition measures the spectra of its readings on the stored windows; gathering fits the events.
Writes ``station_spectra``, ``source_spectra`` and ``spectra.json``; the spectra themselves lie in
``spectra.zarr`` of their partition.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import find_workers, open_executor, spread_memory_mb
from quakeloom.config import Settings, Spectra
from quakeloom.spectra import frequency_bins
from quakeloom.stages.archive.instrument_responses import (
    NetworkResponses,
    load_responses,
    response_files,
    responses_digest,
)
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import (
    mark_finalised,
    open_part,
    refuse_incomplete,
    remove_old_parts,
)
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf, count_reasons
from quakeloom.stages.spectra import SPECTRA
from quakeloom.stages.spectra.fitted_events import FitTask, FittedPartition, fit_partition
from quakeloom.stages.spectra.kept_spectra import ARRAYS, CHUNK, table_of
from quakeloom.stages.spectra.measuring import (
    BLOCK,
    KEPT,
    MeasuredBlock,
    MeasureTask,
    measure_block,
)
from quakeloom.stages.spectra.wanted_spectra import WantedSpectrum, want_spectra
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.window.reading import window_tables
from quakeloom.store import (
    Item,
    RunLayout,
    create_array,
    read_json,
    read_table,
    write_array,
    write_json_if_changed,
    write_table,
)

log = logging.getLogger(__name__)

FACTS = "spectra.json"
"""File with counts and what was found of all events."""

BASE_MB = 500.0
"""Memory of the program with numba and Zarr loaded, measured."""

SECONDS_PER_WINDOW = 0.004
"""Seconds of a core to measure the spectra of a window and to fit them, measured."""

_TASK_MB = BLOCK * 3 * 6000 * 8 * 3 / 1e6
"""Memory of a block of windows at work."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return digests of stations and of the responses of instruments."""
    named = spectra_settings(run.settings).responses
    return StageInputs(common={
        "stations": (run.layout.ingest / "stations.parquet").digest(),
        "responses": responses_digest(run.settings, run.layout.ingest, named),
    })  # fmt: skip


def promise(run: PlannedRun) -> Promise:
    """Return what spectra need: of a partition, and of all events when they are gathered."""
    seconds = {r.partition: SECONDS_PER_WINDOW * WINDOWS_PER_EVENT * r.events for r in run.rows}
    largest = max((r.events for r in run.rows), default=0)
    fitted = 0.003 * WINDOWS_PER_EVENT * largest
    return Promise(
        spread_memory_mb(run.settings.cluster, BASE_MB, _TASK_MB, 2e-3 * largest),
        {name: promise_minutes(s) for name, s in seconds.items()},
        promise_threads(run.settings),
        finalise_mb=round(BASE_MB + 2 * fitted + run.events * 0.03),
        finalise_minutes=promise_minutes(SECONDS_PER_WINDOW * WINDOWS_PER_EVENT * run.events),
    )


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Measure the spectra of one partition; what was there of it is replaced as a whole."""
    assert settings.waveforms is not None
    asked = spectra_settings(settings)
    with open_part(layout, SPECTRA.name, partition) as job:
        windows, group = window_tables(layout, partition)
        picker = open_picker(settings.waveforms.picker)
        shape = picker.samples, picker.sampling_rate_hz
        wanted = want_spectra(settings, layout, partition, windows, shape)
        responses = load_responses(
            response_files(settings, layout.ingest, asked.responses),
            {w.row["station"] for w in wanted},
        )
        for file, why in dict.fromkeys(responses.problems):
            log.warning("spectra %s: %s: %s", partition, file, why)
        made = [(w.order, w.row) for w in wanted if w.window < 0]
        tasks = list(_tasks(asked, (group, picker.components, shape[1]), wanted, responses))
        workers = find_workers(settings.cluster, len(tasks), BASE_MB, _TASK_MB)
        blocks: list[MeasuredBlock] = []
        with open_executor(settings.cluster, workers) as executor:
            for block in executor.map(measure_block, tasks):
                blocks.append(block)
        made += _number_rows(blocks)
        rows = [row for _, row in sorted(made, key=lambda pair: pair[0])]
        _write_arrays(job.folder / "spectra.zarr", blocks)
        table = table_of(rows)
        about = {"partition": partition}
        write_table(job.folder / "measured_spectra.parquet", "measured_spectra", table, about)
        counts = Counter(r["spectrum_status"] for r in rows)
        job.counts = {"readings": len(rows), **dict(sorted(counts.items()))}
        job.said = {"workers": workers}
    return job.summary


def _tasks(
    asked: Spectra, stored: tuple[Item, str, float], wanted: list[WantedSpectrum],
    responses: NetworkResponses,
) -> Iterator[MeasureTask]:  # fmt: skip
    """Yield blocks of stored windows with the readings on them."""
    group, components, rate = stored
    by_block: dict[int, list[WantedSpectrum]] = {}
    for w in wanted:
        if w.window >= 0:
            by_block.setdefault(w.window // BLOCK, []).append(w)
    for block in sorted(by_block):
        own = sorted(by_block[block], key=lambda w: (w.window, w.order))
        stations = {(w.row["network"], w.row["station"]) for w in own}
        known = {key: responses.of(*key) for key in sorted(stations)}
        yield MeasureTask(asked, group, components, rate, block * BLOCK, tuple(own), known)


def _number_rows(blocks: list[MeasuredBlock]) -> list[tuple[int, dict[str, Any]]]:
    """Number the spectra of blocks as they are stored."""
    count = 0
    made: list[tuple[int, dict[str, Any]]] = []
    for block in blocks:
        for order, row in zip(block.orders, block.rows, strict=True):
            if row["spectrum_status"] in KEPT:
                row["spectrum"] = count
                count += 1
            made.append((order, row))
    return made


def _write_arrays(group: Item, blocks: list[MeasuredBlock]) -> None:
    bins = frequency_bins().count
    for name in ARRAYS:
        values = [np.zeros((0, bins), np.float32), *(getattr(b, name) for b in blocks)]
        joined = np.concatenate(values)
        if joined.shape[0]:
            write_array(group, name, joined, CHUNK)
        else:
            create_array(group, name, (0, bins), 1, 1)


def finalise(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Fit the events of all partitions.

    Raises
    ------
    IncompleteError
        If partitions are missing or of another plan; the message names them.
    """
    asked = spectra_settings(settings)
    names = refuse_incomplete(layout, SPECTRA.name)
    tasks = [FitTask(settings, layout, name) for name in names]
    workers = find_workers(settings.cluster, len(tasks), BASE_MB, BASE_MB)
    with open_executor(settings.cluster, workers) as executor:
        found: list[FittedPartition] = list(executor.map(fit_partition, tasks))
    sources = pa.concat_tables([f.sources for f in found])
    stations = pa.concat_tables([f.stations for f in found])
    provenance = read_kept_provenance(layout, SPECTRA.name)
    tables = {"source_spectra": sources, "station_spectra": stations}
    for name, table in tables.items():
        write_table(layout.table(name), name, table, provenance)
    facts = _facts(asked, sources, stations)
    write_json_if_changed(layout.root / FACTS, facts)
    remove_old_parts(layout, SPECTRA.name, set(names))
    mark_finalised(layout, SPECTRA.name, SPECTRA.owned, {"counts": facts["events"]})
    log.info("spectra: %s; corners: %s", facts["events"], facts["corners"])
    return dict(facts["events"])


def _facts(asked: Spectra, sources: pa.Table, stations: pa.Table) -> dict[str, Any]:
    def counted(table: pa.Table, name: str) -> dict[str, int]:
        return dict(sorted(Counter(table.column(name).to_pylist()).items()))

    return {
        "settings": asked.model_dump(mode="json"),
        "events": counted(sources, "source_status"),
        "corners": counted(sources, "corner_status"),
        "spectra": counted(stations, "spectrum_status"),
    }


def spectra_settings(settings: Settings) -> Spectra:
    """Return the group ``spectra``, which a run of this stage has."""
    assert settings.spectra is not None
    return settings.spectra


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what spectra say of the events, for the end of a run."""
    facts = read_json(layout.root / FACTS)
    events = ", ".join(f"{k.replace('_', ' ')} {n}" for k, n in facts["events"].items())
    corners = ", ".join(f"{k.replace('_', ' ')} {n}" for k, n in facts["corners"].items())
    return [("moment magnitudes", events), ("corner frequencies", corners)]


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many readings have a spectrum, and why others have none."""
    status = read_table(
        layout.table("station_spectra"), "station_spectra", ["spectrum_status"]
    ).column(0)
    measured = pc.sum(pc.equal(status, "measured")).as_py() or 0
    return UsedOf(
        "spectra measured", measured, len(status), count_reasons(status, ("measured",)),
        "Look at the column `reason` of station_spectra.parquet, at `spectra.responses` and at "
        "the length of stored windows.",
    )  # fmt: skip


__all__ = ["finalise", "inputs", "part", "promise", "summarize", "used_of"]
