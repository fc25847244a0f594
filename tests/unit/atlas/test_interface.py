"""The static interface of an atlas, and the projects of QGIS and GMT: what other programs read."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from atlas_pages import HOSTILE, benchmark_module, events_of, hostile_contents, read_value

from quakeloom.atlas import AtlasContents, build_atlas
from quakeloom.atlas._api import cell_name
from quakeloom.atlas._downloads import regular_grid
from quakeloom.atlas._hilbert import hilbert_key, hilbert_order
from quakeloom.core import FormatError, distance_azimuth
from quakeloom.formats import read_stress_csm
from quakeloom.schema import VARIABLES, make_table
from quakeloom.store import open_item
from quakeloom.stress import stress_tensors


@pytest.fixture(scope="module")
def nation():
    """A small synthetic nation of several years."""
    return benchmark_module("atlas").make_nation(1500, 100)


@pytest.fixture(scope="module")
def folder(nation, tmp_path_factory):
    place = tmp_path_factory.mktemp("interface") / "atlas"
    build_atlas(nation, open_item(place))
    return place


@pytest.fixture(scope="module")
def index(folder):
    return json.loads((folder / "api/v1/index.json").read_text("utf-8"))


def test_hilbert_walks_from_cell_to_neighboring_cell():
    """Every step goes to one of the four neighbors, and every cell is visited once."""
    x, y = (v.ravel() for v in np.meshgrid(np.arange(32), np.arange(32)))
    key = hilbert_key(x, y, 5)
    assert sorted(key) == list(range(1024))
    order = np.argsort(key)
    assert (np.abs(np.diff(x[order])) + np.abs(np.diff(y[order])) == 1).all()
    unknown = hilbert_order([1.0, np.nan, 0.0], [1.0, 1.0, 0.0])
    assert unknown[-1] == 1


def test_every_cell_is_as_its_schema_says_and_has_the_values_of_the_table(nation, folder, index):
    table = nation.table("stress").to_pandas()
    jsonschema.Draft202012Validator.check_schema(index["cells"]["schema"])
    check = jsonschema.Draft202012Validator(index["cells"]["schema"])
    assert len(index["cells"]["names"]) == len(table)
    basis = np.array(index["basis"]["matrices"])
    tensors = stress_tensors(nation.posterior.components)
    for row in range(0, len(table), 7):
        values = table.iloc[row]
        name = cell_name(values["longitude"], values["latitude"])
        cell = json.loads((folder / "api/v1/cells" / f"{name}.json").read_text("utf-8"))
        check.validate(cell)
        node = cell["nodes"][0]
        assert node["shmax_deg"] == pytest.approx(values["shmax_deg"], rel=1e-6)
        assert node["regime"] == values["regime"]
        tensor = np.einsum("k,kij->ij", node["components"], basis)
        assert np.abs(tensor - tensors[row]).max() < 1e-6
        upper = nation.posterior.covariance[row][np.triu_indices(5)]
        assert node["covariance"] == pytest.approx(upper.tolist(), rel=1e-6)


def test_what_the_index_and_the_collections_name_is_there(folder, index):
    for name in (*index["files"], *(f"cells/{n}" for n in index["cells"]["names"])):
        assert (folder / "api/v1" / name).exists(), name
    told = {c["name"]: c for c in index["columns"]["cells"]}
    assert told["shmax_deg"]["meaning"] == VARIABLES["shmax_deg"].meaning
    assert set(told) == set(pq.read_schema(folder / "api/v1/cells.parquet").names) - {"geometry"}
    found = json.loads((folder / "api/v1/collections.json").read_text("utf-8"))
    assert [c["id"] for c in found["collections"]] == ["cells", "mechanisms"]
    for collection in found["collections"]:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        assert (west < east) & (south < north)
        for link in collection["links"]:
            assert (folder / "api/v1" / link["href"]).exists(), link
    page = {f["name"] for f in read_value(folder, "meta")["downloads"]}
    assert {"api/v1/cells/", "api/v1/mechanisms/", "files/atlas.qgs", "query.md"} <= page


def test_mechanisms_lie_by_year_near_ones_together(nation, folder):
    """All events are there once, and the groups of rows say in which box they lie."""
    files = sorted((folder / "api/v1/mechanisms").iterdir())
    frames = []
    for file in files:
        table = pq.ParquetFile(file)
        frame = table.read().drop_columns(["geometry"]).to_pandas()
        assert (frame["origin_time"].dt.year == int(file.stem)).all()
        step, _ = distance_azimuth(
            frame["longitude"][:-1], frame["latitude"][:-1], frame["longitude"][1:],
            frame["latitude"][1:],
        )  # fmt: skip
        shuffled = frame.sample(frac=1, random_state=1)
        far, _ = distance_azimuth(
            frame["longitude"], frame["latitude"], shuffled["longitude"], shuffled["latitude"]
        )
        assert np.median(step) < 0.2 * np.median(far)
        group = table.metadata.row_group(0)
        assert group.num_rows <= 20_000
        at = table.schema_arrow.names.index("latitude")
        assert group.column(at).statistics.min == frame["latitude"].min()
        frames.append(frame)
    together = pd.concat(frames).sort_values("event_id", ignore_index=True)
    whole = nation.table("mechanisms").to_pandas().sort_values("event_id", ignore_index=True)
    pd.testing.assert_frame_equal(together, whole, check_exact=True)


def test_events_without_a_time_are_undated(tmp_path):
    table = events_of(6)
    times = pd.Series(table.column("origin_time").to_pandas())
    times[1] = pd.NaT
    at = table.column_names.index("origin_time")
    import pyarrow as pa

    column = pa.array(times, type=table.schema.field("origin_time").type)
    table = table.set_column(at, "origin_time", column)
    build_atlas(AtlasContents("u", tables={"mechanisms": table}), open_item(tmp_path / "a"))
    undated = pq.read_table(tmp_path / "a/api/v1/mechanisms/undated.parquet")
    assert undated.column("event_id").to_pylist() == ["event1"]


def test_tensors_in_the_community_format_come_back(nation, folder):
    """To 1e-6, with the azimuth of SHmax that their horizontal part has; no size is claimed."""
    file = folder / "api/v1/cells.csm.txt"
    model = read_stress_csm(file)
    tensors = stress_tensors(nation.posterior.components)
    assert np.abs(model.tensors - tensors).max() < 1e-6
    nn, ne, ee = (model.tensors[:, i, j] for i, j in ((0, 0), (0, 1), (1, 1)))
    # compression is negative, so the most compressive is half a turn away in the double angle
    trend = 0.5 * np.degrees(np.arctan2(-2 * ne, ee - nn)) % 180.0
    assert np.abs((trend - model.shmax_deg[:, 0] + 90) % 180 - 90).max() < 0.01
    table = nation.table("stress").to_pandas()
    for k in range(3):
        assert np.abs(model.axis_std_deg[:, k] - table[f"s{k + 1}_std_deg"]).max() < 1e-3
    assert np.abs(model.ratio_std - table["shape_ratio_std"]).max() < 1e-4
    rows = [line.split() for line in file.read_text("utf-8").splitlines() if line[0] != "#"]
    assert {tuple(r[14:]) for r in rows[::2]} == {("1", "0", "0")}
    assert {tuple(r[5:8]) for r in rows} == {("NaN", "NaN", "NaN")}


@pytest.mark.parametrize("broken", ["1 2 3\n", "a " * 17 + "\n", ("0 " * 3 + "1 " + "0 " * 13)])
def test_what_is_no_community_stress_is_refused(broken, tmp_path):
    (tmp_path / "x.txt").write_text(f"# head\n{broken}")
    with pytest.raises(FormatError, match=r"x\.txt"):
        read_stress_csm(tmp_path / "x.txt")


def test_the_project_of_qgis_names_files_beside_it_and_a_symbol_for_every_class(folder):
    """QGIS itself does not run here: this is what its format needs."""
    files = folder / "files"
    root = ET.fromstring((files / "atlas.qgs").read_text("utf-8").partition("\n")[2])
    layers = root.findall("projectlayers/maplayer")
    listed = root.findall("layer-tree-group/layer-tree-layer")
    assert [x.findtext("id") for x in layers] == [x.get("id") for x in listed]
    assert {x.findtext("datasource") for x in layers} >= {"./shmax.geojson", "./land.geojson"}
    assert root.findtext("properties/Paths/Absolute") == "false"
    for layer in layers:
        source = layer.findtext("datasource")
        assert source.startswith("./")
        assert (files / source).exists()
        assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:4326"
        style = ET.fromstring((files / source).with_suffix(".qml").read_text().partition("\n")[2])
        if layer.get("type") == "raster":
            assert style.find("pipe/rasterrenderer") is not None
            continue
        for renderer in (layer.find("renderer-v2"), style.find("renderer-v2")):
            drawn = {s.get("name") for s in renderer.findall("symbols/symbol")}
            classes = renderer.findall("categories/category") + renderer.findall("ranges/range")
            assert {c.get("symbol") for c in classes} <= drawn
            kind = {"Point": "marker", "Line": "line", "Polygon": "fill"}[layer.get("geometry")]
            assert {s.get("type") for s in renderer.findall("symbols/symbol")} == {kind}
    bars = json.loads((files / "shmax.geojson").read_text("utf-8"))["features"]
    classes = layers[[x.findtext("datasource") for x in layers].index("./shmax.geojson")]
    known = {c.get("value") for c in classes.findall("renderer-v2/categories/category")}
    assert {f["properties"]["regime"] for f in bars} <= known


def test_the_script_of_gmt_is_one_that_bash_reads_and_names_files_beside_it(folder):
    script = folder / "files/map_gmt.sh"
    done = subprocess.run([shutil.which("bash"), "-n", str(script)], capture_output=True)
    assert done.returncode == 0, done.stderr
    for word in script.read_text("utf-8").split():
        if word.endswith(".txt"):
            assert (folder / "files" / word).exists()


def test_hostile_names_do_no_harm_in_files_for_programs(tmp_path):
    """A project parses, and gives the name back; JSON reads back; no shell sees a name."""
    contents = hostile_contents()
    place = tmp_path / "a"
    build_atlas(replace(contents, title=HOSTILE + "\x01"), open_item(place))
    root = ET.fromstring((place / "files/atlas.qgs").read_text("utf-8").partition("\n")[2])
    assert root.findtext("title") == HOSTILE + " "
    found = json.loads((place / "api/v1/index.json").read_text("utf-8"))
    assert found["description"] == HOSTILE
    faults = json.loads((place / "files/faults.geojson").read_text("utf-8"))
    assert faults["features"][0]["properties"]["fault"] == HOSTILE
    assert "broken" not in (place / "files/map_gmt.sh").read_text("utf-8")


def test_the_page_without_scripts_has_a_map_and_tables(nation, folder, tmp_path):
    page = (folder / "index.html").read_text("utf-8")
    plain = page[page.rindex("<noscript>") : page.rindex("</noscript>")]
    assert '<img src="map.png" alt="Map of the largest' in plain
    assert (folder / "map.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    table = nation.table("stress").to_pandas().sort_values("shmax_std_deg")
    first = table.iloc[0]
    assert f"{first['shmax_deg']:.0f} ± {first['shmax_std_deg']:.0f}" in plain
    assert "Settings digest" in plain or "Stress atlas made with quakeloom" in plain
    build_atlas(hostile_contents(), open_item(tmp_path / "h"))
    other = (tmp_path / "h/index.html").read_text("utf-8")
    assert "Map of the focal mechanisms" in other
    assert "&lt;img src=x" in other
    build_atlas(AtlasContents("nothing"), open_item(tmp_path / "n"))
    assert not (tmp_path / "n/map.png").exists()
    assert "<img" not in (tmp_path / "n/index.html").read_text("utf-8")


def test_only_a_map_of_one_depth_and_time_on_an_even_grid_becomes_an_image():
    lon, lat = (v.ravel() for v in np.meshgrid([10.0, 10.5, 11.5], [45.0, 45.2]))
    rows = {"longitude": lon, "latitude": lat, "a_phi": np.arange(6.0) / 2, "regime": ["SS"] * 6}
    x, y, values = regular_grid(make_table("stress", rows))
    assert x.tolist() == [10.0, 10.5, 11.0, 11.5]
    assert y == pytest.approx([45.0, 45.2])
    assert values[1, 3] == 2.5
    assert np.isnan(values[:, 2]).all()
    twice = {n: np.concatenate([np.asarray(v, dtype=object)] * 2) for n, v in rows.items()}
    assert regular_grid(make_table("stress", twice)) is None
    rows["longitude"] = lon + np.array([0, 0.13, 0, 0, 0, 0])
    assert regular_grid(make_table("stress", rows)) is None


def test_found_planes_are_outlines_as_long_as_the_plane(tmp_path):
    """A plane of 20 by 10 km that dips 60 degrees is 20 km long and 5 km wide from above."""
    faults = make_table(
        "faults",
        {
            "fault": ["F1", "F2"], "fault_status": ["stable", "doubtful"], "reason": ["", "few"],
            "longitude": [179.99, 180.0], "latitude": [-40.0, -40.1], "depth_km": [8.0, 9.0],
            "strike_deg": [30.0, 0.0], "dip_deg": [60.0, 90.0], "fault_length_km": [20.0, 5.0],
            "fault_width_km": [10.0, np.nan], "known_status": ["", ""], "known_fault": ["", ""],
        },
    )  # fmt: skip
    rated = make_table(
        "tendency",
        {
            "fault": ["Old", "F1"], "longitude": [180.1, 179.99], "latitude": [-40.2, -40.0],
            "strike_deg": [10.0, 30.0], "dip_deg": [80.0, 60.0], "rake_deg": [0.0, np.nan],
            "slip_tendency": [0.4, 0.9],
        },
    )  # fmt: skip
    tables = {"mechanisms": events_of(), "faults": faults, "tendency": rated}
    made = build_atlas(AtlasContents("f", tables=tables), open_item(tmp_path / "a"))
    assert made.faults == 3
    found = read_value(tmp_path / "a", "places")["faults"]
    assert found["fault"] == ["Old", "F1", "F2"]
    assert found["slip_tendency"] == [0.4, 0.9, None]
    assert found["fault_status"] == [None, "stable", "doubtful"]
    assert found["outline"][0] is None
    assert found["outline"][2] is None
    corners = np.array(found["outline"][1]).reshape(4, 2)
    assert np.ptp(corners[:, 0]) < 1.0  # on one side of the date line
    along, azimuth = distance_azimuth(*corners[0], *corners[1])
    across, down = distance_azimuth(*corners[1], *corners[2])
    assert along == pytest.approx(20.0, rel=5e-3)
    assert across == pytest.approx(5.0, rel=5e-3)
    assert azimuth == pytest.approx(30.0, abs=0.5)
    # it dips to the right of the strike, so the lower edge lies there
    assert down == pytest.approx(120.0, abs=0.5)


def test_all_files_are_written_when_asked_for(nation, tmp_path, monkeypatch):
    monkeypatch.setattr("quakeloom.atlas._folder.MOST_BYTES", 0)
    monkeypatch.setattr("quakeloom.atlas._folder._LEAST_ROOM", 100_000)
    small = build_atlas(nation, open_item(tmp_path / "small"))
    assert any("api/v1/cells/ is left out" in s for s in small.said)
    assert json.loads((tmp_path / "small/api/v1/index.json").read_text())["cells"]["names"] == []
    assert not read_value(tmp_path / "small", "meta")["cells"]
    large = build_atlas(nation, open_item(tmp_path / "large"), all_files=True)
    assert not any("left out" in s for s in large.said)
    assert large.files > small.files + 90
