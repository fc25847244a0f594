"""Bit-sliced counters: count misfits of all mechanisms with logical operations.

A counter is a stack of planes; bit ``j`` of word ``w`` of plane ``p`` is binary digit ``p``
of the count of mechanism ``j`` of word ``w``. Seven rows enter at a time through four full
adders, so one pass over the words costs some five operations per row and 64 mechanisms.

The planes of a counter lie ``STRIDE`` words apart in one array. That the distance is a
constant lets the compiler see that reads and writes never meet, and use vector registers.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic

from quakeloom.core import compiled
from quakeloom.mechanism._grid import MAXIMUM_CHUNKS

STRIDE = MAXIMUM_CHUNKS
MAXIMUM_PLANES = 14
"""Counts and sums of weights stay below 2**14."""

FUSED = 6
"""Counters of up to this many planes are searched in single passes."""

_ALL = np.int64(-1)
_GROUP = 7


@intrinsic
def trailing_zeros(typing_context, word):
    """Place of the lowest set bit of an int64; not defined for 0."""

    def generate(context, builder, signature, arguments):
        flag = context.get_constant(types.boolean, True)
        return builder.cttz(arguments[0], flag)

    return types.int64(types.int64), generate


@intrinsic
def population(typing_context, word):
    """Number of set bits of an int64."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@compiled(nogil=True)
def _add_seven(c0, c1, c2, c3, c4, c5, c6, f0, f1, f2, f3, f4, f5, f6, planes, carry, n):
    """Add seven coded rows, each flipped by 0 or -1, to five planes; give the carry."""
    for w in range(n):
        x = np.int64(c0[w])
        a0 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f0
        x = np.int64(c1[w])
        a1 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f1
        x = np.int64(c2[w])
        a2 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f2
        x = np.int64(c3[w])
        a3 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f3
        x = np.int64(c4[w])
        a4 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f4
        x = np.int64(c5[w])
        a5 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f5
        x = np.int64(c6[w])
        a6 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f6
        u = a0 ^ a1
        s1 = u ^ a2
        k1 = (a0 & a1) | (u & a2)
        u = a3 ^ a4
        s2 = u ^ a5
        k2 = (a3 & a4) | (u & a5)
        u = s1 ^ s2
        b0 = u ^ a6
        k3 = (s1 & s2) | (u & a6)
        u = k1 ^ k2
        b1 = u ^ k3
        b2 = (k1 & k2) | (u & k3)
        p = planes[w]
        planes[w] = p ^ b0
        k = p & b0
        p = planes[w + STRIDE]
        u = p ^ b1
        planes[w + STRIDE] = u ^ k
        k = (p & b1) | (u & k)
        p = planes[w + 2 * STRIDE]
        u = p ^ b2
        planes[w + 2 * STRIDE] = u ^ k
        k = (p & b2) | (u & k)
        p = planes[w + 3 * STRIDE]
        planes[w + 3 * STRIDE] = p ^ k
        k = p & k
        p = planes[w + 4 * STRIDE]
        planes[w + 4 * STRIDE] = p ^ k
        carry[w] = p & k


@compiled(nogil=True)
def _set_seven(c0, c1, c2, c3, c4, c5, c6, f0, f1, f2, f3, f4, f5, f6, planes, n):
    """Start a counter with seven coded rows: write all of its first planes."""
    for w in range(n):
        x = np.int64(c0[w])
        a0 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f0
        x = np.int64(c1[w])
        a1 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f1
        x = np.int64(c2[w])
        a2 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f2
        x = np.int64(c3[w])
        a3 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f3
        x = np.int64(c4[w])
        a4 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f4
        x = np.int64(c5[w])
        a5 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f5
        x = np.int64(c6[w])
        a6 = ((_ALL << (x & 63)) ^ (x >> 63)) ^ f6
        u = a0 ^ a1
        s1 = u ^ a2
        k1 = (a0 & a1) | (u & a2)
        u = a3 ^ a4
        s2 = u ^ a5
        k2 = (a3 & a4) | (u & a5)
        u = s1 ^ s2
        b0 = u ^ a6
        k3 = (s1 & s2) | (u & a6)
        u = k1 ^ k2
        b1 = u ^ k3
        b2 = (k1 & k2) | (u & k3)
        planes[w] = b0
        planes[w + STRIDE] = b1
        planes[w + 2 * STRIDE] = b2
        planes[w + 3 * STRIDE] = 0
        planes[w + 4 * STRIDE] = 0
        planes[w + 5 * STRIDE] = 0


@compiled(nogil=True)
def _ripple(planes, first, last, carry, n):
    """Add a carry to planes ``first`` to ``last - 1``."""
    for p in range(first, last):
        plane = planes[p * STRIDE : p * STRIDE + n]
        for w in range(n):
            x = plane[w]
            plane[w] = x ^ carry[w]
            carry[w] = x & carry[w]


@compiled(nogil=True)
def clear(planes, first, last, n):
    """Set planes ``first`` to ``last - 1`` to zero."""
    for p in range(first, last):
        planes[p * STRIDE : p * STRIDE + n] = 0


