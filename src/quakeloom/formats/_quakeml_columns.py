"""Numbers, times and texts of QuakeML records of one kind, as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._quakeml_blocks import FIELD, Block, Integers
from quakeloom.formats._quakeml_grammar import EVENT
from quakeloom.formats._text_columns import NOT_A_TIME, Floats, Mask, parse_floats, parse_times

Blame = Callable[[Mask, Callable[[int], str]], None]
"""Called with a mask and the reason for a row that it marks."""

_WHOLE_TIME = 19
"""Letters of a time with its seconds, such as 2020-01-31T12:34:56."""
_SECONDS = r"(:\d\d:\d\d|[T ]\d{6})"
"""What a time has that says its seconds."""


@dataclass(frozen=True)
class Choice:
    """Which record of a kind stands for every event, and how it was chosen.

    Attributes
    ----------
    rows : ndarray of int
        Record of every event, -1 for none.
    count : ndarray of int
        How many records of the kind the event has.
    dangling : ndarray of bool
        The event prefers a record that it does not have.
    named : ndarray of bool
        The event prefers the record.
    """

    rows: Integers
    count: Integers
    dangling: Mask
    named: Mask


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
    ids : list of str
    """

    block: Block
    rows: Integers
    number: Integers
    ids: list[str]

    def of(self, rows: Integers) -> Integers:
        """Return the events that own some records."""
        owner = self.block.records.owner[rows].astype(np.int64)
        return np.where(owner >= 0, self.number[owner], -1)


def as_mask(column: pa.Array) -> Mask:
    """Return a column of truth values as a mask."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)


def line_of(block: Block, row: int) -> int:
    """Return the line on which a record starts."""
    return int(block.records.line[row])


def match_ids(event: Integers, ids: pa.Array, of: Integers, wanted: pa.Array) -> Integers:
    """Return which record has the wanted id in the wanted event, -1 for none.

    Parameters
    ----------
    event : ndarray of int, shape (n,)
        Event of every record.
    ids : pyarrow.StringArray, length n
        Id of every record; the first of equal ones counts, an empty one none.
    of : ndarray of int, shape (m,)
        Event of every reference.
    wanted : pyarrow.StringArray, length m

    Returns
    -------
    ndarray of int, shape (m,)
    """
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1, np.int64)
    both = pc.utf8_trim_whitespace(pa.concat_arrays([ids, wanted]).fill_null(""))
    encoded = both.dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    size = len(encoded.dictionary)
    keys = event * size + codes[: len(ids)]
    order = np.argsort(keys, kind="stable")
    wanted_keys = of * size + codes[len(ids) :]
    place = np.minimum(np.searchsorted(keys[order], wanted_keys), len(keys) - 1)
    found = order[place]
    empty = as_mask(pc.equal(both.slice(len(ids)), ""))
    missing = (keys[found] != wanted_keys) | empty
    return np.asarray(np.where(missing, -1, found), np.int64)


def choose(events: BlockEvents, kind: int, reference: str) -> Choice:
    """Choose a record of a kind for every event: the preferred, else the first.

    Where none is preferred, records that the source has rejected come last.

    Parameters
    ----------
    events : BlockEvents
    kind : int
        Which records to choose from.
    reference : str
        Field of the event that names the preferred one.
    """
    block = events.block
    rows = block.rows(kind)
    none = np.zeros(len(events.rows), dtype=bool)
    chosen = np.full(len(events.rows), -1, np.int64)
    wanted = block.texts(events.rows, FIELD[EVENT][reference])
    said = as_mask(pc.not_equal(pc.utf8_trim_whitespace(wanted.fill_null("")), ""))
    if not len(rows):
        return Choice(chosen, np.zeros(len(chosen), np.int64), said, none)
    owner = events.of(rows)
    count = np.bincount(owner[owner >= 0], minlength=len(events.rows))
    preferred = match_ids(
        owner, block.texts(rows, FIELD[kind]["id"]), np.arange(len(events.rows)), wanted
    )
    late = is_rejected(block, rows, kind)
    order = np.lexsort((np.arange(len(rows)), late, owner))
    first, index = np.unique(owner[order], return_index=True)
    chosen[first] = rows[order[index]]
    chosen = np.where(preferred >= 0, rows[preferred], chosen)
    return Choice(chosen, count, said & (preferred < 0), preferred >= 0)


def is_rejected(block: Block, rows: Integers, kind: int) -> Mask:
    """Say which records the source itself calls rejected."""
    column = FIELD[kind]["status"]
    present = rows >= 0
    mask = np.zeros(len(rows), dtype=bool)
    if block.has(rows[present], column):
        words = pc.utf8_lower(pc.utf8_trim_whitespace(block.texts(rows[present], column)))
        mask[present] = as_mask(pc.equal(words, "rejected").fill_null(False))
    return mask


class OneKind:
    """Numbers and times of chosen records, with what is bad put aside in words."""

    def __init__(self, block: Block, rows: Integers, kind: int) -> None:
        self.block, self.rows, self._fields = block, rows, FIELD[kind]
        self._present = rows >= 0
        self._there = rows[self._present]

    def has(self, name: str) -> bool:
        """Say whether any of the records has the field."""
        return self.block.has(self._there, self._fields[name])

    def numbers(self, name: str) -> tuple[Floats, Mask]:
        """Return a field as numbers, NaN where absent, and where it is no number."""
        if not self.has(name):
            return np.full(len(self.rows), np.nan), np.zeros(len(self.rows), dtype=bool)
        return self._spread(parse_floats(self.texts(name)), np.nan)

    def times(self, name: str) -> tuple[NDArray[np.datetime64], Mask]:
        """Return a field as times, NaT where absent, and where it is no time with seconds."""
        texts = self.texts(name)
        times, bad = parse_times(texts)
        shortest = pc.min(pc.binary_length(texts)).as_py()
        if shortest is not None and shortest < _WHOLE_TIME:
            whole = pc.match_substring_regex(texts, _SECONDS).fill_null(True)
            bad = bad | (~as_mask(whole) & ~np.isnat(times))
            times = np.where(bad, NOT_A_TIME, times)
        return self._spread((times, bad), NOT_A_TIME)

    def texts(self, name: str) -> pa.Array:
        """Return the field of the records that are there, null where absent."""
        return self.block.texts(self._there, self._fields[name])

    def words(self, name: str) -> pa.Array:
        """Return the field of all records, trimmed, empty where absent."""
        words = pc.utf8_trim_whitespace(self.texts(name).fill_null(""))
        if self._present.all():
            return words
        place = np.where(self._present, np.cumsum(self._present) - 1, len(words))
        return pa.concat_arrays([words, pa.array([""])]).take(pa.array(place))

    def text(self, i: int, name: str) -> str:
        """Return the field of one record; empty if it is absent."""
        return self.block.text(self.rows[i], self._fields[name]) if self._present[i] else ""

    def line(self, i: int) -> int:
        """Return the line on which a record starts, -1 if there is none."""
        return line_of(self.block, self.rows[i]) if self._present[i] else -1

    def _spread(self, parsed: tuple[Any, Mask], missing: Any) -> tuple[Any, Mask]:
        values = np.full(len(self.rows), missing, dtype=parsed[0].dtype)
        bad = np.zeros(len(self.rows), dtype=bool)
        values[self._present], bad[self._present] = parsed
        return values, bad
