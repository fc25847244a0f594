"""Travel-time grids of NonLinLoc, two- and three-dimensional, whole and broken."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError, projected_position
from quakeloom.formats import list_time_grids, read_grid_times, read_time_grid

SIMPLE = "TRANSFORM  SIMPLE LatOrig 38.000000  LongOrig 22.000000  RotCW 10.000000"


def write_grid(
    path, values, first, step, kind, station=(0.0, 0.0, -0.5), number="FLOAT", sheets=1, order="<"
):
    """Write a header and a buffer with z fastest, as Grid2Time does."""
    counts = " ".join(map(str, values.shape))
    numbers = " ".join(f"{v:.6f}" for v in (*first, *step))
    place = " ".join(f"{v:.6f}" for v in station)
    path.write_text(f"{counts} {numbers} {kind} {number}\nABC {place}\n{SIMPLE}\n")
    size = {"FLOAT": "f4", "DOUBLE": "f8"}[number]
    data = values.astype(order + size).tobytes()
    path.with_suffix(".buf").write_bytes(data * sheets)


@pytest.mark.parametrize(
    ("number", "sheets", "order"),
    [("FLOAT", 1, "<"), ("FLOAT", 2, "<"), ("FLOAT", 2, ">"), ("DOUBLE", 2, "<")],
)
def test_times_of_distance_and_depth(tmp_path, number, sheets, order):
    """Grid2Time writes two equal sheets; numbers and byte orders of other machines are read."""
    path = tmp_path / "layer.P.ABC.time.hdr"
    distance, depth = np.arange(6) * 2.0, -1.0 + np.arange(4)
    times = np.hypot(distance[None, :, None], depth[None, None, :] + 0.5) / 6.0
    write_grid(path, times, (0, 0, -1), (2, 2, 1), "TIME2D", (0, 0, -0.5), number, sheets, order)
    grid = read_time_grid(path)
    assert grid.station == "ABC"
    assert grid.distance_km.tolist() == distance.tolist()
    assert grid.depth_km.tolist() == depth.tolist()
    np.testing.assert_allclose(read_grid_times(grid), times[0].T, rtol=1e-6)
    assert list_time_grids(tmp_path / "layer", "P") == [path]
    assert list_time_grids(tmp_path / "layer", "S") == []


def test_times_in_space_and_where_they_lie(tmp_path):
    path = tmp_path / "layer.P.ABC.time.hdr"
    times = np.arange(24.0).reshape(2, 3, 4)
    times[0, 0, 0] = -1.0
    write_grid(path, times, (-1, -2, 0), (1, 1, 1), "TIME")
    grid = read_time_grid(path)
    assert grid.shape == (4, 3, 2)
    assert grid.east_km.tolist() == [-1, 0]
    assert grid.north_km.tolist() == [-2, -1, 0]
    read = read_grid_times(grid)
    assert read[3, 2, 1] == 23.0
    assert read[1, 0, 1] == 13.0
    assert np.isinf(read[0, 0, 0])
    # RotCW is the azimuth of geographic north from the grid's
    assert grid.frame.azimuth_deg == -10.0
    assert (grid.frame.longitude, grid.frame.latitude) == (22.0, 38.0)


@pytest.mark.parametrize(
    ("words", "place", "east", "north"),
    [
        # the positions that Grid2Time 7.1 writes of its sample's station AK_PWL
        ("SIMPLE LatOrig 61 LongOrig -150 RotCW 30", (-148.333405, 60.858398), 70.280737,
         -58.757877),
        ("LAMBERT RefEllipsoid WGS-84 LatOrig 61 LongOrig -150 FirstStdParal 60 SecondStdParal 62 "
         "RotCW 25", (-148.333405, 60.858398), 75.888627, -51.523306),
        ("TRANS_MERC RefEllipsoid GRS-80 LatOrig 60 LongOrig -151 RotCW 0 UseFalseEasting 1 "
         "FalseEasting 500000 ScaleFactor 0.9996", (-148.333405, 60.858398), 644.839102, 98.548669),
        ("AZIMUTHAL_EQUIDIST RefEllipsoid WGS-84 LatOrig 61 LongOrig -150 RotCW 15",
         (-148.333405, 60.858398), 83.474586, -37.496906),
    ],
)  # fmt: skip
def test_grids_lie_where_nonlinloc_has_them(tmp_path, words, place, east, north):
    path = tmp_path / "layer.P.ABC.time.hdr"
    write_grid(path, np.ones((2, 2, 2)), (0, 0, 0), (1, 1, 1), "TIME")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], f"TRANSFORM {words}"]) + "\n")
    frame = read_time_grid(path).frame
    found = projected_position(frame.projection, *place)
    turn = np.radians(frame.azimuth_deg)
    turned_north = np.cos(turn) * found[0] + np.sin(turn) * found[1]
    turned_east = np.cos(turn) * found[1] - np.sin(turn) * found[0]
    # its ellipsoids are rounded: millimeters
    assert turned_east == pytest.approx(east, abs=1e-4)
    assert turned_north == pytest.approx(north, abs=1e-4)


def test_labels_with_network_and_location_are_stations(tmp_path):
    path = tmp_path / "layer.P.AK_RC01_--.time.hdr"
    write_grid(path, np.ones((1, 3, 4)), (0, 0, 0), (1, 1, 1), "TIME2D")
    path.write_text(path.read_text().replace("ABC", "AK_RC01_--"))
    assert read_time_grid(path).station == "AK.RC01"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 3 nonsense\n", "no header"),
        ("", "is empty"),
        ("2 3 4 0 0 0 1 1 1 SLOW_LEN FLOAT\nTRANSFORM NONE\n", "kind SLOW_LEN FLOAT"),
        ("1 3 4 0 0 0 1 1 1 TIME2D FLOAT\nABC 0 0 0\n", "should hold 12 numbers of 4 bytes"),
        ("1 3 4 0 0 0 1 1 1 TIME2D FLOAT\nABD 0 0 0\n", "station 'ABD', another than its name"),
        ("1 3 4 0 0 0 1 1 0 TIME2D FLOAT\nABC 0 0 0\n", "a spacing that is not positive"),
        ("1 3 4 0 0 0 1 1 1 TIME2D FLOAT\nABC 0 0 nan\n", "that is no number"),
        ("4 3 4 0 0 0 1 1 1 TIME FLOAT\nABC 0 0 0\nCASCADING_GRID 2 10,20\n", "cascading grid"),
    ],
)
def test_broken_grids_are_refused(tmp_path, text, words):
    path = tmp_path / "layer.P.ABC.time.hdr"
    path.write_text(text)
    path.with_suffix(".buf").write_bytes(b"\0" * 7)
    with pytest.raises(FormatError, match=words):
        read_time_grid(path)


def test_a_grid_without_header_or_numbers_is_refused(tmp_path):
    path = tmp_path / "layer.P.ABC.time.hdr"
    write_grid(path, np.zeros((1, 3, 4)), (0, 0, 0), (1, 1, 1), "TIME2D")
    with pytest.raises(FormatError, match="no travel times in either byte order"):
        read_grid_times(read_time_grid(path))
    path.with_suffix(".buf").unlink()
    with pytest.raises(FormatError, match="found no file"):
        read_time_grid(path)
    (tmp_path / "layer.P.DEF.time.buf").write_bytes(b"")
    with pytest.raises(FormatError, match=r"has no header 'layer\.P\.DEF\.time\.hdr'"):
        list_time_grids(tmp_path / "layer", "P")
