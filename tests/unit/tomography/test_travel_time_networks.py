"""Physics-informed travel times against the eikonal solver; skipped where torch is absent."""

import copy

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
    VelocityCorrelation,
    make_line_grid,
    make_velocity_prior,
)
from quakeloom.travel import solve_eikonal

DEPTH, DISTANCE = np.linspace(0, 6, 25), np.linspace(0, 16, 65)


def sections():
    z, x = np.meshgrid(DEPTH, DISTANCE, indexing="ij")
    return np.stack([3 + 0.4 * z, 3 + 0.4 * z + 0.3 * np.exp(-((z - 2) ** 2) - ((x - 8) / 3) ** 2)])


@pytest.mark.long
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


def line_and_networks(particles, options):
    """Sixteen picks of two shots above a gradient, and networks for their section."""
    grid = make_line_grid((0, 16), (0, 6), (0.25, 0.25))
    prior = make_velocity_prior(grid, [[0, 3.0], [6, 5.4]], 0.2, VelocityCorrelation((2.0, 4.0)))
    shots = np.repeat([[0.0, 2.0], [0.0, 13.0]], 8, axis=0)
    receivers = np.column_stack([np.zeros(16), np.tile(np.linspace(3.5, 12.0, 8), 2)])
    picks = TravelTimePicks(shots, receivers, np.full(16, 2.0), np.full(16, 0.1), np.full(16, "P"))
    problem = RefractionProblem(grid, prior, picks)
    return problem, TravelTimeNetworks(
        grid.depth_km, grid.distance_km, np.unique(shots, axis=0), particles, 1, options
    )


@pytest.mark.long
def test_scores_along_traced_rays_are_those_of_the_solver():
    pytest.importorskip("torch")
    problem, networks = line_and_networks(1, NetworkOptions(steps=600, batch=256, width=48))
    white = 0.3 * np.random.default_rng(1).standard_normal((1, problem.size))
    scores = NetworkScores(problem, networks)
    by_networks = scores(white)[0]
    assert scores.errors.max() <= 3e-3
    by_solver = posterior_score(problem, white[0])[0]
    cosine = by_networks @ by_solver / np.linalg.norm(by_networks) / np.linalg.norm(by_solver)
    assert cosine > 0.99
    assert np.linalg.norm(by_networks) == pytest.approx(np.linalg.norm(by_solver), rel=0.05)


def test_networks_that_miss_the_solver_s_times_move_no_particle():
    """The gate of three per mille refuses with the numbers and the remedy."""
    pytest.importorskip("torch")
    problem, networks = line_and_networks(2, NetworkOptions(steps=2, batch=32, width=16))
    scores = NetworkScores(problem, networks, rounds=1)
    with pytest.raises(QuakeloomError, match=r"of 2 of 2 particles differ.*travel_times: eikonal"):
        scores(np.zeros((2, problem.size)))
    assert (scores.errors > 3e-3).all()


def test_networks_that_pass_at_first_are_not_trained_again(monkeypatch):
    pytest.importorskip("torch")
    problem, networks = line_and_networks(2, NetworkOptions(steps=2, batch=32, width=16))
    made = []
    train = networks.train
    monkeypatch.setattr(networks, "train", lambda *a: made.append(a) or train(*a))
    scores = NetworkScores(problem, networks, inner_steps=1, gate=10.0, gate_every=2)
    for _ in range(3):
        scores(np.zeros((2, problem.size)))
    assert [a[0] for a in made] == [None, 1, 1]


def test_particles_that_are_trained_together_are_those_trained_alone():
    """Batching over particles mixes nothing: same weights, same points, same times."""
    pytest.importorskip("torch")
    options = NetworkOptions(steps=10, batch=64, width=16)
    problem, together = line_and_networks(3, options)
    velocities = np.stack([problem.velocity(w) for w in 0.5 * np.eye(3, problem.size)])
    _, alone = line_and_networks(1, options)
    for name, weights in together._weights.items():
        alone._weights[name] = weights.detach()[1:2].clone().requires_grad_(True)
    alone._rng = copy.deepcopy(together._rng)
    together.set_velocities(velocities)
    alone.set_velocities(velocities[1:2])
    together.train()
    alone.train()
    picks = problem.picks
    # single precision, summed in another order
    np.testing.assert_allclose(
        alone.times(picks.receivers_km, picks.shots_km)[0],
        together.times(picks.receivers_km, picks.shots_km)[1],
        rtol=1e-4,
    )


def test_without_torch_the_message_names_the_remedy(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(QuakeloomError, match=r"install quakeloom\[networks\]"):
        TravelTimeNetworks(DEPTH, DISTANCE, np.zeros((1, 2)), 1)
