"""Many days: each with a halo on both sides, and events that belong to the day of their origin."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from quakeloom.association._associate import (
    DAY_S,
    Association,
    PickArrays,
    Proposer,
    associate_picks,
)
from quakeloom.association._joint import Events
from quakeloom.association._network import NetworkModel
from quakeloom.association._options import AssociationOptions
from quakeloom.association._times import Floats, Ints, Stations, TimeTables

log = logging.getLogger(__name__)

_HALO_S = 7200.0
"""Picks before and after a day that are associated with it, s. Chosen here: two hours, so that the
rates of false picks at its borders are those of both sides; no arrival is that late."""

_FITTED_PICKS = 300_000
"""Picks that a network model is fitted to; whole days, evenly spread, beyond (chosen here)."""


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

    What is assumed of the network is fitted once, to all days or to some that are evenly spread,
    so that no event depends on where days end. An event belongs to the day of its origin time;
    where events of two days want one pick, the likelier event keeps it.

    Parameters
    ----------
    picks, stations, tables, options, model, propose, say
        See :func:`associate_picks`.
    border_s : float
        Days begin so many seconds after midnight UTC.
    """
    first = np.floor((picks.time_s.min() - border_s) / DAY_S) if picks.time_s.size else 0.0
    day = np.floor((picks.time_s - border_s) / DAY_S) - first
    days = np.unique(day).astype(int) if picks.time_s.size else np.zeros(1, int)
    if days.size == 1:
        return associate_picks(picks, stations, tables, options, model, propose, say=say)
    if model is None:
        sample = _sampled(picks)
        model = associate_picks(
            _some(picks, sample), stations, tables, options, None, propose, say=say
        ).model
    parts: list[tuple[Association, Ints, Ints]] = []
    for number in days:
        start = (first + number) * DAY_S + border_s
        inside = np.flatnonzero(
            (picks.time_s >= start - _HALO_S) & (picks.time_s < start + DAY_S + _HALO_S)
        )
        if np.unique(picks.station[inside]).size < 3:
            continue
        say(f"day {int(first + number)}: {inside.size} picks with halos")
        found = associate_picks(
            _some(picks, inside), stations, tables, options, model, propose, say=say
        )
        origin = found.events.origin_s
        own = np.flatnonzero((origin >= start) & (origin < start + DAY_S))
        parts.append((found, own, inside))
    return _join(parts, picks.time_s.size, options, model, stations.level.size)


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


def _join(
    parts: list[tuple[Association, Ints, Ints]],
    count: int,
    options: AssociationOptions,
    model: NetworkModel,
    stations: int,
) -> Association:
    """Join the events of days; a pick that two of them want stays with the likelier."""
    chosen = [np.append(inside, -1)[f.events.chosen[own]] for f, own, inside in parts]
    events = Events(
        *(np.concatenate([getattr(f.events, name)[own] for f, own, _ in parts])
          for name in ("place", "origin_s", "covariance", "score", "size")),
        np.concatenate(chosen) if chosen else np.zeros((0, 2 * stations), np.int64),
    )  # fmt: skip
    real = np.concatenate([f.probability_real[own] for f, own, _ in parts])
    order = np.lexsort((events.place[:, 1], events.place[:, 0], events.origin_s))
    events, real = events.take(order), real[order]
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    whole = Association(
        events, real, float((1.0 - real).sum()), np.full(count, -1, np.int64),
        *(np.full(count, np.nan) for _ in range(3)), np.full(count, -1, np.int64),
        np.full(count, np.nan), np.full(count, np.nan),
        np.concatenate([f.missed_near[own] for f, own, _ in parts])[order],
        np.concatenate([f.half_km[own] for f, own, _ in parts])[order], model,
    )  # fmt: skip
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
    return _without_lost(whole, options)


def _without_lost(whole: Association, options: AssociationOptions) -> Association:
    """Take picks that another event keeps off events, and events with too few picks off all."""
    chosen = whole.events.chosen
    lost = (chosen >= 0) & (whole.event[chosen] != np.arange(len(chosen))[:, None])
    chosen = np.where(lost, -1, chosen)
    kept = ((chosen >= 0).sum(axis=1) >= options.minimum_picks) | ~lost.any(axis=1)
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    event = number[whole.event]
    gone = event < 0
    values: dict[str, Floats] = {
        name: np.where(gone, np.nan, getattr(whole, name))
        for name in ("residual_s", "residual_sd_s", "pick_probability")
    }
    return replace(
        whole,
        events=whole.events._replace(chosen=chosen).take(kept),
        probability_real=whole.probability_real[kept],
        expected_false=float((1.0 - whole.probability_real[kept]).sum()),
        event=event,
        missed_near=whole.missed_near[kept],
        half_km=whole.half_km[kept],
        nearest=number[whole.nearest],
        **values,
    )
