"""A pick belongs to one event, and the most likely way of sharing picks is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from quakeloom.association import log_residual_density, place_levels, trace_times
from quakeloom.association._joint import _solve_group
from quakeloom.association._times import look_up
from quakeloom.core import InputError, LayeredModel

HOMOGENEOUS = LayeredModel("one", np.array([0.0, 50.0]), np.array([6.0, 6.0]), np.array([3.5, 3.5]))


def test_times_of_a_homogeneous_medium_are_those_of_straight_rays():
    levels, heights = place_levels(np.array([0.0, -1.23]))
    tables = trace_times([HOMOGENEOUS], heights, 80.0, (0.0, 30.0))
    for station, depth_of in enumerate((0.0, -1.25)):
        for away, depth in ((3.2, 5.1), (40.7, 12.3), (79.0, 29.0)):
            straight = np.hypot(away, depth - depth_of)
            for phase, velocity in enumerate((6.0, 3.5)):
                time, sigma = look_up(tables, phase, int(levels[station]), away, depth)
                # 0.5 km cells: h^2 / (8 r v) is 2 ms at the nearest point
                assert time == pytest.approx(straight / velocity, abs=4e-3)
                assert sigma == pytest.approx(0.02 * time + 0.1, abs=1e-3)


def test_the_scatter_of_an_ensemble_is_the_error_of_its_times():
    slow = LayeredModel("slow", np.array([0.0, 50.0]), np.array([5.0, 5.0]), np.array([3.0, 3.0]))
    _, heights = place_levels(np.array([0.0]))
    tables = trace_times([HOMOGENEOUS, slow], heights, 80.0, (0.0, 30.0))
    time, sigma = look_up(tables, 0, 0, 30.0, 10.0)
    straight = np.hypot(30.0, 10.0)
    assert time == pytest.approx(straight * (1 / 6 + 1 / 5) / 2, abs=4e-3)
    assert sigma == pytest.approx(straight * (1 / 5 - 1 / 6) / np.sqrt(2), abs=4e-3)


def test_no_model_is_an_error():
    with pytest.raises(InputError, match="no velocity model"):
        trace_times([], np.array([0.0]), 80.0, (0.0, 30.0))


def test_residuals_have_a_density():
    residual = np.linspace(-4.0, 4.0, 8001)
    density = np.exp([log_residual_density(float(r), 0.7) for r in residual])
    inside = density[np.abs(residual) < 2.8].sum() * 1e-3
    # Student's t with 4 degrees of freedom has 1.6 % beyond 4 standard deviations
    assert inside == pytest.approx(1.0 - 0.95 * 0.0161, abs=2e-3)
    assert log_residual_density(2.9, 0.7) == -np.inf


def test_small_groups_are_shared_as_well_as_can_be():
    random = np.random.default_rng(4)
    for _ in range(60):
        gain = np.where(
            random.random((random.integers(1, 5), random.integers(1, 7))) < 0.6,
            random.exponential(2.0, (1, 1)), 0.0,
        ) * random.random((1, 1))  # fmt: skip
        gain = gain * random.random(gain.shape)
        found = _solve_group(np.ascontiguousarray(gain))
        kept = found >= 0
        assert len(set(found[kept])) == kept.sum()
        rows, columns = linear_sum_assignment(gain, maximize=True)
        best = gain[rows, columns].sum()
        assert gain[np.flatnonzero(kept), found[kept]].sum() == pytest.approx(best, abs=1e-12)
