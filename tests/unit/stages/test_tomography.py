"""The stage on a small synthetic line: five verbs, kill and resume, workers, more members."""

import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cf_rules import cf_problems

from quakeloom.config import parse_settings
from quakeloom.core import IncompleteError, InputError, PlanError, SettingsError, VerificationError
from quakeloom.stages.frame.verbs import list_partitions, verify_stage
from quakeloom.stages.planning import plan_run
from quakeloom.stages.tomography import TOMOGRAPHY
from quakeloom.stages.tomography import verbs as stage
from quakeloom.stages.tomography.inputs import read_line
from quakeloom.stages.tomography.prior import read_prior
from quakeloom.store import RunLayout, open_array, read_json, read_table, read_text
from quakeloom.tomography import LineSurvey, synthetic_line

BAD_PICKS = [
    "1,0,31,1.5,0.5,0.03",
    "1,0,33,1.5,8.0,",
    "1,0,33,1.5,8.0,0",
    "1,0,33,-0.9,8.0,0.03",
    "55,0,33,1.5,8.0,0.03",
]
REASONS = [
    "no wave travels 30 km in 0.5 s",
    "has no time error",
    "has a time error of zero: give `tomography.picks.error_s`",
    "receiver at 0.9 km elevation lies 900 m above the ground",
    "shot at 55 km lies outside the section (0 to 40 km)",
    "doubled: row 0 has the same shot, receiver and phase",
]


@pytest.fixture(scope="module")
def pick_file(tmp_path_factory):
    """Picks of a synthetic line as CSV, and one of every kind that cannot be used."""
    line = synthetic_line(4, 0, LineSurvey(3, 10), spacing_km=(0.3, 0.5), finer=1)
    picks = line.problem.picks
    path = tmp_path_factory.mktemp("line") / "picks.csv"
    rows = [
        f"{s[1]:.4f},{s[0]:.4f},{r[1]:.4f},{r[0]:.4f},{t:.5f},{e:.4f}"
        for s, r, t, e in zip(
            picks.shots_km, picks.receivers_km, picks.times_s, picks.errors_s, strict=True
        )
    ]
    rows += BAD_PICKS
    rows.append(rows[0])
    header = (
        "shot_distance_km,shot_depth_km,receiver_distance_km,receiver_depth_km,"
        "travel_time_s,time_error_s"
    )
    path.write_text("\n".join([header, *rows]) + "\n")
    ground = path.with_name("floor.csv")
    x, z = line.problem.grid.distance_km, line.problem.grid.ground_depth_km
    lines = [f"{a:.4f},{b:.5f}" for a, b in zip(x, z, strict=True)]
    ground.write_text("\n".join(["distance_km,depth_km", *lines]) + "\n")
    return path


def settings_of(pick_file, **changes):
    tomography = {
        "picks": {"path": pick_file.name},
        "section": {
            "ground": "floor.csv",
            "water_surface_km": 0.0,
            "distance_range_km": [0, 40],
            "depth_range_km": [0, 10],
            "spacing_km": [0.4, 0.8],
        },
        "prior": {
            "scale": "velocity",
            "reference": [[0, 2.0], [20, 12.0]],
            "standard_deviation": [[0, 0.4]],
            "lengths_km": [2.0, 8.0],
            "bounds_km_s": [1.0, 9.0],
        },
        "members": 6,
        "block_members": 4,
        "steps": 3,
        "exceedance_km_s": [4.0],
        "isovelocities_km_s": [3.0],
    }
    return parse_settings(
        {
            "name": "line",
            "data": str(pick_file.parent),
            "cluster": changes.pop("cluster", {}),
            "tomography": tomography | changes,
        },
        "test",
    )


def run_all(settings, layout, names=None):
    plan_run(settings, layout)
    stage.init(settings, layout)
    for block in stage.blocks_of(settings.tomography):
        if names is None or block.name in names:
            stage.part(settings, layout, block.name)


def members(layout, name="p_velocity"):
    return np.asarray(open_array(stage.ensemble_path(layout), name)[...])


@pytest.fixture(scope="module")
def finished(pick_file, tmp_path_factory):
    layout = RunLayout(tmp_path_factory.mktemp("results") / "line")
    settings = settings_of(pick_file)
    run_all(settings, layout)
    return settings, layout, stage.finalise(settings, layout)


