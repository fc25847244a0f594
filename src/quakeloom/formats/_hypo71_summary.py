"""Read HYPO71 summary files (punched cards): one hypocenter a line."""

from __future__ import annotations

import re
from pathlib import Path

from quakeloom.core import FormatError
from quakeloom.formats._fixed_columns import (
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    fixed_seconds,
    full_year,
    optional_float,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import Hypocenter, PhaseRows
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_SUMMARY = "a HYPO71 summary file"
"""Name of a file of hypocenters, for messages."""

_NAN = float("nan")
"""What stands for a number that a file does not have."""

_HYPOCENTER = re.compile(
    r"\d{6} [ \d]{2}[ \d]{3}[ \d.]{5} [ \d]{2}[-NnSs ][ \d.]{5} "
    r"[ \d]{3}[-EeWw ][ \d.]{5} [ \d.]{5}"
)
"""A summary line: date, time, latitude, longitude, depth."""

_SHORT = re.compile(r"[ \d]\d\.\d  \d\.\d\d [ \d]\.\d\d [ \d]\d\.\d [ \d]\d\.\d( |$)")
"""Columns 44 to 69 of the short form of a summary line."""

_SHORT_ENDS = (58, 70)
"""Columns in which lines of the short form end; those of the long one end behind column 71."""

_SIDES = re.compile(r"\bLAT\s+([NS])\b.*\bLONG?\s+([EW])\b", re.IGNORECASE)
"""Hemispheres in the line of names, as HYPO71 writes it: LAT N and LONG W."""

EVENT_IDS = {
    "event_ids": "time (default): events are named by their time; file: by the name of the file."
}
"""The option that both formats share."""


def read_hypo71_summary(path: Path, event_ids: str = "time") -> SourceTables:
    """Read hypocenters from a HYPO71 summary file (punched cards: one hypocenter a line).

    Columns (from 1): 1-6 date; 8-9 hour; 10-12 minute; 13-17 second; 19-20 and 22-26 latitude;
    28-30 and 32-36 longitude; 37-43 depth; 44-50 magnitude; 68-72 ERH; 73-77 ERZ. A short
    form has magnitude (0 for none), RMS, ERH and ERZ in 50-68. A letter N, S, E, W may stand
    where the dash is; without one the line of names says it (``LAT N``, ``LONG W``), and without
    that latitude is north and longitude is east, which the rejects say.

    Parameters
    ----------
    path : Path
    event_ids : {"time", "file"}
        As for :func:`read_hypo71_phases`.

    Raises
    ------
    FormatError
        If no hypocenter can be read.
    """
    rows = PhaseRows(path, _SUMMARY)
    count = 0
    lines = read_lines(path, _SUMMARY)
    short, sides = _is_short(lines), _sides(lines)
    unsaid = 0
    for number, line in enumerate(lines, start=1):
        if _is_no_hypocenter(line):
            continue
        try:
            place = _place(line, short, sides)
        except ValueError as problem:
            rows.bad_event(number, line, str(problem))
            continue
        place.event_id = name_event(path, event_ids, count)
        rows.start_event(number, line, place)
        count += 1
        unsaid += _is_unsaid(line, sides)
        rows.end_event()
    if unsaid:
        rows.rejects.add(-1, "file", _unsaid_words(unsaid))
    return rows.finish()


def _is_no_hypocenter(line: str) -> bool:
    """Say whether a line is blank, or the line of names."""
    return not line.strip() or line.lstrip().upper().startswith("DATE")


def _is_unsaid(line: str, sides: tuple[str, str]) -> bool:
    """Say whether neither a letter nor the line of names gives the hemispheres."""
    return sides == ("", "") and not (line[20:21].isalpha() and line[30:31].isalpha())


def _unsaid_words(count: int) -> str:
    """Say how many epicenters are taken for north and east, and what to write if they are not."""
    return (
        f"{count} epicenters have no letter of their hemisphere; they are taken for north and "
        "east. If they are west, write LAT N and LONG W in a line of names that begins with DATE"
    )


def _sides(lines: list[str]) -> tuple[str, str]:
    """The hemispheres of latitude and longitude by the line of names; empty if there is none."""
    for line in lines:
        if line.lstrip().upper().startswith("DATE") and (found := _SIDES.search(line)):
            return found[1].upper(), found[2].upper()
    return "", ""


def _is_short(lines: list[str]) -> bool:
    """Say whether a summary file has the short form: by its numbers, or by where lines end."""
    lengths = [len(line.rstrip()) for line in lines if line.strip()]
    ends = bool(lengths) and _SHORT_ENDS[0] <= min(lengths) and max(lengths) <= _SHORT_ENDS[1]
    return ends or any(_SHORT.match(line[43:69]) for line in lines)


def _place(line: str, short: bool, sides: tuple[str, str]) -> Hypocenter:
    """Return the hypocenter of a summary line, without an event id.

    ``sides`` are the hemispheres where the line has no letter.
    """
    line = line.ljust(80)
    origin = utc_nanoseconds(
        full_year(fixed_int(line[0:2], "year")),
        fixed_int(line[2:4], "month"),
        fixed_int(line[4:6], "day"),
        fixed_int(line[7:9], "hour"),
        fixed_int(line[9:12], "minute"),
        fixed_seconds(line[12:17]),
    )
    south, west = (
        (line[i].upper() if line[i].isalpha() else side) == negative
        for i, side, negative in ((20, sides[0], "S"), (30, sides[1], "W"))
    )
    magnitude = optional_float(line[49:53] if short else line[43:50], 2, "magnitude")
    errors = (line[59:63], line[64:68]) if short else (line[67:72], line[72:77])
    return Hypocenter(
        event_id="",
        origin_time=origin,
        latitude=fixed_latitude(line[18:20], "S" if south else "N", line[21:26], 2),
        longitude=fixed_longitude(line[27:30], "W" if west else "E", line[31:36], 2),
        depth_km=fixed_float(line[36:43], 2, "depth"),
        magnitude=_NAN if short and magnitude == 0.0 else magnitude,
        horizontal_error_km=optional_float(errors[0], 1, "ERH"),
        vertical_error_km=optional_float(errors[1], 1, "ERZ"),
    )


def read_places(path: Path, hypocenters: str, rejects: Rejects) -> list[Hypocenter]:
    """Return the hypocenters of the summary file that belongs to a phase file.

    Lines that cannot be read, and hemispheres that nothing says, are told in ``rejects``.
    """
    file = Path(f"{path}{hypocenters}") if hypocenters.startswith(".") else Path(hypocenters)
    if not file.is_file():
        raise FormatError(
            f"'{path}' has no summary file '{file}', which its option `hypocenters` names. "
            "Nothing is read; correct the option, or leave it out."
        )
    places = []
    lines = read_lines(file, _SUMMARY)
    short, sides = _is_short(lines), _sides(lines)
    unsaid = 0
    for number, line in enumerate(lines, start=1):
        if _is_no_hypocenter(line):
            continue
        try:
            places.append(_place(line, short, sides))
        except ValueError as problem:
            rejects.add(-1, "event", f"line {number} of '{file.name}': {problem}", line)
            continue
        unsaid += _is_unsaid(line, sides)
    if unsaid:
        rejects.add(-1, "file", f"'{file.name}': {_unsaid_words(unsaid)}")
    if not places:
        raise FormatError(
            f"'{file}' is not {_SUMMARY}: no hypocenter in it can be read. Nothing is read; "
            "correct the option `hypocenters` of the phase file."
        )
    return places


def name_event(path: Path, event_ids: str, count: int) -> str:
    """Return the id of an event by the name of its file, or nothing for one by its time."""
    if event_ids == "time":
        return ""
    stem = path.name
    for suffix in (".hyp", ".h", ".pha", ".phs"):
        stem = stem.removesuffix(suffix)
    return stem if count == 0 else f"{stem}-{count + 1}"


def _sniff_summary(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip()]
    lines = [x for x in lines if not x.lstrip().upper().startswith("DATE")]
    return bool(lines) and sum(bool(_HYPOCENTER.match(x)) for x in lines) > 0.5 * len(lines)


FORMAT = Format(
    name="hypo71_summary",
    title=_SUMMARY,
    read=read_hypo71_summary,
    sniff=_sniff_summary,
    suffixes=(".h", ".hyp", ".sum"),
    options=dict(EVENT_IDS),
)
"""Summary files."""
