"""Lines of text files whose encoding and line ends are not certain, and the values in them."""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream
from quakeloom.schema import range_problem

_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""Days of a common year before every month."""

_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of every month of a common year."""

_SECOND = 1_000_000_000
"""Nanoseconds of a second."""

_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\f\r\x1a\x1b")
"""Control characters that no text file should hold; Ctrl-Z and Escape do occur in real ones."""


def read_lines(path: Path, title: str) -> list[str]:
    """Read a text file as lines, tolerant of its encoding.

    UTF-8 with or without a byte-order mark; a line that is not UTF-8 is read as Latin-1.
    Line ends may be LF, CR LF or CR. A gzip file is unpacked.

    Raises
    ------
    FormatError
        If the file is empty, a broken or cut gzip file, or no text (many control characters, or
        UTF-16).
    """
    with ByteStream(path) as stream:
        data, problem = stream.read(), stream.problem
    if problem:
        raise FormatError(f"'{path}': {problem}. Nothing is read as {title}; give the whole file.")
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise FormatError(f"'{path}' is empty. Nothing can be read as {title}; give a data file.")
    if is_binary(data):
        raise FormatError(
            f"'{path}' is no text file (control characters or UTF-16), so it is not {title}. "
            "Give a text file, or name its format."
        )
    return split_lines(data)


def is_binary(head: bytes) -> bool:
    """Say whether bytes cannot be text in ASCII, Latin-1 or UTF-8.

    A few control characters are tolerated: real listings hold NUL bytes in their headings.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    sample = head[:4096]
    return len(sample.translate(None, _CONTROL)) < 0.95 * len(sample)


def split_lines(data: bytes) -> list[str]:
    """Decode bytes into lines without their ends; see :func:`read_lines`."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = [_decode_line(line) for line in data.split(b"\n")]
    if lines and not lines[-1]:
        lines.pop()
    return lines


def head_lines(head: bytes) -> list[str]:
    """Return the whole lines in the head of a file, for sniffing; none if it is binary."""
    if is_binary(head):
        return []
    lines = split_lines(head)
    cut_short = len(lines) > 1 and len(head) >= 65_536 and not head.endswith((b"\n", b"\r"))
    return lines[:-1] if cut_short else lines


def parse_float(text: str) -> float:
    """Parse a number; NaN if the field is blank, :class:`ValueError` if it is no number."""
    text = text.strip()
    if not text:
        return math.nan
    if "_" in text:
        raise ValueError(text)
    return float(text)


def bounds_problem(**values: float) -> str:
    """Return why values break the registered ranges of their variables, or an empty text.

    NaN passes, infinity does not. The first offending value is named, with the number to
    write if another unit may have been meant.
    """
    for name, value in values.items():
        problem = range_problem(name, value)
        if problem:
            return problem
    return ""


def utc_nanoseconds(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0.0
) -> int:
    """Return a UTC time as nanoseconds since 1970; :class:`ValueError` says what is impossible.

    Seconds may be negative or 60 and more (as many programs write them); hour 24 and minute
    60 carry over as well.
    """
    if not 1700 <= year <= 2200:
        raise ValueError(f"year {year} is outside [1700, 2200]")
    if not 1 <= month <= 12:
        raise ValueError(f"month {month} is outside [1, 12]")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = _DAYS_IN_MONTH[month - 1] + (leap and month == 2)
    if not 1 <= day <= days:
        raise ValueError(f"day {day} is outside [1, {days}] of {year}-{month:02d}")
    if not 0 <= hour <= 24 or not 0 <= minute <= 60:
        raise ValueError(f"time of day {hour}:{minute} is impossible")
    if not -3600.0 <= second <= 3600.0:
        raise ValueError(f"seconds {second:g} are impossible")
    y = year - 1
    ordinal = y * 365 + y // 4 - y // 100 + y // 400 + _DAYS_BEFORE_MONTH[month - 1] + day
    ordinal += 1 if leap and month > 2 else 0
    whole = ((ordinal - 719_163) * 24 + hour) * 3600 + minute * 60
    return whole * _SECOND + round(second * 1e6) * 1000


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
