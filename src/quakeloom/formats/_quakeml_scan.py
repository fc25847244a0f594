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
from quakeloom.formats._quakeml_grammar import SLOTS, Grammar, Records

MORE, DONE, BROKEN, FULL = range(4)
"""What the scanner says: give more bytes, end of the document, not well-formed, or the
record arrays are too small."""

PROBLEMS = (
    "",
    "a tag is closed that is not the open one",
    'an attribute is not written name="value"',
    "'<' stands inside an attribute value",
    "a declaration stands where none may",
    "elements are nested more than 60 deep",
    "a tag has no name",
    "an event starts inside another one, whose end tag is missing",
)

_MAX_DEPTH = 60


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


def scan_block(
    data: NDArray[np.uint8],
    start: int,
    line: int,
    prefixes: list[bytes],
    uri: bytes,
    parent: bytes,
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
    prefixes : list of bytes
        Namespace prefixes of QuakeML elements, empty for the default namespace.
    uri : bytes
        The namespace of QuakeML elements; a default namespace that is declared anew with
        another URI hides its element.
    parent : bytes
        The name of eventParameters as written, whose end tag ends the document.
    grammar : Grammar
    records : Records
        Room for the result.
    """
    joined = np.frombuffer(b"".join(prefixes), np.uint8)
    ends = np.cumsum([len(p) for p in prefixes]).astype(np.int64)
    raw = _scan(
        data,
        start,
        line,
        joined,
        ends,
        np.frombuffer(uri, np.uint8),
        np.frombuffer(parent, np.uint8),
        grammar.name_bytes,
        grammar.name_start,
        grammar.slots,
        grammar.follow,
        grammar.record,
        grammar.text_field,
        grammar.attribute_field,
        records.kind,
        records.owner,
        records.line,
        records.offset,
        records.spans,
    )
    return Scan(*(int(v) for v in raw))


@compiled(nogil=True)
def _same(a, a0, a1, b, b0, b1):  # type: ignore[no-untyped-def]
    if a1 - a0 != b1 - b0:
        return False
    k = 0
    while k < a1 - a0 and a[a0 + k] == b[b0 + k]:
        k += 1
    return k == a1 - a0


@compiled(nogil=True)
def _scan(  # type: ignore[no-untyped-def]
    data,
    start,
    line,
    prefixes,
    prefix_ends,
    uri,
    parent,
    name_bytes,
    name_start,
    slots,
    follow,
    record,
    text_field,
    attribute_field,
    out_kind,
    out_owner,
    out_line,
    out_offset,
    out_spans,
):
    size = data.size
    depth = 0
    node_at = np.zeros(_MAX_DEPTH, np.int64)
    owner_at = np.full(_MAX_DEPTH, -1, np.int64)
    name_at = np.zeros((_MAX_DEPTH, 2), np.int64)
    node_at[0] = 1
    used = 0
    committed = 0
    done_position = start
    done_line = line
    capture = 0
    capture_start = 0
    capture_mixed = False
    i = start
    while True:
        # text
        while i < size and data[i] != 60:
            if data[i] == 10:
                line += 1
            elif data[i] == 38:
                capture_mixed = True
            i += 1
        if i + 1 >= size:
            return MORE, committed, done_position, done_line, 0, i, line
        tag_start = i
        tag_line = line
        c = data[i + 1]
        if c == 33 or c == 63:
            # comment, CDATA or processing instruction
            if c == 63:
                e1, e2, e3 = 63, 62, -1
                i += 2
            elif i + 3 < size and data[i + 2] == 45 and data[i + 3] == 45:
                e1, e2, e3 = 45, 45, 62
                i += 4
            elif i + 8 < size and data[i + 2] == 91 and data[i + 3] == 67 and data[i + 8] == 91:
                e1, e2, e3 = 93, 93, 62
                i += 9
            elif i + 8 >= size:
                return MORE, committed, done_position, done_line, 0, i, line
            else:
                return BROKEN, committed, done_position, done_line, 4, tag_start, tag_line
            capture_mixed = True
            closed = False
            while i < size:
                if data[i] == 10:
                    line += 1
                if data[i] == e1 and i + 1 < size and data[i + 1] == e2:
                    if e3 < 0:
                        i += 2
                        closed = True
                        break
                    if i + 2 < size and data[i + 2] == e3:
                        i += 3
                        closed = True
                        break
                i += 1
            if not closed:
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            continue
        closing = c == 47
        i += 2 if closing else 1
        n0 = i
        colon = -1
        h = 0
        while i < size:
            c = data[i]
            if c == 62 or c == 47 or c == 32 or c == 10 or c == 9 or c == 13:
                break
            if c == 58:
                colon = i
                h = 0
            else:
                h = (h * 31 + c) & 0xFFFFFFFF
            i += 1
        if i >= size:
            return MORE, committed, done_position, done_line, 0, tag_start, tag_line
        n1 = i
        if n1 == n0:
            return BROKEN, committed, done_position, done_line, 6, tag_start, tag_line
        if closing:
            while i < size and data[i] != 62:
                if data[i] == 10:
                    line += 1
                i += 1
            if i >= size:
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            i += 1
            if depth == 0:
                if _same(data, n0, n1, parent, 0, parent.size):
                    return DONE, used, i, line, 0, i, line
                return BROKEN, committed, done_position, done_line, 1, tag_start, tag_line
            if not _same(data, n0, n1, data, name_at[depth, 0], name_at[depth, 1]):
                return BROKEN, committed, done_position, done_line, 1, tag_start, tag_line
            if capture == depth:
                f = text_field[node_at[depth]]
                r = owner_at[depth]
                if out_spans[r, f, 0] < 0:
                    out_spans[r, f, 0] = capture_start
                    out_spans[r, f, 1] = -tag_start - 1 if capture_mixed else tag_start
                capture = 0
            depth -= 1
            if depth == 0:
                committed = used
                done_position = i
                done_line = line
            continue
        # start tag: which node?
        if depth + 1 >= _MAX_DEPTH:
            return BROKEN, committed, done_position, done_line, 5, tag_start, tag_line
        p1 = colon if colon >= 0 else n0
        known = False
        p = 0
        for k in range(prefix_ends.size):
            if _same(data, n0, p1, prefixes, p, prefix_ends[k]):
                known = True
            p = prefix_ends[k]
        node = 0
        if known and node_at[depth] > 0:
            l0 = colon + 1 if colon >= 0 else n0
            slot = h % SLOTS
            while slots[slot] > 0:
                k = slots[slot]
                if _same(data, l0, n1, name_bytes, name_start[k], name_start[k + 1]):
                    node = follow[node_at[depth], k]
                    if depth > 0 and follow[1, k] > 0 and record[follow[1, k]] == 0:
                        return BROKEN, committed, done_position, done_line, 7, tag_start, tag_line
                    break
                slot = (slot + 1) % SLOTS
        owner = owner_at[depth]
        if node > 0 and record[node] >= 0:
            if used >= out_kind.size:
                return FULL, committed, done_position, done_line, 0, i, line
            out_kind[used] = record[node]
            out_owner[used] = owner
            out_line[used] = tag_line
            out_offset[used] = tag_start
            out_spans[used, :, :] = -1
            owner = used
            used += 1
        # attributes
        empty = False
        while True:
            while i < size and (data[i] == 32 or data[i] == 10 or data[i] == 9 or data[i] == 13):
                if data[i] == 10:
                    line += 1
                i += 1
            if i + 1 >= size and (i >= size or data[i] != 62):
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            if data[i] == 62:
                i += 1
                break
            if data[i] == 47:
                if data[i + 1] != 62:
                    return BROKEN, committed, done_position, done_line, 2, i, line
                empty = True
                i += 2
                break
            a0 = i
            h = 0
            while i < size and data[i] != 61 and data[i] > 32 and data[i] != 62 and data[i] != 60:
                h = (h * 31 + data[i]) & 0xFFFFFFFF
                i += 1
            a1 = i
            while i < size and (data[i] == 32 or data[i] == 10 or data[i] == 9 or data[i] == 13):
                if data[i] == 10:
                    line += 1
                i += 1
            if i >= size:
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            if data[i] != 61 or a1 == a0:
                return BROKEN, committed, done_position, done_line, 2, i, line
            i += 1
            while i < size and (data[i] == 32 or data[i] == 10 or data[i] == 9 or data[i] == 13):
                if data[i] == 10:
                    line += 1
                i += 1
            if i >= size:
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            quote = data[i]
            if quote != 34 and quote != 39:
                return BROKEN, committed, done_position, done_line, 2, i, line
            i += 1
            v0 = i
            mixed = False
            while i < size and data[i] != quote:
                if data[i] == 10:
                    line += 1
                elif data[i] == 38:
                    mixed = True
                elif data[i] == 60:
                    return BROKEN, committed, done_position, done_line, 3, i, line
                i += 1
            if i >= size:
                return MORE, committed, done_position, done_line, 0, tag_start, tag_line
            v1 = i
            i += 1
            if node > 0:
                slot = h % SLOTS
                while slots[slot] > 0:
                    k = slots[slot]
                    if _same(data, a0, a1, name_bytes, name_start[k], name_start[k + 1]):
                        f = attribute_field[node, k]
                        if f >= 0 and out_spans[owner, f, 0] < 0:
                            out_spans[owner, f, 0] = v0
                            out_spans[owner, f, 1] = -v1 - 1 if mixed else v1
                        break
                    slot = (slot + 1) % SLOTS
                # a namespace declared anew for this element's own prefix
                if (
                    a1 - a0 >= 5
                    and data[a0] == 120
                    and data[a0 + 1] == 109
                    and (data[a0 + 2] == 108 and data[a0 + 3] == 110 and data[a0 + 4] == 115)
                ):
                    own = (colon < 0 and a1 - a0 == 5) or (
                        colon >= 0
                        and a1 - a0 > 6
                        and data[a0 + 5] == 58
                        and _same(data, a0 + 6, a1, data, n0, colon)
                    )
                    if own and not _same(data, v0, v1, uri, 0, uri.size):
                        if record[node] >= 0:
                            used -= 1
                        node = 0
        capture = 0
        if empty:
            if depth == 0:
                committed = used
                done_position = i
                done_line = line
            continue
        depth += 1
        node_at[depth] = node
        owner_at[depth] = owner
        name_at[depth, 0] = n0
        name_at[depth, 1] = n1
        if node > 0 and text_field[node] >= 0 and owner >= 0:
            capture = depth
            capture_start = i
            capture_mixed = False
