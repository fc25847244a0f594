"""What must hold for any observations: symmetry, order, blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quakeloom.core import (
    fault_vectors,
    p_radiation,
    ray_vectors,
    rotation_angle,
    string_keys,
)
from quakeloom.mechanism import (
    MechanismOptions,
    ObservationBlock,
    StatedAngles,
    draw_angle_errors,
    find_mechanisms,
    leave_one_out,
    mechanism_grid,
)

GRID = mechanism_grid(10.0)
OPTIONS = MechanismOptions(
    grid_step_deg=10.0,
    minimum_polarities=4,
    maximum_azimuthal_gap_deg=360,
    maximum_takeoff_gap_deg=90,
)
COLUMNS = (
    "status",
    "strike_deg",
    "dip_deg",
    "rake_deg",
    "fault_plane_uncertainty_deg",
    "auxiliary_plane_uncertainty_deg",
    "mechanism_probability",
    "polarity_misfit",
    "station_distribution_ratio",
    "azimuthal_gap_deg",
    "takeoff_gap_deg",
    "acceptable_count",
    "quality",
    "acceptance",
)
seeds = st.integers(0, 2**32 - 1)


def random_block(seed, trials=4):
    """A few events of random readings, some with S/P, probabilities, holes, shared stations."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 24, 5)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    count = int(offsets[-1])
    event_keys = string_keys([f"{seed}-{k}" for k in range(5)], 1)
    station_keys = string_keys([f"S{k}" for k in random.integers(0, 30, count)], 1)
    azimuth = random.uniform(0, 360, count)
    takeoff = np.where(random.random(count) < 0.03, np.nan, random.uniform(0, 180, count))
    angles = StatedAngles(azimuth, takeoff, 3.0, 8.0)
    drawn = draw_angle_errors(event_keys, offsets, station_keys, angles, trials)
    return ObservationBlock(
        event_keys, offsets, *drawn,
        random.choice(np.array([-1, 0, 1], np.int8), count, p=[0.45, 0.1, 0.45]),
        random.random(count) < 0.7,
        np.where(random.random(count) < 0.5, np.nan, random.random(count)).astype(np.float32),
        np.where(random.random(count) < 0.8, np.nan, random.normal(0.7, 0.5, count)).astype(
            np.float32
        ),
        station_keys,
    )  # fmt: skip


def take(block, events, random=None):
    """Block of some events in an order, readings shuffled within events if wanted."""
    rows = []
    for event in events:
        inside = np.arange(block.offsets[event], block.offsets[event + 1])
        rows.append(random.permutation(inside) if random is not None else inside)
    order = np.concatenate(rows) if rows else np.empty(0, int)
    offsets = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
    return order, ObservationBlock(
        block.event_keys[list(events)], offsets, block.azimuth_deg[:, order],
        block.takeoff_deg[:, order], block.polarity[order], block.impulsive[order],
        block.probability_up[order], block.sp_log_ratio[order], block.station_keys[order],
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([(True, "weighted"), (False, "weighted"), (False, "hash")]))
def test_order_and_blocks_do_not_matter(seed, way):
    """Events and readings in any order, in one block or several, give the same bytes."""
    use_probabilities, average = way
    options = replace(OPTIONS, use_probabilities=use_probabilities, average=average, maxout=200)
    block = random_block(seed)
    whole = find_mechanisms(block, GRID, options)
    random = np.random.default_rng(seed)
    events = random.permutation(5)
    for part in (events[:2], events[2:]):
        _, some = take(block, part, random)
        found = find_mechanisms(some, GRID, options)
        for name in COLUMNS:
            expected = np.ascontiguousarray(getattr(whole, name)[part])
            assert expected.tobytes() == np.ascontiguousarray(getattr(found, name)).tobytes(), name


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_leave_one_out_does_not_depend_on_order(seed):
    block = random_block(seed, trials=1)
    order, shuffled = take(block, [3, 0, 4, 1, 2], np.random.default_rng(seed))
    expected = leave_one_out(block, GRID, OPTIONS)[order]
    given_again = leave_one_out(shuffled, GRID, OPTIONS)
    assert np.array_equal(expected, given_again, equal_nan=True)


FINE = mechanism_grid(5.0)


def solve(azimuth, takeoff, polarity):
    """Strike, dip and rake of one event with one trial on the grid of 5 degrees."""
    count = len(azimuth)
    nothing = np.full(count, np.nan, np.float32)
    block = ObservationBlock(
        string_keys(["one"], 1), np.array([0, count]), np.asarray(azimuth, np.float32)[None],
        np.asarray(takeoff, np.float32)[None], np.asarray(polarity, np.int8),
        np.ones(count, bool), nothing, nothing, string_keys(map(str, range(count)), 1),
    )  # fmt: skip
    found = find_mechanisms(block, FINE, replace(OPTIONS, grid_step_deg=5.0))
    return np.array([found.strike_deg[0], found.dip_deg[0], found.rake_deg[0]])


def random_source(seed, count=100):
    """Rays all over the sphere with the signs of a random double couple."""
    random = np.random.default_rng(seed)
    azimuth = random.uniform(0, 360, count)
    takeoff = np.degrees(np.arccos(random.uniform(-1, 1, count)))
    source = random.uniform(0, 360), random.uniform(0, 90), random.uniform(-180, 180)
    up = p_radiation(*fault_vectors(*source), ray_vectors(azimuth, takeoff)) > 0
    return azimuth, takeoff, np.where(up, 1, -1)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_flipping_all_polarities_reverses_the_slip(seed):
    """The same planes slip the other way; either answer is good to half a step of the grid."""
    azimuth, takeoff, polarity = random_source(seed)
    reversed_slip = solve(azimuth, takeoff, polarity) + np.array([0.0, 0.0, 180.0])
    assert rotation_angle(solve(azimuth, takeoff, -polarity), reversed_slip) < 5.0


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0, 360))
def test_turning_the_network_turns_the_mechanism(seed, turn):
    """Turned stations turn the strike; either answer is good to half a step of the grid."""
    azimuth, takeoff, polarity = random_source(seed)
    turned = solve(azimuth, takeoff, polarity) + np.array([turn, 0.0, 0.0])
    assert rotation_angle(solve((azimuth + turn) % 360.0, takeoff, polarity), turned) < 5.0


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_ray_and_its_opposite_say_the_same(seed):
    """P radiation is even: readings moved to the opposite point of the sphere change nothing."""
    block = random_block(seed, trials=1)
    random = np.random.default_rng(seed)
    there = random.random(len(block.polarity)) < 0.5
    azimuth = np.where(there, block.azimuth_deg + 180.0, block.azimuth_deg)
    takeoff = np.where(there, 180.0 - block.takeoff_deg, block.takeoff_deg)
    fields = dict(block.__dict__, azimuth_deg=azimuth.astype(np.float32),
                  takeoff_deg=takeoff.astype(np.float32))  # fmt: skip
    first = find_mechanisms(block, GRID, OPTIONS)
    second = find_mechanisms(ObservationBlock(**fields), GRID, OPTIONS)
    # Only rounding of the angles to single precision may move a mechanism over the edge.
    assert np.all(np.abs(first.acceptable_count - second.acceptable_count) <= 2)
