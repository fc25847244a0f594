"""Locating in the workflow: same bytes whatever the partitions, rounds, bad input, the command."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from small_runs import quakeloom, write_config

from quakeloom.config import Locate, load_configuration
from quakeloom.core import IncompleteError, InputError, VerificationError
from quakeloom.report import RunResults
from quakeloom.report._collecting import _location
from quakeloom.report._location_section import location_section
from quakeloom.stages.frame.verbs import list_partitions, verify_stage
from quakeloom.stages.locate import LOCATE as STAGE
from quakeloom.stages.locate import verbs as locate
from quakeloom.stages.locate.catalog import locate_catalog, read_location_inputs
from quakeloom.stages.locate.term_rounds import correction_rounds
from quakeloom.stages.mechanism import verbs as mechanism
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_stage_here
from quakeloom.store import RunLayout, open_array, open_item, read_table, write_bytes

LOCATE = {
    "models": ["model.txt"],
    "members": 3,
    "maximum_depth_km": 25,
    "maximum_distance_km": 60,
    "radius_km": 40,
    "table_step_km": 2,
    "draws": 8,
}
SPEED = 6.0


def write_picks(folder: Path, bad: bool = False, count: int = 6, east: float = SPEED) -> None:
    """Write events, P and S picks, stations and a model: 6 km/s everywhere, Vp/Vs of 1.73.

    East of 135 degrees velocity may be another; rays are straight all the same.
    """
    random = np.random.default_rng(4)
    stations = [(f"S{i}", *random.uniform(-0.2, 0.2, 2)) for i in range(8)]
    with (folder / "stations.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["network", "station", "longitude", "latitude", "elevation_m"])
        out.writerows(["XX", s, f"{135 + x:.4f}", f"{35 + y:.4f}", "0"] for s, x, y in stations)
    (folder / "model.txt").write_text("0 6.0\n20 6.0\n20 6.5\n40 6.5\n")
    with (
        (folder / "events_all.csv").open("w", newline="") as a,
        (folder / "picks_all.csv").open("w", newline="") as b,
    ):
        events, picks = csv.writer(a), csv.writer(b)
        events.writerow(["event_id", "origin_time", "longitude", "latitude", "depth_km"])
        picks.writerow(["event_id", "network", "station", "phase", "time", "uncertainty_s"])
        for i in range(count):
            month = 1 + i // 3 % 12
            x, y, z = *random.uniform(-0.1, 0.1, 2), random.uniform(6, 14)
            name, origin = f"e{i}", np.datetime64(f"2011-{month:02d}-{10 + i % 18}T01:00:00", "ns")
            events.writerow([name, f"{origin}Z", f"{135 + x:.3f}", f"{35 + y:.3f}", f"{z:.1f}"])
            for j, (station, sx, sy) in enumerate(stations):
                away, north = (sx - x) * 91.29, (sy - y) * 110.94
                share = np.mean(x + (np.arange(200) + 0.5) / 200 * (sx - x) > 0)
                slow = share / east + (1.0 - share) / SPEED
                time = np.sqrt(away**2 + north**2 + z**2) * slow
                for phase, factor in (("P", 1.0), ("S", 1.73)):
                    if bad and i == 0 and j > 0:
                        continue
                    late = 86400.0 if bad and i == 1 and j == 0 else 0.0
                    if bad and i == 2 and j == 0 and phase == "S":
                        factor = 0.5
                    at = origin + np.timedelta64(int((time * factor + late) * 1e9), "ns")
                    picks.writerow([name, "XX", station, phase, f"{at}Z", "0.05"])
                    if bad and i == 1 and j == 1 and phase == "P":
                        again = at + np.timedelta64(100, "ms")
                        picks.writerow([name, "XX", station, phase, f"{again}Z", "0.5"])


def configuration(folder: Path, **changes):
    return load_configuration(
        write_config(
            folder,
            **{
                "sources": [
                    {"path": "events_*.csv", "format": "csv"},
                    {"path": "picks_*.csv", "format": "csv"},
                    {"path": "stations.csv", "format": "csv"},
                ],
                "locate": LOCATE,
                **changes,
            },
        )
    )


def compute(folder: Path, results: Path, **changes) -> RunLayout:
    """Run the stage in this process."""
    plan_configuration(settings := configuration(folder, **changes), results)
    ((name, values),) = settings.cases.items()
    layout = RunLayout(results / name)
    run_stage_here(STAGE, values, layout)
    return layout


def draws(layout: RunLayout) -> dict[str, np.ndarray]:
    found = {}
    for group in locate.draws_folder(layout).children():
        table = read_table(layout.part("locate", group.name) / "hypocenters.parquet", "hypocenters")
        rows = np.asarray(open_array(group, "draw_depth_km")[...])
        found.update(zip(table.column("event_id").to_pylist(), rows, strict=True))
    return found


def test_partitions_and_blocks_do_not_change_a_byte(tmp_path):
    write_picks(tmp_path)
    months = compute(tmp_path, tmp_path / "a")
    whole = compute(tmp_path, tmp_path / "b", partition={"calendar": "all"})
    for name in ("hypocenters", "arrivals"):
        first, second = (read_table(x.table(name), name) for x in (months, whole))
        for column in first.column_names:
            values = [t.column(column).to_numpy() for t in (first, second)]
            assert values[0].tobytes() == values[1].tobytes() or (
                values[0].dtype == object and values[0].tolist() == values[1].tolist()
            )
    table = read_table(months.table("hypocenters"), "hypocenters")
    assert set(table.column("status").to_pylist()) == {"located"}
    one, other = draws(months), draws(whole)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[k], other[k]) for k in one)
    events = read_table(months.rows("2011-01") / "events.parquet", "events")
    depth = table.column("depth_km").to_numpy()[:3] - events.column("depth_km").to_numpy()
    assert np.abs(depth).max() < 2.0


def test_workers_do_not_change_a_byte(tmp_path):
    """Two processes with a block of events each give what one process gives."""
    write_picks(tmp_path, count=20)
    common = {"partition": {"calendar": "all"}, "locate": {**LOCATE, "station_iterations": 1}}
    workers = {"kind": "local", "workers": 2, "block_events": 16}
    one = compute(tmp_path, tmp_path / "a", **common)
    two = compute(tmp_path, tmp_path / "b", **common, cluster=workers)
    for name in ("hypocenters", "arrivals", "station_terms"):
        first, second = (read_table(x.table(name), name) for x in (one, two))
        assert first.num_rows
        for column in first.column_names:
            # NaN is not equal to itself, bytes are
            values = [t.column(column).to_numpy(zero_copy_only=False) for t in (first, second)]
            assert values[0].tolist() == values[1].tolist() or (
                values[0].dtype != object and values[0].tobytes() == values[1].tobytes()
            ), column
    a, b = draws(one), draws(two)
    assert all(np.array_equal(a[k], b[k]) for k in a)


def test_planning_again_changes_nothing_and_verify_finds_what_does(tmp_path):
    write_picks(tmp_path)
    layout = compute(tmp_path, tmp_path / "a")
    before = {p: p.stat().st_mtime_ns for p in (layout.root / "plan").local.rglob("*.json")}
    plan_configuration(configuration(tmp_path), tmp_path / "a")
    assert before == {p: p.stat().st_mtime_ns for p in (layout.root / "plan").local.rglob("*.json")}
    ((_, settings),) = configuration(tmp_path).cases.items()
    assert verify_stage(STAGE, settings, layout)["partitions"] == 2
    assert {s for _, s in list_partitions(STAGE, layout)} == {"done"}
    write_bytes(layout.table("arrivals"), b"broken")
    with pytest.raises(VerificationError, match=r"arrivals\.parquet has changed"):
        verify_stage(STAGE, settings, layout)
    layout.done("locate", "2011-02").remove()
    with pytest.raises(IncompleteError, match="2011-02"):
        locate.finalise(settings, layout)


def test_bad_picks_get_a_reason_and_nothing_is_lost(tmp_path):
    write_picks(tmp_path, bad=True)
    layout = compute(tmp_path, tmp_path / "a")
    rows = {
        r["event_id"]: r for r in read_table(layout.table("hypocenters"), "hypocenters").to_pylist()
    }
    assert len(rows) == 6
    assert rows["e0"]["status"] == "too_few_picks"
    assert "2 picks can be used; 4 are needed" in rows["e0"]["reason"]
    assert np.isnan(rows["e0"]["depth_km"])
    uses = [
        (r["event_id"], r["station"], r["phase"], r["pick_use"])
        for r in read_table(layout.table("arrivals"), "arrivals").to_pylist()
    ]
    # two picks of e1 come a day later
    assert len(uses) == 6 * 16 - 14 + 1 - 2
    late = read_table(layout.rows("2011-01") / "rejects.parquet", "rejects").to_pylist()
    assert [(r["event_id"], r["station"]) for r in late] == [("e1", "S0")] * 2
    assert all("too far to be of its event" in r["reason"] for r in late)
    assert ("e1", "S1", "P", "doubled") in uses
    assert ("e2", "S0", "S", "s_before_p") in uses
    assert rows["e1"]["status"] == "located"


def test_picks_alone_are_located_and_events_without_a_good_pick_are_told(tmp_path):
    """No epicenters: events are those of the picks, by month; e1 loses every pick while reading."""
    write_picks(tmp_path)
    given = compute(tmp_path, tmp_path / "with")
    (tmp_path / "events_all.csv").unlink()
    rows = (tmp_path / "picks_all.csv").read_text().splitlines()
    lost = [",".join([*r.split(",")[:4], "never", "0.05"]) if r[:3] == "e1," else r for r in rows]
    (tmp_path / "picks_all.csv").write_text("\n".join(lost) + "\n")
    sources = [{"path": name, "format": "csv"} for name in ("picks_all.csv", "stations.csv")]
    layout = compute(tmp_path, tmp_path / "alone", sources=sources)
    located = read_table(layout.table("hypocenters"), "hypocenters").to_pylist()
    found = {r["event_id"]: r for r in located}
    assert sorted(found) == [f"e{i}" for i in range(6)]
    assert found["e1"]["status"] == "too_few_picks"
    for row in read_table(given.table("hypocenters"), "hypocenters").to_pylist():
        if row["event_id"] != "e1":
            for name in ("status", "longitude", "depth_km", "origin_time"):
                assert found[row["event_id"]][name] == row[name]
    # by month of the first pick; e1 has none
    names = {name for name, _ in list_partitions(STAGE, layout)}
    assert names == {"2011-01", "2011-02", "undated"}


def test_picks_without_events_are_refused_where_nothing_is_located(tmp_path):
    write_picks(tmp_path)
    (tmp_path / "events_all.csv").unlink()
    sources = [{"path": name, "format": "csv"} for name in ("picks_all.csv", "stations.csv")]
    with pytest.raises(InputError, match="no event"):
        plan_configuration(configuration(tmp_path, sources=sources, locate=None), tmp_path / "r")


def test_station_terms_are_found_between_rounds(tmp_path):
    """A station that is late by a third of a second gets its delay back."""
    write_picks(tmp_path)
    rows = (tmp_path / "picks_all.csv").read_text().splitlines()
    late = [
        r if ",S3,P," not in r else _later(r, 0.3)
        for r in rows
    ]  # fmt: skip
    (tmp_path / "picks_all.csv").write_text("\n".join(late) + "\n")
    layout = compute(tmp_path, tmp_path / "a", locate={**LOCATE, "station_events": 5})
    terms = {
        (r["station"], r["phase"]): r["station_term_s"]
        for r in read_table(layout.table("station_terms"), "station_terms").to_pylist()
    }
    assert terms[("S3", "P")] > 0.15
    assert terms[("S3", "P")] == max(terms.values())


@pytest.mark.parametrize(("asked", "events", "every", "terms"), [
    (0, 9, 0, 0), (0, 10, 1, 0), (2, 50, 2, 2), (0, 50, 1, 0), (3, 4, 0, 0), (1, 19, 1, 0),
    (1, 20, 1, 1),
])  # fmt: skip
def test_rounds_follow_from_the_number_of_events(asked, events, every, terms):
    rounds = correction_rounds(Locate(models=["x"], station_iterations=asked), events)
    assert (rounds.every, rounds.terms) == (every, terms)
    stated = Locate(models=["x"], station_iterations=asked, pick_noise="stated")
    assert correction_rounds(stated, events).every == terms


def test_the_command_estimates_station_terms_as_a_run_does(tmp_path):
    """``--set station_iterations`` gives the terms of the workflow, and writes them."""
    write_picks(tmp_path, count=12)
    rows = (tmp_path / "picks_all.csv").read_text().splitlines()
    rows = [r if ",S3,P," not in r else _later(r, 0.3) for r in rows]
    (tmp_path / "picks_all.csv").write_text("\n".join(rows) + "\n")
    given = {**LOCATE, "station_iterations": 2, "station_events": 12}
    layout = compute(tmp_path, tmp_path / "a", locate=given, seed=1)
    events, picks, places = read_location_inputs(
        tmp_path / "picks_all.csv", tmp_path / "stations.csv"
    )
    out = tmp_path / "out"
    out.mkdir()
    locate_catalog(Locate(**given), events, picks, places, out, 1, str(tmp_path))
    for name in ("station_terms", "station_term_draws", "pick_noise"):
        ours = read_table(open_item(out) / f"{name}.parquet", name)
        theirs = read_table(layout.table(name), name)
        assert ours.num_rows
        for column in ours.column_names:
            a, b = (t.column(column).to_pylist() for t in (ours, theirs))
            if isinstance(a[0], float):
                assert a == pytest.approx(b, abs=1e-6, nan_ok=True), column
            else:
                assert a == b, column
    terms = read_table(open_item(out) / "station_terms.parquet", "station_terms").to_pylist()
    late = [t for t in terms if (t["station"], t["phase"]) == ("S3", "P")]
    assert late[0]["station_term_s"] > 0.1
    assert min(t["station_term_error_s"] for t in terms) > 0.01
    locate_catalog(
        Locate(**{**given, "station_iterations": 0, "pick_noise": "stated"}),
        events, picks, places, out, 1, str(tmp_path),
    )  # fmt: skip
    assert not (out / "station_terms.parquet").exists()


def test_what_residuals_show_is_in_the_summary_and_the_report(tmp_path):
    """Stations that are late or early by 0.4 s, and no station terms: said where it is read."""
    write_picks(tmp_path, count=12)
    rows = (tmp_path / "picks_all.csv").read_text().splitlines()
    late = [_later(r, 0.4 if int(r.split(",")[2][1:]) % 2 else -0.4) for r in rows[1:]]
    (tmp_path / "picks_all.csv").write_text("\n".join([rows[0], *late]) + "\n")
    ((_, settings),) = configuration(tmp_path).cases.items()
    layout = compute(tmp_path, tmp_path / "a")
    said = [text for label, text in locate.summarize(settings, layout) if "warning" in label]
    assert any("scatter" in text and "station_iterations: 1" in text for text in said)
    tables = {name: read_table(layout.table(name), name) for name in ("hypocenters", "arrivals")}
    tables["stations"] = read_table(layout.ingest / "stations.parquet", "stations")
    page = location_section(RunResults("a", tables, location=_location(settings, layout)))
    warned = [b.text for b in page.blocks if getattr(b, "tone", "") == "warning"]
    assert warned == [f"{text}." for text in said]
    # Where the delays are corrected nothing is said of them.
    corrected = compute(
        tmp_path,
        tmp_path / "b",
        locate={**LOCATE, "station_iterations": 1, "station_events": 12},
    )
    assert not any("scatter" in text for _, text in locate.summarize(settings, corrected))


def test_a_new_month_takes_the_terms_of_a_finished_catalog(tmp_path):
    """Nothing is estimated then, and an event is located as with the whole catalog's terms."""
    write_picks(tmp_path, count=12)
    rows = (tmp_path / "picks_all.csv").read_text().splitlines()
    rows = [r if ",S3,P," not in r else _later(r, 0.3) for r in rows]
    (tmp_path / "picks_all.csv").write_text("\n".join(rows) + "\n")
    given = {**LOCATE, "station_events": 12}
    events, picks, places = read_location_inputs(
        tmp_path / "picks_all.csv", tmp_path / "stations.csv"
    )
    whole, month = tmp_path / "whole", tmp_path / "month"
    for folder in (whole, month):
        folder.mkdir()
    known = locate_catalog(Locate(**given), events, picks, places, whole, 1, str(tmp_path))
    one = picks.filter(pc.equal(picks.column("event_id"), "e3"))
    frozen = {**given, "corrections": "whole"}
    found = locate_catalog(Locate(**frozen), events, one, places, month, 1, str(tmp_path))
    assert not (month / "station_terms.parquet").exists()
    row = found.column("event_id").to_pylist().index("e3")
    again = known.column("event_id").to_pylist().index("e3")
    for name in ("depth_km", "longitude", "cov_dd"):
        assert found.column(name)[row] == known.column(name)[again]
    layout = compute(tmp_path, tmp_path / "b", locate=frozen, seed=1)
    table = read_table(layout.table("hypocenters"), "hypocenters")
    depth = dict(zip(table.column("event_id").to_pylist(), table.column("depth_km").to_pylist(),
                     strict=True))  # fmt: skip
    assert depth["e3"] == known.column("depth_km")[again].as_py()
    assert not layout.table("station_terms").exists()
    fewer = Locate(**{**frozen, "members": given["members"] - 1})
    with pytest.raises(InputError, match="do not belong together"):
        locate_catalog(fewer, events, one, places, month, 1, str(tmp_path))
    with pytest.raises(InputError, match="leave it out"):
        locate_catalog(
            Locate(**{**frozen, "corrections": "nowhere"}), events, one, places, month, 1,
            str(tmp_path),
        )  # fmt: skip


