"""Read the files of hypoDD: phases, events and relocations."""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._first_motions import phase_class
from quakeloom.formats._fixed_columns import origin_seconds
from quakeloom.formats._format import Format
from quakeloom.formats._hypodd_stations import NETWORK_OPTION, count_letters
from quakeloom.formats._number_words import (
    NUMBER_OR_STARS,
    line_sniffer,
    magnitude_word,
    number_word,
    optional_word,
    time_of_words,
    word_lines,
)
from quakeloom.formats._phase_rows import Arrival, FirstMotion, Hypocenter, PhaseRows
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import utc_nanoseconds
from quakeloom.formats._travel_time_units import TravelTimes

_PHASE = "a hypoDD phase file"
"""Name of the input of ph2dt, for messages."""

_EVENTS = "a hypoDD event file"
"""Name of ``event.dat``, for messages."""

_RELOC = "a hypoDD relocation file"
"""Name of ``hypoDD.reloc``, for messages."""

_ERROR_OPTION = {
    "best_error_s": "standard error in s of a pick with weight 1 (default 0.05); that of weight w "
    "is it divided by w."
}
"""The option that turns weights into errors."""

_BEST_ERROR_S = 0.05
"""Standard error of a pick with weight 1: that of a P pick of weight code 0 in ``locate``."""


def read_hypodd_phase(
    path: Path, network_letters: int = 0, best_error_s: float = _BEST_ERROR_S
) -> SourceTables:
    """Read events and arrival times from a hypoDD phase file (input of ph2dt).

    An event line is ``#, year, month, day, hour, minute, second, latitude, longitude, depth,
    magnitude, EH, EZ, RMS, id``; a phase line ``label, travel time, weight, phase``. The
    format has no first motions: polarities are 0. S lines give picks.

    Weights multiply residuals, so the standard error of a pick of weight w is ``best_error_s``
    divided by w. A negative weight marks a pick that ph2dt keeps in any case; its amount is
    the weight. A weight of 0 is a pick that is not used, and put aside.

    Parameters
    ----------
    path : Path
        The file.
    network_letters : int
        How many letters of a station label are its network code: 2 splits ``NCCCO`` into
        NC and CCO.
    best_error_s : float
        Standard error of a pick of weight 1.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    SettingsError
        If ``network_letters`` is no number from 0 to 4, or the error is not positive.

    References
    ----------
    Waldhauser, F. (2001), U.S. Geological Survey Open-File Report 01-113.
    """
    letters = count_letters(path, network_letters)
    if not 0.0 < best_error_s <= 10.0:
        raise SettingsError(
            f"Option best_error_s of '{path}' is {best_error_s}. Nothing is read; write seconds "
            "between 0 and 10."
        )
    rows = PhaseRows(path, _PHASE)
    times = TravelTimes(path, _PHASE)
    origin: int | None = None
    for number, line, words in word_lines(path, _PHASE):
        if words[0].startswith("#"):
            origin = _start_event(rows, number, line)
            continue
        try:
            if len(words) != 4:
                raise ValueError(f"{len(words)} words instead of label, time, weight and phase")
            travel_time = times.possible(number_word(words[1], "travel time"))
            weight = number_word(words[2], "weight")
            phase = phase_class(words[3])
            if not phase:
                raise ValueError(f"phase '{words[3]}' is neither P nor S")
            if not abs(weight) <= 1.0:
                raise ValueError(f"weight {words[2]} is no number from -1 to 1")
            if weight == 0.0:
                raise ValueError("its weight is 0: the pick is not used")
        except ValueError as error:
            rows.bad_reading(number, line, str(error), words[0])
            continue
        arrival = Arrival(
            station=words[0][letters:],
            phase=phase,
            time=(origin or 0) + round(travel_time * 1e9),
            network=words[0][:letters],
            uncertainty_s=best_error_s / abs(weight),
        )
        if phase == "P":
            rows.add_first_motion(number, line, FirstMotion(0), arrival)
        else:
            rows.add_arrival(number, line, arrival)
    times.refuse_milliseconds()
    return rows.finish()


