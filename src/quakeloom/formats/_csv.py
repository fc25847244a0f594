"""Plain CSV with registered column names."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._column_names import find_columns, recognizes
from quakeloom.formats._compressed import ByteStream, plain_head
from quakeloom.formats._decimal_signs import with_decimal_points
from quakeloom.formats._format import Format
from quakeloom.formats._formulas import restore_formulas
from quakeloom.formats._named_columns import RawTable
from quakeloom.formats._plain_tables import TABLE_OPTION, choose_table, source_tables
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_lines import head_lines, is_binary, split_lines
from quakeloom.schema import VARIABLES

_SEPARATORS = ",;\t|"
"""Signs between columns; blanks where the header has none of them."""

_SAID = re.compile(r"\"?sep=(?P<sign>[,;|\t]|\\t)\"?", re.IGNORECASE)
"""A first line that names the separator, as Excel writes and reads it."""


def read_csv(path: Path, table: str = "auto") -> SourceTables:
    """Read a registered table from CSV.

    The first line that is no comment (``#``) names the columns, with their registered names
    or those of FDSN's text format, ComCat, GaMMA, PyOcto and others (see
    :mod:`quakeloom.formats._column_names`); separators are comma, semicolon, tab, bar or
    blanks. Where the separator is no comma, numbers may have decimal commas, see
    :mod:`quakeloom.formats._decimal_signs`. Polarities
    may be +1/-1/0, U/D, +/-, up/down, C/D or positive/negative/undecidable.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, Latin-1 or UTF-16, plain or gzipped.
    table : str
        Which table it holds; ``auto`` recognizes it.

    Raises
    ------
    FormatError
        If columns are missing or no row can be read.
    """
    raw = read_raw_csv(path)
    return source_tables(raw, choose_table(path, raw.data.column_names, table))


def read_raw_csv(path: Path) -> RawTable:
    """Read a CSV file as text columns with their lines; misshapen rows are put aside."""
    rejects = Rejects(path)
    data = _utf8(path, rejects)
    header_line, names, separator = _header(data, path)
    lines, body = _rows(_set_open_quotes_aside(data, header_line, rejects), header_line)
    if separator == " ":
        body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
        separator = "\t"
    broken: list[int] = []

    def skip(row: Any) -> str:
        broken.append(row.number)
        text = row.text or ""
        if text.strip() and not text.startswith("#"):
            rejects.add(
                int(lines[row.number - 1]),
                "row",
                f"it has {row.actual_columns} cells instead of {row.expected_columns}",
                text,
            )
        return "skip"

    try:
        table = arrow_csv.read_csv(
            io.BytesIO(body),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=16 << 20
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, invalid_row_handler=skip),
            convert_options=arrow_csv.ConvertOptions(
                column_types={n: pa.string() for n in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if body.strip():
            raise FormatError(
                f"'{path}' cannot be read as CSV ({error}). Nothing is read from it; "
                "correct the file."
            ) from None
        table = pa.table({n: pa.array([], pa.string()) for n in names})
    kept = np.ones(len(lines), dtype=bool)
    kept[np.array(broken, np.int64) - 1] = False
    for i, name in enumerate(table.column_names):
        table = table.set_column(i, name, restore_formulas(table.column(i)))
    if separator != ",":
        table = with_decimal_points(table, separator == ";")
    return RawTable(path, table, rejects, lines[kept][: table.num_rows])


def _utf8(path: Path, rejects: Rejects) -> bytes:
    """The file as UTF-8 with LF line ends."""
    with ByteStream(path) as stream:
        data = stream.read()
        if stream.problem:
            rejects.add(-1, "file", f"{stream.problem}; what follows is not read")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    if not data.strip():
        raise FormatError(f"'{path}' is empty. Nothing can be read from it; give a data file.")
    if is_binary(data[:65_536]):
        raise FormatError(
            f"'{path}' is no text file, so it is no CSV. Nothing is read; give a text file, or "
            "name its format."
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            data = "\n".join(split_lines(data)).encode()
    return data


def _header(data: bytes, path: Path) -> tuple[int, list[str], str]:
    """Number of the header line (from 0), the column names, and the separator."""
    said = ""
    for i, line in enumerate(data[: 1 << 20].decode("utf-8", "replace").split("\n")):
        if i == 0 and (said := said_separator(line)):
            continue
        names, separator = split_header(line, said)
        commented = line.lstrip().startswith("#")
        if not line.strip() or (
            commented and not (any(n in VARIABLES for n in names) or recognizes(names))
        ):
            continue
        doubled = sorted({n for n in names if names.count(n) > 1 and n})
        if doubled:
            raise FormatError(
                f"'{path}' names column {', '.join(map(repr, doubled))} more than once, so it "
                "is not certain which is meant. Nothing is read; name every column once."
            )
        return i, [n or f"(column {k + 1})" for k, n in enumerate(names)], separator
    raise FormatError(f"'{path}' has no header line. Nothing is read; name the columns.")


def said_separator(line: str) -> str:
    """Return the separator that a first line such as ``sep=;`` names, as spreadsheets write it."""
    found = _SAID.fullmatch(line.removeprefix("\ufeff").rstrip("\r\n"))
    return found["sign"].replace("\\t", "\t") if found else ""


def split_header(line: str, said: str = "") -> tuple[list[str], str]:
    """Return the column names in a header line, and its separator, unless that is said."""
    separator = said or max(_SEPARATORS, key=line.count)
    plain = line.strip().lstrip("#> ")
    if separator not in plain and recognizes(plain.split()):
        return plain.split(), " "
    try:
        cells = next(csv.reader([plain], delimiter=separator), [])
    except csv.Error:
        # a quote that is open or a cell that is too long: no header, but a name for messages
        cells = plain.split(separator)
    return [c.strip() for c in cells], separator


def _set_open_quotes_aside(data: bytes, header_line: int, rejects: Rejects) -> bytes:
    """Empty the lines in which a quote is opened and not closed.

    No registered value holds a line end, so such a quote is a slip; left alone it would
    swallow the lines that follow.
    """
    if b'"' not in data:
        return data
    lines = data.split(b"\n")
    for number in range(header_line + 1, len(lines)):
        line = lines[number]
        if line.count(b'"') % 2:
            text = line.decode("utf-8", "replace")
            rejects.add(number + 1, "row", "a quotation mark is opened and not closed", text)
            lines[number] = b""
    return b"\n".join(lines)


def _rows(data: bytes, header_line: int) -> tuple[NDArray[np.int64], bytes]:
    """Line numbers of the lines after the header that are not empty, and their bytes."""
    start = 0
    for _ in range(header_line + 1):
        end = data.find(b"\n", start)
        start = len(data) if end < 0 else end + 1
    body = data[start:]
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == 10)
    if len(body) and not body.endswith(b"\n"):
        ends = np.append(ends, len(body))
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    full = np.flatnonzero(ends > starts)
    return full + header_line + 2, body


def _sniff(head: bytes) -> bool:
    plain = plain_head(head)
    if plain[:2] in (b"\xff\xfe", b"\xfe\xff"):
        plain = plain.decode("utf-16", "ignore").encode()
    for number, line in enumerate(head_lines(plain)[:50]):
        if number == 0 and said_separator(line):
            continue
        names, _ = split_header(line)
        registered = sum(n in VARIABLES for n in names)
        if len(names) >= 2 and (registered >= 2 or recognizes(names)):
            return not is_mechanism_header(names) or "station" in names
        if line.strip() and not line.lstrip().startswith("#"):
            return False
    return False


def is_mechanism_header(names: list[str]) -> bool:
    """Say whether columns are those of a catalog of mechanisms."""
    found = {alias.name for alias in find_columns(names, "mechanisms").values()}
    return {"strike_deg", "dip_deg", "rake_deg"} <= found


FORMAT = Format(
    name="csv",
    title="plain CSV",
    read=read_csv,
    sniff=_sniff,
    suffixes=(".csv", ".tsv", ".txt", ".gz"),
    options=TABLE_OPTION,
)
"""Plain CSV, the last resort of recognition."""
