"""Nodes, neighbors, interpolation weights and boundaries."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.stress import StressGrid, crosses_boundary, fill_gaps, mask_near, mask_polygons


def _axes(rows=5, columns=6):
    return {"northing": np.arange(rows, dtype=float), "easting": np.arange(columns, dtype=float)}


@pytest.mark.parametrize(
    "extra",
    [{}, {"depth_km": [0.0, 5.0, 10.0]}, {"time": [1.0, 2.0], "depth_km": [0.0, 5.0]}],
)
def test_interpolation_is_exact_for_linear_fields(extra):
    """Multilinear weights reproduce any linear function, in two to four dimensions."""
    axes = {**extra, **_axes()}
    grid = StressGrid(axes)
    rng = np.random.default_rng(0)
    low = np.array([np.min(v) for v in axes.values()])
    high = np.array([np.max(v) for v in axes.values()])
    points = rng.uniform(low, high, (200, len(axes)))
    slope = rng.normal(size=len(axes))
    at_nodes = sum(s * grid.coordinate(name) for s, name in zip(slope, axes, strict=True))
    nodes, weights = grid.locate(points)
    np.testing.assert_allclose(np.sum(weights * at_nodes[nodes], axis=1), points @ slope,
                               atol=1e-12)  # fmt: skip


def test_masked_corners_give_their_share_to_the_others():
    """Weights sum to one wherever a corner is left, and to zero where none is."""
    mask = np.ones((5, 6), dtype=bool)
    mask[0, 0] = False
    mask[3:, 4:] = False
    grid = StressGrid(_axes(), mask)
    nodes, weights = grid.locate([[0.5, 0.5], [3.5, 4.5], [np.nan, 1.0], [9.0, 1.0]])
    np.testing.assert_allclose(weights.sum(axis=1), [1.0, 0.0, 0.0, 0.0])
    assert (nodes[0] >= 0).sum() == 3
    np.testing.assert_allclose(weights[0][nodes[0] >= 0], 1 / 3)


def test_pairs_are_every_pair_of_a_cell_once():
    """On a full map each node has itself and half of its eight neighbors."""
    grid = StressGrid(_axes())
    pairs = grid.pairs
    assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == len(pairs)
    assert len(pairs) == 30 + 25 + 24 + 2 * 20
    assert np.abs(np.diff(grid.places[pairs], axis=1)).max() == 1


def test_smoothness_vanishes_for_a_uniform_field_only():
    """Both orders annihilate constants; the second also a plane away from the rim."""
    grid = StressGrid(_axes(6, 6))
    plane = grid.coordinate("northing") + 2.0 * grid.coordinate("easting")
    inner = np.all((grid.places > 0) & (grid.places < 5), axis=1)
    first = grid.smoothness(1, "index")[0].toarray()
    second = grid.smoothness(2, "index")[0].toarray()
    for matrix in (first, second):
        np.testing.assert_allclose(matrix @ np.ones(36), 0.0, atol=1e-12)
        np.testing.assert_allclose(matrix, matrix.T)
        assert np.linalg.matrix_rank(matrix) == 35
    np.testing.assert_allclose((first @ plane)[inner], 0.0, atol=1e-12)
    np.testing.assert_allclose(second, first @ first, atol=1e-12)


def test_distance_metric_is_isotropic_on_the_globe():
    """At 60 degrees a degree of longitude is half as long: its edges count twice."""
    axes = {"latitude": [59.9, 60.0, 60.1], "longitude": [10.0, 10.1, 10.2]}
    grid = StressGrid(axes)
    matrix = grid.smoothness(1, "distance")[0].toarray()
    middle = grid.index[1, 1]
    assert -matrix[middle, grid.index[1, 0]] == pytest.approx(2.0, rel=1e-10)
    assert -matrix[middle, grid.index[0, 1]] == pytest.approx(0.5, rel=2e-3)


def test_depth_has_a_strength_of_its_own():
    """A volume has two penalties: over the map, and over depth."""
    grid = StressGrid({"depth_km": [0.0, 5.0], **_axes(3, 3)})
    across, down = grid.smoothness()
    assert across.nnz == 2 * (9 + 2 * 12)
    assert down.nnz == 18 + 2 * 9


def test_a_boundary_cuts_smoothness_and_interpolation():
    """Nothing passes a polyline: no edge crosses it, events load their own side only."""
    line = np.array([[2.5, -1.0], [2.5, 6.0]])
    grid = StressGrid(_axes(), boundaries=[line])
    east = grid.coordinate("easting")
    for axis in (0, 1):
        edges = grid.edges(axis)
        assert np.all((east[edges] < 2.5).all(axis=1) | (east[edges] > 2.5).all(axis=1))
    nodes, weights = grid.locate([[1.3, 2.4], [1.3, 2.6]])
    assert set(east[nodes[0][nodes[0] >= 0]]) == {2.0}
    assert set(east[nodes[1][nodes[1] >= 0]]) == {3.0}
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_crossing_at_a_vertex_counts_once():
    """A connection through a vertex of a polyline changes sides."""
    line = [[0.0, -1.0], [0.0, 0.0], [0.0, 1.0]]
    assert crosses_boundary([[-1.0, 0.0]], [[1.0, 0.0]], [line]).tolist() == [True]
    assert crosses_boundary([[-1.0, 2.0]], [[1.0, 2.0]], [line]).tolist() == [False]


def test_gaps_between_filled_nodes_are_filled():
    """SATSI's rule: between filled nodes of the same row or column."""
    mask = np.zeros((3, 4), dtype=bool)
    mask[0, 0] = mask[0, 3] = mask[2, 0] = True
    assert fill_gaps(mask).tolist() == [
        [True, True, True, True],
        [True, False, False, False],
        [True, False, False, False],
    ]


def test_masks_reach_as_far_as_said():
    """Nodes within 50 km of a point; nodes on land and 30 km off the coast."""
    axes = {"latitude": np.arange(-2.0, 2.01, 0.1), "longitude": np.arange(-2.0, 2.01, 0.1)}
    near = mask_near(axes, [[0.0, 0.0]], 50.0)
    assert near.sum() == pytest.approx(np.pi * (50 / 11.12) ** 2, rel=0.1)
    square = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]
    land = mask_polygons(axes, [square])
    wide = mask_polygons(axes, [square], 30.0)
    assert wide[20, 8]
    assert not land[20, 8]
    assert not wide[20, 7]


@pytest.mark.parametrize("axis", [[], [0.0, 1.0, 3.0], [1.0, 0.0]])
def test_uneven_axes_are_refused(axis):
    """An axis must ascend evenly."""
    with pytest.raises(InputError, match="evenly spaced"):
        StressGrid({"northing": axis, "easting": [0.0]})


def test_a_mask_of_nothing_is_refused():
    """A grid needs a node."""
    with pytest.raises(InputError, match="no node"):
        StressGrid(_axes(), np.zeros((5, 6), dtype=bool))
