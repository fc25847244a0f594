"""Search the grid: which mechanisms are acceptable in which share of the trials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._amplitudes import (
    add_amplitude_misfits,
    limit_by_amplitudes,
    run_length,
)
from quakeloom.mechanism._codes import EMPTY, fill_codes, prefetch_row, ray_vector, table_row
from quakeloom.mechanism._counters import (
    FUSED,
    STRIDE,
    add_rows,
    add_words,
    clear,
    keep_at_most,
    list_counts,
    smallest,
)

_LEVELS_PER_NAT = 8.0
_FAINTEST_NATS = 8.0


@compiled(nogil=True)
def half_away(value):
    """Nearest integer, halves away from zero as Fortran's NINT (values are not negative)."""
    return np.int64(np.floor(value + 0.5))


@compiled(nogil=True)
def misfit_allowance(count, rate):
    """Polarities that may misfit in total, and beyond the least possible (HASH).

    ``total = max(nint(count rate), 2)`` and ``extra = max(nint(count rate / 2), 2)``. The
    products are rounded to single precision, which HASH uses, so that exact halves such as
    50 x 0.1 x 0.5 stay halves.
    """
    share = np.float64(np.float32(count) * np.float32(rate))
    return max(half_away(share), 2), max(half_away(np.float64(np.float32(share * 0.5))), 2)


class Workspace(NamedTuple):
    """Scratch arrays of a search, made once for a block of events.

    Attributes
    ----------
    exact : int8
        Coded rows that are made, not looked up, with an empty one after the last.
    doubt : int8, one per plane
    starts : int64, shape (2, most observations + 1)
        Where the rows of a trial and of the next start.
    stacks : int64, shape (5, MAXIMUM_PLANES * STRIDE)
        Stacks of planes: counter, counter of impulsive misfits, scratch, counter of trials,
        accepted sets waiting for that counter.
    runs : int32, shape (4, planes)
    misfit : float32
        S/P misfits of all mechanisms, one run per plane.
    indices, counts : int64, one per mechanism of the grid
        The listed mechanisms, and how many trials accept them.
    posterior : float64, one per mechanism of the grid
    """

    exact: NDArray[np.int8]
    doubt: NDArray[np.int8]
    starts: NDArray[np.int64]
    stacks: NDArray[np.int64]
    runs: NDArray[np.int32]
    misfit: NDArray[np.float32]
    indices: NDArray[np.int64]
    counts: NDArray[np.int64]
    posterior: NDArray[np.float64]


@compiled(nogil=True)
def make_rows(trial, used, azimuth, takeoff, rows, exact, doubt, starts):
    """Make the coded row of every used observation in a trial, exactly."""
    words = rows.mask.shape[0]
    for i in range(used.shape[0]):
        obs = used[i]
        a, t = azimuth[trial, obs], takeoff[trial, obs]
        if not (np.isfinite(a) and np.isfinite(t)):
            a, t = azimuth[0, obs], takeoff[0, obs]
        starts[i] = i * words
        x, y, z = ray_vector(np.float64(a), np.float64(t))
        fill_codes(x, y, z, rows, exact[i * words : (i + 1) * words], doubt)


@compiled(nogil=True)
def _find_rows(trial, used, azimuth, takeoff, rows, starts):
    """Find the tabulated row of every used observation in a trial, and ask memory for it."""
    for i in range(used.shape[0]):
        obs = used[i]
        a, t = azimuth[trial, obs], takeoff[trial, obs]
        if not (np.isfinite(a) and np.isfinite(t)):
            a, t = azimuth[0, obs], takeoff[0, obs]
        row = table_row(np.float64(a), np.float64(t), rows.direction_step, rows.rings)
        starts[i] = row * rows.width
        prefetch_row(rows.table, row * rows.width, rows.width)


@compiled(nogil=True)
def _rows_of_trial(trial, used, azimuth, takeoff, rows, space):
    """Return where the rows of a trial start; those of the next are on their way then."""
    if rows.direction_step <= 0.0:
        make_rows(trial, used, azimuth, takeoff, rows, space.exact, space.doubt, space.starts[0])
        return space.starts[0]
    for ahead in range(2):
        wanted = trial + ahead
        # The first trial finds its own rows, every trial those of the next.
        if (ahead == 1 or trial == 0) and wanted < azimuth.shape[0]:
            _find_rows(wanted, used, azimuth, takeoff, rows, space.starts[wanted % 2])
    return space.starts[trial % 2]


@compiled(nogil=True)
def _codes_and_empty(count, rows, space):
    """Return the array that rows lie in, and where its empty row starts."""
    words = rows.mask.shape[0]
    if rows.direction_step <= 0.0:
        space.exact[count * words : (count + 1) * words] = EMPTY
        return space.exact, count * words
    return rows.table, rows.rings[-1] * rows.width


