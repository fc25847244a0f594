"""What is broken in a phase file is put aside with its reason, and reading goes on."""

from __future__ import annotations

import math

import pytest
from phase_writers import write_archive, write_fpfit, write_scedc, write_simul
from small_files import AMPLITUDES, EVENTS, PICKS, REVERSALS, SMALL_FILES, STATIONS

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_hash_control, read_source


def read_text(tmp_path, name: str, text: str | bytes, **options):
    path = tmp_path / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_source(path, name, **options)


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


WRITERS = {
    "hash_fpfit": write_fpfit,
    "hash_scedc": write_scedc,
    "hypoinverse_archive": write_archive,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_doubled_event_is_put_aside_with_its_readings(tmp_path, name):
    tables = read_text(tmp_path, name, WRITERS[name]([EVENTS[0], EVENTS[1], EVENTS[0]]))
    assert tables.events.num_rows == 2
    assert tables.polarities.num_rows == 5
    assert reasons(tables)[0] == "doubled event: '101' is on line 1"
    assert all("its event on line" in reason for reason in reasons(tables)[1:])
    assert tables.rejects.column("record").to_pylist() == ["event"] + ["polarity"] * 3


@pytest.mark.parametrize("name", WRITERS)
def test_a_doubled_pick_is_put_aside_or_kept_as_asked(tmp_path, name):
    event = {**EVENTS[0], "picks": [PICKS[0], PICKS[1], PICKS[0]]}
    tables = read_text(tmp_path, name, WRITERS[name]([event]))
    assert tables.polarities.num_rows == 2
    assert reasons(tables) == ["doubled pick: the same reading is on line 2"]
    assert (
        read_text(tmp_path, name, WRITERS[name]([event]), doubled_picks="keep").polarities.num_rows
        == 3
    )


def test_readings_of_one_channel_by_two_pickers_are_both_kept(tmp_path):
    automatic = {**PICKS[0], "onset": "X", "weight": 5, "second": 2061}
    event = {**EVENTS[0], "picks": [PICKS[0], automatic]}
    tables = read_text(tmp_path, "hypoinverse_archive", write_archive([event]))
    assert tables.polarities.column("onset").to_pylist() == ["I", "X"]
    assert tables.polarities.column("pick_weight").to_pylist() == [0, 5]
    assert reasons(tables) == []


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("motion", "?NCx0")
def test_a_polarity_neither_up_nor_down_is_put_aside(tmp_path, name, motion):
    event = {**EVENTS[0], "picks": [{**PICKS[0], "motion": motion}, PICKS[1]]}
    tables = read_text(tmp_path, name, WRITERS[name]([event]))
    assert tables.polarities.column("station").to_pylist() == ["DEFG"]
    row = tables.rejects.to_pylist()[0]
    assert row["reason"] == f"polarity '{motion}' is neither up nor down"
    assert (row["source_line"], row["event_id"], row["station"]) == (2, "101", "ABC")
    assert row["text"].startswith("ABC")


@pytest.mark.parametrize("name", WRITERS)
def test_an_unread_first_motion_is_a_reading_without_polarity(tmp_path, name):
    event = {**EVENTS[0], "picks": [{**PICKS[0], "motion": " "}]}
    tables = read_text(tmp_path, name, WRITERS[name]([event]))
    assert tables.polarities.column("polarity").to_pylist() == [0]
    assert reasons(tables) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time": (1994, 13, 21, 11, 4, 0)}, "month 13"),
        ({"time": (1994, 2, 30, 11, 4, 0)}, "day 30 is outside [1, 28] of 1994-02"),
        ({"time": (1994, 1, 21, 31, 4, 0)}, "time of day 31:4"),
        ({"lat": 95 * 6000}, "latitude 95 is outside [-90, 90]"),
        ({"lon": -(700 * 6000)}, "longitude -700"),
        ({"depth": 99990}, "depth_km 999.9"),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_impossible_hypocenters_are_put_aside_with_the_value(tmp_path, name, change, reason):
    tables = read_text(tmp_path, name, WRITERS[name]([{**EVENTS[0], **change}, EVENTS[1]]))
    assert tables.events.column("event_id").to_pylist() == ["102"]
    assert tables.polarities.num_rows == 2
    assert reason in reasons(tables)[0]
    assert tables.rejects.num_rows == 1 + len(PICKS)


def test_minutes_beyond_sixty_are_impossible(tmp_path):
    text = SMALL_FILES["hash_fpfit"].replace("1455118", "7455118", 1)
    tables = read_text(tmp_path, "hash_fpfit", text)
    assert reasons(tables)[0] == "latitude 34 degrees 74.55 minutes is impossible"


@pytest.mark.parametrize("field", ["NaN ", "nan", "inf", "1e9", "12-3"])
def test_what_is_no_number_is_named(tmp_path, field):
    text = SMALL_FILES["hash_fpfit"].replace(" 258121", f"{field:>4}121", 1)
    tables = read_text(tmp_path, "hash_fpfit", text)
    assert tables.polarities.num_rows == 4
    assert "distance" in reasons(tables)[0]
    assert field.strip() in reasons(tables)[0]


def test_angles_out_of_range_are_put_aside(tmp_path):
    event = {**EVENTS[0], "picks": [{**PICKS[0], "takeoff": 181}, {**PICKS[1], "azimuth": 361}]}
    tables = read_text(tmp_path, "hash_fpfit", write_fpfit([{**event}, EVENTS[1]]))
    assert tables.polarities.num_rows == 2
    assert reasons(tables) == [
        "takeoff_deg 181 is outside [0, 180] deg",
        "azimuth_deg 361 is outside [0, 360] deg",
    ]


def test_negative_azimuths_are_turned_round(tmp_path):
    event = {**EVENTS[0], "picks": [{**PICKS[0], "azimuth": -57}]}
    tables = read_text(tmp_path, "hash_fpfit", write_fpfit([event]))
    assert tables.polarities.column("azimuth_deg").to_pylist() == [303.0]


@pytest.mark.parametrize("name", WRITERS)
def test_readings_without_an_event_are_put_aside(tmp_path, name):
    lines = SMALL_FILES[name].split("\n")
    tables = read_text(tmp_path, name, "\n".join(lines[1:]))
    assert tables.events.column("event_id").to_pylist() == ["102"]
    orphans = [r for r in tables.rejects.to_pylist() if r["record"] == "polarity"]
    assert len(orphans) == 3
    assert {r["reason"] for r in orphans} == {"no event line comes before it"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_missing_terminator_does_not_mix_two_events(tmp_path, name):
    text = "".join(line + "\n" for line in SMALL_FILES[name].split("\n") if line[:30].strip())
    tables = read_text(tmp_path, name, text)
    assert tables.polarities.column("event_id").to_pylist() == ["101"] * 3 + ["102"] * 2


def test_a_missing_identifier_becomes_the_origin_time(tmp_path):
    text = write_scedc([{**EVENTS[0], "id": ""}])
    assert read_text(tmp_path, "hash_scedc", text).events.column("event_id").to_pylist() == [
        "19940121T110415.030"
    ]


def test_a_missing_station_is_put_aside(tmp_path):
    text = SMALL_FILES["hash_fpfit"].replace("ABC IPU0", "    IPU0", 1)
    tables = read_text(tmp_path, "hash_fpfit", text)
    assert reasons(tables) == ["the station code is missing"]
    assert tables.polarities.num_rows == 4


def test_one_line_in_latin_1_does_not_spoil_a_file_in_utf_8(tmp_path):
    lines = STATIONS.encode().split(b"\n")
    lines[0] = lines[0].replace(b"FIRST", "FÏRST".encode("latin-1"))
    lines[1] = lines[1].replace(b"SECOND PLACE ", "SÉCOND PLACE ".encode())
    tables = read_text(tmp_path, "hash_stations", b"\n".join(lines))
    assert tables.stations.column("station").to_pylist() == ["ABC", "DEFG"]


def test_stations_are_open_where_their_list_has_far_years(tmp_path):
    rows = read_text(tmp_path, "hash_stations", STATIONS).stations.to_pylist()
    assert rows[0]["end_time"] is None
    assert str(rows[0]["start_time"].date()) == "1976-07-31"
    assert rows[1]["start_time"] is None
    assert rows[1]["end_time"].isoformat().startswith("1996-11-12T23:59:59.999999")
    assert rows[1]["latitude"] == pytest.approx(-34.55581)
    assert rows[1]["elevation_m"] == -5


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("ABC ", "    ", "the station code is missing"),
        (" 34.84845 -119.22497", "  0.00000    0.00000", "placeholder"),
        (" 34.84845", " 94.84845", "latitude 94.848"),
        (" 34.84845", "         ", "latitude is missing"),
        (" 34.84845", " 34,84845", "latitude '34,84845' is no number"),
        ("1976/07/31", "1976/17/31", "month 17"),
        ("1976/07/31", "31.07.1976", "is not year/month/day"),
        ("3000/01/01", "1970/01/01", "last day is before its first"),
    ],
)
def test_broken_stations_are_put_aside(tmp_path, old, new, reason):
    tables = read_text(tmp_path, "hash_stations", STATIONS.replace(old, new, 1))
    assert tables.stations.column("station").to_pylist() == ["DEFG"]
    assert reason in reasons(tables)[0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ABC  19921231 19920101", "before the first"),
        ("ABC  19921301 0", "month 13"),
        ("ABC  1992 0", "not yyyymmdd"),
        ("ABC  0", "2 words"),
        ("ABC  19920101 19921231", "doubled reversal"),
    ],
)
def test_broken_reversals_are_put_aside(tmp_path, line, reason):
    tables = read_text(tmp_path, "hash_reversals", REVERSALS + line + "\n")
    assert tables.reversals.num_rows == 4
    assert reason in reasons(tables)[0]


