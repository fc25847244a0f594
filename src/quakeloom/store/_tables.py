"""Registered tables as Parquet files: written whole, with provenance, the same bytes always."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from quakeloom.core import InputError, SchemaError
from quakeloom.schema import TABLES, conform_table, table_schema, validate_table
from quakeloom.store._items import Item, atomic_file

ROW_GROUP = 131072
"""Rows per row group; fixed, so that the bytes do not depend on the partitions."""

_PROVENANCE = b"quakeloom"
"""Key of the provenance in the metadata of a Parquet file."""


def write_table(
    item: Item,
    name: str,
    table: pa.Table,
    provenance: Mapping[str, Any] | None = None,
    validate: bool = True,
) -> None:
    """Write a registered table to a Parquet file.

    Parameters
    ----------
    item : Item
    name : str
        Registered name of the table.
    table : pyarrow.Table
    provenance : mapping, optional
        JSON values kept in the file's metadata under ``quakeloom``.
    validate : bool
        Check types, bounds, codes and the key first.

    Raises
    ------
    SchemaError
        If the table does not agree with the registry.
    """
    write_tables(item, name, [table], provenance, validate)


def write_tables(
    item: Item,
    name: str,
    tables: Iterable[pa.Table],
    provenance: Mapping[str, Any] | None = None,
    validate: bool = False,
) -> int:
    """Write the rows of many tables, in order, as one file; return the number of rows.

    Row groups are cut at fixed numbers of rows whatever the pieces are, so the bytes depend
    on the rows alone. Only one row group and one piece are in memory at a time.
    """
    schema = _with_provenance(table_schema(name), provenance)
    rows = 0
    with (
        atomic_file(item) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", write_statistics=True) as writer,
    ):
        pending: list[pa.Table] = []
        held = 0
        for piece in tables:
            if validate:
                problems = validate_table(name, piece)
                if problems:
                    raise SchemaError(f"{item} is not written. " + " ".join(problems))
            pending.append(piece.replace_schema_metadata(schema.metadata).cast(schema))
            held += piece.num_rows
            rows += piece.num_rows
            if held >= ROW_GROUP:
                joined = pa.concat_tables(pending)
                whole = held - held % ROW_GROUP
                writer.write_table(joined.slice(0, whole).combine_chunks(), ROW_GROUP)
                pending, held = [joined.slice(whole)], held - whole
        if held or not rows:
            rest = pa.concat_tables(pending) if pending else schema.empty_table()
            writer.write_table(rest.combine_chunks(), ROW_GROUP)
    return rows


def read_table(item: Item, name: str, columns: list[str] | None = None) -> pa.Table:
    """Read a registered table; absent registered columns get their missing value.

    Raises
    ------
    InputError
        If the file is missing, no Parquet file, or its columns cannot be those of the table.
    """
    try:
        # ParquetFile spares the import of pyarrow.dataset
        with item.store.open(item.key) as stream, pq.ParquetFile(stream) as file:
            if columns is not None:
                return file.read(columns)
            table = file.read()
    except FileNotFoundError:
        raise InputError(
            f"Table '{name}' is missing: there is no file {item}. Run what makes it again."
        ) from None
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the machine, not of the file
        raise InputError(
            f"{item} is no readable Parquet file: {error}. Remove it and run again, or give "
            "another file."
        ) from error
    if name in TABLES and table.schema.equals(table_schema(name)):
        return table
    try:
        return conform_table(name, table)
    except (SchemaError, KeyError, pa.ArrowException, ValueError) as error:
        raise InputError(
            f"{item} holds no table '{name}' ({str(error)[:200]}). Remove it and run again, or "
            "give another file."
        ) from error


def read_columns(item: Item) -> list[str]:
    """Return the names of the columns of a Parquet file.

    Raises
    ------
    FileNotFoundError, pyarrow.ArrowInvalid
        If there is none, or it is no Parquet file.
    """
    with item.open() as stream:
        return list(pq.read_schema(stream).names)


def read_provenance(item: Item) -> dict[str, Any]:
    """Return the provenance kept in a Parquet file, empty if there is none."""
    with item.open() as stream:
        metadata = pq.read_schema(stream).metadata or {}
    return dict(json.loads(metadata.get(_PROVENANCE, b"{}")))


def _with_provenance(schema: pa.Schema, provenance: Mapping[str, Any] | None) -> pa.Schema:
    if not provenance:
        return schema
    text = json.dumps(provenance, sort_keys=True, default=str)
    return schema.with_metadata({**(schema.metadata or {}), _PROVENANCE: text.encode()})
