"""QuakeML: events with their preferred origin and magnitude, and first motions of P.

Angles and units are those of the standard: take-off angles count from straight down, as in
quakeloom; depths are meters, distances degrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import SettingsError
from quakeloom.formats._format import Format
from quakeloom.formats._quakeml_columns import (
    FIELD,
    BlockEvents,
    Integers,
    OneKind,
    line_of,
    preferred,
)
from quakeloom.formats._quakeml_grammar import EVENT, LOOSE, MAGNITUDE, ORIGIN
from quakeloom.formats._quakeml_ids import event_id_of
from quakeloom.formats._quakeml_picks import KM_PER_DEGREE, read_first_motions
from quakeloom.formats._quakeml_stream import BLOCK_BYTES, Block, read_blocks
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_columns import Floats, Mask
from quakeloom.formats._xml_head import root_element
from quakeloom.schema import make_table, out_of_bounds, variable

_NO_EVENTS = ("not existing", "not reported", "duplicate")
"""Event types that say that there is no such earthquake."""


def read_quakeml(path: Path, event_ids: str = "public") -> SourceTables:
    """Read a whole QuakeML file; see :func:`iterate_quakeml`."""
    parts = list(iterate_quakeml(path, event_ids=event_ids))
    return SourceTables(
        events=pa.concat_tables([p.events for p in parts]).combine_chunks(),
        polarities=pa.concat_tables([p.polarities for p in parts]).combine_chunks(),
        rejects=pa.concat_tables([p.rejects for p in parts]).combine_chunks(),
    )


def iterate_quakeml(
    path: Path, event_ids: str = "public", block_bytes: int = BLOCK_BYTES
) -> Iterator[SourceTables]:
    """Read QuakeML block by block, with memory that does not grow with the file.

    Of every event it takes the preferred origin and magnitude (else the first), and from
    its picks the first motions of P. A pick is P if the arrival of that origin says so, else
    if its phase hint does; azimuth, take-off angle and distance come from the arrival.
    Picks without polarity have polarity 0. Events whose type is ``not existing``,
    ``not reported`` or ``duplicate`` are put aside.

    Parameters
    ----------
    path : Path
        QuakeML 1.0 to 1.2 or BED, with any namespace, plain or gzipped.
    event_ids : {"public", "last"}
        Use the whole public id of an event, or what follows its last ``/``, ``=`` or ``#``.
    block_bytes : int
        How much is read at a time.

    Yields
    ------
    SourceTables
        Events, polarities and rejects of some events; at least one, perhaps empty.

    Raises
    ------
    FormatError
        If the file is no QuakeML.
    """
    if event_ids not in ("public", "last"):
        raise SettingsError(
            f"Option event_ids of '{path}' is '{event_ids}', which means nothing. Nothing is "
            "read; write public or last."
        )
    state = _File(str(path), event_ids == "last", Rejects(path))
    for block in read_blocks(path, state.rejects, block_bytes):
        yield _read_block(block, state)
    if state.loose:
        state.rejects.add(
            -1,
            "pick",
            f"{state.loose} picks or origins stand outside of events and belong to none",
        )
    yield SourceTables(rejects=state.rejects.table())


@dataclass
class _File:
    """What is remembered from one block to the next."""

    name: str
    short_ids: bool
    rejects: Rejects
    seen: dict[str, int] = field(default_factory=dict)
    loose: int = 0


def _read_block(block: Block, state: _File) -> SourceTables:
    state.loose += len(block.rows(LOOSE))
    rows = block.rows(EVENT)
    if not len(rows):
        return SourceTables()
    number = np.full(block.count, -1, np.int64)
    number[rows] = np.arange(len(rows))
    ids = _event_ids(block, rows, state)
    origins = preferred(block, rows, number, ORIGIN, "origin_id")
    magnitudes = preferred(block, rows, number, MAGNITUDE, "magnitude_id")
    columns, reasons = _event_columns(block, rows, origins, magnitudes, ids, state)
    for i, event_id in enumerate(ids):
        if not reasons[i] and event_id in state.seen:
            reasons[i] = f"doubled event: '{event_id}' is on line {state.seen[event_id]}"
        if reasons[i]:
            state.rejects.add(line_of(block, rows[i]), "event", reasons[i], event_id, event_id)
        else:
            state.seen[event_id] = line_of(block, rows[i])
    good = np.array([not r for r in reasons], dtype=bool)
    polarities = read_first_motions(
        BlockEvents(block, rows, number, origins, ids, reasons), state.rejects, state.name
    )
    events = make_table("events", columns, rows=len(rows)).filter(pa.array(good))
    return SourceTables(events=events, polarities=polarities)


def _event_ids(block: Block, rows: Integers, state: _File) -> list[str]:
    texts = block.texts(rows, FIELD[EVENT]["id"]).to_pylist()
    stem = Path(state.name).name
    return [
        event_id_of(t.strip(), state.short_ids)
        if t and t.strip()
        else f"{stem}:{line_of(block, row)}"
        for t, row in zip(texts, rows, strict=True)
    ]


def _event_columns(
    block: Block,
    rows: Integers,
    origins: Integers,
    magnitudes: Integers,
    ids: list[str],
    state: _File,
) -> tuple[dict[str, Any], list[str]]:
    """Columns of the events, and why each is put aside (empty if it is not)."""
    origin = OneKind(block, origins, ORIGIN)
    time, bad_time = origin.times("time")
    latitude, bad_latitude = origin.numbers("latitude")
    longitude, bad_longitude = origin.numbers("longitude")
    depth, bad_depth = origin.numbers("depth")
    depth /= 1000.0
    reasons = [""] * len(rows)

    def blame(mask: Mask, reason: str, field_name: str = "") -> None:
        for i in np.flatnonzero(mask).tolist():
            if not reasons[i]:
                text = f" ('{origin.text(i, field_name)}')" if field_name else ""
                reasons[i] = reason + text

    types = block.texts(rows, FIELD[EVENT]["type"])
    for word in _NO_EVENTS:
        said = pc.equal(types, word).fill_null(False).to_numpy(zero_copy_only=False)
        blame(said, f"its type is '{word}'")
    blame(origins < 0, "it has no origin")
    blame(bad_time, "the origin time is no time", "time")
    blame(np.isnat(time), "the origin time is missing")
    for name, field_name, values, bad in (
        ("longitude", "longitude", longitude, bad_longitude),
        ("latitude", "latitude", latitude, bad_latitude),
        ("depth_km", "depth", depth, bad_depth),
    ):
        v = variable(name)
        blame(bad, f"the {field_name} is no number", field_name)
        if name != "depth_km":
            blame(np.isnan(values), f"the {field_name} is missing")
        blame(
            out_of_bounds(name, values),
            f"the {field_name} is outside [{v.minimum}, {v.maximum}] {v.unit}",
            field_name,
        )
    magnitude, bad = OneKind(block, magnitudes, MAGNITUDE).numbers("mag")
    bad |= out_of_bounds("magnitude", magnitude)
    for i in np.flatnonzero(bad).tolist():
        text = block.text(magnitudes[i], FIELD[MAGNITUDE]["mag"])
        reason = f"magnitude '{text}' is impossible; the event is kept without"
        state.rejects.add(line_of(block, magnitudes[i]), "magnitude", reason, text, ids[i])
    magnitude[bad] = np.nan
    horizontal, vertical = _errors(origin, latitude)
    columns = {
        "event_id": ids,
        "origin_time": time,
        "longitude": longitude,
        "latitude": latitude,
        "depth_km": depth,
        "magnitude": magnitude,
        "horizontal_error_km": horizontal,
        "vertical_error_km": vertical,
        "source_file": [state.name] * len(rows),
        "source_line": block.records.line[rows],
    }
    return columns, reasons


def _errors(origin: OneKind, latitude: Floats) -> tuple[Floats, Floats]:
    """Horizontal and vertical errors in km; what is impossible is unknown.

    The horizontal error is the circular one, else the largest half axis, else the larger of
    those of latitude and longitude.
    """
    circular = origin.numbers("horizontal_error")[0] / 1000.0
    largest = origin.numbers("largest_horizontal_error")[0] / 1000.0
    with np.errstate(invalid="ignore", over="ignore"):
        north = origin.numbers("latitude_error")[0] * KM_PER_DEGREE
        east = origin.numbers("longitude_error")[0] * KM_PER_DEGREE * np.cos(np.radians(latitude))
    horizontal = np.where(np.isnan(circular), largest, circular)
    horizontal = np.where(np.isnan(horizontal), np.fmax(north, east), horizontal)
    vertical = origin.numbers("depth_error")[0] / 1000.0
    for name, values in (("horizontal_error_km", horizontal), ("vertical_error_km", vertical)):
        values[out_of_bounds(name, values)] = np.nan
    return horizontal, vertical


def _sniff(head: bytes) -> bool:
    return root_element(head) in ("quakeml", "eventParameters")


FORMAT = Format(
    name="quakeml",
    title="QuakeML",
    read=read_quakeml,
    sniff=_sniff,
    suffixes=(".xml", ".qml", ".quakeml", ".gz"),
    options={
        "event_ids": "public (default): the whole public id of an event; last: what follows its "
        "last /, = or #."
    },
)
