"""The stage of regional ensembles: five verbs, tables for location, workers, more of both."""

import numpy as np
import pytest
from cf_rules import cf_problems

from quakeloom.config import parse_settings
from quakeloom.core import IncompleteError, InputError, PlanError, SettingsError, VerificationError
from quakeloom.stages.ensemble.blocks import ensemble_path
from quakeloom.stages.frame.verbs import list_partitions, verify_stage
from quakeloom.stages.planning import plan_run
from quakeloom.stages.regional import REGIONAL
from quakeloom.stages.regional import verbs as stage
from quakeloom.stages.regional.reading import read_times
from quakeloom.store import RunLayout, open_array, read_json, read_table
from quakeloom.travel import solve_eikonal

STATIONS = """network,station,longitude,latitude,elevation_m
XX,AAA,140.0,36.0,100
XX,BBB,140.1,36.1,500
XX,FAR,145.0,36.0,0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stations.csv").write_text(STATIONS)
    (tmp_path / "known.csv").write_text(
        "depth_km,north_km,east_km,p_velocity_km_s,relative_error\n4,0,0,5.0,0.005\n"
    )
    return tmp_path


def settings_of(folder, **changes):
    regional = {
        "origin_longitude_deg": 140.0,
        "origin_latitude_deg": 36.0,
        "depth_range_km": [-2, 12],
        "north_range_km": [-16, 16],
        "east_range_km": [-16, 16],
        "spacing_km": [1.0, 2.0, 2.0],
        "lengths_km": [4.0, 10.0, 10.0],
        "known": "known.csv",
        "stations": "stations.csv",
        "members": 4,
        "block_members": 2,
    }
    return parse_settings(
        {
            "name": "region",
            "data": str(folder),
            "cluster": changes.pop("cluster", {}),
            "regional": regional | changes,
        },
        "test",
    )


def run_all(settings, layout, names=None):
    plan_run(settings, layout)
    stage.init(settings, layout)
    for block in stage.blocks_of(settings.regional):
        if names is None or block.name in names:
            stage.part(settings, layout, block.name)


def velocities(layout):
    return np.asarray(open_array(ensemble_path(layout), "regional_p_velocity")[...])


def test_ensemble_honors_what_is_known_and_its_times_are_the_solver_s(folder, tmp_path):
    settings, layout = settings_of(folder), RunLayout(tmp_path / "region")
    run_all(settings, layout)
    summary = stage.finalise(settings, layout)
    assert (summary["members"], summary["stations"], summary["known"]) == (4, 2, 1)
    drawn = velocities(layout)
    assert drawn.shape == (4, 15, 17, 17)
    at_known = drawn[:, 6, 8, 8]
    assert np.abs(at_known / 5.0 - 1.0).max() < 0.02
    # where nothing is known the members scatter by the prior's 5 %
    assert 0.02 < np.log(drawn[:, 12, 0, 0]).std() < 0.12
    found = read_times(settings, layout)
    assert found["stations"] == ("XX.AAA", "XX.BBB")
    assert found["time_s"].shape == (2, 15, 17, 17, 4)
    exact = solve_eikonal(
        drawn[1].astype(float), (1.0, 2.0, 2.0), (-0.1, 0.0, 0.0), (-2.0, -16.0, -16.0)
    ).times_s
    np.testing.assert_allclose(found["time_s"][0, ..., 1], exact, rtol=1e-5, atol=1e-6)
    reasons = read_table(layout.table("rejects"), "rejects").column("reason").to_pylist()
    assert len(reasons) == 1
    assert "station XX.FAR lies outside the grid: east" in reasons[0]
    assert verify_stage(REGIONAL, settings, layout)["partitions"] == 2
    assert read_json(layout.root / "regional.json")["members"] == 4
    assert cf_problems(layout.root.local / "regional.nc") == []


def test_more_members_and_more_stations_cost_only_what_is_new(folder, tmp_path, monkeypatch):
    layout = RunLayout(tmp_path / "region")
    run_all(settings_of(folder, members=2), layout)
    before = velocities(layout)[:2]
    more = settings_of(folder)
    plan_run(more, layout)
    assert dict(list_partitions(REGIONAL, layout)) == {"m00000": "done", "m00002": "missing"}
    stage.init(more, layout)
    stage.part(more, layout, "m00002")
    np.testing.assert_array_equal(velocities(layout)[:2], before)
    (folder / "stations.csv").write_text(STATIONS + "XX,CCC,139.95,35.95,10\n")
    plan_run(more, layout)
    assert dict(list_partitions(REGIONAL, layout)) == {"m00000": "stale", "m00002": "stale"}
    solved = []

    def count(*arguments):
        solved.append(arguments)
        return solve_eikonal(*arguments)

    monkeypatch.setattr("quakeloom.stages.ensemble.member_tables.solve_eikonal", count)
    stage.init(more, layout)
    stage.part(more, layout, "m00000")
    assert len(solved) == 2  # one new station in two members
    np.testing.assert_array_equal(velocities(layout)[:2], before)


@pytest.mark.slow
def test_one_worker_and_four_give_the_same_ensemble(folder, tmp_path):
    one, four = RunLayout(tmp_path / "one"), RunLayout(tmp_path / "four")
    run_all(settings_of(folder), one)
    local = settings_of(folder, block_members=4, cluster={"kind": "local", "workers": 4})
    run_all(local, four)
    np.testing.assert_array_equal(velocities(one), velocities(four))
    first = read_times(settings_of(folder), one)["time_s"]
    np.testing.assert_array_equal(first, read_times(local, four)["time_s"])


def test_a_three_dimensional_starting_model_is_interpolated_to_the_nodes(folder, tmp_path):
    rows = ["depth_km,north_km,east_km,p_velocity_km_s"]
    for z in (-2.0, 5.0, 12.0):
        for n in (-16.0, 16.0):
            rows += [f"{z},{n},{e},{5.0 + 0.1 * z + 0.01 * n + 0.02 * e}" for e in (-16.0, 16.0)]
    (folder / "model.csv").write_text("\n".join(rows) + "\n")
    settings = settings_of(
        folder, model="model.csv", known="", stations="", standard_deviation=[[0, 1e-6]]
    )
    layout = RunLayout(tmp_path / "region")
    run_all(settings, layout)
    # node 7 is at 5 km depth, node 8 at the origin
    assert velocities(layout)[0, 7, 8, 12] == pytest.approx(5.5 + 0.02 * 8.0, abs=1e-3)
    assert stage.finalise(settings, layout)["stations"] == 0


def test_kept_tables_are_thinned_and_changes_are_found(folder, tmp_path):
    import zarr

    settings = settings_of(folder, table_every=[2, 4, 4], members=2)
    layout = RunLayout(tmp_path / "region")
    run_all(settings, layout)
    stage.finalise(settings, layout)
    found = read_times(settings, layout)
    assert found["time_s"].shape == (2, 8, 5, 5, 2)
    np.testing.assert_array_equal(found["east_km"], [-16, -8, 0, 8, 16])
    array = zarr.open_array(str(ensemble_path(layout) / "regional_p_velocity"), mode="r+")
    array[1, 0, 0, 0] = 9.0
    with pytest.raises(VerificationError, match="block m00000 have changed"):
        verify_stage(REGIONAL, settings, layout)


def test_impossible_input_is_refused_with_the_remedy(folder, tmp_path):
    layout = RunLayout(tmp_path / "region")
    with pytest.raises(PlanError, match="no partition 'm00000' in the plan"):
        stage.part(settings_of(folder), layout, "m00000")
    with pytest.raises(InputError, match="neither a file below `data` nor one of quakeloom's own"):
        plan_run(settings_of(folder, model="none"), layout)
    (folder / "bad.csv").write_text("depth_km,north_km\n1,2\n")
    with pytest.raises(InputError, match="has not the columns"):
        stage.read_prior(settings_of(folder, known="bad.csv"))
    with pytest.raises(InputError, match="None of the 3 stations"):
        plan_run(settings_of(folder, origin_longitude_deg=10.0), layout)
    with pytest.raises(SettingsError, match="fewer than three nodes"):
        settings_of(folder, depth_range_km=[0, 1])
    settings = settings_of(folder)
    plan_run(settings, layout)
    with pytest.raises(IncompleteError, match="not prepared"):
        stage.part(settings, layout, "m00000")
    with pytest.raises(IncompleteError, match="m00000"):
        stage.finalise(settings, layout)
