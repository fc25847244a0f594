"""The summary of a run, as a table on the terminal."""

from __future__ import annotations

from rich.table import Table

from quakeloom.config import Settings
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.partition_states import unfinished
from quakeloom.store import RunLayout


def summarise_run(name: str, settings: Settings, layout: RunLayout) -> Table:
    """Return what the stages of a run say of their results, and where the report is.

    Results that another plan made than the present one are not shown.
    """
    table = Table(title=name, show_header=False, title_justify="left")
    for stage in run_stages(settings):
        if stage.partitions != "planning" and unfinished(layout, stage.name, stage.gathers):
            table.add_row(stage.name, "not computed under the present plan")
            continue
        summarize = stage.verb("summarize")
        for label, text in summarize(settings, layout) if summarize is not None else ():
            table.add_row(label, text)
    table.add_row("report", str(layout.report))
    return table
