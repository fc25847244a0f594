"""Windows to train a picking network on, cut from records with known arrivals and spoiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES = 3000
"""Length of the windows, samples, as Zhu & Beroza (2019) have it."""

SHORT_SAMPLES = 1464
"""Half as long, and as the network's strides fall on 3000: the difference is a multiple of 256."""

SAMPLING_RATE_HZ = 100.0
"""Of the windows, Hz, as Zhu & Beroza (2019) have it."""

_UNKNOWN_S = 0.5
"""Half the span around a doubtful arrival that is left out of the training, s; chosen here."""

_HIDDEN, _DOUBTFUL = 1.0, 2.5
"""Peak of an arrival over another event's waves there, below which it is not seen, and up to which
it is left out of the training; chosen here."""

_EDGE = 30
"""Least distance of the arrival that a window is cut around from its ends, samples; chosen here:
nearer, half of its bell would be missing."""

_QUIET_BEFORE = 100
"""Samples before the first arrival that a window without arrivals keeps clear; chosen here."""


@dataclass(frozen=True)
class PickerTraining:
    """How a picking network is trained.

    Attributes
    ----------
    steps, batch : int
    learning_rate : float
        Rises for the first hundredth of the steps, then falls to zero along half a cosine.
    label_s : float
        Standard deviation of the bell that stands for an arrival.
    no_arrival : float
        Share of windows before the arrivals.
    two_events : float
        Share of windows with a second event in them.
    vertical_only, lost_component : float
        Shares of windows without horizontals, and without one of them.
    bursts : float
        Share of windows with bursts of noise that are no arrivals.
    short_share : float
        Share of the steps, the first ones, with windows of 14.64 s: they cost half and hold as
        many arrivals.
    samples : int
        Length of a window.
    """

    steps: int = 6000
    batch: int = 32
    learning_rate: float = 3e-3
    label_s: float = 0.08
    no_arrival: float = 0.08
    two_events: float = 0.2
    vertical_only: float = 0.25
    lost_component: float = 0.05
    bursts: float = 0.2
    short_share: float = 0.0
    samples: int = SAMPLES


@dataclass(frozen=True)
class TrainingRecords:
    """Records with known arrivals.

    Attributes
    ----------
    data : ndarray of float16 or float32, shape (records, 3, samples)
        Components Z, N, E at 100 Hz; at least 30 s long.
    p_sample, s_sample : ndarray, shape (records,)
        Onsets; NaN where a wave is not in the record.
    is_p_clear, is_s_clear, is_s_clear_on_vertical : ndarray of bool, shape (records,), optional
        Whether an analyst could see them. Where they could not, half a second around the onset
        is left out of the training: neither picking nor leaving it is wrong. Without these
        everything is clear.
    """

    data: NDArray[Any]
    p_sample: NDArray[np.float64]
    s_sample: NDArray[np.float64]
    is_p_clear: NDArray[np.bool_] | None = None
    is_s_clear: NDArray[np.bool_] | None = None
    is_s_clear_on_vertical: NDArray[np.bool_] | None = None

    def is_clear(self, phase: int, row: int, vertical_only: bool) -> bool:
        """Return whether P (0) or S (1) of a record can be seen."""
        on_vertical, flat = self.is_s_clear_on_vertical, self.is_s_clear
        clear = self.is_p_clear if phase == 0 else on_vertical if vertical_only else flat
        return clear is None or bool(clear[row])


@dataclass
class _Piece:
    """What one record gives to a window: samples, and (phase, sample, whether it is clear)."""

    data: NDArray[np.float32]
    arrivals: list[tuple[int, float, bool]] = field(default_factory=list)


