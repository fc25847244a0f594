"""Impulses and scattered waves of one record, in compiled code.

A train has shape (3, samples): vertical, and two horizontals. Scattered waves are white noise under
an envelope, drawn by sample, so that the filters of source and path color them as they do arrivals.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.simulate._counted_random import pair_key, uniform

Floats = NDArray[np.float64]

UNIFORM_ROOT = math.sqrt(12.0)
"""One over the standard deviation of a uniform number between 0 and 1."""


class Envelope(NamedTuple):
    """Amplitude of scattered waves over time: ``(1 - exp(-t / rise)) (1 + t / time)^-decay``."""

    rise_s: float
    time_s: float
    decay: float


@compiled(nogil=True)
def add_impulse(train: Floats, at: float, strength: float) -> None:
    """Add an impulse between two samples."""
    low = math.floor(at)
    if low >= 0 and low + 1 < train.shape[0]:
        share = at - low
        train[low] += strength * (1.0 - share)
        train[low + 1] += strength * share


@compiled(nogil=True)
def add_scatter(
    train: Floats,
    key: np.uint64,
    start: float,
    strength: float,
    envelope: Envelope,
    rate: float,
    weight: float,
) -> None:
    """Add scattered energy after an arrival: random impulses under an envelope, all components."""
    first = max(math.ceil(start), 0)
    streams = (
        pair_key(key, np.uint64(0)), pair_key(key, np.uint64(1)), pair_key(key, np.uint64(2))
    )  # fmt: skip
    for i in range(first, train.shape[1]):
        t = (i - start) / rate
        level = (1.0 - math.exp(-t / envelope.rise_s)) * (1.0 + t / envelope.time_s) ** (
            -envelope.decay
        )
        # It is small before it has risen as well: only later does small mean faded.
        if level < 1e-4 and t > 1.0:
            break
        # Number i of a stream belongs to sample i: where a wave begins decides how large its
        # scattered waves are and not which, and those of a longer record begin as these do.
        scale = strength * UNIFORM_ROOT * level
        train[0, i] += scale * (uniform(streams[0], i) - 0.5)
        train[1, i] += weight * scale * (uniform(streams[1], i) - 0.5)
        train[2, i] += weight * scale * (uniform(streams[2], i) - 0.5)


@compiled(nogil=True)
def add_bridge(
    train: Floats,
    key: np.uint64,
    start: float,
    stop: float,
    strength: float,
    growth: float,
    envelope: Envelope,
    rate: float,
) -> None:
    """Add waves scattered from P to S: they swell from P to S, and decay with the coda of S."""
    first = max(math.ceil(start), 0)
    vertical, north, east = (
        pair_key(key, np.uint64(0)), pair_key(key, np.uint64(1)), pair_key(key, np.uint64(2))
    )  # fmt: skip
    span = max(stop - start, 1.0)
    for i in range(first, train.shape[1]):
        if i < stop:
            # 0.1: it is there soon after P, where scatterers are near the station
            level = (0.1 + 0.9 * (i - start) / span) ** growth
            level *= 1.0 - math.exp(-(i - start) / rate / envelope.rise_s)
        else:
            level = (1.0 + (i - stop) / rate / envelope.time_s) ** (-envelope.decay)
            if level < 1e-3:
                break
        scale = strength * UNIFORM_ROOT * level
        train[0, i] += 0.8 * scale * (uniform(vertical, i) - 0.5)
        train[1, i] += scale * (uniform(north, i) - 0.5)
        train[2, i] += scale * (uniform(east, i) - 0.5)


@compiled(nogil=True)
def add_broadened(
    train: Floats,
    key: np.uint64,
    start: float,
    strength: float,
    duration_s: float,
    rate: float,
    weight: float,
) -> None:
    """Add a wave of such a strength that forward scattering spreads over so long a time."""
    # 0.15: the integral of the square of this envelope, in durations
    level = strength / math.sqrt(max(0.15 * duration_s * rate, 1.0))
    envelope = Envelope(0.5 * duration_s, 2.0 * duration_s, 3.0)
    add_scatter(train, key, start, level, envelope, rate, weight)
