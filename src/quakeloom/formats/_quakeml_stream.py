"""A QuakeML file as blocks of records: encodings, compression, blocks, and recovery."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._quakeml_grammar import Grammar, Records, build_grammar, empty_records
from quakeloom.formats._quakeml_scan import (
    BROKEN,
    DONE,
    FULL,
    MORE,
    PROBLEMS,
    Scan,
    scan_block,
)
from quakeloom.formats._source_tables import Rejects

BLOCK_BYTES = 8 << 20
_LARGEST_EVENT = 1 << 30
_HEAD_BYTES = 1 << 20
_DECLARATION = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ENTITY = re.compile(r"&(#x?[0-9A-Fa-f]+|[A-Za-z]+);")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ASIDE = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)


@dataclass
class Block:
    """Records of whole events, and the bytes that their spans point into."""

    data: bytes
    records: Records
    count: int
    bytes_view: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.bytes_view = np.frombuffer(self.data, np.uint8)

    def rows(self, kind: int) -> NDArray[np.int64]:
        """Return the numbers of the records of one kind."""
        return np.flatnonzero(self.records.kind[: self.count] == kind)

    def text(self, row: int, column: int) -> str:
        """Return one field, decoded and stripped; empty if it is absent."""
        start, end = (int(v) for v in self.records.spans[row, column])
        return "" if start < 0 else self._decode(start, end).strip()

    def texts(self, rows: NDArray[np.int64], column: int) -> pa.Array:
        """Return a field of many records as an Arrow string array, null where absent."""
        spans = self.records.spans[rows, column]
        starts, ends = spans[:, 0], spans[:, 1]
        present = starts >= 0
        if np.any(ends[present] < -1):
            return pa.array(
                [
                    self._decode(int(s), int(e)) if s >= 0 else None
                    for s, e in zip(starts, ends, strict=True)
                ],
                pa.string(),
            )
        lengths = np.where(present, ends - starts, 0)
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        index = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        joined = self.bytes_view[index].tobytes()
        if not joined.isascii():
            try:
                joined.decode("utf-8")
            except UnicodeDecodeError:
                return pa.array(
                    [
                        self._decode(int(s), int(e)) if s >= 0 else None
                        for s, e in zip(starts, ends, strict=True)
                    ],
                    pa.string(),
                )
        return pa.StringArray.from_buffers(
            len(rows),
            pa.py_buffer(offsets.astype(np.int32)),
            pa.py_buffer(joined),
            pa.py_buffer(np.packbits(present, bitorder="little")),
            int((~present).sum()),
        )

    def keys(self, rows: NDArray[np.int64], column: int) -> list[bytes]:
        """Return a field of many records as bytes to compare, empty where absent."""
        data, spans = self.data, self.records.spans[rows, column].tolist()
        return [
            data[s:e].strip()
            if e >= 0
            else (self._decode(s, e).strip().encode() if s >= 0 else b"")
            for s, e in spans
        ]

    def _decode(self, start: int, end: int) -> str:
        mixed = end < -1
        raw = self.data[start : -end - 1 if mixed else end]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return _plain_text(text) if mixed else text


def read_blocks(path: Path, rejects: Rejects, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read a QuakeML file block by block; memory does not grow with the file.

    An event that is not well-formed is put aside and reading goes on with the next one; a
    file that ends too early gives the events before its end.

    Parameters
    ----------
    path : Path
        QuakeML, plain or gzipped, in any encoding that its declaration names.
    rejects : Rejects
        Gets one row per broken event and one for an early end.
    block_bytes : int
        How much is read at a time.

    Raises
    ------
    FormatError
        If the file is no QuakeML.
    """
    grammar = build_grammar()
    with ByteStream(path) as stream:
        source = _Utf8(stream, path)
        head = source.read(_HEAD_BYTES)
        opening = _read_opening(head, path)
        if opening is None:
            return
        yield from _scan_file(source, head, opening, grammar, rejects, block_bytes)
        if stream.problem:
            rejects.add(-1, "file", f"{stream.problem}; what follows is not read")


@dataclass(frozen=True)
class _Opening:
    """Where the content of eventParameters begins, and how its elements are written."""

    position: int
    line: int
    name: bytes
    uri: bytes
    prefixes: list[bytes]


class _Utf8:
    """Bytes of a file as UTF-8, whatever its encoding."""

    def __init__(self, stream: ByteStream, path: Path) -> None:
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        first = stream.read(4096)
        name = _encoding(first)
        try:
            known = codecs.lookup(name).name
        except LookupError:
            raise FormatError(
                f"'{path}' declares the encoding '{name}', which is not known. It is not read; "
                "convert it to UTF-8."
            ) from None
        if known not in ("utf-8", "ascii"):
            self._decoder = codecs.getincrementaldecoder(known)(errors="replace")
        self._kept = first.removeprefix(b"\xef\xbb\xbf")

    def read(self, size: int) -> bytes:
        """Return about ``size`` bytes; empty at the end."""
        while True:
            raw = self._kept or self._stream.read(size)
            self._kept = b""
            if self._decoder is None or not raw:
                return raw
            text = self._decoder.decode(raw).removeprefix("\ufeff")
            if text:
                return text.encode("utf-8")


def _encoding(head: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (b"<\x00", "utf-16-le"),
        (b"\x00<", "utf-16-be"),
    ):
        if head.startswith(mark):
            return name
    found = _DECLARATION.match(head.lstrip())
    return found.group(1).decode("ascii") if found else "utf-8"


