"""The 1-D travel-time problem with a closed posterior: numbers and the three samplers.

The problem is fully specified in :func:`quakeloom.tomography.line_verification`; its
posterior, evidence and singular values were computed independently from the closed formula and
are given here to the digits printed there.
"""

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.tomography import SamplerOptions, line_verification, sample_ensemble


@pytest.fixture(scope="module")
def line():
    return line_verification()


def figures(line, found):
    slowness = line.field.evaluate(found.white)
    error = np.abs(slowness.mean(axis=0) - line.mean) / line.standard_deviation
    return error, slowness.std(axis=0, ddof=1) / line.standard_deviation


@pytest.mark.parametrize(
    ("distance", "mean", "spread"),
    [
        (0.0, 0.260157, 0.009787),
        (5.0, 0.241647, 0.008137),
        (9.0, 0.251006, 0.007227),
    ],
)
def test_posterior_has_the_printed_values(line, distance, mean, spread):
    node = round(distance / 0.2)
    assert line.mean[node] == pytest.approx(mean, abs=6e-7)
    assert line.standard_deviation[node] == pytest.approx(spread, abs=6e-7)


@pytest.mark.parametrize(
    ("distance", "mean", "spread"), [(2.5, 0.257342, 0.005890), (6.5, 0.255680, 0.006308)]
)
def test_printed_values_between_nodes_are_those_of_a_neighboring_node(line, distance, mean, spread):
    # 2.5 and 6.5 km lie midway between nodes of 0.2 km; the source rounds to one of them
    nodes = [int(distance / 0.2), int(distance / 0.2) + 1]
    off = [abs(line.mean[n] - mean) + abs(line.standard_deviation[n] - spread) for n in nodes]
    assert min(off) < 2e-6


def test_evidence_and_singular_values_are_as_printed(line):
    assert line.problem.log_evidence() == pytest.approx(17.7314, abs=6e-5)
    values = np.linalg.svd(line.problem.operator / 0.01)[1]
    np.testing.assert_allclose(values, [17.96, 6.69, 2.77, 1.82, 0.83, 0.28, 0.07], atol=0.006)


@pytest.mark.parametrize("sampler", ["rml", "psvgd"])
def test_corrected_samplers_pass_the_gate_at_every_node(line, sampler):
    """Mean within 0.3 standard deviations and standard deviation within 20 %, 256 members."""
    found = sample_ensemble(sampler, line.problem, 1, np.arange(256))
    error, ratio = figures(line, found)
    assert error.max() < 0.3
    assert ratio.min() > 0.8
    assert ratio.max() < 1.2


def test_randomized_maximum_likelihood_is_within_five_percent(line):
    # 4096 members: standard error of a standard deviation 1.1 %
    found = sample_ensemble("rml", line.problem, 1, np.arange(4096))
    error, ratio = figures(line, found)
    assert np.abs(ratio - 1).max() < 0.05
    assert error.max() < 0.06


@pytest.mark.parametrize(("kernel", "mean_ratio"), [("function", 0.78), ("white", 0.15)])
def test_function_space_stein_falls_short_of_the_gate(line, kernel, mean_ratio):
    """As published it keeps 0.78 of the standard deviation; on whitened values 0.15.

    The first with the radial kernel on the 51 function values, whose prior has some eight
    directions that matter; the second on prior-whitened values, where all 51 count alike,
    for which 0.16 to 0.19 was computed independently. Its mean is right in both.
    """
    problem = line.problem if kernel == "function" else replace(line.problem, modes=None)
    found = sample_ensemble("fsvgd", problem, 1, np.arange(64))
    error, ratio = figures(line, found)
    assert error.max() < 0.3
    assert ratio.min() < 0.8
    assert ratio.mean() == pytest.approx(mean_ratio, abs=0.04)


def test_repairing_the_kernel_repairs_the_variance_from_any_start(line):
    options = SamplerOptions(particle_steps=60)
    found = sample_ensemble("psvgd", line.problem, 3, np.arange(400), options)
    _, ratio = figures(line, found)
    assert np.abs(ratio.mean() - 1) < 0.05
