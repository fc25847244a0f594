"""Catalogs of focal mechanisms, from whatever form they are in."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import FormatError, auxiliary_plane
from quakeloom.formats._axes_columns import (
    names_axes,
    with_magnitudes_of_moments,
    with_planes_of_axes,
)
from quakeloom.formats._cells import convert_column
from quakeloom.formats._column_names import find_columns
from quakeloom.formats._compressed import plain_head
from quakeloom.formats._csv import (
    is_mechanism_header,
    read_raw_csv,
    said_separator,
    split_header,
)
from quakeloom.formats._doubtful_planes import put_aside_no_planes
from quakeloom.formats._doubtful_units import doubtful_units
from quakeloom.formats._foreign_kinds import describe_foreign_file
from quakeloom.formats._geonet import is_geonet, read_geonet
from quakeloom.formats._gmt_header import split_row
from quakeloom.formats._gmt_meca import (
    fits_a_form,
    leading_numbers,
    names_a_form,
    read_gmt_meca,
)
from quakeloom.formats._hash_mechanisms import is_hash_output, read_hash_mechanisms
from quakeloom.formats._head import read_head
from quakeloom.formats._mechanism_angles import AUXILIARY, PLANE, wrap_rake, wrap_strike
from quakeloom.formats._named_columns import RawTable, name_columns
from quakeloom.formats._obspy_events import find_obspy_kind, read_obspy_mechanisms
from quakeloom.formats._parquet import read_raw_parquet
from quakeloom.formats._phase_rows import identifier_of_time, no_such_format
from quakeloom.formats._plain_tables import choose_table, register_table
from quakeloom.formats._quakeml_mechanisms import read_quakeml_mechanisms
from quakeloom.formats._quakeml_opening import ROOTS as QUAKEML_ROOTS
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._table_writers import GMT_TABLE_COLUMNS, JST_NANOSECONDS
from quakeloom.formats._text_columns import time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines
from quakeloom.formats._xml_head import root_element
from quakeloom.schema import QUALITIES

_LOG = logging.getLogger(__name__)
"""Log of records that are put aside."""

_FORMS = (
    "Parquet or CSV with strike, dip and rake or with P and T axes, QuakeML, GeoNet's CSV, "
    "HASH's or SKHASH's output, the GMT table (lon lat depth strike dip rake mag x y qual nsta "
    "fptype otime), rows for GMT's meca, NDK or another catalog that ObsPy reads"
)
"""What a catalog of mechanisms may be, for messages."""

_SHOWN_REASONS = 3
"""Reasons that the log names."""


def read_mechanisms(path: str | Path, rejects: Rejects | None = None) -> pa.Table:
    """Read a catalog of focal mechanisms; the form of the file is recognized.

    Parquet, CSV and other tables whose columns of planes or of P and T axes are named (the World
    Stress Map's among them), QuakeML, GeoNet's CSV, outputs of
    HASH and SKHASH, the GMT table of Uchide (2022), and all forms of GMT's ``meca``. The
    auxiliary plane is computed where it is missing; two planes that are not perpendicular are
    put aside. Rows without an event id get one from their origin time, else from their line.
    Strikes and rakes beyond a turn are brought into [0, 360) and [-180, 180].

    Parameters
    ----------
    path : str or Path
    rejects : Rejects, optional
        Gets what is put aside; without it, the numbers and reasons are logged.

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
    table = put_aside_no_planes(_read(path, head, aside), aside)
    known = set(aside.table().column("reason").to_pylist())
    for doubt in doubtful_units("mechanisms", table):
        if doubt not in known:
            aside.add(-1, "column", doubt)
    if rejects is None and len(aside):
        counts = Counter(aside.table().column("reason").to_pylist()).most_common(_SHOWN_REASONS)
        reasons = "; ".join(f"{reason} ({count})" for reason, count in counts)
        _LOG.warning("%s: %d records are put aside: %s", path, len(aside), reasons)
    return table


def names_mechanisms(path: Path) -> bool:
    """Say whether the columns of a CSV or Parquet file are those of focal mechanisms."""
    head = plain_head(read_head(path))
    if head.startswith(b"PAR1"):
        return is_mechanism_header(read_raw_parquet(path).data.column_names)
    return _has_mechanism_header(head)


def is_mechanism_catalog(head: bytes) -> bool:
    """Say whether a file looks like a table of mechanisms, by its first bytes."""
    tests = (is_geonet, is_hash_output, _is_gmt_table, _has_mechanism_header)
    if any(test(head) for test in tests):
        return True
    return not describe_foreign_file(head)[0] and fits_a_form(_gmt_rows(head))


def _read(path: Path, head: bytes, rejects: Rejects) -> pa.Table:
    if head.startswith(b"PAR1"):
        return _plain(read_raw_parquet(path), rejects)
    if root_element(head) in QUAKEML_ROOTS:
        return read_quakeml_mechanisms(path, rejects)
    if is_geonet(head):
        return _with_auxiliary(read_geonet(path, rejects))
    if is_hash_output(head):
        return _with_auxiliary(read_hash_mechanisms(path, rejects))
    if find_obspy_kind(head) is not None:
        return _with_auxiliary(read_obspy_mechanisms(path, rejects))
    if _is_gmt_table(head):
        return _read_gmt_table(path, rejects)
    if _has_mechanism_header(head):
        return _plain(read_raw_csv(path), rejects)
    what, remedy = describe_foreign_file(head)
    # rows of velocities are rows of numbers as well
    if not what and _is_gmt_meca(head):
        return read_gmt_meca(path, rejects)
    said = f" It is {what}: {remedy}." if what else ""
    raise FormatError(
        f"'{path}' is no catalog of focal mechanisms.{said} Nothing is read from it; give {_FORMS}."
    )


def _has_mechanism_header(head: bytes) -> bool:
    data = (
        head.decode("utf-16", "ignore").encode() if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    )
    for number, line in enumerate(head_lines(data)[:50]):
        if number == 0 and said_separator(line):
            continue
        names = split_header(line)[0]
        if is_mechanism_header(names) or names_axes(names):
            return True
        if line.strip() and not line.lstrip().startswith("#"):
            return False
    return False


def _plain(raw: RawTable, rejects: Rejects) -> pa.Table:
    """A table with registered columns, with status and auxiliary plane filled in."""
    table = register_mechanisms(raw)
    rejects.extend(raw.rejects)
    return table


def register_mechanisms(raw: RawTable) -> pa.Table:
    """Bring a raw table to registered ``mechanisms``; status and auxiliary plane are filled in.

    Raises
    ------
    FormatError
        If columns are missing or no row can be read.
    """
    raw = _with_event_ids(with_magnitudes_of_moments(with_planes_of_axes(raw)))
    names = raw.data.column_names
    choose_table(raw.path, names, "mechanisms", mechanisms=True)
    table = register_table(raw, "mechanisms")
    solved = pc.if_else(pc.is_nan(table.column("strike_deg")), "no_solution", "solved")
    said = table.column("status")
    unsaid = pc.equal(said, "")
    if pc.any(unsaid).as_py():
        table = _replace(table, "status", pc.if_else(unsaid, solved, said))
    return _with_auxiliary(put_aside_no_planes(table, raw.rejects))


def _with_event_ids(raw: RawTable) -> RawTable:
    """A table with a column of event ids: of its own, else made of times or lines."""
    found = {alias.name for alias in find_columns(raw.data.column_names, "mechanisms").values()}
    if "event_id" in found or not {*PLANE} <= found:
        return raw
    ids = [f"line{raw.line(row)}" for row in range(raw.data.num_rows)]
    if "origin_time" in found:
        times = convert_column("origin_time", name_columns(raw, "mechanisms")["origin_time"], _pass)
        for row, time in enumerate(times.cast(pa.int64()).to_pylist()):
            ids[row] = identifier_of_time(time) if time is not None else ids[row]
    raw.data = raw.data.append_column("event_id", pa.array(ids, pa.string()))
    return raw


def _pass(_mask: Any, _reason: Any) -> None:
    """No reason is asked for: the column is converted again with its reasons."""


def _with_auxiliary(table: pa.Table) -> pa.Table:
    columns = AUXILIARY
    old = [table.column(n).to_numpy() for n in columns]
    missing = np.isnan(sum(old))
    if not missing.any():
        return table
    new = auxiliary_plane(*(table.column(n).to_numpy() for n in PLANE))
    for name, before, computed in zip(columns, old, new, strict=True):
        table = _replace(table, name, pa.array(np.where(missing, computed, before)))
    return table


def _replace(table: pa.Table, name: str, column: Any) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(name), column)


