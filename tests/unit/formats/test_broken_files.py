"""Broken files of every kind, in every format of this room that is not of the HASH family.

Whatever a file holds, the reader gives tables that obey the registry, or an error that
names the file; it never gives a bare traceback.
"""

from __future__ import annotations

import gzip
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jma_records import arrival, end, hypocenter
from quakeml_files import document, event

from quakeloom.core import QuakeloomError
from quakeloom.formats import FORMATS, detect_format, read_mechanisms, read_source
from quakeloom.schema import validate_table


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"event_id": ["a", "b"], "station": ["A", "B"]}), sink)
    return sink.getvalue().to_pybytes()


_STATIONS = "".join(
    f'<Station code="S{i}"><Latitude>{i}</Latitude><Longitude>{i + 1}</Longitude>'
    "<Elevation>1</Elevation></Station>\n"
    for i in range(5)
)
_PHASES = "".join(
    f"ST{i} ? BHZ ? P U 20181130 1729 {i}.5 GAU 1e-2 -1 -1 -1 1 > 7.9 0.1 1 1 1 0 29.7 157.6 "
    "158.6 142.9 10 0 0.2\n"
    for i in range(5)
)
GOOD: dict[str, bytes] = {
    "quakeml": document(event("a"), event("b")).encode(),
    "stationxml": (
        '<?xml version="1.0"?>\n<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1">\n'
        f'<Network code="XX">{_STATIONS}</Network></FDSNStationXML>'
    ).encode(),
    "jma": "\n".join(
        [hypocenter(), arrival(), end(), hypocenter(minute="05"), arrival(minute="05"), end()]
    ).encode(),
    "nonlinloc_observations": _PHASES.encode(),
    "nonlinloc_locations": (
        'NLLOC "./loc/a.1.grid0" "LOCATED" "done"\n'
        "GEOGRAPHIC  OT 2018 11 30  17 29 29.07  Lat 61.3 Long -149.9 Depth 44.9\n"
        f"PHASE ID Ins Cmp\n{_PHASES}END_PHASE\nEND_NLLOC\n"
    ).encode(),
    "nonlinloc_stations": b"GTSRCE A LATLON 61.5 -149.75 0 0.39\nGTSRCE B LATLON 62 -149 0 0.1\n",
    "hypo71_phases": (
        b"AGE EPU0 100120081045.09       48.23ESU4\nLAKKIPD1 100120081045.08\n                 10\n"
    ),
    "hypo71_summary": b"100120 08 1041.27 38N24.21  21E58.25 07.11 00.2  2.40 0.11 00.2 00.3\n",
    "csv": b"event_id,station,polarity,azimuth_deg\na,A,1,10.5\na,B,-1,20.5\nb,A,1,30\n",
    "parquet": _parquet(),
}
_DIGITS = re.compile(rb"\d+\.\d+")

BREAKS = {
    "empty": lambda data: b"",
    "blank": lambda data: b" \n\n  \n",
    "half": lambda data: data[: len(data) // 2],
    "a few bytes": lambda data: data[:7],
    "all but the end": lambda data: data[:-3],
    "no beginning": lambda data: data[len(data) // 3 :],
    "twice": lambda data: data + b"\n" + data,
    "utf-16": lambda data: data.decode("latin-1").encode("utf-16"),
    "utf-32": lambda data: data.decode("latin-1").encode("utf-32"),
    "latin-1 letters": lambda data: data.replace(b"A", b"\xc4\xd6"),
    "a picture": lambda data: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "NUL bytes": lambda data: data.replace(b"1", b"\x00"),
    "noise": lambda data: np.random.default_rng(0).bytes(3000),
    "noise inside": lambda data: (
        data[: len(data) // 2] + np.random.default_rng(1).bytes(50) + data[len(data) // 2 :]
    ),
    "other line ends": lambda data: data.replace(b"\n", b"\r"),
    "no line ends": lambda data: data.replace(b"\n", b" "),
    "huge numbers": lambda data: _DIGITS.sub(b"1e308", data),
    "very long digits": lambda data: _DIGITS.sub(b"9" * 400, data),
    "NaN": lambda data: _DIGITS.sub(b"NaN", data),
    "negative numbers": lambda data: _DIGITS.sub(b"-99999.9", data),
    "superscripts for last digits": lambda data: re.sub(rb"\d\b", "³".encode(), data),
    "digits of another script": lambda data: re.sub(rb"\d\b", "٣".encode(), data),
    "words for numbers": lambda data: _DIGITS.sub(b"many", data),
    "lines reversed": lambda data: b"\n".join(data.split(b"\n")[::-1]),
    "words reversed": lambda data: b"\n".join(
        b" ".join(line.split()[::-1]) for line in data.split(b"\n")
    ),
    "gzip that is none": lambda data: b"\x1f\x8b\x08" + data,
    "gzip cut off": lambda data: gzip.compress(data)[:-9],
    "a mark of UTF-8 alone": lambda data: b"\xef\xbb\xbf",
    "a long line": lambda data: b"x" * 1_000_000,
}


@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.parametrize("name", GOOD)
def test_a_broken_file_gives_valid_tables_or_an_error_that_names_it(tmp_path, name, kind):
    path = tmp_path / "broken.dat"
    path.write_bytes(BREAKS[kind](GOOD[name]))
    for reader in (
        lambda: read_source(path, name),
        lambda: read_source(path),
        lambda: read_mechanisms(path),
    ):
        tables, error = None, None
        try:
            tables = reader()
        except QuakeloomError as raised:
            error = raised
        if error is not None:
            assert "broken.dat" in str(error)
            assert error.exit_code == 2
            assert len(str(error)) < 2000
            continue
        if isinstance(tables, pa.Table):
            continue
        for table in tables.counts():
            assert validate_table(table, getattr(tables, table)) == []
        # what is not read is named
        read = sum(tables.counts().values())
        assert read > 0 or kind in ("empty", "blank")


@pytest.mark.parametrize("name", GOOD)
def test_the_whole_file_is_recognized_and_read_without_rejects(tmp_path, name):
    path = tmp_path / "good.dat"
    path.write_bytes(GOOD[name])
    assert detect_format(path) == name
    tables = read_source(path)
    assert tables.rejects.num_rows == 0
    assert sum(tables.counts().values()) > 0


def test_every_format_has_a_title_and_says_what_its_options_mean():
    for name, form in FORMATS.items():
        assert form.name == name
        assert form.title
        assert all(form.options.values())
        assert form.sniff(b"") is False
        assert form.sniff(b"\xff\xfe\x00") is False
        assert form.sniff(bytes(range(256))) is False
