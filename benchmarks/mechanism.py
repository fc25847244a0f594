"""Speed and exactness of the search for focal mechanisms.

Complete mechanisms (search, preferred mechanism, quality) of simulated events with 20
polarities (8 % wrong) in 30 trials, in CPU seconds of one core; what tables change beside
the exact search; the scatter between seeds; and, with ``--hash FOLDER``, HASH's own programs
on the Northridge events in the same run.

``FOLDER`` holds ``hash_driver1`` and, for S/P, ``hash_driver3``, built from HASH v1.2. The
Northridge set is looked for in ``--data``, else where tests look for it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.core import fault_vectors, p_radiation, ray_vectors, rotation_angle, string_keys
from quakeloom.formats import read_source
from quakeloom.mechanism import (
    MechanismOptions,
    ObservationBlock,
    StatedAngles,
    draw_angle_errors,
    find_mechanisms,
    leave_one_out,
    mechanism_grid,
    sp_log_ratios,
)

TRIALS = 30
TAKEOFF_ERROR_DEG = 8.0
AZIMUTH_ERROR_DEG = 2.0
WRONG = 0.08
OPEN = {"maximum_azimuthal_gap_deg": 360.0, "maximum_takeoff_gap_deg": 90.0}


def simulated_block(events, polarities, trials, seed=1, pairs=0, emergent=0.0, draw_seed=1):
    """Events with random mechanisms and stations all around; returns block and truth."""
    random = np.random.default_rng(seed)
    total = events * polarities
    truth = np.stack(
        [
            random.uniform(0, 360, events),
            np.degrees(np.arccos(random.uniform(0, 1, events))),
            random.uniform(-180, 180, events),
        ],
        axis=-1,
    )
    event = np.repeat(np.arange(events), polarities)
    azimuth = random.uniform(0, 360, total)
    takeoff = random.uniform(40, 150, total)
    normal, slip = (v[event] for v in fault_vectors(*truth.T))
    rays = ray_vectors(
        azimuth + random.normal(0, AZIMUTH_ERROR_DEG, total),
        takeoff + random.normal(0, TAKEOFF_ERROR_DEG, total),
    )
    polarity = np.where(p_radiation(normal, slip, rays) > 0, 1, -1)
    polarity = np.where(random.random(total) < WRONG, -polarity, polarity)
    sure = np.where(random.random(total) < 0.5, 0.95, 0.85)
    ratio = np.full(total, np.nan, np.float32)
    if pairs:
        some = np.arange(total) % polarities < pairs
        exact = sp_log_ratios(normal, slip, rays) + random.normal(0, 0.25, total)
        ratio[some] = exact[some]
    offsets = np.arange(events + 1, dtype=np.int64) * polarities
    event_keys = string_keys([f"e{k}" for k in range(events)], draw_seed)
    station_keys = string_keys([f"s{k}" for k in range(total)], draw_seed)
    angles = StatedAngles(azimuth, takeoff, AZIMUTH_ERROR_DEG, TAKEOFF_ERROR_DEG)
    drawn = draw_angle_errors(event_keys, offsets, station_keys, angles, trials)
    block = ObservationBlock(
        event_keys, offsets, *drawn, polarity.astype(np.int8), random.random(total) >= emergent,
        np.where(polarity > 0, sure, 1 - sure).astype(np.float32), ratio, station_keys,
    )  # fmt: skip
    return block, truth


def northridge_block(folder, trials):
    """The first Northridge example as a block, each event listed as it comes."""
    tables = read_source(folder / "north1.phase", "hash_fpfit", doubled_picks="keep")
    rows = tables.polarities.to_pandas()
    rows = rows[(rows.polarity != 0) & (rows.distance_km <= 120) & (rows.pick_weight <= 1)]
    names = tables.events.column("event_id").to_pylist()
    rows = rows.set_index("event_id").loc[[n for n in names if n in set(rows.event_id)]]
    rows = rows.reset_index()
    codes = rows.event_id.map({n: k for k, n in enumerate(names)}).to_numpy()
    offsets = np.searchsorted(codes, np.arange(len(names) + 1)).astype(np.int64)
    event_keys, station_keys = string_keys(names, 1), string_keys(rows.station, 1)
    angles = StatedAngles(
        rows.azimuth_deg, rows.takeoff_deg, rows.azimuth_error_deg, rows.takeoff_error_deg
    )
    drawn = draw_angle_errors(event_keys, offsets, station_keys, angles, trials)
    nothing = np.full(len(rows), np.nan, np.float32)
    return ObservationBlock(
        event_keys, offsets, *drawn, rows.polarity.to_numpy(np.int8),
        (rows.pick_weight == 0).to_numpy(), nothing, nothing, station_keys,
    )  # fmt: skip


def cpu_seconds(function, repeats=3):
    """Shortest CPU time of several runs; the first, which may compile, does not count."""
    function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def hash_seconds(program, number, data, repeats=2):
    """CPU seconds of a HASH program on its Northridge example, and its number of events."""
    with tempfile.TemporaryDirectory() as folder:
        for file in data.iterdir():
            shutil.copy(file, folder)
        control = (data / f"example{number}.inp").read_bytes()
        times = []
        for _ in range(repeats):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            subprocess.run(
                [program.resolve()], input=control, cwd=folder, check=True, capture_output=True
            )
            times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        out = (Path(folder) / f"test{number}.out").read_text().splitlines()
        return min(times), len({line.split()[0] for line in out})


def planes_of(found):
    return np.stack([found.strike_deg, found.dip_deg, found.rake_deg], axis=-1)


def compare_tables(grid, options, count):
    """What rounding rays to tabulated directions changes, beside other random numbers."""
    block, _ = simulated_block(count, 20, TRIALS, seed=5)
    other, _ = simulated_block(count, 20, TRIALS, seed=5, draw_seed=2)
    exact = find_mechanisms(block, grid, replace(options, direction_step_deg=0.0))
    table = find_mechanisms(block, grid, options)
    again = find_mechanisms(other, grid, options)
    rounding = rotation_angle(planes_of(table), planes_of(exact))
    scatter = rotation_angle(planes_of(again), planes_of(table))
    changed = np.sum((table.acceptance > 0) != (exact.acceptance > 0)) / np.sum(
        exact.acceptance > 0
    )
    return [
        figure("table_rotation_median", float(np.median(rounding)), "deg"),
        figure("table_rotation_p90", float(np.percentile(rounding, 90)), "deg"),
        figure("table_changed_members", float(changed), "1"),
        figure(
            "table_changed_probability",
            float(np.mean(np.abs(table.mechanism_probability - exact.mechanism_probability))),
            "1",
        ),
        figure("seed_rotation_median", float(np.median(scatter)), "deg"),
        figure("seed_rotation_p90", float(np.percentile(scatter, 90)), "deg"),
    ]


def measure_hash(programs, data, grid, options):
    """HASH's own programs and ours on the same events, CPU seconds of one core each."""
    block = northridge_block(data, TRIALS)
    events = len(block.event_keys)
    seconds, solved = hash_seconds(programs / "hash_driver1", 1, data)
    ours = cpu_seconds(lambda: find_mechanisms(block, grid, options), 9) / events
    alike = MechanismOptions.hash(maxout=500)
    same = cpu_seconds(lambda: find_mechanisms(block, grid, alike), 9) / events
    figures = [
        figure("hash_ratio", seconds / solved / ours, "1", "HASH v1.2"),
        figure(
            "northridge_milliseconds_per_event", 1e3 * ours, "ms", "HASH v1.2",
            1e3 * seconds / solved,
        ),
        figure(
            "northridge_hash_settings_milliseconds_per_event", 1e3 * same, "ms", "HASH v1.2",
            1e3 * seconds / solved,
        ),
    ]  # fmt: skip
    if (programs / "hash_driver3").exists():
        seconds, solved = hash_seconds(programs / "hash_driver3", 3, data, 1)
        # As many readings as its events have on average.
        pairs_block, _ = simulated_block(100, 43, TRIALS, seed=7, pairs=9)
        ours = cpu_seconds(lambda: find_mechanisms(pairs_block, grid, options), 2) / 100
        figures.append(
            figure(
                "amplitudes_like_northridge_milliseconds_per_event", 1e3 * ours, "ms",
                "HASH v1.2", 1e3 * seconds / solved,
            )
        )  # fmt: skip
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events, no 10^5")
    parser.add_argument("--hash", type=Path, help="folder with HASH's programs")
    parser.add_argument("--data", type=Path, help="folder with the Northridge set")
    arguments = parser.parse_args()
    watch = Stopwatch()
    grid = mechanism_grid(5.0)
    options = MechanismOptions(**OPEN)
    count = 400 if arguments.quick else 2000

    def rate(block, settings=options):
        return len(block.event_keys) / cpu_seconds(lambda: find_mechanisms(block, grid, settings))

    block, truth = simulated_block(count, 20, TRIALS)
    found = find_mechanisms(block, grid, options)
    error = rotation_angle(planes_of(found), truth)
    mixed, _ = simulated_block(count, 20, TRIALS, emergent=0.3)
    pairs, _ = simulated_block(count // 4, 20, TRIALS, pairs=8)
    short, _ = simulated_block(count, 14, TRIALS)
    signs = replace(options, use_amplitudes=False)
    figures = [
        figure("events_per_second_per_core", rate(block), "1/s"),
        figure("events_per_second_per_core_14_polarities", rate(short), "1/s"),
        figure("events_per_second_per_core_with_onset", rate(mixed), "1/s"),
        figure("events_per_second_per_core_with_amplitudes", rate(pairs), "1/s"),
        figure(
            "events_per_second_per_core_with_probabilities",
            rate(simulated_block(count // 4, 20, TRIALS)[0],
                 replace(signs, use_probabilities=True)),
            "1/s",
        ),
        figure(
            "events_per_second_per_core_signs_counted",
            rate(block, replace(options, use_probabilities=False)),
            "1/s",
        ),
        figure(
            "events_per_second_per_core_exact_rays",
            rate(simulated_block(count // 4, 20, TRIALS)[0],
                 replace(options, direction_step_deg=0.0)),
            "1/s",
        ),
        figure(
            "left_out_readings_per_second",
            len(block.polarity) / cpu_seconds(lambda: leave_one_out(block, grid, options)),
            "1/s",
        ),
        figure("acceptable_mechanisms_median", float(np.median(found.acceptable_count)), "1"),
        figure("rotation_to_truth_median", float(np.median(error)), "deg"),
    ]  # fmt: skip
    old = MechanismOptions.hash(**OPEN)
    few, few_truth = simulated_block(count // 4, 20, TRIALS)
    figures.append(
        figure(
            "rotation_to_truth_median_with_hash_settings",
            float(np.median(rotation_angle(planes_of(find_mechanisms(few, grid, old)),
                                           few_truth))),
            "deg",
        )
    )  # fmt: skip
    figures += compare_tables(grid, options, count // 10)
    for size in (1_000, 10_000) if arguments.quick else (1_000, 10_000, 100_000):
        chunk = min(size, 1000)
        seconds = 0.0
        for part in range(size // chunk if not arguments.quick else min(size // chunk, 4)):
            made, _ = simulated_block(chunk, 14, TRIALS, seed=100 + part)
            start = time.process_time()
            find_mechanisms(made, grid, options)
            seconds += time.process_time() - start
        measured = chunk * (part + 1)
        figures.append(figure(f"events_per_second_at_{size}", measured / seconds, "1/s"))
    data = arguments.data or Path(
        os.environ.get("QUAKELOOM_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
    ) / "northridge"  # fmt: skip
    if arguments.hash is not None:
        figures += measure_hash(arguments.hash, data, grid, options)
    print_result(
        "mechanism",
        figures,
        {
            "events": count,
            "polarities": 20,
            "trials": TRIALS,
            "grid_step_deg": 5.0,
            "direction_step_deg": options.direction_step_deg,
            "wrong_polarities": WRONG,
            "takeoff_error_deg": TAKEOFF_ERROR_DEG,
            "quick": arguments.quick,
        },
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
