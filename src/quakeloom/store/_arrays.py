"""Zarr arrays with one guarded way to write them.

A shard is the unit of writing, a chunk the unit of reading. Dask and xarray let through
writes that cover parts of shards; two workers then read, change and write the same shard
and values are lost without a word. :func:`write_region` refuses such a write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from quakeloom.core import AlignmentError, SchemaError, digest_bytes
from quakeloom.schema import ARRAYS, variable


def create_array(
    group: Path,
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
    group : Path
        Folder of the group, made if needed.
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
    if name not in ARRAYS:
        raise SchemaError(f"Array '{name}' is not registered in quakeloom.schema.")
    if shard % chunk:
        raise AlignmentError(
            f"Array '{name}' is asked for with shards of {shard} and chunks of {chunk} rows. "
            "A shard holds whole chunks; give a multiple."
        )
    v = variable(name)
    root = zarr.open_group(str(group), mode="a")
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
    if np.dtype(dtype).itemsize == 1:
        return BloscCodec(cname="zstd", clevel=1, shuffle="noshuffle", typesize=1)
    return "auto"


def write_region(group: Path, name: str, start: int, values: np.ndarray) -> None:
    """Write rows ``start`` to ``start + len(values)`` of an array, whole shards only.

    Raises
    ------
    AlignmentError
        If the region does not start at a shard boundary, or ends inside a shard that is
        not the last one. The message names both.
    """
    array: Any = zarr.open_array(str(group / name), mode="r+")
    shard = (array.shards or array.chunks)[0]
    stop = start + len(values)
    if start % shard or (stop % shard and stop != array.shape[0]) or stop > array.shape[0]:
        raise AlignmentError(
            f"Rows {start} to {stop} of array '{name}' ({array.shape[0]} rows) are no whole "
            f"shards (shard {shard}). Writing them would overwrite neighbours; write a "
            f"multiple of {shard} rows."
        )
    if values.shape[1:] != array.shape[1:] or values.dtype != array.dtype:
        raise AlignmentError(
            f"Array '{name}' holds rows of shape {array.shape[1:]} and type {array.dtype}; "
            f"given are {values.shape[1:]} and {values.dtype}. Nothing was written."
        )
    if len(values):
        array[start:stop] = values


def write_array(group: Path, name: str, values: np.ndarray, rows: int = 0) -> None:
    """Create a registered array and write all of it, in chunks of so many rows; 0 is one chunk."""
    values = np.asarray(values, dtype=variable(name).dtype)
    rows = rows or max(values.shape[0], 1)
    create_array(group, name, values.shape, rows, rows)
    for start in range(0, len(values), rows):
        write_region(group, name, start, values[start : start + rows])


def open_array(group: Path, name: str) -> Any:
    """Open an array for reading (a :class:`zarr.Array`)."""
    return zarr.open_array(str(group / name), mode="r")


def digest_array(group: Path, name: str, rows: slice = slice(None)) -> str:
    """Return the digest of the values of an array, or of some rows; empty if unreadable."""
    try:
        values = np.asarray(open_array(group, name)[rows])
    except Exception:  # zarr and its codecs raise errors of many kinds on damaged files
        return ""
    return digest_bytes(np.ascontiguousarray(values).tobytes())
