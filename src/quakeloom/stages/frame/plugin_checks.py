"""Checks of what the record of a stage outside the package names.

Its verbs, its rule file, its model of settings and its section of the report are looked at
before anything is planned, so that no run stops in the middle for want of one.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from quakeloom.core import PlanError
from quakeloom.schema import TABLES
from quakeloom.stages.frame.record_checks import describe_error, is_outside, refuse, rules_of
from quakeloom.stages.frame.stage import Stage
from quakeloom.store import is_input, read_input_text

_PARTITION = re.compile(r"[0-9a-z-]+")
"""Names of partitions that ``workflow/rules/plan.smk`` takes."""

_RULE = re.compile(r"^rule (\w+):", re.MULTILINE)
"""Name of a rule in a rule file."""


def check_stage_files(stage: Stage) -> None:
    """Refuse a stage outside the package whose verbs, rules, settings or section are missing.

    Raises
    ------
    PlanError
        With what the record names and what was found.
    """
    if not is_outside(stage):
        return
    try:
        stage.load()
    except Exception as error:  # what another package does when it is imported is not ours
        raise PlanError(
            f"The module '{stage.module}' of stage '{stage.name}' cannot be imported "
            f"({describe_error(error)}). Nothing was planned; correct it, or `module` of the "
            "record."
        ) from error
    for field in ("report", "options"):
        if getattr(stage, field):
            find_named(stage, field)
    refuse(stage, _faults_of_verbs(stage), "Correct its module, or its record.")
    refuse(stage, _faults_of_rules(stage), "Correct its rule file, or its record.")
    refuse(stage, _faults_of_shown(stage), "Correct its record.")


def find_named(stage: Stage, field: str) -> Any:
    """Return what ``report`` or ``options`` of a record names as ``module:name``.

    Raises
    ------
    PlanError
        If there is no such thing.
    """
    named = str(getattr(stage, field))
    module, _, name = named.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # what another package does when it is imported is not ours
        raise PlanError(
            f"`{field}` of stage '{stage.name}' is '{named}', which cannot be taken "
            f"({describe_error(error)}). Nothing was planned; write `module:name` of what is there."
        ) from error


def _faults_of_verbs(stage: Stage) -> str:
    has = {v: _own_verb(stage, v) is not None for v in ("part", "compute", "init", "finalise")}
    if stage.partitions == "planning":
        return ""
    if not has["part"] and not has["compute"]:
        return f"has neither `compute` nor `part` in its module {stage.module}"
    if stage.opens and not has["init"]:
        return f"says `opens=True`, but its module {stage.module} has no `init`"
    for verb, field in (("init", "opens"), ("finalise", "gathers")):
        if has[verb] and not getattr(stage, field):
            return f"has `{verb}` in its module, but does not say `{field}=True`, so it never runs"
    if stage.found_by and _own_verb(stage, "partitions") is None:
        return f"has `found_by`, but no `partitions` in its module {stage.module}"
    unknown = [t for t in stage.part_tables if t not in TABLES]
    if unknown and not has["part"]:
        return (
            f"has the tables {', '.join(unknown)}, which are not registered: use `register_table` "
            "of quakeloom.schema in a module that the record imports"
        )
    return ""


def _own_verb(stage: Stage, name: str) -> Callable[..., Any] | None:
    found = stage.verb(name)
    return found if callable(found) else None


def _faults_of_rules(stage: Stage) -> str:
    needed = rules_of(stage)
    if not needed:
        return ""
    if not stage.rules:
        return "names no rule file (`rules`), so nothing would run it"
    file = stage.rule_file
    if not is_input(file):
        return f"has no rule file {file}"
    there = _RULE.findall(read_input_text(file))
    missing = [n for n in needed if n not in there]
    if missing:
        return (
            f"needs the rule{'s' if missing[1:] else ''} {', '.join(missing)}, but {file} has "
            f"{', '.join(there) or 'none'}"
        )
    return ""


def _faults_of_shown(stage: Stage) -> str:
    keys = (*stage.shown_only, *stage.later_only)
    fields = getattr(find_named(stage, "options"), "model_fields", None) if stage.options else None
    strange = [k for k in keys if fields is not None and k not in fields]
    if strange:
        return f"names the settings {', '.join(strange)}, which its `options` do not have"
    return ""


def check_partition_names(stage: Stage, names: Sequence[str]) -> None:
    """Refuse names of partitions that the workflow cannot take, and doubled ones.

    Raises
    ------
    PlanError
        With the first of them.
    """
    wrong = [n for n in names if not isinstance(n, str) or not _PARTITION.fullmatch(n)]
    refuse(
        stage,
        f"has a partition named {wrong[0]!r}, but lower-case letters, digits and '-' are taken"
        if wrong
        else "",
        "Correct `partitions` of its module.",
    )
    doubled = sorted({n for n in names if names.count(n) > 1})
    refuse(
        stage,
        f"has the partition '{doubled[0]}' more than once" if doubled else "",
        "Correct `partitions` of its module.",
    )
