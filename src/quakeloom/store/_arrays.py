"""Zarr arrays with one guarded way to write them.

A shard is the unit of writing, a chunk the unit of reading. Dask and xarray let through
writes that cover parts of shards; two workers then read, change and write the same shard
and values are lost without a word. :func:`write_region` refuses such a write.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import AlignmentError, InputError, SchemaError, StorageError, digest_bytes
from quakeloom.schema import ARRAYS, variable
from quakeloom.store._items import Item
from quakeloom.store._local import LocalStore


def create_array(
    group: Item,
    name: str,
    shape: tuple[int, ...],
    chunk: int,
    shard: int,
    compress: bool = True,
    apart: bool = False,
) -> None:
    """Create a registered array, empty, in the Zarr group at ``group``.

    Parameters
    ----------
    group : Item
        The group, made if needed.
    name : str
        Registered array; dtype, dimensions and attributes come from the registry.
    shape : tuple of int
    chunk, shard : int
        Lengths along the first dimension; a shard is whole chunks. Other dimensions are
        kept whole.
    compress : bool
        Compress the chunks; uncompressed ones are read several times faster.
    apart : bool
        Give every index of the second dimension chunks of its own, so that one component is
        read without the others.
    """
    import zarr

    if name not in ARRAYS:
        raise SchemaError(f"Array '{name}' is not registered in quakeloom.schema.")
    if shard % chunk:
        raise AlignmentError(
            f"Array '{name}' is asked for with shards of {shard} and chunks of {chunk} rows. "
            "A shard holds whole chunks; give a multiple."
        )
    v = variable(name)
    root = zarr.open_group(group.zarr, mode="a")
    rows = max(shape[0], 1)
    chunk = min(chunk, rows)
    shard = min(shard, -(-rows // chunk) * chunk)
    root.create_array(
        name,
        shape=shape,
        chunks=(chunk, *([1] if apart else []), *(max(n, 1) for n in shape[2 if apart else 1 :])),
        shards=(shard, *(max(n, 1) for n in shape[1:])) if len(shape) > 1 else None,
        dtype=v.dtype,
        fill_value=0,
        dimension_names=ARRAYS[name].dimensions,
        attributes={"unit": v.unit, "meaning": v.meaning, "missing": v.missing},
        compressors=_compressor(v.dtype) if compress else None,
        overwrite=True,
    )


def _compressor(dtype: str) -> Any:
    from zarr.codecs import BloscCodec

    if np.dtype(dtype).itemsize == 1:
        return BloscCodec(cname="zstd", clevel=1, shuffle="noshuffle", typesize=1)
    return "auto"


def write_region(group: Item, name: str, start: int, values: np.ndarray) -> None:
    """Write rows ``start`` to ``start + len(values)`` of an array, whole shards only.

    Raises
    ------
    AlignmentError
        If the region does not start at a shard boundary, or ends inside a shard that is
        not the last one. The message names both.
    """
    import zarr

    array: Any = zarr.open_array((group / name).zarr, mode="r+")
    shard = (array.shards or array.chunks)[0]
    stop = start + len(values)
    if start % shard or (stop % shard and stop != array.shape[0]) or stop > array.shape[0]:
        raise AlignmentError(
            f"Rows {start} to {stop} of array '{name}' ({array.shape[0]} rows) are no whole "
            f"shards (shard {shard}). Writing them would overwrite neighbors; write a "
            f"multiple of {shard} rows."
        )
    if values.shape[1:] != array.shape[1:] or values.dtype != array.dtype:
        raise AlignmentError(
            f"Array '{name}' holds rows of shape {array.shape[1:]} and type {array.dtype}; "
            f"given are {values.shape[1:]} and {values.dtype}. Nothing was written."
        )
    if len(values):
        array[start:stop] = values


def write_array(group: Item, name: str, values: np.ndarray, rows: int = 0) -> None:
    """Create a registered array and write all of it, in chunks of so many rows; 0 is one chunk."""
    values = np.asarray(values, dtype=variable(name).dtype)
    rows = rows or max(values.shape[0], 1)
    create_array(group, name, values.shape, rows, rows)
    for start in range(0, len(values), rows):
        write_region(group, name, start, values[start : start + rows])


def open_array(group: Item, name: str) -> Any:
    """Open an array for reading (a :class:`zarr.Array`).

    Raises
    ------
    InputError
        If it is not there.
    """
    import zarr

    try:
        return zarr.open_array((group / name).zarr, mode="r")
    except FileNotFoundError:
        raise InputError(
            f"Array '{name}' is missing: there is none in {group}. Run what makes it again."
        ) from None


def digest_array(group: Item, name: str, rows: slice = slice(None)) -> str:
    """Return the digest of the values of an array, or of some rows; empty if unreadable."""
    try:
        values = np.asarray(open_array(group, name)[rows])
    except StorageError:
        raise
    except Exception:  # zarr and its codecs raise errors of many kinds on damaged files
        return ""
    return digest_bytes(np.ascontiguousarray(values).tobytes())


def resize_arrays(group: Item, names: Sequence[str], rows: int) -> None:
    """Let arrays grow or shrink to a number of rows, one process at a time."""
    import zarr

    with group.lock():
        for name in names:
            array: Any = zarr.open_array((group / name).zarr, mode="r+")
            if array.shape[0] != rows:
                array.resize((rows, *array.shape[1:]))


@dataclass
class GrowingArray:
    """Rows of an array, given one by one; see :func:`grow_array`.

    Attributes
    ----------
    count : int
        Rows so far.
    """

    stream: BinaryIO
    buffer: NDArray[Any]
    count: int = 0

    def append(self, row: NDArray[Any]) -> int:
        """Add a row and return its number."""
        shard = len(self.buffer)
        self.buffer[self.count % shard] = row
        self.count += 1
        if self.count % shard == 0:
            self.stream.write(self.buffer.tobytes())
        return self.count - 1


@contextlib.contextmanager
def grow_array(
    group: Item, name: str, tail: tuple[int, ...], chunk: int, shard: int, **options: bool
) -> Iterator[GrowingArray]:
    """Collect the rows of an array whose number is known only at the end; then create it.

    An array has its shape from the start, so the rows wait in a scratch file, a shard of them
    in memory.

    Parameters
    ----------
    group : Item
    name : str
        Registered array.
    tail : tuple of int
        Shape of a row.
    chunk, shard : int
        As in :func:`create_array`, like all ``options``.
    """
    # scratch of national size has room where the results have it
    near = group.parent.local if isinstance(group.store, LocalStore) else None
    with tempfile.TemporaryFile(dir=near) as stream:
        rows = GrowingArray(stream, np.zeros((shard, *tail), variable(name).dtype))
        yield rows
        stream.write(rows.buffer[: rows.count % shard].tobytes())
        stream.seek(0)
        create_array(group, name, (rows.count, *tail), chunk, shard, **options)
        for first in range(0, rows.count, shard):
            n = min(shard, rows.count - first)
            content = stream.read(n * rows.buffer[0].nbytes)
            values = np.frombuffer(content, rows.buffer.dtype).reshape(n, *tail)
            write_region(group, name, first, values)
