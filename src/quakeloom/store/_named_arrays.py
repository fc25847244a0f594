"""Arrays by name in one file (NumPy's ``.npz``), never pickled."""

from __future__ import annotations

import zlib
from lzma import LZMAError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.store._items import Item, atomic_file

_DAMAGES = (OSError, ValueError, KeyError, EOFError, BadZipFile, LZMAError, zlib.error)
"""What reading a file raises that is cut off or has changed bytes."""


def write_arrays(item: Item, **arrays: ArrayLike) -> None:
    """Write arrays by name; the same arrays give the same bytes."""
    with atomic_file(item) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **{n: np.asarray(v) for n, v in arrays.items()})


def read_arrays(item: Item) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file by name.

    Raises
    ------
    InputError
        If there is no such file, or it is damaged.
    """
    with item.open() as stream:
        try:
            with np.load(stream, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
        except _DAMAGES as error:
            raise InputError(
                f"{item} holds no arrays that can be read ({error}), so it is damaged. Remove it "
                "and run again: only what it belongs to is made again."
            ) from None
