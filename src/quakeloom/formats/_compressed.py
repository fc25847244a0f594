"""Files that may be gzipped, also those whose end is missing."""

from __future__ import annotations

import zlib
from pathlib import Path
from types import TracebackType

_MAGIC = b"\x1f\x8b"
"""First bytes of a gzip file (RFC 1952)."""

_PIECE = 1 << 16
"""Packed bytes that are read at once."""

_MOST_RATIO = 200
"""Bytes that a packed byte may become: tables, XML and records pack to a tenth or a hundredth; the
most that gzip can do is 1,032 (RFC 1951), of one letter repeated."""

_ANY_RATIO = 1 << 26
"""Unpacked bytes up to which any ratio is taken."""

_GZIP = 31
"""Window bits by which zlib knows a gzip file: the largest window, plus 16."""


class ByteStream:
    """The bytes of a file, unpacked if it is gzipped.

    A compressed file that is broken or cut off gives what comes before that place, and
    :attr:`problem` then says so. So does one that unpacks to far more than data do, which would
    fill the memory.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.problem = ""
        head = self._file.read(2)
        self._file.seek(0)
        self._unpacker = zlib.decompressobj(_GZIP) if head == _MAGIC else None
        self._ready = bytearray()
        self._packed = self._unpacked = 0

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes, fewer at the end; all without a size."""
        if self._unpacker is None:
            return self._file.read(size)
        while size < 0 or len(self._ready) < size:
            if not self._unpack():
                break
        end = len(self._ready) if size < 0 else size
        data = bytes(self._ready[:end])
        del self._ready[:end]
        return data

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _unpack(self) -> bool:
        """Unpack one more piece; say whether there was one."""
        if self.problem or self._unpacker is None:
            return False
        packed = self._file.read(_PIECE)
        if not packed:
            if not self._unpacker.eof:
                self.problem = "the compressed file is cut off"
            return False
        self._packed += len(packed)
        try:
            while packed:
                if self._unpacker.eof:
                    # members of a gzip file follow each other; zeros may fill it up
                    packed = packed.lstrip(b"\x00")
                    if not packed:
                        break
                    self._unpacker = zlib.decompressobj(_GZIP)
                unpacked = self._unpacker.decompress(packed)
                self._ready += unpacked
                self._unpacked += len(unpacked)
                packed = self._unpacker.unused_data
        except zlib.error as error:
            self.problem = f"the compressed file is broken ({error})"
        if self._unpacked > max(_ANY_RATIO, _MOST_RATIO * self._packed):
            self.problem = (
                f"the compressed file unpacks to more than {_MOST_RATIO} times its size, as data "
                "never do; the rest is not read"
            )
        return True


def is_compressed(head: bytes) -> bool:
    """Say whether a file is gzipped, by its first bytes."""
    return head.startswith(_MAGIC)


def plain_head(head: bytes) -> bytes:
    """Return the first bytes of a file uncompressed; empty if that is impossible."""
    if not head.startswith(_MAGIC):
        return head
    try:
        return zlib.decompressobj(wbits=_GZIP).decompress(head, 65_536)
    except zlib.error:
        return b""
