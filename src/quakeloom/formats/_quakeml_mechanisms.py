"""Focal mechanisms in QuakeML and SeisComP ML, ours and those of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._cells import convert_column
from quakeloom.formats._quakeml_blocks import FIELD, Block, Integers
from quakeloom.formats._quakeml_columns import BlockEvents, Choice, OneKind, choose, line_of
from quakeloom.formats._quakeml_events import (
    QuakemlFile,
    event_types,
    find_events,
    magnitude_columns,
    place_columns,
    tell_repeated_fields,
)
from quakeloom.formats._quakeml_grammar import COMMENT, EVENT, MECHANISM
from quakeloom.formats._quakeml_ids import COMMENT_COLUMNS, COMMENT_MARK
from quakeloom.formats._quakeml_origins import place_problems, read_origins, tell_choice
from quakeloom.formats._quakeml_planes import PlaneReader
from quakeloom.formats._quakeml_stream import read_blocks
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Floats, Mask
from quakeloom.schema import TABLES, empty_table, is_earthquake, make_table

_PLACE = ("origin_time", "longitude", "latitude", "depth_km")
"""Columns of the hypocenter of a mechanism."""


def read_quakeml_mechanisms(path: Path, rejects: Rejects) -> pa.Table:
    """Read the preferred focal mechanism (else the first) of every event.

    The fault plane is the preferred plane, else the first; a plane that is missing is computed
    from the other, both from the moment tensor where there is no plane. Strikes from -360 and
    rakes to 360 are wrapped. Planes that are not those of one double couple are refused, as
    are mechanisms that their source has rejected, and those of events that are no
    earthquakes. An event without a mechanism is there with status ``no_solution``, or the
    status that quakeloom wrote. Mechanisms of others have an empty quality.

    Returns
    -------
    pyarrow.Table
        Registered table ``mechanisms``.
    """
    tables = [_mechanisms(read) for read in _read_blocks(path, rejects)]
    return pa.concat_tables([empty_table("mechanisms"), *tables]).combine_chunks()


def read_quakeml_solutions(path: Path, rejects: Rejects) -> pa.Table:
    """Read all focal mechanisms of every event, the preferred one first.

    Planes are read as by :func:`read_quakeml_mechanisms`; a mechanism that is refused there
    is none of the solutions.

    Returns
    -------
    pyarrow.Table
        Registered table ``solutions``.
    """
    tables = [_solutions(read) for read in _read_blocks(path, rejects)]
    return pa.concat_tables([empty_table("solutions"), *tables]).combine_chunks()


@dataclass(frozen=True)
class _ReadMechanisms:
    """All mechanisms of a block.

    Attributes
    ----------
    events : BlockEvents
    good : ndarray of bool
        Which events are earthquakes that come for the first time.
    choice : Choice
        The mechanism of every event.
    rows : ndarray of int
        Records of all mechanisms.
    found : dict of str to ndarray
        Their planes, errors and figures.
    pairs : dict of int to dict
        What quakeloom wrote into the comments of events and mechanisms, by record.
    rejects : Rejects
    """

    events: BlockEvents
    good: Mask
    choice: Choice
    rows: Integers
    found: dict[str, Floats]
    pairs: dict[int, dict[str, str]]
    rejects: Rejects


def _read_blocks(path: Path, rejects: Rejects) -> Iterator[_ReadMechanisms]:
    file = QuakemlFile(str(path), False, rejects)
    for block in read_blocks(path, rejects):
        events = find_events(block, block.rows(EVENT), file)
        if not len(events.rows):
            continue
        tell_repeated_fields(events, rejects)
        choice = choose(events, MECHANISM, "mechanism_id")
        tell_choice(events, choice, "mechanism", "mechanism_id", rejects)
        rows = block.rows(MECHANISM)
        found = PlaneReader(events, OneKind(block, rows, MECHANISM), rejects).read()
        good = _good_events(events, file)
        yield _ReadMechanisms(events, good, choice, rows, found, _comments(block), rejects)


def _good_events(events: BlockEvents, file: QuakemlFile) -> Mask:
    """Say which events are earthquakes that come for the first time; others are told."""
    good = np.ones(len(events.ids), dtype=bool)
    for i, (event_id, kind) in enumerate(zip(events.ids, event_types(events), strict=True)):
        line = line_of(events.block, events.rows[i])
        reason = "" if is_earthquake(kind) else f"its type is '{kind}'"
        if not reason and event_id in file.seen:
            reason = f"doubled event: its id is also that of line {file.seen[event_id]}"
        if reason:
            file.rejects.add(line, "event", reason, event_id, event_id)
            good[i] = False
        else:
            file.seen[event_id] = line
    return good


def _mechanisms(read: _ReadMechanisms) -> pa.Table:
    """The table of mechanisms of a block, one row for every good event."""
    events, chosen = read.events, read.choice.rows
    place = np.where(chosen >= 0, np.searchsorted(read.rows, np.maximum(chosen, 0)), -1)
    columns = _hypocenters(events, read.rejects)
    for name, values in read.found.items():
        columns[name] = np.append(values, np.nan)[place]
    columns["polarity_count"] = np.nan_to_num(columns["polarity_count"]).astype(np.int64)
    owner = np.where(chosen >= 0, chosen, events.rows).tolist()
    _add_words(columns, [read.pairs.get(row, {}) for row in owner], (*COMMENT_COLUMNS, "reason"))
    if "status" not in columns:
        solved = ~np.isnan(columns["strike_deg"])
        columns["status"] = np.where(solved, "solved", "no_solution").tolist()
    return make_table("mechanisms", columns, rows=len(events.ids)).filter(pa.array(read.good))


def _solutions(read: _ReadMechanisms) -> pa.Table:
    """The table of solutions of a block, the preferred one of every event first."""
    events = read.events
    owner = events.of(read.rows)
    kept = np.flatnonzero(read.good[owner] & ~np.isnan(read.found["strike_deg"]))
    late = read.choice.rows[owner[kept]] != read.rows[kept]
    kept = kept[np.lexsort((kept, late, owner[kept]))]
    first = np.flatnonzero(np.diff(owner[kept], prepend=-1))
    number = np.arange(len(kept)) - np.repeat(first, np.diff(np.append(first, len(kept))))
    known = set(TABLES["solutions"].columns)
    columns: dict[str, Any] = {n: v[kept] for n, v in read.found.items() if n in known}
    columns["event_id"] = [events.ids[i] for i in owner[kept]]
    columns["solution"] = np.minimum(number, np.iinfo(np.int8).max)
    pairs = [read.pairs.get(row, {}) for row in read.rows[kept].tolist()]
    _add_words(columns, pairs, [n for n in COMMENT_COLUMNS if n in known])
    return make_table("solutions", columns, rows=len(kept))


def _hypocenters(events: BlockEvents, rejects: Rejects) -> dict[str, Any]:
    """Hypocenters and magnitudes of events; what is impossible is told and unknown."""
    origins = read_origins(events, rejects)
    place = origins.index()
    columns = place_columns(origins, place)
    for column, mask, reason in place_problems(origins):
        for i in np.flatnonzero(np.append(mask, False)[place]).tolist():
            words = reason(int(place[i]))
            if "missing" not in words:
                line = line_of(events.block, events.rows[i])
                rejects.add(line, "origin", f"{words}; it is left out", event_id=events.ids[i])
                columns[column][i] = np.datetime64("NaT") if column == "origin_time" else np.nan
    magnitude = magnitude_columns(events, rejects)["magnitude"]
    kept = {name: columns[name] for name in _PLACE}
    return kept | {"event_id": events.ids, "magnitude": magnitude}


def _comments(block: Block) -> dict[int, dict[str, str]]:
    """What quakeloom wrote into comments, by the record that they belong to."""
    pairs: dict[int, dict[str, str]] = {}
    for row in block.rows(COMMENT).tolist():
        found = _pairs(block.text(row, FIELD[COMMENT]["text"]))
        if found:
            pairs.setdefault(int(block.records.owner[row]), found)
    return pairs


def _pairs(comment: str) -> dict[str, str]:
    if not comment.startswith(COMMENT_MARK):
        return {}
    head, _, reason = comment[len(COMMENT_MARK) :].partition("reason=")
    found = dict(p.strip().split("=", 1) for p in head.split(";") if "=" in p)
    return {**found, "reason": reason}


def _add_words(
    columns: dict[str, Any], pairs: Sequence[Mapping[str, str]], names: Iterable[str]
) -> None:
    """Put what comments say into columns of their registered types."""
    for name in names:
        if not any(name in p for p in pairs):
            continue
        texts = pa.chunked_array([pa.array([p.get(name) for p in pairs], pa.string())])
        column = convert_column(name, texts, lambda _mask, _reason: None)
        if name in columns:
            given = pa.array([name in p for p in pairs])
            column = pc.if_else(given, column, pa.array(columns[name]).cast(column.type))
        columns[name] = column
