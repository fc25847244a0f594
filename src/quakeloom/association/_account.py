"""What became of every pick, in rows of picks."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.association._joint import Events
from quakeloom.association._network import hour_of, log_residual_density
from quakeloom.association._score import (
    World,
    epicentral_km,
    first_row,
    log_detection,
    log_distance,
)
from quakeloom.association._times import KERNEL, Floats, Ints, look_up
from quakeloom.core import compiled

_NEAR_S = 5.0
"""A pick without an event is near to an event's arrival within this, s (chosen here)."""


@compiled(**KERNEL)
def pick_account(
    world: World, events: Events
) -> tuple[Ints, Floats, Floats, Floats, Ints, Floats, Floats, Ints]:
    """Say of every pick its event, residual and probability, or what event is near.

    Returns
    -------
    event : ndarray of int, shape (picks,)
    residual_s, sd_s, probability : ndarray, shape (picks,)
        NaN where there is no event.
    nearest : ndarray of int, shape (picks,)
    off_s, off_sd_s : ndarray, shape (picks,)
    missed : ndarray of int, shape (events,)
        Slots of working stations that were as likely picked as not, and have no pick.
    """
    picks = world.rows.time_s.size
    event = np.full(picks, -1, np.int64)
    nearest = np.full(picks, -1, np.int64)
    residual = np.full(picks, np.nan)
    sd = np.full(picks, np.nan)
    probability = np.full(picks, np.nan)
    off = np.full(picks, np.nan)
    off_sd = np.full(picks, np.nan)
    missed = np.zeros(events.origin_s.size, np.int64)
    for e in range(events.origin_s.size):
        place, origin_s = events.place[e], events.origin_s[e]
        for station in range(world.stations.level.size):
            distance = epicentral_km(world, place, station)
            if distance > world.reach_km:
                continue
            log_r = log_distance(world, place, station, distance)
            for phase in range(2):
                slot = 2 * station + phase
                time, sigma = look_up(
                    world.tables, phase, world.stations.level[station], distance, place[0]
                )
                own = events.chosen[e, slot]
                chance = math.exp(log_detection(world.detection, slot, log_r, events.size[e]))
                if own < 0 and chance >= 0.5:
                    hour = hour_of(world.rates, origin_s + time)
                    missed[e] += 1 if world.rates.works[slot, hour] else 0
                if own >= 0:
                    value = world.rows.time_s[own] - origin_s - time
                    width = world.scale[phase] * math.sqrt(world.rows.variance[own] + sigma * sigma)
                    event[own], residual[own], sd[own] = e, value, width
                    hour = hour_of(world.rates, world.rows.time_s[own])
                    odds = (
                        log_residual_density(value, width) - world.rates.log_rate[slot, hour]
                        + world.rows.evidence[own] + math.log(chance / (1.0 - chance))
                    )  # fmt: skip
                    probability[own] = 1.0 / (1.0 + math.exp(-odds))
                row = first_row(world.rows, slot, origin_s + time - _NEAR_S)
                while row < world.rows.start[slot + 1]:
                    value = world.rows.time_s[row] - origin_s - time
                    if value > _NEAR_S:
                        break
                    if row != own and (nearest[row] < 0 or abs(value) < abs(off[row])):
                        nearest[row], off[row] = e, value
                        off_sd[row] = world.scale[phase] * math.sqrt(
                            world.rows.variance[row] + sigma * sigma
                        )
                    row += 1
    return event, residual, sd, probability, nearest, off, off_sd, missed
