"""What tells classes of events apart in the record of one station.

All features are ratios of powers, shapes and times, so that gain, offset, sign and the turn of the
horizontals change none of them. A feature that cannot be measured is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.classification._windows import (
    BANDS_HZ,
    BEFORE_S,
    RATE_HZ,
    SAMPLES,
    STEP,
    EventRecords,
    SpanPower,
    band_power,
    condition_records,
    sum_power,
)

Floats = NDArray[np.float64]

_BLOCK = 64
"""Records that are described together; chosen here: some 100 MB."""

_FLOOR = 0.05
"""Power above the noise is at least so much of the noise, so that ratios of nothing are bounded."""

_SMALL = 1e-7
"""Power below which a band holds nothing but rounding, of a record of power 1."""

_SHORTEST_S, _LONGEST_S = 0.4, 40.0
"""S - P is taken to lie between these, s: of records nearer than that spans would be empty."""

_ENVELOPE_S = 0.5
"""Length of the mean that makes an envelope, s."""

_SPAN_S = (-2.0, 60.0)
"""Span of the envelope whose shape is described, s after P."""

_NAMES = tuple(f"{low:g}-{high:g}" for low, high in BANDS_HZ)
"""Names of the bands, Hz."""


def _feature_names() -> tuple[str, ...]:
    names = [f"{phase} spectrum {a} over {b} Hz" for phase in ("S", "P")
             for a, b in zip(_NAMES[1:], _NAMES[:-1], strict=True)]  # fmt: skip
    names += [f"{phase} over noise {b} Hz" for phase in ("S", "P") for b in _NAMES]
    names += [f"S over P {b} Hz" for b in _NAMES[2:6]]
    names += [f"coda {k} over S {b} Hz" for k in (1, 2, 3) for b in _NAMES[1:6]]
    names += [f"late over noise {b} Hz" for b in _NAMES[:6]]
    names += [f"just before over noise {b} Hz" for b in (_NAMES[2], _NAMES[4])]
    names += ["onset of P", "onset of S"]
    names += [f"vertical over horizontal of {w}" for w in ("P", "S", "coda")]
    names += [f"envelope {w} {b} Hz" for b in ("1-4", "4-16")
              for w in ("peak over mean", "middle", "width", "time above half", "peak time",
                        "roughness")]  # fmt: skip
    names += ["peak of the spectrum", "peak of the spectrum of noise", "jump", "one component",
              "step", "constant"]  # fmt: skip
    names += ["S-P", "P picked", "S picked"]
    return tuple(names)


FEATURES = _feature_names()
"""Names of the features, in order. Ratios are logarithms (base 10) of powers."""


def describe_records(records: EventRecords) -> Floats:
    """Return the features of records.

    Returns
    -------
    ndarray, shape (records, features)
        In the order of :data:`FEATURES`.
    """
    found = [
        _describe_block(records.take(slice(i, i + _BLOCK))) for i in range(0, records.count, _BLOCK)
    ]
    return np.concatenate(found) if found else np.zeros((0, len(FEATURES)))


def _describe_block(records: EventRecords) -> Floats:
    data = condition_records(records)
    power = band_power(data)
    sums = sum_power(power, records.recorded)
    gap = np.clip(records.s_minus_p_s, _SHORTEST_S, _LONGEST_S)
    zero = np.zeros(records.count)
    noise = sums.mean(zero - 25.0, zero - 2.0)
    short = sums.mean(zero - 6.0, zero - 1.0)
    noise = np.where(np.isfinite(noise), noise, short)
    p_end = np.minimum(np.clip(0.7 * gap, 0.6, 8.0), gap)
    s_end = gap + np.maximum(3.0, 0.5 * gap)
    p_raw, s_raw = sums.mean(zero - 0.1, p_end), sums.mean(gap - 0.1, s_end)
    p, s = (_above(x, noise) for x in (p_raw, s_raw))
    columns = []
    for x in (s, p):
        both = x.sum(axis=2) / _widths()
        columns.append(_ratio(both[:, 1:], both[:, :-1]))
    columns += [_ratio(x.sum(axis=2), noise.sum(axis=2)) for x in (s_raw, p_raw)]
    columns.append(_ratio(s[:, 2:6, 1], p[:, 2:6, 0]))
    for start, end in ((5.0, 10.0), (10.0, 20.0), (20.0, 40.0)):
        coda = _above(sums.mean(gap + start, gap + end), noise)
        columns.append(_ratio(coda.sum(axis=2), s.sum(axis=2))[:, 1:6])
    late = sums.mean(zero + 50.0, zero + 85.0)
    columns.append(_ratio(late.sum(axis=2), noise.sum(axis=2))[:, :6])
    before = sums.mean(zero - 4.0, zero - 0.5).sum(axis=2)
    columns.append(_ratio(before, noise.sum(axis=2))[:, [2, 4]])
    columns.append(_onsets(sums, gap, zero))
    coda = sums.mean(gap + 5.0, gap + 15.0)
    columns.append(np.stack(
        [_ratio(x[:, 3:5, 0].sum(axis=1), x[:, 3:5, 1].sum(axis=1)) for x in (p, s, coda)], axis=1
    ))  # fmt: skip
    total = power.sum(axis=2)
    for bands in (slice(2, 4), slice(4, 6)):
        columns.append(_envelope_shape(total[:, bands].sum(axis=1), records.recorded))
    columns.append(_flaws(records, data))
    columns.append(np.stack([np.log10(gap), records.has_p, records.has_s], axis=1))
    return np.concatenate(columns, axis=1)


def _widths() -> Floats:
    return np.array([high - low for low, high in BANDS_HZ])


def _above(power: Floats, noise: Floats) -> Floats:
    """Return power without that of the noise, and at least a small part of it."""
    known = np.where(np.isfinite(noise), noise, 0.0)
    return np.maximum(power - known, _FLOOR * known + _SMALL)


def _ratio(over: Floats, under: Floats) -> Floats:
    """Return the logarithm of a ratio of powers, within 8 units."""
    return np.clip(np.log10((over + _SMALL) / (under + _SMALL)), -8.0, 8.0)


def _onsets(sums: SpanPower, gap: Floats, zero: Floats) -> Floats:
    """Return how much power rises at P (vertical, 4-16 Hz) and at S (horizontal, 2-16 Hz)."""
    columns = []
    for at, bands, component in ((zero, slice(4, 6), 0), (gap, slice(3, 6), 1)):
        after, before = (
            sums.mean(at + a, at + b)[:, bands, component].sum(axis=1)
            for a, b in ((0.0, 0.5), (-0.7, -0.2))
        )
        columns.append(_ratio(after, before))
    return np.stack(columns, axis=1)


def _envelope_shape(power: NDArray[np.float32], recorded: NDArray[np.int64]) -> Floats:
    """Return peak over mean, middle, width, time above half of the peak, its time, roughness."""
    length = round(_ENVELOPE_S * RATE_HZ / STEP)
    first, end = (round((BEFORE_S + t) * RATE_HZ / STEP) for t in _SPAN_S)
    count = (end - first) // length
    cut = power[:, first : first + count * length].reshape(len(power), count, length)
    envelope = np.sqrt(cut.mean(axis=2, dtype=np.float64))
    at = STEP * (first + length * (np.arange(count) + 0.5))
    inside = (at >= recorded[:, :1]) & (at < recorded[:, 1:])
    envelope = np.where(inside, envelope, 0.0) + 1e-9
    time = (at / RATE_HZ - BEFORE_S)[None, :]
    total = envelope.sum(axis=1)
    peak = envelope.max(axis=1)
    middle = (envelope * time).sum(axis=1) / total
    width = np.sqrt((envelope * (time - middle[:, None]) ** 2).sum(axis=1) / total)
    above = (envelope > 0.5 * peak[:, None]).sum(axis=1) * _ENVELOPE_S
    steps = np.abs(np.diff(np.log(envelope), axis=1)) * (inside[:, 1:] & inside[:, :-1])
    rough = steps.sum(axis=1) / np.maximum((inside[:, 1:] & inside[:, :-1]).sum(axis=1), 1)
    mean = total / np.maximum(inside.sum(axis=1), 1)
    found = np.stack(
        [np.log10(peak / mean), middle, np.log10(width + 0.1), np.log10(above),
         time[0, envelope.argmax(axis=1)], rough], axis=1,
    )  # fmt: skip
    found[inside.sum(axis=1) < 0.3 * count] = np.nan
    return np.asarray(found)


def _flaws(records: EventRecords, data: Floats) -> Floats:
    """Return peaks of the spectra, jumps, the share of one component, steps, and constants."""
    peaks = [
        _spectral_peak(data, records.recorded, *span) for span in ((-1.0, 30.0), (-29.0, -1.0))
    ]
    a, b = (round((BEFORE_S + t) * RATE_HZ) for t in (-1.0, 20.0))
    part = data[:, :, a:b]
    jump = np.abs(np.diff(part, 2, axis=2)).max(axis=(1, 2))
    scale = np.sqrt((np.diff(part, 2, axis=2) ** 2).mean(axis=(1, 2)))
    own = (part**2).mean(axis=2)
    # turning the horizontals must not change it
    sides = own[:, 1] + own[:, 2]
    share = np.abs(_ratio(own[:, 0], 0.5 * sides))
    before, after = (
        data[:, :, round((BEFORE_S + x) * RATE_HZ) : round((BEFORE_S + y) * RATE_HZ)].mean(axis=2)
        for x, y in ((-10.0, -1.0), (1.0, 10.0))
    )
    step = np.sqrt(((after - before) ** 2).sum(axis=1))
    at = np.arange(SAMPLES)
    inside = (at >= records.recorded[:, :1]) & (at < records.recorded[:, 1:])
    same = (np.diff(records.data, axis=2) == 0.0).all(axis=1) & inside[:, 1:]
    constant = same.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    return np.stack(
        [*peaks, np.log10((jump + 1e-9) / (scale + 1e-9)), share, np.log10(step + 1e-3),
         np.log10(constant + 1e-3)], axis=1,
    )  # fmt: skip


def _spectral_peak(
    data: Floats, recorded: NDArray[np.int64], start_s: float, end_s: float
) -> Floats:
    """Return how far the largest line stands out of the smooth spectrum, 1 to 22 Hz.

    Spectra are of 5.12 s with a Hann window, half overlapping; their mean over pieces and
    components is compared with its running median over a third of an octave.
    """
    size = 256
    first, end = (round((BEFORE_S + t) * RATE_HZ) for t in (start_s, end_s))
    starts = np.arange(first, end - size + 1, size // 2)
    pieces = np.stack([data[:, :, a : a + size] for a in starts], axis=2) * np.hanning(size)
    spectrum = (np.abs(np.fft.rfft(pieces, axis=-1)) ** 2).sum(axis=1)
    known = (starts >= recorded[:, :1]) & (starts + size <= recorded[:, 1:])
    mean = (spectrum * known[:, :, None]).sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]
    level = np.log10(mean + _SMALL)[:, 5:113]
    # the median of 15 lines, 2.9 Hz
    padded = np.pad(level, ((0, 0), (7, 7)), mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 15, axis=1), axis=2)
    found = (level - smooth).max(axis=1)
    found[~known.any(axis=1)] = np.nan
    return np.asarray(found)
