"""Levels of amplitude at which stations read, err and call an onset impulsive."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.simulate._catalog import simulate_events
from quakeloom.simulate._offered_readings import PIECE, offer_readings
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._reading_loops import READ_WIDTH, choose_readings, count_readings
from quakeloom.simulate._stations import SimulatedStations
from quakeloom.travel import TableStack

Floats = NDArray[np.float64]

_PILOT_EVENTS = 20_000
"""Events that the levels are fitted to; chosen here: their mean number of readings has then a
standard error below one percent."""

_ERROR_WIDTH = 0.25
"""Width of the logistic chance of being wrong, log10 of clearness; chosen here."""


@dataclass(frozen=True)
class ReadingLevels:
    """Levels of log10 amplitude at which readings change, see :func:`find_reading_levels`.

    Attributes
    ----------
    read : float
        Half of the stations read a wave of this amplitude.
    wrong : float
        A first motion this clear is wrong halfway between the rate of the clearest and one half.
    impulsive : float
        Half of the onsets this clear are impulsive.
    """

    read: float
    wrong: float
    impulsive: float


def find_reading_levels(
    stations: SimulatedStations, tables: TableStack, options: SimulationOptions, seed: int
) -> ReadingLevels:
    """Find the levels that give the mean number, error rate and onsets asked for.

    They are fitted to the first 20,000 events of the catalog.

    Raises
    ------
    SettingsError
        If the network is too small, or too many readings are asked of every event, for the
        mean number of polarities.
    """
    pilot = simulate_events(options, seed, 0, _PILOT_EVENTS)
    firsts, scores, minima, clearness = [np.zeros(1, np.int64)], [], [], []
    for start in range(0, _PILOT_EVENTS, PIECE):
        part = slice(start, start + PIECE)
        offered = offer_readings(pilot, part, stations, tables, options)
        firsts.append(offered.first[1:] + firsts[-1][-1])
        scores.append(offered.score)
        minima.append(offered.minimum)
        clearness.append(offered.waves.clearness)
    first, score = np.concatenate(firsts), np.concatenate(scores)
    minimum = np.concatenate(minima)
    wanted = options.mean_polarities
    most = score.size / _PILOT_EVENTS
    least = np.minimum(minimum, np.diff(first)).mean()
    if not least < wanted < most:
        raise SettingsError(
            f"The simulation asks for {wanted} polarities per event on average; with its network, "
            f"'maximum_distance_km' and 'minimum_polarities' the mean lies between {least:.2f} "
            f"and {most:.2f}. Nothing was simulated; change 'mean_polarities' or one of these."
        )
    read = _bisect(
        lambda level: count_readings(first, score - level / READ_WIDTH, minimum) / _PILOT_EVENTS,
        wanted,
    )
    chosen = choose_readings(first, score - read / READ_WIDTH, minimum)
    clear = np.concatenate(clearness)[chosen]
    wrong = -math.inf
    if options.error_rate > 0.0:
        floor = error_floor(options)
        wrong = _bisect(
            lambda level: -float(np.mean(error_probability(clear, level, floor))),
            -options.error_rate,
        )
    impulsive = float(np.quantile(clear, options.emergent_fraction))
    return ReadingLevels(float(read), float(wrong), impulsive)


def error_floor(options: SimulationOptions) -> float:
    """Error rate of the clearest readings."""
    return min(0.02, 0.25 * options.error_rate)


def error_probability(clearness: Floats, level: float, floor: float) -> Floats:
    """Chance that first motions are read wrong: from the floor where clear to one half."""
    chance: Floats = floor + (0.5 - floor) / (1.0 + np.exp((clearness - level) / _ERROR_WIDTH))
    return chance


def _bisect(function: Callable[[float], float], target: float) -> float:
    """Argument at which a decreasing function has a value."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if function(middle) > target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
