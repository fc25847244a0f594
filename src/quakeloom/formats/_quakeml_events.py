"""The table of events of a block of QuakeML, and why events are put aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._quakeml_blocks import FIELD, Block, Integers
from quakeloom.formats._quakeml_columns import BlockEvents, OneKind, choose, line_of
from quakeloom.formats._quakeml_grammar import EVENT, MAGNITUDE
from quakeloom.formats._quakeml_ids import event_id_of
from quakeloom.formats._quakeml_origins import (
    Origins,
    is_rejected_choice,
    place_problems,
    tell_choice,
)
from quakeloom.formats._source_tables import Rejects
from quakeloom.schema import (
    EARTHQUAKE_TYPES,
    is_no_event,
    make_table,
    normalize_event_type,
    out_of_bounds,
)

_SHALLOWEST_KM = 0.1
"""No catalog of earthquakes ends above this depth; numbers that do are other units."""


@dataclass
class QuakemlFile:
    """What is remembered of a file from one block to the next.

    Attributes
    ----------
    name : str
        The file, as ``source_file`` shall name it.
    short_ids : bool
        Event ids are what follows the last ``/``, ``=`` or ``#`` of public ids.
    rejects : Rejects
    seen : dict of str to int
        Lines of the events that were read, by id.
    loose : int
        Picks and origins outside of events.
    unused : Counter of str
        Readings that were passed over: ``amplitudes`` that are none of P or S, ``first
        motions`` of other phases than the first P.
    deepest_km : float
        Largest depth of an event; -1 before there is one.
    """

    name: str
    short_ids: bool
    rejects: Rejects
    seen: dict[str, int] = field(default_factory=dict)
    loose: int = 0
    unused: Counter[str] = field(default_factory=Counter)
    deepest_km: float = -1.0

    def watch_depths(self, events: pa.Table) -> None:
        """Take note of the depths of more events, for :meth:`tell_counts`."""
        earthquakes = pc.is_in(events.column("event_type"), pa.array(["", *EARTHQUAKE_TYPES]))
        depths = events.column("depth_km").filter(earthquakes).to_numpy()
        known = depths[~np.isnan(depths)]
        if known.size:
            self.deepest_km = max(self.deepest_km, float(known.max()))

    def tell_counts(self) -> None:
        """Add rows of what is true of the whole file."""
        if self.loose:
            reason = f"{self.loose} picks or origins stand outside of events and belong to none"
            self.rejects.add(-1, "pick", reason)
        amplitudes, motions = self.unused["amplitudes"], self.unused["first motions"]
        if amplitudes:
            reason = (
                f"{amplitudes} amplitudes belong to magnitudes, or to no pick of P or S; they are "
                "not read"
            )
            self.rejects.add(-1, "amplitude", reason)
        if motions:
            reason = (
                f"{motions} first motions belong to other phases than the first P; they are not "
                "used"
            )
            self.rejects.add(-1, "polarity", reason)
        if 0.0 < self.deepest_km < _SHALLOWEST_KM:
            reason = (
                f"the deepest event is {1000.0 * self.deepest_km:g} m deep; if these are "
                "kilometers, the file is wrong: depths of QuakeML are meters"
            )
            self.rejects.add(-1, "file", reason)


def find_events(block: Block, rows: Integers, file: QuakemlFile) -> BlockEvents:
    """Return the events of a block; one without a public id is named by its line."""
    number = np.full(block.count, -1, np.int64)
    number[rows] = np.arange(len(rows))
    stem = Path(file.name).name
    ids = [
        event_id_of(text.strip(), file.short_ids)
        if text and text.strip()
        else f"{stem}:{line_of(block, row)}"
        for text, row in zip(block.texts(rows, FIELD[EVENT]["id"]).to_pylist(), rows, strict=True)
    ]
    return BlockEvents(block, rows, number, ids)


def tell_repeated_fields(events: BlockEvents, rejects: Rejects) -> None:
    """Add a row for every field that is given twice with different texts."""
    block = events.block
    for row, words, text in block.repeated_fields():
        top = row
        while block.records.owner[top] >= 0:
            top = int(block.records.owner[top])
        event = int(events.number[top])
        reason = f"the {words} is given more than once; the first is used"
        word = words.rsplit(" ", 1)[1]
        rejects.add(
            line_of(block, row), word, reason, text, events.ids[event] if event >= 0 else ""
        )


def event_types(events: BlockEvents) -> list[str]:
    """Return the types of the events in the words of the registry, empty where not said."""
    words = events.block.texts(events.rows, FIELD[EVENT]["type"]).to_pylist()
    known = {word: normalize_event_type(word) if word else "" for word in set(words)}
    return [known[word] for word in words]


def read_events(
    events: BlockEvents, origins: Origins, file: QuakemlFile
) -> tuple[pa.Table, list[str]]:
    """Return the table of the events that are good, and why each of the others is put aside.

    Reasons are empty for good events. An event is put aside if its type says that there is
    none, if the source rejects its preferred origin, without a usable hypocenter, and the
    second time that its id comes.
    """
    block, place = events.block, origins.index()
    types = event_types(events)
    reasons = [f"its type is '{t}'" if is_no_event(t) else "" for t in types]

    def blame(i: int, reason: str) -> None:
        reasons[i] = reasons[i] or reason

    for i in np.flatnonzero(place < 0).tolist():
        blame(i, "it has no origin")
    for i in np.flatnonzero(is_rejected_choice(origins)).tolist():
        blame(i, "the source has rejected its origin")
    there = place >= 0
    for _, mask, reason in place_problems(origins):
        of_event = np.zeros(len(place), dtype=bool)
        of_event[there] = mask[place[there]]
        for i in np.flatnonzero(of_event).tolist():
            blame(i, reason(int(place[i])))
    for i, event_id in enumerate(events.ids):
        line = line_of(block, events.rows[i])
        if not reasons[i] and event_id in file.seen:
            reasons[i] = f"doubled event: its id is also that of line {file.seen[event_id]}"
        if reasons[i]:
            file.rejects.add(line, "event", reasons[i], event_id, event_id)
        else:
            file.seen[event_id] = line
    columns = place_columns(origins, place) | magnitude_columns(events, file.rejects)
    columns |= {
        "event_id": events.ids,
        "event_type": types,
        "source_file": [file.name] * len(events.ids),
        "source_line": block.records.line[events.rows],
    }
    good = pa.array([not reason for reason in reasons])
    return make_table("events", columns, rows=len(events.ids)).filter(good), reasons


def place_columns(origins: Origins, place: Integers) -> dict[str, Any]:
    """Return hypocenters with errors by the places of their origins, missing for -1."""
    columns: dict[str, Any] = {}
    there = place >= 0
    time = np.full(len(place), np.datetime64("NaT", "ns"))
    time[there] = origins.time[place[there]]
    columns["origin_time"] = time
    for name, values in origins.values.items():
        if name != "origin_error_s":
            column = np.full(len(place), np.nan)
            column[there] = values[place[there]]
            columns[name] = column
    return columns


def magnitude_columns(events: BlockEvents, rejects: Rejects) -> dict[str, Any]:
    """Return the magnitude of every event with its type; an impossible one is told."""
    choice = choose(events, MAGNITUDE, "magnitude_id")
    tell_choice(events, choice, "magnitude", "magnitude_id", rejects)
    records = OneKind(events.block, choice.rows, MAGNITUDE)
    values, bad = records.numbers("mag")
    bad = bad | out_of_bounds("magnitude", values)
    for i in np.flatnonzero(bad).tolist():
        text = records.text(i, "mag")
        reason = f"magnitude '{text}' is impossible; the event is kept without"
        rejects.add(records.line(i), "magnitude", reason, text, events.ids[i])
    values = np.where(bad, np.nan, values)
    missing = pa.array(np.isnan(values))
    types = pc.if_else(missing, "", records.words("type"))
    return {"magnitude": values, "magnitude_type": types}
