"""NonLinLoc station coordinates, and the labels of its stations."""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines
from quakeloom.schema import range_problem

_STATIONS = "NonLinLoc station coordinates"
"""Name of the format, for messages."""

_LABEL = re.compile(r"([A-Z0-9]{1,2})_([A-Za-z0-9]{1,5})(?:_[A-Z0-9-]{1,2})?")
"""A label that holds network, station and, if at all, location."""

LABEL_OPTION = {
    "station_labels": "auto (default): a label like AK_RC01_-- is network, station and "
    "location; plain: a label is a station."
}
"""The option that NonLinLoc's formats share."""


def read_station_coordinates(path: Path, station_labels: str = "auto") -> SourceTables:
    """Read stations from the ``GTSRCE`` lines of a NonLinLoc control or station file.

    Parameters
    ----------
    path : Path
        Lines ``GTSRCE label LATLON latitude longitude depth elevation`` (km), or with
        ``LATLONDM`` and ``LATLONDS``. Positions in kilometers (``XYZ``) have no coordinates
        and are put aside.
    station_labels : {"auto", "plain"}

    Raises
    ------
    FormatError
        If no station can be read.
    """
    split = check_labels(path, station_labels)
    rejects = Rejects(path)
    stations = TableBuilder("stations", source_file=str(path))
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(read_lines(path, _STATIONS), start=1):
        words = line.split()
        if not words or words[0] not in ("GTSRCE", "LOCSRCE"):
            continue
        network, station = split_label(words[1] if len(words) > 1 else "", split)
        try:
            latitude, longitude, height = _coordinates(words)
            before = seen.setdefault(tuple(words[1:]), number)
            if before != number:
                raise ValueError(f"doubled station: the same is on line {before}")
        except (ValueError, IndexError) as problem:
            reason = str(problem) if isinstance(problem, ValueError) else "it is too short"
            rejects.add(number, "station", reason, line, "", station)
            continue
        stations.add(
            network=network,
            station=station,
            longitude=longitude,
            latitude=latitude,
            elevation_m=height,
            source_line=number,
        )
    table = rejects.table()
    if not len(stations):
        no_such_format(path, _STATIONS, "station", table)
    return SourceTables(stations=stations.table(), rejects=table)


def check_labels(path: Path, station_labels: str) -> bool:
    """Say whether labels are taken apart; an unknown word is a :class:`SettingsError`."""
    if station_labels not in ("auto", "plain"):
        raise SettingsError(
            f"Option station_labels of '{path}' is '{station_labels}', which means nothing. "
            "Nothing is read; write auto or plain."
        )
    return station_labels == "auto"


def split_label(label: str, split: bool) -> tuple[str, str]:
    """Return network and station of a label such as ``AK_RC01_--``."""
    found = _LABEL.fullmatch(label) if split else None
    return (found.group(1), found.group(2)) if found else ("", label)


def _coordinates(words: list[str]) -> tuple[float, float, float]:
    """Latitude, longitude and elevation in m of a GTSRCE line."""
    kind = words[2]
    if kind == "LATLON":
        latitude, longitude = float(words[3]), float(words[4])
        rest = words[5:]
        if len(rest) == 1:
            raise ValueError("a number is missing of latitude, longitude, depth and elevation")
    elif kind in ("LATLONDM", "LATLONDS"):
        size = 3 if kind == "LATLONDM" else 4
        latitude = _sexagesimal(words[3 : 3 + size], "NS")
        longitude = _sexagesimal(words[3 + size : 3 + 2 * size], "EW")
        rest = words[3 + 2 * size :]
    else:
        raise ValueError(f"positions of kind '{kind}' have no latitude and longitude")
    depth = float(rest[0]) if rest else 0.0
    height = (float(rest[1]) if len(rest) > 1 else 0.0) - depth
    if range_problem("elevation_m", height * 1000.0):
        raise ValueError(
            f"elevation {height:g} km is impossible; if it is in m, write {height / 1e3:g}"
        )
    if math.isnan(latitude + longitude + height):
        raise ValueError("a coordinate is not a number")
    problem = bounds_problem(longitude=longitude, latitude=latitude)
    if problem:
        raise ValueError(problem)
    return latitude, longitude, height * 1000.0


def _sexagesimal(words: list[str], sides: str) -> float:
    parts = [float(w) for w in words[:-1]]
    if any(not 0.0 <= part <= 60.0 for part in parts[1:]) or parts[0] < 0.0:
        raise ValueError(f"{' '.join(words[:-1])} degrees and minutes are impossible")
    value = sum(p / 60.0**k for k, p in enumerate(parts))
    side = words[-1].upper()
    if side not in (sides[0], sides[1]):
        raise ValueError(f"'{words[-1]}' is neither {sides[0]} nor {sides[1]}")
    return value if side == sides[0] else -value


def _sniff(head: bytes) -> bool:
    lines = head_lines(head)
    located = any(x.startswith('NLLOC "') for x in lines[:5])
    return any(x.startswith("GTSRCE ") for x in lines) and not located


FORMAT = Format(
    name="nonlinloc_stations",
    title=_STATIONS,
    read=read_station_coordinates,
    sniff=_sniff,
    suffixes=(".txt", ".in"),
    options=LABEL_OPTION,
)
"""Station coordinates of a control file."""
