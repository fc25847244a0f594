"""Search the grid with probabilities: a posterior takes the place of acceptance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._amplitudes import RatioTable, add_amplitude_misfits, run_length
from quakeloom.mechanism._codes import Rows
from quakeloom.mechanism._counter_searches import (
    SPREAD,
    add_decays,
    keep_at_most,
    list_counts,
    smallest,
)
from quakeloom.mechanism._counters import (
    FUSED,
    STRIDE,
    CodedRows,
    Counter,
    Words,
    add_rows,
    clear,
)
from quakeloom.mechanism._readings import Limits, Readings, Selection, log_odds_up
from quakeloom.mechanism._search import (
    Workspace,
    codes_and_empty,
    find_rows,
    half_away,
    planes_for,
)

_ROUNDING_NATS = 0.02
"""Standard deviation of a log-likelihood by the rounding of its log odds, in natural logarithms.
Chosen here: half of the step of the stored weights near the largest, and a fiftieth of what would
matter."""

_LARGEST_SUM = 500_000.0
"""Largest sum of steps: 20 planes hold 1,048,575, and every weight may be rounded up."""

_FAINTEST_NATS = 8.0
"""Mechanisms so much (e^8 = 2,981 times) less likely than the best so far are left
out of a trial; chosen here, below half a step of the stored weights, whole parts of 255."""

_LEAST_SHARE = 510.0
"""A mechanism is listed from one part in so many of the greatest posterior on: below, half a
unit of the stored weights of 255, it would be stored as nothing."""

_UNSET = 1e30
"""Misfit of the best mechanism so far, where there is none yet."""


class Levels(NamedTuple):
    """Log odds of an event's polarities in whole steps, so that bit-sliced counters can sum them.

    Attributes
    ----------
    steps : int64, one per polarity
        Sizes of the log odds.
    unit : float
        Natural logarithm that a step stands for.
    row_digits, sum_digits : int
        Binary digits of the largest of the steps and of their sum.
    decay : float64
        ``exp(-unit k)`` for k from 0 to the faintest that counts.
    counts : int16, shape (64,)
        Scratch for the sums of a word of mechanisms.
    """

    steps: NDArray[np.int64]
    unit: float
    row_digits: int
    sum_digits: int
    decay: NDArray[np.float64]
    counts: NDArray[np.int16]


@compiled(nogil=True)
def _count_levels(log_odds: NDArray[np.float64]) -> Levels:
    """Round log odds to steps of a unit that becomes finer the more readings there are.

    Rounding to a unit ``u`` changes a sum of ``n`` by ``u sqrt(n / 12)`` (standard deviation);
    weak readings that all round to nothing would lose all of their evidence. The unit is
    coarser only where strong readings sum to more than fits.
    """
    count = len(log_odds)
    sum_odds = 0.0
    for i in range(count):
        sum_odds += abs(log_odds[i])
    unit = max(_ROUNDING_NATS * np.sqrt(12.0 / max(count, 1)), sum_odds / _LARGEST_SUM)
    steps = np.empty(count, np.int64)
    highest = 0
    total = 0
    for i in range(count):
        steps[i] = half_away(abs(log_odds[i]) / unit)
        highest = max(highest, steps[i])
        total += steps[i]
    decay = np.exp(-unit * np.arange(np.int64(_FAINTEST_NATS / unit) + 2))
    digits = planes_for(max(highest, 1)), planes_for(max(total, 1))
    return Levels(steps, unit, digits[0], digits[1], decay, np.zeros(64, np.int16))


@compiled(nogil=True)
def _add_levels(
    coded: CodedRows, log_odds: NDArray[np.float64], levels: Levels, counter: Counter
) -> None:
    """Sum the steps of the polarities that each mechanism predicts otherwise.

    A row enters the counter once for every binary digit of its weight, at that digit.
    """
    n = counter.words
    count = len(log_odds)
    starts, flips = np.empty(count, np.int64), np.empty(count, np.int64)
    clear(counter.planes, 0, max(counter.digits, levels.row_digits + 5, FUSED), n)
    reached = 0
    for digit in range(levels.row_digits):
        some = 0
        for i in range(count):
            if (levels.steps[i] >> digit) & 1:
                starts[some] = coded.starts[i]
                flips[some] = -1 if log_odds[i] > 0.0 else 0
                some += 1
        if some > 0:
            part = CodedRows(coded.codes, starts, flips, coded.empty)
            # no sum is larger so far, so that higher planes need not be carried to
            reached += some << digit
            higher = max(min(counter.digits - digit, planes_for(reached >> digit)), 1)
            above = Counter(counter.planes[digit * STRIDE :], higher, counter.carry, n)
            add_rows(part, 0, some, above, False)


@compiled(nogil=True)
def _rescale(posterior: NDArray[np.float64], best: float, better: float) -> None:
    """Keep likelihoods relative to the best so far, or they would underflow."""
    factor = np.exp(better - best) if best < 0.1 * _UNSET else 0.0
    for m in range(len(posterior)):
        posterior[m] *= factor


@compiled(nogil=True)
def _add_by_polarities(
    counter: Counter, levels: Levels, best: float, kept: Words, rows: Rows, space: Workspace
) -> float:
    """Add a trial's likelihoods by polarities alone; return the least misfit so far."""
    candidates = space.stacks[2][STRIDE : 2 * STRIDE]
    trial_row = space.stacks[2][2 * STRIDE : 3 * STRIDE]
    unit, posterior = levels.unit, space.posterior
    least = smallest(counter, kept, candidates, trial_row, False)
    if least * unit > best + _FAINTEST_NATS:
        return best
    if least * unit < best:
        _rescale(posterior, best, least * unit)
        best = least * unit
    base = half_away(best / unit)
    keep_at_most(counter, base + np.int64(_FAINTEST_NATS / unit), kept, candidates, trial_row)
    if counter.digits <= SPREAD:
        add_decays(counter, kept, rows, levels.decay, base, levels.counts, posterior)
        return best
    found = list_counts(counter, kept, rows, space.indices, space.counts)
    for k in range(found):
        posterior[space.indices[k]] += levels.decay[space.counts[k] - base]
    return best


