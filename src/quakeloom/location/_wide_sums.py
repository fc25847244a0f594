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
from quakeloom.location._interpolation import KERNEL

LANES = 16
"""Members that are summed together: a register of 512 bits of single precision."""

BIAS, FRACTION_BITS = 127, 23
"""Bias of the exponent of single precision and bits of its fraction (IEEE 754)."""

FRACTION, ONE = (1 << FRACTION_BITS) - 1, BIAS << FRACTION_BITS
"""Mask of the fraction, and the exponent of numbers from 1 to 2."""

NO_RAY = 1 << 20
"""In place of a power of two where a product is larger than numbers can be: no ray arrives."""

_TOGETHER = 2
"""Factors that are multiplied before their power of two is taken off: each may be 1e19."""

_TOO_LARGE = 1e38
"""Products beyond this are not numbers any more, in single precision."""

_ENOUGH = 1e-2
"""Square of a step over the variance of the origin time, from which it is the last. The likelihood
behind it follows from the sums before it, to 1e-4."""

_CURVED = 0.4
"""Least curvature over the sum of weights that a step is taken by, so that none is longer than two
and a half times that of the weighted mean, which never leaves the maximum. Chosen here."""

_FAINT = 12
"""Powers of two of the product of all ``1 + d^2 / (freedom variance)`` over the least at any node
from which a member is not followed any more: with four degrees of freedom its likelihood is e^-21
of that, as little as does not count while a search goes on."""

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

    def spread_item(self, array: Any, place: Any) -> Any:
        return self.spread(self.builder.load(self.builder.gep(array.data, [place])))

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

    def split(self, value: Any) -> tuple[Any, Any]:
        """Return a number from 1 to 2 and a power of two, whose product the value is."""
        builder = self.builder
        bits = builder.bitcast(value, _INTS)
        power = builder.sub(builder.lshr(bits, _whole_numbers(FRACTION_BITS)), _whole_numbers(BIAS))
        small = builder.fcmp_ordered("<", value, _numbers(_TOO_LARGE))
        power = builder.select(small, power, _whole_numbers(NO_RAY))
        rest = builder.or_(builder.and_(bits, _whole_numbers(FRACTION)), _whole_numbers(ONE))
        return builder.bitcast(rest, _FLOATS), power

    def sum_student(
        self, rows: Any, terms: Any, start: Any, time: Any, numerator: Any
    ) -> StudentSums:
        """Sum over picks, see :func:`student_sixteen`."""
        builder = self.builder
        picks, _ = cgutils.unpack_tuple(builder, rows.shape, 2)
        none, one, together = (ir.Constant(picks.type, i) for i in (0, 1, _TOGETHER))
        weight, moment, bend, tilt = (self.sum(_numbers(0.0)) for _ in range(4))
        product, power = self.sum(_numbers(1.0)), self.sum(_whole_numbers(0))
        with cgutils.for_range_slice(builder, none, picks, together) as (first, _):
            last = builder.add(first, together)
            last = builder.select(builder.icmp_signed("<", last, picks), last, picks)
            with cgutils.for_range_slice(builder, first, last, one) as (pick, _):
                d = builder.fsub(self.load(self.item(rows, pick, start)), time)
                square = builder.fmul(d, d)
                wide = self.spread(builder.load(self.item(terms, none, pick)))
                narrow = self.spread(builder.load(self.item(terms, one, pick)))
                w = builder.fdiv(numerator, builder.fadd(wide, square))
                q = builder.fmul(w, d)
                self.add(weight, w)
                self.add(moment, q)
                self.add(bend, builder.fmul(q, q))
                self.add(tilt, builder.fmul(w, q))
                factor = builder.fadd(_numbers(1.0), builder.fmul(square, narrow))
                builder.store(builder.fmul(builder.load(product), factor), product)
            rest, more = self.split(builder.load(product))
            builder.store(rest, product)
            builder.store(builder.add(builder.load(power), more), power)
        sums = weight, moment, bend, tilt, product, power
        return StudentSums(*(builder.load(v) for v in sums))


def _numbers(value: float) -> Any:
    return ir.Constant(_FLOATS, [value] * LANES)


