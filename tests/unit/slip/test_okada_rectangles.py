"""Displacements by slip on rectangles in a half-space."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.slip import FaultPlane, changed_plane, divide_plane, rectangle_displacements

POINTS = np.array([[3.0, -4.0], [-12.0, 7.5], [0.5, 20.0], [9.0, 9.0]])


def test_two_halves_move_the_ground_as_the_whole_does():
    plane = FaultPlane(1.0, -2.0, 37.0, 28.0, 14.0, 2.0, 9.0, offset_km=1.5)
    whole = rectangle_displacements(divide_plane(plane, 1, 1).rectangles, POINTS)[0]
    parts = rectangle_displacements(divide_plane(plane, 7, 4).rectangles, POINTS).sum(axis=0)
    assert np.abs(whole - parts).max() < 1e-13


def test_turning_fault_and_sites_turns_the_displacements():
    box = np.array([[0.0, 0.0, 3.0, 0.0, 40.0, 10.0, 6.0]])
    turned = box + np.array([[0, 0, 0, 63.0, 0, 0, 0]])
    angle = np.radians(63.0)
    # azimuths are clockwise
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    still = rectangle_displacements(box, POINTS)[0]
    moved = rectangle_displacements(turned, POINTS @ turn.T)[0]
    assert np.allclose(still[:, :, :2] @ turn.T, moved[:, :, :2], atol=1e-15)
    assert np.allclose(still[:, :, 2], moved[:, :, 2], atol=1e-15)


def test_senses_of_slip():
    """Left-lateral slip moves the left side along strike; reverse slip lifts the hanging wall."""
    strike_slip = rectangle_displacements([[0, 0, 0.1, 0, 90, 30, 10]], [[-2, 0], [2, 0]])[0, 0]
    assert strike_slip[0, 1] < 0 < strike_slip[1, 1]
    thrust = rectangle_displacements([[0, 0, 0.5, 0, 30, 30, 10]], [[3, 0]])[0, 1]
    assert thrust[0, 2] > 0 > thrust[0, 0]


def test_far_away_only_area_times_slip_matters():
    """Displacements of a point source fall as the distance squared."""
    box = [[0, 0, 4, 20, 50, 2, 2]]
    near, far = (rectangle_displacements(box, [[k * 50.0, k * 80.0]])[0] for k in (4, 8))
    assert np.abs(far - near / 4.0).max() < 0.03 * np.abs(far).max()
    double = rectangle_displacements([[0, 0, 4, 20, 50, 4, 2]], [[200.0, 320.0]])[0]
    assert np.abs(double - 2 * near).max() < 1e-3 * np.abs(near).max()


def test_what_cannot_be_a_rectangle_is_refused():
    with pytest.raises(InputError, match="above the surface"):
        rectangle_displacements([[0, 0, -1, 0, 45, 5, 5]], POINTS)
    with pytest.raises(InputError, match="not finite"):
        rectangle_displacements([[0, np.nan, 1, 0, 45, 5, 5]], POINTS)
    with pytest.raises(InputError, match="nothing can slip"):
        rectangle_displacements([[0, 0, 1, 0, 45, 0, 5]], POINTS)
    with pytest.raises(InputError, match="Poisson"):
        rectangle_displacements([[0, 0, 1, 0, 45, 5, 5]], POINTS, 0.5)
    with pytest.raises(InputError, match="above the surface"):
        divide_plane(FaultPlane(0, 0, 0, 45, 10, -1, 5), 2, 2)
    with pytest.raises(InputError, match="has no area"):
        divide_plane(FaultPlane(0, 0, 0, 45, 10, 5, 5), 2, 2)


def test_a_changed_plane_keeps_its_width_and_stays_below_the_surface():
    plane = FaultPlane(0, 0, 10, 85, 20, 1, 11)
    other = changed_plane(plane, dip=10.0, depth=-5.0, strike=3.0, offset=1.0)
    assert other.width_km == pytest.approx(plane.width_km)
    assert other.top_km == 0.0
    assert other.dip_deg == pytest.approx(85.0)
    assert (other.strike_deg, other.offset_km) == (13.0, 1.0)


def test_patches_fill_the_plane():
    patches = divide_plane(FaultPlane(5, 6, 120, 33, 20, 1, 8), 5, 3)
    assert patches.shape == (3, 5)
    assert patches.area_km2.sum() == pytest.approx(20 * 7 / np.sin(np.radians(33)))
    assert patches.centers_km[:, 2].min() > 1
    assert patches.corners_km[:, :, 2].max() == pytest.approx(8)
    # one patch's lower right corner is the upper left one of its diagonal neighbor
    assert np.allclose(patches.corners_km[0, 2], patches.corners_km[6, 0])
