"""Runs that find their own events: day by day, in any order, and one more day."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from small_runs import quakeloom

from quakeloom.config import load_configuration
from quakeloom.core import InputError, SettingsError, geographic_position
from quakeloom.formats import write_csv
from quakeloom.report import magnitude_section
from quakeloom.schema import make_table
from quakeloom.simulate import simulate_pick_days
from quakeloom.stages.associate import ASSOCIATE
from quakeloom.stages.associate.borders import settle_border
from quakeloom.stages.frame.chains import find_chain, finder_of
from quakeloom.stages.frame.verbs import list_partitions, verify_stage
from quakeloom.stages.planning import plan_configuration, plan_found
from quakeloom.stages.run_here import run_here, run_stage_here
from quakeloom.store import RunLayout, read_json, read_table

START = np.datetime64("2019-07-03T22:30:00", "ns")
DAYS = ("2019-07-03", "2019-07-04", "2019-07-05")
TABLES = ("associations", "assignments", "unassigned_picks")


@cache
def network():
    side = np.linspace(-40.0, 40.0, 5)
    return np.array([[0.0, north, east] for north in side for east in side])


@cache
def picks():
    """Picks of 27 hours that hold two midnights, most of them within 90 minutes of these."""
    box = np.array([[2.0, 20.0], [-40.0, 40.0], [-40.0, 40.0]])

    def travel(phase, away, depth):
        return np.hypot(away, depth) / (6.0 if phase == 0 else 6.0 / 1.73)

    rows, events = [], []
    for seed, start_s in ((3, 0.0), (4, 86_400.0)):
        made = simulate_pick_days(network(), box, travel, 20, 0.3, seed, 3.0 / 24.0)
        rows.append((made.station, made.phase, made.time_s + start_s))
        events.append((made.origin_s + start_s, *made.place.T))
    return tuple(
        tuple(np.concatenate(column) for column in zip(*parts, strict=True))
        for parts in (rows, events)
    )


def write_days(folder: Path, days: tuple[str, ...], *, reverse: bool = False) -> Path:
    """Write stations, and picks in a file a day, with a configuration that reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    longitude, latitude = geographic_position(13.0, 42.5, *network()[:, 1:].T)
    names = [f"S{i:02d}" for i in range(len(network()))]
    stations = make_table("stations", {
        "network": ["XX"] * len(names), "station": names, "longitude": longitude,
        "latitude": latitude, "elevation_m": np.zeros(len(names)),
    })  # fmt: skip
    write_csv(stations, folder / "stations.csv")
    station, phase, seconds = picks()[0]
    time = START + (seconds * 1e9).astype("timedelta64[ns]")
    for day in days:
        here = np.flatnonzero(time.astype("datetime64[D]") == np.datetime64(day))
        table = make_table("picks", {
            "network": ["XX"] * here.size, "station": [names[i] for i in station[here]],
            "phase": ["PS"[i] for i in phase[here]], "time": time[here],
            "uncertainty_s": np.full(here.size, 0.4), "probability": np.full(here.size, 0.8),
        })  # fmt: skip
        write_csv(table, folder / f"picks-{day}.csv")
    (folder / "model.csv").write_text(
        "depth_km,vp_km_s,vs_km_s\n0,6.0,3.468\n40,6.0,3.468\n", encoding="utf-8"
    )
    ordered = sorted(days, reverse=reverse)
    settings = {
        "name": "found", "data": str(folder),
        "sources": [{"path": "stations.csv"}, *({"path": f"picks-{d}.csv"} for d in ordered)],
        "takeoff": {"models": ["model.csv"], "angles": "ensemble"},
        "associate": {"minimum_picks": 8},
        "locate": {"models": ["model.csv"], "members": 0, "draws": 10, "station_iterations": 0},
        "magnitude": {},
        "partition": {"calendar": "all"},
        "storage": {"shard_events": 16, "chunk_events": 4}, "cluster": {"block_events": 16},
    }  # fmt: skip
    path = folder / "found.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def write_catalog(folder: Path, day: str) -> None:
    """Write the true events of a day as a catalog, but the last, and one that never was."""
    seconds, depth, north, east = picks()[1]
    time = START + (seconds * 1e9).astype("timedelta64[ns]")
    here = np.flatnonzero(time.astype("datetime64[D]") == np.datetime64(day))[:-1]
    longitude, latitude = geographic_position(13.0, 42.5, north[here], east[here])
    catalog = make_table("events", {
        "event_id": [*(f"true{i}" for i in here), "never"],
        "origin_time": [*time[here], np.datetime64(day, "ns") + np.timedelta64(1, "h")],
        "longitude": [*longitude, 13.0], "latitude": [*latitude, 42.5],
        "depth_km": [*depth[here], 5.0],
    })  # fmt: skip
    write_csv(catalog, folder / "catalog.csv")


