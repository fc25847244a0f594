"""Stress as a smooth function of position.

Sign convention: tension positive, axes north, east, down. Tensors are deviatoric (trace 0)
with a differential stress of 1 (greatest less least eigenvalue); only orientation and shape
ratio matter to the direction of slip.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.simulate._options import SimulationOptions

Floats = NDArray[np.float64]

_ANCHORS = (
    (131.0, 32.6, 78.0, 1.25, 1.3),
    (132.8, 34.9, 105.0, 1.55, 1.3),
    (134.8, 34.7, 108.0, 1.65, 1.3),
    (137.2, 35.6, 112.0, 1.8, 1.2),
    (138.0, 36.7, 118.0, 2.0, 1.0),
    (139.3, 38.2, 112.0, 2.5, 1.3),
    (140.6, 39.9, 102.0, 2.7, 1.5),
    (142.4, 43.2, 98.0, 2.4, 1.8),
    (140.75, 36.95, 75.0, 0.5, 0.4),
)
"""Longitude, latitude, azimuth of SHmax, A_phi, reach (degrees) of points that the field passes
near. A picture of Japan drawn by hand: compression east-west to west-northwest, strike-slip in the
southwest, reverse faulting in the middle and north, normal faulting in one place on the east coast.
Its SHmax stays near that around it, so that the way from reverse to normal faulting leads through
strike-slip and not through an isotropic point, where directions would jump."""

_WIDEST_PATCH_DEG = 0.8
"""Reach up to which an anchor is a patch with edges and not a part of the wide field, degrees;
chosen here, between those of the anchors."""

_PATCH_WEIGHT = 2.5
"""Weight of a patch over that of the field around it; chosen here: it must win against them."""


def stress_tensor_at(
    longitude: ArrayLike, latitude: ArrayLike, options: SimulationOptions
) -> Floats:
    """Return the stress tensor of the synthetic Earth.

    Parameters
    ----------
    longitude, latitude : array_like
        Degrees, broadcast to shape ``S``.
    options : SimulationOptions
        ``stress`` chooses the field: ``uniform``; ``half_spaces``, two uniform fields that
        meet at a meridian; ``islands``, a smooth field over Japan: compression east-west to
        west-northwest, strike-slip in the southwest, reverse in the middle and north, normal
        faulting around 140.9 E, 37 N. One principal axis is vertical everywhere.

    Returns
    -------
    ndarray, shape ``S + (3, 3)``
        Tension positive, axes north, east, down, trace 0, differential stress 1.
    """
    lon, lat = np.broadcast_arrays(np.asarray(longitude, float), np.asarray(latitude, float))
    if options.stress == "uniform":
        one = _andersonian(options.shmax_azimuth_deg, options.shape_a_phi)
        return np.broadcast_to(one, (*lon.shape, 3, 3)).copy()
    if options.stress == "half_spaces":
        west = _andersonian(options.shmax_azimuth_deg, options.shape_a_phi)
        east = _andersonian(options.eastern_shmax_azimuth_deg, options.eastern_shape_a_phi)
        return np.where((lon < options.boundary_longitude)[..., None, None], west, east)
    total = np.zeros((*lon.shape, 3, 3))
    for a_lon, a_lat, azimuth, a_phi, reach in _ANCHORS:
        east_west = (lon - a_lon) * np.cos(np.radians(a_lat))
        square = (east_west**2 + (lat - a_lat) ** 2) / reach**2
        # A long tail, so that far from all anchors the nearest still rule.
        if reach > _WIDEST_PATCH_DEG:
            weight = 1.0 / (1.0 + square) ** 3
        else:
            weight = _PATCH_WEIGHT * np.exp(-square / 2)
        total += np.asarray(weight)[..., None, None] * _andersonian(azimuth, a_phi)
    eigenvalues = np.linalg.eigvalsh(total)
    total /= (eigenvalues[..., 2] - eigenvalues[..., 0])[..., None, None]
    return total


def shmax_azimuth_and_shape(tensor: ArrayLike) -> tuple[Floats, Floats]:
    """Return azimuth of SHmax and A_phi of tensors with one vertical principal axis.

    Parameters
    ----------
    tensor : array_like, shape ``S + (3, 3)``
        Tension positive, axes north, east, down.

    Returns
    -------
    shmax_azimuth_deg, shape_a_phi : ndarray, shape ``S``
        Azimuth in [0, 180); A_phi in [0, 3] (Simpson 1997, JGR 102, 17909).
    """
    t = np.asarray(tensor, dtype=float)
    double = np.arctan2(2.0 * t[..., 0, 1], t[..., 0, 0] - t[..., 1, 1])
    azimuth = (np.degrees(0.5 * double) + 90.0) % 180.0
    mean = 0.5 * (t[..., 0, 0] + t[..., 1, 1])
    radius = np.hypot(0.5 * (t[..., 0, 0] - t[..., 1, 1]), t[..., 0, 1])
    # Compression positive from here on.
    most, least, vertical = radius - mean, -radius - mean, -t[..., 2, 2]
    ordered = np.sort(np.stack([most, least, vertical], axis=-1), axis=-1)
    phi = (ordered[..., 1] - ordered[..., 0]) / (ordered[..., 2] - ordered[..., 0])
    kind = np.where(vertical >= most, 0, np.where(vertical >= least, 1, 2))
    return azimuth, (kind + 0.5) + np.where(kind == 1, -1.0, 1.0) * (phi - 0.5)


def _andersonian(azimuth_deg: float, a_phi: float) -> Floats:
    """Deviatoric tensor, tension positive, of a vertical principal axis and A_phi."""
    if a_phi <= 1.0:
        most, least, vertical = a_phi, 0.0, 1.0
    elif a_phi <= 2.0:
        most, least, vertical = 1.0, 0.0, 2.0 - a_phi
    else:
        most, least, vertical = 1.0, a_phi - 2.0, 0.0
    azimuth = np.radians(azimuth_deg)
    along = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    across = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    down = np.array([0.0, 0.0, 1.0])
    tensor = -(
        most * np.outer(along, along)
        + least * np.outer(across, across)
        + vertical * np.outer(down, down)
    )
    deviatoric: Floats = tensor - np.trace(tensor) / 3.0 * np.eye(3)
    return deviatoric
