"""Displacements of the surface: tables of GNSS sites, velocities of GMT, points of InSAR."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import parse_float, read_lines
from quakeloom.schema import make_table

_TITLE = "displacements"
"""What is read, for messages."""

_UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
"""Meters in the units that columns are named with."""

_PLACES = {
    "site": ("site", "station", "sta", "name", "code", "point"),
    "longitude": ("longitude", "lon", "long", "lon_deg", "longitude_deg", "x_lon"),
    "latitude": ("latitude", "lat", "lat_deg", "latitude_deg"),
}
"""Columns that place a displacement, and names that they have in files."""

_COMPONENT_NAMES = {
    "east": ("east", "e", "de", "ue", "east_displacement", "ve", "dx"),
    "north": ("north", "n", "dn", "un", "north_displacement", "vn", "dy"),
    "up": ("up", "u", "du", "uu", "dup", "vertical", "vu", "dz"),
    "line_of_sight": ("los", "line_of_sight", "displacement", "d_los", "range_change"),
}
"""Columns with displacements, without a unit at their end."""

_ERROR_MARKS = ("sigma_", "sig_", "s", "se_", "error_", "err_", "std_", "sd_", "s_")
"""What stands before a component's name in the column of its error."""

_ERROR_ENDS = ("_error", "_err", "_sigma", "_sig", "_std", "_sd", "err", "sig")
"""What stands behind it."""

_VECTOR = {
    "east": ("direction_east", "look_e", "los_e", "unit_e", "e_los", "ve_los", "px"),
    "north": ("direction_north", "look_n", "los_n", "unit_n", "n_los", "vn_los", "py"),
    "up": ("direction_up", "look_u", "los_u", "unit_u", "u_los", "vu_los", "pz"),
}
"""Columns of the unit vector from the ground to the satellite."""

_AXES = {"east": (1.0, 0.0, 0.0), "north": (0.0, 1.0, 0.0), "up": (0.0, 0.0, 1.0)}
"""Unit vectors of the components."""


def read_displacements(path: Path, kind: str = "auto", unit: str = "auto") -> pa.Table:
    """Read displacements as the registered table, one component a row.

    Three kinds of text are read, columns parted by blanks, commas, semicolons or tabs. ``table``
    has a header that names site, longitude, latitude and components with their errors;
    ``line_of_sight`` one with displacements along a unit vector that points to the satellite;
    ``psvelo`` has none: longitude, latitude, east, north, their errors, correlation, name, as
    GMT's ``psvelo -Se``, in mm unless ``unit`` says otherwise.

    A displacement that is no number, or has no place, is kept with its reason. Errors that are
    not stated are NaN.

    Raises
    ------
    FormatError
        If no column of displacements is found.
    """
    lines = [
        (k, text) for k, text in enumerate(read_lines(path, _TITLE), 1)
        if text.strip() and not text.lstrip().startswith("#")
    ]  # fmt: skip
    if not lines:
        raise FormatError(f"'{path}' has comments alone. No displacement is read; give a table.")
    words = _split(lines[0][1])
    headless = all(_is_number(w) for w in words[:4])
    if kind == "psvelo" or (kind == "auto" and headless):
        return _read_psvelo(path, lines, _UNITS["mm" if unit == "auto" else unit])
    return _read_named(path, words, lines[1:], unit)


def _split(text: str) -> list[str]:
    return (
        [w.strip().strip('"') for w in re.split(r"[,;\t]|\s+", text.strip())]
        if not (any(c in text for c in ",;\t"))
        else [w.strip().strip('"') for w in re.split(r"[,;\t]", text.strip())]
    )


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(parse_float(word))
    except ValueError:
        return False


def _number(word: str) -> float:
    """Return a number, infinite where there is a word that is none."""
    try:
        return parse_float(word)
    except ValueError:
        return math.inf


def _read_psvelo(path: Path, lines: Sequence[tuple[int, str]], scale: float) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for number, text in lines:
        words = _split(text)
        if len(words) < 6:
            problem = f"has {len(words)} columns, not 6 or more"
            nothing = (math.nan,) * 2
            rows.append(_row((path.name, number), "", *nothing, "east", *nothing, problem))
            continue
        value = [_number(w) for w in words[:7]]
        site = words[7] if len(words) > 7 else f"{number}"
        for k, component in enumerate(("east", "north")):
            rows.append(_row((path.name, number), site, value[0], value[1], component,
                             value[2 + k] * scale, value[4 + k] * scale))  # fmt: skip
    return _table(rows)


