"""What lies on disk beside an object storage follows what the storage holds."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil

from quakeloom.store._layout_names import is_timing, lies_beside
from quakeloom.store._local import LocalStore

if TYPE_CHECKING:
    from quakeloom.store._objects import ObjectStore

_AT_ONCE = 16
"""Small objects that are read at the same time."""


class Beside:
    """The folder on disk beside a folder of an object storage.

    Parameters
    ----------
    store : ObjectStore
    key : str
        The folder.
    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store, self._key = store, key
        self._disk: LocalStore = store.disk

    def follow(self, listed: Iterable[Mapping[str, Any]]) -> None:
        """Take over what a listing of the storage says; scratch of processes that are gone goes.

        Parameters
        ----------
        listed : iterable of mapping
            Objects with ``path``, ``e_tag`` and ``last_modified``.
        """
        from quakeloom.store._objects import UNFINISHED

        there = {
            o["path"]: o
            for o in listed
            if lies_beside(o["path"]) or o["path"].endswith(f"/{UNFINISHED}")
        }
        root = self._disk.path(self._key)
        files = [f for f in root.rglob("*") if f.is_file()] if root.is_dir() else []
        for file in files:
            own = file.relative_to(self._disk.root).as_posix()
            counts = lies_beside(own) or file.name == UNFINISHED
            if counts and own not in there and not is_timing(own):
                file.unlink(missing_ok=True)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for _ in threads.map(self._take, there.values()):
                pass
        self._remove_scratch()

    def _take(self, found: Mapping[str, Any]) -> None:
        """Bring one small object to the disk, unless the same lies there."""
        place = self._disk.path(found["path"])
        with contextlib.suppress(FileNotFoundError):
            # the tag is the MD5 of the content in most storages; where it is not, it is read
            tag = hashlib.md5(place.read_bytes(), usedforsecurity=False).hexdigest()
            if str(found["e_tag"]).strip('"') == tag:
                return
        try:
            content = b"".join(self._store.pieces_of(found["path"]))
        except FileNotFoundError:  # removed since it was listed
            return
        if place.is_file() and place.read_bytes() == content:
            return
        with self._disk.write(found["path"]) as temporary:
            temporary.write_bytes(content)
        time = found["last_modified"].timestamp()
        os.utime(place, (time, time))

    def _remove_scratch(self) -> None:
        """Remove what killed processes of this machine have left."""
        from quakeloom.store._objects import SCRATCH

        for name in self._disk.list(SCRATCH):
            host, _, rest = name.rstrip("/").rpartition(".")[0].rpartition(".")
            if host == socket.gethostname() and rest.isdigit() and not psutil.pid_exists(int(rest)):
                self._disk.remove(f"{SCRATCH}/{name.rstrip('/')}")
