"""Travel-time grids of NonLinLoc: a header and a buffer of single-precision numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import read_lines

_TITLE = "NonLinLoc grid header"
_KINDS = ("TIME", "TIME2D")


@dataclass(frozen=True)
class TimeGrid:
    """Travel times from the nodes of a grid to a station.

    Attributes
    ----------
    station : str
    station_km : tuple of float
        East, north (0 in a grid of distances), depth below sea level.
    time_s : ndarray of float32
        (depth, distance), or (depth, north, east); infinite where no ray arrives.
    depth_km : ndarray
    distance_km : ndarray or None
        Distances of a grid that holds for all azimuths.
    north_km, east_km : ndarray or None
        Axes of a grid in space.
    origin : tuple of float
        Longitude and latitude of ``east = north = 0``, and the azimuth of north; NaN where the
        header has no geographic transformation that is known here.
    transformation : str
        As written, such as ``SIMPLE``.
    """

    station: str
    station_km: tuple[float, float, float]
    time_s: NDArray[np.float32]
    depth_km: NDArray[np.float64]
    distance_km: NDArray[np.float64] | None
    north_km: NDArray[np.float64] | None
    east_km: NDArray[np.float64] | None
    origin: tuple[float, float, float]
    transformation: str


def list_time_grids(root: str | Path, phase: str) -> list[Path]:
    """Return the headers ``ROOT.PHASE.STATION.time.hdr`` of a phase, sorted by name."""
    path = Path(root)
    if not path.parent.is_dir():
        return []
    return sorted(path.parent.glob(f"{path.name}.{phase}.*.time.hdr"))


def read_time_grid(header: str | Path) -> TimeGrid:
    """Read a travel-time grid by its header (``.hdr``); the buffer (``.buf``) lies beside it.

    The first line holds numbers of nodes, origin and spacing in x, y, z and the kind of grid, the
    second the station and its position, the third the geographic transformation. Numbers of the
    buffer are single precision, z fastest and x slowest.

    Raises
    ------
    FormatError
        If the files do not hold a grid of travel times.
    """
    path = Path(header)
    lines = [line.split() for line in read_lines(path, _TITLE) if line.strip()]
    try:
        counts = [int(w) for w in lines[0][:3]]
        origin, step = ([float(w) for w in lines[0][a : a + 3]] for a in (3, 6))
        kind = lines[0][9]
        station = lines[1][0]
        x, y, z = (float(w) for w in lines[1][1:4])
    except (IndexError, ValueError):
        raise FormatError(
            f"'{path}' is no header of a NonLinLoc grid of travel times. The grid is not used; "
            "make it again with Grid2Time."
        ) from None
    if kind not in _KINDS or min(counts) < 1 or not all(map(math.isfinite, [*origin, *step])):
        raise FormatError(
            f"'{path}' holds a grid of kind {kind} with {counts} nodes, not travel times "
            f"({' or '.join(_KINDS)}). It is not used."
        )
    data = path.with_suffix(".buf")
    if not data.is_file() or data.stat().st_size != 4 * math.prod(counts):
        found = f"{data.stat().st_size} bytes" if data.is_file() else "no file"
        raise FormatError(
            f"'{data}' should hold {math.prod(counts)} numbers of 4 bytes for its header; found "
            f"{found}. The grid is not used; copy it again."
        )
    values = np.fromfile(data, dtype="<f4").reshape(counts)
    values = np.where(np.isfinite(values) & (values >= 0), values, np.inf).astype(np.float32)
    axes = [o + d * np.arange(n) for o, d, n in zip(origin, step, counts, strict=True)]
    place, name = _transformation(lines[2] if len(lines) > 2 else [])
    if kind == "TIME2D":
        return TimeGrid(
            station, (x, y, z), np.ascontiguousarray(values[0].T), axes[2], axes[1], None, None,
            place, name,
        )  # fmt: skip
    return TimeGrid(
        station, (x, y, z), np.ascontiguousarray(values.transpose(2, 1, 0)), axes[2], None,
        axes[1], axes[0], place, name,
    )  # fmt: skip


def _transformation(words: list[str]) -> tuple[tuple[float, float, float], str]:
    """Longitude, latitude and azimuth of north of the transformation ``SIMPLE``."""
    upper = [w.upper() for w in words]
    name = upper[1] if len(upper) > 1 and upper[0] == "TRANSFORM" else ""
    nowhere = (math.nan, math.nan, 0.0)
    if name != "SIMPLE":
        return nowhere, name
    values = {}
    for key in ("LATORIG", "LONGORIG", "ROTCW"):
        try:
            values[key] = float(upper[upper.index(key) + 1])
        except (ValueError, IndexError):
            return nowhere, name
    return (values["LONGORIG"], values["LATORIG"], values["ROTCW"]), name
