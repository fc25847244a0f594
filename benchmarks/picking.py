"""Station-days picked an hour by one process, beside SeisBench with the same weights.

Both read the same synthetic station-days (noise with earthquakes) from memory, one thread,
batches of 32, CPU seconds of this process. SeisBench's ``annotate`` gives traces of
probability and its ``classify`` picks; ours gives picks with uncertainty and signal-to-noise.

SeisBench pads PhaseNet for 3001 samples, which makes the authors' weights late, so ours differ
from its picks on purpose. Whether the two are the same machine is therefore asked with
SeisBench's padding and window length in ours and our grid of windows in SeisBench (every 1500
samples, 500 blinded): ``picks_same_as_seisbench`` and ``seisbench_picks_found`` are the shares
of our picks that SeisBench has within one sample, and of its picks that ours has.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.core import InputError
from quakeloom.formats import read_network_weights, seisbench_folder
from quakeloom.networks import find_device
from quakeloom.picking import (
    PhaseNetConventions,
    PhaseNetPicker,
    Picker,
    PickOptions,
    Picks,
    pick_records,
)
from quakeloom.signal import Piece, make_records
from quakeloom.stages.weights.pickers import find_picker_weights, open_picker
from quakeloom.store import find_resource

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


def cpu_seconds(function: Callable[[], object], repeat: int) -> float:
    """Least CPU seconds of this process for a call."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        function()
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
    published = True
    try:
        find_picker_weights(options.weights)
    except InputError:
        # without published weights the time of ours, and nothing to hold against it
        options.weights, published = str(find_resource("weights") / "picker.npz"), False
    picker = open_picker(options.weights)

    def pick(with_picker: Picker) -> Picks:
        wanted = "".join(with_picker.components)
        records, _ = make_records(pieces, wanted, with_picker.sampling_rate_hz)
        return pick_records(with_picker, records, PickOptions(one_s_per_p=False))[0]

    found = pick(picker)
    mine = cpu_seconds(lambda: pick(picker), repeat)
    windows = np.random.default_rng(0).normal(size=(320, 3, picker.samples)).astype(np.float32)
    network = cpu_seconds(lambda: picker.probabilities(windows), 3) / 320
    scale = 24.0 / hours
    days = 3600.0 / (mine * scale)
    figures = [
        figure("station_days_per_hour", days, "1/h"),
        figure("windows_per_second", 1.0 / network, "1/s"),
        figure("network_share_of_time", network * hours * 240.0 / mine, "1"),
    ]
    settings = {
        "hours": hours, "picker": picker.name, "cpu_seconds_per_station_day": mine * scale,
        "picks": len(found.phase), "device": find_device(), "published_weights": published,
    }  # fmt: skip
    if isinstance(picker, PhaseNetPicker):
        figures.append(figure("operations_per_window", picker.operations, "1"))
        figures.append(figure("operations_per_second", picker.operations / network, "1/s"))
        if published:
            figures += _torch(options.weights, windows[:64], network)
    if published and seisbench_folder("phasenet").is_dir():
        more, said = _seisbench(options, data, pick, found, hours, repeat, (days, network, picker))
        figures += more
        settings.update(said)
    print_result("picking", figures, settings, watch.seconds())


def _state(weights: str) -> dict:
    file = find_picker_weights(weights)
    return {} if file is None else read_network_weights(file)


def _torch(weights: str, windows: np.ndarray, network: float) -> list[dict]:
    """Time the same network in torch, with normalization folded into its convolutions."""
    picker = PhaseNetPicker(
        _state(weights), "torch", PhaseNetConventions(samples=windows.shape[2]), device="torch"
    )
    picker.probabilities(windows)
    seconds = cpu_seconds(lambda: picker.probabilities(windows), 3) / len(windows)
    return [figure("ratio_to_torch", seconds / network, "1")]


