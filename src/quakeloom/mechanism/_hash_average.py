"""HASH's own preferred mechanism, step by step as its subroutines define it.

The mean of normals and slips, each mechanism aligned to the first of the list; made
orthogonal, the worse plane giving way more; the mechanism with the largest rotation removed;
again, until all are within the probability angle. What was removed, last first, is the list
for the next solution. Written anew from that definition, in double precision, with rotation
angles in closed form.

References
----------
Hardebeck, J. L. and P. M. Shearer (2002), BSSA 92, 2264-2276; HASH v1.2, subroutines
MECH_PROB, MECH_AVG, MECH_ROT.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from quakeloom.mechanism._preferred import MAXIMUM_SOLUTIONS

_ORTHOGONAL_DEG = 0.01
_TURNS = 100


@njit(cache=True, nogil=True)
def _align(n, s, i, rn, rs):
    """Best of the four matchings of mechanism ``i`` with a reference.

    Returns the matching (0 as is, 1 both negated, 2 swapped, 3 swapped and negated), the
    cosine of the rotation and the cosines of the two plane angles.
    """
    nn = n[0, i] * rn[0] + n[1, i] * rn[1] + n[2, i] * rn[2]
    ss = s[0, i] * rs[0] + s[1, i] * rs[1] + s[2, i] * rs[2]
    ns = n[0, i] * rs[0] + n[1, i] * rs[1] + n[2, i] * rs[2]
    sn = s[0, i] * rn[0] + s[1, i] * rn[1] + s[2, i] * rn[2]
    # (n x s).(rn x rs)
    bb = nn * ss - ns * sn
    kind, trace = 0, nn + ss + bb
    if bb - nn - ss > trace:
        kind, trace = 1, bb - nn - ss
    if sn + ns - bb > trace:
        kind, trace = 2, sn + ns - bb
    if -sn - ns - bb > trace:
        kind, trace = 3, -sn - ns - bb
    if kind == 0:
        return kind, trace, nn, ss
    if kind == 1:
        return kind, trace, -nn, -ss
    if kind == 2:
        return kind, trace, sn, ns
    return kind, trace, -sn, -ns


@njit(cache=True, nogil=True)
def _angle(cosine):
    return np.arccos(min(max(cosine, -1.0), 1.0))


@njit(cache=True, nogil=True)
def _add(n, s, i, kind, factor, sum_n, sum_s):
    """Add an aligned mechanism to the sums of normals and slips."""
    sign = -factor if kind % 2 == 1 else factor
    for k in range(3):
        if kind < 2:
            sum_n[k] += sign * n[k, i]
            sum_s[k] += sign * s[k, i]
        else:
            sum_n[k] += sign * s[k, i]
            sum_s[k] += sign * n[k, i]


@njit(cache=True, nogil=True)
def _unit(v):
    return v / np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


@njit(cache=True, nogil=True)
def _orthogonal(n, s, members, count, sum_n, sum_s):
    """Mean normal and slip from the sums, made orthogonal as HASH does."""
    mn, ms = _unit(sum_n), _unit(sum_s)
    first = second = 0.0
    for m in range(count):
        _, _, cn, cs = _align(n, s, members[m], mn, ms)
        an, as_ = _angle(cn), _angle(cs)
        first += an * an
        second += as_ * as_
    first, second = np.sqrt(first / count), np.sqrt(second / count)
    if first + second < 1e-4:
        return mn, ms
    part = first / (first + second)
    for _ in range(_TURNS):
        misfit = 90.0 - np.degrees(np.arccos(mn[0] * ms[0] + mn[1] * ms[1] + mn[2] * ms[2]))
        if abs(misfit) <= _ORTHOGONAL_DEG:
            break
        old = mn.copy()
        mn = _unit(mn - ms * np.sin(np.radians(misfit * part)))
        ms = _unit(ms - old * np.sin(np.radians(misfit * (1.0 - part))))
    return mn, ms


@njit(cache=True, nogil=True)
def hash_solutions(n, s, count, angle_deg, least, normals, slips, shares, spreads):
    """Find up to five solutions of equally weighted mechanisms; return how many.

    Parameters
    ----------
    n, s : float64, shape (3, >= count)
        Normals and slips, in the order of the list.
    angle_deg, least : float
        Probability angle; least probability of further solutions.
    normals, slips : float64, shape (5, 3); shares : (5,); spreads : (5, 2)
        Results.
    """
    members = np.arange(count)
    left = count
    found = 0
    # Rotation <= angle is trace >= 1 + 2 cos(angle).
    least_trace = 1.0 + 2.0 * np.cos(np.radians(angle_deg))
    removed = np.empty(count, np.int64)
    for solution in range(MAXIMUM_SOLUTIONS):
        if left < 1:
            break
        total = left
        gone = 0
        mn, ms = n[:, members[0]].copy(), s[:, members[0]].copy()
        sum_n, sum_s = np.zeros(3), np.zeros(3)
        fresh = True
        while left > 1:
            if fresh:
                sum_n[:], sum_s[:] = 0.0, 0.0
                rn, rs = n[:, members[0]].copy(), s[:, members[0]].copy()
                for m in range(left):
                    kind, _, _, _ = _align(n, s, members[m], rn, rs)
                    _add(n, s, members[m], kind, 1.0, sum_n, sum_s)
                fresh = False
            mn, ms = _orthogonal(n, s, members, left, sum_n, sum_s)
            worst, worst_trace = 0, 4.0
            for m in range(left):
                _, trace, _, _ = _align(n, s, members[m], mn, ms)
                if trace < worst_trace:
                    worst, worst_trace = m, trace
            if worst_trace >= least_trace:
                break
            out = members[worst]
            kind, _, _, _ = _align(n, s, out, rn, rs)
            _add(n, s, out, kind, -1.0, sum_n, sum_s)
            fresh = worst == 0
            for m in range(worst, left - 1):
                members[m] = members[m + 1]
            left -= 1
            removed[gone] = out
            gone += 1
        if left == 1:
            mn, ms = n[:, members[0]].copy(), s[:, members[0]].copy()
        probability = left / count
        if solution > 0 and probability < least:
            break
        first = second = 0.0
        for i in range(count):
            _, _, cn, cs = _align(n, s, i, mn, ms)
            an, as_ = _angle(cn), _angle(cs)
            first += an * an
            second += as_ * as_
        normals[solution] = mn
        slips[solution] = ms
        shares[solution] = probability
        spreads[solution, 0] = np.degrees(np.sqrt(first / count))
        spreads[solution, 1] = np.degrees(np.sqrt(second / count))
        found += 1
        left = total - left
        for m in range(left):
            members[m] = removed[gone - 1 - m]
    return found
