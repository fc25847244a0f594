"""Where the content of a QuakeML or SeisComP ML document begins, in any encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._quakeml_scan import make_document
from quakeloom.formats._quakeml_tags import Document

PARENTS = ("eventParameters", "EventParameters")
"""Elements that hold the events: of QuakeML, of SeisComP ML."""
ROOTS = ("quakeml", "seiscomp", *PARENTS)
"""Root elements of documents that may hold events."""

_FIRST_BYTES = 4096
"""Bytes in which the declaration of a document must stand."""
_WHOLE_BYTES = 60_000
"""A head that is shorter is the whole document: readers take 64 kB and more at first."""

_DECLARATION = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
"""The declaration of a document, with its encoding."""
_TAG_NAME = re.compile(rb"<([^\s/>]+)")
"""The name of a tag."""
_FIRST_ELEMENT = re.compile(rb"<([^\s/>!?]+)")
"""The name of the first element."""
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""What may stand before the root element."""
_HEAD_OF_ROOT = 65_536
"""Bytes in which the root element must begin."""

_OTHER_ROOTS = {
    "html": "a web page, perhaps the message of a service that failed: ask for the data again",
    "FDSNStationXML": "StationXML, which has no events: list it as a source of its own",
    "kml": "KML of a map: ask its source for QuakeML",
    "sc3ml": "an old form of SeisComP ML: convert it to QuakeML with sccnv of SeisComP",
}
"""What files with other root elements are, and what to do with them."""


@dataclass(frozen=True)
class Opening:
    """Where the content of eventParameters begins, and how its elements are written.

    Attributes
    ----------
    position : int
        First byte of the content, or what follows an empty eventParameters.
    line : int
        Its line, from 1.
    is_empty : bool
        There is no eventParameters, or nothing in it.
    document : Document
    prefixes : list of bytes
        Namespace prefixes of its elements; empty for the default namespace.
    is_scml : bool
        It is SeisComP ML.
    root : bytes
        Name of the root element as written; empty if that is eventParameters itself.
    """

    position: int
    line: int
    is_empty: bool
    document: Document
    prefixes: list[bytes]
    is_scml: bool
    root: bytes


class Utf8Stream:
    """Bytes of a file as UTF-8, whatever its encoding."""

    def __init__(self, stream: ByteStream, path: Path) -> None:
        self._stream, self._path = stream, path
        self._decoder: codecs.IncrementalDecoder | None = None
        first = stream.read(_FIRST_BYTES)
        name = _encoding(first)
        try:
            known = codecs.lookup(name).name
            b"<?xml".decode(known, "replace")  # packings such as zlib have names as well
        except (LookupError, UnicodeError):
            raise FormatError(
                f"'{path}' says that its encoding is '{name}', which is not known. Nothing is "
                "read; convert it to UTF-8."
            ) from None
        if known not in ("utf-8", "ascii"):
            self._decoder = codecs.getincrementaldecoder(known)(errors="replace")
        self._kept = first.removeprefix(codecs.BOM_UTF8)

    def read(self, size: int) -> bytes:
        """Return about ``size`` bytes; empty at the end."""
        while True:
            raw = self._kept or self._stream.read(size)
            self._kept = b""
            if self._decoder is None or not raw:
                return raw
            try:
                text = self._decoder.decode(raw).removeprefix("\ufeff")
            except UnicodeError as error:  # a beginning that the encoding must have is not there
                raise FormatError(
                    f"'{self._path}' is not in the encoding that it says ({error}). Nothing is "
                    "read from it; convert it to UTF-8."
                ) from None
            if text:
                return text.encode("utf-8")


