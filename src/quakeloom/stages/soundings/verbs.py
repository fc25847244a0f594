"""Verbs of stage ``soundings``: soundings of a survey are judged and gridded."""

from __future__ import annotations

from typing import Any

from quakeloom.config import Settings
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.soundings import SOUNDINGS
from quakeloom.stages.soundings.making import FACTS, make_products, sounding_settings
from quakeloom.store import RunLayout, digest_input, input_place, read_json


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files."""
    files = sounding_settings(run.settings).files
    data = run.settings.data
    return StageInputs(common={"files": {f: digest_input(input_place(data, f)) for f in files}})


def promise(run: PlannedRun) -> Promise:
    """Return what judging the soundings needs at most."""
    return Promise(run.settings.cluster.memory_mb, 120)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Judge the soundings of a survey; write table, grid and counts."""
    with open_part(layout, SOUNDINGS.name, ONE) as job:
        facts = make_products(settings, layout, read_kept_provenance(layout, SOUNDINGS.name))
        job.also += [layout.root / n for n in SOUNDINGS.owned]
        job.counts = {k: v for k, v in facts.items() if isinstance(v, int)}
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many soundings are likely wrong, and scores where the truth is known."""
    facts = read_json(layout.root / FACTS)
    lines = [("soundings", f"{facts['soundings']:,}, {facts['likely_wrong']:,} likely wrong")]
    for name, score in facts.get("scores", {}).items():
        lines.append((name, f"F1 {score['f1']:.3f}, precision {score['precision']:.3f}"))
    return lines