def read_hypodd_events(path: Path) -> SourceTables:
    """Read the events of a hypoDD ``event.dat``.

    Words: date yyyymmdd, time hhmmsscc, latitude, longitude, depth, magnitude, EH, EZ, RMS,
    id. Magnitudes and errors of 0 are not known.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    rows = PhaseRows(path, _EVENTS)
    for number, line, words in word_lines(path, _EVENTS):
        try:
            if len(words) < 10:
                raise ValueError(f"{len(words)} words instead of 10")
            date, clock = words[0], words[1].zfill(8)
            if len(date) != 8 or len(clock) != 8 or not (date + clock).isdecimal():
                raise ValueError(f"date and time '{date} {words[1]}' are not yyyymmdd hhmmsscc")
            time = utc_nanoseconds(
                int(date[:4]),
                int(date[4:6]),
                int(date[6:]),
                int(clock[:2]),
                int(clock[2:4]),
                origin_seconds(int(clock[4:]) / 100.0),
            )
            rows.start_event(number, line, _hypocenter(words[9], time, words[2:8]))
        except ValueError as error:
            rows.bad_event(number, line, str(error))
    return rows.finish()


def read_hypodd_reloc(path: Path) -> SourceTables:
    """Read the relocated events of a ``hypoDD.reloc``.

    Words: id, latitude, longitude, depth, three offsets, three errors in m (east, north,
    depth), year, month, day, hour, minute, second, magnitude, and 7 statistics. The
    horizontal error is the larger of the two; an error that did not fit its field
    (``********``) or is 0 is not known, and neither is a magnitude of 0. Events
    whose place is NaN are put aside.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    rows = PhaseRows(path, _RELOC)
    for number, line, words in word_lines(path, _RELOC):
        try:
            if len(words) < 17:
                raise ValueError(f"{len(words)} words instead of 24")
            east, north, down = (optional_word(w, "error") / 1000.0 for w in words[7:10])
            if min(east, north) < 0.0:
                raise ValueError("an error is negative")
            for word, name in zip(words[1:4], ("latitude", "longitude", "depth"), strict=True):
                if math.isnan(number_word(word, name)):
                    raise ValueError(f"the {name} is {word}: hypoDD could not relocate the event")
            rows.start_event(
                number,
                line,
                Hypocenter(
                    event_id=words[0],
                    origin_time=time_of_words(words[10:16]),
                    latitude=number_word(words[1], "latitude"),
                    longitude=number_word(words[2], "longitude"),
                    depth_km=number_word(words[3], "depth"),
                    magnitude=magnitude_word(words[16]),
                    # NaN where one of them is not known
                    horizontal_error_km=max(east, north) + 0.0 * (east + north),
                    vertical_error_km=down,
                ),
            )
        except ValueError as error:
            rows.bad_event(number, line, str(error), words[0])
    return rows.finish()


def _start_event(rows: PhaseRows, number: int, line: str) -> int | None:
    words = line.lstrip()[1:].split()
    event_id = words[13] if len(words) > 13 else ""
    try:
        if len(words) < 14:
            raise ValueError(f"{len(words)} words after # instead of 14")
        origin = time_of_words(words[:6])
        rows.start_event(number, line, _hypocenter(event_id, origin, words[6:12]))
    except ValueError as error:
        rows.bad_event(number, line, str(error), event_id)
        return None
    return origin


def _hypocenter(event_id: str, origin_time: int, words: list[str]) -> Hypocenter:
    """An event of latitude, longitude, depth, magnitude, EH and EZ."""
    return Hypocenter(
        event_id=event_id,
        origin_time=origin_time,
        latitude=number_word(words[0], "latitude"),
        longitude=number_word(words[1], "longitude"),
        depth_km=number_word(words[2], "depth"),
        magnitude=magnitude_word(words[3]),
        horizontal_error_km=optional_word(words[4], "EH"),
        vertical_error_km=optional_word(words[5], "EZ"),
    )


_PHASE_EVENT = re.compile(rf"\s*#(\s+\d+){{5}}({NUMBER_OR_STARS}){{8}}\s+\S+\s*$")
"""Event line of a phase file."""

_EVENT_LINE = re.compile(rf"\s*\d{{8}}\s+\d{{1,8}}({NUMBER_OR_STARS}){{7}}\s+\d+(\s+\d)?\s*$")
"""Line of an event file."""

_OR_NAN = rf"(?:{NUMBER_OR_STARS}|\s+[+-]?[Nn][Aa][Nn])"
"""A number, stars, or NaN, which hypoDD writes where a relocation failed."""

_RELOC_LINE = re.compile(rf"\s*\d+({_OR_NAN}){{9}}(\s+\d+){{5}}({_OR_NAN}){{9}}\s*$")
"""Line of a relocation file."""

PHASE_FORMAT = Format(
    name="hypodd_phase",
    title="hypoDD phase file (arrival times, no first motions)",
    read=read_hypodd_phase,
    sniff=line_sniffer(_PHASE_EVENT, first_only=True),
    suffixes=(".pha",),
    options={**NETWORK_OPTION, **_ERROR_OPTION},
)
"""The input of ph2dt."""

EVENTS_FORMAT = Format(
    name="hypodd_events",
    title="hypoDD event file (event.dat)",
    read=read_hypodd_events,
    sniff=line_sniffer(_EVENT_LINE),
    suffixes=(".dat",),
)
"""The output of ph2dt."""

RELOC_FORMAT = Format(
    name="hypodd_reloc",
    title="hypoDD relocations (hypoDD.reloc)",
    read=read_hypodd_reloc,
    sniff=line_sniffer(_RELOC_LINE),
    suffixes=(".reloc", ".loc"),
)
"""The output of hypoDD."""

FORMATS_HERE = (PHASE_FORMAT, EVENTS_FORMAT, RELOC_FORMAT)
"""What hypoDD reads and writes, in the order of recognition."""
