"""Read miniSEED: version 2 through ObsPy's libmseed, version 3 by ourselves.

A file is read at once. Where it holds something that is broken, the records are read apart,
so that a broken record costs itself only.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._format import SNIFF_BYTES
from quakeloom.formats._miniseed_records import (
    MAGIC_3,
    RecordMap,
    find_record,
    find_record3,
    map_records,
)
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_DAMAGE = "integrity check"
"""Words in libmseed's warning that the last sample of a record is not the stated one."""

_TOLD = 20
"""Broken records of a file that are told one by one."""


def read_miniseed(path: Path, headers: bool = False) -> WaveformFile:
    """Read a miniSEED file, version 2 or 3.

    One trace per contiguous piece of a channel. Records with an impossible time, a failed
    decompression or a last sample that is not the stated one, and bytes that are no record,
    are problems in words; the other records are read.

    Raises
    ------
    FormatError
        If no record can be read.
    """
    raw = np.memmap(path, np.uint8, "r")
    if _is_version_3(bytes(raw[:SNIFF_BYTES])):
        from quakeloom.formats._miniseed3 import read_records

        found = read_records(raw.tobytes(), str(path), headers)
    else:
        found = _read_version_2(path, raw, headers)
    if not found.traces:
        reason = found.problems[0] if found.problems else "a SEED volume without data records"
        raise FormatError(
            f"'{path}' holds no record of miniSEED that can be read ({reason}). "
            "Nothing is read from it; check the file."
        )
    return found


def _read_version_2(path: Path, raw: NDArray[np.uint8], headers: bool) -> WaveformFile:
    records = map_records(raw)
    found = WaveformFile(problems=records.problems)
    if not records.starts:
        return found
    whole = not records.problems
    # without a problem the file need not be copied
    source = str(path) if whole else io.BytesIO(_bytes(raw, records, 0, len(records.starts)))
    stream, problem, said = _decode(source, headers)
    if problem:
        stream = _read_apart(raw, records, headers, found.problems)
    else:
        found.problems += said
    text = 0
    for trace in stream:
        if trace.stats.get("mseed", {}).get("encoding") == "ASCII" or trace.data.dtype.kind == "S":
            text += 1
        else:
            found.traces.append(_trace(trace, path, headers))
    if text:
        found.problems.append(f"{text} pieces of text, not of ground motion")
    return found


def _read_apart(
    raw: NDArray[np.uint8], records: RecordMap, headers: bool, problems: list[str]
) -> list[Any]:
    """Read a file without its broken records, which are found by halving."""
    good: list[int] = []
    told = 0
    waiting = [(0, len(records.starts))]
    while waiting:
        first, last = waiting.pop()
        _, problem, _ = _decode(io.BytesIO(_bytes(raw, records, first, last)), headers)
        if not problem:
            good += range(first, last)
        elif last - first > 1:
            middle = (first + last) // 2
            waiting += [(middle, last), (first, middle)]
        else:
            told += 1
            if told <= _TOLD:
                problems.append(
                    f"record at byte {records.starts[first]} is damaged ({problem}); its samples "
                    "are not read"
                )
    if told > _TOLD:
        problems.append(f"{told - _TOLD} more damaged records are not read")
    if not good:
        return []
    kept = RecordMap([records.starts[i] for i in good], [records.lengths[i] for i in good])
    return list(_decode(io.BytesIO(_bytes(raw, kept, 0, len(good))), headers)[0])


def _bytes(raw: NDArray[np.uint8], records: RecordMap, first: int, last: int) -> bytes:
    spans = zip(records.starts[first:last], records.lengths[first:last], strict=True)
    return b"".join(raw[a : a + n].tobytes() for a, n in spans)


def _decode(source: Any, headers: bool) -> tuple[Any, str, list[str]]:
    """Return ObsPy's traces, why samples cannot be trusted, and what libmseed says besides."""
    from obspy.io.mseed.core import _read_mseed

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            stream = _read_mseed(source, headonly=headers)
        except Exception as error:
            return [], _last_line(error), []
    said = list(
        dict.fromkeys(
            _last_line(w.message) for w in caught if not issubclass(w.category, DeprecationWarning)
        )
    )
    return stream, next((s for s in said if _DAMAGE in s), ""), said


def _trace(trace: Any, path: Path, headers: bool) -> Trace:
    stats = trace.stats
    samples = np.empty(0, np.int32) if headers else np.asarray(trace.data)
    return Trace(
        str(stats.network).strip(), str(stats.station).strip(), str(stats.location).strip(),
        str(stats.channel).strip(), int(stats.starttime.ns), float(stats.sampling_rate), samples,
        int(stats.npts), str(path),
    )  # fmt: skip


def write_miniseed(path: Path, traces: list[Trace]) -> None:
    """Write traces of whole numbers as miniSEED (Steim 2, records of 4096 bytes).

    Parameters
    ----------
    path : Path
    traces : list of Trace
        With samples of int32.
    """
    from obspy import Stream, UTCDateTime
    from obspy import Trace as ObspyTrace

    stream = Stream()
    for trace in traces:
        header = {
            "network": trace.network,
            "station": trace.station,
            "location": trace.location_code,
            "channel": trace.channel,
            "starttime": UTCDateTime(ns=trace.start),
            "sampling_rate": trace.sampling_rate_hz,
        }
        stream.append(ObspyTrace(np.ascontiguousarray(trace.samples, np.int32), header))
    stream.write(str(path), format="MSEED", encoding="STEIM2", reclen=4096)


def _last_line(message: Any) -> str:
    """Return the last line of a message: libmseed says there what is wrong."""
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    return (lines[-1] if lines else type(message).__name__)[:200]


def _is_version_3(head: bytes) -> bool:
    return head.startswith(MAGIC_3) or (find_record3(head) and not find_record(head))


def _sniff(head: bytes, _: Path) -> bool:
    return _is_version_3(head) or find_record(head)


WAVEFORM_FORMAT = WaveformFormat("miniseed", "miniSEED 2 and 3", read_miniseed, _sniff)
"""How this format is recognized and read."""
