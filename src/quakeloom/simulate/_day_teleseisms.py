"""Noise-free ground motion of far earthquakes: P, PP, S and surface waves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth, random_stream
from quakeloom.simulate._day_sources import DaySources
from quakeloom.simulate._day_stations import DayStations
from quakeloom.simulate._seismogram_parameters import draw_record_parameters
from quakeloom.simulate._seismograms import receiver_response

Floats = NDArray[np.float64]

LENGTH_S = 4096
"""Length of a record from the origin on, s; surface waves of 90 degrees have passed then."""

_FADE_S = 200
"""A record swells and fades over so many seconds; P comes after six minutes and more."""

_HIGHEST_HZ = 4.0
"""Frequencies above are left out: nothing comes through the mantle there."""

_T_STAR_S = {"P": 0.7, "PP": 1.4, "S": 3.0}
"""Attenuation t* of paths through the mantle, s (Anderson & Hart 1978: 1 s of P and 4 s of S at
long periods; less at short ones)."""

_SIZE = {"P": 1.0, "PP": 0.5, "S": 2.0}
"""Amplitude over that of P before attenuation; chosen here."""

_DEG_KM = 111.19
"""Kilometers of a degree."""

TELESEISMIC_PHASES = ("P", "PP", "S")
"""Phases of :class:`TeleseismTimes`, in order."""


@dataclass(frozen=True)
class TeleseismTimes:
    """Travel times of far earthquakes at the depth of :mod:`_day_sources`.

    Attributes
    ----------
    distance_deg : ndarray, shape (n,)
        Increasing.
    time_s : ndarray, shape (3, n)
        Of P, PP and S.
    """

    distance_deg: Floats
    time_s: Floats

    def at(self, distance_deg: float) -> dict[str, float]:
        """Return times by phase, s."""
        return {
            phase: float(np.interp(distance_deg, self.distance_deg, row))
            for phase, row in zip(TELESEISMIC_PHASES, self.time_s, strict=True)
        }


@dataclass(frozen=True)
class TeleseismRecord:
    """A far earthquake at one station, without noise.

    Attributes
    ----------
    first : int
        Sample from 1970 of the first one.
    ground : ndarray of float32, shape (3, samples)
        Ground velocity in m/s through the seismometer, components Z, N, E.
    arrival_ns : dict of int
        Nanoseconds from 1970, by phase.
    """

    first: int
    ground: NDArray[np.float32]
    arrival_ns: dict[str, int]


def record_teleseism(
    sources: DaySources,
    row: int,
    times: TeleseismTimes,
    stations: DayStations,
    station: int,
    rate: int,
    seed: int,
) -> TeleseismRecord:
    """Make the record of a far earthquake at a station.

    P has the amplitude of its magnitude (log10 A/T = m - 6.6 - 0.01 (d - 30) for A in micrometers;
    about Gutenberg & Richter 1956), surface waves that of ``log10 A/T = M - 1.66 log10 d - 3.3``
    (Vanek et al. 1962), with Rayleigh waves on Z and R from 3.0 (15 s) to 3.8 km/s (60 s and more)
    and Love waves somewhat faster. Below 4 Hz; travel times hold for sea level.

    Returns
    -------
    TeleseismRecord
        A function of source, station and seed alone.
    """
    name = str(sources.event_id[row])
    lon, lat = (float(stations.table[n][station]) for n in ("longitude", "latitude"))
    away, back = distance_azimuth(lon, lat, sources.longitude[row], sources.latitude[row])
    degrees, distance = float(away) / _DEG_KM, float(away)
    first, rest = divmod(int(sources.origin_ns[row]) * rate, 1_000_000_000)
    late = rest / rate / 1e9
    arrivals = times.at(degrees)
    length = LENGTH_S * rate
    count = int(_HIGHEST_HZ * LENGTH_S)
    f = np.arange(count) / LENGTH_S
    random = random_stream(seed, "day teleseism", name)
    magnitude = float(sources.magnitude[row])
    body = _source_spectrum(random, magnitude, f)
    radial_share = 0.35
    vertical, radial, transverse = (np.zeros(count, np.complex128) for _ in range(3))
    level = 2e-6 * np.pi * 10.0 ** (magnitude - 6.6 - 0.01 * (degrees - 30.0))
    for phase in TELESEISMIC_PHASES:
        wave = _SIZE[phase] * body * _attenuation(f, _T_STAR_S[phase])
        wave = wave * np.exp(-2j * np.pi * f * (arrivals[phase] + late))
        if phase == "S":
            radial += 0.6 * wave
            transverse += wave
            vertical += 0.2 * wave
        else:
            vertical += wave
            radial += radial_share * wave
    # the level is that of P after its attenuation
    alone = body * _attenuation(f, _T_STAR_S["P"])
    scale = level / max(float(np.abs(scipy.fft.irfft(alone, 2 * count)).max()) * count, 1e-300)
    rayleigh, love = (
        _surface_wave(random, f, distance, late, magnitude, degrees, faster)
        for faster in (1.0, 1.12)
    )
    vertical = scale * vertical + rayleigh
    radial = scale * radial + 0.75j * rayleigh
    transverse = scale * transverse + 1.2 * love
    azimuth = np.radians(float(back) + 180.0)
    north = radial * np.cos(azimuth) - transverse * np.sin(azimuth)
    east = radial * np.sin(azimuth) + transverse * np.cos(azimuth)
    spectrum = np.stack([vertical, north, east])
    p = draw_record_parameters(stations.keys[station : station + 1]).with_values(
        instrument=stations.instrument[station : station + 1],
        lowpass_hz=np.array([stations.lowpass_hz]), is_linear_phase=np.ones(1, bool),
        highpass_hz=np.zeros(1),
    )  # fmt: skip
    spectrum *= receiver_response(p, f, float(rate))
    padded = np.zeros((3, length // 2 + 1), np.complex128)
    padded[:, :count] = spectrum * (0.5 * length)
    ground = scipy.fft.irfft(padded, length, axis=-1)
    fade = _FADE_S * rate
    ramp = np.sin(0.5 * np.pi * np.arange(fade) / fade) ** 2
    ground[:, :fade] *= ramp
    ground[:, length - fade :] *= ramp[::-1]
    origin = int(sources.origin_ns[row])
    return TeleseismRecord(
        int(first),
        ground.astype(np.float32),
        {phase: origin + round(t * 1e9) for phase, t in arrivals.items()},
    )


def _source_spectrum(
    random: np.random.Generator, magnitude: float, f: Floats
) -> NDArray[np.complex128]:
    """Spectrum of the velocity of P: several subevents, and a coda of reflections above."""
    corner = 0.25 * 10.0 ** (-(magnitude - 6.0) / 3.0)
    duration = 1.0 / corner
    spectrum = np.zeros(f.size, np.complex128)
    for k in range(6):
        at = 0.0 if k == 0 else 2.0 * duration * random.random()
        spectrum += (0.3 + random.random()) * np.exp(-2j * np.pi * f * at)
    for _ in range(60):
        at = 3.0 + 90.0 * random.random()
        size = 0.35 * np.exp(-at / 40.0) * random.standard_normal()
        spectrum += size * np.exp(-2j * np.pi * f * at)
    s = 2j * np.pi * f
    pulse = s / (1.0 + s / (2.0 * np.pi * corner)) ** 2
    return np.asarray(spectrum * pulse)


def _attenuation(f: Floats, t_star_s: float) -> NDArray[np.complex128]:
    """Two relaxations with the loss of ``exp(-pi f t*)`` where that is 1/3, which are causal."""
    at_hz = 1.1 / (np.pi * t_star_s)
    relaxation = np.sqrt(np.expm1(1.1)) / (2.0 * np.pi * at_hz)
    taper = np.clip((_HIGHEST_HZ - f) / (0.5 * _HIGHEST_HZ), 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * taper) ** 2 / (1.0 + 2j * np.pi * f * relaxation) ** 2)


def _surface_wave(
    random: np.random.Generator,
    f: Floats,
    distance_km: float,
    late: float,
    magnitude: float,
    degrees: float,
    faster: float,
) -> NDArray[np.complex128]:
    """Spectrum of a dispersed train of surface waves, m/s on a grid of frequencies."""
    period = 1.0 / np.maximum(f, f[1])
    velocity = faster * np.interp(period, [8.0, 15.0, 25.0, 60.0, 200.0], [2.9, 3.0, 3.4, 3.8, 3.8])
    delay = distance_km / velocity + late
    phase = -2.0 * np.pi * np.cumsum(delay) * (f[1] - f[0])
    shape = np.exp(-0.5 * (np.log(np.maximum(f, f[1]) / 0.05) / 0.45) ** 2)
    rough = np.convolve(random.standard_normal(f.size), np.ones(41) / 6.4, "same")
    shape = shape * (1.0 + 0.25 * rough)
    wave = shape * np.exp(1j * (phase + 2.0 * np.pi * random.random()))
    motion = scipy.fft.irfft(wave, 2 * f.size)
    # the kinks of the velocities send something ahead; P must stand alone
    time = np.arange(motion.size) / (2.0 * _HIGHEST_HZ)
    first = distance_km / (1.1 * float(velocity.max()))
    motion *= np.clip((time - first) / 100.0 + 1.0, 0.0, 1.0)
    wave = scipy.fft.rfft(motion)[: f.size]
    peak = float(np.abs(motion).max()) * f.size
    # A / T in micrometers a second makes 2 pi of it of velocity
    level = 2e-6 * np.pi * 10.0 ** (magnitude - 1.66 * np.log10(degrees) - 3.3)
    return np.asarray(wave * (level / max(peak, 1e-300)))
