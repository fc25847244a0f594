"""What makes a record of ground motion: source, path, site, instrument, noise.

Every quantity is an array with one value per record. :func:`draw_record_parameters` draws
them as widely as local networks see them, for training; a catalog gives its own
(:func:`quakeloom.simulate.describe_records`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.simulate._counted_random import Draws, uniform_rows

Floats = NDArray[np.float64]

INSTRUMENTS = ("short_period_1hz", "short_period_2hz", "geophone", "broadband", "accelerometer")
"""Kinds of seismometers; :attr:`RecordParameters.instrument` counts in this order."""

INSTRUMENT_SHARES = (0.28, 0.08, 0.10, 0.40, 0.14)
"""How common the kinds are; chosen here, as networks of small earthquakes mix them."""

_DRAWS = 64
"""Uniform numbers that a record may take; more than its parameters together need."""


@dataclass(frozen=True)
class RecordParameters:
    """Parameters of records, one value per record.

    Attributes
    ----------
    keys : ndarray of uint64
        Random streams of scattering and noise.
    p_time_s, s_time_s : ndarray
        Arrival of first P and of S after the start of the record.
    p_radiation : ndarray
        Signed, -1 to 1; positive is a first motion away from the source.
    later_p_radiation : ndarray
        Of the direct wave where the first arrival is a head wave.
    sv_radiation, sh_radiation : ndarray
    back_azimuth_deg : ndarray
        From station to source.
    p_incidence_deg, s_incidence_deg : ndarray
        From the vertical, at the surface.
    head_delay_s : ndarray
        Time from a head wave to the direct wave; 0 where the first arrival is direct.
    head_strength : ndarray
        Amplitude of the head wave relative to the direct one.
    corner_hz, falloff, subevents, directivity : ndarray
        Corner frequency of P, exponent of the spectral falloff, number of further
        subevents, and rise of the corner frequency toward the station.
    t_star_p_s, t_star_s_s : ndarray
        Attenuation along the paths.
    attenuation_order : ndarray
        Number of relaxations that stand for the attenuation.
    coda_strength, coda_decay, coda_rise_s, coda_time_s : ndarray
        Scattered energy against the direct wave, exponent of its decay, its rise, and the time
        scale of its decay ``(1 + t / coda_time)^-decay``, which grows with the way.
    bridge_strength, bridge_growth : ndarray
        Waves that were scattered from P to S on the way and come between P and S: their root
        mean square just before S over that of the first half second of P off nodal planes, and
        the exponent of their growth from P to S.
    broadened_share, broadening_s : ndarray
        Share of the energy of direct S, and half that of direct P, that arrives spread over
        so long: forward scattering along the way, which makes an onset grow slowly.
    s_gain : ndarray
        What soft ground adds to S on the horizontals.
    split_delay_s : ndarray
        Transverse S after radial S; negative where it comes first (anisotropy).
    conversion_delay_s, conversion_strength : ndarray
        P to S (and S to P) under the station.
    layer_time_s, layer_reflection : ndarray
        Travel time through the topmost layer and its reflection coefficient (resonance).
    instrument : ndarray of int
        Index into :data:`INSTRUMENTS`.
    lowpass_hz, is_linear_phase : ndarray
        Anti-alias filter; a linear-phase one rings before the onset.
    highpass_hz : ndarray
        Corner of a causal high-pass; 0 for none.
    snr : ndarray
        Peak of the first second of P (as if off nodal planes) over the noise's standard
        deviation on the vertical.
    noise_slope, noise_microseism, noise_cultural, noise_cultural_hz, noise_line, noise_line_hz
        Shape of the noise's amplitude spectrum.
    noise_model : ndarray
        Where not NaN, the noise has the spectrum between the low (0) and the high (1) noise
        model in place of a slope and a microseism.
    noise_floor : ndarray
        Of the recorder: white, over the mean of the spectrum of the ground.
    """

    keys: NDArray[np.uint64]
    p_time_s: Floats
    s_time_s: Floats
    p_radiation: Floats
    later_p_radiation: Floats
    sv_radiation: Floats
    sh_radiation: Floats
    back_azimuth_deg: Floats
    p_incidence_deg: Floats
    s_incidence_deg: Floats
    head_delay_s: Floats
    head_strength: Floats
    corner_hz: Floats
    falloff: Floats
    subevents: NDArray[np.int64]
    directivity: Floats
    t_star_p_s: Floats
    t_star_s_s: Floats
    attenuation_order: Floats
    coda_strength: Floats
    coda_decay: Floats
    coda_rise_s: Floats
    coda_time_s: Floats
    bridge_strength: Floats
    bridge_growth: Floats
    broadened_share: Floats
    broadening_s: Floats
    s_gain: Floats
    split_delay_s: Floats
    conversion_delay_s: Floats
    conversion_strength: Floats
    layer_time_s: Floats
    layer_reflection: Floats
    instrument: NDArray[np.int64]
    lowpass_hz: Floats
    is_linear_phase: NDArray[np.bool_]
    highpass_hz: Floats
    snr: Floats
    noise_slope: Floats
    noise_microseism: Floats
    noise_cultural: Floats
    noise_cultural_hz: Floats
    noise_line: Floats
    noise_line_hz: Floats
    noise_model: Floats
    noise_floor: Floats

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.keys.size)

    def take(self, index: Any) -> RecordParameters:
        """Return the parameters of some of the records."""
        return RecordParameters(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def with_values(self, **values: Any) -> RecordParameters:
        """Return the parameters with some of them replaced."""
        return replace(self, **values)


def draw_record_parameters(
    keys: NDArray[np.uint64],
    *,
    p_time_s: tuple[float, float] = (4.0, 4.0),
    s_minus_p_s: tuple[float, float] = (0.4, 35.0),
    snr: tuple[float, float] = (0.7, 400.0),
    emergent: float = 0.0,
    broadened: float = 0.0,
    instrument_shares: tuple[float, ...] = INSTRUMENT_SHARES,
) -> RecordParameters:
    """Draw records of small local earthquakes, as varied as networks see them.

    Parameters
    ----------
    keys : ndarray of uint64, shape (records,)
        One stream per record: a record does not depend on the others.
    p_time_s : tuple
        Range of the P arrival in the record.
    s_minus_p_s, snr : tuple
        Ranges; both are drawn with a uniform logarithm.
    emergent : float
        Share of earthquakes that begin slowly: up to two more in the exponent of the falloff, so
        that moment rises with a higher power of time.
    broadened : float
        Share of paths with forward scattering.
    instrument_shares : tuple
        Shares of :data:`INSTRUMENTS`.

    Notes
    -----
    Ranges were widened after a look at statistics of 63 records of Northern California: level
    of the coda before S against P, S on the horizontals against P, decay of the coda, center
    frequencies of P, S and noise. They are wider than what those records show, in every
    direction.
    """
    u = Draws(uniform_rows(keys, 0, _DRAWS))
    s_minus_p = u.log_uniform(*s_minus_p_s)
    p, later, sv, sh = _draw_radiation(u)
    # Head waves are the first arrivals beyond some 100 km, now and then before.
    is_head = u.uniform() < np.clip(0.1 + (s_minus_p - 8.0) / 25.0, 0.08, 0.6)
    head_delay = np.where(is_head, u.log_uniform(0.05, 4.0), 0.0)
    distance_km = 8.0 * s_minus_p
    q_value = u.log_uniform(60.0, 1200.0)
    site = u.log_uniform(0.0005, 0.03)
    t_star_p = site + distance_km / 6.0 / q_value
    corner = u.log_uniform(1.5, 120.0)
    shape = u.uniform()
    instrument = np.searchsorted(np.cumsum(instrument_shares)[:-1], shape)
    rate_like = u.uniform()
    lowpass = np.where(rate_like < 0.8, 40.0 + 5.0 * u.uniform(), 12.0 + 20.0 * u.uniform())
    p_time = u.uniform_in(*p_time_s)
    drawn = RecordParameters(
        keys=keys,
        p_time_s=p_time,
        s_time_s=p_time + s_minus_p,
        p_radiation=p,
        later_p_radiation=later,
        sv_radiation=sv,
        sh_radiation=sh,
        back_azimuth_deg=360.0 * u.uniform(),
        p_incidence_deg=np.degrees(np.arcsin(np.sqrt(u.uniform()) * 0.75)),
        s_incidence_deg=np.degrees(np.arcsin(np.sqrt(u.uniform()) * 0.55)),
        head_delay_s=head_delay,
        head_strength=np.where(is_head, u.log_uniform(0.04, 0.7), 1.0),
        corner_hz=corner,
        t_star_p_s=t_star_p,
        **_draw_source(u, corner, t_star_p),
        **_draw_scattering(u, s_minus_p),
        **_draw_site(u, s_minus_p),
        instrument=instrument,
        lowpass_hz=lowpass,
        is_linear_phase=u.uniform() < 0.35,
        highpass_hz=np.where(u.uniform() < 0.35, u.log_uniform(0.3, 2.5), 0.0),
        snr=u.log_uniform(*snr),
        **_draw_noise(u),
        broadened_share=np.zeros(keys.size),
        broadening_s=np.zeros(keys.size),
    )
    return _draw_slow_onsets(u, drawn, s_minus_p, emergent, broadened)


def _draw_radiation(u: Draws) -> tuple[Floats, Floats, Floats, Floats]:
    """Radiation of P, of P that leaves the source upwards, of SV and of SH, at random."""
    fault, slip = _random_mechanisms(u.uniform(), u.uniform(), u.uniform())
    azimuth, cosine = 2 * np.pi * u.uniform(), 2 * u.uniform() - 1
    p, sv, sh = radiate(fault, slip, azimuth, np.arccos(cosine))
    # The direct wave after a head wave leaves upwards, the head wave downwards.
    later, _, _ = radiate(fault, slip, azimuth, np.pi - np.arccos(np.abs(cosine)))
    return p, later, sv, sh


def _draw_source(u: Draws, corner_hz: Floats, t_star_p_s: Floats) -> dict[str, NDArray[Any]]:
    """Spectra of sources and the attenuation of S, by the names of their parameters."""
    # Large earthquakes, whose corner is low, have more subevents.
    magnitude_like = np.clip(np.log(12.0 / corner_hz), -1.0, 2.0)
    falloff = 2.0 + u.uniform()
    subevents = np.floor(u.uniform() ** 2 * (1.5 + 2.5 * np.maximum(magnitude_like, 0.0)))
    return {
        "falloff": falloff,
        "subevents": subevents.astype(np.int64),
        "directivity": np.exp(0.5 * (u.uniform() - 0.5)),
        "t_star_s_s": t_star_p_s * (1.3 + 1.2 * u.uniform()),
        "attenuation_order": 1.0 + np.floor(4.0 * u.uniform()),
    }


def _draw_scattering(u: Draws, s_minus_p_s: Floats) -> dict[str, NDArray[Any]]:
    """Coda and what comes before S; both grow with the way from the source."""
    return {
        "coda_strength": u.log_uniform(0.08, 1.3),
        "coda_decay": 0.7 + 1.8 * u.uniform(),
        "coda_rise_s": u.log_uniform(0.02, 0.4) * np.sqrt(np.maximum(s_minus_p_s, 0.5) / 2.0),
        "coda_time_s": u.log_uniform(0.3, 2.0) * s_minus_p_s**0.8,
        "bridge_strength": u.log_uniform(0.04, 1.3),
        "bridge_growth": 1.5 * u.uniform(),
    }


def _draw_site(u: Draws, s_minus_p_s: Floats) -> dict[str, NDArray[Any]]:
    """Gain of soft ground, splitting of S, conversions and the topmost layer."""
    return {
        "s_gain": u.log_uniform(0.7, 2.5),
        "split_delay_s": 0.15
        * (2.0 * u.uniform() - 1.0)
        * np.sqrt(np.minimum(s_minus_p_s, 9.0) / 3.0),
        "conversion_delay_s": u.log_uniform(0.04, 1.2),
        "conversion_strength": 0.5 * u.uniform() ** 2,
        "layer_time_s": u.log_uniform(0.01, 0.35),
        "layer_reflection": 0.7 * (2.0 * u.uniform() - 1.0),
    }


def _draw_noise(u: Draws) -> dict[str, NDArray[Any]]:
    """Spectra of noise: a slope, microseism, culture, a line, or one between the noise models."""
    return {
        "noise_slope": 2.4 * u.uniform() - 0.8,
        "noise_microseism": np.where(u.uniform() < 0.6, u.log_uniform(0.3, 200.0), 0.0),
        "noise_cultural": np.where(u.uniform() < 0.6, u.log_uniform(0.2, 8.0), 0.0),
        "noise_cultural_hz": u.log_uniform(1.5, 25.0),
        "noise_line": np.where(u.uniform() < 0.2, u.log_uniform(0.2, 4.0), 0.0),
        "noise_line_hz": u.uniform_in(1.0, 48.0),
        "noise_model": np.where(u.uniform() < 0.35, u.uniform_in(-0.1, 1.0), np.nan),
        "noise_floor": u.log_uniform(0.01, 0.6),
    }


def _draw_slow_onsets(
    u: Draws, drawn: RecordParameters, s_minus_p_s: Floats, emergent: float, broadened: float
) -> RecordParameters:
    """Let some earthquakes begin slowly, and some paths scatter forward.

    Drawn last: without emergent and broadened ones everything else is the same.
    """
    begins_slowly, how_slowly = u.uniform() < emergent, u.uniform()
    is_broadened, share = u.uniform() < broadened, u.uniform_in(0.3, 0.95)
    return drawn.with_values(
        falloff=drawn.falloff + np.where(begins_slowly, 2.0 * how_slowly, 0.0),
        broadened_share=np.where(is_broadened, share, 0.0),
        broadening_s=u.log_uniform(0.02, 0.25) * np.sqrt(np.maximum(s_minus_p_s, 0.5)),
    )


def _random_mechanisms(a: Floats, b: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Normals and slips of uniformly random double couples, axes north, east, down."""
    z = 2.0 * a - 1.0
    phi = 2 * np.pi * b
    r = np.sqrt(1.0 - z * z)
    normal = np.stack([r * np.cos(phi), r * np.sin(phi), z], axis=-1)
    level = np.stack([-np.sin(phi), np.cos(phi), np.zeros_like(phi)], axis=-1)
    other = np.cross(normal, level)
    turn = 2 * np.pi * c
    return normal, np.cos(turn)[:, None] * level + np.sin(turn)[:, None] * other


def radiate(
    normal: Floats, slip: Floats, azimuth: Floats, takeoff: Floats
) -> tuple[Floats, Floats, Floats]:
    """Far-field P, SV and SH of double couples along rays (angles in radians)."""
    sine, cosine = np.sin(takeoff), np.cos(takeoff)
    ray = np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine], axis=-1)
    sv = np.stack([cosine * np.cos(azimuth), cosine * np.sin(azimuth), -sine], axis=-1)
    sh = np.stack([-np.sin(azimuth), np.cos(azimuth), np.zeros_like(azimuth)], axis=-1)
    gn, gs = np.sum(ray * normal, -1), np.sum(ray * slip, -1)
    return (
        2.0 * gn * gs,
        gn * np.sum(sv * slip, -1) + gs * np.sum(sv * normal, -1),
        gn * np.sum(sh * slip, -1) + gs * np.sum(sh * normal, -1),
    )