def test_ensemble_has_the_promised_names_and_shapes(finished):
    _, layout, summary = finished
    velocity = members(layout)
    depth = np.asarray(open_array(stage.ensemble_path(layout), "depth_km")[...])
    distance = np.asarray(open_array(stage.ensemble_path(layout), "distance_km")[...])
    assert velocity.shape == (6, depth.size, distance.size)
    assert np.isfinite(velocity).all()  # water reaches the top of the section
    assert members(layout, "log_likelihood").shape == (6,)
    assert members(layout, "chi_square").mean() == pytest.approx(summary["chi_square_per_datum"])
    written = read_json(layout.root / "tomography.json")
    assert written["sampler"] == "rml"
    assert {"chi_square_per_datum", "seconds_per_member", "effective_sample_size"} <= set(written)


def test_bad_picks_are_in_the_rejects_with_reasons(finished):
    """Every kind of pick that cannot be used is named with its line; the others are used."""
    _, layout, summary = finished
    rejects = read_table(layout.table("rejects"), "rejects")
    reasons = rejects.column("reason").to_pylist()
    assert summary["rejects"] == len(reasons) == len(REASONS)
    for expected, reason in zip(REASONS, reasons, strict=True):
        assert expected in reason
    lines = rejects.column("source_line").to_pylist()
    first = summary["picks"] + 2  # after the header and the picks that are used
    assert lines == list(range(first, first + len(REASONS)))


def test_products_hold_the_ensemble_s_moments(finished):
    import xarray as xr

    settings, layout, _ = finished
    with xr.open_dataset(layout.root.local / "sections.nc", engine="scipy") as data:
        velocity = members(layout).astype(float)
        mean = data["mean"].to_numpy()
        there = np.isfinite(mean)
        np.testing.assert_allclose(mean[there], velocity.mean(axis=0)[there], rtol=1e-5)
        assert data["mean"].attrs["units"] == "km s-1"
        assert data.attrs["Conventions"].startswith("CF")
        assert set(data["probability_above_4"].dims) == {"depth", "distance"}
        assert (data["depth_of_3_upper"] >= data["depth_of_3_lower"]).all()
    assert cf_problems(layout.root.local / "sections.nc") == []
    rows = np.genfromtxt(layout.root.local / "sections.csv", delimiter=",", names=True)
    assert rows["mean"].size == there.sum()
    assert verify_stage(TOMOGRAPHY, settings, layout)["partitions"] == 2


_RUN = """
import pickle, sys
from pathlib import Path
from quakeloom.stages.tomography import verbs as stage
from quakeloom.store import RunLayout
settings, root = pickle.loads(Path(sys.argv[1]).read_bytes())
for block in stage.blocks_of(settings.tomography):
    stage.part(settings, RunLayout(root), block.name)
"""


def test_a_process_that_was_killed_is_gone_on_with_to_the_same_ensemble(pick_file, tmp_path):
    """A running process gets SIGKILL between two members; what is done stays as it is."""
    settings = settings_of(pick_file, block_members=1)
    complete = RunLayout(tmp_path / "complete")
    run_all(settings, complete)
    layout = RunLayout(tmp_path / "killed")
    run_all(settings, layout, set())
    job = tmp_path / "job.pickle"
    job.write_bytes(pickle.dumps((settings, layout.root)))
    process = subprocess.Popen([sys.executable, "-c", _RUN, str(job)])
    second = layout.done("tomography", "m00001")
    while process.poll() is None and not second.exists():
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    states = dict(list_partitions(TOMOGRAPHY, layout))
    assert states["m00001"] == "done"
    assert states["m00005"] == "missing"
    with pytest.raises(IncompleteError, match="m00005"):
        stage.finalise(settings, layout)
    kept = layout.done("tomography", "m00000").local.stat().st_mtime_ns
    todo = {b for b, state in states.items() if state != "done"}
    run_all(settings, layout, todo)
    assert layout.done("tomography", "m00000").local.stat().st_mtime_ns == kept
    for name in stage.MEMBER_ARRAYS:
        assert members(layout, name).tobytes() == members(complete, name).tobytes(), name
    stage.finalise(settings, layout)
    assert verify_stage(TOMOGRAPHY, settings, layout)["partitions"] == 6


def test_blocks_in_any_order_give_the_same_ensemble(finished, pick_file, tmp_path):
    _, complete, _ = finished
    settings, layout = settings_of(pick_file), RunLayout(tmp_path / "line")
    run_all(settings, layout, {"m00004"})
    assert dict(list_partitions(TOMOGRAPHY, layout)) == {"m00000": "missing", "m00004": "done"}
    with pytest.raises(IncompleteError, match="m00000"):
        stage.finalise(settings, layout)
    run_all(settings, layout, {"m00000"})
    for name in stage.MEMBER_ARRAYS:
        assert (members(layout, name) == members(complete, name)).all(), name


