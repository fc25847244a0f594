"""First motions read per second and core, from Zarr to probabilities.

Windows are simulated and stored as the window stage stores them (chunks of 64 in shards of
1,024, components apart); the time counts reading them, normalization and the network, in CPU
seconds of this process on one thread. The same network in torch on the CPU is timed in the
same run, and a graphics processor, where there is one, apart.

Run ``python benchmarks/polarity.py [--quick] [--weights FILE]``; the last line is JSON.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.formats import read_network_weights
from quakeloom.networks import find_device
from quakeloom.polarity import (
    PICK_SAMPLE,
    SAMPLES,
    build_polarity_reader,
    count_operations,
    read_first_pulse,
)
from quakeloom.store import create_array, open_array, open_item, write_region

ROOT = Path(__file__).parents[1]
_LONG, _PICK = 3000, 1000
"""Samples of a stored window, and where P is in it."""


def _read(array, start: int) -> np.ndarray:
    """Read the verticals of a shard of windows, and cut them around P."""
    first = _PICK - PICK_SAMPLE
    return np.ascontiguousarray(
        np.asarray(array[start : start + 1024, 0])[:, first : first + SAMPLES]
    )


def _least_cpu_seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Return the least CPU seconds of this process for a call."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer windows")
    parser.add_argument(
        "--weights", type=Path, default=ROOT / "resources" / "weights" / "polarity.npz"
    )
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    count = 4096 if arguments.quick else 16384
    rng = np.random.default_rng(0)
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        group = open_item(folder) / "windows"
        create_array(group, "waveform", (count, 3, _LONG), 64, 1024, compress=False, apart=True)
        for start in range(0, count, 1024):
            block = rng.standard_normal((1024, 3, _LONG), dtype=np.float32)
            write_region(group, "waveform", start, block)
        reader = build_polarity_reader(
            read_network_weights(arguments.weights), arguments.weights.stem
        )
        network = reader.network
        reader.read(np.zeros((256, SAMPLES), np.float32))
        array = open_array(group, "waveform")
        starts = range(0, count, 1024)
        shards = [_read(array, start) for start in starts]
        rates = {
            name: count / _least_cpu_seconds(work)
            for name, work in {
                "all": lambda: [reader.read(_read(array, start)) for start in starts],
                "zarr": lambda: [_read(array, start) for start in starts],
                "network": lambda: [reader.read(shard) for shard in shards],
                "first_pulse": lambda: [
                    read_first_pulse(_read(array, start), PICK_SAMPLE, 100.0) for start in starts
                ],
            }.items()
        }
        few = shards[:4]
        rates["torch"] = sum(map(len, few)) / _least_cpu_seconds(
            lambda: [network.probability_up(shard) for shard in few]
        )
    operations = count_operations(network.architecture)
    on_device = [] if find_device() == "cpu" else [
        figure("network_windows_per_second_on_the_graphics_processor", rates["network"], "1/s")
    ]  # fmt: skip
    print_result(
        "polarity",
        [
            figure("windows_per_second_per_core", rates["all"], "1/s"),
            figure("zarr_windows_per_second", rates["zarr"], "1/s"),
            figure("network_windows_per_second", rates["network"], "1/s"),
            figure("ratio_to_torch", rates["network"] / rates["torch"], "1"),
            figure("first_pulse_windows_per_second", rates["first_pulse"], "1/s"),
            figure("operations_per_window", operations, "1"),
            figure("operations_per_second", operations * rates["network"], "1/s"),
            figure("operations_per_window_ross", count_operations("ross"), "1"),
            *on_device,
        ],
        {
            "windows": count,
            "samples": SAMPLES,
            "threads": 1,
            "quick": arguments.quick,
            "architecture": network.architecture,
            "device": find_device(),
        },
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
