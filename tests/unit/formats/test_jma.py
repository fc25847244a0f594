"""JMA records: fixed columns, Japanese time, implied decimals."""

from __future__ import annotations

import math

import pyarrow.compute as pc
import pytest
from jma_records import arrival, end, hypocenter

from quakeloom.core import FormatError
from quakeloom.formats import detect_format, read_source
from quakeloom.schema import validate_table


def read(tmp_path, *lines: str):
    path = tmp_path / "d202001"
    path.write_text("".join(f"{line}\n" for line in lines))
    assert detect_format(path) == "jma"
    tables = read_source(path)
    for name in tables.counts():
        assert validate_table(name, getattr(tables, name)) == []
    return tables


def test_records_are_96_columns_long():
    assert {len(x) for x in (hypocenter(), arrival(), end())} == {96}


def test_a_published_hypocenter_is_where_and_when_jma_says(tmp_path):
    # a record of JMA's catalog of 2019: 2019-02-01 00:01:40.45 JST, 36-21.46 N, 137-03.44 E,
    # 6.99 km, errors 0.24 and 0.20 minutes and 1.43 km, M 0.3
    line = (
        "J2019020100014045 008 362146 024 1370344 020  69914303v   511   4142"
        "TOYAMA GIFU BORDER REG   12A"
    )
    (row,) = read(tmp_path, line).events.to_pylist()
    assert row["event_id"] == "J2019020100014045"
    assert row["origin_time"].isoformat() == "2019-01-31T15:01:40.450000+00:00"
    assert row["latitude"] == pytest.approx(36 + 21.46 / 60)
    assert row["longitude"] == pytest.approx(137 + 3.44 / 60)
    assert row["depth_km"] == 6.99
    assert row["magnitude"] == 0.3
    assert row["vertical_error_km"] == 1.43
    # one minute of latitude on a sphere of 6371 km is 1.853 km
    assert row["horizontal_error_km"] == pytest.approx(0.24 * 1.853, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "magnitude"),
    [
        ("35", 3.5),
        ("-1", -0.1),
        ("-9", -0.9),
        ("A0", -1.0),
        ("A9", -1.9),
        ("B3", -2.3),
        ("  ", None),
    ],
)
def test_magnitudes_below_zero_are_coded_by_letters(tmp_path, text, magnitude):
    (row,) = read(tmp_path, hypocenter(magnitude=text)).events.to_pylist()
    if magnitude is None:
        assert math.isnan(row["magnitude"])
    else:
        assert row["magnitude"] == pytest.approx(magnitude)


@pytest.mark.parametrize(("text", "depth"), [(" 10  ", 10.0), ("  699", 6.99), ("  -50", -0.5)])
def test_depths_of_whole_kilometers_leave_the_decimals_blank(tmp_path, text, depth):
    assert read(tmp_path, hypocenter(depth=text)).events.column("depth_km").to_pylist() == [depth]


def test_southern_and_western_coordinates_have_a_minus(tmp_path):
    (row,) = read(
        tmp_path, hypocenter(kind="U", latitude="-05", lat_minutes="3000", longitude="-070")
    ).events.to_pylist()
    assert row["latitude"] == -5.5
    assert row["longitude"] == pytest.approx(-70.5)


def test_first_motions_are_those_of_the_vertical_component(tmp_path):
    tables = read(
        tmp_path,
        hypocenter(),
        "CCOMMENT".ljust(96),
        arrival(station="ABUYAM", phase="IP  ", motion="U"),
        arrival(station="TOKYO", phase="EP  ", motion="D", second="5950"),
        arrival(station="NOMOVE", phase="P   ", motion=" "),
        arrival(station="ONLYS", phase="ES  ", motion="U"),
        end(),
    )
    rows = tables.polarities.to_pylist()
    assert [r["station"] for r in rows] == ["ABUYAM", "TOKYO", "NOMOVE"]
    assert [r["polarity"] for r in rows] == [1, -1, 0]
    assert [r["onset"] for r in rows] == ["I", "E", ""]
    assert rows[0]["arrival_time"].isoformat() == "2019-12-31T15:00:10.250000+00:00"
    assert rows[1]["arrival_time"].isoformat() == "2019-12-31T15:00:59.500000+00:00"
    assert tables.rejects.num_rows == 0
    seconds = tables.picks.filter(pc.equal(tables.picks.column("phase"), "S"))
    # the S of a record has minutes and seconds only
    assert seconds.column("station").to_pylist() == ["ABUYAM", "TOKYO", "NOMOVE", "ONLYS", "ONLYS"]
    assert {t.isoformat() for t in seconds.column("time").to_pylist()} == {
        "2019-12-31T15:00:14+00:00",
        "2019-12-31T15:00:10.250000+00:00",
    }


