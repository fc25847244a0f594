"""Seismic noise between the low and the high noise model (Peterson 1993)."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from quakeloom.simulate._seismogram_kernels import fill_uniform_noise

Floats = NDArray[np.float64]

_LOWEST_HZ = 0.05
"""Frequency below which simulated noise fades, Hz; chosen here: below what local networks use, and
where the models rise so steeply that a short record would be one swing of it."""

_STREAM = 0x3C6EF372FE94F82B
"""Sets the streams of ground noise apart from those of seismograms with the same keys; the first
bits of the fraction of the square root of 5."""

_LOW = np.array(
    [
        [0.10, -162.36, 5.64],
        [0.17, -166.70, 0.00],
        [0.40, -170.00, -8.30],
        [0.80, -166.40, 28.90],
        [1.24, -168.60, 52.48],
        [2.40, -159.98, 29.81],
        [4.30, -141.10, 0.00],
        [5.00, -71.36, -99.77],
        [6.00, -97.26, -66.49],
        [10.00, -132.18, -31.57],
        [12.00, -205.27, 36.16],
        [15.60, -37.65, -104.33],
        [21.90, -114.37, -47.10],
    ]
)
"""New low noise model: period (s) from which a segment holds, and A and B of the level of ground
acceleration, A + B log10(period) in dB relative to 1 (m/s^2)^2/Hz (Peterson 1993)."""

_HIGH = np.array(
    [
        [0.10, -108.73, -17.23],
        [0.22, -150.34, -80.50],
        [0.32, -122.31, -23.87],
        [0.80, -116.85, 32.51],
        [3.80, -108.48, 18.08],
        [4.60, -74.66, -32.95],
        [6.30, 0.66, -127.18],
        [7.90, -93.37, -22.42],
        [15.40, 73.54, -162.98],
        [20.00, -151.52, 10.01],
    ]
)
"""New high noise model, as the low one (Peterson 1993)."""


def noise_level(frequency_hz: ArrayLike, share: ArrayLike) -> Floats:
    """Return the power of ground velocity between the low and the high noise model.

    Levels in decibel are interpolated: ``share`` 0 is the low, 1 the high model. Beyond 10 Hz
    the models are continued with constant acceleration.

    Parameters
    ----------
    frequency_hz : array_like
        0.05 to some 100 Hz.
    share : array_like
        May lie outside 0 to 1; broadcast against the frequency.

    Returns
    -------
    ndarray
        Power spectral density of ground velocity, (m/s)^2/Hz.

    References
    ----------
    Peterson (1993), Observations and modeling of seismic background noise, USGS OFR 93-322.
    """
    frequency = np.asarray(frequency_hz, dtype=float)
    period = np.maximum(1.0 / frequency, 0.1)
    low, high = (_segments(table, period) for table in (_LOW, _HIGH))
    decibel = low + np.asarray(share) * (high - low)
    level: Floats = 10.0 ** (decibel / 10.0) / (2.0 * np.pi * frequency) ** 2
    return level


def _segments(table: Floats, period: Floats) -> Floats:
    row = np.clip(np.searchsorted(table[:, 0], period * (1.0 + 1e-12), "right") - 1, 0, None)
    level: Floats = table[row, 1] + table[row, 2] * np.log10(period)
    return level


def simulate_ground_noise(
    keys: NDArray[np.uint64], samples: int, sampling_rate_hz: float, share: ArrayLike = 0.4
) -> NDArray[np.float32]:
    """Simulate ground noise in absolute units, three components per key.

    White noise shaped in the frequency domain to the level between the noise models; below
    0.05 Hz it fades. Use it where no earthquake is: false picks per hour, thresholds.

    Parameters
    ----------
    keys : ndarray of uint64, shape (records,)
    samples : int
    sampling_rate_hz : float
    share : array_like, shape (records,) or scalar
        0 the low, 1 the high noise model.

    Returns
    -------
    ndarray of float32, shape (records, 3, samples)
        Ground velocity in m/s. A record depends on its key and share only, up to rounding.
    """
    length = scipy.fft.next_fast_len(samples, real=True)
    frequency = np.fft.rfftfreq(length, 1.0 / sampling_rate_hz)
    shares = np.broadcast_to(np.asarray(share, dtype=float), keys.shape)
    level = noise_level(np.maximum(frequency, _LOWEST_HZ)[None, :], shares[:, None])
    # One-sided power of white noise with variance 1 is 2 / rate.
    shape = np.sqrt(0.5 * sampling_rate_hz * level) * np.minimum(frequency / _LOWEST_HZ, 1.0)
    noise = np.empty((keys.size, 3, length))
    fill_uniform_noise(keys ^ np.uint64(_STREAM), noise)
    spectrum = scipy.fft.rfft(noise, axis=-1) * shape[:, None, :]
    ground = scipy.fft.irfft(spectrum, length, axis=-1)[..., :samples]
    return np.asarray(ground, dtype=np.float32)
