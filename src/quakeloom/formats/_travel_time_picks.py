"""Picked travel times of refraction lines: one door for all their formats."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import FormatError, InputError
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._text_lines import head_lines

_KM_PER_UNIT = {"km": 1.0, "m": 1e-3}


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


class PickCollector:
    """Collects the picks of one file; impossible numbers go to the rejects."""

    def __init__(self, path: Path) -> None:
        self._picks = TableBuilder("travel_time_picks", source_file=str(path))
        self.rejects = Rejects(path)

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
        elif error < 0 or math.isinf(error):
            problem = f"time error {error:g} s is impossible"
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
        if not picks.num_rows:
            raise FormatError(
                f"'{path}' holds no pick that can be read as {title} ({len(self.rejects)} records "
                "were put aside). Nothing can be computed from it; check the format."
            )
        return LinePicks(picks, self.rejects.table(), ground, name)


def line_formats() -> dict[str, LineFormat]:
    """Return all formats of travel times by name, in the order in which they are tried."""
    from quakeloom.formats._pygimli import FORMAT as _PYGIMLI
    from quakeloom.formats._rayinvr import FORMAT as _RAYINVR
    from quakeloom.formats._travel_time_csv import FORMAT as _CSV

    return {f.name: f for f in (_CSV, _PYGIMLI, _RAYINVR)}


def read_line_picks(path: str | Path, format: str = "auto", unit: str = "auto") -> LinePicks:
    """Read picked travel times of a refraction line.

    Parameters
    ----------
    path : str or Path
    format : str
        ``rayinvr`` (``tx.in``), ``pygimli`` (``.sgt``), ``csv``, or ``auto`` to recognize it.
    unit : {"auto", "km", "m"}
        Unit of positions in the file; ``auto`` takes what the format's users write
        (kilometers in ``tx.in`` and CSV, whose columns say so, meters in ``.sgt``).

    Raises
    ------
    FormatError
        If the format is unknown or not recognized, or nothing can be read.
    InputError
        If the file is missing.
    """
    path = Path(path)
    formats = line_formats()
    try:
        with path.open("rb") as stream:
            head = stream.read(65_536)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be opened ({error.strerror}). No picks can be read; correct the path."
        ) from error
    if format == "auto":
        lines = head_lines(head)
        hits = [f for f in formats.values() if f.sniff(lines)]
        if not hits:
            raise FormatError(
                f"'{path}' is in none of the formats of travel times that quakeloom recognizes. "
                f"Nothing is read from it; name one of {', '.join(formats)}."
            )
        suffix = path.suffix.lower()
        chosen = next((f for f in hits if suffix in f.suffixes), hits[0])
    elif format in formats:
        chosen = formats[format]
    else:
        raise FormatError(
            f"Format '{format}' for '{path}' is not known. Write auto or one of: "
            f"{', '.join(formats)}."
        )
    if unit not in ("auto", *_KM_PER_UNIT):
        raise FormatError(f"Unit '{unit}' for '{path}' is not known; write km, m or auto.")
    return chosen.read(path, _KM_PER_UNIT[chosen.unit if unit == "auto" else unit])
