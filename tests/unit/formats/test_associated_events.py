"""Tables of pickers, associators and relocators, and catalogs of services."""

from __future__ import annotations

import math

import pytest

from quakeloom.core import FormatError
from quakeloom.formats import detect_format, read_source
from quakeloom.schema import validate_table

COMCAT = (
    "time,latitude,longitude,depth,mag,magType,net,id,place,type,horizontalError,depthError\n"
    "2021-03-04T05:06:07.250Z,36.2,138.5,8.1,1.4,ml,us,us7000abcd,"
    '"5 km N of X, Japan",earthquake,0.3,0.5\n'
)
FDSN_EVENTS = (
    "#EventID | Time | Latitude | Longitude | Depth/km | Author | MagType | Magnitude\n"
    "123|2021-03-04T05:06:07.250|36.2|138.5|8.1|AUT|ML|1.4\n"
)
FDSN_STATIONS = (
    "#Network | Station | Latitude | Longitude | Elevation | SiteName | StartTime | EndTime\n"
    "XX|AAA|36.3|138.6|100.0|Some place|2001-01-01T00:00:00|\n"
)
FDSN_CHANNELS = (
    "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|StartTime|EndTime\n"
    "XX|AAA||HHZ|36.3|138.6|100.0|0.0|2001-01-01T00:00:00|2010-01-01T00:00:00\n"
    "XX|AAA||HHZ|36.4|138.7|110.0|0.0|2010-01-01T00:00:00|\n"
)
GAMMA_EVENTS = (
    "time,magnitude,gamma_score,event_index,x(km),y(km),z(km),longitude,latitude,depth(m)\n"
    "2021-03-04T05:06:07.250,1.4,10,3,1,2,8.1,138.5,36.2,8100\n"
)
GAMMA_PICKS = (
    "id,timestamp,prob,type,amp,event_index,gamma_score\n"
    "XX.AAA..EH,2021-03-04T05:06:10.5,0.95,p,1e-5,3,0.5\n"
    "XX.BBB..EH,2021-03-04T05:06:11.5,0.85,s,1e-5,-1,0.5\n"
)
PYOCTO_EVENTS = (
    "idx,time,x,y,z,picks,latitude,longitude,depth\n0,1614834367.25,1,2,8.1,12,36.2,138.5,8.1\n"
)
PYOCTO_PICKS = "event_idx,pick_idx,residual,station,phase,time\n0,12,0.1,XX.AAA.,P,1614834370.5\n"
SEISBENCH = "trace_id,phase,peak_time,peak_value,event_id\nXX.AAA.,P,2021-03-04T05:06:10.5,0.95,7\n"
PHASENET = (
    "station_id,begin_time,phase_index,phase_time,phase_score,phase_type,phase_polarity,event_id\n"
    "XX.AAA..EH,2021-03-04T05:06:00.000,1050,2021-03-04T05:06:10.500,0.95,P,0.8,7\n"
    "XX.AAA..EH,2021-03-04T05:06:00.000,1250,2021-03-04T05:06:12.500,0.85,S,0.1,7\n"
    "XX.BBB..EH,2021-03-04T05:06:00.000,1250,2021-03-04T05:06:11.500,0.85,P,-1.0,7\n"
)
REAL = (
    "     1 2021 03 04 05:06:07.250     18367.2500   0.1934   36.2000   138.5000     8.10   1.400"
    "   0.325   8   6   14    5   124.03\n"
    "   XX  AAA P    18370.5000        3.2500   1.2e-05   0.0260   1.0  30.2\n"
    "   XX  AAA S    18373.0000        5.7500   1.2e-05   0.0260   1.0  30.2\n"
)
GROWCLUST = (
    "2021  3  4  5  6  7.250      1001  36.20000  138.50000   8.100  1.40       1       1       3"
    "     2    10    10  0.05  0.06  0.100  0.200  0.010  36.20100  138.50100   8.200\n"
    "2021  3  4  5 16  7.250      1002  36.20000  138.50000   8.100  1.40       2       2       1"
    "     0     0     0  0.00  0.00 -1.000 -1.000 -1.000  36.20000  138.50000   8.100\n"
)
VELEST = (
    "21 3 4  5 6  7.25 36.2000N 138.5000E    8.10   1.40\n"
    "AAA P0  3.25AAA S1  5.75BBB P2  4.00\n\n"
    "21 3 5  5 6  7.25 36.2000S 138.5000W    8.10   1.40\n"
    "AAA P0  3.25\n\n"
)
ZMAP = (
    "138.5\t36.2\t2021.17\t3\t4\t1.4\t8.1\t5\t6\t7.25\n"
    "138.6\t36.3\t2021.17\t3\t4\t1.5\t9\tNaN\tNaN\tNaN\n"
)
EVENTS = {
    "zmap": ("zmap", ZMAP),
    "comcat": ("csv", COMCAT),
    "fdsn": ("csv", FDSN_EVENTS),
    "gamma": ("csv", GAMMA_EVENTS),
    "pyocto": ("csv", PYOCTO_EVENTS),
    "real": ("real", REAL),
    "growclust": ("growclust", GROWCLUST),
    "velest": ("velest_phases", VELEST),
}
IDS = {"comcat": "us7000abcd", "fdsn": "123", "gamma": "3", "pyocto": "0", "growclust": "1001"}


