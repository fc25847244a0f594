"""Read miniSEED through ObsPy's libmseed, whole files at once, broken ones as far as they go."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_QUALITY = b"DRQM"


def read_miniseed(path: Path, headers: bool = False) -> WaveformFile:
    """Read a miniSEED file (version 2; version 3 where ObsPy can).

    One trace per contiguous piece of a channel. What libmseed complains of (cut records,
    unknown encodings, failed decompression) is a problem in words.

    Raises
    ------
    FormatError
        If no record can be read.
    """
    from obspy.io.mseed.core import _read_mseed

    found = WaveformFile()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            stream = _read_mseed(str(path), headonly=headers)
        except Exception as error:
            raise FormatError(
                f"'{path}' cannot be read as miniSEED ({_first_line(error)}). Nothing is read "
                "from it; check the file."
            ) from error
    found.problems.extend(
        dict.fromkeys(
            _first_line(w.message) for w in caught if not issubclass(w.category, DeprecationWarning)
        )
    )
    for trace in stream:
        stats = trace.stats
        samples = np.empty(0, np.int32) if headers else np.asarray(trace.data)
        if samples.dtype.kind == "S":
            continue
        found.traces.append(
            Trace(
                str(stats.network).strip(), str(stats.station).strip(),
                str(stats.location).strip(), str(stats.channel).strip(),
                int(stats.starttime.ns), float(stats.sampling_rate), samples,
                int(stats.npts), str(path),
            )
        )  # fmt: skip
    return found


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


def _first_line(message: Any) -> str:
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    return (lines[0] if lines else type(message).__name__)[:200]


def _sniff(head: bytes, _: Path) -> bool:
    if head[:3] == b"MS\x03":
        return True
    return len(head) >= 48 and head[:6].replace(b" ", b"0").isdigit() and head[6] in _QUALITY


WAVEFORM_FORMAT = WaveformFormat("miniseed", "miniSEED", read_miniseed, _sniff)
