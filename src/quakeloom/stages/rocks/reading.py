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


def complete_rows(found: Analyses, most_missing: float) -> Analyses:
    """Leave out columns that miss too much, then rows that still miss something.

    A value below a detection limit is not missing. What is left out is told, once for every
    column and row.

    Raises
    ------
    InputError
        If no row is left.
    """
    known = np.isfinite(found.values) | np.isfinite(found.limits)
    missing = 1.0 - known.mean(axis=0)
    names = [n for n, m in zip(found.names, missing, strict=True) if m <= most_missing]
    left = [
        LeftOut(-1, "", n, "", f"{100 * m:.0f} % of the samples have no value")
        for n, m in zip(found.names, missing, strict=True)
        if m > most_missing
    ]
    every = np.ones(len(found.samples), bool)
    narrower = replace(found.choose(every, names), left_out=[*found.left_out, *left])
    known = np.isfinite(narrower.values) | np.isfinite(narrower.limits)
    if not known.all(axis=1).any() or not names:
        raise InputError(
            f"None of {len(found.samples)} samples has a value in all of {', '.join(names)}. "
            "Nothing was computed; name fewer `elements`, or lower `most_missing`."
        )
    rows = np.flatnonzero(~known.all(axis=1))
    lost = [
        LeftOut(
            narrower.lines[r],
            narrower.samples[r],
            "",
            "",
            "row put aside: no value of "
            + ", ".join(n for n, k in zip(names, known[r], strict=True) if not k),
        )
        for r in rows
    ]
    kept = narrower.choose(np.asarray(known.all(axis=1)))
    return replace(kept, left_out=[*narrower.left_out, *lost])
