"""Double couples: strike, dip and rake; normals and slips; quaternions; radiation.

Conventions. Cartesian axes are north, east, down. Strike is clockwise from north in
[0, 360), dip in [0, 90], rake in (-180, 180] (Aki & Richards 2002: dip to the right of
strike). The normal points up, out of the footwall; the slip is that of the hanging wall.
Take-off angles run from straight down (0) to straight up (180); azimuths clockwise from
north. Angles are degrees at every public border.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def fault_vectors(
    strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the unit normal and unit slip of fault planes.

    ``n = (-sin d sin f, sin d cos f, -cos d)`` and
    ``s = (cos l cos f + cos d sin l sin f, cos l sin f - cos d sin l cos f, -sin l sin d)``
    with strike ``f``, dip ``d`` and rake ``l`` (Aki & Richards 2002, eqs. 4.88-4.89).

    Parameters
    ----------
    strike_deg, dip_deg, rake_deg : array_like
        Angles in degrees, broadcast against each other to shape ``S``.

    Returns
    -------
    normal, slip : ndarray, shape ``S + (3,)``
        Unit vectors in north, east, down; the normal points up (``n[2] <= 0``).
    """
    f, d, r = np.broadcast_arrays(*(np.radians(a) for a in (strike_deg, dip_deg, rake_deg)))
    sf, cf, sd, cd, sr, cr = np.sin(f), np.cos(f), np.sin(d), np.cos(d), np.sin(r), np.cos(r)
    normal = np.stack([-sd * sf, sd * cf, -cd], axis=-1)
    slip = np.stack([cr * cf + cd * sr * sf, cr * sf - cd * sr * cf, -sr * sd], axis=-1)
    return normal, slip


