"""Read hypoDD's station file, and take its station labels apart."""

from __future__ import annotations

import math
import re
import statistics
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._format import Format
from quakeloom.formats._number_words import NUMBER, line_sniffer, number_word, word_lines
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem

_STATIONS = "a hypoDD station file"
"""Name of ``station.dat``, for messages."""

NETWORK_OPTION = {
    "network_letters": "how many letters of a station label are its network code (default 0)."
}
"""The option of files with station labels."""

_FAR_DEG = 30.0
"""Stations of one network are nearer to each other."""

_STATION_LINE = re.compile(rf"\s*[A-Za-z]\w{{0,6}}{NUMBER}{NUMBER}({NUMBER})?\s*$")
"""Line of a station file."""


def read_hypodd_stations(path: Path, network_letters: int = 0) -> SourceTables:
    """Read a hypoDD station file: ``label latitude longitude [elevation in m]``.

    Parameters
    ----------
    path : Path
        The file.
    network_letters : int
        As in :func:`read_hypodd_phase`.

    Raises
    ------
    FormatError
        If no station in the file can be read.
    SettingsError
        If ``network_letters`` is no number from 0 to 4.
    """
    letters = count_letters(path, network_letters)
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[str, int] = {}
    lines = list(word_lines(path, _STATIONS))
    usual = _usual_longitude([words for _, _, words in lines])
    for number, line, words in lines:
        try:
            if len(words) not in (3, 4):
                raise ValueError(f"{len(words)} words instead of label, latitude and longitude")
            latitude, longitude = (
                number_word(words[1], "latitude"),
                number_word(words[2], "longitude"),
            )
            elevation = number_word(words[3], "elevation") if len(words) == 4 else math.nan
            if len(words) == 3 and "." not in words[2] and abs(longitude - usual) > _FAR_DEG:
                raise ValueError(f"'{words[2]}' may be an elevation whose longitude is missing")
            if math.isnan(latitude) or math.isnan(longitude):
                raise ValueError("the coordinates are not numbers")
            problem = bounds_problem(latitude=latitude, longitude=longitude, elevation_m=elevation)
            if not words[0].isalnum():
                problem = f"'{words[0]}' is no station label"
            elif latitude == 0.0 and longitude == 0.0:
                problem = "the coordinates 0, 0 are a placeholder"
            if problem:
                raise ValueError(problem)
            before = seen.setdefault(words[0], number)
            if before != number:
                raise ValueError(f"doubled station: this label is on line {before}")
        except ValueError as error:
            rejects.add(number, "station", str(error), line, station=words[0])
            continue
        stations.add(
            network=words[0][:letters],
            station=words[0][letters:],
            latitude=latitude,
            longitude=longitude,
            elevation_m=elevation,
            source_line=number,
        )
    if not len(stations):
        no_such_format(path, _STATIONS, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _usual_longitude(lines: list[list[str]]) -> float:
    """The median of the longitudes that have decimals; NaN if none has."""
    values = []
    for words in lines:
        try:
            if len(words) > 2 and "." in words[2]:
                values.append(float(words[2]))
        except ValueError:
            continue
    return statistics.median(values) if values else math.nan


def count_letters(path: Path, network_letters: int) -> int:
    """Return how many letters of a label are its network; another word is a SettingsError."""
    if not isinstance(network_letters, int) or not 0 <= network_letters <= 4:
        raise SettingsError(
            f"Option network_letters of '{path}' is '{network_letters}'. Nothing is read; write "
            "a whole number from 0 to 4."
        )
    return network_letters


FORMAT = Format(
    name="hypodd_stations",
    title="hypoDD station file (station.dat)",
    read=read_hypodd_stations,
    sniff=line_sniffer(_STATION_LINE),
    suffixes=(".dat",),
    options=NETWORK_OPTION,
)
"""The stations of hypoDD."""
