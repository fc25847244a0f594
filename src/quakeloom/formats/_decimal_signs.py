"""Numbers with decimal commas, as spreadsheets of many countries write them.

A file has one decimal sign. ``8,1`` says that it is the comma, ``8.1`` that it is the point; with
three figures behind it, a sign may as well stand between thousands. ``1.250`` in a file of decimal
commas is 1250 of a spreadsheet or 1.25 of a program, and ``1,250`` in a file of decimal points
likewise: neither is guessed at.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._column_names import find_columns
from quakeloom.schema import TABLES, variable

_COMMA = r"^\s*[+-]?(?:\d*|[1-9]\d{0,2}(?:\.\d{3})+),\d+\s*$"
"""A number with a decimal comma, perhaps with points between thousands: ``8,1``, ``1.234,5``."""

_POINT = r"^\s*[+-]?\d*\.\d+\s*$"
"""A number with a decimal point."""

_COMMA_OR_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}(?:,\d{3})+\s*$"
"""What may be thousands where the decimal sign is not known: ``8,100``."""

_POINT_OR_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}(?:\.\d{3})+\s*$"
"""The same with points: ``8.100``."""

_NO_SIGN = r"^\s*(?:[+-]?\d*|(?i:nan|null|none|na|n/a|nil))\s*$"
"""What has no decimal sign: a whole number, nothing, or a word for a number that is missing."""

_DOUBTFUL = " in a file of decimal commas"
"""What is put behind a number whose point may stand between thousands, so that it is none."""


def with_decimal_points(table: pa.Table, commas_by_default: bool) -> pa.Table:
    """Return columns of text in which decimal commas are points.

    Columns of codes and words stay as they are, and so does a column that has decimal commas and
    decimal points. A number that may have either sign is refused where the table is read: its
    cell becomes, or stays, text that is no number.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text.
    commas_by_default : bool
        Whether ``8,100`` is 8.1 where no number of the file says what its decimal sign is.
    """
    text, number = _kinds(table.column_names)
    found = [n for n in table.column_names if n not in text]
    commas = {n for n in found if _has(table[n], _COMMA, _COMMA_OR_THOUSANDS)}
    points = {n for n in found if n in number and _has(table[n], _POINT, _POINT_OR_THOUSANDS)}
    comma_file = not points and (
        bool(commas) or (commas_by_default and any(_has(table[n], _COMMA) for n in number))
    )
    for i, name in enumerate(table.column_names):
        if name in text:
            continue
        column = table.column(i)
        sure = name in commas or comma_file or (commas_by_default and not points)
        signed = pc.match_substring_regex(column, _COMMA)
        doubtful = pc.match_substring_regex(column, _POINT_OR_THOUSANDS)
        plain = pc.match_substring_regex(column, _NO_SIGN)
        known = pc.or_(pc.or_(signed, doubtful), plain)
        if sure and pc.any(signed).as_py() and pc.all(known).as_py():
            without = pc.replace_substring(pc.replace_substring(column, ".", ""), ",", ".")
            table = table.set_column(i, name, pc.if_else(signed, without, column))
        if name in number and (name in commas or comma_file):
            told = pc.binary_join_element_wise(table.column(i), _DOUBTFUL, "")
            table = table.set_column(i, name, pc.if_else(doubtful, told, table.column(i)))
    return table


def _kinds(names: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the columns that hold codes or words, and those that hold numbers, in some table."""
    text: set[str] = set()
    number: set[str] = set()
    for table in TABLES:
        for name, alias in find_columns(names, table).items():
            kind = variable(alias.name).dtype
            if kind == "string":
                text.add(name)
            elif kind not in ("time", "bool"):
                number.add(name)
    return text, number - text


def _has(column: pa.ChunkedArray, form: str, unless: str = "") -> bool:
    """Say whether a cell has one form and not another."""
    found = pc.match_substring_regex(column, form)
    if unless:
        found = pc.and_not(found, pc.match_substring_regex(column, unless))
    return bool(pc.any(found).as_py())
