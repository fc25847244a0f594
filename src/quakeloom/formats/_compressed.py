"""Files that may be gzipped."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

_MAGIC = b"\x1f\x8b"


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading bytes, through gzip if it begins like a gzip file."""
    stream = path.open("rb")
    magic = stream.read(2)
    stream.seek(0)
    if magic == _MAGIC:
        stream.close()
        return cast(BinaryIO, gzip.open(path, "rb"))
    return stream


def plain_head(head: bytes) -> bytes:
    """Return the first bytes of a file uncompressed; empty if that is impossible."""
    if not head.startswith(_MAGIC):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 65_536)
    except zlib.error:
        return b""