@compiled(nogil=True)
def planes_for(value):
    """Number of binary digits that hold counts up to a value."""
    planes = 1
    while (1 << planes) <= value:
        planes += 1
    return planes


@compiled(nogil=True)
def accept_polarities(
    codes, starts, flips, impulsive, count, empty, split, extra, total, work, accepted, n
):
    """Narrow ``accepted`` to the mechanisms whose polarity misfits HASH would accept.

    The first ``impulsive`` of ``count`` rows are impulsive picks; ``split`` asks for the
    limits of both kinds, else all picks count alike.

    ``work`` is a stack of planes: counter, counter of impulsive misfits, scratch.
    """
    counter, sharp, scratch = work[0], work[1], work[2]
    carry = scratch[:STRIDE]
    candidates = scratch[STRIDE : 2 * STRIDE]
    trial_row = scratch[2 * STRIDE : 3 * STRIDE]
    left = scratch[3 * STRIDE : 4 * STRIDE]
    top = planes_for(count)
    mixed = split and 0 < impulsive < count
    if mixed:
        add_rows(codes, starts, flips, 0, impulsive, empty, counter, top, carry, n, True)
        for p in range(max(top, FUSED)):
            sharp[p * STRIDE : p * STRIDE + n] = counter[p * STRIDE : p * STRIDE + n]
        add_rows(codes, starts, flips, impulsive, count, empty, counter, top, carry, n, False)
        least_sharp = smallest(sharp, top, accepted, candidates, trial_row, n, True)
        least_all = smallest(counter, top, candidates, left, trial_row, n, False)
        limit_sharp = max(total, least_sharp + extra)
        limit_all = max(total if least_sharp == 0 else count, least_all + extra)
        keep_at_most(sharp, top, limit_sharp, accepted, candidates, trial_row, n)
    else:
        # With one kind of picks and no perfect fit HASH's two limits differ; the limit of
        # the impulsive count, which is the tighter one, decides.
        add_rows(codes, starts, flips, 0, count, empty, counter, top, carry, n, True)
        least_all = smallest(counter, top, accepted, left, trial_row, n, False)
        limit_all = max(total, least_all + extra)
    keep_at_most(counter, top, limit_all, accepted, candidates, trial_row, n)


@compiled(nogil=True)
def search_acceptable(
    used, flips, impulsive, ratios, observed_ratio, azimuth, takeoff, split, rate,
    amplitude_error, rows, predictions, space,
):  # fmt: skip
    """List the mechanisms accepted in any trial and how many trials accept each.

    ``used`` are the observations with polarities, impulsive first; ``ratios`` those with
    S/P. Returns the number of mechanisms written to ``space.indices`` and ``space.counts``.
    """
    n = rows.mask.shape[0]
    trials = azimuth.shape[0]
    scratch, share, waiting = space.stacks[2], space.stacks[3], space.stacks[4]
    carry = scratch[:STRIDE]
    top_share = max(planes_for(trials), 3)
    clear(share, 0, top_share, n)
    total, extra = misfit_allowance(len(used), rate)
    codes, empty = _codes_and_empty(len(used), rows, space)
    held = 0
    for trial in range(trials):
        starts = _rows_of_trial(trial, used, azimuth, takeoff, rows, space)
        accepted = waiting[held * STRIDE : held * STRIDE + n]
        accepted[:] = rows.mask
        accept_polarities(
            codes, starts, flips, impulsive, len(used), empty, split, extra, total,
            space.stacks, accepted, n,
        )  # fmt: skip
        if len(ratios) > 0:
            add_amplitude_misfits(
                trial, ratios, observed_ratio, azimuth, takeoff, rows, predictions, space.runs,
                space.misfit,
            )  # fmt: skip
            limit_by_amplitudes(space.misfit, len(ratios), amplitude_error, accepted, rows)
        held += 1
        if held == 7 or trial == trials - 1:
            add_words(waiting, held, share, top_share, carry, n)
            held = 0
    union = scratch[:n]
    union[:] = 0
    for p in range(top_share):
        plane = share[p * STRIDE : p * STRIDE + n]
        for w in range(n):
            union[w] |= plane[w]
    return list_counts(share, top_share, union, rows, space.indices, space.counts, n)


