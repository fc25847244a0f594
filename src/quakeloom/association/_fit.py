"""What is assumed of a network is fitted to the events that were found."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.association._joint import Events
from quakeloom.association._network import NetworkModel, hour_of
from quakeloom.association._score import World, epicentral_km, log_distance
from quakeloom.association._times import KERNEL, Floats, Ints, look_up
from quakeloom.core import compiled

_WIDTHS = np.array([0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0])
"""Widths of the fall of detection that are compared, in ln r."""

_MOST_EVENTS = 300
"""Events that widths are compared with; more say the same."""

_LEAST_EVENTS = 15
"""Fewer events leave the model as it was (chosen here)."""

_SHRINK = 20.0
"""Picks that a station needs until its own probability counts half."""

_T_MEDIAN = 0.7407
"""Median of the absolute value of Student's t with 4 degrees of freedom."""

_BINS = 20
"""Bins of the picker's probability."""

_MOST_EVIDENCE = 2.5
"""Largest evidence of a picker's probability: pickers differ between networks (chosen here)."""


@compiled(**KERNEL)
def _fit_width(
    world: World, place: Floats, origin_s: Floats, chosen: Ints, widths: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return ln of the likelihood of each width, and picks made and possible by slot."""
    value = np.zeros(widths.size)
    made = np.zeros(chosen.shape[1])
    possible = np.zeros(chosen.shape[1])
    detection = world.detection
    sums = np.zeros(detection.log_half.size)
    for w in range(widths.size):
        for e in range(origin_s.size):
            sums[:] = detection.log_prior
            for station in range(world.stations.level.size):
                distance = epicentral_km(world, place[e], station)
                if distance > world.reach_km:
                    continue
                log_r = log_distance(world, place[e], station, distance)
                for phase in range(2):
                    slot = 2 * station + phase
                    if not world.rates.works[slot, hour_of(world.rates, origin_s[e])]:
                        continue
                    for a in range(sums.size):
                        fall = 1.0 + math.exp((log_r - detection.log_half[a]) / widths[w])
                        p = detection.most[station, phase] / fall
                        sums[a] += math.log(p) if chosen[e, slot] >= 0 else math.log(1.0 - p)
            top = sums.max()
            value[w] += top + math.log(np.exp(sums - top).sum())
    best = widths[int(np.argmax(value))]
    for e in range(origin_s.size):
        _count_possible(world, place[e], origin_s[e], chosen[e], best, made, possible)
    return value, made, possible


@compiled(**KERNEL)
def _count_possible(
    world: World, place: Floats, origin_s: float, chosen: Ints, width: float, made: Floats,
    possible: Floats,
) -> None:  # fmt: skip
    """Add the picks of an event, and those that perfect stations would have."""
    detection = world.detection
    log_r = np.zeros(world.stations.level.size)
    sums = detection.log_prior.copy()
    for station in range(log_r.size):
        distance = epicentral_km(world, place, station)
        log_r[station] = np.inf
        if distance > world.reach_km:
            continue
        log_r[station] = log_distance(world, place, station, distance)
        for phase in range(2):
            slot = 2 * station + phase
            if not world.rates.works[slot, hour_of(world.rates, origin_s)]:
                continue
            for a in range(sums.size):
                fall = 1.0 + math.exp((log_r[station] - detection.log_half[a]) / width)
                p = detection.most[station, phase] / fall
                sums[a] += math.log(p) if chosen[slot] >= 0 else math.log(1.0 - p)
    half = detection.log_half[int(np.argmax(sums))]
    for station in range(log_r.size):
        if log_r[station] == np.inf:
            continue
        for phase in range(2):
            slot = 2 * station + phase
            if world.rates.works[slot, hour_of(world.rates, origin_s)]:
                made[slot] += 1.0 if chosen[slot] >= 0 else 0.0
                possible[slot] += 1.0 / (1.0 + math.exp((log_r[station] - half) / width))


@compiled(**KERNEL)
def residuals_of(
    world: World, place: Floats, origin_s: Floats, chosen: Ints
) -> tuple[Floats, Floats]:
    """Return residuals of all picks of events and their standard deviations before scaling.

    Both NaN where there is no pick.
    """
    residual = np.full(chosen.shape, np.nan)
    sd = np.full(chosen.shape, np.nan)
    for e in range(origin_s.size):
        for slot in range(chosen.shape[1]):
            row = chosen[e, slot]
            if row < 0:
                continue
            station = slot // 2
            distance = epicentral_km(world, place[e], station)
            time, sigma = look_up(
                world.tables, slot % 2, world.stations.level[station], distance, place[e, 0]
            )
            residual[e, slot] = world.rows.time_s[row] - origin_s[e] - time
            sd[e, slot] = math.sqrt(world.rows.variance[row] + sigma * sigma)
    return residual, sd


def fit_network(
    world: World, events: Events, model: NetworkModel, probability: Floats, days: float
) -> NetworkModel:
    """Fit what is assumed of a network.

    The width of the fall of detection by its likelihood over all sizes; each station's probability
    of a pick, drawn to the mean; scales of residuals by their medians; the share of true and false
    picks by the picker's probability; the number of events.

    Parameters
    ----------
    world : World
    events : Events
        Those that are likely.
    model : NetworkModel
        What was assumed.
    probability : ndarray, shape (picks,)
        The picker's; NaN where unknown.
    days : float
        Length of the data.
    """
    count = events.origin_s.size
    if count < _LEAST_EVENTS:
        return model
    some = np.unique(np.linspace(0, count - 1, min(count, _MOST_EVENTS)).round().astype(int))
    value, made, possible = _fit_width(
        world, events.place[some], events.origin_s[some], events.chosen[some], _WIDTHS
    )
    mean = float(np.clip(made.sum() / possible.sum(), 0.05, 0.95))
    most = (made + _SHRINK * mean) / (possible + _SHRINK)
    residual, sd = residuals_of(world, events.place, events.origin_s, events.chosen)
    scale = []
    for phase in range(2):
        unit = np.abs(residual[:, phase::2] / sd[:, phase::2])
        unit = unit[np.isfinite(unit)]
        # four unknowns of an event make its residuals smaller than its errors
        picks = (events.chosen >= 0).sum()
        freedom = math.sqrt(max(1.0 - 4.0 * count / max(picks, 1), 0.2))
        found = float(np.median(unit)) / _T_MEDIAN / freedom if unit.size else 1.0
        scale.append(float(np.clip(found, 0.3, 3.0)))
    return model.with_changes(
        most=mean,
        width=float(_WIDTHS[int(np.argmax(value))]),
        station_most=np.clip(most, 0.02, 0.97).reshape(-1, 2),
        pick_scale=(scale[0], scale[1]),
        events_a_day=max(count / days, 1.0),
        probability_evidence=_fit_evidence(world, events, probability),
    )


def _fit_evidence(world: World, events: Events, probability: Floats) -> Floats | None:
    """Return ln of the ratio of true and false picks by the picker's probability."""
    known = np.isfinite(probability)
    if known.mean() < 0.5:
        return None
    taken = np.zeros(probability.size, bool)
    taken[events.chosen[events.chosen >= 0]] = True
    column = np.minimum((np.nan_to_num(probability) * _BINS).astype(int), _BINS - 1)
    phase = world.rows.slot % 2
    found = np.zeros((2, _BINS))
    for p in range(2):
        true = np.bincount(column[known & taken & (phase == p)], minlength=_BINS) + 1.0
        false = np.bincount(column[known & ~taken & (phase == p)], minlength=_BINS) + 1.0
        found[p] = np.log(true / true.sum()) - np.log(false / false.sum())
    return np.clip(found, -_MOST_EVIDENCE, _MOST_EVIDENCE)


def evidence_of(model: NetworkModel, slot: Ints, probability: Floats) -> Floats:
    """Return the evidence of every pick's probability; 0 where it is unknown or not fitted."""
    table = model.probability_evidence
    if table is None:
        return np.zeros(slot.size)
    column = np.minimum((np.nan_to_num(probability) * _BINS).astype(int), _BINS - 1)
    return np.where(np.isfinite(probability), table[slot % 2, column], 0.0)
