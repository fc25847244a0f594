"""The QuakeML reader: what it takes, how XML may be written, and what it does when broken."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path

import pytest
from quakeml_files import (
    HEAD,
    TAIL,
    arrival,
    document,
    event,
    magnitude,
    origin,
    pick,
)

from quakeloom.core import FormatError, QuakeloomError, SettingsError
from quakeloom.formats import detect_format, iterate_quakeml, read_source
from quakeloom.schema import validate_table


def read(tmp_path: Path, text: str | bytes, **options):
    path = tmp_path / "file.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    tables = read_source(path, "quakeml", **options)
    for name in tables.counts():
        assert validate_table(name, getattr(tables, name)) == []
    return tables


def plain_rows(table, *without: str) -> str:
    """The rows of a table in words, so that NaN equals NaN."""
    return repr(table.drop_columns(list(without)).to_pylist())


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


def test_an_event_comes_with_its_origin_magnitude_and_first_motions(tmp_path):
    tables = read(tmp_path, document(event("e")))
    assert tables.rejects.num_rows == 0
    (row,) = tables.events.to_pylist()
    assert row["event_id"] == "smi:local/event/e"
    assert row["origin_time"].isoformat() == "2020-01-01T00:00:01+00:00"
    assert (row["longitude"], row["latitude"], row["depth_km"]) == (139.5, 35.25, 12.5)
    assert row["magnitude"] == 2.5
    assert row["source_line"] == 4
    first, second = tables.polarities.to_pylist()
    assert [first[n] for n in ("network", "station", "channel")] == ["XX", "EA", "HHZ"]
    assert (first["polarity"], first["onset"]) == (1, "I")
    assert (second["polarity"], second["onset"]) == (-1, "E")
    assert first["arrival_time"].isoformat() == "2020-01-01T00:00:05.500000+00:00"
    assert (first["azimuth_deg"], second["azimuth_deg"]) == (10.5, 200.0)
    assert first["takeoff_deg"] == 95.25
    # half a degree on a sphere of 6371 km
    assert first["distance_km"] == pytest.approx(0.5 * math.pi / 180 * 6371)
    assert first["source_line"] == 5


def test_take_off_angles_count_from_straight_down_as_in_the_standard(tmp_path):
    text = document(event("e", pick("p") + origin("o", arrival("p", takeoff="180"))))
    assert read(tmp_path, text).polarities.column("takeoff_deg").to_pylist() == [180.0]


def test_the_preferred_origin_and_magnitude_are_taken_else_the_first(tmp_path):
    both = (
        pick("p")
        + origin("one", arrival("p", azimuth="1"), latitude="1")
        + origin("two", arrival("p", azimuth="2"), latitude="2")
        + magnitude("one", "1")
        + magnitude("two", "2")
    )
    chosen = (
        "<preferredOriginID>smi:local/origin/two</preferredOriginID>"
        "<preferredMagnitudeID> smi:local/magnitude/two\n</preferredMagnitudeID>"
    )
    dangling = "<preferredOriginID>smi:local/origin/three</preferredOriginID>"
    for extra, expected in ((chosen, 2.0), ("", 1.0), (dangling, 1.0)):
        tables = read(tmp_path, document(event("e", both + extra)))
        assert tables.events.column("latitude").to_pylist() == [expected]
        assert tables.events.column("magnitude").to_pylist() == [expected]
        assert tables.polarities.column("azimuth_deg").to_pylist() == [expected]


def test_only_p_picks_are_first_motions_and_the_arrival_names_the_phase(tmp_path):
    text = event(
        "e",
        pick("a", phaseHint="S")  # the arrival says it is P
        + pick("b", phaseHint="P")  # the arrival says it is S
        + pick("c", phaseHint="Pn")  # no arrival
        + pick("d", phaseHint="PcP")
        + pick("f", phaseHint="")
        + pick("g", phaseHint="iPg")
        + origin("o", arrival("a", "P") + arrival("b", "S")),
    )
    tables = read(tmp_path, document(text))
    assert tables.polarities.column("station").to_pylist() == ["A", "C", "G"]
    assert math.isnan(tables.polarities.column("azimuth_deg")[1].as_py())


def test_a_pick_without_polarity_is_kept_as_not_known(tmp_path):
    text = document(event("e", pick("a", polarity="", onset="questionable") + origin("o")))
    (row,) = read(tmp_path, text).polarities.to_pylist()
    assert (row["polarity"], row["onset"]) == (0, "")


def test_errors_are_converted_to_kilometers(tmp_path):
    place = origin("o").replace(
        "</origin>",
        "<originUncertainty><horizontalUncertainty>800</horizontalUncertainty>"
        "</originUncertainty></origin>",
    )
    place = place.replace(
        "<value>12500</value>", "<value>12500</value><uncertainty>300</uncertainty>"
    )
    (row,) = read(tmp_path, document(event("e", place))).events.to_pylist()
    assert (row["horizontal_error_km"], row["vertical_error_km"]) == (0.8, 0.3)
    place = origin("o").replace(
        "<value>35.25</value>", "<value>35.25</value><uncertainty>0.01</uncertainty>"
    )
    (row,) = read(tmp_path, document(event("e", place))).events.to_pylist()
    assert row["horizontal_error_km"] == pytest.approx(0.01 * math.pi / 180 * 6371)


ASIDES = {
    "an entity": ("smi:local/event/e", "smi:local/event/e&amp;f"),
    "a number": ("smi:local/event/e", "smi:local/event/e&#x26;f"),
}


@pytest.mark.parametrize("kind", ASIDES)
def test_entities_in_attributes_are_resolved(tmp_path, kind):
    tables = read(tmp_path, document(event("e")).replace(*ASIDES[kind], 1))
    assert tables.events.column("event_id").to_pylist() == ["smi:local/event/e&f"]


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("<value>35.25</value>", "<value><!-- <b> -->35<![CDATA[.2]]>5</value>"),
        ("<value>35.25</value>", "<value>\n  35.25\t</value >"),
        ("<value>35.25</value>", "<value\n>35&#46;25</value>"),
        ("<value>35.25</value>", "<?hint <x> ?><value>35.25<?end?></value>"),
        ('networkCode="XX" stationCode="EA"', "stationCode = 'EA'\n  networkCode='XX'"),
        ("<origin ", "<!-- <origin publicID='no'><latitude> --><origin "),
        ("<event ", "<comment><text><![CDATA[<event>]]></text></comment><event "),
        ("<polarity>positive</polarity>", "<polarity> positive\n</polarity>"),
        ("<depth>", '<x:time xmlns:x="u:x"><x:value>never</x:value></x:time><depth>'),
        ("<depth>", '<latitude xmlns="urn:other"><value>9</value></latitude><depth>'),
        ("<origin ", '<origin xmlns="urn:other"><latitude/></origin><origin '),
        ("<latitude>", '<x:latitude xmlns:x="urn:other"/><latitude>'),
    ],
)
def test_xml_may_be_written_in_many_ways(tmp_path, plain, written):
    expected = read(tmp_path, document(event("e")))
    text = document(event("e"))
    assert plain in text
    tables = read(tmp_path, text.replace(plain, written, 1))
    for name in ("events", "polarities"):
        found, wanted = getattr(tables, name), getattr(expected, name)
        assert plain_rows(found, "source_line") == plain_rows(wanted, "source_line")
    assert tables.rejects.num_rows == 0


def test_elements_may_have_any_prefix_and_any_version(tmp_path):
    expected = read(tmp_path, document(event("e")))
    wanted = plain_rows(expected.polarities, "source_line")
    text = document(event("e"))
    body = text[len(HEAD) : -len(TAIL)]
    prefixed = re.sub(r"<(/?)(?=\w)", r"<\1b:", body)
    head = (
        '<q:quakeml xmlns:b="http://quakeml.org/xmlns/bed/1.3" xmlns:q="urn:q">\n'
        '<b:eventParameters publicID="x">\n'
    )
    tables = read(tmp_path, head + prefixed + "</b:eventParameters></q:quakeml>")
    assert plain_rows(tables.polarities, "source_line") == wanted
    for head in (
        '<quakeml xmlns="http://quakeml.org/xmlns/quakeml/1.0"><eventParameters publicID="x">',
        "<quakeml><eventParameters>",
        "<eventParameters>",
    ):
        tail = "</eventParameters>" + ("</quakeml>" if "<quakeml" in head else "")
        assert plain_rows(read(tmp_path, head + body + tail).polarities, "source_line") == wanted


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "shift_jis"])
def test_any_declared_encoding_is_read(tmp_path, encoding):
    declared = "UTF-8" if encoding == "utf-8-sig" else encoding
    text = document(event("e")).replace("UTF-8", declared)
    tables = read(tmp_path, text.encode(encoding))
    assert tables.events.column("latitude").to_pylist() == [35.25]
    assert detect_format(tmp_path / "file.xml") == "quakeml"


def test_names_keep_their_letters_in_any_encoding(tmp_path):
    text = document(event("e").replace('stationCode="EA"', 'stationCode="É1"'))
    for encoding in ("utf-8", "latin-1"):
        tables = read(tmp_path, text.replace("UTF-8", encoding).encode(encoding))
        assert tables.polarities.column("station")[0].as_py() == "É1"
    # said to be UTF-8 but is Latin-1
    tables = read(tmp_path, text.encode("latin-1"))
    assert tables.polarities.column("station")[0].as_py() == "É1"


def test_gzip_is_read_and_a_cut_one_keeps_what_came_before(tmp_path):
    text = document(*(event(f"e{i}") for i in range(300)))
    path = tmp_path / "file.xml.gz"
    packed = gzip.compress(text.encode())
    path.write_bytes(packed)
    assert detect_format(path) == "quakeml"
    assert read_source(path).events.num_rows == 300
    path.write_bytes(packed[: len(packed) // 2])
    tables = list(iterate_quakeml(path))
    assert 0 < sum(t.events.num_rows for t in tables) < 300
    assert any("cut off" in r for r in tables[-1].rejects.column("reason").to_pylist())


def test_small_blocks_give_the_same_as_large_ones(tmp_path):
    path = tmp_path / "file.xml"
    path.write_text(document(*(event(f"e{i}") for i in range(50)), *["<comment/>"] * 3))
    whole = read_source(path)
    for size in (1, 700, 4096):
        parts = list(iterate_quakeml(path, block_bytes=size))
        for name in ("events", "polarities", "rejects"):
            rows = [r for p in parts for r in getattr(p, name).to_pylist()]
            assert repr(rows) == plain_rows(getattr(whole, name))


def test_a_file_cut_anywhere_keeps_its_whole_events_and_says_where_it_ends(tmp_path):
    text = document(event("a"), event("b"), event("c"))
    ends = [i + len("</event>") for i in range(len(text)) if text.startswith("</event>", i)]
    start = text.index('all">') + len('all">')
    for cut in range(start, len(text) - len(TAIL), 7):
        tables = read(tmp_path, text[:cut])
        assert tables.events.num_rows == sum(e <= cut for e in ends)
        (reason,) = reasons(tables)
        assert "line" in reason
        assert "byte" in reason
    with pytest.raises(FormatError):
        read(tmp_path, text[:20])


@pytest.mark.parametrize(
    ("plain", "broken", "word"),
    [
        ("</latitude>", "</longitude>", "closed"),
        ("</event>", "", "starts inside another"),
        ("</latitude>", "", "closed"),
        ('publicID="smi:local/event/b"', "publicID=smi:local/event/b", "attribute"),
        ('publicID="smi:local/event/b"', 'publicID="smi:local/event/b', "attribute"),
        ("<latitude>", "<!DOCTYPE x><latitude>", "declaration"),
        ("<latitude>", "< latitude>", "no name"),
        ("<latitude>", "<a>" * 70 + "<latitude>", "nested"),
        ("</origin>", "</origin", "closed"),
    ],
)
def test_a_broken_event_is_put_aside_and_reading_goes_on(tmp_path, plain, broken, word):
    middle = event("b")
    assert plain in middle
    tables = read(tmp_path, document(event("a"), middle.replace(plain, broken, 1), event("c")))
    names = tables.events.column("event_id").to_pylist()
    assert names == ["smi:local/event/a", "smi:local/event/c"]
    assert tables.rejects.num_rows == 1
    assert word in reasons(tables)[0]
    assert "line" in reasons(tables)[0]


BAD_EVENTS = {
    "no origin": (event("b", magnitude("m")), "no origin"),
    "no time": (event("b", origin("o", time="")), "time is missing"),
    "a wrong time": (event("b", origin("o", time="yesterday")), "no time"),
    "a day that is not": (event("b", origin("o", time="2020-02-30T00:00:00Z")), "no time"),
    "a far year": (event("b", origin("o", time="9999-01-01T00:00:00Z")), "no time"),
    "NaN": (event("b", origin("o", latitude="NaN")), "latitude is missing"),
    "text": (event("b", origin("o", longitude="east")), "no number"),
    "swapped": (event("b", origin("o", latitude="139.5", longitude="35.2")), "outside"),
    "a huge number": (event("b", origin("o", depth="1e300")), "outside"),
    "infinity": (event("b", origin("o", depth="INF")), "outside"),
    "doubled": (event("a"), "doubled event"),
    "said not to be": (event("b", "<type>not existing</type>" + pick("p") + origin("o")), "type"),
}


@pytest.mark.parametrize("kind", BAD_EVENTS)
def test_an_impossible_event_is_put_aside_with_its_readings(tmp_path, kind):
    text, word = BAD_EVENTS[kind]
    tables = read(tmp_path, document(event("a"), text, event("c")))
    assert tables.events.num_rows == 2
    assert word in reasons(tables)[0]
    picks = text.count("<pick ")
    assert sum("is put aside" in r for r in reasons(tables)) == picks
    assert tables.polarities.num_rows == 4


BAD_PICKS = {
    "polarity": (pick("p", polarity="sideways"), "neither up nor down"),
    "station": (pick("p", station=""), "station code is missing"),
    "time": (pick("p", time="noon"), "no time"),
    "status": (
        pick("p", more="<evaluationStatus>rejected</evaluationStatus>"),
        "the source has rejected",
    ),
    "doubled": (pick("p") + pick("p2", station="P"), "doubled pick"),
}


@pytest.mark.parametrize("kind", BAD_PICKS)
def test_an_impossible_reading_is_put_aside(tmp_path, kind):
    text, word = BAD_PICKS[kind]
    tables = read(tmp_path, document(event("e", pick("good") + text + origin("o"))))
    assert word in reasons(tables)[0]
    assert "GOOD" in tables.polarities.column("station").to_pylist()
    assert tables.rejects.num_rows == 1


@pytest.mark.parametrize(("azimuth", "takeoff"), [("400", "90"), ("10", "-3"), ("x", "90")])
def test_a_reading_with_an_impossible_angle_is_put_aside(tmp_path, azimuth, takeoff):
    content = pick("p") + origin("o", arrival("p", azimuth=azimuth, takeoff=takeoff))
    tables = read(tmp_path, document(event("e", content)))
    assert tables.polarities.num_rows == 0
    assert "impossible" in reasons(tables)[0]


def test_a_channel_that_is_picked_twice_keeps_the_pick_of_the_location(tmp_path):
    content = (
        pick("auto", station="S", polarity="negative")
        + pick("manual", station="S", polarity="positive")
        + origin("o", arrival("manual"))
    )
    tables = read(tmp_path, document(event("e", content)))
    assert tables.polarities.column("polarity").to_pylist() == [1]


def test_an_impossible_magnitude_leaves_the_event(tmp_path):
    tables = read(tmp_path, document(event("e", origin("o") + magnitude("m", "99"))))
    assert math.isnan(tables.events.column("magnitude")[0].as_py())
    assert "magnitude" in reasons(tables)[0]


def test_arrivals_of_unknown_picks_are_counted(tmp_path):
    content = origin("o", arrival("x") + arrival("y"))
    assert "2 arrivals name picks" in reasons(read(tmp_path, document(event("e", content))))[0]


def test_picks_outside_of_events_are_counted(tmp_path):
    tables = read(tmp_path, document(pick("x"), event("e"), origin("y")))
    assert tables.events.num_rows == 1
    assert "2 picks or origins stand outside" in reasons(tables)[0]


def test_the_same_pick_id_in_two_events_does_not_mix_them(tmp_path):
    a = event("a", pick("p", polarity="positive") + origin("o", arrival("p", azimuth="1")))
    b = event("b", pick("p", polarity="negative") + origin("o", arrival("p", azimuth="2")))
    rows = read(tmp_path, document(a, b)).polarities.to_pylist()
    assert [(r["polarity"], r["azimuth_deg"]) for r in rows] == [(1, 1.0), (-1, 2.0)]


def test_event_ids_may_be_shortened(tmp_path):
    tables = read(tmp_path, document(event("e")), event_ids="last")
    assert tables.events.column("event_id").to_pylist() == ["e"]
    assert tables.polarities.column("event_id").to_pylist() == ["e", "e"]
    with pytest.raises(SettingsError, match="event_ids"):
        read(tmp_path, document(event("e")), event_ids="first")


def test_an_event_without_public_id_is_named_by_its_line(tmp_path):
    text = document(event("e")).replace(' publicID="smi:local/event/e"', "")
    assert read(tmp_path, text).events.column("event_id").to_pylist() == ["file.xml:4"]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + TAIL,
        '<q:quakeml xmlns:q="urn:q"/>',
        '<quakeml><eventParameters publicID="x>y"/></quakeml>',
    ],
)
def test_a_catalog_without_events_is_empty(tmp_path, text):
    assert read(tmp_path, text).events.num_rows == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"hello",
        b"<html><body/></html>",
        b"<quakeml",
        b"<?xml version='1.0' encoding='klingon'?><quakeml/>",
        b"\x1f\x8bnot gzip at all",
        "événement".encode("latin-1"),
        b"\xff\xfe<",
    ],
)
def test_a_file_that_is_no_quakeml_is_a_clear_error(tmp_path, data):
    path = tmp_path / "file.xml"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"file\.xml"):
        read_source(path, "quakeml")
    with pytest.raises(QuakeloomError):
        read_source(path)
