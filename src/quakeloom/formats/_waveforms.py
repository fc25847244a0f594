"""Waveform files: the one door through which they come in."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream, is_compressed
from quakeloom.formats._head import read_head
from quakeloom.formats._miniseed import WAVEFORM_FORMAT as _MINISEED
from quakeloom.formats._numpy_archive import WAVEFORM_FORMAT as _NUMPY
from quakeloom.formats._obspy_waveforms import WAVEFORM_FORMAT as _OBSPY
from quakeloom.formats._sac import WAVEFORM_FORMAT as _SAC
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat
from quakeloom.formats._win import WAVEFORM_FORMATS_HERE as _WIN
from quakeloom.formats._win import channel_tables

WAVEFORM_FORMATS: dict[str, WaveformFormat] = {
    f.name: f for f in (_MINISEED, _SAC, _NUMPY, *_WIN, _OBSPY)
}
"""Every waveform format by name, in the order in which they are tried."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_EARLIEST = -70 * 366 * 86_400 * _NANO
"""No seismogram in numbers begins before 1900, nanoseconds since 1970."""

_LATEST = 130 * 366 * 86_400 * _NANO
"""None begins after 2100; a time beyond is a wrong one."""

_FASTEST_HZ = 1e6
"""No seismograph records faster."""

_PIECE = 1 << 24
"""Bytes that are unpacked at once."""

_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"BZh", "a file packed with bzip2; unpack it"),
    (b"\xfd7zXZ", "a file packed with xz; unpack it"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF"),
    (b"\x89HDF", "an HDF5 file (such as ASDF); write its records as miniSEED"),
    (b"PAR1", "a Parquet table"),
    (b"<?xml", "an XML file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
"""First bytes of files that are often found beside waveforms, and what they are."""


def read_waveforms(path: str | Path, format: str = "auto", headers: bool = False) -> WaveformFile:
    """Read one waveform file, plain or gzipped.

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
        Traces with a station, a channel, a possible time and rate, and at least one sample.

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
    if is_compressed(head):
        found = _read_compressed(path, format, headers)
    else:
        found = _choose(path, head, format).read(path, headers)
    good = []
    for trace in found.traces:
        problem = _problem(trace)
        if problem:
            found.problems.append(f"{trace.name or 'a trace'}: {problem}")
        else:
            good.append(trace)
    if not good and not found.problems:
        raise FormatError(f"'{path}' holds no trace. Nothing is read from it.")
    return WaveformFile(good, found.problems)


def _problem(trace: Trace) -> str:
    """Return why a trace cannot be used, or an empty text."""
    if not trace.station:
        return "it has no station code"
    if not trace.channel:
        return "it has no channel code"
    rate = trace.sampling_rate_hz
    if not np.isfinite(rate) or not 0.0 < rate <= _FASTEST_HZ:
        return f"sampling rate {rate:g} Hz"
    if trace.count <= 0:
        return "no samples"
    if not _EARLIEST < trace.start < _LATEST:
        return f"its start, {np.datetime64(trace.start, 'ns')}, is impossible"
    return ""


def _read_compressed(path: Path, format: str, headers: bool) -> WaveformFile:
    """Unpack a file beside all others, read it, and call what is read by its own name."""
    plain = path.with_suffix("") if path.suffix.lower() in (".gz", ".z") else path
    with tempfile.TemporaryDirectory(prefix="quakeloom-") as folder:
        copy = Path(folder) / plain.name
        with ByteStream(path) as stream, copy.open("wb") as out:
            while piece := stream.read(_PIECE):
                out.write(piece)
            broken = stream.problem
        for table in channel_tables(path.parent):
            shutil.copy(table, folder)
        head = read_head(copy)
        if not head:
            raise FormatError(
                f"'{path}' is empty once unpacked{f' ({broken})' if broken else ''}. Nothing is "
                "read from it."
            )
        try:
            found = _choose(copy, head, format).read(copy, headers)
        except FormatError as error:
            raise FormatError(str(error).replace(str(copy), str(path))) from error
    traces = [replace(t, source_file=str(path)) for t in found.traces]
    said = [f"{broken}; what follows is not read"] if broken else []
    return WaveformFile(traces, [*said, *found.problems])


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
    what = next((said for start, said in _OTHERS if head.lstrip().startswith(start)), "")
    if what:
        raise FormatError(f"'{path}' is {what}: no waveforms. Nothing is read from it.")
    raise FormatError(
        f"'{path}' is in none of the waveform formats that quakeloom reads "
        f"({', '.join(WAVEFORM_FORMATS)}). Nothing is read from it."
    )
