"""Read SAC binary files: samples and times, and the station in the header."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from quakeloom.formats._format import Format
from quakeloom.formats._sac_header import (
    HEADER_BYTES,
    KIND,
    LEVEN,
    STEL,
    STLA,
    STLO,
    UNDEFINED,
    SacHeader,
    byte_order,
    read_sac_header,
)
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem
from quakeloom.formats._waveform_format import Trace, WaveformFile, WaveformFormat

_TIME_SERIES = (1, UNDEFINED)
"""Values of IFTYPE of a time series: ITIME, or not said."""


def read_sac(path: Path, headers: bool = False) -> WaveformFile:
    """Read a SAC file (binary, header version 6 or 7, either byte order).

    The start is the reference time plus ``B``; of version 7 ``B`` and ``DELTA`` are taken in
    double precision. The rate is the simplest whose interval is ``DELTA`` in single
    precision. A file that ends early gives what is there, with a problem; a record without a
    time, a station or a channel code, and one that is no evenly spaced time series, is refused.

    Raises
    ------
    FormatError
        If it is no SAC file, or nothing can be read from it.
    """
    header = read_sac_header(path)
    found = WaveformFile()
    try:
        _check(header)
        rate = header.rate_hz()
        start = header.start(rate, found.problems)
    except ValueError as problem:
        return WaveformFile(problems=[str(problem)])
    count = header.count
    if count > header.available:
        found.problems.append(f"the header says {count} samples, the file has {header.available}")
        count = header.available
    elif header.doubles is None and header.available > count:
        found.problems.append(
            f"the header says {count} samples, the file has room for {header.available}; the "
            "others are not read"
        )
    samples = np.empty(0, np.float32)
    if not headers:
        raw = np.fromfile(path, f"{header.order}f4", count, offset=HEADER_BYTES)
        samples = raw.astype(np.float32)
    words = header.words
    azimuth, dip = header.direction()
    found.traces.append(
        Trace(
            words["network"], words["station"], words["location_code"], words["channel"], start,
            rate, samples, count, str(path), header.sensor(), azimuth, dip,
        )
    )  # fmt: skip
    return found


def _check(header: SacHeader) -> None:
    """Raise ValueError if a header is none of a time series with codes."""
    kind, even = int(header.integers[KIND]), int(header.integers[LEVEN])
    if kind not in _TIME_SERIES or even == 0:
        raise ValueError(f"it is no evenly spaced time series (IFTYPE {kind}, LEVEN {even})")
    if header.count == UNDEFINED:
        raise ValueError("the number of samples (NPTS) is undefined")
    for name, field in (("station", "KSTNM"), ("channel", "KCMPNM")):
        if not header.words[name]:
            raise ValueError(f"the {name} code ({field}) is undefined; set it in the header")


def read_sac_station(path: Path) -> SourceTables:
    """Read the station of a SAC file: place, elevation and direction of the sensor.

    Without a place, or with an impossible one, there is a row in ``rejects`` instead.

    Raises
    ------
    FormatError
        If the file is no SAC file.
    """
    header = read_sac_header(path)
    words = header.words
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    place = {
        "latitude": header.value(STLA),
        "longitude": header.value(STLO),
        "elevation_m": header.value(STEL),
    }
    absent = [n for n in ("latitude", "longitude") if math.isnan(place[n])]
    problem = f"{' and '.join(absent)} undefined" if absent else bounds_problem(**place)
    if not words["station"]:
        problem = "the station code (KSTNM) is undefined"
    if problem:
        rejects.add(-1, "station", problem, station=words["station"])
    else:
        azimuth, dip = header.direction()
        stations.add(
            network=words["network"], station=words["station"], channel=words["channel"],
            location_code=words["location_code"], sensor_azimuth_deg=azimuth, sensor_dip_deg=dip,
            **place,
        )  # fmt: skip
    return SourceTables(stations=stations.table(), rejects=rejects.table())


WAVEFORM_FORMAT = WaveformFormat(
    "sac", "SAC binary files", read_sac, lambda head, _: bool(byte_order(head))
)
"""How this format is recognized and read."""

FORMAT = Format(
    name="sac_stations",
    title="stations in the headers of SAC files",
    read=read_sac_station,
    sniff=lambda head: bool(byte_order(head)),
    suffixes=(".sac",),
)
"""How stations in headers are recognized and read."""
