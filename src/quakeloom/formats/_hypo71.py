"""Read HYPO71 phase cards (``.pha``, ``.phs``): P and S picks, first motions, weights.

A phase file has no hypocenters; a summary file (one hypocenter per line) may stand beside it.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._fixed_columns import (
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    full_year,
    onset_code,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import (
    DOUBLED_OPTION,
    PhaseRows,
    identifier_of_time,
    no_such_format,
)
from quakeloom.formats._source_tables import SourceTables, TableBuilder
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_PHASES = "a HYPO71 phase file"
_SUMMARY = "a HYPO71 summary file"
_NAN = float("nan")
_SECOND = 1_000_000_000
_LONGEST_TRAVEL_S = 300.0
_CARD = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9 ]{3}[ .IEie?]P[ .UDCud+\-?][ 0-9] \d{6}[ \d]{4}[ \d.]{5}"
)
_HYPOCENTER = re.compile(
    r"\d{6} [ \d]{2}[ \d]{3}[ \d.]{5} [ \d]{2}[-NnSs ][ \d.]{5} "
    r"[ \d]{3}[-EeWw ][ \d.]{5} [ \d.]{5}"
)
_SHORT = re.compile(r"[ \d]\d\.\d  \d\.\d\d [ \d]\.\d\d [ \d]\d\.\d [ \d]\d\.\d( |$)")
_MOTIONS = {"U": "U", "C": "U", "+": "U", "D": "D", "-": "D", "u": "U", "d": "D"}


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
    point have two decimals. A year below 50 is in the 21st century.

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
        rows.start_event(number, line, event_id=_event_id(path, event_ids, count), **place)  # type: ignore[arg-type]
        count += 1
        rows.end_event()
    return rows.finish()


class _Cards:
    """Phase cards of one file, event by event."""

    def __init__(
        self,
        path: Path,
        places: list[dict[str, float]] | None,
        event_ids: str,
        doubled_picks: str,
    ) -> None:
        self._path, self._places, self._event_ids = path, places, event_ids
        self._rows = PhaseRows(path, _PHASES, doubled_picks)
        self._picks = TableBuilder("picks", source_file=str(path), picker="analyst")
        self._cards: list[tuple[int, str, dict[str, object]]] = []
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
        first = min(int(c["p_time"] or c["s_time"]) for _, _, c in cards)  # type: ignore[call-overload]
        place = self._find_place(first)
        event_id = _event_id(self._path, self._event_ids, self._count)
        self._count += 1
        number, text, _ = cards[0]
        if place is None:
            self._rows.start_event(
                number, text, event_id=event_id or identifier_of_time(first),
                origin_time=None, longitude=_NAN, latitude=_NAN, depth_km=_NAN, located=False,
            )  # fmt: skip
            if self._places is not None:
                self._rows.rejects.add(
                    number, "event", "no hypocenter of the summary file is within 300 s before "
                    "its first P; the event has no place", text, self._rows.event_id,
                )  # fmt: skip
        else:
            self._rows.start_event(number, text, event_id=event_id, **place)  # type: ignore[arg-type]
        for number, text, card in cards:
            self._add_card(number, text, card)
        self._rows.end_event()

    def _find_place(self, first: int) -> dict[str, float] | None:
        best = None
        for place in self._places or ():
            lag = (first - int(place["origin_time"])) / _SECOND
            if 0.0 <= lag <= _LONGEST_TRAVEL_S and (best is None or lag < best[0]):
                best = lag, place
        return best[1] if best else None

    def _add_card(self, number: int, text: str, card: dict[str, object]) -> None:
        station = str(card["station"])
        event_id = self._rows.event_id
        if event_id and card["p_time"] is not None:
            self._rows.add_polarity(
                number, text, station=station, first_motion=str(card["motion"]),
                onset=str(card["p_onset"]), pick_weight=int(card["p_weight"]),  # type: ignore[call-overload]
                arrival_time=card["p_time"],  # type: ignore[arg-type]
            )  # fmt: skip
        for phase in ("p", "s"):
            if not event_id or card[f"{phase}_time"] is None:
                continue
            key = (event_id, station, phase, card[f"{phase}_time"])
            before = self._seen.setdefault(key, number)
            if before != number and not self._keep_doubled:
                self._rows.rejects.add(
                    number, "pick", f"doubled pick: the same {phase.upper()} is on line {before}",
                    text, event_id, station,
                )  # fmt: skip
                continue
            self._picks.add(
                event_id=event_id,
                station=station,
                phase=phase.upper(),
                time=card[f"{phase}_time"],
                onset=card[f"{phase}_onset"],
                pick_weight=card[f"{phase}_weight"],
                source_line=number,
            )


def _card(line: str) -> dict[str, object]:
    """Take one phase card apart; :class:`ValueError` says what is wrong with it."""
    line = line.ljust(44)
    stamp = line[9:19]
    if line[5] not in "Pp " or not stamp.strip():
        raise ValueError("it is no phase card: column 6 is not P, or the time is missing")
    year = full_year(fixed_int(stamp[:2], "year"))
    month, day = fixed_int(stamp[2:4], "month"), fixed_int(stamp[4:6], "day")
    hour, minute = fixed_int(stamp[6:8], "hour", 0), fixed_int(stamp[8:10], "minute", 0)
    seconds = {
        "p": fixed_float(line[19:24], 2, "P second") if line[5] in "Pp" else _NAN,
        "s": fixed_float(line[31:36], 2, "S second") if line[37] in "Ss" else _NAN,
    }
    card: dict[str, object] = {
        "station": line[:4].strip(),
        "motion": _MOTIONS.get(line[6], ""),
        "p_onset": onset_code(line[4]),
        "p_weight": fixed_int(line[7], "P weight", 0),
        "s_onset": onset_code(line[36]),
        "s_weight": fixed_int(line[39], "S weight", 0),
    }
    for phase, second in seconds.items():
        card[f"{phase}_time"] = (
            None if math.isnan(second) else utc_nanoseconds(year, month, day, hour, minute, second)
        )
    if card["p_time"] is None and card["s_time"] is None:
        raise ValueError("the card has neither a P nor an S second")
    return card


def _place(line: str) -> dict[str, float]:
    """Return the hypocenter of a summary line as columns of table ``events``."""
    line = line.ljust(80)
    second = fixed_float(line[12:17], 2, "second")
    if math.isnan(second):
        raise ValueError("the origin second is missing")
    origin = utc_nanoseconds(
        full_year(fixed_int(line[0:2], "year")),
        fixed_int(line[2:4], "month"),
        fixed_int(line[4:6], "day"),
        fixed_int(line[7:9], "hour", 0),
        fixed_int(line[9:12], "minute", 0),
        second,
    )
    south, west = line[20].upper() == "S", line[30].upper() == "W"
    short = _SHORT.match(line[43:69]) is not None
    magnitude = fixed_float(line[49:53] if short else line[43:50], 2, "magnitude")
    errors = (line[59:63], line[64:68]) if short else (line[67:72], line[72:77])
    return {
        "origin_time": origin,
        "latitude": fixed_latitude(line[18:20], "S" if south else "N", line[21:26], 2),
        "longitude": fixed_longitude(line[27:30], "W" if west else "E", line[31:36], 2),
        "depth_km": fixed_float(line[36:43], 2, "depth"),
        "magnitude": _NAN if short and magnitude == 0.0 else magnitude,
        "horizontal_error_km": fixed_float(errors[0], 1, "ERH"),
        "vertical_error_km": fixed_float(errors[1], 1, "ERZ"),
    }


def _read_places(path: Path, hypocenters: str) -> list[dict[str, float]]:
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
