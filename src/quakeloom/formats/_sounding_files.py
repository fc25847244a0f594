"""Soundings as text: xyz and CSV, with longitude and latitude or meters, and depths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.core import FormatError

Floats = NDArray[np.float64]

_EAST = ("x", "lon", "longitude", "east", "easting")
"""Heads of columns with the first coordinate."""

_NORTH = ("y", "lat", "latitude", "north", "northing")
"""Heads of columns with the second coordinate."""

_DEPTH = ("z", "depth", "depth_m", "elevation", "height")
"""Heads of columns with depths or heights."""


@dataclass(frozen=True)
class Soundings:
    """Soundings of a file, in its order.

    Attributes
    ----------
    first, second : ndarray, (n,)
        Coordinates as they stand there: longitude and latitude, or east and north in m.
    depth_m : ndarray, (n,)
        Positive down; NaN where it cannot be read.
    line : ndarray of int64
        In the file, from 1.
    degrees : bool
    notes : tuple of str
        What was found out rather than said.
    """

    first: Floats
    second: Floats
    depth_m: Floats
    line: NDArray[np.int64]
    degrees: bool
    notes: tuple[str, ...]


def read_soundings(path: Path, positive: str = "auto", coordinates: str = "auto") -> Soundings:
    """Read soundings: three columns or more, or named columns.

    Parameters
    ----------
    path : Path
    positive : str
        ``up``, ``down`` or ``auto``, which takes mostly negative numbers for heights.
    coordinates : str
        ``degrees``, ``meters`` or ``auto``, which takes what may be degrees for them.

    Raises
    ------
    FormatError
        If there is no file, it has no three columns of numbers, or its sign or unit is wrong.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = [file.readline() for _ in range(3)]
    except OSError as error:
        raise FormatError(
            f"There is no file '{path}' with soundings that can be read ({error.strerror}). "
            "Nothing was judged; name a file of xyz or CSV."
        ) from None
    separator = "," if "," in "".join(head) else r"\s+"
    words = [w.strip().lower() for w in pd.Series(head[:1]).str.split(separator, regex=True)[0]]
    named = any(w in (*_EAST, *_NORTH, *_DEPTH) for w in words)
    try:
        table = pd.read_csv(
            path, sep=separator, header=0 if named else None, comment="#", engine="c",
            on_bad_lines="skip", encoding_errors="replace",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        raise FormatError(
            f"'{path}' is no table of soundings ({error}). Nothing was judged."
        ) from None
    table.columns = [str(c).strip().lower() for c in table.columns]
    columns = list(table.columns[:3])
    if named:
        kinds = (_EAST, _NORTH, _DEPTH)
        columns = [next((n for n in names if n in table.columns), "") for names in kinds]
    if len(columns) < 3 or "" in columns:
        raise FormatError(
            f"'{path}' has columns {', '.join(table.columns[:8])}; soundings need two coordinates "
            "(x and y, longitude and latitude) and a depth. Nothing was judged; name the columns "
            "so in its first line."
        )
    first, second, depth = (
        pd.to_numeric(table[c], errors="coerce").to_numpy(np.float64) for c in columns
    )
    line = np.arange(len(table), dtype=np.int64) + (2 if named else 1)
    return _understand(path, first, second, depth, line, (positive, coordinates))


def _understand(
    path: Path, first: Floats, second: Floats, depth: Floats, line: NDArray[np.int64],
    said: tuple[str, str],
) -> Soundings:  # fmt: skip
    """Find out units and sign, and refuse what cannot be."""
    good = np.isfinite(first) & np.isfinite(second) & np.isfinite(depth)
    if not good.any():
        raise FormatError(
            f"'{path}': all {depth.size} soundings lack a place or a depth. Nothing was judged; "
            "check the columns."
        )
    notes: list[str] = []
    a, b, d = first[good], second[good], depth[good]
    fits = bool(np.abs(a).max() <= 360.5 and np.abs(b).max() <= 90.5)
    degrees = {"degrees": True, "meters": False}.get(said[1], fits)
    if said[1] == "auto":
        notes.append(f"Coordinates are taken for {'degrees' if degrees else 'meters'}.")
    if degrees and not fits:
        raise FormatError(
            f"'{path}': coordinates are said to be degrees and reach {np.abs(a).max():g} and "
            f"{np.abs(b).max():g}. Meters were taken for degrees; nothing was judged."
        )
    negative = float(np.mean(d < 0))
    up = {"up": True, "down": False}.get(said[0], negative > 0.5)
    if said[0] == "auto":
        notes.append(f"Numbers are taken for {'heights' if up else 'depths'}.")
    below = negative if up else float(np.mean(d > 0))
    if below < 0.02:
        other = "down" if up else "up"
        raise FormatError(
            f"'{path}': {100 * (1 - below):.0f} % of the soundings lie above the sea if numbers "
            f"grow {'up' if up else 'down'}ward. The sign is wrong; nothing was judged. Write "
            f"`positive: {other}`."
        )
    return Soundings(first, second, -depth if up else depth, line, degrees, tuple(notes))
