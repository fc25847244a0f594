"""The exact magnetic field of upright prisms of uniform magnetization.

Closed forms of Bhattacharyya (1964), Geophysics 29, 517-531; the singular lines above edges are
avoided as the logarithms of the two ends of an edge are subtracted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

_NANOTESLA = 100.0
"""Magnetic constant over 4 pi, in nT m / A (1e-7 T m / A; BIPM, 2019, to nine digits)."""

_BLOCK = 64
"""Stations computed at once, so that memory stays small; chosen here."""


def _edge_logarithm(along: Floats, distance: Floats, across: Floats) -> Floats:
    """Return ``ln(along + distance)`` up to a term that is the same at both ends of an edge.

    Parameters
    ----------
    along, distance, across : ndarray, (2, ...)
        Coordinate along the edge at its ends, distance, squared distance from the edge's line.
    """
    behind = np.all(along <= 0, axis=0)
    near = distance - along
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.log(np.where(along > 0, along + distance, across / near))
        return np.where(behind, -np.log(near), positive)


def _corner_terms(sides: tuple[Floats, Floats, Floats]) -> Floats:
    """Return the six second derivatives of the integral of 1/r: ee, nn, uu, en, eu, nu."""
    east, north, up = np.broadcast_arrays(
        sides[0][:, None, None], sides[1][None, :, None], sides[2][None, None, :]
    )
    distance = np.sqrt(east**2 + north**2 + up**2)
    axes = (east, north, up)
    terms = []
    for own in range(3):
        first, second = (axes[other] for other in range(3) if other != own)
        sign = np.where(axes[own] < 0, -1.0, 1.0)
        terms.append(-np.arctan2(first * second * sign, np.abs(axes[own]) * distance))
    for own in (2, 1, 0):
        first, second = (axes[other] for other in range(3) if other != own)
        moved = [np.moveaxis(a, own, 0) for a in (axes[own], distance, first**2 + second**2)]
        terms.append(np.moveaxis(_edge_logarithm(*moved), 0, own))
    both = np.array([-1.0, 1.0])
    signs = both[:, None, None] * both[None, :, None] * both[None, None, :]
    summed: Floats = np.einsum("tijk...,ijk->t...", np.stack(terms), signs)
    return summed


def _check_prisms(prisms: Floats) -> None:
    """Refuse prisms without volume."""
    bad = ~np.all(prisms[:, 1::2] > prisms[:, ::2], axis=1)
    if bad.any():
        raise InputError(
            f"Prism {int(np.argmax(bad))} has an upper bound that is not above its lower one, or "
            "is missing. Its field is undefined. Give west < east, south < north, bottom < top."
        )


def prism_field(stations: Floats, prisms: Floats, magnetization: Floats) -> Floats:
    """Return the field of uniformly magnetized prisms outside of them.

    Parameters
    ----------
    stations : ndarray, (station, 3)
        Easting, northing, upward, m.
    prisms : ndarray, (prism, 6)
        West, east, south, north, bottom, top, m.
    magnetization : ndarray, (prism, 3)
        East, north, up, A/m.

    Returns
    -------
    ndarray, (station, 3)
        East, north, up, nT.
    """
    _check_prisms(prisms)
    field = np.empty((len(stations), 3))
    for start in range(0, len(stations), _BLOCK):
        part = slice(start, start + _BLOCK)
        ee, nn, uu, en, eu, nu = _second_derivatives(stations[part], prisms)
        east, north, up = magnetization.T
        field[part, 0] = ee @ east + en @ north + eu @ up
        field[part, 1] = en @ east + nn @ north + nu @ up
        field[part, 2] = eu @ east + nu @ north + uu @ up
    return _NANOTESLA * field


def _second_derivatives(stations: Floats, prisms: Floats) -> Floats:
    """Return the six derivatives, (6, station, prism)."""
    sides = tuple(
        np.stack([prisms[None, :, 2 * k + end] - stations[:, None, k] for end in (0, 1)])
        for k in range(3)
    )
    return _corner_terms((sides[0], sides[1], sides[2]))


def _unit_vector(inclination_deg: float, declination_deg: float) -> Floats:
    """Return east, north, up of a direction; inclination positive down."""
    dip, azimuth = np.radians([inclination_deg, declination_deg])
    return np.array([np.cos(dip) * np.sin(azimuth), np.cos(dip) * np.cos(azimuth), -np.sin(dip)])


def total_field_matrix(
    stations: Floats,
    prisms: Floats,
    regional: tuple[float, float],
    direction: tuple[float, float] | None = None,
) -> Floats:
    """Return total-field anomalies of prisms of 1 A/m.

    The anomaly is the field along the regional field, which holds where it is small beside it.

    Parameters
    ----------
    stations : ndarray, (station, 3)
        Easting, northing, upward, m.
    prisms : ndarray, (prism, 6)
        West, east, south, north, bottom, top, m.
    regional : (inclination_deg, declination_deg)
        Of the regional field (IGRF at the date of the survey); inclination positive down.
    direction : (inclination_deg, declination_deg), optional
        Of the magnetization; that of the regional field where not given.

    Returns
    -------
    ndarray, (station, prism)
        nT per A/m.

    Raises
    ------
    InputError
        The regional field is missing, or a prism has no volume.
    """
    if not np.isfinite(regional).all():
        raise InputError(
            "The direction of the regional field is missing. A total-field anomaly is the field "
            "along it, so nothing can be computed. Give inclination and declination of the IGRF."
        )
    _check_prisms(prisms)
    along = _unit_vector(*regional)
    moment = along if direction is None else _unit_vector(*direction)
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    weights = np.array(
        [along[i] * moment[j] + (along[j] * moment[i] if i != j else 0.0) for i, j in pairs]
    )
    matrix = np.empty((len(stations), len(prisms)))
    for start in range(0, len(stations), _BLOCK):
        part = slice(start, start + _BLOCK)
        matrix[part] = np.tensordot(weights, _second_derivatives(stations[part], prisms), 1)
    return _NANOTESLA * matrix
