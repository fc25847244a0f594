"""Memory that the search for mechanisms needs, before it runs."""

from __future__ import annotations

import math

from quakeloom.cluster import clamp_workers
from quakeloom.config import Settings
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.takeoff.reading import table_bytes

BASE_MB = 560.0
"""Memory of the program while its kernels are compiled, which happens once, measured."""


def promise_memory(settings: Settings, rows: PlannedRows) -> int:
    """Return the memory in MB that computing a partition needs at most.

    The program, the tables of the partition in and out, the take-off tables, and for every
    worker one block: its acceptance weights twice (made, compressed) and its draws.
    """
    workers = settings.cluster.workers if settings.cluster.kind == "local" else 0
    tables = rows.polarities * 600 / 1e6 + rows.events * 1500 / 1e6
    task = task_memory_mb(settings, rows)
    per_worker = BASE_MB + task if workers > 1 else 0.0
    here = 0.0 if workers > 1 else task
    fitting = clamp_workers(max(workers, 1), BASE_MB + tables, task, settings.cluster.memory_mb)
    return math.ceil(BASE_MB + tables + here + fitting * per_worker)


def task_memory_mb(settings: Settings, rows: PlannedRows) -> float:
    """Return the memory in MB of one block at work."""
    events = min(settings.cluster.block_events, rows.events)
    mean = rows.polarities / max(rows.events, 1)
    readings = events * mean * 1.5 + rows.largest_event
    # angles, and while they are traced the place of every trial beside them
    arrays = 7 if settings.takeoff.angles == "layered" else 4
    draws = settings.mechanism.trials * readings * 8 * arrays
    grid = 2 * 180**3 / settings.mechanism.grid_step_deg**3 / 3.0
    acceptance = 3 * events * grid
    return (draws + acceptance + table_bytes(settings)) / 1e6 + 150.0