def _read_opening(head: bytes, path: Path) -> _Opening | None:
    """Find eventParameters with a full XML parser; None if the document has none."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.namespace_prefixes = True
    declared: dict[str, str] = {}
    found: list[tuple[int, int, str]] = []
    root: list[str] = []

    def declare(prefix: str | None, uri: str | None) -> None:
        if not found:
            declared[prefix or ""] = uri or ""

    def start(name: str, _attributes: dict[str, str]) -> None:
        if found:
            return
        parts = name.split(" ")
        local = parts[1] if len(parts) > 1 else parts[0]
        if not root:
            root.append(local)
        if local == "eventParameters":
            uri = parts[0] if len(parts) > 1 else ""
            found.append((parser.CurrentByteIndex, parser.CurrentLineNumber, uri))

    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = start
    problem = ""
    try:
        parser.Parse(head, False)
    except expat.ExpatError as error:
        problem = f"{expat.errors.messages[error.code]} at line {error.lineno}"
    if not root or root[0] not in ("quakeml", "eventParameters"):
        what = f"its root is <{root[0]}>" if root else f"it is no XML: {problem or 'no element'}"
        raise FormatError(
            f"'{path}' is no QuakeML ({what}), so nothing is read from it. Give a file whose "
            "root is <quakeml>, or name its format."
        )
    if not found:
        if problem:
            raise FormatError(
                f"'{path}' is broken QuakeML ({problem}), so nothing is read from it. Mend "
                "the beginning of the file."
            )
        return None
    position, line, uri = found[0]
    name = re.match(rb"<([^\s/>]+)", head[position:])
    if name is None:
        raise FormatError(f"'{path}' has no readable <eventParameters>, so nothing is read.")
    end = _end_of_tag(head, position)
    if end < 0 or head[end - 2 : end] == b"/>":
        return None
    prefixes = [p.encode() for p, u in declared.items() if u == uri]
    if uri == "":
        prefixes = [name.group(1).rpartition(b":")[0]]
    line += head.count(b"\n", position, end)
    return _Opening(end, line, name.group(1), uri.encode(), prefixes)


def _end_of_tag(data: bytes, position: int) -> int:
    quote = 0
    for i in range(position, len(data)):
        c = data[i]
        if quote:
            quote = 0 if c == quote else quote
        elif c in (34, 39):
            quote = c
        elif c == 62:
            return i + 1
    return -1


def _scan_file(
    source: _Utf8,
    head: bytes,
    opening: _Opening,
    grammar: Grammar,
    rejects: Rejects,
    block_bytes: int,
) -> Iterator[Block]:
    alternatives = b"|".join(re.escape(p + b":") if p else b"" for p in opening.prefixes)
    event_tag = re.compile(rb"<(?:" + alternatives + rb")event[\s>]")
    data, start, line = head, opening.position, opening.line
    base = 0
    room = empty_records(len(data) // 256 + 1024)
    searching = False
    finished = False
    while True:
        if searching:
            tag = event_tag.search(data, start)
            if tag is None:
                keep = max(start, len(data) - 64)
                line += data.count(b"\n", start, keep)
                more = source.read(block_bytes)
                if not more:
                    return
                base += keep
                data, start = data[keep:] + more, 0
                continue
            line += data.count(b"\n", start, tag.start())
            start, searching = tag.start(), False
        view = np.frombuffer(data, np.uint8)
        while True:
            scan = scan_block(
                view, start, line, opening.prefixes, opening.uri, opening.name, grammar, room
            )
            if scan.status != FULL:
                break
            room = empty_records(2 * len(room.kind))
        if scan.committed:
            yield Block(data, room, scan.committed)
        if scan.status == DONE:
            return
        start, line = scan.position, scan.line
        if scan.status == BROKEN or finished or len(data) - start > _LARGEST_EVENT:
            _reject_event(rejects, data, base, scan, finished, event_tag)
            if scan.status == MORE and finished:
                return
            start, line = scan.problem_position, scan.problem_line
            searching = True
            continue
        more = source.read(max(block_bytes, len(data) - start))
        finished = not more
        base += start
        data, start = data[start:] + more, 0
        if len(data) // 256 > len(room.kind):
            room = empty_records(len(data) // 128)


def _reject_event(
    rejects: Rejects,
    data: bytes,
    base: int,
    scan: Scan,
    finished: bool,
    event_tag: re.Pattern[bytes],
) -> None:
    """Put aside what lies between the last whole event and a problem."""
    piece = data[scan.position : scan.problem_position + 80]
    tag = event_tag.search(piece)
    name = re.search(rb"publicID\s*=\s*[\"']([^\"']*)", piece[tag.start() :]) if tag else None
    event_id = name.group(1).decode("utf-8", "replace") if name else ""
    place = f"line {scan.problem_line}, byte {base + scan.problem_position}"
    if scan.status == BROKEN:
        reason = f"not well-formed XML at {place}: {PROBLEMS[scan.problem]}"
        text = data[scan.problem_position : scan.problem_position + 120]
    elif not finished:
        reason = f"larger than {_LARGEST_EVENT} bytes without an end, up to {place}"
        text = piece[:120]
    else:
        text = piece[:120]
        inside = "inside an event" if tag else "before the end tag of eventParameters"
        reason = f"the file ends {inside}, at {place}; it may be cut off"
    kind = "event" if tag else "file"
    rejects.add(scan.problem_line, kind, reason, text.decode("utf-8", "replace"), event_id)


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
        return chr(int(name[2:], 16) if name[1] in "xX" else int(name[1:]))
    except (ValueError, OverflowError):
        return found.group(0)
