"""Priors of lines whose hyper-parameters are marginalized, and the ranges that follow."""

import numpy as np
import pandas as pd
import pytest

import quakeloom as ql
from quakeloom.inference import Linearization, log_evidence, maximize_posterior, one_blas_thread
from quakeloom.tomography import (
    PriorPoint,
    PriorShape,
    RefractionProblem,
    TravelTimePicks,
    carrier_nodes,
    informed_nodes,
    make_line_grid,
    prior_at_point,
    summarize_sections,
    weigh_priors,
)


def gradient_picks(v0=4.0, slope=0.12, error_s=0.02, shots=(0.0, 20.0, 40.0), seed=1):
    """Exact times of v0 + slope z with normal errors: turning rays of a linear velocity."""
    rng = np.random.default_rng(seed)
    rows = []
    for shot in shots:
        for receiver in np.arange(1.0, 40.0, 2.0):
            offset = abs(receiver - shot)
            time = 2.0 / slope * np.arcsinh(slope * offset / (2.0 * v0))
            rows.append((shot, receiver, time + error_s * rng.standard_normal(), error_s))
    names = ["shot_distance_km", "receiver_distance_km", "travel_time_s", "time_error_s"]
    return pd.DataFrame(rows, columns=names)


def small_problem():
    grid = make_line_grid((0.0, 40.0), (0.0, 10.0), (0.5, 1.0))
    table = gradient_picks()
    zero = np.zeros(len(table))
    picks = TravelTimePicks(
        np.column_stack([zero, table.shot_distance_km]),
        np.column_stack([zero, table.receiver_distance_km]),
        table.travel_time_s.to_numpy(),
        table.time_error_s.to_numpy(),
        np.full(len(table), "P"),
    )
    shape = PriorShape(
        np.array([[0.0, 4.0], [10.0, 5.2]]),
        np.array([[0.0, 0.05], [10.0, 0.05]]),
        (2.0, 8.0),
        np.array([[0.0, 0.1], [10.0, 0.06]]),
    )
    return grid, picks, shape


def test_no_evidence_makes_the_prior_narrower_than_what_regions_are_like():
    grid, _, shape = small_problem()
    nodes = carrier_nodes(grid)
    floor = np.interp(nodes[0], *shape.floor.T)
    for kernel in ("matern52", "exponential"):
        for width in (1e-3, 1.0):
            prior = prior_at_point(nodes, shape, PriorPoint(width, 1.0, 1.0, 0.1, kernel))
            spread = np.sqrt(prior.field.variance()).min(axis=1)
            assert np.all(spread > 0.98 * floor)
    own = np.interp(nodes[0], *shape.standard_deviation.T)
    expected = np.sqrt(floor**2 + own**2)
    np.testing.assert_allclose(spread, expected, rtol=0.02)


def test_weighed_points_are_those_of_the_evidence_of_every_prior_alone():
    """Times linear about one model rank priors as Laplace's approximation at each of them does."""
    grid, picks, shape = small_problem()
    nodes = carrier_nodes(grid)

    def build(point):
        return RefractionProblem(grid, prior_at_point(nodes, shape, point), picks)

    with one_blas_thread():
        found = weigh_priors(build, (True, False, False), ("matern52",), 8)
        exact = {}
        for width in (1.6**-4, 1.6**-2, 1.0, 1.6):
            problem = build(PriorPoint(width, 1.0, 1.0, 0.0))
            fit = maximize_posterior(problem)
            exact[width] = log_evidence(
                problem, Linearization(fit.white, *problem.linearize(fit.white))
            )
    # a line without structure along it: the narrower the more probable, and all are possible
    assert sorted(exact, key=exact.get)[::-1] == sorted(exact)
    widths = [p.width for p in found.points]
    assert widths == sorted(widths)
    assert widths[0] < 0.3
    assert widths[-1] > widths[0]
    assert found.log_evidence == pytest.approx(max(exact.values()), abs=2.0), (
        "the best point of the lattice is as probable as the best of these"
    )


@pytest.mark.slow
def test_ranges_hold_below_the_deepest_ray_and_it_is_left_blank():
    """A linear velocity: no structure along the line, and none of the picks knows what is below.

    With the most probable prior alone 95 % ranges below the deepest ray hold next to nothing.
    """
    found = ql.trace_ensemble(
        gradient_picks(), members=39, correction_steps=2, pilots=2, spacing_km=(0.5, 1.0),
        depth_range_km=(0.0, 10.0),
    )  # fmt: skip
    s = found.sections
    z = s["depth"].to_numpy()[:, None]
    truth = np.broadcast_to(4.0 + 0.12 * z, s["mean"].shape)
    low, high = s["quantile_2_5"].to_numpy(), s["quantile_97_5"].to_numpy()
    inside = (truth >= low) & (truth <= high)
    below = np.broadcast_to(z > 6.0, truth.shape)
    assert inside[below].mean() > 0.9
    assert inside[np.broadcast_to(z < 3.0, truth.shape)].mean() > 0.85
    width = (high - low).mean(axis=1)
    assert width[-1] > 2.0 * width[2], "what no ray sees is known less"
    clear = informed_nodes(s["standard_deviation"], s["prior_standard_deviation"], 0.8)
    # 39 members know a width to a ninth
    assert clear[-4:].mean() < 0.05
    assert clear[:4].mean() > 0.8


def test_ranges_of_few_members_hold_further_draws_as_often_as_they_say():
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(400):
        draws = rng.standard_normal((40, 8))
        s = summarize_sections(draws)
        further = rng.standard_normal(8)
        inside.append((further >= s.quantiles[0]) & (further <= s.quantiles[-1]))
    # 3,200 nearly independent draws: a standard error of 0.004
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)
