"""Catalogs of focal mechanisms, from whatever form they are in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import FormatError, auxiliary_plane
from quakeloom.formats._compressed import plain_head
from quakeloom.formats._csv import read_raw_csv, split_header
from quakeloom.formats._geonet import is_geonet, read_geonet
from quakeloom.formats._head import read_head
from quakeloom.formats._parquet import read_raw_parquet
from quakeloom.formats._phase_rows import identifier_of_time, no_such_format
from quakeloom.formats._plain_tables import RawTable, choose_table, register_table
from quakeloom.formats._quakeml_mechanisms import read_quakeml_mechanisms
from quakeloom.formats._quakeml_opening import ROOTS as QUAKEML_ROOTS
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._table_writers import GMT_TABLE_COLUMNS, JST_NANOSECONDS
from quakeloom.formats._text_columns import time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines
from quakeloom.formats._xml_head import root_element
from quakeloom.schema import QUALITIES

_LOG = logging.getLogger(__name__)
_ANGLES = ("strike_deg", "dip_deg", "rake_deg")
_FORMS = (
    "Parquet or CSV with registered columns, QuakeML, GeoNet's CSV, the GMT table (lon lat "
    "depth strike dip rake mag x y qual nsta fptype otime) or GMT meca (lon lat depth strike dip "
    "rake mag)"
)


def read_mechanisms(path: str | Path, rejects: Rejects | None = None) -> pa.Table:
    """Read a catalog of focal mechanisms; the form of the file is recognized.

    Parquet and CSV with registered columns, QuakeML, GeoNet's CSV, the GMT table of Uchide
    (2022) and GMT ``meca``. The auxiliary plane is computed where it is missing. Rows of a
    GMT table without an event id get one from their origin time, those of ``meca`` from
    their line.

    Parameters
    ----------
    path : str or Path
    rejects : Rejects, optional
        Gets what is put aside; without it, the number is logged.

    Returns
    -------
    pyarrow.Table
        Registered table ``mechanisms``.

    Raises
    ------
    FormatError
        If the file is no catalog of mechanisms.
    InputError
        If the file is missing.
    """
    path = Path(path)
    aside = Rejects(path) if rejects is None else rejects
    head = plain_head(read_head(path))
    if not head.strip():
        raise FormatError(f"'{path}' is empty. No mechanism can be read; give a data file.")
    if head.startswith(b"PAR1"):
        raw = read_raw_parquet(path)
        table = register_mechanisms(raw)
        aside.extend(raw.rejects)
    elif root_element(head) in QUAKEML_ROOTS:
        table = read_quakeml_mechanisms(path, aside)
    elif is_geonet(head):
        table = read_geonet(path, aside)
    elif (columns := _gmt_columns(head)) > 0:
        table = _read_gmt(path, aside, columns)
    elif _has_mechanism_header(head):
        raw = read_raw_csv(path)
        table = register_mechanisms(raw)
        aside.extend(raw.rejects)
    else:
        raise FormatError(
            f"'{path}' is no catalog of focal mechanisms. Nothing is read from it; give {_FORMS}."
        )
    if rejects is None and len(aside):
        _LOG.warning("%s: %d records are put aside", path, len(aside))
    return table


def names_mechanisms(path: Path) -> bool:
    """Say whether the columns of a CSV or Parquet file are those of focal mechanisms."""
    head = plain_head(read_head(path))
    if head.startswith(b"PAR1"):
        return set(_ANGLES) <= set(read_raw_parquet(path).data.column_names)
    return _has_mechanism_header(head)


def _has_mechanism_header(head: bytes) -> bool:
    data = (
        head.decode("utf-16", "ignore").encode() if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    )
    return any("strike_deg" in split_header(line)[0] for line in head_lines(data)[:50])


def register_mechanisms(raw: RawTable) -> pa.Table:
    """Bring a raw table to registered ``mechanisms``; status and auxiliary plane are filled in.

    Raises
    ------
    FormatError
        If columns are missing or no row can be read.
    """
    names = raw.data.column_names
    choose_table(raw.path, names, "mechanisms", mechanisms=True)
    table = register_table(raw, "mechanisms")
    if "status" not in names:
        solved = pc.invert(pc.is_nan(table.column("strike_deg")))
        table = _replace(table, "status", pc.if_else(solved, "solved", "no_solution"))
    return _with_auxiliary(table)


def _with_auxiliary(table: pa.Table) -> pa.Table:
    columns = [f"auxiliary_{n}" for n in _ANGLES]
    old = [table.column(n).to_numpy() for n in columns]
    missing = np.isnan(sum(old))
    if not missing.any():
        return table
    new = auxiliary_plane(*(table.column(n).to_numpy() for n in _ANGLES))
    for name, before, computed in zip(columns, old, new, strict=True):
        table = _replace(table, name, pa.array(np.where(missing, computed, before)))
    return table


def _replace(table: pa.Table, name: str, column: Any) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(name), column)


def _gmt_columns(head: bytes) -> int:
    """How many columns the rows of a GMT file have; 0 if it is none."""
    rows = [x.split() for x in head_lines(head) if x.strip() and not x.startswith(("#", ">"))]
    counts = [len(words) for words in rows if _leading_numbers(words) >= 7]
    if not counts or len(counts) < 0.5 * len(rows):
        # a table of two unmarked header lines and nothing else readable is still one
        named = [w for w in rows[:2] if w[:7] == list(GMT_TABLE_COLUMNS[:7])]
        return len(named[0]) if named else 0
    return max(counts)


def _leading_numbers(words: list[str]) -> int:
    for i, word in enumerate(words):
        try:
            float(word)
        except ValueError:
            return i
    return len(words)


def _read_gmt(path: Path, rejects: Rejects, columns: int) -> pa.Table:
    rows = TableBuilder("mechanisms")
    lines_of: dict[str, int] = {}
    is_table = columns >= len(GMT_TABLE_COLUMNS)
    for number, line in enumerate(read_lines(path, "GMT mechanisms"), start=1):
        words = line.split()
        if not words or line.startswith(("#", ">")) or (number <= 2 and "strike" in words):
            continue
        try:
            row = _gmt_row(words, number, is_table)
            if row["event_id"] in lines_of:
                before = lines_of[row["event_id"]]
                raise ValueError(f"doubled event: '{row['event_id']}' is on line {before}")
        except ValueError as problem:
            rejects.add(number, "mechanism", str(problem), line)
            continue
        lines_of[row["event_id"]] = number
        rows.add(**row)
    if not len(rows):
        no_such_format(path, "a table of mechanisms for GMT", "mechanism", rejects.table())
    return _with_auxiliary(rows.table())


def _gmt_row(words: list[str], line: int, is_table: bool) -> dict[str, Any]:
    needed = len(GMT_TABLE_COLUMNS) if is_table else 7
    if len(words) < needed:
        raise ValueError(f"it has {len(words)} columns instead of {needed}")
    names = ("longitude", "latitude", "depth_km", *_ANGLES, "magnitude")
    values: dict[str, float] = {}
    for name, word in zip(names, words, strict=False):
        try:
            values[name] = float(word)
        except ValueError:
            raise ValueError(f"{name} '{word}' is no number") from None
    values["strike_deg"] %= 360.0
    if any(values[n] != values[n] for n in _ANGLES):
        raise ValueError("a strike, dip or rake is not a number")
    if problem := bounds_problem(**values):
        raise ValueError(problem)
    row: dict[str, Any] = {**values, "status": "solved"}
    if not is_table:
        # a label may follow the place to plot at, or the magnitude
        row["event_id"] = words[9] if len(words) > 9 else f"line{line}"
        return row
    quality, count, _, time = words[9:13]
    if quality not in (*QUALITIES, "-"):
        raise ValueError(f"quality '{quality}' is none of {', '.join(QUALITIES)}")
    if not count.isdigit():
        raise ValueError(f"number of stations '{count}' is no whole number")
    row["quality"] = quality.replace("-", "")
    row["polarity_count"] = int(count)
    row["origin_time"] = _gmt_time(time)
    if len(words) > 13:
        row["event_id"] = words[13]
    elif row["origin_time"] is None:
        row["event_id"] = f"line{line}"
    else:
        row["event_id"] = identifier_of_time(row["origin_time"])
    return row


def _gmt_time(text: str) -> int | None:
    """UTC nanoseconds of ``yyyy-mm-ddTHH:MM:SS:ssssss`` in JST."""
    if text == "-":
        return None
    parts = text.split(":")
    plain = ":".join(parts[:3]) + ("." + parts[3] if len(parts) == 4 else "")
    return time_nanoseconds(plain) - JST_NANOSECONDS
