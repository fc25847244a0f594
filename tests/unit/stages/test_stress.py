"""The stages ``stress`` and ``tendency``: sums, maps, files, honest refusals."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray
import yaml
from cf_rules import cf_problems
from pyproj import CRS

from quakeloom.config import Stress, load_configuration
from quakeloom.core import IncompleteError, InputError, PlanError, VerificationError
from quakeloom.formats import write_csv
from quakeloom.report import compare_stress_maps
from quakeloom.schema import TABLES, VARIABLES, make_table
from quakeloom.stages.catalogs import CATALOGS
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.stages.planning import plan_configuration, read_settings
from quakeloom.stages.run_here import run_stage_here
from quakeloom.stages.stress import STRESS
from quakeloom.stages.stress import verbs as stress
from quakeloom.stages.tendency import verbs as tendency
from quakeloom.stages.without_a_run.map_catalog import map_catalog
from quakeloom.store import RunLayout, read_json, read_table


def _catalog(count=120, seed=0):
    """Strike-slip events over a degree, SHmax 45 degrees: planes near 15 and 75, both senses."""
    rng = np.random.default_rng(seed)
    right = rng.random(count) < 0.5
    strike = np.where(right, 15.0, 75.0) + rng.normal(0, 8, count)
    days = rng.integers(0, 4 * 365, count)
    return make_table(
        "mechanisms",
        {
            "event_id": [f"e{i:04d}" for i in range(count)],
            "status": ["solved"] * count,
            "origin_time": np.datetime64("2015-01-01", "ns") + days * np.timedelta64(1, "D"),
            "longitude": rng.uniform(10.0, 11.0, count),
            "latitude": rng.uniform(45.0, 46.0, count),
            "depth_km": rng.uniform(2.0, 20.0, count),
            "magnitude": rng.uniform(1.0, 4.0, count),
            "strike_deg": strike % 360,
            "dip_deg": np.clip(rng.normal(82, 5, count), 0, 90),
            "rake_deg": np.where(right, 180.0, 0.0) - rng.uniform(0, 8, count) * right,
            "quality": rng.choice(["A", "B", "C"], count),
        },
    )


def _configure(folder, catalog="catalog.csv", **stress_settings):
    settings = {
        "name": "test",
        "data": str(folder),
        "partition": {"calendar": "year"},
        "stress": {
            "catalogs": [catalog],
            "grid_step_deg": 0.25,
            "reach_km": 30,
            **stress_settings,
        },
        "tendency": {
            "faults": [
                {"name": "good", "longitude": 10.5, "latitude": 45.5, "strike_deg": 15,
                 "dip_deg": 88, "rake_deg": 180},
                {"name": "bad", "longitude": 10.5, "latitude": 45.5, "strike_deg": 45,
                 "dip_deg": 88},
                {"name": "far", "longitude": 50.0, "latitude": 45.5, "strike_deg": 45,
                 "dip_deg": 88},
            ]
        },
    }  # fmt: skip
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(settings))
    return load_configuration(path)


def _run(folder, results="results", **options):
    configuration = _configure(folder, **options)
    plan = plan_configuration(configuration, folder / results)
    layout = RunLayout(folder / results / "test")
    settings = read_settings(layout)
    for stage in (CATALOGS, STRESS):
        run_stage_here(stage, settings, layout)
    return settings, layout, plan["runs"]["test"]["stages"]["stress"]["partitions"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    write_csv(_catalog(), folder / "catalog.csv")
    return folder, *_run(folder)


def test_map_has_the_direction_of_the_catalog(run):
    """Conjugate strike-slip faults at 15 and 75 degrees: SHmax is between them, regime SS."""
    _, _, layout, _ = run
    table = pd.read_csv(layout.root.local / "stress.csv")
    busy = table[table["mechanism_count"] >= 5]
    assert len(busy) > 5
    assert np.abs(busy["shmax_deg"] - 45.0).max() < 12.0
    assert (busy["regime"] == "SS").mean() > 0.9
    assert table["mechanism_count"].sum() == 120


def test_csv_has_the_promised_columns(run):
    """Names that other programs rely on, in stress.csv and stress.json."""
    _, _, layout, _ = run
    promised = [
        "longitude", "latitude", "shmax_deg", "shmax_std_deg", "shape_ratio", "shape_ratio_std",
        "a_phi", "a_phi_std", "regime", "s1_azimuth_deg", "s1_plunge_deg", "s2_azimuth_deg",
        "s2_plunge_deg", "s3_azimuth_deg", "s3_plunge_deg", "mechanism_count", "quality",
    ]  # fmt: skip
    columns = list(pd.read_csv(layout.root.local / "stress.csv").columns)
    assert set(promised) <= set(columns)
    assert "depth_km" not in columns
    facts = read_json(layout.root / "stress.json")
    assert {"alpha2", "abic", "N", "P", "M", "curve"} <= set(facts)
    assert facts["N"] == pytest.approx(240.0)


def test_zarr_and_netcdf_hold_the_same_map(run):
    """Both open on latitude and longitude with units, and agree with the table."""
    _, _, layout, _ = run
    with (
        xarray.open_zarr(layout.root.local / "stress.zarr", consolidated=False) as zarr,
        xarray.open_dataset(layout.root.local / "stress.nc", engine="scipy") as netcdf,
    ):
        assert zarr["shmax_deg"].dims == ("latitude", "longitude")
        assert zarr["covariance"].dims[2:] == ("component", "component_2")
        assert netcdf.attrs["Conventions"].startswith("CF-")
        assert netcdf["latitude"].attrs["units"] == "degrees_north"
        np.testing.assert_array_equal(zarr["a_phi"].to_numpy(), netcdf["a_phi"].to_numpy())
        row = read_table(layout.table("stress"), "stress").to_pylist()[0]
        here = zarr.sel(longitude=row["longitude"], latitude=row["latitude"], method="nearest")
        assert float(here["shmax_deg"]) == row["shmax_deg"]


def test_files_for_other_programs(run):
    """World Stress Map, GMT and GeoJSON have one record per node; the GeoTIFF is one."""
    _, _, layout, _ = run
    rows = read_table(layout.table("stress"), "stress").num_rows
    wsm = pd.read_csv(layout.root.local / "stress_wsm.csv")
    table = read_table(layout.table("stress"), "stress").to_pandas()
    assert len(wsm) == (table["mechanism_count"] > 0).sum() > 0
    assert (wsm["NUMBER"] > 0).all()
    # the columns of the release of 2025
    assert len(wsm.columns) == 40
    assert list(wsm.columns[:10]) == ["ID", "ISC_ID", "SITE", "LAT", "LON", "AZI", "TYPE", "DEPTH",
                                      "QUALITY", "REGIME"]  # fmt: skip
    assert wsm["AZI"].between(0, 180).all()
    gmt = (layout.root.local / "stress_gmt.txt").read_text().splitlines()
    assert len(gmt) == rows + 1
    features = json.loads((layout.root.local / "stress.geojson").read_text())["features"]
    assert len(features) == rows
    first, last = features[0]["geometry"]["coordinates"]
    # degrees of longitude are shorter than those of latitude
    east = (last[0] - first[0]) * np.cos(np.radians(first[1]))
    azimuth = np.degrees(np.arctan2(east, last[1] - first[1])) % 180
    assert azimuth == pytest.approx(features[0]["properties"]["shmax_deg"], abs=0.5)
    assert (layout.root.local / "shmax.tif").read_bytes()[:4] == b"II*\0"


@pytest.mark.parametrize(
    "options",
    [
        {}, {"grid_step_deg": 0}, {"depth_step_km": 10}, {"time_step_years": 2},
        {"projection": "EPSG:32632", "grid_step_km": 25}, {"bootstrap": 20, "fields": 4},
    ],
    ids=["map", "one node", "depth", "time", "projected", "bootstrap"],
)  # fmt: skip
def test_netcdf_keeps_the_cf_conventions(options, tmp_path):
    """On every kind of axes: units, flags, history, and a reference system that PROJ knows."""
    map_catalog(Stress(**{"grid_step_deg": 0.25, "reach_km": 30, **options}), _catalog(), tmp_path)
    assert cf_problems(tmp_path / "stress.nc") == []
    with xarray.open_dataset(tmp_path / "stress.nc", engine="scipy") as data:
        code = CRS.from_cf(data["crs"].attrs).to_epsg()
        assert code == (32632 if "projection" in options else 4326)
        assert "focal mechanisms" in data.attrs["history"]
        assert data["regime"].attrs["flag_meanings"] == "NF NS SS TS TF U"


def test_all_files_of_a_map_have_the_same_names(run):
    """Parquet, GeoJSON, NetCDF, Zarr and GeoTIFF: the registered names, with equal values."""
    _, _, layout, _ = run
    root = layout.root.local
    table = read_table(layout.table("stress"), "stress")
    names = set(table.column_names)
    rows = table.to_pylist()
    features = json.loads((root / "stress.geojson").read_text())["features"]
    assert all(set(f["properties"]) == names for f in features)
    with xarray.open_dataset(root / "stress.nc", engine="scipy") as data:
        # depth and time are no axes of this map
        assert names - {"depth_km", "time_year"} <= set(data.variables)
        for row in rows:
            here = data.sel(longitude=row["longitude"], latitude=row["latitude"])
            for name in ("shmax_low_deg", "a_phi_high", "mechanism_count"):
                assert float(here[name]) == row[name]
            assert (
                data["regime"].attrs["flag_meanings"].split()[int(here["regime"])]
                == (row["regime"])
            )
    for file, name in (("shmax.tif", "shmax_deg"), ("a_phi.tif", "a_phi")):
        assert f'role="description">{name}<'.encode() in (root / file).read_bytes()


def test_low_and_high_are_quantiles_of_the_value_itself(run):
    """In every table of the registry: 2.5 and 97.5 %, in the unit of the value, around it."""
    _, _, layout, _ = run
    table = read_table(layout.table("stress"), "stress").to_pandas()
    for low in (n for n in table.columns if "_low" in n):
        value, high = low.replace("_low", ""), low.replace("_low", "_high")
        assert (table[low] <= table[value] + 1e-9).all()
        assert (table[value] <= table[high] + 1e-9).all()
    for name in {n for t in ("stress", "tendency") for n in TABLES[t].columns}:
        v = VARIABLES[name]
        if name.endswith(("_low", "_low_deg")):
            assert v.meaning.startswith("2.5 % quantile of the posterior"), name
        if name.endswith(("_high", "_high_deg")):
            assert v.meaning.startswith("97.5 % quantile of the posterior"), name


def test_one_partition_or_many_give_the_same_bytes(run, tmp_path):
    """The sums are exact: a year at a time or all at once, the files are the same."""
    _, _, layout, planned = run
    assert len(planned) == 4
    write_csv(_catalog(), tmp_path / "catalog.csv")
    configuration = _configure(tmp_path)
    text = configuration.path.read_text().replace("calendar: year", "calendar: all")
    configuration.path.write_text(text)
    configuration = load_configuration(configuration.path)
    plan = plan_configuration(configuration, tmp_path / "results")
    other = RunLayout(tmp_path / "results" / "test")
    settings = read_settings(other)
    assert list(plan["runs"]["test"]["stages"]["stress"]["partitions"]) == ["all"]
    stress.part(settings, other, "all")
    stress.finalise(settings, other)
    for name in ("stress.csv", "stress_wsm.csv", "stress.geojson", "shmax.tif"):
        assert (other.root.local / name).read_bytes() == (layout.root.local / name).read_bytes(), (
            name
        )


def test_a_new_year_changes_only_its_plan(tmp_path):
    """Adding mechanisms of one year leaves the plans and sums of the others untouched."""
    table = _catalog()
    years = table.column("origin_time").to_numpy().astype("datetime64[Y]").astype(int) + 1970
    write_csv(table.filter(years < 2018), tmp_path / "catalog.csv")
    _, layout, planned = _run(tmp_path)
    before = {n: layout.plan("stress", n).digest() for n in planned}
    sums = {n: layout.done("stress", n).local.stat().st_mtime_ns for n in planned}
    write_csv(table, tmp_path / "catalog.csv")
    plan = plan_configuration(_configure(tmp_path), tmp_path / "results")
    assert list(plan["runs"]["test"]["stages"]["stress"]["partitions"]) == [*planned, "2018"]
    assert before == {n: layout.plan("stress", n).digest() for n in planned}
    settings = read_settings(layout)
    with pytest.raises(IncompleteError, match="2018"):
        stress.finalise(settings, layout)
    stress.part(settings, layout, "2018")
    assert stress.finalise(settings, layout)["mechanisms"] == 120
    assert sums == {n: layout.done("stress", n).local.stat().st_mtime_ns for n in planned}


def test_verify_names_what_has_changed(tmp_path):
    """A changed file is found and named."""
    write_csv(_catalog(), tmp_path / "catalog.csv")
    settings, layout, _ = _run(tmp_path)
    assert verify_stage(STRESS, settings, layout)["partitions"] == 4
    (layout.root.local / "stress.csv").write_text("longitude\n")
    with pytest.raises(VerificationError, match=r"stress\.csv has changed"):
        verify_stage(STRESS, settings, layout)


def test_tendency_of_faults(run):
    """A fault at 30 degrees from SHmax slips, one along SHmax does not, one far off is unknown."""
    _, settings, layout, _ = run
    tendency.part(settings, layout)
    table = read_table(layout.table("tendency"), "tendency").to_pandas().set_index("fault")
    assert table.loc["good", "slip_tendency"] > 0.8
    assert table.loc["bad", "slip_tendency"] < 0.5
    assert np.isnan(table.loc["far", "slip_tendency"])
    assert table.loc["good", "rake_misfit_deg"] < 30.0
    assert np.isnan(table.loc["bad", "rake_misfit_deg"])
    assert (layout.root / "tendency.csv").exists()


def test_a_catalog_of_which_nothing_can_be_used_is_refused_in_words(tmp_path):
    """None passes the rules: a message with numbers; a catalog without rows: the same."""
    deep = Stress(grid_step_deg=0, maximum_depth_km=1)
    with pytest.raises(InputError, match="too deep"):
        map_catalog(deep, _catalog(30), tmp_path / "deep")
    with pytest.raises(InputError, match="There are no mechanisms"):
        map_catalog(Stress(), _catalog(0), tmp_path / "none")


def test_a_single_node_stands_in_the_middle(tmp_path):
    """Step 0: one stress for all, at the mean place of the events."""
    made, facts = map_catalog(Stress(grid_step_deg=0), _catalog(), tmp_path)
    assert made.table.num_rows == 1
    assert made.table.column("longitude")[0].as_py() == pytest.approx(10.5, abs=0.1)
    assert facts["M"] == 5
    assert facts["P"] == 0


def test_depth_and_projection_make_a_volume(tmp_path):
    """Nodes in projected kilometres and depth: longitudes come back, depth has its strength."""
    options = Stress(projection="EPSG:32632", grid_step_km=40, depth_step_km=10, reach_km=30)
    made, facts = map_catalog(options, _catalog(), tmp_path)
    assert len(facts["alpha2"]) == 2
    table = pd.read_csv(tmp_path / "stress.csv")
    assert set(np.unique(table["depth_km"])) <= {0.0, 10.0, 20.0}
    assert table["longitude"].between(9.0, 12.0).all()
    assert list(made.grid.axes) == ["depth_km", "northing", "easting"]


def test_planes_by_instability_and_bootstrap(tmp_path):
    """Other plane rules and the bootstrap run through the stage and agree on SHmax."""
    both, _ = map_catalog(Stress(grid_step_deg=0.5, bootstrap=50), _catalog(), tmp_path / "both")
    one, facts = map_catalog(
        Stress(grid_step_deg=0.5, planes="instability"), _catalog(), tmp_path / "one"
    )
    found = compare_stress_maps(
        *(pd.read_csv(tmp_path / n / "stress.csv") for n in ("both", "one"))
    )
    assert found["nodes"] == both.table.num_rows
    assert found["differences"]["shmax_deg"]["median"] < 10.0
    assert 0.2 <= facts["friction"] <= 0.8
    assert both.bootstrap is not None
    assert one.bootstrap is None


def test_a_run_without_stress_says_so(tmp_path):
    """Asking for a map that the settings do not want is refused."""
    write_csv(_catalog(), tmp_path / "catalog.csv")
    settings = _run(tmp_path)[0].model_copy(update={"stress": None})
    with pytest.raises(PlanError, match="no `stress` group"):
        stress.finalise(settings, RunLayout(tmp_path))
