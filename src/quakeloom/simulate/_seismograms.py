"""Three-component records: impulses, filtered by source, path, site and instrument, in noise.

Everything between source and recorder is a causal filter, applied as a product of spectra,
except a linear-phase anti-alias filter, which rings before the onset as those of real
recorders do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from quakeloom.simulate._arrival_kernels import (
    S_DELAY,
    Arrivals,
    Scattering,
    Site,
    Source,
    place_arrivals,
)
from quakeloom.simulate._noise_models import noise_level
from quakeloom.simulate._seismogram_kernels import (
    fill_uniform_noise,
    path_response,
    peak_within,
    visible_onset,
)
from quakeloom.simulate._seismogram_parameters import RecordParameters

COMPONENTS = ("Z", "N", "E")
"""Order of components; vertical is positive up."""

_BLOCK = 64
"""Records made at a time; bounds memory, and changes results by rounding only."""

_SECOND_S = 1.5
"""Time after P whose peak the signal-to-noise ratio of a record speaks of, s; chosen here."""

_DAMPING = 0.7
"""Damping of seismometers, share of the critical one; that to which most are set."""

_TAIL_S = 10.0
"""What a filter still sends after the end of a record comes back at its beginning: room for it, s;
chosen here."""

_SHORT_TAIL_S = 2.0
"""The same where only the vertical is made, in short records around P, s; chosen here."""

_SEISMIC_HZ = 1.5
"""Noise below this hides no local earthquake, Hz; chosen here."""

_SEEN = 1.5
"""A head wave is the first arrival if its peak is so many times the noise; chosen here."""

_S_SEEN = 2.5
"""S of a head wave is the first S if its peak is so many times what is there already; chosen
here."""

_S_CORNER = 1.5
"""Corner frequency of P over that of S; chosen here, as source models have it."""

_P_SPAN_S = 0.3
"""Time in which the first swings of P are looked for, s; chosen here."""

_S_SPAN_S = 0.6
"""Time in which the first swings of S are looked for, s; chosen here."""

_EARLY_S = 0.01
"""An onset may be so much before its arrival, s: filters of no delay ring; chosen here."""

_NATURAL_HZ = np.array([1.0, 2.0, 4.5, 0.02, 0.0])
"""Natural frequencies of :data:`INSTRUMENTS`, Hz; their usual ones, 50 s for the broadband."""

_ACCELEROMETER = 4
"""Index of the accelerometer in :data:`INSTRUMENTS`."""


@dataclass(frozen=True)
class SimulatedSeismograms:
    """Records of ground motion with their truth.

    Attributes
    ----------
    data : ndarray of float32, shape (records, 3, samples)
        Components Z (up), N, E; the vertical noise has standard deviation 1.
    sampling_rate_hz : float
    p_onset_s, s_onset_s : ndarray, shape (records,)
        Where the waves can first be seen, after the start of the record; NaN where never.
    polarity : ndarray of int8
        Sign of the first motion that the radiation sends, of the first P that can be seen: a
        head wave may drown in the noise, and the direct wave is it then.
    snr : ndarray
        Peak of the first 0.3 s of that P on the vertical over the standard deviation of the
        noise above 1.5 Hz.
    s_contrast, s_contrast_vertical : ndarray
        Peak of the first 0.6 s of S over the root mean square of the half second before it, on
        the horizontals and on the vertical; NaN where S is not in the record.
    """

    data: NDArray[np.float32]
    sampling_rate_hz: float
    p_onset_s: NDArray[np.float64]
    s_onset_s: NDArray[np.float64]
    polarity: NDArray[np.int8]
    snr: NDArray[np.float64]
    s_contrast: NDArray[np.float64]
    s_contrast_vertical: NDArray[np.float64]


def simulate_seismograms(
    parameters: RecordParameters,
    samples: int,
    sampling_rate_hz: float = 100.0,
    *,
    vertical_only: bool = False,
    onset_share: tuple[float, float] = (0.05, 0.08),
    onset_floor: tuple[float, float] = (0.7, 0.7),
) -> SimulatedSeismograms:
    """Simulate records of local earthquakes.

    Parameters
    ----------
    parameters : RecordParameters
    samples : int
        Length of a record.
    sampling_rate_hz : float
    vertical_only : bool
        Leave the horizontals zero, to save time; S onsets are then NaN.
    onset_share : tuple
        P and S are seen from this share of their first swings on.
    onset_floor : tuple
        P and S are not seen below this many standard deviations of what is there already.

    Returns
    -------
    SimulatedSeismograms
        A record depends on its parameters and key only, up to rounding.

    Notes
    -----
    Brune's (1970) far-field pulse, ``1 / (1 + s / 2 pi fc)^n`` in displacement; attenuation
    by relaxations ``(1 + s a)^-m`` with the loss of ``exp(-pi f t*)`` at 10 Hz, which are
    causal; a layer's reverberation ``1 / (1 - r exp(-2 s t))``; second-order seismometers.
    """
    count = parameters.count
    data = np.zeros((count, 3, samples), np.float32)
    truth = np.full((6, count), np.nan)
    for start in range(0, count, _BLOCK):
        part = slice(start, min(start + _BLOCK, count))
        _simulate_block(
            parameters.take(part), sampling_rate_hz, vertical_only, data[part], truth[:, part],
            (*onset_share, *onset_floor),
        )  # fmt: skip
    return SimulatedSeismograms(
        data, sampling_rate_hz, truth[0], truth[1], truth[2].astype(np.int8), *truth[3:]
    )


def _simulate_block(
    p: RecordParameters,
    rate: float,
    vertical_only: bool,
    data: NDArray[np.float32],
    truth: NDArray[np.float64],
    seen: tuple[float, float, float, float],
) -> None:
    count, _, samples = data.shape
    tail = _SHORT_TAIL_S if vertical_only else _TAIL_S
    length = scipy.fft.next_fast_len(samples + round(tail * rate), real=True)
    p_train = np.zeros((count, 3, length))
    s_train = np.zeros((count, 3, length))
    place_arrivals(*describe_arrivals(p), rate, p_train, s_train)
    # what is scattered to the tail would come back at the beginning through the filters
    p_train[:, :, samples:] = 0.0
    s_train[:, :, samples:] = 0.0
    frequency: NDArray[np.float64] = np.asarray(np.fft.rfftfreq(length, 1.0 / rate), float)
    receiver = receiver_response(p, frequency, rate)
    corner = p.corner_hz * p.directivity
    path = (p.attenuation_order, p.layer_time_s, p.layer_reflection)
    p_filter = receiver * path_response(frequency, corner, p.falloff, p.t_star_p_s, *path)
    s_filter = receiver * path_response(
        frequency, corner / _S_CORNER, p.falloff, p.t_star_s_s, *path
    )
    last = 1 if vertical_only else 3
    p_wave, s_wave = (
        scipy.fft.irfft(
            scipy.fft.rfft(train[:, :last], axis=-1) * response[:, None, :], length, axis=-1
        )[..., :samples]
        for train, response in ((p_train, p_filter), (s_train, s_filter))
    )
    shape = _noise_shape(p, frequency, receiver)
    noise = np.empty((count, last, length))
    fill_uniform_noise(p.keys, noise)
    noise = scipy.fft.irfft(scipy.fft.rfft(noise, axis=-1) * shape[:, None, :], length, axis=-1)[
        ..., :samples
    ]
    # The vertical has standard deviation 1, whatever the spectrum: signals are scaled against it.
    noise /= np.maximum(noise[:, :1].std(axis=-1, keepdims=True), 1e-30)
    power = shape[:, 1:] ** 2
    seismic = frequency[1:] >= _SEISMIC_HZ
    # one row per record: the noise's standard deviation where earthquakes are
    hiding = np.sqrt(power[:, seismic].sum(axis=1) / np.maximum(power.sum(axis=1), 1e-300))
    for r in range(count):
        begin = int(p.p_time_s[r] * rate)
        second = p_wave[r, 0, begin : begin + int((_SECOND_S + p.head_delay_s[r]) * rate)]
        scale = p.snr[r] / max(np.abs(second).max(initial=0.0), 1e-30)
        p_wave[r] *= scale
        s_wave[r] *= scale
        _find_p(p, r, rate, p_wave[r, 0], hiding[r], seen, truth)
        if not vertical_only:
            _find_s(p, r, rate, p_wave[r], s_wave[r], hiding[r], seen, truth)
    data[:, 0] = p_wave[:, 0] + s_wave[:, 0] + noise[:, 0]
    if vertical_only:
        return
    away = np.radians(p.back_azimuth_deg + 180.0)[:, None]
    radial, transverse = (p_wave[:, k] + s_wave[:, k] for k in (1, 2))
    data[:, 1] = radial * np.cos(away) - transverse * np.sin(away) + noise[:, 1]
    data[:, 2] = radial * np.sin(away) + transverse * np.cos(away) + noise[:, 2]


def describe_arrivals(p: RecordParameters) -> tuple[Source, Arrivals, Scattering, Site]:
    """Return what decides impulses and scattered waves, as compiled code takes it."""
    return (
        Source(
            p.keys, p.p_radiation, p.later_p_radiation, p.sv_radiation, p.sh_radiation,
            p.corner_hz, p.subevents,
        ),
        Arrivals(p.p_time_s, p.s_time_s, p.head_delay_s, p.head_strength, p.split_delay_s),
        Scattering(
            p.coda_strength, p.coda_decay, p.coda_rise_s, p.coda_time_s,
            p.bridge_strength, p.bridge_growth, p.broadened_share, p.broadening_s,
        ),
        Site(
            p.p_incidence_deg, p.s_incidence_deg, p.s_gain, p.conversion_delay_s,
            p.conversion_strength,
        ),
    )  # fmt: skip


def _find_p(
    p: RecordParameters,
    r: int,
    rate: float,
    wave: NDArray[np.float64],
    noise: float,
    seen: tuple[float, float, float, float],
    truth: NDArray[np.float64],
) -> None:
    """Find the first P that stands out of the noise: onset, first motion, size."""
    span = int(_P_SPAN_S * rate)
    start, sign = p.p_time_s[r] * rate, p.p_radiation[r]
    floor = seen[2] * noise
    step = p.head_delay_s[r] * rate
    if step > 0.0:
        alone = min(span, max(int(step), 1))
        if peak_within(wave, start, alone) < _SEEN * noise:
            # The head wave drowns; what it leaves before the direct one is noise to that.
            before = wave[max(int(start), 0) : max(int(start + step), 0)]
            faint = float(np.sqrt(np.mean(before**2))) if before.size else 0.0
            start, sign = start + step, p.later_p_radiation[r]
            floor = max(floor, seen[2] * faint)
    early = max(round(_EARLY_S * rate), 1)
    truth[0, r] = visible_onset(wave, start, floor, seen[0], span, early) / rate
    truth[2, r] = np.sign(sign)
    truth[3, r] = peak_within(wave, start, span) / max(noise, 1e-30)


def _find_s(
    p: RecordParameters,
    r: int,
    rate: float,
    p_wave: NDArray[np.float64],
    s_wave: NDArray[np.float64],
    noise: float,
    seen: tuple[float, float, float, float],
    truth: NDArray[np.float64],
) -> None:
    """Find the first S that stands out of the coda of P: onset, and how far it stands out."""
    level = np.hypot(s_wave[1], s_wave[2])
    half, span = int(0.5 * rate), int(_S_SPAN_S * rate)
    early = max(round(_EARLY_S * rate), 1)
    first = p.s_time_s[r] * rate
    step = S_DELAY * p.head_delay_s[r] * rate
    starts = (first, first + step) if step > early else (first,)
    for start in starts:
        before = slice(max(int(start) - half, 0), int(start))
        if not 0 < int(start) < level.size:
            continue
        # S that came before counts as what is there already
        here = p_wave[:, before] + (s_wave[:, before] if start > first else 0.0)
        vertical, *flat = np.sqrt(np.mean(here**2, axis=1) + noise**2)
        floor = float(np.hypot(*flat)) / np.sqrt(2.0)
        alone = min(span, int(step)) if start == first and step > early else span
        contrast = peak_within(level, start, alone) / max(floor, 1e-30)
        truth[1, r] = visible_onset(level, start, seen[3] * floor, seen[1], alone, early) / rate
        truth[4, r] = contrast
        truth[5, r] = peak_within(s_wave[0], start, alone) / max(vertical, 1e-30)
        if contrast >= _S_SEEN:
            return


def receiver_response(
    p: RecordParameters, frequency: NDArray[np.float64], rate: float
) -> NDArray[np.complex128]:
    """Seismometer, recorder and high-pass, to ground velocity (an accelerometer's: times s)."""
    s = 2j * np.pi * frequency[None, :]
    natural = 2 * np.pi * _NATURAL_HZ[p.instrument][:, None]
    response = s**2 / (s**2 + 2 * _DAMPING * natural * s + natural**2 + 1e-12)
    response = np.where((p.instrument == _ACCELEROMETER)[:, None], s, response)
    corner = 2 * np.pi * np.maximum(p.highpass_hz, 1e-3)[:, None]
    high = s**2 / (s**2 + np.sqrt(2.0) * corner * s + corner**2)
    response = np.where((p.highpass_hz > 0)[:, None], response * high, response)
    low = 2 * np.pi * np.minimum(p.lowpass_hz, 0.45 * rate)[:, None]
    x = s / low
    # Butterworth, six poles
    causal = 1.0 / (
        (x**2 + 0.5176380902 * x + 1.0)
        * (x**2 + 1.4142135624 * x + 1.0)
        * (x**2 + 1.9318516526 * x + 1.0)
    )
    steep = 1.0 / (1.0 + (np.abs(x)) ** 24)
    result: NDArray[np.complex128] = response * np.where(p.is_linear_phase[:, None], steep, causal)
    return result


def _noise_shape(
    p: RecordParameters, frequency: NDArray[np.float64], receiver: NDArray[np.complex128]
) -> NDArray[np.float64]:
    """Amplitude spectrum of the noise: slope, microseism, culture, a line, the recorder."""
    f = np.maximum(frequency, frequency[1])[None, :]
    at_5hz = np.abs(receiver[:, np.searchsorted(frequency, 5.0)])[:, None]
    ground = np.abs(receiver) / np.maximum(at_5hz, 1e-30)
    shape = (f / 5.0) ** (-p.noise_slope[:, None])
    shape = shape + p.noise_microseism[:, None] * _bump(f, 0.2, 0.4)
    share = np.nan_to_num(p.noise_model)[:, None]
    model = np.sqrt(noise_level(np.maximum(f, 0.05), share) / noise_level(5.0, share))
    model *= np.minimum(f / 0.05, 1.0)
    shape = np.where(np.isnan(p.noise_model)[:, None], shape, model)
    shape = shape + p.noise_cultural[:, None] * _bump(f, p.noise_cultural_hz[:, None], 0.6)
    width = 0.01
    shape = shape + 6.0 * p.noise_line[:, None] * _bump(f, p.noise_line_hz[:, None], width)
    floor = p.noise_floor[:, None] * ground.mean(axis=1, keepdims=True)
    spectrum: NDArray[np.float64] = shape * ground + floor
    return spectrum


def _bump(
    f: NDArray[np.float64], center: float | NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    bump: NDArray[np.float64] = np.exp(-0.5 * (np.log(f / center) / width) ** 2)
    return bump
