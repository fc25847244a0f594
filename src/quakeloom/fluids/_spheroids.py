"""Spheroids in a matrix: Wu's tensors, and effective moduli by three schemes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]

_ROUND = 0.999
"""Aspect ratio that stands for a sphere: the formulas of oblate spheroids divide by zero at 1, and
P and Q there differ from those of the sphere by less than 1e-5."""

_STEPS = 400
"""Iterations of the self-consistent scheme at most; thin pores of soft fluids take a hundred."""

_SETTLED = 1e-10
"""Relative change of the moduli at which the iteration ends."""


def spheroid_factors(
    matrix_k: ArrayLike, matrix_g: ArrayLike, inside_k: ArrayLike, inside_g: ArrayLike,
    aspect_ratio: ArrayLike,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return P and Q of randomly oriented oblate spheroids (Wu 1966; Berryman 1980).

    Parameters
    ----------
    matrix_k, matrix_g, inside_k, inside_g : array_like
        Bulk and shear moduli, in one unit, of one shape after broadcasting; may be complex, for
        derivatives by a complex step.
    aspect_ratio : array_like
        Short over long axis, above 0 and at most 1.

    Returns
    -------
    P, Q : ndarray
        Strain inside over that far away, averaged over orientations: compression and shear.
    """
    km, gm, ki, gi, a = (np.asarray(v) for v in (matrix_k, matrix_g, inside_k, inside_g,
                                                 aspect_ratio))  # fmt: skip
    a = np.where(np.real(a) > _ROUND, _ROUND, a)
    root = np.sqrt(1.0 - a * a)
    theta = a / root**3 * (_arc_cosine(a) - a * root)
    f = a * a / (1.0 - a * a) * (3.0 * theta - 2.0)
    big_a = gi / gm - 1.0
    big_b = (ki / km - gi / gm) / 3.0
    r = 3.0 * gm / (3.0 * km + 4.0 * gm)
    f1 = 1.0 + big_a * (1.5 * (f + theta) - r * (1.5 * f + 2.5 * theta - 4.0 / 3.0))
    f2 = (
        1.0
        + big_a * (1.0 + 1.5 * (f + theta) - 0.5 * r * (3.0 * f + 5.0 * theta))
        + big_b * (3.0 - 4.0 * r)
        + 0.5 * big_a * (big_a + 3.0 * big_b) * (3.0 - 4.0 * r)
        * (f + theta - r * (f - theta + 2.0 * theta * theta))
    )  # fmt: skip
    f3 = 1.0 + big_a * (1.0 - (f + 1.5 * theta) + r * (f + theta))
    f4 = 1.0 + 0.25 * big_a * (f + 3.0 * theta - r * (f - theta))
    f5 = big_a * (-f + r * (f + theta - 4.0 / 3.0)) + big_b * theta * (3.0 - 4.0 * r)
    f6 = 1.0 + big_a * (1.0 + f - r * (f + theta)) + big_b * (1.0 - theta) * (3.0 - 4.0 * r)
    f7 = (
        2.0 + 0.25 * big_a * (3.0 * f + 9.0 * theta - r * (3.0 * f + 5.0 * theta))
        + big_b * theta * (3.0 - 4.0 * r)
    )  # fmt: skip
    f8 = (
        big_a * (1.0 - 2.0 * r + 0.5 * f * (r - 1.0) + 0.5 * theta * (5.0 * r - 3.0))
        + big_b * (1.0 - theta) * (3.0 - 4.0 * r)
    )  # fmt: skip
    f9 = big_a * ((r - 1.0) * f - r * theta) + big_b * theta * (3.0 - 4.0 * r)
    p = f1 / f2
    q = (2.0 / f3 + 1.0 / f4 + (f4 * f5 + f6 * f7 - f8 * f9) / (f2 * f4)) / 5.0
    return p, q


def _arc_cosine(a: NDArray) -> NDArray:
    """Arc cosine whose complex step is that of the real axis."""
    if np.iscomplexobj(a):
        return np.asarray(np.arccos(a.real) - 1j * a.imag / np.sqrt(1.0 - a.real**2))
    return np.asarray(np.arccos(a))


@compiled(nogil=True, error_model="numpy")
def _factors(km: float, gm: float, ki: float, gi: float, shape: tuple[float, float]) -> tuple[
    float, float
]:  # fmt: skip
    """P and Q as above for single numbers; ``shape`` is (theta, f) of the aspect ratio."""
    theta, f = shape
    a = gi / gm - 1.0
    b = (ki / km - gi / gm) / 3.0
    r = 3.0 * gm / (3.0 * km + 4.0 * gm)
    s = 3.0 - 4.0 * r
    f1 = 1.0 + a * (1.5 * (f + theta) - r * (1.5 * f + 2.5 * theta - 4.0 / 3.0))
    f2 = 1.0 + a * (1.0 + 1.5 * (f + theta) - 0.5 * r * (3.0 * f + 5.0 * theta)) + b * s
    f2 += 0.5 * a * (a + 3.0 * b) * s * (f + theta - r * (f - theta + 2.0 * theta * theta))
    f3 = 1.0 + a * (1.0 - (f + 1.5 * theta) + r * (f + theta))
    f4 = 1.0 + 0.25 * a * (f + 3.0 * theta - r * (f - theta))
    f5 = a * (-f + r * (f + theta - 4.0 / 3.0)) + b * theta * s
    f6 = 1.0 + a * (1.0 + f - r * (f + theta)) + b * (1.0 - theta) * s
    f7 = 2.0 + 0.25 * a * (3.0 * f + 9.0 * theta - r * (3.0 * f + 5.0 * theta)) + b * theta * s
    f8 = a * (1.0 - 2.0 * r + 0.5 * f * (r - 1.0) + 0.5 * theta * (5.0 * r - 3.0))
    f8 += b * (1.0 - theta) * s
    f9 = a * ((r - 1.0) * f - r * theta) + b * theta * s
    return f1 / f2, (2.0 / f3 + 1.0 / f4 + (f4 * f5 + f6 * f7 - f8 * f9) / (f2 * f4)) / 5.0


