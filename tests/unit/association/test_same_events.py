"""Events of two catalogs: the same, new, or missing."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.association import Origins, match_events
from quakeloom.config import Merge
from quakeloom.core import InputError
from quakeloom.schema import make_table
from quakeloom.stages.merge.matching import merge_tables


def origins(time, east=0.0, depth=8.0, errors=(0.3, 1.0, 2.0)):
    n = len(time)
    full = [np.full(n, e) for e in errors]
    return Origins(
        np.asarray(time, float), 13.0 + np.broadcast_to(east, n) / 82.0, np.full(n, 42.5),
        np.broadcast_to(np.asarray(depth, float), n), *full,
    )  # fmt: skip


def test_a_catalog_is_the_same_as_itself():
    catalog = origins(np.arange(200) * 3.0)
    same = match_events(catalog, catalog)
    assert np.array_equal(same.first, np.arange(200))
    assert np.array_equal(same.second, np.arange(200))
    assert np.allclose(same.distance, 0.0)


def test_the_order_of_catalogs_changes_no_pair():
    random = np.random.default_rng(2)
    time = np.sort(random.uniform(0, 600, 150))
    a = origins(time + random.normal(0, 0.3, 150), random.normal(0, 1.0, 150))
    b = origins(np.delete(time, [3, 50, 51]), random.normal(0, 1.0, 147))
    ab, ba = match_events(a, b), match_events(b, a)
    assert set(zip(ab.first.tolist(), ab.second.tolist(), strict=True)) == set(
        zip(ba.second.tolist(), ba.first.tolist(), strict=True)
    )


def test_drawn_errors_keep_pairs_and_strangers_apart():
    random = np.random.default_rng(4)
    time = np.arange(300) * 40.0
    near = origins(time + random.normal(0, 0.42, 300), random.normal(0, 1.4, 300))
    same = match_events(origins(time), near)
    assert np.array_equal(same.first, same.second)
    assert same.first.size >= 298
    # two of the three standardized differences are drawn, so the squares have a mean of 2
    assert np.mean(same.distance**2) == pytest.approx(2.0, abs=0.35)
    assert not match_events(origins(time), origins(time + 8.0)).first.size
    assert not match_events(origins(time), origins(time, 30.0)).first.size


def test_of_two_events_close_together_each_finds_its_own():
    a = origins([0.0, 1.0])
    b = origins([0.9, 1.9])  # the first of b is nearer to the second of a
    same = match_events(a, b)
    assert same.second.tolist() == [0, 1]


def test_an_unknown_depth_is_not_compared_and_errors_of_zero_are_refused():
    known, unknown = origins([0.0]), origins([0.1], depth=np.nan)
    assert match_events(known, unknown).first.size == 1
    with pytest.raises(InputError, match="above 0"):
        match_events(known, origins([0.0], errors=(0.0, 1.0, 1.0)))


def test_every_event_of_both_catalogs_has_one_row():
    def table(names, seconds, longitude):
        time = np.datetime64("2020-01-01", "ns") + np.array(seconds, "timedelta64[s]")
        return make_table("events", {
            "event_id": names, "origin_time": time, "longitude": longitude,
            "latitude": [42.5] * len(names), "depth_km": [5.0] * len(names),
        })  # fmt: skip

    ours = table(["a", "b", "c"], [0, 100, 200], [13.0, 13.0, np.nan])
    theirs = table(["x", "y"], [1, 400], [13.01, 13.0])
    rows = merge_tables(ours, theirs, Merge()).to_pylist()
    said = {(r["event_id"], r["catalog_event_id"]): r for r in rows}
    assert {k: r["match_status"] for k, r in said.items()} == {
        ("a", "x"): "same", ("b", ""): "new", ("c", ""): "new", ("", "y"): "catalog_only",
    }  # fmt: skip
    assert said["a", "x"]["later_s"] == -1.0
    assert said["a", "x"]["moved_km"] == pytest.approx(0.82, abs=0.01)
