"""How long the jobs of a partition may take, for a cluster that ends what runs longer.

Seconds of one core that were measured, times :data:`SLACK`, plus the start of a program that
compiles its kernels first. A job that still ends too early is tried again with more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from quakeloom.config import Settings
from quakeloom.stages.frame.planned_rows import PlannedRows

SLACK = 8.0
"""How much slower a node may be, or a catalog dearer, than what was measured."""

START_MINUTES = 10.0

WINDOWS_PER_EVENT = 50.0
"""Windows of an event where nothing is known of them before the archive is read."""

SECONDS_PER_WINDOW = {"window": 0.002, "pick": 0.05, "polarity": 0.001}


def promise_minutes(
    settings: Settings, partitions: Sequence[PlannedRows]
) -> dict[str, dict[str, int]]:
    """Return the minutes that each stage may take for each partition."""
    promised = {}
    for stage in ("window", "pick", "polarity", "locate", "mechanism"):
        promised[stage] = {
            rows.partition: math.ceil(
                START_MINUTES + SLACK * rows.events * _seconds_per_event(stage, settings, rows) / 60
            )
            for rows in partitions
        }
    return promised


def _seconds_per_event(stage: str, settings: Settings, rows: PlannedRows) -> float:
    if stage in SECONDS_PER_WINDOW:
        return SECONDS_PER_WINDOW[stage] * WINDOWS_PER_EVENT
    if stage == "locate":
        # 100 members at 50 events a second; members of an ensemble are not known yet
        return 0.1
    options = settings.mechanism
    readings = max(rows.polarities / max(rows.events, 1), 7.0)
    if settings.waveforms is not None:
        readings = max(readings, WINDOWS_PER_EVENT)
    seconds = 0.0005 + 0.000016 * options.trials * readings / 14.0
    seconds *= 3.0 if options.use_probabilities else 1.0
    seconds *= 6.0 if options.use_amplitudes else 1.0
    return seconds * (8.0 if options.direction_step_deg == 0 else 1.0)
