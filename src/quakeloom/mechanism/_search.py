"""Search the grid: which mechanisms are acceptable in which share of the trials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._amplitudes import (
    RatioTable,
    add_amplitude_misfits,
    limit_by_amplitudes,
    run_length,
)
from quakeloom.mechanism._codes import (
    EMPTY,
    Rows,
    fill_codes,
    prefetch_row,
    ray_vector,
    table_row,
)
from quakeloom.mechanism._counter_searches import keep_at_most, list_counts, smallest
from quakeloom.mechanism._counters import (
    FUSED,
    MAXIMUM_PLANES,
    STRIDE,
    CodedRows,
    Counter,
    Words,
    add_rows,
    add_words,
    clear,
)
from quakeloom.mechanism._readings import Limits, Rays, Readings, Selection

_STACKS = 5
"""Stacks of planes that a search needs, see :class:`Workspace`."""

_WAITING = 7
"""Accepted sets that wait for the counter of trials, which takes seven rows at a time."""


@compiled(nogil=True)
def half_away(value: float) -> int:
    """Nearest integer, halves away from zero as Fortran's NINT (values are not negative)."""
    return int(np.floor(value + 0.5))


class Allowance(NamedTuple):
    """How many polarities may misfit: in all, or beyond the least possible number."""

    total: int
    extra: int


@compiled(nogil=True)
def misfit_allowance(count: int, rate: float) -> Allowance:
    """Polarities that may misfit in total, and beyond the least possible (HASH).

    ``total = max(nint(count rate), 2)`` and ``extra = max(nint(count rate / 2), 2)``. The
    products are rounded to single precision, which HASH uses, so that exact halves such as
    50 x 0.1 x 0.5 stay halves.
    """
    share = np.float64(np.float32(count) * np.float32(rate))
    total = max(half_away(share), 2)
    return Allowance(total, max(half_away(np.float64(np.float32(share * 0.5))), 2))


class RowSpace(NamedTuple):
    """Scratch arrays for the coded rows of a trial.

    Attributes
    ----------
    exact : int8
        Coded rows that are made, not looked up, with an empty one after the last.
    doubt : int8, one per plane
    starts : int64, shape (2, most observations + 1)
        Where the rows of a trial and of the next start.
    flips : int64, shape (most observations,)
        Whether rows are inverted, see :class:`CodedRows`.
    """

    exact: NDArray[np.int8]
    doubt: NDArray[np.int8]
    starts: NDArray[np.int64]
    flips: NDArray[np.int64]


@compiled(nogil=True)
def make_row_space(most: int, rows: Rows) -> RowSpace:
    """Scratch for the rows of events of up to ``most`` observations."""
    return RowSpace(
        np.zeros((most + 1) * rows.mask.shape[0], np.int8),
        np.zeros(rows.frames32.shape[2], np.int8),
        np.zeros((2, most + 1), np.int64),
        np.empty(most, np.int64),
    )


class Workspace(NamedTuple):
    """Scratch arrays of a search, made once for a block of events.

    Attributes
    ----------
    signed, paired : int64, shape (most observations,)
        Observations that count.
    log_odds : float64, shape (most observations,)
    rows : RowSpace
    stacks : int64, shape (5, MAXIMUM_PLANES * STRIDE)
        Stacks of planes: counter, counter of impulsive misfits, scratch, counter of trials,
        accepted sets waiting for that counter.
    runs : int32, shape (4, planes)
    misfit : float32
        S/P misfits of all mechanisms, one run per plane.
    indices, counts : int64, one per mechanism of the grid
        The listed mechanisms, and how many trials accept them.
    posterior : float64, one per mechanism of the grid
    sums : float64, one per mechanism of the grid
        Misfits of polarities and S/P of the listed mechanisms.
    """

    signed: NDArray[np.int64]
    paired: NDArray[np.int64]
    log_odds: NDArray[np.float64]
    rows: RowSpace
    stacks: NDArray[np.int64]
    runs: NDArray[np.int32]
    misfit: NDArray[np.float32]
    indices: NDArray[np.int64]
    counts: NDArray[np.int64]
    posterior: NDArray[np.float64]
    sums: NDArray[np.float64]


