"""Amplitude spectra of short windows by several tapers, with their noise, in bins over log f."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TIME_BANDWIDTH, TAPERS = 4.0, 7
"""Time-bandwidth product and tapers, as Prieto et al. (2009): seven weigh a window evenly from 8 %
of its length on, so that a pulse near its beginning keeps its spectrum; five do so from 15 %."""

_DIFFERENCES = 2
"""How often samples are differenced: at strong attenuation each gains a third of an octave of
frequencies that do not leak (chosen here, by simulated records)."""

_TRIGAMMA = 0.15354517795933754
"""Variance of ln of a chi-square variable with twice seven degrees of freedom."""

LOWEST_HZ, HIGHEST_HZ, PER_DECADE = 0.1, 50.0, 20
"""Ends of the bins, and bins in a decade (chosen here: those of short windows overlap)."""


@dataclass(frozen=True)
class Bins:
    """Bins of frequency, even over its logarithm.

    Attributes
    ----------
    center_hz : ndarray, shape (n,)
    half : float
        Half of their width, as a share.
    """

    center_hz: Floats
    half: float

    @property
    def count(self) -> int:
        return int(self.center_hz.size)


def frequency_bins() -> Bins:
    """Return the bins of all spectra."""
    count = int(np.floor(PER_DECADE * np.log10(HIGHEST_HZ / LOWEST_HZ))) + 1
    center = LOWEST_HZ * 10.0 ** (np.arange(count) / PER_DECADE)
    return Bins(center, 10.0 ** (0.5 / PER_DECADE) - 1.0)


@lru_cache(maxsize=64)
def _tapers(samples: int) -> tuple[Floats, Floats]:
    """Return tapers of unit energy, shape (7, samples), and the weight that they give samples."""
    from scipy.signal.windows import dpss

    found = np.asarray(dpss(samples, TIME_BANDWIDTH, TAPERS, norm=2), np.float64)
    return found, samples * np.mean(found**2, axis=0)


@lru_cache(maxsize=64)
def _averaging(length: int, rate_hz: float) -> Floats:
    """Return weights that take power at frequencies of a transform to bins, shape (n, length)."""
    bins = frequency_bins()
    step = rate_hz / length
    frequency = np.arange(length // 2 + 1) * step
    weight = np.zeros((bins.count, frequency.size))
    for k, center in enumerate(bins.center_hz.tolist()):
        inside = np.abs(np.log(np.maximum(frequency, 1e-9) / center)) <= np.log1p(bins.half)
        if inside.any():
            weight[k, inside] = 1.0 / inside.sum()
        elif center < frequency[-1]:
            left = int(center / step)
            share = center / step - left
            weight[k, left], weight[k, left + 1] = 1.0 - share, share
    return weight


def transient_power(data: Floats, rate_hz: float) -> Floats:
    """Return power spectra of windows: the squared amplitude of their Fourier transform.

    The mean over seven tapers of Slepian, of the samples and of their differences, the gain of
    differences taken off. Of all the smallest counts: leakage adds power, and adds another one
    where other frequencies are strong. For a stationary window of ``T`` seconds it is its power
    density times T.

    Parameters
    ----------
    data : ndarray, shape (..., samples)
    rate_hz : float

    Returns
    -------
    ndarray, shape (..., frequencies)
        (unit s)^2, at the frequencies of a real transform of :func:`transform_length` samples.

    References
    ----------
    Thomson, D. J. (1982), Proc. IEEE 70, 1055-1096.
    """
    samples = data.shape[-1]
    frequency = transform_frequencies(samples, rate_hz)
    # strong frequencies leak into weak ones, and a difference of samples shifts what is strong
    shift = 4.0 * np.sin(np.pi * frequency / rate_hz) ** 2
    power, moved = _mean_power(data), data
    for order in range(1, _DIFFERENCES + 1):
        moved = np.diff(moved, axis=-1, prepend=moved[..., :1])
        with np.errstate(divide="ignore", invalid="ignore"):
            power = np.fmin(power, _mean_power(moved) / shift**order)
    return np.asarray(power * (samples / rate_hz**2))


def _mean_power(data: Floats) -> Floats:
    """Return the mean power of the transforms of windows times each taper."""
    from scipy.fft import rfft

    tapers, _ = _tapers(data.shape[-1])
    centered = data - data.mean(axis=-1, keepdims=True)
    length = transform_length(data.shape[-1])
    transformed = rfft(centered[..., None, :] * tapers, length, axis=-1)
    return np.asarray((transformed.real**2 + transformed.imag**2).mean(axis=-2))


def transform_length(samples: int) -> int:
    """Return the length of the transform of so many samples: an even number, fast to compute."""
    from scipy.fft import next_fast_len

    return 2 * int(next_fast_len((samples + 1) // 2, real=True))


def transform_frequencies(samples: int, rate_hz: float) -> Floats:
    """Return the frequencies of :func:`transient_power`, Hz."""
    length = transform_length(samples)
    return np.asarray(np.arange(length // 2 + 1) * (rate_hz / length), np.float64)


def taper_share(data: Floats, noise_energy: Floats) -> Floats:
    """Return the share of the energy of windows that the tapers let through.

    Tapers weigh the middle of a window more than its ends, and a pulse lies where it lies: with
    this share the energy of the spectrum is that of the window, less noise.

    Parameters
    ----------
    data : ndarray, shape (windows, components, samples)
    noise_energy : ndarray, shape (windows, components)
        Mean square of the noise.

    Returns
    -------
    ndarray, shape (windows,)
    """
    _, weight = _tapers(data.shape[-1])
    centered = data - data.mean(axis=-1, keepdims=True)
    energy = centered**2 - noise_energy[..., None]
    own = energy.sum(axis=(-2, -1))
    share = (energy * weight).sum(axis=(-2, -1)) / np.where(own > 0.0, own, np.nan)
    return np.asarray(np.clip(np.nan_to_num(share, nan=1.0), 0.2, 1.6))


def average_bins(power: Floats, samples: int, rate_hz: float) -> Floats:
    """Return the mean power in bins, NaN in bins above the Nyquist frequency.

    Parameters
    ----------
    power : ndarray, shape (..., frequencies)
    samples : int
        Of the windows.
    rate_hz : float
    """
    weight = _averaging(transform_length(samples), rate_hz)
    found = power @ weight.T
    found[..., weight.sum(axis=1) == 0.0] = np.nan
    return np.asarray(found)


def half_bandwidth(seconds: ArrayLike) -> Floats:
    """Return the half bandwidth of the tapers of windows, Hz: nothing below it is resolved."""
    return np.asarray(TIME_BANDWIDTH / np.asarray(seconds, np.float64))


def log_amplitude_variance(ratio: Floats, seconds: Floats) -> Floats:
    """Return the variance of ln amplitude after noise was taken off, by bin.

    That of seven tapers, a quarter of ``trigamma(7)``, less where a bin is wider than the tapers'
    band, and more where the noise is near: ``(p^2 + 1) / (p - 1)^2`` with the power ratio p.

    Parameters
    ----------
    ratio : ndarray, shape (windows, bins)
        Power of signal and noise over that of noise.
    seconds : ndarray, shape (windows,)
        Length of the windows.
    """
    bins = frequency_bins()
    width = 2.0 * bins.half * bins.center_hz
    band = 2.0 * TIME_BANDWIDTH / np.asarray(seconds)[:, None]
    single = 0.25 * _TRIGAMMA / np.maximum(width / band, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        grown = (ratio**2 + 1.0) / (ratio - 1.0) ** 2
    return np.asarray(single * np.where(ratio > 1.0, grown, np.inf))


def bin_correlation(seconds: Floats, decades: float) -> Floats:
    """Return the correlation of every bin with the one before it.

    Neighbors within the band of the tapers are the same numbers, and what path and site do to a
    spectrum is alike over some ``decades`` of frequency; the larger of both counts.

    Parameters
    ----------
    seconds : ndarray, shape (windows,)
    decades : float
        Decades of frequency over which the correlation of a misfit falls to 1/e.

    Returns
    -------
    ndarray, shape (windows, bins)
    """
    f = frequency_bins().center_hz
    apart = np.diff(f, prepend=f[0])
    band = TIME_BANDWIDTH / np.asarray(seconds, np.float64)[:, None]
    tapers = np.exp(-apart[None, :] / band)
    misfit = np.exp(-1.0 / (PER_DECADE * decades))
    return np.asarray(np.clip(np.maximum(tapers, misfit), 0.0, 0.98))