def _gmt_rows(head: bytes) -> list[list[str]]:
    lines = head_lines(head)
    return [split_row(x) for x in lines if x.strip() and not x.startswith(("#", ">"))]


def _is_gmt_table(head: bytes) -> bool:
    """Say whether a file is Uchide's table: by its header, or by what follows the numbers."""
    wanted = list(GMT_TABLE_COLUMNS)
    titled = any(x.lstrip("# ").split()[:13] == wanted for x in head_lines(head)[:3])
    rows = _gmt_rows(head)
    full = [w for w in rows if len(w) >= len(wanted) and len(leading_numbers(w[:10])) == 9]
    return titled or len(full) > 0.5 * len(rows) > 0


def _is_gmt_meca(head: bytes) -> bool:
    """Say whether most rows begin with seven numbers or more, or a line names such rows."""
    rows = _gmt_rows(head)
    if names_a_form(head_lines(head)[:50]):
        return True
    return sum(len(leading_numbers(words)) >= 7 for words in rows) > 0.5 * len(rows) > 0


def _read_gmt_table(path: Path, rejects: Rejects) -> pa.Table:
    rows = TableBuilder("mechanisms")
    lines_of: dict[str, int] = {}
    for number, line in enumerate(read_lines(path, "GMT mechanisms"), start=1):
        words = line.split()
        if not words or line.startswith(("#", ">")) or (number <= 2 and "strike" in words):
            continue
        try:
            row = _gmt_row(words, number)
            before = lines_of.setdefault(row["event_id"], number)
            if before != number:
                raise ValueError(f"doubled event: '{row['event_id']}' is on line {before}")
        except ValueError as problem:
            rejects.add(number, "mechanism", str(problem), line)
            continue
        rows.add(**row)
    if not len(rows):
        no_such_format(path, "a table of mechanisms for GMT", "mechanism", rejects.table())
    return _with_auxiliary(rows.table())


