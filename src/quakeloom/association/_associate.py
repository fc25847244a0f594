"""From picks to events: candidates, a joint account, a network model, a promise."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quakeloom.association._account import pick_account
from quakeloom.association._fit import evidence_of, fit_network
from quakeloom.association._joint import Events, settle_jointly
from quakeloom.association._network import NetworkModel, PickRows, Rates, count_rates
from quakeloom.association._options import AssociationOptions
from quakeloom.association._score import World
from quakeloom.association._stack import (
    WINDOW_BINS,
    Found,
    find_candidates,
    make_search,
    travel_shifts,
)
from quakeloom.association._times import Floats, Ints, Stations, TimeTables
from quakeloom.core import InputError

log = logging.getLogger(__name__)

DAY_S = 86400.0
"""Seconds of a day."""

_BLOCK_BYTES = 40e6
"""Bytes of the votes of a block; it is as long as they allow (chosen here)."""

_LONGEST_S, _SHORTEST_S = 3600.0, 240.0
"""Longest and shortest block, s (chosen here)."""

_EDGE_S = 20.0
"""Blocks overlap by this, s; what two of them find is one by the joint account (chosen here)."""

_TILE_KM = 250.0
"""Side of a tile of nodes, km (chosen here)."""

_SLACK = 4.0
"""Candidates may score so much below even odds, for others may free picks for them."""

_KEPT_WHILE = 0.5
"""Probability of events that the network model is fitted to, and whose picks are not false."""


class Proposer(Protocol):
    """What proposes candidates: places, origin times and sizes; the account is the same for all."""

    def __call__(self, world: World, taken: Ints, span_s: tuple[float, float]) -> Found:
        """Propose candidates with origin times in a stretch from picks that are not taken."""
        ...


@dataclass(frozen=True)
class PickArrays:
    """Picks as arrays.

    Attributes
    ----------
    station : ndarray of int, shape (picks,)
        Number of the station.
    phase : ndarray of int, shape (picks,)
        0 for P, 1 for S.
    time_s : ndarray, shape (picks,)
        Seconds after any midnight UTC.
    sigma_s : ndarray, shape (picks,)
        Standard deviation; NaN where unknown.
    probability : ndarray, shape (picks,)
        The picker's; NaN where unknown.
    """

    station: Ints
    phase: Ints
    time_s: Floats
    sigma_s: Floats
    probability: Floats


@dataclass(frozen=True)
class Association:
    """What became of all picks.

    Attributes
    ----------
    events : Events
        By origin time; ``chosen`` has numbers of the given picks, -1 where there is none.
    probability_real : ndarray, shape (events,)
    expected_false : float
        Sum of the probabilities that kept events are none.
    event : ndarray of int, shape (picks,)
        Number of the event of every pick, -1 for none.
    residual_s, residual_sd_s : ndarray, shape (picks,)
        NaN where there is no event; the standard deviation that is expected.
    pick_probability : ndarray, shape (picks,)
        That the pick is of its event.
    nearest : ndarray of int, shape (picks,)
        For picks without an event: the event whose arrival is nearest, -1 for none near.
    nearest_residual_s, nearest_sd_s : ndarray, shape (picks,)
    missed_near : ndarray of int, shape (events,)
        Phases of working stations that were as likely picked as not, and have no pick.
    half_km : ndarray, shape (events,)
        Size: distance at which half of the picks are made.
    model : NetworkModel
    """

    events: Events
    probability_real: Floats
    expected_false: float
    event: Ints
    residual_s: Floats
    residual_sd_s: Floats
    pick_probability: Floats
    nearest: Ints
    nearest_residual_s: Floats
    nearest_sd_s: Floats
    missed_near: Ints
    half_km: Floats
    model: NetworkModel


class StackProposer:
    """Candidates by back-projection over tiles of nodes and blocks of time."""

    def __init__(self, options: AssociationOptions, box: Floats, spacing_km: float) -> None:
        self._options, self._spacing = options, spacing_km
        self._boxes = _tiles(box)

    def __call__(self, world: World, taken: Ints, span_s: tuple[float, float]) -> Found:
        """Propose candidates."""
        options, parts = self._options, []
        for box in self._boxes:
            search = make_search(
                box, self._spacing, options.depth_spacing_km, (options.least_vote, -_SLACK)
            )
            shift, chance = travel_shifts(world, search.nodes)
            blocks = _blocks(span_s, len(search.nodes), search.bin_s)
            longest = max(b - a for a, b in blocks)
            bins = int(longest / search.bin_s) + 2 + WINDOW_BINS
            room = np.empty((len(search.nodes), bins), np.float32)
            for block in blocks:
                parts.append(find_candidates(world, search, shift, chance, block, taken, room))
        return Found(*(np.concatenate([p[i] for p in parts]) for i in range(4)))


def _tiles(box: Floats) -> list[Floats]:
    """Divide a box into tiles whose borders are multiples of their side."""
    found = []
    sides = [
        [(max(low, k * _TILE_KM), min(high, (k + 1) * _TILE_KM))
         for k in range(math.floor(low / _TILE_KM), math.ceil(high / _TILE_KM))]
        if high - low > 2.0 * _TILE_KM else [(low, high)]
        for low, high in box[1:]
    ]  # fmt: skip
    for north in sides[0]:
        for east in sides[1]:
            found.append(np.array([box[0], north, east]))
    return found


def _blocks(span_s: tuple[float, float], nodes: int, bin_s: float) -> list[tuple[float, float]]:
    """Divide a stretch into blocks that overlap, with borders at multiples of their length."""
    length = min(max(_BLOCK_BYTES / (4.0 * nodes) * bin_s, _SHORTEST_S), _LONGEST_S)
    length = DAY_S / math.ceil(DAY_S / length)
    first, last = math.floor(span_s[0] / length), math.ceil(span_s[1] / length)
    return [
        (max(span_s[0], k * length - _EDGE_S), min(span_s[1], (k + 1) * length + _EDGE_S))
        for k in range(first, last)
    ]


def arrange_picks(
    picks: PickArrays, stations: int, errors_s: tuple[float, float]
) -> tuple[PickRows, Ints]:
    """Order picks by station, phase and time; those that are doubled are ordered by error.

    Returns
    -------
    rows : PickRows
    order : ndarray of int, shape (picks,)
        Number of the pick of every row.
    """
    slot = 2 * picks.station + picks.phase
    sigma = np.where(np.isfinite(picks.sigma_s) & (picks.sigma_s > 0), picks.sigma_s,
                     np.where(picks.phase == 0, *errors_s))  # fmt: skip
    order = np.lexsort((sigma, picks.time_s, slot))
    start = np.searchsorted(slot[order], np.arange(2 * stations + 1))
    rows = PickRows(
        start.astype(np.int64),
        np.ascontiguousarray(picks.time_s[order]),
        sigma[order] ** 2,
        np.zeros(order.size),
        slot[order].astype(np.int64),
    )
    return rows, order


def station_spacing(place: Floats) -> float:
    """Return the median distance of stations to the nearest other one, km."""
    if len(place) < 2:
        return 10.0
    away = np.linalg.norm(place[:, None, 1:] - place[None, :, 1:], axis=-1)
    away[away < 0.5] = np.inf
    nearest = away.min(axis=1)
    return float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else 10.0


def associate_picks(
    picks: PickArrays,
    stations: Stations,
    tables: TimeTables,
    options: AssociationOptions,
    model: NetworkModel | None = None,
    propose: Proposer | None = None,
    *,
    rates: Rates | None = None,
    say: Callable[[str], None] = log.info,
) -> Association:
    """Associate picks with events, and say of every pick which is its own.

    Candidates come from back-projection (or another proposer). In each round the joint account
    assigns picks, locates, merges fragments and drops what is chance; then what is assumed of the
    network (detection, residuals, false picks) is fitted to the events, and candidates are sought
    anew among picks that are left. Events are kept from the likeliest on, while the expected
    number of false ones stays within the promise.

    Parameters
    ----------
    picks : PickArrays
    stations : Stations
    tables : TimeTables
    options : AssociationOptions
    model : NetworkModel, optional
        What is assumed of the network; fitted in every round but the last if not given.
    propose : callable, optional
    rates : Rates, optional
        Of false picks, see :func:`count_rates`; counted in every round if not given.
    say : callable
        Told what was found.

    Returns
    -------
    Association

    Raises
    ------
    InputError
        If there are no picks, or fewer than three stations have some.

    References
    ----------
    Russell et al. (2010), arXiv 1001.3438 (the account); Zhang, Ellsworth & Beroza (2019) and
    Muenchmeyer (2024) (associators that it is compared with).
    """
    _refuse_few(picks)
    count = stations.level.size
    rows, order = arrange_picks(picks, count, (options.p_error_s, options.s_error_s))
    probability = picks.probability[order]
    span = float(picks.time_s.min()), float(picks.time_s.max()) + 1.0
    days = max(span[1] - span[0], 600.0) / DAY_S
    box = search_box(stations.place[np.unique(picks.station)], options)
    spacing = options.spacing_km or float(np.clip(station_spacing(stations.place) / 2.0, 4.0, 10.0))
    if propose is None:
        propose = StackProposer(options, box, spacing)
    used = NetworkModel() if model is None else model
    taken = np.zeros(rows.time_s.size, np.int64)
    events: Events | None = None
    tail = float(tables.time_s[1].max())
    for turn in range(options.rounds):
        counted = rates or count_rates(rows, taken > 0, span, options.works_s)
        rows = rows._replace(evidence=evidence_of(used, rows.slot, probability))
        world = make_world(stations, tables, rows, counted, used, (box, options))
        found = propose(world, taken, (span[0] - tail, span[1]))
        say(f"round {turn + 1}: {found.origin_s.size} candidates")
        events = settle_jointly(world, _together(events, found, 2 * count), -_SLACK)
        if turn + 1 < options.rounds:
            likely = events.take(events.score > 0.0)
            if model is None:
                used = fit_network(world, likely, used, probability, days)
            taken[:] = 0
            taken[likely.chosen[likely.chosen >= 0]] = 1
    assert events is not None
    real, kept, false = choose_events(events, options, days)
    say(f"{kept.size} of {events.origin_s.size} events are kept, {false:.2f} expected to be false")
    return account_for(world, events.take(kept), (real[kept], false), order, used)


def _refuse_few(picks: PickArrays) -> None:
    if not picks.time_s.size:
        raise InputError("There are no picks, so there is nothing to associate; check the file.")
    heard = np.unique(picks.station).size
    if heard < 3:
        raise InputError(
            f"Picks are from {heard} station(s), which tell no place. Nothing was associated; "
            "give picks of three stations or more."
        )


def search_box(place: Floats, options: AssociationOptions) -> Floats:
    """Return the box that events are sought in: depth, north, east, from and to, km."""
    low, high = place[:, 1:].min(axis=0), place[:, 1:].max(axis=0)
    margin = options.margin_km
    return np.array([
        [options.minimum_depth_km, options.maximum_depth_km],
        [low[0] - margin, high[0] + margin],
        [low[1] - margin, high[1] + margin],
    ])  # fmt: skip


def make_world(
    stations: Stations, tables: TimeTables, rows: PickRows, rates: Rates, model: NetworkModel,
    where: tuple[Floats, AssociationOptions],
) -> World:  # fmt: skip
    """Put together what the compiled loops read."""
    box, options = where
    volume = float(np.prod(box[:, 1] - box[:, 0]))
    # hypocenters may end a little outside of the nodes
    wide = box + np.array([[0.0, 0.0], [-30.0, 30.0], [-30.0, 30.0]])
    return World(
        stations, tables, rows, rates, model.detection(stations.level.size),
        np.array(model.pick_scale), wide,
        np.array([options.depth_km, options.depth_error_km]), options.reach_km,
        math.log(model.events_a_day / DAY_S / volume),
    )  # fmt: skip


def _together(events: Events | None, found: Found, slots: int) -> Events:
    """Join events and new candidates."""
    n = found.origin_s.size
    fresh = Events(
        found.place, found.origin_s, np.tile(np.eye(4), (n, 1, 1)), found.score, found.size,
        np.full((n, slots), -1, np.int64),
    )  # fmt: skip
    if events is None:
        return fresh
    return Events(*(np.concatenate(pair) for pair in zip(events, fresh, strict=True)))


def choose_events(
    events: Events, options: AssociationOptions, days: float
) -> tuple[Floats, Ints, float]:
    """Choose events while the expected number of false ones stays within the promise.

    Returns
    -------
    probability_real : ndarray, shape (events,)
    kept : ndarray of int
        Numbers of the events that are kept, increasing.
    expected_false : float
    """
    real = 1.0 / (1.0 + np.exp(-np.clip(events.score, -500, 500)))
    made = events.chosen >= 0
    both = (made[:, 0::2] & made[:, 1::2]).sum(axis=1)
    enough = (made.sum(axis=1) >= options.minimum_picks) & (both >= options.minimum_both)
    order = np.lexsort((events.origin_s, -real))
    order = order[enough[order]]
    false = np.cumsum(1.0 - real[order])
    within = false <= options.false_events_per_day * days
    kept = np.sort(order[within])
    return real, kept, float(false[within][-1]) if within.any() else 0.0


def account_for(
    world: World, events: Events, kept: tuple[Floats, float], order: Ints, model: NetworkModel
) -> Association:
    """Say of every pick which event it belongs to, or which it is nearest to."""
    real, false = kept
    event, residual, sd, probability, nearest, off, off_sd, missed = pick_account(world, events)
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    numbers = np.append(order, -1)[events.chosen]
    return Association(
        events._replace(chosen=numbers), real, false, event[place], residual[place], sd[place],
        probability[place], nearest[place], off[place], off_sd[place], missed,
        np.exp(world.detection.log_half[events.size]), model,
    )  # fmt: skip
