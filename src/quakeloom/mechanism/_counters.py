"""Bit-sliced counters: count misfits of all mechanisms with logical operations.

A counter is a stack of planes; bit ``j`` of word ``w`` of plane ``p`` is binary digit ``p``
of the count of mechanism ``j`` of word ``w``. Seven rows enter at a time through four full
adders, so one pass over the words costs some five operations per row and 64 mechanisms.

The planes of a counter lie ``STRIDE`` words apart in one array. That the distance is a
constant lets the compiler see that reads and writes never meet, and use vector registers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._codes import decode
from quakeloom.mechanism._grid import MAXIMUM_CHUNKS

Codes = NDArray[np.int8]
Words = NDArray[np.int64]
"""A row of bits, one per mechanism, 64 or fewer in a word; or planes of a counter."""

SevenRows = tuple[Codes, Codes, Codes, Codes, Codes, Codes, Codes]
SevenFlips = tuple[np.int64, np.int64, np.int64, np.int64, np.int64, np.int64, np.int64]
"""Coded rows that enter a counter together, and -1 for each that is inverted, else 0."""

STRIDE = MAXIMUM_CHUNKS
"""Words from one plane of a counter to the next: the longest row there may be."""

MAXIMUM_PLANES = 20
"""Counts and sums of weights stay below 2**20."""

FUSED = 6
"""Counters of up to this many planes are searched in single passes: counts below 64, which
is more than most events have polarities."""

_ALL = np.int64(-1)
"""A word with every bit set."""

_GROUP = 7
"""Rows that enter at a time: three binary digits count seven and no more."""


class CodedRows(NamedTuple):
    """Predicted signs of an event's rays, coded, each as it is or inverted.

    Attributes
    ----------
    codes : int8
        All rows, one after the other (see :mod:`quakeloom.mechanism._codes`).
    starts : int64, one per ray
        Where its row starts.
    flips : int64, one per ray
        -1 where the row is to be inverted (observed up: a misfit where the prediction is
        not up), else 0.
    empty : int
        Where a row without set bits starts.
    """

    codes: NDArray[np.int8]
    starts: NDArray[np.int64]
    flips: NDArray[np.int64]
    empty: int


class Counter(NamedTuple):
    """A bit-sliced counter of all mechanisms.

    Attributes
    ----------
    planes : int64
        Stack of planes, lowest binary digit first, :data:`STRIDE` words apart. Those from
        ``digits`` to ``FUSED - 1`` must be zero, since searches in single passes read them.
    digits : int
        Binary digits that counts may have.
    carry : int64
        A row of scratch.
    words : int
        Words of a row.
    """

    planes: Words
    digits: int
    carry: Words
    words: int


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Place of the lowest set bit of an int64; not defined for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flag = context.get_constant(types.boolean, True)
        return builder.cttz(arguments[0], flag)

    return types.int64(types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def population(typing_context: Any, word: Any) -> Any:
    """Number of set bits of an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@compiled(nogil=True, inline="always")
def _add_bits(
    a0: np.int64, a1: np.int64, a2: np.int64, a3: np.int64, a4: np.int64, a5: np.int64, a6: np.int64
) -> tuple[np.int64, np.int64, np.int64]:
    """Binary digits 1, 2 and 4 of how many of seven bits are set, for 64 places at a time.

    Four full adders: two add three bits each, one their sums and the seventh bit, one the
    three carries.
    """
    u = a0 ^ a1
    sum_one = u ^ a2
    carry_one = (a0 & a1) | (u & a2)
    u = a3 ^ a4
    sum_two = u ^ a5
    carry_two = (a3 & a4) | (u & a5)
    u = sum_one ^ sum_two
    ones = u ^ a6
    carry_three = (sum_one & sum_two) | (u & a6)
    u = carry_one ^ carry_two
    return ones, u ^ carry_three, (carry_one & carry_two) | (u & carry_three)


@compiled(nogil=True, **UNCOUNTED)
def _add_seven(rows: SevenRows, flips: SevenFlips, counter: Counter) -> None:
    """Add seven coded rows, each flipped by 0 or -1, to five planes; write the carry."""
    c0, c1, c2, c3, c4, c5, c6 = rows
    f0, f1, f2, f3, f4, f5, f6 = flips
    planes, carry = counter.planes, counter.carry
    for w in range(counter.words):
        ones, twos, fours = _add_bits(
            decode(c0[w], f0), decode(c1[w], f1), decode(c2[w], f2), decode(c3[w], f3),
            decode(c4[w], f4), decode(c5[w], f5), decode(c6[w], f6),
        )  # fmt: skip
        p = planes[w]
        planes[w] = p ^ ones
        k = p & ones
        p = planes[w + STRIDE]
        u = p ^ twos
        planes[w + STRIDE] = u ^ k
        k = (p & twos) | (u & k)
        p = planes[w + 2 * STRIDE]
        u = p ^ fours
        planes[w + 2 * STRIDE] = u ^ k
        k = (p & fours) | (u & k)
        p = planes[w + 3 * STRIDE]
        planes[w + 3 * STRIDE] = p ^ k
        k = p & k
        p = planes[w + 4 * STRIDE]
        planes[w + 4 * STRIDE] = p ^ k
        carry[w] = p & k


