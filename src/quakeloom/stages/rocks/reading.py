"""Reading a table of rock analyses of a run, and telling what was put aside of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import RockTable, Settings
from quakeloom.core import InputError
from quakeloom.formats import Analyses, LeftOut, read_analyses
from quakeloom.schema import make_table
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import StageInputs
from quakeloom.store import digest_input, input_name, input_place, is_input, near_names


def rock_inputs(run: PlannedRun, wanted: RockTable, name: str) -> StageInputs:
    """Return the digest of the table of a stage.

    Raises
    ------
    InputError
        If there is no such file.
    """
    if not wanted.table:
        return StageInputs()
    path = input_place(run.settings.data, wanted.table)
    if not is_input(path):
        raise InputError(
            f"`{name}.table` of '{run.settings.name}' is '{wanted.table}', and there is no file "
            f"'{path}'.{near_names(run.settings.data, wanted.table)} Nothing was planned; put the "
            "table there, or correct its name."
        )
    return StageInputs(common={"table": digest_input(path)})


def read_rocks(settings: Settings, wanted: RockTable, kinds: tuple[str, ...]) -> Analyses:
    """Read the table of a stage: columns of some kinds, those wanted.

    Parameters
    ----------
    settings : Settings
    wanted : RockTable
    kinds : tuple of str
        Of ``oxide``, ``element`` and ``isotopes``.

    Raises
    ------
    InputError
        If a column that the settings name is not there.
    """
    path = input_place(settings.data, wanted.table)
    found = read_analyses(path, wanted.total_range_wt)
    if wanted.elements:
        missing = [e for e in wanted.elements if e not in found.names]
        if missing:
            raise InputError(
                f"'{path}' has no column {', '.join(missing)} (it has {', '.join(found.names)}). "
                "Nothing was computed; correct `elements`."
            )
    names = wanted.elements or [c.name for c in found.columns if c.kind in kinds]
    return found.choose(np.ones(len(found.samples), bool), names)


def label_column(found: Analyses, column: str, setting: str) -> list[str]:
    """Return a column of labels.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if column not in found.labels:
        raise InputError(
            f"The table has no column '{column}', which `{setting}` names; its columns of labels "
            f"are {', '.join(found.labels) or 'none'}. Nothing was computed; correct the name."
        )
    return found.labels[column]


def select_rows(found: Analyses, keep: NDArray[np.bool_], reason: str) -> Analyses:
    """Keep some samples, and tell why the others were left."""
    left = [
        LeftOut(found.lines[r], found.samples[r], "", "", reason) for r in np.flatnonzero(~keep)
    ]
    return replace(found.choose(keep), left_out=[*found.left_out, *left])


def left_out_rows(stage: str, settings: Settings, wanted: RockTable, left: list[LeftOut]) -> Any:
    """Return the table of what a stage put aside."""
    file = input_name(input_place(settings.data, wanted.table)) if wanted.table else ""
    columns: dict[str, list[Any]] = {
        "source_file": [file] * len(left),
        "source_line": [x.line for x in left],
        "sample": [x.sample for x in left],
        "table_column": [x.column for x in left],
        "text": [x.text[:200] for x in left],
        "reason": [x.reason for x in left],
    }
    table: pa.Table = make_table(f"{stage}_left_out", columns)
    return table
