"""Addresses of object storages, as users write them and as paths carry them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STORAGES = {
    "s3": "Amazon S3, or a server that speaks its language",
    "gs": "Google Cloud Storage",
    "az": "Azure Blob Storage",
}
"""Beginnings of addresses, and what they stand for."""

BESIDE = ".quakeloom"
"""Folder on disk, where one is, for the small files that lie beside an object storage."""

_ADDRESS = re.compile(rf"({'|'.join(STORAGES)}):/{{1,2}}([^/]+)/*(.*)", re.DOTALL)
"""An address; a path has made one of its two slashes."""


@dataclass(frozen=True)
class Address:
    """A place in an object storage.

    Attributes
    ----------
    scheme : str
        A key of :data:`STORAGES`.
    bucket : str
        Bucket, or container of Azure.
    key : str
        Names with ``/`` between them, empty for the bucket itself.
    beside : Path
        The folder :data:`BESIDE`.
    is_written_out : bool
        It was given as an address, not as a path into the folder beside it.
    """

    scheme: str
    bucket: str
    key: str
    beside: Path
    is_written_out: bool


def find_address(place: Path | str) -> Address | None:
    """Return the place in an object storage that a text or a path stands for, or None.

    That is ``s3://BUCKET/KEY``, the same after it has become a path (``s3:/BUCKET/KEY``), or a
    path into the folder beside a storage, ``.quakeloom/s3/BUCKET/KEY``.
    """
    text = str(place)
    found = _ADDRESS.fullmatch(text)
    if found:
        return Address(found[1], found[2], _plain(found[3]), Path(BESIDE), True)
    if BESIDE not in text:
        return None
    parts = Path(text).parts
    for i in range(len(parts) - 2):
        if parts[i] == BESIDE and parts[i + 1] in STORAGES:
            key = _plain("/".join(parts[i + 3 :]))
            return Address(parts[i + 1], parts[i + 2], key, Path(*parts[: i + 1]), False)
    return None


def is_address(text: str) -> bool:
    """Say whether a text of a user or of the settings begins as an address does."""
    return _ADDRESS.fullmatch(text) is not None


def _plain(key: str) -> str:
    return "/".join(name for name in key.split("/") if name not in ("", "."))
