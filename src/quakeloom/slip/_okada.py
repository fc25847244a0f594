"""Displacements of the surface by slip on rectangles in a homogeneous half-space."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, compiled

Floats = NDArray[np.float64]

_VERTICAL = 1e-6
"""Cosine of the dip below which a rectangle counts as vertical, as in Okada's own programs."""

_TINY = 1e-12
"""Distance over the size of the rectangle below which a term is taken at its limit."""


@compiled()
def _terms(
    xi: float, eta: float, q: float, sin_dip: float, cos_dip: float, medium: float, out: Floats
) -> None:
    """Fill the nine terms of Okada's Chinnery notation at one corner: (slip, component).

    Equations 25 to 30 of Okada (1985), without the factors; ``medium`` is mu / (lambda + mu).
    """
    y = eta * cos_dip + q * sin_dip
    d = eta * sin_dip - q * cos_dip
    r = np.sqrt(xi * xi + eta * eta + q * q)
    x = np.sqrt(xi * xi + q * q)
    near_eta = r + eta
    small = _TINY * (r + 1e-300)
    if near_eta < small:
        # on the line that continues the edge: the limits of Okada's section on singularities
        over_eta, log_eta = 0.0, -np.log(max(r - eta, 1e-300))
    else:
        over_eta, log_eta = 1.0 / (r * near_eta), np.log(near_eta)
    near_xi = r + xi
    over_xi = 0.0 if near_xi < small else 1.0 / (r * near_xi)
    angle = 0.0 if abs(q) < small else np.arctan(xi * eta / (q * r))
    deep = r + d
    if cos_dip == 0.0:
        i5 = -medium * xi * sin_dip / deep
        i4 = -medium * q / deep
        i3 = 0.5 * medium * (eta / deep + y * q / (deep * deep) - log_eta)
        i1 = -0.5 * medium * xi * q / (deep * deep)
    else:
        if abs(xi) < small:
            i5 = 0.0
        else:
            above = eta * (x + q * cos_dip) + x * (r + x) * sin_dip
            i5 = 2.0 * medium / cos_dip * np.arctan(above / (xi * (r + x) * cos_dip))
        i4 = medium / cos_dip * (np.log(deep) - sin_dip * log_eta)
        i3 = medium * (y / (cos_dip * deep) - log_eta) + sin_dip / cos_dip * i4
        i1 = -medium * xi / (cos_dip * deep) - sin_dip / cos_dip * i5
    i2 = -medium * log_eta - i3
    out[0, 0] = -(xi * q * over_eta + angle + i1 * sin_dip)
    out[0, 1] = -(y * q * over_eta + q * cos_dip * r * over_eta + i2 * sin_dip)
    out[0, 2] = -(d * q * over_eta + q * sin_dip * r * over_eta + i4 * sin_dip)
    out[1, 0] = -(q / r - i3 * sin_dip * cos_dip)
    out[1, 1] = -(y * q * over_xi + cos_dip * angle - i1 * sin_dip * cos_dip)
    out[1, 2] = -(d * q * over_xi + sin_dip * angle - i5 * sin_dip * cos_dip)
    opened = xi * q * over_eta - angle
    out[2, 0] = q * q * over_eta - i3 * sin_dip * sin_dip
    out[2, 1] = -d * q * over_xi - sin_dip * opened - i1 * sin_dip * sin_dip
    out[2, 2] = y * q * over_xi + cos_dip * opened - i5 * sin_dip * sin_dip


@compiled()
def _rectangle_at(
    x: float, y: float, shape: Floats, sin_dip: float, cos_dip: float, medium: float,
    work: Floats, out: Floats,
) -> None:  # fmt: skip
    """Fill displacements (slip, component) along x, y, z of a unit slip; ``shape``: depth of the
    lower edge, length, width."""
    depth, length, width = shape
    p = y * cos_dip + depth * sin_dip
    q = y * sin_dip - depth * cos_dip
    out[:] = 0.0
    for i in range(2):
        for j in range(2):
            sign = 1.0 if i == j else -1.0
            _terms(x - i * length, p - j * width, q, sin_dip, cos_dip, medium, work)
            for a in range(3):
                for b in range(3):
                    out[a, b] += sign * work[a, b] / (2.0 * np.pi)


