"""Physics-informed travel times against the eikonal solver; skipped where torch is absent."""

import numpy as np
import pytest

from quakeloom.core import QuakeloomError
from quakeloom.inference import posterior_score
from quakeloom.tomography import (
    NetworkOptions,
    NetworkScores,
    RefractionProblem,
    TravelTimeNetworks,
    TravelTimePicks,
    make_line_grid,
    make_velocity_prior,
)
from quakeloom.travel import solve_eikonal

DEPTH, DISTANCE = np.linspace(0, 6, 25), np.linspace(0, 16, 65)


def sections():
    z, x = np.meshgrid(DEPTH, DISTANCE, indexing="ij")
    return np.stack([3 + 0.4 * z, 3 + 0.4 * z + 0.3 * np.exp(-((z - 2) ** 2) - ((x - 8) / 3) ** 2)])


@pytest.mark.slow
def test_networks_of_all_particles_pass_the_gate_of_three_per_mille():
    pytest.importorskip("torch")
    sources = np.array([[0.0, 2.0], [0.0, 13.0]])
    options = NetworkOptions(steps=600, batch=256, width=48)
    networks = TravelTimeNetworks(DEPTH, DISTANCE, sources, 2, 1, options)
    networks.set_velocities(sections())
    networks.train()
    rng = np.random.default_rng(0)
    points = rng.uniform([0, 0], [6, 16], (200, 2))
    which = rng.integers(2, size=200)
    found = networks.times(points, sources[which])
    for velocity, times in zip(sections(), found, strict=True):
        exact = np.empty(200)
        for k, source in enumerate(sources):
            solution = solve_eikonal(velocity, 0.25, source)
            exact[which == k] = solution.times_at(points[which == k])
        assert np.sqrt(np.mean((times - exact) ** 2) / np.mean(exact**2)) < 3e-3


@pytest.mark.slow
def test_scores_along_traced_rays_are_those_of_the_solver():
    pytest.importorskip("torch")
    grid = make_line_grid((0, 16), (0, 6), (0.25, 0.25))
    prior = make_velocity_prior(grid, [[0, 3.0], [6, 5.4]], 0.2, (2.0, 4.0))
    shots = np.repeat([[0.0, 2.0], [0.0, 13.0]], 8, axis=0)
    receivers = np.column_stack([np.zeros(16), np.tile(np.linspace(3.5, 12.0, 8), 2)])
    picks = TravelTimePicks(shots, receivers, np.full(16, 2.0), np.full(16, 0.1), np.full(16, "P"))
    problem = RefractionProblem(grid, prior, picks)
    networks = TravelTimeNetworks(
        grid.depth_km, grid.distance_km, np.unique(shots, axis=0), 1, 1,
        NetworkOptions(steps=600, batch=256, width=48),
    )  # fmt: skip
    white = 0.3 * np.random.default_rng(1).standard_normal((1, problem.size))
    by_networks = NetworkScores(problem, networks)(white)[0]
    by_solver = posterior_score(problem, white[0])[0]
    cosine = by_networks @ by_solver / np.linalg.norm(by_networks) / np.linalg.norm(by_solver)
    assert cosine > 0.99
    assert np.linalg.norm(by_networks) == pytest.approx(np.linalg.norm(by_solver), rel=0.05)


def test_without_torch_the_message_names_the_remedy(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(QuakeloomError, match=r"install quakeloom\[networks\]"):
        TravelTimeNetworks(DEPTH, DISTANCE, np.zeros((1, 2)), 1)
