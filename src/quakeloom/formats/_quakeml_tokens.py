"""Pieces of XML in compiled code: text, asides, names and attributes.

Every function takes the bytes of the document and a place in them, and returns the place
after what it read together with the line there. None looks at what the names mean.
"""

from __future__ import annotations

import numpy as np

from quakeloom.core import compiled
from quakeloom.formats._scanner_tables import HASH_FACTOR

TAB, NEWLINE, RETURN, SPACE = 9, 10, 13, 32
"""White space of XML as bytes of UTF-8."""
EXCLAMATION, QUOTE, AMPERSAND, APOSTROPHE, HYPHEN, SLASH, COLON = 33, 34, 38, 39, 45, 47, 58
LESS, EQUALS, GREATER, QUESTION = 60, 61, 62, 63
"""Punctuation of XML as bytes of UTF-8."""
LETTER_C, OPENING_BRACKET, CLOSING_BRACKET = 67, 91, 93
"""A letter and the brackets of CDATA as bytes of UTF-8."""
LETTER_L, LETTER_M, LETTER_N, LETTER_S, LETTER_X = 108, 109, 110, 115, 120
"""Letters of xml and xmlns as bytes of UTF-8."""

WHOLE, CUT, WRONG, DECLARED, OTHERWISE, UNQUOTED, LESS_INSIDE = range(7)
"""What reading a piece says: it is whole; the buffer ends in it; it is wrong; it is the
declaration of another document; it is a declaration such as DOCTYPE; it is a value without
quotes; it is a value with ``<``."""

XMLNS_LENGTH = 5
"""Letters of ``xmlns``."""

inlined = compiled(nogil=True, inline="always", _nrt=False)
"""Decorator of functions that are copied into the one that calls them, as ``@compiled`` ones.

They make no arrays, so the counting of references is off: it would cost three times as much as
the reading itself, since every call hands on the arrays of several records."""


@inlined
def same_bytes(a, a0, a1, b, b0, b1):  # type: ignore[no-untyped-def]
    """Say whether two pieces of bytes are equal."""
    if a1 - a0 != b1 - b0:
        return False
    length, first, second = np.uint64(a1 - a0), np.uint64(a0), np.uint64(b0)
    k, one = np.uint64(0), np.uint64(1)
    while k < length and a[first + k] == b[second + k]:
        k += one
    return k == length


@inlined
def is_blank(byte):  # type: ignore[no-untyped-def]
    """Say whether a byte is white space of XML."""
    return byte == SPACE or byte == NEWLINE or byte == TAB or byte == RETURN  # "in" is slower


@inlined
def skip_text(data, i, line):  # type: ignore[no-untyped-def]
    """Walk to the next ``<``; say also whether an entity was passed."""
    entity = False
    # an index without a sign needs no test whether it counts from the end
    place, size, one = np.uint64(i), np.uint64(data.size), np.uint64(1)
    while place < size and data[place] != LESS:
        if data[place] == NEWLINE:
            line += 1
        elif data[place] == AMPERSAND:
            entity = True
        place += one
    return np.int64(place), line, entity


@inlined
def skip_blanks(data, i, line):  # type: ignore[no-untyped-def]
    """Walk over white space."""
    size = data.size
    while i < size and is_blank(data[i]):
        if data[i] == NEWLINE:
            line += 1
        i += 1
    return i, line


@inlined
def skip_aside(data, i, line):  # type: ignore[no-untyped-def]
    """Walk over a comment, CDATA or processing instruction that begins at ``i``.

    Returns what it is (WHOLE, CUT, DECLARED or OTHERWISE), the place after it and the line.
    """
    size = data.size
    if data[i + 1] == QUESTION:
        if i + 6 > size:
            return CUT, i, line
        declared = data[i + 2] == LETTER_X and data[i + 3] == LETTER_M and data[i + 4] == LETTER_L
        if declared and is_blank(data[i + 5]):
            return DECLARED, i, line
        return _skip_to(data, i + 2, line, QUESTION, False)
    if i + 3 < size and data[i + 2] == HYPHEN and data[i + 3] == HYPHEN:
        return _skip_to(data, i + 4, line, HYPHEN, True)
    if i + 8 >= size:
        return CUT, i, line
    if (
        data[i + 2] == OPENING_BRACKET
        and data[i + 3] == LETTER_C
        and data[i + 8] == OPENING_BRACKET
    ):
        return _skip_to(data, i + 9, line, CLOSING_BRACKET, True)
    return OTHERWISE, i, line