@compiled()
def _all_rectangles(
    rectangles: Floats, points: Floats, medium: Floats, slips: int, out: Floats
) -> None:
    work = np.empty((3, 3))
    here = np.empty((3, 3))
    for k in range(rectangles.shape[0]):
        east0, north0, top, strike, dip, length, width = rectangles[k]
        sin_strike, cos_strike = np.sin(strike), np.cos(strike)
        sin_dip, cos_dip = np.sin(dip), np.cos(dip)
        if abs(cos_dip) < _VERTICAL:
            sin_dip, cos_dip = (1.0 if sin_dip > 0.0 else -1.0), 0.0
        shape = np.array([top + width * sin_dip, length, width])
        for s in range(points.shape[0]):
            east, north = points[s, 0] - east0, points[s, 1] - north0
            along = east * sin_strike + north * cos_strike + 0.5 * length
            # up dip is to the left of the strike
            left = -east * cos_strike + north * sin_strike + width * cos_dip
            _rectangle_at(along, left, shape, sin_dip, cos_dip, medium[k], work, here)
            for a in range(slips):
                ux, uy = here[a, 0], here[a, 1]
                out[k, a, s, 0] = ux * sin_strike - uy * cos_strike
                out[k, a, s, 1] = ux * cos_strike + uy * sin_strike
                out[k, a, s, 2] = here[a, 2]


def rectangle_displacements(
    rectangles: ArrayLike,
    points_km: ArrayLike,
    poisson_ratio: ArrayLike = 0.25,
    tensile: bool = False,
) -> Floats:
    """Return displacements of the surface by unit slip on rectangles in a half-space.

    The closed formula of Okada (1985), Bull. Seismol. Soc. Am. 75, 1135-1154: exact in a
    homogeneous, isotropic half-space with a flat surface. Not for points on the edge of a
    rectangle that reaches the surface, where the displacement has two values.

    Parameters
    ----------
    rectangles : array_like, shape (n, 7)
        East and north of the middle of the upper edge (km), its depth (km, positive down),
        strike and dip (degrees; the dip is to the right of the strike), length along strike and
        width down dip (km).
    points_km : array_like, shape (m, 2)
        East and north of points on the surface.
    poisson_ratio : float or array_like, shape (n,)
        Between -1 and 0.5.
    tensile : bool
        Whether opening is given as well.

    Returns
    -------
    ndarray, shape (n, 2 or 3, m, 3)
        East, north and up for left-lateral slip, reverse slip and, if asked, opening, in the
        unit of the slip.

    Raises
    ------
    InputError
        For a rectangle above the surface or without an area, or an impossible Poisson's ratio.
    """
    given = np.array(rectangles, dtype=float).reshape(-1, 7)
    points = np.ascontiguousarray(np.asarray(points_km, dtype=float).reshape(-1, 2))
    ratio = np.broadcast_to(np.asarray(poisson_ratio, dtype=float), len(given))
    _refuse_impossible(given, ratio)
    given[:, 3:5] = np.radians(given[:, 3:5])
    slips = 3 if tensile else 2
    out = np.empty((len(given), slips, len(points), 3))
    _all_rectangles(given, points, np.ascontiguousarray(1.0 - 2.0 * ratio), slips, out)
    return out


def _refuse_impossible(rectangles: Floats, ratio: Floats) -> None:
    if not np.isfinite(rectangles).all():
        row = int(np.flatnonzero(~np.isfinite(rectangles).all(axis=1))[0])
        raise InputError(
            f"Rectangle {row} has a number that is not finite ({rectangles[row].tolist()}), so it "
            "moves nothing. Correct the geometry of the fault."
        )
    above = np.flatnonzero(rectangles[:, 2] < -1e-9)
    if above.size:
        raise InputError(
            f"Rectangle {above[0]} begins {-rectangles[above[0], 2]:g} km above the surface, where "
            "there is no rock. The half-space ends at depth 0; lower the upper edge of the fault."
        )
    if (rectangles[:, 5:] <= 0.0).any():
        row = int(np.flatnonzero((rectangles[:, 5:] <= 0.0).any(axis=1))[0])
        raise InputError(
            f"Rectangle {row} is {rectangles[row, 5]:g} km long and {rectangles[row, 6]:g} km "
            "wide, so nothing can slip on it. Give both a size above 0."
        )
    if ((ratio <= -1.0) | (ratio >= 0.5)).any():
        raise InputError(
            f"A Poisson's ratio of {ratio.min():g} to {ratio.max():g} was given; a solid has one "
            "between -1 and 0.5, rock 0.2 to 0.35."
        )
