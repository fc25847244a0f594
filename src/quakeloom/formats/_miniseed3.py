"""Read miniSEED of version 3, record by record.

Reference: FDSN, miniSEED 3 (2022): a fixed header of 40 bytes, least significant byte first,
an identifier, extra headers in JSON, samples; the checksum is CRC-32C.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.formats._miniseed_records import MAGIC_3
from quakeloom.formats._steim import decode_steim
from quakeloom.formats._text_lines import utc_nanoseconds
from quakeloom.formats._waveform_format import Trace, WaveformFile

_HEADER = struct.Struct("<2sBBIHHBBBBdIIBBHI")
"""Fixed header of a record, 40 bytes (FDSN 2023)."""

_PLAIN = {1: "<i2", 3: "<i4", 4: "<f4", 5: "<f8"}
"""Encodings of plain numbers; 10 and 11 are Steim 1 and 2, 0 is text, 100 is not said."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_DAY = 86_400 * _NANO
"""Nanoseconds of a day."""

_CRC = slice(28, 32)
"""Bytes of the checksum, which count as zero in it."""


@dataclass(frozen=True)
class _Record:
    """One record: codes, time, rate, and where its samples are."""

    codes: tuple[str, str, str, str]
    start: int
    rate_hz: float
    encoding: int
    count: int
    payload: bytes


def read_records(raw: bytes, source_file: str, headers: bool) -> WaveformFile:
    """Read all records; those that are damaged are problems, and the others stay.

    Parameters
    ----------
    raw : bytes
        A file, or its part, that begins with a record.
    source_file : str
    headers : bool
        Unpack no samples.
    """
    found = WaveformFile()
    pieces: dict[tuple[tuple[str, str, str, str], float], list[tuple[_Record, Any]]] = {}
    text = 0
    at = 0
    while at < len(raw):
        try:
            record, length = _parse(raw, at)
            if record.encoding == 0:
                text += 1
            elif record.count:
                samples = None if headers else _samples(record)
                pieces.setdefault((record.codes, record.rate_hz), []).append((record, samples))
        except ValueError as problem:
            length = _length(raw, at)
            found.problems.append(f"record at byte {at}: {problem}; it is not read")
        at += length
    if text:
        found.problems.append(f"{text} records of text, not of ground motion")
    for (codes, rate), records in pieces.items():
        records.sort(key=lambda r: r[0].start)
        for run in _runs(records, rate):
            count = sum(r.count for r, _ in run)
            data = np.empty(0, np.int32) if headers else np.concatenate([s for _, s in run])
            found.traces.append(Trace(*codes, run[0][0].start, rate, data, count, source_file))
    return found


def _parse(raw: bytes, at: int) -> tuple[_Record, int]:
    """Return the record at a byte and its length; ValueError says what is wrong with it."""
    if raw[at : at + 3] != MAGIC_3:
        raise ValueError("no record of miniSEED 3 begins here")
    if len(raw) - at < _HEADER.size:
        raise ValueError("the file ends inside a header")
    (_, _, _, nano, year, day, hour, minute, second, encoding, rate, count, crc, _,
     id_length, extra, payload) = _HEADER.unpack_from(raw, at)  # fmt: skip
    begin = at + _HEADER.size + id_length + extra
    length = begin + payload - at
    if at + length > len(raw):
        raise ValueError("the file ends inside the record")
    blank = bytearray(raw[at : at + length])
    blank[_CRC] = bytes(4)
    if _crc32c(np.frombuffer(blank, np.uint8), _CRC_TABLE) != crc:
        raise ValueError("its checksum is wrong")
    days = 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365
    if not 1 <= day <= days:
        raise ValueError(f"day {day} is outside [1, {days}] of {year}")
    if hour > 23 or minute > 59 or second > 60 or nano >= _NANO:
        raise ValueError(f"time of day {hour}:{minute}:{second} + {nano} ns is impossible")
    start = utc_nanoseconds(year, 1, 1, hour, minute, second) + (day - 1) * _DAY + nano
    if rate < 0.0:
        rate = -1.0 / rate
    identifier = raw[at + _HEADER.size : at + _HEADER.size + id_length].decode("utf-8", "replace")
    return _Record(
        _codes(identifier), start, rate, encoding, count, raw[begin : begin + payload]
    ), length


def _length(raw: bytes, at: int) -> int:
    """Return how far it is to the next record after a broken one."""
    following = raw.find(MAGIC_3, at + 1)
    return (following if following > 0 else len(raw)) - at


def _codes(identifier: str) -> tuple[str, str, str, str]:
    """Return network, station, location and channel of ``FDSN:NN_SSSS_LL_B_S_SS``."""
    scheme, colon, rest = identifier.partition(":")
    words = rest.split("_")
    if scheme != "FDSN" or not colon or len(words) != 6:
        raise ValueError(f"the identifier '{identifier[:60]}' is not FDSN:NET_STA_LOC_B_S_SS")
    band = words[3:]
    channel = "".join(band) if all(len(w) <= 1 for w in band) else "_".join(band)
    return words[0], words[1], words[2], channel


def _samples(record: _Record) -> NDArray[Any]:
    if record.encoding in (10, 11):
        return decode_steim(record.payload, record.count, record.encoding - 9)
    if record.encoding not in _PLAIN:
        raise ValueError(f"encoding {record.encoding} is not known")
    dtype = np.dtype(_PLAIN[record.encoding])
    if len(record.payload) < record.count * dtype.itemsize:
        raise ValueError(f"{len(record.payload)} bytes for {record.count} samples")
    data = np.frombuffer(record.payload, dtype, record.count)
    return data.astype(np.int32 if dtype.kind == "i" else dtype.newbyteorder("="))


def _runs(records: list[tuple[_Record, Any]], rate_hz: float) -> list[list[tuple[_Record, Any]]]:
    """Split records at gaps and overlaps of more than half a sample."""
    runs: list[list[tuple[_Record, Any]]] = []
    expected = 0
    for record, samples in records:
        lag = abs(record.start - expected) * rate_hz / _NANO if rate_hz > 0.0 else np.inf
        if runs and lag <= 0.5:
            runs[-1].append((record, samples))
        else:
            runs.append([(record, samples)])
        if rate_hz > 0.0:
            expected = record.start + round(record.count * _NANO / rate_hz)
    return runs


def _crc_table() -> NDArray[np.uint32]:
    """Return the checksum of every byte, CRC-32C (Castagnoli), least significant bit first."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


_CRC_TABLE = _crc_table()
"""CRC-32C of every byte."""


@compiled(error_model="numpy")
def _crc32c(data: Any, table: Any) -> int:
    crc = np.uint32(0xFFFFFFFF)
    for byte in data:
        crc = table[(crc ^ byte) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return int(crc ^ np.uint32(0xFFFFFFFF))
