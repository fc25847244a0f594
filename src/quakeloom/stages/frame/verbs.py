"""The verbs of a stage, for those that its module does not have of its own.

``plan`` writes plan files, ``init`` opens the stage, ``part`` computes a partition, ``finalise``
gathers, ``verify`` reads everything again. A stage's module overrides what differs, and may
have three more functions: ``inputs(run)``, what decides its results beside rows, settings, code
and the stages it reads; ``promise(run)``, what its jobs need; ``summarize(settings, layout)``,
lines for the summary of a run. The simplest stage has ``compute(settings, layout, partition)``
alone, which returns its tables.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from quakeloom.cluster import one_thread
from quakeloom.config import Settings
from quakeloom.core import IncompleteError, PlanError, digest_json
from quakeloom.stages.frame.code_digests import code_digest, modules_of_folder
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import (
    forget_lost,
    keys_below,
    mark_finalised,
    open_part,
    partition_states,
    read_parts,
    refuse_changed,
    refuse_incomplete,
    refuse_new_plan,
    remove_old_parts,
    write_plans,
)
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.plugin_checks import check_partition_names
from quakeloom.stages.frame.stage import ONE, Promise, Stage, StageInputs, group_value
from quakeloom.store import (
    RunLayout,
    read_json,
    write_json_if_changed,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)


def plan_stage(stage: Stage, run: PlannedRun, read: list[tuple[Stage, bool]]) -> StageInputs:
    """Write the plan files of a stage and note its partitions in the run.

    A plan file holds digests of all that decides the result of its partition: rows, settings,
    code, the plans of the stages that are read, and what ``inputs`` of the stage adds.

    Parameters
    ----------
    stage : Stage
    run : PlannedRun
    read : list of (Stage, bool)
        The stages that it reads in this run, and whether whole.

    Returns
    -------
    StageInputs
        What ``inputs`` of the stage gave.
    """
    settings, layout = run.settings, run.layout
    asked = stage.verb("inputs")
    inputs: StageInputs = asked(run) if asked is not None else StageInputs()
    names = _partition_names(stage, run)
    rows = {r.partition: r.digest for r in run.rows} if stage.partitions == "events" else {}
    opening = {
        "settings": digest_json(stage_settings(stage, settings)),
        "code": stage_code(stage, [m for s, _ in read for m in modules_of_folder(s.module)]),
    }
    common = {
        **opening,
        **{s.name: layout.plan_step(s.name, "finalise").digest() for s, whole in read if whole},
        **inputs.common,
    }
    plans = {
        name: {
            **common,
            **({"rows": rows[name]} if name in rows else {}),
            **{
                s.name: layout.plan(s.name, name).digest()
                for s, whole in read
                if not whole and name in run.partitions[s.name]
            },
            **{
                f"{other} {day}": layout.plan(other, day).digest()
                for other, days in stage.days_beside(settings, name).items()
                for day in days
                if day in run.partitions.get(other, ())
            },
            **inputs.each.get(name, {}),
        }
        for name in names
    }
    if stage.opens_late:
        inputs.init["plans"] = digest_json(plans)
    shown = {key: plain_settings(settings, f"{stage.group}.{key}") for key in stage.shown_only}
    write_plans(
        layout,
        stage.name,
        plans,
        {**opening, **inputs.init} if stage.opens else {},
        {**({"shown": shown} if shown else {}), **inputs.finalise},
    )
    run.partitions[stage.name] = names
    run.meanings[stage.name] = {
        "settings": stage_settings(stage, settings),
        "shown": {f"{stage.group}.{key}": value for key, value in shown.items()},
        "reads": [[s.name, whole] for s, whole in read],
        "gathers": stage.gathers,
    }
    forget_lost(layout, stage.name)
    return inputs


def stage_code(stage: Stage, stop: Sequence[str] = ()) -> str:
    """Return the digest of the code that decides a stage's results.

    That is its module with all that it imports, and the model that its settings are read with.
    """
    code = code_digest(stage.module, stop)
    model = stage.options.partition(":")[0]
    return digest_json([code, code_digest(model, stop)]) if model else code


def _partition_names(stage: Stage, run: PlannedRun) -> list[str]:
    own = stage.verb("partitions")
    if own is not None:
        names = list(own(run))
        check_partition_names(stage, names)
        return names
    if stage.partitions == "one":
        return [ONE]
    if stage.partitions == "members":
        from quakeloom.stages.ensemble.blocks import split_members

        group = group_value(run.settings, stage.group)
        return [b.name for b in split_members(group.members, group.block_members)]
    return [r.partition for r in run.rows]


def stage_settings(stage: Stage, settings: Settings) -> dict[str, Any]:
    """Return the settings that decide a stage's results, as JSON values, with the seed."""
    found: dict[str, Any] = {"seed": settings.seed}
    for name in (stage.group, *stage.settings):
        if name:
            found[name] = plain_settings(settings, name)
    if stage.group and isinstance(found.get(stage.group), dict):
        for key in (*stage.shown_only, *stage.later_only):
            found[stage.group].pop(key, None)
    return found


