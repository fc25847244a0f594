"""Depth of a boundary in layers, in gradients and on grids: one meaning for all."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import LayeredModel
from quakeloom.location import draw_layered_models, find_boundary

LIMIT = 6.5
# depths, velocities, and where 6.5 km/s is first exceeded
MODELS = {
    "in a gradient": ([0.0, 10.0, 40.0], [5.0, 6.0, 9.0], 15.0),
    "at a jump": ([0.0, 12.0, 12.0, 40.0], [6.0, 6.0, 7.0, 7.0], 12.0),
    "at the surface": ([-1.0, 5.0, 40.0], [6.6, 6.0, 8.0], -1.0),
    "twice": ([0.0, 5.0, 10.0, 20.0, 40.0], [5.0, 6.6, 6.0, 6.4, 8.0], 4.6875),
    "twice, at jumps": (
        [0.0, 8.0, 8.0, 14.0, 14.0, 30.0, 30.0, 40.0],
        [6.0, 6.0, 7.0, 7.0, 6.2, 6.2, 8.0, 8.0],
        8.0,
    ),
    "at a layer of just the limit": (
        [0.0, 10.0, 10.0, 25.0, 25.0, 40.0],
        [6.0, 6.0, 6.5, 6.5, 8.0, 8.0],
        25.0,
    ),
    "never": ([0.0, 20.0, 40.0], [5.0, 6.0, 6.5], np.nan),
}


def sample(model, step):
    """Nodes of a regular grid; at a jump the slower side, as a grid that ends above it."""
    depth = np.arange(model.depth_km[0], model.depth_km[-1] + step / 2, step)
    return depth, np.interp(depth, model.depth_km, model.p_velocity_km_s)


@pytest.mark.parametrize("name", MODELS)
def test_layers_and_grids_of_one_model_have_one_boundary(name):
    """The finer the grid, the nearer to the boundary of the layers: within one step of it."""
    z, v, expected = MODELS[name]
    model = LayeredModel(name, np.array(z), np.array(v))
    layered = find_boundary(model.p_velocity_km_s, model.depth_km, LIMIT)
    # linear interpolation is exact but for rounding
    assert layered == pytest.approx(expected, abs=1e-9, nan_ok=True)
    for step in (1.0, 0.5, 0.1, 0.02):
        depth, velocity = sample(model, step)
        gridded = find_boundary(velocity, depth, LIMIT)
        assert gridded == pytest.approx(expected, abs=step + 1e-9, nan_ok=True)


def test_every_column_and_member_has_its_own_boundary():
    """A grid gives what its columns give one by one."""
    reference = LayeredModel("r", np.array([0.0, 15.0, 30.0, 45.0]), np.array([5.5, 6.6, 6.3, 8.0]))
    models = draw_layered_models(reference, 30, 4, velocity_spread=0.06, thickness_spread=0.2)
    depth = np.arange(0.0, 60.0, 0.25)
    columns = np.stack([np.interp(depth, m.depth_km, m.p_velocity_km_s) for m in models], axis=-1)
    alone = [find_boundary(c, depth, LIMIT) for c in columns.T]
    together = find_boundary(columns.reshape(depth.size, 5, 6), depth, LIMIT)
    assert together.shape == (5, 6)
    assert np.array_equal(together.ravel(), alone)
    layered = [find_boundary(m.p_velocity_km_s, m.depth_km, LIMIT) for m in models]
    # corners of models lie between nodes of the grid: off by less than a step
    np.testing.assert_allclose(alone, layered, atol=0.25)


def test_what_lies_deeper_does_not_move_the_boundary():
    """A model that is continued downward, by whatever, keeps its boundary."""
    z, v = np.array([0.0, 10.0, 20.0]), np.array([5.0, 6.0, 7.0])
    short = find_boundary(v, z, LIMIT)
    for below in (5.0, 6.4, 9.0):
        longer = find_boundary(np.append(v, below), np.append(z, 50.0), LIMIT)
        assert longer == short == 15.0


def test_nodes_without_rock_are_passed_over():
    """Where there is only air above the first fast node, the boundary is the ground."""
    z = np.arange(0.0, 6.0)
    assert find_boundary([np.nan, np.nan, 7.0, 7.0, 7.0, 7.0], z, LIMIT) == 2.0
    assert find_boundary([np.nan, np.nan, 6.0, 7.0, 7.0, 7.0], z, LIMIT) == 2.5
    assert np.isnan(find_boundary(np.full(6, np.nan), z, LIMIT))
