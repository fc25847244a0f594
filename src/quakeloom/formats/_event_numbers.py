"""Numbers of events for formats whose event ids are whole numbers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from quakeloom.formats._formulas import defuse_formulas
from quakeloom.formats._replacing import replacing


def number_events(event_ids: Sequence[str], digits: int) -> dict[str, int]:
    """Return a number for every event: its id if all ids are such numbers, else 1, 2, ...

    Parameters
    ----------
    event_ids : sequence of str
    digits : int
        How many digits a number may have.
    """
    plain = all(
        i.isascii() and i.isdecimal() and len(i) <= digits and i[0] != "0" for i in event_ids
    )
    return {i: int(i) if plain else n for n, i in enumerate(event_ids, start=1)}


def write_event_numbers(numbers: Mapping[str, int], path: Path) -> None:
    """Write which number stands for which event, as CSV with ``number`` and ``event_id``."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        table = csv.writer(stream)
        table.writerow(("number", "event_id"))
        names = defuse_formulas(
            pa.chunked_array([pa.array(list(numbers), pa.string())])
        ).to_pylist()
        table.writerows(zip(numbers.values(), names, strict=True))
