"""Candidates: picks are shifted back to nodes of a coarse grid, and origin times stand out.

Each pick votes at each node for the origin time that it would have had there, with the weight
``ln(1 + P h / lambda)``. The largest sum is looked at on ever finer grids, its picks are taken out
of all sums, and the next is sought, until no sum stands out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.association._network import PickRows, hour_of, mean_detection
from quakeloom.association._score import (
    World,
    best_picks,
    epicentral_km,
    first_row,
    log_distance,
    settle,
)
from quakeloom.association._times import KERNEL, Floats, Ints, look_up
from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending

WINDOW_BINS = 4
"""Bins of origin times that are summed: two doublings, which the processor does many at a time."""

_WINDOW_S = 6.0
"""Picks within so many seconds of a candidate are looked at when it is refined (chosen here)."""

_DEAD = -1e6
"""Votes of bins that were looked at in vain."""


class Search(NamedTuple):
    """How candidates are sought.

    Attributes
    ----------
    nodes : ndarray, shape (nodes, 3)
        Depth, north, east in km.
    spacing : ndarray, shape (3,)
        Of the nodes.
    bin_s : float
        Bins of origin times; :data:`WINDOW_BINS` are summed.
    least_vote : float
        Sums below are chance.
    least_score : float
        Candidates below are none.
    """

    nodes: Floats
    spacing: Floats
    bin_s: float
    least_vote: float
    least_score: float


class Found(NamedTuple):
    """Candidates of a stretch of time.

    Attributes
    ----------
    place : ndarray, shape (candidates, 3)
    origin_s, score : ndarray, shape (candidates,)
    size : ndarray of int, shape (candidates,)
    """

    place: Floats
    origin_s: Floats
    score: Floats
    size: Ints


def make_search(
    box: Floats, spacing_km: float, depth_spacing_km: float, least: tuple[float, float]
) -> Search:
    """Lay a grid whose nodes are multiples of its spacing, so that other boxes have the same.

    Parameters
    ----------
    box : ndarray, shape (3, 2)
        Depth, north, east, km.
    least : (float, float)
        Least vote and score.
    """
    spacing = np.array([depth_spacing_km, spacing_km, spacing_km])
    axes = []
    for (low, high), step in zip(box, spacing, strict=True):
        first, last = math.floor(low / step), math.ceil(high / step)
        axes.append((np.arange(first, last + 1)) * step)
    layers = axes[0] + 0.5 * depth_spacing_km
    inside = layers[(layers >= box[0, 0]) & (layers <= box[0, 1])]
    axes[0] = inside if inside.size else box[0].mean(keepdims=True)
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    window_s = 0.4 + 0.2 * spacing_km
    return Search(np.ascontiguousarray(nodes), spacing, window_s / WINDOW_BINS, *least)


@compiled(**KERNEL)
def travel_shifts(world: World, nodes: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return travel times and mean probabilities of picks, of every node and slot.

    Times are NaN beyond the reach; of probabilities the logarithm is returned.
    """
    slots = 2 * world.stations.level.size
    shift = np.full((nodes.shape[0], slots), np.nan, np.float32)
    chance = np.full((nodes.shape[0], slots), -30.0, np.float32)
    for n in range(nodes.shape[0]):
        for station in range(world.stations.level.size):
            distance = epicentral_km(world, nodes[n], station)
            if distance > world.reach_km:
                continue
            log_r = log_distance(world, nodes[n], station, distance)
            mean = mean_detection(world.detection, log_r)
            for phase in range(2):
                time, _ = look_up(
                    world.tables, phase, world.stations.level[station], distance, nodes[n, 0]
                )
                shift[n, 2 * station + phase] = time
                chance[n, 2 * station + phase] = math.log(
                    mean * world.detection.most[station, phase]
                )
    return shift, chance


@compiled(**KERNEL)
def _log_sum(x: float) -> float:
    """Return about ln(1 + exp x), without either."""
    return 0.5 * (x + math.sqrt(x * x + 2.0))


@compiled(**KERNEL)
def _add_votes(
    votes: NDArray[np.float32], world: World, shift: NDArray[np.float32],
    chance: NDArray[np.float32], picks: tuple[Ints, Floats], clock: tuple[float, float],
    sign: float,
) -> None:  # fmt: skip
    """Add the votes of picks at all nodes, or take them off; node by node, which stays in cache."""
    rows, odds = picks
    start_s, bin_s = clock
    for n in range(votes.shape[0]):
        for k in range(rows.size):
            slot = world.rows.slot[rows[k]]
            at = (world.rows.time_s[rows[k]] - shift[n, slot] - start_s) / bin_s
            if 0.0 <= at < votes.shape[1]:  # not where the shift is NaN
                votes[n, int(at)] += sign * _log_sum(chance[n, slot] + odds[k])