@compiled(nogil=True)
def make_workspace(most: int, readings: Readings, limits: Limits, rows: Rows) -> Workspace:
    """Scratch for events of up to ``most`` observations."""
    planes = rows.frames32.shape[2]
    size = planes * rows.cosines.shape[0]
    with_ratios = False
    for i in range(readings.ratio.shape[0]):
        with_ratios = with_ratios or np.isfinite(readings.ratio[i])
    joint = limits.use_probabilities != 0 and with_ratios
    length = run_length(rows.cosines.shape[0])
    return Workspace(
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most),
        make_row_space(most, rows),
        np.zeros((_STACKS, MAXIMUM_PLANES * STRIDE), np.int64),
        np.zeros((4, planes), np.int32),
        np.zeros(planes * length if with_ratios else 1, np.float32),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size if limits.use_probabilities != 0 else 1),
        np.empty(size if joint else 1),
    )


@compiled(nogil=True)
def make_rows(
    trial: int, signed: NDArray[np.int64], rays: Rays, rows: Rows, space: RowSpace
) -> NDArray[np.int64]:
    """Make the coded row of every observation in a trial, exactly; return where they start."""
    words = rows.mask.shape[0]
    starts: NDArray[np.int64] = space.starts[0]
    for i in range(signed.shape[0]):
        azimuth = np.float64(rays.azimuth[trial, signed[i]])
        takeoff = np.float64(rays.takeoff[trial, signed[i]])
        starts[i] = i * words
        x, y, z = ray_vector(azimuth, takeoff)
        fill_codes(x, y, z, rows, space.exact[i * words : (i + 1) * words], space.doubt)
    return starts


@compiled(nogil=True, **UNCOUNTED)
def _look_up_rows(
    trial: int, signed: NDArray[np.int64], rays: Rays, rows: Rows, starts: NDArray[np.int64]
) -> None:
    """Find the tabulated row of every observation in a trial, and ask memory for it."""
    for i in range(signed.shape[0]):
        azimuth = np.float64(rays.azimuth[trial, signed[i]])
        takeoff = np.float64(rays.takeoff[trial, signed[i]])
        row = table_row(azimuth, takeoff, rows.direction_step, rows.rings)
        starts[i] = row * rows.width
        prefetch_row(rows.table, row * rows.width, rows.width)


@compiled(nogil=True)
def find_rows(
    trial: int, signed: NDArray[np.int64], rays: Rays, rows: Rows, space: RowSpace
) -> NDArray[np.int64]:
    """Return where the rows of a trial start; those of the next are on their way then.

    The table of rows is larger than fast memory and rows lie in it at random. Asked for one
    trial ahead, they arrive while the trial before is searched.
    """
    if rows.direction_step <= 0.0:
        made: NDArray[np.int64] = make_rows(trial, signed, rays, rows, space)
        return made
    for ahead in range(2):
        wanted = trial + ahead
        # The first trial finds its own rows, every trial those of the next.
        if (ahead == 1 or trial == 0) and wanted < rays.azimuth.shape[0]:
            _look_up_rows(wanted, signed, rays, rows, space.starts[wanted % 2])
    starts: NDArray[np.int64] = space.starts[trial % 2]
    return starts


@compiled(nogil=True)
def codes_and_empty(count: int, rows: Rows, space: RowSpace) -> tuple[NDArray[np.int8], int]:
    """Return the array that ``count`` rows lie in, and where its empty row starts."""
    words = rows.mask.shape[0]
    if rows.direction_step <= 0.0:
        space.exact[count * words : (count + 1) * words] = EMPTY
        return space.exact, count * words
    return rows.table, rows.rings[-1] * rows.width


@compiled(nogil=True)
def planes_for(value: int) -> int:
    """Number of binary digits that hold counts up to a value."""
    planes = 1
    while (1 << planes) <= value:
        planes += 1
    return planes


