"""What an atlas holds is what the tables say, and nothing of it is executed."""

from __future__ import annotations

import filecmp
import json
import struct

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from atlas_pages import (
    HOSTILE,
    benchmark_module,
    events_of,
    hostile_contents,
    read_columns,
    read_names,
    read_value,
)
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.atlas import AtlasContents, build_atlas
from quakeloom.atlas._columns import columns_script, json_text, quantize
from quakeloom.atlas._details import choose_accepted
from quakeloom.atlas._downloads import write_downloads
from quakeloom.atlas._folder import refuse_other_folder
from quakeloom.core import InputError, distance_azimuth
from quakeloom.schema import VARIABLES
from quakeloom.stages.stress.posterior import NodePosterior
from quakeloom.store import open_item

PAGE_BYTES = 1_500_000
"""Largest page without the data of events, in bytes (chosen here)."""


@pytest.fixture(scope="module")
def nation():
    """A small synthetic nation."""
    return benchmark_module("atlas").make_nation(20_000, 400)


@pytest.fixture(scope="module")
def nation_folder(nation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nation") / "atlas"
    return build_atlas(nation, open_item(folder)), folder


@given(
    st.lists(st.floats(-1e4, 1e4) | st.just(float("nan")), max_size=40),
    st.sampled_from(["int8", "int16", "int32", "uint8", "uint16", "uint32"]),
    st.sampled_from([0.005, 0.1, 0.5, 1.0]),
)
def test_a_quantity_comes_back_within_half_a_step_or_at_the_end_of_its_type(values, dtype, scale):
    column = quantize("x", values, dtype, scale, -3.0)
    back = column.values()
    given_ = np.array(values, dtype=float)
    assert (np.isnan(back) == np.isnan(given_)).all()
    info = np.iinfo(dtype)
    low = -3.0 + scale * (info.min + (info.min < 0))
    high = -3.0 + scale * (info.max - (info.min == 0))
    known = np.isfinite(given_)
    # half a step, and what a float of this size loses
    assert np.abs(back - np.clip(given_, low, high))[known].max(initial=0) <= 0.501 * scale


@given(st.recursive(st.text() | st.floats() | st.none(), lambda x: st.lists(x, max_size=4)))
def test_values_in_a_script_are_plain_ascii_without_markup(value):
    text = json_text(value)
    assert text.isascii()
    assert not set("<>&\n\r") & set(text)


def test_a_script_of_columns_is_one_call_of_harmless_letters():
    text = columns_script('a"<b', [quantize("c</script>", [1.0, np.nan], "int8")])
    assert text.count("<") == 0
    assert text.startswith("QuakeloomAtlas.take(")
    assert text.endswith(");\n")


def test_every_event_has_the_values_of_the_table(nation, nation_folder):
    summary, folder = nation_folder
    table = nation.table("mechanisms").to_pandas().set_index("event_id")
    meta = read_value(folder, "meta")
    assert summary.events == len(table) == meta["counts"]["events"]
    assert len(meta["pieces"]) == 2
    for k, (start, end, west, east, south, north) in enumerate(meta["pieces"]):
        columns = read_columns(folder, f"events-{k}")
        rows = table.loc[read_names(folder, f"names-{k}")]
        assert end - start == len(rows)
        steps = {"longitude": 1e-5, "latitude": 1e-5, "depth_km": 0.01, "magnitude": 0.01,
                 "strike_deg": 0.1, "dip_deg": 0.1, "rake_deg": 0.1, "polarity_misfit": 0.005,
                 "fault_plane_uncertainty_deg": 0.5, "mechanism_probability": 0.005}  # fmt: skip
        for name, step in steps.items():
            assert np.abs(columns[name] - rows[name].to_numpy()).max() <= 0.501 * step, name
        assert (columns["polarity_count"] == rows["polarity_count"]).all()
        seconds = rows["origin_time"].astype("int64") / 1e9
        assert np.abs(columns["time_s"] - seconds.to_numpy()).max() <= 0.5
        letters = np.array(meta["codes"]["quality"])[columns["quality"].astype(int)]
        assert (letters == rows["quality"]).all()
        assert (columns["longitude"] >= west - 1e-4).all()
        assert (columns["longitude"] <= east + 1e-4).all()
        assert (columns["latitude"] >= south - 1e-4).all()
        assert (columns["latitude"] <= north + 1e-4).all()


def test_every_node_has_the_values_of_the_table(nation, nation_folder):
    _, folder = nation_folder
    table = nation.table("stress").to_pandas()
    columns = read_columns(folder, "nodes")
    steps = {"shmax_deg": 0.01, "shmax_low_deg": 0.01, "shmax_high_deg": 0.01, "shape_ratio": 0.001,
             "a_phi": 0.001, "s1_azimuth_deg": 0.01, "s3_plunge_deg": 0.01, "s2_95_deg": 0.01,
             "probability_ss": 0.005, "mechanism_count": 1, "data_weight": 0.01}  # fmt: skip
    for name, step in steps.items():
        assert np.abs(columns[name] - table[name].to_numpy()).max() <= 0.501 * step, name


def test_the_rose_of_a_node_is_as_wide_as_its_range(nation, nation_folder):
    """The directions of the rose within the 95 % range are 95 % of all."""
    _, folder = nation_folder
    table = nation.table("stress").to_pandas()
    rose = read_columns(folder, "roses")["rose"].reshape(len(table), 36)
    middle = 2.5 + 5.0 * np.arange(36)
    best = table["shmax_deg"].to_numpy()[:, None]
    off = (middle[None, :] - best + 90.0) % 180.0 - 90.0
    low = table["shmax_low_deg"].to_numpy()[:, None] - best - 2.5
    high = table["shmax_high_deg"].to_numpy()[:, None] - best + 2.5
    inside = np.where((off >= low) & (off <= high), rose, 0.0).sum(axis=1) / rose.sum(axis=1)
    # bins of 5 degrees that the range only touches count as inside
    assert 0.945 < np.median(inside) < 1.0


def test_events_beyond_the_date_line_lie_beside_the_others(tmp_path):
    build_atlas(
        AtlasContents("line", tables={"mechanisms": events_of()}), open_item(tmp_path / "a")
    )
    west, east, _, _ = read_value(tmp_path / "a", "meta")["extent"]
    assert east - west < 1.0


def test_the_same_contents_give_the_same_bytes(nation, nation_folder, tmp_path):
    _, folder = nation_folder
    build_atlas(nation, open_item(tmp_path / "again"))
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    _, differing, errors = filecmp.cmpfiles(folder, tmp_path / "again", names, shallow=False)
    assert not differing
    assert not errors


def test_the_page_without_events_is_small(nation_folder):
    _, folder = nation_folder
    data = {"events", "names", "details"}
    page = [
        p.stat().st_size
        for p in [*folder.glob("*"), *(folder / "data").glob("*.js")]
        if p.is_file() and p.suffix != ".json" and p.stem.rpartition("-")[0] not in data
    ]
    assert sum(page) < PAGE_BYTES


def test_hostile_names_are_text_everywhere(tmp_path):
    folder = tmp_path / "atlas"
    build_atlas(hostile_contents(), open_item(folder))
    for file in (folder / "data").glob("*.js"):
        text = file.read_text("ascii")
        assert not set("<>&") & set(text), file.name
        assert text.count("\n") == 1
    page = (folder / "index.html").read_text("utf-8")
    assert "<script>window.broken" not in page
    assert "<img src=x" not in page
    assert page.count("<script") == 1
    for file in (folder / "files").glob("*.sh"):
        assert "broken" not in file.read_text("utf-8")
    places = read_value(folder, "places")
    assert places["faults"]["fault"] == [HOSTILE]
    assert sorted(read_names(folder, "names-0")) == sorted(f"{HOSTILE}{k}" for k in range(12))


def test_own_sources_put_no_text_into_markup():
    """Nothing of the page writes markup, and no string is run."""
    web = benchmark_module("atlas").__file__.rpartition("benchmarks")[0]
    for file in (open_item(web) / "src/quakeloom/atlas/web/src").local.glob("*.js"):
        text = file.read_text("utf-8")
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                          "eval(", "new Function", "DOMParser"):  # fmt: skip
            assert forbidden not in text, f"{file.name}: {forbidden}"


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "no event"),
        ({"mechanisms": events_of(10, solved=False)}, "No event has a mechanism"),
        ({"mechanisms": events_of(10)}, "no stress map"),
        ({"mechanisms": events_of(10, spread=0.0)}, "no stress map"),
        ({"mechanisms": events_of(1)}, "no stress map"),
    ],
    ids=["nothing", "no mechanisms", "ten events", "one point", "one event"],
)
def test_poor_contents_give_an_atlas_that_says_what_is_missing(tables, said, tmp_path):
    made = build_atlas(AtlasContents("poor", tables=tables), open_item(tmp_path / "atlas"))
    assert any(said in sentence for sentence in made.said)
    west, east, south, north = read_value(tmp_path / "atlas", "meta")["extent"]
    assert east - west > 0.1
    assert north - south > 0.1
    assert (tmp_path / "atlas" / "index.html").exists()


