"""The provenance that tables of a stage keep: what decides them, and nothing else."""

from __future__ import annotations

from typing import Any

from quakeloom.store import Item, RunLayout, read_json


def provenance_file(layout: RunLayout, stage: str) -> Item:
    """Return where the plan keeps the provenance of the tables of a stage."""
    return layout.plan_step(stage, "provenance")


def read_kept_provenance(layout: RunLayout, stage: str) -> dict[str, Any]:
    """Return the provenance that the tables of a stage keep in their metadata.

    It names the settings and the code of this stage and of those that it reads. That of the whole
    run would be that of an earlier run after a setting of another stage has changed, since the
    table is not made again then; and its bytes would not be those of a run from scratch.

    Raises
    ------
    InputError
        If the run was never planned.
    """
    return dict(read_json(provenance_file(layout, stage)))
