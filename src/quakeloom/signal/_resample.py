"""Causal resampling to an absolute time grid, and causal filters.

A zero-phase filter sends energy ahead of an onset and destroys first motions. Resampling
here is by a minimum-phase kernel: nothing comes before the onset.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError, compiled
from quakeloom.signal._clock import NANO, first_sample_from, sample_time

_PHASES = 64
"""Points per input sample at which the kernel is tabulated; between them it is interpolated
linearly (chosen here)."""

_TAPS = 24
"""Length of the kernel in samples of the lower rate (chosen here)."""

FILTERS = ("none", "causal")
"""Filters that leave first motions as they are."""


def check_filter(name: str) -> None:
    """Refuse a filter that is not causal.

    Raises
    ------
    SettingsError
        For ``zero_phase`` and its other names, and for what is no filter.
    """
    if name in FILTERS:
        return
    kind = "zero-phase" if name in ("zero_phase", "zerophase", "filtfilt", "sosfiltfilt") else ""
    if kind:
        raise SettingsError(
            f"The filter '{name}' is zero-phase: it sends energy ahead of the onset and makes "
            "first motions that were never there. No polarity is read from such records; "
            "write `causal` or `none`."
        )
    raise SettingsError(f"'{name}' is no filter; write one of {', '.join(FILTERS)}.")


def resample_causally(
    samples: NDArray[Any], start: int, rate_hz: float, new_rate_hz: float
) -> tuple[NDArray[np.float32], int]:
    """Resample a record to samples at whole multiples of the new interval since 1970.

    Every new sample is a sum over earlier old samples with a minimum-phase low-pass kernel
    (cut at 0.8 of the lower Nyquist frequency), so an onset keeps its sign and nothing
    precedes it but for the delay of the kernel, which is taken off the times: waves well
    below the cut stay where they are, and the first motion is at most that delay (a few
    samples) early. The same samples come out wherever the record starts, but for the first
    ``24`` input intervals.

    Parameters
    ----------
    samples : ndarray, shape (n,)
    start : int
        Time of the first sample, nanoseconds since 1970.
    rate_hz, new_rate_hz : float

    Returns
    -------
    resampled : ndarray of float32
    start : int
        Time of its first sample in nanoseconds.
    """
    data = np.asarray(samples, dtype=np.float64)
    kernel, delay = _kernel(round(new_rate_hz / rate_hz, 9))
    first = first_sample_from(start, new_rate_hz)
    begin = sample_time(first, new_rate_hz)
    offset = (begin - start) / NANO * rate_hz + delay
    # what is not yet there when the last sample comes is left out, as is nothing else
    ratio = rate_hz / new_rate_hz
    count = math.floor((data.size - 1 - offset) / ratio + 1e-6) + 1
    if count <= 0:
        return np.empty(0, np.float32), begin
    base = data[0]
    out = _convolve(data - base, kernel, offset, ratio, count)
    return (out + base).astype(np.float32), begin


@compiled(error_model="numpy")
def _convolve(
    data: NDArray[np.float64],
    kernel: NDArray[np.float64],
    offset: float,
    step: float,
    count: int,
) -> NDArray[np.float64]:
    """Sum the samples at and before every new one, weighted by the kernel at its phase."""
    taps = kernel.shape[1]
    out = np.empty(count)
    for i in range(count):
        position = offset + i * step
        whole = math.floor(position)
        fine = (position - whole) * kernel.shape[0]
        phase = math.floor(fine)
        part = fine - phase
        total = 0.0
        for k in range(taps):
            j = whole - k
            if j < 0:
                break
            if j >= data.size:
                continue
            high = (
                kernel[phase + 1, k]
                if phase + 1 < kernel.shape[0]
                else (kernel[0, k - 1] if k > 0 else 0.0)
            )
            # the next phase of a tap is one tap earlier at its end
            total += data[j] * ((1.0 - part) * kernel[phase, k] + part * high)
        out[i] = total
    return out


@cache
def _kernel(ratio: float) -> tuple[NDArray[np.float64], float]:
    """Return the kernel by phase and tap, and its delay in input samples.

    The kernel is a windowed sinc made minimum-phase through its cepstrum, on a grid of 64
    points per input sample; the delay is its group delay at low frequencies.
    """
    cut = 0.8 * 0.5 * min(ratio, 1.0)
    fine = _PHASES
    half = 8.0 / min(ratio, 1.0)
    x = np.arange(-int(half * fine), int(half * fine) + 1) / fine
    linear = 2 * cut * np.sinc(2 * cut * x) * np.kaiser(x.size, 5.0)
    size = 1 << (8 * x.size).bit_length()
    spectrum = np.maximum(np.abs(np.fft.fft(linear, size)), 1e-6 * np.abs(linear.sum()))
    cepstrum = np.fft.ifft(np.log(spectrum)).real
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    taps = math.ceil(_TAPS / min(ratio, 1.0))
    minimum = np.fft.ifft(np.exp(np.fft.fft(cepstrum))).real[: taps * fine]
    by_phase = minimum.reshape(taps, fine).T.copy()
    by_phase /= by_phase.sum(axis=1, keepdims=True)
    at = np.arange(minimum.size) / fine
    return by_phase, float((at * minimum).sum() / minimum.sum())


def high_pass_causally(
    data: NDArray[Any], corner_hz: float, rate_hz: float, poles: int = 2
) -> NDArray[np.float32]:
    """High-pass a record causally (Butterworth, forward only), along the last axis.

    The record should be demeaned; the filter starts as if its first value had stood before.
    """
    from scipy.signal import butter, sosfilt, sosfilt_zi

    sos = butter(poles, corner_hz / (0.5 * rate_hz), "highpass", output="sos")
    wide = np.asarray(data, dtype=np.float64)
    state = sosfilt_zi(sos)
    first = wide[..., :1]
    shape = (sos.shape[0], *([1] * (wide.ndim - 1)), 2)
    zi = np.moveaxis(state.reshape(shape) * first[None], 0, 0)
    return np.asarray(sosfilt(sos, wide, axis=-1, zi=zi)[0], dtype=np.float32)


def band_pass_causally(
    data: NDArray[Any], low_hz: float, high_hz: float, rate_hz: float, poles: int = 2
) -> NDArray[np.float32]:
    """Band-pass a record causally (Butterworth, forward only), along the last axis.

    The mean of the record is taken off first, and the filter starts from rest, so that the
    first seconds are of its start. Not for first motions: a causal filter bends them too.

    Parameters
    ----------
    data : ndarray, shape (..., n)
    low_hz, high_hz, rate_hz : float
    poles : int
        At each end of the band.
    """
    from scipy.signal import butter, sosfilt

    nyquist = 0.5 * rate_hz
    sos = butter(poles, (low_hz / nyquist, high_hz / nyquist), "bandpass", output="sos")
    wide = np.asarray(data, dtype=np.float64)
    wide = wide - wide.mean(axis=-1, keepdims=True)
    return np.asarray(sosfilt(sos, wide, axis=-1), dtype=np.float32)
