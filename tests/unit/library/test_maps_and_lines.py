"""Locations, stress maps, faults and lines: what they say, draw and refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from library_data import make_events, make_line, make_picks, make_readings, make_stations

import quakeloom as ql

SMALL = {"members": 3, "maximum_depth_km": 25, "radius_km": 40, "table_step_km": 2}


@pytest.fixture(scope="module")
def located() -> ql.Locations:
    """Three events in a few models around the true one."""
    events, stations = make_events(3), make_stations(8)
    picks = pd.concat(
        [make_picks(events, stations), pd.DataFrame([{"station": "S00", "phase": "P",
         "event_id": "", "time": pd.Timestamp("2015-01-01", tz="UTC")}])]
    )  # fmt: skip
    return ql.locate(picks, stations, **SMALL)


@pytest.fixture(scope="module")
def solved() -> ql.Mechanisms:
    """Mechanisms of twelve events with places."""
    return ql.find_mechanisms(make_readings(12), events=make_events(12), trials=5)


@pytest.fixture(scope="module")
def mapped(solved) -> ql.StressMap:
    return ql.map_stress(solved, 0.1, draws=200, planes="both")


def test_a_pick_without_an_event_is_put_aside(located):
    assert len(located) == 3
    assert located.rejects.reason.str.contains("belongs to no event").sum() == 1
    assert "3 of 3 events located in 3 velocity models" in repr(located)
    assert located.plot().axes
    assert located.plot_quality().axes
    assert located.draws.sizes["draw"] == 100


def test_located_events_are_those_of_the_next_step(located):
    """Mechanisms are traced from the hypocenters that were found, with their errors of depth."""
    readings = make_readings(3).drop(columns=["azimuth_deg", "takeoff_deg"])
    options = {"models": "generic_crust", "stations": make_stations(), "minimum_polarities": 4,
               "maximum_takeoff_gap_deg": 90.0, "maximum_azimuthal_gap_deg": 180.0}  # fmt: skip
    found = ql.find_mechanisms(readings, events=located, **options)
    np.testing.assert_array_equal(found.table.depth_km, located.table.depth_km)
    np.testing.assert_allclose(located.events.vertical_error_km, located.table.cov_dd**0.5)
    same = ql.find_mechanisms(readings, events=located.events, **options)
    pd.testing.assert_frame_equal(found.table, same.table, check_exact=True)


def test_an_event_with_few_picks_is_not_located_and_says_so():
    picks = make_picks(make_events(1), make_stations(8)).iloc[:3]
    found = ql.locate(picks, make_stations(8), **SMALL)
    assert found.table.status[0] != "located"
    assert found.table.reason[0]
    with pytest.raises(ql.QuakeloomError, match="nothing to draw"):
        found.plot()


def test_what_cannot_be_located_says_why():
    picks, stations = make_picks(make_events(1), make_stations(4)), make_stations(4)
    for make, words in (
        (lambda: ql.locate(picks), "no stations"),
        (lambda: ql.locate(picks.iloc[:0], stations), "no picks"),
        (lambda: ql.locate(picks.assign(event_id=""), stations), "no picks"),
        (lambda: ql.locate(picks, stations, "no_such_model"), "no_such_model"),
        (lambda: ql.locate(picks, stations, radius=3), "did you mean `radius_km`"),
        (lambda: ql.locate(picks, stations, draws=-1), "locate.draws"),
        (lambda: ql.locate(picks.drop(columns="time"), stations), "no column 'time'"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            make()


def test_a_map_of_one_node_is_a_sentence(solved):
    made = ql.map_stress(solved, 0, draws=200)
    assert len(made) == 1
    row = made.table.iloc[0]
    assert f"SHmax {row.shmax_deg:.1f} +- {row.shmax_std_deg:.1f} degrees" in repr(made)
    assert made.plot().axes


def test_a_map_draws_directions_regimes_and_abic(mapped):
    assert mapped.plot().axes
    assert mapped.plot_regimes().axes
    assert len(mapped.plot_abic().axes) == 2
    given = ql.map_stress(mapped_mechanisms(), 0.1, alpha2=[1e3], draws=200)
    assert given.facts["chosen_by"] == "given"
    with pytest.raises(ql.QuakeloomError, match="ABIC chose one strength"):
        given.plot_abic()


def mapped_mechanisms() -> pd.DataFrame:
    events = make_events(5)
    return events.assign(strike_deg=10.0 + np.arange(5), dip_deg=80.0, rake_deg=175.0)


def test_what_cannot_be_mapped_says_why(mapped):
    table = mapped_mechanisms()
    fault = {"fault": ["a"], "longitude": [135.0], "latitude": [35.0], "strike_deg": [10.0],
             "dip_deg": [70.0]}  # fmt: skip
    for make, words in (
        (lambda: ql.map_stress(table, area=[0, 1, 0, 1]), "outside the area"),
        (lambda: ql.map_stress(table, area=[1, 0, 0, 1]), "is no area"),
        (lambda: ql.map_stress(table, grid=3), "did you mean `grid_step"),
        (lambda: ql.map_stress(table.drop(columns="rake_deg")), "no column 'rake_deg'"),
        (lambda: ql.slip_tendency(table, fault), "given as DataFrame"),
        (lambda: ql.slip_tendency(mapped, {**fault, "dip_deg": [170.0]}), "dip_deg 170"),
        (lambda: ql.slip_tendency(mapped, {"fault": ["a"]}), "no column 'longitude'"),
        (lambda: ql.slip_tendency(mapped, fault, frictions=[-1]), "not all positive"),
        (lambda: ql.slip_tendency(mapped, "no_faults.csv"), "does not exist"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            make()


def test_the_best_oriented_plane_has_the_largest_tendency(mapped):
    """Strike-slip planes some 30 degrees from SHmax slip more easily than along it."""
    node = mapped.table.iloc[0]
    strikes = np.arange(0.0, 180.0, 15.0)
    faults = pd.DataFrame(
        {"fault": [f"{s:g}" for s in strikes], "longitude": node.longitude,
         "latitude": node.latitude, "strike_deg": strikes, "dip_deg": 90.0}
    )  # fmt: skip
    rated = ql.slip_tendency(mapped, faults)
    assert rated.table.slip_tendency.between(0, 1).all()
    assert "Slip tendency of 12 faults" in repr(rated)
    assert rated.plot().axes
    along = np.abs((strikes - node.shmax_deg + 90.0) % 180.0 - 90.0)
    low = rated.table.slip_tendency[along < 7.6].max()
    assert rated.table.slip_tendency.max() > low


def test_a_line_tells_its_fit_and_draws_it():
    found = ql.trace_ensemble(
        make_line(), spacing_km=(0.25, 0.5), depth_range_km=(0, 6), lengths_km=(1.5, 6.0),
        members=3, steps=3, correction_steps=0, ground=[[0.0, 0.0], [20.0, 0.0]],
    )  # fmt: skip
    assert "3 sections from" in repr(found)
    assert found.plot().axes
    assert found.plot_spread().axes
    assert found.plot_fits().axes
    assert (found.table.p_velocity_025_km_s <= found.table.p_velocity_975_km_s).all()
    # exact times: the mean near the middle is close to 3 km/s + 0.4 / s of depth
    near = found.table.query("8 < distance_km < 12 and 0.5 < depth_km < 2")
    truth = 3.0 + 0.4 * near.depth_km
    assert (near.p_velocity_km_s - truth).abs().max() < 0.25


def test_a_line_that_cannot_be_traced_says_why(tmp_path):
    line = make_line()
    for make, words in (
        (lambda: ql.trace_ensemble(line, membres=3), "did you mean `members`"),
        (lambda: ql.trace_ensemble(line.drop(columns="travel_time_s")), "travel_time_s"),
        (lambda: ql.trace_ensemble(line.assign(travel_time_s=-1.0)), "outside"),
        (lambda: ql.trace_ensemble(line.assign(travel_time_s=1e-6)), "can be a first arrival"),
        (lambda: ql.trace_ensemble(line.iloc[:0]), "no travel times"),
        (lambda: ql.trace_ensemble(line, ground=[1.0, 2.0]), "shape"),
        (lambda: ql.trace_ensemble(line, ground=pd.DataFrame({"x": [1.0]})), "no table of"),
        (lambda: ql.trace_ensemble(tmp_path / "no.csv"), "cannot be opened"),
        (lambda: ql.trace_ensemble(3), "is no table"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            make()


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ql.QuakeloomError, match="no folder"):
        ql.open_run(tmp_path / "results")
    with pytest.raises(ql.QuakeloomError, match="has no plan"):
        ql.open_run(tmp_path)
