"""What a file with travel times of a refraction line gives, and how its picks are collected."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import EARTH_RADIUS_KM, FormatError
from quakeloom.formats._line_plausibility import find_implausible_picks
from quakeloom.formats._source_tables import Rejects, TableBuilder


@dataclass(frozen=True)
class LinePicks:
    """What one file of travel times gives.

    Attributes
    ----------
    picks : pyarrow.Table
        Registered table ``travel_time_picks``. A depth that is not known (NaN) is on the
        ground; a time error that is not known is NaN.
    rejects : pyarrow.Table
        Registered table ``rejects``: what could not be read, and why.
    ground : ndarray, (n, 2), km, or None
        Distance and depth of points on the ground, where the file has them.
    format : str
        Name of the format.
    """

    picks: pa.Table
    rejects: pa.Table
    ground: NDArray[np.float64] | None
    format: str


@dataclass(frozen=True)
class LineFormat:
    """One format of travel times."""

    name: str
    title: str
    read: Callable[[Path, float], LinePicks]
    sniff: Callable[[list[str]], bool]
    unit: str
    suffixes: tuple[str, ...] = ()


_FASTEST_KM_S = 15.0
"""No wave travels faster between two points: the lowermost mantle has 13.7 km/s."""

_SLOWEST_KM_S = 0.05
"""The fastest wave of a line is faster: P in loose soil has 0.1 km/s."""


class PickCollector:
    """Collects the picks of one file; impossible numbers go to the rejects."""

    def __init__(self, path: Path) -> None:
        self._picks = TableBuilder("travel_time_picks", source_file=str(path))
        self.rejects = Rejects(path)
        self._fastest = 0.0

    def add(
        self,
        line: int,
        text: str,
        shot: tuple[float, float],
        receiver: tuple[float, float],
        time: float,
        error: float,
        phase: str = "",
    ) -> None:
        """Add one pick: positions as (distance, depth) in km, seconds."""
        problem = ""
        if not all(math.isfinite(v) for v in (shot[0], receiver[0])):
            problem = "a distance is not a number"
        elif not (math.isfinite(time) and time >= 0):
            problem = f"travel time {time:g} s is impossible"
        elif any(abs(v) > EARTH_RADIUS_KM for v in (shot[1], receiver[1])):
            problem = "depth_km is beyond the Earth"
        elif error < 0 or math.isinf(error):
            problem = f"time error {error:g} s is impossible"
        else:
            offset = abs(shot[0] - receiver[0])
            if offset > _FASTEST_KM_S * time and offset > 1e-3:
                problem = (
                    f"no wave travels {offset:g} km in {time:g} s; if distances are in m, write "
                    f"{offset / 1e3:g} km, or unit m"
                )
            elif time > 0:
                self._fastest = max(self._fastest, offset / time)
        if problem:
            self.rejects.add(line, "pick", problem, text)
            return
        self._picks.add(
            source_line=line,
            shot_distance_km=shot[0],
            shot_depth_km=shot[1],
            receiver_distance_km=receiver[0],
            receiver_depth_km=receiver[1],
            travel_time_s=time,
            time_error_s=error,
            phase=phase,
        )

    def finish(
        self, path: Path, title: str, name: str, ground: NDArray[np.float64] | None = None
    ) -> LinePicks:
        """Return the tables; a file without one good pick is refused."""
        picks = self._picks.table()
        implausible = find_implausible_picks(picks)
        lines = picks.column("source_line").to_pylist()
        for row, reason in implausible.items():
            self.rejects.add(lines[row], "pick", reason)
        if implausible:
            kept = np.ones(picks.num_rows, dtype=bool)
            kept[list(implausible)] = False
            picks = picks.filter(pa.array(kept))
        rejects = self.rejects.table()
        if not picks.num_rows:
            first = f"; the first: {rejects.column('reason')[0]}" if rejects.num_rows else ""
            raise FormatError(
                f"'{path}' holds no pick that can be read as {title} ({rejects.num_rows} records "
                f"were put aside{first}). Nothing can be computed from it; check the format."
            )
        if 0.0 < self._fastest < _SLOWEST_KM_S:
            raise FormatError(
                f"In '{path}' the fastest wave has {self._fastest:.3g} km/s, which no ground has. "
                "Nothing can be computed from it; write distances in km and times in s (times in "
                "ms are 1000 times too long)."
            )
        return LinePicks(picks, rejects, ground, name)
