"""Mechanisms from columns of P and T axes, and magnitudes from columns of moments.

Catalogs that list principal axes and no nodal planes, and the World Stress Map's database, whose
single focal mechanisms (type ``FMS``) have the P axis as S1 and the T axis as S3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import plane_angles
from quakeloom.formats._column_names import find_columns, plain_name
from quakeloom.formats._doubtful_units import doubtful_moments
from quakeloom.formats._mechanism_angles import PLANE
from quakeloom.formats._named_columns import RawTable
from quakeloom.formats._text_columns import parse_floats

_AXES = {
    "p_azimuth": ("pazimuth", "pazim", "paz", "pazi", "ptrend", "paxisazimuth", "s1az"),
    "p_plunge": ("pplunge", "pplg", "ppl", "pdip", "paxisplunge", "s1pl"),
    "t_azimuth": ("tazimuth", "tazim", "taz", "tazi", "ttrend", "taxisazimuth", "s3az"),
    "t_plunge": ("tplunge", "tplg", "tpl", "tdip", "taxisplunge", "s3pl"),
}
"""By an angle of the axes, degrees, the names without signs that it has in files."""

_MOST_OBLIQUE_DEG = 15.0
"""P and T axes may fail to be a right angle by this much, of angles rounded to 10 degrees."""

_SINGLE_MECHANISM = "FMS"
"""Type of the World Stress Map for single mechanisms; FMA, FMF are averages and inversions."""

_MOMENT_NAMES = {"mantissa": ("mantissa", "mant"), "exponent": ("exponent", "exp", "iexp")}
"""Names without signs of the parts of moments in dyn cm, as GMT's ``meca`` has them."""


def names_axes(names: Sequence[str]) -> bool:
    """Say whether columns hold the azimuths and plunges of P and T axes."""
    return len(_find(names, _AXES)) == len(_AXES)


def with_planes_of_axes(raw: RawTable) -> RawTable:
    """Return a table with columns of a nodal plane where it has axes and no planes.

    Rows whose axes are missing or not perpendicular, and rows of the World Stress Map that are
    no single mechanisms, get their reasons.
    """
    names = raw.data.column_names
    found = {alias.name for alias in find_columns(names, "mechanisms").values()}
    if set(PLANE) <= found or not names_axes(names):
        return raw
    columns = _find(names, _AXES)
    azimuths_plunges = [_numbers(raw, columns[name]) for name in _AXES]
    pressure, tension = (_vectors(*azimuths_plunges[k : k + 2]) for k in (0, 2))
    kind = next((n for n in names if plain_name(n) == "type" and "s1az" in _plain(names)), None)
    kinds = raw.data.column(kind).cast(pa.string()).to_pylist() if kind else []
    oblique = np.degrees(np.arcsin(np.clip(np.abs(np.sum(pressure * tension, axis=1)), 0.0, 1.0)))
    for row, (apart, lost) in enumerate(zip(oblique, np.isnan(oblique), strict=True)):
        if kinds and (kinds[row] or "").strip().upper() != _SINGLE_MECHANISM:
            reason = f"type '{kinds[row]}' of the World Stress Map is no single focal mechanism"
        elif lost:
            reason = "an azimuth or plunge of the P or T axis is missing or impossible"
        elif apart > _MOST_OBLIQUE_DEG:
            reason = f"its P and T axes are not perpendicular ({90.0 - apart:.0f} degrees)"
        else:
            continue
        raw.reasons.setdefault(row, reason)
    normal, slip = tension + pressure, tension - pressure
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (normal, slip)]
    planes = plane_angles(*unit)
    raw.data = raw.data.drop_columns(list(columns.values()))
    for name, angle in zip(PLANE, planes, strict=True):
        raw.data = raw.data.append_column(name, pa.array(np.asarray(angle, dtype=float)))
    return raw


def with_magnitudes_of_moments(raw: RawTable) -> RawTable:
    """Return a table with a column of magnitudes where it has moments in dyn cm and none."""
    names = raw.data.column_names
    found = {alias.name for alias in find_columns(names, "mechanisms").values()}
    columns = _find(names, _MOMENT_NAMES)
    if "magnitude" in found or len(columns) < len(_MOMENT_NAMES):
        return raw
    mantissa, exponent = (_numbers(raw, columns[name]) for name in _MOMENT_NAMES)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Hanks & Kanamori (1979)
        magnitude = (np.log10(np.where(mantissa > 0, mantissa, np.nan)) + exponent - 16.1) / 1.5
    raw.data = raw.data.drop_columns(list(columns.values()))
    raw.data = raw.data.append_column("magnitude", pa.array(magnitude))
    for doubt in doubtful_moments(magnitude):
        raw.rejects.add(-1, "column", doubt)
    return raw


def _plain(names: Sequence[str]) -> set[str]:
    return {plain_name(name) for name in names}


def _find(names: Sequence[str], known: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Columns of a file by what they are."""
    plain = {plain_name(name): name for name in reversed(names)}
    found = {
        what: next((plain[w] for w in words if w in plain), "") for what, words in known.items()
    }
    return {what: name for what, name in found.items() if name}


def _numbers(raw: RawTable, name: str) -> NDArray[np.float64]:
    values, bad = parse_floats(raw.data.column(name).cast(pa.string()))
    return np.where(bad, np.nan, values)


def _vectors(azimuth: NDArray[np.float64], plunge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (north, east, down), shape (n, 3); NaN for impossible angles."""
    fine = (np.abs(azimuth) <= 360.0) & (np.abs(plunge) <= 90.0)
    a, p = (np.radians(np.where(fine, v, np.nan)) for v in (azimuth, plunge))
    return np.stack([np.cos(p) * np.cos(a), np.cos(p) * np.sin(a), np.sin(p)], axis=1)
