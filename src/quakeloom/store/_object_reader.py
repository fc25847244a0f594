"""Reading objects in pieces: no request waits for more than a few seconds of bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from quakeloom.store._object_client import import_obstore, told

PIECE = 8 << 20
"""Bytes that one request reads or sends."""


def read_pieces(client: Any, key: str, address: str) -> Iterator[bytes]:
    """Yield the content of an object in pieces.

    An object that is replaced meanwhile is not mixed with the new one.

    Raises
    ------
    FileNotFoundError
        If there is none.
    StorageError, InputError
        As :func:`quakeloom.store._object_client.told` says.
    """
    obstore = import_obstore()
    with told(address):
        try:
            first = obstore.get(client, key, options={"range": (0, PIECE)})
        except obstore.exceptions.GenericError:
            # storages refuse ranges of what is empty
            if int(obstore.head(client, key)["size"]):
                raise
            return
        size, tag = int(first.meta["size"]), first.meta["e_tag"]
        content = bytes(first.bytes())
    yield content
    for start in range(PIECE, size, PIECE):
        options = {"range": (start, min(start + PIECE, size))}
        if tag:
            options["if_match"] = tag
        with told(address):
            content = bytes(obstore.get(client, key, options=options).bytes())
        yield content


class ObjectReader(io.RawIOBase):
    """An object as a file that can be read in any order.

    Parameters
    ----------
    client
        The library's store.
    key : str
    size : int
        Bytes of the object.
    address : str
        What messages call it.
    """

    def __init__(self, client: Any, key: str, size: int, address: str) -> None:
        self._client, self._key, self._size, self._address = client, key, size, address
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the start, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read bytes to a buffer; return how many."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        with told(self._address):
            found = import_obstore().get_range(
                self._client, self._key, start=self._at, length=wanted
            )
        buffer[: len(found)] = memoryview(found)
        self._at += len(found)
        return len(found)
