"""Several documents in one file, what stands beside the events, and SeisComP ML as a file."""

from __future__ import annotations

import gzip

import pytest
from agency_files import readings, scml
from quakeml_files import HEAD, TAIL, document, event

from quakeloom.core import FormatError
from quakeloom.formats import detect_format, iterate_quakeml, read_mechanisms, read_source


def read(tmp_path, data: str | bytes):
    path = tmp_path / "file.xml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_source(path)


def ids(tables) -> list[str]:
    return [i.rsplit("/", 1)[1] for i in tables.events.column("event_id").to_pylist()]


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


def prefixed(text: str) -> str:
    return (
        text.replace("<", "<b:").replace("<b:/", "</b:").replace("<b:?", "<?")
        .replace("b:q:", "q:").replace('xmlns="', 'xmlns:b="')
    )  # fmt: skip


@pytest.mark.parametrize("between", ["", "\n", "\ufeff", "\n<!-- next -->\n", "\x00\x00"])
def test_documents_one_after_the_other_are_all_read(tmp_path, between):
    texts = [document(event("a")), document(event("b"), event("c")), document(event("d"))]
    tables = read(tmp_path, between.join(texts) + between)
    assert ids(tables) == ["a", "b", "c", "d"]
    assert reasons(tables) == []
    lines = tables.events.column("source_line").to_pylist()
    whole = between.join(texts).split("\n")
    assert all("<event " in whole[line - 1] for line in lines)


def test_documents_may_be_written_in_different_ways(tmp_path):
    other = prefixed(document(event("b")))
    plain = f"<eventParameters>{event('c')}</eventParameters>"
    tables = read(tmp_path, document(event("a")) + other + plain + document(event("d")))
    assert ids(tables) == ["a", "b", "c", "d"]
    assert reasons(tables) == []


def test_small_blocks_read_all_documents(tmp_path):
    path = tmp_path / "file.xml"
    path.write_text(document(event("a"), event("b")) + "\n" * 3 + document(event("c")))
    for size in (1, 100, 5000):
        parts = list(iterate_quakeml(path, block_bytes=size))
        assert sum(p.events.num_rows for p in parts) == 3
        assert sum(p.rejects.num_rows for p in parts) == 0


def test_gzipped_documents_one_after_the_other_are_all_read(tmp_path):
    packed = b"".join(gzip.compress(document(event(n)).encode()) for n in "abc")
    assert ids(read(tmp_path, packed)) == ["a", "b", "c"]


def test_an_event_doubled_in_another_document_is_told(tmp_path):
    tables = read(tmp_path, document(event("a")) + document(event("a"), event("b")))
    assert ids(tables) == ["a", "b"]
    assert any("doubled event" in r for r in reasons(tables))


def test_a_document_that_is_cut_by_the_next_one_is_told_and_the_next_is_read(tmp_path):
    first = document(event("a"), event("b"))
    cut = first[: first.rindex("<origin")]
    tables = read(tmp_path, cut + prefixed(document(event("c"), event("d"))))
    assert ids(tables) == ["a", "c", "d"]
    assert "another document starts before this one has ended" in reasons(tables)[0]


def test_the_next_document_is_found_after_a_broken_event(tmp_path):
    broken = document(event("a"), event("b").replace("</latitude>", "</longitude>"))
    tables = read(tmp_path, broken + prefixed(document(event("c"))))
    assert ids(tables) == ["a", "c"]


@pytest.mark.parametrize("rest", ["garbage", "<html><body/></html>", "\x01\x02", "}"])
def test_what_follows_and_is_no_quakeml_is_told(tmp_path, rest):
    tables = read(tmp_path, document(event("a")) + rest)
    assert ids(tables) == ["a"]
    (row,) = tables.rejects.to_pylist()
    assert "more after the end of the document" in row["reason"]
    assert row["text"].strip() == rest.strip()


