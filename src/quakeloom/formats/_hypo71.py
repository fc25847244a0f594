"""Read HYPO71 phase cards (``.pha``, ``.phs``): P and S picks, first motions, weights.

A phase file has no hypocenters; a summary file (one hypocenter per line) may stand beside it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._first_motions import polarity_sign
from quakeloom.formats._fixed_columns import (
    arrival_seconds,
    fixed_float,
    fixed_int,
    full_year,
    onset_code,
)
from quakeloom.formats._format import Format
from quakeloom.formats._hypo71_summary import EVENT_IDS, name_event, read_places
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


_DATE = re.compile(r"[ \d]\d[ \d]\d[ \d]\d")
"""Year, month and day of a card."""


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
    reader = _Cards(path, hypocenters, event_ids, doubled_picks)
    for number, line in enumerate(read_lines(path, _PHASES), start=1):
        reader.add_line(number, line)
    return reader.finish()


class _Cards:
    """Phase cards of one file, event by event."""

    def __init__(
        self,
        path: Path,
        hypocenters: str,
        event_ids: str,
        doubled_picks: str,
    ) -> None:
        self._path, self._event_ids = path, event_ids
        self._rows = PhaseRows(path, _PHASES, doubled_picks)
        self._places = read_places(path, hypocenters, self._rows.rejects) if hypocenters else None
        self._picks = TableBuilder("picks", source_file=str(path), picker="analyst")
        self._cards: list[tuple[int, str, _Card]] = []
        self._count = 0
        self._seen: dict[tuple[object, ...], int] = {}
        self._keep_doubled = doubled_picks == "keep"

    def add_line(self, number: int, line: str) -> None:
        station = line[:4].strip()
        try:
            card = _card(line)
        except ValueError as problem:
            # a line without a station and without a date ends the event
            if station or _DATE.match(line[9:15]):
                self._rows.rejects.add(number, "pick", str(problem), line, "", station)
            else:
                self._end_event()
            return
        if not station:
            self._rows.rejects.add(number, "pick", "the station code is missing", line)
            return
        for reason in card.problems:
            self._rows.rejects.add(number, "pick", reason, line, "", station)
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
        event_id = name_event(self._path, self._event_ids, self._count)
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
    """A phase card: first motion as written, P and S as far as they are there, what is odd."""

    motion: str
    p: Arrival | None
    s: Arrival | None
    problems: tuple[str, ...]

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
    hour, minute = fixed_int(stamp[6:8], "hour"), fixed_int(stamp[8:10], "minute")
    columns = {"P": (5, line[19:24], 4, 7), "S": (37, line[31:36], 36, 39)}
    arrivals: dict[str, Arrival] = {}
    without: list[str] = []
    for phase, (letter, seconds, onset, weight) in columns.items():
        second = fixed_float(seconds, 2, f"{phase} second")
        named = line[letter].upper() == phase
        if math.isnan(second) or not named:
            if not math.isnan(second):
                without.append(f"the {phase} second has no letter {phase}; it is not used")
            elif line[letter].strip():
                without.append(f"'{line[letter]}' in the column of {phase} has no second")
            continue
        arrivals[phase] = Arrival(
            station=line[:4].strip(),
            phase=phase,
            time=utc_nanoseconds(year, month, day, hour, minute, arrival_seconds(second)),
            onset=onset_code(line[onset]),
            pick_weight=fixed_int(line[weight], f"{phase} weight", 0),
        )
    if not arrivals:
        raise ValueError("the card has neither a P nor an S second")
    return _Card(line[6], arrivals.get("P"), arrivals.get("S"), tuple(without))


def _sniff_phases(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x[:4].strip()]
    return bool(lines) and sum(bool(_CARD.match(x)) for x in lines) >= 0.5 * len(lines)


FORMAT = Format(
    name="hypo71_phases",
    title=_PHASES,
    read=read_hypo71_phases,
    sniff=_sniff_phases,
    suffixes=(".pha", ".phs"),
    options={
        "hypocenters": "A HYPO71 summary file with the hypocenters, or its suffix to the "
        "name of the phase file, such as .h; none by default.",
        **EVENT_IDS,
        **DOUBLED_OPTION,
    },
)
"""Phase cards."""
