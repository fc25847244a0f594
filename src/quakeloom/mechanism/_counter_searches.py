"""Searches in bit-sliced counters: the least count, who has at most so many, and who they are.

Counts of up to :data:`FUSED` binary digits are searched in single passes over the words, longer
ones plane by plane from the highest digit down. Both give the same answers; the first reads and
writes memory a few times less, and most events have fewer than 64 polarities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._codes import Rows
from quakeloom.mechanism._counters import (
    FUSED,
    STRIDE,
    Counter,
    Words,
    population,
    trailing_zeros,
)

_ALL = np.int64(-1)
"""A word with every bit set."""

SPREAD = 15
"""Most binary digits of counts that :func:`spread_counts` writes."""


@compiled(nogil=True, **UNCOUNTED)
def _zero_digits(planes: Words, candidates: Words, n: int) -> int:
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


@compiled(nogil=True, **UNCOUNTED)
def _keep_digits(
    planes: Words, value: int, from_digit: int, candidates: Words, out: Words, n: int
) -> None:
    """Write the candidates whose digits ``from_digit`` to ``FUSED - 1`` are those of a value."""
    # A word of all bits where the digit is set (v), or where it is not to be looked at (m).
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


@compiled(nogil=True, **UNCOUNTED)
def smallest(counter: Counter, candidates: Words, left: Words, trial: Words, narrow: bool) -> int:
    """Return the least count among candidates (a row of set bits, not empty).

    With ``narrow``, ``left`` receives the candidates that have it; else it is scratch, as
    ``trial`` is.
    """
    planes, n = counter.planes, counter.words
    value = 0
    first = counter.digits - 1
    if counter.digits <= FUSED:
        lowest: int = _zero_digits(planes, candidates, n)
        # Of the candidates with zeros from ``lowest`` on, none has a zero just below, so that
        # digit is set in all of them; least counts of 0 and 1 are thereby known.
        value = (1 << lowest) >> 1
        if lowest <= 1:
            if narrow:
                _keep_digits(planes, value, 0, candidates, left, n)
            return value
        _keep_digits(planes, value, lowest - 1, candidates, left, n)
        first = lowest - 2
    else:
        for w in range(n):
            left[w] = candidates[w]
    for p in range(first, -1, -1):
        plane = planes[p * STRIDE : p * STRIDE + n]
        found = np.int64(0)
        for w in range(n):
            x = left[w] & ~plane[w]
            trial[w] = x
            found |= x
        if found != 0:
            for w in range(n):
                left[w] = trial[w]
        else:
            value += 1 << p
    return value


@compiled(nogil=True, **UNCOUNTED)
def keep_at_most(
    counter: Counter, limit: int | np.int64, accepted: Words, below: Words, equal: Words
) -> None:
    """Narrow ``accepted`` in place to mechanisms with a count of at most ``limit``.

    ``below`` and ``equal`` are rows of scratch.
    """
    planes, top, n = counter.planes, counter.digits, counter.words
    if limit >= (1 << top) - 1:
        return
    if top <= FUSED:
        b0, b1, b2 = -(limit & 1), -((limit >> 1) & 1), -((limit >> 2) & 1)
        b3, b4, b5 = -((limit >> 3) & 1), -((limit >> 4) & 1), -((limit >> 5) & 1)
        # All counts of a word are compared with the limit at once, from the highest digit down:
        # a count is less where the first digit that differs is set in the limit.
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


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def spread_counts(typing_context: Any, planes: Any, word: Any, digits: Any, out: Any) -> Any:
    """Fill the counts of the 64 mechanisms of a word (int16, up to 15 binary digits).

    Every plane is a mask of its bits, by which a power of two is added in 64 places at once. Bits
    of a word are its places from the lowest on, as all usual processors have them in memory.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (
            context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 3)
        )
        small, many, index = ir.IntType(16), ir.VectorType(ir.IntType(16), 64), ir.IntType(32)
        nothing, none = ir.Constant(many, [0] * 64), ir.Constant(many, ir.Undefined)
        total = cgutils.alloca_once_value(builder, nothing)
        with cgutils.for_range(builder, arguments[2]) as loop:
            apart = builder.mul(loop.index, ir.Constant(loop.index.type, STRIDE))
            plane = builder.load(builder.gep(source.data, [builder.add(arguments[1], apart)]))
            power = builder.shl(ir.Constant(small, 1), builder.trunc(loop.index, small))
            single = builder.insert_element(none, power, ir.Constant(index, 0))
            same = ir.Constant(ir.VectorType(index, 64), [0] * 64)
            powers = builder.shuffle_vector(single, none, same)
            mask = builder.bitcast(plane, ir.VectorType(ir.IntType(1), 64))
            part = builder.select(mask, powers, nothing)
            builder.store(builder.or_(builder.load(total), part), total)
        place = builder.bitcast(target.data, many.as_pointer())
        builder.store(builder.load(total), place, align=2)
        return context.get_dummy_value()

    return types.void(planes, types.int64, types.int64, out), generate


