"""Repeating earthquakes: the same source along the same paths, at another time in other noise."""

import numpy as np
import pytest

from quakeloom.simulate import (
    describe_records,
    find_reading_levels,
    simulate_events,
    simulate_polarities,
    simulate_records,
    simulate_stations,
    small_region,
)

SEED = 7


@pytest.fixture(scope="module")
def catalog(tables):
    options = small_region(repeating_fraction=0.5)
    stations = simulate_stations(options, SEED)
    events = simulate_events(options, SEED, 0, 64)
    levels = find_reading_levels(stations, tables, options, SEED)
    return (
        options,
        stations,
        events,
        simulate_polarities(events, stations, tables, options, SEED, levels),
    )


def repeated(events):
    return np.flatnonzero(events.source_keys != events.keys)


def test_a_repeated_event_has_the_source_of_another_and_its_own_time(catalog):
    _, _, events, _ = catalog
    rows = repeated(events)
    assert 20 <= rows.size <= 40
    for row in rows:
        head = row - row % 16
        for name in ("true_longitude", "true_latitude", "true_depth_km"):
            assert getattr(events, name)[row] == getattr(events, name)[head]
        assert np.array_equal(events.slip[row], events.slip[head])
        assert events.events["magnitude"][row] == events.events["magnitude"][head]
        assert events.events["origin_time"][row] != events.events["origin_time"][head]
        assert events.events["longitude"][row] != events.events["longitude"][head]


def test_without_repeating_events_nothing_else_changes(catalog):
    """An event that repeats none is what it is in a catalog without repeating events."""
    _, _, events, _ = catalog
    plain = simulate_events(small_region(), SEED, 0, 64)
    others = np.setdiff1d(np.arange(64), repeated(events))
    assert np.array_equal(plain.true_longitude[others], events.true_longitude[others])
    for name in ("origin_time", "longitude"):
        assert np.array_equal(plain.events[name][others], events.events[name][others])
    assert np.array_equal(plain.source_keys, plain.keys)


def test_repeated_records_differ_in_noise_alone(catalog):
    _, stations, events, readings = catalog
    parameters = describe_records(events, stations, readings, 5.0)
    made = simulate_records(
        events, stations, readings, parameters, slice(0, readings.event_index.size), 1200
    )
    where = {
        pair: row
        for row, pair in enumerate(
            zip(readings.event_index.tolist(), readings.station_index.tolist(), strict=True)
        )
    }
    signal, noise = [], []
    for (event, station), row in where.items():
        head = where.get((event - event % 16, station))
        if event in repeated(events) and head is not None and made.snr[row] > 30:
            a, b = made.data[row, 0], made.data[head, 0]
            assert made.polarity[row] == made.polarity[head]
            signal.append(np.corrcoef(a[500:900], b[500:900])[0, 1])
            noise.append(np.corrcoef(a[:450], b[:450])[0, 1])
    assert len(signal) > 50
    assert np.median(signal) > 0.95
    assert abs(np.median(noise)) < 0.1
