"""Read GrowClust's relocated catalog (``out.growclust_cat``) and its list of events."""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.formats._format import Format
from quakeloom.formats._number_words import magnitude_word, number_word, time_of_words, word_lines
from quakeloom.formats._phase_rows import Hypocenter, PhaseRows
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines

_TITLE = "a GrowClust catalog"
"""Name of the format, for messages."""

_CATALOG = 25
"""Words of a line of the relocated catalog."""

_LIST = 14
"""Words of a line of the list of events that GrowClust reads (``evlist``)."""

_GAUSSIAN = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation."""


def read_growclust(path: Path) -> SourceTables:
    """Read events from GrowClust's output or input.

    Output: year, month, day, hour, minute, second, id, latitude, longitude, depth, magnitude,
    numbers of the event in its cluster, of the cluster and of its members, three counts of
    pairs, two residuals, horizontal, vertical and time error from the bootstrap, and the place
    before. The errors are median absolute deviations; times 1.4826 they are standard errors of
    a Gaussian. -1 stands for events that were not moved. Input: date and time, latitude,
    longitude, depth, magnitude, EH, EZ, RMS, id.

    Raises
    ------
    FormatError
        If no event can be read.

    References
    ----------
    Trugman & Shearer (2017), Seismological Research Letters, doi:10.1785/0220160188.
    """
    rows = PhaseRows(path, _TITLE)
    for number, line, words in word_lines(path, _TITLE):
        try:
            rows.start_event(number, line, _hypocenter(words))
        except ValueError as problem:
            rows.bad_event(number, line, str(problem))
    return rows.finish()


def _hypocenter(words: list[str]) -> Hypocenter:
    if len(words) not in (_CATALOG, _LIST):
        raise ValueError(f"{len(words)} words instead of {_CATALOG} (catalog) or {_LIST} (list)")
    time = time_of_words(words[:6])
    moved = len(words) == _CATALOG
    place = words[7:11] if moved else words[6:10]
    errors = words[19:21] if moved else words[10:12]
    scale = _GAUSSIAN if moved else 1.0
    horizontal, vertical = (number_word(w, "error") for w in errors)
    return Hypocenter(
        event_id=words[6] if moved else words[13],
        origin_time=time,
        latitude=number_word(place[0], "latitude"),
        longitude=number_word(place[1], "longitude"),
        depth_km=number_word(place[2], "depth"),
        magnitude=magnitude_word(place[3]),
        horizontal_error_km=horizontal * scale if horizontal >= 0 else math.nan,
        vertical_error_km=vertical * scale if vertical >= 0 else math.nan,
    )


def _fits(line: str) -> bool:
    words = line.split()
    if len(words) not in (_CATALOG, _LIST) or not words[0].isdecimal():
        return False
    try:
        values = [float(w) for w in words[:-1]]
    except ValueError:
        return False
    return (
        1700 <= values[0] <= 2200
        and 1 <= values[1] <= 12
        and 1 <= values[2] <= 31
        and 0 <= values[3] <= 24
        and 0 <= values[4] <= 60
    )


def _sniff(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip()]
    return bool(lines) and sum(map(_fits, lines)) > 0.8 * len(lines)


FORMAT = Format(
    name="growclust",
    title="GrowClust's relocated catalog or list of events",
    read=read_growclust,
    sniff=_sniff,
    suffixes=(".growclust_cat", ".txt"),
)
"""What GrowClust writes and reads."""