def test_events_without_a_place_are_counted(tmp_path):
    table = events_of(4)
    places = table.column("latitude").to_numpy().copy()
    places[0] = np.nan
    at = table.column_names.index("latitude")
    table = table.set_column(at, "latitude", [places])
    made = build_atlas(AtlasContents("p", tables={"mechanisms": table}), open_item(tmp_path / "a"))
    assert made.events == 3
    assert "1 of 4 events have no place and are not shown." in made.said


def test_accepted_mechanisms_stand_for_the_weights():
    """Half of the weight on one mechanism gives half of the planes to it."""
    weights = np.zeros(1000, np.uint8)
    weights[100:200] = 1
    weights[500] = 100
    chosen = choose_accepted(weights, 40)
    assert len(chosen) == 40
    assert (weights[chosen] > 0).all()
    assert (chosen == 500).sum() == 20
    assert (np.diff(chosen) >= 0).all()
    assert choose_accepted(weights[:120], 40).tolist() == list(range(100, 120))


def test_details_are_those_of_the_event(tmp_path):
    folder = tmp_path / "atlas"
    contents = hostile_contents()
    build_atlas(contents, open_item(folder))
    columns = read_columns(folder, "details-0")
    assert columns["reading_count"].tolist() == [3] * 12
    assert columns["up"].reshape(12, 3).tolist() == [[0.9, 0.0, 0.4]] * 12
    stations = read_value(folder, "places")["stations"]["station"]
    at = columns["place"].reshape(12, 3).astype(int)
    assert [[stations[i] for i in row] for row in at] == [[f"{HOSTILE}{k}" for k in range(3)]] * 12


