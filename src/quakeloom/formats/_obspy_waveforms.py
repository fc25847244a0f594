"""Waveform formats that only ObsPy reads: GSE2, K-NET, SEISAN, full SEED, and others.

Slower than our own readers, and as strict as ObsPy is; a line of the log says so.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

log = logging.getLogger(__name__)

_GROUP = "obspy.plugin.waveform"
"""Entry points in which ObsPy and its plugins list their waveform formats."""

_LEFT_OUT = {
    "PICKLE": "a pickle may run any program that is hidden in it",
    "WIN": "our own reader wants a channel table",
    "SAC": "our own reader has refused it",
    "WAV": "sound has no time",
    "SEGY": "shots have no absolute time",
    "SU": "shots have no absolute time",
    "CYBERSHAKE": "simulated, without a time",
}
"""Formats of ObsPy that are not asked, and why."""

_MISREAD = {"SACXY": "alphanumeric SAC"}
"""Names that people know formats by, where they are not ObsPy's."""

_COUNTED = {"TSPAIR", "SLIST"}
"""Text formats whose headers tell the number of samples, which ObsPy does not look at."""

_UNSAFE = {"GSE1", "GSE2"}
"""Formats whose compiled reader in ObsPy writes beyond its room where a line is too long."""

_LINE = 80
"""Letters of a line of samples in GSE2.0 (GSETT-3, CRP/243, section on DAT2); ObsPy's room."""

_COUNT = re.compile(rb"^TIMESERIES [^,]*, (\d+) samples", re.M)
"""The number of samples in a header of these formats."""

_UNDATED = 86_400 * 1_000_000_000
"""ObsPy gives 1970-01-01 to what has no time, nanoseconds."""


@cache
def _formats() -> dict[str, EntryPoint]:
    """Return ObsPy's formats that are asked, in its order."""
    from obspy.core.util.base import ENTRY_POINTS

    return {n: e for n, e in ENTRY_POINTS["waveform"].items() if n not in _LEFT_OUT}


def _recognize(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the formats that recognize a file, with their readers."""
    from obspy.core.util.misc import buffered_load_entry_point

    for name, entry in _formats().items():
        group = f"{_GROUP}.{name}"
        package = entry.dist.name if entry.dist is not None else "obspy"
        try:
            is_format = buffered_load_entry_point(package, group, "isFormat")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if is_format(str(path)):
                    yield name, buffered_load_entry_point(package, group, "readFormat")
        except Exception as error:  # a foreign recognizer may fail in any way
            log.debug("%s: ObsPy's recognizer of %s failed: %s", path, name, error)


def read_with_obspy(path: Path, headers: bool = False) -> WaveformFile:
    """Read a waveform file in a format that ObsPy recognizes.

    Traces without a time, and what ObsPy warns of, are problems in words.

    Raises
    ------
    FormatError
        If ObsPy does not recognize or cannot read it.
    """
    failures = []
    for name, read in _recognize(path):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                if name in _UNSAFE:
                    _refuse_long_lines(path)
                # headers alone are not a promise of every format
                stream = read(str(path))
            except Exception as error:  # whatever a foreign reader may raise
                failures.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
                continue
        title = _MISREAD.get(name, name)
        log.info("%s is read by ObsPy (%s), slower than our own formats", path, title)
        found = WaveformFile(problems=[f"ObsPy: {str(w.message)[:160]}" for w in caught])
        for trace in stream:
            # what is masked was not recorded
            for piece in trace.split():
                _add(found, piece, path, headers)
        if name in _COUNTED:
            _check_text(found, path)
        if found.traces or found.problems:
            return found
    said = "; ".join(failures) or "ObsPy does not recognize it"
    raise FormatError(
        f"'{path}' cannot be read ({said}). Nothing is read from it; write it as miniSEED."
    )


def _refuse_long_lines(path: Path) -> None:
    """Refuse samples in lines longer than the format's, before they reach compiled code."""
    inside = False
    for number, line in enumerate(path.read_bytes().replace(b"\r\n", b"\n").split(b"\n"), 1):
        word = line[:4]
        if word in (b"DAT1", b"DAT2", b"CHK1", b"CHK2", b"WID1", b"WID2"):
            inside = word in (b"DAT1", b"DAT2")
        elif inside and len(line) > _LINE:
            raise ValueError(f"line {number} of the samples has {len(line)} letters, not {_LINE}")


def _check_text(found: WaveformFile, path: Path) -> None:
    """Hold the samples of a text file against its header; the last line may be cut inside."""
    raw = path.read_bytes()
    promised = [int(m) for m in _COUNT.findall(raw)]
    if found.traces and not raw.endswith((b"\n", b"\r")):
        last = found.traces[-1]
        found.problems.append("the file ends inside a line; its last sample is not read")
        kept = last.samples[: last.count - 1]
        found.traces[-1] = replace(last, samples=kept, count=last.count - 1)
    count = sum(t.count for t in found.traces)
    if sum(promised) != count:
        found.problems.append(f"the headers say {sum(promised)} samples, the file has {count}")


def _add(found: WaveformFile, trace: Any, path: Path, headers: bool) -> None:
    stats = trace.stats
    # SEISAN writes blanks inside its component codes
    names = ("network", "station", "location", "channel")
    codes = ["".join(str(stats.get(n, "")).split()) for n in names]
    name = ".".join(c for c in codes if c)
    data = np.asarray(trace.data)
    if data.dtype.kind not in "iuf":
        found.problems.append(f"{name}: text, not ground motion")
        return
    start = int(stats.starttime.ns)
    if 0 <= start < _UNDATED:
        found.problems.append(f"{name}: it has no time; not read")
        return
    if float(stats.get("calib", 1.0)) < 0.0:
        found.problems.append(f"{name}: its calibration is negative; the samples are turned")
        data = -data.astype(np.float64)
    network, station, location, channel = codes
    azimuth, dip = _direction(stats)
    found.traces.append(
        Trace(
            network, station, location, channel, start, float(stats.sampling_rate),
            np.empty(0, np.int32) if headers else data, data.size, str(path), "",
            azimuth, dip,
        )
    )  # fmt: skip


def _direction(stats: Any) -> tuple[float, float]:
    """Return azimuth and dip of a GSE2 trace: HANG from north, VANG from up; -1 is unknown."""
    found = stats.get("gse2", {})
    azimuth, inclination = (float(found.get(n, -1.0)) for n in ("hang", "vang"))
    if not 0.0 <= inclination <= 180.0:
        return math.nan, math.nan
    return (azimuth % 360.0 if azimuth >= 0.0 else math.nan), inclination - 90.0


def _sniff(_: bytes, path: Path) -> bool:
    return next(_recognize(path), None) is not None


WAVEFORM_FORMAT = WaveformFormat(
    "obspy", "formats that ObsPy reads (GSE2, K-NET, SEISAN, full SEED, ...)", read_with_obspy,
    _sniff,
)  # fmt: skip
"""How these formats are recognized and read."""
