"""What every result of the library is: a table, a figure, and words that tell what it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from quakeloom.core import InputError
from quakeloom.library._frames import frame_of
from quakeloom.schema import empty_table

_SHOWN_ROWS = 8
"""Rows of the table that a notebook shows below the words."""


class Result(ABC):
    """A result: ``table`` as a pandas frame, ``plot()``, and what was put aside.

    Columns have registered names with their units; see ``docs/tables.md``.

    Attributes
    ----------
    rejects : pandas.DataFrame
        What was put aside, one row each with its reason.
    """

    def __init__(self, table: pa.Table, rejects: pa.Table | None = None) -> None:
        self._table = table
        self._rejects = empty_table("rejects") if rejects is None else rejects

    @property
    def table(self) -> pd.DataFrame:
        """The rows as a pandas frame; a copy, so that changes of it change nothing here."""
        return frame_of(self._table)

    @property
    def rejects(self) -> pd.DataFrame:
        """What was put aside, one row each with its reason."""
        return frame_of(self._rejects)

    @abstractmethod
    def plot(self) -> Figure:
        """Return a figure of the result."""

    @abstractmethod
    def _words(self) -> list[str]:
        """Return one or two lines that tell what it is."""

    def to_arrow(self) -> pa.Table:
        """Return the rows as the registered Arrow table, with units and meanings."""
        return self._table

    def to_arrow_rejects(self) -> pa.Table:
        """Return what was put aside as the registered Arrow table ``rejects``."""
        return self._rejects

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        words = "<br>".join(escape(line) for line in self._lines())
        head = frame_of(self._table.slice(0, _SHOWN_ROWS))
        used = head.loc[:, [c for c in head.columns if _says_something(head[c])]]
        more = len(self) - len(head)
        rest = f"<p>... and {more} more rows in .table</p>" if more > 0 else ""
        return f"<p>{words}</p>{used.to_html(index=False, float_format=_short)}{rest}"

    def _lines(self) -> list[str]:
        lines = self._words()
        if self._rejects.num_rows:
            lines = [*lines, f"put aside: {self._rejects.num_rows}, with reasons in .rejects"]
        return lines


def nothing_to_plot(what: str, remedy: str) -> InputError:
    """Return the error of a result that holds nothing to draw."""
    return InputError(f"There is nothing to draw of {what}. {remedy}")


def count(number: int, what: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _short(value: float) -> str:
    return f"{value:.7g}"


def _says_something(column: pd.Series) -> bool:
    """Whether any row of a column has a value that is not missing."""
    known = column.dropna()
    if known.dtype == bool:
        return bool(known.any())
    return bool((known.astype(str) != "").any())
