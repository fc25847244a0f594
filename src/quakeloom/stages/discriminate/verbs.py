"""Verbs of stage ``discriminate``."""

from __future__ import annotations

from typing import Any

import numpy as np

from quakeloom.config import Discriminate, Settings
from quakeloom.core import random_stream
from quakeloom.geochem import (
    DiscriminateOptions,
    analyze_classes,
    make_features,
    replace_censored,
    simulate_settings,
)
from quakeloom.stages.discriminate import DISCRIMINATE
from quakeloom.stages.discriminate.tables import ClassRocks, discriminate_tables
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.rocks.reading import (
    complete_rows,
    label_column,
    left_out_rows,
    read_rocks,
    rock_inputs,
    select_rows,
)
from quakeloom.stages.rocks.writing import write_rock_tables
from quakeloom.store import RunLayout, read_table


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the table."""
    return rock_inputs(run, _wanted(run.settings), "discriminate")


def promise(run: PlannedRun) -> Promise:
    """Return what some thousand samples need."""
    return Promise(memory_mb=3000, minutes=240)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Search subsets of columns; write the tables."""
    wanted = _wanted(settings)
    with open_part(layout, DISCRIMINATE.name, ONE) as job:
        rocks = _simulated(settings, wanted) if wanted.simulation else _read(settings, wanted)
        search = wanted.search
        if search == "auto":
            search = "logistic" if len(rocks.class_names) == 2 else "discriminant"
        options = DiscriminateOptions(
            search,
            wanted.loss_weight,
            wanted.folds,
            wanted.nested_folds,
            wanted.balanced,
            wanted.exhaustive_columns,
            wanted.sweeps,
        )
        stream = random_stream(settings.seed, "discriminate")
        result = analyze_classes(rocks.features, rocks.classes, options, stream)
        tables = discriminate_tables(rocks, result)
        tables["discriminate_left_out"] = left_out_rows(
            "discriminate", settings, wanted, rocks.left_out
        )
        write_rock_tables(DISCRIMINATE, layout, job, tables)
        job.counts = {
            "samples": len(rocks.samples),
            "columns": len(rocks.names),
            "subsets": len(result.subsets),
            "subsets_not_converged": result.failed,
            "left_out": len(rocks.left_out),
        }
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return the scores."""
    if not layout.table("discriminate_scores").exists():
        return []
    rows = read_table(layout.table("discriminate_scores"), "discriminate_scores").to_pylist()
    return [
        (
            f"balanced accuracy, {r['score_of']}",
            f"{r['balanced_accuracy']:.3f} ± {r['balanced_accuracy_sd']:.3f} "
            f"({r['column_count']} columns)",
        )
        for r in rows
    ]


def _read(settings: Settings, wanted: Discriminate) -> ClassRocks:
    found = read_rocks(settings, wanted, ("oxide", "element", "isotopes"))
    found = complete_rows(found, wanted.most_missing)
    labels = np.array(label_column(found, wanted.class_column, "discriminate.class_column"), object)
    found = select_rows(found, labels != "", "no setting is stated")
    labels = labels[labels != ""]
    counts = {str(c): int((labels == c).sum()) for c in sorted(set(labels.tolist()))}
    few = [c for c, n in counts.items() if n < wanted.folds]
    if few:
        keep = ~np.isin(labels, few)
        found = select_rows(
            found, keep, f"its setting has fewer samples than the {wanted.folds} folds"
        )
        labels = labels[keep]
    classes = sorted(set(labels.tolist()))
    chemical = np.array([c.kind != "isotopes" for c in found.columns], bool)
    values = replace_censored(found.values, found.limits)
    x = make_features(values[:, chemical], values[:, ~chemical], wanted.transform)
    order = [*np.flatnonzero(chemical), *np.flatnonzero(~chemical)]
    return ClassRocks(
        found.samples,
        [found.names[k] for k in order],
        [str(c) for c in classes],
        np.array([classes.index(c) for c in labels], np.int64),
        x,
        found.left_out,
    )


def _simulated(settings: Settings, wanted: Discriminate) -> ClassRocks:
    assert wanted.simulation is not None
    s = wanted.simulation
    truth = simulate_settings(
        s.samples, s.classes, s.elements, s.informative,
        random_stream(settings.seed, "rocks of settings"),
    )  # fmt: skip
    none = np.empty((s.samples, 0))
    return ClassRocks(
        [f"rock {k + 1}" for k in range(s.samples)],
        truth.names,
        [f"setting {k + 1}" for k in range(s.classes)],
        truth.setting,
        make_features(truth.values, none, wanted.transform),
        [],
        truth.informative,
    )


def _wanted(settings: Settings) -> Discriminate:
    assert settings.discriminate is not None
    return settings.discriminate
