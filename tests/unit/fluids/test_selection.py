"""Selection of rock and fluid: exact sums, ties, calibration, voxels that cannot be solved."""

from __future__ import annotations

import numpy as np
import pytest
from rock_tables import naruko_candidates, naruko_tables

from quakeloom.core import InputError
from quakeloom.fluids import VoxelData, select_candidates, simulate_voxels

ERRORS = np.diag([0.05**2, 0.05**2, 0.1**2])
COUPLED = np.array([[2.5e-3, 1.2e-3, 1e-3], [1.2e-3, 2.5e-3, -5e-4], [1e-3, -5e-4, 0.01]])
NARUKO = [6.30, 3.55, np.log10(0.396)]


def observed(values, covariance=ERRORS):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    return VoxelData(values, np.tile(covariance, (len(values), 1, 1)))


def brute_force(tables, value, covariance):
    """Evidence of every candidate by summing over the whole product of the grids at once."""
    weights = []
    for axis in (tables.grid.porosity, tables.grid.ratio, tables.grid.path_ratio):
        w = np.ones(axis.size)
        w[[0, -1]] = 0.5
        weights.append(w / w.sum())
    w = np.einsum("i,j,k->ijk", *weights)
    inverse = np.linalg.inv(covariance)
    found = []
    for c in range(len(tables.vp)):
        shape = w.shape
        r = np.stack(
            [
                np.broadcast_to(value[0] - tables.vp[c][:, :, None], shape),
                np.broadcast_to(value[1] - tables.vs[c][:, :, None], shape),
                np.broadcast_to(value[2] - tables.log_sigma[c][:, None, :], shape),
            ],
            axis=-1,
        )
        q = np.nan_to_num(np.einsum("...a,ab,...b->...", r, inverse, r), nan=np.inf)
        found.append(np.sum(w * np.exp(-0.5 * q)))
    constant = -0.5 * (3 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1])
    with np.errstate(divide="ignore"):
        return np.log(found) + constant


@pytest.mark.parametrize("covariance", [ERRORS, COUPLED])
def test_the_factorized_sum_is_that_over_the_whole_product(covariance):
    tables = naruko_tables(20, (24, 12, 12))
    values = [NARUKO, [5.9, 3.3, -1.0], [6.8, 3.8, -2.5]]
    found = select_candidates(tables, observed(values, covariance))
    for v, value in enumerate(values):
        exact = brute_force(tables, value, covariance)
        near = exact > exact.max() - 15
        assert found.log_evidence[v][near] == pytest.approx(exact[near], abs=1e-9)


def test_many_pairs_fit_alike_and_the_marginal_tells_them_apart():
    found = select_candidates(naruko_tables(1, (100, 50, 50)), observed([NARUKO]))
    joint = found.best_joint[0]
    ties = joint > joint.max() - 0.1
    assert ties.sum() >= 10
    assert np.ptp(found.log_evidence[0][ties]) > 1.0


def test_the_answer_of_the_source_lies_within_the_ranges_at_naruko():
    found = select_candidates(naruko_tables(1), observed([NARUKO]))
    assert found.porosity[0, 0] < 0.0437 < found.porosity[0, -1]
    assert found.ratio[0, 0] < 0.871 < found.ratio[0, -1]
    melt = np.array([c.fluid == "melt" for c in naruko_candidates()])
    assert found.probabilities()[0][melt].sum() < 0.05


def test_a_grid_twice_as_fine_gives_the_same_evidence():
    coarse, fine = (
        select_candidates(naruko_tables(20, nodes), observed([NARUKO])).log_evidence[0]
        for nodes in ((100, 50, 50), (200, 100, 100))
    )
    near = fine > fine.max() - 6
    assert coarse[near] == pytest.approx(fine[near], abs=0.01)


def test_ranges_hold_the_truth_of_voxels_drawn_of_the_prior():
    tables, candidates = naruko_tables(10, (60, 30, 30)), naruko_candidates(10)
    stream = np.random.default_rng(1)
    made = simulate_voxels(candidates, tables.grid, ("self_consistent", "spheroids"), 300, stream)
    found = select_candidates(tables, observed(made.observe(ERRORS, stream)))
    good = found.status == 0
    assert good.sum() > 280
    for values, truth in ((found.porosity, made.porosity), (found.ratio, made.ratio),
                          (found.path_ratio, made.path_ratio)):  # fmt: skip
        held = (values[good, 0] <= truth[good]) & (truth[good] <= values[good, -1])
        # three standard errors of 300 voxels around 95 %
        assert 0.91 < held.mean() < 0.99
    p = found.probabilities()[good]
    right = p[np.arange(len(p)), made.candidate[good]]
    # a probability is the share of cases in which it is right
    assert right.mean() == pytest.approx((p**2).sum(axis=1).mean(), abs=0.05)


def test_velocities_alone_are_enough_and_vp_alone_as_well():
    some, less = [6.3, 3.55, np.nan], [6.3, np.nan, np.nan]
    found = select_candidates(naruko_tables(20), observed([some, less]))
    assert (found.status == 0).all()
    assert np.isnan(found.path_ratio).all()
    width = np.log(found.porosity[:, -1] / found.porosity[:, 0])
    assert (width > 3).all()


def test_voxels_that_cannot_be_solved_say_why():
    found = select_candidates(
        naruko_tables(20),
        observed([[9.9, 5.0, np.nan], [np.nan] * 3, [5.0, 4.9, np.nan], [-1.0, 3.0, np.nan],
                  [np.inf, 3.0, np.nan]]),
    )  # fmt: skip
    assert found.status.tolist() == [1, 2, 3, 3, 3]
    words = ("five standard deviations", "no datum", "bulk modulus", "not positive", "infinite")
    for reason, said in zip(found.reason, words, strict=True):
        assert said in reason
    assert np.isnan(found.porosity).all()
    assert np.isnan(found.probabilities()).all()


def test_errors_that_are_no_covariance_are_refused():
    with pytest.raises(InputError, match="not positive definite"):
        select_candidates(naruko_tables(20), observed([NARUKO], np.diag([0.1, 0.0, 0.1])))
