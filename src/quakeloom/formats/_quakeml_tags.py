"""Start and end tags of QuakeML in compiled code: they start records and fill their fields."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.formats._quakeml_grammar import EVENT
from quakeloom.formats._quakeml_tokens import (
    CUT,
    GREATER,
    NEWLINE,
    SLASH,
    UNQUOTED,
    WHOLE,
    WRONG,
    declares_namespace,
    inlined,
    read_attribute_name,
    read_attribute_value,
    read_name,
    same_bytes,
    skip_blanks,
)
from quakeloom.formats._scanner_tables import SLOTS

GOING, MORE, DONE, BROKEN, FULL = range(5)
"""What the scanner says: it goes on, give more bytes, end of the document, not well-formed, or
the record arrays are too small."""

MAX_DEPTH = 60
"""Elements that may be open at once; QuakeML needs 9."""

PROBLEMS = (
    "",
    "a tag is closed that is not the open one",
    'an attribute is not written name="value"',
    "'<' stands inside an attribute value",
    "a declaration stands where none may",
    f"elements are nested more than {MAX_DEPTH} deep",
    "a tag has no name",
    "an event starts inside another one, whose end tag is missing",
    "another document starts before this one has ended",
)
"""What is wrong with a document that is not well-formed."""

(
    _,
    _CLOSED_WRONG,
    _BAD_ATTRIBUTE,
    _LESS_IN_VALUE,
    DECLARATION,
    _TOO_DEEP,
    _NO_NAME,
    _EVENT_INSIDE,
    NEW_DOCUMENT,
) = range(len(PROBLEMS))
"""Problems, which are indices into :data:`PROBLEMS`."""

(
    DEPTH,
    USED,
    USED_SPANS,
    CAPTURE,
    CAPTURE_START,
    CAPTURE_MIXED,
    COMMITTED,
    POSITION,
    LINE,
    PROBLEM,
    PLACE,
    PLACE_LINE,
) = range(12)
"""Where the scanner keeps its numbers: open elements; records and spans in use; the depth of
the element whose text is a field, where that text begins, whether it holds markup; records,
place and line after the last complete child of eventParameters; what is wrong, where, on which
line."""

STATE_SIZE = 12
"""How many numbers that are."""


class Document(NamedTuple):
    """How the elements of one document are written, as bytes.

    Attributes
    ----------
    prefixes : ndarray of uint8
        Namespace prefixes of QuakeML elements, one after the other.
    prefix_ends : ndarray of int64
        Where each of them ends; an empty one stands for the default namespace.
    uri : ndarray of uint8
        The namespace of QuakeML elements; a default namespace that is declared anew with
        another URI hides its element.
    parent : ndarray of uint8
        The name of eventParameters as written, whose end tag ends the document.
    """

    prefixes: NDArray[np.uint8]
    prefix_ends: NDArray[np.int64]
    uri: NDArray[np.uint8]
    parent: NDArray[np.uint8]


class Elements(NamedTuple):
    """The open elements: their nodes, the records that they belong to, and their names."""

    node: NDArray[np.int64]
    owner: NDArray[np.int64]
    name: NDArray[np.int64]


@inlined
def stop_scan(state, status, problem, i, line):  # type: ignore[no-untyped-def]
    """Note what stops the scan, and where; return the status."""
    state[PROBLEM] = problem
    state[PLACE] = i
    state[PLACE_LINE] = line
    return status


@inlined
def _commit(state, i, line):  # type: ignore[no-untyped-def]
    """Note that a child of eventParameters is complete."""
    state[COMMITTED] = state[USED]
    state[POSITION] = i
    state[LINE] = line


@inlined
def close_element(data, document, grammar, records, elements, state, tag, line):  # type: ignore[no-untyped-def]
    """Read an end tag; the text before it becomes a field if it is one."""
    size = data.size
    depth = state[DEPTH]
    end, _colon, _value = read_name(data, tag + 2)
    i, after = end, line
    while i < size and data[i] != GREATER:
        if data[i] == NEWLINE:
            after += 1
        i += 1
    if i >= size:
        return stop_scan(state, MORE, 0, tag, line), i, line
    i += 1
    if end == tag + 2:
        return stop_scan(state, BROKEN, _NO_NAME, tag, line), i, line
    if depth == 0:
        if same_bytes(data, tag + 2, end, document.parent, 0, document.parent.size):
            _commit(state, i, after)
            return stop_scan(state, DONE, 0, i, after), i, after
        return stop_scan(state, BROKEN, _CLOSED_WRONG, tag, line), i, line
    if not same_bytes(data, tag + 2, end, data, elements.name[depth, 0], elements.name[depth, 1]):
        return stop_scan(state, BROKEN, _CLOSED_WRONG, tag, line), i, line
    if state[CAPTURE] == depth:
        field = grammar.text_field[elements.node[depth]]
        stop = -tag - 1 if state[CAPTURE_MIXED] else tag
        _keep_span(data, records, elements.owner[depth], field, state[CAPTURE_START], stop)
        state[CAPTURE] = 0
    state[DEPTH] = depth - 1
    if depth == 1:
        _commit(state, i, after)
    return GOING, i, after


@inlined
def _keep_span(data, records, row, field, begin, end):  # type: ignore[no-untyped-def]
    """Keep a field unless it is there; one that comes again with another text is marked."""
    k = records.first[row] + field
    old = records.spans[k, 0]
    if old < 0:
        records.spans[k, 0] = begin
        records.spans[k, 1] = end
        return
    old_end = records.spans[k, 1]
    if not same_bytes(
        data,
        old,
        -old_end - 1 if old_end < -1 else old_end,
        data,
        begin,
        -end - 1 if end < -1 else end,
    ):
        records.repeated[row] |= 1 << field


@inlined
def _find_name(data, begin, end, value, grammar):  # type: ignore[no-untyped-def]
    """Return the number of a name by its hash, 0 if it is not known."""
    slot = value % SLOTS
    while grammar.slots[slot] > 0:
        k = grammar.slots[slot]
        if same_bytes(
            data, begin, end, grammar.name_bytes, grammar.name_start[k], grammar.name_start[k + 1]
        ):
            return k
        slot = (slot + 1) % SLOTS
    return 0


@inlined
def _has_prefix(data, begin, end, document):  # type: ignore[no-untyped-def]
    """Say whether a prefix is one of the document's."""
    place = 0
    for k in range(document.prefix_ends.size):
        if same_bytes(data, begin, end, document.prefixes, place, document.prefix_ends[k]):
            return True
        place = document.prefix_ends[k]
    return False