@compiled(**KERNEL)
def _peaks(
    votes: NDArray[np.float32], expected: NDArray[np.float32], span: tuple[int, int],
    best: NDArray[np.float32], node: NDArray[np.int32],
) -> None:  # fmt: skip
    """Find the largest sum over a window of bins, and its node, for a span of bins.

    The picks that are expected of an event are taken off: with them the sum is ln of the odds.
    """
    first, last = max(span[0], 0), min(span[1], best.size)
    if last <= first:
        return
    width = last - first
    best[first:last] = -np.inf
    pair = np.empty(width + 2, np.float32)
    for n in range(votes.shape[0]):
        row = votes[n, first : last + WINDOW_BINS]
        for b in range(width + 2):
            pair[b] = row[b] + row[b + 1]
        for b in range(width):
            total = pair[b] + pair[b + 2] - expected[n]
            better = total > best[first + b]
            best[first + b] = total if better else best[first + b]
            node[first + b] = n if better else node[first + b]


@compiled(**KERNEL)
def _gather(
    world: World, place: Floats, origin_s: float, free: Ints, rows: Ints, odds: Floats
) -> int:
    """List free picks near their expected times, with what a pick at no distance weighs."""
    count = 0
    for station in range(world.stations.level.size):
        distance = epicentral_km(world, place, station)
        if distance > world.reach_km:
            continue
        for phase in range(2):
            slot = 2 * station + phase
            time, _ = look_up(
                world.tables, phase, world.stations.level[station], distance, place[0]
            )
            row = first_row(world.rows, slot, origin_s + time - _WINDOW_S)
            while row < world.rows.start[slot + 1] and count < rows.size:
                if world.rows.time_s[row] > origin_s + time + _WINDOW_S:
                    break
                if free[row] == 0:
                    rows[count] = row
                    hour = hour_of(world.rates, world.rows.time_s[row])
                    rate = world.rates.log_rate[slot, hour]
                    odds[count] = world.rows.evidence[row] - rate
                    count += 1
                row += 1
    return count


