"""Registered tables as CSV, and focal mechanisms as files for GMT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from quakeloom.core import principal_axes
from quakeloom.formats._formulas import defuse_formulas
from quakeloom.formats._replacing import replacing

GMT_TABLE_COLUMNS = (
    "lon",
    "lat",
    "depth",
    "strike",
    "dip",
    "rake",
    "mag",
    "x",
    "y",
    "qual",
    "nsta",
    "fptype",
    "otime",
)
"""Columns of the catalog of Uchide (2022)."""

JST_NANOSECONDS = 9 * 3600 * 1_000_000_000
"""Nanoseconds by which Japan Standard Time is ahead of UTC."""


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a registered table as CSV that :func:`read_csv` gives back.

    Numbers are written with all their digits, times as ``2020-01-31T12:34:56.123456789Z``;
    missing numbers and times are empty cells. Texts that a spreadsheet would run as a formula
    are written behind a single quote, which :func:`read_csv` takes off.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
    """
    columns: dict[str, Any] = {}
    # a spreadsheet runs a text that looks like a formula, so that is written behind a quote
    for field in table.schema:
        column = table.column(field.name)
        if pa.types.is_timestamp(field.type):
            column = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_floating(field.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, field.type), column)
        elif pa.types.is_string(field.type):
            column = defuse_formulas(column)
        columns[field.name] = column
    with replacing(Path(path)) as temporary:
        arrow_csv.write_csv(pa.table(columns), temporary)


def write_gmt_meca(mechanisms: pa.Table, path: Path) -> int:
    """Write solved mechanisms for ``gmt meca -Sa``.

    Columns: longitude, latitude, depth (km), strike, dip, rake, magnitude, two zeros (no
    other place to plot at), event id.

    Parameters
    ----------
    mechanisms : pyarrow.Table
        Registered table ``mechanisms``; events without a mechanism are left out.
    path : Path

    Returns
    -------
    int
        Mechanisms written.
    """
    rows = _solved(mechanisms)
    lines = [f"{_degrees(r)} {_number(r['magnitude'])} 0 0 {_word(r['event_id'])}\n" for r in rows]
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def write_gmt_table(mechanisms: pa.Table, path: Path, event_ids: bool = False) -> int:
    """Write solved mechanisms in the form of the published catalog of Uchide (2022).

    Two header lines, then ``lon lat depth strike dip rake mag x y qual nsta fptype otime``
    with origin times ``yyyy-mm-ddTHH:MM:SS:ssssss`` in Japan Standard Time. ``x y`` are 0 0,
    ``fptype`` is NF, SS or RF by the steepest of the P, B and T axes.

    Parameters
    ----------
    mechanisms : pyarrow.Table
        Registered table ``mechanisms``; events without a mechanism are left out.
    path : Path
    event_ids : bool
        Add the event id as a 14th column, which the published form does not have.

    Returns
    -------
    int
        Mechanisms written.
    """
    rows = _solved(mechanisms)
    angles = np.array([[r[n] for n in ("strike_deg", "dip_deg", "rake_deg")] for r in rows])
    kinds = fault_types(*angles.T) if len(rows) else np.array([], dtype=str)
    columns = " ".join([*GMT_TABLE_COLUMNS, *(["event_id"] if event_ids else [])])
    lines = [f"# focal mechanisms by quakeloom, origin times in JST (UTC+9)\n# {columns}\n"]
    for row, kind in zip(rows, kinds, strict=True):
        words = [
            _degrees(row),
            _number(row["magnitude"]),
            "0 0",
            row["quality"] or "-",
            str(row["polarity_count"]),
            str(kind),
            _jst(row["origin_time"]),
        ]
        lines.append(" ".join([*words, _word(row["event_id"])] if event_ids else words) + "\n")
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return len(rows)


def fault_types(
    strike_deg: NDArray[Any], dip_deg: NDArray[Any], rake_deg: NDArray[Any]
) -> NDArray[Any]:
    """Return NF, SS or RF: whether the P, B or T axis is the steepest."""
    t, p, b = principal_axes(strike_deg, dip_deg, rake_deg)
    steepness = np.abs(np.stack([p[..., 2], b[..., 2], t[..., 2]]))
    kinds: NDArray[Any] = np.array(["NF", "SS", "RF"])[np.argmax(steepness, axis=0)]
    return kinds


def _solved(mechanisms: pa.Table) -> list[dict[str, Any]]:
    solved = pc.invert(pc.is_nan(mechanisms.column("strike_deg")))
    times = mechanisms.column("origin_time").cast(pa.int64())
    index = mechanisms.schema.get_field_index("origin_time")
    table = mechanisms.set_column(index, "origin_time", times).filter(solved)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _degrees(row: dict[str, Any]) -> str:
    names = ("longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "rake_deg")
    return " ".join(_number(row[n]) for n in names)


def _number(value: float) -> str:
    text = repr(float(value))
    return "NaN" if text == "nan" else text.removesuffix(".0")


def _word(text: str) -> str:
    """A text without blanks, which would be read as another column."""
    return "_".join(text.split()) or "-"


def _jst(nanoseconds: int | None) -> str:
    if nanoseconds is None:
        return "-"
    text = str(np.datetime64((nanoseconds + JST_NANOSECONDS) // 1000, "us"))
    return text.replace(".", ":")
