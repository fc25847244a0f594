"""ABIC against dense linear algebra, closed forms, and data drawn from the prior."""

import numpy as np
import pytest
from scipy.fft import dct

from quakeloom.core import InputError
from quakeloom.inference import (
    LanczosProbes,
    NormalEquations,
    ScaledPrecision,
    SmoothInversion,
    SmoothPrior,
    dissect_graph,
    minimize_abic,
)


def _chain(n):
    pairs = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
    dissection = dissect_graph(pairs, np.arange(n)[:, None])
    i, j = dissection.pairs.T
    ends = (i == 0) | (i == n - 1)
    laplacian = np.where(i != j, -1.0, np.where(ends, 1.0, 2.0))
    return dissection, laplacian


def _identity_problem(dissection, laplacian, data):
    same = dissection.pairs[:, 0] == dissection.pairs[:, 1]
    blocks = np.where(same, 1.0, 0.0)[:, None, None]
    n = data.size
    equations = NormalEquations(blocks, data[:, None], data @ data, n)
    return SmoothInversion(dissection, equations, SmoothPrior([laplacian], _one_area(n)))


def _one_area(nodes):
    return np.zeros(nodes, dtype=int)


def test_abic_of_a_chain_has_its_closed_form():
    """With G = I on a path graph, the cosine transform diagonalizes everything."""
    n = 50
    data = np.random.default_rng(0).normal(size=n).cumsum()
    problem = _identity_problem(*_chain(n), data)
    eigenvalues = 2.0 - 2.0 * np.cos(np.pi * np.arange(n) / n)
    spectrum = dct(data, norm="ortho")
    for alpha2 in (0.01, 1.0, 300.0):
        point, m = problem.evaluate((alpha2,))
        filtered = spectrum / (1.0 + alpha2 * eigenvalues)
        objective = np.sum(spectrum**2) - np.sum(spectrum * filtered)
        log_determinant = np.sum(np.log(1.0 + alpha2 * eigenvalues))
        # N = n, M = n, P = n - 1
        abic = (n - 1) * np.log(objective) - (n - 1) * np.log(alpha2) + log_determinant
        assert point.abic == pytest.approx(abic, rel=1e-11)
        np.testing.assert_allclose(dct(m[:, 0], norm="ortho"), filtered, atol=1e-10)


def test_evidence_is_the_marginal_likelihood():
    """ABIC with its constants is -2 ln p(d) of the intrinsic prior at the best noise."""
    n, alpha2 = 12, 3.0
    data = np.random.default_rng(1).normal(size=n)
    dissection, laplacian = _chain(n)
    point, _ = _identity_problem(dissection, laplacian, data).evaluate((alpha2,))
    # the mean is free: what remains is Gaussian in the 11 differences with covariance
    # s^2 (D D^T + D R^+ D^T / alpha2), D the differences
    difference = np.diff(np.eye(n), axis=0)
    full = np.zeros((n, n))
    for (i, j), w in zip(dissection.pairs, laplacian, strict=True):
        full[i, j] = full[j, i] = w
    covariance = difference @ (np.eye(n) + np.linalg.pinv(full) / alpha2) @ difference.T
    x = difference @ data
    s2 = x @ np.linalg.solve(covariance, x) / (n - 1)
    assert point.noise_variance == pytest.approx(s2, rel=1e-10)
    minus_two_log = (n - 1) * (1 + np.log(2 * np.pi * s2)) + np.linalg.slogdet(covariance)[1]
    # differences stretch volumes by sqrt(det D D^T) = sqrt(n) against orthonormal coordinates
    assert point.evidence == pytest.approx(minus_two_log - np.log(n), abs=1e-8)
    other, _ = _identity_problem(dissection, laplacian, data).evaluate((2 * alpha2,))
    covariance = difference @ (np.eye(n) + np.linalg.pinv(full) / (2 * alpha2)) @ difference.T
    s2 = x @ np.linalg.solve(covariance, x) / (n - 1)
    second = (n - 1) * (1 + np.log(2 * np.pi * s2)) + np.linalg.slogdet(covariance)[1]
    assert other.evidence - point.evidence == pytest.approx(second - minus_two_log, abs=1e-9)


def test_data_drawn_from_the_prior_give_the_strength_back():
    """The strength of least ABIC is the ratio of noise to prior variance within its error."""
    n, truth = 2000, 5.0
    rng = np.random.default_rng(7)
    dissection, laplacian = _chain(n)
    m = np.cumsum(rng.normal(size=n)) / np.sqrt(truth)
    scan = minimize_abic(_identity_problem(dissection, laplacian, m + rng.normal(size=n)))
    assert not scan.at_edge
    # standard error of ln alpha2 from P increments about 2/sqrt(P/2); three of them
    assert abs(np.log(scan.best.alpha2[0] / truth)) < 3 * 2 / np.sqrt((n - 1) / 2)