def plain_settings(settings: Settings, name: str) -> Any:
    """Return a group of the settings, or a key ``group.key`` of one, as JSON values."""
    value = group_value(settings.model_dump(mode="json", include={name.split(".")[0]}), name)
    return dict(value) if isinstance(value, dict) else value


def promise_stage(stage: Stage, run: PlannedRun) -> Promise:
    """Return what the jobs of a planned stage need."""
    own = stage.verb("promise")
    return own(run) if own is not None else Promise()


def list_partitions(stage: Stage, layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state: ``done``, ``stale`` or ``missing``."""
    return partition_states(layout, stage.name)


@one_thread()
def init_stage(stage: Stage, settings: Settings, layout: RunLayout) -> Any:
    """Open a stage."""
    own = stage.verb("init")
    if own is None:
        raise PlanError(f"Stage '{stage.name}' needs no `init`. Nothing was done.")
    with _one_plan(stage, layout, "init"):
        return own(settings, layout)


@one_thread()
def run_part(
    stage: Stage, settings: Settings, layout: RunLayout, partition: str = ONE, **options: Any
) -> dict[str, Any]:
    """Compute one partition of a stage; what was there of it is replaced as a whole."""
    _refuse_other_settings(stage, settings, layout, partition)
    own = stage.verb("part")
    if own is not None:
        arguments = () if stage.partitions == "one" else (partition,)
        found = own(settings, layout, *arguments, **options)
        return dict(found or {})
    compute = stage.verb("compute")
    if compute is None:
        raise PlanError(f"Stage '{stage.name}' has no verb `part`. Nothing was computed.")
    with open_part(layout, stage.name, partition) as job:
        tables = _checked_tables(stage, compute(settings, layout, partition))
        for name, table in tables.items():
            write_table(job.folder / f"{name}.parquet", name, table, {"partition": partition})
            job.counts[name] = table.num_rows
    return job.summary


def _checked_tables(stage: Stage, made: Any) -> dict[str, pa.Table]:
    """Return what ``compute`` of a stage gave, if it is the tables that its record names."""
    tables = made if isinstance(made, dict) else {}
    wrong = [n for n, t in tables.items() if not isinstance(t, pa.Table)]
    if not isinstance(made, dict) or wrong or set(tables) != set(stage.part_tables):
        given = ", ".join(f"{n} ({type(t).__name__})" for n, t in tables.items())
        raise PlanError(
            f"`compute` of stage '{stage.name}' gave {given or type(made).__name__}, but "
            f"`part_tables` of its record are {', '.join(stage.part_tables) or 'none'}. Nothing "
            "was kept; return each as a table of Arrow (`make_table`), by its name."
        )
    return tables


@one_thread()
def finalise_stage(stage: Stage, settings: Settings, layout: RunLayout) -> Any:
    """Gather the partitions of a stage; refuse while any is missing.

    Raises
    ------
    IncompleteError
        If partitions are missing or of another plan; the message names them.
    """
    own = stage.verb("finalise")
    with _one_plan(stage, layout, "finalise"):
        if own is not None:
            return own(settings, layout)
        return gather_parts(stage, layout)


def _refuse_other_settings(
    stage: Stage, settings: Settings, layout: RunLayout, partition: str
) -> None:
    """Refuse settings that are not those of the plan: it was made between reading the two."""
    plan = layout.plan(stage.name, partition)
    if not plan.exists():
        return  # told by the verb, which names the partitions
    planned = read_json(plan).get("settings")
    if planned is not None and planned != digest_json(stage_settings(stage, settings)):
        raise PlanError(
            f"The settings of stage '{stage.name}' are not those of its plan {plan}. Nothing was "
            "computed; run `quakeloom plan`, and run again."
        )


@contextlib.contextmanager
def _one_plan(stage: Stage, layout: RunLayout, step: str) -> Iterator[None]:
    """Do a step of a stage; if its plan changes meanwhile, the step counts as not done."""
    plan = layout.plan_step(stage.name, step)
    planned = plan.digest() if plan.exists() else ""
    yield
    if not planned:
        return
    try:
        refuse_new_plan(plan, planned)
    except PlanError:
        layout.done_step(stage.name, step).remove()
        raise


def gather_parts(
    stage: Stage, layout: RunLayout, facts: dict[str, Any] | None = None
) -> dict[str, int]:
    """Put the part tables of a stage together, remove old parts, and write the marker."""
    names = refuse_incomplete(layout, stage.name)
    provenance = read_kept_provenance(layout, stage.name)
    counts = {
        table: write_tables(
            layout.table(table), table, read_parts(layout, stage.name, names, table), provenance
        )
        for table in stage.gathered
    }
    remove_old_parts(layout, stage.name, set(names))
    mark_finalised(layout, stage.name, stage.owned, {"counts": counts, **(facts or {})})
    log.info("%s: gathered %d partitions: %s", stage.name, len(names), counts)
    return counts


def verify_stage(stage: Stage, settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read every file of a stage again and compare it with its recorded digest.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    IncompleteError
        If partitions are missing.
    """
    own = stage.verb("verify")
    if own is not None:
        return dict(own(settings, layout))
    if stage.partitions == "planning":
        return {}
    names = refuse_incomplete(layout, stage.name)
    known: dict[str, str] = {}
    for name in names:
        known |= read_json(layout.done(stage.name, name))["digests"]
    recorded = [(layout.root / file, digest) for file, digest in known.items()]
    problems: list[str] = []
    if stage.gathers:
        final = layout.done_step(stage.name, "finalise")
        if not final.exists():
            raise IncompleteError(
                f"Stage '{stage.name}' of {layout.root} was not gathered, so there is nothing to "
                f"check. Run `quakeloom {stage.name} finalise`."
            )
        for file, digest in read_json(final)["digests"].items():
            item = layout.root / file
            if item.is_folder():
                if item.digest(keys_below(file, known)) != digest:
                    problems.append(f"{item} has changed since it was written")
            else:
                recorded.append((item, digest))
    check = stage.verb("check")
    if check is not None:
        problems += check(settings, layout)
    files = refuse_changed(f"Stage '{stage.name}' of run {layout.root}", recorded, problems)
    return {"files": files, "partitions": len(names)}


def open_marker(layout: RunLayout, stage: str, facts: dict[str, Any]) -> None:
    """Write the marker of ``init``."""
    write_json_if_changed(
        layout.done_step(stage, "init"),
        {"plan": layout.plan_step(stage, "init").digest(), **facts},
    )
