"""Readings of reversed stations, by the table of reversals and by reports of other cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.readings.block_readings import Readings, Shared
from quakeloom.stages.readings.station_epochs import find_reversed, reversed_by_table
from quakeloom.stages.readings.use import pick_kinds


def turn_readings(settings: Settings, readings: Readings, shared: Shared) -> Readings:
    """Change the sign of what reversed stations read, and mark what reports leave out."""
    turned, screened = readings.is_turned.copy(), readings.is_screened.copy()
    if settings.selection.reversals:
        turned ^= reversed_by_table(shared.reversals, readings.table, readings.time)
    for report in shared.screening:
        proposed, left_out = _screen(report, readings)
        turned ^= proposed
        screened |= left_out
    flip = turned ^ readings.is_turned
    return replace(
        readings,
        polarity=np.where(flip, -readings.polarity, readings.polarity).astype(np.int8),
        probability_up=np.where(flip, 1.0 - readings.probability_up, readings.probability_up),
        is_turned=turned,
        is_screened=screened,
    )


def _screen(report: pa.Table, readings: Readings) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Readings of stations that a report calls reversed, and of kinds it calls uninformative."""
    verdict = report.column("verdict")
    reversed_rows = report.filter(pc.equal(verdict, "reversed"))
    turned = find_reversed(reversed_rows, readings.table, readings.time)
    rows = report.filter(pc.equal(verdict, "uninformative"))
    uninformative = set(rows.column("pick_kind").to_pylist()) - {""}
    kinds, kind = pick_kinds(readings.table.column("onset"), readings.column("pick_weight"))
    return turned, np.isin(kinds, sorted(uninformative))[kind]
