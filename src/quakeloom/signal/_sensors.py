"""Two sensors under one name: told apart, and the one for picking chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from quakeloom.signal._clock import NANO
from quakeloom.signal._components import component_of
from quakeloom.signal._pieces import Piece

_ALIKE = 0.99
"""Correlation of two recordings of one time above which they are one recording."""

_LOOKED_AT = 200_000
"""Samples of an overlap that are compared."""

_ACCELEROMETERS = re.compile(
    r"acc|episens|\bes-?t\b|fba|cmg-?5|titan|sma-?1|k2\b|etna|mems|jep|geosig|basalt", re.I
)
"""Words in names of sensors that measure acceleration, after makers' catalogs."""

_MOTION = re.compile(r"vel|disp|sts-?\d|trillium|cmg-?[346]|l-?22|l-?4|mark|le-?3d|gs-?\d", re.I)
"""Words in names of sensors of velocity."""

ACCELERATION = ("N", "G", "L")
"""Second letters of SEED channels of accelerometers, gravimeters and other low-gain sensors."""


@dataclass(frozen=True)
class SensorPieces:
    """The pieces of one of several sensors with the same codes.

    Attributes
    ----------
    pieces : tuple of Piece
    name : str
        What tells it apart; empty where there is only one.
    """

    pieces: tuple[Piece, ...]
    name: str = ""


def separate_sensors(pieces: Sequence[Piece]) -> list[SensorPieces]:
    """Tell apart sensors with the same codes; the one to pick on comes first.

    Two recordings of one channel at one time that are not alike, or have different rates, are
    of two sensors. They are told apart by what the headers say of sensor and unit, by the
    rate, by the names of the files without their channels, or by their folders: the first of
    these that keeps all such recordings apart. Those with a vertical come first; then
    seismometers before accelerometers, by name and unit, else by the lower frequencies; then
    the higher rates.

    Returns
    -------
    list of SensorPieces
        All pieces in one, as a rule.
    """
    conflicts = _find_conflicts(pieces)
    if not conflicts:
        return [SensorPieces(tuple(pieces))]
    for key in _KEYS:
        if all(key(a) != key(b) for a, b in conflicts):
            groups: dict[str, list[Piece]] = {}
            for piece in pieces:
                groups.setdefault(key(piece), []).append(piece)
            made = [SensorPieces(tuple(g), name or "(no name)") for name, g in groups.items()]
            return sorted(made, key=lambda s: _rank(s.pieces))
    return _layers(pieces)


def _find_conflicts(pieces: Sequence[Piece]) -> list[tuple[Piece, Piece]]:
    """Return pairs of pieces of one channel and time that are not one recording."""
    by_channel: dict[str, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda p: p.start):
        by_channel.setdefault(piece.channel, []).append(piece)
    found = []
    for rows in by_channel.values():
        open_ones: list[Piece] = []
        for piece in rows:
            open_ones = [p for p in open_ones if p.end > piece.start + NANO / piece.rate_hz]
            found += [(p, piece) for p in open_ones if not _are_alike(p, piece)]
            open_ones.append(piece)
    return found


def _are_alike(one: Piece, other: Piece) -> bool:
    """Say whether two overlapping pieces are the same recording, perhaps in other units."""
    if abs(one.rate_hz - other.rate_hz) > 1e-3 * one.rate_hz:
        return False
    shift = round((other.start - one.start) * one.rate_hz / NANO)
    n = min(one.samples.size - shift, other.samples.size, _LOOKED_AT)
    a, b = one.samples[shift : shift + n], other.samples[:n]
    if n < 3 or np.array_equal(a, b):
        return True
    x, y = (v.astype(np.float64) - float(v[0]) for v in (a, b))
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good] - x[good].mean(), y[good] - y[good].mean()
    power = float(np.sqrt((x @ x) * (y @ y)))
    # against a constant nothing can be said: a dead sensor, or fill
    return power == 0.0 or float(x @ y) >= _ALIKE * power


def _file_key(piece: Piece) -> str:
    """Return the name of a file without channel, component and time: what a sensor's share."""
    own = {piece.channel.upper(), piece.channel[-1:].upper(), component_of(piece.channel)}
    words = re.split(r"([^A-Za-z0-9]+)", PurePath(piece.source).name)
    return "".join(
        "?" if w.upper() in own else "#" if len(w) >= 4 and w.isdigit() else w for w in words
    )


_KEYS: tuple[Callable[[Piece], str], ...] = (
    lambda p: p.sensor,
    lambda p: f"{p.rate_hz:g} Hz",
    _file_key,
    lambda p: str(PurePath(p.source).parent),
)
"""What may tell sensors apart, in the order in which it is tried."""


def _layers(pieces: Sequence[Piece]) -> list[SensorPieces]:
    """Split what nothing tells apart by channel: every channel's better recording first."""
    first: list[Piece] = []
    second: list[Piece] = []
    for channel in sorted({p.channel for p in pieces}):
        rows = sorted((p for p in pieces if p.channel == channel), key=lambda p: _rank([p]))
        taken: list[Piece] = []
        for piece in rows:
            clash = any(p.start < piece.end and piece.start < p.end for p in taken)
            (second if clash else taken).append(piece)
        first += taken
    return [SensorPieces(tuple(first), "the one of lower frequencies"),
            SensorPieces(tuple(second), "the other")]  # fmt: skip


def _rank(pieces: Sequence[Piece]) -> tuple[bool, int, float, float]:
    """Return what puts a sensor before another: a vertical, velocity, low frequencies, rate."""
    has_vertical = any(component_of(p.channel) == "Z" for p in pieces)
    words = " ".join(sorted({p.sensor for p in pieces}))
    kind = 1
    if _MOTION.search(words):
        kind = 0
    elif _ACCELEROMETERS.search(words):
        kind = 2
    rate = max(p.rate_hz for p in pieces)
    return not has_vertical, kind, round(_frequency(pieces), 3), -rate


def _frequency(pieces: Sequence[Piece]) -> float:
    """Return a mean frequency in Hz: acceleration has higher ones than velocity."""
    values = []
    for piece in pieces:
        data = np.asarray(piece.samples[:_LOOKED_AT], np.float64)
        data = data[np.isfinite(data)]
        spread = float(np.std(data)) if data.size > 2 else 0.0
        if spread > 0.0:
            values.append(float(np.std(np.diff(data))) / spread * piece.rate_hz / (2.0 * np.pi))
    return float(np.median(values)) if values else float("inf")
