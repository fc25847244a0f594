"""Any single field made absent, impossible or doubled: the right value, or a row with a reason.

Every field of every small file of every text format is changed in turn. The reader may refuse
the file, put a row aside, or leave a value out that is not known; it may not give another
value for anything, and may not lose a row without a word.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "formats"))

from small_files import SMALL_FILES
from test_associated_events import (
    COMCAT,
    FDSN_EVENTS,
    FDSN_STATIONS,
    GAMMA_PICKS,
    GROWCLUST,
    HYPOINVERSE_END,
    HYPOINVERSE_LINES,
    PHASENET,
    REAL,
    VELEST,
    ZMAP,
)
from test_broken_files import GOOD

from quakeloom.core import QuakeloomError
from quakeloom.formats import read_source

CARDS = (
    "AGE EPU0 100120081045.09       48.23ESU4\nALI IPU0 100120081046.12       49.22ESU1\n"
    "LAKKIPD1 100120081045.08\n                 10\n"
)
SUMMARY = (
    "100120 08 1041.27 38 24.21  21 58.25 07.11 00.2  2.40 0.11 00.2 00.3\n"
    "100120 08 1241.27 38 24.21  21 58.25 07.11 00.2  2.40 0.11 00.2 00.3\n"
)
VELEST_STATIONS = (
    "(a4,f7.4,a1,1x,f8.4,a1,1x,i4)\nAAA 36.3000N 138.6000E  100\nBBB 36.4000S   8.7000W -200\n"
)
HYPOINVERSE_STATIONS = (
    "AAA   XX  HHZ  36 18.0000N138 36.0000E 100\n"
    "BBBBB XX  EHZ  36 24.0000S  8 42.0000W-120     0.00\n"
)
TEXTS: dict[str, tuple[str, str]] = {
    **{name: (name, text) for name, text in SMALL_FILES.items()},
    **{
        name: (name, GOOD[name].decode())
        for name in ("jma", "nonlinloc_locations", "nonlinloc_stations", "csv")
    },
    "nonlinloc_observations": (
        "nonlinloc_observations",
        re.sub(r" 1 > .*", "", GOOD["nonlinloc_observations"].decode()),
    ),
    "hypo71_phases": ("hypo71_phases", CARDS),
    "hypo71_summary": ("hypo71_summary", SUMMARY),
    "real": ("real", REAL),
    "growclust": ("growclust", GROWCLUST),
    "velest_phases": ("velest_phases", VELEST),
    "velest_stations": ("velest_stations", VELEST_STATIONS),
    "hypoinverse_phases": (
        "hypoinverse_phases",
        # a blank weight of S is 0 by Hypoinverse's rule; the event has no line of its own
        "\n".join([*HYPOINVERSE_LINES[:2], HYPOINVERSE_END]).replace("ES 1", "ES 0") + "\n",
    ),
    "hypoinverse_stations": ("hypoinverse_stations", HYPOINVERSE_STATIONS),
    "zmap": ("zmap", ZMAP),
    "comcat": ("csv", COMCAT),
    "fdsn events": ("csv", FDSN_EVENTS),
    "fdsn stations": ("csv", FDSN_STATIONS),
    "gamma": ("csv", GAMMA_PICKS),
    "phasenet": ("csv", PHASENET),
}
TABLES = ("events", "stations", "polarities", "picks", "amplitudes", "reversals", "sp_corrections")
NAMES = (
    "event_id",
    "network",
    "station",
    "channel",
    "onset",
    "text",
    "phase",
    "magnitude_type",
    "event_type",
)
"""Columns of free text: another word there is another name."""

UNREAD = {
    # a line of Hypoinverse without a P remark has no P, one without seconds no time
    "hypoinverse_archive": ("picks", "polarities"),
    "hash_scedc5": ("picks", "polarities"),
    # an event without a line of its own begins with its first reading
    "hypoinverse_phases": ("picks", "polarities", "events"),
    # other lines of a control file are no stations
    "nonlinloc_stations": ("stations",),
    # a card without S has none, nor a pick without a first motion
    "hypo71_phases": ("picks",),
    "phasenet": ("polarities",),
}
"""Rows that are not there if what makes them is taken away."""


def absent(word: str) -> str:
    return " " * len(word)


def asterisks(word: str) -> str:
    return "*" * len(word)


def letters(word: str) -> str:
    return "x" * len(word)


CHANGES = {"absent": absent, "asterisks": asterisks, "letters": letters}


def read(tmp_path, form: str, text: str):
    path = tmp_path / "file"
    path.write_text(text)
    return read_source(path, form)


def reasons(tables) -> set[tuple[int, str]]:
    return {(r["source_line"], r["reason"]) for r in tables.rejects.to_pylist()}


def rows_by_line(tables) -> dict[int, list[tuple[str, dict]]]:
    found = defaultdict(list)
    for name in TABLES:
        for row in getattr(tables, name).to_pylist():
            found[row["source_line"]].append((name, row))
    return found


def is_missing(name: str, value) -> bool:
    if name == "polarity":
        return value == 0
    return value is None or value in ("", -1) or value != value


def complaint(name: str, before, after) -> str:
    """Say what a reader did to a file whose change it did not mention."""
    old, new = rows_by_line(before), rows_by_line(after)
    for line, rows in old.items():
        kept = new.get(line, [])
        for table in TABLES:
            lost = sum(t == table for t, _ in rows) > sum(t == table for t, _ in kept)
            if lost and table not in UNREAD.get(name, ()):
                return f"a row of {table} of line {line} is gone"
        for (table, row), (other, changed) in zip(rows, kept, strict=False):
            if table != other:
                continue
            for column, value in row.items():
                same = repr(value) == repr(changed[column])
                if not same and column not in NAMES and not is_missing(column, changed[column]):
                    return f"{table}.{column} of line {line}: {value} -> {changed[column]}"
    return ""


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TEXTS)
def test_no_field_is_changed_in_silence(tmp_path, name, change):
    form, text = TEXTS[name]
    before = read(tmp_path, form, text)
    lines = text.split("\n")
    complaints = []
    for i, line in enumerate(lines):
        if i == 0 and form == "csv":
            continue  # the names of columns
        for match in re.finditer(r"[^\s,;|]+", line):
            word = match.group()
            altered = line[: match.start()] + CHANGES[change](word) + line[match.end() :]
            whole = "\n".join([*lines[:i], altered, *lines[i + 1 :]])
            try:
                after = read(tmp_path, form, whole)
            except QuakeloomError:
                continue
            if reasons(after) - reasons(before):
                continue
            said = complaint(name, before, after)
            if said:
                complaints.append(f"line {i + 1}, '{word}' {change}: {said}")
    assert complaints == []


def rows_that_say_nothing(tables) -> int:
    """Count readings without a sign and a time, such as those of SIMUL's listings."""
    rows = tables.polarities.to_pylist()
    return sum(r["polarity"] == 0 and r["arrival_time"] is None for r in rows)


@pytest.mark.parametrize("name", TEXTS)
def test_a_doubled_line_adds_nothing_or_is_put_aside(tmp_path, name):
    form, text = TEXTS[name]
    before = read(tmp_path, form, text)
    lines = text.split("\n")
    known = rows_by_line(before)
    for i in range(len(lines)):
        if i + 1 not in known:
            continue
        try:
            after = read(tmp_path, form, "\n".join([*lines[: i + 1], lines[i], *lines[i + 1 :]]))
        except QuakeloomError:
            continue
        if rows_that_say_nothing(after) > rows_that_say_nothing(before):
            continue
        more = sum(getattr(after, t).num_rows - getattr(before, t).num_rows for t in TABLES)
        told = after.rejects.num_rows > before.rejects.num_rows
        assert more <= 0 or told, f"line {i + 1} twice gives {more} more rows"
        assert told or more == 0, f"line {i + 1} twice is not mentioned"
