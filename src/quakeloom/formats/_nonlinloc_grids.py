"""Travel-time grids of NonLinLoc: a header and a buffer of numbers.

The header's first line holds numbers of nodes, origin and spacing in x, y, z (km, z down), the
kind of grid and the type of its numbers (``FLOAT`` or ``DOUBLE``), the second the station and its
position; a line ``TRANSFORM`` tells how the grid lies on the globe. The buffer has z fastest and x
slowest. Grid2Time calculates grids of distance and depth on two sheets and writes both of them
below a header of one; they are the same.
"""

from __future__ import annotations

import glob
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._nonlinloc_stations import split_label
from quakeloom.formats._text_lines import bounds_problem, read_lines

_TITLE = "NonLinLoc grid header"
"""Name of the format, for messages."""

_KINDS = ("TIME", "TIME2D")
"""Kinds of grids with travel times: in space, and by distance and depth."""

_NUMBERS = {"FLOAT": "f4", "DOUBLE": "f8"}
"""Types of numbers as NonLinLoc and NumPy name them."""

_LONGEST_S = 1e5
"""No travel time is longer; numbers in the wrong byte order mostly are."""

_SHORTEST_S = 1e-6
"""The longest time of a grid is never shorter."""

_ELLIPSOIDS = {
    "WGS-84": ("+ellps=WGS84", 6378137.0),
    "GRS-80": ("+ellps=GRS80", 6378137.0),
    "WGS-72": ("+ellps=WGS72", 6378135.0),
    "AUSTRALIAN": ("+ellps=aust_SA", 6378160.0),
    "KRASOVSKY": ("+ellps=krass", 6378245.0),
    "INTERNATIONAL": ("+ellps=intl", 6378388.0),
    "HAYFORD-1909": ("+ellps=intl", 6378388.0),
    "CLARKE-1880": ("+ellps=clrk80", 6378249.1),
    "CLARKE-1866": ("+ellps=clrk66", 6378206.4),
    "AIRY": ("+ellps=airy", 6377563.4),
    "BESSEL": ("+ellps=bessel", 6377397.2),
    "HAYFORD-1830": ("+ellps=evrst30", 6377276.3),
    "SPHERE": ("+R=6371008.7714", 6371008.7714),
}
"""Ellipsoids of ``TRANSFORM``: their names for PROJ, and their larger half axes in m."""

_SIMPLE_RADIUS_M = 6371008.7714
"""Since NonLinLoc 7; kilometers of older versions are longer by 0.08 %."""


@dataclass(frozen=True)
class MapFrame:
    """How a grid lies on the globe.

    Attributes
    ----------
    name : str
        As written, such as ``SIMPLE``.
    projection : str
        For PROJ, in km, before the rotation; empty where the transformation is not known here.
    longitude, latitude : float
        Of ``east = north = 0``.
    azimuth_deg : float
        Azimuth of the grid's north. NonLinLoc's ``RotCW`` is the azimuth of geographic north
        from the grid's, so it is the negative of that.
    """

    name: str
    projection: str = ""
    longitude: float = math.nan
    latitude: float = math.nan
    azimuth_deg: float = 0.0


