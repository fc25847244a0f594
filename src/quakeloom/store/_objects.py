"""A store in an object storage, with a small folder beside it on disk.

An object storage has no rename, no append, no lock, and no folder without content. A file is one
object, which is there whole or not at all. A group of files is made in a scratch folder on disk
and sent when it is complete; while it is sent, an object :data:`UNFINISHED` in its place says so,
and it counts as absent. What says what is to be done and what is done lies on disk as well (see
:func:`quakeloom.store._layout.lies_beside`): Snakemake works on that.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from quakeloom.core import InputError, StorageError, digest_blocks, digest_file
from quakeloom.store._addresses import BESIDE
from quakeloom.store._layout_names import lies_beside, lies_beside_whole
from quakeloom.store._local import LocalStore
from quakeloom.store._object_client import import_obstore, open_client, told
from quakeloom.store._object_locks import LocksOnDisk
from quakeloom.store._object_reader import PIECE, ObjectReader, read_pieces

UNFINISHED = ".unfinished"
"""Object in a group that is being sent or removed: while it is there, the group is not."""

_MARK = b"What lies here is being sent or removed, or that was stopped halfway: do not read it.\n"
"""Content of that object, for those who find it."""

SCRATCH = ".scratch"
"""Folder, below that beside a storage, for files that are being made or were fetched."""

_TIMINGS = ".timings"
"""File on disk whose time says when the times of jobs were sent last."""

_AT_ONCE = 8
"""Objects that are sent at the same time, so that the way to the server and back costs less."""

_DELETE_TRIES = 5
"""Times that objects are removed again where the server does not answer."""

_FRESH_S = 30.0
"""Seconds for which what was seen of a folder of the storage is taken for what it holds."""

_looked: dict[tuple[str, str, str, str], float] = {}
"""When this process looked at a folder of a storage, by storage, folder beside it and key."""

_numbers = itertools.count()
"""Numbers of scratch folders of this process."""

_REMEMBERED_S = 600.0
"""Seconds for which the digest of what was sent is known: until its marker is written."""

_sent: dict[tuple[str, str, str], tuple[str, float]] = {}
"""Digests of what this process has sent, and when; each is asked for once."""


@dataclass(frozen=True)
class ObjectStore(LocksOnDisk):
    """A bucket of an object storage.

    Attributes
    ----------
    scheme : str
        ``s3``, ``gs`` or ``az``.
    bucket : str
    beside : Path
        Folder on disk for all storages; this one has ``SCHEME/BUCKET`` in it.
    """

    scheme: str
    bucket: str
    beside: Path = Path(BESIDE)

    @property
    def client(self) -> Any:
        """The library's store."""
        return open_client(self.scheme, self.bucket)

    @property
    def disk(self) -> LocalStore:
        """The folder beside it."""
        return LocalStore(self.beside / self.scheme / self.bucket)

    def describe(self, key: str) -> str:
        """Return the address of an item."""
        if _is_scratch(key):
            return self.disk.describe(key)
        return f"{self.scheme}://{self.bucket}{'/' if key else ''}{key}"

    def above(self) -> ObjectStore:
        """Refuse: there is nothing around a bucket."""
        raise InputError(f"There is nothing around the bucket {self.describe('')}.")

    def name(self) -> str:
        """Return the name of the bucket."""
        return self.bucket

    def exists(self, key: str) -> bool:
        """Say whether there is a file, or a group or folder with content that is complete."""
        if _is_scratch(key) or lies_beside(key):
            return self.disk.exists(key)
        if self._is_unfinished(key):
            return False
        return self._size(key) is not None or self._holds_any(key)

    def is_folder(self, key: str) -> bool:
        """Say whether there is a group or folder with content that is complete."""
        if _is_scratch(key):
            return self.disk.is_folder(key)
        if lies_beside(key) or self._is_unfinished(key):
            return False
        return self._holds_any(key)

    def list(self, key: str) -> list[str]:
        """Return the sorted names directly below a folder; those of folders end with ``/``."""
        if _is_scratch(key) or lies_beside_whole(key):
            return self.disk.list(key)
        if self._is_unfinished(key):
            return []
        start = f"{key}/" if key else ""
        with told(self.describe(key)):
            found = import_obstore().list_with_delimiter(self.client, prefix=key or None)
        folders = [f"{p.removeprefix(start)}/" for p in found["common_prefixes"]]
        return sorted([*folders, *(o["path"].removeprefix(start) for o in found["objects"])])

    def files(self, key: str) -> Iterator[str]:
        """Yield the keys of all files below a folder, in the order of a walk through folders."""
        start = f"{key}/" if key else ""
        if _is_scratch(key):
            root = self.disk.path(key)
            found = [f.relative_to(root).as_posix() for f in root.rglob("*") if f.is_file()]
        elif self._is_unfinished(key):
            return
        else:
            found = [k.removeprefix(start) for k in self._keys_below(key)]
        # a folder sorts as its name with the slash does
        walked = sorted([*(f"{n}/" for n in names[:-1]), names[-1]] for names in map(_split, found))
        for names in walked:
            own = f"{start}{''.join(names)}"
            if not any(n.startswith(".") for n in names) and not self._is_unfinished(own):
                yield own

    def read(self, key: str) -> bytes:
        """Return the content of a file."""
        if _is_scratch(key) or lies_beside(key):
            return self.disk.read(key)
        return b"".join(self._pieces(key))

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading in any order; a small one is read at once."""
        if _is_scratch(key) or lies_beside(key):
            return self.disk.open(key)
        size = self._size_of(key)
        if size <= PIECE:
            return io.BytesIO(self.read(key))
        return io.BufferedReader(ObjectReader(self.client, key, size, self.describe(key)), PIECE)

    def digest(self, key: str) -> str:
        """Return the digest of a file's content; of what was just sent, that of what was sent."""
        if _is_scratch(key) or lies_beside(key):
            return self.disk.digest(key)
        known, sent = _sent.pop((self.scheme, self.bucket, key), ("", -math.inf))
        if time.monotonic() - sent < _REMEMBERED_S:
            return known
        return digest_blocks(self._pieces(key))

    @contextlib.contextmanager
    def write(self, key: str) -> Iterator[Path]:
        """Give a scratch file; on success it is sent as one object.

        If the body raises, or the object cannot be sent, the item is as it was.
        """
        if _is_scratch(key):
            with self.disk.write(key) as path:
                yield path
            return
        name = key.rpartition("/")[2]
        with self._scratch() as folder:
            path = folder / name
            yield path
            self._send(path, key)
            if lies_beside(key):
                place = self.disk.path(key)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)

    @contextlib.contextmanager
    def write_group(self, key: str) -> Iterator[str]:
        """Give the key of a scratch folder; on success its files take the place of the item."""
        if _is_scratch(key):
            with self.disk.write_group(key) as inner:
                yield inner
            return
        with self._scratch() as folder:
            # a name as of a group that is not complete: files in it get their names at once
            made = folder / f".{os.getpid()}.tmp.{key.rpartition('/')[2]}"
            made.mkdir()
            yield made.relative_to(self.disk.root).as_posix()
            files = {
                f"{key}/{f.relative_to(made).as_posix()}": f
                for f in sorted(made.rglob("*"))
                if f.is_file() and not any(n.startswith(".") for n in f.relative_to(made).parts)
            }
            self._publish(key, files)

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all that it holds; nothing where there is none."""
        if _is_scratch(key):
            self.disk.remove(key)
            return
        if lies_beside(key):
            self._delete([key])
            self.disk.remove(key)
            return
        held = self._keys_below(key)
        if len(held) > 1:
            self._mark_unfinished(key)
        self._delete([key, *(k for k in held if not k.endswith(f"/{UNFINISHED}"))])
        self._delete([k for k in (f"{key}/{UNFINISHED}",) if held])
        self.disk.remove(key)

    def changed(self, key: str) -> float:
        """Return when an object, or the last of those below a folder, was sent, by the storage."""
        if _is_scratch(key):
            return self.disk.changed(key)
        with told(self.describe(key)):
            try:
                sent = [import_obstore().head(self.client, key)["last_modified"]]
            except FileNotFoundError:
                listed = import_obstore().list(self.client, prefix=key or None).collect()
                sent = [o["last_modified"] for o in listed]
        if not sent:
            raise FileNotFoundError(self.describe(key))
        return float(max(sent).timestamp())

    @contextlib.contextmanager
    def fetch(self, key: str) -> Iterator[Path]:
        """Give a copy on disk, for the length of the block."""
        if _is_scratch(key) or lies_beside(key):
            yield self.disk.path(key)
            return
        with self._scratch() as folder:
            place = folder / key.rpartition("/")[2]
            if self.is_folder(key):
                for held in self._keys_below(key):
                    self._bring(held, place / held.removeprefix(f"{key}/"))
            else:
                self._bring(key, place)
            yield place

    def zarr(self, key: str) -> Any:
        """Return what Zarr takes as the place of a group or an array."""
        if _is_scratch(key):
            return self.disk.zarr(key)
        if self._is_unfinished(key):
            raise FileNotFoundError(self.describe(key))
        from zarr.storage import StorePath

        from quakeloom.store._object_arrays import ObjectArrays

        return StorePath(ObjectArrays(self.client, self.describe(""), key))

    def copy(self, key: str, target: str) -> None:
        """Copy a file within the storage."""
        with told(self.describe(key)):
            import_obstore().copy(self.client, key, target)

    def bring_up_to_date(self, key: str) -> None:
        """Make what lies on disk beside a folder what the storage holds.

        Files get the times of their objects, so that Snakemake decides as it would have. While
        another process works in the folder, what lies there is right already, and left alone.
        """
        mark = (self.scheme, self.bucket, str(self.beside.absolute()), key)
        now = time.monotonic()
        if now - _looked.get(mark, -math.inf) < _FRESH_S or self.is_at_work(key):
            return
        from quakeloom.store._object_beside import Beside

        with told(self.describe(key)):
            listed = import_obstore().list(self.client, prefix=key or None).collect()
        Beside(self, key).follow(listed)
        _looked[mark] = time.monotonic()

    def try_writing(self, key: str) -> None:
        """Write and remove an object, so that a run does not end with its first result."""
        probe = f"{key}/.probe" if key else ".probe"
        self.put(probe, b"")
        self._delete([probe])

    def send_timings(self, key: str) -> None:
        """Send what the workflow wrote on disk by itself: how long its jobs took."""
        folder = self.disk.path(key)
        mark = folder / _TIMINGS
        last = mark.stat().st_mtime if mark.exists() else 0.0
        new = [f for f in folder.rglob("benchmarks/*/*.tsv") if f.stat().st_mtime >= last]
        if not new:
            return
        self._send_all({f.relative_to(self.disk.root).as_posix(): f for f in sorted(new)})
        mark.write_bytes(b"")

    def _is_unfinished(self, key: str) -> bool:
        """Say whether an item, or a group that it lies in, was not sent to its end."""
        place = self.disk.path(key)
        while place != self.disk.root:
            if (place / UNFINISHED).exists():
                return True
            place = place.parent
        return False

    def _mark_unfinished(self, key: str) -> None:
        place = self.disk.path(key)
        place.mkdir(parents=True, exist_ok=True)
        (place / UNFINISHED).write_bytes(_MARK)
        self.put(f"{key}/{UNFINISHED}", _MARK)

    def _publish(self, key: str, files: dict[str, Path]) -> None:
        """Put files in the place of a group."""
        mark = f"{key}/{UNFINISHED}"
        self._mark_unfinished(key)
        held = self._keys_below(key)
        self._delete([k for k in held if k not in files and k != mark])
        self._send_all(files)
        for other in held:
            if lies_beside(other) and other not in files:
                self.disk.remove(other)
        for own, path in files.items():
            if lies_beside(own):
                with self.disk.write(own) as temporary:
                    shutil.copyfile(path, temporary)
        self._delete([mark])
        (self.disk.path(key) / UNFINISHED).unlink(missing_ok=True)

    def _send_all(self, files: dict[str, Path]) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for _ in threads.map(lambda pair: self._send(pair[1], pair[0]), files.items()):
                pass

    def _send(self, path: Path, key: str) -> None:
        """Send a file, and remember its digest."""
        digest = digest_file(path)
        with told(self.describe(key)):
            import_obstore().put(self.client, key, path, chunk_size=PIECE)
        _sent[(self.scheme, self.bucket, key)] = digest, time.monotonic()

    def put(self, key: str, content: bytes) -> None:
        """Send bytes as an object."""
        with told(self.describe(key)):
            import_obstore().put(self.client, key, content)

    def _delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there count as removed."""
        waiting = list(keys)
        for key in waiting:
            _sent.pop((self.scheme, self.bucket, key), None)
        for tries in range(_DELETE_TRIES):
            if not waiting:
                return
            try:
                with told(self.describe(waiting[0])), contextlib.suppress(FileNotFoundError):
                    # the library does not try this again by itself
                    import_obstore().delete(self.client, waiting)
                return
            except StorageError:
                if tries == _DELETE_TRIES - 1:
                    raise

    def _keys_below(self, key: str) -> Sequence[str]:
        with told(self.describe(key)):
            listed = import_obstore().list(self.client, prefix=key or None).collect()
        return [o["path"] for o in listed]

    def _holds_any(self, key: str) -> bool:
        with told(self.describe(key)):
            first = import_obstore().list(self.client, prefix=key or None, chunk_size=1)
            return bool(next(iter(first), []))

    def _size(self, key: str) -> int | None:
        """Return the bytes of an object, None where there is none."""
        try:
            return self._size_of(key)
        except FileNotFoundError:
            return None

    def _size_of(self, key: str) -> int:
        with told(self.describe(key)):
            return int(import_obstore().head(self.client, key)["size"])

    def _pieces(self, key: str) -> Iterator[bytes]:
        if self._is_unfinished(key):
            raise FileNotFoundError(self.describe(key))
        return self.pieces_of(key)

    def pieces_of(self, key: str) -> Iterator[bytes]:
        """Yield the content of an object, whatever is said of it."""
        return read_pieces(self.client, key, self.describe(key))

    def _bring(self, key: str, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            for piece in self._pieces(key):
                stream.write(piece)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Give a folder on disk for the length of a block."""
        own = f"{SCRATCH}/{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        folder = self.disk.path(own)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            with contextlib.suppress(OSError):
                self.disk.remove(own)


def _is_scratch(key: str) -> bool:
    return key.startswith(f"{SCRATCH}/")


def _split(key: str) -> Sequence[str]:
    return key.split("/")
