"""Many days: each with a halo on both sides, and events that belong to the day of their origin."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from quakeloom.association._associate import (
    DAY_S,
    Association,
    PickArrays,
    Proposer,
    arrange_picks,
    associate_picks,
    choose_events,
)
from quakeloom.association._joint import Events, no_events
from quakeloom.association._network import NetworkModel, Rates, count_rates
from quakeloom.association._options import AssociationOptions
from quakeloom.association._times import Floats, Ints, Stations, TimeTables

log = logging.getLogger(__name__)

Part = tuple[Association, Ints, Ints]
"""What was found in a day with its halo, numbers of its own events, numbers of its picks."""

_HALO_S = 7200.0
"""Picks before and after a day that are associated with it, s. Chosen here: two hours, so that the
rates of false picks at its borders are those of both sides; no arrival is that late."""

_FITTED_PICKS = 300_000
"""Picks that a network model is fitted to; whole days, evenly spread, beyond (chosen here)."""


_LEAST_STATIONS = 3
"""Fewer stations tell no place."""


def associate_days(
    picks: PickArrays,
    stations: Stations,
    tables: TimeTables,
    options: AssociationOptions,
    model: NetworkModel | None = None,
    propose: Proposer | None = None,
    *,
    border_s: float = 0.0,
    say: Callable[[str], None] = log.info,
) -> Association:
    """Associate the picks of many days, day by day.

    What is assumed of the network is fitted once, to all days or to some evenly spread ones, and
    rates of false picks are counted once, over all time, so that no event depends on where days
    end. An event belongs to the day of its origin time; where events of two days want one pick,
    the likelier event keeps it.

    Parameters
    ----------
    picks, stations, tables, options, model, propose, say
        See :func:`associate_picks`.
    border_s : float
        Days begin so many seconds after midnight UTC.
    """
    span = (picks.time_s.min(), picks.time_s.max()) if picks.time_s.size else (0.0, 0.0)
    if math.floor((span[0] - border_s) / DAY_S) == math.floor((span[1] - border_s) / DAY_S):
        return associate_picks(picks, stations, tables, options, model, propose, say=say)
    every = replace(options, false_events_per_day=math.inf)
    known = model

    def solve(which: Ints, rates: Rates | None) -> Association:
        rounds = options.rounds if rates is None else 1
        return associate_picks(
            _some(picks, which), stations, tables, replace(every, rounds=rounds), known, propose,
            rates=rates, say=say,
        )  # fmt: skip

    taken = np.zeros(picks.time_s.size, bool)
    if picks.time_s.size <= _FITTED_PICKS:
        first = solve(np.arange(picks.time_s.size), None)
        known, taken = first.model, first.event >= 0
    else:
        if known is None:
            known = solve(_sampled(picks), None).model
        for found, own, inside in _every_day(picks, 0.0, lambda which: solve(which, None)):
            taken[inside[np.isin(found.event, own)]] = True
    rows, order = arrange_picks(picks, stations.level.size, (options.p_error_s, options.s_error_s))
    rates = count_rates(rows, taken[order], (span[0], span[1] + 1.0), options.works_s)
    parts = _every_day(picks, border_s, lambda which: solve(which, rates))
    days = max(span[1] - span[0], 1.0) / DAY_S
    whole = _join(parts, picks.time_s.size, known or NetworkModel(), stations.level.size)
    return _chosen(whole, options, days)


def associate_day(
    picks: PickArrays,
    stations: Stations,
    tables: TimeTables,
    options: AssociationOptions,
    start_s: float,
    propose: Proposer | None = None,
    *,
    say: Callable[[str], None] = log.info,
) -> Association:
    """Associate the picks of one day, given picks of the days beside it.

    For days that are solved apart, and another day may come: what is assumed of the network is
    fitted to the picks of the day alone, so that a neighbor changes only events near midnight. An
    event belongs to the day of its first pick. Two days may both want a pick of an event near
    midnight; who gathers them decides.

    Parameters
    ----------
    picks : PickArrays
        Of the day, and of two hours before and after it at least; more is not looked at.
    stations, tables, options, propose, say
        See :func:`associate_picks`.
    start_s : float
        When the day begins, in seconds as the times of picks.

    Returns
    -------
    Association
        Events of the day alone; picks of all that were given, those of other events have none.
    """
    every = replace(options, false_events_per_day=math.inf)
    in_day = (picks.time_s >= start_s) & (picks.time_s < start_s + DAY_S)
    near = (picks.time_s >= start_s - _HALO_S) & (picks.time_s < start_s + DAY_S + _HALO_S)

    def solve(which: Ints, model: NetworkModel | None) -> Association:
        return associate_picks(
            _some(picks, which), stations, tables, every, model, propose, say=say
        )

    model, parts = NetworkModel(), []
    own, inside = np.flatnonzero(in_day), np.flatnonzero(near)
    if np.unique(picks.station[own]).size >= _LEAST_STATIONS:
        found = solve(own, None)
        model = found.model
        if inside.size > own.size:
            found = solve(inside, model)
        chosen = found.events.chosen
        first = np.where(chosen >= 0, picks.time_s[inside][chosen], math.inf).min(
            axis=1, initial=math.inf
        )
        of_day = np.flatnonzero((first >= start_s) & (first < start_s + DAY_S))
        parts.append((found, of_day, inside))
    whole = _join(parts, picks.time_s.size, model, stations.level.size)
    return _chosen(whole, options, 1.0)


def _every_day(
    picks: PickArrays, border_s: float, solve: Callable[[Ints], Association]
) -> list[Part]:
    """Solve every day with a halo; return what was found, its own events, and its picks."""
    parts = []
    day = np.floor((picks.time_s - border_s) / DAY_S)
    # the events of the first arrivals of a day may be of the day before
    for number in np.unique(np.concatenate([day, day - 1.0])):
        start = number * DAY_S + border_s
        inside = np.flatnonzero(
            (picks.time_s >= start - _HALO_S) & (picks.time_s < start + DAY_S + _HALO_S)
        )
        if np.unique(picks.station[inside]).size < _LEAST_STATIONS:
            continue
        found = solve(inside)
        origin = found.events.origin_s
        parts.append((found, np.flatnonzero((origin >= start) & (origin < start + DAY_S)), inside))
    return parts


def _sampled(picks: PickArrays) -> Ints:
    """Return picks of days of UTC, evenly spread, that are few enough to be fitted to."""
    day = np.floor(picks.time_s / DAY_S).astype(int)
    days, count = np.unique(day, return_counts=True)
    some = max(1, int(days.size * min(1.0, _FITTED_PICKS / count.sum())))
    chosen = days[np.unique(np.linspace(0, days.size - 1, some).round().astype(int))]
    return np.flatnonzero(np.isin(day, chosen))


def _some(picks: PickArrays, which: Ints) -> PickArrays:
    return PickArrays(
        picks.station[which], picks.phase[which], picks.time_s[which], picks.sigma_s[which],
        picks.probability[which],
    )  # fmt: skip


def _join(parts: list[Part], count: int, model: NetworkModel, stations: int) -> Association:
    """Join the events of days; a pick that two of them want stays with the likelier."""
    chosen = [np.append(inside, -1)[f.events.chosen[own]] for f, own, inside in parts]
    own_events = [f.events.take(own) for f, own, _ in parts]
    if parts:
        events = Events(*(np.concatenate(columns) for columns in zip(*own_events, strict=True)))
        events = events._replace(chosen=np.concatenate(chosen))
    else:
        events = no_events(2 * stations)
    real = _of_parts(parts, "probability_real")
    order = np.lexsort((events.place[:, 1], events.place[:, 0], events.origin_s))
    events, real = events.take(order), real[order]
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    none, unknown = np.full(count, -1, np.int64), np.full(count, np.nan)
    whole = Association(
        events=events,
        probability_real=real,
        expected_false=float((1.0 - real).sum()),
        event=none.copy(),
        residual_s=unknown.copy(),
        residual_sd_s=unknown.copy(),
        pick_probability=unknown.copy(),
        nearest=none.copy(),
        nearest_residual_s=unknown.copy(),
        nearest_sd_s=unknown.copy(),
        missed_near=_of_parts(parts, "missed_near").astype(np.int64)[order],
        half_km=_of_parts(parts, "half_km")[order],
        model=model,
    )
    done = 0
    for found, own, inside in parts:
        of_whole = np.full(found.events.origin_s.size + 1, -1, np.int64)
        of_whole[own] = number[done : done + own.size]
        done += own.size
        event = of_whole[found.event]
        takes = (event >= 0) & (
            (whole.event[inside] < 0) | (events.score[event] > events.score[whole.event[inside]])
        )
        rows = inside[takes]
        whole.event[rows] = event[takes]
        whole.residual_s[rows] = found.residual_s[takes]
        whole.residual_sd_s[rows] = found.residual_sd_s[takes]
        whole.pick_probability[rows] = found.pick_probability[takes]
        near = of_whole[found.nearest]
        closer = (near >= 0) & ~(
            np.abs(whole.nearest_residual_s[inside]) <= np.abs(found.nearest_residual_s)
        )
        whole.nearest[inside[closer]] = near[closer]
        whole.nearest_residual_s[inside[closer]] = found.nearest_residual_s[closer]
        whole.nearest_sd_s[inside[closer]] = found.nearest_sd_s[closer]
    return whole


def _of_parts(parts: list[Part], name: str) -> Floats:
    """Return values of the own events of all parts."""
    return np.concatenate([np.zeros(0), *(getattr(f, name)[own] for f, own, _ in parts)])


def _chosen(whole: Association, options: AssociationOptions, days: float) -> Association:
    """Take picks that another event keeps off events, and keep as many events as are promised."""
    chosen = whole.events.chosen
    lost = (chosen >= 0) & (whole.event[chosen] != np.arange(len(chosen))[:, None])
    chosen = np.where(lost, -1, chosen)
    _, numbers, _ = choose_events(whole.events._replace(chosen=chosen), options, days)
    kept = np.isin(np.arange(len(chosen)), numbers)
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    event = number[whole.event]
    gone = event < 0
    return replace(
        whole,
        events=whole.events._replace(chosen=chosen).take(kept),
        probability_real=whole.probability_real[kept],
        expected_false=float((1.0 - whole.probability_real[kept]).sum()),
        event=event,
        missed_near=whole.missed_near[kept],
        half_km=whole.half_km[kept],
        nearest=number[whole.nearest],
        residual_s=np.where(gone, np.nan, whole.residual_s),
        residual_sd_s=np.where(gone, np.nan, whole.residual_sd_s),
        pick_probability=np.where(gone, np.nan, whole.pick_probability),
    )
