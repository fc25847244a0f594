"""Fine-tuning of our picking network on recorded seismograms, with cross-validation.

Stations are divided into folds; the network goes on from given weights on all but one fold and
picks that fold, which it has not seen. The scores are of these picks. The weights that are
written were tuned on everything, and are for records like these: they are not the ones that come
with quakeloom.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.formats import read_network_weights, write_network_weights
from quakeloom.picking import (
    PHASES,
    SAMPLES,
    SAMPLING_RATE_HZ,
    PickerTraining,
    PickOptions,
    TrainingRecords,
    build_own_picker,
    find_phases,
    score_picks,
    train_phase_network,
)
from quakeloom.schema import phase_class, time_values
from quakeloom.stages.archive.record_sets import ArchiveReader, index_files, list_files, record_sets
from quakeloom.stages.training.simulated import use_one_thread
from quakeloom.stages.training.wanted import require_training
from quakeloom.stages.weights.pickers import OWN_PICKER, own_weights
from quakeloom.store import atomic_file, digest_input, open_folder, write_json_if_changed

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_BEFORE, _LENGTH = 3000, 9000
"""Samples of a record before the first arrival, and in all: 30 of 90 s."""

_LEAD = 1000
"""The window that is picked begins 10 s before P, as in the published tables of these records."""

_TOLERANCE_S = {"P": 0.1, "S": 0.2}
"""Seconds within which a pick is that of the analyst, as in the published tables."""


@dataclass(frozen=True)
class LabeledRecords:
    """Records around the P (else S) of an analyst: 30 s before to 60 s after it."""

    records: TrainingRecords
    stations: list[str]


def read_labeled_records(waveforms: Path, picks: pa.Table) -> LabeledRecords:
    """Read the records of an analyst's picks, at 100 Hz, components Z, N, E.

    Parameters
    ----------
    waveforms : Path
        A file, a folder, a tree.
    picks : pyarrow.Table
        Registered table ``picks`` with P and S.

    Raises
    ------
    InputError
        If fewer than eight records have a pick.
    """
    times = time_values(picks.column("time")).astype("datetime64[ns]").astype(np.int64)
    phases = [phase_class(p) for p in picks.column("phase").to_pylist()]
    by_station: dict[str, list[tuple[int, str]]] = {}
    for station, time_of, phase in zip(
        picks.column("station").to_pylist(), times, phases, strict=True
    ):
        by_station.setdefault(station, []).append((int(time_of), phase))
    rows, _ = index_files(list_files(waveforms))
    reader = ArchiveReader()
    data, arrivals, stations = [], [], []
    for wanted in record_sets(rows):
        station = wanted.instrument.station
        records, _ = reader.read(wanted, "ZNE", SAMPLING_RATE_HZ)
        for record in records:
            end = record.time_of(record.data.shape[1])
            here = [x for x in by_station.get(station, []) if record.start <= x[0] < end]
            if not here:
                continue
            first = {phase: min((t for t, p in here if p == phase), default=0) for phase in PHASES}
            anchor = first["P"] or first["S"]
            begin = round((anchor - record.start) * SAMPLING_RATE_HZ / _NANO) - _BEFORE
            data.append(_window(record.data, begin))
            arrivals.append(
                [
                    (first[phase] - record.start) * SAMPLING_RATE_HZ / _NANO - begin
                    if first[phase]
                    else np.nan
                    for phase in PHASES
                ]
            )
            stations.append(station)
    if len(data) < 8:
        raise InputError(
            f"{len(data)} records in '{waveforms}' have an analyst's pick, and 8 are the least "
            "that folds can be made of. Nothing was trained; give waveforms and picks that "
            "belong together."
        )
    p, s = np.array(arrivals).T
    return LabeledRecords(TrainingRecords(np.stack(data), p, s), stations)


def fine_tune_picker(
    settings: Settings,
    waveforms: Path,
    picks: pa.Table,
    out: Path,
    progress: Callable[[str], None],
    start: Path | None = None,
) -> dict[str, Any]:
    """Tune the picking network on an analyst's picks; write weights and card.

    Parameters
    ----------
    settings : Settings
        With ``training.fine_tuning``.
    waveforms : Path
    picks : pyarrow.Table
    out : Path
        Folder; ``picker-tuned.npz`` and ``picker-tuned.json`` are written.
    progress : callable
    start : Path, optional
        Weights to go on from; ours without it.

    Returns
    -------
    dict
        The card: scores of the weights before, and of every record by weights that were tuned on
        the other stations.
    """
    asked = settings.training
    wanted = require_training(asked.fine_tuning if asked else None, "fine_tuning")
    use_one_thread()
    folder = open_folder(out)
    file = start or own_weights(OWN_PICKER)
    state = read_network_weights(file)
    began = time.perf_counter()
    progress("reading records")
    labeled = read_labeled_records(waveforms, picks)
    training = PickerTraining(
        steps=wanted.steps,
        batch=wanted.batch,
        learning_rate=wanted.learning_rate,
        label_s=wanted.label_s,
        # the records are as they are: nothing but noise, a second event and lost horizontals
        bursts=0.05,
    )
    before = _find(state, labeled.records)
    after: list[list[NDArray[np.float64]]] = [[np.zeros(0)] * 2 for _ in labeled.stations]
    for number, rows in enumerate(_folds(labeled.stations, wanted.folds, settings.seed)):
        progress(f"fold {number + 1} of {wanted.folds}: {len(rows)} records left out")
        others = np.setdiff1d(np.arange(len(labeled.stations)), rows)
        tuned = _tune(state, _take(labeled.records, others), training, settings.seed + number)
        for row, found in zip(rows, _find(tuned, _take(labeled.records, rows)), strict=True):
            after[int(row)] = found
    progress("all records")
    final = _tune(state, labeled.records, training, settings.seed)
    written = folder / "picker-tuned.npz"
    with atomic_file(written) as temporary:
        write_network_weights(temporary, final)
    card = {
        "network": "picker",
        "start": f"{file.name}:{digest_input(file)}",
        "data": f"{len(labeled.stations)} recorded seismograms of "
        f"{len(set(labeled.stations))} stations",
        "settings": wanted.model_dump(),
        "seed": settings.seed,
        "before": _score(before, labeled.records),
        "cross_validation": _score(after, labeled.records),
        "seconds": round(time.perf_counter() - began),
        "machine": f"{platform.machine()}, one thread",
        "sha256": written.digest(),
    }
    write_json_if_changed(folder / "picker-tuned.json", card)
    return card


def _window(data: NDArray[np.float32], begin: int) -> NDArray[np.float32]:
    """Samples from ``begin`` on, zero where there are none, over the largest."""
    window = np.zeros((3, _LENGTH), np.float32)
    a, b = max(begin, 0), min(begin + _LENGTH, data.shape[1])
    part = data[:, a:b] - data[:, a:b].mean(axis=1, keepdims=True)
    window[:, a - begin : b - begin] = 1000.0 * part / max(float(np.abs(part).max()), 1e-30)
    return window


def _folds(stations: list[str], folds: int, seed: int) -> list[NDArray[np.int64]]:
    """Rows by fold; a station is in one fold."""
    names = np.array(sorted(set(stations)))
    order = np.random.default_rng(seed).permutation(len(names))
    own = np.array(stations)
    return [np.flatnonzero(np.isin(own, names[part])) for part in np.array_split(order, folds)]


def _take(records: TrainingRecords, rows: NDArray[np.int64]) -> TrainingRecords:
    return TrainingRecords(records.data[rows], records.p_sample[rows], records.s_sample[rows])


def _tune(
    state: dict[str, NDArray[np.float32]],
    records: TrainingRecords,
    training: PickerTraining,
    seed: int,
) -> dict[str, NDArray[np.float32]]:
    return train_phase_network(records, None, training, seed, start=state)


def _find(
    state: dict[str, NDArray[np.float32]], records: TrainingRecords
) -> list[list[NDArray[np.float64]]]:
    """Picks (samples of the record) of P and S, record by record."""
    picker = build_own_picker(state, "tuned")
    first = _BEFORE - _LEAD
    found = picker.probabilities(records.data[:, :, first : first + SAMPLES].astype(np.float32))
    edge = 50
    return [
        [
            times[(times >= edge) & (times < SAMPLES - edge)] + first
            for times, *_ in find_phases(traces, SAMPLING_RATE_HZ, PickOptions())
        ]
        for traces in found
    ]


def _score(
    found: list[list[NDArray[np.float64]]], records: TrainingRecords
) -> dict[str, dict[str, float]]:
    scores = {}
    step = round(_NANO / SAMPLING_RATE_HZ)
    for k, phase in enumerate(PHASES):
        truth = (records.p_sample, records.s_sample)[k]
        known = np.flatnonzero(np.isfinite(truth))
        keys = [row for row in range(len(found)) for _ in found[row][k]]
        times = np.array([t * step for row in found for t in row[k]], np.int64)
        # an S later than the window counts as missed, as in the published tables
        score = score_picks(
            keys, times, known.tolist(), np.rint(truth[known] * step).astype(np.int64),
            _TOLERANCE_S[phase],
        )  # fmt: skip
        scores[phase] = {n: v for n, v in vars(score).items() if n != "residuals_s"}
    return scores
