"""Rows of tables that say themselves that they are no earthquake, were withdrawn, or cannot be."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from quakeloom.formats._column_names import plain_name
from quakeloom.schema import EARTHQUAKE_TYPES, UNSAID_TYPES, is_known_event_type, time_values
from quakeloom.schema import normalize_event_type as normalize

_TYPES = ("eventtype", "type")
"""Names without signs of columns with the type of an event; a catalog of mechanisms may have
another meaning for the second, so that only words for types of events count there."""

_SHORTEST_WORD = 3
"""Letters of a word that tells a type of events in a column ``type``: LS and EX are also styles of
faulting there."""

_STATUS = ("status", "evaluationstatus", "eventstatus")
"""Names without signs of columns with what became of an event at its agency."""

_WITHDRAWN = ("deleted", "rejected", "cancelled", "canceled")
"""Words of ComCat, QuakeML and others for events that are no more."""

_UNDECIDED = 0.01
"""Rounding of probabilities near a half."""

_BY_TABLE = {"events": (), "mechanisms": _TYPES}
"""Columns whose types exclude a row; the type of an event is a column of its own table."""


def excludes_rows(name: str, table: str) -> bool:
    """Say whether a column of this name can exclude rows of a table."""
    return table in _BY_TABLE and plain_name(name) in (*_STATUS, *_BY_TABLE[table])


def excluded_rows(data: pa.Table, table: str) -> dict[int, str]:
    """Return rows that are withdrawn, or mechanisms of what is no earthquake, with why.

    Parameters
    ----------
    data : pyarrow.Table
        A file's columns.
    table : str
        The registered table that they are read as; others than ``events`` and ``mechanisms``
        exclude nothing.
    """
    if table not in _BY_TABLE:
        return {}
    reasons: dict[int, str] = {}
    for name in data.column_names:
        if not excludes_rows(name, table):
            continue
        plain = plain_name(name)
        for row, cell in enumerate(data.column(name).cast(pa.string()).to_pylist()):
            word = (cell or "").strip()
            if plain in _STATUS:
                if word.lower() in _WITHDRAWN:
                    reasons.setdefault(row, f"its {name} is '{word}'")
            elif plain == "type" and len(word) < _SHORTEST_WORD:
                continue
            elif is_known_event_type(word) and normalize(word) not in (
                *EARTHQUAKE_TYPES,
                *UNSAID_TYPES,
            ):
                reasons.setdefault(row, f"its type is '{word}'")
    return reasons


def contradicting_signs(result: pa.Table) -> dict[int, str]:
    """Return rows of table ``polarities`` whose sign and probability say opposite things, with why.

    A probability within :data:`_UNDECIDED` of a half says nothing against a sign.
    """
    sign = result.column("polarity").to_numpy()
    up = result.column("probability_up").to_numpy()
    with np.errstate(invalid="ignore"):
        against = ((sign > 0) & (up < 0.5 - _UNDECIDED)) | ((sign < 0) & (up > 0.5 + _UNDECIDED))
    return {
        row: f"polarity {'up' if sign[row] > 0 else 'down'} contradicts probability_up {up[row]:g}"
        for row in np.flatnonzero(against).tolist()
    }


def empty_spans(result: pa.Table) -> dict[int, str]:
    """Return rows of ``stations`` or ``reversals`` that end before or when they start, with why."""
    start, end = (time_values(result.column(n)) for n in ("start_time", "end_time"))
    return {
        row: f"its end, {end[row].astype('datetime64[s]')}, is not after its start, "
        f"{start[row].astype('datetime64[s]')}; an end of a day is the day after"
        for row in np.flatnonzero(end <= start).tolist()  # NaT is open, and compares as false
    }
