"""HASH's own preferred mechanism, step by step as its subroutines define it.

The mean of normals and slips, each mechanism aligned to the first of the list; made
orthogonal, the worse plane giving way more; the mechanism with the largest rotation removed;
again, until all are within the probability angle. What was removed, last first, is the list
for the next solution. Written anew from that definition, in double precision, with rotation
angles in closed form.

The largest rotation is held in whole degrees there: its variable is an implicit INTEGER of
Fortran, which cuts fractions off. So removal ends when all rotations are below the next whole
degree (46 for an angle of 45), and of the mechanisms that lie in the largest whole degree the
last of the list is removed, not the one with the largest rotation.

References
----------
Hardebeck, J. L. and P. M. Shearer (2002), BSSA 92, 2264-2276; HASH v1.2, subroutines
MECH_PROB, MECH_AVG, MECH_ROT.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._preferred import MAXIMUM_SOLUTIONS, Solutions

Vector = tuple[float, float, float]

_ORTHOGONAL_DEG = 0.01
"""Mean normal and slip are orthogonal within this (HASH, MECH_AVG)."""

_TURNS = 100
"""Most steps toward orthogonality (HASH, MECH_AVG)."""

_LOOSE = {"nsz"}
"""Compiler's freedom: signs of zeros do not matter."""


@compiled(nogil=True, inline="always")
def _product(a: Vector, b: Vector) -> float:
    """Scalar product of two vectors, given as tuples: the compiler keeps those in registers."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled(nogil=True, inline="always")
def _match(
    normal: Vector, slip: Vector, other_normal: Vector, other_slip: Vector
) -> tuple[int, float, float, float]:
    """Best of the four matchings of a mechanism with a reference.

    Returns the matching (0 as is, 1 both negated, 2 swapped, 3 swapped and negated), the
    trace of the rotation, and the cosines of the two plane angles. Earlier matchings win
    ties, as in HASH.
    """
    nn = _product(normal, other_normal)
    ss = _product(slip, other_slip)
    ns = _product(normal, other_slip)
    sn = _product(slip, other_normal)
    # Product of the null axes, (n x s).(a x b), without a cross product.
    bb = nn * ss - ns * sn
    straight = nn + ss
    negated = straight < 0.0
    first = abs(straight) + bb
    crossed = sn + ns
    crossed_negated = crossed < 0.0
    second = abs(crossed) - bb
    swap = second > first
    trace = second if swap else first
    plain_n = -nn if negated else nn
    plain_s = -ss if negated else ss
    cross_n = -sn if crossed_negated else sn
    cross_s = -ns if crossed_negated else ns
    cn = cross_n if swap else plain_n
    cs = cross_s if swap else plain_s
    plain_kind = 1 if negated else 0
    cross_kind = 3 if crossed_negated else 2
    kind = cross_kind if swap else plain_kind
    return kind, trace, cn, cs


@compiled(nogil=True, inline="always")
def _arccos(c: float) -> float:
    """Arc cosine (Hastings 1955, Abramowitz & Stegun 4.4.46; error 2e-8 rad)."""
    x = min(abs(c), 1.0)
    p = -0.0012624911 * x + 0.0066700901
    p = p * x - 0.0170881256
    p = p * x + 0.0308918810
    p = p * x - 0.0501743046
    p = p * x + 0.0889789874
    p = p * x - 0.2145988016
    p = p * x + 1.5707963050
    angle: float = np.sqrt(1.0 - x) * p
    return np.pi - angle if c < 0.0 else angle


@compiled(nogil=True, fastmath=_LOOSE)
def _mean_square_angles(
    v: NDArray[np.float64], count: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[float, float]:
    """Sums of squared angles of normals and slips to a mean normal and slip."""
    normal, slip = (a[0], a[1], a[2]), (b[0], b[1], b[2])
    first = second = 0.0
    n0, n1, n2, s0, s1, s2 = v[0], v[1], v[2], v[3], v[4], v[5]
    for i in range(count):
        _, _, cn, cs = _match(
            (n0[i], n1[i], n2[i]), (s0[i], s1[i], s2[i]), normal, slip
        )  # fmt: skip
        an, as_ = _arccos(cn), _arccos(cs)
        first += an * an
        second += as_ * as_
    return first, second


@compiled(nogil=True, fastmath=_LOOSE)
def _write_traces(
    v: NDArray[np.float64],
    count: int,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    traces: NDArray[np.float64],
) -> float:
    """Traces of the smallest rotations to a mean; returns the least."""
    normal, slip = (a[0], a[1], a[2]), (b[0], b[1], b[2])
    least = 4.0
    n0, n1, n2, s0, s1, s2 = v[0], v[1], v[2], v[3], v[4], v[5]
    for i in range(count):
        _, trace, _, _ = _match(
            (n0[i], n1[i], n2[i]), (s0[i], s1[i], s2[i]), normal, slip
        )  # fmt: skip
        traces[i] = trace
        least = trace if trace < least else least
    return least


@compiled(nogil=True)
def _add(
    v: NDArray[np.float64],
    i: int,
    reference: NDArray[np.float64],
    factor: float,
    sums: NDArray[np.float64],
) -> None:
    """Add a mechanism, aligned to a reference, to the sums of normals and slips."""
    kind, _, _, _ = _match(
        (v[0, i], v[1, i], v[2, i]),
        (v[3, i], v[4, i], v[5, i]),
        (reference[0], reference[1], reference[2]),
        (reference[3], reference[4], reference[5]),
    )
    sign = -factor if kind % 2 == 1 else factor
    shift = 3 if kind >= 2 else 0
    for k in range(3):
        sums[k] += sign * v[k + shift, i]
        sums[k + 3] += sign * v[3 - shift + k, i]


@compiled(nogil=True)
def _unit(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vector of length 1."""
    unit: NDArray[np.float64] = v / np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    return unit


