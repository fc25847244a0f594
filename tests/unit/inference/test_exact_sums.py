"""Sums that are the same bytes in any order, and covariances in the modes of a field."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.inference import (
    correlation_matrix,
    covariance_in_modes,
    gaussian_field,
    no_sums,
    sum_rows,
)


def rows_of(count=300, size=7):
    rng = np.random.default_rng(3)
    return rng.normal(size=(count, size)), rng.normal(size=count)


def as_bytes(sums):
    return sums.matrix.tobytes(), sums.vector.tobytes(), sums.square, sums.rows, sums.count


def test_sums_of_any_pieces_in_any_order_have_the_same_bytes():
    x, r = rows_of()
    whole = sum_rows(x, r, len(x))
    rng = np.random.default_rng(5)
    for pieces in (2, 7, 40):
        order = rng.permutation(len(x))
        total = no_sums(x.shape[1])
        for part in np.array_split(order, pieces):
            total = total + sum_rows(x[part], r[part], len(part))
        assert as_bytes(total) == as_bytes(whole)


def test_floating_point_sums_would_not():
    """Else the test above says nothing."""
    x, _ = rows_of()
    pieces = sum(p.T @ p for p in np.array_split(x, 7))
    assert not np.array_equal(pieces, x.T @ x)


def test_exact_sums_are_those_of_the_rows_to_the_rounding_of_each():
    x, r = rows_of()
    matrix, vector, square = sum_rows(x, r, len(x)).values()
    np.testing.assert_allclose(matrix, x.T @ x, atol=5e-3)
    np.testing.assert_allclose(vector, x.T @ r, atol=5e-3)
    assert square == pytest.approx(r @ r, abs=5e-3)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_a_datum_of_no_error_is_refused_in_words():
    with pytest.raises(InputError, match="standard errors"):
        sum_rows(np.full((3, 2), 1e6), np.zeros(3), 3)
    with pytest.raises(InputError, match="cannot be added"):
        no_sums(3) + no_sums(4)


def test_a_field_with_its_own_lengths_has_unit_covariance_and_longer_ones_theirs():
    axes = [np.linspace(0, 10, 9), np.linspace(0, 12, 8), np.linspace(0, 6, 5)]
    field = gaussian_field(axes, (2.0, 3.0, 2.5), 0.1, 0.0, share=1.0)
    own = covariance_in_modes(field, axes, (2.0, 3.0, 2.5))
    np.testing.assert_allclose(own, np.eye(field.size), atol=1e-6)
    longer = covariance_in_modes(field, axes, (4.0, 6.0, 5.0))
    wanted = np.kron(
        np.kron(correlation_matrix(axes[0], 4.0), correlation_matrix(axes[1], 6.0)),
        correlation_matrix(axes[2], 5.0),
    )
    np.testing.assert_allclose(
        field.modes @ longer @ field.modes.T, 0.01 * wanted, atol=1e-6 * 0.01 * wanted.size
    )
