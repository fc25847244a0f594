"""All events together: a pick belongs to one event, an event has one P and one S of a station."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.association._score import (
    World,
    epicentral_km,
    first_row,
    locate,
    log_detection,
    log_distance,
    pick_gain,
    score,
    settle,
)
from quakeloom.association._times import KERNEL, Floats, Ints, look_up
from quakeloom.core import compiled
from quakeloom.core.sorting import distinct

_WINDOW_S = 8.0
"""Residuals beyond are not looked at, s; the gate of any pick is narrower (chosen here)."""

_EXACT_PICKS = 10
"""Picks of one station and phase that events compete for, up to which all ways are tried."""

_ROUNDS = 10
"""Most rounds of assigning, locating and dropping; chosen here."""

_SAME_EVENT = 13.3
"""Squared distance of two events below which merging is tried: chi-square of 4 degrees, 1 %."""

_LEAST_SD = np.array([1.0, 0.7, 0.7, 0.25])
"""Least standard deviations (km, km, km, s) for that test; what a fragment of a badly modelled
event says of itself is too narrow (chosen here)."""

_SECOND_PICK_S = 1.0
"""Two events with picks of one station and phase so near to each other may be one (chosen here)."""


class Events(NamedTuple):
    """Events with their picks.

    Attributes
    ----------
    place : ndarray, shape (events, 3)
        Depth, north, east in km.
    origin_s : ndarray, shape (events,)
    covariance : ndarray, shape (events, 4, 4)
    score : ndarray, shape (events,)
    size : ndarray of int, shape (events,)
    chosen : ndarray of int, shape (events, stations * 2)
        Rows of picks, -1 where there is none.
    """

    place: Floats
    origin_s: Floats
    covariance: Floats
    score: Floats
    size: Ints
    chosen: Ints

    def take(self, which: NDArray) -> Events:
        """Return some of the events."""
        return Events(*(values[which] for values in self))


def no_events(slots: int) -> Events:
    """Return no events of a network with so many stations' phases."""
    return Events(
        np.zeros((0, 3)), np.zeros(0), np.zeros((0, 4, 4)), np.zeros(0), np.zeros(0, np.int64),
        np.zeros((0, slots), np.int64),
    )  # fmt: skip


@compiled(**KERNEL)
def _list_edges(
    world: World, place: Floats, origin_s: Floats, size: Ints
) -> tuple[Ints, Ints, Floats]:
    """List every pick that an event is better with, and by how much."""
    most = 1024
    event = np.empty(most, np.int64)
    rows = np.empty(most, np.int64)
    gains = np.empty(most)
    count = 0
    for e in range(origin_s.size):
        for station in range(world.stations.level.size):
            distance = epicentral_km(world, place[e], station)
            if distance > world.reach_km:
                continue
            log_r = log_distance(world, place[e], station, distance)
            for phase in range(2):
                slot = 2 * station + phase
                time, sigma = look_up(
                    world.tables, phase, world.stations.level[station], distance, place[e, 0]
                )
                expected = origin_s[e] + time
                chance = math.exp(log_detection(world.detection, slot, log_r, size[e]))
                least = math.log(1.0 - chance) - math.log(chance)
                row = first_row(world.rows, slot, expected - _WINDOW_S)
                while row < world.rows.start[slot + 1]:
                    residual = world.rows.time_s[row] - expected
                    if residual > _WINDOW_S:
                        break
                    gain = pick_gain(world, row, residual, sigma) - least
                    if gain > 0.0:
                        if count == event.size:
                            event = np.concatenate((event, np.empty_like(event)))
                            rows = np.concatenate((rows, np.empty_like(rows)))
                            gains = np.concatenate((gains, np.empty_like(gains)))
                        event[count], rows[count], gains[count] = e, row, gain
                        count += 1
                    row += 1
    return event[:count].copy(), rows[:count].copy(), gains[:count].copy()


@compiled(**KERNEL)
def _solve_group(gain: Floats) -> Ints:
    """Assign picks (columns) to events (rows) so that the sum of gains is largest.

    Exact for a few picks, by trying all sets; beyond, the largest gain goes first.

    Returns
    -------
    ndarray of int
        Column of every row, -1 for none.
    """
    events, picks = gain.shape
    found = np.full(events, -1, np.int64)
    if picks > _EXACT_PICKS:
        left = gain.copy()
        for _ in range(min(events, picks)):
            at = int(np.argmax(left))
            e, p = at // picks, at % picks
            if left[e, p] <= 0.0:
                break
            found[e] = p
            left[e, :] = 0.0
            left[:, p] = 0.0
        return found
    sets = 1 << picks
    value = np.full((events + 1, sets), -np.inf)
    came = np.full((events + 1, sets), -1, np.int64)
    value[0, 0] = 0.0
    for e in range(events):
        for s in range(sets):
            if value[e, s] == -np.inf:
                continue
            if value[e, s] > value[e + 1, s]:
                value[e + 1, s] = value[e, s]
                came[e + 1, s] = -1
            for p in range(picks):
                if gain[e, p] > 0.0 and not s & (1 << p):
                    total = value[e, s] + gain[e, p]
                    if total > value[e + 1, s | (1 << p)]:
                        value[e + 1, s | (1 << p)] = total
                        came[e + 1, s | (1 << p)] = p
    s = int(np.argmax(value[events]))
    for e in range(events, 0, -1):
        p = came[e, s]
        found[e - 1] = p
        if p >= 0:
            s ^= 1 << p
    return found


