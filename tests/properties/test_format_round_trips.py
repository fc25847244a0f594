"""What quakeloom writes, or a program could write, comes back the same."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from quakeloom.core import QuakeloomError, auxiliary_plane
from quakeloom.formats import (
    CatalogTables,
    read_mechanisms,
    read_source,
    write_csv,
    write_gmt_table,
    write_quakeml,
)
from quakeloom.schema import QUALITIES, STATUSES, make_table

# letters and signs of many scripts that XML 1.0 and UTF-8 can hold; no blanks at the ends,
# which the readers take away
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp", "Zs")),
    min_size=1,
    max_size=12,
)
TIMES = st.integers(-5_000_000_000_000_000_000, 7_000_000_000_000_000_000)
MAGNITUDES = st.floats(-5, 10, allow_subnormal=False)


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def mechanism_tables(draw) -> pa.Table:
    ids = draw(st.lists(WORDS, min_size=1, max_size=5, unique_by=lambda t: t.strip()))
    count = len(ids)

    def column(strategy):
        return draw(st.lists(strategy, min_size=count, max_size=count))

    solved = np.array(column(st.booleans()))
    # three 0 are no plane, and a catalog whose dips are all below 1.6 is in radians
    angles = [
        np.where(solved, column(finite(*limits)), np.nan)
        for limits in ((0, 359.999), (2, 90), (-179.999, 180))
    ]
    other = auxiliary_plane(*angles)
    return make_table(
        "mechanisms",
        {
            "event_id": ids,
            "status": ["solved" if s else draw(st.sampled_from(STATUSES[1:])) for s in solved],
            "reason": column(st.one_of(st.just(""), WORDS)),
            "origin_time": np.array(column(TIMES), "int64").view("datetime64[ns]"),
            "longitude": column(finite(-180, 360)),
            "latitude": column(finite(-90, 90)),
            "depth_km": column(finite(-9, 800)),
            "magnitude": column(st.one_of(st.just(math.nan), MAGNITUDES)),
            **dict(zip(("strike_deg", "dip_deg", "rake_deg"), angles, strict=True)),
            **{
                f"auxiliary_{n}_deg": values
                for n, values in zip(("strike", "dip", "rake"), other, strict=True)
            },
            "mechanism_probability": column(st.one_of(st.just(math.nan), finite(0, 1))),
            "polarity_count": column(st.integers(0, 2**31 - 1)),
            "polarity_misfit": column(finite(0, 1)),
            "quality": column(st.sampled_from(QUALITIES)),
            "multiple": column(st.booleans()),
        },
    )


def rows_of(table: pa.Table, *without: str) -> str:
    return repr(table.drop_columns(list(without)).to_pylist())


@settings(deadline=None, max_examples=60)
@given(mechanism_tables())
def test_mechanisms_survive_quakeml(table):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.xml")
        write_quakeml(CatalogTables(mechanisms=table), path)
        again = read_mechanisms(path)
    assert rows_of(again, "depth_km") == rows_of(table, "depth_km")
    np.testing.assert_allclose(
        again.column("depth_km").to_numpy(), table.column("depth_km").to_numpy(), rtol=1e-14
    )


@settings(deadline=None, max_examples=60)
@given(mechanism_tables())
def test_mechanisms_survive_csv(table):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        write_csv(table, path)
        again = read_mechanisms(path)
    assert rows_of(again) == rows_of(table)


@settings(deadline=None, max_examples=60)
@given(mechanism_tables())
def test_solved_mechanisms_survive_the_gmt_table(table):
    table = table.filter(pa.compute.equal(table.column("status"), "solved"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.txt")
        write_gmt_table(table, path, event_ids=True)
        if not table.num_rows:
            return
        again = read_mechanisms(path)
    for name in ("longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "rake_deg"):
        np.testing.assert_array_equal(again.column(name).to_numpy(), table.column(name).to_numpy())
    times = table.column("origin_time").cast(pa.int64()).to_numpy()
    # the form holds microseconds
    assert (
        again.column("origin_time").cast(pa.int64()).to_pylist() == (times // 1000 * 1000).tolist()
    )


TABLES = {
    "polarities": st.fixed_dictionaries(
        {
            "event_id": WORDS,
            "network": st.one_of(st.just(""), WORDS),
            "station": WORDS,
            "channel": st.one_of(st.just(""), WORDS),
            "polarity": st.sampled_from([-1, 0, 1]),
            "probability_up": st.one_of(st.just(math.nan), finite(0, 1)),
            "onset": st.sampled_from(["I", "E", "", "X"]),
            "pick_weight": st.integers(-1, 9),
            "arrival_time": TIMES,
            "azimuth_deg": st.one_of(st.just(math.nan), finite(0, 360)),
            "takeoff_deg": st.one_of(st.just(math.nan), finite(0, 180)),
            "source_file": WORDS,
            "source_line": st.integers(-1, 10**12),
        }
    ).filter(lambda row: not row["polarity"] * (row["probability_up"] - 0.5) < 0.0),
    "stations": st.fixed_dictionaries(
        {
            "network": st.one_of(st.just(""), WORDS),
            "station": WORDS,
            "longitude": finite(-180, 360),
            "latitude": finite(-90, 90),
            "elevation_m": finite(-12000, 9000).filter(lambda m: m not in (-999.0, -9999.0)),
            "start_time": TIMES,
            "end_time": TIMES,
        }
    ).filter(lambda row: row["end_time"] > row["start_time"]),
}


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(sorted(TABLES)))
def test_tables_survive_csv(data, name):
    rows = data.draw(
        st.lists(
            TABLES[name],
            min_size=1,
            max_size=5,
            unique_by=lambda r: (r["station"], r.get("event_id", "")),
        )
    )
    columns = {k: [r[k] for r in rows] for k in rows[0]}
    for key in ("arrival_time", "start_time", "end_time"):
        if key in columns:
            columns[key] = np.array(columns[key], "int64").view("datetime64[ns]")
    table = make_table(name, columns)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.csv")
        write_csv(table, path)
        again = getattr(read_source(path, "csv"), name)
    assert rows_of(again) == rows_of(table)


@st.composite
def written_text(draw, value: str) -> str:
    """A text as some program may write it in XML: entities, CDATA, comments, blanks."""
    pieces = []
    for letter in value:
        style = draw(st.integers(0, 12))
        if style == 0:
            pieces.append(f"&#{ord(letter)};")
        elif style == 1:
            pieces.append(f"&#x{ord(letter):X};")
        elif style == 2 and letter != "]":
            pieces.append(f"<![CDATA[{letter}]]>")
        else:
            pieces.append(escape(letter))
        if draw(st.integers(0, 30)) == 0:
            pieces.append("<!-- <a> & -->")
        if draw(st.integers(0, 40)) == 0:
            pieces.append("<?hint <b>?>")
    blank = st.sampled_from(["", "\n", "  ", "\t\r\n"])
    return draw(blank) + "".join(pieces) + draw(blank)


@settings(deadline=None, max_examples=100)
@given(st.data(), WORDS, WORDS, finite(-90, 90), st.sampled_from(["", "q:", "b-e.d:"]))
def test_quakeml_says_the_same_however_it_is_written(data, event_id, code, latitude, p):
    def attribute(value: str) -> str:
        quote = data.draw(st.sampled_from("'\""))
        value = escape(value, {"'": "&apos;", '"': "&quot;"})
        space = data.draw(st.sampled_from(["", " ", "\n"]))
        return f"{space}={space}{quote}{value}{quote}"

    def text(value: str) -> str:
        return data.draw(written_text(value))

    declared = f"xmlns:{p[:-1]}" if p else "xmlns"
    lines = (
        f'<root:quakeml xmlns:root="urn:r"><{p}eventParameters '
        f'{declared}="http://quakeml.org/xmlns/bed/1.2">'
        f"<{p}event publicID{attribute(event_id)} >"
        f"<{p}pick other='>' publicID{attribute(code)}>"
        f"<{p}waveformID stationCode{attribute(code)} />"
        f"<{p}phaseHint>{text('P')}</{p}phaseHint><{p}polarity>{text('negative')}</{p}polarity>"
        f"<{p}time><{p}value>{text('2020-01-01T00:00:01.25Z')}</{p}value></{p}time></{p}pick>"
        f"<{p}origin><{p}time><{p}value>{text('2020-01-01T00:00:00Z')}</{p}value></{p}time>"
        f"<{p}latitude><{p}value>{text(repr(latitude))}</{p}value></{p}latitude>"
        f"<{p}longitude><{p}value>{text('12.5')}</{p}value></{p}longitude>"
        f"<{p}arrival><{p}pickID>{text(code)}</{p}pickID><{p}phase>{text('Pg')}</{p}phase>"
        f"<{p}azimuth>{text('7')}</{p}azimuth></{p}arrival>"
        f"</{p}origin></{p}event></{p}eventParameters></root:quakeml>"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.xml")
        path.write_text(lines, encoding="utf-8", newline="")
        tables = read_source(path)
    assert tables.rejects.num_rows == 0
    (event,) = tables.events.to_pylist()
    (pick,) = tables.polarities.to_pylist()
    assert event["event_id"] == event_id
    assert event["latitude"] == latitude
    assert (pick["station"], pick["polarity"], pick["azimuth_deg"]) == (code, -1, 7.0)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 60))
def test_quakeml_that_is_damaged_anywhere_never_breaks_the_reader(noise, start, length):
    good = (
        b'<q:quakeml xmlns:q="urn:q"><eventParameters>'
        b'<event publicID="smi:a/b"><origin><time><value>2020-01-01T00:00:00Z</value></time>'
        b"<latitude><value>1</value></latitude><longitude><value>2</value></longitude></origin>"
        b'<pick publicID="p"><waveformID stationCode="A"/><phaseHint>P</phaseHint></pick></event>'
        b"</eventParameters></q:quakeml>"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.xml")
        path.write_bytes(good[:start] + noise + good[start + length :])
        try:
            tables = read_source(path, "quakeml")
        except QuakeloomError:
            return
    assert tables.events.num_rows <= 2
