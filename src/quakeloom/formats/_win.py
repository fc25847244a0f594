"""Read WIN and WIN32 files of Japanese networks: seconds of differences, Japan's clock.

A channel is a number of four hexadecimal digits; a channel table beside the file, or in the
folder above, says which station and component it is (``*.ch``, ``*.tbl``). Without one
it is not known what was recorded, and the file is refused.

Reference: WIN system, Earthquake Research Institute, University of Tokyo (formats of data and
of the channel table); NIED, Hi-net, format of WIN32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import read_lines, utc_nanoseconds
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_JAPAN = 9 * 3600 * _NANO
"""Japan Standard Time less UTC, nanoseconds; WIN has no other clock."""

_WIDTH = {0: 0.5, 1: 1, 2: 2, 3: 3, 4: 4}
"""Bytes of a difference by the code of the sample size."""

_PIVOT_YEAR = 70
"""WIN has two digits of the year: from here on they are of the 20th century."""

_COMPONENTS = {"U": "U", "UD": "U", "Z": "U", "N": "N", "NS": "N", "E": "E", "EW": "E"}
"""Component of a channel by the code in the channel table."""

_UPSIDE_DOWN = {"U": (math.nan, 90.0), "N": (180.0, 0.0), "E": (270.0, 0.0)}
"""Azimuth and dip of a component whose sensitivity is negative in the channel table."""

_TABLES = ("*.ch", "*.tbl")
"""Names of channel tables."""

_DELAY, _STATION, _COMPONENT, _SENSITIVITY = 2, 3, 4, 7
"""Columns of the channel table, from 0: delay of the line in ms, V/(m/s), ..."""


def read_win(path: Path, headers: bool = False) -> WaveformFile:
    """Read a WIN file (one-second blocks, 6-byte times); times are Japan Standard Time.

    Seconds of a channel that follow each other are joined. A second with an impossible
    sample size is left out, and one with an impossible time or length ends the reading, with
    a problem. Channels that the channel table does not have are problems, too.

    Raises
    ------
    FormatError
        If no second can be read, or there is no channel table.
    """
    return _read(path, headers, wide=False)


def read_win32(path: Path, headers: bool = False) -> WaveformFile:
    """Read a WIN32 file of NIED (4-byte file header, 16-byte second headers); see WIN."""
    return _read(path, headers, wide=True)


def _read(path: Path, headers: bool, wide: bool) -> WaveformFile:
    raw = path.read_bytes()
    found = WaveformFile()
    seconds: dict[str, list[tuple[int, NDArray[np.int32]]]] = {}
    at = 4 if wide else 0
    while at < len(raw):
        try:
            start, first, end = _second_header(raw, at, wide)
        except ValueError as problem:
            found.problems.append(f"at byte {at}: {problem}; the rest is not read")
            break
        try:
            while first < end:
                channel, samples, first = _channel_block(raw, first, end, wide)
                seconds.setdefault(channel, []).append((start, samples))
        except ValueError as problem:
            found.problems.append(f"at byte {at}: {problem}; the rest of the second is not read")
        at = end
    if not seconds:
        reason = found.problems[0] if found.problems else "no second"
        raise FormatError(
            f"'{path}' cannot be read as {'WIN32' if wide else 'WIN'} ({reason}). Nothing is read."
        )
    _add_traces(found, path, seconds, headers)
    return found


def _add_traces(
    found: WaveformFile,
    path: Path,
    seconds: dict[str, list[tuple[int, NDArray[np.int32]]]],
    headers: bool,
) -> None:
    """Add the channels that the channel table knows; say which it does not."""
    table = _channel_table(path.parent.resolve())
    if not table:
        raise FormatError(
            f"'{path}' is a WIN file without a channel table: nothing says which station and "
            f"component its {len(seconds)} channels are. Nothing is read; put the table "
            "(NAME.ch or NAME.tbl) into its folder or the one above."
        )
    unknown = [c for c in sorted(seconds) if c not in table]
    if unknown:
        more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
        found.problems.append(
            f"the channel table has no channel {', '.join(unknown[:8])}{more}; not read"
        )
    for channel, blocks in sorted(seconds.items()):
        entry = table.get(channel)
        if entry is None:
            continue
        if entry.problem:
            found.problems.append(f"channel {channel}: {entry.problem}")
        if not entry.station:
            continue
        for begin, samples, rate in _join(blocks):
            found.traces.append(
                Trace(
                    entry.network, entry.station, "", entry.component, begin, rate,
                    samples[:0] if headers else samples, samples.size, str(path), "",
                    entry.azimuth_deg, entry.dip_deg,
                )
            )  # fmt: skip


def _second_header(raw: bytes, at: int, wide: bool) -> tuple[int, int, int]:
    """Return start in nanoseconds, first byte of the channels and end of a second."""
    size = 16 if wide else 10
    if at + size > len(raw):
        raise ValueError("the file ends inside the header of a second")
    if wide:
        digits = raw[at : at + 8].hex()
        first = at + 16
        end = first + int.from_bytes(raw[at + 12 : at + 16], "big")
        year, rest = int(_decimal(digits[:4])), digits[4:14]
    else:
        first = at + 10
        end = at + int.from_bytes(raw[at : at + 4], "big")
        digits = raw[at + 4 : at + 10].hex()
        short = int(_decimal(digits[:2]))
        year, rest = short + (1900 if short >= _PIVOT_YEAR else 2000), digits[2:]
    if end <= first or end > len(raw):
        raise ValueError(f"a second of {end - at} bytes does not fit into the file")
    month, day, hour, minute, second = (int(_decimal(rest[i : i + 2])) for i in range(0, 10, 2))
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"the time {hour:02d}:{minute:02d}:{second:02d} is impossible")
    return utc_nanoseconds(year, month, day, hour, minute, second) - _JAPAN, first, end


def _decimal(digits: str) -> str:
    if not digits.isdecimal():
        raise ValueError(f"the time '{digits}' is not decimal")
    return digits


def _channel_block(raw: bytes, at: int, end: int, wide: bool) -> tuple[str, NDArray[np.int32], int]:
    """Return channel, samples and the first byte after one channel of a second."""
    at += 2 if wide else 0
    if at + 8 > end:
        raise ValueError("a channel block is cut short")
    channel = raw[at : at + 2].hex().upper()
    word = int.from_bytes(raw[at + 2 : at + 4], "big")
    code, count = word >> 12, word & 0xFFF
    if code not in _WIDTH or not count:
        raise ValueError(f"channel {channel} has sample size {code} and {count} samples")
    first = int.from_bytes(raw[at + 4 : at + 8], "big", signed=True)
    length = -(-(count - 1) // 2) if code == 0 else (count - 1) * int(_WIDTH[code])
    if at + 8 + length > end:
        raise ValueError(f"channel {channel} is cut short")
    steps = _differences(raw[at + 8 : at + 8 + length], code, count - 1)
    samples = np.empty(count, np.int64)
    samples[0] = first
    np.cumsum(steps, out=samples[1:])
    samples[1:] += first
    return channel, samples.astype(np.int32), at + 8 + length


def _differences(data: bytes, code: int, count: int) -> NDArray[np.int64]:
    if code == 0:
        octets = np.frombuffer(data, np.uint8)
        nibbles = np.stack([octets >> 4, octets & 15], axis=1).ravel()[:count].astype(np.int64)
        return np.asarray(np.where(nibbles > 7, nibbles - 16, nibbles))
    if code == 3:
        octets = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int64)
        value = (octets[:, 0] << 16) | (octets[:, 1] << 8) | octets[:, 2]
        return np.asarray(np.where(value >= 1 << 23, value - (1 << 24), value))
    return np.frombuffer(data, f">i{int(_WIDTH[code])}").astype(np.int64)


def _join(
    blocks: list[tuple[int, NDArray[np.int32]]],
) -> list[tuple[int, NDArray[np.int32], float]]:
    """Join seconds of one rate that follow each other."""
    runs: list[list[tuple[int, NDArray[np.int32]]]] = []
    for start, samples in sorted(blocks, key=lambda b: b[0]):
        last = runs[-1][-1] if runs else None
        if last and start - last[0] == _NANO and last[1].size == samples.size:
            runs[-1].append((start, samples))
        else:
            runs.append([(start, samples)])
    return [(r[0][0], np.concatenate([s for _, s in r]), float(r[0][1].size)) for r in runs]


@dataclass(frozen=True)
class _Channel:
    """A line of a channel table; ``problem`` says what is odd about it."""

    network: str
    station: str
    component: str
    azimuth_deg: float = math.nan
    dip_deg: float = math.nan
    problem: str = ""


def channel_tables(folder: Path) -> list[Path]:
    """Return the channel tables in a folder, else those in the folder above."""
    for place in (folder, folder.resolve().parent):
        found = sorted(f for g in _TABLES for f in place.glob(g) if not f.name.startswith("."))
        if found:
            return found
    return []


@lru_cache(maxsize=64)
def _channel_table(folder: Path) -> dict[str, _Channel]:
    """Return the channels in the tables that belong to a folder.

    Columns of a table: channel (hexadecimal), recording flag, delay, station, component,
    scale, bits, sensitivity, ... A station such as ``N.ABCH`` has its network before the
    point. Of a channel that is written twice and not alike nothing is known.
    """
    table: dict[str, _Channel] = {}
    for file in channel_tables(folder):
        for line in read_lines(file, "a WIN channel table"):
            words = line.split()
            if len(words) <= _COMPONENT or line.lstrip().startswith("#"):
                continue
            key, entry = words[0].upper().zfill(4), _parse_channel(words)
            if table.setdefault(key, entry) != entry:
                table[key] = _Channel("", "", "", problem="it is in the channel tables twice, "
                                      "and not alike; not read")  # fmt: skip
    return table


def _parse_channel(words: list[str]) -> _Channel:
    network, point, station = words[_STATION].rpartition(".")
    code = words[_COMPONENT].upper()
    component = _COMPONENTS.get(code, code[-1:])
    problem = ""
    if words[_DELAY].lstrip("-").isdecimal() and int(words[_DELAY]):
        problem = f"the delay of {words[_DELAY]} ms in the channel table is not taken off"
    direction = (math.nan, math.nan)
    if len(words) > _SENSITIVITY and words[_SENSITIVITY].startswith("-"):
        direction = _UPSIDE_DOWN.get(component, direction)
    return _Channel(network if point else "", station, component, *direction, problem)


def _sniff(head: bytes, wide: bool) -> bool:
    try:
        at = 4 if wide else 0
        if wide and len(head) >= 16:
            length = int.from_bytes(head[16:20], "big")
            padded = head + bytes(min(length + 20, 1 << 24))
            if int.from_bytes(head[12:16], "big") not in (10, 0xA):
                return False
        else:
            padded = head + bytes(min(int.from_bytes(head[:4], "big"), 1 << 24))
        start, _, _ = _second_header(padded, at, wide)
    except (ValueError, OverflowError):
        return False
    return start > 0


WAVEFORM_FORMATS_HERE = (
    WaveformFormat("win32", "WIN32 files of NIED", read_win32, lambda h, _: _sniff(h, True)),
    WaveformFormat("win", "WIN files", read_win, lambda h, _: _sniff(h, False)),
)
"""How these formats are recognized and read."""
