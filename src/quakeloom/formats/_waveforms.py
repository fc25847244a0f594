"""Waveform files: the one door through which they come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._head import read_head
from quakeloom.formats._miniseed import WAVEFORM_FORMAT as _MINISEED
from quakeloom.formats._numpy_archive import WAVEFORM_FORMAT as _NUMPY
from quakeloom.formats._sac import WAVEFORM_FORMAT as _SAC
from quakeloom.formats._waveform_format import WaveformFile, WaveformFormat
from quakeloom.formats._win import WAVEFORM_FORMATS_HERE as _WIN

WAVEFORM_FORMATS: dict[str, WaveformFormat] = {f.name: f for f in (_MINISEED, _SAC, _NUMPY, *_WIN)}
"""Every waveform format by name, in the order in which they are tried."""


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
