"""Checks of records: what is wrong with a stage is said before anything is planned.

A record that is wrong would be a stage that never runs, a table that two stages write, or a
traceback in the middle of a run. What records name, such as verbs and rule files, is looked at
by :mod:`quakeloom.stages.frame.plugin_checks`.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from itertools import combinations
from typing import Any, get_args

from pydantic import BaseModel

from quakeloom.config import Settings
from quakeloom.core import PlanError
from quakeloom.stages.frame.stage import Kind, Partitions, Reads, Stage

_KEPT_NAMES = frozenset({"all", "report", "found", "plan"})
"""Names of rules and of files of a run's plan that are no stage's own."""

_KEPT_FILES = frozenset(
    {
        *("report.html", "plan.json", "snakemake.log"),
        *("plan", "parts", "ingest", "benchmarks", "logs", "versions"),
    }
)
"""Files and folders of a run that no stage owns."""


def check_records(stages: Sequence[Stage]) -> None:
    """Refuse records that cannot be run, or that clash with one another.

    Raises
    ------
    PlanError
        With the stage, what is wrong with its record, and the remedy.
    """
    names = {s.name: s for s in stages}
    for stage in stages:
        refuse(stage, _faults_of_name(stage), "Give it another name.")
        refuse(stage, _faults_of_kind(stage), "Correct its record.")
        refuse(stage, _faults_of_reads(stage, names), "Correct `reads` of its record.")
        refuse(stage, _faults_of_groups(stage), "Correct its record.")
        refuse(stage, _faults_of_tables(stage), "Correct its record.")
    for one, other in combinations(stages, 2):
        together = set(one.chains) & set(other.chains)
        shared = sorted(set(one.owned) & set(other.owned)) if together else []
        if shared:
            raise PlanError(
                f"The stages '{one.name}' and '{other.name}' would both write "
                f"{', '.join(shared)}, one over the other. Nothing was planned; give the table "
                "or array of one of them another name in its record."
            )
        rules = sorted(set(rules_of(one)) & set(rules_of(other)))
        if rules:
            raise PlanError(
                f"The stages '{one.name}' and '{other.name}' both need a rule "
                f"'{rules[0]}'. Nothing was planned; give one of them another name."
            )


def refuse(stage: Stage, fault: str, remedy: str) -> None:
    """Refuse a stage for a fault, if there is one."""
    if fault:
        raise PlanError(f"Stage '{stage.name}' {fault}. Nothing was planned. {remedy}")


def _faults_of_name(stage: Stage) -> str:
    is_word = stage.name.isidentifier() and stage.name == stage.name.lower()
    if not is_word or not stage.name.isascii() or keyword.iskeyword(stage.name):
        return "cannot be the name of a rule and a command: lower-case letters, digits and '_' can"
    if stage.name in _KEPT_NAMES:
        return f"has a name that is kept: {', '.join(sorted(_KEPT_NAMES))} are no stages"
    return ""


def _faults_of_kind(stage: Stage) -> str:
    for field, known, given in (
        ("chains", get_args(Kind), stage.chains),
        ("partitions", get_args(Partitions), (stage.partitions,)),
    ):
        strange = [g for g in given if g not in known]
        if strange or not given or isinstance(given, str):
            said = repr(given) if isinstance(given, str) else ", ".join(map(repr, strange))
            return f"has `{field}` {said or 'empty'}, but known are {', '.join(known)}"
    return ""


def _faults_of_reads(stage: Stage, stages: dict[str, Stage]) -> str:
    for read in stage.reads:
        if not isinstance(read, Reads):
            return f"has {read!r} in `reads`, which is no `Reads(...)`"
        other = stages.get(read.stage)
        if other is None:
            return f"reads '{read.stage}', which is no stage (stages are {', '.join(stages)})"
        if read.stage == stage.name:
            return "reads itself"
        if not set(other.chains) & set(stage.chains):
            return (
                f"reads '{read.stage}', which is of another kind of run "
                f"({', '.join(other.chains)} and not {', '.join(stage.chains)})"
            )
    if stage.found_by and stage.found_by not in stages:
        return f"has `found_by` '{stage.found_by}', which is no stage"
    return ""


def _faults_of_groups(stage: Stage) -> str:
    if is_outside(stage) and stage.group and not stage.group.startswith("plugins."):
        return (
            f"has the group of settings '{stage.group}', but settings of stages outside the "
            f"package lie below `plugins`: plugins.{stage.name}"
        )
    for name in (stage.group, *stage.settings, *stage.ways_only):
        if name and not _is_setting(name):
            return f"names the settings '{name}', which do not exist"
    return ""


def _faults_of_tables(stage: Stage) -> str:
    loose = [t for t in stage.gathered if t not in stage.part_tables or t not in stage.tables]
    if loose:
        return (
            f"gathers {', '.join(loose)}, which must be in `part_tables` and in `tables` of its "
            "record as well"
        )
    if stage.gathered and not stage.gathers:
        return f"gathers {', '.join(stage.gathered)}, but does not say `gathers=True`"
    kept = sorted(_KEPT_FILES & set(stage.owned))
    if kept:
        return f"owns {', '.join(kept)}, which every run has"
    return ""


def _is_setting(name: str) -> bool:
    """Say whether a group, or a key ``group.key``, is one of the settings."""
    model: Any = Settings
    for part in name.split("."):
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return False
        if part == "plugins":
            return True
        model = _model_of(fields[part].annotation)
    return True


def _model_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_of(a)) is not None), None)


def rules_of(stage: Stage) -> list[str]:
    """Return the rules that a stage must have."""
    if stage.partitions == "planning":
        return []
    return [
        stage.name,
        *([f"{stage.name}_init"] if stage.opens else []),
        *([f"{stage.name}_finalise"] if stage.gathers else []),
    ]


def is_outside(stage: Stage) -> bool:
    """Say whether a stage comes from another package."""
    return stage.module.split(".")[0] != __name__.split(".")[0]


def describe_error(error: BaseException) -> str:
    """Return the kind and the first line of an error of another package."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
