"""Seals: digests of what a folder holds, by which damage is seen before it is read."""

from __future__ import annotations

import logging
from typing import Any

from quakeloom.core import InputError
from quakeloom.store._items import Item
from quakeloom.store._texts import read_json, write_json_if_changed

log = logging.getLogger(__name__)

SEAL = "digests.json"
"""File with the digests of the other files of its folder."""


def write_seal(folder: Item, files_only: bool = False) -> None:
    """Write the digests of all that a folder holds, or of its files without its folders."""
    held = [f for f in folder.children() if f.name != SEAL]
    if files_only:
        held = [f for f in held if not f.is_folder()]
    write_json_if_changed(folder / SEAL, {f.name: f.digest() for f in held})


def read_seal(folder: Item) -> dict[str, str]:
    """Return the digests that a folder was sealed with, none where the seal is gone or damaged."""
    return {str(k): str(v) for k, v in read_json_or(folder / SEAL, {}).items()}


def is_sealed(folder: Item) -> bool:
    """Say whether a folder holds what it was sealed with, byte for byte.

    Folders in it, such as simulated waveforms, need only be there: what reads them checks them.
    """
    sealed = read_seal(folder)
    return bool(sealed) and all(
        (folder / name).is_folder()
        or ((folder / name).exists() and (folder / name).digest() == digest)
        for name, digest in sealed.items()
    )


def read_json_or(item: Item, default: Any) -> Any:
    """Read a JSON file that can be made anew: one that is gone or damaged counts as absent.

    Damaged is what cannot be read, and what is another kind of value than the default.

    Parameters
    ----------
    item : Item
    default : JSON value
        What is returned where there is none.
    """
    if not item.exists():
        return default
    try:
        found = read_json(item)
    except InputError:
        found = None
    if found is None or (default is not None and not isinstance(found, type(default))):
        log.warning("%s is damaged; what it says is found out anew", item)
        return default
    return found
