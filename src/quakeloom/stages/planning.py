"""Planning a configuration: everything that Snakemake must know, before it runs.

Plan files are the cache keys of the workflow. They are small, exact, and written only when
their content changes, so that only what must run again does, and a dry run tells it. Which
stages a run has, their order, and what their rules read follow from the records of the stages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from quakeloom.config import Configuration, Settings, case_run
from quakeloom.core import InputError, PlanError, digest_json
from quakeloom.stages.every_stage import every_stage, find_stage
from quakeloom.stages.frame.chains import (
    Chain,
    check_plugins,
    find_chain,
    finder_of,
    refuse_foreign_groups,
    run_stages,
    science_settings,
    stages_read,
    taken_settings,
)
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.finished_state import record_finished, write_meanings
from quakeloom.stages.frame.partition_states import settle_times
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.plugin_checks import check_stage_files
from quakeloom.stages.frame.provenance import describe_provenance, write_kept_provenance
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.frame.stage import Promise, Stage, StageInputs
from quakeloom.stages.frame.verbs import plan_stage, promise_stage
from quakeloom.stages.ingest.found_events import ingest_found_events
from quakeloom.store import (
    Item,
    RunLayout,
    digest_input,
    find_input,
    input_place,
    is_input,
    open_item,
    read_json,
    read_json_or,
    write_json_if_changed,
    write_text_if_changed,
)

_PAGE_MB, _PAGE_EVENTS_MB = 1100, 240
"""Memory in MB that the report takes, and events that take one more. Measured: 362 MB with 3,302
events of first motions and 469 with 33,017, of waveforms 560 with 1,321."""

PLAN_FILE = "plan.json"
"""Name of the plan of the workflow, in the folder of a configuration's results."""


