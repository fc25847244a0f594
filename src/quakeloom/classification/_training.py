"""Training of the networks that tell classes of events apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.classification._classes import CLASSES
from quakeloom.classification._model import (
    ClassModel,
    EventStations,
    Layers,
    event_inputs,
    log_softmax,
    run_layers,
    station_inputs,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BATCH = 1024
"""Records of a step of the optimizer; chosen here."""

_DEPTH_SCATTER_KM = 1.5
"""Standard deviation by which depths of training events are moved: those of other networks are
worse than of ours, km (chosen here)."""


@dataclass(frozen=True)
class ClassExamples:
    """Events with the features of their records and their true class.

    Attributes
    ----------
    features : ndarray, shape (records, features)
    stations : EventStations
    label : ndarray of int, shape (events,)
        Number of the class in :data:`CLASSES`.
    session : ndarray of int, shape (events,)
        Simulated network that an event is of: examples of one are left out together.
    """

    features: Floats
    stations: EventStations
    label: Ints
    session: Ints


@dataclass(frozen=True)
class ClassTraining:
    """How the networks are trained.

    Attributes
    ----------
    hidden, event_hidden : int
        Units between, of the networks of stations and of events.
    epochs : int
        Passes over all records.
    learning_rate, weight_decay : float
    folds : int
        Groups of sessions, each left out once, so that the network of events sees what the
        network of stations says of records that it was not trained on.
    """

    hidden: int = 48
    event_hidden: int = 12
    epochs: int = 60
    learning_rate: float = 6e-3
    weight_decay: float = 3e-4
    folds: int = 4


def train_class_model(
    examples: ClassExamples,
    training: ClassTraining,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[ClassModel, Floats]:
    """Train both networks; return them, and logits of events by networks that had not seen them.

    Returns
    -------
    model : ClassModel
    logs : ndarray, shape (events, classes)
        Logarithms of likelihoods of every event, of cross-validation.
    """
    features, stations = examples.features, examples.stations
    known = np.isfinite(features)
    center = np.nanmean(features, axis=0)
    scale = np.maximum(np.nanstd(features, axis=0), 1e-3)
    flagged = np.flatnonzero((~known).mean(axis=0) > 0.002)
    given = station_inputs(features, center, scale, flagged)
    label = examples.label[stations.event]
    random = np.random.default_rng(seed)
    sessions = np.unique(examples.session)
    fold = random.permutation(sessions.size) % training.folds
    fold_of_event = fold[np.searchsorted(sessions, examples.session)]
    fold_of_record = fold_of_event[stations.event]
    weight = _balanced(label)
    sizes = (given.shape[1], training.hidden, len(CLASSES))
    outside = np.zeros((len(given), len(CLASSES)))
    for k in range(training.folds):
        own = fold_of_record != k
        layers = _train(given[own], label[own], weight[own], sizes, training, seed + k)
        outside[~own] = log_softmax(run_layers(layers, given[~own]))
        progress(f"stations, fold {k + 1} of {training.folds}: "
                 f"{_accuracy(outside[~own], label[~own]):.3f} right")  # fmt: skip
    station = _train(given, label, weight, sizes, training, seed)
    moved = EventStations(
        stations.event, stations.has_s,
        np.abs(stations.depth_km + _DEPTH_SCATTER_KM * random.standard_normal(stations.count)),
    )  # fmt: skip
    outside = np.maximum(outside, -8.0)
    inputs = event_inputs(outside, moved)
    weight = _balanced(examples.label)
    sizes = (inputs.shape[1], training.event_hidden, len(CLASSES))
    logits = np.zeros((stations.count, len(CLASSES)))
    for k in range(training.folds):
        own = fold_of_event != k
        layers = _train(inputs[own], examples.label[own], weight[own], sizes, training, seed + k)
        logits[~own] = run_layers(layers, inputs[~own])
    temperature = choose_temperature(logits, examples.label, weight)
    event = _train(inputs, examples.label, weight, sizes, training, seed)
    logs = log_softmax(logits / temperature)
    progress(f"events: {_accuracy(logs, examples.label):.3f} right, temperature {temperature:.2f}")
    return ClassModel(center, scale, flagged, station, event, temperature), logs


def choose_temperature(logits: Floats, label: Ints, weight: Floats) -> float:
    """Return the number that logits are best divided by: the likeliest, on a grid of 1 %."""
    rows = np.arange(label.size)
    grid = np.exp(np.arange(-0.7, 1.6, 0.01))
    loss = [-(weight * log_softmax(logits / t)[rows, label]).sum() for t in grid]
    return float(grid[int(np.argmin(loss))])


def _balanced(label: Ints) -> Floats:
    """Return weights that give every class the same sum; their mean is 1."""
    count = np.bincount(label, minlength=len(CLASSES)).astype(float)
    weight = 1.0 / np.maximum(count, 1.0)[label]
    return np.asarray(weight / weight.mean())


def _accuracy(logs: Floats, label: Ints) -> float:
    """Return the mean over classes of the share that is right."""
    right = logs.argmax(axis=1) == label
    return float(np.mean([right[label == c].mean() for c in np.unique(label)]))


def _train(
    given: Floats, label: Ints, weight: Floats, sizes: tuple[int, ...],
    training: ClassTraining, seed: int,
) -> Layers:  # fmt: skip
    """Train a network with one layer between, by Adam with a rate that falls to nothing."""
    import torch  # takes a second, and only training needs it

    generator = torch.Generator().manual_seed(seed)
    parameters: list[Any] = []
    for a, b in itertools.pairwise(sizes):
        drawn = torch.randn(a, b, generator=generator, dtype=torch.float64)
        parameters.append((drawn / a**0.5).requires_grad_())
        parameters.append(torch.zeros(b, dtype=torch.float64, requires_grad=True))
    optimizer = torch.optim.AdamW(
        parameters, lr=training.learning_rate, weight_decay=training.weight_decay
    )
    x, y, w = torch.tensor(given), torch.tensor(label), torch.tensor(weight)
    steps = training.epochs * -(-len(given) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=training.learning_rate, total_steps=steps
    )
    for _ in range(training.epochs):
        order = torch.randperm(len(given), generator=generator)
        for first in range(0, len(given), _BATCH):
            rows = order[first : first + _BATCH]
            values = x[rows]
            for k in range(0, len(parameters), 2):
                values = values @ parameters[k] + parameters[k + 1]
                if k < len(parameters) - 2:
                    values = torch.tanh(values)
            loss = torch.nn.functional.cross_entropy(values, y[rows], reduction="none")
            optimizer.zero_grad()
            (loss * w[rows]).mean().backward()
            optimizer.step()
            schedule.step()
    arrays = [p.detach().numpy().copy() for p in parameters]
    return tuple(zip(arrays[0::2], arrays[1::2], strict=True))