def test_two_strengths_agree_with_one_where_they_are_equal():
    """R1 + R2 with a common strength is one penalty; ABIC does not notice the split."""
    rng = np.random.default_rng(2)
    index = np.arange(30).reshape(6, 5)
    east = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1)
    north = np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1)
    dissection = dissect_graph(np.concatenate([east, north]), np.argwhere(index >= 0), leaf=3)
    laplacians = []
    for edges in (east, north):
        dense = np.zeros((30, 30))
        for i, j in edges:
            dense[[i, j], [i, j]] += 1
            dense[i, j] = dense[j, i] = -1
        laplacians.append(dense[dissection.pairs[:, 0], dissection.pairs[:, 1]])
    same = dissection.pairs[:, 0] == dissection.pairs[:, 1]
    blocks = np.where(same[:, None, None], np.diag([1.0, 2.0]), 0.0)
    data = rng.normal(size=(30, 2))
    equations = NormalEquations(blocks, data, np.sum(data**2) + 9.0, 90.0)
    both = SmoothPrior([laplacians[0] + laplacians[1]], _one_area(30))
    one = SmoothInversion(dissection, equations, both)
    two = SmoothInversion(dissection, equations, SmoothPrior(laplacians, _one_area(30)))
    for alpha2 in (0.2, 4.0):
        first, _ = one.evaluate((alpha2,))
        second, _ = two.evaluate((alpha2, alpha2))
        assert second.abic == pytest.approx(first.abic, rel=1e-12)
        assert second.evidence == pytest.approx(first.evidence, rel=1e-12)
    best = minimize_abic(two, scan=25).best
    assert best.abic <= minimize_abic(one).best.abic + 1e-3


def test_stochastic_lanczos_agrees_with_the_factor():
    """Common probes give differences of ln |H| far better than the curvature of ABIC asks."""
    n = 400
    data = np.random.default_rng(0).normal(size=n).cumsum()
    dissection, laplacian = _chain(n)
    exact = _identity_problem(dissection, laplacian, data)
    krylov = SmoothInversion(
        dissection,
        NormalEquations(exact.data_blocks, exact.data_vector, exact.data_square, n),
        SmoothPrior([laplacian], exact.components),
        "iterative",
        LanczosProbes(steps=120),
    )
    points = [(p.evaluate((1.0,))[0], p.evaluate((8.0,))[0]) for p in (exact, krylov)]
    change = [b.log_determinant - a.log_determinant for a, b in points]
    assert change[1] == pytest.approx(change[0], rel=3e-3)
    assert points[1][0].objective == pytest.approx(points[0][0].objective, rel=1e-9)


def test_krylov_draws_have_the_inverse_as_covariance():
    """H^-1/2 by Lanczos, applied to the unit matrix, squares to the inverse."""
    n = 30
    dissection, laplacian = _chain(n)
    same = dissection.pairs[:, 0] == dissection.pairs[:, 1]
    values = (np.where(same, 0.3, 0.0) + laplacian)[:, None, None]
    scaled = ScaledPrecision(dissection.pairs, values, n)
    dense = np.zeros((n, n))
    dense[dissection.pairs[:, 0], dissection.pairs[:, 1]] = values[:, 0, 0]
    dense[dissection.pairs[:, 1], dissection.pairs[:, 0]] = values[:, 0, 0]
    right = np.random.default_rng(0).normal(size=(n, 1))
    np.testing.assert_allclose(scaled.solve(right, 1e-12), np.linalg.solve(dense, right), atol=1e-9)
    root = scaled.draw(np.eye(n).reshape(n, 1, n), steps=n)[:, 0, :]
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(dense), atol=1e-8)


def test_too_few_data_are_refused_with_numbers():
    """With N + P <= M no noise is left to estimate; the caller has the last word."""
    dissection = dissect_graph(np.array([[0, 0]]), np.zeros((1, 1)))
    equations = NormalEquations(np.eye(5)[None], np.ones((1, 5)), 1.0, 5.0)
    prior = SmoothPrior([], _one_area(1))
    with pytest.raises(InputError, match=r"5\.0 data cannot determine 5 unknowns.* Read more\."):
        SmoothInversion(dissection, equations, prior, remedy="Read more.")
