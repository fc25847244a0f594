"""Stage ``threshold``: the minimum probability of first motions, by the mechanisms it gives.

A fixed sample of events is solved with every minimum probability, and once more with the
probabilities themselves. A low threshold gives many readings and many errors, a high one few
readings; the best is where most events get a good mechanism (Uchide 2020).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import find_workers, open_executor
from quakeloom.config import Settings, case_run
from quakeloom.core import rotation_angle, string_keys
from quakeloom.mechanism import (
    PROBABILITIES,
    THRESHOLD,
    ThresholdPoint,
    ThresholdTrials,
    choose_threshold,
    find_mechanisms,
    mechanism_grid,
    summarize_trials,
)
from quakeloom.schema import QUALITIES, STATUSES, make_table
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import (
    open_part,
    planned_partitions,
    read_parts,
    refuse_incomplete,
    require_partition,
)
from quakeloom.stages.frame.planned_rows import read_planned_rows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.mechanism.blocks import (
    BlockTask,
    block_tasks,
    mechanism_options,
    read_shared,
)
from quakeloom.stages.mechanism.promised_memory import BASE_MB, promise_memory, task_memory_mb
from quakeloom.stages.mechanism.threshold_choice import CHOICE, with_threshold
from quakeloom.stages.readings.observations import prepare_block
from quakeloom.stages.threshold import THRESHOLD as THRESHOLD_STAGE
from quakeloom.store import RunLayout, read_json, read_table, write_json_if_changed, write_table

log = logging.getLogger(__name__)

_ANGLES = ("strike_deg", "dip_deg", "rake_deg")
"""Columns of a mechanism's angles."""

_PLANES = ("fault_plane_uncertainty_deg", "auxiliary_plane_uncertainty_deg")
"""Columns of the uncertainties of both planes, of which the mean square is taken."""

_POINT_COLUMNS = (
    "minimum_probability", "expected_error_rate", "event_count", "reading_count", "solved_count",
    "worth", "common_count", "mechanism_rms_deg", "rotation_from_truth_deg",
    "rotation_within_30_share",
)  # fmt: skip
"""Columns of the curve that its points have under the same name."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the share of events that is sampled, and the station reports of screening."""
    wanted = run.settings.threshold
    assert wanted is not None
    name = run.settings.name.split("/")[0]
    screening = [
        f"{case_run(name, case)}/parts/stations/{ONE}.json"
        for case in run.settings.selection.screening
    ]
    share = min(1.0, wanted.sample_events / max(run.events, 1))
    return StageInputs(common={"share": share}, files={"part": screening})


def promise(run: PlannedRun) -> Promise:
    """Return what solving the sampled events of each partition needs."""
    return Promise(
        {r.partition: promise_memory(run.settings, r) for r in run.rows},
        60,
        promise_threads(run.settings),
        finalise_mb=1500,
    )


def init(settings: Settings, layout: RunLayout) -> None:
    """Open the stage: find what share of the readings above each threshold must be wrong.

    Probabilities are calibrated: of readings of 0.9 one in ten is wrong. The share is that of
    all readings of the run, so that it does not depend on how the run is divided.
    """
    assert settings.threshold is not None
    wanted = settings.threshold
    least = np.array(wanted.probabilities)
    wrong, count = np.zeros(least.size), np.zeros(least.size)
    for partition in planned_partitions(layout, THRESHOLD_STAGE.name):
        sure = _confidence(settings, layout, partition)
        for k, t in enumerate(least):
            wrong[k] += np.sum(1.0 - sure[sure >= t])
            count[k] += np.sum(sure >= t)
    rates = [
        min(max(round(float(w / n), 4), wanted.least_error_rate), 0.45)
        if n and wanted.error_rates
        else settings.mechanism.polarity_error_rate
        for w, n in zip(wrong, count, strict=True)
    ]
    open_marker(
        layout,
        THRESHOLD_STAGE.name,
        {"probabilities": wanted.probabilities, "error_rates": rates, "readings": count.tolist()},
    )


