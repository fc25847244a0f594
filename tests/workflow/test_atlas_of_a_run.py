"""The atlas of a run that was computed: every table of it, and what the command refuses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from quakeloom.cli._main import app
from quakeloom.config import load_configuration
from quakeloom.core import IncompleteError, InputError, PlanError
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, read_table

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "atlas"))
from atlas_pages import read_columns, read_names, read_value

EVENTS = 40


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunLayout:
    """A small simulated run from first motions to the map, with hypocenters of the simulation."""
    folder = tmp_path_factory.mktemp("atlas-run")
    settings = {
        "name": "small",
        "simulation": {"preset": "region", "events": EVENTS, "mean_polarities": 25,
                       "start_year": 2019, "end_year": 2020},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "quarter"},
        "mechanism": {"trials": 5, "grid_step_deg": 10},
        "stress": {"grid_step_deg": 0.5},
    }  # fmt: skip
    (folder / "small.yaml").write_text(yaml.safe_dump(settings))
    configuration = load_configuration(folder / "small.yaml")
    plan_configuration(configuration, folder / "results")
    layout = RunLayout(folder / "results" / "small")
    run_here(configuration.cases["small"], layout)
    return layout


def write(run: RunLayout, to: Path):
    return CliRunner().invoke(app, ["atlas", "--run", str(run.root), "--to", str(to)])


def test_the_command_writes_what_the_tables_hold(run, tmp_path):
    done = write(run, tmp_path / "atlas")
    assert done.exit_code == 0, done.output
    mechanisms = read_table(run.table("mechanisms"), "mechanisms").to_pandas()
    stress = read_table(run.table("stress"), "stress").to_pandas()
    solved = int((mechanisms["status"] == "solved").sum())
    assert solved > 5
    assert f"{EVENTS} events, {solved} mechanisms, {len(stress)} nodes" in done.output
    names = read_names(tmp_path / "atlas", "names-0")
    columns = read_columns(tmp_path / "atlas", "events-0")
    rows = mechanisms.set_index("event_id").loc[names]
    assert np.nanmax(np.abs(columns["rake_deg"] - rows["rake_deg"])) <= 0.051
    assert (np.isnan(columns["strike_deg"]) == rows["strike_deg"].isna()).all()
    nodes = read_columns(tmp_path / "atlas", "nodes")
    assert np.abs(nodes["shmax_deg"] - stress["shmax_deg"]).max() <= 0.0051
    assert len(read_columns(tmp_path / "atlas", "roses")["rose"]) == 36 * len(stress)


def test_acceptable_mechanisms_are_those_that_the_run_kept(run, tmp_path):
    """The preferred mechanism of a solved event is near the acceptable ones of the atlas."""
    from quakeloom.core import rotation_angle

    write(run, tmp_path / "atlas")
    names = read_names(tmp_path / "atlas", "names-0")
    details = read_columns(tmp_path / "atlas", "details-0")
    grid = read_columns(tmp_path / "atlas", "grid")
    angles = np.stack([grid[f"{n}_deg"] for n in ("strike", "dip", "rake")], axis=1)
    table = read_table(run.table("mechanisms"), "mechanisms").to_pandas().set_index("event_id")
    first = np.concatenate([[0], np.cumsum(details["accepted_count"])]).astype(int)
    near = []
    for k, name in enumerate(names):
        chosen = details["accepted"][first[k] : first[k + 1]].astype(int)
        row = table.loc[name]
        if row["status"] == "solved":
            assert len(chosen)
            best = row[["strike_deg", "dip_deg", "rake_deg"]].to_numpy(float)
            near.append(np.min(rotation_angle(np.tile(best, (len(chosen), 1)), angles[chosen])))
    # the grid has a step of ten degrees, and the preferred one is an average
    assert np.median(near) < 20.0


def test_first_motions_are_counted_for_every_event(run, tmp_path):
    write(run, tmp_path / "atlas")
    names = read_names(tmp_path / "atlas", "names-0")
    polarities = read_table(run.table("polarities"), "polarities").to_pandas()
    placed = polarities[polarities["azimuth_deg"].notna()]
    counts = placed["event_id"].value_counts()
    told = read_columns(tmp_path / "atlas", "details-0")["reading_count"]
    assert told.tolist() == [counts.get(n, 0) for n in names]


def test_an_atlas_is_replaced_and_another_folder_is_not(run, tmp_path):
    assert write(run, tmp_path / "atlas").exit_code == 0
    assert write(run, tmp_path / "atlas").exit_code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear reader")
    assert isinstance(write(run, tmp_path / "mine").exception, InputError)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear reader"


def test_a_run_that_is_not_finished_is_refused(run, tmp_path):
    stale = run.done_step("stress", "finalise").local
    kept = stale.read_bytes()
    stale.unlink()
    try:
        assert isinstance(write(run, tmp_path / "atlas").exception, IncompleteError)
    finally:
        stale.write_bytes(kept)
    assert not (tmp_path / "atlas").exists()
    nowhere = CliRunner().invoke(
        app, ["atlas", "--run", str(tmp_path / "none"), "--to", str(tmp_path / "atlas")]
    )
    assert isinstance(nowhere.exception, PlanError)


def test_the_page_names_the_run_and_its_digests(run, tmp_path):
    write(run, tmp_path / "atlas")
    meta = read_value(tmp_path / "atlas", "meta")
    assert meta["name"] == "small"
    assert meta["synthetic"]
    provenance = json.loads(run.provenance.local.read_text())
    assert meta["digests"]["settings_digest"] == provenance["settings_digest"]
    assert re.search(provenance["settings_digest"][:12], meta["citation"])
