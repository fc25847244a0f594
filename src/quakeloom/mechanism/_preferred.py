"""The preferred mechanism of a weighted set, its probability, spread and rivals.

A double couple is a unit quaternion up to half turns about its own T, P and B axes. These
permute the components of the relative quaternion of two double couples (with signs), so the
smallest rotation between them has the half-angle cosine ``max |r_i|``, and aligning one to
the other means moving that component to the scalar place (Kagan 1991).
"""

from __future__ import annotations

import numpy as np

from quakeloom.core import compiled

MAXIMUM_SOLUTIONS = 5
_THINNED = 768
"""The climb to the fixed point uses about this many members; then all polish it."""
_STRIDES = np.array([1, 5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35, 37, 41, 43, 47, 49, 53, 55, 59])
"""Every how many-th member: without a factor 2 or 3, or a pattern of the grid would show."""
_RUN = 256
"""Lanes that terms are added up in, side by side; a power of two."""
_ITERATIONS = 40
_POLISHES = 3
_CONVERGED = np.float32(1e-10)
_F = np.float32


_LOOSE = {"nsz"}
"""Sums are never regrouped: how would depend on what the compiler inlines, and so the bytes."""


@compiled(nogil=True, inline="always")
def _aligned(m0, m1, m2, m3, a, b, c, d):
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


@compiled(nogil=True, fastmath=_LOOSE)
def _lanes(lanes):
    """Sum of lanes, folded in halves in a fixed order; the lanes are spent."""
    half = lanes.shape[0]
    while half > 1:
        half //= 2
        for i in range(half):
            lanes[i] += lanes[i + half]
    return lanes[0]


@compiled(nogil=True, fastmath=_LOOSE)
def _align_run(q, weights, start, stop, mean, narrow, out):
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


@compiled(nogil=True, fastmath=_LOOSE)
def _aligned_sum(q, weights, n, mean, reach, out):
    """Sum of relative quaternions, aligned to the mean and weighted down with distance.

    The factor is ``(1 - h / reach)^2``, 0 from there on, with ``h = sin^2(rotation / 2)``
    (Tukey's biweight). Every lane adds up each so-many-th member, and the lanes are added in
    their order: fast, and the same bytes however it is compiled.
    """
    narrow = _F(1.0) / reach
    out[:] = _F(0.0)
    for start in range(0, n, _RUN):
        _align_run(q, weights, start, min(start + _RUN, n), mean, narrow, out)
    return _lanes(out[0]), _lanes(out[1]), _lanes(out[2]), _lanes(out[3])


@compiled(nogil=True, fastmath=_LOOSE)
def _cosines(q, n, mean, half):
    """Half-angle cosines of the rotations to the mean, to ``half``."""
    m0, m1, m2, m3 = mean[0], mean[1], mean[2], mean[3]
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    for i in range(n):
        g0, _, _, _ = _aligned(m0, m1, m2, m3, q0[i], q1[i], q2[i], q3[i])
        half[i] = abs(g0)


@compiled(nogil=True, fastmath=_LOOSE)
def _share_inside(q, weights, n, mean, cosine, half, lanes):
    """Weight within a rotation of the mean; ``half`` receives all half-angle cosines."""
    _cosines(q, n, mean, half)
    lanes[:] = _F(0.0)
    for start in range(0, n, _RUN):
        stop = min(start + _RUN, n)
        near, given = half[start:stop], weights[start:stop]
        for i in range(stop - start):
            lanes[i] += given[i] if near[i] >= cosine else _F(0.0)
    return _lanes(lanes)


@compiled(nogil=True, fastmath=_LOOSE)
def _spread_run(q, weights, start, stop, mean, out):
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


@compiled(nogil=True, fastmath=_LOOSE)
def _spread(q, weights, n, mean, out):
    """Weighted mean squares of the angles of normals (T+P) and slips (T-P) to the mean's.

    A rotation with quaternion ``g`` turns a unit vector ``v`` by an angle whose squared half
    sine is ``|g_v|^2 - (g_v . v)^2``.
    """
    out[:] = _F(0.0)
    for start in range(0, n, _RUN):
        _spread_run(q, weights, start, min(start + _RUN, n), mean, out)
    total = _lanes(out[2])
    return _lanes(out[0]) / total, _lanes(out[1]) / total


@compiled(nogil=True, inline="always")
def _angle_squared(h):
    """Square of the angle whose squared half sine is ``h`` (Hastings 1955; error 4e-8)."""
    x = np.sqrt(min(max(h, _F(0.0)), _F(1.0)))
    p = _F(-0.0012624911) * x + _F(0.0066700901)
    p = p * x - _F(0.0170881256)
    p = p * x + _F(0.0308918810)
    p = p * x - _F(0.0501743046)
    p = p * x + _F(0.0889789874)
    p = p * x - _F(0.2145988016)
    p = p * x + _F(1.5707963050)
    angle = _F(np.pi) - _F(2.0) * np.sqrt(_F(1.0) - x) * p
    return angle * angle