def test_other_elements_beside_the_events_are_passed_over(tmp_path):
    more = '<q:station publicID="x"><event/></q:station>'
    text = document(event("a")).replace("</q:quakeml>", f"{more}</q:quakeml>")
    tables = read(tmp_path, text + document(event("b")))
    assert ids(tables) == ["a", "b"]
    assert reasons(tables) == []


def test_two_sets_of_parameters_in_one_root_are_read(tmp_path):
    text = HEAD + event("a") + "</eventParameters><eventParameters>" + event("b") + TAIL
    assert ids(read(tmp_path, text)) == ["a", "b"]


def test_seiscomp_ml_beside_an_inventory_is_read(tmp_path):
    text = scml().replace("</seiscomp>", "<Inventory><network/></Inventory></seiscomp>")
    tables = read(tmp_path, text)
    assert tables.events.num_rows == 1
    assert reasons(tables) == []


def test_an_inventory_of_seiscomp_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<seiscomp xmlns="u" version="0.12"><Inventory/></seiscomp>')
    with pytest.raises(FormatError, match=r"SeisComP ML without EventParameters.*sccnv"):
        read_source(path)
    with pytest.raises(FormatError, match="SeisComP ML"):
        read_mechanisms(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html><body>429 Too Many Requests</body></html>", "a web page"),
        ("<FDSNStationXML/>", "StationXML"),
        ("<kml/>", "KML"),
    ],
)
def test_another_xml_file_is_named_by_what_it_is(tmp_path, text, words):
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(FormatError, match=words):
        read_source(path, "quakeml")


def test_what_no_event_of_seiscomp_ml_refers_to_is_counted(tmp_path):
    extra = (
        '<pick publicID="alone"><time><value>2021-03-04T05:06:07Z</value></time></pick>'
        '<origin publicID="lonely"><time><value>2021-03-04T05:06:07Z</value></time></origin>'
    )
    tables = read(tmp_path, scml().replace("<EventParameters>", f"<EventParameters>{extra}"))
    assert tables.events.num_rows == 1
    assert reasons(tables) == ["1 picks, 1 origins belong to no event of the document"]


def test_a_pick_of_two_events_of_seiscomp_ml_belongs_to_both(tmp_path):
    second = (
        '<origin publicID="o2"><time><value>2021-03-04T05:06:07Z</value></time><latitude><value>1'
        "</value></latitude><longitude><value>2</value></longitude><arrival><pickID>Pick/0"
        '</pickID><phase>P</phase></arrival></origin><event publicID="e2"><preferredOriginID>o2'
        "</preferredOriginID></event></EventParameters>"
    )
    tables = read(tmp_path, scml().replace("</EventParameters>", second))
    assert tables.events.num_rows == 2
    counts = tables.picks.column("event_id").to_pylist()
    assert counts.count("e2") == 1
    assert counts.count("gfz2021abcd") == len(readings())


def test_broken_seiscomp_ml_keeps_what_can_be_read_and_tells(tmp_path):
    text = scml()
    whole = read(tmp_path, text)
    pick = text.index("<pick ", text.index("<pick ") + 1)
    for broken in (
        text[:pick] + text[pick:].replace("</pick>", "</Pick>", 1),
        text.replace("</EventParameters></seiscomp>", ""),
    ):
        tables = read(tmp_path, broken)
        assert tables.rejects.num_rows > 0
        assert tables.events.num_rows == 1
        assert whole.picks.num_rows - tables.picks.num_rows in (0, 1)


def test_any_namespace_and_encoding_of_seiscomp_ml_is_read(tmp_path):
    text = scml()
    expected = repr(read(tmp_path, text).picks.drop_columns(["source_line"]).to_pylist())
    for head in ("", '<?xml version="1.0" encoding="UTF-16"?>'):
        body = text[text.index("<seiscomp") :]
        data = (head + body).encode("utf-16") if head else body.encode()
        found = read(tmp_path, data).picks.drop_columns(["source_line"])
        assert repr(found.to_pylist()) == expected
    assert detect_format(tmp_path / "file.xml") == "seiscomp_ml"