def test_members_can_be_added_later(finished, pick_file, tmp_path):
    _, complete, _ = finished
    layout = RunLayout(tmp_path / "line")
    run_all(settings_of(pick_file, members=4), layout)
    marker = layout.done("tomography", "m00000").local.stat().st_mtime_ns
    more = settings_of(pick_file)
    plan_run(more, layout)
    stage.init(more, layout)
    assert dict(list_partitions(TOMOGRAPHY, layout)) == {"m00000": "done", "m00004": "missing"}
    stage.part(more, layout, "m00004")
    assert layout.done("tomography", "m00000").local.stat().st_mtime_ns == marker
    np.testing.assert_array_equal(members(layout), members(complete))


@pytest.mark.long
def test_prepared_again_keeps_members_and_changed_settings_replace_them(pick_file, tmp_path):
    settings, layout = settings_of(pick_file, members=4), RunLayout(tmp_path / "line")
    run_all(settings, layout)
    before = members(layout)
    layout.done_step("tomography", "init").remove()
    stage.init(settings, layout)
    np.testing.assert_array_equal(members(layout), before)
    assert [state for _, state in list_partitions(TOMOGRAPHY, layout)] == ["done"]
    other = settings_of(pick_file, members=4, steps=1)
    plan_run(other, layout)
    assert [state for _, state in list_partitions(TOMOGRAPHY, layout)] == ["stale"]
    for _ in range(2):
        run_all(other, layout)
        layout.done_step("tomography", "init").remove()
        stage.init(other, layout)
        assert np.isfinite(members(layout, "chi_square")).all()
        assert (members(layout, "chi_square") > 0).all()


@pytest.mark.slow
def test_one_worker_and_four_give_the_same_members(finished, pick_file, tmp_path):
    _, complete, _ = finished
    settings = settings_of(pick_file, members=4, cluster={"kind": "local", "workers": 4})
    layout = RunLayout(tmp_path / "line")
    run_all(settings, layout)
    for name in stage.MEMBER_ARRAYS:
        assert (members(layout, name) == members(complete, name)[:4]).all(), name


def test_changed_values_are_found_by_verify(finished, pick_file, tmp_path):
    import zarr

    settings, layout = settings_of(pick_file, members=4), RunLayout(tmp_path / "line")
    run_all(settings, layout)
    stage.finalise(settings, layout)
    array = zarr.open_array(str(stage.ensemble_path(layout) / "chi_square"), mode="r+")
    array[1] = 99.0
    with pytest.raises(VerificationError, match="chi_square of block m00000 has changed"):
        verify_stage(TOMOGRAPHY, settings, layout)


@pytest.mark.parametrize("sampler", ["psvgd", "fsvgd"])
def test_particle_samplers_give_the_same_kind_of_ensemble(pick_file, tmp_path, sampler):
    settings = settings_of(
        pick_file, sampler=sampler, members=16, block_members=16, particle_steps=2
    )
    layout = RunLayout(tmp_path / sampler)
    run_all(settings, layout)
    summary = stage.finalise(settings, layout)
    assert summary["sampler"] == sampler
    assert summary["members"] == 16


@pytest.mark.long
def test_report_holds_the_samplers_against_each_other(pick_file, tmp_path):
    """Two ensembles of the same line: numbers in a file and a section on the page."""
    from quakeloom.report import write_line_report

    own = settings_of(pick_file, members=16, block_members=16)
    own = own.model_copy(update={"report": own.report.model_copy(update={"compare": ["other"]})})
    layout = RunLayout(tmp_path / "line")
    other = RunLayout(tmp_path / "line" / "other")
    changes = {"members": 16, "block_members": 16, "sampler": "psvgd", "particle_steps": 4}
    for settings, place in ((own, layout), (settings_of(pick_file, **changes), other)):
        run_all(settings, place)
        stage.finalise(settings, place)
        if place is layout:
            with pytest.raises(IncompleteError, match=r"Case 'other', which .* is not finished"):
                write_line_report(own, layout)
    write_line_report(own, layout)
    found = read_json(layout.root / "agreement.json")["other"]
    assert found["sampler"] == "psvgd"
    assert found["mean_difference_expected"] == pytest.approx(np.sqrt(2 / 16))
    # both are corrected draws of one posterior, so they differ as small ensembles do
    assert found["mean_difference_rms"] < 3 * found["mean_difference_expected"]
    assert 0.6 < found["spread_ratio_median"] < 1.6
    assert "Agreement of the samplers" in read_text(layout.report)


