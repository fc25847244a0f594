"""Catalogs of mechanisms: CSV, Parquet, QuakeML and the files for GMT."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakeloom.core import FormatError, InputError, auxiliary_plane
from quakeloom.formats import (
    CatalogTables,
    Rejects,
    fault_types,
    read_mechanisms,
    write_csv,
    write_gmt_meca,
    write_gmt_table,
    write_quakeml,
)
from quakeloom.schema import make_table, validate_table


def mechanisms(count: int = 20, unsolved: int = 4):
    random = np.random.default_rng(5)
    angles = [random.uniform(a, b, count) for a, b in ((0, 360), (0, 90), (-180, 180))]
    for values in angles:
        values[:unsolved] = np.nan
    other = auxiliary_plane(*angles)
    return make_table(
        "mechanisms",
        {
            "event_id": [f"event-{i}" for i in range(count)],
            "status": ["too_few_polarities"] * unsolved + ["solved"] * (count - unsolved),
            "reason": ["5 polarities; 8 are needed"] * unsolved + [""] * (count - unsolved),
            "origin_time": np.datetime64("2011-03-11T05:46:18.123456", "ns")
            + np.arange(count) * np.timedelta64(7, "D"),
            "longitude": random.uniform(-180, 180, count),
            "latitude": random.uniform(-90, 90, count),
            "depth_km": random.uniform(0, 30, count),
            "magnitude": random.uniform(-1, 7, count),
            **dict(zip(("strike_deg", "dip_deg", "rake_deg"), angles, strict=True)),
            "auxiliary_strike_deg": other[0],
            "auxiliary_dip_deg": other[1],
            "auxiliary_rake_deg": other[2],
            "fault_plane_uncertainty_deg": random.uniform(0, 90, count),
            "mechanism_probability": random.random(count),
            "polarity_count": random.integers(0, 99, count),
            "polarity_misfit": random.random(count),
            "quality": random.choice(list("ABCDEF"), count).tolist(),
            "multiple": random.random(count) < 0.5,
        },
    )


def rows_of(table, *without: str) -> str:
    return repr(table.drop_columns(list(without)).to_pylist())


def test_csv_and_parquet_give_everything_back(tmp_path):
    table = mechanisms()
    write_csv(table, tmp_path / "a.csv")
    pq.write_table(table, tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        assert rows_of(read_mechanisms(tmp_path / name)) == rows_of(table)


@pytest.mark.parametrize("name", ["a.xml", "a.xml.gz"])
def test_quakeml_gives_everything_back(tmp_path, name):
    table = mechanisms()
    write_quakeml(CatalogTables(mechanisms=table), tmp_path / name)
    again = read_mechanisms(tmp_path / name)
    assert validate_table("mechanisms", again) == []
    assert rows_of(again, "depth_km") == rows_of(table, "depth_km")
    # kilometers to meters and back may change the last digit
    assert again.column("depth_km").to_pylist() == pytest.approx(
        table.column("depth_km").to_pylist(), rel=1e-14
    )
    assert (name[-3:] == ".gz") == ((tmp_path / name).read_bytes()[:2] == gzip.compress(b"")[:2])


def test_partitions_of_a_catalog_are_files_of_their_own(tmp_path):
    table = mechanisms()
    ids = []
    for i in range(4):
        write_quakeml(CatalogTables(mechanisms=table.slice(5 * i, 5)), tmp_path / f"p{i:04d}.xml")
        ids += read_mechanisms(tmp_path / f"p{i:04d}.xml").column("event_id").to_pylist()
    assert ids == table.column("event_id").to_pylist()


def test_the_gmt_table_has_the_published_form(tmp_path):
    table = mechanisms()
    path = tmp_path / "a.txt"
    assert write_gmt_table(table, path) == 16
    lines = path.read_text().splitlines()
    assert len(lines) == 18
    assert lines[1] == "# lon lat depth strike dip rake mag x y qual nsta fptype otime"
    assert {len(x.split()) for x in lines[2:]} == {13}
    # four weeks after 2011-03-11T05:46:18 UTC, in Japan
    assert lines[2].split()[12] == "2011-04-08T14:46:18:123456"
    again = read_mechanisms(path)
    assert validate_table("mechanisms", again) == []
    solved = table.slice(4)
    kept = ("longitude", "latitude", "depth_km", "magnitude", "strike_deg", "dip_deg", "rake_deg")
    for name in (*kept, "origin_time", "quality", "polarity_count", "status"):
        assert again.column(name).to_pylist() == solved.column(name).to_pylist()
    assert again.column("event_id")[0].as_py() == "20110408T054618.123"
    write_gmt_table(table, path, event_ids=True)
    assert read_mechanisms(path).column("event_id").equals(solved.column("event_id"))


def test_gmt_meca_is_written_and_read(tmp_path):
    path = tmp_path / "a.meca"
    assert write_gmt_meca(mechanisms(), path) == 16
    again = read_mechanisms(path)
    for name in ("event_id", "longitude", "depth_km", "strike_deg", "dip_deg", "rake_deg"):
        assert again.column(name).to_pylist() == mechanisms().slice(4).column(name).to_pylist()
    path.write_text("139 35 10 370 45 90 3.5\n140 36 11 20 30 -90 2.5 0 0 mine\n")
    rows = read_mechanisms(path).to_pylist()
    assert [r["event_id"] for r in rows] == ["line1", "mine"]
    assert rows[0]["strike_deg"] == 10.0


def test_a_pure_reverse_normal_or_strike_slip_fault_has_its_type():
    kinds = fault_types(np.zeros(3), np.array([45.0, 45.0, 90.0]), np.array([90.0, -90.0, 0.0]))
    assert kinds.tolist() == ["RF", "NF", "SS"]


def test_auxiliary_planes_and_status_are_filled_in(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("event_id,strike_deg,dip_deg,rake_deg\na,20,45,90\nb,,,\n")
    first, second = read_mechanisms(path).to_pylist()
    assert first["auxiliary_strike_deg"] == pytest.approx(200.0)
    assert (first["status"], second["status"]) == ("solved", "no_solution")
    assert math.isnan(second["auxiliary_strike_deg"])


HEAD = "# made\n# lon lat depth strike dip rake mag x y qual nsta fptype otime\n"
GOOD = "139 35 10 20 30 40 3 0 0 B 20 SS 2020-01-01T00:00:00:000000\n"


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("139 35 10 20 130 40 3 0 0 B 20 SS 2020-01-02T00:00:00:000000", "dip_deg"),
        ("139 35 10 20 nan 40 3 0 0 B 20 SS 2020-01-02T00:00:00:000000", "not a number"),
        ("139 95 10 20 30 40 3 0 0 B 20 SS 2020-01-02T00:00:00:000000", "latitude"),
        ("139 35 10 20 30 40 3 0 0 Q 20 SS 2020-01-02T00:00:00:000000", "quality"),
        ("139 35 10 20 30 40 3 0 0 B many SS 2020-01-02T00:00:00:000000", "stations"),
        ("139 35 10 20 30 40 3 0 0 B 20 SS 2020-13-02T00:00:00:000000", "month"),
        ("139 35 10 20 30 40 3 0 0 B", "columns"),
        ("x 35 10 20 30 40 3 0 0 B 20 SS 2020-01-02T00:00:00:000000", "longitude"),
        (GOOD.strip(), "doubled"),
    ],
)
def test_a_bad_row_of_a_gmt_table_is_put_aside(tmp_path, bad, word):
    path = tmp_path / "a.txt"
    path.write_text(HEAD + GOOD + bad + "\n" + GOOD.replace("01-01", "01-03"))
    rejects = Rejects(path)
    assert read_mechanisms(path, rejects).num_rows == 2
    (row,) = rejects.table().to_pylist()
    assert word in row["reason"]
    assert row["source_line"] == 4


def test_bad_rows_of_a_csv_are_put_aside(tmp_path, caplog):
    path = tmp_path / "a.csv"
    path.write_text(
        "event_id,strike_deg,dip_deg,rake_deg,quality,multiple\n"
        "a,20,45,90,A,true\nb,20,45,90,Z,no\nc,20,95,90,B,0\nd,1,2,3,C,perhaps\n"
    )
    rejects = Rejects(path)
    table = read_mechanisms(path, rejects)
    assert table.column("event_id").to_pylist() == ["a"]
    assert table.column("multiple").to_pylist() == [True]
    assert rejects.table().column("source_line").to_pylist() == [3, 4, 5]
    read_mechanisms(path)
    assert "3 records are put aside" in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello world\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"event_id,longitude,latitude\na,1,2\n",
        b"1 2 3 4\n",
        b"PAR1 and nothing more",
        b"<html></html>",
        "strike".encode("utf-16"),
    ],
)
def test_other_files_are_a_clear_error(tmp_path, data):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.txt"):
        read_mechanisms(path)


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_mechanisms(tmp_path / "none.csv")


def test_a_file_is_whole_or_not_there(tmp_path):
    table = mechanisms().drop_columns(["dip_deg"])
    with pytest.raises(KeyError):
        write_quakeml(CatalogTables(mechanisms=table), tmp_path / "a.xml")
    assert list(tmp_path.iterdir()) == []
