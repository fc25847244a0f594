"""Training of polarity networks on windows with known first motions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.polarity._calibration import calibration_error, find_temperature
from quakeloom.polarity._network import PolarityNetwork, half_forward, parameter_shapes
from quakeloom.polarity._windows import (
    PICK_SAMPLE,
    SAMPLES,
    SAMPLING_RATE_HZ,
    normalize_windows,
)


@dataclass(frozen=True)
class PolarityTraining:
    """A step of training.

    Attributes
    ----------
    epochs, batch : int
    learning_rate : float
        Falls to zero along half a cosine.
    weight_decay, dropout : float
    jitter_s : float
        Standard deviation of normal pick errors, which half of the windows get.
    widest_jitter_s : float
        The other half get uniform errors up to this: picks are not perfect.
    """

    epochs: int = 10
    batch: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    dropout: float = 0.1
    jitter_s: float = 0.015
    widest_jitter_s: float = 0.09


@dataclass(frozen=True)
class FirstMotionRecords:
    """Records with known first motions.

    Attributes
    ----------
    data : ndarray of float32, shape (records, longer than 150)
        Vertical records at 100 Hz, up positive.
    onset_sample : ndarray, shape (records,)
        Where the first motion begins; at least 75 samples from the record's ends.
    is_up : ndarray of bool, shape (records,)
    """

    data: NDArray[np.float32]
    onset_sample: NDArray[np.float64]
    is_up: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.data)


def train_polarity_network(
    architecture: str,
    records: FirstMotionRecords,
    validation: tuple[NDArray[np.float32], NDArray[np.bool_]],
    training: PolarityTraining,
    seed: int,
    *,
    start: PolarityNetwork | None = None,
    progress: Callable[[dict[str, float]], None] = lambda _: None,
) -> PolarityNetwork:
    """Train a network, or go on with one, and calibrate it.

    A network that is odd needs no flipped copies: the loss of a record and of its mirror
    image are one and the same.

    Parameters
    ----------
    architecture : str
        Key of :data:`ARCHITECTURES`.
    records : FirstMotionRecords
        Windows are cut around the onsets anew in every epoch, with another pick error.
    validation : (windows, is_up)
        Windows of other events; the epoch with least loss is kept, and the temperature
        found on them.
    training : PolarityTraining
    seed : int
    start : PolarityNetwork, optional
        Its parameters are the beginning.
    progress : callable
        Called after every epoch with loss, accuracy and calibration error.

    Raises
    ------
    InputError
        Without a single epoch.
    """
    import torch

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parameters = _first_parameters(architecture, start)
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    batches = len(records) // training.batch
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.epochs * batches)
    best: tuple[float, PolarityNetwork] | None = None
    for epoch in range(training.epochs):
        loss = _train_epoch(parameters, records, training, rng, optimizer, scheduler)
        now = PolarityNetwork(
            architecture, {n: p.detach().numpy().copy() for n, p in parameters.items()}
        )
        calibrated, scores = _calibrate(now, *validation)
        progress({"epoch": epoch + 1, "loss": loss, **scores})
        # Epochs compete with their loss after calibration: a temperature can be put right.
        if best is None or scores["validation_loss"] < best[0]:
            best = scores["validation_loss"], calibrated
    if best is None:
        raise InputError(
            f"Training of a polarity network was asked for with {training.epochs} epochs. Nothing "
            "was trained; give one or more."
        )
    return best[1]


def _train_epoch(
    parameters: dict[str, Any],
    records: FirstMotionRecords,
    training: PolarityTraining,
    rng: np.random.Generator,
    optimizer: Any,
    scheduler: Any,
) -> float:
    """Go once through the records, in a new order and with new pick errors; return the loss."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    target = torch.from_numpy(records.is_up.astype(np.float32))
    total, batches = 0.0, len(records) // training.batch
    order = rng.permutation(len(records))
    shift = _pick_errors(rng, len(records), training)
    for k in range(batches):
        rows = order[k * training.batch : (k + 1) * training.batch]
        cut = cut_windows(records.data[rows], records.onset_sample[rows] + shift[rows])
        x = torch.from_numpy(normalize_windows(cut))
        # Dropout differs between the two halves: while training, the loss of a record and of
        # its mirror image agree in the mean only.
        odds = half_forward(parameters, x, training.dropout) - half_forward(
            parameters, -x, training.dropout
        )
        loss = binary_cross_entropy_with_logits(odds, target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / max(batches, 1)


def _first_parameters(architecture: str, start: PolarityNetwork | None) -> dict[str, Any]:
    """Tensors to begin with: those of a network, or normal ones that keep the variance."""
    import torch

    parameters = {}
    for name, shape in parameter_shapes(architecture).items():
        if start is not None:
            value = torch.from_numpy(start.parameters[name].copy())
        elif name.endswith("bias"):
            value = torch.zeros(shape)
        else:
            # He's initialization: layers of rectified sums neither fade nor explode.
            value = torch.randn(shape) * (2.0 / np.prod(shape[1:])) ** 0.5
        parameters[name] = value.requires_grad_()
    return parameters


def _calibrate(
    network: PolarityNetwork, windows: NDArray[np.float32], is_up: NDArray[np.bool_]
) -> tuple[PolarityNetwork, dict[str, float]]:
    """Find the temperature of a network on windows, and how good it is there with it."""
    odds = network.log_odds(windows).astype(float)
    temperature = find_temperature(odds, is_up)
    signed = np.where(is_up, odds, -odds) / temperature
    probability = 1.0 / (1.0 + np.exp(-odds / temperature))
    return PolarityNetwork(network.architecture, network.parameters, temperature), {
        "validation_loss": float(np.mean(np.logaddexp(0.0, -signed))),
        "validation_accuracy": float(np.mean(signed > 0)),
        "calibration_error": calibration_error(probability, is_up),
        "temperature": temperature,
    }


def cut_windows(
    records: NDArray[np.float32], pick_sample: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Cut windows so that the pick, rounded to a sample, comes to its place."""
    first = np.rint(pick_sample).astype(np.int64) - PICK_SAMPLE
    first = np.clip(first, 0, records.shape[1] - SAMPLES)
    return np.asarray(
        records[np.arange(len(records))[:, None], first[:, None] + np.arange(SAMPLES)]
    )


def _pick_errors(
    rng: np.random.Generator, count: int, training: PolarityTraining
) -> NDArray[np.float64]:
    """Pick errors in samples."""
    normal = SAMPLING_RATE_HZ * training.jitter_s * rng.standard_normal(count)
    uniform = SAMPLING_RATE_HZ * training.widest_jitter_s * (2.0 * rng.random(count) - 1.0)
    return np.where(rng.random(count) < 0.5, normal, uniform)