@pytest.mark.parametrize("east", [SPEED, 5.2])
def test_lateral_structure_is_told_with_what_helps(tmp_path, caplog, east):
    """In a run and in the command alike; layers alone are no such structure."""
    write_picks(tmp_path, count=48, east=east)
    given = {**LOCATE, "draws": 0}
    compute(tmp_path, tmp_path / "a", locate=given)
    in_run = [r.getMessage() for r in caplog.records if "depend on the place" in r.getMessage()]
    caplog.clear()
    events, picks, places = read_location_inputs(
        tmp_path / "picks_all.csv", tmp_path / "stations.csv"
    )
    out = tmp_path / "out"
    out.mkdir()
    locate_catalog(Locate(**given), events, picks, places, out, 1, str(tmp_path))
    alone = [r.getMessage() for r in caplog.records if "depend on the place" in r.getMessage()]
    assert len(in_run) == len(alone) == int(east != SPEED)
    for sentence in (*in_run, *alone):
        assert "three-dimensional grids" in sentence
        assert "raise `lateral_spread`" in sentence


def _later(row: str, seconds: float) -> str:
    cells = row.split(",")
    time = np.datetime64(cells[4].rstrip("Z"), "ns") + np.timedelta64(int(seconds * 1e9), "ns")
    return ",".join([*cells[:4], f"{time}Z", *cells[5:]])


