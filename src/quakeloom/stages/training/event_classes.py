"""Training of the networks that tell classes of events apart, on simulated networks alone."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.classification import (
    CLASSES,
    FEATURES,
    ClassExamples,
    ClassModel,
    ClassTraining,
    build_class_model,
    class_probabilities,
    event_inputs,
    measure_class_reliability,
    pack_class_model,
    train_class_model,
)
from quakeloom.config import ClassNetworkTraining, Settings
from quakeloom.formats import read_network_weights, write_network_weights
from quakeloom.stages.training.class_examples import (
    describe_examples,
    join_examples,
    label_session,
)
from quakeloom.stages.training.class_sessions import make_session, session_settings
from quakeloom.stages.training.simulated import use_one_thread
from quakeloom.stages.training.wanted import require_training
from quakeloom.store import (
    Item,
    atomic_file,
    local_copy,
    open_folder,
    write_json_if_changed,
)

Progress = Callable[[str], None]

QUIET_SEED = 100_000
"""Seeds of quiet sessions lie so far from those of rich ones."""

TEST_SEED = 1_000_000
"""Seeds of test sessions lie so far from those that are trained on."""


def train_classes(
    settings: Settings, out: Path, progress: Progress, keep: Path | None = None
) -> dict[str, Any]:
    """Simulate, find events, train, test; write ``classes.npz`` and its card.

    Parameters
    ----------
    settings : Settings
        With ``training.classes``.
    out : Path
    progress : callable
    keep : Path, optional
        Folder in which simulated sessions are kept for the next time (30 MB each); without it
        each lies in ``out`` while it is read.

    Returns
    -------
    dict
        The card.
    """
    asked = settings.training
    wanted = require_training(asked.classes if asked else None, "classes")
    use_one_thread()
    folder = open_folder(out)
    started = time.perf_counter()
    sessions = Sessions(open_folder(keep) if keep else folder / "sessions", keep is not None)
    examples = simulate_examples(settings, wanted, sessions, progress)
    counts = np.bincount(examples.label, minlength=len(CLASSES))
    progress(f"{examples.label.size} events, {len(examples.features)} records")
    training = ClassTraining(wanted.hidden, wanted.event_hidden, wanted.epochs)
    model, logs = train_class_model(examples, training, settings.seed, progress)
    weights = folder / "classes.npz"
    with atomic_file(weights) as temporary:
        write_network_weights(temporary, pack_class_model(model))
    progress("testing on other networks")
    card = {
        "network": "classes",
        "architecture": f"{len(FEATURES)} features of a record, {wanted.hidden} and "
        f"{wanted.event_hidden} hidden units, for records and for events",
        "parameters": int(sum(w.size + b.size for w, b in (*model.station, *model.event))),
        "temperature": model.temperature,
        "data": "simulated networks only; quakeloom.stages.training.class_sessions",
        "settings": wanted.model_dump(),
        "seed": settings.seed,
        "events": dict(zip(CLASSES, counts.tolist(), strict=True)),
        "cross_validation": score_classes(np.exp(logs), examples.label),
        "test": score_other_networks(settings, wanted, weights, sessions, progress),
        "seconds": round(time.perf_counter() - started),
        "machine": f"{platform.machine()}, one thread",
        "sha256": weights.digest(),
    }
    write_json_if_changed(folder / "classes.json", card)
    return card


@dataclass(frozen=True)
class Sessions:
    """Where simulated sessions lie, and whether they stay there."""

    folder: Item
    stay: bool

    def leave(self, place: Item) -> None:
        """Remove a session that was read, if it does not stay."""
        if not self.stay:
            place.remove()


def simulate_examples(
    settings: Settings, wanted: ClassNetworkTraining, sessions: Sessions, progress: Progress
) -> ClassExamples:
    """Return the examples of all sessions that are learned from, whole and cut short."""
    made: list[ClassExamples] = []
    for kind, count, seed in (
        ("rich", wanted.sessions, settings.seed),
        ("quiet", wanted.quiet_sessions, settings.seed + QUIET_SEED),
    ):
        for number in range(count):
            own = session_settings(number, seed, wanted.hours, kind)
            place = sessions.folder / f"learned-{kind}-{number:03d}"
            session = make_session(own, place, True, progress)
            for labelled in label_session(session):
                for cut in (False, True):
                    example = describe_examples(session, labelled, number, cut)
                    made.append(replace(example, session=example.session + seed))
            sessions.leave(place)
    return join_examples(made)


def score_other_networks(
    settings: Settings,
    wanted: ClassNetworkTraining,
    weights: Item,
    sessions: Sessions,
    progress: Progress,
) -> dict[str, Any]:
    """Score weights on sessions of other seeds: events found, and all kinds together."""
    with local_copy(weights) as file:
        model = build_class_model(read_network_weights(file), weights.name)
    kinds: dict[str, list[ClassExamples]] = {"found": [], "all": []}
    for number in range(wanted.test_sessions):
        own = session_settings(number, settings.seed + TEST_SEED, wanted.hours)
        place = sessions.folder / f"test-{number:03d}"
        session = make_session(own, place, False, progress)
        for labelled in label_session(session):
            example = describe_examples(session, labelled, number, False)
            kinds["all"].append(example)
            if labelled.kind == "found":
                kinds["found"].append(example)
        sessions.leave(place)
    found: dict[str, Any] = {}
    for kind, examples in kinds.items():
        joined = join_examples(examples)
        shares = wanted.shares if kind == "found" else dict.fromkeys(CLASSES, 1.0)
        probability = class_probabilities(event_log_likelihoods(model, joined), shares)
        found[kind] = score_classes(probability, joined.label)
    return found


def event_log_likelihoods(model: ClassModel, examples: ClassExamples) -> NDArray[np.float64]:
    """Return the logarithms of likelihoods of the events of examples."""
    return model.event_logs(event_inputs(model.station_logs(examples.features), examples.stations))


def score_classes(probability: NDArray[np.float64], label: NDArray[np.int64]) -> dict[str, Any]:
    """Return recalls with standard errors, the confusion, and the reliability."""
    chosen = probability.argmax(axis=1)
    table = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    np.add.at(table, (label, chosen), 1)
    recall = {}
    for k, name in enumerate(CLASSES):
        n = int(table[k].sum())
        share = table[k, k] / n if n else float("nan")
        error = (share * (1.0 - share) / n) ** 0.5 if n else float("nan")
        recall[name] = [round(float(share), 4), round(float(error), 4), n] if n else None
    reliability = measure_class_reliability(probability, label)
    return {
        "events": int(label.size),
        "accuracy": round(float((chosen == label).mean()), 4),
        "recall": recall,
        "confusion": table.tolist(),
        "expected_calibration_error": round(reliability.expected_error, 5),
        "brier": round(reliability.brier, 5),
        "reliability": {
            n: [None if not np.isfinite(v) else round(float(v), 4) for v in getattr(reliability, n)]
            for n in ("count", "stated", "actual", "error")
        },
    }
