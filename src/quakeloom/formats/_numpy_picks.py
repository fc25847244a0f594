"""Read the list that goes with numpy records: analysts' P and S by sample."""

from __future__ import annotations

from pathlib import Path

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._numpy_archive import RATE_HZ, record_name
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import head_lines, read_lines

_LIST = "a list of picked numpy records"
"""Name of the format in messages."""

_MOST_SAMPLES = 1e9
"""No record is longer: 116 days at 100 Hz."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""


def read_picked_list(path: Path) -> SourceTables:
    """Read the analysts' P and S of numpy records: a CSV with ``fname``, ``itp``, ``its``.

    Raises
    ------
    FormatError
        If a column is missing or no row can be read.
    """
    lines = read_lines(path, _LIST)
    names = [w.strip() for w in lines[0].split(",")]
    if not {"fname", "itp", "its"} <= set(names):
        raise FormatError(
            f"'{path}' is not {_LIST}: it has no columns fname, itp, its. Nothing is read."
        )
    rejects = Rejects(path)
    picks = TableBuilder("picks", source_file=str(path), picker="analyst")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        row = dict(zip(names, (w.strip() for w in line.split(",")), strict=False))
        try:
            network, station, start = record_name(Path(row.get("fname", "")))
        except ValueError as problem:
            rejects.add(number, "pick", str(problem), line)
            continue
        for phase, column in (("P", "itp"), ("S", "its")):
            try:
                sample = float(row[column])
                if not 0.0 <= sample <= _MOST_SAMPLES:
                    raise ValueError
                at = (start or 0) + round(sample / RATE_HZ * _NANO)
            except (KeyError, ValueError):
                rejects.add(number, "pick", f"{column} is no sample of a record", line, "", station)
                continue
            picks.add(network=network, station=station, phase=phase, time=at, source_line=number)
    if not len(picks):
        raise FormatError(f"'{path}' is not {_LIST}: no pick in it can be read.")
    return SourceTables(picks=picks.table(), rejects=rejects.table())


def _sniff_list(head: bytes) -> bool:
    lines = head_lines(head)
    return bool(lines) and lines[0].replace(" ", "").startswith("fname,itp,its")


FORMAT = Format(
    name="numpy_picks", title=_LIST, read=read_picked_list, sniff=_sniff_list, suffixes=(".csv",)
)
"""How this format is recognized and read."""
