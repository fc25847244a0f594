"""Repeating earthquakes say how often first motions are wrong, and which stations were reversed."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.polarity import (
    StationPairs,
    correlate_windows,
    find_candidates,
    find_reversed_spans,
    link_families,
    measure_consistency,
)


@pytest.fixture
def r() -> np.random.Generator:
    return np.random.default_rng(5)


def test_a_shifted_copy_correlates_and_its_mirror_image_with_the_other_sign(r):
    record = np.cumsum(r.normal(size=400)) * np.exp(-np.arange(400) / 90.0)
    windows = np.stack([record[10:310], record[17:317], -record[5:305], r.normal(size=300)])
    first, second = np.array([0, 0, 0]), np.array([1, 2, 3])
    found = correlate_windows(windows.astype(np.float32), first, second, 20)
    assert found[0] > 0.999
    assert found[1] < -0.999
    assert abs(found[2]) < 0.5


def test_a_constant_window_correlates_with_nothing():
    windows = np.zeros((2, 50), np.float32)
    windows[0, 20] = 1.0
    assert correlate_windows(windows, np.array([0]), np.array([1]), 5)[0] == 0.0


def test_candidates_are_near_and_of_similar_size():
    lon, lat, depth = np.array([10.0, 10.001, 10.0, 11.0]), np.full(4, 38.0), np.full(4, 8.0)
    magnitude = np.array([2.0, 2.2, 3.9, 2.0])
    first, second = find_candidates(lon, lat, depth, magnitude, 1.0, 0.5)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1)]
    depth[1] = np.nan
    assert not find_candidates(lon, lat, depth, magnitude, 1.0, 0.5)[0].size


def test_a_family_needs_enough_stations_and_is_passed_on():
    pairs = StationPairs(
        np.array([0, 0, 1, 1, 3, 3]), np.array([1, 1, 2, 2, 4, 4]), np.array([0, 1, 0, 1, 0, 1]),
        np.array([0.97, 0.96, -0.98, 0.99, 0.97, 0.5]),
    )  # fmt: skip
    family, linked = link_families(pairs, 5, 0.95, 2)
    assert family.tolist() == [0, 0, 0, -1, -1]
    assert linked.tolist() == [True, True, True, True, False, False]


def test_one_reading_in_twenty_wrong_gives_905_of_1000_pairs_that_agree(r):
    n = 200_000
    truth = r.random(n) < 0.5
    first, second = (np.where(truth ^ (r.random(n) < 0.05), 0.97, 0.03) for _ in range(2))
    found = measure_consistency(first, second, np.zeros(n, bool))
    # standard error of the share 0.0007
    assert found.share == pytest.approx(0.905, abs=0.003)
    assert found.error_rate == pytest.approx(0.05, abs=0.002)


def test_mirror_images_agree_where_their_readings_differ():
    up = np.array([0.9, 0.9, 0.5, 0.9])
    other = np.array([0.1, 0.9, 0.9, np.nan])
    found = measure_consistency(up, other, np.array([True, True, False, False]))
    assert (found.pairs, found.agreeing) == (2, 1)
    assert measure_consistency(up, other, np.zeros(4, bool), 0.9).pairs == 0


def test_a_station_is_reversed_where_its_seismograms_are_mirror_images():
    time = np.datetime64("2019-01-01", "ns") + np.arange(12) * np.timedelta64(30, "D")
    flipped = np.zeros(12, bool)
    flipped[5:9] = True
    first, second = np.triu_indices(12, 1)
    spans = find_reversed_spans(time, first, second, flipped[first] != flipped[second])
    assert spans == [(5, 8)]
    assert find_reversed_spans(time, first, second, np.zeros(first.size, bool)) == []


def test_two_families_of_a_station_are_judged_together():
    time = np.datetime64("2019-01-01", "ns") + np.arange(12) * np.timedelta64(30, "D")
    flipped = np.zeros(12, bool)
    flipped[4:7] = True
    first, second = np.triu_indices(12, 1)
    same = (first % 2) == (second % 2)
    first, second = first[same], second[same]
    spans = find_reversed_spans(time, first, second, flipped[first] != flipped[second])
    assert spans == [(4, 6)]


def spans_of(flipped, families):
    """Find the spans of a station from families of events, thirty days between events."""
    time = np.datetime64("2019-01-01", "ns") + np.arange(flipped.size) * np.timedelta64(30, "D")
    first, second = np.triu_indices(flipped.size, 1)
    same = families[first] == families[second]
    first, second = first[same], second[same]
    return find_reversed_spans(time, first, second, flipped[first] != flipped[second])


def test_a_family_that_was_mostly_reversed_follows_the_others():
    """Events 6 to 11 are reversed; of the second family (7 to 12) one event alone is upright."""
    flipped = np.zeros(20, bool)
    flipped[6:12] = True
    families = np.zeros(20, int)
    families[7:13] = 1
    assert spans_of(flipped, families) == [(6, 11)]


def test_a_family_without_mirror_images_breaks_no_span():
    flipped = np.zeros(20, bool)
    flipped[6:12] = True
    families = np.zeros(20, int)
    families[8:10] = 1
    assert spans_of(flipped, families) == [(6, 11)]


def test_the_state_before_and_after_is_upright_even_if_it_is_shorter():
    flipped = np.zeros(20, bool)
    flipped[3:16] = True
    assert spans_of(flipped, np.zeros(20, int)) == [(3, 15)]
