"""What quakeloom has no reader for is read by ObsPy, or named by what it is."""

from __future__ import annotations

import gzip
from pathlib import Path

import obspy
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import detect_format, read_mechanisms, read_source

EXAMPLES = Path(obspy.__file__).parent / "io"
NORDIC = (
    " 2021  3 4 0506  7.3 L  36.200 138.500  8.1  TST  4 0.1 1.4LTST                1\n"
    " GAP=120        0.10       1.0     1.2  1.5  0.1000E+01  0.1000E+01  0.1000E+01E\n"
    " STAT SP IPHASW D HRMM SECON CODA AMPLIT PERI AZIMU VELO AIN AR TRES W  DIS CAZ7\n"
    " AAA  HZ IP   0 C  5 6 10.00                             90   0.0010 15.0  40\n"
    " BBB  HZ EP   1 D  5 6 11.20                             90   0.0010 22.0 140\n\n"
)
ZMAP = (
    "138.5\t36.2\t2021.17\t3\t4\t1.4\t8.1\t5\t6\t7.3\n138.6\t36.3\t2021.17\t3\t4\t1.5\t9\t5\t7\t8\n"
)


def example(*parts: str) -> Path:
    path = EXAMPLES.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"ObsPy does not carry {path.name}")
    return path


def test_the_event_is_where_and_when_it_was_and_the_log_says_who_read_it(tmp_path, caplog):
    path = tmp_path / "cat.out"
    path.write_text(NORDIC)
    assert detect_format(path) == "obspy_events"
    tables = read_source(path)
    event = tables.events.to_pylist()[0]
    assert (event["longitude"], event["latitude"], event["depth_km"]) == (138.5, 36.2, 8.1)
    assert event["event_id"] == "20210304T050607.300"
    assert event["magnitude"] == 1.4
    assert event["source_file"] == str(path)
    assert "read by ObsPy" in caplog.text


def test_first_motions_of_nordic_files_are_read(tmp_path):
    (tmp_path / "cat.out").write_text(NORDIC)
    rows = read_source(tmp_path / "cat.out").polarities.to_pylist()
    assert {r["station"]: r["polarity"] for r in rows} == {"AAA": 1, "BBB": -1}
    assert {r["event_id"] for r in rows} == {"20210304T050607.300"}


def nordic_line(columns):
    line = [" "] * 80
    for first, text in columns.items():
        line[first - 1 : first - 1 + len(text)] = text
    return "".join(line)


def nordic_phase(station, weight, motion, phase="P"):
    columns = {2: station, 7: "HZ", 10: "E" + phase, 15: weight, 17: motion, 19: "24", 21: " 0"}
    return nordic_line({**columns, 23: "  6.20", 57: "  90", 71: " 15.0", 77: " 40"})


NORDIC_EVENT = nordic_line(
    {2: "2021", 7: " 3", 9: " 4", 12: "23", 14: "59", 17: "59.9", 22: "L", 24: " 36.200",
     31: " 138.500", 39: "  8.1", 46: "TST", 80: "1"}
)  # fmt: skip
NORDIC_HEAD = nordic_line(
    {1: " STAT SP IPHASW D HRMM SECON CODA AMPLIT PERI AZIMU VELO AIN AR TRES W  DIS CAZ", 80: "7"}
)


@pytest.mark.parametrize("trimmed", [False, True])
@pytest.mark.parametrize(("motion", "sign"), [("C", 1), ("D", -1), ("+", 1), ("-", -1), (" ", 0)])
@pytest.mark.parametrize(
    ("weight", "code"), [(" ", 0), ("0", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4), ("9", 4)]
)
def test_weights_and_unclear_first_motions_of_nordic_files_count(
    tmp_path, trimmed, motion, sign, weight, code
):
    lines = [NORDIC_EVENT, NORDIC_HEAD, nordic_phase("AAA", weight, motion), ""]
    lines = [line.rstrip() for line in lines] if trimmed else lines
    (tmp_path / "cat.out").write_text("\n".join(lines) + "\n")
    tables = read_source(tmp_path / "cat.out")
    assert [p["pick_weight"] for p in tables.picks.to_pylist()] == [code]
    assert [p["polarity"] for p in tables.polarities.to_pylist()] == [sign]
    assert str(tables.picks.column("time")[0].as_py()) == "2021-03-05 00:00:06.200000+00:00"


