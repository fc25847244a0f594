"""CSV and Parquet with registered columns."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats import detect_format, read_mechanisms, read_source, write_csv
from quakeloom.schema import make_table, table_schema, validate_table

POLARITIES = """\
event_id,network,station,channel,polarity,azimuth_deg,takeoff_deg,onset,arrival_time
e1,XX,ABC,HHZ,+1,10.5,95,I,2020-01-01T00:00:05.5Z
e1,XX,DEF,HHZ,D,200,80.25,e,2020-01-01 00:00:06
e2,XX,ABC,HHZ,0,,,,
"""


def read_csv(tmp_path, text: str | bytes, name: str = "data.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    tables = read_source(path, "csv", **options)
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []
    return tables


def read_parquet(tmp_path, table: pa.Table, name: str = "data.parquet"):
    path = tmp_path / name
    pq.write_table(table, path)
    assert detect_format(path) == "parquet"
    tables = read_source(path)
    for kind in tables.counts():
        assert validate_table(kind, getattr(tables, kind)) == []
    return tables


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


def test_a_csv_file_becomes_a_registered_table(tmp_path):
    tables = read_csv(tmp_path, POLARITIES)
    assert detect_format(tmp_path / "data.csv") == "csv"
    assert tables.rejects.num_rows == 0
    rows = tables.polarities.to_pylist()
    assert [r["polarity"] for r in rows] == [1, -1, 0]
    assert [r["onset"] for r in rows] == ["I", "E", ""]
    assert [r["source_line"] for r in rows] == [2, 3, 4]
    assert rows[1]["arrival_time"].isoformat() == "2020-01-01T00:00:06+00:00"
    assert rows[2]["arrival_time"] is None
    assert math.isnan(rows[2]["azimuth_deg"])
    assert rows[0]["pick_weight"] == -1
    assert rows[0]["source_file"].endswith("data.csv")


@pytest.mark.parametrize(
    ("word", "polarity"),
    [(w, 1) for w in ("+1", "1", "U", "u", "+", "up", "Positive", "C", "compression", "1.0")]
    + [(w, -1) for w in ("-1", "D", "d", "-", "down", "NEGATIVE", "dilatation")]
    + [(w, 0) for w in ("0", "", "undecidable", "?", "unknown")],
)
def test_polarities_may_be_spelled_in_many_ways(tmp_path, word, polarity):
    tables = read_csv(tmp_path, f"event_id,station,polarity\ne,A,{word}\n")
    assert tables.polarities.column("polarity").to_pylist() == [polarity]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_recognized(tmp_path, separator):
    assert read_csv(tmp_path, POLARITIES.replace(",", separator)).polarities.num_rows == 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_other_encodings_are_read(tmp_path, encoding):
    text = POLARITIES.replace("ABC", "ÄBC")
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    assert detect_format(path) == "csv"
    assert read_source(path).polarities.column("station")[0].as_py() == "ÄBC"


def test_line_ends_comments_and_blank_lines_do_not_matter(tmp_path):
    lines = POLARITIES.splitlines()
    text = "# made by hand\r\n\r\n# " + lines[0] + "\r\n\r\n" + "\r\n\r\n".join(lines[1:])
    tables = read_csv(tmp_path, text)
    assert tables.polarities.column("source_line").to_pylist() == [5, 7, 9]


def test_gzip_is_read(tmp_path):
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(POLARITIES.encode()))
    assert detect_format(path) == "csv"
    assert read_source(path).polarities.num_rows == 3


TABLES = {
    "events": "event_id,longitude,latitude\ne,139,35\n",
    "stations": "station,longitude,latitude\nA,139,35\n",
    "polarities": "event_id,station,polarity\ne,A,1\n",
    "amplitudes": "event_id,station,p_amplitude,s_amplitude\ne,A,1,2\n",
    "reversals": "station,start_time,end_time\nA,2020-01-01,\n",
    "sp_corrections": "station,sp_log_correction\nA,0.1\n",
}


@pytest.mark.parametrize("table", TABLES)
def test_the_table_is_told_by_its_columns(tmp_path, table):
    tables = read_csv(tmp_path, TABLES[table])
    assert {n: c for n, c in tables.counts().items() if c} == {table: 1}
    tables = read_csv(tmp_path, TABLES[table], table=table)
    assert getattr(tables, table).num_rows == 1
    with pytest.raises(SettingsError, match="table"):
        read_csv(tmp_path, TABLES[table], table="wishes")


@pytest.mark.parametrize("table", TABLES)
def test_rows_that_differ_are_no_doubles(tmp_path, table):
    text = TABLES[table]
    last = text.splitlines()[1]
    other = last.replace("A,", "B,", 1) if "A," in last else last.replace("e,", "f,", 1)
    tables = read_csv(tmp_path, text + other + "\n")
    assert getattr(tables, table).num_rows == 2
    assert reasons(tables) == []
    tables = read_csv(tmp_path, text + last + "\n")
    assert getattr(tables, table).num_rows == 1
    assert "doubled" in reasons(tables)[0]


def test_columns_that_are_not_registered_are_named(tmp_path):
    text = "event_id,station,polarity,colour,azimut_deg,magnitude\ne,A,1,red,1,2\n"
    found = reasons(read_csv(tmp_path, text))
    assert len(found) == 3
    assert "'colour'" in found[0]
    assert "did you mean 'azimuth_deg'" in found[1]
    assert "other tables" in found[2]


def test_a_missing_column_says_what_is_there_and_what_may_be_meant(tmp_path):
    with pytest.raises(FormatError, match=r"no column 'station'.*Did you mean 'station' by 'sta"):
        read_csv(tmp_path, "event_id,stattion,polarity\ne,A,1\n", "polarities.csv")
    with pytest.raises(FormatError, match="'event_id'"):
        read_csv(tmp_path, "quake,longitude,latitude,depth_km\n1,2,3,4\n", "events.csv")


BAD_CELLS = {
    "polarity": ("e3,XX,BAD,HHZ,sideways,10,95,I,", "neither up nor down"),
    "text": ("e3,XX,BAD,HHZ,1,north,95,I,", "no number"),
    "bounds": ("e3,XX,BAD,HHZ,1,400,95,I,", "outside"),
    "infinity": ("e3,XX,BAD,HHZ,1,inf,95,I,", "outside"),
    "huge": ("e3,XX,BAD,HHZ,1,10,1e300,I,", "outside"),
    "time": ("e3,XX,BAD,HHZ,1,10,95,I,noon", "no time"),
    "no event": (",XX,BAD,HHZ,1,10,95,I,", "event_id is missing"),
    "no station": ("e3,XX,,HHZ,1,10,95,I,", "station is missing"),
    "short": ("e3,XX,BAD", "3 cells instead of 9"),
    "long": ("e3,XX,BAD,HHZ,1,10,95,I,,,,", "12 cells instead of 9"),
    "doubled": ("e1,XX,ABC,HHZ,-1,10.5,95,I,2020-01-01T00:00:05.5Z", "is on line 2"),
}


@pytest.mark.parametrize("kind", BAD_CELLS)
def test_a_bad_row_is_put_aside_with_its_line_and_text(tmp_path, kind):
    row, word = BAD_CELLS[kind]
    tables = read_csv(tmp_path, POLARITIES + row + "\ne4,XX,GHI,HHZ,1,0,0,I,\n")
    assert tables.polarities.num_rows == 4
    (reject,) = tables.rejects.to_pylist()
    assert word in reject["reason"]
    assert reject["source_line"] == 5
    assert reject["text"].startswith(row[:10])


def test_several_readings_of_one_channel_may_differ_in_time(tmp_path):
    row = "e1,XX,ABC,HHZ,-1,10.5,95,I,2020-01-01T00:00:05.6Z\n"
    assert read_csv(tmp_path, POLARITIES + row).polarities.num_rows == 4


def test_swapped_columns_are_named_row_by_row(tmp_path):
    text = "event_id,longitude,latitude\na,35,139\nb,139,35\nc,36,140\n"
    tables = read_csv(tmp_path, text)
    assert tables.events.column("event_id").to_pylist() == ["b"]
    assert [r["event_id"] for r in tables.rejects.to_pylist()] == ["a", "c"]
    assert all("latitude" in r for r in reasons(tables))


def test_a_file_in_which_no_row_can_be_read_is_an_error_with_the_first_reason(tmp_path):
    with pytest.raises(FormatError, match=r"line 2: latitude .*139"):
        read_csv(tmp_path, "event_id,longitude,latitude\na,35,139\n")


def test_a_table_without_rows_is_empty(tmp_path):
    assert read_csv(tmp_path, "event_id,longitude,latitude\n").events.num_rows == 0
    assert read_csv(tmp_path, "event_id,longitude,latitude").events.num_rows == 0


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00" * 50, "no text file"),
        (b"event_id,station,station\ne,A,B\n", "more than once"),
        (b"# only a comment\n", "header"),
    ],
)
def test_no_csv_is_a_clear_error(tmp_path, data, word):
    with pytest.raises(FormatError, match=word):
        read_csv(tmp_path, data)


def test_quoted_cells_may_hold_separators(tmp_path):
    tables = read_csv(tmp_path, 'event_id,station,polarity\n"e,1",A,1\n')
    assert tables.polarities.column("event_id").to_pylist() == ["e,1"]


def polarity_table(rows: int = 10) -> pa.Table:
    return make_table(
        "polarities",
        {
            "event_id": [f"e{i // 5}" for i in range(rows)],
            "network": ["XX"] * rows,
            "station": [f"S{i}" for i in range(rows)],
            "polarity": np.where(np.arange(rows) % 2, 1, -1),
            "arrival_time": np.datetime64("2020-01-01", "ns") + np.arange(rows),
            "azimuth_deg": np.linspace(0, 359, rows),
            "takeoff_deg": np.linspace(0, 180, rows),
            "source_file": ["from"] * rows,
            "source_line": np.arange(rows) + 7,
        },
    )


def test_a_parquet_table_with_the_registered_schema_passes_unchanged(tmp_path):
    table = polarity_table()
    tables = read_parquet(tmp_path, table)
    assert repr(tables.polarities.to_pylist()) == repr(table.to_pylist())
    assert tables.rejects.num_rows == 0
    assert tables.polarities.schema.equals(table_schema("polarities"))


def test_parquet_without_source_columns_gets_file_and_row(tmp_path):
    tables = read_parquet(tmp_path, polarity_table(3).drop_columns(["source_file", "source_line"]))
    assert tables.polarities.column("source_line").to_pylist() == [1, 2, 3]
    assert tables.polarities.column("source_file")[0].as_py().endswith("data.parquet")


def test_other_types_are_converted(tmp_path):
    table = pa.table(
        {
            "event_id": pa.array([1, 2], pa.int64()),
            "station": pa.array(["A", "B"]).dictionary_encode(),
            "polarity": pa.array([1.0, -1.0]),
            "azimuth_deg": pa.array([1.5, 2.5], pa.float32()),
            "takeoff_deg": pa.array(["90", "45"]),
            "arrival_time": pa.array([0, 1_000_000], pa.timestamp("us")),
            "distance_km": pa.array([None, 3.0]),
            "network": pa.array([None, "XX"]),
            "channel": pa.nulls(2),
        }
    )
    rows = read_parquet(tmp_path, table).polarities.to_pylist()
    assert [r["event_id"] for r in rows] == ["1", "2"]
    assert [r["polarity"] for r in rows] == [1, -1]
    assert [r["takeoff_deg"] for r in rows] == [90.0, 45.0]
    assert rows[1]["arrival_time"].isoformat() == "1970-01-01T00:00:01+00:00"
    assert math.isnan(rows[0]["distance_km"])
    assert [r["network"] for r in rows] == ["", "XX"]


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("polarity", 2, "outside"),
        ("azimuth_deg", 361.0, "outside"),
        ("takeoff_deg", math.inf, "outside"),
        ("station", "", "missing"),
    ],
)
def test_bad_cells_of_parquet_are_put_aside(tmp_path, column, value, word):
    table = polarity_table()
    values = table.column(column).to_pylist()
    values[4] = value
    index = table.schema.get_field_index(column)
    changed = table.set_column(
        index, table.schema.field(column), pa.array(values).cast(table.schema.field(column).type)
    )
    tables = read_parquet(tmp_path, changed)
    assert tables.polarities.num_rows == 9
    (reject,) = tables.rejects.to_pylist()
    assert word in reject["reason"]
    assert reject["source_line"] == 5


def test_doubled_rows_of_parquet_are_put_aside(tmp_path):
    table = polarity_table()
    tables = read_parquet(tmp_path, pa.concat_tables([table, table.slice(2, 3)]))
    assert tables.polarities.num_rows == 10
    assert [r["source_line"] for r in tables.rejects.to_pylist()] == [11, 12, 13]
    assert "is on line 3" in reasons(tables)[0]


def test_a_cut_parquet_file_is_a_clear_error(tmp_path):
    path = tmp_path / "data.parquet"
    pq.write_table(polarity_table(), path)
    whole = path.read_bytes()
    for size in (4, 100, len(whole) - 5):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match="no readable Parquet"):
            read_source(path)


def test_what_is_written_as_csv_is_read_back(tmp_path):
    table = polarity_table()
    write_csv(table, tmp_path / "polarities.csv")
    tables = read_source(tmp_path / "polarities.csv")
    assert repr(tables.polarities.to_pylist()) == repr(table.to_pylist())
    assert not [p for p in tmp_path.iterdir() if p.name != "polarities.csv"]


@pytest.mark.parametrize(
    "header",
    [
        "event_id,origin_time,longitude,latitude,depth_km",
        "network,station,longitude,latitude,elevation_m",
        "event_id,network,station,phase,time",
        "event_id,network,station,polarity,onset",
    ],
)
def test_a_table_of_which_every_row_is_misshapen_is_refused(tmp_path, header):
    """Not an empty table: the number of cells says that the header is of another file."""
    path = tmp_path / "a.csv"
    path.write_text(header + "\n" + "a,b,c\n" * 3)
    with pytest.raises(FormatError, match=r"no readable row.*line 2: it has 3 cells instead of 5"):
        read_source(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("said", "sign"), [("sep=;", ";"), ("SEP=,", ","), ('"sep=|"', "|")])
def test_a_line_that_names_the_separator_is_none_of_the_table(tmp_path, said, sign, end, mark):
    """As Excel writes it, with a byte order mark or without; lines are counted with it."""
    rows = [
        "event_id,origin_time,longitude,latitude,depth_km",
        "e1,2020-01-01T00:00:00Z,139.5,36.2,8.1",
        "e2,2020-01-01T00:00:00Z,139.5,96.2,8.1",
    ]
    text = end.join([mark + said, *(row.replace(",", sign) for row in rows)]) + end
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert detect_format(path) == "csv"
    tables = read_source(path)
    assert tables.events.column("depth_km").to_pylist() == [8.1]
    assert tables.rejects.column("source_line").to_pylist() == [4]
    mechanisms = f"id,strike,dip,rake{end}a,20,45,90{end}".replace(",", sign)
    path.write_bytes(f"{mark}{said}{end}{mechanisms}".encode())
    assert read_mechanisms(path).column("strike_deg").to_pylist() == [20.0]
