"""Partitions: an event's own time decides, so others never move it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.stages.frame.calendar import assign_partitions, choose_calendar

times = st.lists(
    st.integers(0, 1_700_000_000).map(lambda s: np.datetime64(s, "s")), min_size=1, max_size=60
)


@given(times, times, st.sampled_from(["month", "quarter", "year", "decade", "all"]))
def test_adding_events_moves_nothing(old, new, calendar):
    a = np.array(old, dtype="datetime64[ns]")
    both = np.concatenate([a, np.array(new, dtype="datetime64[ns]")])
    before = assign_partitions(a, calendar, 10_000)
    assert (assign_partitions(both, calendar, 10_000)[: a.size] == before).all()


def test_names_tell_the_time_and_sort_by_it():
    t = np.array(["2011-03-11T05:46", "2011-12-01", "NaT", "1999-01-01"], dtype="datetime64[ns]")
    assert assign_partitions(t, "month", 10).tolist() == [
        "2011-03",
        "2011-12",
        "undated",
        "1999-01",
    ]
    assert assign_partitions(t, "quarter", 10)[0] == "2011-q1"
    assert assign_partitions(t, "year", 10)[0] == "2011"
    assert assign_partitions(t, "decade", 10)[3] == "1990s"
    assert assign_partitions(t, "all", 10)[0] == "all"


@pytest.mark.parametrize("calendar", ["month", "year", "all"])
def test_only_a_crowded_bin_is_split(calendar):
    quiet = np.array(["2012-05-01"], dtype="datetime64[ns]")
    swarm = np.datetime64("2011-03-11", "ns") + np.arange(100) * np.timedelta64(1, "h")
    names = assign_partitions(np.concatenate([quiet, swarm]), calendar, 50)
    assert np.unique(names[1:]).size == 5
    assert all("-d" in n for n in names[1:])
    if calendar != "all":
        assert "-d" not in names[0]


def test_small_catalogs_stay_whole():
    t = np.datetime64("2000-01-01", "ns") + np.arange(300) * np.timedelta64(20, "D")
    assert choose_calendar(t) == "all"
    t = np.datetime64("2000-01-01", "ns") + np.arange(30_000) * np.timedelta64(10, "m")
    assert choose_calendar(t) == "month"


def test_a_crowded_quarter_is_split_into_months_and_only_a_crowded_month_into_days():
    swarm = np.datetime64("2011-03-11", "ns") + np.arange(100) * np.timedelta64(1, "h")
    february = np.datetime64("2011-02-01", "ns") + np.arange(20) * np.timedelta64(1, "D")
    names = assign_partitions(np.concatenate([february, swarm]), "quarter", 50)
    assert set(names[:20]) == {"2011-q1-2011-02"}
    assert names[20] == "2011-q1-2011-03-d11"
    names = assign_partitions(np.concatenate([february, swarm]), "quarter", 110)
    assert set(names) == {"2011-q1-2011-02", "2011-q1-2011-03"}
