"""A new user's evening: a folder of files, settings for it, a run, a report; and what goes wrong.

The files are synthetic and written by ObsPy. Every mistake is made through the command line, and
is answered with what to do, an exit code, and no traceback.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from evening_files import MODEL, STATIONS, station_places, write_evening_files
from small_runs import quakeloom

from quakeloom.cli import main
from quakeloom.config import load_configuration


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder with the files of the evening and the settings that `init` writes for them."""
    folder = tmp_path_factory.mktemp("evening") / "our network [2021]"
    write_evening_files(folder)
    return folder


@pytest.fixture(scope="module")
def settings(files, tmp_path_factory) -> str:
    """The settings that `init` writes for the files."""
    folder = tmp_path_factory.mktemp("settings")
    quakeloom("init", files, "--config", "e.yaml", cwd=folder)
    return (folder / "e.yaml").read_text()


@pytest.fixture
def evening(files, settings, tmp_path, monkeypatch) -> Path:
    """A copy of the files with settings, and the current folder beside it."""
    shutil.copytree(files, tmp_path / "data")
    (tmp_path / "e.yaml").write_text(settings)
    change(tmp_path / "e.yaml", data=str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Type a command; return its exit code and all that it says, in one line."""
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "Traceback" not in said
    return code, " ".join(said.replace("│", " ").split())


def change(path: Path, **changes) -> None:
    """Write other settings into a file."""
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**settings, **changes}, allow_unicode=True))


@pytest.mark.slow
def test_an_evening_from_files_to_a_report(files, tmp_path):
    """Files become settings, these a run, the run mechanisms and a report."""
    begun = quakeloom("init", files, cwd=tmp_path)
    said = begun.stdout
    assert "events.xml: QuakeML" in said
    assert f"3 events, {3 * STATIONS} picks, {2 * STATIONS} first motions" in said
    assert f"waveforms of {STATIONS} stations" in said
    assert "model.txt: a velocity model" in said
    assert "notes.md: in none of the formats" in said
    assert "hidden files and folders: 1" in said
    settings = tmp_path / "our-network--2021.yaml"
    ((name, read),) = load_configuration(settings).cases.items()
    assert name == "our-network--2021"
    assert read.takeoff.models == ["model.txt"]
    assert read.waveforms is not None
    assert read.waveforms.picks == "given"
    assert read.waveforms.archives == ["waves"]

    checked = quakeloom("config", "check", settings, cwd=tmp_path).stdout
    assert "source events.xml: quakeml" in checked
    assert f"archive waves: {STATIONS} files" in checked
    assert "doubtful" not in checked

    results = "my 'first' [results] #1"
    done = quakeloom(
        "run", "--config", settings, "--results", results, "--cores", "2", cwd=tmp_path
    )
    root = tmp_path / results / name
    assert f"{results}/{name}/report.html" in "".join(done.stdout.split("\n"))
    found = pd.read_parquet(root / "mechanisms.parquet")
    assert list(found.status) == ["solved"] * 3
    # every third first motion is read in the waveforms
    assert found.polarity_count.min() > 2 * STATIONS / 3
    report = root / "report.html"
    report.unlink()
    quakeloom("report", "--run", root, cwd=tmp_path)
    assert report.stat().st_size > 10_000


def test_settings_are_not_overwritten(evening, monkeypatch, capsys):
    (evening / "e.yaml").write_text("name: mine\n")
    code, said = say(monkeypatch, capsys, "init", "data", "--config", "e.yaml")
    assert code == 2
    assert "is there already and is kept" in said
    assert "--force" in said
    assert (evening / "e.yaml").read_text() == "name: mine\n"
    assert say(monkeypatch, capsys, "init", "data", "--config", "e.yaml", "--force")[0] == 0
    assert "events.xml" in (evening / "e.yaml").read_text()


def a_wrong_path(folder: Path) -> list[str]:
    return ["run", "--config", "f.yaml"]


def a_setting_with_a_typo(folder: Path) -> list[str]:
    change(folder / "e.yaml", mechanism={"minimum_polarity": 6})
    return ["config", "check", "e.yaml"]


def a_name_of_hash(folder: Path) -> list[str]:
    change(folder / "e.yaml", mechanism={"npolmin": 6})
    return ["run", "--config", "e.yaml"]


def an_option_with_a_typo(folder: Path) -> list[str]:
    return ["run", "--config", "e.yaml", "--result", "here"]


def a_unit_in_a_setting(folder: Path) -> list[str]:
    change(folder / "e.yaml", selection={"maximum_distance_km": "120000 m"})
    return ["run", "--config", "e.yaml"]


def a_model_in_metres(folder: Path) -> list[str]:
    rows = [line.split() for line in MODEL.splitlines()[1:]]
    text = "".join(f"{1000 * float(z):g} {1000 * float(v):g}\n" for z, v in rows)
    (folder / "data" / "model.txt").write_text(text)
    return ["config", "check", "e.yaml"]


def stations_as_csv(folder: Path, order: tuple[str, str], prefix: str = "") -> list[str]:
    (folder / "data" / "stations.xml").unlink()
    rows = [f"XX,{prefix}{code},{x:.5f},{y:.5f}" for code, x, y, _ in station_places()]
    text = f"network,station,{','.join(order)}\n" + "\n".join(rows) + "\n"
    (folder / "data" / "stations.csv").write_text(text)
    sources = [{"path": "events.xml"}, {"path": "stations.csv"}]
    change(folder / "e.yaml", sources=sources)
    return ["config", "check", "e.yaml"]


def longitude_and_latitude_swapped(folder: Path) -> list[str]:
    return stations_as_csv(folder, ("latitude", "longitude"))


def the_sign_of_the_longitude(folder: Path) -> list[str]:
    arguments = stations_as_csv(folder, ("longitude", "latitude"))
    path = folder / "data" / "stations.csv"
    path.write_text(path.read_text().replace(",138.", ",-138."))
    return arguments


def stations_of_another_name(folder: Path) -> list[str]:
    return stations_as_csv(folder, ("longitude", "latitude"), prefix="N.")


def a_folder_of_results_that_cannot_be(folder: Path) -> list[str]:
    return ["run", "--config", "e.yaml", "--results", "/proc/no-such-folder/results"]


def a_file_in_the_way(folder: Path) -> list[str]:
    (folder / "results").write_text("my notes\n")
    return ["run", "--config", "e.yaml"]


def no_waveforms(folder: Path) -> list[str]:
    shutil.rmtree(folder / "data" / "waves")
    (folder / "data" / "waves").mkdir()
    return ["config", "check", "e.yaml"]


def pictures_for_waveforms(folder: Path) -> list[str]:
    shutil.rmtree(folder / "data" / "waves")
    (folder / "data" / "waves").mkdir()
    (folder / "data" / "waves" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return ["config", "check", "e.yaml"]


def another_format_than_it_is(folder: Path) -> list[str]:
    change(folder / "e.yaml", sources=[{"path": "events.xml", "format": "stationxml"}])
    return ["config", "check", "e.yaml"]


def a_format_that_does_not_exist(folder: Path) -> list[str]:
    change(folder / "e.yaml", sources=[{"path": "events.xml", "format": "quakexml"}])
    return ["config", "check", "e.yaml"]


def a_pattern_without_files(folder: Path) -> list[str]:
    change(folder / "e.yaml", sources=[{"path": "event-*.xml"}])
    return ["config", "check", "e.yaml"]


def a_source_with_a_typo(folder: Path) -> list[str]:
    change(folder / "e.yaml", sources=[{"path": "Event.xml"}, {"path": "stations.xml"}])
    return ["config", "check", "e.yaml"]


def a_folder_of_data_with_a_typo(folder: Path) -> list[str]:
    change(folder / "e.yaml", data=str(folder / "dat"))
    return ["run", "--config", "e.yaml"]


def waveforms_with_a_typo(folder: Path) -> list[str]:
    change(folder / "e.yaml", waveforms={"archives": ["wave"]})
    return ["config", "check", "e.yaml"]


def a_model_with_a_typo(folder: Path) -> list[str]:
    change(folder / "e.yaml", takeoff={"models": ["modell.txt"]})
    return ["config", "check", "e.yaml"]


def a_workbook_for_a_table(folder: Path) -> list[str]:
    (folder / "data" / "stations.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    change(folder / "e.yaml", sources=[{"path": "events.xml"}, {"path": "stations.xlsx"}])
    return ["config", "check", "e.yaml"]


def a_download_that_broke_off(folder: Path) -> list[str]:
    path = folder / "data" / "events.xml"
    path.write_bytes(path.read_bytes()[:400])
    return ["config", "check", "e.yaml"]


def a_table_as_a_workbook(folder: Path) -> list[str]:
    return ["pick", "--waveforms", "data/waves", "--out", "picks.xlsx"]


def no_yaml(folder: Path) -> list[str]:
    (folder / "e.yaml").write_text("name: e\nsources:\n\t- {path: events.xml}\n")
    return ["config", "check", "e.yaml"]


def a_folder_without_data(folder: Path) -> list[str]:
    (folder / "empty").mkdir()
    (folder / "empty" / "plan.pdf").write_bytes(b"%PDF-1.4\n")
    return ["init", "empty"]


def waveforms_alone(folder: Path) -> list[str]:
    return ["init", "data/waves"]


def an_event_of_nothing(folder: Path) -> list[str]:
    return ["init", "date"]


MISTAKES = [
    (a_wrong_path, "Did you mean e.yaml?"),
    (a_setting_with_a_typo, "did you mean `minimum_polarities`?"),
    (a_name_of_hash, "HASH's npolmin is `mechanism.minimum_polarities` here"),
    (an_option_with_a_typo, "--results"),
    (a_unit_in_a_setting, "write 120 (km)"),
    (a_model_in_metres, "km/s"),
    (longitude_and_latitude_swapped, "outside [-90, 90]"),
    (the_sign_of_the_longitude, "with the other sign of the longitude"),
    (stations_of_another_name, "Write the codes of one as in the other"),
    (a_folder_of_results_that_cannot_be, "name another"),
    (a_file_in_the_way, "is a file: move it away, or name another folder"),
    (no_waveforms, "Correct waveforms.archives"),
    (pictures_for_waveforms, "is a PNG picture"),
    (another_format_than_it_is, "write `format: quakeml`, or leave the format out"),
    (a_format_that_does_not_exist, "Did you mean quakeml?"),
    (a_pattern_without_files, "correct `path`, `data`"),
    (a_source_with_a_typo, "/data/events.xml'?"),
    (a_folder_of_data_with_a_typo, "/data'?"),
    (waveforms_with_a_typo, "/data/waves'?"),
    (a_model_with_a_typo, "/data/model.txt'?"),
    (a_workbook_for_a_table, "save the sheet as CSV"),
    (a_download_that_broke_off, "events.xml"),
    (a_table_as_a_workbook, "picks.csv"),
    (no_yaml, "cannot be read as YAML"),
    (a_folder_without_data, "give events (QuakeML"),
    (waveforms_alone, "quakeloom pick --waveforms"),
    (an_event_of_nothing, "give a folder with files"),
]
"""What goes wrong, and what the answer says to do."""


@pytest.mark.parametrize(("mistake", "remedy"), MISTAKES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_mistake_is_answered_with_what_to_do(evening, monkeypatch, capsys, mistake, remedy):
    arguments = mistake(evening)
    code, said = say(monkeypatch, capsys, *arguments)
    assert code == 2
    assert remedy in said
