"""From waveform files to mechanisms: stable partitions, same bytes, one more month."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_runs import compute_run

from quakeloom.config import load_configuration
from quakeloom.core import IncompleteError, PlanError, distance_azimuth
from quakeloom.stages.frame.verbs import finalise_stage
from quakeloom.stages.mechanism import verbs as mechanism
from quakeloom.stages.pick import verbs as pick
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.polarity import verbs as polarity
from quakeloom.stages.window import WINDOW
from quakeloom.stages.window import verbs as window
from quakeloom.store import RunLayout, open_array, read_json, read_table

obspy = pytest.importorskip("obspy")
STAGES = (window, pick, polarity)
VELOCITY = 6.0
MONTHS = ("2019-01", "2019-02")


def write_stations(folder: Path) -> list[tuple[str, float, float]]:
    """Nine stations around the origin."""
    places = [
        (f"S{i}", 0.3 * np.cos(2.4 * i) * (1 + i % 3) / 3, 0.3 * np.sin(2.4 * i) * (1 + i % 3) / 3)
        for i in range(9)
    ]
    lines = ["network,station,longitude,latitude,elevation_m"]
    lines += [f"XX,{n},{x:.5f},{y:.5f},0" for n, x, y in places]
    (folder / "stations.csv").write_text("\n".join(lines) + "\n")
    (folder / "model.txt").write_text(f"0 {VELOCITY}\n60 {VELOCITY + 0.01}\n")
    return places


def write_month(folder: Path, month: str, places: list, seed: int = 0) -> None:
    """One event in a month, with a miniSEED file of a minute per station and component."""
    r = np.random.default_rng([seed, int(month.replace("-", ""))])
    origin = obspy.UTCDateTime(f"{month}-10T12:00:00Z")
    depth = 8.0
    (folder / f"events_{month}.csv").write_text(
        "event_id,origin_time,longitude,latitude,depth_km,magnitude\n"
        f"ev{month},{origin},0.0,0.0,{depth},2.0\n"
    )
    archive = folder / "archive" / month
    archive.mkdir(parents=True)
    for i, (name, x, y) in enumerate(places):
        distance = float(distance_azimuth(0.0, 0.0, x, y)[0])
        travel = float(np.hypot(distance, depth)) / VELOCITY
        sign = 1.0 if i % 3 else -1.0
        for k, component in enumerate("ENZ"):
            data = r.normal(size=6000)
            t = np.arange(6000) / 100.0 - 20.0
            if component == "Z":
                on = t >= travel
                pulse = 1 - np.exp(-(t[on] - travel) / 0.02)
                data[on] += (
                    sign * 60 * pulse * np.cos(20 * (t[on] - travel)) * np.exp(-(t[on] - travel))
                )
            on = t >= 1.73 * travel
            data[on] += 80 * r.normal(size=on.sum()) * np.exp(-(t[on] - 1.73 * travel)) * (k < 2)
            header = {
                "network": "XX", "station": name, "channel": f"HH{component}",
                "starttime": origin - 20, "sampling_rate": 100.0,
            }  # fmt: skip
            counts = np.round(100 * data).astype(np.int32)
            obspy.Trace(counts, header).write(
                str(archive / f"{name}.HH{component}.mseed"), format="MSEED"
            )


def write_config(folder: Path, **changes) -> Path:
    settings = {
        "name": "waves",
        "data": str(folder),
        "sources": [{"path": "events_*.csv"}, {"path": "stations.csv"}],
        "partition": {"calendar": "month"},
        "takeoff": {"models": ["model.txt"], "maximum_depth_km": 20.0},
        "selection": {"maximum_distance_km": 60.0},
        "mechanism": {"trials": 4, "grid_step_deg": 20, "minimum_polarities": 4,
                      "maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90},
        "storage": {"shard_events": 16, "chunk_events": 4},
        "cluster": {"block_events": 16},
        "waveforms": {"archives": ["archive"], "picker": "classical", "polarity": "classical",
                      "shard_windows": 16, "chunk_windows": 4},
        **changes,
    }  # fmt: skip
    path = folder / "waves.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("waves")
    places = write_stations(folder)
    for month in MONTHS:
        write_month(folder, month, places)
    return folder


def compute(folder: Path, results: Path, **changes) -> RunLayout:
    """Run the waveform stages in this process."""
    return compute_run(write_config(folder, **changes), results)


@pytest.fixture(scope="module")
def run(archive) -> RunLayout:
    return compute(archive, archive / "results")


def test_every_event_at_every_instrument_has_a_row_and_a_window(run):
    table = read_table(run.table("windows"), "windows")
    assert table.num_rows == 2 * 9
    assert set(table.column("window_status").to_pylist()) == {"cut"}
    array = open_array(run.part("window", "2019-01") / "windows.zarr", "waveform")
    assert array.shape == (9, 3, 3000)
    counts = read_json(run.done("window", "2019-01"))["counts"]
    assert counts["files_opened"] == 27, "each file must be opened once"


def test_picks_lie_at_the_arrivals(run):
    picks = read_table(run.table("picks"), "picks").to_pandas()
    windows = read_table(run.table("windows"), "windows").to_pandas()
    joined = picks.merge(windows, on=["event_id", "station"])
    for phase, expected, most in (("P", "expected_p_time", 0.1), ("S", "expected_s_time", 0.3)):
        rows = joined[joined.phase == phase]
        residual = (rows["time"] - rows[expected]).dt.total_seconds()
        assert len(rows) >= 16
        assert residual.abs().median() < most
    assert (picks.uncertainty_s > 0).all()


def test_first_motions_come_out_as_they_went_in(run):
    rows = []
    for month in MONTHS:
        part = run.part("polarity", month) / "polarities.parquet"
        rows += read_table(part, "polarities").to_pylist()
    right = sum(r["polarity"] == (1 if int(r["station"][1:]) % 3 else -1) for r in rows)
    assert len(rows) >= 16
    assert right >= 0.9 * len(rows)


def test_the_mechanism_stage_takes_the_polarities_that_were_read(archive, run):
    settings = load_configuration(write_config(archive)).cases["waves"]
    mechanism.init(settings, run)
    for month in MONTHS:
        mechanism.part(settings, run, month)
    mechanism.finalise(settings, run)
    used = read_table(run.table("polarities"), "polarities").column("use").to_pylist()
    assert used.count("used") >= 14


def test_partitions_and_shards_do_not_change_a_pick(archive, run):
    for name, changes in {
        "one": {"partition": {"calendar": "all"}},
        "shards": {"waveforms": {"archives": ["archive"], "picker": "classical",
                                 "polarity": "classical", "shard_windows": 32,
                                 "chunk_windows": 16, "compress": True}},
    }.items():  # fmt: skip
        other = compute(archive, archive / name, **changes)
        mine = read_table(run.table("picks"), "picks")
        theirs = read_table(other.table("picks"), "picks")
        assert mine.equals(theirs), name


def test_one_more_month_changes_the_plan_of_that_month_alone(archive, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(archive, folder, ignore=shutil.ignore_patterns("results", "one", "shards"))

    def plans() -> dict[str, bytes]:
        plan_configuration(load_configuration(write_config(folder)), folder / "results")
        root = folder / "results" / "waves" / "plan"
        return {
            str(p.relative_to(root)): p.read_bytes()
            for stage in ("window", "pick", "polarity", "mechanism")
            for p in (root / stage).glob("*.json")
        }

    before = plans()
    assert plans() == before, "planning again changes nothing"
    write_month(folder, "2019-03", write_stations(folder), seed=1)
    after = plans()
    assert {k for k in after if k not in before} == {
        f"{s}/2019-03.json" for s in ("window", "pick", "polarity", "mechanism")
    }
    assert all(after[k] == before[k] for k in before)
    # a file of one month is written anew
    file = folder / "archive" / "2019-02" / "S3.HHZ.mseed"
    raw = obspy.read(str(file))
    raw[0].data[::7] += 1
    raw.write(str(file), format="MSEED")
    again = plans()
    changed = {k for k in again if again[k] != after[k]}
    assert changed == {f"{s}/2019-02.json" for s in ("window", "pick", "polarity", "mechanism")}


def test_given_picks_are_used_where_asked_for(archive, run, tmp_path):
    picks = read_table(run.table("picks"), "picks")
    rows = picks.to_pandas()
    rows = rows[rows.phase == "P"].head(3)
    lines = ["event_id,network,station,channel,polarity,arrival_time"]
    lines += [
        f"{r.event_id},XX,{r.station},HHZ,{-1 if i else 1},{r.time.isoformat()}"
        for i, r in enumerate(rows.itertuples())
    ]
    (archive / "given.csv").write_text("\n".join(lines) + "\n")
    sources = [{"path": "events_*.csv"}, {"path": "stations.csv"}, {"path": "given.csv"}]
    layout = compute(
        archive, tmp_path / "results", sources=sources,
        waveforms={"archives": ["archive"], "picker": "classical", "polarity": "classical",
                   "picks": "given", "polarities": "add"},
    )  # fmt: skip
    assert read_table(layout.table("windows"), "windows").num_rows == 3
    part = layout.part("polarity", "2019-01") / "polarities.parquet"
    # what an analyst read stays, and is not read again
    assert read_table(part, "polarities").column("polarity").to_pylist() == [1, -1, -1]


def test_missing_partitions_are_named(archive, tmp_path):
    configuration = load_configuration(write_config(archive))
    plan_configuration(configuration, tmp_path)
    layout, settings = RunLayout(tmp_path / "waves"), configuration.cases["waves"]
    with pytest.raises(IncompleteError, match="2019-01"):
        finalise_stage(WINDOW, settings, layout)
    with pytest.raises(PlanError, match="2021-01"):
        pick.part(settings, layout, "2021-01")


def test_a_broken_file_costs_its_windows_and_nothing_else(archive, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(archive, folder, ignore=shutil.ignore_patterns("results", "one", "shards"))
    (folder / "archive" / "2019-01" / "S1.HHZ.mseed").write_bytes(b"\x89PNG\r\n" + bytes(999))
    for component in "ENZ":
        file = folder / "archive" / "2019-01" / f"S2.HH{component}.mseed"
        dead = obspy.read(str(file))
        dead[0].data[:] = 0
        dead.write(str(file), format="MSEED")
    layout = compute(folder, tmp_path / "results")
    table = read_table(layout.table("windows"), "windows").to_pandas()
    status = table[table.event_id == "ev2019-01"].set_index("station").window_status.to_dict()
    assert status.pop("S2") == "useless"
    # without its vertical S1 is still cut, with the horizontals
    assert set(status.values()) == {"cut"}
    problems = read_json(layout.ingest / "archive_problems.json")
    assert any("S1.HHZ" in p[0] for p in problems)


def test_a_station_that_was_not_triggered_has_one_row(archive, tmp_path):
    """Two instruments of S0 recorded events of January alone; of S1 one those of both months."""
    folder = tmp_path / "waves"
    shutil.copytree(archive, folder, ignore=shutil.ignore_patterns("results*"))
    for station in ("S0", "S1"):
        for file in sorted((folder / "archive" / MONTHS[0]).glob(f"{station}.*.mseed")):
            stream = obspy.read(str(file))
            for trace in stream:
                trace.stats.channel = "E" + trace.stats.channel[1:]
            stream.write(str(file.with_name("E" + file.name)), format="MSEED")
    for file in sorted((folder / "archive" / MONTHS[1]).glob("S0.*.mseed")):
        # of the second month only what comes a day later
        stream = obspy.read(str(file))
        for trace in stream:
            trace.stats.starttime += 86_400
        stream.write(str(file), format="MSEED")
    # both instruments go on after the event
    for file in sorted((folder / "archive" / MONTHS[1]).glob("S[01].*.mseed")):
        stream = obspy.read(str(file))
        for trace in stream:
            trace.stats.channel = "E" + trace.stats.channel[1:]
            trace.stats.starttime += 2 * 86_400
        stream.write(str(file.with_name("E" + file.name)), format="MSEED")
    run = compute(folder, folder / "results")
    table = read_table(run.table("windows"), "windows").to_pylist()
    rows = [r for r in table if r["event_id"] == f"ev{MONTHS[1]}"]
    silent = [r for r in table if r["window_status"] != "cut"]
    assert [(r["event_id"], r["station"]) for r in silent] == [("", "S0")]
    assert silent[0]["window_status"] == "not_triggered"
    assert "1 event" in silent[0]["reason"]
    assert len(rows) == 8
