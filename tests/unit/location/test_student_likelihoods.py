"""Student's t in all members at once, against the definition with the best origin time."""

import numpy as np
import pytest

from quakeloom.location._likelihoods import STUDENT_T, ErrorModel, likelihoods_of_times
from quakeloom.location._student_likelihoods import make_student_space, padded, student_block

FREEDOM = 4.0


def best(residual, variance):
    """Log-likelihood by Laplace's method at the best origin time on a fine grid, and that time."""
    trial = np.linspace(residual.min(), residual.max(), 4001)
    square = (residual - trial[:, None]) ** 2 / (FREEDOM * variance)
    time = trial[np.argmin(np.log1p(square).sum(axis=1))]
    for _ in range(60):
        d = residual - time
        weight = (FREEDOM + 1) / (FREEDOM * variance + d * d)
        time += np.sum(weight * d) / np.sum(weight)
    log = np.log1p((residual - time) ** 2 / (FREEDOM * variance)).sum()
    return -0.5 * (FREEDOM + 1) * log - 0.5 * np.log(np.sum(weight)), time


def evaluate_nodes(residual, variance):
    """Log-likelihoods and origin times of residuals of shape (nodes, picks, members)."""
    nodes, picks, members = residual.shape
    out, origin = np.empty((nodes, members)), np.empty((nodes, members))
    space = make_student_space(variance, members, FREEDOM)
    for first in range(0, nodes, 16):
        some = residual[first : first + 16].reshape(-1, members)
        wide = np.zeros((16 * picks, padded(members)), np.float32)
        wide[: len(some), :members] = some
        used = np.full(16, 4, np.int64)
        student_block(wide, used, first, np.zeros(16), space, out, origin)
    return out, origin


def evaluate(residual, variance):
    found, times = evaluate_nodes(residual[None], variance)
    return found[0], times[0]


def draw(picks, members, seed, wrong=0.1):
    rng = np.random.default_rng(seed)
    deviation = rng.uniform(0.05, 0.3, picks)
    noise = deviation * rng.standard_normal(picks) * np.where(rng.random(picks) < wrong, 10, 1)
    residual = noise[:, None] + 0.05 * rng.standard_normal((picks, members))
    return (residual + 0.5 * rng.standard_normal(members)).astype(np.float32), deviation**2


@pytest.mark.parametrize("picks", [4, 16, 17, 70])
def test_every_member_has_the_likelihood_of_its_best_origin_time(picks):
    for seed in range(5):
        residual, variance = draw(picks, 9, seed)
        found, times = evaluate(residual, variance)
        exact = [best(residual[:, k].astype(float), variance) for k in range(9)]
        # half a standard deviation of the time where two are as good as each other
        np.testing.assert_allclose(found, [e[0] for e in exact], atol=0.02)
        np.testing.assert_allclose(times, [e[1] for e in exact], atol=0.05)


def test_a_member_without_a_ray_is_impossible_and_does_not_disturb_the_others():
    residual, variance = draw(12, 5, 1)
    alone, times = evaluate(residual, variance)
    for value in (np.inf, -np.inf, np.nan):
        for lost in (0, 2):
            spoiled = residual.copy()
            spoiled[3, lost] = value
            found, now = evaluate(spoiled, variance)
            assert found[lost] == -np.inf
            assert now[lost] == 0.0
            others = [k for k in range(5) if k != lost]
            # the start of the search is another where the first member is lost
            np.testing.assert_allclose(found[others], alone[others], atol=1e-3)
            np.testing.assert_allclose(now[others], times[others], atol=1e-3)
    found, _ = evaluate(np.full((6, 3), np.nan, np.float32), np.full(6, 0.01))
    assert (found == -np.inf).all()


def test_no_node_is_more_likely_than_at_its_best_origin_time():
    """A step that is not taken, since a member is faint there, must not count as gained."""
    rng = np.random.default_rng(2)
    deviation = rng.uniform(0.05, 0.2, 8)
    # all fits at the first node; elsewhere picks tell origin times seconds apart
    residual = rng.choice([0.0, 1.0, 3.0, 4.0], (40, 8, 20)) + 0.1 * rng.standard_normal(
        (40, 8, 20)
    )
    residual[0] = 0.0
    found, _ = evaluate_nodes(residual, deviation**2)
    exact = np.array([[best(r, deviation**2)[0] for r in node.T] for node in residual])
    assert exact[0].min() - exact[1:].max() > 20.0
    assert (found - exact).max() < 0.2


def test_nodes_do_not_depend_on_the_others_of_their_block():
    residual, variance = draw(12, 20 * 5, 3)
    nodes = residual.reshape(12, 20, 5).swapaxes(0, 1)
    together, times = evaluate_nodes(nodes, variance)
    for node in range(0, 20, 7):
        found, now = evaluate(nodes[node], variance)
        # leaders of a block take steps until the last of them rests
        np.testing.assert_allclose(found, together[node], atol=1e-5)
        np.testing.assert_allclose(now, times[node], atol=1e-4)


def test_it_is_the_likelihood_of_single_times():
    """Draws are reweighted by the scalar function; both must be one."""
    residual, variance = draw(20, 30, 4)
    found, times = evaluate(residual, variance)
    exact, origin = np.empty(30), np.empty(30)
    likelihoods_of_times(
        -residual.T.astype(float),
        np.zeros(20),
        variance,
        ErrorModel(STUDENT_T, FREEDOM),
        exact,
        origin,
    )
    np.testing.assert_allclose(found, exact, atol=0.01)
    np.testing.assert_allclose(times, origin, atol=0.01)
