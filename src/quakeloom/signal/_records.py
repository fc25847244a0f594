"""From traces of single channels to three-component records without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quakeloom.signal._clock import NANO, sample_number
from quakeloom.signal._orientation import Arrangement, Direction, arrange_channels
from quakeloom.signal._pieces import Piece, at_rate, cut_fill, join_pieces, join_rates
from quakeloom.signal._quality import flag_bit, flag_quality
from quakeloom.signal._sensors import SensorPieces, separate_sensors

_LEAST_COVERAGE = 0.5
"""A component that covers less of a record than this counts as missing (chosen here)."""

LOWEST_RATE_HZ = 10.0
"""Samples a second below which a record of a local earthquake tells no arrival: pickers and readers
of first motions look above 1 Hz, and half of this rate is 5 Hz (chosen here)."""

_TOLD_GAP_S = 0.1
"""Seconds: shorter gaps of a component are bridged without being kept in mind (chosen here)."""

_AXES = ("E", "N", "Z")
"""Order of :attr:`Arrangement.matrix`."""


@dataclass
class Record:
    """A record of three components without a gap on one time axis.

    Attributes
    ----------
    start : int
        Time of the first sample, nanoseconds since 1970.
    rate_hz : float
    data : ndarray of float32, shape (3, n)
        Components in the order asked for, up, north and east where directions are known; a
        missing one is zero.
    flags : list of int
        Quality of each component, see :func:`flag_names`.
    channels : list of str
        Channel of each component, empty if missing.
    problems : list of str
        What was repaired or left out, in words.
    orientation : str
        What became of the components, see :class:`Arrangement`.
    choice : str
        Why this sensor was taken of several with the same codes; empty as a rule.
    gaps : list of (int, int)
        Samples ``a ... b - 1`` in which a component was bridged by a line; never the vertical if
        there is one, since records are cut at its gaps.
    """

    start: int
    rate_hz: float
    data: NDArray[np.float32]
    flags: list[int]
    channels: list[str]
    problems: list[str] = field(default_factory=list)
    orientation: str = "by_name"
    choice: str = ""
    gaps: list[tuple[int, int]] = field(default_factory=list)

    @property
    def first_sample(self) -> int:
        """Absolute number of the first sample since 1970."""
        return sample_number(self.start, self.rate_hz)

    @property
    def end(self) -> int:
        """Time just after the last sample in nanoseconds."""
        return self.time_of(self.data.shape[1])

    def time_of(self, sample: float) -> int:
        """Return the time of a sample in nanoseconds."""
        return self.start + round(sample * NANO / self.rate_hz)


def make_records(
    pieces: Sequence[Piece], components: str, rate_hz: float, least_s: float = 3.0
) -> tuple[list[Record], list[str]]:
    """Join the pieces of one instrument into three-component records.

    Runs of one value and straight lines across gaps are cut out. Pieces that follow each
    other within half a sample are joined. Of overlapping pieces the earlier stays and the
    later is cut; the overlap is reported. Where two recordings of one channel are not alike,
    they are of two sensors, and the one to pick on is taken (:func:`separate_sensors`).
    Channels of less than 10 samples a second are left out.
    Components follow the directions of the channels (:func:`arrange_channels`). Records are
    cut where the vertical (else the first component there is) has a gap. A component that
    covers less than half of a record counts as missing; smaller gaps are bridged by a
    straight line.

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
        By time; of two sensors only one at a time.
    problems : list of str
        What was left out altogether.
    """
    problems: list[str] = []
    records: list[Record] = []
    slow = sorted({(p.channel, p.rate_hz) for p in pieces if p.rate_hz < LOWEST_RATE_HZ})
    problems += [
        f"{channel}: {rate:g} samples a second are too few to pick local earthquakes; at least "
        f"{LOWEST_RATE_HZ:g} are needed, so it is not used"
        for channel, rate in slow
    ]
    pieces = [p for p in pieces if p.rate_hz >= LOWEST_RATE_HZ]
    sensors = separate_sensors([p for p in pieces if p.samples.size])
    empty = sorted({p.channel for p in pieces if not p.samples.size})
    problems += [f"{channel}: a piece without samples" for channel in empty]
    for sensor in sensors:
        made = [
            record
            for epoch in _split_epochs(sensor.pieces)
            for record in _join_epoch(epoch, components, rate_hz, least_s, problems)
        ]
        if len(sensors) > 1:
            made = _prefer(made, records, sensor, sensors[0].name, problems)
        records += made
    return sorted(records, key=lambda r: r.start), problems


def _prefer(
    made: list[Record],
    before: list[Record],
    sensor: SensorPieces,
    preferred: str,
    problems: list[str],
) -> list[Record]:
    """Return the records of a sensor at times when none before it has one, with the reason."""
    kept = [r for r in made if not any(r.start < b.end and b.start < r.end for b in before)]
    if len(kept) < len(made):
        problems.append(
            f"two sensors with the same codes: {sensor.name} is not used where {preferred} "
            "recorded (seismometers before accelerometers, then low frequencies)"
        )
    for record in kept:
        record.choice = f"sensor {sensor.name} of several with the same codes"
    return kept


def _split_epochs(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Split pieces by time where the direction of a channel changes."""
    changes = set()
    last: dict[str, tuple[str, str]] = {}
    for piece in sorted(pieces, key=lambda p: p.start):
        # as text, since no NaN is equal to another
        direction = str(piece.azimuth_deg), str(piece.dip_deg)
        if last.setdefault(piece.channel, direction) != direction:
            changes.add(piece.start)
        last[piece.channel] = direction
    epochs: list[list[Piece]] = [[] for _ in range(len(changes) + 1)]
    bounds = np.array(sorted(changes), np.int64)
    for piece in pieces:
        epochs[int(np.searchsorted(bounds, piece.start, "right"))].append(piece)
    return [e for e in epochs if e]


