"""How probable a plane is in a stress: as a fault near failure, or as that of a known fault.

The formulas stand in :mod:`quakeloom.stress._slip_likelihood`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.stress._bessel import log_bessel

Floats = NDArray[np.float64]


_TINY = 1e-12
"""Added to squares of tractions before division."""


@compiled(**UNCOUNTED)
def _log_frequency(normal: float, shear: float, shape: Floats, given: Floats) -> float:
    """Return how far above I0 a plane is, in widths w; compression is positive in ``normal``."""
    mu = given[2]
    sigma = -(normal - shape[1]) * 2.0 / shape[0]
    most = mu + np.sqrt(1.0 + mu * mu)
    instability = (shear * 2.0 / shape[0] - mu * (sigma - 1.0)) / most
    return float((instability - given[0]) / given[1])


@compiled(**UNCOUNTED)
def plane_probability(
    q: Floats, shape: Floats, given: Floats, added: float, slope: Floats, outer: Floats
) -> tuple[float, float]:
    """Return ``ln P`` of one plane without ``ln Z``, and the part of h in it; fill derivatives.

    ``q`` is (nn, ss, ns, nb, sb), ``shape`` (spread, middle) of the stress and what
    :func:`log_bessel` gives for ``1 / t^2``, ``given`` (I0, w, mu, t), ``added`` what is added to h
    (a logarithm) for the fault that the event may lie on. ``slope`` gets the derivatives by q,
    ``outer`` those by spread and middle.
    """
    nn, a, c = q[0], q[2], q[3]
    mu, t = given[2], given[3]
    spread, middle = shape[0], shape[1]
    tau2 = a * a + c * c + _TINY * spread * spread
    tau = np.sqrt(tau2)
    concentration = 1.0 / (t * t)
    value = concentration * (a / tau - 1.0) - shape[2]
    by_tau2 = -0.5 * concentration * a / (tau2 * tau)
    slope[1], slope[4] = 0.0, 0.0
    slope[2] = by_tau2 * 2.0 * a + concentration / tau
    slope[3] = by_tau2 * 2.0 * c
    above = _log_frequency(nn, tau, shape, given)
    few = np.exp(-abs(above))
    frequent = min(above, 0.0) - np.log1p(few)
    own = 1.0
    if added > -600.0:
        top = max(frequent, added)
        both = np.exp(frequent - top) + np.exp(added - top)
        own = np.exp(frequent - top) / both
        frequent = top + np.log(both)
    value += frequent
    # instability of the reduced stress; compression positive there
    scale = 2.0 / spread
    most = mu + np.sqrt(1.0 + mu * mu)
    by = own * (few if above > 0.0 else 1.0) / (1.0 + few) / (given[1] * most)
    slope[0] = by * mu * scale
    slope[2] += by * scale * a / tau
    slope[3] += by * scale * c / tau
    outer[0] = -by * scale * (tau + mu * (nn - middle)) / spread
    outer[1] = -by * mu * scale
    return float(value), float(own)


@compiled(**UNCOUNTED)
def linear_probability(
    q: Floats, shape: Floats, given: Floats, unknown: float
) -> tuple[float, float]:
    """Return the logarithms of slip's density and of h where an error of the normal is not known.

    ``unknown`` is the standard deviation of the normal about each axis, in radians. The turning of
    the shear traction is linearized, and h taken where the normal is.
    """
    nn, ss, a, c, f = q[0], q[1], q[2], q[3], q[4]
    tau2 = a * a + c * c + _TINY * shape[0] * shape[0]
    # how fast the shear traction turns as the normal turns about slip and about the null axis
    d, e = 2.0 * nn + ss, ss - nn
    p, r = a * d + c * f, a * f - c * e
    steep = (p * p + r * r) / (tau2 * tau2)
    tau = np.sqrt(tau2)
    concentration = 1.0 / (given[3] ** 2 + steep * unknown**2)
    slips = concentration * (a / tau - 1.0) - log_bessel(concentration)[0]
    above = _log_frequency(nn, tau, shape, given)
    return float(slips), float(min(above, 0.0) - np.log1p(np.exp(-abs(above))))


@compiled(**UNCOUNTED)
def fault_probability(
    q: Floats, shape: Floats, given: Floats, slope: Floats, outer: Floats
) -> float:
    """Return ``ln h`` of a fault without ``ln Z``; derivatives as of :func:`plane_probability`."""
    nn, a, c = q[0], q[2], q[3]
    mu, spread, middle = given[2], shape[0], shape[1]
    tau = np.sqrt(a * a + c * c + _TINY * spread * spread)
    scale = 2.0 / spread
    most = mu + np.sqrt(1.0 + mu * mu)
    above = _log_frequency(nn, tau, shape, given)
    few = np.exp(-abs(above))
    by = (few if above > 0.0 else 1.0) / (1.0 + few) / (given[1] * most)
    slope[:] = 0.0
    slope[0] = by * mu * scale
    slope[2] = by * scale * a / tau
    slope[3] = by * scale * c / tau
    outer[0] = -by * scale * (tau + mu * (nn - middle)) / spread
    outer[1] = -by * mu * scale
    return float(min(above, 0.0) - np.log1p(few))


@compiled(**UNCOUNTED)
def log_watson_mean(concentration: float) -> float:
    """Return the logarithm of Kummer's M(1/2, 3/2, c): the mean of ``exp(c u^2)`` over directions.

    The terms of its series, ``c^k / (k! (2 k + 1))``, are added until they no longer matter; far
    out those of its asymptotic series, whose error is below 1e-6 there.
    """
    if concentration > 40.0:
        x = 1.0 / (2.0 * concentration)
        tail = x * (1.0 + x * (3.0 + x * (15.0 + 105.0 * x)))
        return float(concentration + np.log(x) + np.log1p(tail))
    total, term, k = 1.0, 1.0, 0
    while k < 200:
        k += 1
        term *= concentration / k
        part = term / (2 * k + 1)
        total += part
        if part < 1e-12 * total:
            break
    return float(np.log(total))


@compiled(**UNCOUNTED)
def log_share(fault: Floats, normal: Floats) -> float:
    """Return ``ln (p W / (1 - p))`` of a normal: how much more a fault has of it than chance."""
    cosine = fault[0] * normal[0] + fault[1] * normal[1] + fault[2] * normal[2]
    share: float = fault[3]
    value = np.log(share / (1.0 - share)) + fault[4] * cosine * cosine
    return float(value - log_watson_mean(fault[4]))


@compiled(**UNCOUNTED)
def linear_share(fault: Floats, frame: Floats, error: float) -> tuple[float, float, float, float]:
    """Return what :func:`log_share` has of a normal whose error is not known, and its likely error.

    Parameters
    ----------
    fault : ndarray, shape (5,)
    frame : ndarray, shape (3, 3)
        Normal, slip, and the axis across both.
    error : float
        Of the normal about each axis, radians.

    Returns
    -------
    value : float
        ``ln (p W / (1 - p))`` with W as wide as scatter and error together.
    x, y : float
        Angles that turn the normal to where it is likely, towards slip and the third axis.
    left : float
        Standard deviation about that, radians.
    """
    n, s, b = 0.0, 0.0, 0.0
    for i in range(3):
        n += fault[i] * frame[0, i]
        s += fault[i] * frame[1, i]
        b += fault[i] * frame[2, i]
    if n < 0.0:
        n, s, b = -n, -s, -b
    square = 1.0 / (2.0 * fault[4])
    gain = error * error / (error * error + square)
    across = np.sqrt(s * s + b * b)
    far = gain * np.arctan2(across, n) / max(across, 1e-12)
    concentration = 0.5 / (square + error * error)
    share: float = fault[3]
    value = np.log(share / (1.0 - share)) + concentration * n * n
    value -= log_watson_mean(concentration)
    return float(value), float(far * s), float(far * b), float(np.sqrt(gain * square))


@compiled(**UNCOUNTED)
def slope_of_share(
    frame: Floats, plane: int, x: float, y: float, fault: Floats, part: float, by: Floats
) -> None:
    """Add the derivatives of a fault's density by the angles x and y that turned a normal."""
    n, s = frame[plane], frame[1 - plane]
    size = np.sqrt(x * x + y * y)
    c, over, drop = 1.0, 1.0, 0.0
    if size > 1e-6:
        c, over = np.cos(size), np.sin(size) / size
        drop = (c - over) / (size * size)
    mn, ms, mb = 0.0, 0.0, 0.0
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        mn += fault[i] * n[i]
        ms += fault[i] * s[i]
        mb += fault[i] * (n[j] * s[k] - n[k] * s[j])
    along = x * ms + y * mb
    cosine = c * mn + over * along
    factor = part * 2.0 * fault[4] * cosine
    by[0] += factor * (-over * x * mn + drop * x * along + over * ms)
    by[1] += factor * (-over * y * mn + drop * y * along + over * mb)


@compiled(**UNCOUNTED)
def span_plane(fault: Floats, frame: Floats) -> None:
    """Fill a normal and two directions in its plane."""
    low = 0
    for i in range(1, 3):
        if abs(fault[i]) < abs(fault[low]):
            low = i
    square = 0.0
    for i in range(3):
        frame[0, i] = fault[i]
        frame[1, i] = (1.0 if i == low else 0.0) - fault[low] * fault[i]
        square += frame[1, i] ** 2
    for i in range(3):
        frame[1, i] /= np.sqrt(square)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        frame[2, i] = frame[0, j] * frame[1, k] - frame[0, k] * frame[1, j]
