"""Summaries of ensembles of sections."""

import numpy as np
import pytest

from quakeloom.tomography import (
    exceedance_probability,
    isovelocity_depths,
    spread_reduction,
    summarize_sections,
)

DEPTH = np.arange(5.0)
V = np.stack([np.tile((2.0 + g * DEPTH)[:, None], (1, 3)) for g in (0.5, 1.0, 2.0)])


def test_moments_and_quantiles_at_the_nodes():
    found = summarize_sections(V, (0.0, 0.5, 1.0))
    np.testing.assert_allclose(found.mean[2], 2 + 2 * 3.5 / 3)
    np.testing.assert_allclose(found.quantiles[1, 2], 4.0)
    np.testing.assert_allclose(found.standard_deviation[0], 0.0)


def test_probability_is_the_share_of_members():
    probability = exceedance_probability(V, 3.5)
    np.testing.assert_allclose(probability[:, 0], [0, 1 / 3, 2 / 3, 2 / 3, 1])


def test_isovelocity_depth_is_interpolated_and_missing_where_not_reached():
    depths = isovelocity_depths(V, DEPTH, 5.0)
    np.testing.assert_allclose(depths[:, 0], [np.nan, 3.0, 1.5])
    above = V.copy()
    above[:, :2] = np.nan
    np.testing.assert_allclose(isovelocity_depths(above, DEPTH, 2.5)[:, 0], [2, 2, 2])


def test_spread_reduction_is_one_where_nothing_was_learned():
    assert spread_reduction([0.4, 0.1], [0.4, 0.4]) == pytest.approx([1.0, 0.25])
