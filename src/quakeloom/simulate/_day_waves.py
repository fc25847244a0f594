"""Noise-free ground motion of one source at one station, scaled to its local magnitude.

Earthquakes are the impulses and scattered waves of :func:`simulate_seismograms` without its
noise. Tremor is a train of low-frequency earthquakes along the same path; a blast pushes in
all directions and sends a surface wave of short period (Rg).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from quakeloom.core import random_stream, string_keys
from quakeloom.simulate._arrival_kernels import place_arrivals
from quakeloom.simulate._day_sources import DaySources
from quakeloom.simulate._day_stations import DayStations
from quakeloom.simulate._seismogram_kernels import path_response
from quakeloom.simulate._seismogram_parameters import (
    RecordParameters,
    draw_record_parameters,
    radiate,
)
from quakeloom.simulate._seismograms import describe_arrivals, receiver_response
from quakeloom.simulate._wood_anderson import log_amplitude_of, wood_anderson_response

Floats = NDArray[np.float64]

BEFORE_P_S = 5.0
"""A record begins so long before P, s; chosen here, so that filters that ring early fit in."""

_TAIL_S = 25.0
"""What is made after S of a magnitude of 0, s; ten times longer for four units more. Chosen here:
the coda has then sunk into the noise."""

_ABSORBED_S = 25.0
"""Time in which absorption takes the amplitude of the coda down to 1/e, s: about Qc / (pi f) with
Qc = 100 f^0.8 from 1 to 20 Hz (Aki & Chouet 1975 and many after them)."""

_MOST_TAIL_S = 300.0
"""At most, s; chosen here."""

_FADE = 0.25
"""Last part of a record in which it fades to nothing; chosen here, so that no end is seen."""

_CORNER_HZ_M2 = 12.0
"""Corner frequency of P at magnitude 2, Hz; as of the records of catalogs."""

_QUALITY_FACTOR = 350.0
"""Of P along the path; as of the records of catalogs."""

_SITE_T_STAR_S = 0.004
"""Attenuation t* below a station, s; as of the records of catalogs."""

_S_CORNER = 1.5
"""Corner frequency of P over that of S."""

_LOW_FREQUENCY_HZ = (2.0, 4.0)
"""Corner frequencies of low-frequency earthquakes (METHODS of Shelly et al. 2007: they lack what is
above some Hz); an ordinary one of that size has 30 Hz."""

_TREMOR_P = 0.2
"""P of tremor and of low-frequency earthquakes over that of a double couple: S dominates."""

_TREMOR_S = (20.0, 110.0)
"""Length of a burst of tremor, s."""

_TREMOR_EVENTS = (20, 400)
"""Low-frequency earthquakes of a burst."""

_BLAST_SV, _BLAST_SH = 0.22, 0.1
"""S of a blast over its P radiation; chosen here: far less than that of a double couple."""

_BLAST_HZ = 8.0
"""Corner frequency of a blast, Hz; chosen here: many small charges, not one large."""

_RG_HZ = 1.2
"""Middle of the spectrum of Rg, Hz; chosen here."""

_RG_Q = 60.0
"""Quality factor of Rg, which runs through the weathered kilometers on top; chosen here."""

_RG_STRENGTH = 2.5
"""Rg over the largest body wave at 10 km; chosen here."""

_BODY_WINDOW_S, _LEAST_WINDOW_S = 0.3, 3.0
"""The amplitude of a magnitude is the peak until this share of S - P, and 3 s at least, after S."""


@dataclass(frozen=True)
class Paths:
    """Ways from sources to one station, one value per source.

    Attributes
    ----------
    distance_km, azimuth_deg : ndarray
        Epicentral distance, and azimuth from the source to the station.
    takeoff_deg : ndarray
        Of P.
    p_time_s, s_time_s : ndarray
        Travel times.
    """

    distance_km: Floats
    azimuth_deg: Floats
    takeoff_deg: Floats
    p_time_s: Floats
    s_time_s: Floats


@dataclass(frozen=True)
class SourceRecord:
    """One source at one station, without noise.

    Attributes
    ----------
    first : int
        Sample from 1970 of the first one.
    ground : ndarray of float32, shape (3, samples)
        Ground velocity in m/s through the seismometer, components Z, N, E.
    p_ns, s_ns : int
        Arrivals, nanoseconds from 1970.
    amplitude_mm : float
        Of a Wood-Anderson seismometer, zero to peak, mean of the horizontals.
    """

    first: int
    ground: NDArray[np.float32]
    p_ns: int
    s_ns: int
    amplitude_mm: float


def source_durations(sources: DaySources, seed: int) -> Floats:
    """Return the lengths of bursts of tremor, s; 0 of all other sources."""
    return np.array(
        [
            _burst_length(random_stream(seed, "day waves", str(name))) if kind == "tremor" else 0.0
            for name, kind in zip(sources.event_id, sources.source_class, strict=True)
        ]
    )


def _burst_length(random: np.random.Generator) -> float:
    return float(_TREMOR_S[0] + (_TREMOR_S[1] - _TREMOR_S[0]) * random.random())


def describe_sources(
    sources: DaySources, paths: Paths, stations: DayStations, station: int, seed: int
) -> RecordParameters:
    """Return what the records of sources at one station are made from."""
    code = stations.name(station)
    keys = string_keys([f"{e} at {code}" for e in sources.event_id], seed)
    p_time = np.full(sources.count, BEFORE_P_S)
    s_minus_p = paths.s_time_s - paths.p_time_s
    own = draw_record_parameters(keys)
    site = draw_record_parameters(np.repeat(stations.keys[station], sources.count))
    azimuth, takeoff = np.radians(paths.azimuth_deg), np.radians(paths.takeoff_deg)
    p, sv, sh = (np.nan_to_num(x) for x in radiate(sources.normal, sources.slip, azimuth, takeoff))
    corner = np.clip(_CORNER_HZ_M2 * 10.0 ** (-(sources.magnitude - 2.0) / 3.0), 1.0, 40.0)
    blast = sources.source_class == "blast"
    slow = np.isin(sources.source_class, ("tremor", "low_frequency"))
    span = _LOW_FREQUENCY_HZ[1] - _LOW_FREQUENCY_HZ[0]
    low = [_LOW_FREQUENCY_HZ[0] + span * _share(seed, "corner", e) for e in sources.event_id]
    corner = np.where(slow, np.asarray(low), np.where(blast, _BLAST_HZ, corner))
    p = np.where(blast, 1.0, np.where(slow, _TREMOR_P * p, p))
    sv = np.where(blast, _BLAST_SV, sv)
    sh = np.where(blast, _BLAST_SH, sh)
    t_star = _SITE_T_STAR_S + paths.p_time_s / _QUALITY_FACTOR
    further = np.maximum(s_minus_p, 0.1) / (own.s_time_s - own.p_time_s)
    none = np.zeros(sources.count)
    return own.with_values(
        layer_time_s=site.layer_time_s,
        layer_reflection=site.layer_reflection,
        s_gain=site.s_gain,
        instrument=np.repeat(stations.instrument[station], sources.count),
        lowpass_hz=none + stations.lowpass_hz,
        is_linear_phase=np.ones(sources.count, bool),
        highpass_hz=none,
        p_time_s=p_time,
        s_time_s=p_time + s_minus_p,
        coda_rise_s=own.coda_rise_s * np.sqrt(further),
        coda_time_s=own.coda_time_s * further**0.8,
        split_delay_s=own.split_delay_s * np.minimum(further, 1.0),
        subevents=np.where(blast | slow, 0, own.subevents),
        p_radiation=p,
        later_p_radiation=p,
        sv_radiation=sv,
        sh_radiation=sh,
        back_azimuth_deg=(paths.azimuth_deg + 180.0) % 360.0,
        head_delay_s=none,
        head_strength=none + 1.0,
        corner_hz=corner,
        t_star_p_s=t_star,
        t_star_s_s=1.5 * t_star,
    )


def record_source(
    sources: DaySources,
    paths: Paths,
    parameters: RecordParameters,
    row: int,
    rate: int,
    level: float,
    seed: int,
) -> SourceRecord:
    """Make the record of one source.

    Parameters
    ----------
    sources, paths, parameters
        Of one station, as of :func:`describe_sources`.
    row : int
    rate : int
        Sampling rate, Hz.
    level : float
        log10 of the factor on the amplitude that magnitude and distance mean: the term of
        the station, and scatter.
    seed : int

    Returns
    -------
    SourceRecord
        A function of the source, the station and the seed alone.
    """
    name = str(sources.event_id[row])
    kind = str(sources.source_class[row])
    magnitude = float(sources.magnitude[row])
    random = random_stream(seed, "day waves", name)
    train_s = _burst_length(random) if kind == "tremor" else 0.0
    # P lies between samples: the record begins on one
    p_ns = int(sources.origin_ns[row]) + round(float(paths.p_time_s[row]) * 1e9)
    s_ns = int(sources.origin_ns[row]) + round(float(paths.s_time_s[row]) * 1e9)
    begin = p_ns - round(BEFORE_P_S * 1e9)
    first, rest = divmod(begin * rate, 1_000_000_000)
    late = rest / rate / 1e9
    p = parameters.take(slice(row, row + 1))
    p = p.with_values(p_time_s=p.p_time_s + late, s_time_s=p.s_time_s + late)
    tail = min(_TAIL_S * 10.0 ** (0.25 * magnitude), _MOST_TAIL_S) + train_s
    samples = int((float(p.s_time_s[0]) + tail) * rate)
    length = scipy.fft.next_fast_len(samples + 10 * rate, real=True)
    frequency = np.asarray(np.fft.rfftfreq(length, 1.0 / rate), float)
    # what a train of sources repeats later must not come back at the beginning
    spectrum = _ground_spectrum(p, rate, samples - int(train_s * rate), length, frequency)
    if kind == "tremor":
        spectrum = spectrum * _tremor_spectrum(random, train_s, rate, length)
    elif kind == "blast":
        spectrum = spectrum * _ripple_spectrum(random, frequency)
        spectrum = spectrum + _rg_spectrum(p, float(paths.distance_km[row]), frequency, spectrum)
    away = np.radians(float(p.back_azimuth_deg[0]) + 180.0)
    radial, transverse = spectrum[1].copy(), spectrum[2].copy()
    spectrum[1] = radial * np.cos(away) - transverse * np.sin(away)
    spectrum[2] = radial * np.sin(away) + transverse * np.cos(away)
    drawn = scipy.fft.irfft(spectrum[1:] * wood_anderson_response(frequency), length, axis=-1)
    end = (
        s_ns
        - begin
        + round(1e9 * (max(_LEAST_WINDOW_S, _BODY_WINDOW_S * (s_ns - p_ns) / 1e9) + train_s))
    )
    window = np.abs(drawn[:, : min(max(int(end * rate / 1e9), 1), samples)])
    amplitude = float(window.max(axis=1).mean())
    depth = float(sources.depth_km[row])
    r = float(np.hypot(paths.distance_km[row], depth))
    wanted = 10.0 ** (float(log_amplitude_of(magnitude, r)) + level)
    response = receiver_response(p, frequency, float(rate))
    ground = scipy.fft.irfft(spectrum * response, length, axis=-1)[:, :samples]
    ground *= wanted / max(amplitude, 1e-300)
    fade = int(_FADE * samples)
    ground[:, samples - fade :] *= np.cos(0.5 * np.pi * np.arange(fade) / fade) ** 2
    return SourceRecord(int(first), ground.astype(np.float32), p_ns, s_ns, wanted)


def _ground_spectrum(
    p: RecordParameters, rate: int, samples: int, length: int, frequency: Floats
) -> NDArray[np.complex128]:
    """Spectra of vertical, radial and transverse ground velocity."""
    p_train, s_train = np.zeros((1, 3, length)), np.zeros((1, 3, length))
    place_arrivals(*describe_arrivals(p), float(rate), p_train, s_train)
    # scattered waves are absorbed on their way, not only spread
    late = np.maximum(np.arange(length) / rate - float(p.s_time_s[0]), 0.0)
    p_train *= np.exp(-late / _ABSORBED_S)
    s_train *= np.exp(-late / _ABSORBED_S)
    p_train[:, :, samples:] = 0.0
    s_train[:, :, samples:] = 0.0
    corner = p.corner_hz * p.directivity
    path = (p.attenuation_order, p.layer_time_s, p.layer_reflection)
    p_filter = path_response(frequency, corner, p.falloff, p.t_star_p_s, *path)
    s_filter = path_response(frequency, corner / _S_CORNER, p.falloff, p.t_star_s_s, *path)
    spectrum: NDArray[np.complex128] = (
        scipy.fft.rfft(p_train[0], axis=-1) * p_filter
        + scipy.fft.rfft(s_train[0], axis=-1) * s_filter
    )
    return spectrum


def _tremor_spectrum(
    random: np.random.Generator, length_s: float, rate: int, length: int
) -> NDArray[np.complex128]:
    """Many low-frequency earthquakes one after the other, their size a random walk."""
    low, high = _TREMOR_EVENTS
    count = round(low * (high / low) ** random.random())
    time = np.sort(length_s * random.random(count))
    time -= time[0]
    walk = np.cumsum(random.standard_normal(count)) * np.sqrt(1.0 / count)
    swell = np.sin(np.pi * (time + 0.02 * length_s) / (1.04 * length_s))
    size = swell * np.exp(walk - walk.max()) * np.sign(random.random(count) - 0.2)
    train = np.zeros(length)
    np.add.at(train, np.round(time * rate).astype(np.int64), size)
    return np.asarray(scipy.fft.rfft(train))


def _ripple_spectrum(random: np.random.Generator, frequency: Floats) -> NDArray[np.complex128]:
    """Charges fired one after the other, as quarries do to shake their neighbors less."""
    count = int(random.integers(4, 16))
    time = random.uniform(0.017, 0.042) * np.arange(count)
    time[1:] += 0.002 * random.standard_normal(count - 1)
    total = np.zeros(frequency.size, np.complex128)
    for t in time:
        total += np.exp(-2j * np.pi * frequency * t)
    return total


def _rg_spectrum(
    p: RecordParameters, distance_km: float, frequency: Floats, body: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    """Spectra of Rg: dispersed, retrograde, from the origin on; the low frequencies run ahead."""
    f = np.maximum(frequency, frequency[1])
    # group velocity falls from 3 km/s at long periods to 1.7 km/s
    velocity = 1.7 + 1.3 / (1.0 + (f / _RG_HZ) ** 2)
    # P comes at 5 s of the record, and left the source its travel time before
    p_time = distance_km / 6.0
    delay = float(p.p_time_s[0]) - p_time + distance_km / velocity
    phase = -2.0 * np.pi * np.cumsum(delay) * (frequency[1] - frequency[0])
    shape = np.exp(-0.5 * (np.log(f / _RG_HZ) / 0.5) ** 2)
    shape = shape * np.exp(-np.pi * f * distance_km / velocity / _RG_Q)
    wave = shape * np.exp(1j * phase)
    length = 2 * (frequency.size - 1)
    largest = np.abs(scipy.fft.irfft(body[0], length)).max()
    own = np.abs(scipy.fft.irfft(np.exp(-0.5 * (np.log(f / _RG_HZ) / 0.5) ** 2) + 0j, length)).max()
    wave *= _RG_STRENGTH * largest / max(own, 1e-300) * np.sqrt(10.0 / max(distance_km, 3.0))
    spectra: NDArray[np.complex128] = np.stack([wave, 0.7j * wave, 0.0 * wave])
    return spectra


def _share(seed: int, *names: str) -> float:
    return float(random_stream(seed, "day waves", *names).random())