def _join_epoch(
    pieces: list[Piece], components: str, rate_hz: float, least_s: float, problems: list[str]
) -> list[Record]:
    """Make the records of one sensor while its directions are the same."""
    directions = {p.channel: Direction(p.azimuth_deg, p.dip_deg) for p in pieces}
    arranged = arrange_channels(directions)
    problems += arranged.problems
    joined: dict[str, list[Piece]] = {}
    for name, channel in arranged.channels.items():
        own = sorted((p for p in pieces if p.channel == channel), key=lambda p: p.start)
        filled: list[str] = []
        rows = [part for p in join_rates(own, problems) for part in cut_fill(p, filled)]
        if name in components:
            problems += filled
            joined[name] = join_pieces([at_rate(p, rate_hz) for p in rows], problems)
    joined = {name: rows for name, rows in joined.items() if rows}
    if not joined:
        return []
    lead = "Z" if "Z" in joined else next(c for c in components if c in joined)
    records = []
    for piece in joined[lead]:
        if piece.samples.size < least_s * rate_hz:
            problems.append(
                f"a piece of {piece.samples.size / rate_hz:.2f} s is shorter than {least_s:g} s"
            )
            continue
        record = _make_record(piece, joined, components, rate_hz)
        _orient(record, arranged, components)
        records.append(record)
    return records


def _orient(record: Record, arranged: Arrangement, components: str) -> None:
    """Turn the components of a record as the directions of its channels ask."""
    record.orientation = arranged.how
    if arranged.matrix is None:
        return
    own = [_AXES.index(c) for c in components]
    matrix = arranged.matrix[np.ix_(own, own)]
    lost = np.array([not record.data[k].any() for k in range(len(components))])
    mixed = np.abs(matrix) > 1e-9
    np.fill_diagonal(mixed, False)
    outside = np.abs(arranged.matrix[own]).sum(axis=1) - np.abs(matrix).sum(axis=1) > 1e-9
    if np.any(outside | (mixed & lost[None, :]).any(axis=1)):
        record.orientation = "unrotated"
        record.problems.append(
            f"{'/'.join(c for c in record.channels if c)} should be rotated, but a component is "
            "missing"
        )
        return
    if mixed.any():
        record.data = np.asarray(matrix @ record.data.astype(np.float64), dtype=np.float32)
    else:
        record.data *= np.diag(matrix).astype(np.float32)[:, None]


def _make_record(
    lead: Piece, joined: dict[str, list[Piece]], components: str, rate_hz: float
) -> Record:
    n = lead.samples.size
    record = Record(
        lead.start, rate_hz, np.zeros((len(components), n), np.float32), [0] * len(components),
        [""] * len(components),
    )  # fmt: skip
    for k, name in enumerate(components):
        if not _take_whole(record, k, joined.get(name, ())):
            _take_pieces(record, k, joined.get(name, ()))
    return record


def _take_pieces(record: Record, k: int, pieces: Sequence[Piece]) -> None:
    """Take a component from what there is of it, bridging gaps."""
    n = record.data.shape[1]
    known = np.zeros(n, dtype=bool)
    values = np.zeros(n)
    for piece in pieces:
        shift = round((piece.start - record.start) * record.rate_hz / NANO)
        a, b = max(shift, 0), min(shift + piece.samples.size, n)
        if b > a:
            values[a:b] = piece.samples[a - shift : b - shift]
            known[a:b] = True
            record.channels[k] = piece.channel
    flags = flag_quality(values[known]) if known.any() else 0
    finite = known & np.isfinite(values)
    if flags & flag_bit("nan"):
        lost = int((known & ~finite).sum())
        record.problems.append(
            f"{record.channels[k]}: {lost} samples are no numbers (NaN) and taken for a gap"
        )
    if known.any() and finite.sum() < _LEAST_COVERAGE * n:
        record.problems.append(
            f"{record.channels[k]} covers only {100 * finite.mean():.0f} % of the record"
        )
        flags |= flag_bit("gap")
        finite[:] = False
    elif known.any() and not finite.all():
        flags |= flag_bit("gap")
        record.gaps += _gaps(finite, record.rate_hz)
    if finite.any():
        if not finite.all():
            at = np.flatnonzero(finite)
            values = np.interp(np.arange(n), at, values[at])
        # the mean can be large against the signal, and single precision must not feel it
        record.data[k] = values - values[finite].mean()
    record.flags[k] = flags


def _gaps(finite: NDArray[np.bool_], rate_hz: float) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[1], finite.astype(np.int8), [1]])))
    return [
        (int(a), int(b))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a >= _TOLD_GAP_S * rate_hz
    ]


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
