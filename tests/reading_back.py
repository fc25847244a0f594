"""Other programs read what a run leaves, by its paths alone: pandas, xarray, Dask, DuckDB.

The functions are the examples of docs/storage.md, for folders on disk and for an object storage.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import dask
import numpy as np
import pandas as pd
import pyarrow.fs
import pyarrow.parquet as pq
import xarray as xr
from zarr.storage import LocalStore, ObjectStore

from quakeloom.store import Item, open_lazily


@dataclass
class Disk:
    """Paths as other programs take them, of results on disk."""

    def path(self, item: Item) -> str:
        return str(item.local)

    def address(self, item: Item) -> str:
        return str(item.local)

    files = pyarrow.fs.LocalFileSystem()

    def zarr(self, item: Item) -> Any:
        return LocalStore(item.local, read_only=True)

    def duckdb(self, connection: Any) -> None:
        pass


class Storage:
    """The same of results in an object storage, at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.files = pyarrow.fs.S3FileSystem(
            endpoint_override=endpoint.removeprefix("http://"), scheme="http",
            access_key="key", secret_key="secret", region="us-east-1",
        )  # fmt: skip

    def path(self, item: Item) -> str:
        return str(item).removeprefix("s3://")

    def address(self, item: Item) -> str:
        return str(item)

    def store(self, item: Item, prefix: str) -> Any:
        from obstore.store import S3Store

        bucket = str(item).removeprefix("s3://").partition("/")[0]
        return S3Store(
            bucket, prefix=prefix or None, endpoint=self.endpoint, region="us-east-1",
            access_key_id="key", secret_access_key="secret", client_options={"allow_http": True},
        )  # fmt: skip

    def zarr(self, item: Item) -> Any:
        return ObjectStore(self.store(item, item.key), read_only=True)

    def duckdb(self, connection: Any) -> None:
        from obstore.fsspec import FsspecStore

        connection.register_filesystem(
            FsspecStore(
                "s3", endpoint=self.endpoint, region="us-east-1", access_key_id="key",
                secret_access_key="secret", client_options={"allow_http": True},
            )
        )  # fmt: skip


def parquet_files(root: Item) -> list[Item]:
    """Tables of a run, gathered and of partitions."""
    return [f for f in root.files() if f.name.endswith(".parquet")]


def zarr_groups(root: Item) -> list[Item]:
    """Groups with arrays of a run, at any depth."""
    arrays = {}
    for file in root.files():
        if file.name == "zarr.json" and b'"array"' in file.store.read(file.key):
            group = file.parent.parent
            arrays[group.key] = group
    return list(arrays.values())


def read_with_pandas(place: Any, root: Item) -> int:
    """Read every table; return how many."""
    tables = parquet_files(root)
    for item in tables:
        frame = pd.read_parquet(place.path(item), filesystem=place.files)
        with item.open() as stream:
            assert len(frame) == pq.read_metadata(stream).num_rows
            assert list(frame.columns) == pq.read_schema(stream).names
    return len(tables)


def read_with_dask(place: Any, root: Item) -> int:
    """Count the rows of every table in tasks; return how many tables."""
    tables = parquet_files(root)
    read = dask.delayed(pd.read_parquet)
    frames = [read(place.path(i), filesystem=place.files) for i in tables]
    counts = dask.compute([f.shape[0] for f in frames], scheduler="threads")[0]
    for item, count in zip(tables, counts, strict=True):
        with item.open() as stream:
            assert count == pq.read_metadata(stream).num_rows
    return len(tables)


def read_with_xarray(place: Any, root: Item) -> int:
    """Open every Zarr group in chunks of Dask and read it whole; return how many arrays."""
    count = 0
    for group in zarr_groups(root):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Object at .* is not recognized")
            data = xr.open_zarr(place.zarr(group), consolidated=False, chunks={})
        own = open_lazily(group)
        for name, values in data.variables.items():
            np.testing.assert_array_equal(values.values, own[name].values)
            count += 1
    return count


def read_with_duckdb(place: Any, root: Item, duckdb: Any) -> int:
    """Count the rows of every table by a query; return how many tables."""
    tables = parquet_files(root)
    with duckdb.connect() as connection:
        place.duckdb(connection)
        for item in tables:
            name = place.address(item).replace("'", "''")
            ((count,),) = connection.sql(f"SELECT count(*) FROM '{name}'").fetchall()
            with item.open() as stream:
                assert count == pq.read_metadata(stream).num_rows
    return len(tables)