def test_an_s_after_the_full_hour_is_in_the_next_one(tmp_path):
    reading = arrival(minute="59", second="5950")
    event = hypocenter(minute="59")
    tables = read(tmp_path, event, reading[:31] + "00" + reading[33:], end())
    first, second = tables.picks.column("time").to_pylist()
    assert (second - first).total_seconds() == 14.5


def test_the_year_of_an_arrival_is_that_of_its_event(tmp_path):
    """Two digits of a year stand for that of the event, also before 1950."""
    event = hypocenter(year="1923", month="09", day="01")
    tables = read(tmp_path, event, arrival(year="23", month="09"), end())
    assert {t.year for t in tables.picks.column("time").to_pylist()} == {1923}


def test_later_phases_are_named(tmp_path):
    tables = read(tmp_path, hypocenter(), arrival(phase="PCP "), end())
    assert tables.polarities.num_rows == 0
    (row,) = tables.rejects.to_pylist()
    assert "'PCP' is no first arrival" in row["reason"]


def test_the_adopted_hypocenter_is_the_first_of_an_event(tmp_path):
    tables = read(
        tmp_path,
        hypocenter(),
        hypocenter(kind="U", minute="02"),
        arrival(),
        end(),
        hypocenter(minute="05"),
        arrival(minute="05"),
        end(),
    )
    assert [e["event_id"] for e in tables.events.to_pylist()] == [
        "J2020010100000525",
        "J2020010100050525",
    ]
    assert tables.polarities.column("event_id").to_pylist() == [
        "J2020010100000525",
        "J2020010100050525",
    ]


def test_a_file_of_hypocenters_alone_has_an_event_on_each_line(tmp_path):
    tables = read(tmp_path, hypocenter(), hypocenter(minute="02"), hypocenter(minute="03"))
    assert tables.events.num_rows == 3


def test_an_arrival_after_new_year_is_in_the_next_year(tmp_path):
    event = hypocenter(year="2019", month="12", day="31", hour="23", minute="59")
    reading = arrival(day="01", hour="00", minute="00", year="  ", month="  ")
    tables = read(tmp_path, event, reading, end())
    (time,) = tables.polarities.column("arrival_time").to_pylist()
    assert time.isoformat() == "2019-12-31T15:00:10.250000+00:00"


BROKEN = {
    "no number": (hypocenter(lat_minutes="4x00"), "no number"),
    "no day": (hypocenter(day="32"), "day 32"),
    "no latitude": (hypocenter(latitude="   "), "latitude is missing"),
    "minutes": (hypocenter(lat_minutes="7500"), "minutes"),
    "depth": (hypocenter(depth="99999", minute="05"), "depth_km"),
    "doubled": (hypocenter(), "doubled event"),
    "cut": (hypocenter()[:30], "missing"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_impossible_hypocenter_is_put_aside_with_its_arrivals(tmp_path, kind):
    line, word = BROKEN[kind]
    tables = read(
        tmp_path, hypocenter(), arrival(), end(), line, arrival(), end(), hypocenter(minute="07")
    )
    assert tables.events.num_rows == 2
    assert tables.polarities.num_rows == 1
    first, second = tables.rejects.to_pylist()
    assert word in first["reason"]
    assert first["source_line"] == 4
    assert "put aside" in second["reason"]


def test_an_impossible_arrival_is_put_aside(tmp_path):
    tables = read(
        tmp_path,
        hypocenter(),
        arrival(motion="X", station="A"),
        arrival(second="1x00", station="B"),
        arrival(second="    ", station="C"),
        arrival(station="D"),
        arrival(station="D"),
        "?".ljust(96),
        end(),
        arrival(station="E"),
    )
    assert tables.polarities.column("station").to_pylist() == ["A", "D"]
    words = (
        "no number",
        "missing",
        "doubled pick: the same reading",
        "doubled pick: the same S",
        "not known",
        "no event line",
    )
    for word, reason in zip(words, tables.rejects.column("reason").to_pylist(), strict=True):
        assert word in reason


def test_a_missing_end_record_is_said(tmp_path):
    tables = read(tmp_path, hypocenter(), arrival(), hypocenter(minute="09"), arrival(), end())
    assert tables.events.num_rows == 2
    assert "no end record" in tables.rejects.column("reason")[0].as_py()


def test_a_file_that_is_not_jmas_is_an_error(tmp_path):
    path = tmp_path / "x"
    path.write_text("J is a letter\n_ is not\n")
    with pytest.raises(FormatError, match="JMA"):
        read_source(path, "jma")