def _confidence(settings: Settings, layout: RunLayout, partition: str) -> NDArray[np.float64]:
    """Return how sure the readings of a partition are of their sign, those that say."""
    read = layout.rows(partition) / "polarities.parquet"
    if settings.cuts_windows:
        read = layout.part("polarity", partition) / "polarities.parquet"
    up = read_table(read, "polarities", ["probability_up"]).column("probability_up").to_numpy()
    sure = np.maximum(up, 1.0 - up)
    return np.asarray(sure[np.isfinite(sure)])


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Solve the sampled events of a partition with every threshold."""
    assert settings.threshold is not None
    planned = read_json(require_partition(layout, THRESHOLD_STAGE.name, partition))
    rows = read_planned_rows(layout, partition)
    blocks = math.ceil(rows.events / settings.cluster.block_events)
    workers = find_workers(settings.cluster, blocks, BASE_MB, task_memory_mb(settings, rows))
    with (
        open_part(layout, THRESHOLD_STAGE.name, partition) as job,
        open_executor(settings.cluster, workers) as executor,
    ):
        tasks = _trial_tasks(settings, layout, partition, float(planned["share"]))
        pieces = list(executor.map(try_thresholds, tasks))
        table = pa.concat_tables(pieces) if pieces else make_table("threshold_trials", {}, rows=0)
        write_table(
            job.folder / "threshold_trials.parquet",
            "threshold_trials",
            table,
            {"partition": partition},
        )
        events = len(set(table.column("event_id").to_pylist()))
        job.counts = {"events": events, "trials": table.num_rows}
        job.said = {"workers": workers}
    return job.summary


@dataclass(frozen=True)
class TrialTask:
    """Sampled events of a block that a worker solves in every way; truth is theirs, if known."""

    block: BlockTask
    rates: list[float]
    truth: pa.Table


def _trial_tasks(
    settings: Settings, layout: RunLayout, partition: str, share: float
) -> Iterator[TrialTask]:
    """Yield blocks with a sampled event in them."""
    rates = read_json(layout.done_step(THRESHOLD_STAGE.name, "init"))["error_rates"]
    truth = read_table(layout.rows(partition) / "truth.parquet", "truth")
    for task in block_tasks(settings, layout, partition, None):
        sampled = _sample(task, settings.seed, share)
        if sampled is not None:
            ids = sampled.events.column("event_id").combine_chunks()
            known = truth.filter(pc.is_in(truth.column("event_id"), ids))
            yield TrialTask(sampled, rates, known)


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Sum the trials to the curve ``threshold_curve`` and choose its best point."""
    assert settings.threshold is not None
    name = THRESHOLD_STAGE.name
    names = refuse_incomplete(layout, name)
    trials = pa.concat_tables(list(read_parts(layout, name, names, "threshold_trials")))
    curve = summarize_trials(_read_trials(trials), settings.threshold.quality_weights)
    provenance = read_kept_provenance(layout, THRESHOLD_STAGE.name)
    write_table(layout.table("threshold_curve"), "threshold_curve", _curve_table(curve), provenance)
    chosen = _choice(choose_threshold(curve), settings)
    write_json_if_changed(layout.root / CHOICE, chosen)
    gather_parts(THRESHOLD_STAGE, layout, chosen)
    log.info("threshold: %s", chosen)
    if settings.threshold.apply and settings.mechanism.weighs_probabilities:
        log.warning(
            "The threshold is shown, not applied: the mechanisms weigh readings by their "
            "probabilities. Set mechanism.use_probabilities to false to count those above it."
        )
    return chosen


def _choice(best: ThresholdPoint | None, settings: Settings) -> dict[str, Any]:
    """What is chosen; without a threshold that was tried, what the settings say."""
    if best is None:
        return {
            "minimum_probability": settings.selection.minimum_probability,
            "expected_error_rate": settings.mechanism.polarity_error_rate,
            "worth": 0.0,
            "events": 0,
        }
    return {
        "minimum_probability": best.minimum_probability,
        "expected_error_rate": best.expected_error_rate,
        "worth": best.worth,
        "events": best.event_count,
    }


def _read_trials(trials: pa.Table) -> ThresholdTrials:
    def texts(name: str) -> NDArray[np.object_]:
        return np.array(trials.column(name).to_pylist(), dtype=object)

    return ThresholdTrials(
        event_id=texts("event_id"),
        method=texts("threshold_method"),
        quality=texts("quality"),
        minimum_probability=trials.column("minimum_probability").to_numpy(),
        expected_error_rate=trials.column("expected_error_rate").to_numpy(),
        solved=texts("status") == "solved",
        polarity_count=trials.column("polarity_count").to_numpy(),
        mechanism_rms_deg=trials.column("mechanism_rms_deg").to_numpy(),
        rotation_from_truth_deg=trials.column("rotation_from_truth_deg").to_numpy(),
    )


