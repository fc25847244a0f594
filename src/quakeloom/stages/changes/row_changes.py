"""Rows of two states compared: added, revised, withdrawn, with the old and the new values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

_KEYS = {
    "events": ("event_id",),
    "mechanisms": ("event_id",),
    "polarities": ("event_id", "network", "station", "channel"),
    "picks": ("event_id", "network", "station", "channel", "phase"),
    "amplitudes": ("event_id", "network", "station", "channel"),
    "stations": ("network", "station", "location_code", "channel", "start_time"),
    "reversals": ("network", "station", "start_time"),
    "sp_corrections": ("network", "station"),
    "archive_files": ("source_file",),
    "truth": ("event_id",),
}
"""Columns by which a row is known; those that a table does not have are passed over."""

_PLACE = ("source_line",)
"""Columns that only say where in a file a row stood."""

_SHOWN = 20
"""Rows of each kind that are kept with their values; chosen here: a page of a terminal."""


@dataclass(frozen=True)
class RowChange:
    """A row that changed.

    Attributes
    ----------
    kind : str
        ``added``, ``revised`` or ``withdrawn``.
    key : str
        What it is known by, such as ``ev2019-02-003`` or ``ev2019-02-003 XX S04 HHZ``.
    values : tuple of (str, str, str)
        Of a revised row: column, old and new value.
    file : str
        Where it was read.
    """

    kind: str
    key: str
    values: tuple[tuple[str, str, str], ...] = ()
    file: str = ""

    def sentence(self) -> str:
        """Return the row and what changed in it."""
        said = ", ".join(f"{c} {old} -> {new}" for c, old, new in self.values)
        where = f" ({self.file})" if self.file else ""
        return f"{self.kind} {self.key}" + (f": {said}" if said else "") + where


@dataclass
class TableChange:
    """How a table differs from that of the last finished state.

    Attributes
    ----------
    table : str
    added, revised, withdrawn : set of str
        Keys of rows.
    moved : set of str
        Keys of rows that are the same but stand elsewhere in their file.
    rows : list of RowChange
        The first of each kind.
    events : set of str
        Events of the rows that changed otherwise than by their place.
    """

    table: str
    added: set[str] = field(default_factory=set)
    revised: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    rows: list[RowChange] = field(default_factory=list)
    events: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.added or self.revised or self.withdrawn or self.moved)

    def sentence(self) -> str:
        """Return the numbers, such as ``events: 1 added, 2 revised``."""
        kinds = [
            f"{len(n)} {k}"
            for n, k in (
                (self.added, "added"),
                (self.revised, "revised"),
                (self.withdrawn, "withdrawn"),
                (self.moved, "elsewhere in the file"),
            )
            if n
        ]
        return f"{self.table.replace('_', ' ')}: {', '.join(kinds)}"


def compare_rows(table: str, old: pd.DataFrame, new: pd.DataFrame) -> TableChange:
    """Compare the rows of a table in two states.

    Parameters
    ----------
    table : str
        Registered name.
    old, new : DataFrame
        Rows of both; several rows of one key are told apart by their order.
    """
    found = TableChange(table)
    keys = [k for k in _KEYS.get(table, ()) if k in new.columns] or list(new.columns)
    place = [c for c in _PLACE if c in new.columns and c not in keys]
    columns = [c for c in new.columns if c not in place]
    a, b = _keyed(old.reindex(columns=new.columns), keys), _keyed(new, keys)
    gone, came = ~a.index.isin(b.index), ~b.index.isin(a.index)
    both = b.index[~came]
    left, right = a.loc[both], b.loc[both]
    differs = _hashes(left[columns]) != _hashes(right[columns])
    shifted = (_hashes(left) != _hashes(right)) & ~differs
    found.added, found.withdrawn = set(b.index[came]), set(a.index[gone])
    found.revised, found.moved = set(left.index[differs]), set(left.index[shifted])
    pairs = list(zip(left.index[differs], _records(left[differs]), _records(right[differs]),
                     strict=True))  # fmt: skip
    found.rows = [
        *(_row("added", k, r) for k, r in _first(b, came)),
        *(_revised(k, x, y, columns) for k, x, y in pairs[:_SHOWN]),
        *(_row("withdrawn", k, r) for k, r in _first(a, gone)),
    ]
    if "event_id" in new.columns:
        for part in (a[gone], b[came], right[differs]):
            found.events |= set(part["event_id"].astype(str))
    return found


def merge_changes(changes: Iterable[TableChange]) -> list[TableChange]:
    """Return the changes of several partitions as one per table.

    A row that one partition lost and another got has moved between them: it is a revised one.
    """
    found: dict[str, TableChange] = {}
    for change in changes:
        into = found.setdefault(change.table, TableChange(change.table))
        for kind in ("added", "revised", "withdrawn", "moved", "events"):
            getattr(into, kind).update(getattr(change, kind))
        into.rows += [r for r in change.rows if r not in into.rows]
    for into in found.values():
        both = into.added & into.withdrawn
        into.revised |= both
        into.added -= both
        into.withdrawn -= both
    order = list(_KEYS)
    return sorted(
        found.values(), key=lambda c: order.index(c.table) if c.table in order else len(order)
    )


def _keyed(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Give rows an index of their keys, with a number where a key comes again."""
    text = pd.Series([""] * len(rows), index=rows.index, dtype=object)
    for number, key in enumerate(keys):
        words = rows[key].astype(object).where(rows[key].notna(), "none").astype(str)
        text = words.astype(object) if number == 0 else text + " " + words.astype(object)
    again = text.groupby(text).cumcount()
    labels = np.where(again > 0, text + " #" + (again + 1).astype(str), text)
    return rows.set_axis(pd.Index(labels, dtype=object), axis=0)


def _hashes(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(pd.util.hash_pandas_object(rows.astype(str), index=False), dtype=np.uint64)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in r.items()} for r in rows.head(_SHOWN).to_dict("records")] + [
        {} for _ in range(max(len(rows) - _SHOWN, 0))
    ]


def _first(rows: pd.DataFrame, where: np.ndarray) -> list[tuple[str, dict[str, Any]]]:
    some = rows[where].head(_SHOWN)
    return list(zip(map(str, some.index), _records(some), strict=True))


def _row(kind: str, key: str, row: dict[str, Any]) -> RowChange:
    return RowChange(kind, key, (), _place(row))


def _revised(key: str, old: dict[str, Any], new: dict[str, Any], columns: list[str]) -> RowChange:
    values = tuple((c, str(old[c]), str(new[c])) for c in columns if str(old[c]) != str(new[c]))
    return RowChange("revised", str(key), values, _place(new))


def _place(row: dict[str, Any]) -> str:
    """Return file and line of a row, where it has them."""
    file, line = str(row.get("source_file") or ""), row.get("source_line")
    if not file or file == "nan":
        return ""
    return f"{file}, line {line}" if line is not None and str(line).lstrip("-").isdigit() else file
