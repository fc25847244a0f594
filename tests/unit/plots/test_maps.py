"""Map frames and the placing of symbols."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import distance_azimuth
from quakeloom.plots import MapFrame, frame_points, place_symbols, thin_symbols
from quakeloom.plots._map_frame import degree_label, nice_step


def test_a_map_is_true_to_scale_and_conformal_at_its_middle() -> None:
    frame = MapFrame(138.9, 139.1, 35.9, 36.1)
    for lon, lat in ((139.02, 36.0), (139.0, 36.02), (139.01, 36.01)):
        x, y = frame.project(lon, lat)
        distance, azimuth = distance_azimuth(139.0, 36.0, lon, lat)
        # sphere against ellipsoid: up to 0.5 percent and 0.2 degrees
        assert np.hypot(x, y) == pytest.approx(distance, rel=5e-3)
        assert np.degrees(np.arctan2(x, y)) % 360 == pytest.approx(azimuth, abs=0.3)


def test_a_frame_across_the_date_line_is_small_and_holds_its_points() -> None:
    lon, lat = np.array([179.0, -179.5, 178.2]), np.array([-17.0, -18.0, -16.5])
    frame = frame_points(lon, lat)
    assert frame is not None
    assert frame.east - frame.west < 6
    assert frame.contains(lon, lat).all()
    west, east, south, north = frame.limits()
    x, y = frame.project(lon, lat)
    assert ((x > west) & (x < east) & (y > south) & (y < north)).all()


def test_one_point_has_a_frame_and_no_point_has_none() -> None:
    frame = frame_points([10.0, np.nan], [50.0, 1.0])
    assert frame is not None
    assert frame.contains([10.0], [50.0]).all()
    assert frame_points([np.nan], [np.nan]) is None
    assert frame_points([], []) is None


def test_symbols_that_are_kept_do_not_overlap_and_the_best_is_kept() -> None:
    rng = np.random.default_rng(0)
    x, y, rank = rng.random(3000), rng.random(3000), rng.permutation(3000)
    keep = thin_symbols(x, y, 0.03, rank)
    p = np.stack([x[keep], y[keep]], -1)
    gaps = np.hypot(*(p[:, None] - p[None]).transpose(2, 0, 1)) + np.eye(len(p))
    assert gaps.min() >= 0.06
    assert keep[np.argmin(rank)]
    assert thin_symbols(x, y, 0.03, rank, limit=5).sum() == 5
    assert not thin_symbols([np.nan], [0.0], 1.0, [0])[0]


def test_symbols_moved_aside_stay_in_the_page_and_out_of_the_legend() -> None:
    rng = np.random.default_rng(1)
    x, y = 5 + 0.2 * rng.normal(size=80), 5 + 0.2 * rng.normal(size=80)
    legend = (0.0, 3.0, 7.0, 10.0)
    keep, place = place_symbols(x, y, 0.3, np.arange(80), (0, 10, 0, 10), [legend])
    p = place[keep]
    assert keep[0]
    assert 20 < keep.sum() <= 64
    gaps = np.hypot(*(p[:, None] - p[None]).transpose(2, 0, 1)) + 10 * np.eye(len(p))
    assert gaps.min() >= 0.6 - 1e-9
    assert ((p > 0.3) & (p < 9.7)).all()
    assert not ((p[:, 0] < 3.0) & (p[:, 1] > 7.0)).any()
    assert np.isnan(place[~keep]).all()


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(121.5, "EW", "121.5°E"), (-0.5, "NS", "0.5°S"), (181.0, "EW", "179.0°W"), (0, "NS", "0.0°")],
)
def test_degrees_are_written_as_on_a_map(value, kind, text) -> None:
    assert degree_label(value, kind, 1) == text


def test_steps_are_round() -> None:
    assert nice_step(1.0, 5) == pytest.approx(0.2)
    assert nice_step(30.0, 5) == pytest.approx(5.0)
