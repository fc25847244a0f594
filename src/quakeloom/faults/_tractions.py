"""Tractions and predicted slip on fault planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import fault_vectors

Floats = NDArray[np.float64]


def resolve_tractions(
    normals: ArrayLike, axes: ArrayLike, compression: ArrayLike
) -> tuple[Floats, Floats]:
    """Return normal and shear stress on planes.

    Parameters
    ----------
    normals : array_like, shape ``S + (3,)``
        Unit normals; north, east, down.
    axes : array_like, shape ``S + (3, 3)``
        Unit vectors of S1, S2, S3 as rows.
    compression : array_like, shape ``S + (3,)``
        S1 >= S2 >= S3, compression positive.

    Returns
    -------
    normal_stress, shear_stress : ndarray, shape ``S``
        Compression positive; shear stress is a length.
    """
    cosines = np.einsum("...ki,...i->...k", np.asarray(axes, dtype=float), np.asarray(normals))
    s = np.asarray(compression, dtype=float)
    normal = np.sum(s * cosines**2, axis=-1)
    # differences of principal stresses, since sum s^2 c^2 - normal^2 cancels near the axes
    c2 = cosines**2
    shear2 = (
        (s[..., 0] - s[..., 1]) ** 2 * c2[..., 0] * c2[..., 1]
        + (s[..., 1] - s[..., 2]) ** 2 * c2[..., 1] * c2[..., 2]
        + (s[..., 0] - s[..., 2]) ** 2 * c2[..., 0] * c2[..., 2]
    )
    return normal, np.sqrt(shear2)


def critical_ratio(friction: ArrayLike) -> Floats:
    """Return ``S1/S3 = (sqrt(1 + mu^2) + mu)^2`` of a crust at the limit of friction mu."""
    mu = np.asarray(friction, dtype=float)
    ratio: Floats = (np.sqrt(1.0 + mu**2) + mu) ** 2
    return ratio


def slip_tendency(
    normals: ArrayLike, axes: ArrayLike, shape_ratio: ArrayLike, friction: ArrayLike = 0.6
) -> Floats:
    """Return the normalized slip tendency of planes where the absolute stress is not known.

    ``Ts' = (tau/sigma_n) / mu`` with S3 = 1, S1 = :func:`critical_ratio` and
    ``S2 = S3 + phi (S1 - S3)``: the crust as a whole is taken to be at the limit of friction,
    so that the best oriented plane has ``tau/sigma_n = mu`` and tendency 1. Pore pressure and
    stress differ from place to place; use it to compare orientations, not to state how near
    a fault is to failure.

    Parameters
    ----------
    normals : array_like, shape ``S + (3,)``
    axes : array_like, shape ``S + (3, 3)``
        Unit vectors of S1, S2, S3 as rows; north, east, down.
    shape_ratio : array_like, shape ``S``
        ``phi = (S2 - S3)/(S1 - S3)``.
    friction : array_like, shape ``S``

    Returns
    -------
    ndarray, shape ``S``
        0 (no shear) to 1 (optimal).

    References
    ----------
    Morris, A., Ferrill, D. A. & Henderson, D. B. (1996). Slip-tendency analysis and fault
    reactivation. Geology 24, 275-278.
    Lisle, R. J. & Srivastava, D. C. (2004). Test of the frictional reactivation theory for
    faults and validity of fault-slip analysis. Geology 32, 569-572.
    """
    phi = np.asarray(shape_ratio, dtype=float)
    mu = np.asarray(friction, dtype=float)
    ratio = critical_ratio(mu)
    one = np.ones(np.broadcast_shapes(phi.shape, mu.shape))
    compression = np.stack([ratio * one, one + phi * (ratio - 1.0), one], axis=-1)
    normal, shear = resolve_tractions(normals, axes, compression)
    tendency: Floats = shear / normal / mu
    return np.minimum(tendency, 1.0)


def normalized_tendency(
    normals: ArrayLike, axes: ArrayLike, compression: ArrayLike
) -> tuple[Floats, Floats]:
    """Return normalized slip tendency and dilation tendency where the stress is known.

    ``Ts' = (tau/sigma_n)/max(tau/sigma_n)`` with ``max = (S1 - S3)/(2 sqrt(S1 S3))``, and
    ``Td = (S1 - sigma_n)/(S1 - S3)`` (Ferrill et al. 1999).

    Parameters
    ----------
    normals : array_like, shape ``S + (3,)``
    axes : array_like, shape ``S + (3, 3)``
    compression : array_like, shape ``S + (3,)``
        S1 >= S2 >= S3 > 0, compression positive.
    """
    s = np.asarray(compression, dtype=float)
    normal, shear = resolve_tractions(normals, axes, s)
    spread = s[..., 0] - s[..., 2]
    largest = spread / (2.0 * np.sqrt(s[..., 0] * s[..., 2]))
    return shear / normal / largest, (s[..., 0] - normal) / spread


def predicted_rake(strike_deg: ArrayLike, dip_deg: ArrayLike, tensors: ArrayLike) -> Floats:
    """Return the rake of the slip that a stress would drive, degrees in (-180, 180].

    The slip of the hanging wall is along the shear traction ``sigma n - (n . sigma n) n``,
    tension positive, n pointing up (Wallace 1951, Bott 1959).

    Parameters
    ----------
    strike_deg, dip_deg : array_like, shape ``S``
    tensors : array_like, shape ``S + (3, 3)``
        Tension positive; north, east, down.
    """
    zero = np.zeros(np.shape(strike_deg))
    normal, along = fault_vectors(strike_deg, dip_deg, zero)
    _, up_dip = fault_vectors(strike_deg, dip_deg, zero + 90.0)
    traction = np.einsum("...ij,...j->...i", np.asarray(tensors, dtype=float), normal)
    rake = np.degrees(
        np.arctan2(np.sum(traction * up_dip, axis=-1), np.sum(traction * along, axis=-1))
    )
    return np.where(rake <= -180.0, 180.0, rake)
