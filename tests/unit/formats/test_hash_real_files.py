"""The real files of the HASH family: Northridge and Calaveras."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow.compute as pc
import pytest

from quakeloom.formats import detect_format, read_hash_control, read_source, read_velocity_model
from quakeloom.schema import validate_table

# a row of the rejects tells first motions on horizontal channels: 6, 8 and 46
EXPECTED = {
    "northridge/north1.phase": ("hash_fpfit", {"events": 24, "polarities": 1084, "rejects": 1}),
    "northridge/north2.phase": ("hash_scedc", {"events": 24, "polarities": 1087, "rejects": 1}),
    "northridge/north4.phase": ("hash_scedc5", {"events": 24, "polarities": 1583, "rejects": 3}),
    "northridge/north5.simul": ("hash_simul", {"events": 24, "polarities": 857}),
    "northridge/north3.amp": ("hash_amplitudes", {"amplitudes": 196}),
    "northridge/north3.statcor": ("hash_station_corrections", {"sp_corrections": 31}),
    "northridge/scsn.reverse": ("hash_reversals", {"reversals": 145}),
    "northridge/scsn.stations": ("hash_stations", {"stations": 11006, "rejects": 4209}),
    "northridge/scsn.stations_5char": (
        "hash_stations_5char",
        {"stations": 7307, "rejects": 136},
    ),
    "calaveras/Calaveras.arc": (
        "hypoinverse_archive",
        {"events": 308, "polarities": 21835, "rejects": 4},
    ),
    "calaveras/Calaveras.pha": ("hypodd_phase", {"events": 308, "polarities": 13568}),
    "calaveras/event.dat": ("hypodd_events", {"events": 308}),
    "calaveras/hypoDD.reloc": ("hypodd_reloc", {"events": 308}),
    "calaveras/station.dat": ("hypodd_stations", {"stations": 1961}),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_files_are_recognized_and_give_all_their_rows(shared_data, name):
    expected_format, counts = EXPECTED[name]
    path = shared_data / name
    assert detect_format(path) == expected_format
    tables = read_source(path)
    found = {k: v for k, v in tables.counts().items() if v}
    # S may come on top of the P that have first motions
    assert found.pop("picks", counts.get("polarities", 0)) >= counts.get("polarities", 0)
    assert found == counts
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []


def test_every_line_of_a_station_list_is_a_station_or_a_reject(shared_data):
    path = shared_data / "northridge" / "scsn.stations"
    lines = sum(1 for line in path.read_bytes().split(b"\n") if line.strip())
    assert lines == 11006 + 4209


def test_the_archive_has_its_21836_readings_of_p_and_19669_first_motions(shared_data):
    tables = read_source(shared_data / "calaveras" / "Calaveras.arc")
    first_motions = pc.sum(pc.not_equal(tables.polarities.column("polarity"), 0)).as_py()
    # one P (CBS, event 107927) stands twice in the archive, with its first motion, and two S
    assert tables.rejects.column("reason").to_pylist() == [
        "doubled pick: the same reading is on line 11274",
        "doubled pick: the same S is on line 20729",
        "doubled pick: the same S is on line 20731",
        "46 of 21835 first motions were read on horizontal channels; they count as up and down "
        "like those of verticals: take them out if they say toward and away",
    ]
    assert tables.polarities.num_rows + 1 == 21_836
    assert first_motions + 1 == 19_669


def test_the_archive_and_the_hypodd_files_tell_of_the_same_events(shared_data):
    folder = shared_data / "calaveras"
    archive = read_source(folder / "Calaveras.arc").events
    order = archive.column("event_id").to_pylist()
    for name in ("Calaveras.pha", "event.dat"):
        events = read_source(folder / name).events
        assert sorted(events.column("event_id").to_pylist()) == sorted(order)
        rows = {e["event_id"]: e for e in events.to_pylist()}
        for event in archive.to_pylist():
            other = rows[event["event_id"]]
            # printed with 4 decimals of a degree and 2 of a second
            assert other["latitude"] == pytest.approx(event["latitude"], abs=6e-5)
            assert other["longitude"] == pytest.approx(event["longitude"], abs=6e-5)
            # depths above sea level are written as 0 by hypoDD's converter
            assert other["depth_km"] == pytest.approx(max(event["depth_km"], 0.0), abs=6e-3)
            assert abs(other["origin_time"] - event["origin_time"]).total_seconds() < 0.02
            assert other["horizontal_error_km"] == pytest.approx(event["horizontal_error_km"])
            assert other["vertical_error_km"] == pytest.approx(event["vertical_error_km"])


def test_rays_of_the_archive_leave_downward_where_the_station_is_far(shared_data):
    """In the archive 0 is down: near stations are above the source, far ones below."""
    picks = read_source(shared_data / "calaveras" / "Calaveras.arc").polarities
    distance = picks.column("distance_km").to_numpy()
    takeoff = picks.column("takeoff_deg").to_numpy()
    assert np.median(takeoff[distance < 5]) > 120
    assert np.median(takeoff[distance > 60]) < 90


def test_arrivals_of_the_archive_and_of_hypodd_are_the_same(shared_data):
    folder = shared_data / "calaveras"
    archive = read_source(folder / "Calaveras.arc").polarities.to_pylist()
    hypodd = read_source(folder / "Calaveras.pha", network_letters=2).polarities.to_pylist()
    times: dict[tuple, list] = {}
    for row in archive:
        if row["arrival_time"] is not None:
            key = (row["event_id"], row["network"], row["station"])
            times.setdefault(key, []).append(row["arrival_time"])
    nearest = [
        min(
            abs((row["arrival_time"] - t).total_seconds())
            for t in times[row["event_id"], row["network"], row["station"]]
        )
        for row in hypodd
    ]
    assert np.percentile(nearest, 99) < 0.02


def test_the_simul_angles_meet_the_polarities_of_the_phase_file(shared_data):
    folder = shared_data / "northridge"
    tables = read_source(folder / "north5.simul", phase_file=folder / "north2.phase")
    picks = tables.polarities
    known = picks.filter(pc.not_equal(picks.column("polarity"), 0))
    assert not np.isnan(known.column("takeoff_deg").to_numpy()).any()
    reasons = set(tables.rejects.column("reason").to_pylist())
    assert all("take-off angle" in r or "doubled" in r for r in reasons)
    total = read_source(folder / "north2.phase", doubled_picks="keep").polarities.num_rows
    assert known.num_rows + tables.rejects.num_rows == total


def test_hash_matching_takes_two_stations_for_one(shared_data):
    """Driver 5 compares three letters: LA00 and LA01 of one event become one reading."""
    folder = shared_data / "northridge"
    options = {"phase_file": folder / "north2.phase"}
    by_name = read_source(folder / "north5.simul", **options).polarities
    by_hash = read_source(folder / "north5.simul", station_match="hash", **options).polarities
    counts = [
        pc.sum(pc.and_(pc.starts_with(t.column("station"), "LA0"), pc.not_equal(t["polarity"], 0)))
        for t in (by_name, by_hash)
    ]
    assert counts[0].as_py() > counts[1].as_py()


@pytest.mark.parametrize("driver", [1, 2, 3, 4, 5])
def test_control_files_name_their_files_and_settings(shared_data, driver):
    folder = shared_data / "northridge"
    control = read_hash_control(folder / f"example{driver}.inp")
    # drivers 2 and 4 ask the same questions
    assert control["driver"] == {4: 2}.get(driver, driver)
    for key in ("phase_file", "reversal_file", "station_file", "amplitude_file", "simul_file"):
        if key in control:
            assert (folder / control[key]).is_file()
    assert control["trials"] == 30
    assert control["polarity_error_rate"] == 0.1
    assert control["maximum_distance_km"] == 120.0
    assert len(control["velocity_models"]) == (5 if driver in (2, 3, 4) else 0)
    for name in control["velocity_models"]:
        model = read_velocity_model(folder / name)
        assert model.name == name
        assert model.depth_km[0] == 0.0
        assert 2.0 < model.p_velocity_km_s[0] < model.p_velocity_km_s[-1] < 9.0


def test_lines_without_p_are_counted_in_the_log(shared_data, caplog):
    with caplog.at_level(logging.DEBUG, logger="quakeloom.formats._hypoinverse"):
        read_source(shared_data / "calaveras" / "Calaveras.arc")
    # 21,932 station lines, 96 of them with amplitudes only
    assert "96 lines hold no P reading" in caplog.text
