"""A planned run computed in this process, without Snakemake."""

from __future__ import annotations

from collections.abc import Callable

from quakeloom.config import Settings
from quakeloom.stages.frame.chains import finder_of, run_stages
from quakeloom.stages.frame.stage import ONE, Stage
from quakeloom.stages.frame.verbs import finalise_stage, init_stage, list_partitions, run_part
from quakeloom.stages.planning import plan_found
from quakeloom.store import RunLayout, read_json


def run_here(
    settings: Settings, layout: RunLayout, progress: Callable[[str], None] = lambda _: None
) -> None:
    """Compute what is missing of a planned run, one stage after the other.

    For notebooks, tests and single lines; a catalog is run by the workflow, which spreads its
    partitions. What is done under the present plan is kept.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
        Of a planned run.
    progress : callable
        Called with a sentence now and then.
    """
    planned: set[str] = set()
    for stage in run_stages(settings):
        if stage.partitions == "planning":
            continue
        finder = finder_of(stage, settings)
        if finder and finder not in planned:
            plan_found(settings, layout, finder)
            planned.add(finder)
        run_stage_here(stage, settings, layout, progress)


def run_stage_here(
    stage: Stage,
    settings: Settings,
    layout: RunLayout,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Compute what is missing of a planned stage: open it, compute partitions, gather them."""
    waiting = [name for name, state in list_partitions(stage, layout) if state != "done"]
    if stage.opens and not _is_done(layout, stage, "init"):
        progress(f"{stage.name}: opening")
        init_stage(stage, settings, layout)
    before = stage.verb("before_parts")
    if before is not None and waiting:
        before(settings, layout)
    for number, name in enumerate(waiting):
        progress(f"{stage.name}: {name} ({number + 1} of {len(waiting)})")
        run_part(stage, settings, layout, *([] if name == ONE else [name]))
    if stage.gathers and (waiting or not _is_done(layout, stage, "finalise")):
        progress(f"{stage.name}: gathering")
        finalise_stage(stage, settings, layout)


def _is_done(layout: RunLayout, stage: Stage, step: str) -> bool:
    marker = layout.done_step(stage.name, step)
    planned = layout.plan_step(stage.name, step)
    return marker.exists() and read_json(marker).get("plan") == planned.digest()
