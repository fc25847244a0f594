"""Zarr's view of a folder of an object storage, whose errors are told as all others are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

from zarr.storage import ObjectStore as ZarrObjects

from quakeloom.store._object_client import told


class ObjectArrays(ZarrObjects):  # type: ignore[misc]
    """Zarr's store for the library, below one folder.

    Zarr makes groups of all folders above an array, up to the root of its store: that has to be
    the group that is asked for, as it is on disk, and not the bucket.

    Parameters
    ----------
    store
        The library's store of a bucket.
    address : str
        Of the bucket, for messages.
    folder : str
        Key of the group or array.
    read_only : bool
    """

    def __init__(
        self, store: Any, address: str = "", folder: str = "", *, read_only: bool = False
    ) -> None:
        super().__init__(store, read_only=read_only)
        self._address, self._folder = address, folder

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ObjectArrays)
            and super().__eq__(other)
            and self._folder == other._folder
        )

    def __hash__(self) -> int:
        return hash((self._address, self._folder))

    def __str__(self) -> str:
        return f"{self._address}/{self._folder}"

    def with_read_only(self, read_only: bool = False) -> ObjectArrays:
        """Return the same that does or does not write."""
        return type(self)(self.store, self._address, self._folder, read_only=read_only)

    def _key(self, name: str) -> str:
        return "/".join(part for part in (self._folder, name.strip("/")) if part)

    async def _told(self, key: str, answer: Awaitable[Any]) -> Any:
        with told(f"{self._address}/{key}"):
            return await answer

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Read an object or a part of one."""
        own = self._key(key)
        return await self._told(own, super().get(own, prototype, byte_range))

    async def get_partial_values(self, prototype: Any, key_ranges: Any) -> Any:
        """Read parts of objects."""
        wanted = [(self._key(key), span) for key, span in key_ranges]
        own = wanted[0][0] if wanted else self._folder
        return await self._told(own, super().get_partial_values(prototype, wanted))

    async def exists(self, key: str) -> Any:
        """Say whether there is an object."""
        own = self._key(key)
        return await self._told(own, super().exists(own))

    async def set(self, key: str, value: Any) -> None:
        """Write an object."""
        own = self._key(key)
        await self._told(own, super().set(own, value))

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        """Write an object where there is none."""
        own = self._key(key)
        await self._told(own, super().set_if_not_exists(own, value))

    async def delete(self, key: str) -> None:
        """Remove an object."""
        await self._delete(self._key(key))

    async def _delete(self, own: str) -> None:
        await self._told(own, super().delete(own))

    async def delete_dir(self, prefix: str) -> None:
        """Remove all objects below a folder."""
        async for key in self._listed(self._key(prefix)):
            await self._delete(key)

    async def getsize(self, key: str) -> Any:
        """Return the bytes of an object."""
        own = self._key(key)
        return await self._told(own, super().getsize(own))

    async def getsize_prefix(self, prefix: str) -> Any:
        """Return the bytes of all objects below a folder."""
        own = self._key(prefix)
        return await self._told(own, super().getsize_prefix(own))

    async def _listed(self, own: str) -> AsyncIterator[str]:
        with told(f"{self._address}/{own}"):
            async for key in super().list_prefix(own):
                yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:  # type: ignore[override]
        """Yield the keys below a folder."""
        start = f"{self._folder}/" if self._folder else ""
        async for key in self._listed(self._key(prefix)):
            yield key.removeprefix(start)

    async def list(self) -> AsyncIterator[str]:  # type: ignore[override]
        """Yield all keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:  # type: ignore[override]
        """Yield the names directly below a folder."""
        own = self._key(prefix)
        with told(f"{self._address}/{own}"):
            async for name in super().list_dir(own):
                yield name
