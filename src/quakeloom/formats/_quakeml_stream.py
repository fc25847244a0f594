"""A QuakeML or SeisComP ML file as blocks of records: documents, blocks, and recovery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._quakeml_blocks import Block
from quakeloom.formats._quakeml_grammar import SCML_TOP, quakeml_grammar, scml_grammar
from quakeloom.formats._quakeml_opening import Opening, Utf8Stream, read_opening
from quakeloom.formats._quakeml_scan import Scan, scan_block
from quakeloom.formats._quakeml_tags import BROKEN, DONE, FULL, MORE, NEW_DOCUMENT, PROBLEMS
from quakeloom.formats._scanner_tables import empty_records
from quakeloom.formats._scml import collect_events, copy_block
from quakeloom.formats._source_tables import Rejects

BLOCK_BYTES = 8 << 20
"""Bytes read at a time: some hundred events, whose records fit into the processor's cache."""
_LARGEST_EVENT = 1 << 30
"""Bytes in which an event must end; more is a file whose tags are not closed."""
_HEAD_BYTES = 1 << 20
"""Bytes in which eventParameters must begin."""
_BYTES_PER_RECORD = 256
"""Bytes of a document per record, about half of what is usual."""
_BETWEEN = re.compile(rb"\s+|\x00+|\xef\xbb\xbf|</[^>]*>|<!--.*?-->|<\?(?!xml\s).*?\?>", re.DOTALL)
"""What may stand between two documents, or at the end of the last."""
_DECLARATION = rb"<\?xml\s"
"""The beginning of another document."""
_LONGEST_TAG = 256
"""Bytes in which a tag begins that may be cut by the end of what has been read."""


