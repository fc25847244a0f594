"""Convolutions of every kind as sums over shifted rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.networks._tiles import ROWS, SPAN, sum_block, sum_block_joined


@dataclass(frozen=True)
class Taps:
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


def _pack(offsets: NDArray[np.int64], weight: NDArray[np.floating], bias: NDArray) -> Taps:  # type: ignore[type-arg]
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
    x: NDArray[np.float32],
    x_first: int,
    out: NDArray[np.float32],
    out_row: int,
    out_first: int,
    columns: int,
    *,
    floor: bool = True,
    repeat: int = 1,
    x_step: int = 0,
    out_step: int = 0,
) -> None:
    """Sum the taps of a layer.

    Parameters
    ----------
    taps : Taps
    x : ndarray of float32, shape (channels, width)
        Contiguous; ``width`` is that for which the taps were made.
    x_first : int
        Column of x that t = 0 is.
    out : ndarray of float32, shape (channels, width)
        Contiguous. Up to :data:`SPAN` columns more than asked for are written (four times
        that where phases are joined), with whatever comes out.
    out_row, out_first : int
        Where the result goes.
    columns : int
        How many t.
    floor : bool
        Cut off what is negative.
    repeat, x_step, out_step : int
        Do it for so many windows, each so many columns further in x and in out.
    """
    spans = -(-columns // SPAN)
    _check_bounds(taps, x, x_first + (repeat - 1) * x_step + spans * SPAN, out,
                  out_row, out_first + (repeat - 1) * out_step, spans)  # fmt: skip
    _run(
        taps.offsets, taps.weights, taps.bias, x, x_first, out, out_row, out_first,
        spans, int(floor), repeat, x_step, out_step, taps.joined,
    )  # fmt: skip


def _check_bounds(
    taps: Taps, x: NDArray[np.float32], x_end: int, out: NDArray[np.float32], row: int, first: int,
    spans: int,
) -> None:  # fmt: skip
    """Refuse what would read or write outside of the arrays: the loops work on addresses."""
    rows = taps.weights.shape[0] * (1 if taps.joined else ROWS)
    end = first + spans * SPAN * (ROWS if taps.joined else 1)
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        raise ValueError("arrays of layers must be contiguous")
    if x.dtype != np.float32 or out.dtype != np.float32:
        raise ValueError("arrays of layers must be of single precision")
    if int(taps.offsets.max()) + x_end > x.size or row + rows > out.shape[0] or end > out.shape[1]:
        raise ValueError(
            f"a layer of {rows} rows and {spans} spans reaches beyond its arrays {x.shape}, "
            f"{out.shape}"
        )


@compiled(nogil=True, error_model="numpy")
def _run(
    offsets: NDArray[np.int64],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    x: NDArray[np.float32],
    x_first: int,
    out: NDArray[np.float32],
    out_row: int,
    out_first: int,
    spans: int,
    floor: int,
    repeat: int,
    x_step: int,
    out_step: int,
    joined: bool,
) -> None:
    width = out.shape[1]
    rows = 1 if joined else ROWS
    for n in range(repeat):
        source = x.ctypes.data + 4 * (x_first + n * x_step)
        for block in range(weights.shape[0]):
            to = out.ctypes.data + 4 * ((out_row + rows * block) * width + out_first + n * out_step)
            taps = weights.ctypes.data + 16 * block * offsets.size
            start = bias.ctypes.data + 16 * block
            if joined:
                sum_block_joined(
                    source, offsets.ctypes.data, offsets.size, taps, start, to, width, spans, floor
                )
            else:
                sum_block(
                    source, offsets.ctypes.data, offsets.size, taps, start, to, width, spans, floor
                )
