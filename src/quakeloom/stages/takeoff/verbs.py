"""Stage ``takeoff``: tables of take-off angles and travel times, one per velocity model.

Not a heavy stage: all models of a run are traced at once, in seconds.
"""

from __future__ import annotations

import logging
from typing import Any

from quakeloom.config import Settings
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, StageInputs
from quakeloom.stages.takeoff import TAKEOFF
from quakeloom.stages.takeoff.reading import TABLE_ARRAYS, find_model, trace_models
from quakeloom.store import RunLayout, digest_input, write_array, write_json_if_changed

log = logging.getLogger(__name__)


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the velocity models."""
    models = [find_model(run.settings, name) for name in run.settings.takeoff.models]
    return StageInputs(common={"models": [digest_input(m) for m in models]})


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Trace all models and write their tables."""
    with open_part(layout, TAKEOFF.name, ONE) as job:
        job.counts["models"] = len(settings.takeoff.models)
        folder = job.folder
        for i, table in enumerate(trace_models(settings)):
            group = folder / f"model{i:03d}.zarr"
            for array in TABLE_ARRAYS:
                write_array(group, array, getattr(table, array))
            write_array(group, "direct_arrival", table.direct)
            write_json_if_changed(
                folder / f"model{i:03d}.json",
                {
                    "model_name": settings.takeoff.models[i],
                    "receiver_depth_km": table.receiver_depth_km,
                    "law": table.law,
                },
            )
            log.info(
                "takeoff %s: %d depths, %d distances", table.model_name, *table.takeoff_deg.shape
            )
    return job.summary
