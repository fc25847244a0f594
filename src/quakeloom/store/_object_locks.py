"""Locks of a store in an object storage: they lie in the folder beside it, on this disk.

An object storage has no locks, so that commands on other machines are not kept apart.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from quakeloom.store._local import LocalStore


class LocksOnDisk:
    """What a store takes from the folder beside it: locks, claims and times of files."""

    @property
    def disk(self) -> LocalStore:
        """The folder beside it."""
        raise NotImplementedError

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Wait until no other process on this disk holds the lock of a folder, and hold it."""
        with self.disk.lock(key):
            yield

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Say whether this process alone works in a folder, as far as this disk tells."""
        with self.disk.claim(key) as is_free:
            yield is_free

    @contextlib.contextmanager
    def share(self, key: str) -> Iterator[None]:
        """Work in a folder beside others on this disk; whoever waits waits for the end of this."""
        self.disk.path(key).mkdir(parents=True, exist_ok=True)
        with self.disk.share(key):
            yield

    def is_shared(self, key: str) -> bool:
        """Say whether another process on this disk works in a folder now."""
        return self.disk.is_shared(key)

    def settle(self, key: str) -> bool:
        """Give a file on disk whose time lies in the future the present."""
        return self.disk.settle(key) if self.disk.exists(key) else False

    def is_at_work(self, key: str) -> bool:
        """Say whether another process has claimed a folder, one in it or one around it."""
        place = self.disk.path(key)
        above = [p / ".working" for p in place.parents if p.is_relative_to(self.disk.root)]
        for file in (*place.rglob(".working"), *(f for f in above if f.exists())):
            folder = file.parent.relative_to(self.disk.root).as_posix()
            with self.disk.claim(folder) as is_free:
                if not is_free:
                    return True
        return False
