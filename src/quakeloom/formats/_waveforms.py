"""Waveform files: what a trace is, and the one door through which they come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._head import read_head

_NANO = 1_000_000_000


@dataclass(frozen=True)
class Trace:
    """One contiguous piece of one channel.

    Attributes
    ----------
    network, station, location_code, channel : str
        SEED codes, empty if not known. The last letter of the channel is the component.
    start : int
        Time of the first sample, nanoseconds since 1970, UTC.
    sampling_rate_hz : float
    samples : ndarray, shape (count,)
        As in the file (integers stay integers); empty if only the header was read.
    count : int
        Number of samples.
    source_file : str
    """

    network: str
    station: str
    location_code: str
    channel: str
    start: int
    sampling_rate_hz: float
    samples: NDArray[Any]
    count: int
    source_file: str

    @property
    def end(self) -> int:
        """Time just after the last sample, nanoseconds since 1970."""
        return self.start + round(self.count * _NANO / self.sampling_rate_hz)


@dataclass
class WaveformFile:
    """What one waveform file gives.

    Attributes
    ----------
    traces : list of Trace
    problems : list of str
        What could not be read, in words; one per record or trace that was left out.
    """

    traces: list[Trace] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WaveformFormat:
    """One waveform format: name, reader, and how it is recognized.

    ``read(path, headers)`` gives a :class:`WaveformFile`, without samples if ``headers``.
    """

    name: str
    title: str
    read: Callable[[Path, bool], WaveformFile]
    sniff: Callable[[bytes, Path], bool]


def read_waveforms(path: str | Path, format: str = "auto", headers: bool = False) -> WaveformFile:
    """Read one waveform file.

    Parameters
    ----------
    path : str or Path
    format : str
        A key of :data:`WAVEFORM_FORMATS`, or ``auto``.
    headers : bool
        Read no samples: who recorded, from when to when.

    Returns
    -------
    WaveformFile
        Traces with a positive rate and at least one sample.

    Raises
    ------
    FormatError
        If the file is empty, is no waveform file, or holds nothing that can be read.
    InputError
        If it is missing or cannot be opened.
    """
    path = Path(path)
    head = read_head(path)
    if not head:
        raise FormatError(f"'{path}' is empty. Nothing is read from it.")
    chosen = _choose(path, head, format)
    found = chosen.read(path, headers)
    good = []
    for trace in found.traces:
        if not np.isfinite(trace.sampling_rate_hz) or trace.sampling_rate_hz <= 0.0:
            found.problems.append(
                f"{trace.station} {trace.channel}: sampling rate {trace.sampling_rate_hz:g} Hz"
            )
        elif trace.count <= 0:
            found.problems.append(f"{trace.station} {trace.channel}: no samples")
        else:
            good.append(trace)
    if not good and not found.problems:
        raise FormatError(f"'{path}' holds no trace. Nothing is read from it.")
    return WaveformFile(good, found.problems)


def _choose(path: Path, head: bytes, format: str) -> WaveformFormat:
    from quakeloom.formats._waveform_registry import WAVEFORM_FORMATS

    if format != "auto":
        if format not in WAVEFORM_FORMATS:
            raise FormatError(
                f"Waveform format '{format}' for '{path}' is not known. Nothing is read; write "
                f"auto or one of: {', '.join(WAVEFORM_FORMATS)}."
            )
        return WAVEFORM_FORMATS[format]
    for candidate in WAVEFORM_FORMATS.values():
        if candidate.sniff(head, path):
            return candidate
    raise FormatError(
        f"'{path}' is in none of the waveform formats that quakeloom reads "
        f"({', '.join(WAVEFORM_FORMATS)}). Nothing is read from it."
    )
