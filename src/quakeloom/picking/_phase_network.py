"""Our own picking network: PhaseNet's layers, trained on the synthetic Earth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.picking._phasenet import PhaseNetPicker, normalize_windows, same_padding

SAMPLES = 3000
SAMPLING_RATE_HZ = 100.0
COMPONENTS = "ZNE"
_PHASES = "NPS"
_DEPTH, _STRIDE, _KERNEL, _FILTERS = 5, 4, 7, 8
_EPSILON = 1e-3


@dataclass(frozen=True)
class PickerTraining:
    """How a picking network is trained.

    Attributes
    ----------
    steps, batch : int
    learning_rate : float
        Rises for the first hundredth of the steps, then falls to zero along half a cosine.
    label_s : float
        Standard deviation of the bell that stands for an arrival.
    no_arrival : float
        Share of windows before the arrivals.
    two_events : float
        Share of windows with a second event in them.
    vertical_only, lost_component : float
        Shares of windows without horizontals, and without one of them.
    """

    steps: int = 6000
    batch: int = 32
    learning_rate: float = 3e-3
    label_s: float = 0.08
    no_arrival: float = 0.1
    two_events: float = 0.15
    vertical_only: float = 0.12
    lost_component: float = 0.05


@dataclass(frozen=True)
class TrainingRecords:
    """Records with known arrivals.

    Attributes
    ----------
    data : ndarray of float16 or float32, shape (records, 3, samples)
        Components Z, N, E at 100 Hz; at least 30 s long.
    p_sample, s_sample : ndarray, shape (records,)
        Onsets; NaN where a wave cannot be seen.
    """

    data: NDArray[Any]
    p_sample: NDArray[np.float64]
    s_sample: NDArray[np.float64]


def load_phase_network(file: Path) -> PhaseNetPicker:
    """Read weights that ``quakeloom train picker`` wrote.

    Raises
    ------
    InputError
        If the file is not there or holds no such weights.
    """
    try:
        with np.load(file, allow_pickle=False) as stored:
            state = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(
            f"No weights of a picking network could be read from {file} ({error}). Nothing was "
            "picked; give the file that `quakeloom train picker` wrote."
        ) from error
    if "inc.weight" not in state or "out.weight" not in state:
        raise InputError(
            f"{file} holds no picking network of quakeloom. Nothing was picked; give the file "
            "that `quakeloom train picker` wrote."
        )
    return PhaseNetPicker(state, f"quakeloom-{file.stem}", components=COMPONENTS, phases=_PHASES)


def save_phase_network(state: dict[str, NDArray[np.float32]], file: Path) -> None:
    """Write weights as plain arrays."""
    np.savez(file, **state)


def cut_training_windows(
    records: TrainingRecords,
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    training: PickerTraining,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut windows with what goes wrong in real ones; return them and their labels.

    Returns
    -------
    windows : ndarray of float32, shape (rows, 3, 3000)
    labels : ndarray of float32, shape (rows, 3, 3000)
        Probabilities of noise, P, S.
    """
    n = len(rows)
    windows = np.zeros((n, 3, SAMPLES), np.float32)
    labels = np.zeros((n, 3, SAMPLES), np.float32)
    sigma = training.label_s * SAMPLING_RATE_HZ
    for i, row in enumerate(rows):
        _add_record(records, int(row), rng, training, windows[i], labels[i], sigma, 1.0)
        if rng.random() < training.two_events:
            other = int(rng.integers(len(records.data)))
            gain = float(np.exp(rng.normal(0.0, 1.0)))
            _add_record(records, other, rng, training, windows[i], labels[i], sigma, gain)
        _spoil(windows[i], rng, training)
    total = labels[:, 1] + labels[:, 2]
    over = np.maximum(total, 1.0)
    labels[:, 1] /= over
    labels[:, 2] /= over
    labels[:, 0] = 1.0 - labels[:, 1] - labels[:, 2]
    return windows, labels


def _add_record(
    records: TrainingRecords,
    row: int,
    rng: np.random.Generator,
    training: PickerTraining,
    window: NDArray[np.float32],
    label: NDArray[np.float32],
    sigma: float,
    gain: float,
) -> None:
    length = records.data.shape[2]
    p, s = records.p_sample[row], records.s_sample[row]
    known = np.array([x for x in (p, s) if np.isfinite(x)])
    if rng.random() < training.no_arrival or known.size == 0:
        first = int(known.min(initial=length)) - SAMPLES - 100
        if first < 0:
            # There is not enough noise before: mirror what there is.
            stop = max(int(known.min(initial=SAMPLES)) - 50, 50)
            window += (
                gain
                * np.pad(
                    records.data[row, :, :stop].astype(np.float32),
                    ((0, 0), (0, max(SAMPLES - stop, 0))),
                    mode="symmetric",
                )[:, :SAMPLES]
            )
            return
        window += gain * records.data[row, :, first : first + SAMPLES]
        return
    anchor = float(known[int(rng.integers(known.size))])
    first = int(anchor - rng.uniform(30, SAMPLES - 30))
    first = min(max(first, 0), length - SAMPLES)
    window += gain * records.data[row, :, first : first + SAMPLES].astype(np.float32)
    at = np.arange(SAMPLES)
    for channel, time in ((1, p), (2, s)):
        if np.isfinite(time) and -3 * sigma < time - first < SAMPLES + 3 * sigma:
            bell = np.exp(-0.5 * ((at - (time - first)) / sigma) ** 2)
            label[channel] = np.maximum(label[channel], bell)