def test_a_part_before_its_plan_or_preparation_is_refused(pick_file, tmp_path):
    settings, layout = settings_of(pick_file), RunLayout(tmp_path / "line")
    with pytest.raises(PlanError, match="no partition 'm00000' in the plan"):
        stage.part(settings, layout, "m00000")
    plan_run(settings, layout)
    with pytest.raises(IncompleteError, match="not prepared"):
        stage.part(settings, layout, "m00000")


def test_missing_files_and_impossible_settings_are_refused(pick_file, tmp_path):
    settings = settings_of(pick_file, picks={"path": "none.csv"})
    with pytest.raises(InputError, match=r"none.csv.*does not exist"):
        plan_run(settings, RunLayout(tmp_path))
    with pytest.raises(SettingsError, match="at least 16"):
        settings_of(pick_file, sampler="psvgd")


def test_what_the_settings_leave_open_is_chosen_once_for_all_members(pick_file, tmp_path):
    """Mean, width and lengths from the picks; workers and later members take what was written."""
    open_prior = {"scale": "log_velocity", "bounds_km_s": [1.0, 9.0]}
    settings = settings_of(pick_file, prior=open_prior, steps=15)
    layout = RunLayout(tmp_path / "line")
    run_all(settings, layout, {"m00000"})
    prior = read_prior(layout)
    assert prior.tried > 4
    assert np.isfinite(prior.log_evidence)
    table = np.array(prior.reference)
    # 2 + 0.5 z below the sea floor
    np.testing.assert_allclose(np.interp(2.0, *table.T), 3.0, rtol=0.2)
    assert read_line(settings, prior).problem.size == members(layout, "white_coordinates").shape[1]
    before = members(layout)[:4]
    run_all(settings, layout)
    summary = stage.finalise(settings, layout)
    np.testing.assert_array_equal(members(layout)[:4], before)
    assert summary["prior"]["lengths_km"] == list(prior.lengths_km)
    assert summary["chi_square_per_datum"] < 1.5
    assert summary["warnings"] == []


@pytest.mark.parametrize(("sampler", "told"), [("rml", False), ("psvgd", True), ("fsvgd", True)])
def test_samplers_that_state_too_little_say_so(sampler, told):
    """Whatever else is right with an ensemble."""
    from quakeloom.stages.tomography.products import _warnings

    words = _warnings({"chi_square_per_datum": 1.0, "spread_ratio": 1.0}, sampler)
    assert [sampler in w and "`rml`" in w for w in words] == [True] * told


def test_an_ensemble_that_does_not_fit_says_so(pick_file, tmp_path):
    """Errors ten times too small: the summary, the page and the command line warn of it."""
    narrow = tmp_path / "narrow.csv"
    head, *rows = pick_file.read_text().splitlines()
    rows = [",".join([*row.split(",")[:5], "0.002"]) for row in rows[:20]]
    narrow.write_text("\n".join([head, *rows]) + "\n")
    (tmp_path / "floor.csv").write_text(pick_file.with_name("floor.csv").read_text())
    stiff = {"reference": [[0, 2.0], [20, 12.0]], "standard_deviation": [[0, 0.05]],
             "lengths_km": [4.0, 20.0], "length_growth": 0.0, "scale": "velocity"}  # fmt: skip
    settings, layout = settings_of(narrow, prior=stiff), RunLayout(tmp_path / "line")
    run_all(settings, layout)
    summary = stage.finalise(settings, layout)
    assert "times their errors" in summary["warnings"][0]
    from quakeloom.report import write_report

    write_report(settings, layout)
    assert "so their spread is too small" in read_text(layout.report)


def test_phases_of_a_file_of_rayinvr_are_told_apart(shared_data):
    """Codes 1 and 5 of the wide-angle line are Pg and Pn, the others reflections (its r.in)."""
    folder = shared_data / "refraction" / "wide-angle"
    given = {"prior": {"reference": [[0, 5.3], [50, 8.1]], "standard_deviation": [[0, 0.2]],
                       "lengths_km": [5, 40], "length_growth": 0.2}}  # fmt: skip
    settings = parse_settings(
        {"name": "line", "data": str(folder), "tomography": {"picks": {"path": "tx.in"}, **given}},
        "test",
    )
    inputs = read_line(settings)
    phases = inputs.problem.picks.phases
    assert set(phases) == {"1", "5"}
    # all of Pg, and Pn from where it overtakes
    assert (phases == "1").sum() >= 1000
    assert 110 <= (phases == "5").sum() <= 130
    reasons = {r.split(":")[0] for r in inputs.rejects.column("reason").to_pylist()}
    assert {f"phase '{code}' is no first arrival" for code in "2346"} <= reasons
