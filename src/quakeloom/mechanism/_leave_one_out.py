"""Predict every polarity from the mechanisms that the other polarities accept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._blocks import ObservationBlock
from quakeloom.mechanism._codes import EMPTY, direction_rows
from quakeloom.mechanism._counters import (
    FUSED,
    MAXIMUM_PLANES,
    STRIDE,
    add_rows,
    clear,
    count_bits,
    keep_at_most,
    smallest,
    subtract_row,
)
from quakeloom.mechanism._find import canonical_order
from quakeloom.mechanism._grid import MechanismGrid
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._search import make_rows, misfit_allowance, planes_for


def leave_one_out(
    block: ObservationBlock, grid: MechanismGrid, options: MechanismOptions | None = None
) -> NDArray[np.float32]:
    """Return how the other polarities of its event predict each polarity.

    For the station report: a station whose readings are predicted wrongly again and again
    is reversed or misread. The acceptable set is found from all other polarities, with the
    limits for one polarity less, all picks alike, in the reference trial; the result is the
    share of that set that predicts "up". A share near 0.5 says that the others do not
    determine this reading.

    Parameters
    ----------
    block : ObservationBlock
    grid : MechanismGrid
    options : MechanismOptions, optional

    Returns
    -------
    float32, shape (n_obs,)
        NaN for observations without polarity or usable angles, and in events with fewer than
        ``minimum_polarities`` others. Gaps are not looked at.
    """
    options = options or MechanismOptions()
    block = block.in_order()
    out = np.full(len(block.polarity), np.nan, np.float32)
    most = int(np.max(np.diff(block.offsets), initial=0))
    _leave_out(
        block.offsets, canonical_order(block), block.azimuth_deg[:1], block.takeoff_deg[:1],
        block.polarity, block.impulsive, most, options.minimum_polarities, options.use_emergent,
        options.polarity_error_rate, direction_rows(grid.step_deg, 0.0), out,
    )  # fmt: skip
    return out


@compiled(nogil=True)
def _leave_out(
    offsets, order, azimuth, takeoff, polarity, impulsive, most, minimum, use_emergent, rate,
    rows, out,
):  # fmt: skip
    n = rows.mask.shape[0]
    exact = np.zeros((most + 1) * n, np.int8)
    doubt = np.zeros(rows.frames32.shape[2], np.int8)
    starts = np.zeros(most + 1, np.int64)
    used = np.empty(most, np.int64)
    flips = np.empty(most, np.int64)
    counter = np.zeros(MAXIMUM_PLANES * STRIDE, np.int64)
    without = np.zeros(MAXIMUM_PLANES * STRIDE, np.int64)
    scratch = np.zeros((4, n), np.int64)
    accepted, candidates, trial_row, carry = scratch[0], scratch[1], scratch[2], scratch[3]
    row = np.empty(n, np.int64)
    for event in range(offsets.shape[0] - 1):
        count = 0
        for k in range(offsets[event], offsets[event + 1]):
            i = order[k]
            known = np.isfinite(azimuth[0, i]) and np.isfinite(takeoff[0, i])
            if known and polarity[i] != 0 and (use_emergent or impulsive[i]):
                used[count] = i
                flips[count] = -1 if polarity[i] > 0 else 0
                count += 1
        if count - 1 < max(minimum, 1):
            continue
        make_rows(0, used[:count], azimuth, takeoff, rows, exact, doubt, starts)
        exact[count * n : (count + 1) * n] = EMPTY
        top = planes_for(count)
        clear(without, 0, max(top, FUSED), n)
        add_rows(exact, starts, flips, 0, count, count * n, counter, top, carry, n, True)
        total, extra = misfit_allowance(count - 1, rate)
        for k in range(count):
            codes = exact[starts[k] : starts[k] + n]
            subtract_row(codes, flips[k], counter, top, without, carry, n)
            least = smallest(without, top, rows.mask, candidates, trial_row, n, False)
            accepted[:] = rows.mask
            limit = max(total, least + extra)
            keep_at_most(without, top, limit, accepted, candidates, trial_row, n)
            for w in range(n):
                x = np.int64(codes[w])
                row[w] = (np.int64(-1) << (x & 63)) ^ (x >> 63)
            ups = count_bits(accepted, row, n)
            out[used[k]] = ups / count_bits(accepted, accepted, n)