@compiled(nogil=True, **UNCOUNTED)
def accept_polarities(
    coded: CodedRows,
    count: int,
    impulsive: int,
    allowance: Allowance,
    stacks: NDArray[np.int64],
    accepted: Words,
    words: int,
) -> None:
    """Narrow ``accepted`` to the mechanisms whose polarity misfits HASH would accept.

    Where some but not all of the ``count`` picks are impulsive, the first ``impulsive`` rows
    have a limit of their own; with 0 all picks count alike. ``stacks`` are counter, counter of
    impulsive misfits, scratch.
    """
    scratch = stacks[2]
    carry = scratch[:STRIDE]
    candidates = scratch[STRIDE : 2 * STRIDE]
    trial_row = scratch[2 * STRIDE : 3 * STRIDE]
    left = scratch[3 * STRIDE : 4 * STRIDE]
    total, extra = allowance.total, allowance.extra
    digits = planes_for(count)
    counter = Counter(stacks[0], digits, carry, words)
    if 0 < impulsive < count:
        sharp = Counter(stacks[1], digits, carry, words)
        add_rows(coded, 0, impulsive, counter, True)
        # The counter of all picks goes on from that of the impulsive ones.
        for p in range(max(digits, FUSED)):
            for w in range(p * STRIDE, p * STRIDE + words):
                sharp.planes[w] = counter.planes[w]
        add_rows(coded, impulsive, count, counter, False)
        least_sharp = smallest(sharp, accepted, candidates, trial_row, True)
        least_all = smallest(counter, candidates, left, trial_row, False)
        limit_sharp = max(total, least_sharp + extra)
        limit_all = max(total if least_sharp == 0 else count, least_all + extra)
        keep_at_most(sharp, limit_sharp, accepted, candidates, trial_row)
    else:
        # With one kind of picks and no perfect fit HASH's two limits differ; the limit of
        # the impulsive count, which is the tighter one, decides.
        add_rows(coded, 0, count, counter, True)
        least_all = smallest(counter, accepted, left, trial_row, False)
        limit_all = max(total, least_all + extra)
    keep_at_most(counter, limit_all, accepted, candidates, trial_row)


@compiled(nogil=True)
def search_acceptable(
    chosen: Selection,
    readings: Readings,
    limits: Limits,
    rows: Rows,
    predictions: RatioTable,
    space: Workspace,
) -> int:
    """List the mechanisms accepted in any trial and how many trials accept each.

    Returns the number of mechanisms written to ``space.indices`` and ``space.counts``.
    """
    signed, paired = chosen.signed, chosen.paired
    n = rows.mask.shape[0]
    trials = readings.rays.azimuth.shape[0]
    scratch, waiting = space.stacks[2], space.stacks[4]
    share = Counter(space.stacks[3], max(planes_for(trials), 3), scratch[:STRIDE], n)
    clear(share.planes, 0, share.digits, n)
    for k in range(len(signed)):
        space.rows.flips[k] = -1 if readings.polarity[signed[k]] > 0 else 0
    # HASH tells onsets apart only where there are no amplitudes.
    impulsive = chosen.impulsive if limits.use_onset and len(paired) == 0 else 0
    allowance = misfit_allowance(len(signed), limits.rate)
    codes, empty = codes_and_empty(len(signed), rows, space.rows)
    held = 0
    for trial in range(trials):
        starts = find_rows(trial, signed, readings.rays, rows, space.rows)
        coded = CodedRows(codes, starts, space.rows.flips, empty)
        accepted = waiting[held * STRIDE : held * STRIDE + n]
        accepted[:] = rows.mask
        accept_polarities(coded, len(signed), impulsive, allowance, space.stacks, accepted, n)
        if len(paired) > 0:
            add_amplitude_misfits(
                trial, paired, readings, rows, predictions, space.runs, space.misfit
            )
            limit_by_amplitudes(space.misfit, len(paired), limits.amplitude_error, accepted, rows)
        held += 1
        if held == _WAITING or trial == trials - 1:
            add_words(waiting, held, share)
            held = 0
    union = scratch[:n]
    union[:] = 0
    for p in range(share.digits):
        plane = share.planes[p * STRIDE : p * STRIDE + n]
        for w in range(n):
            union[w] |= plane[w]
    found: int = list_counts(share, union, rows, space.indices, space.counts)
    return found
