"""The records behind the readings of a simulated catalog."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.simulate._catalog import SimulatedEvents
from quakeloom.simulate._counted_random import pair_key
from quakeloom.simulate._readings import SimulatedReadings
from quakeloom.simulate._seismogram_parameters import (
    RecordParameters,
    draw_record_parameters,
    radiate,
)
from quakeloom.simulate._seismograms import SimulatedSeismograms, simulate_seismograms
from quakeloom.simulate._stations import SimulatedStations

_OF_STATION = (
    "layer_time_s",
    "layer_reflection",
    "instrument",
    "lowpass_hz",
    "is_linear_phase",
    "highpass_hz",
    "noise_slope",
    "noise_microseism",
    "noise_cultural",
    "noise_cultural_hz",
    "noise_line",
    "noise_line_hz",
    "noise_model",
    "noise_floor",
)
"""Parameters of records that belong to the station: what is below it and what records."""

_LEVEL_SNR = 10.0
"""Signal-to-noise ratio of P off nodal planes where half of the stations read it; chosen here, as
in the amplitudes of readings."""

_NODAL = 0.15
"""Radiation that scattered waves leave at a nodal station within the first second, share of the
largest; chosen here."""

_CORNER_HZ_M2 = 12.0
"""Corner frequency of P at magnitude 2, Hz; chosen here: a circular crack with a stress
drop of somewhat less than 1 MPa."""

_QUALITY_FACTOR = 350.0
"""Quality factor of P along the whole path; chosen here, ordinary for the crust."""

_SITE_T_STAR_S = 0.004
"""Attenuation t* of the ground below a station, s; chosen here, the quality factor adds to it."""

_STREAM = 41
"""Number that sets the streams of records apart from those of readings of the same pair."""


def describe_records(
    events: SimulatedEvents,
    stations: SimulatedStations,
    readings: SimulatedReadings,
    p_time_s: float,
    vp_vs_ratio: float = 1.73,
) -> RecordParameters:
    """Return what the records of a catalog's readings are made from.

    Radiation and travel times are those of the readings; corner frequencies follow the
    magnitude at constant stress drop (``10^(-M/3)``); instrument, noise and topmost layer
    belong to the station, scattering to the pair of event and station.

    Parameters
    ----------
    events, stations, readings
        As simulated together.
    p_time_s : float
        P arrives this long after the start of every record.
    vp_vs_ratio : float
        For S.

    Returns
    -------
    RecordParameters
        One record per reading.
    """
    pairs = readings.event_index, readings.station_index
    keys = _pair_keys(events.source_keys, stations.keys, *pairs)
    own = draw_record_parameters(keys, p_time_s=(p_time_s, p_time_s))
    site = draw_record_parameters(stations.keys).take(readings.station_index)
    azimuth = np.radians(readings.true_azimuth_deg)
    takeoff = np.radians(readings.true_takeoff_deg)
    p, sv, sh = radiate(
        events.normal[readings.event_index], events.slip[readings.event_index], azimuth, takeoff
    )
    magnitude = np.asarray(events.events["magnitude"], dtype=float)[readings.event_index]
    corner = _CORNER_HZ_M2 * 10.0 ** (-(magnitude - 2.0) / 3.0)
    t_star = _SITE_T_STAR_S + readings.travel_time_s / _QUALITY_FACTOR
    none = np.zeros(keys.size)
    s_minus_p = (vp_vs_ratio - 1.0) * readings.travel_time_s
    # Widths and delays were drawn for an S - P time of the record's own, and grow with it as
    # the functions of draw_record_parameters do.
    further = s_minus_p / (own.s_time_s - own.p_time_s)
    return own.with_values(
        **{name: getattr(site, name) for name in _OF_STATION},
        s_time_s=p_time_s + s_minus_p,
        coda_rise_s=own.coda_rise_s * np.sqrt(further),
        coda_time_s=own.coda_time_s * further**0.8,
        split_delay_s=own.split_delay_s * np.minimum(further, 1.0),
        p_radiation=p,
        later_p_radiation=p,
        sv_radiation=sv,
        sh_radiation=sh,
        back_azimuth_deg=(readings.true_azimuth_deg + 180.0) % 360.0,
        head_delay_s=none,
        head_strength=none + 1.0,
        corner_hz=np.clip(corner, 1.0, 40.0),
        t_star_p_s=t_star,
        t_star_s_s=1.5 * t_star,
        snr=_LEVEL_SNR * 10.0**readings.strength * np.maximum(np.abs(p), _NODAL),
    )


def simulate_records(
    events: SimulatedEvents,
    stations: SimulatedStations,
    readings: SimulatedReadings,
    parameters: RecordParameters,
    rows: slice,
    samples: int,
    sampling_rate_hz: float = 100.0,
) -> SimulatedSeismograms:
    """Simulate records of a catalog; those of repeating earthquakes differ in their noise.

    Parameters
    ----------
    events, stations, readings
        As simulated together.
    parameters : RecordParameters
        From :func:`describe_records`.
    rows : slice
        Readings to simulate.
    samples : int
    sampling_rate_hz : float

    Returns
    -------
    SimulatedSeismograms
    """
    described = parameters.take(rows)
    made = simulate_seismograms(described, samples, sampling_rate_hz)
    event, station = readings.event_index[rows], readings.station_index[rows]
    again = np.flatnonzero(events.source_keys[event] != events.keys[event])
    if again.size:
        # Repeated events must scatter alike but not share their noise, and scattering and noise
        # come from one stream: take the noise off, as a record without a signal, and add other.
        silent = described.take(again).with_values(snr=np.zeros(again.size))
        own = _pair_keys(events.keys, stations.keys, event[again], station[again])
        for keys, sign in ((silent.keys, -1.0), (own, 1.0)):
            noise = simulate_seismograms(silent.with_values(keys=keys), samples, sampling_rate_hz)
            made.data[again] += np.float32(sign) * noise.data
    return made


@compiled()
def _pair_keys(
    event_keys: NDArray[np.uint64],
    station_keys: NDArray[np.uint64],
    event: NDArray[np.int64],
    station: NDArray[np.int64],
) -> NDArray[np.uint64]:
    """Streams of the records of events at stations."""
    out = np.empty(event.size, np.uint64)
    for i in range(event.size):
        pair = pair_key(event_keys[event[i]], station_keys[station[i]])
        out[i] = pair_key(pair, np.uint64(_STREAM))
    return out


def record_starts(
    origin_time: NDArray[np.datetime64], travel_time_s: NDArray[np.float64], p_time_s: float
) -> NDArray[np.int64]:
    """Return when records start, in nanoseconds, so that P arrives ``p_time_s`` after it."""
    before = np.round((travel_time_s - p_time_s) * 1e9).astype(np.int64)
    return np.asarray(origin_time.astype("datetime64[ns]").astype(np.int64) + before)