@inlined
def _skip_to(data, i, line, byte, twice):  # type: ignore[no-untyped-def]
    """Walk past a byte, once or twice, and ``>``."""
    size = data.size
    length = 3 if twice else 2
    while i + length <= size:
        if data[i] == NEWLINE:
            line += 1
        if data[i] == byte and data[i + length - 1] == GREATER and data[i + length - 2] == byte:
            return WHOLE, i + length, line
        i += 1
    return CUT, i, line


@inlined
def read_name(data, i):  # type: ignore[no-untyped-def]
    """Read the name of a tag: its end, the place of its colon (-1 for none), and the hash of
    what follows the colon."""
    size = data.size
    colon = -1
    value = 0
    while i < size:
        byte = data[i]
        if is_blank(byte) or byte in (GREATER, SLASH):
            break
        if byte == COLON:
            colon = i
            value = 0
        else:
            value = (value * HASH_FACTOR + byte) & 0xFFFFFFFF
        i += 1
    return i, colon, value


@inlined
def read_attribute_name(data, i, line):  # type: ignore[no-untyped-def]
    """Read a name and its ``=``.

    Returns what it is (WHOLE, CUT or WRONG), the place and line after it, the end of the name
    and its hash.
    """
    size = data.size
    begin = i
    value = 0
    while i < size and data[i] != EQUALS and data[i] > SPACE and data[i] != GREATER:
        if data[i] == LESS:
            break
        value = (value * HASH_FACTOR + data[i]) & 0xFFFFFFFF
        i += 1
    end = i
    i, line = skip_blanks(data, i, line)
    if i >= size:
        return CUT, i, line, end, value
    if data[i] != EQUALS or end == begin:
        return WRONG, i, line, end, value
    i, line = skip_blanks(data, i + 1, line)
    return (CUT if i >= size else WHOLE), i, line, end, value


@inlined
def read_attribute_value(data, i, line):  # type: ignore[no-untyped-def]
    """Read a quoted value that begins at ``i``.

    Returns what it is (WHOLE, CUT, UNQUOTED or LESS_INSIDE), the place after its quote, the
    line, and whether it holds an entity.
    """
    size = data.size
    quote = data[i]
    if quote != QUOTE and quote != APOSTROPHE:
        return UNQUOTED, i, line, False
    i += 1
    entity = False
    while i < size and data[i] != quote:
        if data[i] == NEWLINE:
            line += 1
        elif data[i] == AMPERSAND:
            entity = True
        elif data[i] == LESS:
            return LESS_INSIDE, i, line, entity
        i += 1
    if i >= size:
        return CUT, i, line, entity
    return WHOLE, i + 1, line, entity


@inlined
def declares_namespace(data, begin, end, name_begin, colon):  # type: ignore[no-untyped-def]
    """Say whether an attribute declares the namespace of its own element.

    That is ``xmlns`` for an element without a colon in its name, else ``xmlns:`` with the
    prefix of the element, whose name begins at ``name_begin``.
    """
    if (
        end - begin < XMLNS_LENGTH
        or data[begin] != LETTER_X
        or data[begin + 1] != LETTER_M
        or data[begin + 2] != LETTER_L
        or data[begin + 3] != LETTER_N
        or data[begin + 4] != LETTER_S
    ):
        return False
    if colon < 0:
        return end - begin == XMLNS_LENGTH
    return (
        end - begin > XMLNS_LENGTH + 1
        and data[begin + XMLNS_LENGTH] == COLON
        and same_bytes(data, begin + XMLNS_LENGTH + 1, end, data, name_begin, colon)
    )
