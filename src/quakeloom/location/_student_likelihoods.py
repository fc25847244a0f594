"""Student's t at one node in all members at once, the origin time by Laplace's method."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending
from quakeloom.location._interpolation import KERNEL, Floats
from quakeloom.location._wide_sums import (
    LANES,
    NO_RAY,
    log_of_fraction,
    student_sixteen,
    weigh_sixteen,
)

Singles = NDArray[np.float32]

STEPS = 8
"""Most steps toward the origin time of most likelihood."""

_ROUGHLY = 1e-2
"""Square of a step over the variance of the origin time, from which it is the last, of the member
that the others start from."""

_CURVED = 0.4
"""Least curvature over the sum of weights for a step by Newton; with less, by the weighted mean,
which never leaves the maximum. Chosen here."""

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


@compiled(**KERNEL)
def _leader_time(residual: Floats, variance: Floats, freedom: float, ordered: Floats) -> float:
    """Origin time of most likelihood of one member, roughly, from the median.

    ``ordered`` is scratch.
    """
    for p in range(residual.size):
        ordered[p] = residual[p]
    sort_ascending(ordered)
    time: float = 0.5 * (ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2])
    for _ in range(STEPS):
        total = 0.0
        moment = 0.0
        bend = 0.0
        for p in range(residual.size):
            d = residual[p] - time
            w = (freedom + 1.0) / (freedom * variance[p] + d * d)
            q = w * d
            total += w
            moment += q
            bend += q * q
        curvature = total - 2.0 / (freedom + 1.0) * bend
        step = moment / (curvature if curvature > _CURVED * total else total)
        time += step
        if step * step * total < _ROUGHLY:
            break
    return time


class StudentSpace(NamedTuple):
    """Scratch arrays of :func:`student_node`, made once for an event.

    Attributes
    ----------
    width : float32, shape (2, picks)
        ``freedom variance`` of the picks, and one over it.
    sums : float32, shape (4, padded members)
    powers : int32, shape (3, padded members)
        As :func:`student_sixteen` has them.
    column, ordered : float64, shape (picks,)
    share, leader : float32, shape (picks,)
        Weights of the picks, whose sum is 1, and residuals of the member that others start from.
    """

    width: Singles
    sums: Singles
    powers: NDArray[np.int32]
    column: Floats
    ordered: Floats
    share: Singles
    leader: Singles


@compiled(**KERNEL)
def padded(members: int) -> int:
    """Return the next multiple of sixteen, as many as are summed together."""
    return (members + LANES - 1) // LANES * LANES


@compiled(**KERNEL)
def make_student_space(variance: Floats, members: int, freedom: float) -> StudentSpace:
    """Scratch for the nodes of an event."""
    picks, many = variance.size, padded(members)
    width = np.empty((2, picks), np.float32)
    for p in range(picks):
        width[0, p] = freedom * variance[p]
        width[1, p] = 1.0 / (freedom * variance[p])
    return StudentSpace(
        width,
        np.zeros((4, many), np.float32),
        np.full((3, many), NO_RAY, np.int32),
        np.empty(picks),
        np.empty(picks),
        np.empty(picks, np.float32),
        np.empty(picks, np.float32),
    )


@compiled(**KERNEL)
def _start_times(
    residual: Singles, members: int, variance: Floats, freedom: float, space: StudentSpace
) -> None:
    """Fill origin times that the search may start from, close to those of most likelihood.

    That of a member is found; the others differ from it by the mean difference of their
    residuals, each weighed as in that member.
    """
    picks, many = residual.shape
    column, time = space.column, space.sums[0]
    leader = 0
    # The leader is the first member that has rays to all stations.
    for k in range(members):
        largest = 0.0
        for p in range(picks):
            column[p] = residual[p, k]
            largest = max(largest, abs(column[p])) if column[p] == column[p] else np.inf
        if largest < 1e6:
            leader = k
            break
    first = _leader_time(column, variance, freedom, space.ordered)
    whole = 0.0
    for p in range(picks):
        d = column[p] - first
        w = 1.0 / (freedom * variance[p] + d * d)
        whole += w
        space.share[p] = w
        space.leader[p] = residual[p, leader]
    for p in range(picks):
        space.share[p] *= 1.0 / whole
    for start in range(0, many, LANES):
        weigh_sixteen(residual, space.share, space.leader, start, time)
    for k in range(many):
        time[k] += np.float32(first)


@compiled(**KERNEL)
def student_node(
    residual: Singles, variance: Floats, freedom: float, space: StudentSpace, out: Floats
) -> None:
    """Fill the log-likelihood of every member at one node.

    Members that are far less likely than they were at another node of the event are not taken to
    the origin time of most likelihood: what they lack is nothing beside their mass elsewhere.

    Parameters
    ----------
    residual : float32 array, shape (picks, padded members)
        In s, less a common shift; anything that is a number in the columns beyond the members.
    variance : float64 array, shape (picks,)
    freedom : float
    space : StudentSpace
        The first row of its sums is filled with the origin times of most likelihood.
    out : float64 array, shape (members,)
        ``-inf`` where there is no ray.
    """
    members = out.size
    sums, powers = space.sums, space.powers
    above = np.float32(freedom + 1.0)
    _start_times(residual, members, variance, freedom, space)
    least = powers[2]
    for start in range(0, residual.shape[1], LANES):
        for _ in range(STEPS):
            if not student_sixteen(residual, space.width, above, start, sums, powers):
                break
        for k in range(start, start + LANES):
            least[k] = min(least[k], powers[0, k])
    time, fraction, weight, lift = sums[0], sums[1], sums[2], sums[3]
    power, weight_power = powers[0], powers[1]
    for k in range(members):
        twos = np.float64(above) * power[k] + weight_power[k]
        rest = np.float64(log_of_fraction(weight[k]) - lift[k])
        value = np.float64(above) * np.float64(log_of_fraction(fraction[k])) + rest
        out[k] = -0.5 * (_LOG_TWO * twos + value) if power[k] < NO_RAY else -np.inf
    for k in range(members):
        time[k] = time[k] if power[k] < NO_RAY else np.float32(0.0)
