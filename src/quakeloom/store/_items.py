"""Addresses of what lies in a store, and what can be done with them whatever they hold."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from quakeloom.core import InputError, digest_bytes
from quakeloom.store._addresses import find_address
from quakeloom.store._layout_names import lies_beside
from quakeloom.store._local import LocalStore
from quakeloom.store._objects import ObjectStore
from quakeloom.store._protocol import Store


@dataclass(frozen=True)
class Item:
    """A file or folder of a store, whether or not it is there.

    ``item / "name"`` is what lies below it. As text it is its path or address.

    Attributes
    ----------
    store : Store
    key : str
        Names with ``/`` between them, below the root of the store.
    """

    store: Store
    key: str

    def __truediv__(self, name: str) -> Item:
        return Item(self.store, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return self.store.describe(self.key)

    @property
    def name(self) -> str:
        """Last name of the key."""
        return self.key.rpartition("/")[2] or self.store.name()

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def parent(self) -> Item:
        """The folder around it; that of a root lies in the store around."""
        if self.key:
            return Item(self.store, self.key.rpartition("/")[0])
        return Item(self.store.above(), "")

    @property
    def local(self) -> Path:
        """Path in a local store, or of what lies on disk beside an object storage.

        Raises
        ------
        InputError
            If the store is another one.
        """
        if isinstance(self.store, ObjectStore) and lies_beside(self.key):
            return self.store.disk.path(self.key)
        if not isinstance(self.store, LocalStore):
            raise InputError(
                f"{self} is no file of this machine, which this needs. Nothing was done; give a "
                "local folder."
            )
        return self.store.path(self.key)

    @property
    def waveforms(self) -> Path:
        """What readers of waveforms take as the place of an archive, here or in a storage."""
        if isinstance(self.store, ObjectStore):
            return Path(f"{self.store.scheme}:/{self.store.bucket}", *self.key.split("/"))
        return self.local

    @property
    def zarr(self) -> Any:
        """What Zarr takes as the place of a group or an array."""
        return self.store.zarr(self.key)

    def exists(self) -> bool:
        """Say whether it is there."""
        return self.store.exists(self.key)

    def is_folder(self) -> bool:
        """Say whether it is there and holds others."""
        return self.store.is_folder(self.key)

    def children(self) -> list[Item]:
        """Return what lies directly below it, by name; nothing where it is not there."""
        names = [n.rstrip("/") for n in self.store.list(self.key)]
        return [self / name for name in names if not name.startswith(".")]

    def files(self) -> Iterator[Item]:
        """Yield all files below it, folder by folder, by name."""
        if isinstance(self.store, ObjectStore):
            yield from (Item(self.store, key) for key in self.store.files(self.key))
            return
        for name in self.store.list(self.key):
            if name.startswith("."):
                continue
            if name.endswith("/"):
                yield from (self / name[:-1]).files()
            else:
                yield self / name

    def relative_to(self, folder: Item) -> str:
        """Return its key below a folder of the same store."""
        start = f"{folder.key}/" if folder.key else ""
        if self.store != folder.store or not self.key.startswith(start):
            raise ValueError(f"{self} does not lie in {folder}.")
        return self.key[len(start) :]

    def digest(self, without: Collection[str] = ()) -> str:
        """Return the digest of a file, or of all files of a folder with their names.

        Parameters
        ----------
        without : collection of str
            Keys below the folder that do not count, with all that lies below them.

        Raises
        ------
        InputError
            If there is nothing.
        """
        if not self.is_folder():
            with _named(self):
                return self.store.digest(self.key)
        left_out = [tuple(w.split("/")) for w in without]
        parts: list[bytes] = []
        for file in self.files():
            inside = file.relative_to(self)
            names = tuple(inside.split("/"))
            if any(names[: len(w)] == w for w in left_out):
                continue
            parts.append(inside.encode())
            parts.append(self.store.digest(file.key).encode())
        return digest_bytes(*parts)

    def remove(self) -> None:
        """Remove it with all that it holds; nothing where it is not there."""
        self.store.remove(self.key)

    def lock(self) -> AbstractContextManager[None]:
        """Wait until no other process holds the lock of this folder, and hold it."""
        return self.store.lock(self.key)

    def claim(self) -> AbstractContextManager[bool]:
        """Say whether this process alone works in this folder.

        The claim ends with the process, and with those that it hands its open files on to.
        """
        return self.store.claim(self.key)

    def share(self) -> AbstractContextManager[None]:
        """Work in this folder beside others; whoever waits for it waits for the end of this."""
        return self.store.share(self.key)

    def is_shared(self) -> bool:
        """Say whether another process works in this folder now."""
        return self.store.is_shared(self.key)

    def settle(self) -> bool:
        """Give a file whose time lies in the future the present; return whether it had one."""
        return self.store.settle(self.key)

    def changed(self) -> float:
        """Return when it, or the last of what lies below it, was changed (s of the epoch)."""
        return self.store.changed(self.key)

    def open(self) -> BinaryIO:
        """Open it for reading in any order.

        Raises
        ------
        InputError
            If there is nothing.
        """
        with _named(self):
            return self.store.open(self.key)


@contextlib.contextmanager
def _named(item: Item) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError(
            f"{item} is missing, so it cannot be read. Run what makes it again."
        ) from None


def open_item(place: Path | str | Item) -> Item:
    """Return the address of a file or folder that a user names.

    Parameters
    ----------
    place : Path, str or Item
        A local path, or an address such as ``s3://bucket/prefix``; an item is returned as it is.

    Raises
    ------
    InputError, StorageError
        If an address names a storage that cannot be reached.
    """
    if isinstance(place, Item):
        return place
    address = find_address(place)
    if address is not None:
        store = ObjectStore(address.scheme, address.bucket, address.beside)
        if address.is_written_out:
            store.bring_up_to_date(address.key)
        return Item(store, address.key)
    path = Path(place)
    if path.name in ("", ".."):
        return Item(LocalStore(path), "")
    return Item(LocalStore(path.parent), path.name)


def open_folder(place: Path | str) -> Item:
    """Return the address of a folder that a user names for results; it is made if needed.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    item = open_item(place)
    if isinstance(item.store, LocalStore):
        try:
            item.local.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"'{item}' cannot be made as a folder for results ({error.strerror}). Nothing was "
                f"computed; {_remedy_of_folder(item.local)}."
            ) from None
    return item


