"""Which arrival of which origin belongs to a pick of QuakeML, and the phase that it names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._quakeml_blocks import FIELD, Integers
from quakeloom.formats._quakeml_columns import BlockEvents, OneKind, as_mask, line_of, match_ids
from quakeloom.formats._quakeml_grammar import ARRIVAL, ORIGIN, PICK
from quakeloom.formats._quakeml_origins import Origins
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Mask


@dataclass(frozen=True)
class LinkedPicks:
    """The picks of a block, each with its arrival and its phase.

    Attributes
    ----------
    rows, event : ndarray of int
        Record of the pick, and its event.
    arrival : ndarray of int
        Arrival of the chosen origin, -1 for none.
    weighed : ndarray of int
        Arrival whose weight and phase count: that one, or that of another origin where the
        chosen one has no arrivals; -1 for none.
    phase : pyarrow.StringArray
        As the arrival says, else as the hint of the pick does.
    """

    rows: Integers
    event: Integers
    arrival: Integers
    weighed: Integers
    phase: pa.Array


def link_picks(events: BlockEvents, origins: Origins, rejects: Rejects) -> LinkedPicks:
    """Find the arrival and the phase of every pick.

    The arrivals of the chosen origin come first. Where it has none, as after a relocation or
    in a bulletin of another agency, those of the origin with the most arrivals say which
    phase was picked; their angles and distances belong to another hypocenter and are not
    taken. A pick that the chosen origin does not use has the phase of its hint, and without
    one that of any arrival.
    """
    block = events.block
    picks = block.rows(PICK)
    event = events.of(picks)
    arrivals, found, chosen = _match(events, origins, picks, event)
    best = _best_arrivals(events, arrivals, found, chosen, len(picks))
    arrival = np.where(best.is_chosen, best.row, -1)
    has_arrivals = np.zeros(len(events.rows), dtype=bool)
    has_arrivals[event[arrival >= 0]] = True
    _tell_lost(events, origins, arrivals[(found < 0)], has_arrivals, rejects)
    _tell_twice(events, arrivals[chosen & (found >= 0)], found[chosen & (found >= 0)], rejects)
    other = (best.row >= 0) & ~best.is_chosen
    weighed = np.where(other & has_arrivals[event], -1, best.row)
    named = OneKind(block, weighed, ARRIVAL).words("phase")
    hint = OneKind(block, picks, PICK).words("phase")
    phase = pc.if_else(pc.equal(named, ""), hint, named)
    last = pc.and_(pc.equal(phase, ""), pa.array(best.row >= 0))
    if pc.any(last).as_py():
        phase = pc.if_else(last, OneKind(block, best.row, ARRIVAL).words("phase"), phase)
    taken = other & (as_mask(pc.not_equal(named, "")) | as_mask(last))
    _tell_other_origin(events, event, best.row, taken, rejects)
    return LinkedPicks(picks, event, arrival, weighed, phase)


@dataclass(frozen=True)
class _Best:
    """The first arrival of every pick, -1 for none, and whether the chosen origin has it."""

    row: Integers
    is_chosen: Mask


def _match(
    events: BlockEvents, origins: Origins, picks: Integers, event: Integers
) -> tuple[Integers, Integers, Mask]:
    """Return all arrivals, the pick of each (-1 for none), and whether its origin is chosen."""
    block = events.block
    arrivals = block.rows(ARRIVAL)
    origin = block.records.owner[arrivals].astype(np.int64)
    of_arrival = events.of(origin)
    found = match_ids(
        event,
        block.texts(picks, FIELD[PICK]["id"]),
        of_arrival,
        block.texts(arrivals, FIELD[ARRIVAL]["pick_id"]),
    )
    return arrivals, found, origins.choice.rows[of_arrival] == origin


def _best_arrivals(
    events: BlockEvents, arrivals: Integers, found: Integers, chosen: Mask, picks: int
) -> _Best:
    row = np.full(picks, -1, np.int64)
    is_chosen = np.zeros(picks, dtype=bool)
    linked = np.flatnonzero(found >= 0)
    if not linked.size:
        return _Best(row, is_chosen)
    if not chosen.all():
        origin = events.block.records.owner[arrivals[linked]]
        size = np.bincount(origin)[origin]
        linked = linked[np.lexsort((linked, -size, ~chosen[linked]))]
    pick, index = np.unique(found[linked], return_index=True)
    row[pick] = arrivals[linked[index]]
    is_chosen[pick] = chosen[linked[index]]
    return _Best(row, is_chosen)


def _tell_lost(
    events: BlockEvents, origins: Origins, lost: Integers, has_arrivals: Mask, rejects: Rejects
) -> None:
    """Count the arrivals of chosen origins whose picks are not in the event."""
    block = events.block
    origin = block.records.owner[lost].astype(np.int64)
    event = events.of(origin)
    counted = (origins.choice.rows[event] == origin) | ~has_arrivals[event]
    counts = np.bincount(event[counted], minlength=len(events.rows))
    for i in np.flatnonzero(counts).tolist():
        rejects.add(
            line_of(block, max(origins.choice.rows[i], 0)),
            "arrival",
            f"{counts[i]} arrivals name picks that are not in the event",
            event_id=events.ids[i],
        )


def _tell_twice(events: BlockEvents, arrivals: Integers, found: Integers, rejects: Rejects) -> None:
    """Tell picks that have two arrivals with different phases at one origin."""
    if len(np.unique(found)) == len(found):
        return
    block, column = events.block, FIELD[ARRIVAL]["phase"]
    first: dict[int, int] = {}
    for row, pick in zip(arrivals.tolist(), found.tolist(), strict=True):
        before = first.setdefault(pick, row)
        phase, used = block.text(row, column), block.text(before, column)
        if before != row and phase != used:
            event = int(events.of(block.records.owner[[row]].astype(np.int64))[0])
            reason = f"its pick has another arrival on line {line_of(block, before)}, which counts"
            rejects.add(line_of(block, row), "arrival", reason, phase, events.ids[event])


def _tell_other_origin(
    events: BlockEvents, event: Integers, row: Integers, taken: Mask, rejects: Rejects
) -> None:
    block = events.block
    for i in np.unique(event[taken]).tolist():
        mine = np.flatnonzero(taken & (event == i))
        origin = int(block.records.owner[row[mine[0]]])
        reason = (
            f"{len(mine)} picks take their phase from the arrivals of another origin than the "
            "chosen one; angles and distances, which belong to its hypocenter, are left out"
        )
        name = block.text(origin, FIELD[ORIGIN]["id"])
        rejects.add(line_of(block, origin), "arrival", reason, name, events.ids[i])
