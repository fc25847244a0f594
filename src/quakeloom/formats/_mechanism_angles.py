"""Angles of focal mechanisms: one rule for all formats, and what contradicts itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import plane_angles, rotation_angle
from quakeloom.formats._column_names import plain_name

Floats = NDArray[np.float64]
Angles = tuple[Floats, Floats, Floats]

LARGEST_DISAGREEMENT_DEG = 20.0
"""Two planes of one mechanism may be this far from it: angles rounded to 10 degrees are."""

PLANE = ("strike_deg", "dip_deg", "rake_deg")
"""The preferred plane."""

AUXILIARY = tuple(f"auxiliary_{name}" for name in PLANE)
"""The other plane."""

_TURN = 360.0
"""A full turn in degrees."""

_DIP_DIRECTIONS = (
    *("dipdirection", "dipdir", "dipazimuth"),
    *("dipquadrant", "dipquad", "dipside", "dipsense"),
)
"""Names without signs of columns with the azimuth of the dip, or its quadrant."""

_RIGHT_ANGLE_ERROR = 15.0
"""Degrees by which strike and dip direction may fail to be a right angle."""

_COMPASS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)
"""Directions in steps of 22.5 degrees."""


def wrap_strike(strike_deg: ArrayLike) -> Floats:
    """Bring strikes from -360 to 720 degrees into [0, 360); others stay."""
    strike = np.asarray(strike_deg, dtype=float)
    with np.errstate(invalid="ignore"):
        near = (strike >= -_TURN) & (strike <= 2.0 * _TURN)
        wrapped: Floats = np.where(near, strike % _TURN, strike)
    return wrapped


def wrap_azimuth(azimuth_deg: ArrayLike) -> Floats:
    """Bring azimuths from -360 to 0 degrees into [0, 360]; others stay."""
    azimuth = np.asarray(azimuth_deg, dtype=float)
    with np.errstate(invalid="ignore"):
        negative = (azimuth < 0.0) & (azimuth >= -_TURN)
        wrapped: Floats = np.where(negative, azimuth + _TURN, azimuth)
    return wrapped


def wrap_rake(rake_deg: ArrayLike) -> Floats:
    """Bring rakes from -360 to 540 degrees into [-180, 180]; others stay."""
    rake = np.asarray(rake_deg, dtype=float)
    with np.errstate(invalid="ignore"):
        outside = (np.abs(rake) > 180.0) & (rake >= -_TURN) & (rake <= 1.5 * _TURN)
        wrapped: Floats = np.where(outside, (rake + 180.0) % _TURN - 180.0, rake)
    return wrapped


def disagreement_deg(first: Angles, second: Angles) -> Floats:
    """Return how far two nodal planes are from being those of one double couple.

    The smallest rotation between the mechanism of the first plane and that of the second
    (Kagan 1991), degrees; NaN where an angle is missing.
    """
    return rotation_angle(np.stack(first, axis=-1), np.stack(second, axis=-1))


def plane_problem(first: tuple[float, ...], second: tuple[float, ...]) -> str:
    """Say why two nodal planes cannot be those of one mechanism, or nothing."""
    if np.isnan([*first, *second]).any():
        return ""
    one, two = (tuple(np.array([a]) for a in plane) for plane in (first, second))
    apart = float(disagreement_deg(one, two)[0])  # type: ignore[arg-type]
    if apart <= LARGEST_DISAGREEMENT_DEG:
        return ""
    names = ["/".join(f"{a:g}" for a in plane) for plane in (first, second)]
    return (
        f"the planes {names[0]} and {names[1]} are not perpendicular: their mechanisms are "
        f"{apart:.0f} degrees apart"
    )


def contradicting_planes(table: pa.Table) -> dict[int, str]:
    """Return rows of a table of mechanisms whose two planes contradict each other, with why."""
    first, second = (
        tuple(table.column(n).to_numpy() for n in names) for names in (PLANE, AUXILIARY)
    )
    apart = disagreement_deg(first, second)  # type: ignore[arg-type]
    rows = np.flatnonzero(apart > LARGEST_DISAGREEMENT_DEG).tolist()
    return {
        row: plane_problem(tuple(c[row] for c in first), tuple(c[row] for c in second))
        for row in rows
    }


def dip_side_problems(data: pa.Table, strike_deg: Floats) -> dict[int, str]:
    """Return rows whose dip direction is not to the right of the strike, with why.

    Parameters
    ----------
    data : pyarrow.Table
        A file's columns; those of dip directions are in degrees or compass letters.
    strike_deg : ndarray
    """
    found = [n for n in data.column_names if plain_name(n) in _DIP_DIRECTIONS]
    problems: dict[int, str] = {}
    for name in found:
        for row, cell in enumerate(data.column(name).cast(pa.string()).to_pylist()):
            letters = (cell or "").strip().upper()
            try:
                direction, allowed = float(letters), _RIGHT_ANGLE_ERROR
            except ValueError:
                if letters not in _COMPASS:
                    continue
                direction, allowed = _COMPASS.index(letters) * 22.5, 90.0
            turn = (direction - strike_deg[row] - 90.0 + 180.0) % _TURN - 180.0
            if abs(turn) > allowed:
                problems[row] = (
                    f"strike {strike_deg[row]:g} with {name} {cell}: the dip is not to the right "
                    f"of the strike; write strike {(strike_deg[row] + 180.0) % _TURN:g} if it is "
                    "to the left"
                )
    return problems


def best_double_couples(tensors: ArrayLike) -> Angles:
    """Return strike, dip and rake of the best double couples of moment tensors.

    The T and P axes of the double couple are the eigenvectors of the largest and the smallest
    eigenvalue (Jost & Herrmann 1989).

    Parameters
    ----------
    tensors : array_like, shape (n, 3, 3)
        Symmetric, axes north, east, down.

    Returns
    -------
    strike_deg, dip_deg, rake_deg : ndarray, shape (n,)
        One of the two planes; the other is the auxiliary plane.
    """
    _, vectors = np.linalg.eigh(np.asarray(tensors, dtype=float))
    pressure, tension = vectors[..., 0], vectors[..., 2]
    return plane_angles((tension + pressure) / np.sqrt(2.0), (tension - pressure) / np.sqrt(2.0))
