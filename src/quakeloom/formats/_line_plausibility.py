"""Picks of a line that contradict their neighbors, as slips of a digit do.

Times of one phase along the receivers of a shot, and along the shots of a receiver, grow steadily
with distance. A pick is compared with its nearest neighbors in such a row, moved to its place by
the slopes of the row there. Medians and the second best agreement count, so that one bad neighbor
does not matter, and a pick beside a step, which goes with the neighbors of one side, is none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEIGHBORS = 6
"""Nearest picks of a row that a pick is compared with; rows with fewer say nothing."""

_SHARE = 0.1
"""Share of the time by which a pick may be off its neighbors, of structure. Chosen here, like the
next: none of the 2,500 picks of two real lines is off."""

_SCATTERS = 8.0
"""Median deviations of the file's picks by which a pick may be off. Chosen here."""

_ERRORS = 4.0
"""Stated standard errors by which a pick may be off. Chosen here."""

_LEAST_S = 1e-4
"""Deviations below are nothing: files have four decimals or fewer."""

_MOST = 0.05
"""If more than this share of the picks is off, it is structure and no slip. Chosen here."""

_SAME_KM = 1e-6
"""Positions that differ by less are one."""


def find_implausible_picks(picks: pa.Table) -> dict[int, str]:
    """Return rows of a table of picks that their neighbors contradict, with why.

    A pick is off if it is in every row (of its shot, of its receiver) that is long enough. Where
    more than a twentieth of the picks is off, none is named: then it is the ground.

    Parameters
    ----------
    picks : pyarrow.Table
        Registered table ``travel_time_picks``.
    """
    shot, receiver, time, error = (
        picks.column(name).to_numpy().astype(float)
        for name in ("shot_distance_km", "receiver_distance_km", "travel_time_s", "time_error_s")
    )
    phase = np.unique(np.array(picks.column("phase").to_pylist(), dtype=str), return_inverse=True)
    expected, off = np.full((2, 2, time.size), np.nan)
    for number, (fixed, moving) in enumerate(((shot, receiver), (receiver, shot))):
        place = np.round(fixed / _SAME_KM)
        names = np.stack([place, np.sign(moving - fixed), phase[1].astype(float)], axis=1)
        _, row_of = np.unique(names, axis=0, return_inverse=True)
        order = np.argsort(row_of.ravel(), kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(row_of.ravel()[order])) + 1):
            if rows.size > _NEIGHBORS:
                away = np.abs(moving - fixed)[rows]
                expected[number, rows], off[number, rows] = _compare(away, time[rows])
    if not np.isfinite(off).any():
        return {}
    scatter = float(np.nanmedian(np.abs(time - expected)))
    allowed = _SHARE * np.abs(expected) + _SCATTERS * scatter
    allowed = np.maximum(allowed, np.maximum(_ERRORS * np.nan_to_num(error), _LEAST_S))
    known = np.isfinite(off)
    bad = known.any(axis=0) & np.all((off > allowed) | ~known, axis=0)
    rows = np.flatnonzero(bad)
    if rows.size > _MOST * time.size:
        return {}
    return {
        int(row): f"travel time {time[row]:g} s over {abs(shot[row] - receiver[row]):g} km does "
        f"not go with its neighbors, which have about {np.nanmean(expected[:, row]):.4g} s there: "
        "a slip in the time or a position"
        for row in rows
    }


def _compare(away: Floats, time: Floats) -> tuple[Floats, Floats]:
    """Times that neighbors say, in the median, and the second least deviation from theirs.

    NaN for the first and the last of a row, and where all neighbors are in one place.
    """
    expected, off = np.full((2, time.size), np.nan)
    for k in range(time.size):
        distance = np.abs(away - away[k])
        distance[k] = np.inf
        near = np.argsort(distance, kind="stable")[:_NEIGHBORS]
        near = near[np.argsort(away[near], kind="stable")]
        x, t = away[near], time[near]
        step = np.diff(x)
        apart = step > _SAME_KM
        # beyond the ends of a row the slope is another: there is no neighbor to say so
        if apart.any() and x[0] < away[k] < x[-1]:
            slopes = np.sort(np.diff(t)[apart] / step[apart])
            # a bad neighbor makes one slope too large and one too small
            inner = slopes[1:-1] if slopes.size > 3 else slopes
            way = away[k] - x
            expected[k] = np.median(t + np.median(slopes) * way)
            low, high = np.sort([t + inner[0] * way, t + inner[-1] * way], axis=0)
            off[k] = np.sort(np.maximum(low - time[k], time[k] - high).clip(0.0))[1]
    return expected, off
