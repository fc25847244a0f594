"""First motions read per second and core, from Zarr to probabilities.

Windows are simulated and stored as the window stage stores them (chunks of 64 in shards of
1,024); the time counts reading them and the network, on one thread.

Run ``python benchmarks/polarity.py [--quick] [--weights FILE]``; the last line is JSON.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.polarity import (
    PICK_SAMPLE,
    SAMPLES,
    count_operations,
    load_polarity_network,
    read_first_pulse,
)
from quakeloom.store import create_array, open_array, write_region

ROOT = Path(__file__).parents[1]
_LONG, _PICK = 3000, 1000
"""Samples of a stored window, and where P is in it."""


def _read(array, start: int) -> np.ndarray:
    """Read a shard of windows as stored, and cut the vertical around P."""
    first = _PICK - PICK_SAMPLE
    return np.ascontiguousarray(
        np.asarray(array[start : start + 1024])[:, 0, first : first + SAMPLES]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer windows")
    parser.add_argument(
        "--weights", type=Path, default=ROOT / "resources" / "weights" / "polarity.npz"
    )
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    count = 8192 if arguments.quick else 65536
    rng = np.random.default_rng(0)
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        group = Path(folder) / "windows"
        create_array(group, "waveform", (count, 3, _LONG), 64, 1024, compress=False)
        for start in range(0, count, 1024):
            block = rng.standard_normal((1024, 3, _LONG), dtype=np.float32)
            write_region(group, "waveform", start, block)
        reader = load_polarity_network(arguments.weights)
        reader.read(np.zeros((256, SAMPLES), np.float32))
        array = open_array(group, "waveform")
        best, reading = np.inf, np.inf
        for _ in range(3):
            timer = Stopwatch()
            for start in range(0, count, 1024):
                _read(array, start)
            reading = min(reading, timer.seconds())
            timer = Stopwatch()
            for start in range(0, count, 1024):
                reader.read(_read(array, start))
            best = min(best, timer.seconds())
        timer = Stopwatch()
        for start in range(0, count, 1024):
            read_first_pulse(_read(array, start), PICK_SAMPLE, 100.0)
        classical = timer.seconds()
    print_result(
        "polarity",
        [
            figure("windows_per_second_per_core", count / best, "1/s"),
            figure("zarr_windows_per_second", count / reading, "1/s"),
            figure("first_pulse_windows_per_second", count / classical, "1/s"),
            figure("operations_per_window", count_operations("lean"), "1"),
            figure("operations_per_window_ross", count_operations("ross"), "1"),
        ],
        {"windows": count, "samples": SAMPLES, "threads": 1, "quick": arguments.quick},
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