@compiled(nogil=True)
def search_posterior(
    used, log_odds, ratios, observed_ratio, azimuth, takeoff, amplitude_error, rows,
    predictions, space,
):  # fmt: skip
    """Add up the likelihood of every mechanism over the trials.

    The misfit of a mechanism is the sum of ``|log odds|`` of the polarities that it predicts
    otherwise, plus (Laplace errors) ``|log10 S/P misfit| / error``. Log odds are whole
    multiples of 1/8 or of a coarser unit, summed bit-sliced: a row enters the counter once
    for every binary digit of its weight.

    Returns the number of listed mechanisms, their likelihoods in ``space.posterior`` at
    their place in the grid.
    """
    n = rows.mask.shape[0]
    trials = azimuth.shape[0]
    indices, counts, posterior = space.indices, space.counts, space.posterior
    counter, scratch, kept = space.stacks[0], space.stacks[2], space.stacks[3][:n]
    carry = scratch[:STRIDE]
    candidates = scratch[STRIDE : 2 * STRIDE]
    trial_row = scratch[2 * STRIDE : 3 * STRIDE]
    count = len(used)
    codes, empty = _codes_and_empty(count, rows, space)
    sum_odds = 0.0
    for i in range(count):
        sum_odds += abs(log_odds[i])
    # 14 planes; leave one for the rounding up of every weight.
    unit = max(1.0 / _LEVELS_PER_NAT, sum_odds / 8000.0)
    levels = np.empty(count, np.int64)
    highest = 0
    total_level = 0
    for i in range(count):
        levels[i] = half_away(abs(log_odds[i]) / unit)
        highest = max(highest, levels[i])
        total_level += levels[i]
    top = planes_for(max(total_level, 1))
    digits = planes_for(max(highest, 1))
    some_starts = np.empty(count, np.int64)
    some_flips = np.empty(count, np.int64)
    decay = np.exp(-unit * np.arange(np.int64(_FAINTEST_NATS / unit) + 2))
    faintest = np.int64(_FAINTEST_NATS / unit)
    slips = rows.cosines.shape[0]
    length = run_length(slips)
    values = np.empty(len(posterior) if len(ratios) > 0 else 0)
    posterior[:] = 0.0
    overall = 1e30
    for trial in range(trials):
        starts = _rows_of_trial(trial, used, azimuth, takeoff, rows, space)
        clear(counter, 0, max(top, digits + 5, FUSED), n)
        for digit in range(digits):
            some = 0
            for i in range(count):
                if (levels[i] >> digit) & 1:
                    some_starts[some] = starts[i]
                    some_flips[some] = -1 if log_odds[i] > 0.0 else 0
                    some += 1
            if some > 0:
                higher = max(top - digit, 1)
                add_rows(
                    codes, some_starts, some_flips, 0, some, empty,
                    counter[digit * STRIDE :], higher, carry, n, False,
                )  # fmt: skip
        kept[:] = rows.mask
        if len(ratios) == 0:
            least = smallest(counter, top, kept, candidates, trial_row, n, False)
            if least * unit > overall + _FAINTEST_NATS:
                continue
            if least * unit < overall:
                # Likelihoods are kept relative to the best so far, or they would underflow.
                factor = np.exp(least * unit - overall) if overall < 1e29 else 0.0
                for m in range(len(posterior)):
                    posterior[m] *= factor
                overall = least * unit
            limit = half_away(overall / unit) + faintest
            keep_at_most(counter, top, limit, kept, candidates, trial_row, n)
            found = list_counts(counter, top, kept, rows, indices, counts, n)
            base = half_away(overall / unit)
            for k in range(found):
                posterior[indices[k]] += decay[counts[k] - base]
        else:
            add_amplitude_misfits(
                trial, ratios, observed_ratio, azimuth, takeoff, rows, predictions, space.runs,
                space.misfit,
            )  # fmt: skip
            if overall < 1e29:
                # The polarities alone must not be too bad already.
                limit = np.int64((overall + _FAINTEST_NATS) / unit) + 1
                keep_at_most(counter, top, limit, kept, candidates, trial_row, n)
            found = list_counts(counter, top, kept, rows, indices, counts, n)
            least_sum = 1e30
            for k in range(found):
                m = indices[k]
                place = m + (m // slips) * (length - slips)
                values[k] = counts[k] * unit + space.misfit[place] / amplitude_error
                least_sum = min(least_sum, values[k])
            if least_sum > overall + _FAINTEST_NATS:
                continue
            if least_sum < overall:
                factor = np.exp(least_sum - overall) if overall < 1e29 else 0.0
                for m in range(len(posterior)):
                    posterior[m] *= factor
                overall = least_sum
            for k in range(found):
                if values[k] - overall <= _FAINTEST_NATS:
                    posterior[indices[k]] += np.exp(overall - values[k])
    greatest = 0.0
    for m in range(len(posterior)):
        greatest = max(greatest, posterior[m])
    found = 0
    for m in range(len(posterior)):
        # Below half a unit of the stored weight a mechanism is out.
        if posterior[m] * 510.0 >= greatest:
            indices[found] = m
            found += 1
    return found