def test_amplitudes_are_read_in_the_order_of_driver_3_without_sign(tmp_path):
    row = read_text(tmp_path, "hash_amplitudes", AMPLITUDES).amplitudes.to_pylist()[0]
    names = ("p_noise", "s_noise", "p_amplitude", "s_amplitude")
    assert [row[n] for n in names] == [0.715, 35.705, 16.989, 124.245]


def test_a_wrong_count_of_amplitudes_is_noted_and_all_are_kept(tmp_path):
    tables = read_text(tmp_path, "hash_amplitudes", AMPLITUDES.replace("102     1", "102     4"))
    assert tables.amplitudes.num_rows == 3
    assert reasons(tables) == ["4 amplitudes are promised, 1 follow; they are kept"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    31.955", "       NaN", "S amplitude 'NaN' is no number"),
        ("    31.955", "          ", "S amplitude is missing"),
        ("102     1", "101     1", "doubled event"),
        ("DEFG VLZ YY", "ABC  EHZ XX", "doubled amplitude"),
    ],
)
def test_broken_amplitudes_are_put_aside(tmp_path, old, new, reason):
    tables = read_text(tmp_path, "hash_amplitudes", AMPLITUDES.replace(old, new, 1))
    assert tables.amplitudes.num_rows == 2
    assert reason in reasons(tables)[0]


