"""Training of networks on the synthetic Earth, with a card that says how good they are.

No recorded seismogram enters: records, first motions and arrivals are simulated, keyed by
the seed and the number of the record, so anyone gets the same data. Sets are named, and a
name is part of the key: training, held-out and test records share no event. The test set has
another region's ranges of attenuation, corner frequency and noise.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import PolarityNetworkTraining, Settings
from quakeloom.core import SettingsError, string_keys
from quakeloom.formats import read_network_weights, write_network_weights
from quakeloom.picking import (
    PickerTraining,
    TrainingRecords,
    build_own_picker,
    cut_training_windows,
    score_windows,
    train_phase_network,
)
from quakeloom.polarity import (
    FirstMotionRecords,
    PolarityNetwork,
    PolarityTraining,
    build_polarity_reader,
    count_operations,
    cut_windows,
    measure_accuracy,
    measure_accuracy_by_snr,
    measure_reliability,
    pack_polarity_network,
    train_polarity_network,
)
from quakeloom.simulate import (
    RecordParameters,
    SimulatedSeismograms,
    apply_record_flaws,
    draw_record_flaws,
    draw_record_parameters,
    simulate_seismograms,
)
from quakeloom.stages.training.wanted import require_training
from quakeloom.store import Item, atomic_file, local_copy, open_folder, write_json_if_changed

Progress = Callable[[str], None]

_RATE_HZ = 100.0
"""Sampling rate of all records in Hz, that of the networks."""

_BLOCK = 2048
"""Records that are simulated together; chosen here: some hundred MB."""

_POLARITY_SAMPLES, _POLARITY_ONSET_S = 512, 2.6
"""Samples of a record of a first motion, and seconds to P: room for a window moved either way."""

_PICKER_SAMPLES = 6000
"""Samples of a record that is picked: 60 s, twice the network's window."""

_STRONG_SNR, _SMALL_SNR, _ALL_SNR = (15.0, 400.0), (0.8, 80.0), (0.8, 400.0)
"""Least and largest signal-to-noise ratio of P in both steps of training, and where it is tested;
chosen here: what is clear is learned first."""

_ONSET_SHARE, _ONSET_FLOOR = (0.02, 0.05), (0.5, 0.7)
"""Analysts pick the first break of P early and S where it stands out of the coda of P: with other
labels P came late and S early on the records of Northern California."""

_FLAWED = 0.02
"""Share of records with a flaw of each kind; chosen here."""

_PICKER_FLAWS = ("clipped", "spiked", "gap", "swapped", "coarse")
"""Kinds of flaws that a picker must bear."""

_P_CLEAR, _S_CLEAR, _S_CLEAR_ON_VERTICAL = 1.5, 3.5, 2.5
"""Peaks of P over the noise and of S over what comes before it, from which they can be seen."""

_LONGEST_LEAD = 0.15
"""How far a head wave may be ahead of the direct one, over the S-P time; chosen here."""

_EMERGENT = 0.5
"""Share of earthquakes that begin slowly; chosen here."""

_BROADENED = 0.75
"""Share of paths with forward scattering; chosen here."""

_PICKER_INSTRUMENTS = (0.22, 0.08, 0.17, 0.28, 0.25)
"""More accelerometers and geophones than first motions are read on: S is harder to see there."""

_FLAWED_FIRST_MOTIONS = 0.05
"""Share of first motions with a flaw of each kind; chosen here."""

_POLARITY_FLAWS = ("clipped", "coarse")
"""Kinds of flaws that a first motion can be read in spite of."""

_SNR_EDGES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 1e9)
"""Edges of the signal-to-noise ratios that accuracy is told for."""

_SHIFTS_S = tuple(np.round(np.arange(-0.06, 0.0601, 0.01), 3).tolist())
"""Seconds by which picks are moved; chosen here: errors of analysts and of good pickers."""


