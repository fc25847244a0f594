"""What the digests of a plan stand for, and the last state in which a run was wholly computed.

Plan files hold digests, which say that something changed, not what. Beside them lies one file
with the meanings: the settings of every stage by key, the digest of every module. When a run is
planned again and was wholly computed before, its plans and meanings are kept first, and rows that
planning replaces get a second name. So an update can tell what changed since, down to the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quakeloom.config import Settings
from quakeloom.core import QuakeloomError
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.code_digests import module_digests
from quakeloom.stages.frame.partition_states import planned_partitions, unfinished
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import Stage
from quakeloom.stages.frame.verbs import stage_settings
from quakeloom.store import RunLayout, read_json, read_json_or, write_json_if_changed

_LETTERS = 12
"""Letters of a digest by which a module is compared; two versions agree by chance in 1 of 2^48."""


def stage_modules(stage: Stage) -> dict[str, str]:
    """Return the modules that a stage's code counts, with the first letters of their digests."""
    found = module_digests(stage.module)
    model = stage.options.partition(":")[0]
    if model:
        found |= module_digests(model)
    return {name: digest[:_LETTERS] for name, digest in found.items()}


def write_meanings(run: PlannedRun, stages: Iterable[Stage]) -> None:
    """Write what the digests in the plan files of a run stand for.

    Parameters
    ----------
    run : PlannedRun
        With all stages planned.
    stages : iterable of Stage
        Stages of the run; of those planned before, what is there is kept.
    """
    layout = run.layout
    there = read_json_or(layout.meanings, {}).get("stages", {})
    modules: dict[str, str] = {}
    meanings: dict[str, Any] = {}
    for stage in stages:
        modules |= stage_modules(stage)
        if stage.name in run.meanings:
            meanings[stage.name] = run.meanings[stage.name]
        elif stage.partitions == "planning":
            meanings[stage.name] = {"settings": stage_settings(stage, run.settings)}
        elif stage.name in there:
            meanings[stage.name] = there[stage.name]
    write_json_if_changed(layout.meanings, {"stages": meanings, "modules": modules})


def record_finished(layout: RunLayout) -> bool:
    """Keep plans and meanings of a run that is wholly computed; return whether it is.

    Called before a run is planned again, and at the end of an update. The rows of the state
    before are forgotten.
    """
    try:
        found = _plans_if_finished(layout)
    except (QuakeloomError, KeyError, TypeError, AttributeError):
        # a plan or marker that is damaged is made again, so that nothing is finished
        return False
    if found is None:
        return False
    meanings, plans = found
    write_json_if_changed(layout.finished, {"meanings": meanings, "plans": plans})
    layout.before.remove()
    return True


def _plans_if_finished(layout: RunLayout) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return meanings and plans by stage of a run that is wholly computed."""
    meanings = read_json_or(layout.meanings, {})
    stages = [n for n, m in meanings.get("stages", {}).items() if "reads" in m]
    for name in stages:
        if not layout.plan_step(name, "finalise").exists():
            return None
        if unfinished(layout, name, meanings["stages"][name]["gathers"]):
            return None
    return (meanings, {name: read_plans(layout, name) for name in stages}) if stages else None


def read_plans(layout: RunLayout, stage: str) -> dict[str, Any]:
    """Return the plan files of a stage: what all partitions share, what each has, and the steps."""
    each = {
        name: {
            k: v
            for k, v in read_json(layout.plan(stage, name)).items()
            if k not in ("stage", "partition")
        }
        for name in planned_partitions(layout, stage)
    }
    contents = list(each.values())
    common = {
        k: v
        for k, v in (contents[0].items() if contents else ())
        if all(c.get(k) == v for c in contents)
    }
    steps = {
        step: _without(read_json_or(layout.plan_step(stage, step), {}), "stage", "plans")
        for step in ("init", "finalise")
    }
    return {
        "common": common,
        "each": {n: _without(c, *common) for n, c in each.items()},
        **steps,
    }


def _without(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in content.items() if k not in keys}


def finished_stages(settings: Settings) -> list[Stage]:
    """Return the stages of a run whose plans an update looks at."""
    return [s for s in run_stages(settings) if s.partitions != "planning"]
