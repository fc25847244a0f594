"""What stations read of an earthquake: first motions, times and amplitudes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.simulate._catalog import SimulatedEvents, simulate_events
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._reading_loops import (
    READ_WIDTH,
    SMALLEST_RADIATION,
    choose_readings,
    compute_amplitudes,
    count_readings,
    draw_readings,
    find_pairs,
    shear_radiation,
)
from quakeloom.simulate._stations import SimulatedStations
from quakeloom.travel import TableStack, lookup

Floats = NDArray[np.float64]

_PILOT_EVENTS = 20_000
_PIECE = 4_000  # events worked on at a time; bounds memory, changes nothing else

_ERROR_WIDTH = 0.25  # of the logistic chance of being wrong
_ONSET_WIDTH = 0.15
_LARGEST_CONFIDENCE = 0.999


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
        Wrong by error; turned over by a reversed station.
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
    for start in range(0, events.keys.size, _PIECE):
        part = slice(start, min(start + _PIECE, events.keys.size))
        offered = _offer_readings(events, part, stations, tables, options)
        chosen = choose_readings(
            offered.first, offered.score - levels.read / READ_WIDTH, offered.minimum
        )
        pieces.append(
            (
                offered.event[chosen] + start,
                offered.station[chosen],
                offered.azimuth[chosen],
                offered.takeoff[chosen],
                offered.distance[chosen],
                offered.time[chosen],
                offered.radiation[chosen],
                offered.amplitude[chosen],
                offered.clearness[chosen],
            )
        )
    if pieces:
        columns = [np.concatenate(c) for c in zip(*pieces, strict=True)]
    else:
        columns = [np.empty(0, np.int64)] * 2 + [np.empty(0)] * 7
    return _read(events, stations, options, levels, *columns)


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
    for start in range(0, _PILOT_EVENTS, _PIECE):
        part = slice(start, start + _PIECE)
        offered = _offer_readings(pilot, part, stations, tables, options)
        firsts.append(offered.first[1:] + firsts[-1][-1])
        scores.append(offered.score)
        minima.append(offered.minimum)
        clearness.append(offered.clearness)
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
        floor = _error_floor(options)
        wrong = _bisect(
            lambda level: -float(np.mean(_error_probability(clear, level, floor))),
            -options.error_rate,
        )
    impulsive = float(np.quantile(clear, options.emergent_fraction))
    return ReadingLevels(float(read), float(wrong), impulsive)


@dataclass(frozen=True)
class _Offered:
    """All pairs of events and stations near enough; events have consecutive pairs."""

    first: NDArray[np.int64]
    event: NDArray[np.int64]
    station: NDArray[np.int64]
    distance: Floats
    azimuth: Floats
    takeoff: Floats
    time: Floats
    radiation: Floats
    amplitude: Floats
    clearness: Floats
    score: Floats
    minimum: NDArray[np.int64]


def _offer_readings(
    events: SimulatedEvents,
    part: slice,
    stations: SimulatedStations,
    tables: TableStack,
    options: SimulationOptions,
) -> _Offered:
    lon, lat = stations.stations["longitude"], stations.stations["latitude"]
    order = np.argsort(lat, kind="stable")
    origin = events.events["origin_time"][part].astype(np.int64)
    begin = np.where(
        np.isnat(stations.stations["start_time"]),
        np.iinfo(np.int64).min,
        stations.stations["start_time"].astype(np.int64),
    )
    depth = events.true_depth_km[part]
    first, station, distance, azimuth = find_pairs(
        events.true_longitude[part],
        events.true_latitude[part],
        origin,
        lon[order],
        lat[order],
        begin[order],
        order,
        options.maximum_distance_km,
    )
    event = np.repeat(np.arange(first.size - 1), np.diff(first))
    takeoff, time = lookup(tables, 0, depth[event], distance)
    radiation, amplitude, clearness, score, minimum = compute_amplitudes(
        first,
        station,
        events.source_keys[part],
        stations.keys,
        events.events["magnitude"][part],
        depth,
        events.normal[part],
        events.slip[part],
        stations.quietness,
        distance,
        azimuth,
        takeoff,
        options.attenuation_exponent,
        options.attenuation_per_km,
        options.minimum_polarities,
        options.selected_fraction,
    )
    return _Offered(
        first, event, station, distance, azimuth, takeoff, time, radiation, amplitude, clearness,
        score, minimum,
    )  # fmt: skip


def _read(
    events: SimulatedEvents,
    stations: SimulatedStations,
    options: SimulationOptions,
    levels: ReadingLevels,
    event: NDArray[np.int64],
    station: NDArray[np.int64],
    azimuth: Floats,
    takeoff: Floats,
    distance: Floats,
    time: Floats,
    radiation: Floats,
    amplitude: Floats,
    clearness: Floats,
) -> SimulatedReadings:
    error = np.zeros(event.size)
    if options.error_rate > 0.0:
        error = _error_probability(clearness, levels.wrong, _error_floor(options))
    origin = events.events["origin_time"]
    is_reversed = _is_reversed(origin, stations, event, station)
    draws = draw_readings(events.keys, stations.keys, event, station)
    is_wrong = draws[:, 0] < error
    polarity = np.where((radiation >= 0.0) ^ is_wrong ^ is_reversed, 1, -1).astype(np.int8)
    right = 1.0 - np.maximum(error, 1.0 - _LARGEST_CONFIDENCE)
    odds = (right / (1.0 - right)) ** options.confidence_scale
    stated = np.clip(odds / (1.0 + odds), 1.0 - _LARGEST_CONFIDENCE, _LARGEST_CONFIDENCE)
    impulsive = draws[:, 1] < 1.0 / (1.0 + np.exp((levels.impulsive - clearness) / _ONSET_WIDTH))
    weight = np.digitize(error, [0.04, 0.12, 0.3]).astype(np.int8)
    vague = 1.0 + 3.0 / (1.0 + np.exp((clearness - levels.impulsive) / _ONSET_WIDTH))
    delay = time + options.pick_error_s * vague * draws[:, 2]
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
        polarities["azimuth_deg"] = azimuth
        polarities["takeoff_deg"] = takeoff
        polarities["distance_km"] = distance
    amplitudes = _simulate_amplitudes(
        events, stations, options, levels, event, station, azimuth, takeoff, radiation, amplitude,
        draws,
    )  # fmt: skip
    return SimulatedReadings(
        polarities,
        amplitudes,
        event,
        station,
        azimuth,
        takeoff,
        distance,
        radiation,
        error,
        time,
        amplitude - levels.read,
        is_wrong,
        is_reversed,
    )


def _simulate_amplitudes(
    events: SimulatedEvents,
    stations: SimulatedStations,
    options: SimulationOptions,
    levels: ReadingLevels,
    event: NDArray[np.int64],
    station: NDArray[np.int64],
    azimuth: Floats,
    takeoff: Floats,
    radiation: Floats,
    amplitude: Floats,
    draws: Floats,
) -> dict[str, Any]:
    """P and S amplitudes with S/P = 4.9 |F_S|/|F_P| (Vp/Vs = 1.7), times their scatter."""
    has = draws[:, 3] < options.amplitude_fraction
    event, station = event[has], station[has]
    radiation, draws = np.abs(radiation[has]), draws[has]
    shear = shear_radiation(events.normal, events.slip, event, azimuth[has], takeoff[has])
    floor = SMALLEST_RADIATION
    # Amplitude of a station in the middle of a P lobe, ten times the noise where half are read.
    full = amplitude[has] - levels.read
    noise = 10.0 ** (-stations.quietness[station])
    lobe = 10.0 * noise * 10.0**full
    scatter = options.amplitude_scatter
    correction = stations.sp_corrections["sp_log_correction"][station]
    return {
        "event_id": events.events["event_id"][event],
        "network": stations.stations["network"][station],
        "station": stations.stations["station"][station],
        "p_noise": noise,
        "p_amplitude": lobe * np.maximum(radiation, floor) * 10.0 ** (scatter * draws[:, 4]),
        "s_noise": 2.0 * noise,
        "s_amplitude": 4.9
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


def _error_floor(options: SimulationOptions) -> float:
    """Error rate of the clearest readings."""
    return min(0.02, 0.25 * options.error_rate)


def _error_probability(clearness: Floats, level: float, floor: float) -> Floats:
    return floor + (0.5 - floor) / (1.0 + np.exp((clearness - level) / _ERROR_WIDTH))


def _bisect(function: Any, target: float) -> float:
    """Argument at which a decreasing function has a value."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if function(middle) > target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
