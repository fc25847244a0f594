"""Commands without a run: every setting is an option, formats are named, long work shows a bar."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from quakeloom import __version__
from quakeloom.cli import _tomography, main
from quakeloom.cli._console import counting, spinner
from quakeloom.cli._setting_pairs import merge_settings, read_setting_pairs
from quakeloom.config import Locate
from quakeloom.core import SettingsError
from quakeloom.schema import make_table
from quakeloom.stages.locate.catalog import locate_catalog


def call(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_python_m_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "quakeloom", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"quakeloom {__version__}"


def test_pairs_lead_into_groups():
    found = read_setting_pairs(["prior.blocks=0", "section.spacing_km=[0.1, 0.2]", "members=8"])
    assert found == {
        "prior": {"blocks": 0}, "section": {"spacing_km": [0.1, 0.2]}, "members": 8,
    }  # fmt: skip
    assert merge_settings({"prior": {"scale": "velocity"}, "members": 3}, found)["prior"] == {
        "scale": "velocity", "blocks": 0,
    }  # fmt: skip
    for bad in ("members", "=3", "prior.=3", "members=[1"):
        with pytest.raises(SettingsError, match="--set"):
            read_setting_pairs([bad])


def test_tomography_takes_every_setting(monkeypatch, tmp_path):
    given = {}
    monkeypatch.setattr(_tomography, "_run_line", lambda out, values: given.update(values))
    code = call(
        monkeypatch, "tomography", "--picks", tmp_path / "a.csv", "--out", tmp_path / "o",
        "--format", "csv", "--error", "0.01", "--set", "section.spacing_km=[0.1,0.2]",
        "--set", "prior.blocks=0", "--set", "members=4",
    )  # fmt: skip
    assert code == 0
    line = given["tomography"]
    assert line["picks"]["format"] == "csv"
    assert line["picks"]["error_s"] == 0.01
    assert line["section"]["spacing_km"] == [0.1, 0.2]
    assert line["prior"] == {"blocks": 0}
    assert line["members"] == 4
    assert line["block_members"] == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ("tomography", "--picks", "a.csv", "--set", "prior.block=0"),
        ("tomography", "--picks", "a.csv", "--format", "segy"),
        ("locate", "--picks", "a", "--stations", "b", "--model", "c", "--set", "radius=3"),
        ("stress", "--mechanisms", "a.csv", "--set", "smooth=3"),
    ],
)
def test_what_is_no_setting_is_refused(monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(
        "shot_distance_km,receiver_distance_km,travel_time_s\n0,1,0.5\n"
    )
    assert call(monkeypatch, *arguments, "--out", tmp_path / "o") == 2


def test_formats_of_picks_and_stations_can_be_named(monkeypatch, tmp_path, capsys):
    (tmp_path / "p.csv").write_text("event_id,station,phase,time\n1,A,P,2020-01-01T00:00:00Z\n")
    (tmp_path / "s.csv").write_text("station,longitude,latitude\nA,10,45\n")
    common = ("locate", "--picks", tmp_path / "p.csv", "--stations", tmp_path / "s.csv",
              "--model", "generic_crust", "--out", tmp_path / "o")  # fmt: skip
    assert call(monkeypatch, *common, "--format", "quakeml") == 2
    assert "p.csv" in capsys.readouterr().err
    assert call(monkeypatch, *common, "--stations-format", "no_such") == 2
    assert "Format 'no_such'" in capsys.readouterr().err


def picks_and_stations(events: int = 30):
    """P at four stations for every event; synthetic, at 6 km/s from the middle."""
    names = list("ABCD")
    place = np.array([[0.0, 0.1], [0.1, 0.0], [0.0, -0.1], [-0.1, 0.0]])
    start = np.datetime64("2020-01-01", "ns") + np.arange(events) * np.timedelta64(1, "h")
    picks = make_table("picks", {
        "event_id": [f"e{i:03d}" for i in range(events) for _ in names],
        "station": names * events, "phase": ["P"] * 4 * events,
        "time": np.repeat(start, 4) + np.timedelta64(2, "s"),
    })  # fmt: skip
    stations = make_table("stations", {
        "station": names, "longitude": place[:, 0], "latitude": place[:, 1],
        "elevation_m": [0.0] * 4,
    })  # fmt: skip
    return picks, stations


@pytest.mark.parametrize("rounds", [0, 1])
def test_locating_tells_after_every_event(tmp_path, rounds):
    (tmp_path / "m.txt").write_text("0 6\n40 6.1\n")
    picks, stations = picks_and_stations()
    locate = Locate(
        models=["m.txt"], members=0, draws=0, station_iterations=rounds, pick_noise="stated",
        maximum_depth_km=20, radius_km=30, station_events=20,
    )  # fmt: skip
    seen = []
    locate_catalog(
        locate, make_table("events", {}, rows=0), picks, stations, tmp_path / "out",
        data=str(tmp_path), progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    total = 30 * (rounds + 1)
    assert seen == [(i, total) for i in range(1, total + 1)]


def test_a_bar_is_shown_on_a_terminal_alone(monkeypatch, capsys):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    with counting("locating", "events") as progress, spinner("mapping"):
        progress(3, 10)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with counting("locating", "events") as progress:
        progress(3, 10)
    shown = capsys.readouterr().err
    assert "locating" in shown
    assert "3/10 events" in shown
