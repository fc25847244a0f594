"""The scanner of QuakeML: one pass over the bytes, fields as spans.

It is a small XML parser for documents without a DTD: elements, attributes in either quote
and any order, comments, CDATA, processing instructions, namespaces. It checks that tags
nest and that attributes are quoted; it does not check the characters of names or the
uniqueness of attributes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.formats._quakeml_tags import (
    BROKEN,
    CAPTURE_MIXED,
    COMMITTED,
    DECLARATION,
    GOING,
    LINE,
    MAX_DEPTH,
    MORE,
    NEW_DOCUMENT,
    PLACE,
    PLACE_LINE,
    POSITION,
    STATE_SIZE,
    Document,
    Elements,
    close_element,
    open_element,
    stop_scan,
)
from quakeloom.formats._quakeml_tokens import (
    CUT,
    DECLARED,
    EXCLAMATION,
    OTHERWISE,
    QUESTION,
    SLASH,
    skip_aside,
    skip_text,
)
from quakeloom.formats._scanner_tables import Grammar, Records


class Scan(NamedTuple):
    """How far a scan came; see :func:`scan_block`."""

    status: int
    committed: int
    """Records that belong to complete children of eventParameters."""
    position: int
    """Byte after the last complete child of eventParameters."""
    line: int
    """Line of that byte."""
    problem: int
    """Index into :data:`PROBLEMS`."""
    problem_position: int
    problem_line: int


def make_document(prefixes: list[bytes], uri: bytes, parent: bytes) -> Document:
    """Return how the elements of a document are written; see :class:`Document`."""
    return Document(
        np.frombuffer(b"".join(prefixes), np.uint8),
        np.cumsum([len(p) for p in prefixes]).astype(np.int64),
        np.frombuffer(uri, np.uint8),
        np.frombuffer(parent, np.uint8),
    )


def scan_block(
    data: NDArray[np.uint8],
    start: int,
    line: int,
    document: Document,
    grammar: Grammar,
    records: Records,
) -> Scan:
    """Scan the content of eventParameters, from ``start`` to the end of the buffer.

    Parameters
    ----------
    data : ndarray of uint8
        UTF-8 text.
    start, line : int
        Where to begin, between two children of eventParameters, and its line number.
    document : Document
    grammar : Grammar
    records : Records
        Room for the result.
    """
    elements = Elements(
        np.zeros(MAX_DEPTH, np.int64),
        np.full(MAX_DEPTH, -1, np.int64),
        np.zeros((MAX_DEPTH, 2), np.int64),
    )
    elements.node[0] = 1
    state = np.zeros(STATE_SIZE, np.int64)
    state[POSITION], state[LINE] = start, line
    status = _scan(data, document, grammar, records, elements, state)
    return Scan(int(status), *(int(v) for v in state[COMMITTED:]))


@compiled(nogil=True, _nrt=False)
def _scan(data, document, grammar, records, elements, state):  # type: ignore[no-untyped-def]
    """Walk from tag to tag until something other than GOING is said; return it."""
    i, line = state[POSITION], state[LINE]
    size = data.size
    status = GOING
    while status == GOING:
        i, line, entity = skip_text(data, i, line)
        if entity:
            state[CAPTURE_MIXED] = 1
        if i + 1 >= size:
            state[PLACE], state[PLACE_LINE] = i, line
            return MORE
        byte = data[i + 1]
        if byte == EXCLAMATION or byte == QUESTION:  # "in" is slower  # noqa: SIM109
            state[CAPTURE_MIXED] = 1
            outcome, j, next_line = skip_aside(data, i, line)
            if outcome == CUT:
                status = stop_scan(state, MORE, 0, i, line)
            elif outcome == OTHERWISE:
                status = stop_scan(state, BROKEN, DECLARATION, i, line)
            elif outcome == DECLARED:
                status = stop_scan(state, BROKEN, NEW_DOCUMENT, i, line)
            i, line = j, next_line
        elif byte == SLASH:
            status, i, line = close_element(
                data, document, grammar, records, elements, state, i, line
            )
        else:
            status, i, line = open_element(
                data, document, grammar, records, elements, state, i, line
            )
    return status
