"""Travel-time tables of JMA, such as ``tjma2001``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import EARTH_RADIUS_KM, FormatError
from quakeloom.formats._text_lines import read_lines

Floats = NDArray[np.float64]
_TITLE = "a travel-time table"
"""Name of the format, for messages."""


@dataclass(frozen=True)
class TravelTimeTable:
    """P and S times from a grid of depths to a grid of distances, receivers at sea level.

    Attributes
    ----------
    name : str
    depth_km, distance_km : ndarray
        Increasing.
    p_time_s, s_time_s : ndarray, shape (depths, distances)
    """

    name: str
    depth_km: Floats
    distance_km: Floats
    p_time_s: Floats
    s_time_s: Floats


def read_travel_time_table(path: str | Path) -> TravelTimeTable:
    """Read a table of P time, S time, depth and distance (JMA: ``tjma2001``).

    A line holds the P and the S travel time in s, the depth of the source and the epicentral
    distance in km. Every depth has the same distances; the order of lines does not matter. A
    Ctrl-Z at the end of the file is passed over.

    Raises
    ------
    FormatError
        If a line is anything else, or the lines fill no grid: a table with a hole is not used.

    References
    ----------
    Ueno et al. (2002), Quarterly Journal of Seismology 65, 123-134.
    """
    path = Path(path)
    rows: list[list[float]] = []
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        words = line.replace("\x1a", " ").split()
        if not words:
            continue
        letters = [w for w in words if w not in ("P", "S")]
        try:
            values = [float(w) for w in letters]
        except ValueError:
            values = []
        if len(values) != 4 or not np.all(np.isfinite(values)):
            raise FormatError(
                f"Line {number} of '{path}' is '{line.strip()[:60]}', not P time, S time, depth "
                "and distance. The table is not used; correct the line."
            )
        rows.append(values)
    if not rows:
        raise FormatError(f"'{path}' holds no travel time. Give another file.")
    table = np.array(rows)
    depth, at_depth = np.unique(table[:, 2], return_inverse=True)
    distance, at_distance = np.unique(table[:, 3], return_inverse=True)
    times = np.full((2, depth.size, distance.size), np.nan)
    times[0, at_depth, at_distance] = table[:, 0]
    times[1, at_depth, at_distance] = table[:, 1]
    if depth.size * distance.size != len(rows) or not np.isfinite(times).all():
        raise FormatError(
            f"'{path}' has {len(rows)} lines for {depth.size} depths and {distance.size} "
            "distances, so some are missing or doubled. The table is not used; give a whole one."
        )
    first, second = times
    if (first < 0).any() or (second < first).any():
        raise FormatError(
            f"'{path}' has P before the origin, or S before P. The table is not used; its columns "
            "are P time, S time, depth and distance."
        )
    if depth[0] < -10.0 or depth[-1] > EARTH_RADIUS_KM or distance[0] < 0.0:
        raise FormatError(
            f"'{path}' has depths {depth[0]:g} to {depth[-1]:g} km and distances from "
            f"{distance[0]:g} km, which are none of the Earth. The table is not used; correct it."
        )
    return TravelTimeTable(path.name, depth, distance, times[0], times[1])


def is_travel_time_table(path: str | Path) -> bool:
    """Say whether a file begins like ``tjma2001``: four numbers, the first time smaller."""
    try:
        with Path(path).open(encoding="ascii", errors="replace") as stream:
            head = [stream.readline().split() for _ in range(3)]
        values = [[float(w) for w in words if w not in ("P", "S")] for words in head]
    except (OSError, ValueError):
        return False
    return all(len(v) == 4 and v[0] <= v[1] for v in values) and len({v[2] for v in values}) == 1
