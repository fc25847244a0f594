"""`quakeloom init` and `config check`: what a folder holds, settings for it, what they name."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

from evening_files import MODEL, STATIONS, write_evening_files

from quakeloom.config import list_examples, load_configuration
from quakeloom.core import InputError
from quakeloom.formats import recognize_file
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.without_a_run.folder_contents import look_at_folder
from quakeloom.stages.without_a_run.folder_settings import DEFAULT_MODEL, propose_settings
from quakeloom.stages.without_a_run.folder_words import describe_contents, describe_left_out
from quakeloom.stages.without_a_run.input_checks import check_inputs

CATALOG = "event_id,strike,dip,rake,longitude,latitude,depth\n" + "".join(
    f"e{i},{10 * i},60,-90,10.{i},45.{i},8\n" for i in range(9)
)
"""A table of mechanisms, synthetic."""

EVENTS = (
    "event_id,origin_time,longitude,latitude,depth_km\n"
    "a1,2020-01-31T12:34:56Z,10.1,45.1,8\na2,2020-02-01T12:34:56Z,10.2,45.2,9\n"
)
"""A table of two events, synthetic."""

SGT = "2 # shot/geophone points\n#x y\n0 0\n10 0\n1 # measurements\n#s g t\n1 2 0.01\n"
"""Travel times of a line in pyGIMLi's form, synthetic."""


def motions(angles: bool) -> str:
    """First motions of two events at ten stations."""
    head = "event_id,network,station,channel,polarity" + (",azimuth_deg,takeoff_deg" * angles)
    rows = [
        f"a{e},XX,S{k},HHZ,{1 - 2 * (k % 2)}" + (f",{36 * k},{60 + 5 * k}" * angles)
        for e in (1, 2)
        for k in range(10)
    ]
    return "\n".join([head, *rows]) + "\n"


STATION_ROWS = "network,station,longitude,latitude\n" + "".join(
    f"XX,S{k},10.{k},45.{k}\n" for k in range(10)
)
"""Coordinates of ten stations."""


def settle(folder: Path):
    """Look at a folder, write settings, read and check them."""
    found = look_at_folder(folder)
    proposal = propose_settings(found, "mine")
    path = folder.parent / "mine.yaml"
    path.write_text(proposal.text)
    configuration = load_runs(path)
    return proposal, configuration.cases["mine"], check_inputs(configuration)


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize("name", ["x", "x.bin", "x.dat", "x [1] 'a'.txt"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (EVENTS.encode(), "source"),
        (gzip.compress(EVENTS.encode()), "source"),
        (motions(True).encode(), "source"),
        (STATION_ROWS.encode(), "source"),
        (CATALOG.encode(), "mechanisms"),
        (MODEL.encode(), "model"),
        (b"0 5500\n20000 6500\n", "model"),
        (SGT.encode(), "line"),
        (b"", "other"),
        (bytes(2000), "other"),
        (b"Dear colleague,\nhere are the data.\n", "other"),
        (b"%PDF-1.4\n", "other"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "other"),
        (np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes(), "other"),
    ],
)
def test_a_file_is_recognized_by_its_content(tmp_path, name, content, kind):
    """Whatever it is called; what cannot be used says why."""
    path = tmp_path / name
    path.write_bytes(content)
    found = recognize_file(path)
    assert found.kind == kind, found
    assert found.title
    assert bool(found.problem) == (kind == "other" or b"5500" in content)
    assert recognize_file(tmp_path / "none").problem


def test_waveforms_and_xml_are_recognized_by_their_content(tmp_path):
    write_evening_files(tmp_path / "files")
    wanted = {"events.xml": "source", "stations.xml": "source", "waves/XX.ST00.mseed": "waveforms"}
    for k, (name, kind) in enumerate(wanted.items()):
        other = tmp_path / f"file{k}"
        other.write_bytes((tmp_path / "files" / name).read_bytes())
        assert recognize_file(other).kind == kind


