"""Read numpy archives (``.npz``) of one three-component record each, as PhaseNet's data sets.

The name says who and when: ``NN_SSSS_YYYYMMDDhhmmssff.npz``. Arrays: ``data`` (samples,
components), ``channels`` (names joined by ``_``), optionally ``itp`` and ``its``, the samples
of the analyst's P and S, and ``sampling_rate``.

Reference: Zhu & Beroza (2019), Geophys. J. Int. 216, 261-273, and the data of their program.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import BrokenArchiveError, FormatError, read_array_archive
from quakeloom.formats._text_lines import utc_nanoseconds
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_NAME = re.compile(r"(\w+?)_(\w+?)_(\d{14})(\d*)")
"""Network, station, time to the second, and decimals of the second."""

RATE_HZ = 100.0
"""Sampling rate of the data sets, where an archive does not say."""

_COMPONENTS = ("E", "N", "Z")
"""Order of the components of the data sets, where an archive does not say."""


def read_numpy_record(path: Path, headers: bool = False) -> WaveformFile:
    """Read one numpy archive as traces, one per component.

    Without an array ``sampling_rate`` the rate is 100 Hz. The time of a name without one
    counts from 1970, which is a problem in words; a name with an impossible one is refused.

    Raises
    ------
    FormatError
        If the archive is broken, has no array ``data`` of real numbers, or its name has an
        impossible time.
    """
    try:
        arrays = read_array_archive(path, names_but=("pair_id",))
    except (OSError, BrokenArchiveError) as error:
        raise FormatError(
            f"'{path}' cannot be read as a numpy archive ({error}). Nothing is read from it."
        ) from error
    data = arrays.get("data")
    if data is None or data.ndim != 2 or data.dtype.kind not in "iuf":
        raise FormatError(
            f"'{path}' has no array `data` (samples, components) of real numbers, so it is no "
            "waveform record. Nothing is read from it."
        )
    found = WaveformFile()
    try:
        network, station, start = record_name(path)
        rate = _sampling_rate(arrays)
        names = _channel_names(arrays, data.shape[1], found.problems)
    except ValueError as problem:
        raise FormatError(f"'{path}': {problem}. Nothing is read from it.") from None
    if start is None:
        found.problems.append("the name has no time; times of this record count from 1970-01-01")
    for k, name in enumerate(names):
        samples = np.empty(0) if headers else np.ascontiguousarray(data[:, k])
        found.traces.append(
            Trace(network, station, "", name, start or 0, rate, samples, len(data), str(path))
        )
    return found


def _sampling_rate(arrays: dict[str, NDArray[Any]]) -> float:
    if "sampling_rate" not in arrays:
        return RATE_HZ
    try:
        return float(arrays["sampling_rate"].reshape(()))
    except (ValueError, TypeError):
        raise ValueError("the array `sampling_rate` is not one number") from None


def _channel_names(arrays: dict[str, NDArray[Any]], count: int, said: list[str]) -> list[str]:
    names = str(arrays["channels"]).split("_") if "channels" in arrays else []
    if len(names) == count:
        return names
    if count != len(_COMPONENTS):
        raise ValueError(f"`data` has {count} components and `channels` {len(names)} names")
    order = ", ".join(_COMPONENTS)
    if names:
        said.append(f"`channels` has {len(names)} names for {count} components; taken as {order}")
    return list(_COMPONENTS)


def record_name(path: Path) -> tuple[str, str, int | None]:
    """Return network, station and start (nanoseconds, if there is one) from a record's name.

    Raises
    ------
    ValueError
        If the digits of the name are no time.
    """
    match = _NAME.match(path.name)
    if not match:
        return "", path.name.split(".")[0][:16], None
    stamp, tail = match[3], match[4]
    year, month, day, hour, minute, whole = (
        int(stamp[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
    )
    if hour > 23 or minute > 59 or whole > 60:
        raise ValueError(f"the time {stamp} of the name is impossible")
    second = whole + (float(f"0.{tail}") if tail else 0.0)
    return match[1], match[2], utc_nanoseconds(year, month, day, hour, minute, second)


def _sniff(head: bytes, path: Path) -> bool:
    return head[:4] == b"PK\x03\x04" and path.suffix.lower() == ".npz"


WAVEFORM_FORMAT = WaveformFormat(
    "numpy", "numpy archives of three-component records", read_numpy_record, _sniff
)
"""How this format is recognized and read."""
