"""The earthquake at a synthetic trench: times off the line, reflectors, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.stages.papers.results import PaperResults
from quakeloom.stages.papers.trench import (
    make_trench,
    reflector_depths,
    times_off_line,
    trench_problem,
)
from quakeloom.stages.papers.trench_numbers import trench_value

ACROSS_KM = np.arange(-16.0, 16.1, 2.0)


@pytest.fixture(scope="module")
def grid():
    """The section of the trench."""
    return trench_problem(1, 0)[0].grid


def test_rays_off_the_line_are_straight_where_velocity_is_constant(grid):
    """The Legendre transform of sections gives distance over velocity in three dimensions."""
    station = np.array([4.0, 12.0, 6.0])
    times = times_off_line(grid, np.full(grid.shape, 5.0), station)
    places = np.stack(np.meshgrid(grid.depth_km, grid.distance_km, ACROSS_KM, indexing="ij"), -1)
    away = places - station
    # slownesses reach 0.104 s/km: rays within 31 degrees of the section
    near = np.abs(away[..., 2]) < 0.4 * np.hypot(away[..., 0], away[..., 1])
    near &= (grid.active & (grid.depth_km[:, None] > 4.5))[..., None]
    np.testing.assert_allclose(times[near], np.linalg.norm(away[near], axis=-1) / 5.0, rtol=2e-3)


def test_a_faster_member_has_its_reflectors_deeper(grid):
    """The two-way time is measured, so depth grows with velocity: 4 s at 5 km/s are 10 km."""
    time = np.full(grid.shape[1], 4.0)
    for velocity in (4.0, 5.0):
        depth = reflector_depths(grid, np.full(grid.shape, velocity), time)
        np.testing.assert_allclose(depth, 2.0 * velocity)


@pytest.mark.parametrize("time", [40.0, np.nan])
def test_a_reflection_below_the_section_or_without_a_time_is_refused(grid, time):
    """No depth is told where none is known."""
    with pytest.raises(InputError, match="deepen the section or leave the reflection out"):
        reflector_depths(grid, np.full(grid.shape, 5.0), np.full(grid.shape[1], time))


def test_one_member_is_no_ensemble():
    """How far models differ cannot be told from one of them."""
    with pytest.raises(InputError, match="ask for two or more"):
        make_trench(members=1)


def test_a_value_that_is_not_there_is_named():
    """The error lists what there is."""
    results = PaperResults("")
    results.once("trench", lambda: (None, {"ensemble": {"depth": 1.0}}))
    assert trench_value(results, "ensemble", "depth") == 1.0
    with pytest.raises(InputError, match="write one of depth"):
        trench_value(results, "ensemble", "dpeth")
