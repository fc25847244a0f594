"""Coastlines cut to a frame."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import Coastline

SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0), (0, 0)]  # clockwise: land


def coastline(*rings: list[tuple[float, float]], resolution: float = 0.0) -> Coastline:
    points = np.concatenate([np.asarray(r, float) for r in rings])
    start = np.concatenate([[0], np.cumsum([len(r) for r in rings])])
    return Coastline(points[:, 0], points[:, 1], start, resolution)


def area(ring: np.ndarray) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)


def test_land_is_cut_to_the_frame() -> None:
    rings = coastline(SQUARE).clip(5, 20, -5, 5)
    assert len(rings) == 1
    assert area(rings[0]) == pytest.approx(25.0)
    assert coastline(SQUARE).clip(20, 30, 0, 10) == []
    whole = coastline(SQUARE).clip(-1, 11, -1, 11)
    assert area(whole[0]) == pytest.approx(100.0)


def test_a_frame_inside_land_is_all_land() -> None:
    rings = coastline(SQUARE).clip(4, 5, 4, 6)
    assert area(rings[0]) == pytest.approx(2.0)


def test_land_is_found_on_both_sides_of_the_date_line() -> None:
    east_of_it = [(178, 0), (178, 2), (183, 2), (183, 0), (178, 0)]
    for west, east in ((177, 184), (-183, -176)):
        rings = coastline(east_of_it).clip(west, east, -1, 3)
        assert sum(area(r) for r in rings) == pytest.approx(10.0)


def test_stored_steps_give_back_the_rings() -> None:
    c = Coastline.from_steps(
        ring_length=[4, 3],
        ring_start=[[0, 0], [100, 50]],
        longitude_step=[1, 1, -2, 5, -5],
        latitude_step=[2, 0, -2, 1, -1],
        scale=[0.5, 0.25],
        origin=[-180.0, -90.0],
    )
    assert c.longitude == pytest.approx([-180, -179.5, -179, -180, -130, -127.5, -130])
    assert c.latitude == pytest.approx([-90, -89.5, -89.5, -90, -77.5, -77.25, -77.5])
    assert c.start.tolist() == [0, 4, 7]


def test_smoothing_a_staircase_keeps_straight_edges_and_area() -> None:
    stairs = [(i / 10, j / 10) for i in range(50) for j in (i, i + 1)]
    ring = [*stairs, (5.0, 0.0), (0.0, 0.0)]
    rough, fine = (
        coastline(ring, resolution=0.1).clip(-1, 6, -1, 6, step)[0] for step in (0.0, 1e-4)
    )
    assert len(fine) > len(rough)
    assert area(fine) == pytest.approx(area(rough), rel=0.02)
    assert fine[:, 0].max() == pytest.approx(5.0, abs=0.11)