def test_mechanisms_take_hypocenter_and_model_together(tmp_path):
    """With ``takeoff: ensemble`` every trial has its own hypocenter, member and angles."""
    write_picks(tmp_path)
    with (tmp_path / "polarities_all.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["event_id", "network", "station", "polarity"])
        for i in range(6):
            out.writerows([f"e{i}", "XX", f"S{j}", 1 if j % 2 else -1] for j in range(8))
    changes = {
        "sources": [
            {"path": "events_*.csv", "format": "csv"},
            {"path": "picks_*.csv", "format": "csv"},
            {"path": "polarities_*.csv", "format": "csv"},
            {"path": "stations.csv", "format": "csv"},
        ],
        "takeoff": {"angles": "ensemble"},
        "mechanism": {"trials": 6, "maximum_azimuthal_gap_deg": 180, "maximum_takeoff_gap_deg": 90},
    }
    layout = compute(tmp_path, tmp_path / "a", **changes)
    ((_, settings),) = configuration(tmp_path, **changes).cases.items()
    mechanism.init(settings, layout)
    for partition in ("2011-01", "2011-02"):
        mechanism.part(settings, layout, partition)
    mechanism.finalise(settings, layout)
    used = read_table(layout.table("polarities"), "polarities").to_pylist()
    assert {r["use"] for r in used} == {"used"}
    angle = {(r["event_id"], r["station"]): r["takeoff_deg"] for r in used}
    arrivals = read_table(layout.table("arrivals"), "arrivals").to_pylist()
    depth = {
        r["event_id"]: r["depth_km"]
        for r in read_table(layout.table("hypocenters"), "hypocenters").to_pylist()
    }
    for r in arrivals:
        if r["phase"] == "P":
            straight = 180.0 - np.degrees(np.arctan2(r["distance_km"], depth[r["event_id"]]))
            # velocities differ between members and tables have a step of 2 km
            assert angle[(r["event_id"], r["station"])] == pytest.approx(straight, abs=6.0)


def test_command_locates_any_picks(tmp_path):
    write_picks(tmp_path)
    arguments = [
        "locate", "--picks", tmp_path / "picks_all.csv", "--stations", tmp_path / "stations.csv",
        "--model", tmp_path / "model.txt", "--members", "2", "--out", tmp_path / "out",
        "--set", "maximum_depth_km=25", "--set", "maximum_distance_km=60", "--set", "radius_km=40",
        "--set", "table_step_km=2",
    ]  # fmt: skip
    quakeloom(*arguments)
    out = open_item(tmp_path / "out")
    table = read_table(out / "hypocenters.parquet", "hypocenters")
    assert table.column("status").to_pylist() == ["located"] * 6
    assert np.asarray(open_array(out / "locations.zarr", "draw_member")).shape[0] == 6
    assert read_table(out / "rejects.parquet", "rejects").num_rows == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--picks": "none.csv"}, "There is no file"),
        ({"--out": "model.txt"}, "cannot be made as a folder"),
        ({"--set": "radius_km=[3"}, "cannot be read as YAML"),
        ({"--set": "raduis_km=3"}, "did you mean `radius_km`"),
        ({"--model": "generic_crsut"}, "none of quakeloom's own"),
    ],
)
def test_command_says_what_is_wrong(tmp_path, changes, words, monkeypatch, capsys):
    from quakeloom.cli import main

    write_picks(tmp_path)
    monkeypatch.chdir(tmp_path)
    given = {
        "--picks": "picks_all.csv", "--stations": "stations.csv", "--model": "model.txt",
        "--out": "out", **changes,
    }  # fmt: skip
    monkeypatch.setattr(
        "sys.argv", ["quakeloom", "locate", *(word for pair in given.items() for word in pair)]
    )
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


def test_few_models_that_count_are_warned_of(caplog):
    from quakeloom.schema import make_table
    from quakeloom.stages.locate.events import warn_of_few_models

    table = make_table(
        "hypocenters", {"event_id": ["a", "b", "c"], "effective_model_count": [3.0, 40.0, np.nan]}
    )
    warn_of_few_models(table, 9)
    assert not caplog.records
    warn_of_few_models(table, 50)
    assert "for 1 of 3 events" in caplog.text
