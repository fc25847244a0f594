"""What a file is that is in none of the formats here, and what to do with it."""

from __future__ import annotations

import re
from collections.abc import Callable

from quakeloom.formats._compressed import plain_head
from quakeloom.formats._simulps import FIRST_LINE, begins_simul_model, resembles_simul_model
from quakeloom.formats._text_lines import head_lines, is_binary
from quakeloom.formats._xml_head import root_element

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PK\x03\x04",
        "a ZIP archive or a workbook (.xlsx, .ods)",
        "save the sheet as CSV, or unpack",
    ),
    (b"\xd0\xcf\x11\xe0", "an Excel or Word file of the old kind", "save the sheet as CSV"),
    (b"%PDF", "a PDF document", "ask its author for the table as text"),
    (b"\x89PNG", "a PNG picture", "give the data, not their figure"),
    (b"\xff\xd8\xff", "a JPEG picture", "give the data, not their figure"),
    (b"GIF8", "a GIF picture", "give the data, not their figure"),
    (b"BZh", "compressed with bzip2", "unpack it with bunzip2"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it with unxz"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it with unzstd"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"\x89HDF", "an HDF5 or NetCDF-4 file", "write the table as CSV or Parquet"),
    (b"CDF\x01", "a NetCDF file", "write the table as CSV or Parquet"),
    (b"CDF\x02", "a NetCDF file", "write the table as CSV or Parquet"),
    (b"MATLAB", "a MATLAB file", "write the table as CSV with writetable"),
    (b"\x93NUMPY", "a NumPy array", "write the table as CSV with named columns"),
    (b"\x80\x04", "a Python pickle", "write the table as CSV or Parquet"),
    (b"\x80\x05", "a Python pickle", "write the table as CSV or Parquet"),
    (b"SQLite format", "an SQLite database", "export its tables as CSV"),
    (b"ARROW1", "an Arrow or Feather file", "write the table as Parquet"),
    (b"\x00\x00\x27\x0a", "a shapefile", "export it as CSV"),
    (b"\x00\x05\x16\x07", "a companion file of macOS (._NAME)", "give the file without `._`"),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS, not the file",
        "fetch it with git lfs pull",
    ),
)
"""First bytes of files that are no text, what they are, and what to do."""

_ROOTS: dict[str, tuple[str, str]] = {
    "seiscomp": (
        "SeisComP ML",
        "convert it with `sccnv -i FILE -o quakeml:events.xml`, or with ObsPy's read_events",
    ),
    "kml": ("KML of Google Earth", "export the table as CSV"),
    "gpx": ("GPX tracks", "export the table as CSV"),
    "html": ("a web page, perhaps an error message of a server", "download the file again"),
    "HTML": ("a web page, perhaps an error message of a server", "download the file again"),
}
"""Root elements of XML, what they are, and what to do."""

_VERSION = re.compile(r"seiscomp[^>]*?version=[\"']([\d.]+)")
"""Version of SeisComP ML."""

_WAVEFORMS = "name its folder under `waveforms.archives`, where waveforms belong"
"""What to do with waveforms."""

_DIFFERENTIAL = re.compile(r"\s*#\s+\d+\s+\d+(\s+-?[\d.]+)?\s*$")
"""Line of a pair of events in hypoDD's ``dt.ct`` and ``dt.cc``."""

_SEISAN_STATION = re.compile(
    r"\s{0,2}[A-Z0-9]{3,5}\s{0,2}\d{4}\.?\d{2}[NS ]\s?\d{4,5}\.?\d{2}[EW ]"
)
"""Station line of SEISAN's ``STATION0.HYP``."""


def describe_foreign_file(head: bytes) -> tuple[str, str]:
    """Say what a file is by its first bytes, and what to do with it.

    Returns
    -------
    what, remedy : str
        Such as ``SeisComP ML 0.12`` and how to convert it; both empty if it is not known.
    """
    data = plain_head(head) or head
    for beginning, what, remedy in _BEGINNINGS:
        if data.startswith(beginning):
            return what, remedy
    root = root_element(head)
    if root in _ROOTS:
        what, remedy = _ROOTS[root]
        version = _VERSION.search(data[:2000].decode("utf-8", "ignore"))
        return (f"{what} {version[1]}" if version else what), remedy
    if root:
        return f"XML with the root element <{root}>", "convert it to QuakeML or StationXML"
    if data[6:7] in (b"D", b"R", b"Q", b"M") and data[:6].strip().isdigit():
        return "miniSEED waveforms", _WAVEFORMS
    if data[257:262] == b"ustar":
        return "a tar archive", "unpack it"
    if is_binary(data):
        return "no text", "write it as text, QuakeML or Parquet"
    lines = [line for line in head_lines(data)[:60] if line.strip()]
    return next((found for test, found in _TEXTS if lines and test(lines)), ("", ""))


def _many(pattern: re.Pattern[str], lines: list[str]) -> bool:
    return sum(bool(pattern.match(line)) for line in lines) > 0.5 * len(lines)


def _is_model(lines: list[str]) -> bool:
    """Two or three numbers a line, the first from about zero downward."""
    try:
        rows = [[float(w) for w in line.split("#")[0].replace(",", " ").split()] for line in lines]
    except ValueError:
        return False
    rows = [row for row in rows if row]
    depths = [row[0] for row in rows]
    return (
        len(rows) > 1
        and all(len(row) in (2, 3) for row in rows)
        and depths == sorted(depths)
        and abs(depths[0]) < 10
    )


_TEXTS: tuple[tuple[Callable[[list[str]], bool], tuple[str, str]], ...] = (
    (
        lambda x: x[0].lstrip()[:1] in "{[",
        (
            "JSON",
            "USGS's GeoJSON has a CSV beside it (format=csv); or write the table as CSV",
        ),
    ),
    (
        lambda x: x[0].startswith(("WID2", "WID1", "BEGIN GSE")) and "BULLETIN" not in "".join(x),
        ("GSE2 waveforms", _WAVEFORMS),
    ),
    (
        lambda x: any(line.startswith("LAYER ") for line in x),
        ("a NonLinLoc control file with a velocity model", "name it under `takeoff.models`"),
    ),
    (
        begins_simul_model,
        (
            "a SIMULPS velocity model in three dimensions",
            "name it under `locate.models`, with `model_stations` or `model_origin`",
        ),
    ),
    (
        resembles_simul_model,
        (
            "perhaps a SIMULPS velocity model without its first line",
            f"if it is one, its first line should be {FIRST_LINE}",
        ),
    ),
    (
        lambda x: any(_DIFFERENTIAL.match(line) for line in x[:3]),
        ("hypoDD's differential times", "give phases and events (.pha, event.dat, .reloc)"),
    ),
    (
        lambda x: _many(_SEISAN_STATION, x),
        ("SEISAN's stations (STATION0.HYP)", "write network, station, longitude, latitude and "
         "elevation_m as CSV"),
    ),
    (_is_model, ("a velocity model", "name it under `takeoff.models`, not under `sources`")),
)  # fmt: skip
"""Text files that are no sources of events, readings or stations: a test, what, what to do."""
