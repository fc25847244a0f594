"""Logarithms of ratios keep distances, whatever the closure and the basis."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.geochem import (
    centered_log_ratio,
    close_composition,
    composition_of,
    helmert_basis,
    isometric_log_ratio,
    replace_censored,
)


def test_log_ratios_of_three_parts_are_those_computed_by_hand():
    """Numbers of an independent implementation (pyrolite 0.3.8 agrees)."""
    x = np.array([0.2, 0.3, 0.5])
    assert centered_log_ratio(x) == pytest.approx([-0.44058528, -0.03512017, 0.47570545], abs=1e-8)
    z = isometric_log_ratio(x)
    assert z == pytest.approx([-0.28670713, -0.58261781], abs=1e-8)
    assert np.linalg.norm(z) == pytest.approx(0.64934158, abs=1e-8)
    assert np.linalg.norm(z) == pytest.approx(np.linalg.norm(centered_log_ratio(x)))


def test_coordinates_add_where_compositions_multiply_and_lead_back():
    r = np.random.default_rng(1)
    x, y = r.lognormal(size=(2, 7, 9))
    assert isometric_log_ratio(x * y) == pytest.approx(
        isometric_log_ratio(x) + isometric_log_ratio(y)
    )
    assert composition_of(isometric_log_ratio(x)) == pytest.approx(close_composition(x))
    v = helmert_basis(9)
    assert v.T @ v == pytest.approx(np.eye(8))
    assert v.sum(axis=0) == pytest.approx(np.zeros(8))


def test_a_censored_part_leaves_ratios_of_the_others_alone():
    x = np.array([[np.nan, 2.0, 6.0]])
    filled = replace_censored(x, np.array([[1.0, np.nan, np.nan]]))
    assert filled.tolist() == [[0.65, 2.0, 6.0]]
    closed = close_composition(filled)
    assert closed[0, 2] / closed[0, 1] == pytest.approx(3.0)
    with pytest.raises(InputError, match="1 of 3 values"):
        close_composition(x)
