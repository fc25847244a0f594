"""Read numpy archives (``.npz``) of one three-component record each, as PhaseNet's data sets.

The name says who and when: ``NN_SSSS_YYYYMMDDhhmmssff.npz``. Arrays: ``data`` (samples,
components), ``channels`` (names joined by ``_``), optionally ``itp`` and ``its``, the samples
of the analyst's P and S, and ``sampling_rate``.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import utc_nanoseconds
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_NAME = re.compile(r"(\w+?)_(\w+?)_(\d{14})(\d*)")
_NANO = 1_000_000_000
RATE_HZ = 100.0


def read_numpy_record(path: Path, headers: bool = False) -> WaveformFile:
    """Read one numpy archive as traces, one per component.

    Without an array ``sampling_rate`` the rate is 100 Hz. A name without a time starts at
    1970.

    Raises
    ------
    FormatError
        If the archive is broken or has no array ``data``.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {k: archive[k] for k in archive.files if k != "pair_id"}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise FormatError(
            f"'{path}' cannot be read as a numpy archive ({error}). Nothing is read from it."
        ) from error
    data = arrays.get("data")
    if data is None or data.ndim != 2 or not np.issubdtype(data.dtype, np.number):
        raise FormatError(
            f"'{path}' has no array `data` (samples, components), so it is no waveform record. "
            "Nothing is read from it."
        )
    network, station, start = record_name(path)
    names = str(arrays.get("channels", "")).split("_")
    if len(names) != data.shape[1]:
        names = ["E", "N", "Z"][: data.shape[1]]
    rate = float(arrays.get("sampling_rate", RATE_HZ))
    found = WaveformFile()
    for k, name in enumerate(names):
        samples = np.empty(0) if headers else np.ascontiguousarray(data[:, k])
        found.traces.append(
            Trace(network, station, "", name, start, rate, samples, len(data), str(path))
        )
    return found


def record_name(path: Path) -> tuple[str, str, int]:
    """Return network, station and start (nanoseconds) from the name of a record."""
    match = _NAME.match(path.name)
    if not match:
        return "", path.name.split(".")[0][:16], 0
    stamp, tail = match[3], match[4]
    try:
        year, month, day, hour, minute = (
            int(stamp[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))
        )
        second = int(stamp[12:14]) + (float(f"0.{tail}") if tail else 0.0)
        start = utc_nanoseconds(year, month, day, hour, minute, second)
    except ValueError:
        start = 0
    return match[1], match[2], start


def _sniff(head: bytes, path: Path) -> bool:
    return head[:4] == b"PK\x03\x04" and path.suffix.lower() == ".npz"


WAVEFORM_FORMAT = WaveformFormat(
    "numpy", "numpy archives of three-component records", read_numpy_record, _sniff
)