def read(tmp_path, text: str, name: str = "file.txt", format: str = "auto"):
    path = tmp_path / name
    path.write_text(text)
    tables = read_source(path, format)
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []
    return tables


@pytest.mark.parametrize("name", EVENTS)
def test_the_event_is_where_and_when_it_was(tmp_path, name):
    form, text = EVENTS[name]
    tables = read(tmp_path, text)
    assert detect_format(tmp_path / "file.txt") == form
    event = tables.events.to_pylist()[0]
    assert event["event_id"] == IDS.get(name, "20210304T050607.250")
    assert event["origin_time"].isoformat() == "2021-03-04T05:06:07.250000+00:00"
    place = (event["longitude"], event["latitude"], event["depth_km"])
    assert place == pytest.approx((138.5, 36.2, 8.1))
    assert event["magnitude"] == 1.4 or (name == "pyocto" and math.isnan(event["magnitude"]))
    # columns without a place here are named; nothing else is put aside
    said = [r["reason"] for r in tables.rejects.to_pylist() if r["record"] != "column"]
    assert said == (["the time of day is missing; the event is kept without an origin time"]
                    if name == "zmap" else [])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (GAMMA_PICKS, ("3", "XX", "AAA", "p")),
        (PYOCTO_PICKS, ("0", "XX", "AAA", "P")),
        (SEISBENCH, ("7", "XX", "AAA", "P")),
        (PHASENET, ("7", "XX", "AAA", "P")),
        (REAL, ("20210304T050607.250", "XX", "AAA", "P")),
        (VELEST, ("20210304T050607.250", "", "AAA", "P")),
    ],
)
def test_the_pick_is_that_of_its_event_and_station(tmp_path, text, codes):
    pick = read(tmp_path, text).picks.to_pylist()[0]
    assert tuple(pick[n] for n in ("event_id", "network", "station", "phase")) == codes
    assert pick["time"].isoformat() == "2021-03-04T05:06:10.500000+00:00"


def test_picks_of_gamma_without_an_event_are_put_aside(tmp_path):
    tables = read(tmp_path, GAMMA_PICKS)
    assert tables.picks.num_rows == 1
    assert "event_id is missing" in tables.rejects.column("reason").to_pylist()


def test_first_motions_beside_picks_become_polarities(tmp_path):
    """0.8 is up with probability 0.9; S has none."""
    tables = read(tmp_path, PHASENET)
    assert tables.picks.num_rows == 3
    first, second = tables.polarities.to_pylist()
    assert (first["station"], first["polarity"]) == ("AAA", 1)
    assert first["probability_up"] == pytest.approx(0.9)
    assert (second["station"], second["polarity"]) == ("BBB", -1)
    assert math.isnan(second["probability_up"])
    assert first["arrival_time"] == tables.picks.to_pylist()[0]["time"]


def test_picks_of_a_picker_belong_to_no_event_yet(tmp_path):
    lines = [line.rpartition(",")[0] for line in PHASENET.splitlines()]
    tables = read(tmp_path, "\n".join(lines))
    assert tables.picks.column("event_id").to_pylist() == ["", "", ""]
    with pytest.raises(FormatError, match="associate the picks first"):
        read(tmp_path, "station,phase,time\nA,P,2020-01-01T00:00:00\n", "picks.csv")


def test_stations_of_fdsn_have_their_epochs(tmp_path):
    (station,) = read(tmp_path, FDSN_STATIONS).stations.to_pylist()
    assert (station["network"], station["station"], station["elevation_m"]) == ("XX", "AAA", 100.0)
    assert station["start_time"].year == 2001
    assert station["end_time"] is None
    channels = read(tmp_path, FDSN_CHANNELS).stations.to_pylist()
    assert [c["latitude"] for c in channels] == [36.3, 36.4]
    assert [c["channel"] for c in channels] == ["HHZ", "HHZ"]


