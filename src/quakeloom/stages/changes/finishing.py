"""The end of an update: what it made is the finished state, and nothing old stays behind."""

from __future__ import annotations

from collections.abc import Iterable

from quakeloom.config import Settings
from quakeloom.stages.frame.finished_state import finished_stages, record_finished
from quakeloom.stages.frame.partition_states import planned_partitions, remove_old_parts
from quakeloom.store import Item, RunLayout, read_json_or, read_seal


def finish_update(runs: Iterable[tuple[Settings, RunLayout]], sources: Item) -> bool:
    """Record the finished state of runs, and remove what belongs to no state of now.

    Rows of events that were withdrawn stay in no table: not in the rows of the state before, not
    in the parts of partitions that are no more, not in sources as read that no run names.

    Parameters
    ----------
    runs : iterable of (Settings, RunLayout)
        All runs of a configuration.
    sources : Item
        Folder of the sources as read, which they share.

    Returns
    -------
    bool
        Whether all are wholly computed; else nothing is removed.
    """
    all_runs = list(runs)
    done = [record_finished(layout) for _, layout in all_runs]
    if not all_runs or not all(done):
        return False
    used: set[str] = set()
    for settings, layout in all_runs:
        for stage in finished_stages(settings):
            names = set(planned_partitions(layout, stage.name))
            if stage.partitions == "events":
                remove_old_parts(layout, stage.name, names)
            _remove_gone(layout.root / "benchmarks" / stage.name, names)
        rows = {p.name for p in (layout.ingest / "partitions").children()}
        for span in (layout.ingest / "archive").children():
            if span.is_folder() and span.name not in rows and read_seal(span):
                span.remove()
        used |= set(read_json_or(layout.ingest / "index.json", {}).get("sources", ()))
    for folder in sources.children():
        if folder.is_folder() and folder.name not in used:
            folder.remove()
    return True


def _remove_gone(folder: Item, names: set[str]) -> None:
    """Remove what was measured of partitions that are no more."""
    for file in folder.children():
        if file.name.endswith(".tsv") and file.stem not in names:
            file.remove()
