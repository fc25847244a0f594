"""Read the S/P amplitudes and the station corrections of HASH v1.2 driver 3."""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.formats._fixed_columns import check_not_cut, fixed_float
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines

_TITLE = "a HASH file of S/P amplitudes (driver 3)"
"""Name of the amplitudes, for messages."""

_TITLE_CORRECTIONS = "a HASH file of S/P station corrections (driver 3)"
"""Name of the corrections, for messages."""

_EVENT = re.compile(r"\s*(\S+)\s+(\d+)\s*$")
"""Event line: identifier and count of amplitudes."""

_LINE = re.compile(r"\S.{3} \S.{2} \S.{2}.{17,}?[\d.]{3}")
"""How a line of amplitudes begins: station, component, network, then numbers."""

_CORRECTION = re.compile(r"\S{1,5}\s+\S{1,3}\s+\S{1,2}\s+-?\d*\.\d+\s*$")
"""Line of a correction: station, component, network, correction."""

_NUMBERS = (
    ("noise before P", 28),
    ("noise before S", 39),
    ("P amplitude", 50),
    ("S amplitude", 61),
)
"""First column (from 0) of every number, ten columns wide."""


def read_hash_amplitudes(path: Path) -> SourceTables:
    """Read P and S amplitudes with their noise.

    An event line is ``identifier count``, followed by ``count`` lines. Columns (from 1): 1-4
    station; 6-8 component; 10-11 network; 29-38 noise before P; 40-49 noise before S; 51-60
    P amplitude; 62-71 S amplitude (the order that driver 3 reads, and the only one with
    signs where they can be: P amplitudes are signed). Amplitudes are stored without sign.

    Raises
    ------
    FormatError
        If no amplitude in the file can be read.

    Notes
    -----
    A line whose count of amplitudes does not hold is read on: event lines are known by
    their two words.
    """
    reader = _Amplitudes(path)
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        if not line.strip():
            continue
        match = _EVENT.match(line)
        if match:
            reader.start_event(number, line, match[1], int(match[2]))
        else:
            reader.add(number, line)
    reader.close_event()
    if not len(reader.amplitudes):
        no_such_format(path, _TITLE, "amplitude", reader.rejects.table())
    return SourceTables(amplitudes=reader.amplitudes.table(), rejects=reader.rejects.table())


class _Amplitudes:
    """Amplitudes of one file, event by event."""

    def __init__(self, path: Path) -> None:
        self.amplitudes = TableBuilder("amplitudes", source_file=str(path))
        self.rejects = Rejects(path)
        self._event_id = ""
        self._orphan = "no event line comes before it"
        self._event_line = self._promised = self._found = 0
        self._event_text = ""
        self._events: dict[str, int] = {}
        self._seen: dict[tuple[str, str, str], int] = {}

    def start_event(self, number: int, line: str, event_id: str, promised: int) -> None:
        self.close_event()
        self._event_id, self._promised, self._found = event_id, promised, 0
        self._event_line, self._event_text, self._seen = number, line, {}
        before = self._events.setdefault(event_id, number)
        if before != number:
            reason = f"doubled event: '{event_id}' is on line {before}"
            self.rejects.add(number, "event", reason, line, event_id)
            self._orphan = f"its event on line {number} is put aside"
            self._event_id, self._event_line = "", 0

    def close_event(self) -> None:
        """Say so where fewer or more amplitudes follow than the event line promises."""
        if self._event_line and self._found != self._promised:
            self.rejects.add(
                self._event_line,
                "event",
                f"{self._promised} amplitudes are promised, {self._found} follow; they are kept",
                self._event_text,
                self._event_id,
            )

    def add(self, number: int, line: str) -> None:
        self._found += 1
        station, channel, network = line[:4].strip(), line[5:8].strip(), line[9:11].strip()
        try:
            if not self._event_id:
                raise ValueError(self._orphan)
            if not station:
                raise ValueError("the station code is missing")
            if len(line) < 71:
                check_not_cut(line, *((first, first + 10) for _, first in _NUMBERS))
            values = [_amplitude(line[first : first + 10], what) for what, first in _NUMBERS]
            before = self._seen.setdefault((network, station, channel), number)
            if before != number:
                raise ValueError(f"doubled amplitude: this channel is on line {before}")
        except ValueError as error:
            self.rejects.add(number, "amplitude", str(error), line, self._event_id, station)
            return
        self.amplitudes.add(
            event_id=self._event_id,
            network=network,
            station=station,
            channel=channel,
            p_noise=values[0],
            s_noise=values[1],
            p_amplitude=values[2],
            s_amplitude=values[3],
            source_line=number,
        )