def cut_training_windows(
    records: TrainingRecords,
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    training: PickerTraining,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut windows with what goes wrong in real ones; return them and their labels.

    Returns
    -------
    windows : ndarray of float32, shape (rows, 3, samples)
    labels : ndarray of float32, shape (rows, 3, samples)
        Probabilities of noise, P, S; all zero where it is not known what is there.
    """
    n, samples = len(rows), training.samples
    windows = np.zeros((n, 3, samples), np.float32)
    labels = np.zeros((n, 3, samples), np.float32)
    sigma = training.label_s * SAMPLING_RATE_HZ
    for i, row in enumerate(rows):
        # One number decides both: a window without horizontals cannot lose one more.
        chance = rng.random()
        vertical_only = chance < training.vertical_only
        pieces = [_take_piece(records, int(row), rng, training, vertical_only)]
        if rng.random() < training.two_events:
            other = int(rng.integers(len(records.data)))
            # small ones in the coda of larger ones are more common than equal ones
            gain = np.float32(10.0 ** rng.uniform(-1.5, 0.5))
            second = _take_piece(records, other, rng, training, vertical_only)
            second.data *= gain
            pieces.append(second)
        windows[i] = sum(piece.data for piece in pieces)
        unknown = _label(pieces, labels[i], sigma)
        if rng.random() < training.bursts:
            _add_bursts(windows[i], rng)
        if vertical_only:
            windows[i, 1:] = 0.0
        elif chance < training.vertical_only + training.lost_component:
            windows[i, int(rng.integers(1, 3))] = 0.0
        _spoil(windows[i], rng)
        # P and S of two events may overlap; probabilities must not add up to more than 1.
        total = labels[i, 1] + labels[i, 2]
        labels[i, 1:] /= np.maximum(total, 1.0)
        labels[i, 0] = 1.0 - labels[i, 1] - labels[i, 2]
        # All three zero: the cross entropy of such a sample is zero whatever the network says.
        labels[i][:, unknown & (total < 0.1)] = 0.0
    return windows, labels


def _take_piece(
    records: TrainingRecords,
    row: int,
    rng: np.random.Generator,
    training: PickerTraining,
    vertical_only: bool,
) -> _Piece:
    length, samples = records.data.shape[2], training.samples
    times = (records.p_sample[row], records.s_sample[row])
    known = [t for t in times if np.isfinite(t)]
    if rng.random() < training.no_arrival or not known:
        first = int(min(known, default=length)) - samples - _QUIET_BEFORE
        if first >= 0:
            return _Piece(records.data[row, :, first : first + samples].astype(np.float32))
        # There is not enough noise before: mirror what there is.
        stop = max(int(min(known, default=samples)) - 50, 50)
        quiet = records.data[row, :, :stop].astype(np.float32)
        wide = ((0, 0), (0, max(samples - stop, 0)))
        return _Piece(np.pad(quiet, wide, mode="symmetric")[:, :samples])
    # Around P or S alike, at any place of the window: otherwise the network learns where P is.
    anchor = known[int(rng.integers(len(known)))]
    first = int(anchor - rng.uniform(_EDGE, samples - _EDGE))
    first = min(max(first, 0), length - samples)
    piece = _Piece(records.data[row, :, first : first + samples].astype(np.float32))
    for phase, time in enumerate(times):
        if np.isfinite(time):
            clear = records.is_clear(phase, row, vertical_only)
            piece.arrivals.append((phase, time - first, clear))
    return piece


def _label(pieces: list[_Piece], label: NDArray[np.float32], sigma: float) -> NDArray[np.bool_]:
    """Write bells of P and S; return where it is not known what is there."""
    samples = label.shape[1]
    at = np.arange(samples)
    unknown = np.zeros(samples, bool)
    for piece in pieces:
        others = [p.data for p in pieces if p is not piece]
        for phase, time, is_clear in piece.arrivals:
            if not -3 * sigma < time < samples + 3 * sigma:
                continue
            contrast = _contrast(piece.data, others[0], time) if others else np.inf
            if is_clear and contrast >= _DOUBTFUL:
                bell = np.exp(-0.5 * ((at - time) / sigma) ** 2)
                label[1 + phase] = np.maximum(label[1 + phase], bell)
            elif contrast >= _HIDDEN:
                unknown |= np.abs(at - time) < _UNKNOWN_S * SAMPLING_RATE_HZ
    return unknown


def _contrast(data: NDArray[np.float32], other: NDArray[np.float32], time: float) -> float:
    """Peak after an arrival over the level of another event's waves there."""
    a = min(max(int(time), 0), data.shape[1] - 10)
    part = other[:, max(a - 50, 0) : a + 30]
    level = float(np.sqrt(np.mean((part - part.mean(axis=1, keepdims=True)) ** 2)))
    return float(np.abs(data[:, a : a + 60]).max()) / max(level, 1e-20)


def _add_bursts(window: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Passing cars, steps, faults of the recorder: waves with one beginning and no S."""
    peak = float(np.abs(window).max())
    samples = window.shape[1]
    at = np.arange(samples) / SAMPLING_RATE_HZ
    for _ in range(int(rng.integers(1, 4))):
        since = at - rng.uniform(0.0, at[-1])
        rise, decay = 10.0 ** rng.uniform(-1.3, 0.5, 2)
        envelope = np.where(since < 0, np.exp(since / rise), np.exp(-np.maximum(since, 0) / decay))
        tone = 2.0 * np.pi * 10.0 ** rng.uniform(0.2, 1.6) * at
        width = rng.uniform(0.0, 1.0)
        noise = rng.standard_normal((3, samples))
        wave = np.sin(tone + rng.uniform(0.0, 6.28, (3, 1))) * (1 - width) + width * noise
        size = peak * 10.0 ** rng.uniform(-2.0, 0.0) * rng.uniform(0.1, 1.0, (3, 1))
        window += (size * envelope * wave).astype(np.float32)


def _spoil(window: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Gains, clipping, spikes, drift, turned upside down."""
    window *= np.exp(0.15 * rng.standard_normal((3, 1))).astype(np.float32)
    chance = rng.random()
    peak = float(np.abs(window).max())
    if chance < 0.03:
        limit = peak * 10.0 ** rng.uniform(-1.2, -0.1)
        np.clip(window, -limit, limit, out=window)
    elif chance < 0.06:
        for _ in range(int(rng.integers(1, 5))):
            window[:, int(rng.integers(window.shape[1]))] += peak * rng.uniform(-1.5, 1.5, 3)
    elif chance < 0.14:
        drift = np.cumsum(np.cumsum(rng.standard_normal(window.shape), axis=1), axis=1)
        drift /= np.abs(drift).max(axis=1, keepdims=True)
        window += (peak * rng.uniform(0.0, 3.0) * drift).astype(np.float32)
    if rng.random() < 0.5:
        window *= -1.0
