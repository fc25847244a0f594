"""What an uncertain velocity model does to mechanisms and stress, three ways of meeting it.

Synthetic Earths with known hypocenters, mechanisms and stress; in each the true layered model is a
draw of the ensemble (and none of its members), rays and arrival times follow it, and stations have
delays. From the same picks and first motions mechanisms are made

- `one-model`: hypocenters and angles in the reference model, taken as exact;
- `independent`: the same hypocenters, every trial with a depth and an epicenter perturbed by the
  location's errors and one of ten models, independently, as HASH does;
- `ensemble`: hypocenters in an ensemble of models, and in every trial one draw of hypocenter,
  model and angles together.

Then the stress is mapped. Figures: errors and coverage of depth, quality letters, rotation from
the true mechanism against the stated uncertainty, stated probability of being within 45 degrees of
it against how often that is so, and how often the 95 % ranges of SHmax and shape ratio hold the
truth.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from _harness import Stopwatch, figure, print_result
from quakeloom.config import Locate, load_configuration
from quakeloom.core import LayeredModel, distance_azimuth, rotation_angle
from quakeloom.formats import read_velocity_model
from quakeloom.location import draw_layered_models, stack_members, trace_member
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.schema import make_table
from quakeloom.simulate import (
    find_reading_levels,
    simulate_events,
    simulate_polarities,
    simulate_stations,
    small_region,
    stress_tensor_at,
)
from quakeloom.stages.locate.catalog import locate_catalog
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, find_resource, open_item, read_table, write_table
from quakeloom.stress import axial_difference, describe_stress, stress_components
from quakeloom.travel import stack_tables, table_grid, trace_table

CASES = ("one-model", "independent", "ensemble")
ANGLES = ["strike_deg", "dip_deg", "rake_deg"]
VELOCITY_SPREAD, THICKNESS_SPREAD, VP_VS_SPREAD = 0.05, 0.15, 0.02
P_ERROR_S, S_ERROR_S, DELAY_S = 0.05, 0.1, 0.05
CLOSE_DEG = 45.0
LOCATE = {
    "models": ["reference.txt"],
    "velocity_spread": VELOCITY_SPREAD,
    "thickness_spread": THICKNESS_SPREAD,
    "vp_vs_spread": VP_VS_SPREAD,
    # as the errors are simulated
    "likelihood": "gaussian",
    "station_error_s": DELAY_S,
    "time_error_fraction": 0.0,
    "maximum_depth_km": 45,
    "minimum_depth_km": 0,
    "radius_km": 120,
    "maximum_distance_km": 125,
}


def spread(model: LayeredModel, count: int, seed: int) -> list[LayeredModel]:
    return draw_layered_models(
        model, count, seed, velocity_spread=VELOCITY_SPREAD, thickness_spread=THICKNESS_SPREAD,
        vp_vs_spread=VP_VS_SPREAD,
    )  # fmt: skip


def write_model(path: Path, model: LayeredModel) -> None:
    rows = zip(model.depth_km, model.p_velocity_km_s, strict=True)
    path.write_text("".join(f"{z:.5f} {v:.5f}\n" for z, v in rows))


def simulate(folder: Path, earth: int, events: int) -> pd.DataFrame:
    """Write the readings of one Earth; return true hypocenters and mechanisms."""
    random = np.random.default_rng([31, earth])
    options = small_region(mean_polarities=25.0, error_rate=0.05, cluster_fraction=0.2)
    network = simulate_stations(options, earth)
    network.stations["elevation_m"] = np.zeros(len(network.stations["station"]))
    reference = read_velocity_model(find_resource("velocity_models") / "generic_crust.txt")
    (truth,) = spread(reference, 1, 90_000 + earth)
    depths, distances = table_grid(35.0, 130.0, models=[truth])
    tables = stack_tables([trace_table(truth, depths, distances)])
    levels = find_reading_levels(network, tables, options, earth)
    made = simulate_events(options, earth, 0, events)
    read = simulate_polarities(made, network, tables, options, earth, levels)
    depth, distance = table_grid(46.0, 190.0, 1.0)
    times = stack_members(["truth"], [trace_member(truth, depth, distance, [0.0])], depth, distance,
                          [0.0])  # fmt: skip
    rows = []
    e, s = read.event_index, read.station_index
    away, _ = distance_azimuth(
        made.true_longitude[e], made.true_latitude[e],
        network.stations["longitude"][s], network.stations["latitude"][s],
    )  # fmt: skip
    delay = DELAY_S * random.standard_normal((len(network.stations["station"]), 2))
    for k, (phase, error) in enumerate((("P", P_ERROR_S), ("S", S_ERROR_S))):
        group, level = times.receivers([phase], [0.0])
        nodes = np.column_stack([made.true_depth_km[e], away, np.zeros(e.size)])
        found = np.empty((e.size, 1))
        receivers = Receivers(np.zeros((1, 3)), group, level)
        member_times(times.arrays, nodes, np.zeros(e.size, np.int64), receivers, found)
        seconds = found[:, 0] + delay[s, k] + error * random.standard_normal(e.size)
        used = np.ones(e.size, bool) if phase == "P" else random.random(e.size) < 0.4
        rows.append(
            pd.DataFrame(
                {
                    "event_id": made.events["event_id"][e],
                    "network": np.asarray(network.stations["network"])[s],
                    "station": np.asarray(network.stations["station"])[s],
                    "phase": phase,
                    "time": made.events["origin_time"][e]
                    + np.round(seconds * 1e9).astype("timedelta64[ns]"),
                    "uncertainty_s": error,
                }
            )[used]
        )
    picks = pd.concat(rows, ignore_index=True)
    columns = {c: picks[c].to_numpy() for c in picks}
    write_table(open_item(folder) / "picks.parquet", "picks",
                make_table("picks", {**columns, "picker": ["simulated"] * len(picks)},
                           rows=len(picks)))  # fmt: skip
    for name, found in (("stations", network.stations), ("polarities", read.polarities)):
        write_table(open_item(folder) / f"{name}.parquet", name, make_table(name, found))
    write_model(folder / "reference.txt", reference)
    for k, model in enumerate(spread(reference, 10, 777)):
        write_model(folder / f"member{k}.txt", model)
    return pd.DataFrame(
        {
            "event_id": made.events["event_id"],
            "longitude": made.true_longitude,
            "latitude": made.true_latitude,
            "depth_km": made.true_depth_km,
            **{c: made.truth[c] for c in ANGLES},
            "origin_time": made.events["origin_time"],
            "magnitude": made.events["magnitude"],
        }
    )


def locate_alone(folder: Path, truth: pd.DataFrame) -> None:
    """Locate in the reference model; write the events with and without their errors."""
    picks = read_table(open_item(folder) / "picks.parquet", "picks")
    places = read_table(open_item(folder) / "stations.parquet", "stations")
    empty = make_table("events", {}, rows=0)
    found = locate_catalog(
        Locate(**LOCATE, members=0, draws=0), empty, picks, places, folder / "alone", 1, str(folder)
    ).to_pandas()
    found = truth[["event_id", "origin_time", "magnitude"]].merge(
        found.drop(columns=["origin_time", "magnitude"]), on="event_id", how="left"
    )
    events = {c: found[c].to_numpy() for c in ("event_id", "origin_time", "magnitude")}
    for name in ("longitude", "latitude", "depth_km"):
        events[name] = found[name].to_numpy(dtype=float)
    known = np.isfinite(events["depth_km"])
    events["depth_km"] = np.where(known, np.maximum(events["depth_km"], 0.0), np.nan)
    horizontal = np.sqrt(np.maximum(found["cov_ee"], found["cov_nn"]).to_numpy(dtype=float))
    vertical = np.sqrt(found["cov_dd"].to_numpy(dtype=float))
    for name, factor in (("exact", 0.0), ("uncertain", 1.0)):
        table = make_table(
            "events",
            {**events, "horizontal_error_km": factor * horizontal,
             "vertical_error_km": factor * vertical},
        )  # fmt: skip
        write_table(open_item(folder) / f"events_{name}.parquet", "events", table)


def write_configuration(folder: Path, earth: int, members: int) -> Path:
    def sources(events: str) -> list[dict[str, str]]:
        names = (f"events_{events}", "stations", "polarities", "picks")
        return [{"path": f"{n}.parquet", "format": "parquet"} for n in names]

    layered = {"angles": "layered", "takeoff_error_deg": 0, "azimuth_error_deg": 0}
    settings = {
        "name": f"study{earth}",
        "description": "Synthetic Earth with an uncertain velocity model.",
        "data": str(folder),
        "stress": {"grid_step_deg": 0.3, "reach_km": 30},
        "cases": {
            "one-model": {
                "sources": sources("exact"),
                "takeoff": {**layered, "models": ["reference.txt"]},
            },
            "independent": {
                "sources": sources("uncertain"),
                "takeoff": {**layered, "models": [f"member{k}.txt" for k in range(10)]},
            },
            "ensemble": {
                "sources": sources("uncertain"),
                "takeoff": {"angles": "ensemble"},
                "locate": {**LOCATE, "members": members},
            },
        },
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return path


def run(path: Path, results: Path) -> None:
    """Compute all cases in this process, stage by stage, as the workflow does."""
    configuration = load_configuration(path)
    plan_configuration(configuration, results)
    for name, settings in configuration.cases.items():
        run_here(settings, RunLayout(results / name))


def measure(root: Path, case: str, folder: Path, truth: pd.DataFrame) -> dict[str, object]:
    """What one case of one Earth gave."""
    layout = RunLayout(root / case)
    found = read_table(layout.table("mechanisms"), "mechanisms").to_pandas()
    both = found.merge(truth, on="event_id", suffixes=("", "_true"))
    both["rotation"] = rotation_angle(
        both[ANGLES].to_numpy(), both[[f"{c}_true" for c in ANGLES]].to_numpy()
    )
    source = open_item(folder) / "alone" / "hypocenters.parquet"
    if case == "ensemble":
        source = layout.table("hypocenters")
    hypocenters = read_table(source, "hypocenters").to_pandas()
    at = hypocenters.merge(truth, on="event_id", suffixes=("", "_true"))
    at = at[at["status"] == "located"]
    away, _ = distance_azimuth(at["longitude"], at["latitude"], at["longitude_true"],
                               at["latitude_true"])  # fmt: skip
    field = read_table(layout.table("stress"), "stress").to_pandas()
    true = describe_stress_at(field)
    off = axial_difference(true["shmax"], field["shmax_deg"].to_numpy())
    return {
        "mechanisms": both,
        "locations": pd.DataFrame(
            {
                "depth_error": at["depth_km"] - at["depth_km_true"],
                "away": away,
                "inside": (at["depth_025_km"] <= at["depth_km_true"])
                & (at["depth_km_true"] <= at["depth_975_km"]),
            }
        ),
        "stress": pd.DataFrame(
            {
                "shmax_error": np.abs(off),
                "shmax_half_range": 0.5 * (field["shmax_high_deg"] - field["shmax_low_deg"]),
                "shmax_inside": (off >= field["shmax_low_deg"] - field["shmax_deg"])
                & (off <= field["shmax_high_deg"] - field["shmax_deg"]),
                "ratio_error": np.abs(true["ratio"] - field["shape_ratio"]),
                "ratio_inside": (true["ratio"] >= field["shape_ratio_low"])
                & (true["ratio"] <= field["shape_ratio_high"]),
            }
        ),
    }


def describe_stress_at(field: pd.DataFrame) -> dict[str, np.ndarray]:
    options = small_region()
    tensors = stress_tensor_at(field["longitude"].to_numpy(), field["latitude"].to_numpy(), options)
    found = describe_stress(stress_components(tensors))
    return {"shmax": np.asarray(found.shmax_deg), "ratio": np.asarray(found.shape_ratio)}


def summarize(rows: list[dict[str, pd.DataFrame]]) -> dict[str, float]:
    """Means over all Earths of one case."""
    mechanisms, locations, field = (
        pd.concat([r[n] for r in rows]) for n in ("mechanisms", "locations", "stress")
    )
    solved = mechanisms[mechanisms["strike_deg"].notna()]
    close = (solved["rotation"] <= CLOSE_DEG).to_numpy(dtype=float)
    said = solved["mechanism_probability"].to_numpy()
    facts = {
        "rms_depth_error_km": float(np.sqrt(np.mean(locations["depth_error"] ** 2))),
        "median_epicenter_error_km": float(np.median(locations["away"])),
        "depth_coverage_95": float(locations["inside"].mean()),
        "solved_share": len(solved) / len(mechanisms),
        "median_rotation_deg": float(np.median(solved["rotation"])),
        "stated_probability": float(said.mean()),
        "share_within_45_degrees": float(close.mean()),
        "rms_rotation_deg": float(np.sqrt(np.mean(solved["rotation"] ** 2))),
        "stated_uncertainty_deg": float(
            np.sqrt(np.mean(solved["fault_plane_uncertainty_deg"] ** 2))
        ),
        "share_within_30_degrees": float((solved["rotation"] <= 30.0).mean()),
        "brier_score": float(np.mean((said - close) ** 2)),
        "shmax_error_deg": float(np.sqrt(np.mean(field["shmax_error"] ** 2))),
        "shmax_half_range_deg": float(field["shmax_half_range"].mean()),
        "shmax_coverage_95": float(field["shmax_inside"].mean()),
        "shape_ratio_error": float(field["ratio_error"].mean()),
        "shape_ratio_coverage_95": float(field["ratio_inside"].mean()),
    }
    for letter in "ABCD":
        of = solved[solved["quality"] == letter]
        facts[f"share_{letter}"] = len(of) / len(mechanisms)
        if len(of):
            facts[f"median_rotation_{letter}_deg"] = float(np.median(of["rotation"]))
            facts[f"within_45_deg_{letter}"] = float((of["rotation"] <= CLOSE_DEG).mean())
    return facts


def draw_figure(found: dict[str, list[dict[str, pd.DataFrame]]], path: Path) -> None:
    """Letters, and stated uncertainties of the fault plane against rotations from the truth."""
    from quakeloom.plots import PAGE_WIDTH_IN, figure_to_png, new_figure

    colors = {"one-model": "#b23a26", "independent": "#6b6f75", "ensemble": "#1f5f8b"}
    sheet = new_figure(PAGE_WIDTH_IN, 2.9)
    left, right = sheet.subplots(1, 2)
    edges = np.array([0.0, 15.0, 20.0, 25.0, 30.0, 35.0, 90.0])
    for i, (case, rows) in enumerate(found.items()):
        facts = summarize(rows)
        shares = [facts[f"share_{letter}"] for letter in "ABCD"]
        left.bar(np.arange(4) + 0.27 * (i - 1), shares, 0.25, color=colors[case], label=case)
        solved = pd.concat([r["mechanisms"] for r in rows])
        solved = solved[solved["strike_deg"].notna()]
        said, true = (solved[c].to_numpy() for c in ("fault_plane_uncertainty_deg", "rotation"))
        bins = np.digitize(said, edges) - 1
        counts = np.bincount(bins, minlength=edges.size - 1)
        some = counts >= 10
        square = [
            np.bincount(bins, v**2, edges.size - 1)[some] / counts[some] for v in (said, true)
        ]
        x, y = np.sqrt(square[0]), np.sqrt(square[1])
        right.errorbar(x, y, y / np.sqrt(2 * counts[some]), fmt="o-", ms=3, lw=1,
                       color=colors[case])  # fmt: skip
    left.set_xticks(range(4), list("ABCD"))
    left.set_ylabel("Share of all events")
    left.legend(frameon=False, fontsize=8)
    right.plot([10, 45], [10, 45], ":", color="#22262b", lw=0.8)
    right.set_xlabel("Stated uncertainty (deg)")
    right.set_ylabel("RMS rotation from truth (deg)")
    path.write_bytes(figure_to_png(sheet, 110))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one Earth of 60 events, 20 members")
    parser.add_argument("--earths", type=int, default=8)
    parser.add_argument("--events", type=int, default=100, help="per Earth")
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="folder to keep the results in")
    parser.add_argument("--figure", type=Path, help="write a PNG")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    watch = Stopwatch()
    quick = arguments.quick
    earths, events = (1, 60) if quick else (arguments.earths, arguments.events)
    members = 20 if quick else arguments.members
    found: dict[str, list[dict[str, pd.DataFrame]]] = {case: [] for case in CASES}
    with tempfile.TemporaryDirectory() as scratch:
        base = (arguments.keep or Path(scratch)).resolve()
        for earth in range(earths):
            folder = base / f"earth{earth}"
            folder.mkdir(parents=True, exist_ok=True)
            truth = simulate(folder, earth, events)
            locate_alone(folder, truth)
            run(write_configuration(folder, earth, members), base / "results")
            for case in CASES:
                found[case].append(measure(base / "results" / f"study{earth}", case, folder, truth))
            print(f"Earth {earth} done after {watch.seconds():.0f} s", flush=True)
    figures = []
    for case in CASES:
        facts = summarize(found[case])
        print(case, {k: round(v, 3) for k, v in facts.items()}, flush=True)
        for name, value in facts.items():
            unit = "km" if name.endswith("_km") else "deg" if name.endswith("_deg") else "1"
            figures.append(figure(f"{name}_{case.replace('-', '_')}", value, unit))
    if arguments.figure:
        draw_figure(found, arguments.figure)
    settings = {"earths": earths, "events": events, "members": members}
    print_result("hypocenter_study", figures, settings, watch.seconds())


if __name__ == "__main__":
    main()