def test_the_middle_of_an_ellipse_is_the_covariance(tmp_path):
    """A covariance of 4 and 1 km^2 along N 30 E gives an ellipse of two to one that way."""
    from quakeloom.atlas._events import gather_events
    from quakeloom.schema import make_table

    turn = np.radians(30.0)
    u = np.array([np.sin(turn), np.cos(turn)])
    v = np.array([np.cos(turn), -np.sin(turn)])
    cov = 4 * np.outer(u, u) + np.outer(v, v)
    mechanisms = events_of(1)
    hypocenters = make_table(
        "hypocenters",
        {
            "event_id": ["event0"], "status": ["located"], "cov_ee": [cov[0, 0]],
            "cov_en": [cov[0, 1]], "cov_nn": [cov[1, 1]], "depth_025_km": [1.0],
            "depth_975_km": [9.0], "pick_count": [9], "pick_count_p": [5], "grid_coarser": [0],
        },
    )  # fmt: skip
    tables = {"mechanisms": mechanisms, "hypocenters": hypocenters}
    frame = gather_events(AtlasContents("e", tables=tables)).frame
    assert frame["ellipse_azimuth_deg"][0] == pytest.approx(30.0)
    assert frame["ellipse_major_km"][0] == pytest.approx(2 * frame["ellipse_minor_km"][0])