def test_nested_folders_hidden_files_and_links(folder):
    """All folders are looked at, each once; what cannot be read is told."""
    write_evening_files(folder / "2021" / "raw [a]")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "gone").symlink_to(folder / "nothing")
    (folder / "again").symlink_to(folder)
    found = look_at_folder(folder)
    assert len(found.waveforms) == STATIONS
    assert len(found.sources) == 2
    said = describe_left_out(found)
    assert any("gone: a link that leads nowhere" in s for s in said)
    assert any("hidden files and folders: 2" in s for s in said)
    _, read, checked = settle(folder)
    assert not checked.problems
    assert [s.path for s in read.sources] == [
        "2021/raw [a]/events.xml",
        "2021/raw [a]/stations.xml",
    ]
    assert read.waveforms is not None
    assert read.waveforms.archives == ["2021/raw [a]/waves"]


def test_every_file_is_used_or_told(folder):
    write_evening_files(folder)
    (folder / "old.xlsx").write_bytes(b"PK\x03\x04" + bytes(50))
    (folder / "cut.xml").write_bytes((folder / "events.xml").read_bytes()[:500])
    (folder / "waves" / "broken.mseed").write_bytes(b"000001D " + bytes(50))
    found = look_at_folder(folder)
    said = " ".join([*describe_contents(found), *describe_left_out(found)])
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("._") and path.suffix != ".mseed":
            assert path.name in said
    assert "broken.mseed" in said
    assert "save the sheet as CSV" in said


def test_stations_and_a_model_are_missing(folder):
    (folder / "events.csv").write_text(EVENTS)
    (folder / "polarities.csv").write_text(motions(False))
    proposal, read, checked = settle(folder)
    notes = " ".join(proposal.notes)
    assert "coordinates of stations, and there are none: add StationXML" in notes
    assert f"`{DEFAULT_MODEL}`, which is shipped, is used" in notes
    assert read.takeoff.models == [DEFAULT_MODEL]
    assert any("Add StationXML" in p for p in checked.problems)


def test_given_angles_are_used_where_none_can_be_traced(folder):
    (folder / "events.csv").write_text(EVENTS)
    (folder / "polarities.csv").write_text(motions(True))
    proposal, read, checked = settle(folder)
    assert read.takeoff.angles == "given"
    assert not checked.problems
    (folder / "stations.csv").write_text(STATION_ROWS)
    (folder / "model.txt").write_text(MODEL)
    proposal, read, checked = settle(folder)
    assert read.takeoff.models == ["model.txt"]
    assert not proposal.notes
    assert not checked.problems


def test_events_alone_need_first_motions(folder):
    (folder / "events.csv").write_text(EVENTS)
    proposal, _, checked = settle(folder)
    assert any("mechanism needs first motions" in n for n in proposal.notes)
    assert not checked.problems


def test_a_model_in_metres_is_left_out_with_the_reason(folder):
    write_evening_files(folder)
    (folder / "model.txt").write_text("0 5500\n20000 6500\n40000 7800\n")
    found = look_at_folder(folder)
    assert not found.models
    assert any("model.txt" in s and "km/s" in s for s in describe_left_out(found))


def test_the_same_earthquakes_in_two_files_are_told(folder):
    (folder / "events.csv").write_text(EVENTS)
    (folder / "other.csv").write_text(EVENTS.replace("a1", "b1").replace("a2", "b2"))
    assert look_at_folder(folder).twins == 2
    assert any("they count twice" in n for n in settle(folder)[0].notes)


def test_many_files_of_a_kind_become_a_pattern_that_means_just_them(folder):
    (folder / "stations.csv").write_text(STATION_ROWS)
    (folder / "month [x]").mkdir()
    for k in range(4):
        text = EVENTS.replace("a1", f"a{k}1").replace("a2", f"a{k}2").replace("2020", f"201{k}")
        (folder / "month [x]" / f"e{k}.csv").write_text(text)
    _, read, checked = settle(folder)
    assert [s.path for s in read.sources] == ["month [[]x]/*.csv", "stations.csv"]
    assert not checked.problems
    assert "sources: 8 events, 10 station rows" in " ".join(checked.opened)
    # a file that is no source is not taken by the pattern: names one by one
    (folder / "month [x]" / "notes.csv").write_text("what,when\nnothing,never\n")
    _, read, checked = settle(folder)
    assert len(read.sources) == 5
    assert not checked.problems


@pytest.mark.parametrize(
    ("name", "content", "group"), [("cmt.csv", CATALOG, "stress"), ("line.sgt", SGT, "tomography")]
)
def test_other_kinds_of_run_follow_from_what_there_is(folder, name, content, group):
    (folder / name).write_text(content)
    _, read, checked = settle(folder)
    assert getattr(read, group) is not None
    assert not read.sources
    assert not checked.problems


