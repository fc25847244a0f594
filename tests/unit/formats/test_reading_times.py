"""Readings that cannot be of their event by their time are put aside, in every format."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from phase_writers import write_archive
from small_files import EVENTS, PICKS

from quakeloom.formats import misdated_readings, read_source
from quakeloom.schema import make_table

ORIGIN = np.datetime64("2020-01-01T00:00:00", "ns")


def table(name, seconds, phase="P"):
    times = ORIGIN + (np.asarray(seconds) * 1e9).astype("timedelta64[ns]")
    columns = {"event_id": ["a"] * len(times), "station": [f"S{i}" for i in range(len(times))]}
    if name == "picks":
        return make_table(name, {**columns, "phase": [phase] * len(times), "time": times})
    return make_table(name, {**columns, "arrival_time": times})


EVENT = make_table("events", {"event_id": ["a"], "origin_time": np.array([ORIGIN]),
                              "longitude": [1.0], "latitude": [1.0]})  # fmt: skip


@pytest.mark.parametrize("name", ["picks", "polarities"])
@pytest.mark.parametrize("hours", [-11, -5, -0.5, 0.5, 1, 2, 3.5, 9, 12])
def test_readings_in_another_time_zone_are_told_with_the_hours(name, hours):
    rows = table(name, 3600.0 * hours + np.array([1.5, 2.5, 8.0, 40.0]))
    mask, reasons = misdated_readings(EVENT, rows, name)
    assert mask.all()
    side = "after" if hours > 0 else "before"
    assert all(
        f"{abs(hours):g} hour{'s' * (hours != 1)} {side} their events" in reason
        for reason in reasons
    )


@pytest.mark.parametrize("days", [-366, -1, 1, 30])
def test_another_day_is_no_time_zone(days):
    mask, reasons = misdated_readings(EVENT, table("picks", [86400.0 * days + 5.0]), "picks")
    assert mask.all()
    assert "local time" not in reasons[0]


@pytest.mark.parametrize("name", ["picks", "polarities"])
def test_one_reading_of_another_day_says_nothing_of_time_zones(name):
    mask, reasons = misdated_readings(EVENT, table(name, [1.0, 2.0, 86403.0]), name)
    assert mask.tolist() == [False, False, True]
    assert "local time" not in reasons[0]


@pytest.mark.parametrize(
    ("phase", "seconds", "kept"),
    [("P", 1300.0, True), ("P", 1500.0, False), ("Sn", 1900.0, True), ("S", 2100.0, False),
     ("PKKP", 1900.0, True), ("", 7000.0, True), ("", 7300.0, False), ("P", -59.0, True),
     ("S", -61.0, False)],
)  # fmt: skip
def test_how_late_a_phase_may_be(phase, seconds, kept):
    mask, _ = misdated_readings(EVENT, table("picks", [seconds], phase), "picks")
    assert mask.tolist() == [not kept]


def test_events_without_a_time_say_nothing():
    event = EVENT.set_column(
        EVENT.column_names.index("origin_time"),
        "origin_time",
        [np.array(["NaT"], dtype="datetime64[ns]")],
    )
    mask, _ = misdated_readings(event, table("picks", [9e9 / 1e3]), "picks")
    assert not mask.any()


def test_a_wrong_hour_of_an_archive_loses_the_readings_with_the_reason(tmp_path):
    event = {**EVENTS[0], "picks": PICKS[:2]}
    lines = write_archive([event]).splitlines()
    assert lines[2][17:29] == "1994 12111 4"
    lines[2] = lines[2][:25] + "12" + lines[2][27:]
    (tmp_path / "x.arc").write_text("\n".join(lines) + "\n")
    tables = read_source(tmp_path / "x.arc")
    assert tables.picks.column("station").to_pylist() == [PICKS[0]["station"]]
    assert tables.polarities.column("station").to_pylist() == [PICKS[0]["station"]]
    aside = [r for r in tables.rejects.to_pylist() if "too far to be of its event" in r["reason"]]
    assert [(r["source_line"], r["record"]) for r in aside] == [(3, "pick"), (3, "polarity")]


@pytest.mark.parametrize("kind", ["skhash", "hypodd"])
def test_elevations_in_km_are_doubted_in_every_list_of_stations(tmp_path, kind):
    heights = [1.25, 0.37, 0.41, 0.61, 2.81]
    if kind == "hypodd":
        text = "".join(f"ST{i} {37.1 + i} -121.5 {h}\n" for i, h in enumerate(heights))
    else:
        text = pd.DataFrame(
            {"station": [f"S{i}" for i in range(5)], "network": "NC", "location": "--",
             "channel": "HHZ", "latitude": 37.1, "longitude": -121.5, "elevation": heights}
        ).to_csv(index=False)  # fmt: skip
    (tmp_path / "stations.csv").write_text(text)
    tables = read_source(tmp_path / "stations.csv")
    assert tables.stations.num_rows == 5
    said = [r["reason"] for r in tables.rejects.to_pylist()]
    assert sum("if they are km" in reason for reason in said) == 1
