"""From traces of single channels to three-component records without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.signal._clock import NANO, sample_number
from quakeloom.signal._quality import flag_bit, flag_quality
from quakeloom.signal._resample import resample_causally

_RATE_TOLERANCE = 1e-4
"""Relative difference of sampling rates up to which a channel is taken as it is (chosen here: a
record of 10,000 samples drifts by one)."""

_COMPONENTS = {"U": "Z", "1": "N", "2": "E", "3": "Z", "X": "E", "Y": "N"}
"""Components by the last letter of a channel, where it is none of Z, N, E: SEED's numbered axes,
and the letters of Japanese networks."""

_LEAST_COVERAGE = 0.5
"""Share of a record that a component must cover (chosen here)."""


@dataclass(frozen=True)
class Piece:
    """One contiguous piece of one channel.

    Attributes
    ----------
    channel : str
        Its last letter is the component: Z, N, E, or U, 1, 2, 3, X, Y.
    start : int
        Time of the first sample, nanoseconds since 1970.
    rate_hz : float
    samples : ndarray
    """

    channel: str
    start: int
    rate_hz: float
    samples: NDArray[Any]

    @property
    def end(self) -> int:
        """Time just after the last sample."""
        return self.start + round(self.samples.size * NANO / self.rate_hz)


@dataclass
class Record:
    """A record of three components without a gap on one time axis.

    Attributes
    ----------
    start : int
        Time of the first sample, nanoseconds since 1970.
    rate_hz : float
    data : ndarray of float32, shape (3, n)
        Components in the order asked for; a missing one is zero.
    flags : list of int
        Quality of each component, see :func:`flag_names`.
    channels : list of str
        Channel of each component, empty if missing.
    problems : list of str
        What was repaired or left out, in words.
    """

    start: int
    rate_hz: float
    data: NDArray[np.float32]
    flags: list[int]
    channels: list[str]
    problems: list[str] = field(default_factory=list)

    @property
    def first_sample(self) -> int:
        """Absolute number of the first sample since 1970."""
        return sample_number(self.start, self.rate_hz)

    def time_of(self, sample: float) -> int:
        """Return the time of a sample in nanoseconds."""
        return self.start + round(sample * NANO / self.rate_hz)


def component_of(channel: str) -> str:
    """Return Z, N or E for a channel; any other last letter as it is."""
    last = channel[-1:].upper()
    return _COMPONENTS.get(last, last)


def make_records(
    pieces: Sequence[Piece], components: str, rate_hz: float, least_s: float = 3.0
) -> tuple[list[Record], list[str]]:
    """Join the pieces of one instrument into three-component records.

    Pieces that follow each other within half a sample are joined. Of overlapping pieces the
    earlier stays and the later is cut; the overlap is reported. Records are cut where the
    vertical (else the first component there is) has a gap. A component that covers less than
    half of a record counts as missing; smaller gaps are bridged by a straight line.

    Parameters
    ----------
    pieces : sequence of Piece
        Of one instrument, any order, any component.
    components : str
        Order of the components of the records.
    rate_hz : float
        Rate of the records.
    least_s : float
        Shorter records are left out.

    Returns
    -------
    records : list of Record
    problems : list of str
        What was left out altogether.
    """
    problems: list[str] = []
    by_component: dict[str, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda p: (p.start, p.channel)):
        name = component_of(piece.channel)
        if name not in components:
            problems.append(f"channel {piece.channel} is none of the components {components}")
            continue
        by_component.setdefault(name, []).append(piece)
    joined = {
        name: _join([_at_rate(p, rate_hz) for p in _join_rates(rows, problems)], problems)
        for name, rows in by_component.items()
    }
    joined = {name: rows for name, rows in joined.items() if rows}
    if not joined:
        return [], problems
    lead = "Z" if "Z" in joined else next(c for c in components if c in joined)
    records = []
    for piece in joined[lead]:
        if piece.samples.size < least_s * rate_hz:
            problems.append(
                f"a piece of {piece.samples.size / rate_hz:.2f} s is shorter than {least_s:g} s"
            )
            continue
        records.append(_make_record(piece, joined, components, rate_hz))
    return records, problems


def _make_record(
    lead: Piece, joined: dict[str, list[Piece]], components: str, rate_hz: float
) -> Record:
    n = lead.samples.size
    record = Record(
        lead.start, rate_hz, np.zeros((len(components), n), np.float32), [0] * len(components),
        [""] * len(components),
    )  # fmt: skip
    for k, name in enumerate(components):
        if _take_whole(record, k, joined.get(name, ())):
            continue
        known = np.zeros(n, dtype=bool)
        values = np.zeros(n)
        for piece in joined.get(name, ()):
            shift = round((piece.start - lead.start) * rate_hz / NANO)
            a, b = max(shift, 0), min(shift + piece.samples.size, n)
            if b > a:
                values[a:b] = piece.samples[a - shift : b - shift]
                known[a:b] = True
                record.channels[k] = piece.channel
        flags = flag_quality(values[known]) if known.any() else 0
        finite = known & np.isfinite(values)
        if flags & flag_bit("nan"):
            record.problems.append(f"{record.channels[k]}: {int((known & ~finite).sum())} NaN")
        if known.any() and finite.sum() < _LEAST_COVERAGE * n:
            record.problems.append(
                f"{record.channels[k]} covers only {100 * finite.mean():.0f} % of the record"
            )
            flags |= flag_bit("gap")
            finite[:] = False
        elif known.any() and not finite.all():
            flags |= flag_bit("gap")
        if finite.any():
            if not finite.all():
                at = np.flatnonzero(finite)
                values = np.interp(np.arange(n), at, values[at])
            # the mean can be large against the signal, and single precision must not feel it
            record.data[k] = values - values[finite].mean()
        record.flags[k] = flags
    return record


def _take_whole(record: Record, k: int, pieces: Sequence[Piece]) -> bool:
    """Take a component from a single piece that covers the record and has nothing to repair.

    What the general way does, without its masks: records can be a day long.
    """
    n = record.data.shape[1]
    if len(pieces) != 1:
        return False
    piece = pieces[0]
    shift = round((piece.start - record.start) * record.rate_hz / NANO)
    if shift > 0 or shift + piece.samples.size < n:
        return False
    values = np.asarray(piece.samples[-shift : n - shift], dtype=np.float64)
    flags = flag_quality(values)
    if flags & flag_bit("nan"):
        return False
    record.data[k] = values - values.mean()
    record.flags[k] = flags
    record.channels[k] = piece.channel
    return True


def _at_rate(piece: Piece, rate_hz: float) -> Piece:
    if abs(piece.rate_hz - rate_hz) <= _RATE_TOLERANCE * rate_hz:
        return piece
    samples = np.asarray(piece.samples, dtype=np.float64)
    bad = ~np.isfinite(samples)
    if bad.any() and not bad.all():
        good = np.flatnonzero(~bad)
        samples = np.interp(np.arange(samples.size), good, samples[good])
    resampled, start = resample_causally(samples, piece.start, piece.rate_hz, rate_hz)
    return Piece(piece.channel, start, rate_hz, resampled)


def _join_rates(pieces: list[Piece], problems: list[str]) -> list[Piece]:
    """Join pieces of the same rate before they are resampled, so that no seam is left."""
    rates = sorted({p.rate_hz for p in pieces})
    return [p for r in rates for p in _join([q for q in pieces if q.rate_hz == r], problems)]


def _join(pieces: list[Piece], problems: list[str]) -> list[Piece]:
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
            start = piece.start + round(skip * NANO / piece.rate_hz)
            done[-1].append(Piece(piece.channel, start, piece.rate_hz, piece.samples[skip:]))
    return [
        run[0]
        if len(run) == 1
        else Piece(
            run[0].channel, run[0].start, run[0].rate_hz, np.concatenate([p.samples for p in run])
        )
        for run in done
    ]
