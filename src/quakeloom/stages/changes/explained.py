"""Changes of a run in words: in all, by stage, and of one partition back to its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quakeloom.stages.changes.causes import Cause
from quakeloom.stages.changes.row_changes import merge_changes
from quakeloom.stages.changes.run_changes import RunChanges, Work

_SHOWN_ROWS = 3
"""Rows of a table that are told in the list of changes; `--explain` has more."""


@dataclass(frozen=True)
class WorkRow:
    """Partitions of a stage that must run for the same reasons.

    Attributes
    ----------
    stage : str
    names : list of str
        Partitions, or a step.
    planned : int
        Partitions of the stage; 1 for steps.
    causes : tuple of Cause
    seconds : float or None
        Expected for all; None where it was not measured.
    """

    stage: str
    names: list[str]
    planned: int
    causes: tuple[Cause, ...]
    seconds: float | None


def changed_sentences(changes: RunChanges) -> Iterator[str]:
    """Yield what changed since the run was finished: rows with values, settings, modules."""
    if changes.is_first:
        yield "no finished state is known, so everything runs that is not done"
        return
    tables = merge_changes([t for found in changes.rows.values() for t in found])
    for table in tables:
        yield f"input: {table.sentence()}"
        for row in table.rows[:_SHOWN_ROWS]:
            yield f"  {row.sentence()}"
        if len(table.rows) > _SHOWN_ROWS:
            yield "  ..."
    said: dict[str, None] = {}
    for work in changes.work:
        for part in (*work.partitions, *work.steps):
            said |= dict.fromkeys(c.sentence() for c in part.causes if not c.tables)
    yield from said


def grouped_work(changes: RunChanges) -> Iterator[WorkRow]:
    """Yield what must run, with partitions of the same reasons together."""
    for work in changes.work:
        if work.waits_for:
            cause = Cause("input", f"what {work.waits_for} finds")
            yield WorkRow(work.stage, [f"known after {work.waits_for}"], 1, (cause,), None)
            continue
        groups: dict[tuple[Cause, ...], list[Work]] = {}
        for part in work.partitions:
            groups.setdefault(part.causes, []).append(part)
        for causes, parts in groups.items():
            times = [p.seconds for p in parts if p.seconds is not None]
            yield WorkRow(
                work.stage,
                [p.name for p in parts],
                work.planned,
                causes,
                sum(times) if len(times) == len(parts) else None,
            )
        for step in work.steps:
            yield WorkRow(work.stage, [step.name], 1, step.causes, step.seconds)


def explain_partition(
    changes: RunChanges, stage: str, partition: str, depth: int = 0
) -> Iterator[tuple[int, str]]:
    """Yield lines, with their depth, that trace a partition's work back to rows and keys.

    Parameters
    ----------
    changes : RunChanges
    stage, partition : str
    depth : int
        Of the first line.
    """
    works = {w.name: w for s in changes.work if s.stage == stage for w in s.partitions}
    if partition not in works:
        yield depth, "is done: nothing that decides its result has changed"
        return
    direct = changes.direct_causes(stage, partition)
    if not direct:
        for cause in works[partition].causes:
            yield depth, cause.sentence()
    for key, causes in direct:
        if key in changes.stages:
            yield depth, f"reads stage {key}, whose plan has changed"
            read = changes.new_plans.get(key, {}).get("each", {})
            if partition in read:
                yield from explain_partition(changes, key, partition, depth + 1)
                continue
        for cause in causes:
            yield depth + (key in changes.stages), cause.sentence()
            for table in cause.tables:
                for row in table.rows:
                    yield depth + 1 + (key in changes.stages), f"{table.table}: {row.sentence()}"


def describe_changes(changes: RunChanges) -> dict[str, Any]:
    """Return what changed and what must run as plain values for JSON."""
    return {
        "changed": [s.strip() for s in changed_sentences(changes)],
        "work": [
            {
                "stage": row.stage,
                "partitions": row.names,
                "of": row.planned,
                "reasons": [c.as_dict() for c in row.causes],
                "expected_seconds": row.seconds,
            }
            for row in grouped_work(changes)
        ],
    }
