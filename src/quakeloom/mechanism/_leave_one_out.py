"""Predict every polarity from the mechanisms that the other polarities accept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._blocks import ObservationBlock
from quakeloom.mechanism._codes import Rows, decode, direction_rows
from quakeloom.mechanism._counter_searches import count_bits, keep_at_most, smallest
from quakeloom.mechanism._counters import (
    FUSED,
    MAXIMUM_PLANES,
    STRIDE,
    CodedRows,
    Counter,
    add_rows,
    clear,
    subtract_row,
)
from quakeloom.mechanism._grid import MechanismGrid
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._readings import Readings, has_ray, read_block
from quakeloom.mechanism._search import (
    codes_and_empty,
    make_row_space,
    make_rows,
    misfit_allowance,
    planes_for,
)


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
    readings = read_block(block.in_order(), use_amplitudes=False)
    out = np.full(len(block.polarity), np.nan, np.float32)
    most = int(np.max(np.diff(block.offsets), initial=0))
    _leave_out(
        readings,
        most,
        options.minimum_polarities,
        options.use_emergent,
        options.polarity_error_rate,
        direction_rows(grid.step_deg, 0.0),
        out,
    )
    return out


@compiled(nogil=True)
def _leave_out(
    readings: Readings,
    most: int,
    minimum: int,
    use_emergent: bool,
    rate: float,
    rows: Rows,
    out: NDArray[np.float32],
) -> None:
    """Fill how the others predict each polarity; no event has more than ``most`` observations."""
    n = rows.mask.shape[0]
    rays, polarity = readings.rays, readings.polarity
    space = make_row_space(most, rows)
    used = np.empty(most, np.int64)
    planes = np.zeros((2, MAXIMUM_PLANES * STRIDE), np.int64)
    scratch = np.zeros((4, n), np.int64)
    accepted, candidates, trial_row, carry = scratch[0], scratch[1], scratch[2], scratch[3]
    row = np.empty(n, np.int64)
    for event in range(readings.offsets.shape[0] - 1):
        count = 0
        for k in range(readings.offsets[event], readings.offsets[event + 1]):
            i = readings.order[k]
            if has_ray(i, rays) and polarity[i] != 0 and (use_emergent or readings.impulsive[i]):
                used[count] = i
                space.flips[count] = -1 if polarity[i] > 0 else 0
                count += 1
        if count - 1 < max(minimum, 1):
            continue
        starts = make_rows(0, used[:count], rays, rows, space)
        codes, empty = codes_and_empty(count, rows, space)
        coded = CodedRows(codes, starts, space.flips, empty)
        digits = planes_for(count)
        counter = Counter(planes[0], digits, carry, n)
        without = Counter(planes[1], digits, carry, n)
        clear(without.planes, 0, max(digits, FUSED), n)
        add_rows(coded, 0, count, counter, True)
        allowed = misfit_allowance(count - 1, rate)
        for k in range(count):
            one = codes[starts[k] : starts[k] + n]
            subtract_row(one, space.flips[k], counter, without.planes)
            least = smallest(without, rows.mask, candidates, trial_row, False)
            accepted[:] = rows.mask
            limit = max(allowed.total, least + allowed.extra)
            keep_at_most(without, limit, accepted, candidates, trial_row)
            for w in range(n):
                row[w] = decode(one[w], 0)
            ups = count_bits(accepted, row, n)
            out[used[k]] = ups / count_bits(accepted, accepted, n)
