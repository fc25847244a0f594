"""The report page of an analysis of other data than events: a section of every stage."""

from __future__ import annotations

import logging
from typing import Any

import yaml

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.report._blocks import Code, Grid, Section, Text
from quakeloom.report._page import report_environment
from quakeloom.report._stage_sections import stage_sections
from quakeloom.stages.frame.chains import run_stages, taken_settings
from quakeloom.store import RunLayout, write_text_if_changed

log = logging.getLogger(__name__)


def write_analysis_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of an analysis and write it."""
    write_text_if_changed(layout.report, build_analysis_report(settings, layout))
    log.info("report: %s", layout.report)


def build_analysis_report(settings: Settings, layout: RunLayout) -> str:
    """Return the report of an analysis as one HTML page that needs nothing else.

    Each stage brings its section (``Stage.report``) and its lines of the summary
    (the verb ``summarize``). Sections without blocks are left out.
    """
    sections = [
        _summary_section(settings, layout),
        *stage_sections(settings, layout),
        _settings_section(settings),
    ]
    return (
        report_environment()
        .get_template("page.html")
        .render(
            name=settings.name,
            description=settings.description,
            title=settings.name,
            subject="analysis",
            eyebrow=", ".join(s.name for s in run_stages(settings)).capitalize(),
            synthetic=False,
            span="",
            sections=[s for s in sections if s.blocks],
            version=__version__,
            revision="",
        )
    )


def _summary_section(settings: Settings, layout: RunLayout) -> Section:
    rows: list[tuple[str, str]] = []
    for stage in run_stages(settings):
        summarize: Any = stage.verb("summarize")
        if summarize is not None:
            rows += [(f"{stage.name}: {key}", value) for key, value in summarize(settings, layout)]
    section = Section("summary", "Summary")
    return section.add(Grid(("", ""), rows)) if rows else section


def _settings_section(settings: Settings) -> Section:
    given = settings.model_dump(mode="json", exclude_none=True, include={*taken_settings(settings)})
    return Section("settings", "Settings").add(
        Text("Every setting of this run; with the same seed they give the same results."),
        Code("Settings", yaml.safe_dump(given, sort_keys=False)),
    )
