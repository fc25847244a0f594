"""Tables that commands write to a file that the user names: its ending says in which form."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.core import InputError, SettingsError
from quakeloom.store import (
    Item,
    atomic_file,
    open_item,
    read_columns,
    read_table,
    read_text,
    write_bytes,
    write_table,
)

TABLE_ENDINGS = (".parquet", ".csv", ".json")
"""Endings of a file for a table: Parquet with its provenance, CSV, a JSON list of rows."""


_NEEDED = {"picks": ("station", "phase", "time"), "polarities": ("station", "polarity")}
"""Columns without which a file is no table of that name; every row has a value there."""

_SHOWN_COLUMNS = 8
"""Columns that a message shows."""


def refuse_odd_ending(out: Path) -> None:
    """Refuse a file for a table, before anything is computed, whose ending names no form.

    Raises
    ------
    SettingsError
        With the endings that there are.
    """
    if out.suffix.lower() not in TABLE_ENDINGS:
        given = f"ends with '{out.suffix}'" if out.suffix else "has no ending"
        raise SettingsError(
            f"--out '{out}' {given}, which says no form of a table. Nothing was computed; write "
            f"one of {', '.join(f'{out.stem}{e}' for e in TABLE_ENDINGS)}."
        )
    item = open_item(out)
    if item.is_folder():
        raise SettingsError(
            f"--out '{out}' is a folder, but one file is written. Nothing was computed; name a "
            "file in it."
        )


def refuse_file_for_folder(out: Path) -> None:
    """Refuse the name of a file where a command writes a folder of several.

    Raises
    ------
    SettingsError
        If the name ends as a table does and is no folder.
    """
    if out.suffix.lower() in TABLE_ENDINGS and not open_item(out).is_folder():
        raise SettingsError(
            f"--out '{out}' is called as a file, but this command writes a folder of several. "
            f"Nothing was computed; write --out {out.stem}, and find the tables in it."
        )


def write_named_table(
    out: Path, name: str, table: Any, rejects: Any, provenance: dict[str, str]
) -> Item | None:
    """Write a table, and what was put aside beside it; return the latter's file, if there is one.

    Parameters
    ----------
    out : Path
        Its ending is one of :data:`TABLE_ENDINGS`.
    name : str
        Registered name of the table.
    table, rejects : pyarrow.Table
    provenance : dict
        Kept in Parquet files.
    """
    item = open_item(out)
    _write(item, name, table, provenance)
    beside = item.parent / f"{item.stem}.rejects{out.suffix}"
    beside.remove()
    if not rejects.num_rows:
        return None
    _write(beside, "rejects", rejects, provenance)
    return beside


def read_named_table(item: Item, name: str) -> Any:
    """Read a table that :func:`write_named_table` wrote; None for CSV and JSON of others.

    Parameters
    ----------
    item : Item
    name : str
        Registered name of the table.

    Raises
    ------
    InputError
        If a value is not of the type of its column, or Parquet is of another table.
    """
    ending = Path(item.name).suffix.lower()
    if ending == ".parquet":
        return _read_parquet(item, name)
    rows = _own_rows(item, name) if ending in (".csv", ".json") else None
    if rows is None:
        return None
    return _typed_table(item, name, rows)


def _read_parquet(item: Item, name: str) -> Any:
    import pyarrow as pa

    from quakeloom.schema import table_schema

    try:
        columns = set(read_columns(item))
    except (pa.ArrowInvalid, FileNotFoundError):
        return read_table(item, name)  # which says what is wrong
    missing = [c for c in _NEEDED.get(name, ()) if c not in columns]
    if missing and not columns >= set(table_schema(name).names):
        raise InputError(
            f"'{item}' is no table of {name}: it has no column {', '.join(missing)} (it has "
            f"{', '.join(sorted(columns)[:_SHOWN_COLUMNS])}). Nothing was read; give another file."
        )
    return read_table(item, name)


def _own_rows(item: Item, name: str) -> list[dict[str, Any]] | None:
    """Return the rows of a CSV or JSON with exactly the registered columns, as texts or values."""
    from quakeloom.schema import table_schema

    wanted = table_schema(name).names
    if not item.exists() or item.is_folder():
        return None
    try:
        text = read_text(item).removeprefix("\ufeff")
        if item.name.lower().endswith(".csv"):
            lines = csv.reader(io.StringIO(text, newline=""))
            if next(lines, None) != wanted:
                return None
            return [dict(zip(wanted, line, strict=True)) for line in lines if line]
        rows = json.loads(text)
    except (ValueError, csv.Error):
        return None
    is_ours = isinstance(rows, list) and all(
        isinstance(row, dict) and list(row) == wanted for row in rows
    )
    return rows if is_ours else None


def _typed_table(item: Item, name: str, rows: list[dict[str, Any]]) -> Any:
    """Return rows as the registered table; texts of a CSV are cast, and empty ones missing."""
    import pyarrow as pa

    from quakeloom.schema import table_schema, validate_table

    for number, row in enumerate(rows, start=1):
        lost = [c for c in _NEEDED.get(name, ()) if row[c] in ("", None)]
        if lost:
            raise InputError(
                f"'{item}' has a row ({number}) without {' and '.join(lost)}. Nothing was read; "
                "correct it, or write the table again."
            )
    columns = []
    schema = table_schema(name)
    for field in schema:
        values = [row[field.name] for row in rows]
        is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        try:
            if not is_text:
                missing = math.nan if pa.types.is_floating(field.type) else None
                values = [missing if v in ("", None) else v for v in values]
            known = [v for v in values if v is not None]
            if pa.types.is_timestamp(field.type) or all(isinstance(v, str) for v in known):
                column = pa.array(values, pa.string()).cast(field.type)
            else:
                column = pa.array(
                    [float(v) if isinstance(v, str) else v for v in values], field.type
                )
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
            raise InputError(
                f"'{item}' has a value in column '{field.name}' that is no {field.type} ({error}). "
                "Nothing was read; correct it, or write the table again."
            ) from error
        columns.append(column)
    table = pa.table(columns, schema=schema)
    problems = validate_table(name, table)
    if problems:
        raise InputError(f"'{item}': {' '.join(problems)} Nothing was read; correct the file.")
    return table


def _write(item: Item, name: str, table: Any, provenance: dict[str, str]) -> None:
    from quakeloom.formats import write_csv

    ending = Path(item.name).suffix.lower()
    if ending == ".parquet":
        write_table(item, name, table, provenance)
    elif ending == ".csv":
        with atomic_file(item) as file:
            write_csv(table, file)
    else:
        rows = [
            {key: _json_value(value) for key, value in row.items()}
            for row in _times_as_text(table).to_pylist()
        ]
        write_bytes(item, (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode())


def _times_as_text(table: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(table.column(i), format="%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(i, field.name, text)
    return table


def _json_value(value: Any) -> Any:
    """Return null for numbers that are missing, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
