"""Read HYPO71 phase cards (``.pha``, ``.phs``): P and S picks, first motions, weights.

A phase file has no hypocenters; a summary file (one hypocenter per line) may stand beside it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._first_motions import polarity_sign
from quakeloom.formats._fixed_columns import (
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    fixed_seconds,
    full_year,
    onset_code,
    optional_float,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import (
    DOUBLED_OPTION,
    Arrival,
    FirstMotion,
    Hypocenter,
    PhaseRows,
    identifier_of_time,
    no_such_format,
)
from quakeloom.formats._source_tables import SourceTables, TableBuilder
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_PHASES = "a HYPO71 phase file"
"""Name of a file of phase cards, for messages."""

_SUMMARY = "a HYPO71 summary file"
"""Name of a file of hypocenters, for messages."""

_NAN = float("nan")
"""What stands for a number that a file does not have."""

_SECOND = 1_000_000_000
"""Nanoseconds of a second."""

_LONGEST_TRAVEL_S = 300.0
"""A hypocenter this long before the first P is no longer that of the event."""

_CARD = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9 ]{3}[ .IEie?]P[ .UDCud+\-?][ 0-9] \d{6}[ \d]{4}[ \d.]{5}"
)
"""A phase card: station, onset, P, first motion, weight, date and time."""

_HYPOCENTER = re.compile(
    r"\d{6} [ \d]{2}[ \d]{3}[ \d.]{5} [ \d]{2}[-NnSs ][ \d.]{5} "
    r"[ \d]{3}[-EeWw ][ \d.]{5} [ \d.]{5}"
)
"""A summary line: date, time, latitude, longitude, depth."""

_SHORT = re.compile(r"[ \d]\d\.\d  \d\.\d\d [ \d]\.\d\d [ \d]\d\.\d [ \d]\d\.\d( |$)")
"""Columns 44 to 69 of the short form of a summary line."""


def read_hypo71_phases(
    path: Path,
    hypocenters: str = "",
    event_ids: str = "time",
    doubled_picks: str = "reject",
) -> SourceTables:
    """Read P and S picks and first motions of P from HYPO71 phase cards.

    Columns (from 1): 1-4 station; 5 onset (I, E); 6 ``P``; 7 first motion (U, C, + up; D, -
    down); 8 weight; 10-19 year, month, day, hour, minute; 20-24 P second; 32-36 S second;
    37 onset, 38 ``S``, 40 weight. A line without a station ends an event. Numbers without a
    point have two decimals. A year of two digits is the latest that is not in the future.

    Parameters
    ----------
    path : Path
        The file.
    hypocenters : str
        A HYPO71 summary file, or its suffix to the name of the phase file (``.h``). Each event
        gets the last hypocenter before its first P that is not more than 300 s older.
    event_ids : {"time", "file"}
        Event id by the origin time, else the first P; or by the name of the file up to its
        suffix, with a number from the second event on.
    doubled_picks : {"reject", "keep"}
        See :class:`PhaseRows`.

    Returns
    -------
    SourceTables
        ``picks`` (every P and S with a time, picker ``analyst``, ``pick_weight`` as in the
        file), ``polarities`` (one row per P), ``events`` (without place unless
        ``hypocenters`` is given).

    Raises
    ------
    FormatError
        If no phase card can be read.
    """
    if event_ids not in ("time", "file"):
        raise SettingsError(
            f"Option event_ids of '{path}' is '{event_ids}', which means nothing. "
            "Nothing is read; write time or file."
        )
    places = _read_places(path, hypocenters) if hypocenters else None
    reader = _Cards(path, places, event_ids, doubled_picks)
    for number, line in enumerate(read_lines(path, _PHASES), start=1):
        reader.add_line(number, line)
    return reader.finish()


def read_hypo71_summary(path: Path, event_ids: str = "time") -> SourceTables:
    """Read hypocenters from a HYPO71 summary file (punched cards: one hypocenter a line).

    Columns (from 1): 1-6 date; 8-9 hour; 10-12 minute; 13-17 second; 19-20 and 22-26 latitude;
    28-30 and 32-36 longitude; 37-43 depth; 44-50 magnitude; 68-72 ERH; 73-77 ERZ. A short
    form has magnitude (0 for none), RMS, ERH and ERZ in 50-68. A letter N, S, E, W may stand
    where the dash is; without one latitude is north and longitude is east.

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
    for number, line in enumerate(read_lines(path, _SUMMARY), start=1):
        if not line.strip() or line.lstrip().upper().startswith("DATE"):
            continue
        try:
            place = _place(line)
        except ValueError as problem:
            rows.bad_event(number, line, str(problem))
            continue
        place.event_id = _event_id(path, event_ids, count)
        rows.start_event(number, line, place)
        count += 1
        rows.end_event()
    return rows.finish()


