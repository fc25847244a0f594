"""Arrays by name in one file (NumPy's ``.npz``), never pickled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import BrokenArchiveError, InputError, read_array_archive
from quakeloom.store._items import Item, atomic_file


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
            return read_array_archive(stream)
        except BrokenArchiveError as error:
            raise InputError(
                f"{item} holds no arrays that can be read ({error}), so it is damaged. Remove it "
                "and run again: only what it belongs to is made again."
            ) from None
