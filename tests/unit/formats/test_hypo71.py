"""HYPO71 phase cards: P and S picks with first motions, and hypocenters beside them."""

from __future__ import annotations

import pytest

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats import detect_format, read_source
from quakeloom.schema import validate_table

AGE = "AGE EPU0 100120081045.09       48.23ESU4                              42.7 "
LAKK = "LAKKIPD2 100120081045.08                                              50.6 "
END = "                 10"
PLACE = "100120 08 1041.27 38 24.21  21 58.25 07.11 00.2  2.40 0.11 00.2 00.3    00001B1709"


def read(tmp_path, *lines: str, summary: str = "", **options):
    path = tmp_path / "a.phs"
    path.write_text("".join(f"{line}\n" for line in lines))
    if summary:
        (tmp_path / "a.phs.h").write_text(summary + "\n")
    assert detect_format(path) == "hypo71_phases"
    tables = read_source(path, **options)
    for name in tables.counts():
        assert validate_table(name, getattr(tables, name)) == []
    return tables


def test_a_card_gives_p_and_s_with_onset_and_weight(tmp_path):
    tables = read(tmp_path, AGE, LAKK, END)
    picks = tables.picks.to_pylist()
    seen = [(p["station"], p["phase"], p["onset"], p["pick_weight"]) for p in picks]
    assert seen == [("AGE", "P", "E", 0), ("AGE", "S", "E", 4), ("LAKK", "P", "I", 2)]
    assert picks[0]["time"].isoformat() == "2010-01-20T08:10:45.090000+00:00"
    assert picks[1]["time"].isoformat() == "2010-01-20T08:10:48.230000+00:00"
    assert tables.polarities.column("polarity").to_pylist() == [1, -1]
    assert {p["picker"] for p in picks} == {"analyst"}


def test_seconds_beyond_the_minute_carry_over(tmp_path):
    card = "AGE EPU0 100120081059.09       62.23ESU4"
    late = read(tmp_path, card, END).picks.to_pylist()[1]["time"]
    assert late.isoformat() == "2010-01-20T08:11:02.230000+00:00"


def test_numbers_without_a_point_have_two_decimals(tmp_path):
    card = "AGE EPU0 1001200810 4509        4823ESU4"
    picks = read(tmp_path, card, END).picks.to_pylist()
    assert [p["time"].microsecond for p in picks] == [90000, 230000]


def test_an_event_gets_the_hypocenter_before_its_first_p(tmp_path):
    far = PLACE.replace("100120", "100119")
    event = read(tmp_path, AGE, END, summary=f"{far}\n{PLACE}", hypocenters=".h").events
    row = event.to_pylist()[0]
    assert row["origin_time"].isoformat() == "2010-01-20T08:10:41.270000+00:00"
    assert row["latitude"] == pytest.approx(38 + 24.21 / 60)
    assert row["longitude"] == pytest.approx(21 + 58.25 / 60)
    assert (row["depth_km"], row["magnitude"]) == (7.11, 2.4)
    assert (row["horizontal_error_km"], row["vertical_error_km"]) == (0.2, 0.3)


def test_an_event_without_hypocenter_keeps_its_picks_and_says_so(tmp_path):
    tables = read(tmp_path, AGE, END, summary=PLACE.replace("100120", "100119"), hypocenters=".h")
    assert tables.picks.num_rows == 2
    reasons = [r["reason"] for r in tables.rejects.to_pylist() if r["record"] == "event"]
    assert len(reasons) == 1
    assert "no hypocenter" in reasons[0]


def test_events_are_separated_by_cards_without_station(tmp_path):
    tables = read(tmp_path, AGE, END, AGE.replace("0810", "0910"), END, event_ids="file")
    assert tables.events.column("event_id").to_pylist() == ["a", "a-2"]
    assert tables.picks.column("event_id").to_pylist() == ["a", "a", "a-2", "a-2"]


def test_a_repeated_pick_and_a_broken_card_are_put_aside(tmp_path):
    again = AGE.replace("45.09", "45.11")
    tables = read(tmp_path, AGE, again, "XYZ EPU0 10x120081045.09", END)
    reasons = tables.rejects.column("reason").to_pylist()
    assert tables.picks.num_rows == 3
    assert any("doubled pick" in r for r in reasons)
    assert any("no whole number" in r for r in reasons)


def test_a_missing_summary_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"a\.phs\.h"):
        read(tmp_path, AGE, END, hypocenters=".h")
    with pytest.raises(SettingsError, match="event_ids"):
        read(tmp_path, AGE, END, event_ids="name")


def test_the_official_summary_has_magnitude_and_errors_in_their_columns(tmp_path):
    path = tmp_path / "a.sum"
    path.write_text(
        "100118 17 4  6.39 38-24.81  21-54.66   7.63   2.10 29 157  1.6 0.07  0.3  0.2 B1\n"
    )
    (row,) = read_source(path).events.to_pylist()
    assert row["origin_time"].isoformat() == "2010-01-18T17:04:06.390000+00:00"
    assert row["magnitude"] == 2.1
    assert (row["horizontal_error_km"], row["vertical_error_km"]) == (0.3, 0.2)


def test_corinth_has_66_picks_and_27_first_motions(shared_data):
    folder = shared_data / "corinth" / "data"
    first = read_source(folder / "2010.01.18-17.03.51.phs", hypocenters=".hyp", event_ids="file")
    second = read_source(folder / "2010.01.20-08.10.27.phs", hypocenters=".h", event_ids="file")
    assert first.picks.num_rows + second.picks.num_rows == 66
    motions = [p for t in (first, second) for p in t.polarities.column("polarity").to_pylist()]
    assert sum(p != 0 for p in motions) == 27
    assert first.events.column("event_id").to_pylist() == ["2010.01.18-17.03.51"]


HEAD = "  DATE    ORIGIN    LAT {}    LONG {}    DEPTH    MAG NO DM GAP M  RMS  ERH  ERZ Q SQD\n"
LINE = "191231 2359 10.00 38{} 6.00 122{}30.00   8.00   2.10 10  5 100 1 0.10  0.5  0.8 B1 B\n"


@pytest.mark.parametrize("head", ["", "NW", "NE", "SW", "SE"])
@pytest.mark.parametrize("letters", ["--", "  ", "NW", "SE", "-W", "S-"])
def test_hemispheres_are_those_of_the_letter_else_of_the_line_of_names(tmp_path, head, letters):
    path = tmp_path / "a.sum"
    path.write_text((HEAD.format(*head) if head else "") + LINE.format(*letters))
    tables = read_source(path)
    lat, lon = (a if a.isalpha() else b for a, b in zip(letters, head or "NE", strict=True))
    event = tables.events.to_pylist()[0]
    assert event["latitude"] == (38.1 if lat == "N" else -38.1)
    assert event["longitude"] == (122.5 if lon == "E" else -122.5)
    unsaid = not head and not letters.isalpha()
    said = [r["reason"] for r in tables.rejects.to_pylist()]
    assert any("no letter of their hemisphere" in r for r in said) == unsaid