def train_polarity(settings: Settings, out: Path, progress: Progress) -> dict[str, Any]:
    """Train a network that reads first motions; write weights and card.

    Parameters
    ----------
    settings : Settings
        With ``training.polarity``.
    out : Path
        Folder; ``polarity.npz`` and ``polarity.json`` are written.
    progress : callable
        Called with a sentence now and then.

    Returns
    -------
    dict
        The card.
    """
    asked = settings.training
    wanted = require_training(asked.polarity if asked else None, "polarity")
    use_one_thread()
    folder = open_folder(out)
    seed = settings.seed
    started = time.perf_counter()
    progress("simulating records")
    held_out = _first_motions(seed, "held-out", wanted.held_out_records, _ALL_SNR)
    validation = _jittered(held_out, wanted, seed)
    curves: list[dict[str, float]] = []
    network: PolarityNetwork | None = None
    for step, count, snr, epochs, rate in (
        ("strong", wanted.strong_records, _STRONG_SNR, wanted.strong_epochs,
         wanted.strong_learning_rate),
        ("small", wanted.small_records, _SMALL_SNR, wanted.small_epochs,
         wanted.small_learning_rate),
    ):  # fmt: skip
        records, onset, is_up, _ = _first_motions(seed, step, count, snr)
        progress(f"step {step}: {len(records)} records")

        def report(values: dict[str, float], step: str = step) -> None:
            curves.append({"strong": float(step == "strong"), **values})
            text = ", ".join(f"{k} {v:.4g}" for k, v in values.items())
            progress(f"{step}: {text}")

        training = PolarityTraining(
            epochs=epochs,
            batch=wanted.batch,
            learning_rate=rate,
            jitter_s=wanted.pick_error_s,
            widest_jitter_s=wanted.widest_pick_error_s,
        )
        network = train_polarity_network(
            wanted.architecture, FirstMotionRecords(records, onset, is_up), validation, training,
            seed, start=network, progress=report,
        )  # fmt: skip
    assert network is not None
    weights = folder / "polarity.npz"
    with atomic_file(weights) as temporary:
        write_network_weights(temporary, pack_polarity_network(network))
    progress("testing")
    card = {
        "network": "polarity",
        "architecture": wanted.architecture,
        "operations_per_window": count_operations(wanted.architecture),
        "parameters": int(sum(p.size for p in network.parameters.values())),
        "temperature": network.temperature,
        "data": "simulated records only; quakeloom.simulate.draw_record_parameters",
        "settings": wanted.model_dump(),
        "seed": seed,
        "curves": curves,
        "test": score_polarity(weights, seed, wanted.held_out_records),
        "seconds": round(time.perf_counter() - started),
        "machine": f"{platform.machine()}, one thread",
        "sha256": weights.digest(),
    }
    write_json_if_changed(folder / "polarity.json", card)
    return card


def score_polarity(weights: Item, seed: int, count: int) -> dict[str, Any]:
    """Score weights on simulated records of another region, with other noise.

    Returns
    -------
    dict
        Accuracy by signal-to-noise ratio and by pick error, calibration, reliability.
    """
    with local_copy(weights) as file:
        reader = build_polarity_reader(read_network_weights(file), weights.stem)
    records, onset, is_up, snr = _first_motions(seed, "test", count, _ALL_SNR, elsewhere=True)
    rng = np.random.default_rng(seed)
    error = 1.5 * rng.standard_normal(len(records))
    up = reader.read(cut_windows(records, onset + error)).astype(float)
    reliability = measure_reliability(up, is_up)
    loud = snr >= 4
    return {
        "records": len(records),
        "accuracy": measure_accuracy(up, is_up),
        "calibration_error": reliability.error,
        "reliability": {
            "stated": reliability.stated.tolist(),
            "actual": reliability.actual.tolist(),
            "count": reliability.count.tolist(),
        },
        "by_snr": [
            {
                "from": band.lowest,
                "to": band.highest,
                "records": band.count,
                "accuracy": _known(band.accuracy),
                "called": _known(band.called),
                "accuracy_of_called": _known(band.accuracy_of_called),
            }
            for band in measure_accuracy_by_snr(up, is_up, snr, _SNR_EDGES)
        ],
        "by_pick_error": [
            {"seconds": shift, "accuracy": measure_accuracy(shifted[loud], is_up[loud])}
            for shift in _SHIFTS_S
            for shifted in [reader.read(cut_windows(records, onset + _RATE_HZ * shift))]
        ],
    }


