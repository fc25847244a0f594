"""Archives of arrays (NumPy's ``.npz``), read without trust: one way for all that are read."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

from numpy.lib import format as npy
from numpy.typing import NDArray

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Readers of the header of an array, by the version of the form; version 3 differs in letters."""

_LZMA_HEAD = 9
"""Bytes before the data that LZMA has packed into a zip archive (APPNOTE of PKWARE, 5.8.8)."""

_MOST_ROOM = 64 << 20
"""Room that LZMA may ask for, bytes: that of its highest level; a damaged head may ask for 4 GB."""


class BrokenArchiveError(ValueError):
    """A file is no archive of arrays that can be read."""


def read_array_archive(
    source: Path | BinaryIO,
    names: Iterable[str] | None = None,
    names_but: Collection[str] = (),
) -> dict[str, NDArray[Any]]:
    """Read arrays of an archive by name; nothing is unpickled.

    Every header is held against the bytes that follow it before any room is made: a damaged one
    may promise more than all memory.

    Parameters
    ----------
    source : Path or binary stream
    names : iterable of str, optional
        What is read; all arrays without it.
    names_but : collection of str, optional
        What is not read, such as an array of Python's objects that is not needed.

    Raises
    ------
    BrokenArchiveError
        If it is no such archive, is cut off or changed, or an array is missing, of Python's
        objects, or not as long as its header says.
    """
    try:
        with ZipFile(source) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            found = {}
            for name in members if names is None else names:
                if name in names_but:
                    continue
                _check_packing(archive, members[name], name)
                with archive.open(members[name]) as stream:
                    _check_header(stream, members[name].file_size, name)
                with archive.open(members[name]) as stream:
                    found[name] = npy.read_array(stream, allow_pickle=False)
            return found
    except (BrokenArchiveError, MemoryError):
        raise
    except KeyError as error:
        raise BrokenArchiveError(f"it has no array {error}") from error
    except Exception as error:
        # zip, its four kinds of packing and the headers, which are parsed as Python, fail in
        # a dozen ways; a missing file is told by whoever names it
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error)[:120] or type(error).__name__
        raise BrokenArchiveError(f"{type(error).__name__}: {said}") from error


def _check_packing(archive: ZipFile, member: ZipInfo, name: str) -> None:
    """Refuse packings of no archive of arrays, and LZMA that asks for room beyond all measure."""
    if member.compress_type in (ZIP_STORED, ZIP_DEFLATED):
        return
    if member.compress_type != ZIP_LZMA:
        raise BrokenArchiveError(f"array '{name}' is packed in a way that is not known")
    as_it_lies = copy.copy(member)
    as_it_lies.compress_type = ZIP_STORED
    as_it_lies.file_size = member.compress_size
    del as_it_lies.CRC  # it is that of the unpacked data
    with archive.open(as_it_lies) as stream:
        # two bytes of version, two of the length of the properties: one byte, then the room
        head = stream.read(_LZMA_HEAD)
    room = int.from_bytes(head[-4:], "little")
    if len(head) < _LZMA_HEAD or room > _MOST_ROOM:
        raise BrokenArchiveError(f"array '{name}' asks for {room} bytes to be unpacked")


def _check_header(stream: Any, size: int, name: str) -> None:
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise BrokenArchiveError(f"array '{name}' is of a form ({version}) that is not known")
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise BrokenArchiveError(f"array '{name}' holds objects of Python, which are not read")
    wanted = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or wanted != size - stream.tell():
        raise BrokenArchiveError(
            f"array '{name}' should have {wanted} bytes for its header and has "
            f"{size - stream.tell()}"
        )
