"""Structure from earthquakes as a stage: partitions, bytes, bad events, locating in its members."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from quakeloom.core import SettingsError
from quakeloom.location import Plane
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.stages.planning import plan_run
from quakeloom.stages.run_here import run_stage_here
from quakeloom.store import RunLayout, open_array, read_json, read_table
from quakeloom.structure import Arrivals, ModelTimes, StructureGrid, make_structure_prior

ORIGIN = (-120.5, 36.0)
MODEL = "-3 4.0\n3 5.2\n12 6.2\n40 8\n"
GROUP = {
    "origin_longitude_deg": ORIGIN[0], "origin_latitude_deg": ORIGIN[1],
    "depth_range_km": [-2, 10], "north_range_km": [-12, 12], "east_range_km": [-12, 12],
    "spacing_km": [3, 4, 4], "refine": [2, 2, 2], "model": "model.txt",
    "lengths_km": [4, 8, 8], "length_factors": [1.0], "modes": 60, "vp_vs_modes": 20,
    "rounds": 2, "members": 3, "maximum_gap_deg": 300,
}  # fmt: skip


def write_catalog(folder, events=16):
    """Write a phase file and stations of events in a known model, half of them a month later."""
    rng = np.random.default_rng(4)
    grid = StructureGrid(
        (np.arange(-2, 11, 3.0), np.arange(-12, 13, 4.0), np.arange(-12, 13, 4.0)), (2, 2, 2)
    )
    model = np.array([[float(v) for v in row.split()] for row in MODEL.splitlines()])
    prior = make_structure_prior(grid, model, 1.73, 0.06, (4, 8, 8), (60, 20), (0.5, 0.0))
    white = rng.standard_normal(prior.size)
    stations = np.column_stack([-rng.uniform(0, 0.8, 9), rng.uniform(-10, 10, (9, 2))])
    source = np.column_stack([rng.uniform(2, 7, events), rng.uniform(-6, 6, (events, 2))])
    event, station = (a.ravel() for a in np.meshgrid(range(events), range(9), indexing="ij"))
    nothing = np.zeros(event.size)
    both = [
        ModelTimes(grid, prior.velocities(white), stations).at(
            Arrivals(event, station, nothing + s > 0, nothing, nothing + 1, stations), source
        )[:, 0].reshape(events, 9)
        for s in (0, 1)
    ]  # fmt: skip
    plane = Plane(*ORIGIN)
    lon, lat = plane.inverse(source[:, 1], source[:, 2])
    lines = []
    for e in range(events):
        month = 1 + (e >= events // 2)
        lines.append(
            f"# 2005 {month} {1 + e} 3 4 5.00 {lat[e]:.5f} {lon[e]:.5f} {source[e, 0]:.3f} "
            f"2.0 0.1 0.1 0.05 {100 + e}"
        )
        picks = [*((s, "P") for s in range(9)), *((s, "S") for s in range(0, 9, 2))]
        # the last event has too few picks, the one before it one that is wrong by far
        for s, phase in picks[:3] if e == events - 1 else picks:
            time = both[phase == "S"][e, s] + rng.normal(0, 0.02)
            time += 5.0 * (e == events - 2 and (s, phase) == (0, "P"))
            lines.append(f"XXS{s} {time:.4f} 1.0 {phase}")
    (folder / "phases.pha").write_text("\n".join(lines) + "\n")
    lon, lat = plane.inverse(stations[:, 1], stations[:, 2])
    (folder / "stations.dat").write_text(
        "".join(
            f"XXS{s} {lat[s]:.5f} {lon[s]:.5f} {-1000 * stations[s, 0]:.0f}\n" for s in range(9)
        )
    )
    (folder / "model.txt").write_text(MODEL)
    return source


def plan(folder, name, **changes):
    group = {**GROUP, **changes.pop("structure", {})}
    letters = {"network_letters": 2}
    settings = {
        "name": name, "data": str(folder),
        "sources": [
            {"path": "phases.pha", "format": "hypodd_phase", "options": letters},
            {"path": "stations.dat", "format": "hypodd_stations", "options": letters},
        ],
        "takeoff": {"angles": "layered", "models": ["model.txt"]}, "structure": group,
        "locate": {"models": ["structure"], "draws": 4, "station_iterations": 0,
                   "pick_noise": "stated", "radius_km": 20, "maximum_nodes": 1000},
        **changes,
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings))
    (found,) = load_runs(path).cases.values()
    layout = RunLayout(folder / "results" / name)
    plan_run(found, layout)
    return found, layout


def run(folder, name, stages=("structure",), **changes):
    settings, layout = plan(folder, name, **changes)
    for stage in stages:
        run_stage_here(find_stage(stage), settings, layout)
    return settings, layout


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("structure")
    return folder, write_catalog(folder)


@pytest.fixture(scope="module")
def whole(catalog):
    return run(catalog[0], "whole", ("structure", "locate"))


def bytes_of(layout):
    arrays = [
        np.asarray(open_array(layout.root / "structure.zarr", n)[...]).tobytes()
        for n in ("structure_p_velocity", "structure_coordinates", "structure_p_posterior")
    ]
    tables = [
        read_table(layout.table(n), n).to_pylist()
        for n in ("structure_events", "structure_arrivals", "structure_terms")
    ]
    # NaN is not equal to itself
    return arrays, repr(tables)


def test_any_partitions_give_the_same_bytes(catalog, whole):
    months = run(catalog[0], "months", partition={"calendar": "month"})[1]
    assert len(read_json(months.plan_step("structure", "finalise"))["partitions"]) == 2
    assert bytes_of(months) == bytes_of(whole[1])


@pytest.mark.long
def test_one_more_month_runs_its_own_sums_and_gives_the_bytes_of_a_run_from_scratch(
    catalog, whole, tmp_path
):
    write_catalog(tmp_path)
    phases = (tmp_path / "phases.pha").read_text()
    (tmp_path / "phases.pha").write_text(phases[: phases.index("# 2005 2")])
    partition = {"calendar": "month"}
    _, layout = run(tmp_path, "grows", partition=partition)
    first = layout.done("structure", "2005-01").digest()
    before = bytes_of(layout)
    (tmp_path / "phases.pha").write_text(phases)
    _, layout = run(tmp_path, "grows", partition=partition)
    assert layout.done("structure", "2005-01").digest() == first
    assert bytes_of(layout) == bytes_of(whole[1])
    assert before != bytes_of(layout)


def test_every_event_and_pick_has_a_row_with_its_reason(whole):
    _, layout = whole
    events = read_table(layout.table("structure_events"), "structure_events").to_pylist()
    status = {e["event_id"]: e["structure_status"] for e in events}
    assert len(events) == 16
    assert list(status.values()).count("used") == 15
    few = next(e for e in events if e["structure_status"] != "used")
    assert few["structure_status"] == "too_few_picks"
    assert "3 usable picks" in few["reason"]
    picks = read_table(layout.table("structure_arrivals"), "structure_arrivals").to_pylist()
    uses = [p["structure_use"] for p in picks]
    assert uses.count("outlier") == 1
    assert uses.count("event_not_used") == 3
    assert len(uses) == 15 * 14 + 3


def test_residuals_fall_and_events_are_located_in_the_members(catalog, whole):
    settings, layout = whole
    facts = read_json(layout.root / "structure.json")
    assert facts["rms_after_s"] < 0.6 * facts["rms_before_s"]
    assert 0.5 < facts["rounds"][-1]["chi_square"] < 1.5
    hypocenters = read_table(layout.table("hypocenters"), "hypocenters").to_pylist()
    located = [h for h in hypocenters if h["status"] == "located"]
    assert len(located) >= 14
    about = read_json(layout.root / "parts" / "locate_tables.zarr" / "members.json")
    assert about["names"] == ["m0000", "m0001", "m0002"]
    plane = Plane(*ORIGIN)
    at = {str(100 + e): s for e, s in enumerate(catalog[1])}
    off = [
        np.hypot(*(plane.forward(h["longitude"], h["latitude"]).ravel() - at[h["event_id"]][1:]))
        for h in located
    ]
    assert np.median(off) < 0.6
    verify_stage(find_stage("structure"), settings, layout)


def test_settings_that_cannot_be_are_refused_in_words(catalog):
    folder = catalog[0]
    with pytest.raises(SettingsError, match="add a group `structure`"):
        load_runs(_without(folder))
    with pytest.raises(SettingsError, match="fewer than three nodes"):
        plan(folder, "thin", structure={"depth_range_km": [0, 1]})
    with pytest.raises(SettingsError, match="no grid in common"):
        plan(folder, "two", locate={"models": ["structure", "model.txt"]})


def _without(folder):
    path = folder / "without.yaml"
    path.write_text(
        yaml.safe_dump(
            {"name": "without", "sources": [{"path": "a.csv"}],
             "takeoff": {"angles": "given"}, "locate": {"models": ["structure"]}}
        )
    )  # fmt: skip
    return path
