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

from quakeloom.simulate._seismogram_kernels import (
    fill_uniform_noise,
    path_response,
    place_arrivals,
    visible_onset,
)
from quakeloom.simulate._seismogram_parameters import RecordParameters

COMPONENTS = ("Z", "N", "E")
"""Order of components; vertical is positive up."""

_BLOCK = 64
_SECOND_S = 1.5
_DAMPING = 0.7
_NATURAL_HZ = np.array([1.0, 2.0, 4.5, 0.02, 0.0])


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
        Sign of the first motion that the radiation sends.
    snr : ndarray
        Peak of the first 0.3 s of P on the vertical over the standard deviation of noise.
    """

    data: NDArray[np.float32]
    sampling_rate_hz: float
    p_onset_s: NDArray[np.float64]
    s_onset_s: NDArray[np.float64]
    polarity: NDArray[np.int8]
    snr: NDArray[np.float64]


def simulate_seismograms(
    parameters: RecordParameters,
    samples: int,
    sampling_rate_hz: float = 100.0,
    *,
    vertical_only: bool = False,
    onset_share: tuple[float, float] = (0.05, 0.08),
    onset_floor: float = 0.7,
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
    onset_floor : float
        They are not seen below this many standard deviations of what is there already.

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
    truth = np.full((4, count), np.nan)
    for start in range(0, count, _BLOCK):
        part = slice(start, min(start + _BLOCK, count))
        _simulate_block(
            parameters.take(part), sampling_rate_hz, vertical_only, data[part], truth[:, part],
            (*onset_share, onset_floor),
        )  # fmt: skip
    return SimulatedSeismograms(
        data, sampling_rate_hz, truth[0], truth[1], truth[2].astype(np.int8), truth[3]
    )


def _simulate_block(
    p: RecordParameters,
    rate: float,
    vertical_only: bool,
    data: NDArray[np.float32],
    truth: NDArray[np.float64],
    seen: tuple[float, float, float],
) -> None:
    count, _, samples = data.shape
    length = scipy.fft.next_fast_len(samples + 200, real=True)
    p_train = np.zeros((count, 3, length))
    s_train = np.zeros((count, 3, length))
    place_arrivals(
        p.keys, p.p_time_s, p.s_time_s, p.p_radiation, p.later_p_radiation, p.sv_radiation,
        p.sh_radiation, p.p_incidence_deg, p.s_incidence_deg, p.head_delay_s, p.head_strength,
        p.corner_hz, p.subevents, p.coda_strength, p.coda_decay, p.coda_rise_s,
        p.conversion_delay_s, p.conversion_strength, rate, p_train, s_train,
    )  # fmt: skip
    frequency = np.fft.rfftfreq(length, 1.0 / rate)
    receiver = _receiver(p, frequency, rate)
    corner = p.corner_hz * p.directivity
    path = (p.attenuation_order, p.layer_time_s, p.layer_reflection)
    p_filter = receiver * path_response(frequency, corner, p.falloff, p.t_star_p_s, *path)
    s_filter = receiver * path_response(frequency, corner / 1.5, p.falloff, p.t_star_s_s, *path)
    last = 1 if vertical_only else 3
    p_wave, s_wave = (
        scipy.fft.irfft(
            scipy.fft.rfft(train[:, :last], axis=-1) * response[:, None, :], length, axis=-1
        )[..., :samples]
        for train, response in ((p_train, p_filter), (s_train, s_filter))
    )
    noise = np.empty((count, last, length))
    fill_uniform_noise(p.keys, noise)
    noise = scipy.fft.irfft(
        scipy.fft.rfft(noise, axis=-1) * _noise_shape(p, frequency, receiver)[:, None, :],
        length,
        axis=-1,
    )[..., :samples]
    noise /= np.maximum(noise[:, :1].std(axis=-1, keepdims=True), 1e-30)
    for r in range(count):
        begin = int(p.p_time_s[r] * rate)
        second = p_wave[r, 0, begin : begin + int((_SECOND_S + p.head_delay_s[r]) * rate)]
        scale = p.snr[r] / max(np.abs(second).max(initial=0.0), 1e-30)
        p_wave[r] *= scale
        s_wave[r] *= scale
        early = max(round(0.01 * rate), 1)
        onset = visible_onset(
            p_wave[r, 0], p.p_time_s[r] * rate, seen[2], seen[0], int(0.3 * rate), early
        )
        truth[0, r] = onset / rate
        truth[2, r] = np.sign(p.p_radiation[r])
        first = p_wave[r, 0, begin : begin + int(0.3 * rate)]
        truth[3, r] = np.abs(first).max(initial=0.0)
        if not vertical_only:
            level = np.hypot(s_wave[r, 1], s_wave[r, 2])
            at = p.s_time_s[r] * rate
            before = slice(max(int(at - 0.5 * rate), 0), max(int(at), 1))
            floor = float(np.sqrt(np.mean((p_wave[r, 1:, before] + noise[r, 1:, before]) ** 2)))
            truth[1, r] = (
                visible_onset(level, at, seen[2] * floor, seen[1], int(0.6 * rate), early) / rate
            )
    data[:, 0] = p_wave[:, 0] + s_wave[:, 0] + noise[:, 0]
    if vertical_only:
        return
    away = np.radians(p.back_azimuth_deg + 180.0)[:, None]
    radial, transverse = (p_wave[:, k] + s_wave[:, k] for k in (1, 2))
    data[:, 1] = radial * np.cos(away) - transverse * np.sin(away) + noise[:, 1]
    data[:, 2] = radial * np.sin(away) + transverse * np.cos(away) + noise[:, 2]


def _receiver(
    p: RecordParameters, frequency: NDArray[np.float64], rate: float
) -> NDArray[np.complex128]:
    """Seismometer, recorder and high-pass, to ground velocity (an accelerometer's: times s)."""
    s = 2j * np.pi * frequency[None, :]
    natural = 2 * np.pi * _NATURAL_HZ[p.instrument][:, None]
    response = s**2 / (s**2 + 2 * _DAMPING * natural * s + natural**2 + 1e-12)
    response = np.where((p.instrument == 4)[:, None], s, response)
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
    shape = shape + p.noise_cultural[:, None] * _bump(f, p.noise_cultural_hz[:, None], 0.6)
    width = 0.01
    shape = shape + 6.0 * p.noise_line[:, None] * _bump(f, p.noise_line_hz[:, None], width)
    spectrum: NDArray[np.float64] = shape * ground + 0.05 * ground.mean(axis=1, keepdims=True)
    return spectrum


def _bump(
    f: NDArray[np.float64], center: float | NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    bump: NDArray[np.float64] = np.exp(-0.5 * (np.log(f / center) / width) ** 2)
    return bump
