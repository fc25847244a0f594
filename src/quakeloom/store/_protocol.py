"""What results need of the place that they lie in.

A store is a local folder now. Nothing here asks for more than an object storage has: no rename,
no append, no folders that exist without content. What a store promises is that an item is
visible whole or not at all; where nothing can be renamed, parts can be written under names of
their own and published by the marker that names them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class Store(Protocol):
    """Items by key.

    A key is names with ``/`` between them, below the root of the store; the empty key is the
    root. An item is a file, or a folder: everything whose keys begin with its own. Names that
    begin with a dot are the store's own, locks and unfinished writes, and are no results.
    """

    def describe(self, key: str) -> str:
        """Return what people call an item: a path, or an address."""

    def above(self) -> Store:
        """Return the store around this one, in which its root is the item :meth:`name`."""

    def name(self) -> str:
        """Return the name of the root in the store around it."""

    def exists(self, key: str) -> bool:
        """Say whether there is a file, or a folder with content."""

    def is_folder(self, key: str) -> bool:
        """Say whether there is a folder."""

    def list(self, key: str) -> list[str]:
        """Return the sorted names directly below a folder; those of folders end with ``/``."""

    def read(self, key: str) -> bytes:
        """Return the content of a file; FileNotFoundError if there is none."""

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading in any order; FileNotFoundError if there is none."""

    def digest(self, key: str) -> str:
        """Return the digest of a file's content."""

    def write(self, key: str) -> AbstractContextManager[Path]:
        """Give a local file to write; on leaving it is the item, whole, or nothing has changed."""

    def write_group(self, key: str) -> AbstractContextManager[str]:
        """Give the key of a folder to fill; on leaving it takes the place of the item, whole."""

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all that it holds; nothing where there is none."""

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Wait until no other process holds the lock of a folder, and hold it."""

    def claim(self, key: str) -> AbstractContextManager[bool]:
        """Say whether this process alone works in a folder.

        The claim ends with the process, and with those that it hands its open files on to.
        """

    def share(self, key: str) -> AbstractContextManager[None]:
        """Work in a folder beside others; whoever waits for it waits for the end of this."""

    def is_shared(self, key: str) -> bool:
        """Say whether another process works in a folder now."""

    def settle(self, key: str) -> bool:
        """Give a file whose time lies in the future the present; return whether it had one."""

    def changed(self, key: str) -> float:
        """Return when a file, or the last of a folder and all below it, was changed (s)."""

    def fetch(self, key: str) -> AbstractContextManager[Path]:
        """Give a local file or folder with the content, for programs that read nothing else."""

    def zarr(self, key: str) -> Any:
        """Return what Zarr takes as the place of a group or an array."""