@compiled(**KERNEL)
def _assign_edges(
    event: Ints, row: Ints, gain: Floats, slot: Ints, start: Ints, chosen: Ints
) -> None:
    """Assign picks of every station and phase; edges are ordered by slot, event and row."""
    chosen[:] = -1
    for s in range(start.size - 1):
        first, last = start[s], start[s + 1]
        group = np.arange(first, last)
        # edges that share an event or a pick are one group
        changed = True
        while changed:
            changed = False
            for i in range(first, last):
                for j in range(i + 1, last):
                    if event[i] == event[j] or row[i] == row[j]:
                        a, b = group[i - first], group[j - first]
                        if a != b:
                            low = min(a, b)
                            group[i - first] = low
                            group[j - first] = low
                            changed = True
        for g in range(first, last):
            members = np.flatnonzero(group == g) + first
            if members.size == 0:
                continue
            if members.size == 1:
                chosen[event[members[0]], slot[first]] = row[members[0]]
                continue
            events = distinct(event[members])
            rows = distinct(row[members])
            table = np.zeros((events.size, rows.size))
            for k in members:
                i = np.searchsorted(events, event[k])
                table[i, np.searchsorted(rows, row[k])] = gain[k]
            solved = _solve_group(table)
            for i in range(events.size):
                if solved[i] >= 0:
                    chosen[events[i], slot[first]] = rows[solved[i]]


def assign_picks(world: World, events: Events) -> Ints:
    """Assign picks to events so that the sum of their gains is largest.

    Returns
    -------
    ndarray of int, shape (events, stations * 2)
        Rows of picks, -1 for none.
    """
    event, row, gain = _list_edges(world, events.place, events.origin_s, events.size)
    slot = world.rows.slot[row]
    order = np.lexsort((event, row, slot))
    event, row, gain, slot = event[order], row[order], gain[order], slot[order]
    chosen = np.full(events.chosen.shape, -1, np.int64)
    if not event.size:
        return chosen
    last_use = np.zeros(events.origin_s.size, np.int64)
    starts = _group_starts(event, row, slot, last_use)
    _assign_edges(event, row, gain, slot, starts, chosen)
    return chosen


@compiled(**KERNEL)
def _group_starts(event: Ints, row: Ints, slot: Ints, last_use: Ints) -> Ints:
    """Return where groups of edges begin that share neither slot and event nor pick."""
    n = event.size
    starts = np.empty(n + 1, np.int64)
    reach = np.empty(n, np.int64)
    # last edge of the same event in the same slot
    seen_slot = np.full(last_use.size, -1, np.int64)
    for i in range(n - 1, -1, -1):
        if seen_slot[event[i]] != slot[i]:
            seen_slot[event[i]] = slot[i]
            last_use[event[i]] = i
        reach[i] = last_use[event[i]]
    count = 0
    end = -1
    for i in range(n):
        fresh = i == 0 or slot[i] != slot[i - 1] or (i > end and row[i] != row[i - 1])
        if fresh:
            starts[count] = i
            count += 1
            end = reach[i]
        else:
            end = max(end, reach[i])
    starts[count] = n
    return starts[: count + 1]


@compiled(**KERNEL)
def locate_all(
    world: World, place: Floats, origin_s: Floats, chosen: Ints
) -> tuple[Floats, Floats, Ints]:
    """Locate and score all events with their picks; ``place`` and ``origin_s`` change.

    Returns
    -------
    covariance : ndarray, shape (events, 4, 4)
    score : ndarray, shape (events,)
    size : ndarray of int, shape (events,)
    """
    events = origin_s.size
    covariance = np.zeros((events, 4, 4))
    value = np.full(events, -np.inf)
    size = np.zeros(events, np.int64)
    for e in range(events):
        count = 0
        for slot in range(chosen.shape[1]):
            if chosen[e, slot] >= 0:
                count += 1
        if count < 4:
            continue
        origin_s[e], covariance[e] = locate(world, place[e], origin_s[e], chosen[e])
        value[e], size[e] = score(world, place[e], origin_s[e], covariance[e], chosen[e])
    return covariance, value, size