@dataclass(frozen=True)
class TimeGrid:
    """A grid of travel times to a station; :func:`read_grid_times` reads the times.

    Attributes
    ----------
    header : Path
    station : str
        ``NET.STA`` of a label such as ``AK_RC01_--``, else the label.
    station_km : tuple of float
        East, north (0 in a grid of distances), depth below sea level.
    depth_km : ndarray
    distance_km : ndarray or None
        Distances of a grid that holds for all azimuths.
    north_km, east_km : ndarray or None
        Axes of a grid in space.
    frame : MapFrame
    number : str
        Type of the numbers, ``f4`` or ``f8``.
    """

    header: Path
    station: str
    station_km: tuple[float, float, float]
    depth_km: NDArray[np.float64]
    distance_km: NDArray[np.float64] | None
    north_km: NDArray[np.float64] | None
    east_km: NDArray[np.float64] | None
    frame: MapFrame
    number: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of nodes in depth and distance, or depth, north and east."""
        axes = (self.depth_km, self.distance_km, self.north_km, self.east_km)
        return tuple(a.size for a in axes if a is not None)


def list_time_grids(root: str | Path, phase: str) -> list[Path]:
    """Return the headers ``ROOT.PHASE.STATION.time.hdr`` of a phase, sorted by name.

    Raises
    ------
    FormatError
        If there is a buffer without its header.
    """
    path = Path(root)
    if not path.parent.is_dir():
        return []
    pattern = f"{glob.escape(path.name)}.{phase}.*.time"
    headers = sorted(path.parent.glob(f"{pattern}.hdr"))
    alone = sorted({p.stem for p in path.parent.glob(f"{pattern}.buf")} - {h.stem for h in headers})
    if alone:
        raise FormatError(
            f"'{path.parent / alone[0]}.buf' has no header '{alone[0]}.hdr' beside it"
            + (f", and {len(alone) - 1} more have none" if len(alone) > 1 else "")
            + ". The grids are not used; copy the headers too."
        )
    return headers


def read_time_grid(header: str | Path) -> TimeGrid:
    """Read the header (``.hdr``) of a travel-time grid; the buffer (``.buf``) lies beside it.

    Raises
    ------
    FormatError
        If the files do not hold a grid of travel times to the station in their name.
    """
    path = Path(header)
    lines = [line.split() for line in read_lines(path, _TITLE) if line.strip()]
    try:
        counts = [int(w) for w in lines[0][:3]]
        origin, step = ([float(w) for w in lines[0][a : a + 3]] for a in (3, 6))
        kind, number = lines[0][9], (lines[0][10:] or ["FLOAT"])[0]
        if kind in _KINDS:
            station = lines[1][0]
            x, y, z = (float(w) for w in lines[1][1:4])
    except (IndexError, ValueError):
        raise FormatError(
            f"'{path}' is no header of a NonLinLoc grid of travel times. The grid is not used; "
            "make it again with Grid2Time."
        ) from None
    if kind not in _KINDS or number not in _NUMBERS or min(counts) < 1:
        raise FormatError(
            f"'{path}' holds a grid of kind {kind} {number} with {counts} nodes, not travel times "
            f"({' or '.join(_KINDS)}, {' or '.join(_NUMBERS)}). It is not used; Grid2Time makes "
            "travel times."
        )
    _refuse_unusable(path, station, lines, [*origin, *step, x, y, z], step)
    numbers, size = math.prod(counts), np.dtype(_NUMBERS[number]).itemsize
    data = path.with_suffix(".buf")
    found = data.stat().st_size if data.is_file() else -1
    if found != size * numbers and not (kind == "TIME2D" and found == 2 * size * numbers):
        raise FormatError(
            f"'{data}' should hold {numbers} numbers of {size} bytes for its header; found "
            f"{f'{found} bytes' if found >= 0 else 'no file'}. The grid is not used; copy it again."
        )
    axes: list[NDArray[np.float64]] = [
        np.asarray(o + d * np.arange(n), dtype=np.float64)
        for o, d, n in zip(origin, step, counts, strict=True)
    ]
    flat = kind == "TIME2D"
    name = ".".join(filter(None, split_label(station, True)))
    return TimeGrid(
        path, name, (x, y, z), axes[2], axes[1] if flat else None, None if flat else axes[1],
        None if flat else axes[0], _map_frame(lines), _NUMBERS[number],
    )  # fmt: skip


def read_grid_times(grid: TimeGrid) -> NDArray[np.float32]:
    """Read the times of a grid.

    Either byte order is read: times in the wrong one are absurdly long or short.

    Returns
    -------
    ndarray of float32, shape (depths, distances) or (depths, norths, easts)
        Infinite where no ray arrives.

    Raises
    ------
    FormatError
        If the numbers are no travel times in either byte order.
    """
    data = grid.header.with_suffix(".buf")
    counts = grid.shape[::-1]
    for order in "<>":
        values = np.fromfile(data, dtype=order + grid.number, count=math.prod(counts))
        known = values[np.isfinite(values) & (values > 0)]
        if known.size and _SHORTEST_S < known.max() < _LONGEST_S:
            values = np.where(np.isfinite(values) & (values >= 0), values, np.inf)
            times = values.astype(np.float32).reshape(counts)
            return np.ascontiguousarray(times.transpose())
    raise FormatError(
        f"The numbers of '{data}' are no travel times in either byte order (none between "
        f"{_SHORTEST_S:g} and {_LONGEST_S:g} s). The grid is not used; make it again with "
        "Grid2Time."
    )


def _refuse_unusable(
    path: Path, station: str, lines: list[list[str]], numbers: list[float], step: list[float]
) -> None:
    if not path.name.endswith(f".{station}.time.hdr"):
        raise FormatError(
            f"'{path}' holds the grid of station '{station}', another than its name says. The "
            "grid is not used; give the file its name back."
        )
    if not all(map(math.isfinite, numbers)) or min(step) <= 0:
        raise FormatError(
            f"'{path}' has an origin, spacing or position that is no number, or a spacing that is "
            "not positive. The grid is not used; make it again with Grid2Time."
        )
    if any(words[0] == "CASCADING_GRID" for words in lines):
        raise FormatError(
            f"'{path}' is a cascading grid, whose nodes get sparser with depth. Those are not "
            "read here; make it again without CASCADING_GRID."
        )


def _map_frame(lines: list[list[str]]) -> MapFrame:
    """Read the line ``TRANSFORM``."""
    words = next((w for w in lines if w[0].upper() == "TRANSFORM"), [])
    if len(words) < 2:
        return MapFrame("")
    name = words[1].upper()
    values = {k.upper(): v for k, v in zip(words[2:-1:2], words[3::2], strict=False)}
    try:
        latitude, longitude = float(values["LATORIG"]), float(values["LONGORIG"])
        azimuth = -float(values["ROTCW"])
        known = math.isfinite(latitude + longitude + azimuth)
        if not known or bounds_problem(latitude=latitude, longitude=longitude):
            raise ValueError  # what lies nowhere is as good as not known
        projection = _projection(name, latitude, longitude, values)
    except (KeyError, ValueError):
        return MapFrame(name)
    if not projection:
        return MapFrame(name)
    return MapFrame(name, projection, longitude, latitude, azimuth)


def _projection(name: str, latitude: float, longitude: float, values: dict[str, str]) -> str:
    """Return the definition for PROJ; empty if a transformation is not known here."""
    if name == "SIMPLE":
        # x = (lon - lon0) c cos(lat), y = (lat - lat0) c: the sinusoidal projection of a sphere
        north = -_SIMPLE_RADIUS_M * math.radians(latitude)
        return f"+proj=sinu +lon_0={longitude!r} +R={_SIMPLE_RADIUS_M} +y_0={north!r} +units=km"
    if name not in ("LAMBERT", "TRANS_MERC", "AZIMUTHAL_EQUIDIST"):
        return ""
    ellipsoid, radius = _ELLIPSOIDS[values["REFELLIPSOID"].upper()]
    if name == "AZIMUTHAL_EQUIDIST":
        ellipsoid = f"+R={radius}"  # NonLinLoc's is that of a sphere
    start = f"+lat_0={latitude!r} +lon_0={longitude!r} {ellipsoid}"
    if name == "LAMBERT":
        first, second = float(values["FIRSTSTDPARAL"]), float(values["SECONDSTDPARAL"])
        return f"+proj=lcc {start} +lat_1={first!r} +lat_2={second!r} +units=km"
    if name == "TRANS_MERC":
        scale = float(values.get("SCALEFACTOR", "1"))
        east = float(values.get("FALSEEASTING", "500000"))
        east *= int(values.get("USEFALSEEASTING", "0")) != 0
        return f"+proj=tmerc {start} +k={scale!r} +x_0={east!r} +units=km"
    return f"+proj=aeqd {start} +units=km"
