"""Trouble of the machine, and changes in the middle of the work: never a wrong number."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_runs import compute_run

from quakeloom.config import load_configuration
from quakeloom.core import PlanError, VerificationError
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.partition_states import open_part, partition_states
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.frame.stage import ONE
from quakeloom.stages.frame.verbs import finalise_stage, run_part, stage_settings
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.stages.stress.sums import read_acceptance
from quakeloom.store import RunLayout, open_item, read_json

EXAMPLES = sorted((Path(__file__).parents[2] / "config").glob("*.yaml"))
"""Configurations that come with quakeloom."""


def write_run(folder: Path, **changes) -> Path:
    """Write events with given angles and a configuration; changes are groups of settings."""
    r = np.random.default_rng(0)
    events = ["event_id,origin_time,longitude,latitude,depth_km"]
    readings = ["event_id,station,polarity,azimuth_deg,takeoff_deg"]
    for i in range(4):
        events.append(f"e{i},2019-03-01T00:00:00Z,135,35,10")
        for s in range(16):
            azimuth, takeoff = r.uniform(0, 360), r.uniform(20, 160)
            sign = 1 if np.sin(np.radians(2 * azimuth)) > 0 else -1
            readings.append(f"e{i},S{s:02d},{sign},{azimuth:.0f},{takeoff:.0f}")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    (folder / "readings.csv").write_text("\n".join(readings) + "\n")
    settings = {
        "name": "trouble", "data": str(folder), "partition": {"calendar": "all"},
        "sources": [{"path": "events.csv"}, {"path": "readings.csv"}],
        "takeoff": {"angles": "given"}, **changes,
        "mechanism": {"trials": 4, "grid_step_deg": 20, **changes.get("mechanism", {})},
    }  # fmt: skip
    path = folder / "trouble.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def plan(path: Path, results: Path):
    configuration = load_configuration(path)
    plan_configuration(configuration, results)
    ((name, settings),) = configuration.cases.items()
    return settings, RunLayout(results / name)


def test_a_setting_changed_while_a_partition_is_computed_is_refused(tmp_path):
    settings, layout = plan(write_run(tmp_path), tmp_path / "results")
    with (
        pytest.raises(PlanError, match="changed while it was computed"),
        open_part(layout, "mechanism", "all"),
    ):
        plan(write_run(tmp_path, mechanism={"trials": 5}), tmp_path / "results")
    assert partition_states(layout, "mechanism") == [("all", "missing")]
    with pytest.raises(PlanError, match="not those of its plan"):
        run_part(find_stage("mechanism"), settings, layout, "all")


def test_a_plan_that_changes_while_a_stage_is_gathered_is_refused(tmp_path, monkeypatch):
    path = write_run(tmp_path)
    layout = compute_run(path, tmp_path / "results")
    settings = read_settings(layout)
    stage = find_stage("mechanism")
    own = stage.verb("finalise")

    def slow(*arguments):
        own(*arguments)
        plan(write_run(tmp_path, mechanism={"trials": 5}), tmp_path / "results")

    monkeypatch.setattr(stage.load(), "finalise", slow)
    with pytest.raises(PlanError, match="changed while"):
        finalise_stage(stage, settings, layout)
    assert not layout.done_step("mechanism", "finalise").exists()


@pytest.mark.parametrize("path", EXAMPLES, ids=[p.stem for p in EXAMPLES])
def test_settings_that_a_run_keeps_are_those_that_were_planned(path):
    from quakeloom.config import parse_settings
    from quakeloom.stages.frame.chains import find_chain, taken_settings

    for name, settings in load_configuration(path).cases.items():
        if not find_chain(settings).page:
            continue
        kept = parse_settings(yaml.safe_load(yaml.safe_dump(taken_settings(settings))), name)
        for stage in run_stages(settings):
            assert stage_settings(stage, kept) == stage_settings(stage, settings), stage.name


def test_accepted_sets_that_are_no_longer_stored_are_removed_and_not_read(tmp_path):
    layout = compute_run(write_run(tmp_path), tmp_path / "results")
    assert read_acceptance(layout, "all")[0] is not None
    marker = layout.done("mechanism", "all")
    kept = marker.local.read_bytes()
    marker.local.write_text('{"plan": "", "digests": {}}')
    assert read_acceptance(layout, "all")[0] is None  # the sets of another computation
    marker.local.write_bytes(kept)
    compute_run(write_run(tmp_path, storage={"acceptance": False}), tmp_path / "results")
    assert not layout.accepted.exists()


def test_short_memory_is_no_result(tmp_path, monkeypatch):
    import quakeloom.stages.mechanism.blocks as blocks

    def fail(*_):
        raise MemoryError("no memory")

    settings, layout = plan(write_run(tmp_path), tmp_path / "results")
    monkeypatch.setattr(blocks, "find_mechanisms", fail)
    with pytest.raises(MemoryError):
        run_here(settings, layout)
    assert partition_states(layout, "mechanism") == [("all", "missing")]


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_a_damaged_chunk_of_takeoff_tables_is_no_result(tmp_path, damage):
    from quakeloom.stages.takeoff.reading import read_tables

    model = {"takeoff": {"models": ["generic_crust"], "maximum_depth_km": 20, "table_step_km": 5}}
    settings, layout = plan(write_run(tmp_path, **model), tmp_path / "results")
    run_part(find_stage("takeoff"), settings, layout)
    assert read_tables(layout)
    files = layout.part("takeoff", ONE).local.rglob("*")
    chunk = next(p for p in files if p.is_file() and "/takeoff_deg/c/" in p.as_posix())
    if damage == "missing":
        chunk.unlink()
    else:
        chunk.write_bytes(b"")
    with pytest.raises(VerificationError, match="has changed"):
        read_tables(layout)


@pytest.mark.parametrize("damage", ["removed", "emptied"])
def test_every_marker_that_is_lost_or_emptied_is_made_again(tmp_path, damage):
    path = write_run(tmp_path, stress={"grid_step_deg": 0})
    layout = compute_run(path, tmp_path / "results")
    before = layout.table("mechanisms").digest()
    markers = sorted((layout.root / "parts").local.rglob("*.json"))
    assert len(markers) > 3
    for marker in markers:
        marker.unlink() if damage == "removed" else marker.write_bytes(b"")
    compute_run(path, tmp_path / "results")
    assert layout.table("mechanisms").digest() == before
    assert all(read_json(open_item(m)) for m in markers)


def test_markers_that_were_swapped_are_made_again(tmp_path):
    path = write_run(tmp_path, partition={"calendar": "month"})
    events = tmp_path / "events.csv"
    events.write_text(events.read_text().replace("e2,2019-03", "e2,2019-04"))
    layout = compute_run(path, tmp_path / "results")
    before = layout.table("mechanisms").digest()
    one, two = (layout.done("mechanism", month).local for month in ("2019-03", "2019-04"))
    text = one.read_text(), two.read_text()
    one.write_text(text[1])
    two.write_text(text[0])
    compute_run(path, tmp_path / "results")
    assert (one.read_text(), two.read_text()) == text
    assert layout.table("mechanisms").digest() == before


def test_accepted_sets_that_were_deleted_are_made_again(tmp_path):
    path = write_run(tmp_path)
    layout = compute_run(path, tmp_path / "results")
    digest = layout.accepted.digest()
    layout.accepted.remove()
    compute_run(path, tmp_path / "results")
    assert layout.accepted.digest() == digest


@pytest.mark.parametrize("damage", ["cut", "one byte", "chunk gone"])
def test_results_that_were_changed_after_their_marker_are_made_again(tmp_path, damage):
    """A damaged table or chunk would else stay for ever: its marker is there."""
    path = write_run(tmp_path)
    layout = compute_run(path, tmp_path / "results")
    root = layout.root.local
    chunk = next(p for p in root.glob("accepted.zarr/all/*/c/**/*") if p.is_file())
    files = [root / "mechanisms.parquet", root / "parts/mechanism/all/solutions.parquet", chunk]
    before = [file.read_bytes() for file in files]
    for file, content in zip(files, before, strict=True):
        half = len(content) // 2
        if damage == "chunk gone":
            chunk.unlink(missing_ok=True)
        elif damage == "cut":
            file.write_bytes(content[:half])
        else:
            file.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])
    compute_run(path, tmp_path / "results")
    assert [file.read_bytes() for file in files] == before


def test_times_in_the_future_become_the_present(tmp_path):
    path = write_run(tmp_path)
    layout = compute_run(path, tmp_path / "results")
    ahead = time.time() + 86_400
    for file in (tmp_path / "results").rglob("*"):
        os.utime(file, (ahead, ahead))
    plan(write_run(tmp_path, mechanism={"trials": 5}), tmp_path / "results")
    marker = layout.done("mechanism", "all").local.stat().st_mtime
    assert marker < layout.plan("mechanism", "all").local.stat().st_mtime < ahead - 80_000


def test_two_commands_do_not_work_in_one_folder(tmp_path):
    folder = open_item(tmp_path / "run")
    with folder.claim() as first, folder.claim() as second:
        assert first
        assert not second
    with folder.claim() as again:
        assert again


def test_a_description_makes_the_page_anew_and_nothing_else(tmp_path):
    _, layout = plan(write_run(tmp_path), tmp_path / "results")
    before = plans_of(layout)
    plan(write_run(tmp_path, description="another"), tmp_path / "results")
    assert changed(before, plans_of(layout)) == {"report.page.json", "settings.yaml"}


def test_a_station_without_readings_makes_no_partition_anew(tmp_path):
    """Its place goes into the tables of the run, which are gathered again."""
    _, layout = plan(write_run(tmp_path), tmp_path / "results")
    before = plans_of(layout)
    (tmp_path / "place.csv").write_text("station,longitude,latitude\nNEW,135,35\n")
    sources = [{"path": f} for f in ("events.csv", "readings.csv", "place.csv")]
    plan(write_run(tmp_path, sources=sources), tmp_path / "results")
    found = changed(before, plans_of(layout))
    assert "mechanism.finalise.json" in found
    assert "stations/one.json" in found
    assert not [name for name in found if name.startswith("mechanism/")]


def plans_of(layout: RunLayout) -> dict[str, bytes]:
    folder = layout.root.local / "plan"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