def _curve_table(curve: Sequence[ThresholdPoint]) -> pa.Table:
    columns: dict[str, list[Any]] = {
        name: [getattr(point, name) for point in curve] for name in _POINT_COLUMNS
    }
    columns["threshold_method"] = [point.method for point in curve]
    for q in QUALITIES:
        columns[f"quality_{q.lower()}_count"] = [point.quality_counts[q] for point in curve]
    return make_table("threshold_curve", columns, rows=len(curve))


def _sample(task: BlockTask, seed: int, share: float) -> BlockTask | None:
    """Return a task with those of its events that the keyed draw takes, or None."""
    ids = task.events.column("event_id").combine_chunks()
    keys = string_keys([f"threshold {i}" for i in ids.to_pylist()], seed)
    taken = np.flatnonzero(keys.astype(np.float64) < share * 2.0**64)
    if not taken.size:
        return None
    kept = ids.take(pa.array(taken))
    rows = {
        name: table.filter(pc.is_in(table.column("event_id"), kept))
        for name, table in (("polarities", task.polarities), ("amplitudes", task.amplitudes))
    }
    draws = task.draws
    if draws is not None:
        draws = type(draws)(*(v[taken] for v in vars(draws).values()))
    return replace(task, events=task.events.take(pa.array(taken)), draws=draws, **rows)


def try_thresholds(trials: TrialTask) -> pa.Table:
    """Solve the events of a block in every way; runs on a worker."""
    task, truth = trials.block, trials.truth
    wanted = task.settings.threshold
    assert wanted is not None
    tables = [
        _solve(task, truth, THRESHOLD, least, rate)
        for least, rate in zip(wanted.probabilities, trials.rates, strict=True)
    ]
    rate = task.settings.mechanism.polarity_error_rate
    if task.settings.mechanism.average != "hash":
        # HASH's average knows no weights
        tables.append(_solve(task, truth, PROBABILITIES, 0.5, rate))
    return pa.concat_tables(tables)


def _solve(
    task: BlockTask, truth: pa.Table, method: str, least: float, error_rate: float
) -> pa.Table:
    settings = with_threshold(task.settings, least, error_rate, method == PROBABILITIES)
    shared = read_shared(task.settings, task.layout, task.partition)
    prepared = prepare_block(
        settings, task.events, task.polarities, task.amplitudes, shared, task.draws
    )
    found = find_mechanisms(
        prepared.observations,
        mechanism_grid(settings.mechanism.grid_step_deg),
        mechanism_options(settings),
    )
    status = np.array(STATUSES, dtype=object)[found.status]
    for i, unusable in prepared.unusable.items():
        status[i] = unusable.status
    angles = np.stack([getattr(found, name) for name in _ANGLES], axis=-1)
    planes = np.stack([getattr(found, name) for name in _PLANES])
    n = task.events.num_rows
    return make_table(
        "threshold_trials",
        {
            "event_id": task.events.column("event_id"),
            "threshold_method": [method] * n,
            "minimum_probability": np.full(n, least),
            "expected_error_rate": np.full(n, error_rate),
            "status": status.tolist(),
            "quality": found.quality,
            "polarity_count": found.polarity_count,
            "mechanism_rms_deg": np.sqrt(np.mean(planes**2, axis=0)),
            "rotation_from_truth_deg": _rotation(task.events, angles, truth),
        },
    )


def _rotation(
    events: pa.Table, angles: NDArray[np.float64], truth: pa.Table
) -> NDArray[np.float64]:
    """Rotation between each mechanism and the true one, NaN where that is not known."""
    rotation = np.full(events.num_rows, np.nan)
    if not truth.num_rows:
        return rotation
    row = pc.index_in(
        events.column("event_id"), truth.column("event_id").combine_chunks()
    ).to_numpy(zero_copy_only=False)
    known = np.isfinite(row.astype(float)) & np.isfinite(angles).all(axis=1)
    true = np.stack([truth.column(c).to_numpy() for c in _ANGLES], axis=-1)
    rotation[known] = rotation_angle(angles[known], true[row[known].astype(int)])
    return rotation
