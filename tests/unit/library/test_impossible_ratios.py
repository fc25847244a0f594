"""Ratios of S to P that no amplitudes have are refused, not left out."""

from __future__ import annotations

import math

import pytest

import quakeloom as ql


@pytest.mark.parametrize("wrong", [-1.0, 0.0, math.inf])
def test_a_ratio_that_is_not_above_zero_is_named(wrong):
    with pytest.raises(ql.QuakeloomError, match=r"1 of 3 ratios .* of reading 1: .*logarithms"):
        ql.find_mechanism([0, 90, 180], [90, 80, 70], [1, -1, 1], sp_ratio=[2.0, wrong, math.nan])
