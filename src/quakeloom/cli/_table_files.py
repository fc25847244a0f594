"""Tables that commands write to a file that the user names: its ending says in which form."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.core import SettingsError
from quakeloom.store import Item, atomic_file, open_item, write_bytes, write_table

TABLE_ENDINGS = (".parquet", ".csv", ".json")
"""Endings of a file for a table: Parquet with its provenance, CSV, a JSON list of rows."""


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