@compiled(nogil=True)
def add_rows(codes, starts, flips, first, last, empty, planes, top, carry, n, fresh):
    """Add the coded rows ``starts[first:last]`` of ``codes`` to a counter of ``top`` planes.

    ``fresh`` starts the counter anew; planes above ``top`` are then zero up to ``FUSED``.

    ``flips`` is -1 where the row is to be inverted (observed up: a misfit where the
    prediction is not up), else 0. ``empty`` is the start of a row of zeros in ``codes``.
    Planes 0 to 4 are always written.
    """
    at = np.empty(_GROUP, np.int64)
    flip = np.empty(_GROUP, np.int64)
    for group in range(first, last, _GROUP):
        for i in range(_GROUP):
            if group + i < last:
                at[i] = starts[group + i]
                flip[i] = flips[group + i]
            else:
                at[i] = empty
                flip[i] = 0
        c0, c1 = codes[at[0] : at[0] + n], codes[at[1] : at[1] + n]
        c2, c3 = codes[at[2] : at[2] + n], codes[at[3] : at[3] + n]
        c4, c5 = codes[at[4] : at[4] + n], codes[at[5] : at[5] + n]
        c6 = codes[at[6] : at[6] + n]
        if fresh and group == first:
            _set_seven(
                c0, c1, c2, c3, c4, c5, c6, flip[0], flip[1], flip[2], flip[3], flip[4],
                flip[5], flip[6], planes, n,
            )  # fmt: skip
            clear(planes, FUSED, top, n)
        else:
            _add_seven(
                c0, c1, c2, c3, c4, c5, c6, flip[0], flip[1], flip[2], flip[3], flip[4],
                flip[5], flip[6], planes, carry, n,
            )  # fmt: skip
            if top > 5:
                _ripple(planes, 5, top, carry, n)
    if fresh and last <= first:
        clear(planes, 0, max(top, FUSED), n)


@compiled(nogil=True)
def add_words(words, count, planes, top, carry, n):
    """Add up to seven plain rows (``words`` is a stack of planes) to a counter."""
    for i in range(count, _GROUP):
        words[i * STRIDE : i * STRIDE + n] = 0
    for w in range(n):
        a0 = words[w]
        a1 = words[w + STRIDE]
        a2 = words[w + 2 * STRIDE]
        a3 = words[w + 3 * STRIDE]
        a4 = words[w + 4 * STRIDE]
        a5 = words[w + 5 * STRIDE]
        a6 = words[w + 6 * STRIDE]
        u = a0 ^ a1
        s1 = u ^ a2
        k1 = (a0 & a1) | (u & a2)
        u = a3 ^ a4
        s2 = u ^ a5
        k2 = (a3 & a4) | (u & a5)
        u = s1 ^ s2
        b0 = u ^ a6
        k3 = (s1 & s2) | (u & a6)
        u = k1 ^ k2
        b1 = u ^ k3
        b2 = (k1 & k2) | (u & k3)
        p = planes[w]
        planes[w] = p ^ b0
        k = p & b0
        p = planes[w + STRIDE]
        u = p ^ b1
        planes[w + STRIDE] = u ^ k
        k = (p & b1) | (u & k)
        p = planes[w + 2 * STRIDE]
        u = p ^ b2
        planes[w + 2 * STRIDE] = u ^ k
        carry[w] = (p & b2) | (u & k)
    _ripple(planes, 3, top, carry, n)


@compiled(nogil=True)
def subtract_row(codes, flip, planes, top, out, borrow, n):
    """Write the counter without one coded row to ``out``."""
    for w in range(n):
        x = np.int64(codes[w])
        borrow[w] = ((_ALL << (x & 63)) ^ (x >> 63)) ^ flip
    for p in range(top):
        plane = planes[p * STRIDE : p * STRIDE + n]
        result = out[p * STRIDE : p * STRIDE + n]
        for w in range(n):
            x = plane[w]
            result[w] = x ^ borrow[w]
            borrow[w] = ~x & borrow[w]


@compiled(nogil=True)
def _zero_digits(planes, candidates, n):
    """Lowest digit from which on some candidate's count has zeros only, in one pass."""
    any5 = any4 = any3 = any2 = any1 = any0 = np.int64(0)
    for w in range(n):
        x = candidates[w] & ~planes[w + 5 * STRIDE]
        any5 |= x
        x &= ~planes[w + 4 * STRIDE]
        any4 |= x
        x &= ~planes[w + 3 * STRIDE]
        any3 |= x
        x &= ~planes[w + 2 * STRIDE]
        any2 |= x
        x &= ~planes[w + STRIDE]
        any1 |= x
        any0 |= x & ~planes[w]
    lowest = FUSED
    for digit, some in ((5, any5), (4, any4), (3, any3), (2, any2), (1, any1), (0, any0)):
        if some != 0:
            lowest = digit
    return lowest


