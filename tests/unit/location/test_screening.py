"""Picks that cannot be used get a reason; networks that cannot locate are recognized."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.location import (
    LocationOptions,
    PickSet,
    locate_picks,
    make_ensemble,
    screen_picks,
    stack_members,
)


def homogeneous(speed=6.0):
    """One member: times of straight rays, P and S, to 60 km."""
    depth, distance = np.arange(0.0, 31.0), np.arange(0.0, 61.0)
    slowness = np.full((2, depth.size, distance.size), 1.0 / speed, np.float32)
    slowness[1] *= 1.73
    return make_ensemble(stack_members(["straight"], [slowness], depth, distance, [0.0]))


def picks_at(longitude, latitude, depth=10.0, late=0.0):
    """P and S at stations around (0, 0), where the event is."""
    lon, lat = (np.repeat(v, 2) for v in (longitude, latitude))
    distance = np.sqrt((lon * 111.32) ** 2 + (lat * 110.57) ** 2 + depth**2)
    phase = ["P", "S"] * len(longitude)
    time = distance / 6.0 * np.where(np.array(phase) == "S", 1.73, 1.0) + late
    names = [f"X.S{i // 2}" for i in range(lon.size)]
    return PickSet(names, phase, time, np.full(lon.size, 0.05), lon, lat, np.zeros(lon.size))


OPTIONS = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=29.0, radius_km=40.0)


def test_every_pick_has_a_use():
    nan = float("nan")
    use = screen_picks(
        ["A", "A", "A", "B", "B", "C", "D", "E", "F", "G"],
        ["P", "P", "S", "P", "S", "P", "P", "PKP", "S", "P"],
        np.array([1.0, 1.1, 3.0, 2.0, 1.5, 86400.0, 2.0, 2.0, 5.0, 2.0]),
        np.array([0.2, 0.1, 0.1, 0.1, 0.1, 0.1, nan, 0.1, 0.1, 0.1]),
        np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, nan]),
        np.array([0, 0, 1, 0, 1, 0, 0, 0, -1, 0]),
        20.0,
    )
    assert use == [
        "doubled", "used", "used", "used", "s_before_p", "far_in_time", "no_uncertainty",
        "unknown_phase", "no_table", "no_station",
    ]  # fmt: skip


def test_stations_in_a_line_are_said_to_be():
    """Either side of the line fits as well, so there is no answer to report as one."""
    line = np.linspace(-0.2, 0.2, 5)
    found = locate_picks(homogeneous(), picks_at(line, 0.5 * line), OPTIONS)
    assert found.status == "stations_in_line"
    assert "either side" in found.reason


def test_an_event_that_no_table_reaches_is_outside():
    """Stations 200 km apart are never both within tables of 60 km."""
    picks = picks_at(np.array([0.0, 0.1, 0.1, 0.4]), np.array([0.0, 0.1, -0.1, 0.0]), depth=80.0)
    found = locate_picks(homogeneous(), picks, OPTIONS)
    assert found.status == "outside_model"
    assert "edge of the volume" in found.reason


def test_three_picks_are_too_few():
    picks = picks_at(np.array([0.1]), np.array([0.1]))
    found = locate_picks(homogeneous(), picks, OPTIONS)
    assert found.status == "too_few_picks"
    assert found.pick_use == ["used", "used"]


def test_a_good_event_is_found_where_it_is():
    angle = np.radians([0, 70, 140, 210, 280])
    picks = picks_at(0.15 * np.cos(angle), 0.15 * np.sin(angle), late=4.0)
    found = locate_picks(homogeneous(), picks, OPTIONS)
    assert found.status == "located"
    assert found.values["depth_km"] == pytest.approx(10.0, abs=0.2)
    assert found.values["origin_s"] == pytest.approx(4.0, abs=0.05)
    assert found.values["longitude"] == pytest.approx(0.0, abs=0.002)
    assert np.abs(found.residual_s).max() < 0.05
    axes = [found.values[f"ellipsoid_{i}_km"] for i in (1, 2, 3)]
    assert axes == sorted(axes, reverse=True)


def test_the_order_of_picks_does_not_matter():
    angle = np.radians([0, 70, 140, 210, 280])
    picks = picks_at(0.15 * np.cos(angle), 0.15 * np.sin(angle))
    turned = PickSet(
        picks.station[::-1], picks.phase[::-1], picks.time_s[::-1], picks.uncertainty_s,
        picks.longitude[::-1], picks.latitude[::-1], picks.elevation_m,
    )  # fmt: skip
    a, b = (locate_picks(homogeneous(), p, OPTIONS).values for p in (picks, turned))
    assert a["depth_km"] == pytest.approx(b["depth_km"], abs=1e-6)


RING = [0.3, 0.0, -0.3, 0.0, 0.2, -0.2], [0.0, 0.3, 0.0, -0.3, 0.2, -0.2]


def test_a_hypocenter_at_the_top_of_the_search_says_so():
    """It ends below the ground here, and nothing says that the event does."""
    limit = LocationOptions(minimum_depth_km=8.0, maximum_depth_km=29.0, radius_km=40.0)
    picks = picks_at(*RING, depth=0.0)
    found = locate_picks(homogeneous(), picks, limit)
    assert found.status == "outside_model"
    assert "lower minimum_depth_km" in found.reason


def test_a_hypocenter_at_the_bottom_of_the_search_is_outside():
    shallow = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=5.0, radius_km=40.0)
    found = locate_picks(homogeneous(), picks_at(*RING, depth=20.0), shallow)
    assert found.status == "outside_model"


@pytest.mark.parametrize(
    ("likelihood", "wrong", "status"),
    [
        ("gaussian", 0, "located"),
        ("gaussian", 8, "misfit"),
        ("student_t", 0, "located"),
        ("student_t", 2, "located"),
        ("student_t", 8, "misfit"),
    ],
)
def test_picks_that_no_hypocenter_explains_are_a_misfit(likelihood, wrong, status):
    options = LocationOptions(
        minimum_depth_km=0.0, maximum_depth_km=29.0, radius_km=40.0, likelihood=likelihood
    )
    picks = picks_at(*RING)
    late = np.random.default_rng(3).permutation(12)[:wrong]
    picks.time_s[late] += np.linspace(3.0, 9.0, wrong) * np.where(np.arange(wrong) % 2, 1, -1)
    found = locate_picks(homogeneous(), picks, options)
    assert found.status == status, found.reason
    if status == "misfit":
        assert "rms" in found.reason
        assert f"of {sum(u == 'used' for u in found.pick_use)} picks" in found.reason
