"""From windows of counts to displacement spectra above the noise, with their band and errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.spectra._bands import usable_bands
from quakeloom.spectra._multitaper import (
    average_bins,
    bin_correlation,
    frequency_bins,
    half_bandwidth,
    log_amplitude_variance,
    taper_share,
    transient_power,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_CUT = 0.15
"""Error of ln amplitude at the half bandwidth, falling as 1/f: what a window cuts off at long
periods (chosen here, by records whose spectrum is known)."""


@dataclass(frozen=True)
class MeasuringChoices:
    """How spectra are measured.

    Attributes
    ----------
    minimum_snr : float
        Amplitude of signal and noise over that of noise, below which a bin does not count.
    misfit : float
        Standard deviation of ln amplitude by which models miss spectra of path and site.
    misfit_decades : float
        Decades of frequency over which that misfit is alike.
    """

    minimum_snr: float = 3.0
    misfit: float = 0.2
    misfit_decades: float = 0.1


@dataclass(frozen=True)
class MeasuredSpectra:
    """Displacement spectra of windows.

    Attributes
    ----------
    log_displacement, log_noise : ndarray, shape (windows, bins)
        ln of the amplitude spectrum, m s, noise taken off, and of that of the noise; NaN where
        there is none.
    error, correlation : ndarray, shape (windows, bins)
        Standard error of ln amplitude and its correlation with the bin before.
    bounds : ndarray, shape (windows, 2)
        First bin of the band, and the one after the last; equal where no bin is usable.
    snr : ndarray, shape (windows,)
        Largest ratio of amplitudes.
    """

    log_displacement: Floats
    log_noise: Floats
    error: Floats
    correlation: Floats
    bounds: Ints
    snr: Floats


def measure_spectra(
    signal: Floats, noise: Floats, rate_hz: float, response: Floats, highest_hz: Floats,
    choices: MeasuringChoices,
) -> MeasuredSpectra:  # fmt: skip
    """Return displacement spectra of windows of one length, their noise taken off.

    Components are put together as power, before the logarithm: a rotation of the sensor changes
    nothing. The power of the noise is that of its own window, times the length of the signal's.
    A bin counts above the half bandwidth of the tapers, below ``highest_hz`` and above
    ``minimum_snr``; the band is the longest run of such bins.

    Parameters
    ----------
    signal : ndarray, shape (windows, components, samples)
        Counts.
    noise : ndarray, shape (windows, components, other samples)
    rate_hz : float
    response : ndarray, shape (windows, components, bins)
        Counts per m/s, amplitude; NaN for components that do not count.
    highest_hz : ndarray, shape (windows,)
        Frequency up to which the recorder passes.
    choices : MeasuringChoices
    """
    samples, quiet = signal.shape[-1], noise.shape[-1]
    seconds = np.full(signal.shape[0], samples / rate_hz)
    f = frequency_bins().center_hz
    use = np.isfinite(response)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_displacement = np.where(use, 1.0 / (response * 2.0 * np.pi * f) ** 2, 0.0)
    both = average_bins(transient_power(signal, rate_hz), samples, rate_hz)
    still = average_bins(transient_power(noise, rate_hz), quiet, rate_hz) * (samples / quiet)
    total = (both * to_displacement).sum(axis=1)
    ground = (still * to_displacement).sum(axis=1)
    counted: NDArray[np.bool_] = np.asarray(use.any(axis=2))
    quiet_energy = np.where(counted, noise.var(axis=-1), 0.0)
    share = taper_share(np.where(counted[..., None], signal, 0.0), quiet_energy)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(total / ground)
        log_displacement = 0.5 * np.log((total - ground) / share[:, None])
        log_noise = 0.5 * np.log(ground / share[:, None])
        usable = np.asarray(ratio > choices.minimum_snr**2)
    usable &= np.isfinite(log_displacement)
    usable &= (f >= half_bandwidth(samples / rate_hz)) & (f <= highest_hz[:, None])
    bounds = np.column_stack(usable_bands(usable))
    cut = _CUT * half_bandwidth(samples / rate_hz) / f
    error = np.sqrt(log_amplitude_variance(ratio, seconds) + choices.misfit**2 + cut**2)
    snr = np.sqrt(np.where(usable, ratio, 0.0).max(axis=1, initial=0.0))
    return MeasuredSpectra(
        np.where(np.isfinite(log_displacement), log_displacement, np.nan),
        np.where(np.isfinite(log_noise), log_noise, np.nan),
        np.where(np.isfinite(error), error, np.nan),
        bin_correlation(seconds, choices.misfit_decades), bounds, snr,
    )  # fmt: skip