class _Cards:
    """Phase cards of one file, event by event."""

    def __init__(
        self,
        path: Path,
        places: list[Hypocenter] | None,
        event_ids: str,
        doubled_picks: str,
    ) -> None:
        self._path, self._places, self._event_ids = path, places, event_ids
        self._rows = PhaseRows(path, _PHASES, doubled_picks)
        self._picks = TableBuilder("picks", source_file=str(path), picker="analyst")
        self._cards: list[tuple[int, str, _Card]] = []
        self._count = 0
        self._seen: dict[tuple[object, ...], int] = {}
        self._keep_doubled = doubled_picks == "keep"

    def add_line(self, number: int, line: str) -> None:
        if not line[:4].strip():
            self._end_event()
            return
        try:
            card = _card(line)
        except ValueError as problem:
            self._rows.rejects.add(number, "pick", str(problem), line, "", line[:4].strip())
            return
        self._cards.append((number, line, card))

    def finish(self) -> SourceTables:
        self._end_event()
        if not self._count:
            no_such_format(self._path, _PHASES, "phase card", self._rows.rejects.table())
        tables = self._rows.finish()
        tables.picks = self._picks.table()
        return tables

    def _end_event(self) -> None:
        cards, self._cards = self._cards, []
        if not cards:
            return
        first = min(card.first_time for _, _, card in cards)
        place = self._find_place(first)
        event_id = _event_id(self._path, self._event_ids, self._count)
        self._count += 1
        number, text, _ = cards[0]
        if place is None:
            event_id = event_id or identifier_of_time(first)
            nowhere = Hypocenter(event_id, None, _NAN, _NAN, _NAN, located=False)
            self._rows.start_event(number, text, nowhere)
            if self._places is not None:
                self._rows.rejects.add(
                    number, "event", "no hypocenter of the summary file is within 300 s before "
                    "its first P; the event has no place", text, self._rows.event_id,
                )  # fmt: skip
        else:
            self._rows.start_event(number, text, replace(place, event_id=event_id))
        for number, text, card in cards:
            self._add_card(number, text, card)
        self._rows.end_event()

    def _find_place(self, first: int) -> Hypocenter | None:
        best = None
        for place in self._places or ():
            lag = (first - (place.origin_time or 0)) / _SECOND
            if 0.0 <= lag <= _LONGEST_TRAVEL_S and (best is None or lag < best[0]):
                best = lag, place
        return best[1] if best else None

    def _add_card(self, number: int, text: str, card: _Card) -> None:
        event_id = self._rows.event_id
        if card.p is not None:
            sign = polarity_sign(card.motion)
            if sign is None:
                reason = f"polarity '{card.motion}' is neither up nor down"
                self._rows.bad_reading(number, text, reason, card.p.station)
            else:
                self._rows.add_first_motion(number, text, FirstMotion(sign), replace(card.p))
        if not event_id:
            return
        for arrival in (card.p, card.s):
            if arrival is None:
                continue
            key = (event_id, arrival.station, arrival.phase, arrival.time)
            before = self._seen.setdefault(key, number)
            if before != number and not self._keep_doubled:
                reason = f"doubled pick: the same {arrival.phase} is on line {before}"
                self._rows.rejects.add(number, "pick", reason, text, event_id, arrival.station)
                continue
            self._picks.add(
                event_id=event_id,
                station=arrival.station,
                phase=arrival.phase,
                time=arrival.time,
                onset=arrival.onset,
                pick_weight=arrival.pick_weight,
                source_line=number,
            )


@dataclass(slots=True)
class _Card:
    """A phase card: the first motion as written, the P and the S, as far as they are there."""

    motion: str
    p: Arrival | None
    s: Arrival | None

    @property
    def first_time(self) -> int:
        """Time of the P, else of the S."""
        arrival = self.p or self.s
        assert arrival is not None
        return arrival.time or 0