def test_odd_names_of_folders_and_files_survive_yaml(tmp_path):
    folder = tmp_path / "a: b # 'c' \"d\" - {e} é"
    folder.mkdir()
    for name, text in (("- yes: [1].csv", EVENTS), ("no #2.csv", motions(False))):
        (folder / name).write_text(text)
    (folder / "007.csv").write_text(STATION_ROWS)
    _, read, checked = settle(folder)
    assert [s.path for s in read.sources] == ["*.csv"]
    (folder / "of nothing.csv").write_text("what,when\nnothing,never\n")
    _, read, checked = settle(folder)
    assert {s.path for s in read.sources} == {"- yes: [1].csv", "no #2.csv", "007.csv"}
    assert read.data == str(folder)
    assert not checked.problems


def test_a_variable_in_the_name_of_a_folder_is_refused(tmp_path):
    folder = tmp_path / "${HOME}"
    folder.mkdir()
    (folder / "events.csv").write_text(EVENTS)
    with pytest.raises(InputError, match="rename the folder"):
        propose_settings(look_at_folder(folder), "mine")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_told(folder):
    (folder / "events.csv").write_text(EVENTS)
    (folder / "secret").mkdir()
    (folder / "secret.csv").write_text(EVENTS)
    (folder / "secret").chmod(0)
    (folder / "secret.csv").chmod(0)
    said = " ".join(describe_left_out(look_at_folder(folder)))
    (folder / "secret").chmod(0o700)
    assert "secret: Permission denied" in said
    assert "secret.csv: not readable" in said


@pytest.mark.parametrize("name", ["demo", "repeaters", "train-networks"])
def test_examples_without_data_pass_the_check(name):
    checked = check_inputs(load_configuration(list_examples()[name]))
    assert not checked.problems
    assert not checked.doubts


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["anchorage", "calaveras", "corinth", "koenigsee", "new-zealand", "northridge", "regional",
     "wide-angle"],
)  # fmt: skip
def test_examples_with_data_pass_the_check(name, monkeypatch):
    """Formats that are named for good reason are no mistake."""
    monkeypatch.chdir(Path(__file__).parents[3])
    shared = Path(os.environ.get("QUAKELOOM_SHARED_DATA", "../shared/data"))
    if not (shared / "northridge").is_dir():
        pytest.skip(f"needs the real data in {shared}")
    checked = check_inputs(load_configuration(list_examples()[name]))
    assert not checked.problems
    assert checked.opened


def test_settings_are_read_as_yaml_of_any_reader(folder):
    """Other programs read them alike, and every line of what was found is a comment."""
    write_evening_files(folder)
    text = propose_settings(look_at_folder(folder), "0123").text
    assert yaml.safe_load(text)["name"] == "0123"
    assert yaml.load(text, Loader=yaml.BaseLoader)["name"] == "0123"


FAULTS_CSV = "name,longitude,latitude,strike,dip\nA,10.3,45.3,20,60\n"
FAULTS_JSON = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "A", '
    '"dip": 60}, "geometry": {"type": "LineString", "coordinates": [[10.1, 45.1], [10.2, 45.3]]}}]}'
)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("f.csv", FAULTS_CSV),
        ("f.geojson", FAULTS_JSON),
        ("f.txt", "fault,lon,lat,strike,dip,rake\nA,10.3,45.3,20,60,-90\n"),
    ],
)
def test_faults_are_told_from_mechanisms_and_rated(folder, file, content):
    (folder / "cmt.csv").write_text(CATALOG)
    (folder / file).write_text(content)
    assert recognize_file(folder / file).kind == "faults"
    _, settings, checks = settle(folder)
    assert settings.tendency is not None
    assert settings.tendency.files == [file]
    assert not checks.problems


def test_faults_that_cannot_be_read_are_left_out_with_the_reason(folder):
    (folder / "cmt.csv").write_text(CATALOG)
    (folder / "f.csv").write_text(FAULTS_CSV.replace(",60", ",160"))
    found = look_at_folder(folder)
    assert not found.faults
    assert any("dip_deg 160" in text for text in describe_left_out(found))