def test_another_folder_is_not_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="is no atlas"):
        refuse_other_folder(open_item(tmp_path / "mine"))
    (tmp_path / "empty").mkdir()
    refuse_other_folder(open_item(tmp_path / "empty"))
    build_atlas(AtlasContents("a"), open_item(tmp_path / "empty"))
    refuse_other_folder(open_item(tmp_path / "empty"))


def test_meanings_are_those_of_the_registry(nation_folder):
    _, folder = nation_folder
    for name, told in read_value(folder, "meta")["meanings"].items():
        assert told["en"] == VARIABLES[name].meaning
        assert told["unit"] == VARIABLES[name].unit
        assert told["ja"], f"{name} has no Japanese in japanese.json"


def test_the_coast_is_that_of_the_place(nation_folder):
    """Tokyo Bay's shore is near 35.6 N, 139.8 E."""
    _, folder = nation_folder
    coast = read_columns(folder, "coast")
    km, _ = distance_azimuth(139.8, 35.6, coast["longitude"], coast["latitude"])
    assert km.min() < 10.0
    assert coast["ring_length"].sum() == len(coast["longitude"])


def test_a_map_without_its_tensors_says_so(nation, tmp_path):
    from dataclasses import replace

    made = build_atlas(replace(nation, posterior=None), open_item(tmp_path / "a"))
    assert any("no rose" in s for s in made.said)
    assert not (tmp_path / "a" / "data" / "roses.js").exists()
    assert isinstance(nation.posterior, NodePosterior)


def test_files_for_other_programs_hold_the_tables(nation, nation_folder):
    _, folder = nation_folder
    for name in ("stress", "mechanisms"):
        file = pq.ParquetFile(folder / "files" / f"{name}.parquet")
        table = file.read()
        back = table.drop_columns(["geometry"]).to_pandas()
        pd.testing.assert_frame_equal(back, nation.table(name).to_pandas(), check_exact=True)
        geo = json.loads(file.schema_arrow.metadata[b"geo"])
        assert geo["version"] == "1.1.0"
        order, kind, longitude, latitude = struct.unpack("<BIdd", table["geometry"][7].as_py())
        assert (order, kind) == (1, 1)
        assert longitude == nation.table(name)["longitude"][7].as_py()
        assert latitude == nation.table(name)["latitude"][7].as_py()
        west, south, east, north = geo["columns"]["geometry"]["bbox"]
        assert west <= longitude <= east
        assert south <= latitude <= north


def test_the_description_names_files_that_are_there(nation_folder):
    _, folder = nation_folder
    item = json.loads((folder / "stac.json").read_text())
    assert item["stac_version"] == "1.0.0"
    assert item["properties"]["start_datetime"] < item["properties"]["end_datetime"]
    named = {a["href"] for a in item["assets"].values()}
    assert {"./files/stress.parquet", "./api/v1/cells.parquet", "./api/v1/index.json"} <= named
    assert all((folder / name).exists() for name in named)


def test_files_that_are_too_large_are_left_out_and_told(nation, tmp_path):
    made = write_downloads(nation, open_item(tmp_path), 900_000, (130.0, 143.0, 31.0, 44.0))
    assert "files/stress.parquet" in made.names
    assert sum(f["bytes"] for f in made.listed if f["name"].startswith(("files/s", "api"))) <= 9e5
    assert any(s.en.startswith("files/mechanisms.parquet") and "省いて" in s.ja for s in made.said)
    assert not (tmp_path / "files" / "mechanisms.parquet").exists()
