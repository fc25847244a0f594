"""What holds for first arrivals in every layered model."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quakeloom.core import LayeredModel
from quakeloom.travel import trace_table

DISTANCE = np.linspace(0.0, 120.0, 25)


def depths(low, high):
    """Depths to the meter; nearer ones are taken for one level."""
    return st.integers(int(1000 * low), int(1000 * high)).map(lambda z: z / 1000)


@st.composite
def layered_models(draw):
    """Models with gradients of both signs, discontinuities and constant layers."""
    count = draw(st.integers(2, 7))
    steps = draw(st.lists(st.sampled_from([0.0, 1.0, 4.0, 10.0]), min_size=count, max_size=count))
    velocities = st.sampled_from([3.0, 4.5, 5.5, 6.0, 6.2, 7.0, 8.0])
    velocity = draw(st.lists(velocities, min_size=count, max_size=count))
    depth = np.cumsum(steps)
    return LayeredModel("drawn", depth, np.array(velocity))


def straight_time(model, z1, z2, x):
    """Time along the straight line, by fine sums."""
    edges = np.unique(np.concatenate([[z1, z2], model.depth_km, np.linspace(z1, z2, 401)]))
    edges = edges[(edges >= z1) & (edges <= z2)]
    middle = 0.5 * (edges[1:] + edges[:-1])
    z, v = model.depth_km, model.p_velocity_km_s
    speed = np.empty_like(middle)
    for i, m in enumerate(middle):
        k = np.searchsorted(z, m)
        if k == 0:
            speed[i] = v[0]
        elif k == z.size:
            speed[i] = v[-1]
        else:
            share = (m - z[k - 1]) / (z[k] - z[k - 1])
            speed[i] = v[k - 1] + share * (v[k] - v[k - 1])
    return np.sum(np.diff(edges) / speed) * np.hypot(x, z2 - z1) / (z2 - z1)


@settings(max_examples=60, deadline=None)
@given(layered_models(), depths(0.3, 45.0))
def test_no_first_arrival_is_later_than_the_straight_line(model, depth):
    table = trace_table(model, [depth, depth + 5.0], DISTANCE)
    line = straight_time(model, 0.0, depth, DISTANCE)
    assert np.all(np.isfinite(table.travel_time_s))
    assert np.all(table.travel_time_s[0] <= line * (1 + 1e-4))


@settings(max_examples=60, deadline=None)
@given(layered_models(), depths(0.0, 45.0))
def test_time_grows_with_distance_at_a_slowness_of_the_model(model, depth):
    distance = np.linspace(0.0, 120.0, 481)
    table = trace_table(model, [depth, depth + 5.0], distance)
    slowness = np.diff(table.travel_time_s, axis=1) / np.diff(distance)
    assert np.all(slowness >= -1e-9)
    assert slowness.max() <= 1.0 / model.p_velocity_km_s.min() + 1e-9
    assert np.all((table.takeoff_deg >= 0.0) & (table.takeoff_deg <= 180.0))


@settings(max_examples=40, deadline=None)
@given(layered_models(), depths(0.0, 30.0), depths(0.0, 30.0))
def test_source_and_receiver_may_be_exchanged(model, first, second):
    there = trace_table(model, [first, 90.0], DISTANCE, receiver_depth_km=second)
    back = trace_table(model, [second, 90.0], DISTANCE, receiver_depth_km=first)
    assert np.allclose(there.travel_time_s[0], back.travel_time_s[0], rtol=1e-9, atol=1e-12)
