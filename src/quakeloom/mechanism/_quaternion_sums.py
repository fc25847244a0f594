"""Sums over weighted double couples as quaternions: fast, and the same bytes however compiled.

A double couple is a unit quaternion up to half turns about its own T, P and B axes. These
permute the components of the relative quaternion of two double couples (with signs), so the
smallest rotation between them has the half-angle cosine ``max |r_i|``, and aligning one to
the other means moving that component to the scalar place (Kagan 1991).

Terms are added up in many lanes side by side, each of which takes every so-many-th member, so
that loops become vector instructions without sums being regrouped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled

Singles = NDArray[np.float32]
Quaternion = tuple[np.float32, np.float32, np.float32, np.float32]

RUN = 256
"""Lanes that terms are added up in, side by side; a power of two."""

_F = np.float32
"""Single precision: twice as many numbers in a vector register."""

_LOOSE = {"nsz"}
"""Compiler's freedom: signs of zeros do not matter. Sums are never regrouped: how would depend
on what the compiler inlines, and so the bytes."""


@compiled(nogil=True, inline="always")
def _aligned(
    m0: np.float32,
    m1: np.float32,
    m2: np.float32,
    m3: np.float32,
    a: np.float32,
    b: np.float32,
    c: np.float32,
    d: np.float32,
) -> Quaternion:
    """Relative quaternion ``conj(m) q`` after the half turn that makes ``|scalar|`` largest."""
    w = m0 * a + m1 * b + m2 * c + m3 * d
    x = m0 * b - m1 * a - m2 * d + m3 * c
    y = m0 * c - m2 * a - m3 * b + m1 * d
    z = m0 * d - m3 * a - m1 * c + m2 * b
    # Half turns: times i gives (-x, w, z, -y), j (-y, -z, w, x), k (-z, y, -x, w).
    swap_wx = abs(x) > abs(w)
    e0 = -x if swap_wx else w
    e1 = w if swap_wx else x
    e2 = z if swap_wx else y
    e3 = -y if swap_wx else z
    swap_yz = abs(z) > abs(y)
    f0 = -z if swap_yz else -y
    f1 = y if swap_yz else -z
    f2 = -x if swap_yz else w
    f3 = w if swap_yz else x
    later = abs(f0) > abs(e0)
    return (
        f0 if later else e0,
        f1 if later else e1,
        f2 if later else e2,
        f3 if later else e3,
    )


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def _lanes(lanes: Singles) -> np.float32:
    """Sum of lanes, folded in halves in a fixed order; the lanes are spent."""
    half = lanes.shape[0]
    while half > 1:
        half //= 2
        for i in range(half):
            lanes[i] += lanes[i + half]
    total: np.float32 = lanes[0]
    return total


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def _align_run(
    q: Singles,
    weights: Singles,
    start: int,
    stop: int,
    mean: Singles,
    narrow: np.float32,
    out: Singles,
) -> None:
    """Add the weighted relative quaternions of a run of members to the lanes of ``out``."""
    m0, m1, m2, m3 = mean[0], mean[1], mean[2], mean[3]
    q0, q1, q2, q3 = q[0, start:stop], q[1, start:stop], q[2, start:stop], q[3, start:stop]
    given = weights[start:stop]
    o0, o1, o2, o3 = out[0], out[1], out[2], out[3]
    for i in range(stop - start):
        g0, g1, g2, g3 = _aligned(m0, m1, m2, m3, q0[i], q1[i], q2[i], q3[i])
        inside = max(_F(1.0) - (_F(1.0) - g0 * g0) * narrow, _F(0.0))
        weight = given[i] * inside * inside
        signed = -weight if g0 < _F(0.0) else weight
        o0[i] += signed * g0
        o1[i] += signed * g1
        o2[i] += signed * g2
        o3[i] += signed * g3


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def aligned_sum(
    q: Singles, weights: Singles, n: int, mean: Singles, reach: np.float32, out: Singles
) -> Quaternion:
    """Sum of relative quaternions, aligned to the mean and weighted down with distance.

    The factor is ``(1 - h / reach)^2``, 0 from there on, with ``h = sin^2(rotation / 2)``
    (Tukey's biweight). Every lane adds up each so-many-th member, and the lanes are added in
    their order: fast, and the same bytes however it is compiled.
    """
    narrow = _F(1.0) / reach
    out[:] = _F(0.0)
    for start in range(0, n, RUN):
        _align_run(q, weights, start, min(start + RUN, n), mean, narrow, out)
    return _lanes(out[0]), _lanes(out[1]), _lanes(out[2]), _lanes(out[3])


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def _cosines(q: Singles, n: int, mean: Singles, half: Singles) -> None:
    """Half-angle cosines of the rotations to the mean, to ``half``."""
    m0, m1, m2, m3 = mean[0], mean[1], mean[2], mean[3]
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    for i in range(n):
        g0, _, _, _ = _aligned(m0, m1, m2, m3, q0[i], q1[i], q2[i], q3[i])
        half[i] = abs(g0)


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def share_inside(
    q: Singles,
    weights: Singles,
    n: int,
    mean: Singles,
    cosine: np.float32,
    half: Singles,
    lanes: Singles,
) -> np.float32:
    """Weight within a rotation of the mean; ``half`` receives all half-angle cosines."""
    _cosines(q, n, mean, half)
    lanes[:] = _F(0.0)
    for start in range(0, n, RUN):
        stop = min(start + RUN, n)
        near, given = half[start:stop], weights[start:stop]
        for i in range(stop - start):
            lanes[i] += given[i] if near[i] >= cosine else _F(0.0)
    total: np.float32 = _lanes(lanes)
    return total


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def _spread_run(
    q: Singles, weights: Singles, start: int, stop: int, mean: Singles, out: Singles
) -> None:
    """Add weighted squares of angles, normals and slips, and weights to the lanes of ``out``."""
    m0, m1, m2, m3 = mean[0], mean[1], mean[2], mean[3]
    q0, q1, q2, q3 = q[0, start:stop], q[1, start:stop], q[2, start:stop], q[3, start:stop]
    given = weights[start:stop]
    o0, o1, o2 = out[0], out[1], out[2]
    for i in range(stop - start):
        _, g1, g2, g3 = _aligned(m0, m1, m2, m3, q0[i], q1[i], q2[i], q3[i])
        o0[i] += given[i] * _angle_squared(g3 * g3 + _F(0.5) * (g1 - g2) * (g1 - g2))
        o1[i] += given[i] * _angle_squared(g3 * g3 + _F(0.5) * (g1 + g2) * (g1 + g2))
        o2[i] += given[i]


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def spread(
    q: Singles, weights: Singles, n: int, mean: Singles, out: Singles
) -> tuple[np.float32, np.float32]:
    """Weighted mean squares of the angles of normals (T+P) and slips (T-P) to the mean's.

    A rotation with quaternion ``g`` turns a unit vector ``v`` by an angle whose squared half
    sine is ``|g_v|^2 - (g_v . v)^2``.
    """
    out[:] = _F(0.0)
    for start in range(0, n, RUN):
        _spread_run(q, weights, start, min(start + RUN, n), mean, out)
    total = _lanes(out[2])
    return _lanes(out[0]) / total, _lanes(out[1]) / total


@compiled(nogil=True, inline="always")
def _angle_squared(h: np.float32) -> np.float32:
    """Square of the angle whose squared half sine is ``h`` (Hastings 1955; error 4e-8)."""
    x = np.sqrt(min(max(h, _F(0.0)), _F(1.0)))
    p = _F(-0.0012624911) * x + _F(0.0066700901)
    p = p * x - _F(0.0170881256)
    p = p * x + _F(0.0308918810)
    p = p * x - _F(0.0501743046)
    p = p * x + _F(0.0889789874)
    p = p * x - _F(0.2145988016)
    p = p * x + _F(1.5707963050)
    angle: np.float32 = _F(np.pi) - _F(2.0) * np.sqrt(_F(1.0) - x) * p
    return angle * angle


@compiled(nogil=True, fastmath=_LOOSE, **UNCOUNTED)
def total_weight(weights: Singles, n: int, lanes: Singles) -> np.float64:
    """Sum of weights."""
    lanes[:] = _F(0.0)
    for start in range(0, n, RUN):
        given = weights[start : min(start + RUN, n)]
        for i in range(given.shape[0]):
            lanes[i] += given[i]
    return np.float64(_lanes(lanes))