@pytest.mark.parametrize(
    ("parts", "events"),
    [
        (("ndk", "tests", "data", "multiple_events.ndk"), 6),
        (("gse2", "tests", "data", "bulletin", "gse_2.0_2_events.txt"), 2),
        (("iaspei", "tests", "data", "19670130012028.isf"), 1),
        (("pde", "tests", "data", "mchedr.dat"), 1),
        (("cmtsolution", "tests", "data", "MULTIPLE_EVENTS"), 4),
        (("nordic", "tests", "data", "select.out"), 50),
    ],
)
def test_examples_of_obspy_give_as_many_events_as_obspy_finds(parts, events):
    path = example(*parts)
    tables = read_source(path)
    assert tables.events.num_rows == events == len(obspy.read_events(str(path)))


def test_two_readings_of_a_file_give_the_same_names(tmp_path):
    """ObsPy draws names at random where a file has none."""
    (tmp_path / "cat.out").write_text(NORDIC)
    first, second = (read_source(tmp_path / "cat.out") for _ in range(2))
    assert repr(first.events.to_pylist()) == repr(second.events.to_pylist())
    assert repr(first.polarities.to_pylist()) == repr(second.polarities.to_pylist())


def test_moment_tensors_of_the_global_cmt_catalog_are_mechanisms():
    rows = read_mechanisms(example("ndk", "tests", "data", "multiple_events.ndk")).to_pylist()
    assert rows[0]["event_id"] == "C201303010329A"
    assert (rows[0]["strike_deg"], rows[0]["dip_deg"], rows[0]["rake_deg"]) == (313, 38, 159)
    assert all(r["status"] == "solved" for r in rows)


def test_what_obspy_leaves_out_is_said():
    tables = read_source(example("ndk", "tests", "data", "faulty_multiple_events.ndk"))
    said = tables.rejects.column("reason").to_pylist()
    assert any("ObsPy says" in reason for reason in said)
    assert max(map(len, said)) < 400


def test_a_file_that_obspy_cannot_read_is_a_clear_error(tmp_path):
    path = tmp_path / "x.ndk"
    path.write_text("PDEW 2006/04/09 20:50:46.0 -20.45  -70.24  34.6 5.5 5.8 CHILE\nand no more\n")
    with pytest.raises(FormatError, match=r"looks like NDK.*ObsPy"):
        read_source(path)


KINDS = {
    "workbook": (b"PK\x03\x04" + bytes(100), "a workbook"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG picture"),
    "hdf": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 or NetCDF-4 file"),
    "matlab": (b"MATLAB 5.0 MAT-file" + bytes(200), "a MATLAB file"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    "macos": (b"\x00\x05\x16\x07" + bytes(50), "macOS"),
    "page": (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
    "kml": (b'<?xml version="1.0"?><kml xmlns="x"></kml>', "KML"),
    "xml": (b'<?xml version="1.0"?><catalog></catalog>', "root element <catalog>"),
    "json": (b'{"type": "FeatureCollection", "features": []}', "JSON"),
    "miniseed": (b"000001D AAA    HHZXX" + bytes(200), "miniSEED"),
    "gse2": (b"WID2 2005/08/31 02:33:49.850 RJOB  EHZ      CM6\nDAT2\n", "GSE2 waveforms"),
    "layers": (b"# model\nLAYER 0 5.5 0 3.179 0 2.7 0\n", "NonLinLoc control file"),
    "model": (b"0 5.5\n10 6.2\n30 7.9\n", "a velocity model"),
    "differences": (b"#   1001   1002  0.0\nAAA  1.2 1.3 1.0 P\n", "differential times"),
    "mechanisms": (b"lon,lat,depth,strike,dip,rake,mag\n1,2,3,4,5,6,7\n", "focal mechanisms"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_named_by_what_it_is_with_what_to_do(tmp_path, name, packed):
    data, word = KINDS[name]
    path = tmp_path / "file.dat"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(FormatError, match=r"file\.dat") as raised:
        read_source(path)
    assert word in str(raised.value)
    assert "Nothing is read from it; " in str(raised.value)