@inlined
def _start_record(grammar, records, state, kind, owner, line):  # type: ignore[no-untyped-def]
    """Make a record without fields; return its number, -1 if there is no room."""
    row = state[USED]
    first = state[USED_SPANS]
    count = grammar.field_count[kind]
    if row >= records.kind.size or first + count > records.spans.shape[0]:
        return -1
    records.kind[row] = kind
    records.owner[row] = owner
    records.line[row] = line
    records.first[row] = first
    records.repeated[row] = 0
    for k in range(first, first + count):
        records.spans[k, 0] = -1
        records.spans[k, 1] = -1
    state[USED] = row + 1
    state[USED_SPANS] = first + count
    return row


@inlined
def open_element(data, document, grammar, records, elements, state, tag, line):  # type: ignore[no-untyped-def]
    """Read a start tag with its attributes; start a record if the element is one."""
    depth = state[DEPTH]
    begin = tag + 1
    end, colon, value = read_name(data, begin)
    if end >= data.size:
        return stop_scan(state, MORE, 0, tag, line), end, line
    if end == begin:
        return stop_scan(state, BROKEN, _NO_NAME, tag, line), end, line
    if depth + 1 >= MAX_DEPTH:
        return stop_scan(state, BROKEN, _TOO_DEEP, tag, line), end, line
    node = 0
    parent = elements.node[depth]
    if parent > 0 and _has_prefix(data, begin, begin if colon < 0 else colon, document):
        name = _find_name(data, begin if colon < 0 else colon + 1, end, value, grammar)
        if name > 0:
            node = grammar.follow[parent, name]
            top = grammar.follow[1, name]
            if depth > 0 and top > 0 and grammar.record[top] == EVENT:
                return stop_scan(state, BROKEN, _EVENT_INSIDE, tag, line), end, line
    owner = elements.owner[depth]
    if node > 0 and grammar.record[node] >= 0:
        owner = _start_record(grammar, records, state, grammar.record[node], owner, line)
        if owner < 0:
            return stop_scan(state, FULL, 0, tag, line), end, line
    name_span = (begin, end, colon)
    outcome, i, after, node, empty = _read_attributes(
        data, document, grammar, records, state, name_span, (node, owner), line
    )
    if outcome == MORE:
        return stop_scan(state, MORE, 0, tag, line), i, line
    if outcome == BROKEN:
        return BROKEN, i, line
    state[CAPTURE] = 0
    if empty:
        if depth == 0:
            _commit(state, i, after)
        return GOING, i, after
    depth += 1
    state[DEPTH] = depth
    elements.node[depth] = node
    elements.owner[depth] = owner if node > 0 else -1
    elements.name[depth, 0] = begin
    elements.name[depth, 1] = end
    if node > 0 and grammar.text_field[node] >= 0 and owner >= 0:
        state[CAPTURE] = depth
        state[CAPTURE_START] = i
        state[CAPTURE_MIXED] = 0
    return GOING, i, after


