"""A GeoTIFF of one band of float32 on a longitude-latitude grid, without further libraries."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.formats._replacing import replacing
from quakeloom.schema import Variable

_SHORT, _LONG, _DOUBLE, _ASCII = 3, 4, 12, 2
"""Types of fields, by their numbers in TIFF 6.0."""


def write_geotiff(
    path: Path, longitude: ArrayLike, latitude: ArrayLike, values: ArrayLike, variable: Variable
) -> None:
    """Write values at evenly spaced nodes as a GeoTIFF in WGS84 (EPSG:4326), missing as NaN.

    Parameters
    ----------
    path : Path
    longitude, latitude : array_like, shape (columns,) and (rows,)
        Ascending coordinates of the nodes, which become the middles of pixels.
    values : array_like, shape (rows, columns)
    variable : Variable
        What the values are. Its meaning is the description of the image; its name and unit are
        those of the band, in the metadata that GDAL, and with it QGIS, reads.
    """
    x, y = np.asarray(longitude, float), np.asarray(latitude, float)
    data = np.ascontiguousarray(np.asarray(values, dtype="<f4")[::-1])
    rows, columns = data.shape
    dx = float(x[1] - x[0]) if columns > 1 else 1.0
    dy = float(y[1] - y[0]) if rows > 1 else 1.0
    keys = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    text = variable.meaning.encode("ascii", "replace") + b"\0"
    band = (
        f'<GDALMetadata><Item name="DESCRIPTION" sample="0" role="description">{variable.name}'
        f'</Item><Item name="UNITTYPE" sample="0" role="unittype">{variable.unit}</Item>'
        "</GDALMetadata>"
    ).encode("ascii") + b"\0"
    tags: list[tuple[int, int, int, bytes]] = [
        (256, _LONG, 1, struct.pack("<I", columns)),
        (257, _LONG, 1, struct.pack("<I", rows)),
        (258, _SHORT, 1, struct.pack("<H", 32)),
        (259, _SHORT, 1, struct.pack("<H", 1)),
        (262, _SHORT, 1, struct.pack("<H", 1)),
        (270, _ASCII, len(text), text),
        (273, _LONG, 1, b""),
        (277, _SHORT, 1, struct.pack("<H", 1)),
        (278, _LONG, 1, struct.pack("<I", rows)),
        (279, _LONG, 1, struct.pack("<I", data.nbytes)),
        (339, _SHORT, 1, struct.pack("<H", 3)),
        (33550, _DOUBLE, 3, struct.pack("<3d", dx, dy, 0.0)),
        (33922, _DOUBLE, 6, struct.pack("<6d", 0, 0, 0, x[0] - dx / 2, y[-1] + dy / 2, 0)),
        (34735, _SHORT, len(keys), struct.pack(f"<{len(keys)}H", *keys)),
        (42112, _ASCII, len(band), band),
        (42113, _ASCII, 4, b"nan\0"),
    ]
    place = 8 + 2 + 12 * len(tags) + 4
    extra = b""
    entries = []
    for tag, kind, count, value in tags:
        if len(value) > 4:
            entries.append((tag, kind, count, struct.pack("<I", place + len(extra))))
            extra += value + b"\0" * (len(value) % 2)
        else:
            entries.append((tag, kind, count, value.ljust(4, b"\0")))
    start = struct.pack("<I", place + len(extra))
    body = b"".join(
        struct.pack("<HHI", tag, kind, count) + (start if tag == 273 else value)
        for tag, kind, count, value in entries
    )
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags))
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(head + body + b"\0\0\0\0" + extra + data.tobytes())
