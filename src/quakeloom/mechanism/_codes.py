"""Predicted signs of one ray for all mechanisms, one byte per plane.

For a fixed normal ``n`` the slips of the grid are ``s(z) = b1 cos z + b2 sin z`` with ``z``
from 0 to 180 degrees. The product ``(a.n)(a.s)`` therefore changes sign exactly once along
``z``: all signs of a plane are one step, and one byte says where it is. Bits 0-5 hold the
place ``k``, bit 7 the side; the word of signs is ``(~0 << k) ^ side``, bit ``j`` set where
mechanism ``j`` of the word predicts "up". A ray on a nodal plane (within 1e-9) counts as
down, as zero does in HASH. The pattern of a ray and of its opposite are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._grid import mechanism_grid

EMPTY = 63
"""Code of a word without set bits: a shift by 63 leaves one bit, where no mechanism is."""

_ZERO = 1e-9
"""Components of a ray smaller than this lie on a nodal plane. Chosen here: far above
the rounding of unit vectors, far below any error of an angle."""

_CACHE_LINE = 64
"""Bytes that memory hands over at a time, on all usual processors."""

_ALL = np.int64(-1)
"""A word with every bit set."""

_F = np.float32
"""Single precision: twice as many numbers in a vector register."""
_A1, _A3, _A5 = _F(0.99997726), _F(-0.33262347), _F(0.19354346)
_A7, _A9, _A11 = _F(-0.11643287), _F(0.05265332), _F(-0.01172120)
"""Odd terms of the arc tangent on [0, 1] (Hastings 1955; error 2e-6 rad)."""

HALF_PI = _F(np.pi / 2)
"""A quarter turn in radians, single precision."""

_DEGREE = np.pi / 180.0
"""One degree in radians."""


@compiled(nogil=True, inline="always")
def decode(code: np.int8, flip: int | np.int64) -> np.int64:
    """Word of signs of one coded plane, bit ``j`` set where mechanism ``j`` predicts "up".

    All bits from the step on, or all below it where bit 7, the sign of the code, is set;
    ``flip`` (0 or -1) inverts the word.
    """
    x = np.int64(code)
    return ((_ALL << (x & 63)) ^ (x >> 63)) ^ flip


@compiled(nogil=True, inline="always")
def arctan_unit(ratio: np.float32) -> np.float32:
    """Arc tangent of a ratio from 0 to 1, error 2e-6 rad.

    A library's becomes a call for every plane, this a few vector instructions for all.
    """
    s = ratio * ratio
    return ratio * (_A1 + s * (_A3 + s * (_A5 + s * (_A7 + s * (_A9 + s * _A11)))))


@compiled(nogil=True)
def ray_vector(azimuth_deg: float, takeoff_deg: float) -> tuple[float, float, float]:
    """Unit vector north, east, down of a ray; take-off 0 is down."""
    azimuth = azimuth_deg * _DEGREE
    takeoff = takeoff_deg * _DEGREE
    sine = np.sin(takeoff)
    return sine * np.cos(azimuth), sine * np.sin(azimuth), np.cos(takeoff)


@compiled(nogil=True, **UNCOUNTED)
def _exact_code(
    an: float,
    x: float,
    y: float,
    cosines: NDArray[np.float64],
    sines: NDArray[np.float64],
    first: int,
    bits: int,
) -> int:
    """Code of one word by evaluating every slip in double precision."""
    ups = 0
    leading_downs = 0
    first_up = False
    for j in range(bits):
        along = x * cosines[first + j] + y * sines[first + j]
        up = abs(an) > _ZERO and abs(along) > _ZERO and (an > 0.0) == (along > 0.0)
        if j == 0:
            first_up = up
        if up:
            ups += 1
        elif ups == 0:
            leading_downs += 1
    if first_up:
        return ups - 128
    return leading_downs


class Rows(NamedTuple):
    """What the codes of a grid are made from, and the table of directions where there is one.

    Attributes
    ----------
    frames, frames32 : plane frames of the grid in double and single precision
    cosines, sines : of the slips' turns
    step : turn between slips in radians
    bits : slips in a word
    direction_step, rings, table, width : spacing in degrees (0: no table), first row of each
        ring of directions, rows with an empty one at the end, and bytes per row
    mask : valid bits, once per word of a row

    Notes
    -----
    The words of a row are ordered part by part, each part over all planes; with one part
    (grids of 3 degrees and coarser) the order is that of the grid.
    """

    frames: NDArray[np.float64]
    frames32: NDArray[np.float32]
    cosines: NDArray[np.float64]
    sines: NDArray[np.float64]
    step: float
    bits: int
    direction_step: float
    rings: NDArray[np.int64]
    table: NDArray[np.int8]
    width: int
    mask: NDArray[np.int64]


@compiled(nogil=True, **UNCOUNTED)
def fill_codes(
    ax: float, ay: float, az: float, rows: Rows, out: NDArray[np.int8], doubt: NDArray[np.int8]
) -> None:
    """Write the codes of one ray into ``out`` (int8, one per word).

    A float32 pass finds the step of every plane; where it lies too near a grid point, or
    the ray too near the plane, double precision decides. The first pass has no branches, so
    that it becomes vector instructions; it only marks the few planes in doubt.
    """
    frames, frames32, cosines, sines = rows.frames, rows.frames32, rows.cosines, rows.sines
    bits = rows.bits
    planes = frames32.shape[2]
    parts = cosines.shape[0] // bits
    fx, fy, fz = np.float32(ax), np.float32(ay), np.float32(az)
    scale = np.float32(1.0 / rows.step)
    limit = np.float32(bits)
    n0, n1, n2 = frames32[0, 0], frames32[0, 1], frames32[0, 2]
    p0, p1, p2 = frames32[1, 0], frames32[1, 1], frames32[1, 2]
    q0, q1 = frames32[2, 0], frames32[2, 1]
    small = np.float32(2e-6)
    near = np.float32(1e-4)
    zero = np.float32(0.0)
    half = np.float32(0.5)
    for part in range(parts):
        start = np.float32(part * bits)
        target = out[part * planes : (part + 1) * planes]
        for w in range(planes):
            an = fx * n0[w] + fy * n1[w] + fz * n2[w]
            x = fx * p0[w] + fy * p1[w] + fz * p2[w]
            y = fx * q0[w] + fy * q1[w]
            big = max(abs(x), abs(y))
            low = min(abs(x), abs(y))
            r = low / max(big, small)
            angle = arctan_unit(r)
            angle = angle if abs(x) >= abs(y) else HALF_PI - angle
            crossing = HALF_PI + (angle if (x > zero) == (y > zero) else -angle)
            u = crossing * scale - start
            place = np.floor(u)
            off = abs(u - place - half)
            doubt[w] = np.int8(
                (off > half - near) | (abs(an) < small) | (abs(x) < small) | (big < near)
            )
            k = min(max(place + np.float32(1.0), zero), limit)
            side = np.int32(-128) if (an > zero) == (x > zero) else np.int32(0)
            target[w] = np.int8(np.int32(k) + side)
        for w in range(planes):
            if doubt[w]:
                an = ax * frames[0, 0, w] + ay * frames[0, 1, w] + az * frames[0, 2, w]
                x = ax * frames[1, 0, w] + ay * frames[1, 1, w] + az * frames[1, 2, w]
                y = ax * frames[2, 0, w] + ay * frames[2, 1, w] + az * frames[2, 2, w]
                target[w] = _exact_code(an, x, y, cosines, sines, part * bits, bits)


@compiled(nogil=True)
def _fill_table(
    rows: Rows, step_deg: float, rings: NDArray[np.int64], table: NDArray[np.int8]
) -> None:
    """Codes of all directions of the lower hemisphere, ring by ring."""
    words = rows.mask.shape[0]
    doubt = np.zeros(rows.frames32.shape[2], np.int8)
    for ring in range(rings.shape[0] - 1):
        around = rings[ring + 1] - rings[ring]
        for i in range(around):
            ax, ay, az = ray_vector(360.0 * i / around, ring * step_deg)
            start = (rings[ring] + i) * rows.width
            fill_codes(ax, ay, az, rows, table[start : start + words], doubt)


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of an int8 array's element; the program does not wait for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        address = builder.gep(data, [arguments[1]])
        byte = ir.IntType(8).as_pointer()
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # To read, to be kept in all caches, data.
        settings = [ir.Constant(word, value) for value in (0, 3, 1)]
        builder.call(function, [builder.bitcast(address, byte), *settings])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@compiled(nogil=True, **UNCOUNTED)
def prefetch_row(table: NDArray[np.int8], start: int, width: int) -> None:
    """Ask for a row of codes before it is needed; rows lie anywhere in a large table."""
    for place in range(start, start + width, _CACHE_LINE):
        _prefetch(table, place)


@compiled(nogil=True, **UNCOUNTED)
def table_row(
    azimuth_deg: float, takeoff_deg: float, step_deg: float, rings: NDArray[np.int64]
) -> int:
    """Row of the tabulated direction nearest to a ray or to its opposite."""
    takeoff = takeoff_deg % 360.0
    azimuth = azimuth_deg
    if takeoff > 180.0:
        takeoff = 360.0 - takeoff
        azimuth += 180.0
    if takeoff > 90.0:
        takeoff = 180.0 - takeoff
        azimuth += 180.0
    ring = min(int(takeoff / step_deg + 0.5), rings.shape[0] - 2)
    around = rings[ring + 1] - rings[ring]
    azimuth = azimuth - 360.0 * np.floor(azimuth / 360.0)
    i = int(azimuth / 360.0 * around + 0.5)
    if i >= around:
        i -= around
    row: int = rings[ring] + i
    return row


@lru_cache(maxsize=3)
def direction_rows(step_deg: float, direction_step_deg: float) -> Rows:
    """Return the (kept) rows of the standard grid of a spacing.

    Parameters
    ----------
    step_deg : float
        Of the grid.
    direction_step_deg : float
        Spacing of tabulated directions, made a whole part of 90 degrees; 0 for no table.
    """
    grid = mechanism_grid(step_deg)
    turn = np.radians(np.arange(grid.slips_per_plane) * grid.step_deg)
    rows = Rows(
        frames=grid.plane_frames,
        frames32=grid.plane_frames.astype(np.float32),
        cosines=np.cos(turn),
        sines=np.sin(turn),
        step=float(np.radians(grid.step_deg)),
        bits=grid.bits,
        direction_step=0.0,
        rings=np.zeros(1, np.int64),
        table=np.zeros(1, np.int8),
        width=-(-grid.chunks // 32) * 32,
        mask=np.full(grid.chunks, (1 << grid.bits) - 1, np.int64),
    )
    if direction_step_deg <= 0:
        return rows
    count = round(90.0 / direction_step_deg)
    spacing = 90.0 / count
    polar = np.radians(np.arange(count + 1) * spacing)
    around = np.maximum(np.ceil(360.0 / spacing * np.sin(polar)), 1)
    rings = np.concatenate([[0], np.cumsum(around)]).astype(np.int64)
    # NumPy asks for huge pages, Numba does not; rows are read at random.
    table = np.zeros((rings[-1] + 1) * rows.width, np.int8)
    table[rings[-1] * rows.width :] = EMPTY
    _fill_table(rows, spacing, rings, table)
    return rows._replace(direction_step=spacing, rings=rings, table=table)
