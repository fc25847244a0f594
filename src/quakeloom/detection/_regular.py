"""Picks that come like clockwork: of calibration pulses and machines, not of earthquakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

_MEMBERS = 8
"""Picks in a row that must follow each other at one interval (chosen here): by chance, at 180 picks
an hour, 1e-14 of them do."""

_TOLERANCE_S = 0.1
"""Seconds by which an interval may differ: that of a machine, and twice the error of a pick."""

_AHEAD = 12
"""Picks after one that are tried as the next at its interval: earthquakes lie between pulses."""

_SHORTEST_S, _LONGEST_S = 2.0, 1900.0
"""Seconds: no shorter interval counts, since picks of a swarm are dense, nor one longer than half
an hour."""


def find_regular(
    time_s: NDArray[np.float64],
    members: int = _MEMBERS,
    tolerance_s: float = _TOLERANCE_S,
) -> NDArray[np.bool_]:
    """Say which picks of one instrument follow each other at one interval.

    A chain of at least ``members`` picks, each within ``tolerance_s`` of the time that the one
    before and the interval foretell. Calibration pulses and pumps make such chains; swarms, even of
    repeating earthquakes, do not keep time to a tenth of a second.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Ascending.
    members : int
    tolerance_s : float

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    time = np.ascontiguousarray(time_s, dtype=np.float64)
    if time.size < members:
        return np.zeros(time.size, bool)
    return np.asarray(_chains(time, members, tolerance_s, _AHEAD, _SHORTEST_S, _LONGEST_S))


@compiled(nogil=True)
def _chains(
    time: NDArray[np.float64],
    members: int,
    tolerance: float,
    ahead: int,
    shortest: float,
    longest: float,
) -> NDArray[np.bool_]:
    found = np.zeros(time.size, np.bool_)
    chain = np.empty(time.size, np.int64)
    for i in range(time.size):
        for j in range(i + 1, min(i + 1 + ahead, time.size)):
            interval = time[j] - time[i]
            if interval < shortest:
                continue
            if interval > longest:
                break
            chain[0], chain[1], count = i, j, 2
            k = j + 1
            while True:
                # counted from the first, so that the interval is known the better the longer
                mean = (time[chain[count - 1]] - time[i]) / (count - 1)
                wanted = time[chain[count - 1]] + mean
                while k < time.size and time[k] < wanted - tolerance:
                    k += 1
                if k == time.size or time[k] > wanted + tolerance:
                    break
                chain[count] = k
                count += 1
                k += 1
            if count >= members:
                for m in range(count):
                    found[chain[m]] = True
    return found
