"""Student's t at one node in all members at once, the origin time by Laplace's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending
from quakeloom.location._interpolation import KERNEL, Floats

Singles = NDArray[np.float32]

STEPS = 8
"""Most steps toward the origin time of most likelihood."""

_ENOUGH = 3e-4
"""Square of a step over the variance of the origin time, from which it is the last."""

_CURVED = 0.4
"""Least curvature over the sum of weights for a step by Newton; with less, by the weighted mean,
which never leaves the maximum. Chosen here."""

_TOGETHER = 16
"""Factors that are multiplied before their logarithm is taken: 16 of up to 1e18 each stay below
the largest number of double precision."""

_BITS, _BIAS, _MANTISSA = 52, 1023, (1 << 52) - 1
_ONE = 1023 << 52
"""Bits of the fraction of a double (IEEE 754), the bias of its exponent, the mask of the
fraction, and the exponent of numbers from 1 to 2."""

_LARGEST = 1e300
"""Products beyond this are of members that have no ray to a station."""


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
def _add_logs(values: Floats, out: Floats) -> None:
    """Add the logarithms of positive numbers, by exponent and series: exact to 1e-13.

    Unlike a library's it becomes vector instructions.
    """
    bits = values.view(np.int64)
    for k in range(values.size):
        out[k] += 0.6931471805599453 * ((bits[k] >> _BITS) - _BIAS)
        bits[k] = (bits[k] & _MANTISSA) | _ONE
    for k in range(values.size):
        # of a number between 1 and 2, over its root of 2: between -0.35 and 0.35
        m = values[k]
        f = (m - 1.4142135623730951) / (m + 1.4142135623730951)
        g = f * f
        series = 1 / 13 + g * (1 / 15 + g * (1 / 17))
        series = 1 / 7 + g * (1 / 9 + g * (1 / 11 + g * series))
        series = 1.0 + g * (1 / 3 + g * (1 / 5 + g * series))
        out[k] += 0.34657359027997264 + 2.0 * f * series


@compiled(**KERNEL)
def _start_times(residual: Singles, variance: Floats, freedom: float, time: Singles) -> None:
    """Fill origin times that the search may start from, close to those of most likelihood.

    That of a member is found exactly; the others differ from it by the mean difference of their
    residuals, each weighed as in that member.
    """
    picks, members = residual.shape
    column = np.empty(picks)
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
    first, _ = robust_time(column, variance, freedom, np.nan)
    for k in range(members):
        time[k] = 0.0
    whole = 0.0
    for p in range(picks):
        d = column[p] - first
        w = 1.0 / (freedom * variance[p] + d * d)
        whole += w
        share = np.float32(w)
        for k in range(members):
            time[k] += share * (residual[p, k] - residual[p, leader])
    scale, begin = np.float32(1.0 / whole), np.float32(first)
    for k in range(members):
        time[k] = begin + scale * time[k]


@compiled(**KERNEL)
def _refine_times(residual: Singles, variance: Floats, freedom: float, work: Singles) -> None:
    """Move origin times (first row of ``work``) to most likelihood, all members side by side.

    The second row is left with the sums of weights, the others are scratch.
    """
    picks, members = residual.shape
    time, total, moment, bend = work[0], work[1], work[2], work[3]
    above = np.float32(freedom + 1.0)
    inverse = np.float32(2.0 / (freedom + 1.0))
    for _ in range(STEPS):
        for k in range(members):
            total[k] = 0.0
            moment[k] = 0.0
            bend[k] = 0.0
        for p in range(picks):
            wide = np.float32(freedom * variance[p])
            for k in range(members):
                d = residual[p, k] - time[k]
                w = above / (wide + d * d)
                q = w * d
                total[k] += w
                moment[k] += q
                bend[k] += q * q
        worst = np.float32(0.0)
        for k in range(members):
            # Newton's step where the curvature is not far from the sum of weights
            curvature = total[k] - inverse * bend[k]
            least = np.float32(_CURVED) * total[k]
            step = moment[k] / (curvature if curvature > least else total[k])
            time[k] += step
            size = step * step * total[k]
            worst = size if size > worst else worst
        if worst < _ENOUGH:
            break


@compiled(**KERNEL)
def _sum_logs(
    residual: Singles,
    variance: Floats,
    freedom: float,
    time: Singles,
    double_work: Floats,
    out: Floats,
) -> None:
    """Fill ``double_work[1]`` with the sums of ``log(1 + d^2 / (freedom variance))`` of members.

    Infinite where a member has no ray. ``out`` is scratch.
    """
    picks, members = residual.shape
    product, logs = double_work[0], double_work[1]
    for k in range(members):
        logs[k] = 0.0
        product[k] = 1.0
    # A logarithm of a product costs as much as one of a factor.
    for start in range(0, picks, _TOGETHER):
        for p in range(start, min(start + _TOGETHER, picks)):
            narrow = np.float32(1.0 / (freedom * variance[p]))
            for k in range(members):
                d = residual[p, k] - time[k]
                product[k] *= 1.0 + np.float64(d * d * narrow)
        for k in range(members):
            out[k] = 0.0 if product[k] < _LARGEST else -np.inf
            product[k] = product[k] if product[k] < _LARGEST else 1.0
        _add_logs(product, logs)
        for k in range(members):
            logs[k] = logs[k] if out[k] == 0.0 else np.inf
            product[k] = 1.0


@compiled(**KERNEL)
def student_node(
    residual: Singles,
    variance: Floats,
    freedom: float,
    work: Singles,
    double_work: Floats,
    out: Floats,
) -> None:
    """Fill the log-likelihood of every member at one node.

    Parameters
    ----------
    residual : float32 array, shape (picks, members)
        In s, less a common shift.
    variance : float64 array, shape (picks,)
    freedom : float
    work : float32 array, shape (4, members)
        Its first row is filled with the origin times of most likelihood.
    double_work : float64 array, shape (2, members)
    out : float64 array, shape (members,)
        ``-inf`` where there is no ray.
    """
    members = residual.shape[1]
    time, total = work[0], work[1]
    product, logs = double_work[0], double_work[1]
    _start_times(residual, variance, freedom, time)
    _refine_times(residual, variance, freedom, work)
    _sum_logs(residual, variance, freedom, time, double_work, out)
    for k in range(members):
        logs[k] *= freedom + 1.0
        product[k] = total[k] if total[k] > 0.0 else 1.0
    _add_logs(product, logs)
    for k in range(members):
        value = -0.5 * logs[k]
        known = value > -_LARGEST
        out[k] = value if known else -np.inf
        time[k] = time[k] if known else np.float32(0.0)
