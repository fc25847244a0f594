"""Stage ``faults``: finite planes are found in the hypocenters and mechanisms of a run."""

from __future__ import annotations

import logging
from typing import Any

import pyarrow as pa

from quakeloom.cluster import find_workers, open_executor
from quakeloom.config import Faults, Settings
from quakeloom.core import PlanError
from quakeloom.formats import read_fault_segments
from quakeloom.stages.faults import FAULTS
from quakeloom.stages.faults.catalog import fault_geojson, find_catalog_faults
from quakeloom.stages.faults.hypocenters import read_run
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.store import (
    RunLayout,
    digest_input,
    input_place,
    read_table,
    write_bytes,
    write_table,
)

log = logging.getLogger(__name__)

BASE_MB = 500.0
"""Memory of the program with numba, SciPy and scikit-learn loaded, measured."""

_EVENT_MB = 0.02
"""Memory of an event with its set of mechanisms, neighbors and draws."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files with known faults."""
    known = _faults(run.settings).known
    files = {f: digest_input(input_place(run.settings.data, f)) for f in known}
    return StageInputs(common={"files": files})


def promise(run: PlannedRun) -> Promise:
    """Return what the search needs at most."""
    return Promise(run.settings.cluster.memory_mb, 120, promise_threads(run.settings))


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Find the faults of a run; write tables and GeoJSON."""
    wanted = _faults(settings)
    catalog = read_run(settings, layout)
    known = None
    if wanted.known:
        known = pa.concat_tables(
            [read_fault_segments(input_place(settings.data, f)) for f in wanted.known]
        )
    tasks = max(wanted.starts, wanted.nulls)
    workers = find_workers(
        settings.cluster, tasks, BASE_MB, BASE_MB + _EVENT_MB * len(catalog.event_id),
        refuses=False,
    )  # fmt: skip
    with open_part(layout, FAULTS.name, ONE) as job:
        with open_executor(settings.cluster, workers) as executor:
            tables = find_catalog_faults(wanted, catalog, known, settings.seed, executor.map)
        provenance = read_kept_provenance(layout, FAULTS.name)
        for name, table in tables.items():
            write_table(layout.table(name), name, table, provenance)
        write_bytes(layout.root / "faults.geojson", fault_geojson(tables["faults"]).encode())
        job.also += [layout.root / name for name in FAULTS.owned]
        status = tables["faults"].column("fault_status").to_pylist()
        job.counts = {
            "events": len(catalog.event_id),
            "not_located": sum(bool(r) for r in catalog.reason),
            "without_error": catalog.without_error,
            "faults": len(status),
            "stable": status.count("stable"),
        }
        job.said = {"workers": workers}
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what the summary of a run says of its faults."""
    if not layout.table("faults").exists():
        return []
    status = read_table(layout.table("faults"), "faults").column("fault_status").to_pylist()
    return [
        ("faults", f"{status.count('stable')} stable, {status.count('doubtful')} doubtful"),
    ]


def _faults(settings: Settings) -> Faults:
    if settings.faults is None:
        raise PlanError(f"Run '{settings.name}' has no `faults` group in its settings.")
    return settings.faults
