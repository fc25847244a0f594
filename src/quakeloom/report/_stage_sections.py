"""Sections that stages bring with their records, for the page of every kind of run."""

from __future__ import annotations

from typing import Any

from quakeloom.config import Settings
from quakeloom.core import PlanError
from quakeloom.report._blocks import Section
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.plugin_checks import find_named
from quakeloom.store import RunLayout


def stage_sections(settings: Settings, layout: RunLayout) -> list[Any]:
    """Return the sections that the stages of a run bring, in the order of the stages.

    Raises
    ------
    PlanError
        If what a record names returns no section.
    """
    found = []
    for stage in run_stages(settings):
        if not stage.report:
            continue
        section = find_named(stage, "report")(settings, layout)
        if not isinstance(section, Section):
            raise PlanError(
                f"`report` of stage '{stage.name}' ({stage.report}) returned a "
                f"{type(section).__name__} and no `Section` of quakeloom.report. No page was "
                "written; correct it, and run again."
            )
        found.append(section)
    return found
