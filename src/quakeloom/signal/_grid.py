"""One fixed, absolute grid of windows for continuous records, and stacking what windows say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled


@dataclass(frozen=True)
class WindowGrid:
    """Windows at multiples of ``hop`` samples since 1970, with blinded edges.

    Windows depend on absolute time only, so what is found in a record does not depend on
    where it starts. Where no window of the grid reaches unblinded, at the ends of a record,
    a window that starts with the record and one that ends with it are used.

    Attributes
    ----------
    samples : int
        Length of a window.
    hop : int
        Distance of windows, at most their length without what is blinded.
    blind : int
        Samples at each end of a window that are not used.
    """

    samples: int
    hop: int
    blind: int

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.samples:
            raise ValueError(
                f"windows of {self.samples} samples every {self.hop} leave gaps between them"
            )
        if not 0 <= self.blind <= (self.samples - self.hop) // 2:
            raise ValueError(
                f"{self.blind} blinded samples leave gaps between windows of {self.samples} "
                f"samples every {self.hop}; at most {(self.samples - self.hop) // 2}"
            )


def window_starts(
    grid: WindowGrid, first: int, length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where windows start in a record, relative to its first sample.

    Parameters
    ----------
    grid : WindowGrid
    first : int
        Absolute number of the record's first sample: its time times the sampling rate.
    length : int
        Samples of the record, at least ``grid.samples``.

    Returns
    -------
    regular : ndarray of int64
        Starts on the absolute grid.
    edges : ndarray of int64
        The start and the end of the record, where they are off the grid.
    """
    last = length - grid.samples
    begin = -first % grid.hop
    regular = np.arange(begin, last + 1, grid.hop, dtype=np.int64)
    ends = [s for s in sorted({0, last}) if not regular.size or s not in (regular[0], regular[-1])]
    return regular, np.array(ends, dtype=np.int64)


def cut_windows(
    data: NDArray[np.float32], starts: NDArray[np.int64], samples: int
) -> NDArray[np.float32]:
    """Cut windows from a record of shape (components, length): (n, components, samples)."""
    view = np.lib.stride_tricks.sliding_window_view(data, samples, axis=1)
    return np.ascontiguousarray(view[:, starts].transpose(1, 0, 2))


def stack_windows(
    grid: WindowGrid,
    regular: tuple[NDArray[np.int64], NDArray[np.float32]],
    edges: tuple[NDArray[np.int64], NDArray[np.float32]],
    length: int,
) -> NDArray[np.float32]:
    """Average what overlapping windows say; edge windows only where no other reaches.

    Parameters
    ----------
    grid : WindowGrid
    regular, edges : tuple of starts (n,) and values (n, phases, samples)
    length : int

    Returns
    -------
    ndarray of float32, shape (phases, length)
    """
    phases = (regular if len(regular[0]) else edges)[1].shape[1]
    total, count = _add(grid, *regular, length, phases, grid.blind)
    extra, times = _add(grid, *edges, length, phases, 0)
    use = (count == 0) & (times > 0)
    total[:, use] = extra[:, use]
    count[use] = times[use]
    return np.asarray(total / np.maximum(count, 1).astype(np.float32), dtype=np.float32)


def _add(
    grid: WindowGrid,
    starts: NDArray[np.int64],
    values: NDArray[np.float32],
    length: int,
    phases: int,
    blind: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    total = np.zeros((phases, length), np.float32)
    count = np.zeros(length, dtype=np.int64)
    if len(starts):
        _sum(np.asarray(starts, np.int64), values, blind, total, count)
    return total, count


@compiled(nogil=True)
def _sum(
    starts: NDArray[np.int64],
    values: NDArray[np.float32],
    blind: int,
    total: NDArray[np.float32],
    count: NDArray[np.int64],
) -> None:
    """Add the used part of every window, in their order, and count what was added."""
    samples = values.shape[2]
    for n in range(starts.size):
        first = starts[n]
        for phase in range(values.shape[1]):
            row, value = total[phase], values[n, phase]
            for i in range(blind, samples - blind):
                row[first + i] += value[i]
        for i in range(first + blind, first + samples - blind):
            count[i] += 1