def test_quakeml_with_mechanisms_is_used_for_events_and_for_mechanisms(folder):
    """Without readings its mechanisms are mapped; with readings they are named for comparison."""
    (folder / "both.xml").write_text(quakeml_with_mechanisms(12))
    found = look_at_folder(folder)
    assert len(found.events) == 12
    assert [f.title for f in found.mechanisms] == ["12 focal mechanisms of its events"]
    proposal, settings, checks = settle(folder)
    assert settings.stress is not None
    assert settings.stress.catalogs == ["both.xml"]
    assert any("no first motions" in note for note in proposal.notes)
    assert not checks.problems
    (folder / "polarities.csv").write_text(motions(True).replace("a1,", "e0,"))
    proposal, settings, _ = settle(folder)
    assert settings.sources
    assert "compare: [both.xml]" in proposal.text


def quakeml_with_mechanisms(count: int) -> str:
    """Events with an origin and both nodal planes each, synthetic."""
    event = (
        '<event publicID="smi:x/e{i}"><origin publicID="smi:x/o{i}"><time><value>2020-01-{day:02d}'
        "T00:00:00Z</value></time><latitude><value>45.{i}</value></latitude><longitude><value>10.{i}"
        "</value></longitude><depth><value>8000</value></depth></origin>"
        '<focalMechanism publicID="smi:x/f{i}"><nodalPlanes><nodalPlane1><strike><value>{strike}'
        "</value></strike><dip><value>45</value></dip><rake><value>90</value></rake></nodalPlane1>"
        "</nodalPlanes></focalMechanism></event>"
    )
    events = "".join(event.format(i=i, day=i + 1, strike=10 * i) for i in range(count))
    return (
        '<?xml version="1.0"?><q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" '
        'xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:x/all">'
        f"{events}</eventParameters></q:quakeml>"
    )


@pytest.mark.parametrize("place", ["results/mine", "old results/a/b"])
def test_results_of_a_run_in_the_folder_are_no_data(tmp_path, place):
    """After a run beside the data, `init` must not take its tables as catalogs once more."""
    (tmp_path / "events.csv").write_text(EVENTS)
    run = tmp_path / place
    for name in ("plan", "ingest"):
        (run / name).mkdir(parents=True)
    (run / "plan/settings.yaml").write_text("name: mine\n")
    (run / "ingest/events.csv").write_text(EVENTS)
    (run / "ingest/truth.csv").write_text(CATALOG)
    found = look_at_folder(tmp_path)
    assert [found.name(s.file) for s in found.sources] == ["events.csv"]
    assert found.mechanisms == []
    assert any(place in s and "results of quakeloom" in s for s in describe_left_out(found))
    # asked for by name, it is looked at
    assert [s.file.path.name for s in look_at_folder(run / "ingest").sources] == ["events.csv"]


PICKS = "event_id,network,station,phase,time\n" + "".join(
    f"a1,XX,S{k},P,2020-01-31T12:34:5{k}Z\n" for k in range(8)
)
"""Picks of one event that no table of events has."""


def simul_model() -> str:
    """A synthetic model of SIMULPS, 5 x 5 x 5 nodes."""
    nodes = "-500 -20 0 20 500\n"
    return f"1.0 5 5 5\n{nodes}{nodes}-100 -2 5 20 300\n0 0 0\n" + "5*6.00\n" * 25


def test_picks_that_name_events_are_located(folder):
    """In a model of SIMULPS that has its station file, else in the shipped one."""
    (folder / "picks.csv").write_text(PICKS)
    (folder / "stations.csv").write_text(STATION_ROWS)
    _, settings, checked = settle(folder)
    assert not checked.problems
    assert settings.locate.models == [DEFAULT_MODEL]
    (folder / "MOD").write_text(simul_model())
    proposal, settings, checked = settle(folder)
    assert not checked.problems
    assert settings.locate.models == [DEFAULT_MODEL]
    assert any("MOD of SIMULPS can be named" in note for note in proposal.notes)
    (folder / "STNS").write_text("45 6.00 -10 0.00 0.0\n")
    _, settings, checked = settle(folder)
    assert not checked.problems
    assert settings.locate.models == ["MOD"]
    assert settings.locate.model_stations == "STNS"
    assert settings.takeoff.angles == "ensemble"
    (folder / "stations.csv").unlink()
    with pytest.raises(InputError, match="picks of events, and no coordinates of stations"):
        propose_settings(look_at_folder(folder), "mine")