def _read_named(
    path: Path, header: Sequence[str], lines: Sequence[tuple[int, str]], unit: str
) -> pa.Table:
    names = [re.sub(r"[()\[\]]", "", h.strip().lower()).replace(" ", "_") for h in header]
    place = {
        want: next((names.index(a) for a in known if a in names), None)
        for want, known in _PLACES.items()
    }
    columns = _component_columns(names, unit)
    if not columns or place["longitude"] is None or place["latitude"] is None:
        missing = [n for n in ("longitude", "latitude") if place[n] is None]
        missing += [] if columns else ["east, north, up or line_of_sight"]
        raise FormatError(
            f"'{path}' has no column {', '.join(missing)} (its columns are "
            f"{', '.join(header)[:200]}). No displacement can be read; name the columns in the "
            "first line, with their unit (`east_mm`), or give `format: psvelo`."
        )
    vector = [next((names.index(a) for a in _VECTOR[c] if a in names), None) for c in _VECTOR]
    rows: list[dict[str, Any]] = []
    for number, text in lines:
        words = _split(text)
        problem = "" if len(words) == len(names) else (
            f"has {len(words)} cells, and the header {len(names)}"
        )  # fmt: skip
        words += [""] * (len(names) - len(words))
        site = words[place["site"]] if place["site"] is not None else f"{number}"
        lon, lat = (_number(words[place[n]]) for n in ("longitude", "latitude"))  # type: ignore[index]
        for component, (column, error, scale) in columns.items():
            row = _row(
                (path.name, number), site, lon, lat, component, _number(words[column]) * scale,
                math.nan if error is None else _number(words[error]) * scale, problem,
            )  # fmt: skip
            if component == "line_of_sight":
                along = [math.nan if v is None else _number(words[v]) for v in vector]
                _point_along(row, along)
            rows.append(row)
    return _table(rows)


def _component_columns(names: Sequence[str], unit: str) -> dict[str, tuple[int, int | None, float]]:
    """Return the columns of components, of their errors, and the meters of their unit."""
    bare, scales = [], []
    for name in names:
        head, _, tail = name.rpartition("_")
        known = bool(head) and tail in _UNITS
        bare.append(head if known else name)
        scales.append(_UNITS[tail] if known and unit == "auto" else _UNITS.get(unit, 1.0))
    found: dict[str, tuple[int, int | None, float]] = {}
    for component, known_names in _COMPONENT_NAMES.items():
        for name in known_names:
            if name in bare:
                marks = [m + name for m in _ERROR_MARKS] + [name + e for e in _ERROR_ENDS]
                if component == "line_of_sight":
                    marks += ["error", "sigma", "std"]
                error = next((bare.index(m) for m in marks if m in bare), None)
                place = bare.index(name)
                found[component] = (place, error, scales[place])
                break
    return found


def _row(
    source: tuple[str, int], site: str, lon: float, lat: float, component: str, value: float,
    error: float, problem: str = "",
) -> dict[str, Any]:  # fmt: skip
    east, north, up = _AXES.get(component, (math.nan,) * 3)
    row: dict[str, Any] = {
        "site": site, "component": component, "longitude": lon, "latitude": lat,
        "direction_east": east, "direction_north": north, "direction_up": up,
        "displacement_m": value, "displacement_error_m": error, "displacement_status": "used",
        "reason": "", "source_file": source[0], "source_line": source[1],
    }  # fmt: skip
    if problem:
        _refuse(row, "unreadable", f"the line {problem}")
    elif not (math.isfinite(lon) and math.isfinite(lat)) or abs(lat) > 90 or not -180 <= lon <= 360:
        _refuse(row, "no_place", f"longitude {lon:g} and latitude {lat:g} are no place")
    elif not math.isfinite(value):
        _refuse(row, "not_finite", "the displacement is empty or no finite number")
    elif math.isinf(error) or error <= 0.0:
        _refuse(row, "no_error", f"its error is {error:g}, not above 0")
    return row


def _point_along(row: dict[str, Any], along: Sequence[float]) -> None:
    """Set the unit vector of a displacement along a line of sight."""
    length = math.sqrt(sum(a * a for a in along))
    if not math.isfinite(length) or abs(length - 1.0) > 0.02:
        _refuse(row, "unreadable", f"its direction {list(along)} has the length {length:g}, not 1")
        return
    for name, value in zip(("east", "north", "up"), along, strict=True):
        row[f"direction_{name}"] = value / length


def _refuse(row: dict[str, Any], status: str, reason: str) -> None:
    row["displacement_status"], row["reason"] = status, reason
    for name in ("longitude", "latitude", "displacement_m", "displacement_error_m"):
        bad = not math.isfinite(row[name]) or (name == "latitude" and abs(row[name]) > 90)
        bad = bad or (name == "longitude" and not -180 <= row[name] <= 360)
        if bad or (name == "displacement_error_m" and row[name] < 0):
            row[name] = math.nan


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    names = list(rows[0]) if rows else []
    return make_table("displacements", {n: [r[n] for r in rows] for n in names}, rows=len(rows))


def read_covariance(path: Path, size: int) -> NDArray[np.float64]:
    """Read the covariance (m^2) of displacements: a square of numbers as text, or ``.npy``.

    Raises
    ------
    FormatError
        If it is no square of that size, or not symmetric.
    """
    try:
        if path.suffix == ".npy":
            found = np.asarray(np.load(path, allow_pickle=False), dtype=float)
        else:
            found = np.loadtxt(path, dtype=float, ndmin=2)
    except (OSError, ValueError) as error:
        raise FormatError(
            f"'{path}' cannot be read as a covariance ({error}). Displacements cannot be weighed; "
            "give a square of numbers."
        ) from None
    if found.shape != (size, size) or not np.allclose(found, found.T, rtol=1e-6, atol=0.0):
        raise FormatError(
            f"'{path}' holds a matrix {found.shape}, not a symmetric one of {size} by {size}, the "
            "displacements that it goes with. Nothing is weighed by it; correct the file."
        )
    return np.asarray(0.5 * (found + found.T))
