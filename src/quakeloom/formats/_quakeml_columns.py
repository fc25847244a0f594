"""Numbers, times and texts of QuakeML records of one kind, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats._quakeml_grammar import EVENT, FIELDS
from quakeloom.formats._quakeml_stream import Block
from quakeloom.formats._text_columns import Floats, Mask, parse_floats, parse_times

Integers = NDArray[np.int64]

FIELD = {kind: {name: i for i, name in enumerate(names)} for kind, names in FIELDS.items()}
"""Column of a field in the spans of a kind of record."""


@dataclass(frozen=True)
class BlockEvents:
    """The events of one block.

    Attributes
    ----------
    block : Block
    rows : ndarray of int
        Records of the events.
    number : ndarray of int
        Place of an event among ``rows`` by its record.
    origins : ndarray of int
        Record of the chosen origin of every event, -1 for none.
    ids : list of str
    reasons : list of str
        Why an event is put aside; empty if it is not.
    """

    block: Block
    rows: Integers
    number: Integers
    origins: Integers
    ids: list[str]
    reasons: list[str]


def line_of(block: Block, row: int) -> int:
    """Return the line on which a record starts."""
    return int(block.records.line[row])


def preferred(
    block: Block, events: Integers, number: Integers, kind: int, reference: str
) -> Integers:
    """Return the preferred record of a kind for every event, else its first, else -1.

    Parameters
    ----------
    block : Block
    events : ndarray of int
        Records of the events.
    number : ndarray of int
        Place of an event among ``events`` by its record.
    kind : int
        Which records to choose from.
    reference : str
        Field of the event that names the preferred one.
    """
    rows = block.rows(kind)
    chosen = np.full(len(events), -1, np.int64)
    if not len(rows):
        return chosen
    owner = number[block.records.owner[rows]]
    first, index, count = np.unique(owner, return_index=True, return_counts=True)
    chosen[first] = rows[index]
    for event, start, many in zip(first.tolist(), index.tolist(), count.tolist(), strict=True):
        if many == 1:
            continue
        wanted = block.text(events[event], FIELD[EVENT][reference])
        mine = rows[start : start + many]
        names = block.keys(mine, FIELD[kind]["id"])
        if wanted and wanted.encode() in names:
            chosen[event] = mine[names.index(wanted.encode())]
    return chosen


class OneKind:
    """Numbers and times of chosen records, with what is bad put aside in words."""

    def __init__(self, block: Block, rows: Integers, kind: int) -> None:
        self._block, self._rows, self._fields = block, rows, FIELD[kind]
        self._present = rows >= 0

    def numbers(self, name: str) -> tuple[Floats, Mask]:
        return self._spread(parse_floats(self.texts(name)), np.nan)

    def times(self, name: str) -> tuple[NDArray[np.datetime64], Mask]:
        return self._spread(parse_times(self.texts(name)), np.datetime64("NaT", "ns"))

    def texts(self, name: str) -> pa.Array:
        """The field of the records that are there."""
        return self._block.texts(self._rows[self._present], self._fields[name])

    def text(self, i: int, name: str) -> str:
        return self._block.text(self._rows[i], self._fields[name])

    def _spread(self, parsed: tuple[Any, Mask], missing: Any) -> tuple[Any, Mask]:
        values = np.full(len(self._rows), missing, dtype=parsed[0].dtype)
        bad = np.zeros(len(self._rows), dtype=bool)
        values[self._present], bad[self._present] = parsed
        return values, bad