def _card(line: str) -> _Card:
    """Take one phase card apart; :class:`ValueError` says what is wrong with it."""
    line = line.ljust(44)
    stamp = line[9:19]
    if line[5] not in "Pp " or not stamp.strip():
        raise ValueError("it is no phase card: column 6 is not P, or the time is missing")
    year = full_year(fixed_int(stamp[:2], "year"))
    month, day = fixed_int(stamp[2:4], "month"), fixed_int(stamp[4:6], "day")
    hour, minute = fixed_int(stamp[6:8], "hour", 0), fixed_int(stamp[8:10], "minute", 0)
    columns = {"P": (5, line[19:24], 4, 7), "S": (37, line[31:36], 36, 39)}
    arrivals: dict[str, Arrival] = {}
    for phase, (letter, seconds, onset, weight) in columns.items():
        second = fixed_float(seconds, 2, f"{phase} second")
        if line[letter].upper() != phase or math.isnan(second):
            continue
        arrivals[phase] = Arrival(
            station=line[:4].strip(),
            phase=phase,
            time=utc_nanoseconds(year, month, day, hour, minute, second),
            onset=onset_code(line[onset]),
            pick_weight=fixed_int(line[weight], f"{phase} weight", 0),
        )
    if not arrivals:
        raise ValueError("the card has neither a P nor an S second")
    return _Card(line[6], arrivals.get("P"), arrivals.get("S"))


def _place(line: str) -> Hypocenter:
    """Return the hypocenter of a summary line, without an event id."""
    line = line.ljust(80)
    origin = utc_nanoseconds(
        full_year(fixed_int(line[0:2], "year")),
        fixed_int(line[2:4], "month"),
        fixed_int(line[4:6], "day"),
        fixed_int(line[7:9], "hour", 0),
        fixed_int(line[9:12], "minute", 0),
        fixed_seconds(line[12:17]),
    )
    south, west = line[20].upper() == "S", line[30].upper() == "W"
    short = _SHORT.match(line[43:69]) is not None
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


def _read_places(path: Path, hypocenters: str) -> list[Hypocenter]:
    file = Path(f"{path}{hypocenters}") if hypocenters.startswith(".") else Path(hypocenters)
    if not file.is_file():
        raise FormatError(
            f"'{path}' has no summary file '{file}', which its option `hypocenters` names. "
            "Nothing is read; correct the option, or leave it out."
        )
    places = []
    for line in read_lines(file, _SUMMARY):
        try:
            places.append(_place(line))
        except ValueError:
            continue
    if not places:
        raise FormatError(
            f"'{file}' is not {_SUMMARY}: no hypocenter in it can be read. Nothing is read; "
            "correct the option `hypocenters` of the phase file."
        )
    return places


def _event_id(path: Path, event_ids: str, count: int) -> str:
    if event_ids == "time":
        return ""
    stem = path.name
    for suffix in (".hyp", ".h", ".pha", ".phs"):
        stem = stem.removesuffix(suffix)
    return stem if count == 0 else f"{stem}-{count + 1}"


def _sniff_phases(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x[:4].strip()]
    return bool(lines) and sum(bool(_CARD.match(x)) for x in lines) >= 0.5 * len(lines)


def _sniff_summary(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip()]
    return bool(lines) and sum(bool(_HYPOCENTER.match(x)) for x in lines) > 0.5 * len(lines)


_EVENT_IDS = {
    "event_ids": "time (default): events are named by their time; file: by the name of the file."
}
"""The option that both formats share."""

FORMATS_HERE = (
    Format(
        name="hypo71_phases",
        title=_PHASES,
        read=read_hypo71_phases,
        sniff=_sniff_phases,
        suffixes=(".pha", ".phs"),
        options={
            "hypocenters": "A HYPO71 summary file with the hypocenters, or its suffix to the "
            "name of the phase file, such as .h; none by default.",
            **_EVENT_IDS,
            **DOUBLED_OPTION,
        },
    ),
    Format(
        name="hypo71_summary",
        title=_SUMMARY,
        read=read_hypo71_summary,
        sniff=_sniff_summary,
        suffixes=(".h", ".hyp", ".sum"),
        options=dict(_EVENT_IDS),
    ),
)
"""What HYPO71 reads and writes, in the order of recognition."""