def associate(config: Path, results: Path) -> tuple[RunLayout, list[str]]:
    """Plan and associate in this process; return the run and the days that had to run."""
    configuration = load_configuration(config)
    plan_configuration(configuration, results)
    layout = RunLayout(results / "found")
    waiting = [day for day, state in list_partitions(ASSOCIATE, layout) if state != "done"]
    run_stage_here(ASSOCIATE, configuration.cases["found"], layout)
    return layout, waiting


def contents(layout: RunLayout) -> dict[str, bytes]:
    return {t: layout.table(t).local.read_bytes() for t in TABLES}


@pytest.fixture(scope="module")
def three_days(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    return associate(write_days(folder / "data", DAYS), folder / "results")[0]


def test_events_at_midnight_are_found_once_and_every_pick_has_one_row(three_days):
    events, assigned, left = (read_table(three_days.table(t), t) for t in TABLES)
    assert 36 <= events.num_rows <= 40  # of 40
    assert pc.count_distinct(events.column("event_id")).as_py() == events.num_rows
    keys = ["network", "station", "phase", "time"]
    rows = pa.concat_tables([assigned.select(keys), left.select(keys)])
    assert rows.num_rows == picks()[0][0].size
    assert rows.group_by(keys).aggregate([]).num_rows == rows.num_rows


def test_one_more_day_runs_itself_and_its_neighbor_and_gives_the_bytes_of_all(three_days, tmp_path):
    layout, first = associate(write_days(tmp_path / "data", DAYS[:2]), tmp_path / "results")
    assert first == list(DAYS[:2])
    before = read_table(layout.table("associations"), "associations")
    _, ran = associate(write_days(tmp_path / "data", DAYS), tmp_path / "results")
    assert ran == list(DAYS[1:])
    assert contents(layout) == contents(three_days)
    ids = set(read_table(layout.table("associations"), "associations")["event_id"].to_pylist())
    old = [
        (e, t) for e, t in zip(before["event_id"].to_pylist(), before["origin_time"].to_pylist(),
                               strict=True)
    ]  # fmt: skip
    gone = [t for e, t in old if e not in ids]
    # events that reach over the end of the picks are whole, and named anew, with the next day
    assert all(t.strftime("%H:%M") >= "23:58" for t in gone)
    assert len(gone) <= 1


def test_the_order_of_files_changes_no_byte(three_days, tmp_path):
    layout, _ = associate(write_days(tmp_path / "data", DAYS, reverse=True), tmp_path / "results")
    assert contents(layout) == contents(three_days)


def test_events_found_go_on_to_hypocenters_and_a_second_plan_has_nothing_to_do(tmp_path):
    config = write_days(tmp_path / "data", DAYS[:1])
    write_catalog(tmp_path / "data", DAYS[0])
    given = yaml.safe_load(config.read_text())
    given["sources"].append({"path": "catalog.csv"})
    config.write_text(yaml.safe_dump({**given, "merge": {}}))
    configuration = load_configuration(config)
    settings, results = configuration.cases["found"], tmp_path / "results"
    plan = plan_configuration(configuration, results)
    stages = plan["runs"]["found"]["stages"]
    assert [n for n, s in stages.items() if "partitions" in s] == ["associate"]
    assert stages["locate"] == {"found_by": "associate"}
    layout = RunLayout(results / "found")
    run_here(settings, layout)
    found = read_table(layout.table("associations"), "associations")
    located = read_table(layout.table("hypocenters"), "hypocenters")
    assert located["event_id"].to_pylist() == found["event_id"].to_pylist()
    assert set(located["status"].to_pylist()) == {"located"}
    matches = read_table(layout.table("matches"), "matches").to_pylist()
    status = [r["match_status"] for r in matches]
    in_catalog = [r for r in matches if r["catalog_event_id"]]
    assert status.count("same") >= len(in_catalog) - 2
    assert {r["match_status"] for r in matches if r["catalog_event_id"] == "never"} == {
        "catalog_only"
    }
    assert status.count("same") + status.count("new") == found.num_rows
    measured = read_table(layout.table("magnitudes"), "magnitudes")
    assert measured["event_id"].to_pylist() == found["event_id"].to_pylist()
    # these picks carry no amplitudes
    assert set(measured["magnitude_status"].to_pylist()) == {"no_amplitude"}
    section = magnitude_section(settings, layout)
    assert "have a magnitude (ML_hutton_boore)" in str(section.blocks[0].text)
    for stage in find_chain(settings).stages:
        if stage.runs(settings):
            verify_stage(stage, settings, layout)
    content = layout.plan_step("found", "associate").digest()
    plan_configuration(configuration, results)
    plan_found(settings, layout, "associate")
    assert layout.plan_step("found", "associate").digest() == content
    for name in ("associate", "locate", "mechanism"):
        stage = next(s for s in find_chain(settings).stages if s.name == name)
        assert {state for _, state in list_partitions(stage, layout)} == {"done"}
    assert read_json(layout.plan_step("found", "associate"))["events"] == found.num_rows


def test_a_dry_run_is_exact_up_to_the_events(tmp_path):
    config = write_days(tmp_path, DAYS)
    said = quakeloom("run", "--config", config, "--results", tmp_path / "r", "--dry-run").stdout
    jobs = dict(re.findall(r"^(associate|associate_finalise|found|locate)\s+(\d+)$", said, re.M))
    assert jobs == {"associate": "3", "associate_finalise": "1", "found": "1"}


def test_only_what_goes_before_the_events_is_planned_before(tmp_path):
    settings = load_configuration(write_days(tmp_path, DAYS[:1])).cases["found"]
    finders = {s.name: finder_of(s, settings) for s in find_chain(settings).stages}
    assert finders["associate"] == finders["ingest"] == ""
    assert {finders[n] for n in ("takeoff", "locate", "mechanism", "stations")} == {"associate"}


def test_a_run_without_picks_or_stations_is_refused(tmp_path):
    config = write_days(tmp_path, DAYS[:1])
    settings = yaml.safe_load(config.read_text())
    for sources, word in (
        ([{"path": "stations.csv"}], "no picks to associate"),
        ([{"path": f"picks-{DAYS[0]}.csv"}], "no stations"),
    ):
        config.write_text(yaml.safe_dump({**settings, "sources": sources}))
        with pytest.raises(InputError, match=word):
            plan_configuration(load_configuration(config), tmp_path / "results")
    config.write_text(yaml.safe_dump({k: v for k, v in settings.items() if k != "locate"}))
    with pytest.raises(SettingsError, match="must be located"):
        load_configuration(config)


def test_a_pick_that_two_days_want_is_the_likelier_events():
    def day(event, odds, stations):
        associations = make_table("associations", {
            "event_id": [event], "event_log_odds": [odds], "pick_count_p": [len(stations)],
        })  # fmt: skip
        count = len(stations)
        rows = {
            "network": ["XX"] * count, "station": stations, "phase": ["P"] * count,
            "time": [np.datetime64("2019-07-04", "ns")] * count,
        }  # fmt: skip
        assignments = make_table("assignments", {"event_id": [event] * len(stations), **rows})
        none = make_table("unassigned_picks", {"station": []}, rows=0)
        return {"associations": associations, "assignments": assignments, "unassigned_picks": none}

    weak, strong = day("a", 5.0, list("ABCDEFGH")), day("b", 9.0, list("HIJKLMN"))
    before, after = settle_border(weak, strong, 5)
    assert before["assignments"]["station"].to_pylist() == list("ABCDEFG")
    assert before["associations"]["pick_count_p"].to_pylist() == [7]
    assert after["assignments"]["station"].to_pylist() == list("HIJKLMN")
    twice = day("c", 5.0, list("HIJKLQR"))
    before, after = settle_border(twice, strong, 5)
    assert before["associations"].num_rows == 0
    assert before["unassigned_picks"]["station"].to_pylist() == ["Q", "R"]