def test_a_ray_without_a_reading_and_a_reading_without_a_ray_are_told(tmp_path):
    simul = tmp_path / "s.simul"
    simul.write_text(write_simul([{**EVENTS[0], "picks": PICKS[:2]}]))
    phases = tmp_path / "p.phase"
    other = {**PICKS[1], "station": "ZZZ"}
    phases.write_text(write_scedc([{**EVENTS[0], "picks": [PICKS[0], other]}, EVENTS[1]]))
    tables = read_source(simul, phase_file=phases)
    assert tables.polarities.column("polarity").to_pylist() == [1, 0]
    assert tables.polarities.column("onset").to_pylist() == ["I", ""]
    found = tables.rejects.to_pylist()
    assert [r["station"] for r in found] == ["ZZZ", "ABC", "DEFG"]
    assert ["station is not" in r["reason"] for r in found] == [True, False, False]
    with pytest.raises(InputError, match="nowhere"):
        read_source(simul, phase_file=tmp_path / "nowhere")


def test_simul_codes_with_a_network_letter_meet_their_station(tmp_path):
    simul = tmp_path / "s.simul"
    rays = [{**PICKS[0], "station": "ABCX"}, {**PICKS[1], "station": "ABCY"}]
    simul.write_text(write_simul([{**EVENTS[0], "picks": rays}]))
    phases = tmp_path / "p.phase"
    readings = [{**PICKS[0], "station": "ABC"}, {**PICKS[1], "station": "ABCY"}]
    phases.write_text(write_scedc([{**EVENTS[0], "picks": readings}]))
    by_name = read_source(simul, phase_file=phases).polarities
    assert by_name.column("polarity").to_pylist() == [1, -1]
    by_hash = read_source(simul, phase_file=phases, station_match="hash").polarities
    assert by_hash.column("polarity").to_pylist() == [-1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\nc\n",
        "a\nb\nc\nd\n8\n90\n60\n5\n30\n",
        "a\nb\nc\nd\ne\n8\n90\n60\n5\n30\n500\n0.1\n120\n45\n0.25\n2\nvz.one\n",
        "a\nb\nc\nd\n8\n90\n60\nfive\n30\n500\n0.1\n120\n45\n0.25\n",
    ],
)
def test_a_control_file_that_does_not_fit_its_driver_is_refused(tmp_path, text):
    path = tmp_path / "run.inp"
    path.write_text(text)
    with pytest.raises(FormatError, match=r"run\.inp"):
        read_hash_control(path)