@inlined
def _read_attributes(data, document, grammar, records, state, name, place, line):  # type: ignore[no-untyped-def]
    """Read the attributes of a tag up to its end.

    Returns what stops it (GOING for nothing), the place and line after the tag, the node of
    the element (0 if a namespace that is not QuakeML's is declared for it) and whether the
    element is empty.
    """
    begin, end, colon = name
    node, owner = place
    size = data.size
    i = end
    while True:
        i, line = skip_blanks(data, i, line)
        if i >= size or (i + 1 >= size and data[i] != GREATER):
            return MORE, i, line, node, False
        if data[i] == GREATER:
            return GOING, i + 1, line, node, False
        if data[i] == SLASH:
            if data[i + 1] != GREATER:
                return stop_scan(state, BROKEN, _BAD_ATTRIBUTE, i, line), i, line, node, True
            return GOING, i + 2, line, node, True
        a0 = i
        outcome, i, line, a1, value = read_attribute_name(data, i, line)
        if outcome == CUT:
            return MORE, i, line, node, False
        if outcome == WRONG:
            return stop_scan(state, BROKEN, _BAD_ATTRIBUTE, i, line), i, line, node, False
        v0 = i + 1
        outcome, i, line, entity = read_attribute_value(data, i, line)
        if outcome == CUT:
            return MORE, i, line, node, False
        if outcome != WHOLE:
            problem = _BAD_ATTRIBUTE if outcome == UNQUOTED else _LESS_IN_VALUE
            return stop_scan(state, BROKEN, problem, i, line), i, line, node, False
        v1 = i - 1
        if node == 0:
            continue
        number = _find_name(data, a0, a1, value, grammar)
        field = grammar.attribute_field[node, number] if number > 0 else -1
        if field >= 0:
            _keep_span(data, records, owner, field, v0, -v1 - 1 if entity else v1)
        elif declares_namespace(data, a0, a1, begin, colon) and not same_bytes(
            data, v0, v1, document.uri, 0, document.uri.size
        ):
            if grammar.record[node] >= 0:
                state[USED] = owner
                state[USED_SPANS] = records.first[owner]
            node = 0
