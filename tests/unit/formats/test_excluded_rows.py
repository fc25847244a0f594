"""Blasts, deleted events, fill values and radians in tables: put aside with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quakeloom as ql
from quakeloom.core import FormatError
from quakeloom.formats import read_mechanisms, read_source
from quakeloom.formats._source_tables import Rejects

PLANES = [(30.0, 45.0, 90.0), (120.0, 60.0, -170.0), (300.0, 85.0, 5.0), (10.0, 30.0, -90.0)]


def mechanisms(**more):
    rows = [
        {"event_id": f"e{i}", "longitude": 138.0, "latitude": 36.0 + i, "depth_km": 9.0,
         "strike_deg": s, "dip_deg": d, "rake_deg": r, "magnitude": 4.0}
        for i, (s, d, r) in enumerate(PLANES)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**more)


def write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    path = folder / f"catalog.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    elif kind == "gmt":
        names = ["longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "rake_deg"]
        rows = [
            " ".join(f"{row[n]:g}" for n in names) + f" {row['magnitude']:g} 0 0 {row['event_id']}"
            for row in frame.to_dict("records")
        ]
        path.write_text("\n".join(rows) + "\n")
    elif kind == "quakeml":
        path.write_text(quakeml(frame))
    else:
        frame.to_csv(path, index=False, sep={"csv": ",", "ssv": ";", "tsv": "\t"}[kind])
    return path


def quakeml(frame: pd.DataFrame) -> str:
    events = "".join(
        f"<event publicID='{r['event_id']}'><origin publicID='o{r['event_id']}'><time><value>"
        f"2020-01-01T00:00:00Z</value></time><latitude><value>{r['latitude']}</value></latitude>"
        f"<longitude><value>{r['longitude']}</value></longitude></origin><focalMechanism publicID='"
        f"f{r['event_id']}'><nodalPlanes><nodalPlane1><strike><value>{r['strike_deg']}</value>"
        f"</strike><dip><value>{r['dip_deg']}</value></dip><rake><value>{r['rake_deg']}</value>"
        "</rake></nodalPlane1></nodalPlanes></focalMechanism></event>"
        for r in frame.to_dict("records")
    )
    return (
        '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" '
        'xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="a">'
        f"{events}</eventParameters></q:quakeml>"
    )


def read(path: Path):
    aside = Rejects(path)
    return read_mechanisms(path, aside), aside.table().to_pylist()


KINDS = ["csv", "ssv", "tsv", "parquet", "gmt", "quakeml"]


@pytest.mark.parametrize("kind", KINDS)
def test_radians_are_refused_with_the_degrees_to_write(tmp_path, kind):
    frame = mechanisms()
    for name in ("strike_deg", "dip_deg", "rake_deg"):
        frame[name] = np.radians(frame[name])
    with pytest.raises(FormatError, match=r"0\.5236/0\.7854/1\.571 write 30/45/90"):
        read(write(frame, tmp_path, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_angles_that_are_all_zero_are_no_plane(tmp_path, kind):
    frame = mechanisms()
    frame.loc[1, ["strike_deg", "dip_deg", "rake_deg"]] = 0.0
    table, aside = read(write(frame, tmp_path, kind))
    assert table.column("event_id").to_pylist() == ["e0", "e2", "e3"]
    assert [r["event_id"] for r in aside if "are all 0" in r["reason"]] == ["e1"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_plane_of_a_catalog_in_degrees_stays(tmp_path, kind):
    frame = mechanisms()
    frame.loc[1, ["strike_deg", "dip_deg", "rake_deg"]] = (0.0, 0.0, 90.0)
    assert read(write(frame, tmp_path, kind))[0].num_rows == 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", [-1, 0, 1])
def test_strikes_are_wrapped_alike_in_every_format(tmp_path, kind, turns):
    frame = mechanisms()
    frame["strike_deg"] += 360.0 * turns
    table, _ = read(write(frame, tmp_path, kind))
    assert table.column("strike_deg").to_pylist() == [30.0, 120.0, 300.0, 10.0]


@pytest.mark.parametrize("kind", ["csv", "ssv", "tsv", "parquet"])
def test_the_second_plane_alone_gives_the_first(tmp_path, kind):
    frame = mechanisms()
    second = {f"auxiliary_{n}": frame[n] for n in ("strike_deg", "dip_deg", "rake_deg")}
    frame = frame.assign(**second)
    frame.loc[1, ["strike_deg", "dip_deg", "rake_deg"]] = np.nan
    frame.loc[[0, 2, 3], list(second)] = np.nan
    row = read(write(frame, tmp_path, kind))[0].to_pylist()[1]
    again = ql.Catalog(mechanisms=pd.DataFrame([row])).mechanisms
    assert row["status"] == "solved"
    assert 0 <= row["strike_deg"] < 360
    assert again.auxiliary_dip_deg[0] == pytest.approx(60.0)


@pytest.mark.parametrize("kind", ["csv", "ssv", "tsv", "parquet"])
@pytest.mark.parametrize("name", ["type", "event_type", "Event Type"])
@pytest.mark.parametrize("word", ["quarry blast", "QUARRY_BLAST", "explosion", "not existing"])
def test_mechanisms_of_what_is_no_earthquake_are_put_aside(tmp_path, kind, name, word):
    frame = mechanisms(**{name: ["earthquake", word, "", "induced earthquake"]})
    table, aside = read(write(frame, tmp_path, kind))
    assert table.column("event_id").to_pylist() == ["e0", "e2", "e3"]
    assert [r["reason"] for r in aside if r["event_id"] == "e1"] == [f"its type is '{word}'"]


def test_styles_of_faulting_are_no_types_of_events(tmp_path):
    table, _ = read(write(mechanisms(type=["LS", "EX", "NF", "SS"]), tmp_path, "csv"))
    assert table.num_rows == 4


@pytest.mark.parametrize("kind", ["csv", "ssv", "tsv", "parquet"])
@pytest.mark.parametrize("name", ["status", "evaluation_status", "evaluationStatus"])
@pytest.mark.parametrize("word", ["deleted", "DELETED", "rejected"])
def test_withdrawn_events_and_mechanisms_are_put_aside(tmp_path, kind, name, word):
    said = {name: ["reviewed", word, "automatic", ""]}
    if name != "status":  # the status of a mechanism is a column of quakeloom
        table, aside = read(write(mechanisms(**said), tmp_path, kind))
        assert table.column("event_id").to_pylist() == ["e0", "e2", "e3"]
        assert any(word in r["reason"] for r in aside if r["event_id"] == "e1")
    events = mechanisms(**said).drop(columns=["strike_deg", "dip_deg", "rake_deg"])
    tables = read_source(write(events, tmp_path, kind))
    assert tables.events.column("event_id").to_pylist() == ["e0", "e2", "e3"]
    aside = tables.rejects.to_pylist()
    assert [r["event_id"] for r in aside if f"its {name} is '{word}'" == r["reason"]] == ["e1"]


@pytest.mark.parametrize("name", ["dip_quadrant", "dip_side", "Dip Direction Sense", "dip_dir"])
def test_a_dip_to_the_left_of_the_strike_is_put_aside(tmp_path, name):
    frame = mechanisms(**{name: ["SE", "SW", "SW", "E"]})  # strikes 30, 120, 300, 10
    table, aside = read(write(frame, tmp_path, "csv"))
    named = name != "Dip Direction Sense"
    assert table.num_rows == (3 if named else 4)
    assert any("not to the right" in r["reason"] for r in aside) == named
    assert named or any("is not read" in r["reason"] for r in aside)


@pytest.mark.parametrize("kind", ["csv", "ssv", "tsv", "parquet"])
def test_a_sign_against_its_probability_is_put_aside(tmp_path, kind):
    frame = pd.DataFrame(
        {
            "event_id": "e",
            "station": list("ABCDEFG"),
            "polarity": [1, -1, 1, -1, 0, 1, 1],
            "probability_up": [0.1, 0.9, 0.9, 0.1, 0.9, 0.495, np.nan],
        }
    )
    tables = read_source(write(frame, tmp_path, kind))
    assert tables.polarities.column("station").to_pylist() == list("CDEFG")
    reasons = {r["station"]: r["reason"] for r in tables.rejects.to_pylist()}
    assert reasons == {
        "A": "polarity up contradicts probability_up 0.1",
        "B": "polarity down contradicts probability_up 0.9",
    }


@pytest.mark.parametrize("more", [{}, {"note": "x"}])
@pytest.mark.parametrize("table", ["stations", "reversals"])
@pytest.mark.parametrize(
    ("start", "end"), [("2020-01-01", "2020-01-01"), ("2020-01-02", "2001-01-01")]
)
def test_spans_that_hold_no_time_are_put_aside(tmp_path, more, table, start, end):
    places = {"latitude": 36.0, "longitude": 138.0, "elevation": 5.0} if table == "stations" else {}
    frame = pd.DataFrame(
        {"station": list("ABC"), **places, "start_time": ["2000-01-01", start, ""],
         "end_time": ["2001-01-01", end, "2001-01-01"], **more}
    )  # fmt: skip
    tables = read_source(write(frame, tmp_path, "csv"))
    assert getattr(tables, table).column("station").to_pylist() == ["A", "C"]
    (row,) = (r for r in tables.rejects.to_pylist() if r["record"] != "column")
    assert row["station"] == "B"
    assert "not after" in row["reason"]