def test_errors_of_growclust_are_those_of_a_gaussian(tmp_path):
    moved, still = read(tmp_path, GROWCLUST).events.to_pylist()
    assert moved["horizontal_error_km"] == pytest.approx(0.1 * 1.4826)
    assert moved["vertical_error_km"] == pytest.approx(0.2 * 1.4826)
    assert math.isnan(still["horizontal_error_km"])


def test_velest_has_hemispheres_weights_and_stations(tmp_path):
    tables = read(tmp_path, VELEST)
    assert tables.events.to_pylist()[1]["latitude"] == -36.2
    assert tables.events.to_pylist()[1]["longitude"] == -138.5
    assert tables.picks.column("pick_weight").to_pylist() == [0, 1, 2, 0]
    text = (
        "(a4,f7.4,a1,1x,f8.4,a1,1x,i4)\nAAA 36.3000N 138.6000E  100\nBBB 36.4000S   8.7000W -200\n"
    )
    stations = read(tmp_path, text, "a.sta").stations.to_pylist()
    assert [s["latitude"] for s in stations] == [36.3, -36.4]
    assert [s["longitude"] for s in stations] == [138.6, -8.7]
    assert [s["elevation_m"] for s in stations] == [100.0, -200.0]


def test_a_phase_of_real_that_is_not_of_its_event_is_put_aside(tmp_path):
    tables = read(tmp_path, REAL.replace("18373.0000", "18383.0000"))
    assert tables.picks.num_rows == 1
    assert "do not belong" in tables.rejects.column("reason")[0].as_py()


@pytest.mark.parametrize(
    ("weight", "error"),
    [("1.000", 0.05), ("0.500", 0.1), ("0.200", 0.25), ("-0.100", 0.5)],
)
def test_the_error_of_a_hypodd_pick_follows_from_its_weight(tmp_path, weight, error):
    text = (
        "# 1987 11 17  4 11 58.72  35.9727 -120.5353   10.15 2.08  0.19  0.28  0.06   10085435\n"
        f"NCPMM       2.640  {weight}   P\n"
    )
    (pick,) = read(tmp_path, text, "a.pha").picks.to_pylist()
    assert pick["uncertainty_s"] == pytest.approx(error)
    tables = read(tmp_path, text.replace(weight, "0.000"), "a.pha")
    assert tables.picks.num_rows == 0
    assert "weight is 0" in tables.rejects.column("reason")[0].as_py()


@pytest.mark.parametrize("columns", [(7,), (8,), (9,), (7, 8, 9)])
def test_an_error_of_hypodd_that_did_not_fit_is_not_known(tmp_path, columns):
    line = "1001 36.2 138.5 -0.6 10 20 100 300 400 500 2021 3 4 23 59 59.99 1.4 0 0 10 8 -9 0.1 1"
    words = line.split()
    for column in columns:
        words[column] = "********"
    (event,) = read(tmp_path, " ".join(words) + "\n", "a.reloc", "hypodd_reloc").events.to_pylist()
    assert event["depth_km"] == -0.6
    assert math.isnan(event["horizontal_error_km"]) == bool({7, 8} & set(columns))
    assert math.isnan(event["vertical_error_km"]) == (9 in columns)


def test_hypoinverse_stations_have_minutes_and_hemispheres(tmp_path):
    """Written by the columns of the manual; without a letter a longitude is west."""
    path = tmp_path / "a.sta"
    full = "CCC   NC  EHZ 137 30.5000N122 15.2500E 350" + "1.0  P  0.00  0.00  0.00  0.00 0"
    path.write_text(
        "AAA   XX  HHZ  36 18.0000N138 36.0000E 100\n"
        "BBBBB XX  EHN  36 24.0000S  8 42.0000W-120\n"
        + full.replace("137 ", " 37 ").replace("122 15.2500E", "122 15.2500 ").ljust(80)
        + "01\n"
        "AAA   XX  HHZ  36 18.0000N138 36.0000E 100\nDDD   XX  HHZ  96 18.0000N138 36.0000E 100\n"
    )
    assert detect_format(path) == "hypoinverse_stations"
    tables = read_source(path)
    rows = [
        (r["network"], r["station"], r["channel"], r["location_code"], r["latitude"],
         r["longitude"], r["elevation_m"])
        for r in tables.stations.to_pylist()
    ]  # fmt: skip
    assert rows == [
        ("XX", "AAA", "HHZ", "", pytest.approx(36.3), pytest.approx(138.6), 100.0),
        ("XX", "BBBBB", "EHN", "", pytest.approx(-36.4), pytest.approx(-8.7), -120.0),
        ("NC", "CCC", "EHZ", "01", pytest.approx(37 + 30.5 / 60), pytest.approx(-122.254166667),
         350.0),
    ]  # fmt: skip
    said = tables.rejects.column("reason").to_pylist()
    assert ["doubled" in said[0], "latitude 96" in said[1]] == [True, True]


