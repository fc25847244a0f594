"""Restoring fields: what is known of truth, edges and what cannot be restored."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.restoration import RestoreOptions, restore_field, simulate_field


def test_ranges_of_random_fields_hold_the_truth():
    shares = []
    for k in range(12):
        rng = np.random.default_rng(k)
        kind = ("rough", "smooth")[k % 2]
        made = simulate_field(kind, (48, 48), 0.5, rng)
        found = restore_field(made.data, rng)
        shares.append(np.mean(np.abs(found.mean - made.truth) < 1.96 * found.deviation))
    error = np.std(shares) / np.sqrt(len(shares))
    assert 0.93 - 2 * error < np.mean(shares) < 0.97 + 2 * error


def test_edges_are_kept_where_smoothing_would_blur_them():
    rng = np.random.default_rng(1)
    made = simulate_field("blocks", (40, 40), 0.3, rng)
    plain = restore_field(made.data, rng, RestoreOptions(prior="membrane"))
    kept = restore_field(made.data, rng, RestoreOptions(edges=True, draws=40))
    errors = [np.sqrt(np.mean((r.mean - made.truth) ** 2)) for r in (plain, kept)]
    assert errors[1] < 0.6 * errors[0]
    assert kept.noise_deviation == pytest.approx(0.3, rel=0.1)
    steps = np.abs(np.diff(made.truth, axis=0)) > 0.3
    assert kept.edges.edges[0][steps].mean() > 0.8
    assert kept.edges.edges[0][~steps].mean() < 0.1


def test_a_hole_is_filled_with_a_wider_range():
    rng = np.random.default_rng(5)
    made = simulate_field("smooth", (24, 24), 0.3, rng)
    made.data[8:14, 8:14] = np.nan
    found = restore_field(made.data, rng, RestoreOptions(prior="plate"))
    assert found.missing == 36
    assert np.isfinite(found.mean).all()
    assert found.deviation[10, 10] > 1.5 * found.deviation[2, 2]


def test_errors_that_are_all_alike_are_noise_of_that_size():
    rng = np.random.default_rng(6)
    made = simulate_field("rough", (24, 24), 0.5, rng)
    one = restore_field(made.data, rng, RestoreOptions(prior="membrane", noise_deviation=0.5))
    other = restore_field(
        made.data, rng, RestoreOptions(prior="membrane"), np.full(made.data.shape, 0.5)
    )
    assert np.array_equal(one.mean, other.mean)
    assert one.noise_deviation == pytest.approx(0.5)


def test_a_datum_with_a_large_error_counts_for_little():
    rng = np.random.default_rng(7)
    made = simulate_field("smooth", (20, 20), 0.1, rng)
    made.data[10, 10] += 50.0
    errors = np.full(made.data.shape, 0.1)
    errors[10, 10] = 100.0
    found = restore_field(made.data, rng, RestoreOptions(prior="plate"), errors)
    made.data[10, 10] = np.nan
    without = restore_field(made.data, rng, RestoreOptions(prior="plate"), errors)
    assert np.abs(found.mean - without.mean).max() < 0.1


def test_white_noise_alone_has_no_shape():
    rng = np.random.default_rng(8)
    found = restore_field(rng.standard_normal((32, 32)), rng, RestoreOptions(prior="membrane"))
    assert found.fit.degrees < 30
    assert np.std(found.mean) < 0.2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 4), np.nan), "has 0 values"),
        (np.where(np.eye(4) > 0, np.inf, 1.0), "infinite"),
        (np.ones((4, 4)), "no noise and no shape"),
    ],
)
def test_a_field_that_says_nothing_is_refused_with_the_reason(values, said):
    with pytest.raises(InputError, match=said):
        restore_field(values, np.random.default_rng(0))
