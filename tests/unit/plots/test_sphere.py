"""The equal-area lower hemisphere."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import fault_vectors
from quakeloom.plots import choose_by_weight, plane_arcs, project_rays, project_vectors


def test_straight_down_is_the_middle_and_level_rays_are_on_the_rim() -> None:
    assert project_rays(77.0, 0.0) == pytest.approx((0.0, 0.0), abs=1e-12)
    x, y = project_rays([0.0, 90.0, 180.0], 90.0)
    assert x == pytest.approx([0, 1, 0], abs=1e-9)
    assert y == pytest.approx([1, 0, -1], abs=1e-9)


def test_a_ray_at_angle_i_lies_at_sqrt2_sin_half_i() -> None:
    i = np.linspace(0, 89, 30)
    x, y = project_rays(33.0, i)
    assert np.hypot(x, y) == pytest.approx(np.sqrt(2) * np.sin(np.radians(i) / 2))
    assert np.degrees(np.arctan2(x[1:], y[1:])) == pytest.approx(np.full(29, 33.0))


def test_rays_that_go_up_are_drawn_at_their_antipode() -> None:
    assert project_rays(20.0, 130.0) == pytest.approx(project_rays(200.0, 50.0))


def test_equal_solid_angles_have_equal_areas() -> None:
    rng = np.random.default_rng(1)
    v = rng.normal(size=(200_000, 3))
    r = np.hypot(*project_vectors(v))
    counts, _ = np.histogram(r**2, np.linspace(0, 1, 11))
    # 20,000 a bin, four standard errors
    assert np.abs(counts - 20_000).max() < 4 * np.sqrt(20_000)


def test_points_of_an_arc_lie_in_their_plane() -> None:
    rng = np.random.default_rng(2)
    normal, _ = fault_vectors(360 * rng.random(50), 90 * rng.random(50), 0.0)
    arcs = plane_arcs(normal)
    r2 = np.sum(arcs**2, axis=-1)
    level = np.sqrt(2 - r2)
    rays = np.stack([arcs[..., 1] * level, arcs[..., 0] * level, 1 - r2], axis=-1)
    assert np.abs(np.einsum("npk,nk->np", rays, normal)).max() < 1e-9


def test_level_and_unknown_planes_have_arcs_too() -> None:
    arcs = plane_arcs([[0.0, 0.0, -1.0], [np.nan, 0.0, 1.0]])
    assert np.hypot(*arcs[0].T) == pytest.approx(np.ones(arcs.shape[1]))
    assert np.isnan(arcs[1]).all()


def test_heavy_mechanisms_are_chosen_and_weightless_ones_never() -> None:
    weights = np.zeros(1000)
    weights[[10, 20]] = 100.0
    weights[500:] = 0.01
    chosen = choose_by_weight(weights, 50)
    assert {10, 20} <= set(chosen.tolist())
    assert (weights[chosen] > 0).all()
    assert len(choose_by_weight(np.zeros(5), 10)) == 0
