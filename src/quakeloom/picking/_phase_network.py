"""Our own picking network: PhaseNet's layers, trained on the synthetic Earth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.picking._phase_windows import (
    SAMPLES,
    SAMPLING_RATE_HZ,
    SHORT_SAMPLES,
    PickerTraining,
    TrainingRecords,
    cut_training_windows,
)
from quakeloom.picking._phasenet import PhaseNetConventions, PhaseNetPicker, normalize_windows
from quakeloom.picking._pick_errors import OWN_NETWORK
from quakeloom.picking._unet import DEPTH, KERNEL, STRIDE, same_padding

COMPONENTS = "ZNE"
"""Order of the components that our network reads."""

_PHASES = "NPS"
"""Order of its output: noise, P, S."""

_FILTERS = 8
"""Filters of the first level, doubled at every level, as Zhu & Beroza (2019) have them."""

_EPSILON = 1e-3
"""Added to the variance in batch normalization, as in SeisBench's PhaseNet."""

_WEIGHT_DECAY = 1e-3
"""Of AdamW; chosen here."""

_LARGEST_GRADIENT = 1.0
"""Norm to which gradients are cut; chosen here: a spoiled window now and then has a huge one."""

_VALIDATION_BATCH = 64
"""Windows that are validated at a time; bounds memory."""


def build_own_picker(state: Mapping[str, Any], name: str) -> PhaseNetPicker:
    """Return a picker with weights of our own training.

    Raises
    ------
    InputError
        If the arrays are not of such a network.
    """
    missing = [k for k in ("inc.weight", "out.weight") if k not in state]
    if missing:
        raise InputError(
            f"The weights '{name}' are of no picking network of quakeloom ('{missing[0]}' is not "
            "in them). Nothing was picked; give the file that `quakeloom train picker` wrote."
        )
    picker = PhaseNetPicker(
        state, name, PhaseNetConventions(COMPONENTS, _PHASES, SAMPLING_RATE_HZ, SAMPLES)
    )
    picker.errors = OWN_NETWORK
    return picker


def train_phase_network(
    records: TrainingRecords,
    validation: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    training: PickerTraining,
    seed: int,
    *,
    start: Mapping[str, NDArray[np.float32]] | None = None,
    progress: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, NDArray[np.float32]]:
    """Train PhaseNet's layers on records with known arrivals.

    Parameters
    ----------
    records : TrainingRecords
    validation : (windows, labels), optional
        From :func:`cut_training_windows` on records of other events.
    training : PickerTraining
    seed : int
    start : dict of ndarray, optional
        State to go on from; its statistics of batch normalization stay as they are, since few
        records would spoil them.
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
    if start is not None:
        weights = {name: torch.from_numpy(np.array(value)) for name, value in start.items()}
        # not strict: counts of batches are in no file
        network.load_state_dict(weights, strict=False)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=_WEIGHT_DECAY
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, training.learning_rate, total_steps=training.steps, pct_start=0.03
    )
    every = max(training.steps // 12, 1)
    total = 0.0
    short = replace(training, samples=SHORT_SAMPLES)
    for step in range(training.steps):
        rows = rng.integers(len(records.data), size=training.batch)
        now = short if step < training.short_share * training.steps else training
        windows, labels = cut_training_windows(records, rows, rng, now)
        network.train(start is None)
        out = network(torch.from_numpy(normalize_windows(windows)))
        loss = -(torch.from_numpy(labels) * torch.log_softmax(out, 1)).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        scheduler.step()
        total += loss.item()
        if (step + 1) % every == 0:
            values: dict[str, float] = {"step": step + 1, "loss": total / every}
            if validation is not None:
                values["validation_loss"] = _validate(torch, network, *validation)
            progress(values)
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
        for first in range(0, len(windows), _VALIDATION_BATCH):
            part = slice(first, first + _VALIDATION_BATCH)
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
            self.inc = nn.Conv1d(3, _FILTERS, KERNEL, padding="same")
            self.in_bn = norm(_FILTERS)
            self.down_branch, self.up_branch = nn.ModuleList(), nn.ModuleList()
            last = _FILTERS
            for i in range(DEPTH):
                filters = 2**i * _FILTERS
                layers = [
                    nn.Conv1d(last, filters, KERNEL, padding="same", bias=False),
                    norm(filters),
                ]
                if i < DEPTH - 1:
                    layers += [
                        nn.Conv1d(filters, filters, KERNEL, STRIDE, bias=False),
                        norm(filters),
                    ]
                self.down_branch.append(nn.ModuleList(layers))
                last = filters
            for i in range(DEPTH - 1):
                filters = 2 ** (DEPTH - 2 - i) * _FILTERS
                layers = [
                    nn.ConvTranspose1d(last, filters, KERNEL, STRIDE, bias=False),
                    norm(filters),
                    nn.Conv1d(2 * filters, filters, KERNEL, padding="same", bias=False),
                    norm(filters),
                ]
                self.up_branch.append(nn.ModuleList(layers))
                last = filters
            self.out = nn.Conv1d(last, 3, 1)

        def forward(self, x: Any) -> Any:
            # convolutions of two dimensions with one row: oneDNN is a fifth faster with them
            def conv(x: Any, layer: Any, stride: int = 1) -> Any:
                half = KERNEL // 2 if stride == 1 else 0
                return torch.nn.functional.conv2d(
                    x, layer.weight.unsqueeze(2), layer.bias, (1, stride), (0, half)
                )

            def norm(x: Any, layer: Any) -> Any:
                return torch.nn.functional.batch_norm(
                    x, layer.running_mean, layer.running_var, layer.weight, layer.bias,
                    self.training, layer.momentum, layer.eps,
                )  # fmt: skip

            relu, pad = torch.relu, nn.functional.pad
            x = relu(norm(conv(x.unsqueeze(2), self.inc), self.in_bn))
            skips = []
            for i, layers in enumerate(self.down_branch):
                x = relu(norm(conv(x, layers[0]), layers[1]))
                if i < DEPTH - 1:
                    skips.append(x)
                    wide = pad(x, same_padding(x.shape[3]))
                    x = relu(norm(conv(wide, layers[2], STRIDE), layers[3]))
            for layers, skip in zip(self.up_branch, reversed(skips), strict=True):
                wide = nn.functional.conv_transpose2d(
                    x, layers[0].weight.unsqueeze(2), stride=(1, STRIDE)
                )
                x = relu(norm(wide, layers[1]))[..., 1:-2]
                offset = (x.shape[3] - skip.shape[3]) // 2
                x = torch.cat([skip, x[..., offset : offset + skip.shape[3]]], dim=1)
                x = relu(norm(conv(x, layers[2]), layers[3]))
            return nn.functional.conv2d(x, self.out.weight.unsqueeze(2), self.out.bias)[:, :, 0]

    return Network()
