"""What stations read of an earthquake: first motions, times and amplitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.simulate._catalog import SimulatedEvents
from quakeloom.simulate._offered_readings import PIECE, Waves, join_waves, offer_readings
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._reading_levels import (
    ReadingLevels,
    error_floor,
    error_probability,
    find_reading_levels,
)
from quakeloom.simulate._reading_loops import (
    READ_WIDTH,
    SMALLEST_RADIATION,
    choose_readings,
    draw_readings,
    shear_radiation,
)
from quakeloom.simulate._stations import SimulatedStations
from quakeloom.travel import TableStack

Floats = NDArray[np.float64]

_ONSET_WIDTH = 0.15
"""Width of the logistic chance of an impulsive onset, log10 of clearness; chosen here."""

_LARGEST_CONFIDENCE = 0.999
"""Largest probability that a picker states; chosen here."""

_WEIGHT_EDGES = (0.04, 0.12, 0.3)
"""Chances of error at which the weight code of a pick goes from 0 to 1, 2 and 3; chosen here."""

_VAGUENESS = 3.0
"""Error of the time of an emergent pick over that of an impulsive one, less 1; chosen here."""

_S_OVER_P = 4.9
"""Far-field amplitude of S over that of P at the middle of their lobes: (vp / vs)^3 at 1.7."""

_LEVEL_OVER_NOISE = 10.0
"""Amplitude over noise off nodal planes where half of the stations read; chosen here."""


@dataclass(frozen=True)
class SimulatedReadings:
    """First motions and amplitudes, and what only the simulation knows of them.

    Attributes
    ----------
    polarities, amplitudes : dict of arrays
        Columns of the tables of that name, in order of events.
    event_index, station_index : ndarray, shape (readings,)
        Rows of the events and stations given.
    true_azimuth_deg, true_takeoff_deg, true_distance_km : ndarray, shape (readings,)
    radiation : ndarray, shape (readings,)
        True P radiation, -1 to 1, positive up.
    error_probability : ndarray, shape (readings,)
        Chance with which the reading was made wrong.
    travel_time_s : ndarray, shape (readings,)
        Of P, without the error of the pick.
    strength : ndarray, shape (readings,)
        log10 of the amplitude in the middle of a P lobe over the level at which half of the
        stations read.
    is_wrong, is_reversed : ndarray of bool, shape (readings,)
        Wrong by error; of the other sign at a reversed station.
    """

    polarities: dict[str, Any]
    amplitudes: dict[str, Any]
    event_index: NDArray[np.int64]
    station_index: NDArray[np.int64]
    true_azimuth_deg: Floats
    true_takeoff_deg: Floats
    true_distance_km: Floats
    radiation: Floats
    error_probability: Floats
    travel_time_s: Floats
    strength: Floats
    is_wrong: NDArray[np.bool_]
    is_reversed: NDArray[np.bool_]


def simulate_polarities(
    events: SimulatedEvents,
    stations: SimulatedStations,
    tables: TableStack,
    options: SimulationOptions,
    seed: int,
    levels: ReadingLevels | None = None,
) -> SimulatedReadings:
    """Simulate what the stations read of earthquakes.

    Rays follow the first model of ``tables`` from the true hypocenter. The amplitude is
    ``A = M - a log10(r/10) - b (r - 10)`` with scatter per event and station. A station reads
    the likelier the larger ``A + 0.5 log10 |F|``, F the P radiation, and is wrong and
    emergent the more often the smaller ``A + 1.3 log10 |F|``: near nodal planes and far away,
    up to one half.
    ``probability_up`` states the chance of being right that the reading truly has (times
    ``confidence_scale`` in log odds), with no regard to how common up and down are.

    Parameters
    ----------
    events : SimulatedEvents
        Any selection of events; the readings of one do not depend on the others.
    stations : SimulatedStations
    tables : TableStack
        Must reach ``maximum_distance_km`` and the depths of the events.
    options : SimulationOptions
    seed : int
        Root seed of the run.
    levels : ReadingLevels, optional
        From :func:`find_reading_levels`, to spare its second when working in chunks.

    Returns
    -------
    SimulatedReadings
    """
    if levels is None:
        levels = find_reading_levels(stations, tables, options, seed)
    pieces = []
    for start in range(0, events.keys.size, PIECE):
        part = slice(start, min(start + PIECE, events.keys.size))
        offered = offer_readings(events, part, stations, tables, options)
        score = offered.score - levels.read / READ_WIDTH
        chosen = choose_readings(offered.first, score, offered.minimum)
        pieces.append(offered.waves.take(chosen, start))
    return _read(events, stations, options, levels, join_waves(pieces))


def _read(
    events: SimulatedEvents,
    stations: SimulatedStations,
    options: SimulationOptions,
    levels: ReadingLevels,
    waves: Waves,
) -> SimulatedReadings:
    """Read waves: signs with errors, what the picker states of them, onsets and times."""
    event, station = waves.event, waves.station
    error = np.zeros(event.size)
    if options.error_rate > 0.0:
        error = error_probability(waves.clearness, levels.wrong, error_floor(options))
    origin = events.events["origin_time"]
    is_reversed = _is_reversed(origin, stations, event, station)
    draws = draw_readings(events.keys, stations.keys, event, station)
    is_wrong = draws[:, 0] < error
    polarity = np.where((waves.radiation >= 0.0) ^ is_wrong ^ is_reversed, 1, -1).astype(np.int8)
    right = 1.0 - np.maximum(error, 1.0 - _LARGEST_CONFIDENCE)
    odds = (right / (1.0 - right)) ** options.confidence_scale
    stated = np.clip(odds / (1.0 + odds), 1.0 - _LARGEST_CONFIDENCE, _LARGEST_CONFIDENCE)
    above = (waves.clearness - levels.impulsive) / _ONSET_WIDTH
    impulsive = draws[:, 1] < 1.0 / (1.0 + np.exp(-above))
    weight = np.digitize(error, _WEIGHT_EDGES).astype(np.int8)
    vague = 1.0 + _VAGUENESS / (1.0 + np.exp(above))
    delay = waves.time + options.pick_error_s * vague * draws[:, 2]
    polarities = {
        "event_id": events.events["event_id"][event],
        "network": stations.stations["network"][station],
        "station": stations.stations["station"][station],
        "polarity": polarity,
        "probability_up": np.where(polarity > 0, stated, 1.0 - stated),
        "onset": np.array(["E", "I"], dtype=object)[impulsive.astype(np.int8)],
        "pick_weight": weight,
        "arrival_time": origin[event]
        + np.round(delay * 1e3).astype("timedelta64[ms]").astype("timedelta64[ns]"),
    }
    if options.angles == "true":
        polarities["azimuth_deg"] = waves.azimuth
        polarities["takeoff_deg"] = waves.takeoff
        polarities["distance_km"] = waves.distance
    return SimulatedReadings(
        polarities,
        _simulate_amplitudes(events, stations, options, levels, waves, draws),
        event,
        station,
        waves.azimuth,
        waves.takeoff,
        waves.distance,
        waves.radiation,
        error,
        waves.time,
        waves.amplitude - levels.read,
        is_wrong,
        is_reversed,
    )


def _simulate_amplitudes(
    events: SimulatedEvents,
    stations: SimulatedStations,
    options: SimulationOptions,
    levels: ReadingLevels,
    waves: Waves,
    draws: Floats,
) -> dict[str, Any]:
    """P and S amplitudes with S/P = 4.9 |F_S|/|F_P| (Vp/Vs = 1.7), times their scatter."""
    has = draws[:, 3] < options.amplitude_fraction
    waves, draws = waves.take(has), draws[has]
    event, station = waves.event, waves.station
    radiation = np.abs(waves.radiation)
    shear = shear_radiation(events.normal, events.slip, event, waves.azimuth, waves.takeoff)
    floor = SMALLEST_RADIATION
    # Amplitude of a station in the middle of a P lobe, ten times the noise where half are read.
    full = waves.amplitude - levels.read
    noise = 10.0 ** (-stations.quietness[station])
    lobe = _LEVEL_OVER_NOISE * noise * 10.0**full
    scatter = options.amplitude_scatter
    correction = stations.sp_corrections["sp_log_correction"][station]
    return {
        "event_id": events.events["event_id"][event],
        "network": stations.stations["network"][station],
        "station": stations.stations["station"][station],
        "p_noise": noise,
        "p_amplitude": lobe * np.maximum(radiation, floor) * 10.0 ** (scatter * draws[:, 4]),
        "s_noise": 2.0 * noise,
        "s_amplitude": _S_OVER_P
        * lobe
        * np.maximum(shear, floor)
        * 10.0 ** (scatter * draws[:, 5] + correction),
    }


def _is_reversed(
    origin: NDArray[np.datetime64],
    stations: SimulatedStations,
    event: NDArray[np.int64],
    station: NDArray[np.int64],
) -> NDArray[np.bool_]:
    out = np.zeros(event.size, np.bool_)
    if len(stations.reversals["station"]) == 0:
        return out
    count = stations.keys.size
    start = np.full(count, np.iinfo(np.int64).max)
    end = np.full(count, np.iinfo(np.int64).min)
    names = zip(stations.stations["network"], stations.stations["station"], strict=True)
    rows = {name: i for i, name in enumerate(names)}
    span = stations.reversals
    for net, sta, s, e in zip(
        span["network"], span["station"], span["start_time"], span["end_time"], strict=True
    ):
        start[rows[net, sta]] = s.astype(np.int64)
        end[rows[net, sta]] = e.astype(np.int64)
    when = origin.astype(np.int64)[event]
    return (when >= start[station]) & (when <= end[station])