@compiled(nogil=True, **UNCOUNTED)
def _set_seven(rows: SevenRows, flips: SevenFlips, counter: Counter) -> None:
    """Start a counter with seven coded rows: write all of its first planes.

    A counter that starts anew needs no reading, and most events have one or two sevens.
    """
    c0, c1, c2, c3, c4, c5, c6 = rows
    f0, f1, f2, f3, f4, f5, f6 = flips
    planes = counter.planes
    for w in range(counter.words):
        ones, twos, fours = _add_bits(
            decode(c0[w], f0), decode(c1[w], f1), decode(c2[w], f2), decode(c3[w], f3),
            decode(c4[w], f4), decode(c5[w], f5), decode(c6[w], f6),
        )  # fmt: skip
        planes[w] = ones
        planes[w + STRIDE] = twos
        planes[w + 2 * STRIDE] = fours
        planes[w + 3 * STRIDE] = 0
        planes[w + 4 * STRIDE] = 0
        planes[w + 5 * STRIDE] = 0


@compiled(nogil=True, **UNCOUNTED)
def _ripple(counter: Counter, first: int) -> None:
    """Add the carry to the planes from ``first`` on."""
    planes, carry = counter.planes, counter.carry
    for p in range(first, counter.digits):
        plane = planes[p * STRIDE : p * STRIDE + counter.words]
        for w in range(counter.words):
            x = plane[w]
            plane[w] = x ^ carry[w]
            carry[w] = x & carry[w]


@compiled(nogil=True, **UNCOUNTED)
def clear(planes: Words, first: int, last: int, words: int) -> None:
    """Set planes ``first`` to ``last - 1`` to zero."""
    for p in range(first, last):
        planes[p * STRIDE : p * STRIDE + words] = 0


@compiled(nogil=True, inline="always")
def _row_of(coded: CodedRows, row: int, last: int) -> tuple[np.int64, np.int64]:
    """Where a row starts, and its flip; the last seven are filled up with rows that are empty."""
    if row < last:
        return coded.starts[row], coded.flips[row]
    return np.int64(coded.empty), np.int64(0)


@compiled(nogil=True, **UNCOUNTED)
def add_rows(coded: CodedRows, first: int, last: int, counter: Counter, fresh: bool) -> None:
    """Add the coded rows ``first`` to ``last - 1`` to a counter.

    ``fresh`` starts the counter anew, whatever is in it. Planes 0 to 4 are always written.
    """
    codes, n = coded.codes, counter.words
    for group in range(first, last, _GROUP):
        a0, f0 = _row_of(coded, group, last)
        a1, f1 = _row_of(coded, group + 1, last)
        a2, f2 = _row_of(coded, group + 2, last)
        a3, f3 = _row_of(coded, group + 3, last)
        a4, f4 = _row_of(coded, group + 4, last)
        a5, f5 = _row_of(coded, group + 5, last)
        a6, f6 = _row_of(coded, group + 6, last)
        seven = (
            codes[a0 : a0 + n], codes[a1 : a1 + n], codes[a2 : a2 + n], codes[a3 : a3 + n],
            codes[a4 : a4 + n], codes[a5 : a5 + n], codes[a6 : a6 + n],
        )  # fmt: skip
        turned = (f0, f1, f2, f3, f4, f5, f6)
        if fresh and group == first:
            _set_seven(seven, turned, counter)
            clear(counter.planes, FUSED, counter.digits, n)
        else:
            _add_seven(seven, turned, counter)
            if counter.digits > 5:
                _ripple(counter, 5)
    if fresh and last <= first:
        clear(counter.planes, 0, max(counter.digits, FUSED), n)


@compiled(nogil=True, **UNCOUNTED)
def add_words(words: Words, count: int, counter: Counter) -> None:
    """Add up to seven plain rows (``words`` is a stack of planes) to a counter."""
    planes, carry, n = counter.planes, counter.carry, counter.words
    for i in range(count, _GROUP):
        words[i * STRIDE : i * STRIDE + n] = 0
    for w in range(n):
        ones, twos, fours = _add_bits(
            words[w], words[w + STRIDE], words[w + 2 * STRIDE], words[w + 3 * STRIDE],
            words[w + 4 * STRIDE], words[w + 5 * STRIDE], words[w + 6 * STRIDE],
        )  # fmt: skip
        p = planes[w]
        planes[w] = p ^ ones
        k = p & ones
        p = planes[w + STRIDE]
        u = p ^ twos
        planes[w + STRIDE] = u ^ k
        k = (p & twos) | (u & k)
        p = planes[w + 2 * STRIDE]
        u = p ^ fours
        planes[w + 2 * STRIDE] = u ^ k
        carry[w] = (p & fours) | (u & k)
    _ripple(counter, 3)


@compiled(nogil=True, **UNCOUNTED)
def subtract_row(codes: NDArray[np.int8], flip: np.int64, counter: Counter, out: Words) -> None:
    """Write the counter without one coded row to the planes ``out``.

    Leaving out one of many readings so costs one pass, counting the others anew many.
    """
    borrow, n = counter.carry, counter.words
    for w in range(n):
        borrow[w] = decode(codes[w], flip)
    for p in range(counter.digits):
        plane = counter.planes[p * STRIDE : p * STRIDE + n]
        result = out[p * STRIDE : p * STRIDE + n]
        for w in range(n):
            x = plane[w]
            result[w] = x ^ borrow[w]
            borrow[w] = ~x & borrow[w]