def hypoinverse_reading(station, second=None, motion=" ", weight=0, s_second=None, s_weight=0):
    """A station line of Hypoinverse by the columns of its manual, without angles."""
    line = [" "] * 50
    fields = {0: f"{station:<5}XX", 9: "HHZ", 17: "202001010000"}
    if second is not None:
        fields |= {13: f" P{motion}{weight}", 29: f"{second:5.2f}"}
    if s_second is not None:
        fields |= {41: f"{s_second:5.2f}", 46: f"ES {s_weight}"}
    for start, text in fields.items():
        line[start : start + len(text)] = text
    return "".join(line).rstrip()


HYPOINVERSE_END = " " * 62 + "123"
HYPOINVERSE_LINES = [
    hypoinverse_reading("AAA", 7.12, "U", 0, 9.5, 1),
    hypoinverse_reading("BBB", 8.12, "D", 2),
    hypoinverse_reading("CCC", s_second=9.9, s_weight=3),
]


@pytest.mark.parametrize(
    ("header", "name", "origin", "longitude"),
    [
        ("", "20200101T000007.120", None, None),
        ("202001010000", "20200101T000000.000", None, None),
        ("2020010100000512", "20200101T000005.120", None, None),
        ("202001010000051236 3000 70W3000  800", "20200101T000005.120", 5.12, -70.5),
    ],
)
def test_hypoinverse_phases_need_no_hypocenter(tmp_path, header, name, origin, longitude):
    """An event begins with a time, a trial hypocenter, or its first reading."""
    path = tmp_path / "a.phs"
    lines = [*([header] if header else []), *HYPOINVERSE_LINES, HYPOINVERSE_END]
    later = [x.replace("20200101", "20200102") for x in lines]
    path.write_text("\n".join([*lines, *later]) + "\n")
    assert detect_format(path) == "hypoinverse_phases"
    tables = read_source(path)
    assert tables.rejects.num_rows == 0
    assert validate_table("picks", tables.picks) == []
    first, second = tables.events.to_pylist()
    assert (first["event_id"], second["event_id"]) == (name, name.replace("0101T", "0102T"))
    if longitude is None:
        assert first["origin_time"] is None
        assert math.isnan(first["longitude"])
    else:
        assert first["longitude"] == longitude
        assert first["origin_time"].timestamp() % 60 == pytest.approx(origin)
    found = [
        (r["station"], r["phase"], r["time"].timestamp() % 60, r["pick_weight"])
        for r in tables.picks.to_pylist()
        if r["event_id"] == name
    ]
    assert sorted(found) == [
        ("AAA", "P", pytest.approx(7.12), 0), ("AAA", "S", pytest.approx(9.5), 1),
        ("BBB", "P", pytest.approx(8.12), 2), ("CCC", "S", pytest.approx(9.9), 3),
    ]  # fmt: skip
    signs = {r["station"]: r["polarity"] for r in tables.polarities.to_pylist()}
    assert signs == {"AAA": 1, "BBB": -1}


@pytest.mark.parametrize("width", [4, 5])
@pytest.mark.parametrize("elevation", [-150, 0, 85, 1200])
@pytest.mark.parametrize("written", [4, 5])
def test_velest_elevations_are_whole_or_put_aside(tmp_path, width, elevation, written):
    """A file whose lines have other columns than its first line says is no elevation cut short."""
    head = f"(a4,f7.4,a1,1x,f8.4,a1,1x,i{width},1x,i1,1x,i3,1x,f5.2,2x,f5.2)\n"
    text = "".join(
        f"{code:4s}46.1000N   7.4000E {height:{written}d} 1   1  0.00   0.00\n"
        for code, height in (("AAA", elevation), ("BBB", 7))
    )
    (tmp_path / "x.sta").write_text(head + text)
    if written > width:
        with pytest.raises(FormatError, match=r"longer than its 4 columns|elevation is missing"):
            read_source(tmp_path / "x.sta")
        return
    tables = read_source(tmp_path / "x.sta")
    assert tables.stations.column("elevation_m").to_pylist() == [elevation, 7]
    assert not tables.rejects.num_rows
