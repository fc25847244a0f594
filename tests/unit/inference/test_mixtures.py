"""Mixtures of models: weights by evidence, effective number, law of total variance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from quakeloom.core import InputError
from quakeloom.inference import (
    effective_number,
    few_models_warning,
    mix_models,
    mixture_exceedance,
    mixture_quantile,
    temper_log_weights,
    total_variance,
)


def test_weights_are_prior_times_evidence_and_their_sum_is_the_mean_evidence():
    found = mix_models(np.log([1.0, 3.0]), np.log([0.75, 0.25]))
    assert np.allclose(found.weights, [0.5, 0.5])
    assert found.log_mean_evidence == pytest.approx(np.log(1.5))
    assert found.effective_number == pytest.approx(2.0)


def test_units_of_the_data_change_no_weight():
    """Data in millimeters shift the logarithm of every evidence by the same."""
    evidence = np.array([-3.0, 1.0, 2.5])
    a, b = mix_models(evidence), mix_models(evidence - 28 * np.log(1000.0))
    assert np.allclose(a.weights, b.weights)
    assert a.log_mean_evidence - b.log_mean_evidence == pytest.approx(28 * np.log(1000.0))


def test_a_model_that_cannot_be_has_no_weight_and_none_is_refused():
    assert mix_models([0.0, -np.inf]).weights.tolist() == [1.0, 0.0]
    with pytest.raises(InputError, match="None of 2 models"):
        mix_models([-np.inf, -np.inf])
    with pytest.raises(InputError, match="None of 0 models"):
        mix_models([])


@pytest.mark.parametrize(
    ("weights", "told"),
    [(np.full(9, 1 / 9), True), (np.full(20, 0.05), False), (np.ones(1), False),
     (np.r_[np.full(12, 1 / 12), np.zeros(588)], False),
     (np.r_[np.full(11, 1 / 11), np.zeros(589)], True)],
)  # fmt: skip
def test_few_models_are_told(weights, told):
    """Fewer than ten in effect, or less than a fiftieth of them."""
    assert bool(few_models_warning(weights)) == told


def test_variance_of_a_mixture_is_that_within_and_that_between():
    random = np.random.default_rng(1)
    weights, means = np.array([0.2, 0.5, 0.3]), np.array([[0.0], [1.0], [4.0]])
    variances = np.array([[1.0], [0.25], [2.0]])
    within, between = total_variance(weights, means, variances)
    which = random.choice(3, 400_000, p=weights)
    drawn = means[which, 0] + np.sqrt(variances[which, 0]) * random.standard_normal(which.size)
    assert within + between == pytest.approx(drawn.var(), rel=0.01)


def test_quantiles_of_a_mixture_have_their_level():
    weights = np.array([0.3, 0.7])
    means, spread = np.array([[0.0, 5.0], [2.0, -1.0]]), np.array([[1.0, 0.5], [0.2, 3.0]])
    for level in (0.025, 0.5, 0.975):
        at = mixture_quantile(weights, means, spread, level)
        below = weights @ norm.cdf((at - means) / spread)
        assert np.allclose(below, level, atol=1e-12)
        assert np.allclose(mixture_exceedance(weights, means, spread, at), 1 - level, atol=1e-12)


def test_tempered_weights_leave_as_many_models_as_asked():
    evidence = np.linspace(-40.0, 0.0, 60)
    left = mix_models(evidence, temper_log_weights(np.zeros(60), evidence, 12.0)).weights
    assert effective_number(mix_models(evidence).weights) < 12.0
    assert effective_number(left) == pytest.approx(12.0, rel=1e-6)
