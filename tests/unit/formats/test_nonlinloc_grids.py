"""Travel-time grids of NonLinLoc, two- and three-dimensional, whole and broken."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import list_time_grids, read_time_grid

SIMPLE = "TRANSFORM  SIMPLE LatOrig 38.000000  LongOrig 22.000000  RotCW 10.000000"


def write_grid(path, values, first, step, kind, station=(0.0, 0.0, -0.5)):
    """Write a header and a buffer with z fastest, as Grid2Time does."""
    counts = " ".join(map(str, values.shape))
    numbers = " ".join(f"{v:.6f}" for v in (*first, *step))
    place = " ".join(f"{v:.6f}" for v in station)
    path.write_text(f"{counts} {numbers} {kind} FLOAT\nABC {place}\n{SIMPLE}\n")
    values.astype("<f4").tofile(path.with_suffix(".buf"))


def test_times_of_distance_and_depth(tmp_path):
    path = tmp_path / "layer.P.ABC.time.hdr"
    distance, depth = np.arange(6) * 2.0, -1.0 + np.arange(4)
    times = np.hypot(distance[None, :, None], depth[None, None, :] + 0.5) / 6.0
    write_grid(path, times, (0, 0, -1), (2, 2, 1), "TIME2D")
    grid = read_time_grid(path)
    assert grid.station == "ABC"
    assert grid.distance_km.tolist() == distance.tolist()
    assert grid.depth_km.tolist() == depth.tolist()
    np.testing.assert_allclose(grid.time_s, times[0].T, rtol=1e-6)
    assert list_time_grids(tmp_path / "layer", "P") == [path]
    assert list_time_grids(tmp_path / "layer", "S") == []


def test_times_in_space_and_where_they_lie(tmp_path):
    path = tmp_path / "layer.P.ABC.time.hdr"
    times = np.arange(24.0).reshape(2, 3, 4)
    times[0, 0, 0] = -1.0
    write_grid(path, times, (-1, -2, 0), (1, 1, 1), "TIME")
    grid = read_time_grid(path)
    assert grid.time_s.shape == (4, 3, 2)
    assert grid.east_km.tolist() == [-1, 0]
    assert grid.north_km.tolist() == [-2, -1, 0]
    assert grid.time_s[3, 2, 1] == 23.0
    assert np.isinf(grid.time_s[0, 0, 0])
    assert grid.origin == (22.0, 38.0, 10.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 3 nonsense\n", "no header"),
        ("", "is empty"),
        ("1 3 4 0 0 0 1 1 1 SLOW_LEN FLOAT\nABC 0 0 0\n", "SLOW_LEN"),
        ("1 3 4 0 0 0 1 1 1 TIME2D FLOAT\nABC 0 0 0\n", "should hold 12 numbers"),
    ],
)
def test_broken_grids_are_refused(tmp_path, text, words):
    path = tmp_path / "layer.P.ABC.time.hdr"
    path.write_text(text)
    path.with_suffix(".buf").write_bytes(b"\0" * 7)
    with pytest.raises(FormatError, match=words):
        read_time_grid(path)