def _spoil(window: NDArray[np.float32], rng: np.random.Generator, training: PickerTraining) -> None:
    """Gains, lost components, clipping, spikes, gaps and drift."""
    window *= np.exp(0.15 * rng.standard_normal((3, 1))).astype(np.float32)
    chance = rng.random()
    if chance < training.vertical_only:
        window[1:] = 0.0
    elif chance < training.vertical_only + training.lost_component:
        window[int(rng.integers(1, 3))] = 0.0
    chance = rng.random()
    peak = float(np.abs(window).max())
    if chance < 0.03:
        np.clip(window, -0.4 * peak, 0.4 * peak, out=window)
    elif chance < 0.06:
        window[:, int(rng.integers(SAMPLES))] += peak * rng.uniform(-3, 3)
    elif chance < 0.08:
        first = int(rng.integers(SAMPLES - 300))
        window[:, first : first + int(rng.integers(20, 300))] = 0.0
    elif chance < 0.16:
        window += peak * rng.uniform(0, 2) * np.linspace(-1, 1, SAMPLES, dtype=np.float32)
    if rng.random() < 0.5:
        window *= -1.0


def train_phase_network(
    records: TrainingRecords,
    validation: tuple[NDArray[np.float32], NDArray[np.float32]],
    training: PickerTraining,
    seed: int,
    *,
    progress: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, NDArray[np.float32]]:
    """Train PhaseNet's layers on records with known arrivals.

    Parameters
    ----------
    records : TrainingRecords
    validation : (windows, labels)
        From :func:`cut_training_windows` on records of other events.
    training : PickerTraining
    seed : int
    progress : callable
        Called a dozen times with step, loss and loss on the validation windows.

    Returns
    -------
    dict of ndarray
        State dict with the names that SeisBench's PhaseNet has, batch normalization
        included, so that SeisBench reads it as well.
    """
    import torch

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = _build(torch)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=1e-3
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, training.learning_rate, total_steps=training.steps, pct_start=0.03
    )
    every = max(training.steps // 12, 1)
    total = 0.0
    for step in range(training.steps):
        rows = rng.integers(len(records.data), size=training.batch)
        windows, labels = cut_training_windows(records, rows, rng, training)
        network.train()
        out = network(torch.from_numpy(normalize_windows(windows)))
        loss = -(torch.from_numpy(labels) * torch.log_softmax(out, 1)).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        total += loss.item()
        if (step + 1) % every == 0:
            progress(
                {
                    "step": step + 1,
                    "loss": total / every,
                    "validation_loss": _validate(torch, network, *validation),
                }
            )
            total = 0.0
    return {
        name: value.numpy().astype(np.float32)
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def _validate(
    torch: Any, network: Any, windows: NDArray[np.float32], labels: NDArray[np.float32]
) -> float:
    network.eval()
    total = 0.0
    with torch.inference_mode():
        for first in range(0, len(windows), 64):
            part = slice(first, first + 64)
            out = network(torch.from_numpy(normalize_windows(windows[part])))
            target = torch.from_numpy(labels[part])
            total += float(-(target * torch.log_softmax(out, 1)).sum(1).mean(1).sum())
    return total / len(windows)


def _build(torch: Any) -> Any:
    """PhaseNet's layers as a torch module, with SeisBench's names of parameters."""
    nn = torch.nn

    def norm(channels: int) -> Any:
        return nn.BatchNorm1d(channels, eps=_EPSILON)

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inc = nn.Conv1d(3, _FILTERS, _KERNEL, padding="same")
            self.in_bn = norm(_FILTERS)
            self.down_branch, self.up_branch = nn.ModuleList(), nn.ModuleList()
            last = _FILTERS
            for i in range(_DEPTH):
                filters = 2**i * _FILTERS
                layers = [
                    nn.Conv1d(last, filters, _KERNEL, padding="same", bias=False),
                    norm(filters),
                ]
                if i < _DEPTH - 1:
                    layers += [
                        nn.Conv1d(filters, filters, _KERNEL, _STRIDE, bias=False),
                        norm(filters),
                    ]
                self.down_branch.append(nn.ModuleList(layers))
                last = filters
            for i in range(_DEPTH - 1):
                filters = 2 ** (_DEPTH - 2 - i) * _FILTERS
                layers = [
                    nn.ConvTranspose1d(last, filters, _KERNEL, _STRIDE, bias=False),
                    norm(filters),
                    nn.Conv1d(2 * filters, filters, _KERNEL, padding="same", bias=False),
                    norm(filters),
                ]
                self.up_branch.append(nn.ModuleList(layers))
                last = filters
            self.out = nn.Conv1d(last, 3, 1)

        def forward(self, x: Any) -> Any:
            relu, pad = torch.relu, nn.functional.pad
            x = relu(self.in_bn(self.inc(x)))
            skips = []
            for i, layers in enumerate(self.down_branch):
                x = relu(layers[1](layers[0](x)))
                if i < _DEPTH - 1:
                    skips.append(x)
                    x = relu(layers[3](layers[2](pad(x, same_padding(x.shape[2])))))
            for layers, skip in zip(self.up_branch, reversed(skips), strict=True):
                x = relu(layers[1](layers[0](x)))[:, :, 1:-2]
                offset = (x.shape[2] - skip.shape[2]) // 2
                x = torch.cat([skip, x[:, :, offset : offset + skip.shape[2]]], dim=1)
                x = relu(layers[3](layers[2](x)))
            return self.out(x)

    return Network()
