"""The QuakeML of six agencies ends in one mechanism and one location, and is exported again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from quakeloom.cli._catalogs import export
from quakeloom.config import Locate, load_configuration
from quakeloom.core import PlanError, distance_azimuth, rotation_angle
from quakeloom.formats import read_mechanisms, read_source
from quakeloom.stages.locate.catalog import locate_catalog, read_location_inputs
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, read_table

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "formats"))
from agency_files import (
    AGENCIES,
    DEPTH_KM,
    LATITUDE,
    LONGITUDE,
    MECHANISM,
    readings,
    stations,
)

USED = ("comcat", "isc", "seiscomp", "geonet", "ingv", "scml 0.12")


@pytest.fixture
def folder(tmp_path):
    for name in USED:
        (tmp_path / f"{name.split()[0]}.xml").write_text(AGENCIES[name](), encoding="utf-8")
    lines = ["network,station,longitude,latitude,elevation_m"]
    lines += [f"XX,{name},{x:.7f},{y:.7f},0" for name, (x, y) in stations().items()]
    (tmp_path / "stations.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "model.txt").write_text("0.0 6.0\n60.0 6.0\n")
    return tmp_path


def test_mechanisms_of_all_agencies_are_the_same_and_right(folder):
    settings = {
        "name": "agencies",
        "data": str(folder),
        "sources": [{"path": "*.xml"}, {"path": "stations.csv"}],
        # some agencies state errors of epicenters and some none
        "takeoff": {"models": [str(folder / "model.txt")], "epicenter_errors": False},
        "mechanism": {"trials": 10},
    }
    path = folder / "agencies.yaml"
    path.write_text(yaml.safe_dump(settings))
    configuration = load_configuration(path)
    plan_configuration(configuration, folder / "results")
    ((_, case),) = configuration.cases.items()
    layout = RunLayout(folder / "results" / "agencies")
    run_here(case, layout)
    rows = read_table(layout.table("mechanisms"), "mechanisms").to_pylist()
    assert len(rows) == len(USED)
    angles = [[r[f"{n}_deg"] for n in ("strike", "dip", "rake")] for r in rows]
    assert {r["status"] for r in rows} == {"solved"}
    # thirty polarities leave some degrees; the readings of all agencies are the same
    assert max(float(rotation_angle(a, MECHANISM)) for a in angles) < 20.0
    assert max(float(rotation_angle(a, angles[0])) for a in angles) < 10.0
    export(layout.root, folder / "to", "quakeml")
    (file,) = (folder / "to").glob("*.xml")
    again = read_source(file)
    assert again.events.num_rows == len(USED)
    assert again.picks.num_rows == len(readings()) * len(USED)
    back = {r["event_id"]: r for r in read_mechanisms(file).to_pylist()}
    assert all(back[r["event_id"]]["strike_deg"] == r["strike_deg"] for r in rows)


def test_locations_of_all_agencies_are_the_same_and_right_and_come_back(folder):
    for name in USED:
        file = folder / f"{name.split()[0]}.xml"
        events, picks, places = read_location_inputs(file, folder / "stations.csv")
        locate = Locate(models=[str(folder / "model.txt")], members=0, maximum_depth_km=30.0)
        out = folder / f"out-{file.stem}"
        (row,) = locate_catalog(locate, events, picks, places, out).to_pylist()
        assert row["status"] == "located"
        assert row["pick_count"] == len(readings())
        away, _ = distance_azimuth(LONGITUDE, LATITUDE, row["longitude"], row["latitude"])
        assert away < 0.3
        assert row["depth_km"] == pytest.approx(DEPTH_KM, abs=0.5)
        if name != USED[0]:
            continue
        for form in ("quakeml", "nonlinloc", "hypodd", "hypoinverse"):
            to = folder / f"to-{form}"
            export(out, to, form)
            (exported,) = (f for f in to.iterdir() if f.suffix != ".csv")
            found = read_source(exported)
            assert found.picks.num_rows == len(readings())
            # hundredths of kilometers and of minutes in the archive
            np.testing.assert_allclose(
                found.events.column("depth_km").to_numpy(), [row["depth_km"]], atol=0.006
            )


def test_a_folder_that_is_neither_run_nor_location_is_named(tmp_path):
    with pytest.raises(PlanError, match="has no plan"):
        export(tmp_path, tmp_path / "to", "quakeml")
