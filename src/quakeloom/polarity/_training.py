"""Training of polarity networks on windows with known first motions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.polarity._calibration import calibration_error, find_temperature
from quakeloom.polarity._network import PolarityNetwork, half_forward, parameter_shapes
from quakeloom.polarity._windows import SAMPLES, normalize_windows


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


def train_polarity_network(
    architecture: str,
    records: NDArray[np.float32],
    onset_sample: NDArray[np.float64],
    is_up: NDArray[np.bool_],
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
    records : ndarray of float32, shape (records, longer than 150)
        Vertical records at 100 Hz; windows are cut around ``onset_sample`` anew in every
        epoch, with another pick error.
    onset_sample : ndarray, shape (records,)
        Where the first motion begins; at least 75 samples from the record's ends.
    is_up : ndarray of bool, shape (records,)
    validation : (windows, is_up)
        Windows of other events; the epoch with least loss is kept, and the temperature
        found on them.
    training : PolarityTraining
    seed : int
    start : PolarityNetwork, optional
        Its parameters are the beginning.
    progress : callable
        Called after every epoch with loss, accuracy and calibration error.
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parameters = {}
    for name, shape in parameter_shapes(architecture).items():
        if start is not None:
            value = torch.from_numpy(start.parameters[name].copy())
        elif name.endswith("bias"):
            value = torch.zeros(shape)
        else:
            value = torch.randn(shape) * (2.0 / np.prod(shape[1:])) ** 0.5
        parameters[name] = value.requires_grad_()
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    batches = len(records) // training.batch
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.epochs * batches)
    target = torch.from_numpy(is_up.astype(np.float32))
    windows, truth = validation
    best: tuple[float, PolarityNetwork] | None = None
    for epoch in range(training.epochs):
        total = 0.0
        order = rng.permutation(len(records))
        shift = _pick_errors(rng, len(records), training)
        for k in range(batches):
            rows = order[k * training.batch : (k + 1) * training.batch]
            cut = cut_windows(records[rows], onset_sample[rows] + shift[rows])
            x = torch.from_numpy(normalize_windows(cut))
            odds = half_forward(parameters, x, training.dropout) - half_forward(
                parameters, -x, training.dropout
            )
            loss = binary_cross_entropy_with_logits(odds, target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        now = PolarityNetwork(
            architecture, {n: p.detach().numpy().copy() for n, p in parameters.items()}
        )
        odds_now = now.log_odds(windows).astype(float)
        temperature = find_temperature(odds_now, truth)
        signed = np.where(truth, odds_now, -odds_now) / temperature
        held_out = float(np.mean(np.logaddexp(0.0, -signed)))
        probability = 1.0 / (1.0 + np.exp(-odds_now / temperature))
        progress(
            {
                "epoch": epoch + 1,
                "loss": total / max(batches, 1),
                "validation_loss": held_out,
                "validation_accuracy": float(np.mean(signed > 0)),
                "calibration_error": calibration_error(probability, truth),
                "temperature": temperature,
            }
        )
        if best is None or held_out < best[0]:
            best = held_out, PolarityNetwork(architecture, now.parameters, temperature)
    assert best is not None
    return best[1]


def cut_windows(
    records: NDArray[np.float32], pick_sample: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Cut windows so that the pick, rounded to a sample, comes to its place."""
    from quakeloom.polarity._windows import PICK_SAMPLE

    first = np.rint(pick_sample).astype(np.int64) - PICK_SAMPLE
    first = np.clip(first, 0, records.shape[1] - SAMPLES)
    return np.asarray(
        records[np.arange(len(records))[:, None], first[:, None] + np.arange(SAMPLES)]
    )


def _pick_errors(
    rng: np.random.Generator, count: int, training: PolarityTraining
) -> NDArray[np.float64]:
    """Pick errors in samples at 100 Hz."""
    normal = 100.0 * training.jitter_s * rng.standard_normal(count)
    uniform = 100.0 * training.widest_jitter_s * (2.0 * rng.random(count) - 1.0)
    return np.where(rng.random(count) < 0.5, normal, uniform)
