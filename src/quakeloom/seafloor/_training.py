"""Training of the small networks on simulated ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, random_stream
from quakeloom.seafloor._features import STEP, describe_grid
from quakeloom.seafloor._networks import build_network, import_torch, pack_network
from quakeloom.seafloor._resampling import coarsen

Floats = NDArray[np.float64]

_HOLES = 0.3
"""Share of the grids that are seen with holes in training; chosen here."""

_SLOPE_WEIGHT = 0.1
"""Weight of errors of slope beside those of depth in the loss (block J of the methods)."""

_LARGEST_GRADIENT = 1.0
"""Norm to which gradients are cut; chosen here."""


@dataclass(frozen=True)
class SeafloorTraining:
    """How a network is trained.

    Attributes
    ----------
    steps, batch : int
        Steps of the optimizer and patches in each.
    patch : int
        Side of a patch in coarse cells.
    learning_rate : float
        Largest learning rate.
    """

    steps: int = 3000
    batch: int = 16
    patch: int = 32
    learning_rate: float = 2e-3


@dataclass(frozen=True)
class TrainingGrids:
    """Grids prepared for training, float32: detail, mask, size, and what the base lacks."""

    detail: list[NDArray[np.float32]]
    mask: list[NDArray[np.float32]]
    size: list[NDArray[np.float32]]
    lacking: list[NDArray[np.float32]]


def prepare_grids(
    truths: Sequence[Floats], seed: int, holes: float = _HOLES, noise: float = 0.1
) -> TrainingGrids:
    """Return true grids with what networks see of them when they are made coarser.

    Parameters
    ----------
    truths : sequence of ndarray
        Depths in m on the fine grid; without holes.
    seed : int
        Of holes and noise.
    holes : float
        Share of the grids that get holes.
    noise : float
        Largest standard deviation of noise of the coarse depths over the size of their detail;
        every third grid has some.
    """
    found = TrainingGrids([], [], [], [])
    for number, truth in enumerate(truths):
        rng = random_stream(seed, "training-grid", number)
        coarse = coarsen(truth, STEP)
        if rng.uniform() < 1 / 3:
            fine = coarse[1:-1, 1:-1] - 0.5 * (coarse[:-2, 1:-1] + coarse[2:, 1:-1])
            coarse = coarse + rng.uniform(0, noise) * fine.std() * rng.standard_normal(coarse.shape)
        if rng.uniform() < holes:
            coarse = np.where(draw_holes(coarse.shape, rng), np.nan, coarse)
        f = describe_grid(coarse)
        rows, columns = f.base.shape
        for name, values in (
            ("detail", f.detail), ("mask", f.mask), ("size", f.size),
            ("lacking", np.asarray(truth, float)[:rows, :columns] - f.base),
        ):  # fmt: skip
            getattr(found, name).append(values.astype(np.float32))
    return found


def draw_holes(
    shape: tuple[int, ...], rng: np.random.Generator, share: float = 0.1
) -> NDArray[np.bool_]:
    """Return where a map has holes: single cells, gaps between tracks, and patches."""
    rows, columns = shape
    holes = rng.uniform(size=shape) < rng.uniform(0, 0.4 * share)
    for _ in range(max(1, int(share * rows * columns / 120))):
        size = int(rng.integers(2, 7))
        r, c = int(rng.integers(rows)), int(rng.integers(columns))
        kind = rng.uniform()
        if kind < 0.3:  # along a track
            holes[max(0, r - 4 * size) : r + 4 * size, c : c + max(1, size // 3)] = True
        elif kind < 0.6:
            holes[r : r + max(1, size // 3), max(0, c - 4 * size) : c + 4 * size] = True
        else:
            y, x = np.ogrid[:rows, :columns]
            holes |= (y - r) ** 2 + (x - c) ** 2 < size**2
    return np.asarray(holes)


def train_network(
    name: str,
    grids: TrainingGrids,
    training: SeafloorTraining,
    seed: int,
    progress: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, NDArray[np.float32]]:
    """Train a small network; return its weights as plain arrays.

    The loss is Huber's of the errors of depth, and a tenth of it of slopes, both over the size of
    the detail of a patch, after the block means are made right. Patches are turned and
    mirrored in eight ways.

    Raises
    ------
    InputError
        If a grid is smaller than a patch.
    """
    torch = import_torch()
    smallest = min(min(d.shape) for d in grids.detail)
    if smallest < training.patch:
        raise InputError(
            f"A grid to train on has {smallest} coarse cells along a side, and patches have "
            f"{training.patch}. Nothing was trained; give larger grids or smaller patches."
        )
    network = build_network(name, seed)
    rng = random_stream(seed, "training", name)
    optimizer = torch.optim.AdamW(network.parameters(), lr=training.learning_rate)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, training.learning_rate, total_steps=training.steps, pct_start=0.1
    )
    every, total = max(training.steps // 10, 1), 0.0
    for step in range(training.steps):
        batch = [torch.from_numpy(a) for a in _draw_patches(grids, training, rng)]
        loss = consistent_loss(torch, network, *batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        scheduler.step()
        total += float(loss.detach())
        if (step + 1) % every == 0:
            progress({"step": step + 1, "loss": total / every})
            total = 0.0
    return pack_network(network)


def consistent_loss(
    torch: Any, network: Any, detail: Any, mask: Any, size: Any, lacking: Any
) -> Any:
    """Return the loss of a batch: of depths and slopes, over the size of each patch's detail."""
    pool = torch.nn.functional.avg_pool2d
    added = size * network(detail, mask)
    blocks = pool(added, STEP) * mask
    added = added - blocks.repeat_interleave(STEP, 2).repeat_interleave(STEP, 3)
    unit = size.square().mean((1, 2, 3), keepdim=True).sqrt()
    error = (added - lacking) / unit
    huber = torch.nn.functional.huber_loss
    zero = torch.zeros_like
    dy, dx = error[:, :, 1:] - error[:, :, :-1], error[:, :, :, 1:] - error[:, :, :, :-1]
    slopes = huber(dy, zero(dy)) + huber(dx, zero(dx))
    return huber(error, zero(error)) + _SLOPE_WEIGHT * slopes


def _draw_patches(
    grids: TrainingGrids, training: SeafloorTraining, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Cut random patches, turned and mirrored; shapes (batch, 1, side, side)."""
    out: list[list[NDArray[np.float32]]] = [[], [], [], []]
    p = training.patch
    for _ in range(training.batch):
        k = int(rng.integers(len(grids.detail)))
        r, c = (int(rng.integers(n - p + 1)) for n in grids.detail[k].shape)
        turn, mirror = int(rng.integers(4)), bool(rng.integers(2))
        for n, name in enumerate(("detail", "mask", "size", "lacking")):
            f = 1 if name in ("detail", "mask") else STEP
            piece = getattr(grids, name)[k][r * f : (r + p) * f, c * f : (c + p) * f]
            piece = np.rot90(piece[:, ::-1] if mirror else piece, turn)
            out[n].append(np.ascontiguousarray(piece)[None])
    return [np.stack(pieces) for pieces in out]
