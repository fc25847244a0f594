"""The innermost loop: four rows of sums over shifted rows, kept in vector registers.

Compilers do not turn loops over channels and taps into this by themselves: a block of 4 rows
by 3 vectors of sums needs 12 registers and 7 loads for 12 fused multiply-adds, so that the
multipliers, not the memory, are what it waits for. Numba lets one write the instructions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
"""Single-precision numbers in a vector."""

ROWS = 4
"""Rows of a block."""

_VECTORS = 3
"""Vectors of a row of a block: with four rows the most whose sums, three vectors of data and a
weight fill the 16 registers of AVX2."""

SPAN = LANES * _VECTORS
"""Columns of a block; arrays have at least this much room behind what is needed."""

_I64 = ir.IntType(64)
"""LLVM's type of addresses and counts."""

_F32 = ir.FloatType()
"""LLVM's type of numbers."""

_VECTOR = ir.VectorType(_F32, LANES)
"""LLVM's type of a vector of numbers."""


class Block(NamedTuple):
    """Where a block of four rows reads and writes.

    Attributes
    ----------
    x, offsets, weights, bias, out : int
        Addresses: of t = 0 in the data; of the places of the taps, less t; of the weights
        (taps, 4); of the bias (4); and of t = 0 in the first row of the result.
    taps : int
        Their number.
    stride : int
        Distance of rows of the result.
    """

    x: int
    offsets: int
    weights: int
    bias: int
    out: int
    taps: int
    stride: int


def _integer(value: int) -> ir.Constant:
    return ir.Constant(_I64, value)


def _splat(builder: Any, value: Any) -> Any:
    """Return a vector of one value."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, nothing, mask)


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _join(builder: Any, rows: list[Any]) -> Any:
    """Return four vectors as one, their numbers taking turns."""
    number = ir.IntType(32)
    all_of_two = ir.Constant(ir.VectorType(number, 2 * LANES), list(range(2 * LANES)))
    first = builder.shuffle_vector(rows[0], rows[1], all_of_two)
    second = builder.shuffle_vector(rows[2], rows[3], all_of_two)
    turns = [row * LANES + lane for lane in range(LANES) for row in range(ROWS)]
    mask = ir.Constant(ir.VectorType(number, 4 * LANES), turns)
    return builder.shuffle_vector(first, second, mask)


def _generate(join: bool) -> Any:
    """Return the code generator of a block; with ``join`` its four rows become one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        work, count, floor = args
        x, offsets, weights, bias, out, taps, stride = cgutils.unpack_tuple(builder, work)
        single, whole = _F32.as_pointer(), _I64.as_pointer()
        x, weights, bias, out = (builder.inttoptr(p, single) for p in (x, weights, bias, out))
        offsets = builder.inttoptr(offsets, whole)
        multiply_add = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(_VECTOR, [_VECTOR] * 3),
            f"llvm.fmuladd.v{LANES}f32",
        )
        # on the stack as it stands; LLVM keeps them in registers, since nothing takes their address
        sums = [
            [cgutils.alloca_once(builder, _VECTOR) for _ in range(_VECTORS)] for _ in range(ROWS)
        ]
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        rectify = builder.icmp_signed("!=", floor, _integer(0))
        with cgutils.for_range(builder, count) as block:
            first = builder.mul(block.index, _integer(SPAN))
            for row in range(ROWS):
                start = _splat(builder, builder.load(builder.gep(bias, [_integer(row)])))
                for v in range(_VECTORS):
                    builder.store(start, sums[row][v])
            here = builder.gep(x, [first])
            with cgutils.for_range(builder, taps) as tap:
                at = builder.gep(here, [builder.load(builder.gep(offsets, [tap.index]))])
                data = [
                    _load(builder, builder.gep(at, [_integer(v * LANES)])) for v in range(_VECTORS)
                ]
                own = builder.gep(weights, [builder.mul(tap.index, _integer(ROWS))])
                for row in range(ROWS):
                    weight = _splat(builder, builder.load(builder.gep(own, [_integer(row)])))
                    for v in range(_VECTORS):
                        total = builder.load(sums[row][v])
                        builder.store(
                            builder.call(multiply_add, [weight, data[v], total]), sums[row][v]
                        )
            done: list[list[Any]] = [[], [], [], []]
            for row in range(ROWS):
                for v in range(_VECTORS):
                    total = builder.load(sums[row][v])
                    positive = builder.fcmp_ordered(">", total, zero)
                    floored = builder.select(positive, total, zero)
                    done[row].append(builder.select(rectify, floored, total))
            if join:
                place = builder.gep(out, [builder.mul(first, _integer(ROWS))])
                for v in range(_VECTORS):
                    joined = _join(builder, [done[row][v] for row in range(ROWS)])
                    target = builder.gep(place, [_integer(v * LANES * ROWS)])
                    builder.store(joined, builder.bitcast(target, joined.type.as_pointer()), 4)
            else:
                place = builder.gep(out, [first])
                for row in range(ROWS):
                    line = builder.gep(place, [builder.mul(stride, _integer(row))])
                    for v in range(_VECTORS):
                        target = builder.gep(line, [_integer(v * LANES)])
                        builder.store(
                            done[row][v], builder.bitcast(target, _VECTOR.as_pointer()), 4
                        )
        return context.get_dummy_value()

    return generate


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types of its own
def sum_block(typing: Any, work: Any, spans: Any, floor: Any) -> Any:
    """Sum a :class:`Block` over so many spans of columns.

    ``floor`` is 1 to cut off what is negative, else 0. Arguments here are numba's types of them.
    """
    return types.void(work, types.int64, types.int64), _generate(join=False)


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types of its own
def sum_block_joined(typing: Any, work: Any, spans: Any, floor: Any) -> Any:
    """Do the same, with the four rows taking turns in one row of the result."""
    return types.void(work, types.int64, types.int64), _generate(join=True)