def plan_configuration(
    configuration: Configuration,
    results: Path | str,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Plan all cases of a configuration and return the plan of the workflow.

    Parameters
    ----------
    configuration : Configuration
    results : Path or str
        Folder of all results.
    progress : callable
        Called with a sentence now and then.

    Returns
    -------
    dict
        Also written to ``results/<name>/plan.json``: for every run its kind, its stages with
        partitions, promises and inputs, and the runs that it looks at.
    """
    refuse_foreign_groups(configuration)
    folder = open_item(results)
    refuse_taken_names(configuration, folder, progress)
    root = folder / configuration.name
    runs: dict[str, Any] = {}
    for name, settings in configuration.cases.items():
        runs[name] = plan_run(
            settings,
            RunLayout(folder / name),
            root / "ingest" / "sources",
            partial(_prefix, progress, name),
        )
    plan = {
        "name": configuration.name,
        "configuration": str(configuration.path),
        "runs": runs,
        # two stages may share a file
        "rules": list(dict.fromkeys(str(s.rule_file) for s in every_stage() if s.rules)),
    }
    write_json_if_changed(root / PLAN_FILE, plan)
    return plan


def refuse_taken_names(
    configuration: Configuration,
    results: Item,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Refuse runs whose folder is that of a run of another configuration.

    A configuration ``a`` with a case ``b`` has the folder ``a/b``, and so would a configuration
    called ``a/b``: each would replace the results of the other. That another file has the same
    name is told, since its results are replaced.

    Raises
    ------
    PlanError
        With the run, and the file that it belongs to.
    """
    names = {configuration.name, *configuration.cases}
    steps = [name.split("/")[:i] for name in names for i in range(1, name.count("/") + 2)]
    for owner in sorted({"/".join(step) for step in steps}):
        other = read_json_or(results / owner / PLAN_FILE, {})
        taken = sorted(set(other.get("runs", {})) & set(configuration.cases))
        file = Path(str(other.get("configuration", "")))
        if other.get("name", configuration.name) != configuration.name and taken:
            raise PlanError(
                f"The folder {results / taken[0]} has the results of '{taken[0]}' of another "
                f"configuration, '{other['name']}' ({file}). Nothing was planned; give this one "
                "another `name`, or --results another folder."
            )
        if owner == configuration.name and file.name not in ("", configuration.path.name):
            progress(
                f"{owner}: {results / owner} was planned from {file} before; its results are "
                f"replaced by those of {configuration.path}"
            )


def _prefix(progress: Callable[[str], None], name: str, sentence: str) -> None:
    progress(f"{name}: {sentence}")


def plan_run(
    settings: Settings,
    layout: RunLayout,
    cache: Item | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Plan one run; return what the workflow must know of it.

    Stages whose partitions another stage finds are planned by :func:`plan_found`.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    cache : Item, optional
        Folder of sources as read; below the run if not given.
    progress : callable
        Called with a sentence now and then.

    Raises
    ------
    PlanError
        If settings of this kind are no run.
    """
    chain = find_chain(settings)
    if not chain.page:
        raise PlanError(
            f"'{settings.name}' is {chain.title} and has no catalog to run. Nothing was planned; "
            "use `quakeloom train polarity` or `quakeloom train picker`."
        )
    check_plugins(settings)
    for stage in run_stages(settings):
        check_stage_files(stage)
    settle_times(layout)
    record_finished(layout)
    text = yaml.safe_dump(taken_settings(settings), sort_keys=False)
    write_text_if_changed(layout.settings, text)
    run = PlannedRun(settings, layout, cache or layout.ingest / "sources", progress)
    stages = {}
    for stage in run_stages(settings):
        finder = finder_of(stage, settings)
        if finder:
            stages[stage.name] = {"found_by": finder}
            continue
        entry = _plan_one(stage, run)
        if entry is not None:
            stages[stage.name] = entry
    write_json_if_changed(layout.provenance, describe_provenance(run))
    write_kept_provenance(run, list(run.partitions))
    write_meanings(run, run_stages(settings))
    _plan_page(chain, settings, layout)
    configuration = settings.name.split("/")[0]
    compared = [case_run(configuration, c) for c in settings.report.compare if "." not in c]
    return {
        "kind": chain.name,
        "events": run.events,
        "stages": stages,
        "compare": compared,
        "page": _page_promise(run),
    }


def plan_found(settings: Settings, layout: RunLayout, finder: str) -> dict[str, Any]:
    """Plan the stages whose partitions a stage has found, after it has run.

    Returns
    -------
    dict
        Entries of these stages, also written to ``plan/found.<finder>.json`` of the run.
    """
    run = PlannedRun(settings, layout, layout.ingest / "sources")
    stages = {}
    if find_stage(finder).finds_events:
        ingest_found_events(run)
    for stage in run_stages(settings):
        found_by = finder_of(stage, settings)
        if found_by == finder:
            entry = _plan_one(stage, run)
            if entry is not None:
                stages[stage.name] = entry
        elif stage.partitions != "planning" and not found_by:
            plan = layout.plan_step(stage.name, "finalise")
            run.partitions[stage.name] = list(read_json(plan)["partitions"])
    write_kept_provenance(run, list(stages))
    write_meanings(run, run_stages(settings))
    found = {"stages": stages, "events": run.events, "page": _page_promise(run)}
    write_json_if_changed(layout.plan_step("found", finder), found)
    return stages


def _page_promise(run: PlannedRun) -> dict[str, int]:
    return {"memory_mb": _PAGE_MB + run.events // _PAGE_EVENTS_MB, "minutes": 30}


def _plan_one(stage: Stage, run: PlannedRun) -> dict[str, Any] | None:
    own = stage.verb("plan")
    if stage.partitions == "planning":
        if own is not None:
            own(run)
        return None
    run.progress(f"planning {stage.name}")
    read = stages_read(stage, run.settings)
    inputs = plan_stage(stage, run, read)
    return _describe_stage(stage, run, inputs, promise_stage(stage, run))


def _describe_stage(
    stage: Stage, run: PlannedRun, inputs: StageInputs, promise: Promise
) -> dict[str, Any]:
    """Return what the rules of a stage need: partitions with promises, and inputs."""
    names = run.partitions[stage.name]
    base = run.settings.name
    plan, parts = f"{base}/plan/{stage.name}", f"{base}/parts/{stage.name}"

    def markers(name: str, partition: str) -> list[str]:
        return [f"{base}/parts/{name}/{partition}.json"]

    reads: list[str] = []
    before: list[str] = []
    for other, whole in stages_read(stage, run.settings):
        if not whole:
            reads += markers(other.name, "{partition}")
            before += [m for n in names for m in markers(other.name, n)]
            continue
        if other.gathers:
            made = [f"{base}/parts/{other.name}.finalise.json"]
        else:
            made = [m for n in run.partitions[other.name] for m in markers(other.name, n)]
        reads += made
        before += made
    beside = {
        name: [
            marker
            for other, days in stage.days_beside(run.settings, name).items()
            for day in days
            if day in run.partitions.get(other, ())
            for marker in markers(other, day)
        ]
        for name in names
    }
    more = inputs.files
    opened = [f"{parts}.init.json"] if stage.opens else []
    late = before if stage.opens_late else []
    return {
        "partitions": {
            name: {
                "memory_mb": _of(promise.memory_mb, name),
                "minutes": _of(promise.minutes, name),
            }
            for name in names
        },
        "threads": promise.threads,
        **({"beside": beside} if any(beside.values()) else {}),
        "init": {"memory_mb": promise.init_mb, "minutes": promise.init_minutes},
        "finalise": {"memory_mb": promise.finalise_mb, "minutes": promise.finalise_minutes},
        "inputs": {
            "init": [f"{plan}.init.json", *late, *more.get("init", [])],
            "part": [f"{plan}/{{partition}}.json", *opened, *reads, *more.get("part", [])],
            "finalise": [
                f"{plan}.finalise.json",
                *(f"{parts}/{name}.json" for name in names),
                *more.get("finalise", []),
            ],
        },
        "done": [f"{parts}.finalise.json"]
        if stage.gathers
        else [f"{parts}/{name}.json" for name in names],
        "facts": promise.facts,
    }


def _of(promised: int | dict[str, int], partition: str) -> int:
    return promised if isinstance(promised, int) else promised[partition]


def _plan_page(chain: Chain, settings: Settings, layout: RunLayout) -> None:
    """Write the plan file of the report: what it shows of settings and files, and its code."""
    sections = {
        s.name: code_digest(s.report.partition(":")[0]) for s in run_stages(settings) if s.report
    }
    compared = {}
    for name in settings.report.compare:
        if "." not in name:
            continue  # a case
        file = find_input(settings.data, name) or Path(name)
        if not is_input(file):
            raise InputError(
                f"'{name}' under `report.compare` of '{settings.name}' is no file (looked for "
                f"{input_place(settings.data, name)}). Nothing was run; correct the path or `data`."
            )
        compared[name] = digest_input(file)
    write_json_if_changed(
        layout.plan_step("report", "page"),
        {
            "report": settings.report.model_dump(mode="json"),
            "description": settings.description,
            "science": digest_json(science_settings(settings)),
            "code": code_digest(chain.page.partition(":")[0]),
            **({"sections": sections} if sections else {}),
            **({"compared": compared} if compared else {}),
        },
    )


def has_plan(results: Path | str, name: str) -> bool:
    """Say whether a configuration was planned."""
    return (open_item(results) / name / PLAN_FILE).exists()


def read_plan(results: Path | str, name: str) -> dict[str, Any]:
    """Read the plan of a configuration.

    Raises
    ------
    PlanError
        If it was never planned.
    """
    plan = open_item(results) / name / PLAN_FILE
    if not plan.exists():
        raise PlanError(
            f"'{name}' has no plan ({plan} is missing). Run `quakeloom plan --config FILE`."
        )
    return dict(read_json(plan))


__all__ = [
    "PLAN_FILE",
    "has_plan",
    "plan_configuration",
    "plan_found",
    "plan_run",
    "read_plan",
    "read_settings",
]
