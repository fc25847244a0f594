"""Sums over picks for sixteen members at a time, in registers.

A loop over members inside one over picks reads and writes its sums for every pick; with the loops
the other way around the sums stay in registers, but a compiler makes no vector instructions of
that. So these two loops are written in vectors of LLVM, which turns them into whatever registers a
processor has. Every operation is rounded as IEEE 754 says, so results are the same on all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from quakeloom.core import compiled
from quakeloom.location._interpolation import LEAF

LANES = 16
"""Members that are summed together: a register of 512 bits of single precision."""

BIAS, FRACTION_BITS = 127, 23
"""Bias of the exponent of single precision and bits of its fraction (IEEE 754)."""

FRACTION, ONE = (1 << FRACTION_BITS) - 1, BIAS << FRACTION_BITS
"""Mask of the fraction, and the exponent of numbers from 1 to 2."""

NO_RAY = 1 << 20
"""In place of a power of two where a product is larger than numbers can be: no ray arrives."""

TOGETHER = 4
"""Picks that share one division, and whose factors are multiplied before their power of two is
taken off: each may be from 1e-9 to 3e9, the square of 15 hours."""

_TOO_LARGE = 1e38
"""Products beyond this are not numbers any more, in single precision."""

_ENOUGH = 1e-2
"""Square of a step over the variance of the origin time, from which it is the last. The likelihood
behind it follows from the sums before it, to 1e-4."""

_CURVED = 0.4
"""Least curvature over the sum of weights that a step is taken by, so that none is longer than two
and a half times that of the weighted mean, which never leaves the maximum. Chosen here."""

_LOG_TWO = 0.6931471805599453
"""Natural logarithm of 2."""

_FAINT = 12
"""Powers of two of the product of all ``freedom variance + d^2`` over the least at any node
from which a member is not followed any more, the step counted: with four degrees of freedom its
likelihood is e^-21 of that, as little as does not count while a search goes on."""

_INDEX = ir.IntType(32)
"""Type of whole numbers of 32 bits."""

_FLOATS, _INTS = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(_INDEX, LANES)
"""Types of sixteen numbers of single precision, and of sixteen whole numbers."""


class StudentSums(NamedTuple):
    """Registers of sums over picks, see :func:`student_sixteen`."""

    weight: Any
    moment: Any
    bend: Any
    tilt: Any
    product: Any
    power: Any


class _Writer:
    """Writes vector instructions with the builder of a function."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context = context
        self.builder = builder

    def array(self, kind: Any, value: Any) -> Any:
        return self.context.make_array(kind)(self.context, self.builder, value)

    def spread(self, scalar: Any) -> Any:
        """One number in all lanes."""
        nothing = ir.Constant(_FLOATS, ir.Undefined)
        single = self.builder.insert_element(nothing, scalar, ir.Constant(_INDEX, 0))
        return self.builder.shuffle_vector(single, nothing, ir.Constant(_INTS, [0] * LANES))

    def load(self, pointer: Any, kind: Any = _FLOATS) -> Any:
        return self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()), align=4)

    def store(self, value: Any, pointer: Any) -> None:
        place = self.builder.bitcast(pointer, value.type.as_pointer())
        self.builder.store(value, place, align=4)

    def item(self, array: Any, row: Any, column: Any) -> Any:
        """Address of an item of an array of two dimensions."""
        _, width = cgutils.unpack_tuple(self.builder, array.shape, 2)
        place = self.builder.add(self.builder.mul(row, width), column)
        return self.builder.gep(array.data, [place])

    def sum(self, value: Any) -> Any:
        """A sum that starts from a value; it ends up in a register."""
        return cgutils.alloca_once_value(self.builder, value)

    def add(self, place: Any, value: Any) -> None:
        self.builder.store(self.builder.fadd(self.builder.load(place), value), place)

    def fma(self, one: Any, other: Any, more: Any) -> Any:
        """``one * other + more``, rounded once."""
        kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
        function = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.fma.v{LANES}f32"
        )
        return self.builder.call(function, [one, other, more])

    def add_product(self, place: Any, one: Any, other: Any) -> None:
        self.builder.store(self.fma(one, other, self.builder.load(place)), place)

    def split(self, value: Any) -> tuple[Any, Any]:
        """Return a number from 1 to 2 and a power of two, whose product the value is."""
        builder = self.builder
        bits = builder.bitcast(value, _INTS)
        power = builder.sub(builder.lshr(bits, _whole_numbers(FRACTION_BITS)), _whole_numbers(BIAS))
        small = builder.fcmp_ordered("<", value, _numbers(_TOO_LARGE))
        power = builder.select(small, power, _whole_numbers(NO_RAY))
        rest = builder.or_(builder.and_(bits, _whole_numbers(FRACTION)), _whole_numbers(ONE))
        return builder.bitcast(rest, _FLOATS), power

    def inverses(self, values: list[Any]) -> tuple[Any, list[Any]]:
        """Return the product of one or four numbers, and one over each, by one division."""
        builder = self.builder
        if len(values) == 1:
            return values[0], [builder.fdiv(_numbers(1.0), values[0])]
        a, b, c, d = values
        first, second = builder.fmul(a, b), builder.fmul(c, d)
        whole = builder.fmul(first, second)
        inverse = builder.fdiv(_numbers(1.0), whole)
        one, two = builder.fmul(inverse, second), builder.fmul(inverse, first)
        return whole, [builder.fmul(x, y) for x, y in ((one, b), (one, a), (two, d), (two, c))]

    def add_picks(self, picks: list[tuple[Any, Any]], time: Any, sums: StudentSums) -> None:
        """Add picks, by addresses of residuals and widths, to sums in memory."""
        builder = self.builder
        away = [builder.fsub(self.load(here), time) for here, _ in picks]
        wide = [self.spread(builder.load(width)) for _, width in picks]
        whole, weights = self.inverses([self.fma(d, d, w) for d, w in zip(away, wide, strict=True)])
        for w, d in zip(weights, away, strict=True):
            q = builder.fmul(w, d)
            self.add(sums.weight, w)
            self.add(sums.moment, q)
            self.add_product(sums.bend, q, q)
            self.add_product(sums.tilt, w, q)
        rest, more = self.split(builder.fmul(builder.load(sums.product), whole))
        builder.store(rest, sums.product)
        builder.store(builder.add(builder.load(sums.power), more), sums.power)

    def sum_student(self, rows: Any, place: tuple[Any, Any, Any], width: Any, time: Any) -> Any:
        """Sum over picks, see :func:`student_sixteen`; ``place`` has row, picks and column."""
        builder, (row, picks, start) = self.builder, place
        none, one, together = (ir.Constant(picks.type, i) for i in (0, 1, TOGETHER))
        weight, moment, bend, tilt = (self.sum(_numbers(0.0)) for _ in range(4))
        product, power = self.sum(_numbers(1.0)), self.sum(_whole_numbers(0))
        sums = StudentSums(weight, moment, bend, tilt, product, power)

        def pick(number: Any) -> tuple[Any, Any]:
            here = self.item(rows, builder.add(row, number), start)
            return here, builder.gep(width.data, [number])

        whole = builder.sub(picks, builder.srem(picks, together))
        with cgutils.for_range_slice(builder, none, whole, together) as (first, _):
            numbers = [builder.add(first, ir.Constant(picks.type, i)) for i in range(TOGETHER)]
            self.add_picks([pick(n) for n in numbers], time, sums)
        with cgutils.for_range_slice(builder, whole, picks, one) as (last, _):
            self.add_picks([pick(last)], time, sums)
        return StudentSums(*(builder.load(v) for v in sums))


