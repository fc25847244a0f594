"""A prior that follows from the picks."""

import numpy as np

from quakeloom.inference import one_blas_thread
from quakeloom.tomography import (
    LineSurvey,
    RefractionProblem,
    VelocityCorrelation,
    choose_prior,
    fit_offset_curve,
    make_velocity_prior,
    reference_at_nodes,
    synthetic_line,
    velocity_scatter,
)


def test_averaging_to_nodes_keeps_the_time_down_to_a_depth():
    table = np.array([[0.0, 0.5], [0.03, 2.0], [1.0, 2.0], [1.01, 5.0]])
    nodes = reference_at_nodes(table, 0.25, 4.0)
    assert nodes[0, 1] > 1.0, "the slow skin is an eighth of a node's half space"
    depth = np.linspace(0.0, 3.0, 30001)
    slowness = 1.0 / np.interp(depth, table[:, 0], table[:, 1])
    exact = float(np.trapezoid(slowness, depth))
    cells = 1.0 / nodes[:, 1]
    ours = 0.25 * (0.5 * cells[0] + cells[1:12].sum() + 0.5 * cells[12])
    np.testing.assert_allclose(ours, exact, rtol=0.01)


def test_scatter_is_that_of_places_and_not_of_means_along_rays():
    """Velocities along 64 lines of independent pieces: the means scatter less, the answer not."""
    rng = np.random.default_rng(8)
    length, spread = 2.0, 0.1
    offset = rng.uniform(4.0, 40.0, 4000)
    pieces = np.maximum(offset / length, 1.0)
    times = offset / 5.0 * np.exp(spread / np.sqrt(pieces) * rng.standard_normal(offset.size))
    curve = fit_offset_curve(offset, times)
    table = velocity_scatter(curve, offset, times, np.full(offset.size, 1e-3), length)
    np.testing.assert_allclose(table[:, 1], spread, rtol=0.25)


def test_evidence_prefers_the_lengths_and_width_that_the_truth_was_drawn_with():
    """From lengths 2.6 times too long the search comes back to within one step of the truth."""
    line = synthetic_line(
        5, 1, LineSurvey(5, 25, error_s=0.01), spacing_km=(0.3, 0.5), finer=1
    ).problem

    def build(depth, distance, width, growth):
        prior = make_velocity_prior(
            line.grid, [[0.0, 2.0], [20.0, 12.0]], 0.25 * width,
            VelocityCorrelation((1.5 * depth, 16.0 * distance), growth), bounds_km_s=(1.0, 9.0),
        )  # fmt: skip
        return RefractionProblem(line.grid, prior, line.picks)

    with one_blas_thread():
        found = choose_prior(build, (False, True, True, False))
    assert 16.0 * found.distance_length < 10.0
    assert 0.6 < 0.25 * found.width / 0.4 < 1.7
    assert found.depth_length == 1.0
    assert found.growth == 0.0
