"""`quakeloom associate` on picks as pickers write them, and on what is wrong with them."""

from __future__ import annotations

import sys

import numpy as np
import obspy
import pytest

from quakeloom.cli import main
from quakeloom.core import local_position
from quakeloom.schema import UNASSIGNED_REASONS
from quakeloom.store import open_item, read_table

PLACES = [
    (f"S{i}{j}", 13.0 + 0.15 * i, 42.6 + 0.12 * j, 400.0 + 90.0 * i)
    for i in range(4)
    for j in range(4)
]
"""Station, longitude, latitude, elevation in m."""

EVENTS = [(30.0, 13.2, 42.75, 8.0), (75.0, 13.35, 42.9, 11.0), (79.0, 13.05, 42.65, 6.0)]
"""Seconds of origin, longitude, latitude, depth in km; two of them overlap."""

START = np.datetime64("2024-05-01T23:59:00", "ns")
"""The first pick's day ends meanwhile."""


def write_inputs(folder):
    """Write picks in the columns of PhaseNet, stations and a homogeneous model; synthetic."""
    random = np.random.default_rng(2)
    lines = ["station_id,phase_type,phase_time,phase_score"]
    for origin, longitude, latitude, depth in EVENTS:
        for name, lon, lat, height in PLACES:
            north, east = local_position(longitude, latitude, lon, lat)
            away = float(np.sqrt(north**2 + east**2 + (depth + height / 1000.0) ** 2))
            for phase, velocity in (("P", 6.0), ("S", 3.5)):
                seconds = origin + away / velocity + 0.05 * random.standard_normal()
                time = START + np.timedelta64(round(seconds * 1e9), "ns")
                lines.append(f"XX.{name}.00.HH,{phase},{time},0.9")
    lines.append(f"XX.S00.00.HH,P,{START + np.timedelta64(600, 's')},0.4")
    lines.append(f"XX.NONE.00.HH,P,{START},0.8")
    lines.append(f"XX.S00.00.HH,Lg,{START},0.8")
    (folder / "picks.csv").write_text("\n".join(lines) + "\n")
    rows = ["network,station,longitude,latitude,elevation_m"]
    rows += [f"XX,{n},{x},{y},{h}" for n, x, y, h in PLACES]
    (folder / "stations.csv").write_text("\n".join(rows) + "\n")
    (folder / "model.txt").write_text("# depth vp vs\n0 6.0 3.5\n40 6.0 3.5\n")
    return len(lines) - 1


def run(monkeypatch, folder, *more, picks="picks.csv"):
    words = ["associate", "--picks", folder / picks, "--stations", folder / "stations.csv",
             "--model", folder / "model.txt", "--out", folder / "out", *more]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_picks_become_events_that_obspy_reads(tmp_path, monkeypatch, capsys):
    count = write_inputs(tmp_path)
    assert run(monkeypatch, tmp_path) in (0, None)
    assert "3 events of 96 picks" in capsys.readouterr().out
    out = open_item(tmp_path / "out")
    tables = {
        n: read_table(out / f"{n}.parquet", n)
        for n in ("events", "picks", "associations", "assignments", "unassigned_picks")
    }
    assert tables["assignments"].num_rows + tables["unassigned_picks"].num_rows == count
    reasons = tables["unassigned_picks"].column("unassigned_reason").to_pylist()
    assert sorted(reasons) == ["no_event", "no_station", "other_phase"]
    assert set(reasons) <= set(UNASSIGNED_REASONS)
    for row, (origin, longitude, latitude, _) in zip(
        tables["associations"].to_pylist(), EVENTS, strict=True
    ):
        away = np.hypot(*local_position(longitude, latitude, row["longitude"], row["latitude"]))
        assert away < 4.0 * row["horizontal_error_km"]
        assert row["both_count"] == 16
        assert row["probability_real"] == 1.0
        late = (row["origin_time"].to_datetime64() if hasattr(row["origin_time"], "to_datetime64")
                else np.datetime64(row["origin_time"])) - START  # fmt: skip
        assert late / np.timedelta64(1, "s") == pytest.approx(origin, abs=0.3)
    catalog = obspy.read_events(str(tmp_path / "out" / "catalog.xml"))
    assert len(catalog) == 3
    for event in catalog:
        assert len(event.picks) == 32
        assert len(event.preferred_origin().arrivals) == 32
        assert max(abs(a.time_residual) for a in event.preferred_origin().arrivals) < 0.5


def test_another_order_of_rows_gives_the_same_names(tmp_path, monkeypatch):
    write_inputs(tmp_path)
    head, *lines = (tmp_path / "picks.csv").read_text().splitlines()
    names = []
    for text in (lines, lines[::-1], [*lines, lines[-3].replace("S00", "S11")]):
        (tmp_path / "picks.csv").write_text("\n".join([head, *text]) + "\n")
        run(monkeypatch, tmp_path)
        table = read_table(open_item(tmp_path / "out") / "events.parquet", "events")
        names.append(table.column("event_id").to_pylist())
    assert names[0] == names[1] == names[2]
    assert len(set(names[0])) == 3


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--set", "magic=1"], "'magic' is no setting of associate"),
        (["--set", "minimum_picks=2.5"], "no whole number"),
        (["--set", "maximum_depth_km=-5"], "no range"),
        (["--candidates", "guess"], "proposes no candidates"),
        (["--stations", "nowhere.csv"], "no file nowhere.csv"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, monkeypatch, capsys, more, says):
    write_inputs(tmp_path)
    assert run(monkeypatch, tmp_path, *more) not in (0, None)
    assert says in capsys.readouterr().err


def test_picks_without_any_known_station_are_refused(tmp_path, monkeypatch, capsys):
    write_inputs(tmp_path)
    text = (tmp_path / "picks.csv").read_text().replace("XX.S", "XX.Q")
    (tmp_path / "picks.csv").write_text(text)
    assert run(monkeypatch, tmp_path) not in (0, None)
    assert "no_station: 98" in capsys.readouterr().err
