"""Independent processes leave directions in log-ratios, and resampling tells which are real."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.geochem import (
    ProcessOptions,
    analyze_processes,
    complete_compositions,
    trace_process,
)

CENTER = np.log([50.0, 1.5, 15.0, 10.0, 8.0, 11.0, 2.5, 0.5, 1.5])
TRENDS = np.array(
    [
        [-0.05, 0.25, 0.1, 0.15, -0.8, 0.0, 0.15, 0.2, 0.0],
        [0.0, -0.2, 0.4, -0.3, 0.1, -0.5, 0.3, 0.1, 0.1],
        [0.1, 0.3, -0.1, 0.2, 0.1, -0.1, -0.5, 0.7, -0.7],
    ]
)
TRENDS -= TRENDS.mean(axis=1, keepdims=True)
TRENDS /= np.linalg.norm(TRENDS, axis=1, keepdims=True)


def simulated(seed, samples=500, noise=0.02, normal=False):
    """Rocks in wt%, moved along known trends; written out here, none of the estimator's code."""
    stream = np.random.default_rng(seed)
    shape = (samples, 3)
    amount = stream.normal(size=shape) if normal else stream.uniform(-1.7, 1.7, shape)
    logs = CENTER + 0.5 * amount @ TRENDS + noise * stream.normal(size=(samples, 9))
    rocks = np.exp(logs)
    return 100.0 * rocks / rocks.sum(axis=1, keepdims=True)


def angles(found):
    cosine = np.abs(found.directions @ TRENDS.T)
    return np.degrees(np.arccos(np.clip(cosine.max(axis=0), 0, 1))), cosine.argmax(axis=0)


def run(rocks, limits=None, seed=0, **options):
    none = np.full_like(rocks, np.nan) if limits is None else limits
    return analyze_processes(
        rocks, none, np.random.default_rng(seed), ProcessOptions(resamples=30, **options)
    )


def test_three_trends_are_counted_and_found():
    found = run(simulated(1))
    assert len(found.directions) == 3
    assert found.stable.all()
    assert (angles(found)[0] < 5.0).all()


def test_normal_scatter_has_no_independent_component():
    found = run(simulated(2, normal=True))
    assert not found.stable.any()
    assert found.reason == "no stable independent component"


def test_closure_does_not_matter():
    rocks = simulated(3, 200)
    scaled = rocks * np.random.default_rng(0).uniform(0.5, 2.0, (200, 1))
    np.testing.assert_allclose(run(rocks).directions, run(scaled).directions, atol=1e-8)


def test_values_below_limits_are_drawn_below_them_and_trends_stay():
    rocks = simulated(4)
    limit = np.quantile(rocks[:, 8], 0.15)
    limits = np.full_like(rocks, np.nan)
    low = rocks[:, 8] < limit
    limits[low, 8] = limit
    cut = np.where(np.isfinite(limits), np.nan, rocks)
    tables = complete_compositions(cut, limits, 5, np.random.default_rng(1))
    assert (tables[:, low, 8] <= limit * (1 + 1e-9)).all()
    assert tables[:, low, 8].std(axis=0).min() > 0
    np.testing.assert_array_equal(
        tables[:, ~low], np.broadcast_to(rocks[~low], (5, *rocks[~low].shape))
    )
    assert (angles(run(cut, limits, imputations=5))[0] < 10.0).all()


def test_outliers_do_not_turn_robust_directions():
    rocks = simulated(5)
    rocks[:25, 6] *= 30.0
    far = angles(run(rocks, components=3))[0].max()
    near = angles(run(rocks, components=3, robust=True))[0].max()
    assert near < 5.0 < far


def test_a_trend_is_a_curve_of_closed_compositions():
    path = trace_process(CENTER - CENTER.mean(), TRENDS[0], np.linspace(-1, 1, 5))
    np.testing.assert_allclose(path.sum(axis=1), 1.0)
    steps = np.diff(np.log(path) - np.log(path).mean(axis=1, keepdims=True), axis=0)
    np.testing.assert_allclose(steps, 0.5 * np.tile(TRENDS[0], (4, 1)), atol=1e-12)


def test_tables_without_logarithms_or_samples_are_refused():
    rocks = simulated(6, 30)
    with pytest.raises(InputError, match="8 samples of 9 parts are too few"):
        run(rocks[:8])
    rocks[0, 0] = -1.0
    with pytest.raises(InputError, match="1 values of a composition are zero or negative"):
        run(rocks)
