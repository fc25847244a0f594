"""What somebody hands to the library without care: refused in a sentence, or read as meant."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
import yaml

import quakeloom as ql
from quakeloom.config import load_configuration
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout

AZIMUTH = np.arange(0.0, 360.0, 20.0)
"""Azimuths of 18 readings, degrees."""

TAKEOFF = np.tile([60.0, 120.0], 9)
"""Their take-off angles, degrees."""

POLARITY = np.tile([1, -1], 9)
"""Their first motions."""


@pytest.mark.parametrize("name", ["azimuth_deg", "takeoff_deg", "polarity"])
def test_a_mechanism_without_its_readings_is_refused(name):
    given = {"azimuth_deg": AZIMUTH, "takeoff_deg": TAKEOFF, "polarity": POLARITY, name: None}
    with pytest.raises(ql.QuakeloomError, match=f"no {name}"):
        ql.find_mechanism(**given)


@pytest.mark.parametrize("name", ["azimuth_deg", "takeoff_deg"])
def test_masked_angles_are_missing(name):
    given = {"azimuth_deg": AZIMUTH, "takeoff_deg": TAKEOFF, "polarity": POLARITY}
    mask = np.arange(18) == 3
    masked = ql.find_mechanism(**{**given, name: np.ma.masked_array(given[name], mask)})
    missing = ql.find_mechanism(**{**given, name: np.where(mask, np.nan, given[name])})
    pd.testing.assert_frame_equal(masked.table, missing.table)
    assert masked.table.polarity_count[0] == 17


def test_masked_depths_are_refused():
    depth = np.ma.masked_array([10.0, 5.0], [False, True])
    with pytest.raises(ql.QuakeloomError, match="1 of 2 pairs"):
        ql.takeoff_angles(depth, [5.0, 8.0])
    with pytest.raises(ql.QuakeloomError, match="no pair"):
        ql.takeoff_angles([], [])


def test_readings_in_radians_are_refused():
    with pytest.raises(ql.QuakeloomError, match="angles in radians"):
        ql.find_mechanism(np.radians(AZIMUTH), np.radians(TAKEOFF), POLARITY)


def test_nothing_of_obspy_is_no_catalog():
    with pytest.raises(ql.QuakeloomError, match="Neither a catalog nor an inventory"):
        ql.from_obspy(None)


@pytest.fixture(scope="module")
def mechanisms() -> pd.DataFrame:
    r = np.random.default_rng(4)
    return pd.DataFrame({
        "event_id": [f"e{i}" for i in range(30)], "longitude": r.uniform(10, 11, 30),
        "latitude": r.uniform(45, 46, 30), "depth_km": 8.0, "strike_deg": r.uniform(20, 70, 30),
        "dip_deg": 80.0, "rake_deg": r.uniform(-20, 20, 30),
    })  # fmt: skip


@pytest.mark.parametrize("form", [dict, lambda f: [f], lambda f: pd.DataFrame([f])])
def test_faults_are_named_by_fault_or_by_name(form, mechanisms):
    place = {"longitude": 10.5, "latitude": 45.5, "strike_deg": 15, "dip_deg": 80}
    stress = ql.map_stress(mechanisms, 0.0)
    a, b = (ql.slip_tendency(stress, form({n: "A", **place})).table for n in ("fault", "name"))
    pd.testing.assert_frame_equal(a, b)
    assert list(a.fault) == ["A"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.iloc[:0], "There are no mechanisms"),
        (lambda f: f.drop(columns="latitude"), "no place: 30"),
        (lambda f: f.assign(strike_deg=np.nan), "no mechanism: 30"),
        (lambda f: f.assign(strike_deg=np.radians(f.strike_deg), dip_deg=np.radians(f.dip_deg),
                            rake_deg=np.radians(f.rake_deg)), "as small as radians"),
    ],
)  # fmt: skip
def test_mechanisms_that_make_no_map_are_refused_with_the_reason(change, reason, mechanisms):
    with pytest.raises(ql.QuakeloomError, match=reason):
        ql.map_stress(change(mechanisms))


def test_every_table_that_a_run_lists_can_be_read_and_old_ones_say_so(tmp_path, caplog):
    settings = {
        "name": "made", "simulation": {"events": 6, "mean_polarities": 12},
        "takeoff": {"models": ["generic_crust"]}, "mechanism": {"trials": 4, "grid_step_deg": 20},
    }  # fmt: skip
    path = tmp_path / "made.yaml"

    def plan(**changes) -> None:
        path.write_text(yaml.safe_dump({**settings, **changes}))
        plan_configuration(load_configuration(path), tmp_path)

    plan()
    run_here(load_configuration(path).cases["made"], RunLayout(tmp_path / "made"))
    run = ql.open_run(tmp_path / "made")
    assert "reversal_proposals" in run.tables
    for name in run.tables:
        pd.testing.assert_frame_equal(getattr(run, name), run.table(name))
    assert "present plan" not in repr(run)
    assert not caplog.records

    plan(mechanism={"trials": 5, "grid_step_deg": 20})
    run = ql.open_run(tmp_path / "made")
    assert "not computed under the present plan: mechanism" in repr(run)
    with caplog.at_level(logging.WARNING):
        assert len(run.mechanisms) == 6
    assert "of an earlier plan" in caplog.text
