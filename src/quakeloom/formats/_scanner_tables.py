"""Tables that the scanner of QuakeML works by, and the records that it fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Records(NamedTuple):
    """Records that the scanner found, in the order of the document.

    Attributes
    ----------
    kind, owner : ndarray of int32, shape (n,)
        Kind of the record, and the record that contains it (-1 for none).
    line : ndarray of int64, shape (n,)
        Where its start tag is.
    first : ndarray of int64, shape (n,)
        Where the spans of its fields begin.
    repeated : ndarray of int64, shape (n,)
        One bit for every field that is there twice with different texts; the first counts.
    spans : ndarray of int64, shape (m, 2)
        Start and end of every field in the buffer; start is -1 for an absent field. An end
        below -1 is ``-end - 1`` of a text with entities, comments or CDATA inside.
    """

    kind: NDArray[np.int32]
    owner: NDArray[np.int32]
    line: NDArray[np.int64]
    first: NDArray[np.int64]
    repeated: NDArray[np.int64]
    spans: NDArray[np.int64]


_SPANS_PER_RECORD = 14
"""Room for spans per record: an arrival has 8, a pick 16."""


def empty_records(size: int) -> Records:
    """Return room for ``size`` records."""
    return Records(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty((_SPANS_PER_RECORD * size + 64, 2), np.int64),
    )


class Grammar(NamedTuple):
    """The tables of the scanner.

    Attributes
    ----------
    name_bytes, name_start : ndarray
        Known element and attribute names, one after the other; name ``k`` is
        ``name_bytes[name_start[k]:name_start[k + 1]]``; name 0 is empty and means unknown.
    slots : ndarray of int32
        Open-addressing hash table from the hash of a name to its number.
    follow : ndarray of int16, shape (nodes, names)
        Node of a child; 0 is the node of everything that is not read.
    record, text_field : ndarray of int16, shape (nodes,)
        Kind of record that a node starts, or -1; field that its text is, or -1.
    attribute_field : ndarray of int16, shape (nodes, names)
        Field that an attribute is, or -1.
    field_count : ndarray of int64, shape (kinds,)
        Fields of every kind of record.
    """

    name_bytes: NDArray[np.uint8]
    name_start: NDArray[np.int64]
    slots: NDArray[np.int32]
    follow: NDArray[np.int16]
    record: NDArray[np.int16]
    text_field: NDArray[np.int16]
    attribute_field: NDArray[np.int16]
    field_count: NDArray[np.int64]


SLOTS = 512
"""Places of the hash table of names, several times the number of names."""

HASH_FACTOR = 31
"""Factor of the polynomial hash of names."""


def name_hash(name: bytes) -> int:
    """Return the hash of a name as the scanner computes it."""
    value = 0
    for byte in name:
        value = (value * HASH_FACTOR + byte) & 0xFFFFFFFF
    return value


def build_grammar(
    fields: Mapping[int, Sequence[str]],
    records: Mapping[str, int],
    texts: Mapping[str, str],
    attributes: Mapping[tuple[str, str], str],
) -> Grammar:
    """Build the tables of the scanner.

    Parameters
    ----------
    fields : mapping of int to sequence of str
        Fields of every kind of record, from kind 0.
    records : mapping of str to int
        Paths of elements that start a record, and its kind.
    texts : mapping of str to str
        Paths of elements whose text is a field.
    attributes : mapping of (str, str) to str
        Paths and names of attributes that are fields.
    """
    paths = [*records, *texts, *(path for path, _ in attributes)]
    names = sorted({n for p in paths for n in p.split("/")} | {a for _, a in attributes})
    number = {n: i + 1 for i, n in enumerate(names)}
    node_of, follow = _number_nodes(paths, number)
    nodes, count = follow.shape
    record = np.full(nodes, -1, np.int16)
    for path, kind in records.items():
        record[node_of[path]] = kind
    text_field = np.full(nodes, -1, np.int16)
    for path, field in texts.items():
        text_field[node_of[path]] = fields[_kind_of(path, records)].index(field)
    attribute_field = np.full((nodes, count), -1, np.int16)
    for (path, attribute), field in attributes.items():
        index = fields[_kind_of(path, records)].index(field)
        attribute_field[node_of[path], number[attribute]] = index
    encoded = [b"", *(n.encode() for n in names)]
    starts = np.concatenate([[0], np.cumsum([len(n) for n in encoded])]).astype(np.int64)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    field_count = np.array([len(fields[k]) for k in range(len(fields))], np.int64)
    return Grammar(
        data, starts, _slots(encoded), follow, record, text_field, attribute_field, field_count
    )


def _number_nodes(
    paths: Iterable[str], number: Mapping[str, int]
) -> tuple[dict[str, int], NDArray[np.int16]]:
    """Number all places on the paths from 1, the root, and say which follows which."""
    node_of: dict[str, int] = {"": 1}
    edges: list[tuple[int, int, int]] = []
    for path in paths:
        parent = ""
        for part in path.split("/"):
            child = f"{parent}/{part}" if parent else part
            if child not in node_of:
                node_of[child] = len(node_of) + 1
                edges.append((node_of[parent], number[part], node_of[child]))
            parent = child
    follow = np.zeros((len(node_of) + 1, len(number) + 1), np.int16)
    for parent_node, name, child_node in edges:
        follow[parent_node, name] = child_node
    return node_of, follow


def _slots(names: list[bytes]) -> NDArray[np.int32]:
    slots = np.zeros(SLOTS, np.int32)
    for i, name in enumerate(names[1:], start=1):
        slot = name_hash(name) % SLOTS
        while slots[slot]:
            slot = (slot + 1) % SLOTS
        slots[slot] = i
    return slots


def _kind_of(path: str, records: Mapping[str, int]) -> int:
    """The kind of the innermost record on a path."""
    parts = path.split("/")
    for end in range(len(parts), 0, -1):
        kind = records.get("/".join(parts[:end]))
        if kind is not None:
            return kind
    raise ValueError(f"Path '{path}' lies in no record.")
