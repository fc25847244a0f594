"""Planes in the likelihood: which slipped, along what, and how wrong mechanisms are."""

import numpy as np
import pytest

from quakeloom.core import fault_vectors, plane_angles
from quakeloom.stress import (
    MechanismSets,
    Sampling,
    StressGrid,
    StressInversion,
    _plane_inversion,
    accumulate_statistics,
    describe_stress,
    invert_probable_planes,
    join_sets,
    mechanism_statistics,
    plane_instability,
    stress_components,
    summarize_replicates,
    thin_acceptance,
)
from quakeloom.stress._fault_moves import FaultStart
from quakeloom.stress._fault_population import population_table
from quakeloom.stress._slip_likelihood import (
    NO_TURNS,
    Derivatives,
    Found,
    Placed,
    Supposed,
    log_likelihood,
)

from .simulated import tensor_from
from .test_plane_choice import faults_near_failure

NODE = StressGrid({"northing": [0.0], "easting": [0.0]})
NONE = np.empty((0, 0, 0))
NO_FAULTS = np.empty((0, 5))


def drawn_frames(count, seed=0):
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((count, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    slip = np.cross(normal, rng.standard_normal((count, 3)))
    return normal, slip / np.linalg.norm(slip, axis=1)[:, None]


def look(frames, field, given, turned, linear, gradient=NONE, turns=NO_TURNS, family=None,
         faults=NO_FAULTS):  # fmt: skip
    count = len(frames)
    placed = Placed(
        frames, np.ones(count), np.zeros((count, 1), np.int64), np.ones((count, 1)),
        np.full(count, -1) if family is None else family,
        np.zeros((faults.shape[0], 1), np.int64), np.ones((faults.shape[0], 1)),
    )  # fmt: skip
    supposed = Supposed(np.arange(count)[None], turned, faults[None])
    by_event, by_fault = np.empty((1, count)), np.empty((1, len(faults)))
    log_likelihood(
        placed, population_table(), field[None, None], given[None], supposed, linear,
        Found(by_event, by_fault), Derivatives(gradient, turns),
    )  # fmt: skip
    return np.concatenate([by_event[0], by_fault[0]])


def invert(angles, sampling=None, seed=0):
    count = len(angles[0])
    points = np.zeros((count, 2))
    sums = accumulate_statistics(NODE, points, mechanism_statistics(*angles))
    sets = MechanismSets.single(points, np.transpose(angles), np.ones(count))
    return invert_probable_planes(NODE, sums, sets, sampling=sampling, seed=seed)


def two_families(count):
    """Return families of events and their faults: every third event to either, or to none."""
    normal, _ = drawn_frames(2, 9)
    faults = np.concatenate([normal, [[0.7, 25.0], [0.2, 8.0]]], axis=1)
    return {"family": np.arange(count) % 3 - 1, "faults": faults}


@pytest.mark.parametrize("families", [False, True])
def test_derivatives_are_those_of_the_likelihood(families):
    rng = np.random.default_rng(1)
    frames = np.stack(drawn_frames(200), axis=1)
    given_families = two_families(200) if families else {}
    field = rng.standard_normal(5)
    given = np.array([0.6, 0.12, 0.55, 0.2, 0.05])
    turned = rng.standard_normal((1, 200, 2, 2))
    slope = np.zeros((1, 1, 5))
    look(frames, field, given, turned, False, slope, **given_families)
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-6
        up, down = (
            look(frames, field + s, given, turned, False, **given_families).sum()
            for s in (step, -step)
        )
        assert slope[0, 0, j] == pytest.approx((up - down) / 2e-6, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("families", [False, True])
def test_derivatives_by_errors_of_normals_are_those_of_the_likelihood(families):
    given_families = two_families(60) if families else {}
    rng = np.random.default_rng(2)
    frames = np.stack(drawn_frames(60), axis=1)
    field = rng.standard_normal(5)
    given = np.array([0.6, 0.12, 0.55, 0.4, 0.05])
    turned = rng.standard_normal((1, 60, 2, 2))
    turned[0, :3] = 0.0
    turns, slope = np.zeros((1, 60, 2, 2)), np.zeros((1, 1, 5))
    look(frames, field, given, turned, False, slope, turns, **given_families)
    for plane in (0, 1):
        for axis in (0, 1):
            step = np.zeros((1, 60, 2, 2))
            step[0, :, plane, axis] = 1e-6
            up, down = (
                look(frames, field, given, turned + s, False, **given_families)[:60]
                for s in (step, -step)
            )
            numeric = (up - down) / 2e-6
            assert turns[0, :, plane, axis] == pytest.approx(numeric, rel=1e-3, abs=1e-4)


def test_errors_that_are_not_known_count_as_the_mean_over_them():
    """Of events on a fault that a stress explains; the search looks at no errors."""
    rng = np.random.default_rng(8)
    field = stress_components(tensor_from(60.0, 0.5))
    normal, slip = fault_vectors(30.0, 70.0, 10.0)
    given = np.array([0.7, 0.1, 0.6, np.radians(7.0), 0.02])
    found = []
    for turn in (0.0, 0.05, 0.1, 0.15):
        fault = np.array([[*(normal * np.cos(turn) + slip * np.sin(turn)), 0.9, 25.0]])
        frame = np.stack([normal, slip])[None]
        many = np.repeat(frame, 6000, axis=0)
        errors = rng.standard_normal((1, 6000, 2, 2))
        family = np.zeros(6000, np.int64)
        each = look(many, field, given, errors, False, family=family, faults=fault)[:-1]
        none = np.zeros((1, 1, 2, 2))
        once = look(frame, field, given, none, True, family=family[:1], faults=fault)[0]
        found.append((np.log(np.mean(np.exp(each))), once))
    mean, linear = np.transpose(found)
    np.testing.assert_allclose(linear, mean, atol=0.3)


def test_the_population_is_normalized_over_all_planes():
    """Z is the mean of h(I) over planes of any direction, here by many of them."""
    normal, _ = drawn_frames(200_000, 2)
    table = population_table()
    for level, width, ratio, friction in ((0.5, 0.05, 0.3, 0.6), (0.9, 0.1, 0.8, 0.4)):
        values = -np.array([1.0, 2.0 * ratio - 1.0, -1.0])
        stress = stress_components(np.diag(values - values.mean()))
        instability = plane_instability(normal, np.broadcast_to(stress, (200_000, 5)), friction)
        mean = np.mean(1.0 / (1.0 + np.exp((level - instability) / width)))
        x = (np.array([level, np.log(width), ratio, friction]) - table.start) / table.step
        nearest = table.values[tuple(np.rint(x).astype(int))]
        # the nearest entry of the table stands half a step away at most
        assert nearest == pytest.approx(np.log(mean), abs=0.12)


def test_ranges_hold_and_are_narrow_near_failure_and_elsewhere():
    """The short version of ``benchmarks/calibration.py --only stress.measure_few``."""
    inside, widths = [], []
    for trial in range(12):
        rng = np.random.default_rng([3, trial])
        ratio = rng.uniform(0.15, 0.85)
        tensor = tensor_from(rng.uniform(0, 180), ratio, "SS")
        angles = faults_near_failure(tensor, rng, 60, 0.9 if trial % 2 else 0.0)
        found = invert(angles, seed=trial)
        u = summarize_replicates(found.field.components, found.draws.astype(np.float32))
        low, high = u.shape_ratio_range[0]
        inside.append(low <= ratio <= high)
        widths.append(high - low)
    assert np.mean(inside) > 0.8
    # both planes, and the less stable ones, give 0.5
    assert np.mean(widths) < 0.35


def test_copies_of_a_catalog_narrow_the_range_by_the_root_of_their_number():
    tensor = tensor_from(30.0, 0.4)
    angles = faults_near_failure(tensor, np.random.default_rng(1), 40, 0.0)
    spread = []
    for copies in (1, 4):
        draws = invert(np.tile(angles, copies)).draws[:, 0]
        spread.append(describe_stress(draws).shape_ratio.std())
    assert spread[1] / spread[0] == pytest.approx(0.5, abs=0.2)


def test_the_order_of_events_changes_no_byte():
    angles = faults_near_failure(tensor_from(60.0, 0.5), np.random.default_rng(4), 30, 0.5)
    brief = Sampling(chains=4, warming=5, kept=5, particles=64)
    first = invert(angles, brief)
    again = invert(angles[:, np.random.default_rng(0).permutation(30)], brief)
    np.testing.assert_array_equal(first.draws, again.draws)


def test_the_error_of_mechanisms_is_found():
    """Ten degrees about random axes are 5.8 about each."""
    angles = faults_near_failure(tensor_from(60.0, 0.5), np.random.default_rng(5), 120, 0.5)
    low, middle, high = invert(angles).model.error_deg
    assert low < 10.0 / np.sqrt(3.0) < high
    assert high - low < 4.0
    assert low < middle < high


def test_friction_at_an_end_of_its_range_is_flagged():
    rng = np.random.default_rng(2)
    angles = faults_near_failure(tensor_from(60.0, 0.5), rng, 150, 0.93, friction=1.6, noise_deg=4)
    assert invert(angles).model.friction_at_edge
    angles = faults_near_failure(tensor_from(60.0, 0.5), rng, 150, 0.93, friction=0.5, noise_deg=4)
    assert not invert(angles).model.friction_at_edge


def test_chains_of_a_map_learn_of_faults_where_most_events_are(monkeypatch):
    """Of three nodes the middle one has most events: its own are taken, with all their sets."""
    monkeypatch.setattr(_plane_inversion, "_NEARBY", 60)
    grid = StressGrid({"northing": [0.0], "easting": [0.0, 2.0, 4.0]})
    east = np.repeat([0.0, 2.0, 4.0], [20, 60, 30])
    points = np.stack([np.zeros(110), east], axis=1)
    normal, slip = drawn_frames(220)
    angles = np.stack(plane_angles(normal, slip), axis=1).reshape(110, 2, 3)
    sets = MechanismSets.equal(points, angles, np.ones(110))
    sums = accumulate_statistics(grid, points, mechanism_statistics(*angles[:, 0].T))
    placed, first, _ = _plane_inversion._place(StressInversion(grid, sums), sets, "bilinear")
    rows = _plane_inversion._events_nearby(StressInversion(grid, sums), placed)
    none = FaultStart(np.zeros((0, 2, 3)))
    some, begin, _ = _plane_inversion._take(placed, first, rows, none)
    assert rows.size == 60
    assert np.all(some.nodes[np.arange(60), np.argmax(some.corners, axis=1)] == 1)
    assert np.array_equal(begin, 2 * np.arange(61))
    assert np.array_equal(some.frames[0::2], placed.frames[first[:-1][rows]])


def test_a_set_whose_mechanisms_are_all_alike_is_one_mechanism():
    angles = faults_near_failure(tensor_from(60.0, 0.5), np.random.default_rng(6), 60, 0.5)
    points = np.zeros((60, 2))
    sums = accumulate_statistics(NODE, points, mechanism_statistics(*angles))
    repeated = MechanismSets.equal(points, np.repeat(angles.T[:, None], 3, axis=1), np.ones(60))
    one = describe_stress(invert(angles).draws[:, 0]).shape_ratio
    same = describe_stress(invert_probable_planes(NODE, sums, repeated).draws[:, 0]).shape_ratio
    assert same.mean() == pytest.approx(one.mean(), abs=0.5 * one.std())
    assert same.std() == pytest.approx(one.std(), rel=0.4)


def test_wide_sets_hold_the_truth_and_say_less_than_their_middles():
    """Every event is known within 25 degrees: its set is there, about a middle as far off."""
    rng = np.random.default_rng(7)
    tensor = tensor_from(60.0, 0.5)
    angles = faults_near_failure(tensor, rng, 60, 0.0, noise_deg=1.0)
    from .test_plane_choice import turned

    n, s = turned(*fault_vectors(*angles), rng, 25.0)
    members = np.stack(
        [np.transpose(plane_angles(*turned(n, s, rng, 25.0))) for _ in range(24)], axis=1
    )
    points = np.zeros((60, 2))
    sums = accumulate_statistics(NODE, points, mechanism_statistics(*plane_angles(n, s)))
    sets = MechanismSets.equal(points, members, np.ones(60))
    found = invert_probable_planes(NODE, sums, sets)
    u = summarize_replicates(found.field.components, found.draws.astype(np.float32))
    low, high = u.shape_ratio_range[0]
    assert low <= 0.5 <= high
    exact = describe_stress(invert(angles).draws[:, 0]).shape_ratio
    assert u.shape_ratio_std[0] > 1.5 * exact.std()


def test_sets_are_thinned_by_their_weights():
    acceptance = np.zeros((3, 1000), np.uint8)
    acceptance[0, 100:200] = 255
    acceptance[1, [5, 900]] = (50, 150)
    found = thin_acceptance(acceptance, np.ones(1000))
    assert found.shape == (3, 24)
    assert np.all((found[0] >= 100) & (found[0] < 200))
    assert len(set(found[0])) == 24
    assert np.bincount(found[1])[[5, 900]].tolist() == [6, 18]
    assert not found[2].any()


def test_joined_sets_are_those_of_all_parts():
    angles = np.arange(18.0).reshape(6, 3)
    whole = MechanismSets.single(np.arange(12.0).reshape(6, 2), angles, np.ones(6))
    parts = [whole.select(np.arange(2)), whole.select(np.arange(2, 6))]
    joined = join_sets(parts)
    for name, values in vars(whole).items():
        np.testing.assert_array_equal(getattr(joined, name), values)
