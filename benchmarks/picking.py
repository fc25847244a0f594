"""Station-days picked an hour by one process, beside SeisBench with the same weights.

Both read the same synthetic station-days (noise with earthquakes) from memory, one thread,
batches of 32, windows of 3000 samples every 1500. SeisBench's ``annotate`` gives traces of
probability and its ``classify`` picks; ours gives picks with uncertainty and signal-to-noise.
Picks are compared with ours at SeisBench's own padding, since that padding moves them.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.picking import PickOptions, load_picker, pick_records, seisbench_cache
from quakeloom.signal import Piece, make_records

_START = 1_577_836_800_000_000_000


def simulate_day(hours: float, events: int, seed: int = 1) -> np.ndarray:
    """Noise with P and S of events, three components at 100 Hz."""
    r = np.random.default_rng(seed)
    n = int(hours * 360_000)
    data = r.normal(size=(3, n))
    for at in r.integers(3000, n - 6000, events):
        size = 10 ** r.uniform(0.7, 2.0)
        lag = int(r.uniform(150, 1200))
        for k, onset, amplitude in (
            (2, at, size),
            (0, at + lag, 2 * size),
            (1, at + lag, 2 * size),
        ):
            m = min(2500, n - onset)
            t = np.arange(m) / 100.0
            data[k, onset : onset + m] += amplitude * r.normal(size=m) * np.exp(-t / 3.0)
    return (data * 100).astype(np.float32)


def cpu_seconds(function: object, repeat: int) -> float:
    """Least CPU seconds of this process for a call."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        function()  # type: ignore[operator]
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Two hours instead of a day.")
    parser.add_argument("--weights", default="phasenet/original")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    watch = Stopwatch()
    hours, repeat = (2.0, 2) if options.quick else (24.0, 2)
    data = simulate_day(hours, int(hours * 6))
    pieces = [Piece(f"HH{c}", _START, 100.0, data[k]) for k, c in enumerate("ENZ")]
    picker = load_picker(options.weights)
    found = []

    def ours() -> None:
        records, _ = make_records(pieces, picker.components, picker.sampling_rate_hz)
        found[:] = pick_records(picker, records, PickOptions())

    ours()
    mine = cpu_seconds(ours, repeat)
    windows = np.random.default_rng(0).normal(size=(320, 3, picker.samples)).astype(np.float32)
    network = cpu_seconds(lambda: picker.probabilities(windows), 3) / 320
    peer_days = peer_windows = None
    same: dict[str, float] = {}
    if (seisbench_cache() / "models").is_dir():
        peer_days, peer_windows, same = _seisbench(options, data, picker, hours, repeat, found)
    scale = 24.0 / hours
    days = 3600.0 / (mine * scale)
    figures = [
        figure("station_days_per_hour", days, "1/h"),
        figure("windows_per_second", 1.0 / network, "1/s"),
    ]
    if peer_days:
        figures += [
            figure("seisbench_station_days_per_hour", peer_days, "1/h"),
            figure("ratio_to_seisbench", days / peer_days, "1"),
            figure("seisbench_windows_per_second", peer_windows, "1/s"),
            figure("windows_ratio_to_seisbench", 1.0 / network / peer_windows, "1"),
        ]
    settings = {
        "hours": hours, "picker": picker.name, "cpu_seconds_per_station_day": mine * scale,
        "picks": len(found[0].phase), **same,
    }  # fmt: skip
    print_result("picking", figures, settings, watch.seconds())


def _seisbench(
    options: argparse.Namespace, data: np.ndarray, picker: object, hours: float, repeat: int,
    found: list,
) -> tuple[float, float, dict[str, float]]:  # fmt: skip
    """Time SeisBench on the same data with the same weights."""
    import obspy
    import seisbench.models as models
    import torch

    model, name = options.weights.split("/")
    names = {n.lower(): n for n in dir(models) if isinstance(getattr(models, n), type)}
    network = getattr(models, names[model]).from_pretrained(name)
    network.eval()
    start = obspy.UTCDateTime(ns=_START)
    stream = obspy.Stream(
        [
            obspy.Trace(data[k], {"network": "XX", "station": "ABC", "channel": f"HH{c}",
                                  "starttime": start, "sampling_rate": 100.0})
            for k, c in enumerate("ENZ")
        ]
    )  # fmt: skip
    settings = {"batch_size": 32, "P_threshold": 0.3, "S_threshold": 0.3}
    picks: list = []

    def classify() -> None:
        picks[:] = network.classify(stream.copy(), **settings).picks

    classify()
    seconds = cpu_seconds(classify, repeat)
    batch = torch.from_numpy(np.random.default_rng(0).normal(size=(32, 3, network.in_samples)))
    batch = batch.float()

    def forward() -> None:
        with torch.inference_mode():
            for _ in range(10):
                network(network.annotate_batch_pre(batch.clone(), {}))

    per_window = cpu_seconds(forward, 3) / 320
    mine = {
        ph: np.array([t for t, p in zip(found[0].time, found[0].phase, strict=True) if p == ph])
        for ph in "PS"
    }
    nearest = []
    for pick in picks:
        own = mine[pick.phase]
        if own.size:
            nearest.append(float(np.abs(own - pick.peak_time.ns).min()) / 1e9)
    lags = np.array(nearest)
    same = {
        "seisbench_picks": len(picks),
        "seisbench_picks_with_ours_within_50_ms": float((lags <= 0.05).mean()) if lags.size else 0,
        "median_lag_s": float(np.median(lags)) if lags.size else float("nan"),
    }
    return 3600.0 / (seconds * 24.0 / hours), 1.0 / per_window, same


if __name__ == "__main__":
    _ = Path
    main()
