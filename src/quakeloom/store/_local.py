"""A store in a local folder: temporary names, then a rename."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import pyarrow as pa

from quakeloom.core import digest_file

_SKEW_S = 2.0
"""Seconds that the clocks of a machine and of its file server may differ."""

_UNFINISHED = re.compile(r"\.\d+\.(tmp|old)\.(?P<name>.+)")
"""Names of what is being written (``tmp``) or replaced (``old``), by the process of a number."""

_SHARED = ".jobs"
"""File on which all that work in a folder hold a lock together."""


@dataclass(frozen=True)
class LocalStore:
    """A folder of this machine, or one that it shares with others.

    Attributes
    ----------
    root : Path
    """

    root: Path

    def path(self, key: str) -> Path:
        """Return the path of an item."""
        return self.root / key

    def describe(self, key: str) -> str:
        """Return the path of an item."""
        return str(self.path(key))

    def above(self) -> LocalStore:
        """Return the store of the folder around this one."""
        if self.root.name in ("", ".."):
            return LocalStore(self.root / "..")
        return LocalStore(self.root.parent)

    def name(self) -> str:
        """Return the name of the folder."""
        return self.root.name if self.root.name not in ("", "..") else self.root.resolve().name

    def exists(self, key: str) -> bool:
        """Say whether there is a file or a folder."""
        return self.path(key).exists()

    def is_folder(self, key: str) -> bool:
        """Say whether there is a folder."""
        return self.path(key).is_dir()

    def list(self, key: str) -> list[str]:
        """Return the sorted names directly below a folder; those of folders end with ``/``."""
        try:
            with os.scandir(self.path(key)) as found:
                return sorted(f"{e.name}/" if e.is_dir() else e.name for e in found)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, key: str) -> bytes:
        """Return the content of a file."""
        return self.path(key).read_bytes()

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading in any order."""
        # Arrow reads a file of its own without holding up other threads; NumPy takes it as well
        stream: BinaryIO = pa.OSFile(self.describe(key), "rb")
        return stream

    def digest(self, key: str) -> str:
        """Return the digest of a file's content, read in blocks."""
        return digest_file(self.path(key))

    @contextlib.contextmanager
    def write(self, key: str) -> Iterator[Path]:
        """Give a temporary file; on success it is renamed to the item.

        If the body raises, the item is as it was. A kill leaves at most a temporary file, which
        is never read and the next write removes. Within a folder that is itself unfinished the
        file has its name at once.
        """
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if _is_unfinished(key):
            yield path
            return
        _remove_leftovers(path)
        temporary = _unfinished(path, "tmp")
        try:
            yield temporary
            _to_disk(temporary)
            temporary.replace(path)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            _name(error, path)
            raise

    @contextlib.contextmanager
    def write_group(self, key: str) -> Iterator[str]:
        """Give the key of a temporary folder; on success it takes the place of the item.

        A link in that place is replaced; the folder that it leads to is left as it is.
        """
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        temporary = _unfinished(path, "tmp")
        temporary.mkdir()
        try:
            yield f"{key[: len(key) - len(path.name)]}{temporary.name}"
            for file in temporary.rglob("*"):
                if file.is_file():
                    _to_disk(file)
            if path.is_symlink():
                # what the link leads to belongs to somebody else, and stays
                path.unlink()
                temporary.replace(path)
            elif path.exists():
                old = _unfinished(path, "old")
                path.replace(old)
                temporary.replace(path)
                shutil.rmtree(old)
            else:
                temporary.replace(path)
        except BaseException as error:
            shutil.rmtree(temporary, ignore_errors=True)
            _name(error, path)
            raise

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all that it holds; nothing where there is none."""
        path = self.path(key)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Wait until no other process holds the lock of a folder, and hold it."""
        folder = self.path(key)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Say whether this process alone works in a folder.

        The claim ends with the process, and with those that it hands its open files on to.
        """
        folder = self.path(key)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".working").open("w") as stream:
            if not _take(stream, fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield False
                return
            os.set_inheritable(stream.fileno(), True)
            yield True

    @contextlib.contextmanager
    def share(self, key: str) -> Iterator[None]:
        """Work in a folder beside others; whoever waits for it waits for the end of this."""
        with (self.path(key) / _SHARED).open("w") as stream:
            _take(stream, fcntl.LOCK_SH)
            yield

    def is_shared(self, key: str) -> bool:
        """Say whether another process works in a folder now."""
        place = self.path(key) / _SHARED
        if not place.exists():
            return False
        with place.open("r+") as stream:
            return not _take(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def settle(self, key: str) -> bool:
        """Give a file whose time lies in the future the present; return whether it had one."""
        path = self.path(key)
        now = time.time()
        if path.stat().st_mtime <= now + _SKEW_S:
            return False
        os.utime(path, (now - _SKEW_S, now - _SKEW_S))
        return True

    def changed(self, key: str) -> float:
        """Return when a file, or the last of a folder and all below it, was changed."""
        path = self.path(key)
        latest = path.stat().st_mtime
        if path.is_dir():
            with os.scandir(path) as found:
                shown = [e.name for e in found if not e.name.startswith(".")]
            latest = max([latest, *(self.changed(f"{key}/{name}") for name in shown)])
        return latest

    @contextlib.contextmanager
    def fetch(self, key: str) -> Iterator[Path]:
        """Give the file or folder itself."""
        yield self.path(key)

    def zarr(self, key: str) -> Path:
        """Return the path of a group or an array.

        Not its text: from 3.4 on Zarr takes text for an address, in which signs such as ``#`` end
        the path.
        """
        return self.path(key)


def _take(stream: IO[str], how: int) -> bool:
    """Take a lock; return whether it was free. A file system may have no locks."""
    try:
        fcntl.flock(stream, how)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _to_disk(path: Path) -> None:
    """Have the content of a file on the disk before its name: a power cut leaves no zeros."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _name(error: BaseException, path: Path) -> None:
    """Give an error of the system the file that it is about, where it names none."""
    if isinstance(error, OSError) and error.filename is None:
        error.filename = str(path)


def _unfinished(path: Path, kind: str) -> Path:
    # the name keeps its end, which tells some writers what to write
    return path.with_name(f".{os.getpid()}.{kind}.{path.name}")


def _is_unfinished(key: str) -> bool:
    """Say whether an item lies in a folder that is being written."""
    return any(_UNFINISHED.fullmatch(name) for name in key.split("/")[:-1])


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed write of a file or folder left."""
    with os.scandir(path.parent) as found:
        left = [e for e in found if e.name.startswith(".")]
    for entry in left:
        match = _UNFINISHED.fullmatch(entry.name)
        if match is None or match["name"] != path.name:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)