def _gmt_row(words: list[str], line: int) -> dict[str, Any]:
    if len(words) < len(GMT_TABLE_COLUMNS):
        raise ValueError(f"it has {len(words)} columns instead of {len(GMT_TABLE_COLUMNS)}")
    names = ("longitude", "latitude", "depth_km", *PLANE, "magnitude")
    values: dict[str, float] = {}
    for name, word in zip(names, words, strict=False):
        try:
            values[name] = float(word)
        except ValueError:
            raise ValueError(f"{name} '{word}' is no number") from None
    values["strike_deg"] = float(wrap_strike(values["strike_deg"]))
    values["rake_deg"] = float(wrap_rake(values["rake_deg"]))
    if any(values[n] != values[n] for n in PLANE):
        raise ValueError("a strike, dip or rake is not a number")
    if problem := bounds_problem(**values):
        raise ValueError(problem)
    row: dict[str, Any] = {**values, "status": "solved"}
    quality, count, _, time = words[9:13]
    if quality not in (*QUALITIES, "-"):
        raise ValueError(f"quality '{quality}' is none of {', '.join(QUALITIES)}")
    if not count.isdecimal():
        raise ValueError(f"number of stations '{count}' is no whole number")
    if problem := bounds_problem(polarity_count=float(count)):
        raise ValueError(problem)
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