def test_skhash_columns_are_turned_to_our_conventions(tmp_path):
    tables = read_text(tmp_path, "skhash_polarities", SMALL_FILES["skhash_polarities"])
    first, second = tables.polarities.to_pylist()
    assert (first["polarity"], second["polarity"]) == (1, -1)
    assert math.isnan(first["probability_up"])
    assert second["probability_up"] == 0.25
    assert (first["takeoff_deg"], second["takeoff_deg"]) == (65.0, 160.0)
    assert second["azimuth_deg"] == 350.0
    assert tables.events.num_rows == 1
    down = read_text(
        tmp_path, "skhash_polarities", SMALL_FILES["skhash_polarities"], takeoff_zero="down"
    )
    assert down.polarities.column("takeoff_deg").to_pylist() == [115.0, 20.0]


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("skhash_polarities", "-0.5", "-1.5", "'-1.5' is no number from -1 to 1"),
        ("skhash_polarities", "-0.5", "nan", "'nan' is no number from -1 to 1"),
        ("skhash_polarities", "ST001", "", "station is missing"),
        ("skhash_polarities", "ST001", "ST000", "doubled pick"),
        ("skhash_polarities", "20.0", "200.0", "takeoff_deg -20 is outside"),
        (
            "skhash_polarities",
            "-10.0, 39.1",
            "-10.0, 49.1",
            "1 rows from here on have another hypocenter than line 3",
        ),
        ("skhash_polarities", "-10.0,", "", "10 values for 11 columns"),
    ],
)
def test_broken_skhash_rows_are_put_aside(tmp_path, name, old, new, reason):
    tables = read_text(tmp_path, name, SMALL_FILES[name].replace(old, new, 1))
    assert reason in reasons(tables)[0]
    assert "ST000" in tables.polarities.column("station").to_pylist()


def test_skhash_spans_that_are_never_over_are_open(tmp_path):
    rows = read_text(tmp_path, "skhash_reversals", SMALL_FILES["skhash_reversals"])
    spans = [(r["start_time"], r["end_time"]) for r in rows.reversals.to_pylist()]
    assert spans[0] == (None, None)
    assert [str(t.date()) for t in spans[1]] == ["1990-04-01", "1991-11-01"]


def test_hypodd_files_have_their_times(tmp_path):
    events = read_text(tmp_path, "hypodd_events", SMALL_FILES["hypodd_events"]).events
    times = [t.isoformat() for t in events.column("origin_time").to_pylist()]
    assert times == ["1984-04-24T21:20:23.480000+00:00", "1984-04-25T00:04:49.440000+00:00"]
    reloc = read_text(tmp_path, "hypodd_reloc", SMALL_FILES["hypodd_reloc"]).events.to_pylist()[0]
    assert reloc["horizontal_error_km"] == pytest.approx(0.0023)
    assert reloc["vertical_error_km"] == pytest.approx(0.0045)
    phases = read_text(
        tmp_path, "hypodd_phase", SMALL_FILES["hypodd_phase"], network_letters=2
    ).polarities
    assert phases.column("network").to_pylist() == ["NC"] * 3
    assert phases.column("station").to_pylist() == ["CCO", "CSC", "CCO"]
    first = phases.column("arrival_time").to_pylist()[0]
    assert first.isoformat() == "1984-04-24T21:20:25.210000+00:00"


def test_a_cell_without_end_is_put_aside(tmp_path):
    text = SMALL_FILES["skhash_polarities"] + '1,"' + "x" * 200_000 + "\n"
    tables = read_text(tmp_path, "skhash_polarities", text)
    assert tables.polarities.num_rows == 2
    assert "no comma-separated values" in reasons(tables)[0]
    with pytest.raises(FormatError, match="no line with column names"):
        read_text(tmp_path, "skhash_polarities", "# only\n# comments\n")
