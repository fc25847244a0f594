"""SeisComP ML as QuakeML: the records of a document, put below the events they belong to.

In SeisComP ML picks, amplitudes, origins and mechanisms stand beside the events, which name
their origins and mechanisms; magnitudes stand in their origin. The units of depths and of the
errors of places are kilometers (https://www.seiscomp.de/doc/base/api-datamodel-python.html).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from quakeloom.formats._quakeml_blocks import FIELD, Block, Integers
from quakeloom.formats._quakeml_grammar import (
    AMPLITUDE,
    ARRIVAL,
    COMMENT,
    EVENT,
    MAGNITUDE,
    MECHANISM,
    ORIGIN,
    PICK,
    REFERENCE,
)
from quakeloom.formats._scanner_tables import Records
from quakeloom.formats._source_tables import Rejects


def copy_block(block: Block) -> Block:
    """Return a block with records of its own, no longer than needed."""
    records, count = block.records, block.count
    used = int(records.first[:count].max(initial=0)) + max(len(f) for f in FIELD.values())
    copied = Records(
        records.kind[:count].copy(),
        records.owner[:count].copy(),
        records.line[:count].copy(),
        records.first[:count].copy(),
        records.repeated[:count].copy(),
        records.spans[:used].copy(),
    )
    return Block(block.data, copied, count, block.units_per_km)


def collect_events(blocks: list[Block], rejects: Rejects) -> Block:
    """Return one block in which everything that an event refers to stands below it.

    Origins and mechanisms belong to the events that name them, magnitudes and arrivals to
    their origins, picks to the arrivals that use them, amplitudes to their picks. What no
    event refers to is counted in one row of ``rejects``.
    """
    whole = _join(blocks)
    families = _Families(whole)
    rows: list[int] = []
    owners: list[int] = []
    for event in whole.rows(EVENT).tolist():
        mine = len(rows)
        rows.append(event)
        owners.append(-1)
        for row, owner in families.members(event):
            owners.append(mine if owner < 0 else mine + 1 + owner)
            rows.append(row)
    families.count_left(rows, rejects)
    return _take(whole, np.array(rows, np.int64), np.array(owners, np.int32))


class _Families:
    """What belongs to what in a document of SeisComP ML."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._of = {kind: self._by_id(kind) for kind in (ORIGIN, PICK, MECHANISM)}
        self._children = {
            kind: self._by_owner(kind) for kind in (ARRIVAL, MAGNITUDE, COMMENT, REFERENCE)
        }
        self._missing = 0
        self._amplitudes: dict[str, list[int]] = defaultdict(list)
        for row in block.rows(AMPLITUDE).tolist():
            self._amplitudes[block.text(row, FIELD[AMPLITUDE]["pick_id"])].append(row)

    def members(self, event: int) -> Iterator[tuple[int, int]]:
        """Give the records of an event and their owners: -1 for the event, else the place of
        the owner among the records given."""
        place = 0
        for comment in self._children[COMMENT][event]:
            yield comment, -1
            place += 1
        names = dict.fromkeys(
            [self._block.text(r, FIELD[REFERENCE]["id"]) for r in self._children[REFERENCE][event]]
            + [self._block.text(event, FIELD[EVENT][f]) for f in ("origin_id", "mechanism_id")]
        )
        for reference in self._children[REFERENCE][event]:
            name = self._block.text(reference, FIELD[REFERENCE]["id"])
            self._missing += name not in self._of[ORIGIN] and name not in self._of[MECHANISM]
        picks: dict[str, None] = {}
        for origin in self._found(ORIGIN, names):
            mine = place
            yield origin, -1
            for arrival in self._children[ARRIVAL][origin]:
                yield arrival, mine
                picks[self._block.text(arrival, FIELD[ARRIVAL]["pick_id"])] = None
            for magnitude in self._children[MAGNITUDE][origin]:
                yield magnitude, -1
            place += (
                1 + len(self._children[ARRIVAL][origin]) + len(self._children[MAGNITUDE][origin])
            )
        for pick in self._found(PICK, picks):
            yield pick, -1
            place += 1
        for name in picks:
            for amplitude in self._amplitudes.get(name, ()):
                yield amplitude, -1
                place += 1
        for mechanism in self._found(MECHANISM, names):
            mine = place
            yield mechanism, -1
            for comment in self._children[COMMENT][mechanism]:
                yield comment, mine
            place += 1 + len(self._children[COMMENT][mechanism])

    def count_left(self, used: Iterable[int], rejects: Rejects) -> None:
        """Say how many picks, origins and mechanisms no event refers to, or are not there."""
        taken = set(used)
        left = {
            word: sum(row not in taken for row in self._block.rows(kind).tolist())
            for kind, word in ((PICK, "picks"), (ORIGIN, "origins"), (MECHANISM, "mechanisms"))
        }
        if self._missing:
            reason = f"{self._missing} references name origins or mechanisms that are not there"
            rejects.add(-1, "origin", reason)
        if any(left.values()):
            words = ", ".join(f"{count} {word}" for word, count in left.items() if count)
            rejects.add(-1, "pick", f"{words} belong to no event of the document")

    def _found(self, kind: int, names: Iterable[str]) -> list[int]:
        rows = (self._of[kind].get(name) for name in names)
        return list(dict.fromkeys(row for row in rows if row is not None))

    def _by_id(self, kind: int) -> dict[str, int]:
        rows: dict[str, int] = {}
        for row in self._block.rows(kind).tolist():
            rows.setdefault(self._block.text(row, FIELD[kind]["id"]), row)
        rows.pop("", None)
        return rows

    def _by_owner(self, kind: int) -> dict[int, list[int]]:
        rows: dict[int, list[int]] = defaultdict(list)
        for row in self._block.rows(kind).tolist():
            rows[int(self._block.records.owner[row])].append(row)
        return rows


def _join(blocks: list[Block]) -> Block:
    """Return the records of all blocks in one, as if their bytes were one buffer."""
    if len(blocks) == 1:
        return blocks[0]
    parts: list[Records] = []
    data: list[bytes] = []
    size = row = place = 0
    for block in blocks:
        kind, owner, line, first, repeated, spans = block.records
        spans = np.where(spans >= 0, spans + size, np.where(spans < -1, spans - size, spans))
        owner = np.where(owner >= 0, owner + row, owner).astype(np.int32)
        parts.append(Records(kind, owner, line, first + place, repeated, spans))
        data.append(block.data)
        size, row, place = size + len(block.data), row + block.count, place + len(spans)
    records = Records(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return Block(b"".join(data), records, row, blocks[0].units_per_km)


def _take(block: Block, rows: Integers, owners: np.ndarray) -> Block:
    kind, _, line, first, repeated, spans = block.records
    records = Records(kind[rows], owners, line[rows], first[rows], repeated[rows], spans)
    return Block(block.data, records, len(rows), block.units_per_km)
