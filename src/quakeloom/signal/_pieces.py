"""Pieces of channels: joined where they follow each other, cut where nothing was recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.signal._clock import NANO
from quakeloom.signal._fill import find_fill
from quakeloom.signal._resample import resample_causally

_DRIFT_SAMPLES = 0.5
"""A piece counts as one of the wanted rate if its last sample is no farther off than this."""


@dataclass(frozen=True)
class Piece:
    """One contiguous piece of one channel.

    Attributes
    ----------
    channel : str
        Its last letter is the component: Z, N, E, or U, 1, 2, 3, X, Y; or a name of K-NET.
    start : int
        Time of the first sample, nanoseconds since 1970.
    rate_hz : float
    samples : ndarray
    azimuth_deg, dip_deg : float
        Direction of the sensor, see :class:`Direction`; NaN if not known.
    sensor : str
        What the header says of the sensor; tells apart two with the same codes.
    source : str
        File that it is from.
    """

    channel: str
    start: int
    rate_hz: float
    samples: NDArray[Any]
    azimuth_deg: float = math.nan
    dip_deg: float = math.nan
    sensor: str = ""
    source: str = ""

    @property
    def end(self) -> int:
        """Time just after the last sample."""
        return self.start + round(self.samples.size * NANO / self.rate_hz)

    def part(self, first: int, last: int) -> Piece:
        """Return the samples from ``first`` to ``last - 1`` as a piece."""
        start = self.start + round(first * NANO / self.rate_hz)
        return replace(self, start=start, samples=self.samples[first:last])


def cut_fill(piece: Piece, problems: list[str]) -> list[Piece]:
    """Cut out of a piece what was never recorded; see :func:`find_fill`."""
    fills = find_fill(piece.samples, piece.rate_hz)
    if not fills:
        return [piece]
    kept, at = [], 0
    for fill in fills:
        seconds = (fill.stop - fill.start) / piece.rate_hz
        what = "a straight line" if fill.value is None else f"the one value {fill.value:g}"
        problems.append(f"{piece.channel}: {seconds:.1f} s of {what} are taken for a gap")
        kept.append((at, fill.start))
        at = fill.stop
    kept.append((at, piece.samples.size))
    return [piece.part(a, b) for a, b in kept if b > a]


def at_rate(piece: Piece, rate_hz: float) -> Piece:
    """Resample a piece causally, if its rate is another one."""
    drift = abs(piece.rate_hz - rate_hz) / rate_hz * piece.samples.size
    if drift <= _DRIFT_SAMPLES:
        return piece
    samples = np.asarray(piece.samples, dtype=np.float64)
    bad = ~np.isfinite(samples)
    if bad.any() and not bad.all():
        good = np.flatnonzero(~bad)
        samples = np.interp(np.arange(samples.size), good, samples[good])
    resampled, start = resample_causally(samples, piece.start, piece.rate_hz, rate_hz)
    return replace(piece, start=start, rate_hz=rate_hz, samples=resampled)


def join_rates(pieces: list[Piece], problems: list[str]) -> list[Piece]:
    """Join pieces of the same rate before they are resampled, so that no seam is left."""
    rates = sorted({p.rate_hz for p in pieces})
    return [p for r in rates for p in join_pieces([q for q in pieces if q.rate_hz == r], problems)]


def join_pieces(pieces: list[Piece], problems: list[str]) -> list[Piece]:
    """Join pieces of one component that follow each other, cutting overlaps."""
    done: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.start, -p.samples.size)):
        if not piece.samples.size:
            problems.append(f"{piece.channel}: a piece without samples")
            continue
        if not done:
            done.append([piece])
            continue
        last = done[-1][-1]
        lag = (piece.start - last.end) * piece.rate_hz / NANO
        if lag > 0.5:
            done.append([piece])
            continue
        skip = max(round(-lag), 0)
        if skip:
            problems.append(
                f"{piece.channel}: {skip} samples overlap with those before; the earlier are kept"
            )
        if skip < piece.samples.size:
            done[-1].append(piece.part(skip, piece.samples.size))
    return [
        run[0]
        if len(run) == 1
        else replace(run[0], samples=np.concatenate([p.samples for p in run]))
        for run in done
    ]