def plane_angles(normal: ArrayLike, slip: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return strike, dip and rake of planes given by normal and slip.

    The inverse of :func:`fault_vectors`. A normal that points down is turned up together
    with its slip, which leaves the double couple unchanged. For a horizontal plane strike
    and rake are not separate; the strike is then chosen along the slip (rake 0).

    Parameters
    ----------
    normal, slip : array_like, shape ``S + (3,)``
        Orthogonal unit vectors in north, east, down.

    Returns
    -------
    strike_deg, dip_deg, rake_deg : ndarray, shape ``S``
    """
    n = np.asarray(normal, dtype=float)
    s = np.asarray(slip, dtype=float)
    down = (n[..., 2] > 0)[..., None]
    n = np.where(down, -n, n)
    s = np.where(down, -s, s)
    horizontal_part = np.hypot(n[..., 0], n[..., 1])
    flat = horizontal_part < 1e-7
    strike = np.where(flat, np.arctan2(s[..., 1], s[..., 0]), np.arctan2(-n[..., 0], n[..., 1]))
    dip = np.where(flat, 0.0, np.arctan2(horizontal_part, -n[..., 2]))
    along_strike = np.cos(strike) * s[..., 0] + np.sin(strike) * s[..., 1]
    up_dip = -s[..., 2] / np.where(flat, 1.0, np.sin(dip))
    rake = np.where(flat, 0.0, np.arctan2(up_dip, along_strike))
    strike_deg = np.degrees(strike) % 360.0
    strike_deg = np.where(strike_deg >= 360.0, 0.0, strike_deg)
    rake_deg = np.degrees(rake)
    rake_deg = np.where(rake_deg <= -180.0, 180.0, rake_deg)
    return strike_deg, np.degrees(dip), rake_deg


def auxiliary_plane(
    strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the other nodal plane of double couples, shapes and units as given."""
    normal, slip = fault_vectors(strike_deg, dip_deg, rake_deg)
    return plane_angles(slip, normal)


def moment_tensors(strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike) -> Floats:
    """Return moment tensors ``M = s n^T + n s^T`` of unit moment, shape ``S + (3, 3)``.

    Axes north, east, down. The eigenvalues are 1 (T axis), 0 (B axis) and -1 (P axis).
    """
    normal, slip = fault_vectors(strike_deg, dip_deg, rake_deg)
    outer = slip[..., :, None] * normal[..., None, :]
    return outer + np.swapaxes(outer, -1, -2)


def quaternions(strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike) -> Floats:
    """Return the unit quaternion of each double couple, shape ``S + (4,)``, scalar first.

    It is the rotation whose matrix has the T, P and B axes as columns. Half turns about
    these axes leave the double couple unchanged (they include the swap of the two nodal
    planes), so ``q, q i, q j, q k`` and their negatives all describe the same source.
    """
    axes = principal_axes(strike_deg, dip_deg, rake_deg)
    return _quaternions_from_frames(np.stack(axes, axis=-1))


def principal_axes(
    strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the unit vectors of the T, P and B axes, each shape ``S + (3,)``.

    ``t = (n + s)/sqrt 2``, ``p = (n - s)/sqrt 2``, ``b = t x p`` in north, east, down, so
    that (t, p, b) is right-handed. The signs of t and p are those of the formula.
    """
    normal, slip = fault_vectors(strike_deg, dip_deg, rake_deg)
    t = (normal + slip) * np.sqrt(0.5)
    p = (normal - slip) * np.sqrt(0.5)
    return t, p, np.cross(t, p)


def rotation_angle(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return the smallest rotation between double couples, in degrees (0 to 120).

    With the quaternions of the T-P-B frames, the four equivalent frames of a double couple
    are half turns about its own axes, which permute the components of the relative
    quaternion ``r = conj(q1) q2``: the angle is ``2 arccos(max |r_i|)`` (Kagan 1991).

    Parameters
    ----------
    first, second : array_like, shape ``S + (3,)``
        Strike, dip, rake in degrees along the last axis; broadcast.

    Returns
    -------
    ndarray, shape ``S``
    """
    a = np.asarray(first, dtype=float)
    b = np.asarray(second, dtype=float)
    q = quaternions(a[..., 0], a[..., 1], a[..., 2])
    r = quaternions(b[..., 0], b[..., 1], b[..., 2])
    largest = np.max(np.abs(relative_quaternions(q, r)), axis=-1)
    angle: Floats = np.degrees(2.0 * np.arccos(np.clip(largest, -1.0, 1.0)))
    return angle


def relative_quaternions(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return ``conj(first) * second`` for unit quaternions, scalar first, broadcast."""
    a = np.asarray(first, dtype=float)
    b = np.asarray(second, dtype=float)
    w = np.sum(a * b, axis=-1)
    av, bv = a[..., 1:], b[..., 1:]
    vector = a[..., :1] * bv - b[..., :1] * av - np.cross(av, bv)
    return np.concatenate([w[..., None], vector], axis=-1)


def ray_vectors(azimuth_deg: ArrayLike, takeoff_deg: ArrayLike) -> Floats:
    """Return unit ray directions at the source in north, east, down, shape ``S + (3,)``.

    ``takeoff_deg`` is 0 straight down and 180 straight up.
    """
    azimuth, takeoff = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(takeoff_deg))
    sine = np.sin(takeoff)
    return np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), np.cos(takeoff)], axis=-1)


def p_radiation(normal: ArrayLike, slip: ArrayLike, rays: ArrayLike) -> Floats:
    """Return the far-field P radiation ``2 (a.n)(a.s)``, from -1 to 1; positive is up.

    All arguments have shape ``S + (3,)`` and are broadcast.
    """
    a = np.asarray(rays, dtype=float)
    an = np.sum(a * np.asarray(normal), axis=-1)
    as_ = np.sum(a * np.asarray(slip), axis=-1)
    radiation: Floats = 2.0 * an * as_
    return radiation


def s_radiation(normal: ArrayLike, slip: ArrayLike, rays: ArrayLike) -> Floats:
    """Return the amplitude of the far-field S radiation, from 0 to 1.

    The vector is ``(a.n) s + (a.s) n - 2 (a.n)(a.s) a`` (Aki & Richards 2002, eq. 4.33);
    its length equals ``sqrt(cos^2 2t cos^2 f + cos^2 t sin^2 f)`` of the fault frame.
    """
    a = np.asarray(rays, dtype=float)
    n = np.asarray(normal, dtype=float)
    s = np.asarray(slip, dtype=float)
    an = np.sum(a * n, axis=-1)[..., None]
    as_ = np.sum(a * s, axis=-1)[..., None]
    length: Floats = np.linalg.norm(an * s + as_ * n - 2.0 * an * as_ * a, axis=-1)
    return length


def _quaternions_from_frames(frames: Floats) -> Floats:
    """Quaternions, scalar first, of right-handed frames given as matrix columns."""
    m = frames
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    squares = np.stack(
        [
            1.0 + trace,
            1.0 + 2.0 * m[..., 0, 0] - trace,
            1.0 + 2.0 * m[..., 1, 1] - trace,
            1.0 + 2.0 * m[..., 2, 2] - trace,
        ],
        axis=-1,
    )
    a = m[..., 2, 1] - m[..., 1, 2]
    b = m[..., 0, 2] - m[..., 2, 0]
    c = m[..., 1, 0] - m[..., 0, 1]
    xy = m[..., 0, 1] + m[..., 1, 0]
    xz = m[..., 0, 2] + m[..., 2, 0]
    yz = m[..., 1, 2] + m[..., 2, 1]
    rows = np.stack(
        [
            np.stack([squares[..., 0], a, b, c], axis=-1),
            np.stack([a, squares[..., 1], xy, xz], axis=-1),
            np.stack([b, xy, squares[..., 2], yz], axis=-1),
            np.stack([c, xz, yz, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    largest = np.argmax(squares, axis=-1)
    picked = np.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :]
    unit: Floats = picked / np.linalg.norm(picked, axis=-1, keepdims=True)
    return unit
