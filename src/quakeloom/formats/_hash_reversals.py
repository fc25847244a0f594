"""Read HASH and FPFIT lists of polarity reversals."""

from __future__ import annotations

import re
from pathlib import Path

from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_TITLE = "a HASH list of polarity reversals"
"""Name of the format, for messages."""
_DAY = 86_400_000_000_000
"""Nanoseconds of a day."""
_LINE = re.compile(r"\S{1,5}\s+(0|\d{8})\s+(0|\d{8})\s*$")
"""Line: station, first and last day."""


def read_hash_reversals(path: Path) -> SourceTables:
    """Read the time spans in which stations are reversed.

    A line is ``STA yyyymmdd yyyymmdd`` (station in columns 1-5, first and last day, both
    included; 0 is open). Networks are not given; a reversal holds for every network.

    Raises
    ------
    FormatError
        If no reversal in the file can be read.
    """
    reversals = TableBuilder("reversals", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, int | None, int | None], int] = {}
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        if not line.strip():
            continue
        parts = line.split()
        try:
            if len(parts) != 3:
                raise ValueError(f"{len(parts)} words instead of station, first and last day")
            start, end = _day(parts[1]), _day(parts[2])
            if end is not None:
                end += _DAY - 1
                if start is not None and start > end:
                    raise ValueError(f"the last day {parts[2]} is before the first {parts[1]}")
            before = seen.setdefault((parts[0], start, end), number)
            if before != number:
                raise ValueError(f"doubled reversal: the same span is on line {before}")
        except ValueError as error:
            rejects.add(number, "reversal", str(error), line, station=line[:5].strip())
            continue
        reversals.add(station=parts[0], start_time=start, end_time=end, source_line=number)
    if not len(reversals):
        no_such_format(path, _TITLE, "reversal", rejects.table())
    return SourceTables(reversals=reversals.table(), rejects=rejects.table())


def _day(text: str) -> int | None:
    if text in ("0", "99999999", "00000000"):
        return None
    if len(text) != 8 or not text.isdecimal():
        raise ValueError(f"date '{text}' is not yyyymmdd")
    return utc_nanoseconds(int(text[:4]), int(text[4:6]), int(text[6:]))


def _sniff(head: bytes) -> bool:
    lines = [line for line in head_lines(head)[:50] if line.strip()]
    return bool(lines) and sum(_LINE.match(x) is not None for x in lines) > 0.8 * len(lines)


FORMAT = Format(
    name="hash_reversals",
    title="HASH or FPFIT list of polarity reversals",
    read=read_hash_reversals,
    sniff=_sniff,
    suffixes=(".reverse",),
)
"""Lists of reversals."""