def _numbers(value: float) -> Any:
    return ir.Constant(_FLOATS, [value] * LANES)


def _whole_numbers(value: int) -> Any:
    return ir.Constant(_INTS, [value] * LANES)


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def interpolate_wide(
    typing_context: Any, rows: Any, places: Any, shares: Any, delay: Any, lines: Any, time: Any,
    out: Any,
) -> Any:  # fmt: skip
    """Fill ``time - delay`` less a weighted sum of four or eight rows, for all members.

    Sixteen members at a time; the last sixteen begin where they end with the last member, so there
    must be sixteen. ``rows`` has shape (points, members), ``places`` and ``shares`` are tuples of
    numbers of rows and their weights, ``delay`` has shape (picks, members) and ``out`` at least as
    many columns; ``lines`` are the row of the former and that of the latter, which is filled. All
    but ``places`` and ``lines`` are float32. Eight are summed as four and four.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(context, builder)
        table, late, filled = (write.array(signature.args[i], arguments[i]) for i in (0, 3, 6))
        weights = [write.spread(x) for x in cgutils.unpack_tuple(builder, arguments[2])]
        _, members = cgutils.unpack_tuple(builder, table.shape, 2)
        first = [builder.mul(x, members) for x in cgutils.unpack_tuple(builder, arguments[1])]
        begin, lanes = ir.Constant(members.type, 0), ir.Constant(members.type, LANES)
        end, seconds = builder.sub(members, lanes), write.spread(arguments[5])
        pick, to = cgutils.unpack_tuple(builder, arguments[4])
        with cgutils.for_range_slice(builder, begin, members, lanes) as (start, _):
            column = builder.select(builder.icmp_signed("<", start, end), start, end)
            halves = []
            for k in range(0, len(weights), 4):
                total = None
                for w, row in zip(weights[k : k + 4], first[k : k + 4], strict=True):
                    value = write.load(builder.gep(table.data, [builder.add(row, column)]))
                    total = builder.fmul(w, value) if total is None else write.fma(w, value, total)
                halves.append(total)
            both = halves[0] if len(halves) == 1 else builder.fadd(*halves)
            shifted = builder.fsub(seconds, write.load(write.item(late, pick, column)))
            write.store(builder.fsub(shifted, both), write.item(filled, to, column))
        return context.get_dummy_value()

    return types.void(rows, places, shares, delay, lines, time, out), generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def weigh_wide(
    typing_context: Any, residual: Any, first: Any, share: Any, node: Any, base: Any, out: Any
) -> Any:
    """Fill the first row with ``base`` and sums over picks of ``share residual``, for all members.

    ``residual`` has shape (rows, members), a multiple of sixteen, and ``share`` (picks, nodes): its
    column ``node`` counts for the picks in rows from ``first`` on. ``out`` has as many columns
    as ``residual``. All are float32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(context, builder)
        rows, shares, to = (write.array(signature.args[i], arguments[i]) for i in (0, 2, 5))
        row, node, none = arguments[1], arguments[3], ir.Constant(arguments[1].type, 0)
        picks, _ = cgutils.unpack_tuple(builder, shares.shape, 2)
        _, members = cgutils.unpack_tuple(builder, rows.shape, 2)
        lanes = ir.Constant(members.type, LANES)
        with cgutils.for_range_slice(builder, none, members, lanes) as (start, _):
            total = write.sum(write.spread(arguments[4]))
            with cgutils.for_range(builder, picks) as loop:
                here = write.load(write.item(rows, builder.add(row, loop.index), start))
                part = write.spread(builder.load(write.item(shares, loop.index, node)))
                write.add_product(total, part, here)
            write.store(builder.load(total), write.item(to, none, start))
        return context.get_dummy_value()

    return types.void(residual, first, share, node, base, out), generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def student_sixteen(
    typing_context: Any, residual: Any, first: Any, width: Any, above: Any, column: Any, sums: Any,
    powers: Any,
) -> Any:  # fmt: skip
    """Move the origin times of 16 members, from a column on, one step toward most likelihood.

    With ``d`` the residual less the origin time, ``w = 1 / (freedom variance + d^2)`` and sums
    over picks, the step is Newton's, ``sum(w d) / (sum(w) - 2 sum((w d)^2))``, with a
    curvature of at least ``_CURVED sum(w)``; where it is not positive, that of the weighted mean,
    ``sum(w d) / sum(w)``.

    Parameters
    ----------
    residual : float32 array, shape (rows, members)
        Picks lie in rows from ``first`` on.
    first : int
    width : float32 array, shape (picks,)
        ``freedom variance``.
    above : float32
        ``freedom + 1``.
    column : int
    sums : float32 array, shape (4, members)
        The first row has the origin times. The others are filled: the product of
        ``freedom variance + d^2`` and ``sum(w)``, both before the step and without their powers of
        two, and how much the step adds to twice the logarithm of the likelihood, 0 for a long one.
    powers : int32 array, shape (3, members)
        Filled with the powers of two of these two; at least ``NO_RAY`` where there is no ray. The
        third row is the least of the first at any node so far.

    Returns
    -------
    bool
        Whether a member that is not faint made a step that is not small.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(context, builder)
        rows, widths, results, twos = (
            write.array(signature.args[i], arguments[i]) for i in (0, 2, 5, 6)
        )
        start, many = arguments[4], write.spread(arguments[3])
        row = [ir.Constant(start.type, i) for i in range(4)]
        time = write.load(write.item(results, row[0], start))
        place = arguments[1], cgutils.unpack_tuple(builder, widths.shape, 1)[0], start
        found = write.sum_student(rows, place, widths, time)
        curvature = builder.fsub(found.weight, builder.fadd(found.bend, found.bend))
        straight = builder.fmul(found.weight, _numbers(_CURVED))
        steep = builder.fcmp_ordered(">", curvature, straight)
        rises = builder.fcmp_ordered(">", curvature, _numbers(0.0))
        least_bend = builder.select(steep, curvature, straight)
        step = builder.fdiv(found.moment, builder.select(rises, least_bend, found.weight))
        # of the likelihood by its parabola; what the logarithm of sum(w) grows by comes off
        growth = builder.fdiv(builder.fadd(found.tilt, found.tilt), found.weight)
        moment = builder.fmul(many, found.moment)
        slope = builder.fsub(builder.fadd(moment, moment), growth)
        bent = builder.fmul(builder.fmul(many, curvature), step)
        lift = builder.fmul(step, builder.fsub(slope, bent))
        rise = builder.fdiv(lift, builder.fmul(many, _numbers(_LOG_TWO)))
        size = builder.fmul(builder.fmul(step, step), builder.fmul(many, found.weight))
        # a parabola tells nothing of what a long step gains
        short = builder.fcmp_ordered("<=", size, _numbers(_ENOUGH))
        lift = builder.select(short, lift, _numbers(0.0))
        weight, power = write.split(found.weight)
        for k, value in enumerate((builder.fadd(time, step), found.product, weight, lift)):
            write.store(value, write.item(results, row[k], start))
        least = write.load(write.item(twos, row[2], start), _INTS)
        lower = builder.select(builder.icmp_signed("<", found.power, least), found.power, least)
        for k, value in enumerate((found.power, power, lower)):
            write.store(value, write.item(twos, row[k], start))
        far = builder.sitofp(builder.add(least, _whole_numbers(_FAINT)), _FLOATS)
        after = builder.fsub(builder.sitofp(found.power, _FLOATS), rise)
        near = builder.or_(
            builder.fcmp_ordered("<", after, far),
            builder.fcmp_ordered("<=", curvature, _numbers(0.0)),
        )
        left = builder.and_(builder.fcmp_ordered(">", size, _numbers(_ENOUGH)), near)
        together = builder.bitcast(left, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", together, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(residual, first, width, above, column, sums, powers), generate


@compiled(**LEAF)
def log_of_fraction(value: np.float32) -> np.float32:
    """Logarithm of a number between 1 and 2, by series: exact to 1e-7, and vector instructions."""
    root = np.float32(1.4142135)
    f = (value - root) / (value + root)
    g = f * f
    series = np.float32(1 / 7) + g * np.float32(1 / 9)
    series = np.float32(1 / 3) + g * (np.float32(1 / 5) + g * series)
    result: np.float32 = np.float32(0.34657359) + np.float32(2.0) * (f + f * g * series)
    return result
