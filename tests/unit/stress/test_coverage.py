"""Do the stated ranges hold the truth as often as they say?"""

import numpy as np

from quakeloom.stress import (
    StressGrid,
    accumulate_statistics,
    axial_difference,
    describe_stress,
    interpolate_field,
    invert_stress,
    mechanism_statistics,
    stress_tensors,
    summarize_posterior,
)

from .simulated import simulate_planes


def test_ranges_hold_the_truth():
    """Fields drawn from the prior, 40 mechanisms a node, unknown planes, 20 degrees of scatter.

    SHmax, shape ratio and A_phi lie in their 95 % ranges 90 to 98 % of the time: the short
    version of ``benchmarks/stress_coverage.py``, which has 200 fields and other densities.
    """
    grid = StressGrid({"northing": np.arange(7.0), "easting": np.arange(7.0)})
    values, vectors = np.linalg.eigh(grid.smoothness()[0].toarray())
    root = vectors[:, 1:] * (0.25 / np.sqrt(values[1:]))
    inside = []
    for trial in range(60):
        rng = np.random.default_rng([0, trial])
        mean = rng.normal(size=5)
        m = mean / np.linalg.norm(mean) + root @ rng.normal(size=(48, 5))
        points = rng.uniform(0, 6, (2000, 2))
        tensors = stress_tensors(interpolate_field(grid, m, points))
        angles = simulate_planes(tensors, rng, 20.0)
        sums = accumulate_statistics(grid, points, mechanism_statistics(*angles))
        field = invert_stress(grid, sums)
        u = summarize_posterior(field.components, field.covariance, 400, field.freedom, trial)
        best, truth = describe_stress(field.components), describe_stress(m)
        off = axial_difference(truth.shmax_deg, best.shmax_deg)
        for value, span in (
            (off, u.shmax_range_deg),
            (truth.shape_ratio, u.shape_ratio_range),
            (truth.a_phi, u.a_phi_range),
        ):
            inside.append(np.mean((value >= span[:, 0]) & (value <= span[:, 1])))
    share = np.reshape(inside, (60, 3)).mean(axis=0)
    assert np.all(share > 0.90), share
    assert np.all(share < 0.98), share