def settle_jointly(world: World, events: Events, least_score: float) -> Events:
    """Assign, locate, merge and drop until nothing changes.

    Parameters
    ----------
    world : World
    events : Events
        Places, origin times and sizes count; ordered by origin time when returned.
    least_score : float
        Events below are dropped, from the worst.
    """
    for _ in range(_ROUNDS):
        events = _ordered(events)
        chosen = assign_picks(world, events)
        same = np.array_equal(chosen, events.chosen)
        place, origin_s = events.place.copy(), events.origin_s.copy()
        covariance, value, size = locate_all(world, place, origin_s, chosen)
        events = Events(place, origin_s, covariance, value, size, chosen)
        kept = _worst_dropped(events, least_score)
        events = events.take(kept)
        merged = merge_fragments(world, events) if kept.all() or same else events
        if same and kept.all() and merged.origin_s.size == events.origin_s.size:
            break
        events = merged
    return _ordered(events.take(events.score >= least_score))


def _ordered(events: Events) -> Events:
    """Order events by origin time, then by place."""
    return events.take(np.lexsort((events.place[:, 1], events.place[:, 0], events.origin_s)))


def _worst_dropped(events: Events, least_score: float) -> NDArray[np.bool_]:
    """Drop events below the threshold, but of those that compete only the worst."""
    kept = np.ones(events.origin_s.size, bool)
    weak = np.flatnonzero(events.score < least_score)
    gone: list[int] = []
    for e in weak[np.argsort(events.score[weak], kind="stable")]:
        rivals = [g for g in gone if abs(events.origin_s[g] - events.origin_s[e]) < 2 * _WINDOW_S]
        if not rivals:
            kept[e] = False
            gone.append(int(e))
    return kept


def merge_fragments(world: World, events: Events) -> Events:
    """Make one event of two where that explains their picks better than two.

    Tried are pairs that their covariances do not tell apart, and pairs with picks of one station
    and phase within a second; the picks of both are located together, and picks chosen anew.
    """
    count = events.origin_s.size
    gone = np.zeros(count, bool)
    taken = np.zeros(world.rows.time_s.size, np.int64)
    taken[events.chosen[events.chosen >= 0]] = 1
    for a, b in _pairs(world, events):
        if gone[a] or gone[b]:
            continue
        both = events.chosen[[a, b]]
        taken[both[both >= 0]] = 0
        first = a if events.score[a] >= events.score[b] else b
        other = b if first == a else a
        together = events.score[a] + events.score[b]
        best = _try_together(world, events, both, (first, other), taken)
        if best is not None and best[1][2] >= together:
            place, found, chosen = best
            events.place[first], events.origin_s[first] = place, found[0]
            events.covariance[first], events.score[first] = found[1], found[2]
            events.size[first], events.chosen[first] = found[3], chosen
            gone[other] = True
            both = chosen[None]
        else:
            both = events.chosen[[a, b]]
        taken[both[both >= 0]] = 1
    return events.take(~gone)


def _try_together(
    world: World, events: Events, both: Ints, starts: tuple[int, int], taken: Ints
) -> tuple[Floats, tuple[float, Floats, float, int], Ints] | None:
    """Locate two events as one from either place; return the likelier, None where none is left."""
    best = None
    union = np.where(both[0] >= 0, both[0], both[1])
    for start in starts:
        place, chosen = events.place[start].copy(), union.copy()
        origin_s, _ = locate(world, place, float(events.origin_s[start]), union)
        found = settle(world, place, origin_s, taken, int(events.size[start]), chosen)
        if best is None or found[2] > best[1][2]:
            best = place, found, chosen
    return best


def _pairs(world: World, events: Events) -> list[tuple[int, int]]:
    """Return pairs of events that may be one."""
    found = []
    order = np.argsort(events.origin_s, kind="stable")
    time = events.origin_s[order]
    for i, a in enumerate(order):
        stop = np.searchsorted(time, time[i] + 12.0)
        for b in order[i + 1 : stop]:
            if _may_be_one(world, events, int(a), int(b)):
                found.append((int(a), int(b)))
    return found


def _may_be_one(world: World, events: Events, a: int, b: int) -> bool:
    offset = np.append(events.place[a] - events.place[b], events.origin_s[a] - events.origin_s[b])
    spread = events.covariance[a] + events.covariance[b] + np.diag(_LEAST_SD**2)
    if offset @ np.linalg.solve(spread, offset) < _SAME_EVENT:
        return True
    one, two = events.chosen[a], events.chosen[b]
    share = (one >= 0) & (two >= 0)
    apart = world.rows.time_s[one[share]] - world.rows.time_s[two[share]]
    return bool(np.sum(np.abs(apart) < _SECOND_PICK_S))