@compiled(nogil=True)
def _tensor_start(q, weights, n, mean):
    """Quaternion of the principal axes of the mean moment tensor."""
    tensor = np.zeros((3, 3))
    for i in range(n):
        a, b, c, d = q[0, i], q[1, i], q[2, i], q[3, i]
        t0, t1, t2 = a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)
        p0, p1, p2 = 2 * (b * c - a * d), a * a - b * b + c * c - d * d, 2 * (c * d + a * b)
        weight = weights[i]
        tensor[0, 0] += weight * (t0 * t0 - p0 * p0)
        tensor[1, 1] += weight * (t1 * t1 - p1 * p1)
        tensor[2, 2] += weight * (t2 * t2 - p2 * p2)
        tensor[0, 1] += weight * (t0 * t1 - p0 * p1)
        tensor[0, 2] += weight * (t0 * t2 - p0 * p2)
        tensor[1, 2] += weight * (t1 * t2 - p1 * p2)
    tensor[1, 0], tensor[2, 0], tensor[2, 1] = tensor[0, 1], tensor[0, 2], tensor[1, 2]
    vectors = np.eye(3)
    _diagonalize(tensor, vectors)
    least = greatest = 0
    for i in range(1, 3):
        least = i if tensor[i, i] < tensor[least, least] else least
        greatest = i if tensor[i, i] > tensor[greatest, greatest] else greatest
    if least == greatest:
        least = (greatest + 1) % 3
    t, p = vectors[:, greatest], vectors[:, least]
    frame = np.empty((3, 3))
    frame[:, 0], frame[:, 1] = t, p
    frame[0, 2] = t[1] * p[2] - t[2] * p[1]
    frame[1, 2] = t[2] * p[0] - t[0] * p[2]
    frame[2, 2] = t[0] * p[1] - t[1] * p[0]
    _frame_quaternion(frame, mean)


@compiled(nogil=True)
def _diagonalize(tensor, vectors):
    """Turn a symmetric tensor into its eigenvalues (Jacobi); ``vectors`` starts as unity."""
    for _ in range(12):
        off = abs(tensor[0, 1]) + abs(tensor[0, 2]) + abs(tensor[1, 2])
        if off < 1e-14 * (abs(tensor[0, 0]) + abs(tensor[1, 1]) + abs(tensor[2, 2])):
            return
        for turn in range(3):
            i = 1 if turn == 2 else 0
            j = 1 if turn == 0 else 2
            if tensor[i, j] == 0.0:
                continue
            ratio = (tensor[j, j] - tensor[i, i]) / (2.0 * tensor[i, j])
            tangent = 1.0 / (abs(ratio) + np.sqrt(ratio * ratio + 1.0))
            tangent = -tangent if ratio < 0.0 else tangent
            c = 1.0 / np.sqrt(tangent * tangent + 1.0)
            s = tangent * c
            for k in range(3):
                a, b = tensor[k, i], tensor[k, j]
                tensor[k, i], tensor[k, j] = c * a - s * b, s * a + c * b
            for k in range(3):
                a, b = tensor[i, k], tensor[j, k]
                tensor[i, k], tensor[j, k] = c * a - s * b, s * a + c * b
                a, b = vectors[k, i], vectors[k, j]
                vectors[k, i], vectors[k, j] = c * a - s * b, s * a + c * b


@compiled(nogil=True)
def _frame_quaternion(m, out):
    """Unit quaternion of a right-handed frame (matrix columns)."""
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    s0, s1, s2, s3 = 1 + trace, 1 + 2 * m[0, 0] - trace, 1 + 2 * m[1, 1] - trace, 0.0
    s3 = 1 + 2 * m[2, 2] - trace
    a, b, c = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    if s0 >= s1 and s0 >= s2 and s0 >= s3:
        out[0], out[1], out[2], out[3] = s0, a, b, c
    elif s1 >= s2 and s1 >= s3:
        out[0], out[1], out[2], out[3] = a, s1, m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]
    elif s2 >= s3:
        out[0], out[1], out[2], out[3] = b, m[0, 1] + m[1, 0], s2, m[1, 2] + m[2, 1]
    else:
        out[0], out[1], out[2], out[3] = c, m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], s3
    out /= np.sqrt(out[0] * out[0] + out[1] * out[1] + out[2] * out[2] + out[3] * out[3])


