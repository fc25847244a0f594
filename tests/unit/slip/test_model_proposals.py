"""Models drawn where the data want them, and weighed for it."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.inference import mix_models
from quakeloom.slip import fit_proposal, log_importance, model_normals, prior_proposal

AT, WIDTH = np.array([2.0, -1.0, 0.0]), 0.15
"""Where three standard normal numbers are known to lie, and how well."""


def log_evidence(numbers):
    return -0.5 * np.sum(((numbers - AT) / WIDTH) ** 2, axis=1)


def drawn(rounds, count=400):
    random = np.random.default_rng(3)
    numbers, prior = random.standard_normal((count, 3)), np.zeros(count)
    proposals = [prior_proposal(3)]
    for _ in range(rounds):
        proposals.append(fit_proposal(numbers, prior, log_evidence(numbers)))
        numbers = np.vstack([numbers, proposals[-1].draw(random.standard_normal((count, 3)))])
        prior = log_importance(numbers, proposals)
    return numbers, prior


def test_rounds_make_the_mixture_that_of_the_posterior():
    """Two Gaussians multiply: the exact mean, width and evidence are known."""
    numbers, prior = drawn(3)
    found = mix_models(log_evidence(numbers), prior)
    variance = 1.0 / (1.0 + 1.0 / WIDTH**2)
    mean = variance * AT / WIDTH**2
    assert found.effective_number > 200
    assert np.allclose(found.weights @ numbers, mean, atol=0.04)
    scatter = found.weights @ (numbers - mean) ** 2
    assert np.allclose(scatter, variance, rtol=0.25)
    exact = -0.5 * np.sum(AT**2 / (1 + WIDTH**2)) + 1.5 * np.log(WIDTH**2 / (1 + WIDTH**2))
    # mean evidence over the prior: weights have the mean of one but for chance
    assert found.log_mean_evidence == pytest.approx(exact, abs=0.25)


def test_without_rounds_hardly_a_model_counts():
    numbers, prior = drawn(0)
    assert mix_models(log_evidence(numbers), prior).effective_number < 10


def test_models_drawn_from_the_prior_keep_equal_weights():
    numbers = np.random.default_rng(1).standard_normal((20, 3))
    assert np.allclose(log_importance(numbers, [prior_proposal(3)] * 2), 0.0)


def test_a_model_belongs_to_the_seed_and_its_name():
    assert (model_normals(4, 7) == model_normals(4, 7)).all()
    assert (model_normals(4, 7) != model_normals(4, 8)).all()