def read_hash_station_corrections(path: Path) -> SourceTables:
    """Read station corrections of log10 S/P, to be subtracted from the observation.

    A line is station, component (the last letter may be missing), network (``XX`` is any)
    and correction.

    Raises
    ------
    FormatError
        If no correction in the file can be read.
    """
    corrections = TableBuilder("sp_corrections", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, str, str], int] = {}
    for number, line in enumerate(read_lines(path, _TITLE_CORRECTIONS), 1):
        parts = line.split()
        if not parts:
            continue
        try:
            if len(parts) != 4:
                raise ValueError(
                    f"{len(parts)} words instead of station, component, network, correction"
                )
            station, channel, network = parts[:3]
            if len(station) > 5 or len(channel) > 3 or len(network) > 2:
                raise ValueError(f"'{station} {channel} {network}' are no station codes")
            network = "" if network == "XX" else network
            value = _amplitude(parts[3], "correction", signed=True)
            if problem := bounds_problem(sp_log_correction=value):
                raise ValueError(problem)
            before = seen.setdefault((network, station, channel), number)
            if before != number:
                raise ValueError(f"doubled correction: this channel is on line {before}")
        except ValueError as error:
            rejects.add(number, "correction", str(error), line, station=parts[0])
            continue
        corrections.add(
            network=network,
            station=station,
            channel=channel,
            sp_log_correction=value,
            source_line=number,
        )
    if not len(corrections):
        no_such_format(path, _TITLE_CORRECTIONS, "correction", rejects.table())
    return SourceTables(sp_corrections=corrections.table(), rejects=rejects.table())


def _amplitude(text: str, what: str, signed: bool = False) -> float:
    value = fixed_float(text, 4 if signed else 3, what)
    if math.isnan(value):
        raise ValueError(f"{what} is missing")
    if value < 0.0 and what.startswith("noise"):
        raise ValueError(f"{what} {value:g} is negative")
    return value if signed else abs(value)


def _sniff(head: bytes) -> bool:
    lines = [line for line in head_lines(head)[:50] if line.strip()]
    return (
        len(lines) > 1
        and _EVENT.match(lines[0]) is not None
        and _LINE.match(lines[1]) is not None
        and len(lines[1].split()) == 9
    )


def _sniff_corrections(head: bytes) -> bool:
    lines = [line for line in head_lines(head)[:50] if line.strip()]
    hits = sum(_CORRECTION.match(line) is not None for line in lines)
    return bool(lines) and hits > 0.8 * len(lines)


AMPLITUDES_FORMAT = Format(
    name="hash_amplitudes",
    title="HASH S/P amplitudes (driver 3)",
    read=read_hash_amplitudes,
    sniff=_sniff,
    suffixes=(".amp",),
)
"""Amplitudes of driver 3."""

CORRECTIONS_FORMAT = Format(
    name="hash_station_corrections",
    title="HASH station corrections of log10 S/P (driver 3)",
    read=read_hash_station_corrections,
    sniff=_sniff_corrections,
    suffixes=(".statcor",),
)
"""Station corrections of driver 3."""

FORMATS_HERE = (AMPLITUDES_FORMAT, CORRECTIONS_FORMAT)
"""Files of driver 3."""
