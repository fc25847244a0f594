"""One small region and one nation, simulated once."""

import dataclasses

import numpy as np
import pytest

from quakeloom.core import LayeredModel
from quakeloom.simulate import (
    find_reading_levels,
    national,
    simulate_events,
    simulate_polarities,
    simulate_stations,
    small_region,
)
from quakeloom.travel import stack_tables, trace_table

SEED = 20260101


class World:
    """Everything simulated with one set of options."""

    def __init__(self, options, tables, count, first=0):
        self.options, self.tables, self.seed = options, tables, SEED
        self.stations = simulate_stations(options, SEED)
        self.levels = find_reading_levels(self.stations, tables, options, SEED)
        self.events = simulate_events(options, SEED, first, count)
        self.readings = self.read(self.events)

    def read(self, events, options=None):
        return simulate_polarities(
            events, self.stations, self.tables, options or self.options, SEED, self.levels
        )


@pytest.fixture(scope="session")
def tables():
    model = LayeredModel("crust", np.array([0.0, 3, 18, 35]), np.array([4.8, 5.7, 6.3, 7.6]))
    grid = np.linspace(0, 24, 25), np.linspace(0, 130, 131)
    return stack_tables([trace_table(model, *grid)])


@pytest.fixture(scope="session")
def region(tables):
    options = small_region(
        amplitude_fraction=0.5, reversed_station_fraction=0.05, late_station_fraction=0.2
    )
    return World(options, tables, 3000)


@pytest.fixture(scope="session")
def nation(tables):
    return World(national(), tables, 20_000, first=30_000)


def _assert_same(a, b):
    """Fail unless two records hold the same bytes."""
    for field in dataclasses.fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        pairs = [(x[k], y[k]) for k in x] if isinstance(x, dict) else [(x, y)]
        for u, v in pairs:
            if u.dtype == object:
                assert list(u) == list(v), field.name
            else:
                assert u.tobytes() == v.tobytes(), field.name


def _part(events, rows):
    """Some rows of simulated events."""
    return dataclasses.replace(
        events,
        **{
            f.name: {k: v[rows] for k, v in value.items()}
            if isinstance(value, dict)
            else value[rows]
            for f in dataclasses.fields(events)
            for value in [getattr(events, f.name)]
        },
    )


@pytest.fixture(scope="session")
def assert_same():
    return _assert_same


@pytest.fixture(scope="session")
def part():
    return _part
