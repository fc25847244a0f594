"""Files that users name in an object storage: found by listing, brought to disk when read.

A path that began as an address (``s3:/bucket/key``) stands for such a file. Sources, models and
tables are small, read by programs that want files, and kept on disk below ``.quakeloom/inputs``
until they change. Files of an archive are read one at a time and not kept.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from quakeloom.store._addresses import BESIDE, Address, find_address
from quakeloom.store._object_client import import_obstore, open_client, told
from quakeloom.store._object_reader import read_pieces

Stamp = tuple[int, int]
"""Size in bytes, and time of change in nanoseconds since 1970."""

_stamps: dict[str, Stamp] = {}
"""Stamps of files of an archive that were listed by this process."""

_brought: set[str] = set()
"""Files that this process has looked at and that lie on disk as they are there."""

_WILDCARDS = "*?["
"""Characters that make a name a pattern."""


def storage_address(path: Path) -> Address | None:
    """Return the address of a path that stands for a file or folder of an object storage."""
    found = find_address(path)
    return found if found is not None and found.is_written_out else None


def join_address(data: str, name: str) -> Path | None:
    """Return the path of an input below an address; None where both are paths of this machine."""
    for text in (name, data):
        found = find_address(text)
        if found is not None and found.is_written_out:
            below = name if text == data and text != name else ""
            return Path(f"{found.scheme}:/{found.bucket}", *found.key.split("/"), below)
    return None


def list_storage(path: Path) -> list[Path]:
    """Return the files below a folder of a storage, or the file itself, sorted."""
    address = storage_address(path)
    assert address is not None
    listed = _list(address, address.key)
    found = [_note(address, o) for o in listed if not o["path"].endswith("/")]
    if not found and address.key and is_in_storage(path):
        return [path]
    return sorted(found)


def match_storage(path: Path) -> list[Path]:
    """Return what a file, a folder or a pattern of a storage stands for, sorted."""
    address = storage_address(path)
    assert address is not None
    if is_in_storage(path):
        return [path]
    names = address.key.split("/")
    fixed = next((i for i, n in enumerate(names) if any(c in n for c in _WILDCARDS)), None)
    if fixed is None:
        return [f for f in list_storage(path) if f.parent == path and f.name[:1] != "."]
    below = list_storage(_path(address, "/".join(names[:fixed])))
    hidden = names[-1].startswith(".")
    return [f for f in below if _matches(f, names) and (hidden or not f.name.startswith("."))]


def _matches(file: Path, names: list[str]) -> bool:
    """Say whether the names of a file are as a pattern says; ``**`` is any number of folders."""
    address = storage_address(file)
    assert address is not None
    return _match_names(address.key.split("/"), names)


def _match_names(found: list[str], wanted: list[str]) -> bool:
    if not wanted or not found:
        return not wanted and not found
    if wanted[0] == "**":
        return any(_match_names(found[i:], wanted[1:]) for i in range(len(found)))
    return fnmatch.fnmatchcase(found[0], wanted[0]) and _match_names(found[1:], wanted[1:])


def is_in_storage(path: Path) -> bool:
    """Say whether there is such a file."""
    return _find(path) is not None


def storage_stamp(path: Path) -> Stamp:
    """Return size and time of change of a file; FileNotFoundError if there is none."""
    known = _stamps.get(str(path)) or _find(path)
    if known is None:
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return known


def bring(path: Path) -> Path | None:
    """Return the copy on disk of a file of a storage, brought if it has changed; None if gone."""
    address = storage_address(path)
    assert address is not None
    place = folder_of_copies(path)
    if str(path) in _brought and place.is_file():
        return place
    stamp = _find(path)
    if stamp is None:
        if place.is_file():  # it was removed since
            place.unlink()
        return None
    if not place.is_file() or (place.stat().st_size, place.stat().st_mtime_ns) != stamp:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=".", suffix=place.name)
        with os.fdopen(descriptor, "wb") as stream:
            _copy(address, stream)
        os.utime(temporary, ns=(stamp[1], stamp[1]))
        Path(temporary).replace(place)
    _brought.add(str(path))
    return place


def folder_of_copies(path: Path) -> Path:
    """Return the folder on disk that copies of what is below a folder of a storage lie in."""
    address = storage_address(path)
    assert address is not None
    return Path(BESIDE, "inputs", address.scheme, address.bucket, *address.key.split("/"))


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[Path]:
    """Give a file of an archive as one of this machine, for the length of a block.

    It is read in requests of some MB each and not kept.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    address = storage_address(path)
    if address is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="quakeloom-") as folder:
        place = Path(folder) / path.name
        with place.open("wb") as stream:
            _copy(address, stream)
        yield place


def _copy(address: Address, stream: Any) -> None:
    said = f"{address.scheme}://{address.bucket}/{address.key}"
    client = open_client(address.scheme, address.bucket)
    for piece in read_pieces(client, address.key, said):
        stream.write(piece)


def _find(path: Path) -> Stamp | None:
    address = storage_address(path)
    assert address is not None
    said = f"{address.scheme}://{address.bucket}/{address.key}"
    if not address.key:
        return None
    try:
        with told(said):
            client = open_client(address.scheme, address.bucket)
            found = import_obstore().head(client, address.key)
    except FileNotFoundError:
        return None
    return int(found["size"]), _nanoseconds(found["last_modified"])


def _list(address: Address, key: str) -> list[Any]:
    with told(f"{address.scheme}://{address.bucket}/{key}"):
        client = open_client(address.scheme, address.bucket)
        return list(import_obstore().list(client, prefix=key or None).collect())


def _note(address: Address, found: Any) -> Path:
    path = _path(address, found["path"])
    _stamps[str(path)] = int(found["size"]), _nanoseconds(found["last_modified"])
    return path


def _path(address: Address, key: str) -> Path:
    return Path(f"{address.scheme}:/{address.bucket}", *key.split("/"))


def _nanoseconds(time: datetime) -> int:
    # storages say when in whole seconds as they list, in less in other answers
    return int(time.timestamp()) * 1_000_000_000