@compiled(nogil=True)
def _orthogonal(
    v: NDArray[np.float64], count: int, sums: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean normal and slip from the sums, made orthogonal as HASH does."""
    mn, ms = _unit(sums[:3]), _unit(sums[3:])
    first, second = _mean_square_angles(v, count, mn, ms)
    first, second = np.sqrt(first / count), np.sqrt(second / count)
    if first + second < 1e-4:
        return mn, ms
    # The plane that mechanisms agree on less gives way more.
    part = first / (first + second)
    for _ in range(_TURNS):
        misfit = 90.0 - np.degrees(np.arccos(mn[0] * ms[0] + mn[1] * ms[1] + mn[2] * ms[2]))
        if abs(misfit) <= _ORTHOGONAL_DEG:
            break
        old = mn.copy()
        mn = _unit(mn - ms * np.sin(np.radians(misfit * part)))
        ms = _unit(ms - old * np.sin(np.radians(misfit * (1.0 - part))))
    return mn, ms


@compiled(nogil=True)
def _find_whole_degrees(trace: float) -> float:
    """Angle of a rotation of this trace with its fraction of a degree cut off."""
    cosine = min(max(0.5 * (trace - 1.0), -1.0), 1.0)
    return float(np.floor(np.degrees(np.arccos(cosine))))


@compiled(nogil=True)
def _find_worst(
    traces: NDArray[np.float64], place: NDArray[np.int64], left: int, least_trace: float
) -> int:
    """Number of the mechanism to remove: the last of the list in the largest whole degree.

    Where none lies above the whole degree itself, it is the first with the largest rotation.
    """
    edge = 1.0 + 2.0 * np.cos(np.radians(_find_whole_degrees(least_trace)))
    last, worst = -1, -1
    for m in range(left):
        if traces[m] < edge and (last < 0 or place[m] > place[last]):
            last = m
        if traces[m] == least_trace and (worst < 0 or place[m] < place[worst]):
            worst = m
    return last if last >= 0 else worst


@compiled(nogil=True)
def _write_spread(
    v: NDArray[np.float64],
    count: int,
    normal: NDArray[np.float64],
    slip: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> None:
    """Root mean square angles, in degrees, of all normals and slips to those of a solution."""
    first, second = _mean_square_angles(v, count, normal, slip)
    spread[0] = np.degrees(np.sqrt(first / count)) if count > 1 else 0.0
    spread[1] = np.degrees(np.sqrt(second / count)) if count > 1 else 0.0


@compiled(nogil=True)
def hash_solutions(
    all_v: NDArray[np.float64], count: int, angle_deg: float, least: float, solutions: Solutions
) -> int:
    """Find up to five solutions of equally weighted mechanisms; return how many.

    Parameters
    ----------
    all_v : float64, shape (6, count)
        Normals and slips, in the order of the list.
    angle_deg, least : float
        Probability angle, compared with whole degrees; minimum probability of further solutions.
    solutions : Solutions
        Filled.
    """
    listed = np.arange(count)
    left = count
    found = 0
    removed = np.empty(count, np.int64)
    v = np.empty((6, count))
    place = np.empty(count, np.int64)
    alive = np.empty(count, np.bool_)
    traces = np.empty(count)
    sums = np.empty(6)
    reference = np.empty(6)
    mn, ms = np.empty(3), np.empty(3)
    for solution in range(MAXIMUM_SOLUTIONS):
        if left < 1:
            break
        total = left
        for m in range(total):
            v[:, m] = all_v[:, listed[m]]
            place[m] = m
            alive[m] = True
        gone = 0
        head = 0
        fresh = True
        while True:
            if left == 1:
                mn[:], ms[:] = v[:3, 0], v[3:, 0]
                break
            if fresh:
                # All are aligned to the first of the list that is left. Until that one is
                # removed the sums stay right with the removed ones taken off, so that a round
                # costs one pass, not two.
                while not alive[head]:
                    head += 1
                reference[:] = all_v[:, listed[head]]
                sums[:] = 0.0
                for m in range(left):
                    _add(v, m, reference, 1.0, sums)
            mn[:], ms[:] = _orthogonal(v, left, sums)
            worst_trace = _write_traces(v, left, mn, ms, traces)
            if _find_whole_degrees(worst_trace) <= angle_deg:
                break
            worst = _find_worst(traces, place, left, worst_trace)
            out = place[worst]
            _add(v, worst, reference, -1.0, sums)
            fresh = out == head
            alive[out] = False
            left -= 1
            # The last takes the free place; ``place`` remembers the order of the list, which
            # decides ties.
            v[:, worst] = v[:, left]
            place[worst] = place[left]
            removed[gone] = listed[out]
            gone += 1
        probability = left / count
        if solution > 0 and probability < least:
            break
        solutions.normals[solution] = mn
        solutions.slips[solution] = ms
        solutions.shares[solution] = probability
        _write_spread(all_v, count, mn, ms, solutions.spreads[solution])
        found += 1
        left = total - left
        for m in range(left):
            listed[m] = removed[gone - 1 - m]
    return found
