"""The coastline that comes with the repository, and files that are none."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from quakeloom.core import Coastline, FormatError
from quakeloom.formats import find_coastline, read_coastline

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "coastline"


@pytest.fixture(scope="module")
def coastlines() -> list[Coastline]:
    """Both scales; a folder gives the finer one."""
    finest = find_coastline(FOLDER)
    assert finest is not None
    return [finest, read_coastline(FOLDER / "coastline-50m.npz")]


def on_land(coast: Coastline, lon: float, lat: float) -> bool:
    """Whether a small frame around a point is covered by land (holes turn the other way)."""
    total = 0.0
    for ring in coast.clip(lon - 0.01, lon + 0.01, lat - 0.01, lat + 0.01):
        x, y = ring[:, 0], ring[:, 1]
        total -= float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    return total > 0.5 * 0.02**2


@pytest.mark.parametrize("resolution", ["10m", "50m"])
def test_checksums_are_those_of_the_readme(resolution) -> None:
    data = (FOLDER / f"coastline-{resolution}.npz").read_bytes()
    readme = (FOLDER / "README.md").read_text()
    stated = re.search(rf"coastline-{resolution}\.npz.*`([0-9a-f]{{64}})`", readme)
    assert stated is not None
    assert hashlib.sha256(data).hexdigest() == stated.group(1)


@pytest.mark.parametrize(
    ("place", "lon", "lat", "land"),
    [
        ("Tsukuba", 140.08, 36.08, True),
        ("Hollister", -121.40, 36.85, True),
        ("Pacific", 150.0, 36.0, False),
        ("Caspian Sea", 51.0, 41.0, False),
        ("Chukotka", -175.0, 66.5, True),
        ("the same, counted on", 185.0, 66.5, True),
        ("Bering Sea", 180.0, 58.0, False),
        ("Antarctica", 0.0, -84.0, True),
    ],
)
def test_known_places_are_on_land_or_at_sea(coastlines, place, lon, lat, land) -> None:
    for coast in coastlines:
        assert on_land(coast, lon, lat) == land, place


def test_no_file_gives_no_coastline_and_a_wrong_file_an_error(tmp_path) -> None:
    assert find_coastline(tmp_path) is None
    for name, content in (("a.npz", b"no archive"), ("b.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match="cannot be read"):
            read_coastline(tmp_path / name)
    np.savez(tmp_path / "c.npz", scale=[1.0])
    with pytest.raises(FormatError, match="cannot be read"):
        read_coastline(tmp_path / "c.npz")
    with pytest.raises(FormatError, match="cannot be read"):
        read_coastline(tmp_path / "absent.npz")
