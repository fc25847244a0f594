"""Markov random fields on grids: exact evidence, exact posteriors, holes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lcg_noise import lcg_normal
from scipy.fft import dctn, idctn

from quakeloom.core import InputError
from quakeloom.inference import (
    as_masked_field,
    best_grid_fit,
    fit_grid_field,
    fit_masked_field,
    grid_log_evidence,
    laplacian_eigenvalues,
    masked_log_evidence,
    posterior_deviation,
    posterior_mean,
    restore_masked_field,
    with_precisions,
)


def mrf_32():
    """The case that was computed apart from this program: truth a = 4, b = 25."""
    draws = lcg_normal(2048)
    z, e = draws[:1024].reshape(32, 32), draws[1024:].reshape(32, 32)
    eigenvalues = laplacian_eigenvalues((32, 32))
    spectrum = np.zeros((32, 32))
    rough = eigenvalues > 0
    spectrum[rough] = z[rough] / np.sqrt(4 * eigenvalues[rough])
    x = idctn(spectrum, norm="ortho")
    return x, x + e / 5, z, e


def roughness_matrix(shape, fit):
    """P as a matrix, by the transform."""
    n = int(np.prod(shape))
    penalty = fit.penalty(shape)
    columns = [
        idctn(penalty * dctn(np.eye(1, n, k).reshape(shape), norm="ortho"), norm="ortho").ravel()
        for k in range(n)
    ]
    return np.array(columns)


def test_maximum_evidence_of_a_field_is_the_number_found_elsewhere():
    x, y, z, e = mrf_32()
    assert z[0, :2] == pytest.approx([0.8681716, 1.1157185], abs=1e-7)
    assert e[0, 0] == pytest.approx(1.0080466, abs=1e-7)
    assert [y[0, 0], y[31, 31], y.sum()] == pytest.approx(
        [1.87763518, -1.09329542, -0.63501541], abs=1e-8
    )
    fit = fit_grid_field(y)
    assert fit.smoothness == pytest.approx(3.542395, abs=1e-5)
    assert fit.noise_precision == pytest.approx(32.277394, abs=1e-5)
    assert fit.log_evidence == pytest.approx(-408.041650, abs=1e-5)
    assert fit.log_deviations == pytest.approx((0.1120, 0.2667), abs=1e-4)
    assert fit.degrees == pytest.approx(736.338, abs=1e-3)
    assert grid_log_evidence(y, with_precisions(fit, 4.0, 25.0)) == pytest.approx(
        -408.689300, abs=1e-5
    )
    mean = posterior_mean(y, fit)
    assert [mean[0, 0], mean[16, 16]] == pytest.approx([1.862119, 0.073195], abs=1e-5)
    before, after = (np.sqrt(np.mean((v - x) ** 2)) for v in (y, mean))
    assert (before, after) == pytest.approx((0.199382, 0.163642), abs=1e-5)


def test_cosine_transforms_diagonalize_the_sum_of_squared_differences():
    shape = (6, 6)
    incidence = []
    for axis in (0, 1):
        for index in np.ndindex(*(n - (a == axis) for a, n in enumerate(shape))):
            row = np.zeros(shape)
            row[index] = -1.0
            row[tuple(i + (a == axis) for a, i in enumerate(index))] = 1.0
            incidence.append(row.ravel())
    laplacian = np.transpose(incidence) @ np.array(incidence)
    dense = np.linalg.eigvalsh(laplacian)
    assert np.sort(laplacian_eigenvalues(shape).ravel()) == pytest.approx(dense, abs=6e-15 * 10)


@pytest.mark.parametrize("roughness", ["membrane", "plate", "matern"])
def test_mean_and_deviation_are_those_of_the_dense_posterior(roughness):
    rng = np.random.default_rng(2)
    shape = (4, 5, 3)
    y = rng.standard_normal(shape).cumsum(axis=1)
    fit = replace(
        fit_grid_field(y, roughness, weights=(1.0, 0.5, 2.0)), smoothness=0.7, noise_precision=3.0
    )
    precision = fit.smoothness * roughness_matrix(shape, fit) + 3.0 * np.eye(60)
    covariance = np.linalg.inv(precision)
    assert posterior_mean(y, fit).ravel() == pytest.approx(covariance @ (3.0 * y.ravel()))
    assert posterior_deviation(shape, fit).ravel() == pytest.approx(np.sqrt(np.diag(covariance)))


def test_a_smooth_field_asks_for_second_differences():
    i, j = np.indices((32, 32))
    truth = np.sin(0.3 * i) + np.cos(0.2 * j)
    y = truth + 0.3 * np.random.default_rng(0).standard_normal(truth.shape)
    rough, (smooth, evidences) = fit_grid_field(y), best_grid_fit(y)
    assert smooth.roughness == "plate"
    assert evidences["plate"] > evidences["membrane"] + 50
    errors = [np.sqrt(np.mean((posterior_mean(y, f) - truth) ** 2)) for f in (rough, smooth)]
    assert errors[1] < 0.4 * errors[0]
    assert smooth.noise_deviation == pytest.approx(0.3, rel=0.1)
    assert rough.noise_deviation < 0.2, "first differences take noise for shape: docs/restore.md"


def test_units_change_nothing_but_units():
    _, y, _, _ = mrf_32()
    one, other = fit_grid_field(y), fit_grid_field(1e-6 * y + 3.0)
    assert other.noise_deviation == pytest.approx(1e-6 * one.noise_deviation)
    assert other.degrees == pytest.approx(one.degrees)


def test_a_constant_field_is_refused():
    with pytest.raises(InputError, match="no noise and no shape"):
        fit_grid_field(np.ones((8, 8)))


def test_without_holes_iteration_finds_what_the_transform_finds():
    _, y, _, _ = mrf_32()
    y = y[:16, :16]
    exact = fit_grid_field(y)
    found = fit_masked_field(as_masked_field(y), np.random.default_rng(0))
    assert found.smoothness == pytest.approx(exact.smoothness, rel=1e-3)
    assert found.noise_precision == pytest.approx(exact.noise_precision, rel=3e-3)
    assert found.log_evidence == pytest.approx(exact.log_evidence, abs=1e-4)


def test_evidence_and_posterior_of_a_field_with_holes_are_dense_ones():
    _, y, _, _ = mrf_32()
    y = y[:12, :12].copy()
    y[3:8, 4:9] = np.nan
    holes = as_masked_field(y)
    stream = np.random.default_rng(1)
    fit = fit_masked_field(holes, stream)
    seen = holes.seen.ravel()
    n, one = seen.sum(), np.ones(seen.sum())
    prior = np.linalg.pinv(fit.smoothness * roughness_matrix(y.shape, fit))
    covariance = prior[np.ix_(seen, seen)] + np.eye(n) / fit.noise_precision
    inverse, data = np.linalg.inv(covariance), y.ravel()[seen]
    flat = one @ inverse @ one
    left = data @ inverse @ data - (one @ inverse @ data) ** 2 / flat
    dense = -0.5 * (
        (n - 1) * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + np.log(flat) + left
        - np.log(144)
    )  # fmt: skip
    assert masked_log_evidence(holes, fit, stream)[0] == pytest.approx(dense, abs=1e-6)
    mean, deviation = restore_masked_field(holes, fit, stream)
    precision = fit.smoothness * roughness_matrix(y.shape, fit)
    precision += np.diag(fit.noise_precision * holes.relative.ravel())
    right = fit.noise_precision * np.where(holes.seen, holes.values, 0.0).ravel()
    assert mean.ravel() == pytest.approx(np.linalg.solve(precision, right), abs=1e-5)
    assert deviation.ravel() == pytest.approx(np.sqrt(np.diag(np.linalg.inv(precision))), rel=1e-6)
    assert deviation[5, 6] > 1.5 * deviation[0, 6], "in a hole less is known"


def test_drawn_deviations_of_a_larger_field_are_those_of_the_dense_posterior(monkeypatch):
    _, y, _, _ = mrf_32()
    y = y[:20, :20].copy()
    y[3:12, 4:9] = np.nan
    holes, stream = as_masked_field(y), np.random.default_rng(1)
    fit = fit_masked_field(holes, stream)
    exact = restore_masked_field(holes, fit, stream)[1]
    monkeypatch.setattr("quakeloom.inference._masked_fields._DENSE", 10)
    drawn = restore_masked_field(holes, fit, stream, 64)[1]
    # of 64 plain draws the error would be 9 %
    assert np.std(drawn / exact - 1) < 0.05
    value, error = masked_log_evidence(holes, fit, stream)
    assert abs(value - fit.log_evidence) < 4 * error + 0.1
