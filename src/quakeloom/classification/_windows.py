"""Records around events, and the power of their bands in spans of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE_HZ = 50.0
"""Samples a second of all records; the bands below end at its Nyquist frequency."""

BEFORE_S, AFTER_S = 30.0, 90.0
"""Seconds of a record before and after P: two minutes, as long as bursts of tremor last (chosen
here)."""

SAMPLES = int((BEFORE_S + AFTER_S) * RATE_HZ)
"""Samples of a record."""

BANDS_HZ = (
    (0.1, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0), (16.0, 22.5),
)  # fmt: skip
"""Bands in which power is compared: octaves, and two wider ones below and above; the last one
ends below the Nyquist frequency. Chosen here."""

STEP = 5
"""Samples that power is summed over, 0.1 s: spans begin and end on these."""

_TAPER_S = 1.0
"""Seconds over which the ends of what was recorded are tapered, so that they make no power."""

_LEAST_SHARE = 0.6
"""Share of a span that must be recorded for its power to be known (chosen here)."""

_ROOM_S = 4.0
"""Zeros behind a record, s, so that what a band rings over its end does not come round."""


@dataclass(frozen=True)
class EventRecords:
    """Three-component records of events, one row per event and station.

    Attributes
    ----------
    data : ndarray of float32, shape (records, 3, SAMPLES)
        Components Z, N, E at :data:`RATE_HZ`; P is expected at :data:`BEFORE_S`. Any unit, any
        offset.
    recorded : ndarray of int, shape (records, 2)
        First sample that was recorded, and the one behind the last.
    s_minus_p_s : ndarray, shape (records,)
    has_p, has_s : ndarray of bool, shape (records,)
        P and S were picked; else they follow from the other and the origin time.
    """

    data: NDArray[np.float32]
    recorded: NDArray[np.int64]
    s_minus_p_s: Floats
    has_p: NDArray[np.bool_]
    has_s: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.data)

    def take(self, index: NDArray[np.int64] | slice) -> EventRecords:
        """Return some of the records."""
        return EventRecords(
            self.data[index], self.recorded[index], self.s_minus_p_s[index], self.has_p[index],
            self.has_s[index],
        )  # fmt: skip


def condition_records(records: EventRecords) -> Floats:
    """Return records without their mean, tapered where recording begins and ends.

    Returns
    -------
    ndarray, shape (records, 3, SAMPLES)
        Zero where nothing was recorded; each record is scaled to a root mean square of 1 over its
        components, and one of zeros alone stays so.
    """
    n = SAMPLES
    at = np.arange(n)
    first, end = records.recorded[:, :1], records.recorded[:, 1:]
    inside = (at >= first) & (at < end)
    length = np.maximum(inside.sum(axis=1), 1)[:, None, None]
    data = np.where(inside[:, None, :], records.data, 0.0).astype(np.float64)
    data -= data.sum(axis=2, keepdims=True) / length
    away = np.minimum(at - first + 1, end - at) / (_TAPER_S * RATE_HZ)
    window = np.where(inside, np.sin(0.5 * np.pi * np.clip(away, 0.0, 1.0)) ** 2, 0.0)
    data *= window[:, None, :]
    scale = np.sqrt((data**2).sum(axis=(1, 2), keepdims=True) / (3.0 * length))
    return np.asarray(data / np.where(scale > 0.0, scale, 1.0))


def band_power(data: Floats) -> NDArray[np.float32]:
    """Return the squared motion of every band, as means over every tenth of a second.

    Parameters
    ----------
    data : ndarray, shape (records, 3, SAMPLES)
        As of :func:`condition_records`.

    Returns
    -------
    ndarray of float32, shape (records, bands, 2, SAMPLES / STEP)
        Of the vertical, and of both horizontals together. Bands have edges of a raised cosine,
        a tenth of their corner wide, and no phase.
    """
    length = scipy.fft.next_fast_len(SAMPLES + round(_ROOM_S * RATE_HZ), real=True)
    frequency = np.asarray(np.fft.rfftfreq(length, 1.0 / RATE_HZ))
    spectrum = scipy.fft.rfft(data.astype(np.float32), length, axis=-1)
    out = np.empty((len(data), len(BANDS_HZ), 2, SAMPLES // STEP), np.float32)
    for k, (low, high) in enumerate(BANDS_HZ):
        rise = np.clip((frequency - 0.95 * low) / (0.1 * low), 0.0, 1.0)
        fall = np.clip((1.05 * high - frequency) / (0.1 * high), 0.0, 1.0)
        shape = (np.sin(0.5 * np.pi * rise) * np.sin(0.5 * np.pi * fall)).astype(np.float32)
        motion = scipy.fft.irfft(spectrum * shape, length, axis=-1)[..., :SAMPLES]
        cut = motion.reshape(len(data), 3, -1, STEP)
        power = np.einsum("ijkl,ijkl->ijk", cut, cut) / STEP
        out[:, k, 0] = power[:, 0]
        out[:, k, 1] = power[:, 1] + power[:, 2]
    return out


@dataclass(frozen=True)
class SpanPower:
    """Sums of power, from which means over spans follow at once.

    Attributes
    ----------
    total : ndarray, shape (records, ..., SAMPLES / STEP + 1)
    recorded : ndarray of int, shape (records, 2)
        In steps.
    """

    total: Floats
    recorded: NDArray[np.int64]

    def mean(self, start_s: Floats, end_s: Floats) -> Floats:
        """Return the mean power from a time after P to another, s; NaN where it was not recorded.

        Parameters
        ----------
        start_s, end_s : ndarray, shape (records,)

        Returns
        -------
        ndarray, shape (records, ...)
        """
        step_s = STEP / RATE_HZ
        a, b = (np.round((t + BEFORE_S) / step_s).astype(np.int64) for t in (start_s, end_s))
        b = np.maximum(b, a + 1)
        low = np.clip(a, self.recorded[:, 0], self.recorded[:, 1])
        high = np.clip(b, self.recorded[:, 0], self.recorded[:, 1])
        rows = np.arange(low.size)
        power = np.moveaxis(self.total, -1, 1)
        found = power[rows, high] - power[rows, low]
        count = (high - low).astype(float)
        enough = count >= _LEAST_SHARE * (b - a)
        count[~enough] = np.nan
        return np.asarray(found / count.reshape(-1, *[1] * (found.ndim - 1)))


def sum_power(power: NDArray[np.float32], recorded: NDArray[np.int64]) -> SpanPower:
    """Return the running sums of power of :func:`band_power`."""
    total = np.zeros((*power.shape[:-1], power.shape[-1] + 1))
    np.cumsum(power, axis=-1, dtype=np.float64, out=total[..., 1:])
    steps = np.stack([-(-recorded[:, 0] // STEP), recorded[:, 1] // STEP], axis=1)
    return SpanPower(total, steps)