def train_picker(settings: Settings, out: Path, progress: Progress) -> dict[str, Any]:
    """Train a network that picks P and S; write ``picker.npz`` and its card.

    Parameters
    ----------
    settings : Settings
        With ``training.picker``.
    out : Path
    progress : callable
    """
    asked = settings.training
    wanted = require_training(asked.picker if asked else None, "picker")
    use_one_thread()
    folder = open_folder(out)
    seed = settings.seed
    started = time.perf_counter()
    progress("simulating records")
    records = local_records(seed, "train", wanted.records)
    held_out = local_records(seed, "held-out", wanted.held_out_records)
    training = PickerTraining(
        steps=wanted.steps,
        batch=wanted.batch,
        learning_rate=wanted.learning_rate,
        label_s=wanted.label_s,
        short_share=wanted.short_share,
    )
    rows = np.arange(len(held_out.data))
    validation = cut_training_windows(held_out, rows, np.random.default_rng(seed + 1), training)
    curves: list[dict[str, float]] = []

    def report(values: dict[str, float]) -> None:
        curves.append(values)
        progress(", ".join(f"{k} {v:.4g}" for k, v in values.items()))

    state = train_phase_network(records, validation, training, seed, progress=report)
    weights = folder / "picker.npz"
    with atomic_file(weights) as temporary:
        write_network_weights(temporary, state)
    progress("testing")
    card = {
        "network": "picker",
        "architecture": "PhaseNet's layers (Zhu & Beroza 2019), 3 x 3000 samples at 100 Hz",
        "parameters": int(sum(v.size for v in state.values())),
        "data": "simulated records only; quakeloom.simulate.draw_record_parameters",
        "settings": wanted.model_dump(),
        "seed": seed,
        "curves": curves,
        "test": score_picker(weights, seed, wanted.held_out_records),
        "seconds": round(time.perf_counter() - started),
        "machine": f"{platform.machine()}, one thread",
        "sha256": weights.digest(),
    }
    write_json_if_changed(folder / "picker.json", card)
    return card


def score_picker(weights: Item, seed: int, count: int) -> dict[str, Any]:
    """Score weights on simulated records of another region: precision, recall, F1, residuals."""
    with local_copy(weights) as file:
        picker = build_own_picker(read_network_weights(file), weights.stem)
    records = local_records(seed, "test", count, elsewhere=True)
    start = 1500
    windows = records.data[:, :, start : start + picker.samples].astype(np.float32)
    found = picker.probabilities(windows)
    scores = {}
    for phase, channel, truth, clear, tolerance_s in (
        ("P", 0, records.p_sample, records.is_p_clear, 0.1),
        ("S", 1, records.s_sample, records.is_s_clear, 0.2),
    ):
        assert clear is not None
        score = score_windows(found[:, channel], truth - start, clear, tolerance_s)
        scores[phase] = {
            "arrivals": score.references,
            "precision": float(np.nan_to_num(score.precision)),
            "recall": float(np.nan_to_num(score.recall)),
            "f1": float(np.nan_to_num(score.f1)),
            "residual_mean_s": _known(score.mean_s),
            "residual_std_s": _known(score.std_s),
        }
    return scores


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def use_one_thread() -> None:
    """Use one thread: threads share sums, and weights would depend on their number."""
    try:
        import torch
    except ImportError:
        raise SettingsError(
            "Training needs torch, which is not installed. Nothing was trained; install "
            "`quakeloom[networks]`."
        ) from None
    torch.set_num_threads(1)


def _blocks(seed: int, name: str, count: int) -> Iterator[NDArray[np.uint64]]:
    for first in range(0, count, _BLOCK):
        numbers = range(first, min(first + _BLOCK, count))
        yield string_keys([f"{name}-record-{i}" for i in numbers], seed)


def _simulate(
    keys: NDArray[np.uint64],
    samples: int,
    elsewhere: bool,
    vertical_only: bool,
    **options: Any,
) -> tuple[RecordParameters, SimulatedSeismograms]:
    parameters = draw_record_parameters(keys, **options)
    if not vertical_only:
        # near the source no head wave is so far ahead of the direct one
        s_minus_p = parameters.s_time_s - parameters.p_time_s
        parameters = parameters.with_values(
            head_delay_s=np.minimum(parameters.head_delay_s, _LONGEST_LEAD * s_minus_p)
        )
    if elsewhere:
        # Stronger attenuation, lower corners, more scattering, noisier low frequencies.
        parameters = parameters.with_values(
            t_star_p_s=1.4 * parameters.t_star_p_s,
            t_star_s_s=1.4 * parameters.t_star_s_s,
            corner_hz=0.8 * parameters.corner_hz,
            coda_strength=1.3 * parameters.coda_strength,
            noise_slope=parameters.noise_slope + 0.4,
        )
    return parameters, simulate_seismograms(
        parameters,
        samples,
        _RATE_HZ,
        vertical_only=vertical_only,
        onset_share=_ONSET_SHARE,
        onset_floor=_ONSET_FLOOR,
    )


