"""Faults that are near failure, and the direction in which they slip."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled
from quakeloom.simulate._counted_random import normal, uniform

Floats = NDArray[np.float64]

_TRIES = 500
"""Planes that are tried before the most unstable one of them is taken; chosen here: a narrow range
of instability refuses nearly all, and the search must end."""


def resolved_shear(tensor: ArrayLike, normal_vector: ArrayLike) -> Floats:
    """Return the unit direction of slip of the hanging wall (Wallace 1951, Bott 1959).

    With tension positive and the normal pointing up, out of the footwall, the hanging wall
    slips along the shear traction ``S n - (n.S n) n``.

    Parameters
    ----------
    tensor : array_like, shape ``S + (3, 3)``
        Stress, tension positive, axes north, east, down.
    normal_vector : array_like, shape ``S + (3,)``
        Unit normals that point up.

    Returns
    -------
    ndarray, shape ``S + (3,)``
        NaN where there is no shear traction.
    """
    n = np.asarray(normal_vector, dtype=float)
    traction = np.einsum("...ij,...j->...i", np.asarray(tensor, dtype=float), n)
    shear = traction - np.sum(traction * n, axis=-1, keepdims=True) * n
    length = np.linalg.norm(shear, axis=-1, keepdims=True)
    return np.asarray(np.where(length > 1e-12, shear / np.where(length > 0, length, 1.0), np.nan))


def fault_instability(tensor: ArrayLike, normal_vector: ArrayLike, friction: ArrayLike) -> Floats:
    """Return how near planes are to failure, from 0 to 1 (Vavrycuk 2014, GJI 199, 69).

    ``I = (t - mu (s - 1)) / (mu + sqrt(1 + mu^2))`` with shear ``t`` and normal stress ``s``
    (compression positive) of the stress scaled to principal values 1, 1 - 2R and -1.

    Parameters
    ----------
    tensor : array_like, shape ``S + (3, 3)``
        Stress, tension positive, any scale.
    normal_vector : array_like, shape ``S + (3,)``
    friction : array_like, shape ``S``
    """
    sigma = np.asarray(tensor, dtype=float)
    n = np.asarray(normal_vector, dtype=float)
    mu = np.asarray(friction, dtype=float)
    eigenvalues = np.linalg.eigvalsh(sigma)
    middle = 0.5 * (eigenvalues[..., 2] + eigenvalues[..., 0])
    half = 0.5 * (eigenvalues[..., 2] - eigenvalues[..., 0])
    traction = np.einsum("...ij,...j->...i", sigma, n)
    along = np.sum(traction * n, axis=-1)
    shear = np.sqrt(np.maximum(np.sum(traction**2, axis=-1) - along**2, 0.0)) / half
    pressure = -(along - middle) / half
    instability: Floats = (shear - mu * (pressure - 1.0)) / (mu + np.sqrt(1.0 + mu**2))
    return instability


@compiled(error_model="numpy")
def draw_planes(
    keys: NDArray[np.uint64],
    stress: Floats,
    friction: float,
    friction_scatter: float,
    width: float,
    base: int,
) -> Floats:
    """Draw one unit normal per key, more likely the nearer the plane is to failure.

    Normals come evenly from the upper hemisphere and are kept with probability
    ``exp(-(1 - I)/width)``; after 500 refusals the most unstable one seen is taken.

    Parameters
    ----------
    keys : uint64 array, shape (n,)
    stress : float64 array, shape (n, 3, 3)
        Tension positive, differential stress 1, trace 0.
    base : int
        First random number to use.
    """
    out = np.empty((keys.size, 3))
    for i in range(keys.size):
        key = keys[i]
        # Without friction all planes at 45 degrees would do, so some is kept.
        mu = max(0.05, friction + friction_scatter * normal(key, base // 2))
        scale = mu + math.sqrt(1.0 + mu * mu)
        # Principal values are needed only as middle of greatest and least; with trace 0 and
        # difference 1 they are those of the reduced stress up to the middle.
        middle = _middle(stress[i])
        best = -1.0
        for k in range(_TRIES):
            n = base + 2 + 3 * k
            down = -uniform(key, n)
            flat = math.sqrt(1.0 - down * down)
            azimuth = 2.0 * math.pi * uniform(key, n + 1)
            a, b, c = flat * math.cos(azimuth), flat * math.sin(azimuth), down
            s = stress[i]
            t0 = s[0, 0] * a + s[0, 1] * b + s[0, 2] * c
            t1 = s[1, 0] * a + s[1, 1] * b + s[1, 2] * c
            t2 = s[2, 0] * a + s[2, 1] * b + s[2, 2] * c
            along = t0 * a + t1 * b + t2 * c
            # Rounding makes the square of a vanishing shear traction negative.
            shear = math.sqrt(max(0.0, t0 * t0 + t1 * t1 + t2 * t2 - along * along))
            instability = (2.0 * shear - mu * (-2.0 * (along - middle) - 1.0)) / scale
            if instability > best:
                best = instability
                out[i, 0], out[i, 1], out[i, 2] = a, b, c
            if uniform(key, n + 2) < math.exp((instability - 1.0) / width):
                out[i, 0], out[i, 1], out[i, 2] = a, b, c
                break
    return out


@compiled(error_model="numpy")
def _middle(s: Floats) -> float:
    """Mean of greatest and least eigenvalue: minus half the middle one of a trace-free tensor."""
    # Closed form for symmetric 3 x 3 (Smith 1961): an eigenvalue solver per try costs more than
    # all the rest of it.
    p = math.sqrt(
        (
            s[0, 0] ** 2
            + s[1, 1] ** 2
            + s[2, 2] ** 2
            + 2.0 * (s[0, 1] ** 2 + s[0, 2] ** 2 + s[1, 2] ** 2)
        )
        / 6.0
    )
    det = (
        s[0, 0] * (s[1, 1] * s[2, 2] - s[1, 2] ** 2)
        - s[0, 1] * (s[0, 1] * s[2, 2] - s[1, 2] * s[0, 2])
        + s[0, 2] * (s[0, 1] * s[1, 2] - s[1, 1] * s[0, 2])
    )
    r = min(1.0, max(-1.0, 0.5 * det / p**3))
    angle = math.acos(r) / 3.0
    greatest = 2.0 * p * math.cos(angle)
    least = 2.0 * p * math.cos(angle + 2.0 * math.pi / 3.0)
    return 0.5 * (greatest + least)


def tilt_planes(normals: Floats, deviates: Floats, angle_deg: float) -> Floats:
    """Return normals turned by about ``angle_deg`` in random directions, pointing up."""
    turned = normals + np.radians(angle_deg) * deviates
    turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
    return np.asarray(np.where(turned[..., 2:] > 0, -turned, turned))


def slip_directions(
    tensor: Floats, normals: Floats, deviates: Floats, rake_scatter_deg: float
) -> Floats:
    """Return slip along the resolved shear, turned in the plane by normal deviates."""
    shear = resolved_shear(tensor, normals)
    # A plane without shear traction slips along its strike rather than nowhere.
    strike = np.stack([normals[..., 1], -normals[..., 0], np.zeros(normals.shape[:-1])], axis=-1)
    length = np.linalg.norm(strike, axis=-1, keepdims=True)
    strike = np.where(length > 0, strike / np.where(length > 0, length, 1.0), [1.0, 0.0, 0.0])
    shear = np.where(np.isfinite(shear), shear, strike)
    across = np.cross(normals, shear)
    angle = np.radians(rake_scatter_deg * deviates)[..., None]
    return np.asarray(np.cos(angle) * shear + np.sin(angle) * across)