@compiled(nogil=True, **UNCOUNTED)
def add_decays(
    counter: Counter,
    mask: Words,
    rows: Rows,
    decay: NDArray[np.float64],
    base: int | np.int64,
    counts: NDArray[np.int16],
    out: NDArray[np.float64],
) -> None:
    """Add ``decay[count - base]`` to every mechanism of a mask, at its place in the grid.

    ``counts`` is scratch for 64 of them; the counter has at most :data:`SPREAD` digits.
    """
    n = counter.words
    bits = rows.bits
    parts = rows.cosines.shape[0] // bits
    per_part = n // parts
    for plane_of_grid in range(per_part):
        for part in range(parts):
            w = part * per_part + plane_of_grid
            word = mask[w]
            if word == 0:
                continue
            first = (plane_of_grid * parts + part) * bits
            spread_counts(counter.planes, w, counter.digits, counts)
            while word != 0:
                j = trailing_zeros(word)
                word &= word - 1
                out[first + j] += decay[counts[j] - base]


@compiled(nogil=True, **UNCOUNTED)
def list_counts(
    counter: Counter, mask: Words, rows: Rows, indices: NDArray[np.int64], counts: NDArray[np.int64]
) -> int:
    """List mechanisms of a mask with their counts, in the order of the grid.

    Words lie part by part (see :class:`Rows`), so the order of the grid is plane by plane and
    within a plane part by part. Returns how many were written to ``indices`` and ``counts``.
    """
    planes, top, n = counter.planes, counter.digits, counter.words
    bits = rows.bits
    parts = rows.cosines.shape[0] // bits
    per_part = n // parts
    found = 0
    for plane_of_grid in range(per_part):
        for part in range(parts):
            w = part * per_part + plane_of_grid
            word = mask[w]
            base = (plane_of_grid * parts + part) * bits
            if word == 0:
                continue
            # six digits are read once for all mechanisms of a word
            one = np.int64(1)
            p0, p1, p2 = planes[w], planes[w + STRIDE], planes[w + 2 * STRIDE]
            p3 = planes[w + 3 * STRIDE] if top > 3 else np.int64(0)
            p4 = planes[w + 4 * STRIDE] if top > 4 else np.int64(0)
            p5 = planes[w + 5 * STRIDE] if top > 5 else np.int64(0)
            while word != 0:
                j = trailing_zeros(word)
                word &= word - 1
                value = ((p0 >> j) & one) | (((p1 >> j) & one) << 1) | (((p2 >> j) & one) << 2)
                value |= (((p3 >> j) & one) << 3) | (((p4 >> j) & one) << 4)
                value |= ((p5 >> j) & one) << 5
                for p in range(FUSED, top):
                    value |= ((planes[p * STRIDE + w] >> j) & one) << p
                indices[found] = base + j
                counts[found] = value
                found += 1
    return found


@compiled(nogil=True, **UNCOUNTED)
def count_bits(first: Words, second: Words, n: int) -> int:
    """Number of set bits in the intersection of two rows."""
    total = 0
    for w in range(n):
        total += population(first[w] & second[w])
    return total
