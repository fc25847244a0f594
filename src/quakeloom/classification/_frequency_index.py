"""The frequency index: how much of an event's shaking is fast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.classification._windows import BEFORE_S, RATE_HZ, EventRecords, condition_records

Floats = NDArray[np.float64]

HIGH_HZ, LOW_HZ = (10.0, 20.0), (1.0, 4.0)
"""Bands whose mean amplitudes are compared, as Buurman & West (2010) do for volcanoes, here with
the bands that tell low-frequency earthquakes apart (the upper one ends below 22.5 Hz)."""

QUALITY_FACTOR = 300.0
"""Of S along the path, for the correction of attenuation; chosen here: that of crust at 10 Hz."""

_SITE_T_STAR_S = 0.006
"""Attenuation t* of S below a station, s; chosen here: a hundred meters of weathered rock."""

_LENGTH = 256
"""Samples of S that are transformed: 5.12 s."""


def frequency_index(
    amplitude: Floats, frequency_hz: Floats, t_star_s: Floats | float = 0.0
) -> Floats:
    """Return ``log10`` of the mean amplitude of 10-20 Hz over that of 1-4 Hz.

    The amplitude is corrected for attenuation, ``A exp(pi f t*)``, so that distance changes it
    little. Ordinary small earthquakes have about 0 for displacement and more for velocity,
    low-frequency ones a unit less.

    Parameters
    ----------
    amplitude : ndarray, shape (..., frequencies)
        Amplitude spectrum of S.
    frequency_hz : ndarray, shape (frequencies,)
    t_star_s : ndarray, shape (...), or float
        Attenuation of the path, s.

    Returns
    -------
    ndarray, shape (...)
        NaN where a band is empty.
    """
    raised = amplitude * np.exp(np.pi * frequency_hz * np.asarray(t_star_s)[..., None])
    means = []
    for low, high in (HIGH_HZ, LOW_HZ):
        inside = (frequency_hz >= low) & (frequency_hz <= high)
        means.append(raised[..., inside].mean(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log10(means[0] / means[1])
    return np.where(np.isfinite(found), found, np.nan)


def record_frequency_index(records: EventRecords, travel_time_s: Floats) -> Floats:
    """Return the frequency index of S of records, less the noise before P.

    Parameters
    ----------
    records : EventRecords
    travel_time_s : ndarray, shape (records,)
        Of S; t* is this over :data:`QUALITY_FACTOR`, and that of the site.

    Returns
    -------
    ndarray, shape (records,)
        NaN where S does not stand twice out of the noise in the lower band, or is not recorded.
    """
    data = condition_records(records)
    first = np.round((BEFORE_S + records.s_minus_p_s - 0.2) * RATE_HZ)
    first = np.where(np.isfinite(first), first, 0).astype(np.int64)
    noise_first = round((BEFORE_S - 1.0) * RATE_HZ) - _LENGTH
    window = np.hanning(2 * _LENGTH)[_LENGTH:]
    at = np.clip(first[:, None] + np.arange(_LENGTH), 0, data.shape[2] - 1).astype(np.int64)
    spectra = []
    before = np.broadcast_to(noise_first + np.arange(_LENGTH, dtype=np.int64), at.shape)
    for index in (at, before):
        part = np.take_along_axis(data, index[:, None, :], axis=2)
        spectrum = np.abs(np.fft.rfft(part * window, axis=2)) ** 2
        spectra.append(spectrum[:, 1:].sum(axis=1))
    frequency = np.asarray(np.fft.rfftfreq(_LENGTH, 1.0 / RATE_HZ), float)
    signal = np.sqrt(np.maximum(spectra[0] - spectra[1], 0.05 * spectra[1]))
    low = (frequency >= LOW_HZ[0]) & (frequency <= LOW_HZ[1])
    stands = spectra[0][:, low].sum(axis=1) > 4.0 * spectra[1][:, low].sum(axis=1)
    whole = (records.recorded[:, 0] <= noise_first) & (
        records.recorded[:, 1] >= first + _LENGTH
    ) & np.isfinite(records.s_minus_p_s)  # fmt: skip
    t_star = _SITE_T_STAR_S + np.nan_to_num(travel_time_s) / QUALITY_FACTOR
    found = frequency_index(signal, frequency, t_star)
    return np.where(whole & stands, found, np.nan)