@compiled(nogil=True, error_model="numpy")
def _shape(aspect_ratio: float) -> tuple[float, float]:
    """Theta and f of an aspect ratio."""
    a = min(aspect_ratio, _ROUND)
    root = np.sqrt(1.0 - a * a)
    theta = a / root**3 * (np.arccos(a) - a * root)
    return theta, a * a / (1.0 - a * a) * (3.0 * theta - 2.0)


@compiled(nogil=True, error_model="numpy")
def self_consistent_grid(
    solid: tuple[float, float], inside: tuple[float, float], porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return self-consistent moduli (Berryman 1980) over porosities and aspect ratios.

    Grains are spheres, pores spheroids; both lie in the effective medium. Each porosity starts from
    the moduli of the one before, so porosities must grow.

    Returns
    -------
    bulk, shear : ndarray, (porosities, ratios)
        NaN where the iteration does not settle; 0 for a shear modulus that has vanished.
    """
    ks, gs = solid
    ki, gi = inside
    bulk = np.full((porosities.size, ratios.size), np.nan)
    shear = np.full((porosities.size, ratios.size), np.nan)
    sphere = _shape(1.0)
    for j in range(ratios.size):
        pore = _shape(ratios[j])
        k, g = ks, gs
        for i in range(porosities.size):
            phi = porosities[i]
            for _ in range(_STEPS):
                ps, qs = _factors(k, g, ks, gs, sphere)
                pf, qf = _factors(k, g, ki, gi, pore)
                new_k = ((1.0 - phi) * ks * ps + phi * ki * pf) / ((1.0 - phi) * ps + phi * pf)
                new_g = ((1.0 - phi) * gs * qs + phi * gi * qf) / ((1.0 - phi) * qs + phi * qf)
                new_g = max(new_g, 1e-9 * gs)
                done = abs(new_k - k) < _SETTLED * ks and abs(new_g - g) < _SETTLED * gs
                k, g = new_k, new_g
                if done:
                    bulk[i, j], shear[i, j] = k, g
                    break
            if not k > 0:
                break
    return bulk, shear


@compiled(nogil=True, error_model="numpy")
def differential_grid(
    solid: tuple[float, float], inside: tuple[float, float], porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return moduli of the differential scheme (Norris 1985) over porosities and aspect ratios.

    ``dK/dphi = (K_i - K) P / (1 - phi)`` and likewise G, from the solid on, by Runge-Kutta steps of
    fourth order no longer than a quarter of an aspect ratio's own porosity.
    """
    ki, gi = inside
    bulk = np.empty((porosities.size, ratios.size))
    shear = np.empty((porosities.size, ratios.size))
    for j in range(ratios.size):
        shape = _shape(ratios[j])
        k, g = solid
        at = 0.0
        for i in range(porosities.size):
            count = int(np.ceil((porosities[i] - at) / (0.25 * min(ratios[j], 0.2)))) + 1
            h = (porosities[i] - at) / count
            for _ in range(count):
                a0, b0 = _slope(k, g, at, (ki, gi), shape)
                a1, b1 = _slope(k + 0.5 * h * a0, g + 0.5 * h * b0, at + 0.5 * h, (ki, gi), shape)
                a2, b2 = _slope(k + 0.5 * h * a1, g + 0.5 * h * b1, at + 0.5 * h, (ki, gi), shape)
                a3, b3 = _slope(k + h * a2, g + h * b2, at + h, (ki, gi), shape)
                k += h * (a0 + 2.0 * a1 + 2.0 * a2 + a3) / 6.0
                g = max(g + h * (b0 + 2.0 * b1 + 2.0 * b2 + b3) / 6.0, 1e-9 * solid[1])
                k = max(k, 1e-9 * solid[0])
                at += h
            bulk[i, j], shear[i, j] = k, g
    return bulk, shear


@compiled(nogil=True, error_model="numpy")
def _slope(
    k: float, g: float, phi: float, inside: tuple[float, float], shape: tuple[float, float]
) -> tuple[float, float]:
    p, q = _factors(k, g, inside[0], inside[1], shape)
    return (inside[0] - k) * p / (1.0 - phi), (inside[1] - g) * q / (1.0 - phi)