@compiled(**KERNEL)
def _stack_at(
    world: World, place: Floats, origin_s: float, rows: Ints, odds: Floats, width_s: float,
    bins: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Return the largest stack at a point, and its origin time, with a kernel of some width."""
    bins[:] = 0.0
    step = 0.5 * width_s
    half = bins.size // 2
    for k in range(rows.size):
        row = rows[k]
        slot = world.rows.slot[row]
        station = slot // 2
        distance = epicentral_km(world, place, station)
        if distance > world.reach_km:
            continue
        time, _ = look_up(world.tables, slot % 2, world.stations.level[station], distance, place[0])
        at = (world.rows.time_s[row] - time - origin_s) / step + half
        if not 1.0 <= at < bins.size - 2.0:
            continue
        log_r = log_distance(world, place, station, distance)
        chance = mean_detection(world.detection, log_r) * world.detection.most[station, slot % 2]
        weight = _log_sum(math.log(chance) + odds[k] - math.log(2.0 * width_s))
        i = int(at)
        share = at - i
        bins[i] += (1.0 - share) * weight
        bins[i + 1] += share * weight
    best, where = -1.0, half
    for b in range(1, bins.size - 1):
        value = bins[b] + 0.5 * (bins[b - 1] + bins[b + 1])
        if value > best:
            best, where = value, b
    return best, origin_s + (where - half) * step


@compiled(**KERNEL)
def refine(
    world: World, search: Search, node: int, origin_s: float, free: Ints, room: tuple[Ints, Floats]
) -> tuple[Floats, float]:
    """Follow the largest stack from a node to ever finer grids; return place and origin time."""
    place = search.nodes[node].copy()
    count = _gather(world, place, origin_s, free, room[0], room[1])
    rows, odds = room[0][:count], room[1][:count]
    step = 0.5 * search.spacing
    trial = np.empty(3)
    bins = np.zeros(64)
    for _ in range(5):
        width = max(0.25, step[1] / 4.0)
        best, time = _stack_at(world, place, origin_s, rows, odds, width, bins)
        better = place.copy()
        for i in range(-1, 2):
            for j in range(-1, 2):
                for k in range(-1, 2):
                    trial[0] = min(max(place[0] + i * step[0], world.box[0, 0]), world.box[0, 1])
                    trial[1] = place[1] + j * step[1]
                    trial[2] = place[2] + k * step[2]
                    value, at = _stack_at(world, trial, origin_s, rows, odds, width, bins)
                    if value > best:
                        best, time = value, at
                        better[:] = trial
        place[:] = better
        origin_s = time
        step = 0.5 * step
    return place, origin_s


@compiled(**KERNEL)
def find_candidates(
    world: World, search: Search, shift: NDArray[np.float32], chance: NDArray[np.float32],
    span_s: tuple[float, float], taken: Ints, room: NDArray[np.float32],
) -> Found:  # fmt: skip
    """Find candidates with origin times in a stretch.

    Parameters
    ----------
    shift, chance : ndarray, shape (nodes, slots)
        See :func:`travel_shifts`.
    span_s : (float, float)
        Origin times from when to when.
    taken : ndarray of int, shape (picks,)
        Picks that do not vote are not 0.
    room : ndarray of float32, shape (nodes, bins or more)
        For the votes.
    """
    free = taken.copy()
    start_s = span_s[0]
    bins = int((span_s[1] - span_s[0]) / search.bin_s) + 1
    votes = room[:, : bins + WINDOW_BINS]
    votes[:] = 0.0
    clock = (start_s, search.bin_s)
    log_window = math.log(WINDOW_BINS * search.bin_s)
    expected = np.exp(chance).sum(axis=1)
    longest = float(np.nanmax(shift))
    voting = _voters(world, (start_s, span_s[1] + longest), free)
    _add_votes(
        votes, world, shift, chance, (voting, _all_odds(world, voting, log_window)), clock, 1.0
    )
    best = np.full(bins, -np.inf, np.float32)
    node = np.zeros(bins, np.int32)
    _peaks(votes, expected, (0, bins), best, node)
    scratch = (np.zeros(4000, np.int64), np.zeros(4000))
    chosen = np.full(world.rows.start.size - 1, -1, np.int64)
    most = 4096
    found = Found(np.zeros((most, 3)), np.zeros(most), np.zeros(most), np.zeros(most, np.int64))
    count = 0
    while count < most:
        b = int(np.argmax(best))
        if best[b] < search.least_vote:
            break
        origin = start_s + (b + 0.5 * WINDOW_BINS) * search.bin_s
        place, origin_s = refine(world, search, node[b], origin, free, scratch)
        middle = _middle_size(world, place)
        best_picks(world, place, origin_s, free, middle, chosen)
        origin_s, _, value, size = settle(world, place, origin_s, free, middle, chosen)
        if value >= search.least_score and abs(origin_s - origin) < 15.0:
            found.place[count] = place
            found.origin_s[count] = origin_s
            found.score[count] = value
            found.size[count] = size
            count += 1
            own = chosen[chosen >= 0]
            free[own] = 1
            odds = _all_odds(world, own, log_window)
            _add_votes(votes, world, shift, chance, (own, odds), clock, -1.0)
            times = world.rows.time_s[own] - start_s
            low = int((times.min() - longest) / search.bin_s) - WINDOW_BINS
            _peaks(votes, expected, (low, int(times.max() / search.bin_s) + 2), best, node)
        else:
            _mask(votes, search, node[b], b, 2)
            near = (b - 2 * WINDOW_BINS, b + 2 * WINDOW_BINS + 1)
            _peaks(votes, expected, near, best, node)
    return Found(
        found.place[:count].copy(), found.origin_s[:count].copy(), found.score[:count].copy(),
        found.size[:count].copy(),
    )  # fmt: skip


@compiled(**KERNEL)
def _voters(world: World, span_s: tuple[float, float], free: Ints) -> Ints:
    """List the free picks of a stretch."""
    found = np.empty(world.rows.time_s.size, np.int64)
    count = 0
    for slot in range(world.rows.start.size - 1):
        row = first_row(world.rows, slot, span_s[0])
        while row < world.rows.start[slot + 1] and world.rows.time_s[row] <= span_s[1]:
            if free[row] == 0:
                found[count] = row
                count += 1
            row += 1
    return found[:count].copy()


@compiled(**KERNEL)
def _all_odds(world: World, rows: Ints, log_window: float) -> Floats:
    """Return ln of the evidence of picks over the false ones of a window."""
    odds = np.empty(rows.size)
    for k in range(rows.size):
        row = rows[k]
        slot = world.rows.slot[row]
        hour = hour_of(world.rates, world.rows.time_s[row])
        odds[k] = world.rows.evidence[row] - world.rates.log_rate[slot, hour] - log_window
    return odds


@compiled(**KERNEL)
def _middle_size(world: World, place: Floats) -> int:
    """Return the size whose half-distance reaches the third-nearest station."""
    near = np.empty(world.stations.level.size)
    for k in range(near.size):
        near[k] = epicentral_km(world, place, k)
    sort_ascending(near)
    reach = math.log(2.0 * near[min(6, near.size - 1)] + 10.0)
    return int(np.argmin(np.abs(world.detection.log_half - reach)))


@compiled(**KERNEL)
def _mask(votes: NDArray[np.float32], search: Search, node: int, b: int, bins: int) -> None:
    """Take bins around a peak out of the search, at the nodes beside it."""
    first = max(0, b - bins + WINDOW_BINS // 2)
    last = min(votes.shape[1], b + bins + 1 + WINDOW_BINS // 2)
    for n in range(votes.shape[0]):
        near = True
        for i in range(3):
            if abs(search.nodes[n, i] - search.nodes[node, i]) > 1.01 * search.spacing[i]:
                near = False
        if near:
            for k in range(first, last):
                votes[n, k] = _DEAD


def empty_rows(rows: PickRows) -> Ints:
    """Return that no pick is taken."""
    return np.zeros(rows.time_s.size, np.int64)