def _whole_numbers(value: int) -> Any:
    return ir.Constant(_INTS, [value] * LANES)


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def interpolate_wide(
    typing_context: Any, rows: Any, places: Any, shares: Any, delay: Any, time: Any, out: Any
) -> Any:
    """Fill ``time - delay`` less a weighted sum of four or eight rows, for all members.

    Sixteen members at a time; the last sixteen begin where they end with the last member, so there
    must be sixteen. ``rows`` has shape (points, members), ``places`` and ``shares`` are tuples of
    numbers of rows and their weights, ``delay`` has shape (members,), ``out`` at least as many;
    all but ``places`` are float32. Eight are summed as four and four.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(context, builder)
        table, late = (write.array(signature.args[i], arguments[i]) for i in (0, 3))
        to = write.array(signature.args[5], arguments[5])
        weights = [write.spread(x) for x in cgutils.unpack_tuple(builder, arguments[2])]
        _, members = cgutils.unpack_tuple(builder, table.shape, 2)
        first = [builder.mul(x, members) for x in cgutils.unpack_tuple(builder, arguments[1])]
        begin, lanes = ir.Constant(members.type, 0), ir.Constant(members.type, LANES)
        end, seconds = builder.sub(members, lanes), write.spread(arguments[4])
        with cgutils.for_range_slice(builder, begin, members, lanes) as (start, _):
            column = builder.select(builder.icmp_signed("<", start, end), start, end)
            halves = []
            for k in range(0, len(weights), 4):
                total = None
                for w, row in zip(weights[k : k + 4], first[k : k + 4], strict=True):
                    value = write.load(builder.gep(table.data, [builder.add(row, column)]))
                    part = builder.fmul(w, value)
                    total = part if total is None else builder.fadd(total, part)
                halves.append(total)
            both = halves[0] if len(halves) == 1 else builder.fadd(*halves)
            shifted = builder.fsub(seconds, write.load(builder.gep(late.data, [column])))
            write.store(builder.fsub(shifted, both), builder.gep(to.data, [column]))
        return context.get_dummy_value()

    return types.void(rows, places, shares, delay, time, out), generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def weigh_sixteen(
    typing_context: Any, residual: Any, share: Any, leader: Any, column: Any, out: Any
) -> Any:
    """Fill sums over picks of ``share * (residual - leader)`` for 16 members from a column on.

    ``residual`` has shape (picks, members), ``share`` and ``leader`` (picks,), ``out`` (members,),
    all float32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(context, builder)
        rows, shares, first = (write.array(signature.args[i], arguments[i]) for i in range(3))
        to, start = write.array(signature.args[4], arguments[4]), arguments[3]
        total = write.sum(_numbers(0.0))
        picks, _ = cgutils.unpack_tuple(builder, rows.shape, 2)
        with cgutils.for_range(builder, picks) as loop:
            here = write.load(write.item(rows, loop.index, start))
            apart = builder.fsub(here, write.spread_item(first, loop.index))
            write.add(total, builder.fmul(write.spread_item(shares, loop.index), apart))
        write.store(builder.load(total), builder.gep(to.data, [start]))
        return context.get_dummy_value()

    return types.void(residual, share, leader, column, out), generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def student_sixteen(
    typing_context: Any, residual: Any, width: Any, above: Any, column: Any, sums: Any, powers: Any
) -> Any:
    """Move the origin times of 16 members, from a column on, one step toward most likelihood.

    With ``d`` the residual less the origin time, ``w = above / (freedom variance + d^2)`` and sums
    over picks, the step is Newton's, ``sum(w d) / (sum(w) - 2 / above sum((w d)^2))``, with a
    curvature of at least ``_CURVED sum(w)``; where it is not positive, that of the weighted mean,
    ``sum(w d) / sum(w)``.

    Parameters
    ----------
    residual : float32 array, shape (picks, members)
    width : float32 array, shape (2, picks)
        ``freedom variance``, and one over it.
    above : float32
        ``freedom + 1``.
    column : int
    sums : float32 array, shape (4, members)
        The first row has the origin times. The others are filled: the product of ``1 + d^2 /
        (freedom variance)`` and ``sum(w)``, both before the step and without their powers of two,
        and how much the step adds to twice the logarithm of the likelihood.
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
        rows, terms = (write.array(signature.args[i], arguments[i]) for i in range(2))
        results, twos = (write.array(signature.args[i], arguments[i]) for i in (4, 5))
        start, numerator = arguments[3], write.spread(arguments[2])
        row = [ir.Constant(start.type, i) for i in range(4)]
        time = write.load(write.item(results, row[0], start))
        found = write.sum_student(rows, terms, start, time, numerator)
        share = builder.fdiv(_numbers(2.0), numerator)
        curvature = builder.fsub(found.weight, builder.fmul(found.bend, share))
        straight = builder.fmul(found.weight, _numbers(_CURVED))
        steep = builder.fcmp_ordered(">", curvature, straight)
        rises = builder.fcmp_ordered(">", curvature, _numbers(0.0))
        least_bend = builder.select(steep, curvature, straight)
        step = builder.fdiv(found.moment, builder.select(rises, least_bend, found.weight))
        # of the likelihood by its parabola; what the logarithm of sum(w) grows by comes off
        growth = builder.fdiv(builder.fmul(found.tilt, share), found.weight)
        slope = builder.fsub(builder.fadd(found.moment, found.moment), growth)
        lift = builder.fmul(step, builder.fsub(slope, builder.fmul(curvature, step)))
        size = builder.fmul(builder.fmul(step, step), found.weight)
        weight, power = write.split(found.weight)
        moved = builder.fadd(time, step)
        for k, value in enumerate((moved, found.product, weight, lift)):
            write.store(value, write.item(results, row[k], start))
        least = write.load(write.item(twos, row[2], start), _INTS)
        for k, value in enumerate((found.power, power)):
            write.store(value, write.item(twos, row[k], start))
        near = builder.icmp_signed("<", found.power, builder.add(least, _whole_numbers(_FAINT)))
        left = builder.and_(builder.fcmp_ordered(">", size, _numbers(_ENOUGH)), near)
        together = builder.bitcast(left, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", together, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(residual, width, above, column, sums, powers), generate


@compiled(**KERNEL)
def log_of_fraction(value: np.float32) -> np.float32:
    """Logarithm of a number between 1 and 2, by series: exact to 1e-7, and vector instructions."""
    root = np.float32(1.4142135)
    f = (value - root) / (value + root)
    g = f * f
    series = np.float32(1 / 7) + g * np.float32(1 / 9)
    series = np.float32(1 / 3) + g * (np.float32(1 / 5) + g * series)
    result: np.float32 = np.float32(0.34657359) + np.float32(2.0) * (f + f * g * series)
    return result
