"""Search and average the events of a block, one after the other, in compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.mechanism._amplitudes import RatioTable
from quakeloom.mechanism._blocks import STATUSES
from quakeloom.mechanism._codes import Rows
from quakeloom.mechanism._hash_average import hash_solutions
from quakeloom.mechanism._keyed import stream_start, uniform
from quakeloom.mechanism._posterior import search_posterior
from quakeloom.mechanism._preferred import (
    MAXIMUM_SOLUTIONS,
    MeanSpace,
    Members,
    Solutions,
    make_mean_space,
    make_members,
    weighted_solutions,
)
from quakeloom.mechanism._quality import gaps_of
from quakeloom.mechanism._readings import Limits, Readings, Selection, is_weighed, select_readings
from quakeloom.mechanism._search import Workspace, make_workspace, search_acceptable

SOLVED, TOO_FEW, AZIMUTHAL_GAP, TAKEOFF_GAP, NO_SOLUTION, ERROR = (
    STATUSES.index(name)
    for name in (
        "solved",
        "too_few_polarities",
        "azimuthal_gap",
        "takeoff_gap",
        "no_solution",
        "error",
    )
)
"""Positions in :data:`STATUSES`."""

MAXIMUM_READINGS = 8191
"""An event with more readings is a broken input and not searched. Chosen here, well below what
counters hold."""

_SUBSET = 4
"""Purpose of the random stream that draws ``maxout`` mechanisms (1 to 3 are draws of angles)."""


class GridArrays(NamedTuple):
    """Mechanisms of the grid: normals, slips, quaternions and weights."""

    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    quaternions: NDArray[np.float32]
    weights: NDArray[np.float64]


class Found(NamedTuple):
    """What is found, per event.

    Attributes
    ----------
    status : int8
        Position in :data:`STATUSES`.
    counts : int32, shape (n_events, 5)
        Polarities, S/P ratios, ignored observations, acceptable mechanisms and solutions.
    gaps : float64, shape (n_events, 2)
        In azimuth and take-off, degrees.
    acceptance : uint8, shape (n_events, mechanisms)
    normals, slips, shares, spreads : float64, shape (n_events, 5, ...)
        The solutions, see :class:`Solutions`.
    """

    status: NDArray[np.int8]
    counts: NDArray[np.int32]
    gaps: NDArray[np.float64]
    acceptance: NDArray[np.uint8]
    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    shares: NDArray[np.float64]
    spreads: NDArray[np.float64]


def empty_found(events: int, mechanisms: int) -> Found:
    """Return arrays for the results of so many events."""
    return Found(
        status=np.zeros(events, np.int8),
        counts=np.zeros((events, 5), np.int32),
        gaps=np.full((events, 2), np.nan),
        acceptance=np.zeros((events, mechanisms), np.uint8),
        normals=np.zeros((events, MAXIMUM_SOLUTIONS, 3)),
        slips=np.zeros((events, MAXIMUM_SOLUTIONS, 3)),
        shares=np.zeros((events, MAXIMUM_SOLUTIONS)),
        spreads=np.zeros((events, MAXIMUM_SOLUTIONS, 2)),
    )


class Scratch(NamedTuple):
    """Arrays that all events of a block use one after the other.

    Attributes
    ----------
    search : Workspace
    members : Members
        The acceptable mechanisms that are averaged.
    mean : MeanSpace
    """

    search: Workspace
    members: Members
    mean: MeanSpace


@compiled(nogil=True)
def _find_gaps(signed: NDArray[np.int64], readings: Readings, gaps: NDArray[np.float64]) -> None:
    """Fill the gaps in azimuth and take-off of the polarities of an event."""
    count = len(signed)
    azimuths, takeoffs = np.empty(count), np.empty(count)
    for k in range(count):
        angle = np.float64(readings.rays.azimuth[0, signed[k]])
        azimuths[k] = angle - 360.0 * np.floor(angle / 360.0)
        takeoffs[k] = readings.rays.takeoff[0, signed[k]]
    gaps[0], gaps[1] = gaps_of(azimuths, takeoffs, count)


@compiled(nogil=True)
def _refuse(chosen: Selection, gaps: NDArray[np.float64], limits: Limits) -> int:
    """Status of an event that is not searched, or SOLVED for one that is."""
    count = len(chosen.signed)
    if count < limits.minimum or count + len(chosen.paired) == 0:
        return TOO_FEW
    if gaps[0] > limits.widest_azimuth:
        return AZIMUTHAL_GAP
    if gaps[1] > limits.widest_takeoff:
        return TAKEOFF_GAP
    return SOLVED


@compiled(nogil=True, **UNCOUNTED)
def _weigh(
    found: int,
    weighed: bool,
    limits: Limits,
    grid: GridArrays,
    space: Workspace,
    members: Members,
    acceptance: NDArray[np.uint8],
) -> None:
    """Weights of the listed mechanisms for mean, for spread, and for storing.

    ``weighed`` says that they are those of a posterior, not numbers of accepting trials.
    """
    indices, weights, presence = space.indices, members.weights, members.presence
    if weighed:
        greatest = 0.0
        for k in range(found):
            weights[k] = space.posterior[indices[k]] * grid.weights[indices[k]]
            presence[k] = weights[k]
            greatest = max(greatest, space.posterior[indices[k]])
        for k in range(found):
            level = int(255.0 * space.posterior[indices[k]] / greatest + 0.5)
            acceptance[indices[k]] = max(level, 1)
    else:
        for k in range(found):
            count = space.counts[k]
            weights[k] = count * grid.weights[indices[k]]
            presence[k] = limits.presence_of_count[count]
            acceptance[indices[k]] = limits.level_of_count[count]


@compiled(nogil=True, **UNCOUNTED)
def _draw_subset(
    event_key: np.uint64, indices: NDArray[np.int64], members: Members, found: int, maxout: int
) -> int:
    """Move a random subset to the front, in the order drawn; return its size."""
    weights, presence = members.weights, members.presence
    start = stream_start(event_key, np.uint64(0), _SUBSET)
    for k in range(maxout):
        other = min(k + int(uniform(start, k) * (found - k)), found - 1)
        indices[k], indices[other] = indices[other], indices[k]
        weights[k], weights[other] = weights[other], weights[k]
        presence[k], presence[other] = presence[other], presence[k]
    return maxout


@compiled(nogil=True)
def _average(
    found: int, limits: Limits, grid: GridArrays, scratch: Scratch, solutions: Solutions
) -> int:
    """Average the listed mechanisms; return the number of solutions."""
    indices = scratch.search.indices
    if limits.average_hash:
        vectors = np.empty((6, found))
        for k in range(found):
            for j in range(3):
                vectors[j, k] = grid.normals[indices[k], j]
                vectors[j + 3, k] = grid.slips[indices[k], j]
        count: int = hash_solutions(vectors, found, limits.angle_deg, limits.least, solutions)
    else:
        q = scratch.members.quaternions
        for k in range(found):
            for j in range(4):
                q[j, k] = grid.quaternions[indices[k], j]
        count = weighted_solutions(
            scratch.members, found, limits.angle_deg, limits.least, scratch.mean, solutions
        )
    return count


@compiled(nogil=True)
def _solve_event(
    event: int,
    readings: Readings,
    limits: Limits,
    rows: Rows,
    predictions: RatioTable,
    grid: GridArrays,
    scratch: Scratch,
    results: Found,
) -> int:
    """Search and average an event; return its status."""
    space = scratch.search
    chosen = select_readings(event, readings, limits, space.signed, space.paired)
    counts, gaps = results.counts[event], results.gaps[event]
    counts[0], counts[1], counts[2] = len(chosen.signed), len(chosen.paired), chosen.ignored
    if counts[0] > 0:
        _find_gaps(chosen.signed, readings, gaps)
    status: int = _refuse(chosen, gaps, limits)
    if status != SOLVED:
        return status
    weighed = is_weighed(chosen, readings, limits)
    if weighed:
        found = search_posterior(chosen, readings, limits, rows, predictions, space)
    else:
        found = search_acceptable(chosen, readings, limits, rows, predictions, space)
    counts[3] = found
    if found == 0:
        return NO_SOLUTION
    members = scratch.members
    _weigh(found, weighed, limits, grid, space, members, results.acceptance[event])
    if 0 < limits.maxout < found:
        key = readings.event_keys[event]
        found = _draw_subset(key, space.indices, members, found, limits.maxout)
    solutions = Solutions(
        results.normals[event],
        results.slips[event],
        results.shares[event],
        results.spreads[event],
    )
    counts[4] = _average(found, limits, grid, scratch, solutions)
    return SOLVED


@compiled(nogil=True)
def solve_block(
    readings: Readings,
    limits: Limits,
    rows: Rows,
    predictions: RatioTable,
    grid: GridArrays,
    results: Found,
) -> None:
    """Search and average every event of a block; write to ``results``."""
    events = readings.event_keys.shape[0]
    most = 0
    for event in range(events):
        held = readings.offsets[event + 1] - readings.offsets[event]
        most = max(most, held if held <= MAXIMUM_READINGS else 0)
    size = grid.normals.shape[0]
    scratch = Scratch(
        make_workspace(most, readings, limits, rows), make_members(size), make_mean_space(size)
    )
    for event in range(events):
        if readings.offsets[event + 1] - readings.offsets[event] > MAXIMUM_READINGS:
            results.status[event] = ERROR
            continue
        results.status[event] = _solve_event(
            event, readings, limits, rows, predictions, grid, scratch, results
        )
