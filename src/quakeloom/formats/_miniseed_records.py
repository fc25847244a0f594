"""Where the records of a miniSEED file lie, and which of them cannot be right.

Reference: FDSN, Standard for the Exchange of Earthquake Data, version 2.4, chapter 8: a fixed
header of 48 bytes, then blockettes; blockette 1000 has the length of the record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC_3 = b"MS\x03"
"""First bytes of every record of version 3."""

_TIME_3 = struct.Struct("<8x2H3B")
"""Year, day of the year, hour, minute and second in a record of version 3."""

_QUALITY = b"DRQM"
"""Letters of the data quality, the seventh byte of a record."""

_CONTROL = b"VAST"
"""Letters of the control headers of a full SEED volume, which hold no samples."""

_FIXED = 48
"""Bytes of the fixed header."""

_STEP = 64
"""Records begin at multiples of this many bytes; the shortest has 128."""

_YEAR, _DAY, _HOUR, _MINUTE, _SECOND = 20, 22, 24, 25, 26
"""Bytes of the time of the first sample in the fixed header."""

_FIRST_BLOCKETTE = 46
"""Byte of the fixed header that says where the first blockette is."""

_DATA_ONLY = 1000
"""Number of the blockette with encoding, byte order and length."""

_YEARS = (1900, 2100)
"""Years that a record can have; in the other byte order they are far away."""

_SEARCHED = 1 << 14
"""First bytes of a file in which a record must begin."""

_BLOCK = 1 << 16
"""Records that are looked at together, so that a file need not be read at once."""


@dataclass
class RecordMap:
    """The records of a file.

    Attributes
    ----------
    starts, lengths : list of int
        Bytes of the records that can be right, in their order.
    problems : list of str
        What is no record or has an impossible time, in words.
    """

    starts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def is_record(head: Any) -> bool:
    """Say whether bytes begin like a record: six digits or blanks, and a quality."""
    start = bytes(head[:8])
    return _is_numbered(start) and start[6] in _QUALITY and start[7:] in (b" ", b"\0")


def is_control_header(head: Any) -> bool:
    """Say whether bytes begin like a control header of a full SEED volume."""
    start = bytes(head[:8])
    return _is_numbered(start) and start[6] in _CONTROL and start[7:] in (b" ", b"*")


def find_record(head: bytes) -> bool:
    """Say whether a record with its blockette 1000 begins in the first bytes of a file.

    What comes before it may be blank, or the control headers of a full SEED volume.
    """
    if is_control_header(head):
        return True
    raw = np.frombuffer(head[:_SEARCHED], np.uint8)
    starts = range(0, max(raw.size - _FIXED, 1), _STEP)
    return any(is_record(raw[i : i + 8]) and _blockette_length(raw, i) for i in starts)


def find_record3(head: bytes) -> bool:
    """Say whether a record of version 3 begins in the first bytes of a file."""
    at = head.find(MAGIC_3, 0, _SEARCHED)
    while 0 <= at <= len(head) - _TIME_3.size:
        year, day, hour, minute, second = _TIME_3.unpack_from(head, at)
        if (
            _YEARS[0] <= year <= _YEARS[1] and 1 <= day <= 366
            and hour <= 23 and minute <= 59 and second <= 60
        ):  # fmt: skip
            return True
        at = head.find(MAGIC_3, at + 1, _SEARCHED)
    return False


def _is_numbered(start: bytes) -> bool:
    digits = start[:6].replace(b" ", b"0").replace(b"\0", b"0")
    return len(start) == 8 and digits.isdigit()


def map_records(raw: NDArray[np.uint8]) -> RecordMap:
    """Find the records of a file.

    Parameters
    ----------
    raw : ndarray of uint8
        The file; it may be mapped into memory.
    """
    found = _map_even(raw)
    return found if found is not None else _map_uneven(raw)


def _map_even(raw: NDArray[np.uint8]) -> RecordMap | None:
    """Map a file whose records are all alike and right; nothing if they are not."""
    length = _length(raw, 0) if is_record(raw) else 0
    if not length or raw.size % length:
        return None
    rows = raw.reshape(-1, length)
    for first in range(0, len(rows), _BLOCK):
        head = np.asarray(rows[first : first + _BLOCK, :_FIXED])
        digits = head[:, :6]
        looks = np.isin(digits, np.frombuffer(b"0123456789 \0", np.uint8)).all(axis=1)
        looks &= np.isin(head[:, 6], np.frombuffer(_QUALITY, np.uint8))
        if not looks.all() or _impossible(head).any():
            return None
    starts = list(range(0, raw.size, length))
    return RecordMap(starts, [length] * len(starts))


def _map_uneven(raw: NDArray[np.uint8]) -> RecordMap:
    found = RecordMap()
    at, lost, controlled = 0, 0, False
    while at < raw.size:
        length = _length(raw, at) if is_record(raw[at : at + 8]) else 0
        if not length:
            # a control header fills its own record, which nothing but the next one ends
            controlled = is_control_header(raw[at : at + 8]) or (controlled and not lost)
            lost += 0 if controlled else min(_STEP, raw.size - at)
            at += _STEP
            continue
        if lost:
            found.problems.append(f"{lost} bytes before byte {at} are no record")
        lost, controlled = 0, False
        head = np.asarray(raw[at : at + _FIXED])
        if at + length > raw.size:
            found.problems.append(f"the file ends inside the record at byte {at}")
        elif _impossible(head[None, :])[0]:
            found.problems.append(
                f"record at byte {at}: its time, {_time_words(head)}, is impossible; not read"
            )
        else:
            found.starts.append(at)
            found.lengths.append(length)
        at += length
    if lost:
        found.problems.append(f"{lost} bytes at the end are no record")
    return found


def _length(raw: NDArray[np.uint8], at: int) -> int:
    """Return the length of the record at a byte; 0 if there is no record.

    One without a blockette 1000 reaches to the next that begins like one.
    """
    if raw.size - at < _FIXED:
        return 0
    length = _blockette_length(raw, at)
    if length:
        return length
    for end in range(at + 2 * _STEP, raw.size + 1, _STEP):
        if end >= raw.size - _STEP or is_record(raw[end : end + 8]):
            return min(end, raw.size) - at
    return 0


def _blockette_length(raw: NDArray[np.uint8], at: int) -> int:
    """Return the length of the record at a byte by its blockette 1000; 0 if it has none."""
    head = np.ascontiguousarray(raw[at : at + 256])
    if head.size < _FIXED:
        return 0
    for order in (">", "<"):
        place = int(head[_FIRST_BLOCKETTE:_FIXED].view(f"{order}u2")[0])
        for _ in range(8):
            if not _FIXED <= place <= head.size - 8:
                break
            kind, following = (int(v) for v in head[place : place + 4].view(f"{order}u2"))
            if kind == _DATA_ONLY and 7 <= head[place + 6] <= 20:
                return 1 << int(head[place + 6])
            place = following
    return 0


def _impossible(heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which headers have a time that does not exist."""
    bad = np.ones(len(heads), bool)
    for order in (">", "<"):
        year = np.ascontiguousarray(heads[:, _YEAR:_DAY]).view(f"{order}u2")[:, 0].astype(int)
        day = np.ascontiguousarray(heads[:, _DAY:_HOUR]).view(f"{order}u2")[:, 0].astype(int)
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        bad &= ~(
            (year >= _YEARS[0]) & (year <= _YEARS[1]) & (day >= 1) & (day <= 365 + leap)
            & (heads[:, _HOUR] <= 23) & (heads[:, _MINUTE] <= 59) & (heads[:, _SECOND] <= 60)
        )  # fmt: skip
    return bad


def _time_words(head: NDArray[np.uint8]) -> str:
    year, day = (int(head[i : i + 2].view(">u2")[0]) for i in (_YEAR, _DAY))
    hour, minute, second = (int(head[i]) for i in (_HOUR, _MINUTE, _SECOND))
    return f"{year}, day {day}, {hour:02d}:{minute:02d}:{second:02d}"
