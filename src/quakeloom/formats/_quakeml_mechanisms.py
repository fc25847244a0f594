"""Focal mechanisms in QuakeML, ours and those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import auxiliary_plane
from quakeloom.formats._cells import convert_column
from quakeloom.formats._quakeml_columns import OneKind, preferred
from quakeloom.formats._quakeml_grammar import EVENT, FIELDS, MAGNITUDE, MECHANISM, ORIGIN
from quakeloom.formats._quakeml_ids import COMMENT_COLUMNS, COMMENT_MARK, event_id_of
from quakeloom.formats._quakeml_stream import Block, read_blocks
from quakeloom.formats._source_tables import Rejects
from quakeloom.schema import empty_table, make_table, out_of_bounds

_ANGLES = {
    "strike_deg": "strike_1",
    "dip_deg": "dip_1",
    "rake_deg": "rake_1",
    "auxiliary_strike_deg": "strike_2",
    "auxiliary_dip_deg": "dip_2",
    "auxiliary_rake_deg": "rake_2",
}
_NUMBERS = {
    "polarity_misfit": "misfit",
    "station_distribution_ratio": "ratio",
    "azimuthal_gap_deg": "gap",
}
_WORDS = ("status", "quality", "reason")


def read_quakeml_mechanisms(path: Path, rejects: Rejects) -> pa.Table:
    """Read the preferred focal mechanism (else the first) of every event.

    An event without one is there with status ``no_solution``, or the status that quakeloom
    wrote. Mechanisms of others have an empty quality.
    """
    tables = [_read_block(block, rejects) for block in read_blocks(path, rejects)]
    return pa.concat_tables([empty_table("mechanisms"), *tables]).combine_chunks()


def _read_block(block: Block, rejects: Rejects) -> pa.Table:
    events = block.rows(EVENT)
    number = np.full(block.count, -1, np.int64)
    number[events] = np.arange(len(events))
    origins = preferred(block, events, number, ORIGIN, "origin_id")
    magnitudes = preferred(block, events, number, MAGNITUDE, "magnitude_id")
    mechanisms = preferred(block, events, number, MECHANISM, "mechanism_id")
    origin, mechanism = OneKind(block, origins, ORIGIN), OneKind(block, mechanisms, MECHANISM)
    ids = [event_id_of(t.strip()) for t in block.texts(events, 0).fill_null("").to_pylist()]
    columns: dict[str, Any] = {
        "event_id": ids,
        "origin_time": origin.times("time")[0],
        "longitude": origin.numbers("longitude")[0],
        "latitude": origin.numbers("latitude")[0],
        "depth_km": origin.numbers("depth")[0] / 1000.0,
        "magnitude": OneKind(block, magnitudes, MAGNITUDE).numbers("mag")[0],
    }
    for name, field in _ANGLES.items():
        values, bad = mechanism.numbers(field)
        if name.endswith("strike_deg"):
            values = np.where(np.abs(values) <= 360.0, values % 360.0, values)
        for i in np.flatnonzero(bad | out_of_bounds(name, values)).tolist():
            text = mechanism.text(i, field)
            line = int(block.records.line[mechanisms[i]])
            rejects.add(line, "mechanism", f"{name} '{text}' is impossible", text, ids[i])
        columns[name] = np.where(bad | out_of_bounds(name, values), np.nan, values)
    _complete_planes(columns)
    for name, field in _NUMBERS.items():
        values, bad = mechanism.numbers(field)
        columns[name] = np.where(out_of_bounds(name, values), np.nan, values)
    count = mechanism.numbers("count")[0]
    columns["polarity_count"] = np.where(count >= 0, count, 0).astype(np.int64)
    _comments(block, events, mechanisms, columns)
    for name in ("longitude", "latitude", "depth_km", "magnitude"):
        columns[name] = np.where(out_of_bounds(name, columns[name]), np.nan, columns[name])
    return make_table("mechanisms", columns, rows=len(events))


def _complete_planes(columns: dict[str, Any]) -> None:
    """Take the auxiliary plane if it alone is given, and compute it if it is missing."""
    first = [columns[n] for n in ("strike_deg", "dip_deg", "rake_deg")]
    second = [columns[f"auxiliary_{n}_deg"] for n in ("strike", "dip", "rake")]
    swap = np.isnan(sum(first)) & ~np.isnan(sum(second))
    first = [np.where(swap, b, a) for a, b in zip(first, second, strict=True)]
    broken = np.isnan(sum(first))
    first = [np.where(broken, np.nan, a) for a in first]
    computed = auxiliary_plane(*first)
    missing = np.isnan(sum(second)) | swap
    second = [np.where(missing, c, b) for b, c in zip(second, computed, strict=True)]
    for name, a, b in zip(("strike", "dip", "rake"), first, second, strict=True):
        columns[f"{name}_deg"] = a
        columns[f"auxiliary_{name}_deg"] = np.where(broken, np.nan, b)


def _comments(block: Block, events: Any, mechanisms: Any, columns: dict[str, Any]) -> None:
    """Columns that quakeloom writes as comments, of the mechanism or else of the event."""
    solved = ~np.isnan(columns["strike_deg"])
    pairs = []
    for event, mechanism in zip(events.tolist(), mechanisms.tolist(), strict=True):
        kind, row = (MECHANISM, mechanism) if mechanism >= 0 else (EVENT, event)
        pairs.append(_pairs(block.text(row, FIELDS[kind].index("comment"))))
    for name in (*COMMENT_COLUMNS, "reason"):
        if not any(name in p for p in pairs):
            continue
        texts = pa.chunked_array([pa.array([p.get(name) for p in pairs], pa.string())])
        column = convert_column(name, texts, lambda _mask, _reason: None)
        if name in columns:
            given = pa.array([name in p for p in pairs])
            column = pc.if_else(given, column, pa.array(columns[name]).cast(column.type))
        columns[name] = column
    if "status" not in columns:
        columns["status"] = np.where(solved, "solved", "no_solution").tolist()


def _pairs(comment: str) -> dict[str, str]:
    if not comment.startswith(COMMENT_MARK):
        return {}
    head, _, reason = comment[len(COMMENT_MARK) :].partition("reason=")
    found = dict(p.strip().split("=", 1) for p in head.split(";") if "=" in p)
    return {**found, "reason": reason}