@compiled(nogil=True)
def _add_with_amplitudes(
    counter: Counter,
    levels: Levels,
    amplitude_error: float,
    best: float,
    kept: Words,
    rows: Rows,
    space: Workspace,
) -> float:
    """Add a trial's likelihoods by polarities and S/P; return the least misfit so far."""
    candidates = space.stacks[2][STRIDE : 2 * STRIDE]
    trial_row = space.stacks[2][2 * STRIDE : 3 * STRIDE]
    indices, sums, posterior = space.indices, space.sums, space.posterior
    slips = rows.cosines.shape[0]
    length = run_length(slips)
    if best < 0.1 * _UNSET:
        # The polarities alone must not be too bad already.
        limit = np.int64((best + _FAINTEST_NATS) / levels.unit) + 1
        keep_at_most(counter, limit, kept, candidates, trial_row)
    found = list_counts(counter, kept, rows, indices, space.counts)
    least = _UNSET
    for k in range(found):
        m = indices[k]
        # Runs of S/P misfits are longer than planes of mechanisms where slips are filled up.
        place = m + (m // slips) * (length - slips)
        sums[k] = space.counts[k] * levels.unit + space.misfit[place] / amplitude_error
        least = min(least, sums[k])
    if least > best + _FAINTEST_NATS:
        return best
    if least < best:
        _rescale(posterior, best, least)
        best = least
    for k in range(found):
        if sums[k] - best <= _FAINTEST_NATS:
            posterior[indices[k]] += np.exp(best - sums[k])
    return best


@compiled(nogil=True)
def search_posterior(
    chosen: Selection,
    readings: Readings,
    limits: Limits,
    rows: Rows,
    predictions: RatioTable,
    space: Workspace,
) -> int:
    """Add up the likelihood of every mechanism over the trials.

    The misfit of a mechanism is the sum of ``|log odds|`` of the polarities that it predicts
    otherwise, plus (Laplace errors) ``|log10 S/P misfit| / error``. Log odds are whole
    multiples of a unit that is small for the number of readings, summed bit-sliced.

    Returns the number of listed mechanisms, their likelihoods in ``space.posterior`` at
    their place in the grid.
    """
    signed, paired = chosen.signed, chosen.paired
    n = rows.mask.shape[0]
    count = len(signed)
    log_odds = space.log_odds[:count]
    for k in range(count):
        log_odds[k] = log_odds_up(signed[k], readings, limits)
    levels = _count_levels(log_odds)
    counter = Counter(space.stacks[0], levels.sum_digits, space.stacks[2][:STRIDE], n)
    kept = space.stacks[3][:n]
    posterior = space.posterior
    posterior[:] = 0.0
    codes, empty = codes_and_empty(count, rows, space.rows)
    best = _UNSET
    for trial in range(readings.rays.azimuth.shape[0]):
        starts = find_rows(trial, signed, readings.rays, rows, space.rows)
        coded = CodedRows(codes, starts, space.rows.flips, empty)
        _add_levels(coded, log_odds, levels, counter)
        kept[:] = rows.mask
        if len(paired) == 0:
            best = _add_by_polarities(counter, levels, best, kept, rows, space)
            continue
        add_amplitude_misfits(trial, paired, readings, rows, predictions, space.runs, space.misfit)
        best = _add_with_amplitudes(
            counter, levels, limits.amplitude_error, best, kept, rows, space
        )
    greatest = 0.0
    for m in range(len(posterior)):
        greatest = max(greatest, posterior[m])
    found = 0
    for m in range(len(posterior)):
        if posterior[m] * _LEAST_SHARE >= greatest:
            space.indices[found] = m
            found += 1
    return found
