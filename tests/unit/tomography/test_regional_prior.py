"""Regional ensembles: draws around a starting model, and tables of their travel times."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.stages.ensemble.member_tables import member_table
from quakeloom.store import open_item
from quakeloom.tomography import draw_regional_member, make_regional_prior

AXES = (np.arange(0, 21, 2.0), np.arange(0, 41, 4.0), np.arange(0, 41, 4.0))
REFERENCE = [[0, 4.0], [20, 7.0]]
KNOWN = np.array([[4.0, 20.0, 20.0], [10.0, 8.0, 30.0]])


def prior(**changes):
    values = {"standard_deviation": 0.05, "lengths_km": (6.0, 15.0, 15.0)} | changes
    return make_regional_prior(AXES, REFERENCE, **values)


def test_members_scatter_around_the_starting_model_by_the_standard_deviation():
    drawn = np.stack([draw_regional_member(prior(), 1, m) for m in range(200)])
    log = np.log(drawn / np.interp(AXES[0], *np.array(REFERENCE).T)[:, None, None])
    assert log.std() == pytest.approx(0.05, rel=0.1)
    assert np.abs(log.mean(axis=0)).max() < 0.05 * 4 / np.sqrt(200)
    assert (draw_regional_member(prior(), 1, 3) == drawn[3]).all()


def test_members_honor_what_is_known():
    known = prior(known_points_km=KNOWN, known_velocities_km_s=[5.0, 5.2], known_errors=0.002)
    drawn = np.stack([draw_regional_member(known, 1, m) for m in range(60)])
    assert drawn[:, 2, 5, 5].mean() == pytest.approx(5.0, rel=0.003)
    assert drawn[:, 2, 5, 5].std() < 0.02
    # far from both points the spread is the prior's
    assert np.log(drawn[:, -1, -1, 0]).std() == pytest.approx(0.05, rel=0.35)


def test_impossible_regional_input_is_refused():
    with pytest.raises(InputError, match="outside the grid"):
        prior(known_points_km=[[99.0, 0, 0]], known_velocities_km_s=[5.0])
    with pytest.raises(InputError, match="starting model has shape"):
        make_regional_prior(AXES, np.ones((2, 3, 4)), 0.05, (6, 15, 15))


def test_tables_are_computed_once_and_are_those_of_the_solver(tmp_path, monkeypatch):
    regional = prior()
    velocity = draw_regional_member(regional, 1, 0)
    args = (velocity, regional.spacing_km, regional.origin_km, (0.0, 20.0, 20.0))
    times = member_table(open_item(tmp_path), *args)
    times = times.time_s
    assert times.shape == velocity.shape
    slowest = np.linalg.norm([10.0, 12.0, 8.0]) / velocity.min()
    assert 0 < times[5, 8, 7] < slowest
    monkeypatch.setattr(
        "quakeloom.stages.ensemble.member_tables.solve_eikonal",
        lambda *_: pytest.fail("the table was there"),
    )
    np.testing.assert_array_equal(member_table(open_item(tmp_path), *args).time_s, times)
