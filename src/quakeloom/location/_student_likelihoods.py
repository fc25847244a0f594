"""Student's t at one node in all members at once, the origin time by Laplace's method."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending
from quakeloom.location._interpolation import KERNEL, LEAF, Floats, Ints
from quakeloom.location._wide_sums import (
    LANES,
    NO_RAY,
    log_of_fraction,
    student_sixteen,
    weigh_wide,
)

Singles = NDArray[np.float32]

STEPS = 8
"""Most steps toward the origin time of most likelihood."""

_LEAST_WIDTH = 1e-8
"""Least ``freedom variance`` of a pick, s^2: less than what single precision tells of residuals,
and four of them make a product that is a number."""

_LONGEST_S = 1e6
"""Residuals beyond this come from times of tables where no ray arrives, 1e30."""

_LOG_TWO = 0.6931471805599453
"""Natural logarithm of 2."""


@compiled(**KERNEL)
def robust_time(
    residual: Floats, variance: Floats, freedom: float, time: float
) -> tuple[float, float]:
    """Origin time of most likelihood under Student's t, with the sum of its weights.

    From a first guess, else from the median.
    """
    if time != time:
        ordered = residual.copy()
        sort_ascending(ordered)
        time = 0.5 * (ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2])
    total = 1.0
    for _ in range(STEPS):
        total = 0.0
        moment = 0.0
        for p in range(residual.size):
            d = residual[p] - time
            w = (freedom + 1.0) / (freedom * variance[p] + d * d)
            total += w
            moment += w * d
        step = moment / total
        time += step
        if step * step * total < 1e-4:
            break
    return time, total


class StudentSpace(NamedTuple):
    """Scratch arrays of :func:`student_block`, made once for an event.

    Attributes
    ----------
    width : float32, shape (picks,)
        ``freedom variance`` of the picks.
    log_width : float
        Sum of its logarithms.
    freedom : float
    sums, powers : float32, shape (4, padded members), and int32, shape (3, padded members)
        As :func:`student_sixteen` has them.
    leader, share : float32, shape (picks, LANES)
        Residuals of the member that others start from, sorted after use, for every node of a
        block; and weights of the picks there, whose sum is 1.
    leader_sums, leader_powers : float32, shape (4, LANES), and int32, shape (3, LANES)
        The same as ``sums`` and ``powers``, of the leaders of the nodes.
    ordered : float32, shape (picks, LANES)
    """

    width: Singles
    log_width: float
    freedom: float
    sums: Singles
    powers: NDArray[np.int32]
    leader: Singles
    share: Singles
    leader_sums: Singles
    leader_powers: NDArray[np.int32]
    ordered: Singles


@compiled(**LEAF)
def padded(members: int) -> int:
    """Return the next multiple of sixteen, as many as are summed together."""
    return (members + LANES - 1) // LANES * LANES


@compiled(**KERNEL)
def make_student_space(variance: Floats, members: int, freedom: float) -> StudentSpace:
    """Scratch for the nodes of an event."""
    picks, many = variance.size, padded(members)
    width = np.empty(picks, np.float32)
    log_width = 0.0
    for p in range(picks):
        width[p] = max(freedom * variance[p], _LEAST_WIDTH)
        log_width += math.log(np.float64(width[p]))
    return StudentSpace(
        width,
        log_width,
        freedom,
        np.zeros((4, many), np.float32),
        np.full((3, many), NO_RAY, np.int32),
        np.zeros((picks, LANES), np.float32),
        np.zeros((picks, LANES), np.float32),
        np.zeros((4, LANES), np.float32),
        np.zeros((3, LANES), np.int32),
        np.zeros((picks, LANES), np.float32),
    )


@compiled(**LEAF)
def _sort_lanes(values: Singles) -> None:
    """Sort every column of sixteen, side by side (merge exchange; Knuth 1998, algorithm 5.2.2M)."""
    count = values.shape[0]
    top = 1
    while 2 * top < count:
        top *= 2
    p = top
    while p > 0:
        q, r, apart = top, 0, p
        while True:
            for i in range(count - apart):
                if i & p == r:
                    for b in range(LANES):
                        one, two = values[i, b], values[i + apart, b]
                        values[i, b] = min(one, two)
                        values[i + apart, b] = max(one, two)
            if q == p:
                break
            apart, q, r = q - p, q // 2, p
        p //= 2


@compiled(**LEAF)
def _choose_leaders(residual: Singles, used: Ints, count: int, members: int, out: Singles) -> None:
    """Fill residuals of the first member that has rays to all stations, for every node."""
    picks = out.shape[0]
    for b in range(LANES):
        leader = -1
        for k in range(members if b < count and used[b] > 0 else 0):
            reached = True
            for p in range(picks):
                reached = reached and abs(residual[b * picks + p, k]) < _LONGEST_S
            if reached:
                leader = k
                break
        for p in range(picks):
            out[p, b] = residual[b * picks + p, leader] if leader >= 0 else np.float32(0.0)


@compiled(**LEAF)
def _lead_block(
    residual: Singles, used: Ints, count: int, members: int, space: StudentSpace
) -> None:
    """Find the origin time of most likelihood of one member at every node, and its weights.

    From the median of its residuals; the origin times go to the first row of ``leader_sums``.
    """
    leader, ordered, share = space.leader, space.ordered, space.share
    sums, powers = space.leader_sums, space.leader_powers
    picks = leader.shape[0]
    _choose_leaders(residual, used, count, members, leader)
    for p in range(picks):
        for b in range(LANES):
            ordered[p, b] = leader[p, b]
    _sort_lanes(ordered)
    half = np.float32(0.5)
    for b in range(LANES):
        sums[0, b] = half * (ordered[(picks - 1) // 2, b] + ordered[picks // 2, b])
        powers[2, b] = NO_RAY
    above = np.float32(space.freedom + 1.0)
    for _ in range(STEPS):
        if not student_sixteen(leader, 0, space.width, above, 0, sums, powers):
            break
    one = np.float32(1.0)
    for b in range(LANES):
        sums[1, b] = sums[2, b] = np.float32(0.0)
    for p in range(picks):
        wide = space.width[p]
        for b in range(LANES):
            d = leader[p, b] - sums[0, b]
            w = one / (wide + d * d)
            share[p, b] = w
            sums[1, b] += w
            sums[2, b] += w * leader[p, b]
    for b in range(LANES):
        sums[1, b] = one / sums[1, b]
        # others differ from the leader by the mean difference of their residuals
        sums[3, b] = sums[0, b] - sums[2, b] * sums[1, b]
    for p in range(picks):
        for b in range(LANES):
            share[p, b] *= sums[1, b]


@compiled(**LEAF)
def student_block(
    residual: Singles,
    used: Ints,
    first: int,
    shift: Floats,
    space: StudentSpace,
    out: Floats,
    origin: Floats,
) -> None:
    """Fill the log-likelihood of every member at the nodes of a block.

    Origin times start from that of one member, by the mean difference of residuals, each weighed
    as in that member. Members that are far less likely than they were at another node of the
    event are not taken to the origin time of most likelihood: what they lack is nothing beside
    their mass elsewhere.

    Parameters
    ----------
    residual : float32 array, shape (nodes x picks, padded members)
        In s, less ``shift``; anything that is a number in the columns beyond the members.
    used : int64 array, shape (BLOCK,)
        0 at nodes that the tables do not reach.
    first : int
        The first node of the block among those of the event.
    shift : float64 array, shape (BLOCK,)
    space : StudentSpace
    out : float64 array, shape (nodes, members)
        ``-inf`` where there is no ray.
    origin : float64 array, shape (nodes, members) or (0, 0)
        Origin times of most likelihood, 0 where there is no ray.
    """
    count, members = min(LANES, out.shape[0] - first), out.shape[1]
    picks, many = space.width.size, residual.shape[1]
    sums, powers = space.sums, space.powers
    above = np.float32(space.freedom + 1.0)
    _lead_block(residual, used, count, members, space)
    common = np.float64(above) * space.log_width - math.log(space.freedom + 1.0)
    for b in range(count):
        n = first + b
        if used[b] == 0:
            out[n, :] = -np.inf
            if origin.shape[0] > 0:
                origin[n, :] = 0.0
            continue
        weigh_wide(residual, b * picks, space.share, b, space.leader_sums[3, b], sums)
        for start in range(0, many, LANES):
            for _ in range(STEPS):
                more = student_sixteen(residual, b * picks, space.width, above, start, sums, powers)
                if not more:
                    break
        for k in range(members):
            twos = np.float64(above) * powers[0, k] + powers[1, k]
            rest = np.float64(log_of_fraction(sums[2, k]) - sums[3, k])
            value = np.float64(above) * np.float64(log_of_fraction(sums[1, k])) + rest
            value = -0.5 * (_LOG_TWO * twos + (value - common))
            out[n, k] = value if powers[0, k] < NO_RAY else -np.inf
        for k in range(members if origin.shape[0] > 0 else 0):
            time = shift[b] + np.float64(sums[0, k])
            origin[n, k] = time if powers[0, k] < NO_RAY else 0.0
