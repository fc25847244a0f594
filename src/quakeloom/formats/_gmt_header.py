"""A line of column names above rows for GMT's ``meca``: whichever order it names is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quakeloom.formats._column_names import plain_name

_SEPARATORS = re.compile(r"[\s,;]+")
"""Signs between the columns of a GMT table: blanks, tabs, commas; semicolons of spreadsheets."""

_NAMES = {
    "lon": ("lon", "long", "longitude"),
    "lat": ("lat", "latitude"),
    "depth": ("depth", "dep", "depthkm"),
    "strike1": ("strike", "strike1", "str1"),
    "dip1": ("dip", "dip1"),
    "rake1": ("rake", "rake1", "slip1"),
    "strike2": ("strike2", "str2"),
    "dip2": ("dip2",),
    "rake2": ("rake2", "slip2"),
    "fault": ("fault", "kind"),
    "mag": ("mag", "magnitude", "mw", "ml"),
    "mantissa": ("mantissa", "mant", "moment"),
    "exponent": ("exponent", "exp", "iexp", "expo"),
    "tvalue": ("tvalue", "tval"),
    "tazim": ("tazim", "tazimuth", "taz"),
    "tplunge": ("tplunge", "tplg", "tpl"),
    "nvalue": ("nvalue", "nval"),
    "nazim": ("nazim", "nazimuth", "naz"),
    "nplunge": ("nplunge", "nplg", "npl"),
    "pvalue": ("pvalue", "pval"),
    "pazim": ("pazim", "pazimuth", "paz"),
    "pplunge": ("pplunge", "pplg", "ppl"),
    **{name: (name,) for name in ("mrr", "mtt", "mpp", "mrt", "mrp", "mtp")},
}
"""By a column of GMT's forms, its names without signs."""

_COLUMN = {name: column for column, names in _NAMES.items() for name in names}
"""The column of GMT's forms that a name means."""


def split_row(line: str) -> list[str]:
    """Return the words of a row."""
    return [word for word in _SEPARATORS.split(line.strip()) if word]


def header_columns(line: str) -> list[str]:
    """Return the columns that a line names, or nothing if it is no line of column names.

    A line of names may begin with ``#`` or ``>``. Names that no form of GMT has are empty.
    """
    columns = [_COLUMN.get(plain_name(word), "") for word in split_row(line.lstrip("#> \t"))]
    return columns if {"lon", "lat"} <= set(columns) else []


def column_order(columns: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return where the wanted columns stand, the others after them in their order.

    Parameters
    ----------
    columns : sequence of str
        Of :func:`header_columns`.
    wanted : sequence of str
        Columns of a form of GMT.

    Returns
    -------
    list of int
        Nothing if a wanted column is not named, or a column is named twice.
    """
    names = [_COLUMN.get(plain_name(word), word) for word in wanted]
    if any(columns.count(name) != 1 for name in names):
        return []
    first = [columns.index(name) for name in names]
    return [*first, *(k for k in range(len(columns)) if k not in first)]


def reorder(words: list[str], order: Sequence[int]) -> list[str]:
    """Return a row in another order; words beyond those that are named stay at the end."""
    if not order or len(words) < len(order):
        known = [k for k in order if k < len(words)]
        return [words[k] for k in known] if order else words
    return [*(words[k] for k in order), *words[len(order) :]]
