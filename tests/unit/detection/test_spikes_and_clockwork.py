"""Single samples that stand alone, and picks that come like clockwork."""

from __future__ import annotations

import numpy as np

from quakeloom.detection import find_regular, find_spikes, repair_spikes


def test_a_spike_is_found_wherever_it_is_and_mended_by_its_neighbors():
    data = np.random.default_rng(1).normal(0.0, 100.0, 5000)
    data[[700, 2500, 4000]] += [9e4, -8e4, 2e4]
    repaired, found = repair_spikes(data)
    assert found.tolist() == [700, 2500, 4000]
    np.testing.assert_allclose(repaired[found], 0.5 * (data[found - 1] + data[found + 1]))
    # what decides lies within a hundred samples, so a piece of the record says the same
    assert (find_spikes(data[2000:3000]) + 2000).tolist() == [2500]


def test_an_onset_and_a_coarse_digitizer_have_no_spikes():
    r = np.random.default_rng(2)
    data = r.normal(0.0, 10.0, 3000)
    data[1500:] += 4000.0 * np.sin(2 * np.pi * 12.0 * np.arange(1500) / 100.0)
    assert not find_spikes(data).size
    # a burst of 40 Hz turns at every sample, but does not stand alone
    data[700:730] += 9000.0 * np.sin(2 * np.pi * 0.4 * np.arange(30)) * np.hanning(30)
    assert not find_spikes(data).size
    coarse = (r.random(3000) < 0.01).astype(np.int32)
    assert not find_spikes(coarse).size


def test_thousands_of_spikes_are_all_found():
    r = np.random.default_rng(3)
    data = np.round(r.normal(0.0, 50.0, 60_000)).astype(np.int32)
    at = np.sort(r.choice(np.arange(2, 59_998, 3), 1500, replace=False))
    data[at] += 100_000
    assert np.array_equal(find_spikes(data), at)


def test_pulses_every_minute_are_clockwork_and_earthquakes_among_them_are_not():
    r = np.random.default_rng(4)
    pulses = 17.0 + 60.0 * np.arange(20) + r.normal(0.0, 0.02, 20)
    quakes = r.uniform(0.0, 1200.0, 60)
    time = np.concatenate([pulses, quakes])
    order = np.argsort(time)
    found = np.empty(time.size, bool)
    found[order] = find_regular(time[order])
    assert found[:20].all()
    assert found[20:].sum() <= 2


def test_a_swarm_and_a_few_pulses_are_no_clockwork():
    r = np.random.default_rng(5)
    assert not find_regular(np.sort(r.uniform(0.0, 86_400.0, 4000))).any()
    assert not find_regular(np.arange(7) * 60.0).any()
    # repeating earthquakes every two minutes, within seconds
    assert not find_regular(np.sort(120.0 * np.arange(50) + r.normal(0.0, 2.0, 50))).any()
