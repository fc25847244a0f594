"""CSV files hold no formulas that a spreadsheet would run, and give back what was written."""

import csv

import pytest

from quakeloom.formats import read_source, write_csv
from quakeloom.formats._event_numbers import write_event_numbers
from quakeloom.schema import make_table

FORMULAS = ["=cmd|' /C calc'!A0", "+1+cmd|'/C calc'!A0", "-2+3+cmd|x", "@SUM(1)", "'=quoted", "=1"]
PLAIN = ["-5", "+5", "--", "ev=1", "'tis", "a@b", "-", ""]


def _cells(path, name):
    with path.open(newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def test_formulas_are_defused_and_read_back(tmp_path):
    """Identifiers and reasons of both kinds: no cell begins as a formula, all come back."""
    names = [f"{text}" for text in (*FORMULAS, *PLAIN[:-1])]
    n = len(names)
    table = make_table("events", {"event_id": names, "longitude": [1.0] * n, "latitude": [2.0] * n})
    path = tmp_path / "events.csv"
    write_csv(table, path)
    written = _cells(path, "event_id")
    assert not [c for c in written if c[:1] in "=@" or (c[:1] in "+-" and set(c) & set("|(!"))]
    assert written[len(FORMULAS) :] == PLAIN[:-1]
    found = read_source(path, "csv").events.column("event_id").to_pylist()
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize("name", FORMULAS)
def test_lists_of_event_numbers_are_defused(tmp_path, name):
    """The list beside hypoDD and Hypoinverse files goes into spreadsheets as well."""
    write_event_numbers({name: 1, "plain": 2}, tmp_path / "ids.csv")
    assert _cells(tmp_path / "ids.csv", "event_id") == ["'" + name, "plain"]