def read_blocks(path: Path, rejects: Rejects, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read a QuakeML file block by block; memory does not grow with the file.

    An event that is not well-formed is put aside and reading goes on with the next one; a
    file that ends too early gives the events before its end. Several documents in one file
    are read one after the other. A document of SeisComP ML is one block.

    Parameters
    ----------
    path : Path
        QuakeML or SeisComP ML, plain or gzipped, in any encoding that its declaration names.
    rejects : Rejects
        Gets one row per broken event and one for an early end.
    block_bytes : int
        How much is read at a time.

    Raises
    ------
    FormatError
        If the file is neither QuakeML nor SeisComP ML.
    """
    with ByteStream(path) as stream:
        source = Utf8Stream(stream, path)
        place = _Place(source.read(_HEAD_BYTES), 1, 0)
        opening: Opening | None = read_opening(place.data, path)
        while opening is not None:
            if opening.is_scml:
                place.data = _read_all(source, place.data)
                blocks = [
                    copy_block(b)
                    for b in _scan_document(source, place, opening, rejects, block_bytes)
                ]
                if blocks:
                    yield collect_events(blocks, rejects)
            else:
                yield from _scan_document(source, place, opening, rejects, block_bytes)
            _skip_rest(source, place, opening)
            opening = _next_opening(source, place, path, rejects)
        if stream.problem:
            rejects.add(-1, "file", f"{stream.problem}; what follows is not read")


@dataclass
class _Place:
    """Bytes that are not read yet, the line on which they begin, and their place in the file."""

    data: bytes
    line: int
    base: int

    def skip(self, position: int, line: int) -> None:
        """Go on at a position, which is on the given line."""
        self.data, self.line, self.base = self.data[position:], line, self.base + position


def _read_all(source: Utf8Stream, data: bytes) -> bytes:
    pieces = [data]
    while piece := source.read(BLOCK_BYTES):
        pieces.append(piece)
    return b"".join(pieces)


def _skip_rest(source: Utf8Stream, place: _Place, opening: Opening) -> None:
    """Walk over what the root element holds beside its events, such as an inventory."""
    if not opening.root:
        return
    other = rb"<[\w:.-]*[eE]ventParameters[\s/>]|" + _DECLARATION
    end = re.compile(rb"</" + re.escape(opening.root) + rb"\s*>|" + other)
    found = end.search(place.data)
    while found is None:
        more = source.read(BLOCK_BYTES)
        if not more:
            return
        keep = max(0, len(place.data) - _LONGEST_TAG)
        place.skip(keep, place.line + place.data.count(b"\n", 0, keep))
        place.data += more
        found = end.search(place.data)
    place.skip(found.start(), place.line + place.data.count(b"\n", 0, found.start()))


def _next_opening(
    source: Utf8Stream, place: _Place, path: Path, rejects: Rejects
) -> Opening | None:
    """Find the next document of the file; what is none is one reject."""
    while True:
        between = _BETWEEN.match(place.data)
        if between is not None and between.end() < len(place.data):
            place.skip(between.end(), place.line + between.group().count(b"\n"))
            continue
        more = source.read(_HEAD_BYTES)
        if not more:
            break
        place.data += more
        if between is None and len(place.data) >= _HEAD_BYTES:
            break
    if between is not None or not place.data:
        return None
    try:
        return read_opening(place.data, path)
    except FormatError:
        reason = (
            f"there is more after the end of the document, on line {place.line}, that is no "
            "QuakeML; it is not read"
        )
        rejects.add(place.line, "file", reason, place.data[:120].decode("utf-8", "replace"))
        return None


def _scan_document(
    source: Utf8Stream, place: _Place, opening: Opening, rejects: Rejects, block_bytes: int
) -> Iterator[Block]:
    """Scan one document; ``place`` is then behind it."""
    place.skip(opening.position, place.line + opening.line - 1)
    if opening.is_empty:
        return
    grammar = scml_grammar() if opening.is_scml else quakeml_grammar()
    units_per_km = 1.0 if opening.is_scml else 1000.0
    event_tag = _event_tag(opening)
    room = empty_records(len(place.data) // _BYTES_PER_RECORD + 1024)
    finished = False
    while True:
        view = np.frombuffer(place.data, np.uint8)
        scan = scan_block(view, 0, place.line, opening.document, grammar, room)
        while scan.status == FULL:
            room = empty_records(2 * len(room.kind))
            scan = scan_block(view, 0, place.line, opening.document, grammar, room)
        if scan.committed:
            yield Block(place.data, room, scan.committed, units_per_km)
        if scan.status == DONE:
            place.skip(scan.position, scan.line)
            return
        left = len(place.data) - scan.position
        if scan.status == BROKEN or finished or left > _LARGEST_EVENT:
            _reject_event(rejects, place, scan, finished, event_tag)
            if scan.status == MORE and finished:
                place.data = b""
                return
            place.skip(scan.problem_position, scan.problem_line)
            if scan.problem == NEW_DOCUMENT or not _find_event(
                source, place, event_tag, block_bytes
            ):
                return
            finished = False
            continue
        more = source.read(max(block_bytes, left))
        finished = not more
        place.skip(scan.position, scan.line)
        place.data += more
        if len(place.data) // _BYTES_PER_RECORD > len(room.kind):
            room = empty_records(2 * len(place.data) // _BYTES_PER_RECORD)


def _event_tag(opening: Opening) -> re.Pattern[bytes]:
    """Return what begins an event, or anything else at the top of SeisComP ML."""
    prefixes = b"|".join(re.escape(p + b":") if p else b"" for p in opening.prefixes)
    names = b"|".join(n.encode() for n in SCML_TOP) if opening.is_scml else b"event"
    return re.compile(rb"<(?:" + prefixes + rb")(?:" + names + rb")[\s>]")


def _find_event(
    source: Utf8Stream, place: _Place, event_tag: re.Pattern[bytes], block_bytes: int
) -> bool:
    """Go on at the next event; say whether there is one before the next document."""
    wanted = re.compile(event_tag.pattern + b"|" + _DECLARATION)
    while True:
        tag = wanted.search(place.data)
        if tag is not None:
            place.skip(tag.start(), place.line + place.data.count(b"\n", 0, tag.start()))
            return not place.data.startswith(b"<?")
        keep = max(0, len(place.data) - _LONGEST_TAG)
        place.skip(keep, place.line + place.data.count(b"\n", 0, keep))
        more = source.read(block_bytes)
        if not more:
            place.data = b""
            return False
        place.data += more


def _reject_event(
    rejects: Rejects,
    place: _Place,
    scan: Scan,
    finished: bool,
    event_tag: re.Pattern[bytes],
) -> None:
    """Put aside what lies between the last whole event and a problem."""
    data = place.data
    piece = data[scan.position : scan.problem_position + 80]
    tag = event_tag.search(piece)
    name = re.search(rb"publicID\s*=\s*[\"']([^\"']*)", piece[tag.start() :]) if tag else None
    event_id = name.group(1).decode("utf-8", "replace") if name else ""
    where = f"line {scan.problem_line}, byte {place.base + scan.problem_position}"
    if scan.status == BROKEN:
        reason = f"not well-formed XML at {where}: {PROBLEMS[scan.problem]}"
        text = data[scan.problem_position : scan.problem_position + 120]
    elif not finished:
        reason = f"larger than {_LARGEST_EVENT} bytes without an end, up to {where}"
        text = piece[:120]
    else:
        text = piece[:120]
        inside = "inside an event" if tag else "before the end tag of eventParameters"
        reason = f"the file ends {inside}, at {where}; it may be cut off"
    kind = "event" if tag else "file"
    rejects.add(scan.problem_line, kind, reason, text.decode("utf-8", "replace"), event_id)