def _remedy_of_folder(path: Path) -> str:
    """Say what is in the way of a folder, or who has no right to make it."""
    try:
        there = next((p for p in (path, *path.parents) if p.exists()), path)
    except OSError:
        return "name another"
    if not there.is_dir():
        return f"'{there}' is a file: move it away, or name another folder"
    return f"name another, or get the right to write in '{there}'"


def open_results(place: Path | str) -> Item:
    """Return the address of the folder of all results; it is made, and tried by writing to it.

    Raises
    ------
    InputError
        If it cannot be made or written.
    """
    item = open_folder(place)
    if isinstance(item.store, ObjectStore):
        item.store.try_writing(item.key)
    if not isinstance(item.store, LocalStore):
        return item
    try:
        with tempfile.TemporaryFile(dir=item.local) as probe:
            probe.write(b"0" * 4096)  # a full disk has room for names
    except OSError as error:
        raise InputError(
            f"The folder of results '{item}' cannot be written ({error.strerror}). Nothing was "
            "computed; make room or get the right to write there, or name another with --results."
        ) from None
    return item


def local_side(place: Path | str) -> Path:
    """Return the folder on disk that the workflow works on: results, or what lies beside them.

    A path into the folder beside an object storage is an address of it, so the rules of the
    workflow are the same for both.
    """
    item = open_item(place)
    if isinstance(item.store, ObjectStore):
        folder = item.store.disk.path(item.key)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return Path(place)


def keep_timings(place: Path | str) -> None:
    """Keep with results what the workflow wrote by itself: how long its jobs took."""
    item = open_item(place)
    if isinstance(item.store, ObjectStore):
        item.store.send_timings(item.key)


def read_bytes(item: Item) -> bytes:
    """Read a file.

    Raises
    ------
    InputError
        If there is none.
    """
    with _named(item):
        return item.store.read(item.key)


def write_bytes(item: Item, content: bytes) -> None:
    """Write a file, whole."""
    with atomic_file(item) as temporary:
        temporary.write_bytes(content)


def link_item(source: Item, target: Item) -> None:
    """Give a file a second name that stays when the first gets other content or goes.

    Every write of a store puts a new file in the place of the old one, so that two names of one
    file cost no room and do not change together. Where a place takes no second name, it is a
    copy. A target that is there is left as it is.

    Raises
    ------
    InputError
        If there is no such file.
    """
    if target.exists():
        return
    if isinstance(source.store, ObjectStore) and source.store == target.store:
        with _named(source):
            source.store.copy(source.key, target.key)
        return
    if not (isinstance(source.store, LocalStore) and isinstance(target.store, LocalStore)):
        write_bytes(target, read_bytes(source))
        return
    if not source.exists():
        raise InputError(f"{source} is missing, so it cannot be kept. Run what makes it again.")
    with atomic_file(target) as temporary:
        try:
            os.link(source.local, temporary)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source.local, temporary)


def atomic_file(item: Item) -> AbstractContextManager[Path]:
    """Give a local file to write to; on success it is the item, whole.

    If the body raises, the item is as it was.
    """
    return item.store.write(item.key)


@contextlib.contextmanager
def atomic_folder(item: Item) -> Iterator[Item]:
    """Give a folder to fill; on success it takes the place of the item, whole."""
    with item.store.write_group(item.key) as key:
        yield Item(item.store, key)


def local_copy(item: Item) -> AbstractContextManager[Path]:
    """Give a local file or folder with the content, for programs that read nothing else."""
    return item.store.fetch(item.key)


def remove_others(folder: Item, names: Collection[str]) -> None:
    """Remove all that lies in a folder but some names, with what killed writes left."""
    for name in folder.store.list(folder.key):
        if name.rstrip("/") not in names:
            (folder / name.rstrip("/")).remove()
