"""Members are drawn around a reference, each for itself."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError, LayeredModel, distance_azimuth
from quakeloom.location import (
    EnsembleTakeoffs,
    draw_layered_members,
    draw_layered_models,
    receiver_levels,
    stack_members,
    trace_member,
    with_s_velocities,
)

REFERENCE = LayeredModel(
    "r", np.array([0.0, 10.0, 10.0, 30.0]), np.array([5.0, 5.0, 6.5, 6.5]), None
)


def test_more_members_leave_the_first_ones_as_they_were():
    few, many = draw_layered_models(REFERENCE, 3, 5), draw_layered_models(REFERENCE, 6, 5)
    for a, b in zip(few, many, strict=False):
        assert np.array_equal(a.p_velocity_km_s, b.p_velocity_km_s)
        assert np.array_equal(a.depth_km, b.depth_km)


def test_spread_of_members_is_that_asked_for():
    """400 members: standard errors of a standard deviation are 3.5 %."""
    models = draw_layered_models(REFERENCE, 400, 5, velocity_spread=0.04, vp_vs_spread=0.02)
    vp = np.log([m.p_velocity_km_s for m in models])
    ratio = vp - np.log([m.s_velocity_km_s for m in models])
    assert vp.std(axis=0) == pytest.approx(np.full(4, 0.04), rel=0.12)
    assert ratio.std(axis=0) == pytest.approx(np.full(4, 0.02), rel=0.12)
    assert np.array_equal(vp[:, 0], vp[:, 1] - 0.0)  # a layer stays of constant velocity
    assert np.mean(vp, axis=0) == pytest.approx(np.log([5.0, 5.0, 6.5, 6.5]), abs=0.01)


def test_members_are_drawn_around_references_in_turn():
    """Five around two: three and two, and a sixth one leaves them as they are."""
    slow = with_s_velocities(REFERENCE, 2.0)
    fast = LayeredModel("f", REFERENCE.depth_km, 1.5 * REFERENCE.p_velocity_km_s)
    five = draw_layered_members([slow, fast], 5, 3, velocity_spread=0.01)
    top = np.array([m.p_velocity_km_s[0] for m in five])
    assert (top > 6.0).tolist() == [False, True, False, True, False]
    six = draw_layered_members([slow, fast], 6, 3, velocity_spread=0.01)
    assert [m.p_velocity_km_s[0] for m in six[:5]] == top.tolist()
    assert np.array_equal(slow.s_velocity_km_s, REFERENCE.p_velocity_km_s / 2.0)


def test_no_member_is_refused():
    with pytest.raises(InputError, match="give one or more"):
        draw_layered_models(REFERENCE, 0, 1)
    with pytest.raises(InputError, match="give one or more"):
        draw_layered_members([], 5, 1)
    with pytest.raises(InputError, match="no member"):
        stack_members([], [], [0.0, 1.0], [0.0, 1.0], [0.0])


def test_receiver_levels_hold_all_stations():
    levels = receiver_levels([-1.3, -0.2, 0.4], 0.5)
    assert levels[0] == -1.3
    assert levels[-1] == pytest.approx(0.4)
    assert np.diff(levels).max() <= 0.5


def test_rays_of_a_homogeneous_member_are_straight():
    """Angles from the gradient of travel times point at the station."""
    model = LayeredModel("h", np.array([0.0, 40.0]), np.array([6.0, 6.0]), np.array([3.5, 3.5]))
    depth, distance = np.arange(0.0, 31.0), np.arange(0.0, 61.0)
    times = stack_members(["h"], [trace_member(model, depth, distance, [0.0])], depth, distance,
                          [0.0])  # fmt: skip
    azimuth, takeoff = EnsembleTakeoffs(times).draw_takeoffs(
        [0, 0], [0.0, 0.0], [0.0, 0.0], [8.0, 15.0], [0.2, 0.0], [0.0, 0.1]
    )
    assert azimuth[0] == pytest.approx([90.0, 0.0], abs=0.1)
    expected = 180.0 - np.degrees(np.arctan2([22.26, 11.06], 8.0))
    assert takeoff[0] == pytest.approx(expected, abs=0.3)


def brute_force(model, depth, distance):
    """Earliest of the direct ray and all head waves in layers of constant velocity, by NumPy.

    Returns the take-off angle and how much earlier it is than the next branch.
    """
    top, v = model.depth_km[::2], model.p_velocity_km_s[::2]
    bottom = np.append(top[1:], 1e3)
    own = int(np.searchsorted(top, depth, side="right") - 1)
    up = np.clip(np.minimum(bottom, depth) - top, 0, None)[: own + 1]
    p = np.sin(np.linspace(0, np.pi / 2, 400_001)[:-1]) / v[: own + 1].max()
    cosine = np.sqrt(1 - np.outer(v[: own + 1], p) ** 2)
    reach = (up[:, None] * np.outer(v[: own + 1], p) / cosine).sum(axis=0)
    at = np.interp(distance, reach, p)
    time = at * distance + (up * np.sqrt(1 - (v[: own + 1] * at) ** 2) / v[: own + 1]).sum()
    found = [(time, 180 - np.degrees(np.arcsin(at * v[own])))]
    for j in range(own + 1, len(v)):
        slow = v[:j]
        if slow.max() >= v[j]:
            continue
        path = (
            np.clip(bottom - top, 0, None)[:j]
            + np.clip(bottom - np.maximum(top, depth), 0, None)[:j]
        )
        angle = np.sqrt(1 - (slow / v[j]) ** 2)
        if distance >= (path * slow / v[j] / angle).sum():
            found.append((distance / v[j] + (path * angle / slow).sum(),
                          np.degrees(np.arcsin(v[own] / v[j]))))  # fmt: skip
    found.sort()
    return found[0][1], (found[1][0] - found[0][0]) if len(found) > 1 else np.inf


def test_rays_of_layered_members_keep_branches_apart():
    """Near interfaces angles are those of a brute-force solver, in the right hemisphere."""
    z = np.array([0.0, 3, 3, 12, 12, 22, 22, 33, 33, 90])
    v = np.repeat([5.2, 5.9, 6.3, 6.7, 8.0], 2)
    models = draw_layered_models(LayeredModel("r", z, v), 4, 3, velocity_spread=0.05)
    depth = np.concatenate([np.arange(-1.0, 0.0), np.arange(0.0, 40.0)])
    distance = np.arange(0.0, 150.0, 2.0)
    times = stack_members(
        [m.name for m in models],
        [trace_member(m, depth, distance, [0.0]) for m in models], depth, distance, [0.0],
    )  # fmt: skip
    rays = EnsembleTakeoffs(times, models=tuple(models))
    random = np.random.default_rng(1)
    off = []
    for _ in range(300):
        k = int(random.integers(4))
        interface = models[k].depth_km[2::2][int(random.integers(3))]
        source = max(float(interface + random.normal(0, 0.4)), 0.5)
        away = np.sort(random.uniform(0.02, 1.1, 4))
        _, takeoff = rays.draw_takeoffs([k], [0.0], [0.0], [source], np.zeros(4), away)
        km, _ = distance_azimuth(0.0, 0.0, np.zeros(4), away)
        for x, angle in zip(km, takeoff[0], strict=True):
            exact, lead = brute_force(models[k], source, float(x))
            if lead > 1e-4:
                off.append(abs(angle - exact))
    assert len(off) > 1000
    assert max(off) < 0.1
