"""Short versions of the calibration benchmark: hypocenters and take-off angles."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def rows():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from calibration_rows import locations
    finally:
        sys.path.remove(str(BENCHMARKS))
    return locations


def test_ranges_of_depth_hold_in_forty_models_that_are_not_the_true_one(rows, tmp_path):
    """Sixty Earths, three standard errors: 86 % and more, where 79 % held as members are."""
    catalog = rows.merge([rows.simulate(i, 1) for i in range(60)])
    settings = {**rows.EXACT, "members": 40, "pick_noise": "stated", "station_iterations": 0}
    found = rows.locate(catalog, tmp_path, **settings).hypocenters
    wide, narrow, epicenter, width = rows.held(catalog, found)
    assert wide.mean() > 0.86
    assert 0.5 < narrow.mean() < 0.9
    assert epicenter.mean() > 0.86
    assert np.median(width) < 8.0


def test_take_off_angles_near_interfaces_are_those_of_plain_rays(rows):
    (row,) = rows.measure_takeoffs(quick=True)
    assert row.holds == 1.0
    assert row.width < 0.1
    assert row.before < 0.97
