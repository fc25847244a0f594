"""Small files of text: plans, markers, settings, written only when they change."""

from __future__ import annotations

import json
from typing import Any

from quakeloom.core import InputError
from quakeloom.store._items import Item, read_bytes, write_bytes


def read_text(item: Item) -> str:
    """Read a file of text in UTF-8.

    Raises
    ------
    InputError
        If there is none.
    """
    return read_bytes(item).decode()


def read_json(item: Item) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        If there is none, or it is no JSON.
    """
    try:
        return json.loads(read_bytes(item))
    except ValueError as error:
        raise InputError(
            f"{item} is no JSON ({error}), so it is damaged. Remove it and run again: only what "
            "it belongs to is made again."
        ) from None


def write_text_if_changed(item: Item, text: str) -> bool:
    """Write text unless the file already holds it; return whether it was written.

    Snakemake decides by modification times and checksums of small files: a plan file that
    is not touched makes nothing run again.
    """
    data = text.encode()
    try:
        if item.store.read(item.key) == data:
            return False
    except FileNotFoundError:
        pass
    write_bytes(item, data)
    return True


def write_json_if_changed(item: Item, value: Any) -> bool:
    """Write a JSON value unless the file already holds it; return whether it was written."""
    return write_text_if_changed(item, json.dumps(value, indent=1, sort_keys=True) + "\n")
