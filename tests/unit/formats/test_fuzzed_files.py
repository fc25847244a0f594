"""Inputs that `make test-fuzz` found: each a fault once, now a reject or an error in words."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from agency_files import comcat

from quakeloom.core import BrokenArchiveError, FormatError, InputError, read_array_archive
from quakeloom.formats import (
    read_coastline,
    read_fault_segments,
    read_hash_control,
    read_line_picks,
    read_mechanisms,
    read_network_weights,
    read_rayinvr_model,
    read_seisbench_description,
    read_simul_frame,
    read_source,
    read_time_grid,
    read_travel_time_table,
    read_waveforms,
)
from quakeloom.formats._dataless import read_dataless
from quakeloom.formats._parquet import read_raw_parquet
from quakeloom.schema import validate_table
from quakeloom.store import open_dataset, open_item, read_arrays, read_table


def write(tmp_path, data: str | bytes, name: str = "file"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return path


ZMAP = "138.5 36.2 2021.17 3 4 1.4 8.1 5 6 7.25\n"


@pytest.mark.parametrize("column", [2, 3, 7, 9])
@pytest.mark.parametrize("word", ["inf", "-inf", "1e400"])
def test_an_infinite_time_of_zmap_is_put_aside(tmp_path, column, word):
    words = ZMAP.split()
    words[column] = word
    tables = read_source(write(tmp_path, ZMAP + " ".join(words) + "\n"), "zmap")
    assert tables.events.num_rows == 1
    assert tables.rejects.num_rows == 1


def test_nan_among_numbers_of_mechanisms_is_no_exponent(tmp_path):
    text = "138.5 36.2 2021.17 3 4 1.4 8.1 5 6 7.25\n138.6 36.3 1.5 3 4 2021.17 9 NaN NaN NaN\n"
    with pytest.raises(FormatError):
        read_mechanisms(write(tmp_path, text))


@pytest.mark.parametrize("depth", ["1e400", "-inf", "9e9"])
def test_depths_of_line_picks_are_of_the_earth(tmp_path, depth):
    text = f"2 # shot/geophone points\n#x\ty\n0\t{depth}\n10\t0\n1 #\n#s\tg\tt\n1\t2\t0.01\n"
    with pytest.raises(FormatError, match="depth_km"):
        read_line_picks(write(tmp_path, text, "p.sgt"))


@pytest.mark.parametrize("word", ["inf", "nan", "Infinity"])
def test_answers_to_hash_are_finite(tmp_path, word):
    answers = ["8", "90", "60", "5", "30", "500", "0.1", word, "45", "0.25", "1", "vz.one"]
    path = write(tmp_path, "\n".join(["a", "b", "c", "d", "e", *answers]) + "\n")
    with pytest.raises(FormatError, match="maximum_distance_km"):
        read_hash_control(path)


def test_a_grid_that_lies_nowhere_has_no_place(tmp_path):
    head = (
        "1 2 2 0 0 0 1 1 1 TIME2D FLOAT\nABC 0 0 0\n"
        "TRANSFORM SIMPLE LatOrig {} LongOrig 22 RotCW 0\n"
    )
    (tmp_path / "layer.P.ABC.time.buf").write_bytes(np.ones(4, "f4").tobytes())
    for latitude in ("nan", "98", "inf"):
        path = write(tmp_path, head.format(latitude), "layer.P.ABC.time.hdr")
        assert read_time_grid(path).frame.projection == ""


@pytest.mark.parametrize("sample", ["1e300", "-1", "inf", "nan"])
def test_picks_of_numpy_records_lie_in_a_record(tmp_path, sample):
    text = f"fname,itp,its\nXX_ABC_20210304050607.npz,{sample},310\n"
    tables = read_source(write(tmp_path, text), "numpy_picks")
    assert tables.picks.column("phase").to_pylist() == ["S"]
    assert tables.rejects.num_rows == 1


@pytest.mark.parametrize(
    "row", ["-1 1.7 0 5", "1 0.5 0 5", "1 1.7 7000 5", "1 1.7 -900 5", "1 1.7 0 -5"]
)
def test_travel_times_are_of_waves_in_the_earth(tmp_path, row):
    with pytest.raises(FormatError, match="not used"):
        read_travel_time_table(write(tmp_path, row + "\n"))


@pytest.mark.parametrize("word", ["nan", "inf", "1e400"])
def test_numbers_of_a_rayinvr_model_are_finite(tmp_path, word):
    block = " 1 0.00 100.00\n 0 {} 4.00\n 0 0\n"
    text = block.format(word) + block.format(4) + block.format(5) + " 2 0 100\n 0 10 10\n"
    with pytest.raises(FormatError, match=r"v\.in"):
        read_rayinvr_model(write(tmp_path, text, "v.in"))


@pytest.mark.parametrize(
    ("properties", "coordinates"),
    [
        ("[1]", "[[1, 2], [3, 4]]"),
        ("{}", "[[1], [3, 4]]"),
        ("{}", '[["a", 2], [3, 4]]'),
        ("{}", "[[1e400, 2], [3, 4]]"),
        ("{}", "[1, 2]"),
        ('{"dip_std": -5, "dip": 20}', "[[1, 2], [3, 4]]"),
    ],
)
def test_faults_of_geojson_that_are_none_are_refused(tmp_path, properties, coordinates):
    text = (
        f'{{"type": "Feature", "properties": {properties}, "geometry": '
        f'{{"type": "LineString", "coordinates": {coordinates}}}}}'
    )
    with pytest.raises(FormatError, match=r"f\.json"):
        read_fault_segments(write(tmp_path, text, "f.json"))


def test_a_year_that_no_time_can_be_is_put_aside(tmp_path):
    head = "PublicID,Date,Latitude,Longitude,strike1,dip1,rake1,strike2,dip2,rake2,ML,Mw,Mo,CD\n"
    row = "{},{},-45.19,166.8,213,56,98,20,35,79,7.0,7.1,5.61e+26,22\n"
    text = head + row.format(1, "20030821121200") + row.format(2, "96030821121200")
    assert read_mechanisms(write(tmp_path, text)).num_rows == 1


def test_half_a_character_in_quakeml_stays_as_written(tmp_path):
    text = comcat().replace('stationCode="ST00"', 'stationCode="&#xD800;"', 1)
    tables = read_source(write(tmp_path, text), "quakeml")
    assert validate_table("polarities", tables.polarities) == []


@pytest.mark.parametrize("encoding", ["utf-32", "zlib", "rot13"])
def test_an_encoding_that_is_none_is_told(tmp_path, encoding):
    text = comcat().replace('encoding="UTF-8"', f'encoding="{encoding}"', 1)
    with pytest.raises(FormatError, match="encoding"):
        read_source(write(tmp_path, text), "quakeml")


def test_quakeml_that_ends_inside_its_first_tag_is_told(tmp_path):
    text = comcat()
    path = write(tmp_path, text[: text.index("<eventParameters") + 30])
    with pytest.raises(FormatError, match="broken QuakeML"):
        read_source(path, "quakeml")


def test_messages_do_not_grow_with_the_file(tmp_path):
    path = write(tmp_path, "(" * 5000 + "\n", "file.txt")
    with pytest.raises(FormatError, match=r"file\.txt") as raised:
        read_source(path, "nonlinloc_stations")
    assert len(str(raised.value)) < 2000


@pytest.mark.parametrize("cell", [b"\xff", {"a": 1}, [1, 2]])
def test_cells_of_other_kinds_are_texts(tmp_path, cell):
    table = pa.table({"event_id": [cell, cell], "station": ["A", "B"], "polarity": [1, -1]})
    pq.write_table(table, tmp_path / "a.parquet")
    tables = read_source(tmp_path / "a.parquet")
    assert all(isinstance(v, str) for v in tables.polarities.column("event_id").to_pylist())
    assert validate_table("polarities", tables.polarities) == []


def test_texts_of_parquet_that_are_no_utf8_are_refused(tmp_path):
    # a column that says that it is text, with bytes that are none
    bad = pa.StringArray.from_buffers(
        1, pa.py_buffer(np.array([0, 2], np.int32).tobytes()), pa.py_buffer(b"\xff\xfe")
    )
    pq.write_table(pa.table({"event_id": bad}), tmp_path / "a.parquet")
    with pytest.raises(FormatError, match=r"a\.parquet"):
        read_raw_parquet(tmp_path / "a.parquet")


def test_a_status_that_is_not_said_is_filled_in(tmp_path):
    path = write(tmp_path, "event_id,strike_deg,dip_deg,rake_deg,status\na,20,45,90,\nb,,,,\n")
    assert read_mechanisms(path).column("status").to_pylist() == ["solved", "no_solution"]


def test_lines_of_gse2_beyond_the_form_do_not_reach_compiled_code(tmp_path):
    """They ended the process: ObsPy writes a line into room for 80 letters."""
    text = (
        "WID2 2021/03/04 05:06:07.000 ABC   HHZ      CM6      300  100.000000   1.00e+00   1.000"
        "         -1.0 -1.0\nSTA2 XX\nDAT2\n" + "k" * 3000 + "\nCHK2    1234567\n"
    )
    with pytest.raises(FormatError, match="3000 letters"):
        read_waveforms(write(tmp_path, text, "a.gse"), "obspy")


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, raw in members.items():
            packed.writestr(f"{name}.npy", raw)
    return out.getvalue()


def packed(how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr("a.npy", ARRAY)
    return out.getvalue()


def lzma_that_asks_for(room: int) -> bytes:
    """An archive whose LZMA has another size of its dictionary than it was packed with."""
    whole = packed(zipfile.ZIP_LZMA)
    head = 30 + len("a.npy")  # the local header of a zip archive, and the name
    assert whole[head + 2 : head + 4] == b"\x05\x00"  # the length of the properties
    return whole[: head + 5] + room.to_bytes(4, "little") + whole[head + 9 :]


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


ARRAY = npy(np.arange(4.0))
ARCHIVES = {
    "promises more than all memory": archive(a=ARRAY.replace(b"(4,)", b"(99999999999999,)")[:200]),
    "shape below zero": archive(a=ARRAY.replace(b"(4,)", b"(-4,)")),
    "ends early": archive(a=ARRAY[:-3]),
    "too long": archive(a=ARRAY + b"more"),
    "no array": archive(a=b"hello"),
    "no header": archive(a=ARRAY[:8] + b"\xff" * 100),
    "objects": archive(a=npy(np.array([{}, 1], dtype=object))),
    "an array alone": ARRAY,
    "no archive": b"PK\x03\x04",
    "nothing": b"",
    "packed by bzip2": packed(zipfile.ZIP_BZIP2),
    "LZMA that asks for 4 GB": lzma_that_asks_for(2**32 - 1),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_every_reader_of_archives_refuses_what_is_none(tmp_path, kind):
    path = write(tmp_path, ARCHIVES[kind], "w.npz")
    with pytest.raises(BrokenArchiveError):
        read_array_archive(path)
    for read in (
        read_network_weights,
        read_coastline,
        lambda p: read_arrays(open_item(p)),
        lambda p: read_waveforms(p, "numpy"),
    ):
        with pytest.raises((InputError, FormatError), match=r"w\.npz"):
            read(path)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_archives_that_are_packed_as_usual_are_read(tmp_path, how):
    (found,) = read_array_archive(write(tmp_path, packed(how), "w.npz")).values()
    assert np.array_equal(found, np.arange(4.0))


RESOURCES = sorted((Path(__file__).parents[3] / "resources").rglob("*.npz"))
"""All archives that come with quakeloom."""


@pytest.mark.parametrize("path", RESOURCES, ids=lambda path: path.name)
def test_archives_that_come_with_quakeloom_are_read(path):
    assert read_array_archive(path)
    assert len(RESOURCES) >= 4


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x8b", '{"model_args": 3}', "[" * 100_000])
def test_descriptions_of_seisbench_that_are_none_are_refused(tmp_path, text):
    (tmp_path / "w.json.v1").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="json"):
        read_seisbench_description(tmp_path / "w.pt.v1")


@pytest.mark.parametrize("kind", ["doubled column", "other type", "cut", "changed"])
def test_tables_of_a_run_that_are_none_are_named(tmp_path, kind):
    path = tmp_path / "t.parquet"
    table = pa.table({"event_id": ["a"], "longitude": [1.0]})
    if kind == "doubled column":
        table = pa.Table.from_arrays([table.column(0)] * 2, names=["event_id", "event_id"])
    elif kind == "other type":
        table = pa.table({"event_id": ["a"], "longitude": [{"a": 1}]})
    pq.write_table(table, path)
    if kind in ("cut", "changed"):
        raw = path.read_bytes()
        path.write_bytes(raw[:-9] if kind == "cut" else raw.replace(b"event_id", b"\xff" * 8))
    with pytest.raises(InputError, match=r"t\.parquet"):
        read_table(open_item(path), "events")


@pytest.mark.parametrize("text", ["", "{", json.dumps({"zarr_format": 7}), "\x8b"])
def test_a_dataset_whose_description_is_damaged_is_told(tmp_path, text):
    folder = tmp_path / "d.zarr"
    folder.mkdir()
    (folder / "zarr.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"d\.zarr"), open_dataset(open_item(folder)):
        pass


def test_a_station_file_whose_namespace_is_broken_off_is_read_or_refused(tmp_path):
    text = '<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1"></FDSNStationXML>'
    for cut in range(1, 30):
        broken = text.replace("http://www.fdsn.org/xml/station/1", "{l/}station/1"[:cut] + "}")
        with contextlib.suppress(FormatError):
            assert read_source(write(tmp_path, broken), "stationxml").stations.num_rows == 0


class Cut:
    """A blockette of dataless SEED whose fields are cut off."""

    def __init__(self, number: int) -> None:
        self.id = number


@pytest.mark.parametrize("number", [50, 52])
def test_a_blockette_that_was_cut_is_put_aside(tmp_path, monkeypatch, number):
    volume = type("Volume", (), {"stations": [[Cut(50), Cut(number)]]})
    monkeypatch.setattr("obspy.io.xseed.Parser", lambda stream: volume)
    path = write(tmp_path, "000001V 0100012")
    if number == 50:
        with pytest.raises(FormatError, match="without a station"):
            read_dataless(path)
    else:
        (reject,) = read_dataless(path).rejects.to_pylist()
        assert "station code is missing" in reject["reason"]


@pytest.mark.parametrize("count", ["4294967295", "9" * 400])
def test_counts_of_mechanisms_that_no_column_holds_are_put_aside(tmp_path, count):
    head = "# lon lat depth strike dip rake mag x y qual nsta fptype otime\n"
    line = "139 35 10 20 30 40 3 0 0 B {} SS 2020-01-01T00:00:00:000000\n"
    path = write(tmp_path, head + line.format(20) + line.format(count), "table.txt")
    assert read_mechanisms(path).column("polarity_count").to_pylist() == [20]


@pytest.mark.parametrize("text", ["\n", "\ufeff", "\ufeff \n"])
def test_a_model_of_simulps_of_nothing_has_no_place(tmp_path, text):
    with pytest.raises(FormatError, match="is empty"):
        read_simul_frame(write(tmp_path, text))
