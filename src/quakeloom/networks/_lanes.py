"""Windows side by side in one array, with zeros between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.networks._tiles import SPAN


@dataclass(frozen=True)
class Lane:
    """How windows lie in the rows of an array.

    Before every window, and after the last, are ``gap`` zeros: the padding of convolutions. With
    them one sum over the whole row does for all windows, and no window feels its neighbors.

    Attributes
    ----------
    samples : int
        Of a window.
    gap : int
        At least as many as a convolution reaches beyond a window.
    count : int
        Windows.
    """

    samples: int
    gap: int
    count: int

    @property
    def period(self) -> int:
        """Distance of windows."""
        return self.samples + self.gap

    @property
    def columns(self) -> int:
        """Columns from the start of the first window to the end of the last."""
        return self.count * self.period - self.gap

    @property
    def width(self) -> int:
        """Columns of the array: blocks may write four spans beyond the last window."""
        return self.gap + self.count * self.period + 4 * SPAN + self.gap

    def make_rows(self, rows: int) -> NDArray[np.float32]:
        """Return an array of zeros for so many channels."""
        return np.zeros((rows, self.width), np.float32)


@compiled(nogil=True, error_model="numpy")
def zero_gaps(
    data: NDArray[np.float32], rows: tuple[int, int], samples: int, gap: int, count: int
) -> None:
    """Set what lies between windows to zero again, in rows ``rows[0]`` to ``rows[1] - 1``.

    Layers write there, too: they sum whole spans, and past the ends of windows.
    """
    for row in range(rows[0], rows[1]):
        for i in range(gap):
            data[row, i] = 0.0
        for window in range(count):
            end = gap + window * (samples + gap) + samples
            for i in range(gap):
                data[row, end + i] = 0.0


@compiled(nogil=True, error_model="numpy")
def take_phases(
    data: NDArray[np.float32],
    samples: int,
    gap: int,
    out: NDArray[np.float32],
    shorter: int,
    count: int,
) -> None:
    """Sort the samples of windows by their remainder of 4.

    Row ``4 c + r`` of ``out`` gets samples ``4 t + r`` of row ``c`` for t from -1 to
    ``shorter``, so that a convolution of stride 4 reads it without gaps. What lies more than
    ``gap`` before a window, or behind the zeros after it, is of its neighbor: no convolution
    may reach there.

    Parameters
    ----------
    data : ndarray of float32
        Windows of ``samples`` with ``gap`` (at least 3) zeros between.
    out : ndarray of float32, shape (4 channels, width)
        Windows of ``shorter`` samples with the same gap.
    count : int
        Windows.
    """
    for window in range(count):
        source = gap + window * (samples + gap)
        target = gap + window * (shorter + gap)
        end = target + shorter + 1
        for c in range(out.shape[0] // 4):
            # t = -1: of the four samples before a window three are zeros of its gap
            for r in range(1, 4):
                out[4 * c + r, target - 1] = data[c, source - 4 + r]
            # one sample further left than the zeros reach, and never read
            out[4 * c, target - 1] = 0.0
            _deal(
                data[c, source : source + 4 * (shorter + 1)],
                out[4 * c, target:end],
                out[4 * c + 1, target:end],
                out[4 * c + 2, target:end],
                out[4 * c + 3, target:end],
            )


@compiled(nogil=True, error_model="numpy")
def _deal(
    x: NDArray[np.float32],
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
    d: NDArray[np.float32],
) -> None:
    """Deal samples out to four rows in turn."""
    # all four in one loop, which compilers turn into shuffles; row by row the same memory would
    # be read four times
    for t in range(a.size):
        a[t] = x[4 * t]
        b[t] = x[4 * t + 1]
        c[t] = x[4 * t + 2]
        d[t] = x[4 * t + 3]
