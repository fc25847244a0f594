"""The summary of a run, as a table on the terminal."""

from __future__ import annotations

from rich.table import Table

from quakeloom.config import Settings
from quakeloom.stages.frame.chains import run_stages
from quakeloom.store import RunLayout


def summarise_run(name: str, settings: Settings, layout: RunLayout) -> Table:
    """Return what the stages of a run say of their results, and where the report is."""
    table = Table(title=name, show_header=False, title_justify="left")
    for stage in run_stages(settings):
        summarize = stage.verb("summarize")
        for label, text in summarize(settings, layout) if summarize is not None else ():
            table.add_row(label, text)
    table.add_row("report", str(layout.report))
    return table
