"""Columns of a file by their registered names, in registered units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._column_names import (
    CODES,
    FIRST_MOTIONS,
    Alias,
    find_columns,
    find_time_parts,
    plain_name,
)
from quakeloom.formats._first_motions import phase_class
from quakeloom.formats._mechanism_angles import wrap_strike
from quakeloom.formats._plain_columns import cell_text, plain_columns
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import parse_floats
from quakeloom.schema import TABLES


@dataclass
class RawTable:
    """A table as it stands in a file.

    Attributes
    ----------
    path : Path
    data : pyarrow.Table
        Columns of any type; those that are no texts, numbers or times become texts.
    lines : ndarray of int64, optional
        Line of every row; without it, the rows are numbered from 1.
    rejects : Rejects
        What has been put aside so far.
    optional : tuple of str
        Columns that may be missing or empty here, though a file needs them.
    """

    path: Path
    data: pa.Table
    rejects: Rejects
    lines: NDArray[np.int64] | None = None
    optional: tuple[str, ...] = ()
    reasons: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = plain_columns(self.data)

    def line(self, row: int) -> int:
        """Return the line of a row."""
        return int(self.lines[row]) if self.lines is not None else row + 1

    def text(self, row: int) -> str:
        """Return a row as text, for its reject."""
        cells = (cell_text(self.data.column(i)[row]) for i in range(self.data.num_columns))
        return ",".join("" if c is None else c for c in cells)


def name_columns(raw: RawTable, table: str) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a raw table by their registered names, in registered units."""
    named: dict[str, pa.ChunkedArray] = {}
    found = find_columns(raw.data.column_names, table)
    percent = [raw.data.column(n) for n, alias in found.items() if alias.kind == "percent"]
    parts = [n for n, alias in found.items() if alias.kind == "time_part"]
    if parts:
        named["origin_time"] = _joined_time(raw, find_time_parts(raw.data.column_names))
    largest = max((_largest(column) for column in percent), default=0.0)
    for name, alias in found.items():
        column = raw.data.column(name)
        if alias.kind == "time_part":
            continue
        if alias.kind == "codes" or (alias.kind == "maybe_codes" and _all_joined(column)):
            taken = {a.name for a in found.values() if a.name != "station"}
            named |= {k: v for k, v in _split_codes(column).items() if k not in taken}
        elif alias.kind == "index":
            named[alias.name] = _without_minus_one(column)
        elif alias.kind == "percent":
            share = Alias(alias.name, 0.01 if largest > 1.0 else 1.0)
            named[alias.name] = _converted(raw, column, share)
        elif alias.kind == "dip_direction" or alias.factor != 1.0:
            named[alias.name] = _converted(raw, column, alias)
        else:
            named[alias.name] = column
    return named


def _joined_time(raw: RawTable, names: list[str]) -> pa.ChunkedArray:
    """Texts of times from columns of their parts; empty where all parts are."""
    columns = [raw.data.column(n).cast(pa.string()).to_pylist() for n in names]
    texts = []
    for cells in zip(*columns, strict=True):
        words = [(c or "").strip().removesuffix(".0") for c in cells]
        if not any(words):
            texts.append("")
        elif len(words) == 2:
            texts.append("T".join(w for w in words if w))
        elif not all(words[3:]):
            texts.append("-".join(w.zfill(2) for w in words[:3]))
        else:
            year, month, day, hour, minute, second = words
            whole, point, decimals = second.partition(".")
            texts.append(
                f"{year}-{month.zfill(2)}-{day.zfill(2)}T{hour.zfill(2)}:{minute.zfill(2)}:"
                f"{whole.zfill(2)}{point}{decimals}"
            )
    return pa.chunked_array([pa.array(texts, pa.string())])


def _largest(column: pa.ChunkedArray) -> float:
    values, _ = parse_floats(column.cast(pa.string()))
    return float(np.nanmax(values, initial=0.0))


def _all_joined(column: pa.ChunkedArray) -> bool:
    """Say whether all cells hold codes joined by points, as no station code does."""
    present = pc.drop_null(column.cast(pa.string()))
    return len(present) > 0 and bool(pc.all(pc.match_substring(present, ".")).as_py())


def _converted(raw: RawTable, column: pa.ChunkedArray, alias: Alias) -> pa.ChunkedArray:
    """A column of numbers in the registered unit; a cell that is no number stays text."""
    texts = column.cast(pa.string())
    values, bad = parse_floats(texts)
    for row in np.flatnonzero(bad).tolist():
        raw.reasons.setdefault(row, f"{alias.name} '{texts[row].as_py()}' is no number")
    if alias.kind == "dip_direction":
        values = wrap_strike(values - 90.0)
    return pa.chunked_array([pa.array(values * alias.factor)])


def _without_minus_one(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers of events as text; -1 is no event."""
    texts = column.cast(pa.string())
    return pc.if_else(pc.equal(texts, "-1"), "", texts)


def _split_codes(column: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """Codes joined by points, taken apart; a code without a point is a station."""
    parts = [(text or "").split(".") for text in column.cast(pa.string()).to_pylist()]
    full = [["", *p] if len(p) == 1 else p for p in parts]
    return {
        name: pa.chunked_array([pa.array([p[i] if i < len(p) else "" for p in full])])
        for i, name in enumerate(CODES)
    }


def motion_column(names: Sequence[str]) -> str | None:
    """Return the column of first motions, if there is one."""
    return next((n for n in names if plain_name(n) in FIRST_MOTIONS), None)


def first_motions_of_picks(raw: RawTable) -> RawTable | None:
    """The first motions of the good P picks of a table, as a table of their own."""
    column = motion_column(raw.data.column_names)
    named = name_columns(raw, "picks")
    if column is None or not {"event_id", "phase"} <= set(named):
        return None
    motions = raw.data.column(column).cast(pa.string()).to_pylist()
    phases = named["phase"].cast(pa.string()).to_pylist()
    rows = []
    for row, (phase, motion) in enumerate(zip(phases, motions, strict=True)):
        if not (motion or "").strip() or row in raw.reasons:
            continue
        kind = phase_class(phase or "")
        if kind == "P":
            rows.append(row)
        elif not kind:
            reason = f"its first motion is not read: phase '{phase}' is no first P"
            raw.rejects.add(raw.line(row), "polarity", reason, raw.text(row))
    if not rows:
        return None
    kept = [n for n in TABLES["polarities"].columns if n in named and n != "probability_up"]
    columns = {name: named[name].combine_chunks().take(pa.array(rows)) for name in kept}
    if "time" in named:
        columns["arrival_time"] = named["time"].combine_chunks().take(pa.array(rows))
    signs, chances = zip(*(_signed(str(motions[row])) for row in rows), strict=True)
    data = pa.table(
        {**columns, "polarity": pa.array(signs), "probability_up": pa.array(chances, pa.float64())}
    )
    lines = np.array([raw.line(row) for row in rows], dtype=np.int64)
    return RawTable(raw.path, data, raw.rejects, lines)


def _signed(motion: str) -> tuple[str, float]:
    """A first motion as a sign and, where it is weaker than 1, the probability of up."""
    try:
        value = float(motion)
    except ValueError:
        return motion, np.nan
    if not -1.0 < value < 1.0 or value == 0.0:
        return motion, np.nan
    return ("1" if value > 0 else "-1"), (1.0 + value) / 2.0