def read_opening(head: bytes, path: Path) -> Opening:
    """Find eventParameters in the head of a document with a full XML parser.

    Raises
    ------
    FormatError
        If the document is neither QuakeML nor SeisComP ML with events.
    """
    root, start, problem = _parse_head(head)
    if root not in ROOTS:
        _refuse(path, root, problem)
    if start is None:
        if problem:
            raise FormatError(
                f"'{path}' is broken QuakeML ({problem}), so nothing is read from it. Correct "
                "the beginning of the file."
            )
        if root == "seiscomp":
            raise FormatError(
                f"'{path}' is SeisComP ML without EventParameters (perhaps an inventory or a "
                "configuration), so no event is read from it. Export events with scxmldump, or "
                "convert an inventory to StationXML with inv2fdsnxml or sccnv."
            )
        return Opening(len(head), 1, True, make_document([], b"", b""), [], False, b"")
    name = _TAG_NAME.match(head[start.position :])
    if name is None:
        raise FormatError(f"'{path}' has no readable <eventParameters>, so nothing is read.")
    end = _end_of_tag(head, start.position)
    prefixes = [p.encode() for p, u in start.declared.items() if u == start.uri]
    if start.uri == "":
        prefixes = [name.group(1).rpartition(b":")[0]]
    return Opening(
        end,
        start.line + head.count(b"\n", start.position, end),
        head[end - 2 : end] == b"/>",
        make_document(prefixes, start.uri.encode(), name.group(1)),
        prefixes,
        root == "seiscomp" or start.local == PARENTS[1],
        b"" if root in PARENTS else _root_name(head),
    )


@dataclass
class _Start:
    """The start tag of eventParameters as the parser met it."""

    position: int
    line: int
    uri: str
    local: str
    declared: dict[str, str]


def _parse_head(head: bytes) -> tuple[str, _Start | None, str]:
    """Return the root element, the start of eventParameters, and what is wrong before it."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.namespace_prefixes = True
    declared: dict[str, str] = {}
    found: list[_Start] = []
    roots: list[str] = []

    def declare(prefix: str | None, uri: str | None) -> None:
        if not found:
            declared[prefix or ""] = uri or ""

    def start(name: str, _attributes: dict[str, str]) -> None:
        if found:
            return
        parts = name.split(" ")
        local = parts[1] if len(parts) > 1 else parts[0]
        if not roots:
            roots.append(local)
        if local in PARENTS:
            uri = parts[0] if len(parts) > 1 else ""
            place = parser.CurrentByteIndex, parser.CurrentLineNumber
            found.append(_Start(*place, uri, local, dict(declared)))

    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = start
    problem = ""
    try:
        for begin in range(0, len(head), _FIRST_BYTES):
            if not found:
                parser.Parse(head[begin : begin + _FIRST_BYTES], False)
        if not found and len(head) < _WHOLE_BYTES:
            parser.Parse(b"", True)  # a document that is cut off here says so
    except expat.ExpatError as error:
        problem = f"{expat.errors.messages[error.code]} at line {error.lineno}"
    return (roots[0] if roots else ""), (found[0] if found else None), problem


def _refuse(path: Path, root: str, problem: str) -> None:
    if root in _OTHER_ROOTS:
        what, advice = _OTHER_ROOTS[root].split(": ", 1)
        raise FormatError(
            f"'{path}' is no QuakeML: its root is <{root}>, it is {what}. Nothing is read from "
            f"it; {advice}."
        )
    what = f"its root is <{root}>" if root else f"it is no XML: {problem or 'no element'}"
    raise FormatError(
        f"'{path}' is no QuakeML ({what}), so nothing is read from it. Give a file whose "
        "root is <quakeml> or <seiscomp>, or name its format."
    )


def _root_name(head: bytes) -> bytes:
    """Return the name of the first element as it is written."""
    found = _FIRST_ELEMENT.search(_ASIDE.sub(b"", head[:_HEAD_OF_ROOT]))
    return found.group(1) if found else b""


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


def _end_of_tag(data: bytes, position: int) -> int:
    """Return the place after the ``>`` that ends a tag; that of the end if it is not there."""
    quote = 0
    for i in range(position, len(data)):
        c = data[i]
        if quote:
            quote = 0 if c == quote else quote
        elif c in (ord('"'), ord("'")):
            quote = c
        elif c == ord(">"):
            return i + 1
    return len(data)
