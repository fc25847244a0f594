"""Plan files, markers and states of partitions, refusals and checks: the same for every stage.

A partition has a plan file, which holds digests of everything that decides its result, and,
when it is done, a marker with the digest of its plan and of every file that it wrote. Paths in
markers are relative to the folder of the run.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from quakeloom.cluster import peak_memory_mb
from quakeloom.core import (
    IncompleteError,
    InputError,
    PlanError,
    VerificationError,
    digest_json,
)
from quakeloom.schema import conform_table
from quakeloom.stages.frame.stage import Stage
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_folder,
    read_json,
    read_table,
    remove_others,
    write_json_if_changed,
)

log = logging.getLogger(__name__)


def write_plans(
    layout: RunLayout,
    stage: str,
    plans: dict[str, dict[str, Any]],
    opening: dict[str, Any] | None = None,
    closing: dict[str, Any] | None = None,
) -> None:
    """Write the plan files of a stage where they changed; remove those of gone partitions.

    ``opening`` is what the verb ``init`` depends on, such as the digest of weights, ``closing``
    what the verb ``finalise`` depends on beside the partitions. The file ``finalise`` holds a
    digest of all plans, so that whoever reads the whole stage needs to look at one file only.
    """
    write_json_if_changed(layout.plan_step(stage, "init"), {"stage": stage, **(opening or {})})
    for name, content in plans.items():
        write_json_if_changed(
            layout.plan(stage, name), {"stage": stage, "partition": name, **content}
        )
    write_json_if_changed(
        layout.plan_step(stage, "finalise"),
        {
            "stage": stage,
            "partitions": list(plans),
            "plans": digest_json([plans, opening or {}]),
            **(closing or {}),
        },
    )
    remove_others(layout.plans(stage), {f"{name}.json" for name in plans})


def planned_partitions(layout: RunLayout, stage: str) -> list[str]:
    """Return the planned partitions of a stage; :class:`PlanError` if there is no plan."""
    path = layout.plan_step(stage, "finalise")
    if not path.exists():
        raise PlanError(
            f"Run {layout.root} has no plan of stage '{stage}', so there is nothing to compute or "
            "gather. Run `quakeloom plan` first, with settings that ask for this stage."
        )
    return list(read_json(path)["partitions"])


def require_partition(layout: RunLayout, stage: str, partition: str) -> Item:
    """Return the plan file of a partition; :class:`PlanError` if it is not planned."""
    path = layout.plan(stage, partition)
    if not path.exists():
        raise PlanError(
            f"There is no partition '{partition}' in the plan of stage '{stage}' of "
            f"{layout.root}. Nothing was computed; run `quakeloom plan`, and `quakeloom {stage} "
            "plan`, which lists the partitions."
        )
    return path


def partition_states(
    layout: RunLayout, stage: str, markers: str | None = None
) -> list[tuple[str, str]]:
    """Return partitions with ``done``, ``stale`` (of another plan than now) or ``missing``.

    ``markers`` names the parts whose markers are looked at, where they are not those of the
    stage itself: a stage that goes over its partitions several times plans them once.
    """
    states = []
    for name in planned_partitions(layout, stage):
        marker = layout.done(markers or stage, name)
        if not marker.exists():
            state = "missing"
        elif read_json(marker)["plan"] != layout.plan(stage, name).digest():
            state = "stale"
        else:
            state = "done"
        states.append((name, state))
    return states


def unfinished(layout: RunLayout, stage: str, gathers: bool) -> bool:
    """Say whether a stage is not wholly computed under its present plan."""
    if any(state != "done" for _, state in partition_states(layout, stage)):
        return True
    if not gathers:
        return False
    marker, planned = layout.done_step(stage, "finalise"), layout.plan_step(stage, "finalise")
    return not marker.exists() or read_json(marker)["plan"] != planned.digest()


def unfinished_stages(layout: RunLayout, stages: Iterable[Stage]) -> list[Stage]:
    """Return the stages of a run that are not wholly computed under its present plan."""
    return [
        s
        for s in stages
        if s.partitions != "planning"
        and (
            not layout.plan_step(s.name, "finalise").exists()
            or unfinished(layout, s.name, s.gathers)
        )
    ]


def refuse_unfinished(layout: RunLayout, stages: Iterable[Stage], undone: str) -> None:
    """Refuse to show results that are absent or were made by an earlier plan than the present one.

    Parameters
    ----------
    layout : RunLayout
    stages : iterable of Stage
    undone : str
        What is not done then, such as "no report was written".

    Raises
    ------
    IncompleteError
        With every stage that is not wholly computed.
    """
    open_ones = [s.name for s in unfinished_stages(layout, stages)]
    if open_ones:
        raise IncompleteError(
            f"Run {layout.root} is not wholly computed under its present plan: "
            f"{', '.join(open_ones)}. What lies there is missing or of earlier settings or "
            f"sources, so {undone}. Run `quakeloom run` again, which computes only that."
        )


def refuse_incomplete(layout: RunLayout, stage: str, markers: str | None = None) -> list[str]:
    """Return all partitions, or raise an :class:`IncompleteError` that names what is missing."""
    states = partition_states(layout, stage, markers)
    missing = [name for name, state in states if state != "done"]
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if missing[10:] else "")
        raise IncompleteError(
            f"{len(missing)} of {len(states)} partitions of stage '{stage}' in {layout.root} are "
            f"missing or out of date: {shown}. Nothing was gathered; run the workflow, or "
            f"`quakeloom {stage} part` for each."
        )
    return [name for name, _ in states]


@dataclass
class PartJob:
    """A partition at work.

    Attributes
    ----------
    folder : Item
        Temporary folder of its files; it takes its place when all is written.
    counts : dict
        Numbers that its marker keeps and the log says.
    also : list of Item
        Files and folders outside the folder that belong to it.
    extra : dict
        Further JSON values for the marker.
    said : dict
        Further values for the log.
    """

    folder: Item
    counts: dict[str, Any] = field(default_factory=dict)
    also: list[Item] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def open_part(
    layout: RunLayout, stage: str, partition: str, markers: str | None = None
) -> Iterator[PartJob]:
    """Compute a partition: what was there of it is replaced as a whole when the body ends.

    On leaving, the folder takes its place, the marker is written and one line is logged with
    counts, seconds and peak memory, which is then also in ``summary``. If the body raises, all
    is as it was, but the partition counts as missing.

    ``markers`` names the parts, where they are not those of the stage itself.
    """
    started = time.perf_counter()
    plan = require_partition(layout, stage, partition)
    planned = plan.digest()  # what is computed rests on the plan of now, not of the end
    parts = markers or stage
    marker = layout.done(parts, partition)
    marker.remove()
    with atomic_folder(layout.part(parts, partition)) as folder:
        job = PartJob(folder)
        yield job
        refuse_new_plan(plan, planned)
    written = [layout.part(parts, partition), *job.also]
    write_json_if_changed(
        marker,
        {
            "plan": planned,
            "counts": job.counts,
            "digests": digest_files(layout, written),
            **job.extra,
        },
    )
    job.summary = {
        **job.counts,
        **job.said,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
    }
    log.info("%s %s: %s", parts, partition, job.summary)


def refuse_new_plan(plan: Item, planned: str) -> None:
    """Refuse to keep what was computed while its plan file changed.

    Parameters
    ----------
    plan : Item
        The plan file.
    planned : str
        Its digest when the work began.

    Raises
    ------
    PlanError
        If it is another one now, or gone.
    """
    if not plan.exists() or plan.digest() != planned:
        raise PlanError(
            f"The plan {plan} changed while it was computed: settings, sources or code are others "
            "now. What was computed is not kept; run again, and change nothing meanwhile."
        )


def digest_files(layout: RunLayout, items: Iterable[Item]) -> dict[str, str]:
    """Return digests of items, by their key below the run.

    Files of a folder count one by one, but a Zarr group below it (``NAME.zarr``, or any folder)
    as one.
    """
    found: dict[str, str] = {}
    for item in items:
        is_group = (item / "zarr.json").exists()
        for each in item.children() if item.is_folder() and not is_group else [item]:
            if each.exists():
                found[each.relative_to(layout.root)] = each.digest()
    return found


def mark_finalised(
    layout: RunLayout, stage: str, owned: Sequence[str], facts: dict[str, Any]
) -> None:
    """Write the marker of ``finalise``: digests of every file that the stage owns in the run.

    What the markers of partitions hold already is not read again: of an array with one group
    per partition only the rest counts here.
    """
    known = {
        key
        for name in planned_partitions(layout, stage)
        for key in read_json(layout.done(stage, name)).get("digests", {})
    }
    digests: dict[str, str] = {}
    for name in owned:
        if (layout.root / name).exists():
            digests[name] = (layout.root / name).digest(keys_below(name, known))
    write_json_if_changed(
        layout.done_step(stage, "finalise"),
        {
            "plan": layout.plan_step(stage, "finalise").digest(),
            "digests": digests,
            **facts,
        },
    )


def read_parts(layout: RunLayout, stage: str, names: list[str], table: str) -> Iterator[pa.Table]:
    """Yield a table of every partition."""
    for name in names:
        part = layout.part(stage, name) / f"{table}.parquet"
        yield conform_table(table, read_table(part, table))


def remove_old_parts(layout: RunLayout, stage: str, names: set[str]) -> None:
    """Remove what partitions that are no longer planned have left."""
    remove_others(layout.parts(stage), names | {f"{name}.json" for name in names})


def forget_lost(layout: RunLayout, stage: str) -> None:
    """Remove the markers of partitions, opening and gathering whose files are lost or damaged.

    Files are written before their marker. Those that were changed later are read, and count as
    lost where they are not those of the marker.

    So are markers that cannot be read, as a power cut leaves them, and those of another partition,
    which were copied or renamed by hand: they count as absent.
    Snakemake looks at markers alone; so what was removed by hand is made again. It does not ask
    for a partition below a stage that is gathered, so that marker goes with those of partitions.
    """
    markers = [m for m in layout.parts(stage).children() if m.name.endswith(".json")]
    markers.append(layout.done_step(stage, "finalise"))
    markers.append(layout.done_step(stage, "init"))
    owner = {p.digest(): p.stem for p in layout.plans(stage).children()}
    known: list[str] = []  # files of partitions, which the marker of gathering leaves out
    for marker in markers:
        if not marker.exists():
            continue
        try:
            names = dict(read_json(marker).get("digests", {}))
            partition = owner.get(read_json(marker).get("plan"), marker.stem)
            known += names
        except (InputError, AttributeError, TypeError, ValueError):
            log.warning("%s cannot be read; what it belongs to is made again", marker)
            marker.remove()
            continue
        is_step = marker.name in (f"{stage}.init.json", f"{stage}.finalise.json")
        if any(not (layout.root / name).exists() for name in names):
            marker.remove()
        elif changed := changed_since(layout, marker, names, known):
            log.warning("%s changed since it was written; it is made again", changed)
            marker.remove()
        elif not is_step and partition != marker.stem:
            log.warning("%s is that of %s; both are made again where need be", marker, partition)
            marker.remove()
    gathered, planned = layout.done_step(stage, "finalise"), layout.plan_step(stage, "finalise")
    if not gathered.exists() or read_json(gathered).get("plan") != planned.digest():
        return  # it is made again in any case
    if any(not layout.done(stage, name).exists() for name in planned_partitions(layout, stage)):
        gathered.remove()


def changed_since(
    layout: RunLayout, marker: Item, names: dict[str, str], known: Sequence[str]
) -> str:
    """Return what was changed after its marker was written, and is not what that names.

    Only what is newer than the marker is read. What a disk changes by itself, ``verify`` finds.

    Parameters
    ----------
    layout : RunLayout
    marker : Item
    names : dict of str
        Digests by key, as the marker has them.
    known : sequence of str
        Keys that other markers have, which do not count in the digest of a folder around them.

    Returns
    -------
    str
        The first such key, or nothing.
    """
    written = marker.changed()
    for name, digest in names.items():
        item = layout.root / name
        if item.changed() > written and item.digest(keys_below(name, known)) != digest:
            return name
    return ""


def settle_times(layout: RunLayout) -> None:
    """Give plans, markers and the page of a run the present where their times lie in the future.

    Snakemake compares times. Results of a clock that was ahead, or that was set back since, would
    be newer than every later plan and never be made again.
    """
    places = [layout.root / "plan", layout.root / "parts"]
    files = [layout.report] if layout.report.exists() else []
    for place in places:
        for item in place.children():
            files += item.children() if item.is_folder() else [item]
    late = [f.settle() for f in files if not f.is_folder()]
    if any(late):
        log.warning(
            "%s: the times of %d files lie in the future; they are now the present", layout.root,
            sum(late),
        )  # fmt: skip


def keys_below(name: str, keys: Iterable[str]) -> list[str]:
    """Return the keys that lie below a folder, from there on."""
    return [k.removeprefix(f"{name}/") for k in keys if k.startswith(f"{name}/")]


def refuse_damaged(layout: RunLayout, stage: str, partition: str) -> None:
    """Refuse to read a partition of another stage whose files are not those that it wrote.

    A chunk of an array that is missing or empty would be read as zeros without a word.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    """
    marker = layout.done(stage, partition)
    if marker.exists():
        recorded = read_json(marker).get("digests", {}).items()
        refuse_changed(
            f"Partition '{partition}' of stage '{stage}' of run {layout.root}",
            [(layout.root / name, digest) for name, digest in recorded],
        )


def refuse_changed(
    what: str, recorded: Iterable[tuple[Item, str]], problems: Iterable[str] = ()
) -> int:
    """Read files and folders again and return how many they are.

    Parameters
    ----------
    what : str
        What they belong to, for the message.
    recorded : iterable of (Item, str)
        Files and folders with the digests that were recorded.
    problems : iterable of str
        What else was found not to agree.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    """
    found_wrong = []
    files = 0
    for item, digest in recorded:
        files += 1
        if not item.exists():
            found_wrong.append(f"{item} is missing")
        elif item.digest() != digest:
            found_wrong.append(f"{item} has changed since it was written")
    found_wrong += problems
    if found_wrong:
        raise VerificationError(
            f"{what} does not agree with its digests: "
            + "; ".join(found_wrong)
            + ". Remove what is named here and run again: only what is missing or changed will "
            "be computed."
        )
    return files
