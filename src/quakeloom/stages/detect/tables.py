"""Tables of detections and station-days, and picks of them for other stages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.schema import make_table
from quakeloom.stages.archive.record_sets import Problem

_TEXTS = ("network", "station", "location_code", "channel", "phase", "orientation", "choice",
          "amplitude_reason", "source_file")  # fmt: skip
"""Columns of text that rows of picks have."""

_NUMBERS = ("uncertainty_s", "probability", "snr", "probability_up", "amplitude_wa_mm",
            "amplitude_wa_snr", "amplitude_corner_hz", "peak_velocity_m_s")  # fmt: skip
"""Columns of numbers that they have."""

_DAYS = ("day", "network", "station", "location_code", "channel", "detection_status", "reason",
         "recorded_s", "picked_s", "gap_count", "spike_count", "p_count", "s_count",
         "refused_count", "source_file")  # fmt: skip
"""Columns of station-days."""

_SHARED = ("network", "station", "location_code", "channel", "phase", "time", "uncertainty_s",
           "probability", "snr", "picker", "clipped", "choice", "source_file")  # fmt: skip
"""Columns that detections and picks have in common."""


def detection_table(rows: list[dict[str, Any]], picker: str) -> pa.Table:
    """Return rows of picks as the registered table ``detections``, by time."""
    order = ("time", "network", "station", "location_code", "channel", "phase")
    rows = sorted(rows, key=lambda r: tuple(r[n] for n in order))
    columns: dict[str, Any] = {n: [r.get(n, "") for r in rows] for n in _TEXTS}
    columns |= {n: np.array([r.get(n, np.nan) for r in rows], np.float64) for n in _NUMBERS}
    columns["time"] = np.array([r["time"] for r in rows], np.int64).astype("datetime64[ns]")
    columns["polarity"] = np.array([r["polarity"] for r in rows], np.int8)
    columns |= {n: [r[n] for r in rows] for n in ("clipped", "amplitude_clipped")}
    columns["reversed"] = [r["orientation"] == "reversed" for r in rows]
    columns["picker"] = [picker] * len(rows)
    return make_table("detections", columns, rows=len(rows))


def day_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows of station-days as the registered table ``detection_days``."""
    keys = ("day", "network", "station", "location_code", "channel")
    rows = sorted(rows, key=lambda r: tuple(r[n] for n in keys))
    return make_table("detection_days", {n: [r[n] for r in rows] for n in _DAYS}, rows=len(rows))


def reject_table(problems: list[Problem]) -> pa.Table:
    """Return what was put aside as the registered table ``rejects``."""
    kept = list(dict.fromkeys(problems))
    return make_table(
        "rejects",
        {
            "source_file": [p.file for p in kept],
            "record": [p.record for p in kept],
            "station": [p.station for p in kept],
            "event_id": [p.event_id for p in kept],
            "reason": [p.reason for p in kept],
        },
        rows=len(kept),
    )


def picks_of(detections: pa.Table) -> pa.Table:
    """Return detections as the registered table ``picks``, without events."""
    columns = {n: detections.column(n) for n in _SHARED}
    return make_table("picks", columns, rows=detections.num_rows)
