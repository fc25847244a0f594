"""Rows compared: what was added, revised, withdrawn, or only stands elsewhere in its file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.stages.changes.causes import Cause, code_causes, row_cause, setting_causes
from quakeloom.stages.changes.row_changes import TableChange, compare_rows, merge_changes


def events(depths: dict[str, float], first_line: int = 2) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": list(depths),
            "depth_km": list(depths.values()),
            "source_file": "a.csv",
            "source_line": np.arange(len(depths)) + first_line,
        }
    ).astype({"event_id": object})


def test_each_kind_is_told_with_old_and_new_values():
    found = compare_rows(
        "events", events({"a": 1.0, "b": 2.0, "c": 3.0}), events({"a": 1.0, "b": 2.5, "d": 4.0})
    )
    assert (found.added, found.revised, found.withdrawn) == ({"d"}, {"b"}, {"c"})
    assert found.events == {"b", "c", "d"}
    assert found.sentence() == "events: 1 added, 1 revised, 1 withdrawn"
    assert "revised b: depth_km 2.0 -> 2.5 (a.csv, line 3)" in [r.sentence() for r in found.rows]


def test_rows_that_stand_elsewhere_in_their_file_are_no_revised_ones():
    found = compare_rows("events", events({"a": 1.0}), events({"a": 1.0}, first_line=9))
    assert found.moved == {"a"}
    assert not found.revised
    assert not found.events
    assert found.sentence() == "events: 1 elsewhere in the file"


def test_a_second_row_of_one_key_is_told_apart():
    one = pd.DataFrame({"event_id": ["a"], "network": ["X"], "station": ["S"], "channel": ["Z"]})
    twice = pd.concat([one, one], ignore_index=True)
    assert compare_rows("polarities", one, twice).added == {"a X S Z #2"}


def test_what_one_partition_lost_and_another_got_has_moved():
    lost, got = TableChange("events", withdrawn={"a"}), TableChange("events", added={"a", "b"})
    (merged,) = merge_changes([lost, got])
    assert (merged.added, merged.revised, merged.withdrawn) == ({"b"}, {"a"}, set())


def test_keys_that_are_missing_are_keys_like_others():
    """A station without a start of its epoch."""
    old = pd.DataFrame(
        {
            "network": ["X", "X"],
            "station": ["A", "B"],
            "start_time": pd.to_datetime(["2001-01-01", None]),
            "elevation_m": [1.0, np.nan],
        }
    )
    new = old.assign(elevation_m=[1.0, 5.0])
    found = compare_rows("stations", old, new)
    assert found.revised == {"X B none"}
    assert [r.values for r in found.rows] == [(("elevation_m", "nan", "5.0"),)]
    assert not compare_rows("stations", old, old)


names = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.floats(0, 9), max_size=8)


@given(names, names)
def test_added_and_withdrawn_change_places_when_the_states_do(one, other):
    there, back = (
        compare_rows("events", events(x), events(y)) for x, y in ((one, other), (other, one))
    )
    assert there.added == back.withdrawn == set(other) - set(one)
    assert there.revised == back.revised
    assert there.revised == {k for k in set(one) & set(other) if one[k] != other[k]}
    assert bool(compare_rows("events", events(one), events(one))) is False


def test_settings_are_named_by_key_and_once():
    old = {"seed": 1, "mechanism": {"trials": 10, "prob_c": 0.5}, "mechanism.trials": 10}
    new = {"seed": 1, "mechanism": {"trials": 12, "prob_c": 0.5}, "mechanism.trials": 12}
    assert [c.sentence() for c in setting_causes(old, new)] == [
        "setting: mechanism.trials 10 -> 12"
    ]
    assert setting_causes(old, old) == []


def test_modules_that_count_are_named():
    assert code_causes({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == [
        Cause("code", "b", "2", "3"),
        Cause("code", "c", "none", "4"),
    ]


@pytest.mark.parametrize("table", ["events", "polarities", "picks", "stations"])
def test_an_empty_table_against_itself_is_no_change(table):
    empty = events({})
    assert not compare_rows(table, empty, empty)
    assert row_cause([]).sentence() == "input: rows of events"