def _first_motions(
    seed: int, name: str, count: int, snr: tuple[float, float], elsewhere: bool = False
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Vertical records around P, onsets in samples, whether up, signal-to-noise ratio."""
    pieces = []
    at = (_POLARITY_ONSET_S, _POLARITY_ONSET_S)
    for keys in _blocks(seed, f"polarity-{name}", count):
        _, made = _simulate(
            keys, _POLARITY_SAMPLES, elsewhere, True, emergent=_EMERGENT, snr=snr, p_time_s=at
        )
        flaws = draw_record_flaws(
            keys, _POLARITY_SAMPLES, _FLAWED_FIRST_MOTIONS, kinds=_POLARITY_FLAWS
        )
        flawed, _ = apply_record_flaws(made.data, flaws, _RATE_HZ)
        seen = np.isfinite(made.p_onset_s) & (made.snr > 0.5) & (made.polarity != 0)
        pieces.append(
            (
                flawed[seen, 0],
                made.p_onset_s[seen] * _RATE_HZ,
                made.polarity[seen] > 0,
                made.snr[seen],
            )
        )
    records, onset, is_up, ratio = (np.concatenate(x) for x in zip(*pieces, strict=True))
    return records, onset, is_up, ratio


def _jittered(
    held_out: tuple[NDArray[Any], ...], wanted: PolarityNetworkTraining, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Windows for calibration: pick errors as of a good picker."""
    records, onset, is_up, _ = held_out
    rng = np.random.default_rng(seed + 2)
    error = _RATE_HZ * wanted.pick_error_s * rng.standard_normal(len(records))
    return cut_windows(records, onset + error), is_up


def local_records(seed: int, name: str, count: int, elsewhere: bool = False) -> TrainingRecords:
    """Records of 60 s with their flaws, their arrivals, and whether anyone could see them."""
    data = np.empty((count, 3, _PICKER_SAMPLES), np.float16)
    p_sample, s_sample = np.empty(count), np.empty(count)
    clear = np.empty((3, count), bool)
    first = 0
    for keys in _blocks(seed, f"picker-{name}", count):
        _, made = _simulate(
            keys, _PICKER_SAMPLES, elsewhere, False, snr=(1.5, 1500.0), p_time_s=(8.0, 28.0),
            s_minus_p_s=(0.3, 35.0), broadened=_BROADENED, instrument_shares=_PICKER_INSTRUMENTS,
        )  # fmt: skip
        rows = slice(first, first + keys.size)
        flaws = draw_record_flaws(keys, _PICKER_SAMPLES, _FLAWED, kinds=_PICKER_FLAWS)
        flawed, is_recorded = apply_record_flaws(made.data, flaws, _RATE_HZ)
        peak = np.abs(flawed).max(axis=(1, 2), keepdims=True)
        data[rows] = 1000.0 * flawed / np.maximum(peak, 1e-30)
        p_sample[rows] = made.p_onset_s * _RATE_HZ
        late = made.s_onset_s > _PICKER_SAMPLES / _RATE_HZ - 1.0
        s_sample[rows] = np.where(late, np.nan, made.s_onset_s) * _RATE_HZ
        clear[0, rows] = (made.snr >= _P_CLEAR) & _is_whole(is_recorded, p_sample[rows])
        whole = _is_whole(is_recorded, s_sample[rows])
        clear[1, rows] = (made.s_contrast >= _S_CLEAR) & whole
        clear[2, rows] = (made.s_contrast_vertical >= _S_CLEAR_ON_VERTICAL) & whole
        first += keys.size
    return TrainingRecords(data, p_sample, s_sample, *clear)


def _is_whole(is_recorded: NDArray[np.bool_], sample: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the tenth of a second on either side of an arrival was recorded."""
    at = np.nan_to_num(sample).astype(np.int64)
    near = np.clip(at[:, None] + np.arange(-10, 11), 0, is_recorded.shape[1] - 1)
    return np.asarray(np.take_along_axis(is_recorded, near, axis=1).all(axis=1))
