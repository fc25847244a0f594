"""Sparse magnetization, its penalties and its ranges, over bodies of known magnetization."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.magnetics import (
    magnetization_posterior,
    sparse_magnetization,
    total_field_matrix,
    validate_penalties,
)

REGIONAL = (38.0, -4.0)
"""Inclination and declination, deg, about those south of Japan."""

NOISE = 5.0
"""nT."""


def grid_prisms(side: int, layers: tuple[float, ...], size: float) -> np.ndarray:
    """Return prisms in layers, tops at given depths."""
    edge = (np.arange(side) - side / 2) * size
    return np.array(
        [[w, w + size, s, s + size, -d - size, -d] for d in layers for s in edge for w in edge]
    )


def survey(side: int, extent: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Return stations on lines and the number of each one's line."""
    axis = np.linspace(-extent, extent, side)
    lines, along = np.meshgrid(np.arange(side), axis, indexing="ij")
    stations = np.column_stack([axis[lines.ravel()], along.ravel(), np.full(side**2, height)])
    return stations, lines.ravel()


def dipole_matrix(stations: np.ndarray, prisms: np.ndarray, order: int = 5) -> np.ndarray:
    """Return anomalies of prisms as sums of dipoles: the truth, which shares no code."""
    node, weight = np.polynomial.legendre.leggauss(order)
    dip, azimuth = np.radians(REGIONAL)
    along = np.array([np.cos(dip) * np.sin(azimuth), np.cos(dip) * np.cos(azimuth), -np.sin(dip)])
    matrix = np.zeros((len(stations), len(prisms)))
    middle, half = (prisms[:, 1::2] + prisms[:, ::2]) / 2, (prisms[:, 1::2] - prisms[:, ::2]) / 2
    for i, j, k in np.ndindex(order, order, order):
        place = middle + half * np.array([node[i], node[j], node[k]])
        away = stations[:, None] - place[None]
        distance = np.linalg.norm(away, axis=-1)
        share = weight[i] * weight[j] * weight[k] * half.prod(axis=1)
        matrix += share * 100 * (3 * (away @ along) ** 2 / distance**5 - 1 / distance**3)
    return matrix


