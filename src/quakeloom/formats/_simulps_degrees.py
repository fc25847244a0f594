"""Degrees and minutes in station files of SIMULPS, whose signs people and SIMULPS read unlike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError

_STATION = re.compile(
    r"\s*\S*[A-Za-z_]\S*?\s+(-?\d+)(?:\s*([NSns])\s*|[\s,]+)(-?\d+\.?\d*)"
    r"[\s,]+(-?\d+)(?:\s*([EWew])\s*|[\s,]+)(-?\d+\.?\d*)"
)
"""Name, latitude and longitude at the beginning of the line of a station."""

_CLEARLY, _CLEARLY_DEG = 3.0, 0.25
"""How many times, and by how many degrees, one reading of a sign must put the origin nearer to the
middle of the stations than the other; chosen here: networks lie around the origin of their model,
and the readings of 8 minutes differ by 0.27 degrees."""

Words = tuple[str, str | None, str]
"""Degrees, a letter or None, and minutes, as written."""


def origin_degrees(
    path: Path, line: str, origin: tuple[Words, Words], others: Sequence[str]
) -> tuple[float, float]:
    """Return latitude (positive north) and longitude (positive west) of an origin, in degrees.

    Degrees of 0 take the sign of the minutes. If degrees and minutes are negative, both count. If
    degrees alone are, SIMULPS adds the minutes (``-41 30`` is -40.5) where people mean -41.5: the
    stations decide, by where the origin lies near their middle if they are read alike.

    Parameters
    ----------
    path, line
        For the message.
    origin : tuple
        Words of latitude and longitude.
    others : sequence of str
        Lines of the file below, with stations or without.

    Raises
    ------
    FormatError
        If a sign contradicts a letter or the degrees, or may be read in two ways.
    """
    found = [match for text in others if (match := _STATION.match(text))]
    values: list[float] = []
    for axis, (name, words) in enumerate(zip(("latitude", "longitude"), origin, strict=True)):
        problem = _contradiction(words)
        if problem:
            raise _not_placed(path, line, f"{name} has {problem}")
        stations = [(m[3 * axis + 1], m[3 * axis + 2], m[3 * axis + 3]) for m in found]
        meant, added = _degrees(words, added=False), _degrees(words, added=True)
        if meant != added:
            turn = 1 if name == "latitude" else -1
            first = _decide(words, [s for s in stations if not _contradiction(s)])
            if first is None:
                raise _not_placed(
                    path,
                    line,
                    f"{name} may be {turn * meant:.7g} or, as SIMULPS adds the minutes, "
                    f"{turn * added:.7g}",
                )
            meant = first
        values.append(meant)
    return values[0], values[1]


def _contradiction(words: Words) -> str:
    """Say what about signs makes no sense; empty if they do."""
    degrees, letter, minutes = words
    negative = float(minutes) < 0
    if letter and (negative or degrees.startswith("-")):
        return f"a minus beside the letter {letter.upper()}"
    if negative and int(degrees) > 0:
        return "negative minutes beside positive degrees"
    return ""


def _degrees(words: Words, added: bool) -> float:
    """Return degrees, north and west positive; ``added`` is how SIMULPS reads a sign."""
    degrees, letter, minutes = words
    whole, part = abs(int(degrees)), float(minutes) / 60.0
    if degrees.startswith("-"):
        return -whole - abs(part) if not added or part < 0 else part - whole
    return -(whole + part) if (letter or "").upper() in ("S", "E") else whole + part


def _decide(origin: Words, stations: Sequence[Words]) -> float | None:
    """Return the reading that puts the origin clearly nearer to the stations, or None."""
    if not stations:
        return None
    distances: list[tuple[float, float]] = []
    for added in (False, True):
        middle = float(np.median([_degrees(s, added) for s in stations]))
        here = _degrees(origin, added)
        distances.append((abs((here - middle + 180.0) % 360.0 - 180.0), here))
    (near, here), (far, _) = sorted(distances)
    return here if far > _CLEARLY * near and far - near > _CLEARLY_DEG else None


def _not_placed(path: Path, line: str, why: str) -> FormatError:
    return FormatError(
        f"The first line of '{path}' is '{line.strip()[:60]}': its {why}. The model cannot be "
        "placed on the globe; write letters and no signs, such as 41S30.00 174E15.00, or give "
        "model_origin, model_azimuth_deg and model_x_axis instead."
    )
