"""What a stress tensor means: principal axes, shape ratio, SHmax, faulting regime.

Stress is tension positive; S1 is the most compressive principal stress. Axes are north,
east, down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled
from quakeloom.stress._mechanisms import Basis, tensor_basis

Floats = NDArray[np.float64]

REGIMES = ("NF", "NS", "SS", "TS", "TF", "U")
"""World Stress Map classes: normal, normal with strike-slip, strike-slip, thrust with
strike-slip, thrust, undefined."""


@dataclass(frozen=True)
class StressDescription:
    """Quantities of stress tensors, each of shape ``S`` unless said.

    Attributes
    ----------
    values : ndarray, shape ``S + (3,)``
        Principal stresses S1, S2, S3, ascending, tension positive.
    axes : ndarray, shape ``S + (3, 3)``
        Unit vectors of S1, S2, S3 as rows; north, east, down; pointing down.
    azimuth_deg, plunge_deg : ndarray, shape ``S + (3,)``
        Of S1, S2, S3; azimuth in [0, 360) of the end that points down.
    shape_ratio : ndarray
        ``(S2 - S3)/(S1 - S3)``, 0 to 1.
    shmax_deg : ndarray
        Direction of largest horizontal compression, [0, 180).
    a_phi : ndarray
        Regime number from 0 (radial extension) to 3 (radial compression).
    regime : ndarray of int8
        Index into :data:`REGIMES`.
    """

    values: Floats
    axes: Floats
    azimuth_deg: Floats
    plunge_deg: Floats
    shape_ratio: Floats
    shmax_deg: Floats
    a_phi: Floats
    regime: NDArray[np.int8]


@compiled()
def diagonalize(a: Floats, v: Floats, values: Floats, axes: Floats) -> None:
    """Diagonalize one symmetric 3 x 3 matrix ``a`` (destroyed), ``v`` being scratch.

    Cyclic Jacobi rotations: as exact for nearly equal eigenvalues as for distinct ones.
    """
    for i in range(3):
        for j in range(3):
            v[i, j] = 1.0 if i == j else 0.0
    for _ in range(30):
        off = a[0, 1] ** 2 + a[0, 2] ** 2 + a[1, 2] ** 2
        if off <= 1e-32 * (a[0, 0] ** 2 + a[1, 1] ** 2 + a[2, 2] ** 2) or off == 0.0:
            break
        for p in range(2):
            for q in range(p + 1, 3):
                if a[p, q] == 0.0:
                    continue
                theta = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
                tangent = 1.0 / (abs(theta) + np.sqrt(theta * theta + 1.0))
                if theta < 0.0:
                    tangent = -tangent
                c = 1.0 / np.sqrt(tangent * tangent + 1.0)
                s = tangent * c
                r = 3 - p - q
                apq = a[p, q]
                a[p, p] -= tangent * apq
                a[q, q] += tangent * apq
                a[p, q] = 0.0
                a[q, p] = 0.0
                arp, arq = a[r, p], a[r, q]
                a[r, p] = c * arp - s * arq
                a[p, r] = a[r, p]
                a[r, q] = s * arp + c * arq
                a[q, r] = a[r, q]
                for k in range(3):
                    vp, vq = v[k, p], v[k, q]
                    v[k, p] = c * vp - s * vq
                    v[k, q] = s * vp + c * vq
    low, middle, high = 0, 1, 2
    if a[low, low] > a[middle, middle]:
        low, middle = middle, low
    if a[middle, middle] > a[high, high]:
        middle, high = high, middle
    if a[low, low] > a[middle, middle]:
        low, middle = middle, low
    for k, o in enumerate((low, middle, high)):
        values[k] = a[o, o]
        sign = -1.0 if v[2, o] < 0.0 else 1.0
        for i in range(3):
            axes[k, i] = sign * v[i, o]


@compiled()
def _eigen(tensors: Floats, values: Floats, axes: Floats) -> None:
    """Fill principal stresses and their axes of many tensors."""
    a = np.empty((3, 3))
    v = np.empty((3, 3))
    for t in range(tensors.shape[0]):
        a[:] = tensors[t]
        diagonalize(a, v, values[t], axes[t])


def stress_tensors(components: ArrayLike, basis: Basis = "orthonormal") -> Floats:
    """Return tensors of components, shape ``S + (3, 3)``; tension positive, north, east, down."""
    m = np.asarray(components, dtype=float)
    tensors: Floats = np.einsum("...k,kij->...ij", m, tensor_basis(basis))
    return tensors


def stress_components(tensors: ArrayLike) -> Floats:
    """Return orthonormal components of the deviatoric part of tensors, shape ``S + (5,)``."""
    components: Floats = np.einsum(
        "...ij,kij->...k", np.asarray(tensors, dtype=float), tensor_basis()
    )
    return components


def describe_stress(components: ArrayLike) -> StressDescription:
    """Return principal axes, shape ratio, SHmax and regime of stress tensors.

    Parameters
    ----------
    components : array_like, shape ``S + (5,)``
        In the orthonormal basis, tension positive. NaN gives NaN and regime ``U``.

    Returns
    -------
    StressDescription
    """
    m = np.asarray(components, dtype=float)
    shape = m.shape[:-1]
    flat = m.reshape(-1, 5)
    known = np.isfinite(flat).all(axis=1)
    tensors = stress_tensors(np.where(known[:, None], flat, 0.0))
    values = np.empty((flat.shape[0], 3))
    axes = np.empty((flat.shape[0], 3, 3))
    _eigen(tensors, values, axes)
    values[~known] = np.nan
    axes[~known] = np.nan
    azimuth = np.degrees(np.arctan2(axes[..., 1], axes[..., 0])) % 360.0
    plunge = np.degrees(np.arcsin(np.clip(axes[..., 2], -1.0, 1.0)))
    ratio = shape_ratio(values)
    shmax = shmax_direction(tensors)
    shmax[~known] = np.nan
    return StressDescription(
        values.reshape(*shape, 3),
        axes.reshape(*shape, 3, 3),
        azimuth.reshape(*shape, 3),
        plunge.reshape(*shape, 3),
        ratio.reshape(shape),
        shmax.reshape(shape),
        regime_number(plunge, ratio).reshape(shape),
        classify_regime(plunge).reshape(shape),
    )


def shape_ratio(values: ArrayLike) -> Floats:
    """Return ``phi = (S2 - S3)/(S1 - S3)`` of principal stresses S1, S2, S3, last axis.

    The ratio has the same value for either sign convention. It is NaN where S1 = S3.
    """
    s = np.asarray(values, dtype=float)
    spread = s[..., 0] - s[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread == 0.0, np.nan, (s[..., 1] - s[..., 2]) / spread)


def shmax_direction(tensors: ArrayLike) -> Floats:
    """Return the azimuth of the largest horizontal compression, degrees in [0, 180).

    It is the eigenvector of the horizontal 2 x 2 block, ``a = atan2(2 c_NE, c_NN - c_EE)/2``
    with compression ``c = -sigma``: equal to :func:`shmax_lund_townend` and free of its
    singularities. Where both horizontal stresses are equal it has no meaning (0 is returned).

    Parameters
    ----------
    tensors : array_like, shape ``S + (3, 3)``
        Tension positive; north, east, down.
    """
    s = np.asarray(tensors, dtype=float)
    angle = 0.5 * np.degrees(np.arctan2(-2.0 * s[..., 0, 1], s[..., 1, 1] - s[..., 0, 0])) % 180.0
    return np.where(angle >= 180.0, 0.0, angle)


def shmax_lund_townend(axes: ArrayLike, ratio: ArrayLike) -> Floats:
    """Return SHmax from principal axes and the shape ratio alone, degrees in [0, 180).

    ``tan 2a = 2 (s1N s1E + phi s2N s2E) / ((s1N^2 - s1E^2) + phi (s2N^2 - s2E^2))`` with
    ``phi = (S2 - S3)/(S1 - S3) = 1 - R``; of its two roots, 90 degrees apart, the one with the
    larger compression.

    Parameters
    ----------
    axes : array_like, shape ``S + (3, 3)``
        Unit vectors of S1, S2, S3 as rows; north, east, down.
    ratio : array_like, shape ``S``
        Shape ratio ``(S2 - S3)/(S1 - S3)``.

    References
    ----------
    Lund, B. & Townend, J. (2007). Calculating horizontal stress orientations with full or
    partial knowledge of the tectonic stress tensor. Geophys. J. Int. 170, 1328-1335.
    """
    a = np.asarray(axes, dtype=float)
    phi = np.asarray(ratio, dtype=float)
    n1, e1, n2, e2 = a[..., 0, 0], a[..., 0, 1], a[..., 1, 0], a[..., 1, 1]
    top = 2.0 * (n1 * e1 + phi * n2 * e2)
    bottom = (n1**2 - e1**2) + phi * (n2**2 - e2**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = 0.5 * np.arctan(top / bottom)
    root = np.where(np.isnan(root), 0.0, root)

    def compression(angle: Floats) -> Floats:
        c, s = np.cos(angle), np.sin(angle)
        value: Floats = (c * n1 + s * e1) ** 2 + phi * (c * n2 + s * e2) ** 2
        return value

    other = root + 0.5 * np.pi
    best = np.where(compression(root) >= compression(other), root, other)
    out = np.degrees(best) % 180.0
    return np.where(out >= 180.0, 0.0, out)


def regime_number(plunge_deg: ArrayLike, ratio: ArrayLike) -> Floats:
    """Return ``A_phi = (n + 0.5) + (-1)^n (phi - 0.5)`` (Simpson 1997), 0 to 3.

    n is 0 (normal), 1 (strike-slip) or 2 (thrust) where S1, S2 or S3 plunges most steeply,
    and phi is the shape ratio ``(S2 - S3)/(S1 - S3)``.

    References
    ----------
    Simpson, R. W. (1997). Quantifying Anderson's fault types. J. Geophys. Res. 102,
    17909-17919.
    """
    plunge = np.asarray(plunge_deg, dtype=float)
    n = np.argmax(np.nan_to_num(plunge), axis=-1)
    phi = np.asarray(ratio, dtype=float)
    number: Floats = (n + 0.5) + np.where(n == 1, -1.0, 1.0) * (phi - 0.5)
    return number


def classify_regime(plunge_deg: ArrayLike) -> NDArray[np.int8]:
    """Return World Stress Map regimes from the plunges of S1, S2, S3 (as of P, B, T).

    NF: S1 >= 52, S3 <= 35. NS: 40 <= S1 < 52, S3 <= 20. SS: S1 < 40, S2 >= 45, S3 <= 20, or
    S1 <= 20, S2 >= 45, S3 < 40. TS: S1 <= 20, 40 <= S3 < 52. TF: S1 <= 35, S3 >= 52. Else U.

    Returns
    -------
    ndarray of int8
        Indices into :data:`REGIMES`.

    References
    ----------
    Zoback, M. L. (1992). First- and second-order patterns of stress in the lithosphere: the
    World Stress Map project. J. Geophys. Res. 97, 11703-11728.
    """
    p, b, t = np.moveaxis(np.asarray(plunge_deg, dtype=float), -1, 0)
    strike_slip = (b >= 45) & (((p < 40) & (t <= 20)) | ((p <= 20) & (t < 40)))
    rules = [
        (p >= 52) & (t <= 35),
        (p >= 40) & (p < 52) & (t <= 20),
        strike_slip,
        (p <= 20) & (t >= 40) & (t < 52),
        (p <= 35) & (t >= 52),
    ]
    return np.select(rules, np.arange(5), default=5).astype(np.int8)


def axial_difference(first_deg: ArrayLike, second_deg: ArrayLike) -> Floats:
    """Return first minus second of directions without sense, degrees in [-90, 90)."""
    difference: Floats = np.asarray(first_deg, dtype=float) - np.asarray(second_deg, dtype=float)
    return (difference + 90.0) % 180.0 - 90.0


def shmax_deviations(shmax_deg: ArrayLike, low_deg: ArrayLike, high_deg: ArrayLike) -> Floats:
    """Return the ends of ranges of SHmax as deviations from it, shape (nodes, 2), degrees.

    Parameters
    ----------
    shmax_deg, low_deg, high_deg : array_like, shape (nodes,)
        Columns ``shmax_deg``, ``shmax_low_deg`` and ``shmax_high_deg`` of table ``stress``.
    """
    middle = np.asarray(shmax_deg, dtype=float)
    low, high = (np.asarray(end, dtype=float) - middle for end in (low_deg, high_deg))
    # a range that leaves out the best direction is drawn and judged up to it
    return np.stack([np.minimum(low, 0.0), np.maximum(high, 0.0)], axis=1)
