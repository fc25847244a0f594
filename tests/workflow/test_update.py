"""Kinds of change to a finished run: what is shown before, what runs, the same bytes as anew."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from small_runs import compute_run, quakeloom, write_config, write_month
from test_waveforms import write_config as write_waves
from test_waveforms import write_month as write_traces
from test_waveforms import write_stations

from quakeloom.config import load_configuration
from quakeloom.stages.changes.explained import changed_sentences, explain_partition
from quakeloom.stages.changes.finishing import finish_update
from quakeloom.stages.changes.run_changes import RunChanges
from quakeloom.stages.frame import code_digests
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, open_item

MONTHS = ("2019-01", "2019-02", "2019-04")

STRESS = {"grid_step_deg": 0.5, "reach_km": 50, "planes": "both", "draws": 100}

OPTIONS = {
    "sources": [
        {"path": "events_*.csv", "format": "csv"},
        {"path": "polarities_*.csv", "format": "csv"},
        {"path": "stations.csv", "format": "csv"},
        {"path": "reversals.txt", "format": "hash_reversals"},
    ],
    "stress": STRESS,
}

NOT_COMPARED = (
    "plan/finished.json", "ingest/sources/digests.json", "ingest/archive", "benchmarks", "logs"
)  # fmt: skip
"""What knows of an earlier state, of times of files and the order in which they came, or of how
long it took."""


def write_inputs(folder: Path) -> Path:
    """Three months, stations, and a reversal of S28 that ended before."""
    for month in MONTHS:
        write_month(folder, month)
    write_places(folder)
    (folder / "reversals.txt").write_text("S28  20100101 20181231\n")
    return write_config(folder, **OPTIONS)


def write_places(folder: Path, closed: str = "2030-01-01", elevation: int = 0) -> None:
    """Stations S00 to S27; the last is closed at a time, or lies higher."""
    lines = ["network,station,longitude,latitude,elevation_m,start_time,end_time"]
    for i in range(28):
        end, high = (closed, elevation) if i == 27 else ("2030-01-01", 0)
        lines.append(
            f"XX,S{i:02d},{135 + i / 40:.3f},34.5,{high},2000-01-01T00:00:00Z,{end}T00:00:00Z"
        )
    (folder / "stations.csv").write_text("\n".join(lines) + "\n")


def copy_run(finished: Path, folder: Path) -> Path:
    """Copy inputs and results, with a configuration that reads the copy."""
    shutil.copytree(finished, folder)
    settings = yaml.safe_load((folder / "tiny.yaml").read_text())
    (folder / "tiny.yaml").write_text(yaml.safe_dump({**settings, "data": str(folder)}))
    return folder


def edit(folder: Path, name: str, change: Callable[[list[str]], list[str]]) -> None:
    file = folder / name
    file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")


def months_of(folder: Path, station: str) -> set[str]:
    """Months in which a station has a reading."""
    return {m for m in MONTHS if f",{station}," in (folder / f"polarities_{m}.csv").read_text()}


def revise(lines: list[str]) -> list[str]:
    cells = lines[4].split(",")
    cells[4] = "9.99"
    return [*lines[:4], ",".join(cells), *lines[5:]]


def turn_reading(lines: list[str]) -> list[str]:
    cells = lines[3].split(",")
    cells[4] = str(-int(cells[4]))
    return [*lines[:3], ",".join(cells), *lines[4:]]


def tree(layout: RunLayout) -> dict[str, str]:
    """Digests of all files of a run."""
    root = layout.root.local
    found = {}
    for file in sorted(root.rglob("*")):
        name = str(file.relative_to(root))
        if file.is_file() and not name.startswith(NOT_COMPARED) and not file.name.startswith("."):
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def update_here(path: Path, results: Path) -> tuple[RunChanges, set[str], RunLayout]:
    """Plan, look, run in this process, finish; return what was foreseen and what ran."""
    configuration = load_configuration(path)
    plan_configuration(configuration, results)
    ((name, settings),) = configuration.cases.items()
    layout = RunLayout(results / name)
    changes = RunChanges(settings, layout)
    assert changes.work is not None
    list(changed_sentences(changes))  # rows are read before they are forgotten
    ran: set[str] = set()
    run_here(settings, layout, lambda said: ran.add(said.partition(" (")[0]))
    assert finish_update([(settings, layout)], open_item(results) / name / "ingest" / "sources")
    return changes, ran, layout


def foreseen(changes: RunChanges) -> set[str]:
    return {f"{w.stage}: {p.name}" for w in changes.work for p in (*w.partitions, *w.steps)}


def causes(changes: RunChanges) -> set[str]:
    return {c.sentence() for w in changes.work for p in (*w.partitions, *w.steps) for c in p.causes}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Inputs and results of a run that is wholly computed."""
    folder = tmp_path_factory.mktemp("finished")
    compute_run(write_inputs(folder), folder / "results")
    return folder


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy; the paths of the inputs are the same as in the run from scratch."""
    return copy_run(finished, tmp_path / "run")


GATHERS = {"mechanism: gathering", "stations: one", "stress: gathering"}


def parts(*months: str) -> set[str]:
    return {f"{stage}: {m}" for m in months for stage in ("mechanism", "stress")}


def add_month(folder: Path) -> set[str]:
    write_month(folder, "2019-05")
    return parts("2019-05") | GATHERS


def revise_event(folder: Path) -> set[str]:
    edit(folder, "events_2019-02.csv", revise)
    return parts("2019-02") | GATHERS


def withdraw_event(folder: Path) -> set[str]:
    """The last of its file, so that no other event stands elsewhere in it; with its readings."""
    edit(folder, "events_2019-04.csv", lambda lines: lines[:-1])
    edit(
        folder,
        "polarities_2019-04.csv",
        lambda lines: [x for x in lines if not x.startswith("ev2019-04-009,")],
    )
    return parts("2019-04") | GATHERS


def withdraw_month(folder: Path) -> set[str]:
    (folder / "events_2019-04.csv").unlink()
    (folder / "polarities_2019-04.csv").unlink()
    return GATHERS


def change_reading(folder: Path) -> set[str]:
    edit(folder, "polarities_2019-01.csv", turn_reading)
    return parts("2019-01") | GATHERS


def move_station(folder: Path) -> set[str]:
    write_places(folder, elevation=900)
    return parts(*months_of(folder, "S27")) | GATHERS


def close_epoch(folder: Path) -> set[str]:
    write_places(folder, closed="2018-01-01")
    return parts(*months_of(folder, "S27")) | GATHERS


def reverse_station(folder: Path) -> set[str]:
    (folder / "reversals.txt").write_text("S28  20100101 20191231\n")
    return parts(*months_of(folder, "S28")) | GATHERS


def set_reach(folder: Path) -> set[str]:
    write_config(folder, **{**OPTIONS, "stress": {**STRESS, "reach_km": 55}})
    return {"stress: gathering"}


def set_trials(folder: Path) -> set[str]:
    write_config(folder, **{**OPTIONS, "mechanism": {"trials": 12}})
    return parts(*MONTHS) | GATHERS | {"mechanism: opening"}


KINDS = {
    "events added": (add_month, "input: events: 10 added; polarities:"),
    "event revised": (revise_event, "input: events: 1 revised"),
    "event withdrawn": (withdraw_event, "input: events: 1 withdrawn; polarities:"),
    "month withdrawn": (withdraw_month, "input: events: 10 withdrawn; polarities:"),
    "reading changed": (change_reading, "input: polarities: 1 revised"),
    "station moved": (move_station, "input: stations: 1 revised"),
    "epoch closed": (close_epoch, "input: stations: 1 revised"),
    "reversal table": (reverse_station, "input: reversals: 1 revised"),
    "setting of the map": (set_reach, "setting: stress.reach_km 50.0 -> 55.0"),
    "setting of a search": (set_trials, "setting: mechanism.trials 10 -> 12"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_runs_and_the_end_is_that_from_scratch(run, kind):
    change, cause = KINDS[kind]
    expected = change(run)
    changes, ran, layout = update_here(run / "tiny.yaml", run / "results")
    assert foreseen(changes) == expected
    assert ran == expected
    assert any(c.startswith(cause) for c in causes(changes)), causes(changes)
    anew = compute_run(run / "tiny.yaml", run / "anew")
    assert tree(layout) == tree(anew)
    # and then there is nothing to do
    again, ran, _ = update_here(run / "tiny.yaml", run / "results")
    assert not again.work
    assert not ran


def test_code_of_one_stage(run, monkeypatch):
    """One module of the stress stage reads otherwise: its stage runs, and no other."""
    read = code_digests._read
    monkeypatch.setattr(
        code_digests,
        "_read",
        lambda path: read(path) + (b"#" if path.match("stages/stress/sums.py") else b""),
    )
    changes, ran, layout = update_here(run / "tiny.yaml", run / "results")
    only_stress = {"stress: gathering", *(f"stress: {m}" for m in MONTHS)}
    assert foreseen(changes) == ran == only_stress
    assert {c.partition(" ")[2].partition(" ")[0] for c in causes(changes)} == {
        "quakeloom.stages.stress.sums"
    }
    assert tree(layout) == tree(compute_run(run / "tiny.yaml", run / "anew"))


@pytest.mark.long
def test_one_trace_of_the_archive(tmp_path):
    """A waveform file of one month is another: its windows and all that follows, no other month."""
    places = write_stations(tmp_path)
    for month in ("2019-01", "2019-02"):
        write_traces(tmp_path, month, places)
    path = write_waves(tmp_path)
    compute_run(path, tmp_path / "results")
    archive = tmp_path / "archive" / "2019-02"
    shutil.copy(archive / "S1.HHZ.mseed", archive / "S2.HHZ.mseed")
    changes, ran, layout = update_here(path, tmp_path / "results")
    assert foreseen(changes) == ran
    work = {w.stage: [p.name for p in w.partitions] for w in changes.work}
    month = ["2019-02"]
    assert work == {
        **dict.fromkeys(("window", "pick", "polarity", "mechanism"), month),
        "stations": ["one"],
    }
    assert causes(changes) == {"input: archive files: 1 revised"}
    assert tree(layout) == tree(compute_run(path, tmp_path / "anew"))


def test_an_explanation_ends_at_the_row(run):
    edit(run, "events_2019-02.csv", revise)
    before = (run / "events_2019-02.csv").read_text()
    configuration = load_configuration(run / "tiny.yaml")
    plan_configuration(configuration, run / "results")
    changes = RunChanges(configuration.cases["tiny"], RunLayout(run / "results" / "tiny"))
    lines = [line for _, line in explain_partition(changes, "stress", "2019-02")]
    assert lines[0] == "reads stage mechanism, whose plan has changed"
    row = "events: revised ev2019-02-003: depth_km "
    assert any(x.startswith(row) and "-> 9.99 (events_2019-02.csv, line 5)" in x for x in lines)
    assert [x for _, x in explain_partition(changes, "stress", "2019-01")] == [
        "is done: nothing that decides its result has changed"
    ]
    assert before == (run / "events_2019-02.csv").read_text()


def test_an_update_that_did_not_end_goes_on(run):
    """Planned, not run, changed again: told against the finished state, not the plan between."""
    edit(run, "events_2019-02.csv", revise)
    plan_configuration(load_configuration(run / "tiny.yaml"), run / "results")
    edit(run, "events_2019-01.csv", revise)
    changes, ran, layout = update_here(run / "tiny.yaml", run / "results")
    assert parts("2019-01", "2019-02") <= ran == foreseen(changes)
    assert "input: events: 2 revised" in causes(changes)
    assert tree(layout) == tree(compute_run(run / "tiny.yaml", run / "anew"))


@pytest.mark.long
def test_the_command_shows_and_runs_by_snakemake(run):
    """A reading changed: shown as text and JSON, run, and the report is made; then nothing."""
    edit(run, "polarities_2019-01.csv", turn_reading)
    where = ("--config", run / "tiny.yaml", "--results", run / "results")
    shown = quakeloom("update", *where, "--dry-run").stdout
    assert "polarities: 1 revised" in shown
    assert "1 of 3: 2019-01" in shown
    work = json.loads(quakeloom("update", *where, "--json").stdout)["tiny"]["work"]
    assert [w["partitions"] for w in work if w["stage"] == "mechanism"] == [
        ["2019-01"],
        ["gathering"],
    ]
    told = quakeloom("update", *where, "--explain", "mechanism", "2019-01").stdout
    assert "polarity" in told
    assert "polarities_2019-01.csv, line 4" in told
    quakeloom("update", *where, "--cores", "2")
    layout = RunLayout(run / "results" / "tiny")
    assert layout.report.exists()
    assert "nothing must run" in quakeloom("update", *where, "--dry-run").stdout
    anew = compute_run(run / "tiny.yaml", run / "anew")
    found, wanted = tree(layout), tree(anew)
    # of other names of the results' folder, and of the report
    for name in ("plan.json", "plan/report.page.json", "report.html", "snakemake.log"):
        found.pop(name, None)
        wanted.pop(name, None)
    assert found == wanted