@compiled(nogil=True)
def _climb(q, weights, n, mean, reach, limit, out):
    """Move the mean to the mean of its neighbors until it rests."""
    for _ in range(limit):
        s0, s1, s2, s3 = _aligned_sum(q, weights, n, mean, reach, out)
        norm = np.sqrt(s0 * s0 + s1 * s1 + s2 * s2 + s3 * s3)
        if norm <= _F(0.0):
            return
        s0, s1, s2, s3 = s0 / norm, s1 / norm, s2 / norm, s3 / norm
        m0, m1, m2, m3 = mean[0], mean[1], mean[2], mean[3]
        mean[0] = m0 * s0 - m1 * s1 - m2 * s2 - m3 * s3
        mean[1] = m0 * s1 + m1 * s0 + m2 * s3 - m3 * s2
        mean[2] = m0 * s2 - m1 * s3 + m2 * s0 + m3 * s1
        mean[3] = m0 * s3 + m1 * s2 - m2 * s1 + m3 * s0
        if s1 * s1 + s2 * s2 + s3 * s3 < _CONVERGED:
            return


@compiled(nogil=True)
def _write_planes(mean, swap, normal, slip):
    """Normal and slip of a T-P-B quaternion; ``swap`` names the other plane the fault."""
    a, b = np.float64(mean[0]), np.float64(mean[1])
    c, d = np.float64(mean[2]), np.float64(mean[3])
    norm = np.sqrt(a * a + b * b + c * c + d * d)
    a, b, c, d = a / norm, b / norm, c / norm, d / norm
    t = (a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c))
    p = (2 * (b * c - a * d), a * a - b * b + c * c - d * d, 2 * (c * d + a * b))
    root = np.sqrt(0.5)
    for i in range(3):
        plus, minus = (t[i] + p[i]) * root, (t[i] - p[i]) * root
        normal[i] = minus if swap else plus
        slip[i] = plus if swap else minus


@compiled(nogil=True, fastmath=_LOOSE)
def _total(weights, n, lanes):
    """Sum of weights."""
    lanes[:] = _F(0.0)
    for start in range(0, n, _RUN):
        given = weights[start : min(start + _RUN, n)]
        for i in range(given.shape[0]):
            lanes[i] += given[i]
    return np.float64(_lanes(lanes))


@compiled(nogil=True)
def _thin(q, weights, n, some_q, some_weights):
    """Copy every so-many-th member; return how many."""
    stride = _STRIDES[-1]
    for candidate in _STRIDES:
        if candidate * _THINNED >= n:
            stride = candidate
            break
    count = 0
    for i in range(0, n, stride):
        for k in range(4):
            some_q[k, count] = q[k, i]
        some_weights[count] = weights[i]
        count += 1
    return count


@compiled(nogil=True)
def weighted_solutions(
    all_q, all_weights, all_presence, n, angle_deg, least, q, weights, presence, some_q,
    some_weights, half, normals, slips, shares, spreads,
):  # fmt: skip
    """Find up to five solutions as robust means; return how many.

    The mean starts at the principal axes of the mean moment tensor (which needs no
    alignment) and moves to the weighted mean of its neighbors, weighted down smoothly to
    zero at twice the probability angle, until it rests. Smoothness matters: with a sharp
    edge single mechanisms that cross it move the mean, and it hardly comes to rest. The
    next solution comes from the mechanisms beyond the probability angle, as in HASH.

    ``all_weights`` make the mean, ``all_presence`` probability and spread. Arrays are
    float32; ``q``, ``weights``, ``presence``, ``some_q``, ``some_weights`` and ``half`` are
    scratch of the same sizes.
    """
    count = n
    out = np.empty((4, _RUN), np.float32)
    everything = _total(all_presence, n, out[0])
    weights[:n] = all_weights[:n]
    presence[:n] = all_presence[:n]
    for k in range(4):
        q[k, :n] = all_q[k, :n]
    remaining = everything
    mean = np.empty(4, np.float32)
    found = 0
    cosine = _F(np.cos(0.5 * np.radians(angle_deg)))
    reach = _F(np.sin(np.radians(min(angle_deg, 60.0))) ** 2)
    for solution in range(MAXIMUM_SOLUTIONS):
        if count == 0:
            break
        some = _thin(q, weights, count, some_q, some_weights)
        _tensor_start(some_q, some_weights, some, mean)
        _climb(some_q, some_weights, some, mean, reach, _ITERATIONS, out)
        if some < count:
            _climb(q, weights, count, mean, reach, _POLISHES, out)
        share = _share_inside(q, presence, count, mean, cosine, half, out[0])
        probability = np.float64(share) / everything
        if solution > 0 and probability < least:
            break
        first, second = _spread(all_q, all_presence, n, mean, out)
        swap = second < first
        _write_planes(mean, swap, normals[solution], slips[solution])
        spreads[solution, 0] = np.degrees(np.sqrt(np.float64(min(first, second))))
        spreads[solution, 1] = np.degrees(np.sqrt(np.float64(max(first, second))))
        shares[solution] = min(probability, 1.0)
        found += 1
        remaining -= share
        if share <= _F(0.0) or remaining < least * everything:
            break
        left = 0
        for i in range(count):
            # Written always, kept if outside: no branch to mispredict.
            outside = half[i] < cosine
            for k in range(4):
                q[k, left] = q[k, i]
            weights[left] = weights[i]
            presence[left] = presence[i]
            left += np.int64(outside)
        count = left
    return found