@compiled(nogil=True)
def _keep_digits(planes, value, from_digit, candidates, out, n):
    """Write the candidates whose digits ``from_digit`` to ``FUSED - 1`` are those of a value."""
    v0, v1, v2 = -(value & 1), -((value >> 1) & 1), -((value >> 2) & 1)
    v3, v4, v5 = -((value >> 3) & 1), -((value >> 4) & 1), -((value >> 5) & 1)
    m0, m1 = -np.int64(from_digit > 0), -np.int64(from_digit > 1)
    m2, m3 = -np.int64(from_digit > 2), -np.int64(from_digit > 3)
    m4, m5 = -np.int64(from_digit > 4), -np.int64(from_digit > 5)
    for w in range(n):
        x = candidates[w] & (m5 | ~(planes[w + 5 * STRIDE] ^ v5))
        x &= m4 | ~(planes[w + 4 * STRIDE] ^ v4)
        x &= m3 | ~(planes[w + 3 * STRIDE] ^ v3)
        x &= m2 | ~(planes[w + 2 * STRIDE] ^ v2)
        x &= m1 | ~(planes[w + STRIDE] ^ v1)
        out[w] = x & (m0 | ~(planes[w] ^ v0))


@compiled(nogil=True)
def smallest(planes, top, candidates, left, trial, n, narrow):
    """Return the least count among candidates (a row of set bits, not empty).

    With ``narrow``, ``left`` receives the candidates that have it; else it is scratch. Planes
    0 to ``FUSED - 1`` must be set even where ``top`` is less.
    """
    value = 0
    first = top - 1
    if top <= FUSED:
        lowest = _zero_digits(planes, candidates, n)
        # The digit below is set in all of those; small counts are thereby known already.
        value = (1 << lowest) >> 1
        if lowest <= 1:
            if narrow:
                _keep_digits(planes, value, 0, candidates, left, n)
            return value
        _keep_digits(planes, value, lowest - 1, candidates, left, n)
        first = lowest - 2
    else:
        left[:n] = candidates[:n]
    for p in range(first, -1, -1):
        plane = planes[p * STRIDE : p * STRIDE + n]
        found = np.int64(0)
        for w in range(n):
            x = left[w] & ~plane[w]
            trial[w] = x
            found |= x
        if found != 0:
            left[:n] = trial[:n]
        else:
            value += 1 << p
    return value


@compiled(nogil=True)
def keep_at_most(planes, top, limit, accepted, below, equal, n):
    """Narrow ``accepted`` in place to mechanisms with a count of at most ``limit``.

    Planes 0 to ``FUSED - 1`` must be set even where ``top`` is less.
    """
    if limit >= (1 << top) - 1:
        return
    if top <= FUSED:
        b0, b1, b2 = -(limit & 1), -((limit >> 1) & 1), -((limit >> 2) & 1)
        b3, b4, b5 = -((limit >> 3) & 1), -((limit >> 4) & 1), -((limit >> 5) & 1)
        for w in range(n):
            p = planes[w + 5 * STRIDE]
            less = b5 & ~p
            same = ~(b5 ^ p)
            p = planes[w + 4 * STRIDE]
            less |= same & b4 & ~p
            same &= ~(b4 ^ p)
            p = planes[w + 3 * STRIDE]
            less |= same & b3 & ~p
            same &= ~(b3 ^ p)
            p = planes[w + 2 * STRIDE]
            less |= same & b2 & ~p
            same &= ~(b2 ^ p)
            p = planes[w + STRIDE]
            less |= same & b1 & ~p
            same &= ~(b1 ^ p)
            p = planes[w]
            less |= same & b0 & ~p
            same &= ~(b0 ^ p)
            accepted[w] &= less | same
        return
    below[:n] = 0
    equal[:n] = _ALL
    for p in range(top - 1, -1, -1):
        plane = planes[p * STRIDE : p * STRIDE + n]
        if (limit >> p) & 1:
            for w in range(n):
                x = plane[w]
                below[w] |= equal[w] & ~x
                equal[w] &= x
        else:
            for w in range(n):
                equal[w] &= ~plane[w]
    for w in range(n):
        accepted[w] &= below[w] | equal[w]


@compiled(nogil=True)
def list_counts(planes, top, mask, rows, indices, counts, n):
    """List mechanisms of a mask with their counts, in the order of the grid.

    Returns how many were written to ``indices`` and ``counts``.
    """
    bits = rows.bits
    parts = rows.cosines.shape[0] // bits
    per_part = n // parts
    found = 0
    for plane_of_grid in range(per_part):
        for part in range(parts):
            w = part * per_part + plane_of_grid
            word = mask[w]
            base = (plane_of_grid * parts + part) * bits
            while word != 0:
                j = trailing_zeros(word)
                word &= word - 1
                value = 0
                for p in range(top):
                    value |= ((planes[p * STRIDE + w] >> j) & 1) << p
                indices[found] = base + j
                counts[found] = value
                found += 1
    return found


@compiled(nogil=True)
def count_bits(first, second, n):
    """Number of set bits in the intersection of two rows."""
    total = 0
    for w in range(n):
        total += population(first[w] & second[w])
    return total
