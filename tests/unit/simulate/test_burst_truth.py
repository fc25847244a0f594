"""Which events are of a burst of tremor: all of its length, at its place."""

from __future__ import annotations

import numpy as np

from quakeloom.simulate import Bursts, within_bursts


def test_an_event_within_the_length_of_a_burst_and_near_it_is_of_it():
    bursts = Bursts(np.array([100.0, 500.0]), np.array([80.0, 0.0]), np.array([13.0, 13.0]),
                    np.array([42.0, 42.0]))  # fmt: skip
    origin = np.array([100.0, 175.0, 200.0, 505.0, 530.0, 150.0])
    longitude = np.array([13.0, 13.05, 13.0, 13.0, 13.0, 14.0])  # the last is 83 km away
    found = within_bursts(origin, longitude, np.full(6, 42.0), bursts)
    assert found.tolist() == [True, True, False, True, False, False]


def test_without_bursts_no_event_is_of_one():
    none = np.zeros(0)
    bursts = Bursts(none, none, none, none)
    assert not within_bursts(np.array([1.0]), np.array([0.0]), np.array([0.0]), bursts).any()
