"""Records of QuakeML with the bytes that they point into, and their fields as columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.formats._quakeml_grammar import FIELDS, KIND_NAMES
from quakeloom.formats._scanner_tables import Records

Integers = NDArray[np.int64]
"""Numbers of records, columns or bytes."""

FIELD = {kind: {name: i for i, name in enumerate(names)} for kind, names in FIELDS.items()}
"""Column of a field in the spans of a kind of record."""

_ENTITY = re.compile(r"&(#x?[0-9A-Fa-f]+|[A-Za-z]+);")
"""A reference to a character."""
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
"""Entities that XML knows without a DTD."""
_ASIDE = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""CDATA, comments and processing instructions inside a text."""


@dataclass
class Block:
    """Records of whole events, and the bytes that their spans point into.

    Attributes
    ----------
    data : bytes
        UTF-8 text.
    records : Records
    count : int
        Records in use.
    units_per_km : float
        Units of depths and of errors of places in a kilometer: 1000 in QuakeML, 1 in SeisComP
        ML.
    """

    data: bytes
    records: Records
    count: int
    units_per_km: float = 1000.0
    bytes_view: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.bytes_view = np.frombuffer(self.data, np.uint8)

    def rows(self, kind: int) -> Integers:
        """Return the numbers of the records of one kind."""
        return np.flatnonzero(self.records.kind[: self.count] == kind)

    def text(self, row: int, column: int) -> str:
        """Return one field, decoded and stripped; empty if it is absent."""
        start, end = (int(v) for v in self.records.spans[self.records.first[row] + column])
        return "" if start < 0 else self._decode(start, end).strip()

    def has(self, rows: Integers, column: int) -> bool:
        """Say whether any of the records has the field."""
        return bool((self.records.spans[self.records.first[rows] + column, 0] >= 0).any())

    def texts(self, rows: Integers, column: int) -> pa.Array:
        """Return a field of many records as an Arrow string array, null where absent."""
        spans = self.records.spans[self.records.first[rows] + column]
        starts, ends = spans[:, 0], spans[:, 1]
        present = starts >= 0
        if np.any(ends[present] < -1):
            return self._decode_each(starts, ends)
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.where(present, ends - starts, 0), out=offsets[1:])
        joined = np.empty(offsets[-1], np.uint8)
        _join_pieces(self.bytes_view, starts, offsets, joined)
        text = joined.tobytes()
        if not text.isascii():
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                return self._decode_each(starts, ends)
        return pa.StringArray.from_buffers(
            len(rows),
            pa.py_buffer(offsets.astype(np.int32)),
            pa.py_buffer(text),
            pa.py_buffer(np.packbits(present, bitorder="little")),
            int((~present).sum()),
        )

    def repeated_fields(self) -> list[tuple[int, str, str]]:
        """Return record, kind with field in words, and text of fields that are there twice."""
        found = []
        for row in np.flatnonzero(self.records.repeated[: self.count]).tolist():
            bits, kind = int(self.records.repeated[row]), int(self.records.kind[row])
            for column, name in enumerate(FIELDS[kind]):
                if bits >> column & 1:
                    words = f"{name.replace('_', ' ')} of the {KIND_NAMES[kind]}"
                    found.append((row, words, self.text(row, column)))
        return found

    def _decode_each(self, starts: Integers, ends: Integers) -> pa.Array:
        return pa.array(
            [
                self._decode(int(s), int(e)) if s >= 0 else None
                for s, e in zip(starts, ends, strict=True)
            ],
            pa.string(),
        )

    def _decode(self, start: int, end: int) -> str:
        mixed = end < -1
        raw = self.data[start : -end - 1 if mixed else end]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return _plain_text(text) if mixed else text


@compiled(nogil=True)
def _join_pieces(data, starts, offsets, joined):  # type: ignore[no-untyped-def]
    """Copy pieces of bytes one after the other; a piece may be empty."""
    for k in range(starts.size):
        # an index without a sign needs no test whether it counts from the end
        begin, end, start = np.uint64(offsets[k]), np.uint64(offsets[k + 1]), np.uint64(starts[k])
        for i in range(end - begin):
            joined[begin + i] = data[start + i]


def _plain_text(text: str) -> str:
    """Character data with CDATA, comments and entities resolved; unknown entities stay."""
    pieces: list[str] = []
    last = 0
    for aside in _ASIDE.finditer(text):
        pieces += [_ENTITY.sub(_entity, text[last : aside.start()]), aside.group(1) or ""]
        last = aside.end()
    pieces.append(_ENTITY.sub(_entity, text[last:]))
    return "".join(pieces)


def _entity(found: re.Match[str]) -> str:
    name = found.group(1)
    if name[0] != "#":
        return _ENTITIES.get(name, found.group(0))
    try:
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        # halves of a pair are no characters of their own in XML
        return found.group(0) if 0xD800 <= code <= 0xDFFF else chr(code)
    except (ValueError, OverflowError):
        return found.group(0)