def two_blocks() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return matrix, data, noise, lines and truth of blocks at 100 and 300 m."""
    prisms = grid_prisms(8, (100.0, 300.0), 200.0)
    stations, lines = survey(16, 900.0, 50.0)
    truth = np.zeros((2, 8, 8))
    truth[0, 2:4, 1:3] = 5.0
    truth[1, 4:6, 5:7] = 5.0
    draws = np.random.default_rng(5)
    data = dipole_matrix(stations, prisms) @ truth.ravel() + NOISE * draws.standard_normal(256)
    matrix = total_field_matrix(stations, prisms, REGIONAL)
    return matrix, data, np.full(256, NOISE), lines, truth.ravel()


def support_score(found: np.ndarray, truth: np.ndarray) -> float:
    """Return F1 of prisms above a tenth of the largest."""
    here = np.abs(found) > 0.1 * np.abs(found).max()
    return 2 * (here & (truth != 0)).sum() / (here.sum() + (truth != 0).sum())


def test_two_blocks_are_found_by_sparse_magnetization() -> None:
    """L1 with L2, chosen on lines left out, finds the blocks that L2 alone blurs."""
    matrix, data, noise, lines, truth = two_blocks()
    tried = validate_penalties((matrix, data, noise), lines % 4)
    assert not tried.at_edge
    assert 0.8 < tried.error[tried.best] < 1.6
    penalty = (float(tried.l1[tried.best]), float(tried.l2[tried.best]))
    found = sparse_magnetization(matrix, data, noise, penalty)
    smooth = magnetization_posterior(matrix, data, noise).mean
    assert support_score(found, truth) > 0.8
    assert support_score(smooth, truth) < 0.4


def test_the_sparse_solution_is_a_minimum() -> None:
    """Where a prism is magnetized the slope is zero, elsewhere below the L1 penalty."""
    matrix, data, noise, _, _ = two_blocks()
    l1, l2 = 4.0, 0.4
    found = sparse_magnetization(matrix, data, noise, (l1, l2))
    weight = np.linalg.norm(matrix / noise[:, None], axis=0)
    slope = matrix.T @ ((data - matrix @ found) / noise**2) / weight - l2 * weight * found
    np.testing.assert_allclose(slope[found != 0], l1 * np.sign(found[found != 0]), atol=1e-2 * l1)
    assert np.abs(slope[found == 0]).max() < 1.01 * l1


def test_two_equal_prisms_share_with_l2_only() -> None:
    """With L2, prisms that the data cannot tell apart get the same (Utsugi's argument)."""
    column = np.array([[1.0], [2.0], [-1.0]])
    matrix = np.hstack([column, column * (1 + 1e-9)])
    found = sparse_magnetization(matrix, 3 * column[:, 0], np.ones(3), (0.1, 0.1))
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert found.sum() == pytest.approx(3.0, rel=0.1)


def test_one_line_cannot_choose_penalties() -> None:
    """Penalties need a line to leave out."""
    matrix, data, noise, _, _ = two_blocks()
    with pytest.raises(InputError, match="one flight line"):
        validate_penalties((matrix, data, noise), np.zeros(256, int))


def test_evidence_is_that_of_a_grid_of_normal_densities() -> None:
    """Summed evidence, mean and deviation agree with full covariances of the data."""
    from scipy.stats import multivariate_normal

    draws = np.random.default_rng(1)
    matrix = 20 * draws.standard_normal((7, 3))
    data, noise = matrix @ np.array([1.0, -2.0, 0.5]) + draws.standard_normal(7), np.full(7, 1.5)
    logs, means, seconds = [], [], []
    for strength in np.geomspace(1e-3, 1e2, 81):
        for factor in np.geomspace(0.2, 5.0, 61):
            cov = strength**2 * matrix @ matrix.T + np.diag((factor * noise) ** 2)
            logs.append(multivariate_normal(np.zeros(7), cov).logpdf(data))
            gain = strength**2 * matrix.T @ np.linalg.inv(cov)
            means.append(gain @ data)
            seconds.append(np.diag(strength**2 * (np.eye(3) - gain @ matrix)) + means[-1] ** 2)
    weight = np.exp(np.array(logs) - max(logs))
    mean = weight @ np.array(means) / weight.sum()
    deviation = np.sqrt(weight @ np.array(seconds) / weight.sum() - mean**2)
    found = magnetization_posterior(matrix, data, noise)
    assert found.log_evidence == pytest.approx(max(logs) + np.log(weight.mean()), abs=1e-6)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-4)


def test_ranges_hold_the_truth_as_often_as_they_say() -> None:
    """Over synthetic surveys whose noise is not the stated one, 95 % ranges hold 93 to 97 %."""
    prisms = grid_prisms(6, (100.0, 400.0), 300.0)
    stations, _ = survey(10, 1000.0, 50.0)
    true_matrix = dipole_matrix(stations, prisms)
    matrix = total_field_matrix(stations, prisms, REGIONAL)
    held = []
    for number in range(60):
        draws = np.random.default_rng([19, number])
        truth = np.exp(draws.normal(0.5, 0.5)) * draws.standard_normal(len(prisms))
        noise = NOISE * np.exp(draws.normal(0.0, 0.3))
        data = true_matrix @ truth + noise * draws.standard_normal(len(stations))
        found = magnetization_posterior(matrix, data, np.full(len(stations), NOISE))
        held.append(np.mean(np.abs(found.mean - truth) < 1.96 * found.deviation))
    error = np.std(held) / np.sqrt(len(held))
    print(f"95 % ranges hold {np.mean(held):.4f} +- {error:.4f}")
    assert 0.93 < np.mean(held) < 0.97
