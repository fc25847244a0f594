"""The preferred mechanism of a weighted set, its probability, spread and rivals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._quaternion_sums import (
    RUN,
    Singles,
    aligned_sum,
    share_inside,
    spread,
    total_weight,
)

MAXIMUM_SOLUTIONS = 5
"""Solutions of an event that are kept, as in HASH (MECH_PROB)."""

_THINNED = 768
"""The climb to the fixed point uses about this many members; then all polish it. Chosen
here: a set of thousands is climbed several times faster."""

_STRIDES = np.array([1, 5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35, 37, 41, 43, 47, 49, 53, 55, 59])
"""Every how many-th member: without a factor 2 or 3, or a pattern of the grid would show."""

_ITERATIONS = 40
"""Most steps of the climb over some members."""

_POLISHES = 3
"""Most steps of the climb over all members."""

_CONVERGED = np.float32(1e-10)
"""Squared half sine of a step that is the last one: a turn of 0.001 degrees."""

_WIDEST_DEG = 60.0
"""Largest probability angle that widens the reach of the mean: at twice this, 120 degrees, lie
the farthest of all double couples (Kagan 1991)."""

_F = np.float32
"""Single precision: twice as many numbers in a vector register."""


class Members(NamedTuple):
    """Weighted mechanisms that a solution is the mean of.

    Attributes
    ----------
    quaternions : float32, shape (4, size)
        T-P-B frames, scalar first.
    weights : float32, shape (size,)
        Weights in the mean.
    presence : float32, shape (size,)
        Weights in probability and spread.
    """

    quaternions: Singles
    weights: Singles
    presence: Singles


class MeanSpace(NamedTuple):
    """Scratch of :func:`weighted_solutions`, made once for a block of events.

    Attributes
    ----------
    left, some : Members
        Those that no solution has taken yet, and every so-many-th of them.
    half : float32, shape (size,)
        Half-angle cosines of the rotations to the mean.
    lanes : float32, shape (4, RUN)
    """

    left: Members
    some: Members
    half: Singles
    lanes: Singles


class Solutions(NamedTuple):
    """Up to five solutions of an event, the preferred one first.

    Attributes
    ----------
    normals, slips : float64, shape (5, 3)
        Of the fault planes; north, east, down.
    shares : float64, shape (5,)
        Probabilities.
    spreads : float64, shape (5, 2)
        Root mean square angles of the normals and the slips of all members, in degrees.
    """

    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    shares: NDArray[np.float64]
    spreads: NDArray[np.float64]


@compiled(nogil=True)
def make_members(size: int) -> Members:
    """Room for so many mechanisms."""
    return Members(
        np.empty((4, size), np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    )


@compiled(nogil=True)
def make_mean_space(size: int) -> MeanSpace:
    """Scratch for the means of up to so many mechanisms."""
    return MeanSpace(
        make_members(size),
        make_members(size),
        np.empty(size, np.float32),
        np.empty((4, RUN), np.float32),
    )


@compiled(nogil=True)
def _tensor_start(q: Singles, weights: Singles, n: int, mean: Singles) -> None:
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
def _diagonalize(tensor: NDArray[np.float64], vectors: NDArray[np.float64]) -> None:
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
def _frame_quaternion(m: NDArray[np.float64], out: Singles) -> None:
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


@compiled(nogil=True, **UNCOUNTED)
def _climb(
    q: Singles, weights: Singles, n: int, mean: Singles, reach: np.float32, limit: int, out: Singles
) -> None:
    """Move the mean to the mean of its neighbors until it rests."""
    for _ in range(limit):
        s0, s1, s2, s3 = aligned_sum(q, weights, n, mean, reach, out)
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


@compiled(nogil=True, **UNCOUNTED)
def _write_planes(
    mean: Singles, swap: bool | np.bool_, normal: NDArray[np.float64], slip: NDArray[np.float64]
) -> None:
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


@compiled(nogil=True, **UNCOUNTED)
def _thin(q: Singles, weights: Singles, n: int, some_q: Singles, some_weights: Singles) -> int:
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
def _copy_members(members: Members, n: int, out: Members) -> None:
    """Copy the first members."""
    out.weights[:n] = members.weights[:n]
    out.presence[:n] = members.presence[:n]
    for k in range(4):
        out.quaternions[k, :n] = members.quaternions[k, :n]


@compiled(nogil=True, **UNCOUNTED)
def _keep_outside(members: Members, n: int, half: Singles, cosine: np.float32) -> int:
    """Move the members beyond a rotation of the mean to the front; return how many."""
    q, weights, presence = members.quaternions, members.weights, members.presence
    left = 0
    for i in range(n):
        # Written always, kept if outside: no branch to mispredict.
        outside = half[i] < cosine
        for k in range(4):
            q[k, left] = q[k, i]
        weights[left] = weights[i]
        presence[left] = presence[i]
        left += int(outside)
    return left


@compiled(nogil=True)
def weighted_solutions(
    members: Members, n: int, angle_deg: float, least: float, space: MeanSpace, solutions: Solutions
) -> int:
    """Find up to five solutions as robust means of the first ``n`` members; return how many.

    The mean starts at the principal axes of the mean moment tensor (which needs no
    alignment) and moves to the weighted mean of its neighbors, weighted down smoothly to
    zero at twice the probability angle, until it rests. Smoothness matters: with a sharp
    edge single mechanisms that cross it move the mean, and it hardly comes to rest. The
    next solution comes from the mechanisms beyond the probability angle, as in HASH.
    """
    count = n
    left, some, lanes = space.left, space.some, space.lanes
    everything = total_weight(members.presence, n, lanes[0])
    _copy_members(members, n, left)
    remaining = everything
    mean = np.empty(4, np.float32)
    found = 0
    cosine = _F(np.cos(0.5 * np.radians(angle_deg)))
    reach = _F(np.sin(np.radians(min(angle_deg, _WIDEST_DEG))) ** 2)
    for solution in range(MAXIMUM_SOLUTIONS):
        if count == 0:
            break
        few = _thin(left.quaternions, left.weights, count, some.quaternions, some.weights)
        _tensor_start(some.quaternions, some.weights, few, mean)
        _climb(some.quaternions, some.weights, few, mean, reach, _ITERATIONS, lanes)
        if few < count:
            _climb(left.quaternions, left.weights, count, mean, reach, _POLISHES, lanes)
        share = share_inside(
            left.quaternions, left.presence, count, mean, cosine, space.half, lanes[0]
        )
        probability = np.float64(share) / everything
        if solution > 0 and probability < least:
            break
        first, second = spread(members.quaternions, members.presence, n, mean, lanes)
        # The plane that the members agree on better is called the fault.
        swap = second < first
        _write_planes(mean, swap, solutions.normals[solution], solutions.slips[solution])
        solutions.spreads[solution, 0] = np.degrees(np.sqrt(np.float64(min(first, second))))
        solutions.spreads[solution, 1] = np.degrees(np.sqrt(np.float64(max(first, second))))
        solutions.shares[solution] = min(probability, 1.0)
        found += 1
        remaining -= share
        if share <= _F(0.0) or remaining < least * everything:
            break
        count = _keep_outside(left, count, space.half, cosine)
    return found
