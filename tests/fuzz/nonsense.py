"""What no reader may give: numbers that are none, places off the Earth, impossible times."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.formats import SourceTables
from quakeloom.schema import TABLES, VARIABLES, time_values, validate_table

EARLIEST, LATEST = np.datetime64("1700-01-01", "ns"), np.datetime64("2201-01-02", "ns")
"""Times are read between the years 1700 and 2200 (formats/_text_lines.py)."""

NOTHING = "nothing is read and nothing is said"
"""What is wrong with a reader that gives neither a row nor a reject."""

BEFORE_S, AFTER_S = -60.0, 7200.0
"""When a pick may come after its event's origin (formats/_reading_times.py)."""


def table_problems(name: str, table: pa.Table) -> list[str]:
    """Return what is wrong with a registered table, also what types alone do not say."""
    problems = validate_table(name, table)
    for column in table.column_names:
        variable = VARIABLES.get(column)
        if variable is None or not table.num_rows:
            continue
        if variable.dtype == "time":
            values = time_values(table.column(column).combine_chunks())
            known = values[~np.isnat(values)]
            if known.size and (known.min() < EARLIEST or known.max() > LATEST):
                problems.append(f"{name}.{column} has times {known.min()} to {known.max()}")
        elif (
            variable.dtype.startswith("float")
            and variable.missing == "never"
            and np.isnan(table.column(column).to_numpy()).any()
        ):
            problems.append(f"{name}.{column} has NaN, which is never missing")
    return problems


def source_problems(tables: SourceTables) -> list[str]:
    """Return what is wrong with the tables of one file."""
    problems = [p for n in tables.counts() for p in table_problems(n, getattr(tables, n))]
    times = {
        i: t
        for i, t in zip(
            tables.events.column("event_id").to_pylist(),
            time_values(tables.events.column("origin_time")),
            strict=True,
        )
        if not np.isnat(t)
    }
    for name, column in (("picks", "time"), ("polarities", "arrival_time")):
        table = getattr(tables, name)
        for event, at in zip(
            table.column("event_id").to_pylist(), time_values(table.column(column)), strict=True
        ):
            if event in times and not np.isnat(at):
                after = float((at - times[event]) / np.timedelta64(1, "s"))
                if not BEFORE_S <= after <= AFTER_S:
                    problems.append(f"{name} has a time {after} s after its event")
    if not sum(tables.counts().values()):
        problems.append(NOTHING)
    return problems


def value_problems(value: Any, where: str = "result", allow_nan: bool = False) -> list[str]:
    """Return where numbers in nested records, lists and arrays are infinite or NaN."""
    if isinstance(value, SourceTables):
        return source_problems(value)
    if isinstance(value, pa.Table):
        return table_problems(_table_name(value), value)
    if isinstance(value, float | np.floating):
        bad = math.isinf(value) or (math.isnan(value) and not allow_nan)
        return [f"{where} is {value}"] if bad else []
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fc":
            return []
        bad = np.isinf(value) if allow_nan else ~np.isfinite(value)
        return [f"{where} has numbers that are none"] if bad.any() else []
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return [p for k, v in value.items() for p in value_problems(v, f"{where}.{k}", allow_nan)]
    if isinstance(value, list | tuple):
        return [
            p for i, v in enumerate(value) for p in value_problems(v, f"{where}[{i}]", allow_nan)
        ]
    return []


def _table_name(table: pa.Table) -> str:
    """The registered table with exactly these columns."""
    names = set(table.column_names)
    return next((n for n, spec in TABLES.items() if set(spec.columns) == names), "events")