def _seisbench(
    options: argparse.Namespace,
    data: np.ndarray,
    pick: Callable[[Picker], Picks],
    found: Picks,
    hours: float,
    repeat: int,
    ours: tuple[float, float, Picker],
) -> tuple[list[dict], dict[str, float]]:
    """Time SeisBench on the same data with the same weights, and compare picks."""
    import obspy
    import seisbench.models as models
    import torch

    model, weights = options.weights.split("/")
    names = {n.lower(): n for n in dir(models) if isinstance(getattr(models, n), type)}
    network = getattr(models, names[model]).from_pretrained(weights)
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

    def classify(**more: object) -> list:
        return list(network.classify(stream.copy(), **settings, **more).picks)

    picks = classify()
    # in turn, so that what else the machine does befalls all of them
    turns = {
        "ours": lambda: pick(ours[2]),
        "classify": classify,
        "annotate": lambda: network.annotate(stream.copy(), batch_size=32),
    }
    least = dict.fromkeys(turns, float("inf"))
    for _ in range(repeat + 1):
        for name, call in turns.items():
            least[name] = min(least[name], cpu_seconds(call, 1))
    seconds = least["classify"]
    batch = torch.from_numpy(np.random.default_rng(0).normal(size=(32, 3, network.in_samples)))
    batch = batch.float()

    def forward() -> None:
        with torch.inference_mode():
            for _ in range(10):
                network(network.annotate_batch_pre(batch.clone(), {}))

    per_window = cpu_seconds(forward, 3) / 320
    days = 3600.0 / (seconds * 24.0 / hours)
    figures = [
        figure("seisbench_station_days_per_hour", days, "1/h"),
        figure("ratio_to_seisbench", least["classify"] / least["ours"], "1"),
        figure("ratio_to_seisbench_annotate", least["annotate"] / least["ours"], "1"),
        figure("seisbench_windows_per_second", 1.0 / per_window, "1/s"),
        figure("windows_ratio_to_seisbench", per_window / ours[1], "1"),
    ]
    said = {"seisbench_picks": len(picks), **_lags(found, picks)}
    if model == "phasenet":
        conventions = PhaseNetConventions(samples=3001, padding="seisbench", norm="std")
        twin = PhaseNetPicker(_state(options.weights), "twin", conventions)
        own, theirs = pick(twin), classify(overlap=1501, blinding=(500, 500))
        same, back = _shares(own, theirs)
        figures += [
            figure("picks_same_as_seisbench", same, "1"),
            figure("seisbench_picks_found", back, "1"),
        ]
        said.update({"twin_picks": len(own.phase), "seisbench_picks_same_grid": len(theirs)})
    return figures, said


def _by_phase(found: Picks, picks: list) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (
            np.array([t for t, p in zip(found.time, found.phase, strict=True) if p == phase]),
            np.array([p.peak_time.ns for p in picks if p.phase == phase]),
        )
        for phase in "PS"
    ]


def _nearest(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Signed seconds from every time to the nearest of others."""
    if not others.size:
        return np.full(times.size, np.inf)
    lag = times[:, None] - others[None, :]
    return lag[np.arange(times.size), np.abs(lag).argmin(axis=1)] / 1e9


def _shares(found: Picks, picks: list) -> tuple[float, float]:
    """Share of our picks within one sample of SeisBench's, and of its picks within of ours."""
    pairs = _by_phase(found, picks)
    forth = np.concatenate([_nearest(a, b) for a, b in pairs])
    back = np.concatenate([_nearest(b, a) for a, b in pairs])
    sample = 0.01 + 1e-6
    return float((np.abs(forth) <= sample).mean()), float((np.abs(back) <= sample).mean())


def _lags(found: Picks, picks: list) -> dict[str, float]:
    """How late SeisBench's own picks are against ours."""
    (p, their_p), (s, their_s) = _by_phase(found, picks)
    late_p, late_s = _nearest(their_p, p), _nearest(their_s, s)
    return {
        "seisbench_p_late_s": float(np.median(late_p)),
        "seisbench_s_late_s": float(np.median(late_s)),
        "seisbench_picks_with_ours_within_50_ms": float(
            (np.abs(np.concatenate([late_p, late_s])) <= 0.05).mean()
        ),
    }


if __name__ == "__main__":
    main()
