"""Convolutions of every kind as sums over shifted rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.networks._tiles import ROWS, SPAN, Block, sum_block, sum_block_joined


class Taps(NamedTuple):
    """A layer: ``out[o, t] = bias[o] + sum over j of weights[o, j] * x[offset[j] + t]``.

    Attributes
    ----------
    offsets : ndarray of int64, shape (taps,)
        Places in the flat array x, less t.
    weights : ndarray of float32, shape (blocks, taps, 4)
        By blocks of four rows; rows beyond the last are zero.
    bias : ndarray of float32, shape (4 * blocks,)
    joined : bool
        The four rows of a block are phases of one row of the output and take turns in it.
    """

    offsets: NDArray[np.int64]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    joined: bool = False

    @property
    def operations(self) -> int:
        """Multiply-adds for every column."""
        return int(self.weights.size)


class Stretch(NamedTuple):
    """Columns that a layer reads or writes, in one window or in several.

    Attributes
    ----------
    rows : ndarray of float32, shape (channels, width)
        Contiguous.
    column : int
        Where t = 0 is, in the first window.
    channel : int
        The row of ``rows`` that is the layer's first.
    period : int
        Columns from one window to the next.
    """

    rows: NDArray[np.float32]
    column: int
    channel: int = 0
    period: int = 0

    def end(self, columns: int, windows: int) -> int:
        """Return the column past the last of so many in the last window."""
        return self.column + (windows - 1) * self.period + columns


def convolution_taps(
    weight: NDArray[np.floating], bias: NDArray[np.floating], width: int, before: int
) -> Taps:
    """Return the taps of a convolution.

    Parameters
    ----------
    weight : ndarray, shape (out, channels, kernel)
    bias : ndarray, shape (out,)
    width : int
        Columns of the array with the channels as rows.
    before : int
        Samples of padding before a window.
    """
    out, channels, kernel = weight.shape
    c, k = np.divmod(np.arange(channels * kernel), kernel)
    return _pack(c * width + k - before, weight.reshape(out, -1), bias)


def strided_taps(
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    width: int,
    before: int,
    stride: int,
) -> Taps:
    """Return the taps of a convolution with a stride, for rows sorted by phase.

    ``width`` is that of the array that :func:`quakeloom.networks.take_phases` fills.
    """
    out, channels, kernel = weight.shape
    c, k = np.divmod(np.arange(channels * kernel), kernel)
    # sample stride t + k - before of a row is sample t + step of its phase
    step, phase = np.divmod(k - before, stride)
    return _pack((stride * c + phase) * width + step, weight.reshape(out, -1), bias)


def transposed_taps(weight: NDArray[np.floating], bias: NDArray[np.floating], width: int) -> Taps:
    """Return the taps of a transposed convolution of stride 4.

    Column t of block o gives samples 4 t to 4 t + 3 of the full output of channel o; the
    window before must be followed by a zero.

    Parameters
    ----------
    weight : ndarray, shape (channels, out, kernel)
        At most eight taps.
    bias : ndarray, shape (out,)
    width : int
    """
    channels, out, kernel = weight.shape
    # output sample 4 t + r gathers weights r, r + 4, ... of input samples t, t - 1, ...: four
    # phases are the four rows of a block, and take turns in one row of the output
    steps = -(-kernel // ROWS)
    full = np.zeros((channels, out, steps * ROWS))
    full[:, :, :kernel] = weight
    c, step = np.divmod(np.arange(channels * steps), steps)
    by_phase = full.reshape(channels, out, steps, ROWS)[c, :, step]
    rows = by_phase.transpose(1, 2, 0).reshape(out * ROWS, -1)
    taps = _pack(c * width - step, rows, np.repeat(bias, ROWS))
    return join_phases(taps)


def join_phases(taps: Taps) -> Taps:
    """Return taps whose blocks of four rows become one row."""
    return Taps(taps.offsets, taps.weights, taps.bias, joined=True)


def _pack(
    offsets: NDArray[np.int64], weight: NDArray[np.floating], bias: NDArray[np.floating]
) -> Taps:
    """Sort weights as the innermost loop reads them: of every tap, those of four rows at once."""
    out, taps = weight.shape
    blocks = -(-out // ROWS)
    rows = np.zeros((blocks * ROWS, taps), np.float32)
    rows[:out] = weight
    padded = np.zeros(blocks * ROWS, np.float32)
    padded[:out] = bias
    packed = np.ascontiguousarray(rows.reshape(blocks, ROWS, taps).transpose(0, 2, 1))
    return Taps(np.ascontiguousarray(offsets, np.int64), packed, padded)


def apply_taps(
    taps: Taps,
    source: Stretch,
    target: Stretch,
    columns: int,
    *,
    windows: int = 1,
    floor: bool = True,
    check: bool = True,
) -> None:
    """Sum the taps of a layer.

    Parameters
    ----------
    taps : Taps
    source : Stretch
        Its array has the width for which the taps were made.
    target : Stretch
        Up to :data:`SPAN` columns more than asked for are written (four times that where
        phases are joined), with whatever comes out.
    columns : int
        How many t.
    windows : int
        Do it for so many windows.
    floor : bool
        Cut off what is negative.
    check : bool
        Whether to look if this reaches beyond an array; for a layer that was applied to the same
        arrays in the same way before, looking takes as long as a short layer.

    Raises
    ------
    ValueError
        If this reaches beyond an array, or one is not contiguous or of single precision.
    """
    spans = -(-columns // SPAN)
    if check:
        _check_bounds(taps, source, target, spans, windows)
    # plain tuples: numba takes several times as long to know a named one, and layers are short
    _run((*taps,), (*source,), (*target,), spans, windows, int(floor))


def _check_bounds(taps: Taps, source: Stretch, target: Stretch, spans: int, windows: int) -> None:
    """Refuse what would read or write outside of the arrays: the loops work on addresses."""
    x, out = source.rows, target.rows
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        raise ValueError("arrays of layers must be contiguous")
    if x.dtype != np.float32 or out.dtype != np.float32:
        raise ValueError("arrays of layers must be of single precision")
    rows = taps.weights.shape[0] * (1 if taps.joined else ROWS)
    last = source.channel * x.shape[1] + source.end(spans * SPAN, windows)
    end = target.end(spans * SPAN * (ROWS if taps.joined else 1), windows)
    beyond = target.channel + rows > out.shape[0] or end > out.shape[1]
    if int(taps.offsets.max()) + last > x.size or beyond:
        raise ValueError(
            f"a layer of {rows} rows and {spans} spans reaches beyond its arrays {x.shape}, "
            f"{out.shape}"
        )


@compiled(nogil=True, error_model="numpy", forceinline=True)
def _address(value: int) -> int:
    """Return an address as the signed number that the innermost loop takes."""
    return np.int64(value)  # type: ignore[return-value]  # numba's int is numpy's


@compiled(nogil=True, error_model="numpy")
def _run(
    taps: tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], bool],
    source: tuple[NDArray[np.float32], int, int, int],
    target: tuple[NDArray[np.float32], int, int, int],
    spans: int,
    windows: int,
    floor: int,
) -> None:
    """Give every window and every four rows to the innermost loop, as addresses.

    Takes a :class:`Taps` and two :class:`Stretch` as tuples. A single-precision number has
    4 bytes, and weights and bias come in fours.
    """
    offsets, weights, bias, joined = taps
    x, x_column, x_channel, x_period = source
    out, out_column, out_channel, out_period = target
    width = out.shape[1]
    rows = 1 if joined else ROWS
    for n in range(windows):
        start = x_channel * x.shape[1] + x_column + n * x_period
        for block in range(weights.shape[0]):
            place = (out_channel + rows * block) * width + out_column + n * out_period
            work = Block(
                _address(x.ctypes.data + 4 * start),
                _address(offsets.ctypes.data),
                _address(weights.ctypes.data + 16 * block * offsets.size),
                _address(bias.ctypes.data + 16 * block),
                _address(out.ctypes.data + 4 * place),
                offsets.size,
                width,
            )
            if joined:
                sum_block_joined(work, spans, floor)
            else:
                sum_block(work, spans, floor)
