"""Read SAC binary files: samples, times, and the station in the header."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._source_tables import SourceTables, TableBuilder
from quakeloom.formats._text_lines import utc_nanoseconds
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_HEADER = 632
_UNDEFINED = -12345.0
_NANO = 1_000_000_000
_DELTA, _B, _STLA, _STLO, _STEL = 0, 5, 31, 32, 33
_YEAR, _VERSION, _NPTS, _KIND, _LEVEN = 0, 6, 9, 15, 35
_TIME_SERIES = (1, _UNDEFINED)


def read_sac(path: Path, headers: bool = False) -> WaveformFile:
    """Read a SAC file (binary, header version 6 or 7, either byte order).

    The start is the reference time plus ``B``. ``delta`` is rounded to 1e-7 s where it is not
    a single-precision neighbor of it, as other readers do. A file that ends early gives what
    is there, with a problem; a record that is no evenly spaced time series is refused.

    Raises
    ------
    FormatError
        If the header is none, or the record has no reference time.
    """
    floats, integers, words, order = _read_header(path)
    if integers[_KIND] not in _TIME_SERIES or integers[_LEVEN] == 0:
        raise FormatError(
            f"'{path}' is a SAC file but no evenly spaced time series (IFTYPE "
            f"{integers[_KIND]}). Nothing is read from it."
        )
    delta = round(float(floats[_DELTA]), 7)
    if delta <= 0.0 or floats[_DELTA] == _UNDEFINED:
        return WaveformFile(problems=[f"sampling interval {floats[_DELTA]:g} s"])
    year, day, hour, minute, second, ms = (int(v) for v in integers[:6])
    try:
        begin = utc_nanoseconds(year, 1, 1, hour, minute, second)
    except ValueError as problem:
        return WaveformFile(problems=[f"no reference time: {problem}"])
    start = begin + (day - 1) * 86_400 * _NANO + ms * 1_000_000
    start += round(float(floats[_B]) * 1e6) * 1000 if floats[_B] != _UNDEFINED else 0
    count = int(integers[_NPTS])
    found = WaveformFile()
    available = (path.stat().st_size - _HEADER) // 4
    if count > available:
        found.problems.append(f"the header says {count} samples, the file has {max(available, 0)}")
        count = max(int(available), 0)
    samples = np.empty(0, np.float32)
    if not headers:
        samples = np.fromfile(path, f"{order}f4", count, offset=_HEADER).astype(np.float32)
    found.traces.append(
        Trace(
            words["network"], words["station"], words["location_code"], words["channel"],
            start, round(1.0 / delta, 6), samples, count, str(path),
        )
    )  # fmt: skip
    return found


def read_sac_station(path: Path) -> SourceTables:
    """Read the station of a SAC file: coordinates and elevation, if they are set.

    Raises
    ------
    FormatError
        If the file is no SAC file.
    """
    floats, _, words, _ = _read_header(path)
    stations = TableBuilder("stations", source_file=str(path))
    place = [float(floats[i]) for i in (_STLA, _STLO)]
    if _UNDEFINED not in place and abs(place[0]) <= 90.0 and abs(place[1]) <= 360.0:
        height = float(floats[_STEL])
        stations.add(
            network=words["network"],
            station=words["station"],
            channel=words["channel"],
            latitude=place[0],
            longitude=place[1],
            elevation_m=height if height != _UNDEFINED else float("nan"),
        )
    return SourceTables(stations=stations.table())


def _read_header(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, str], str]:
    with path.open("rb") as stream:
        raw = stream.read(_HEADER)
    order = _byte_order(raw)
    if not order:
        raise FormatError(
            f"'{path}' is no SAC file: its header is cut short or has no version 6 or 7. "
            "Nothing is read from it."
        )
    floats = np.frombuffer(raw[:280], f"{order}f4")
    integers = np.frombuffer(raw[280:440], f"{order}i4")

    def word(offset: int) -> str:
        text = raw[440 + offset : 448 + offset].split(b"\0")[0].decode("latin-1").strip()
        return "" if text.startswith("-12345") else text

    words = {
        "station": word(0),
        "location_code": word(24),
        "channel": word(160),
        "network": word(168),
    }
    if words["location_code"] == "--":
        words["location_code"] = ""
    # some programs write station and location into one field: "AGE  00"
    station, *rest = words["station"].split() or [""]
    words["station"] = station
    if rest and not words["location_code"]:
        words["location_code"] = rest[0][:2]
    return floats, integers, words, order


def _byte_order(head: bytes) -> str:
    """Return ``<`` or ``>``, or nothing if the head is none of a SAC file."""
    if len(head) < _HEADER:
        return ""
    for order in "<>":
        version, npts = (
            struct.unpack_from(f"{order}i", head, 280 + 4 * i)[0] for i in (_VERSION, _NPTS)
        )
        delta = struct.unpack_from(f"{order}f", head, 0)[0]
        if version in (6, 7) and npts >= 0 and np.isfinite(delta):
            return order
    return ""


WAVEFORM_FORMAT = WaveformFormat(
    "sac", "SAC binary files", read_sac, lambda head, _: bool(_byte_order(head))
)

FORMAT = Format(
    name="sac_stations",
    title="stations in the headers of SAC files",
    read=read_sac_station,
    sniff=lambda head: bool(_byte_order(head)),
    suffixes=(".sac",),
)
