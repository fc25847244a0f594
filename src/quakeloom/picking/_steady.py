"""Probabilities that depend less on the sign of a record and on where its windows begin.

A network gives slightly other values for a record upside down and for other windows; near
the threshold picks come and go with them. Where a window may hold an arrival, it is read with
both signs, and windows between those of the grid are read, too; all of them are averaged. Quiet
windows, which are most of a continuous record, are read once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.picking._picker import Picker
from quakeloom.signal import WindowGrid, window_starts

Probabilities = NDArray[np.float32]

MAYBE = 0.1
"""From this probability of P or S on, a window may hold an arrival; a third of the usual threshold,
since averages over signs and windows seldom treble."""

BETWEEN = 3
"""Windows begin this many times more often where there may be an arrival: every 5 s instead of 15
for windows of 30 s. More changed neither scores nor steadiness on the simulated records."""


def steady_probabilities(
    picker: Picker, windows: NDArray[np.float32], blind: int = 0
) -> Probabilities:
    """Return probabilities of P and S, averaged over both signs where there may be an arrival.

    Parameters
    ----------
    picker : Picker
    windows : ndarray of float32, shape (n, 3, samples)
    blind : int
        Samples at each end that are not used.

    Returns
    -------
    ndarray of float32, shape (n, 2, samples)
    """
    if not len(windows):
        return np.zeros((0, 2, windows.shape[2]), np.float32)
    found = picker.probabilities(windows, blind)
    if getattr(picker, "ignores_sign", False):
        return found
    used = found[:, :, blind : found.shape[2] - blind]
    maybe = np.flatnonzero(used.max(axis=(1, 2), initial=0.0) >= MAYBE)
    if maybe.size:
        found[maybe] = 0.5 * (found[maybe] + picker.probabilities(-windows[maybe], blind))
    return found


def windows_between(
    grid: WindowGrid, first: int, trace: Probabilities, regular: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return where more windows begin, for stretches of a record that may hold an arrival.

    Parameters
    ----------
    grid : WindowGrid
    first : int
        Absolute number of the record's first sample.
    trace : ndarray of float32, shape (2, samples)
        Probabilities along the record by the windows of the grid.
    regular : ndarray of int64
        Where these begin.
    """
    fine = WindowGrid(grid.samples, max(grid.hop // BETWEEN, 1), grid.blind)
    starts, _ = window_starts(fine, first, trace.shape[1])
    starts = np.setdiff1d(starts, regular)
    busy = np.concatenate([[0], np.cumsum(trace.max(axis=0) >= MAYBE)])
    holds = busy[starts + grid.samples - grid.blind] > busy[starts + grid.blind]
    return np.asarray(starts[holds], dtype=np.int64)
