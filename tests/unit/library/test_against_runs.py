"""The library gives what the command gives, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from library_data import (
    compute,
    make_events,
    make_line,
    make_picks,
    make_readings,
    make_stations,
    quakeloom,
    write_config,
    write_tables,
)

import quakeloom as ql

LOCATE = {"members": 3, "maximum_depth_km": 25, "radius_km": 40, "table_step_km": 2, "draws": 8}
STRESS = {"grid_step_deg": 0.1, "draws": 200}


def assert_same(one: pd.DataFrame, other: pd.DataFrame, key: str = "event_id") -> None:
    """Compare two tables bit by bit, whatever the order of their rows."""
    one, other = (t.sort_values(key, kind="stable").reset_index(drop=True) for t in (one, other))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_mechanisms_with_given_angles_are_those_of_a_run(tmp_path):
    events, readings = make_events(20), make_readings(20)
    write_tables(tmp_path, events=events, polarities=readings)
    config = write_config(
        tmp_path, seed=7, takeoff={"angles": "given"}, mechanism={"trials": 12},
        partition={"calendar": "quarter"}, stress=STRESS, cluster={"block_events": 16},
        storage={"shard_events": 16, "chunk_events": 4},
    )  # fmt: skip
    run = ql.open_run(compute(config, "mechanism", "stress"))
    found = ql.find_mechanisms(readings, events=events, seed=7, trials=12)
    assert_same(found.table, run.mechanisms)
    assert_same(found.solutions, run.solutions)
    columns = [c for c in found.readings if not c.startswith("source_")]
    assert_same(found.readings[columns], run.polarities[columns], ["event_id", "station"])
    accepted = run.dataset("accepted")
    for i, event_id in enumerate(found.table.event_id):
        row = accepted.acceptance.sel(event_id=event_id).to_numpy()
        np.testing.assert_array_equal(found.acceptance[i], row)
    # ... and so is the stress of all acceptable mechanisms
    made = ql.map_stress(found, seed=7, **STRESS)
    assert_same(made.table, run.stress, ["longitude", "latitude"])
    assert made.facts["alpha2"] == run.facts["stress"]["alpha2"]
    assert repr(made) == repr(run.stress_map)
    faults = pd.DataFrame(
        {"fault": ["a", "b"], "longitude": events.longitude[:2], "latitude": events.latitude[:2],
         "strike_deg": [15.0, 60.0], "dip_deg": [80.0, 50.0]}
    )  # fmt: skip
    one, other = (ql.slip_tendency(m, faults, seed=3) for m in (made, run.stress_map))
    assert one.table.slip_tendency.between(0.0, 1.0).all()
    assert_same(one.table, other.table, "fault")


def test_mechanisms_with_traced_angles_are_those_of_a_run(tmp_path):
    events, stations = make_events(8), make_stations()
    readings = make_readings(8).drop(columns=["azimuth_deg", "takeoff_deg"])
    write_tables(tmp_path, events=events, polarities=readings, stations=stations)
    options = {"minimum_polarities": 4, "maximum_takeoff_gap_deg": 90.0, "trials": 5}
    config = write_config(tmp_path, takeoff={"models": ["generic_crust"]}, mechanism=options)
    run = ql.open_run(compute(config, "takeoff", "mechanism"))
    catalog = ql.read(tmp_path / "*.csv")
    found = ql.find_mechanisms(catalog, models="generic_crust", **options)
    assert (found.table.status == "solved").sum() >= 6
    assert_same(found.table, run.mechanisms)


def test_locations_are_those_of_a_run_and_of_the_command(tmp_path):
    events, stations = make_events(5), make_stations(8)
    picks = make_picks(events, stations)
    (tmp_path / "model.txt").write_text("0 6.0\n20 6.0\n20 6.5\n40 6.5\n")
    write_tables(tmp_path, events=events, stations=stations, picks=picks)
    model = str(tmp_path / "model.txt")
    config = write_config(tmp_path, takeoff={"angles": "ensemble"}, seed=5,
                          locate={"models": [model], **LOCATE})  # fmt: skip
    run = ql.open_run(compute(config, "locate"))
    found = ql.locate(picks, stations, model, events=events, seed=5, **LOCATE)
    assert_same(found.table, run.hypocenters)
    assert_same(found.arrivals, run.arrivals, ["event_id", "station", "phase"])
    drawn = run.dataset("locations")
    for event_id in found.table.event_id:
        for name in ("draw_depth_km", "member_weight"):
            one, other = (d[name].sel(event_id=event_id).to_numpy() for d in (found.draws, drawn))
            np.testing.assert_array_equal(one, other)
    quakeloom(
        "locate", "--picks", tmp_path / "picks.csv", "--stations", tmp_path / "stations.csv",
        "--model", model, "--out", tmp_path / "out", "--seed", 5,
        *(w for k, v in LOCATE.items() for w in ("--set", f"{k}={v}")),
    )  # fmt: skip
    command = pd.read_parquet(tmp_path / "out" / "hypocenters.parquet")
    alone = ql.locate(picks, stations, model, seed=5, cache=tmp_path / "tables", **LOCATE)
    columns = ["event_id", "longitude", "latitude", "depth_km", "cov_dd", "rms_s"]
    assert_same(alone.table[columns], command[columns])
    again = ql.locate(picks, stations, model, seed=5, cache=tmp_path / "tables", **LOCATE)
    assert_same(again.table, alone.table)


def test_a_stress_map_is_that_of_the_command(tmp_path):
    found = ql.find_mechanisms(make_readings(20), events=make_events(20), trials=5)
    found.table.to_parquet(tmp_path / "catalog.parquet")
    quakeloom("stress", "--mechanisms", tmp_path / "catalog.parquet", "--out", tmp_path / "map",
              "--step", 0.1, "--seed", 4)  # fmt: skip
    made = ql.map_stress(found.table, 0.1, seed=4)
    assert_same(made.table, pd.read_parquet(tmp_path / "map" / "stress.parquet"),
                ["longitude", "latitude"])  # fmt: skip
    facts = json.loads((tmp_path / "map" / "stress.json").read_text())
    assert facts["abic"] == made.facts["abic"]


def test_an_ensemble_of_a_line_is_that_of_a_run(tmp_path):
    line = make_line()
    line.to_csv(tmp_path / "line.csv", index=False)
    settings = {
        "picks": {"path": "line.csv"},
        "section": {"spacing_km": [0.25, 0.5], "depth_range_km": [0, 6]},
        "prior": {"lengths_km": [1.5, 6.0]},
        "members": 3, "block_members": 2, "steps": 3, "correction_steps": 2,
    }  # fmt: skip
    config = write_config(tmp_path, sources=[], tomography=settings, seed=9)
    run = ql.open_run(compute(config, "tomography"))
    found = ql.trace_ensemble(
        line, seed=9, spacing_km=(0.25, 0.5), depth_range_km=(0, 6), lengths_km=(1.5, 6.0),
        members=3, block_members=2, steps=3, correction_steps=2,
    )  # fmt: skip
    members = run.dataset("ensemble").p_velocity.to_numpy()[:3]
    np.testing.assert_array_equal(found.velocities.to_numpy(), members)
    np.testing.assert_array_equal(
        found.sections["quantile_97_5"].to_numpy(), run.dataset("sections")["quantile_97_5"]
    )
    assert found.facts["chi_square_per_datum"] == run.facts["tomography"]["chi_square_per_datum"]
    assert run.plot().axes
