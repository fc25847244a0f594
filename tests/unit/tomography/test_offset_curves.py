"""Times over offset: a curve, its velocity over depth, and what comes after it."""

import numpy as np
import pytest

from quakeloom.tomography import (
    TravelTimePicks,
    find_later_arrivals,
    fit_offset_curve,
    turning_velocities,
)


def times_of_a_gradient(offset):
    """Diving waves of ``v = 2 + 0.5 z``."""
    return 2.0 / 0.5 * np.arcsinh(0.25 * offset / 2.0)


def test_turning_rays_give_their_velocity_back():
    """By the integral of Herglotz and Wiechert."""
    offset = np.linspace(0.2, 30.0, 150)
    curve = fit_offset_curve(offset, times_of_a_gradient(offset))
    np.testing.assert_allclose(curve.times(offset), times_of_a_gradient(offset), rtol=0.02)
    table = turning_velocities(curve)
    turning = 2.0 / 0.5 * (np.hypot(1.0, 0.25 * 30.0 / 2.0) - 1.0)
    # the last slope is that between the last two of 25 offsets
    assert 0.85 * turning < table[-1, 0] <= turning
    depth = np.linspace(0.5, 0.8 * turning, 20)
    found = np.interp(depth, table[:, 0], table[:, 1])
    np.testing.assert_allclose(found, 2.0 + 0.5 * depth, rtol=0.04)


def test_curves_have_falling_slopes_and_outliers_do_not_bend_them():
    rng = np.random.default_rng(3)
    offset = rng.uniform(0.1, 30.0, 300)
    times = times_of_a_gradient(offset)
    spoiled = times.copy()
    spoiled[:15] *= 3.0
    curve = fit_offset_curve(offset, spoiled)
    at = np.linspace(0.2, 29.0, 50)
    assert (np.diff(curve.slopes(at)) <= 0).all()
    np.testing.assert_allclose(curve.times(at), times_of_a_gradient(at), rtol=0.03)


def test_the_lower_edge_is_followed_where_later_waves_are_among_the_times():
    offset = np.tile(np.linspace(1.0, 30.0, 60), 2)
    times = times_of_a_gradient(offset)
    times[60:] = np.hypot(times[60:], 4.0)
    curve = fit_offset_curve(offset, times, envelope=True)
    at = np.linspace(2.0, 29.0, 20)
    np.testing.assert_allclose(curve.times(at), times_of_a_gradient(at), rtol=0.03)


@pytest.fixture
def line():
    """Two shots with the direct wave, a reflection and a head wave that overtakes at 33 km."""
    rows = []
    for shot in (0.0, 100.0):
        for x in np.arange(2.0, 99.0, 3.0):
            place = x if shot == 0 else shot - x
            rows.append((shot, place, x / 5.0, "Pg"))
            rows.append((shot, place, np.hypot(x, 30.0) / 5.0, "PmP"))
            if x > 20:
                rows.append((shot, place, x / 8.0 + 2.5, "Pn"))
    shot, place, time, phase = zip(*rows, strict=True)
    nan = np.full(len(rows), np.nan)
    return TravelTimePicks(
        np.column_stack([nan, shot]),
        np.column_stack([nan, place]),
        np.array(time),
        np.full(len(rows), 0.02),
        np.array(phase),
    )


def test_reflections_are_put_aside_as_a_phase_and_others_where_they_are_overtaken(line):
    late = find_later_arrivals(line, np.ones(len(line), bool))
    offset = np.abs(line.receivers_km[:, 1] - line.shots_km[:, 1])
    left = np.array([i not in late for i in range(len(line))])
    assert set(line.phases[left]) == {"Pg", "Pn"}
    assert "phase 'PmP' is no first arrival" in late[int(np.argmax(line.phases == "PmP"))]
    cross = 2.5 / (1 / 5.0 - 1 / 8.0)
    # a tenth of the moveout and three standard errors are allowed
    assert offset[left & (line.phases == "Pg")].max() < 1.3 * cross
    assert offset[left & (line.phases == "Pn")].min() > 0.6 * cross
    assert left[(line.phases == "Pg") & (offset < cross)].all()
    assert left[(line.phases == "Pn") & (offset > cross)].all()


def test_nothing_is_asked_of_one_phase_or_where_it_is_not_wanted(line):
    every = np.ones(len(line), bool)
    assert find_later_arrivals(line, line.phases == "PmP") == {}
    assert find_later_arrivals(line, every, velocity_km_s=0.0) == {}
    only = find_later_arrivals(line, every, velocity_km_s=5.0, whole_phases=False)
    assert all("phase" not in words for words in only.values())
