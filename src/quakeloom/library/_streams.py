"""ObsPy streams as traces, and the waveforms that pickers and readers take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.core import InputError
from quakeloom.formats import Trace

NAME = "stream"
"""``source_file`` of what comes from a stream in memory."""


def waveform_path(waveforms: Any) -> Path | None:
    """Return the path that waveforms are given by, or None where they are a stream."""
    return Path(waveforms) if isinstance(waveforms, str | Path) else None


def stream_traces(stream: Any) -> list[Trace]:
    """Return the traces of an ObsPy stream without gaps; samples are not copied.

    Parameters
    ----------
    stream : obspy.Stream, obspy.Trace or sequence of obspy.Trace
        Masked samples are gaps.

    Raises
    ------
    InputError
        If it is none, or holds no samples.
    """
    traces = [stream] if hasattr(stream, "stats") else stream
    try:
        given = list(traces)
        pieces = [piece for trace in given for piece in _without_gaps(trace)]
    except (TypeError, AttributeError):
        raise InputError(
            f"Waveforms are given as {type(stream).__name__}, which is no ObsPy stream. Nothing "
            "was read; give a stream, a trace, or the path of a file or folder."
        ) from None
    found = [_trace(piece) for piece in pieces if len(piece.data)]
    if not found:
        raise InputError(
            "The stream holds no samples, so there is nothing to read. Give one with traces."
        )
    return found


def _without_gaps(trace: Any) -> list[Any]:
    if isinstance(trace.data, np.ma.MaskedArray):
        return list(trace.split())
    return [trace]


def _trace(trace: Any) -> Trace:
    stats = trace.stats
    samples = np.asarray(trace.data)
    rate = float(stats.sampling_rate)
    if samples.dtype.kind not in "iuf" or samples.ndim != 1:
        raise InputError(
            f"Trace {trace.id} holds samples of type {samples.dtype}, which are no numbers. "
            "Nothing was read; leave it out."
        )
    if not rate > 0.0:
        raise InputError(
            f"Trace {trace.id} has a sampling rate of {rate:g} Hz, so its samples have no times. "
            "Nothing was read; correct it or leave it out."
        )
    return Trace(
        str(stats.network).strip(), str(stats.station).strip(), str(stats.location).strip(),
        str(stats.channel).strip(), int(stats.starttime.ns), rate, samples, samples.size, NAME,
    )  # fmt: skip
