"""Grids of depths: NetCDF, Zarr, ESRI ASCII and GeoTIFF, row by row where the file allows it.

Depths come out in meters, positive down, rows from south to north. What a file does not say of
sign and units is found from its numbers, and refused where these can mean two things.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._depth_grid_files import RawGrid, open_raw_grid

Floats = NDArray[np.float64]

EARTH_DEGREE_M = 111194.93
"""Meters of a degree of a great circle of a sphere of 6,371 km."""

_DEEPEST_M = 11_100.0
"""Deepest sea, m (Challenger Deep, 10,935 m), with room for errors of a datum."""

_HIGHEST_M = 9_000.0
"""Highest land, m."""

_SAMPLE_ROWS = 64
"""Rows, evenly spread, whose numbers decide on sign and unit; chosen here."""

_METERS = ("m", "meter", "meters", "metre", "metres")
"""How files call meters."""

_UNEVEN = 0.01
"""Largest departure of a step between coordinates from their mean, over the mean."""

_FINEST_M = 0.2
"""Side of a cell below which coordinates in meters look like degrees, m; chosen here: no echo
sounder maps a whole area finer."""


@dataclass(frozen=True)
class GridChoices:
    """What a user says of a grid; ``auto`` or empty leaves it to the file.

    Attributes
    ----------
    variable, positive, unit, coordinates, datum : str
        As the settings of `bathymetry` have them.
    """

    variable: str = ""
    positive: str = "auto"
    unit: str = "auto"
    coordinates: str = "auto"
    datum: str = ""


@dataclass
class DepthGrid:
    """An open grid of depths.

    Attributes
    ----------
    path : Path
    shape : (int, int)
        Rows, from south to north, and columns, from west to east.
    y, x : ndarray
        Middles of rows and columns, in degrees or meters, ascending.
    degrees : bool
        Whether coordinates are degrees of latitude and longitude.
    spacing_m : float
        Mean side of a cell in m.
    datum : str
        Level that depths are counted from; empty if unknown.
    notes : list of str
        What was found out rather than said, and what is doubtful.
    """

    path: Path
    shape: tuple[int, int]
    y: Floats
    x: Floats
    degrees: bool
    spacing_m: float
    datum: str
    notes: list[str]
    _raw: RawGrid = field(repr=False)
    _factor: float = 1.0
    _flipped: tuple[bool, bool] = (False, False)

    def read(self, first: int, stop: int) -> Floats:
        """Return rows ``first`` to ``stop`` from the south: depths in m, NaN where missing."""
        n = self.shape[0]
        low, high = (n - stop, n - first) if self._flipped[0] else (first, stop)
        z = self._factor * self._raw.read(low, high)
        z = z[::-1] if self._flipped[0] else z
        return np.ascontiguousarray(z[:, ::-1] if self._flipped[1] else z)


@contextlib.contextmanager
def open_depth_grid(path: Path, choices: GridChoices | None = None) -> Iterator[DepthGrid]:
    """Open a grid of depths for the length of a ``with`` block.

    Parameters
    ----------
    path : Path
        ``.nc``, ``.grd`` (NetCDF), a Zarr folder, ``.asc`` (ESRI ASCII), ``.tif``.
    choices : GridChoices, optional

    Raises
    ------
    FormatError
        If it cannot be read, has the wrong sign or unit, or has no known cell.
    """
    wanted = choices or GridChoices()
    with open_raw_grid(path, wanted.variable) as raw:
        yield _understand(path, raw, wanted)


def _understand(path: Path, raw: RawGrid, wanted: GridChoices) -> DepthGrid:
    """Find out what the numbers of a file are."""
    notes: list[str] = []
    flipped = []
    axes = []
    for name, values in (("rows", raw.y), ("columns", raw.x)):
        steps = np.diff(values)
        if len(values) < 2 or not np.isfinite(values).all() or not (
            (steps > 0).all() or (steps < 0).all()
        ):  # fmt: skip
            raise FormatError(
                f"'{path}': the coordinates of the {name} do not grow or fall steadily, so cells "
                "have no place. Nothing was read; write the grid again."
            )
        if np.abs(steps / steps.mean() - 1).max() > _UNEVEN:
            raise FormatError(
                f"'{path}': the {name} are not evenly spaced ({steps.min():g} to {steps.max():g}). "
                "Nothing was read; resample the grid first."
            )
        flipped.append(bool(steps[0] < 0))
        axes.append(values[::-1] if steps[0] < 0 else values)
    y, x = axes
    degrees = _is_degrees(path, raw, wanted.coordinates, y, x, notes)
    spacing = 0.5 * (float(np.diff(y).mean()) + float(np.diff(x).mean()))
    if degrees:
        shrink = float(np.cos(np.deg2rad(y.mean())))
        spacing = EARTH_DEGREE_M * 0.5 * (
            float(np.diff(y).mean()) + shrink * float(np.diff(x).mean())
        )  # fmt: skip
    factor = _sign_and_unit(path, raw, wanted, notes)
    datum = wanted.datum or str(raw.attributes.get("vertical_datum", "")).strip()
    if not datum:
        notes.append(
            "The file does not say which level depths are counted from, and `datum` does not "
            "either: do not join the result with charts or heights of land before it is known."
        )
    return DepthGrid(path, (len(y), len(x)), y, x, degrees, spacing, datum, notes, raw, factor,
                     (flipped[0], flipped[1]))  # fmt: skip


def _is_degrees(
    path: Path, raw: RawGrid, wanted: str, y: Floats, x: Floats, notes: list[str]
) -> bool:
    """Say whether coordinates are degrees, and refuse what cannot be."""
    fits = bool(y[0] >= -90.5 and y[-1] <= 90.5 and x[0] >= -360.5 and x[-1] <= 360.5)
    step = float(np.diff(x).mean())
    said = {"degrees": True, "meters": False}.get(wanted)
    units = str(raw.coordinate_unit).lower()
    if said is None and units.startswith("degree"):
        said = True
    elif said is None and units in _METERS:
        said = False
    if said is None:
        said = fits and step < 2.0
        notes.append(
            f"Coordinates are taken for {'degrees' if said else 'meters'} by their values; "
            "`coordinates` says it for sure."
        )
    if said and not fits:
        raise FormatError(
            f"'{path}': coordinates are said to be degrees, but rows run from {y[0]:g} to "
            f"{y[-1]:g} and columns from {x[0]:g} to {x[-1]:g}. Meters were taken for degrees; "
            "nothing was read. Write `coordinates: meters`."
        )
    if not said and fits and step < _FINEST_M:
        raise FormatError(
            f"'{path}': coordinates are said to be meters, but cells would be {step:g} m wide and "
            "all values are possible degrees. Degrees were taken for meters, and slopes would be "
            "100,000 times too steep; nothing was read. Write `coordinates: degrees`."
        )
    return said


def _sign_and_unit(path: Path, raw: RawGrid, wanted: GridChoices, notes: list[str]) -> float:
    """Return the factor that makes numbers depths in m, positive down."""
    rows = np.unique(np.linspace(0, len(raw.y) - 1, _SAMPLE_ROWS).astype(int))
    sample = np.concatenate([raw.read(int(r), int(r) + 1).ravel() for r in rows])
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        raise FormatError(
            f"'{path}': every cell that was looked at is missing, so there is no ground to go on "
            "from. Nothing was computed; check the variable, its fill value and the area."
        )
    largest = float(np.abs(sample).max())
    unit = wanted.unit if wanted.unit != "auto" else {
        "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m", "km": "km",
        "kilometer": "km", "kilometers": "km",
    }.get(str(raw.attributes.get("units", "")).strip().lower(), "")  # fmt: skip
    if not unit:
        unit = "m"
        if largest < 0.001 * _DEEPEST_M:
            notes.append(
                f"No unit is given and no number is above {largest:.3g}: taken for meters, a very "
                "shallow sea; write `unit: km` if it is none."
            )
    scale = 1000.0 if unit == "km" else 1.0
    if largest * scale > _DEEPEST_M:
        raise FormatError(
            f"'{path}': the largest number is {largest:g} {unit}, and no sea is deeper than "
            f"{_DEEPEST_M:,.0f} m. Nothing was read; check `unit`, the variable and the fill value."
        )
    return scale * _downward(path, raw, wanted.positive, sample * scale, notes)


def _downward(path: Path, raw: RawGrid, wanted: str, sample: Floats, notes: list[str]) -> float:
    """Return 1 where numbers are depths, -1 where they are heights."""
    negative = float(np.mean(sample < 0))
    name = f"{raw.name} {raw.attributes.get('standard_name', '')}".lower()
    said = wanted if wanted != "auto" else str(raw.attributes.get("positive", "")).lower()
    if said not in ("up", "down"):
        if "depth" in name and negative < 0.5:
            said = "down"
        elif any(w in name for w in ("elevation", "height", "altitude", "topo")):
            said = "up"
        else:
            said = "up" if negative > 0.5 else "down"
            notes.append(
                f"Numbers are taken for {'heights' if said == 'up' else 'depths'}, since "
                f"{100 * negative:.0f} % are negative; `positive` says it for sure."
            )
    below = negative if said == "up" else float(np.mean(sample > 0))
    if below == 0.0 or (below < 0.02 and float(np.median(sample)) != 0.0):
        other = "down" if said == "up" else "up"
        raise FormatError(
            f"'{path}': its numbers are said to grow {said}ward, and then "
            f"{100 * (1 - below):.0f} % of the cells lie above the sea. "
            "The sign of the depths is wrong, or this is land; "
            f"nothing was computed. Write `positive: {other}` if it is sea floor."
        )
    if said == "up" and float(sample.max()) > _HIGHEST_M:
        raise FormatError(
            f"'{path}': a height of {sample.max():g} m is above all land. Nothing was computed; "
            "check sign, unit and fill value."
        )
    return -1.0 if said == "up" else 1.0


def grid_facts(grid: DepthGrid) -> dict[str, Any]:
    """Return what is known of an open grid, as JSON values."""
    return {
        "rows": grid.shape[0], "columns": grid.shape[1], "degrees": grid.degrees,
        "spacing_m": grid.spacing_m, "datum": grid.datum, "notes": list(grid.notes),
        "y": [float(grid.y[0]), float(grid.y[-1])], "x": [float(grid.x[0]), float(grid.x[-1])],
    }  # fmt: skip
