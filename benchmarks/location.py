"""Events located a second on one core, for 1 to 500 models; with --nlloc against NonLinLoc.

Events have 20 picks (12 P, 8 S) at stations up to 60 km around and lie 3 to 20 km deep. Times are
CPU seconds of one core, everything included from picks to means and quantiles, without draws.
Up to 20 members are traced; more are those with slownesses a few percent off, which cost the same.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.core import LayeredModel, geographic_position, local_position
from quakeloom.location import (
    EnsembleTimes,
    LocationOptions,
    PickSet,
    draw_layered_models,
    locate_picks,
    make_ensemble,
    stack_members,
    trace_member,
)
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.travel import table_grid

ORIGIN = (14.0, 42.0)
REFERENCE = LayeredModel(
    "layers",
    np.array([0.0, 4.0, 4.0, 15.0, 15.0, 30.0, 30.0]),
    np.array([4.5, 4.5, 5.8, 5.8, 6.5, 6.5, 7.9]),
)
LEVELS = [-1.0, -0.5, 0.0]
PER_DAY = 660_332


def build(members: int) -> EnsembleTimes:
    """Trace an ensemble; beyond 20 members slownesses are varied."""
    depth, distance = table_grid(41.0, 200.0, 1.0)
    traced = members if members == 1 else min(members, 20)
    models = draw_layered_models(REFERENCE, traced, 7) if members > 1 else [with_s(REFERENCE)]
    tables = [trace_member(m, depth, distance, LEVELS) for m in models]
    factor = 1.0 + 0.02 * np.random.default_rng(3).standard_normal(members)
    tables += [tables[k % traced] * np.float32(factor[k]) for k in range(traced, members)]
    return stack_members([f"m{k}" for k in range(members)], tables, depth, distance, LEVELS)


def with_s(model: LayeredModel) -> LayeredModel:
    return LayeredModel(
        model.name, model.depth_km, model.p_velocity_km_s, model.p_velocity_km_s / 1.73
    )


def synthesize(times: EnsembleTimes, events: int, picks: int, seed: int = 5):
    """Picks of events at random places, in the first member, with errors of 0.1 s (S 0.2 s)."""
    random = np.random.default_rng(seed)
    count = round(0.6 * picks)
    place = random.uniform(-60, 60, (count, 2))
    elevation = random.uniform(0, 1000, count)
    index = np.r_[np.arange(count), np.arange(picks - count)]
    phase = ["P"] * count + ["S"] * (picks - count)
    longitude, latitude = geographic_position(*ORIGIN, place[:, 0], place[:, 1])
    station = np.column_stack([-elevation / 1000, place])[index]
    group, level = times.receivers(phase, station[:, 0])
    sigma = np.where(np.array(phase) == "P", 0.1, 0.2)
    found = []
    for _ in range(events):
        truth = np.array([[random.uniform(3, 20), *random.uniform(-35, 35, 2)]])
        t = np.empty((1, picks))
        member_times(
            times.arrays, truth, np.zeros(1, np.int64), Receivers(station, group, level), t
        )
        found.append(
            PickSet([f"X.S{i:02d}" for i in index], phase,
                    t[0] + sigma * random.standard_normal(picks), sigma,
                    longitude[index], latitude[index], elevation[index])
        )  # fmt: skip
    return found


def rate(times: EnsembleTimes, sets, options: LocationOptions) -> float:
    """Events a CPU second."""
    ensemble = make_ensemble(times)
    locate_picks(ensemble, sets[0], options)
    start = time.process_time()
    for picks in sets:
        if locate_picks(ensemble, picks, options).status != "located":
            raise RuntimeError("an event of the benchmark was not located")
    return len(sets) / (time.process_time() - start)


CONTROL = """CONTROL 0 54321
TRANS SIMPLE {lat} {lon} 0
VGOUT model/layer
VGTYPE {phase}
VGGRID 2 421 91 0.0 0.0 -4.0 0.5 0.5 0.5 SLOW_LEN
{layers}
GTFILES model/layer time/layer {phase}
GTMODE GRID2D ANGLES_NO
{stations}
GT_PLFD 1.0e-3 0
LOCSIG benchmark
LOCCOM benchmark
LOCFILES events.obs NLLOC_OBS time/layer loc/x
LOCHYPOUT SAVE_NLLOC_ALL NLL_FORMAT_VER_2
LOCSEARCH OCT 12 12 6 0.01 {nodes} 5000 0 1
LOCGRID 121 121 41 -60.0 -60.0 -1.0 1.0 1.0 1.0 PROB_DENSITY SAVE
LOCMETH {method} 9999.0 4 -1 -1 -1 -1 -1.0 1
LOCGAU 0.0001 0.0
LOCPHASEID P P
LOCPHASEID S S
LOCQUAL2ERR 0.1 0.5 1.0 2.0 99999.9
"""


def run_nonlinloc(binaries: Path, sets, nodes: int, method: str):
    """CPU seconds an event and positions (north, east, depth) by NonLinLoc."""
    first = sets[0]
    layers = "\n".join(
        f"LAYER {z:.1f} {v:.2f} 0 {v / 1.73:.4f} 0 2.7 0"
        for z, v in ((-4.0, 4.5), (4.0, 5.8), (15.0, 6.5), (30.0, 7.9))
    )
    known = {s: i for i, s in enumerate(first.station)}
    stations = "\n".join(
        f"GTSRCE {s[2:]} LATLON {first.latitude[i]:.6f} {first.longitude[i]:.6f} 0 "
        f"{first.elevation_m[i] / 1000:.4f}"
        for s, i in known.items()
    )
    blocks = []
    for n, picks in enumerate(sets):
        lines = []
        for s, p, t, e in zip(picks.station, picks.phase, picks.time_s, picks.uncertainty_s,
                              strict=True):  # fmt: skip
            lines.append(
                f"{s[2:]} ? ? ? {p} ? 20200101 {n // 60:02d}{n % 60:02d} {t + 10:.4f} GAU {e:.2e} "
                "-1 -1 -1"
            )
        blocks.append("\n".join(lines))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("model", "time", "loc"):
            (folder / part).mkdir()
        (folder / "events.obs").write_text("\n\n".join(blocks) + "\n\n")
        for phase in ("P", "S"):
            text = CONTROL.format(
                lat=ORIGIN[1], lon=ORIGIN[0], phase=phase, layers=layers, stations=stations,
                nodes=nodes, method=method,
            )  # fmt: skip
            (folder / "run.in").write_text(text)
            for program in ("Vel2Grid", "Grid2Time"):
                subprocess.run(
                    [binaries / program, "run.in"], cwd=folder, check=True, capture_output=True
                )
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([binaries / "NLLoc", "run.in"], cwd=folder, check=True, capture_output=True)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        found = []
        for file in sorted(folder.glob("loc/x.2020*.loc.hyp")):
            for line in file.read_text().splitlines():
                if line.startswith("STAT_GEOG"):
                    w = line.split()
                    found.append((float(w[4]), float(w[2]), float(w[6])))
    return seconds / len(sets), np.array(found)


def compare(binaries: Path, times: EnsembleTimes, sets, method: str, likelihood: str, nodes: int):
    """Seconds an event of both programs, and the differences of mean positions in km."""
    theirs, place = run_nonlinloc(binaries, sets, nodes, method)
    options = LocationOptions(likelihood=likelihood, maximum_depth_km=39.0, radius_km=60.0)
    ensemble = make_ensemble(times)
    locate_picks(ensemble, sets[0], options)
    start = time.process_time()
    located = [locate_picks(ensemble, p, options).values for p in sets]
    ours = (time.process_time() - start) / len(sets)
    off = []
    for a, b in zip(located, place, strict=True):
        north, east = local_position(a["longitude"], a["latitude"], b[0], b[1])
        off.append([float(north), float(east), b[2] - a["depth_km"]])
    return ours, theirs, np.array(off)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and models")
    parser.add_argument(
        "--nlloc", type=Path, metavar="DIR", help="folder with Vel2Grid, Grid2Time and NLLoc"
    )
    parser.add_argument("--events", type=int, default=0, help="events per number of models")
    arguments = parser.parse_args()
    watch = Stopwatch()
    events = arguments.events or (40 if arguments.quick else 400)
    options = LocationOptions(maximum_depth_km=39.0, radius_km=100.0)
    figures = []
    counts = (1, 10, 100) if arguments.quick else (1, 10, 100, 500)
    single = build(1)
    sets = synthesize(single, events, 20)
    hundred = None
    for members in counts:
        times = single if members == 1 else build(members)
        value = rate(times, sets, options)
        figures.append(figure(f"events_per_second_per_core_{members}_models", value, "1/s"))
        print(f"{members} models: {value:.1f} events a second", flush=True)
        if members == 100:
            hundred = times
            hours = PER_DAY / value / 3600
            figures.append(figure("hours_660332_events_100_models", hours, "core hours"))
    for some in (len(sets) // 10, len(sets)):
        value = rate(hundred, sets[:some], options)
        figures.append(figure(f"events_per_second_100_models_of_{some}_events", value, "1/s"))
        print(f"100 models, {some} events: {value:.1f} events a second", flush=True)
    for picks in (10, 40):
        value = rate(hundred, synthesize(single, max(10, events // 8), picks), options)
        figures.append(figure(f"events_per_second_100_models_{picks}_picks", value, "1/s"))
        print(f"100 models, {picks} picks: {value:.1f} events a second", flush=True)
    robust = replace(options, likelihood="student_t")
    value = rate(hundred, sets[: max(10, events // 8)], robust)
    gaussian = rate(hundred, sets[: max(10, events // 8)], options)
    figures.append(
        figure("events_per_second_100_models_student_t", value, "1/s", "Gaussian errors", gaussian)
    )
    print(f"100 models, Student's t: {value:.1f} events a second, {gaussian / value:.1f} times as "
          "slow as with Gaussian errors in the same run", flush=True)  # fmt: skip
    default = replace(
        robust, smooth_models=True, lateral_spread=0.04, time_error_fraction=0.02,
        station_error_s=0.05, minimum_models=10.0,
    )  # fmt: skip
    coarse = replace(default, resolution=1.5 * default.resolution)
    value = rate(hundred, sets[: max(10, events // 8)], default)
    early = rate(hundred, sets[: max(10, events // 8)], coarse)
    figures += [
        figure("events_per_second_100_models_default", value, "1/s"),
        figure("events_per_second_100_models_term_round", early, "1/s", "last round", value),
    ]
    print(f"100 models, default settings: {value:.1f} events a second, {early:.1f} in rounds for "
          "terms", flush=True)  # fmt: skip
    if arguments.nlloc:
        some = sets[: 20 if arguments.quick else 60]
        for name, method, likelihood, nodes in (
            ("edt_20000", "EDT_OT_WT", "edt_ot", 20000),
            ("gaussian_20000", "GAU_ANALYTIC", "gaussian", 20000),
            ("gaussian_10000", "GAU_ANALYTIC", "gaussian", 10000),
        ):
            ours, theirs, off = compare(arguments.nlloc, single, some, method, likelihood, nodes)
            median = float(np.median(np.linalg.norm(off, axis=1)))
            figures.append(
                figure(f"milliseconds_{name}", 1e3 * ours, "ms", "NonLinLoc", 1e3 * theirs)
            )
            figures.append(figure(f"nlloc_difference_{name}", median, "km"))
            print(f"NonLinLoc {name}: {1e3 * theirs:.1f} ms, ours {1e3 * ours:.1f} ms an event; "
                  f"median difference {median:.3f} km", flush=True)  # fmt: skip
        ratio = next(f["ratio"] for f in figures if f["name"] == "milliseconds_gaussian_20000")
        figures.append(figure("nlloc_ratio", ratio, "1"))
    print_result(
        "location",
        figures,
        {"events": events, "picks": 20, "depths_km": [3, 20], "resolution": options.resolution},
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
