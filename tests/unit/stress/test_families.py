"""Families of events that may lie on one fault, and what they do to the ranges of a stress."""

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.core import fault_vectors, plane_angles
from quakeloom.stress import (
    MechanismSets,
    StressGrid,
    accumulate_statistics,
    describe_stress,
    find_families,
    invert_probable_planes,
    mechanism_statistics,
)
from quakeloom.stress._families import family_planes
from quakeloom.stress._fault_moves import (
    FaultStart,
    draw_watson,
    propose_half_turn,
)
from quakeloom.stress._fault_population import population_table
from quakeloom.stress._plane_probability import log_watson_mean
from quakeloom.stress._slip_likelihood import (
    NO_DERIVATIVES,
    Found,
    Placed,
    Supposed,
    log_likelihood,
)
from quakeloom.stress._stress_search import StressSearch

from .simulated import simulate_planes, tensor_from
from .test_plane_choice import turned

NODE = StressGrid({"latitude": np.zeros(1), "longitude": np.zeros(1)})


def on_plane(rng, count, strike, dip, rake, center=(0.0, 0.0, 8.0), radius=4.0, scatter=8.0):
    """Return places (north, east, down) in a disc on a plane, and mechanisms about it."""
    normal, slip = fault_vectors(strike, dip, rake)
    across = np.cross(normal, slip)
    flat = radius * np.sqrt(rng.random(count)), rng.uniform(0, 2 * np.pi, count)
    place = np.asarray(center) + (flat[0] * np.cos(flat[1]))[:, None] * slip
    place = place + (flat[0] * np.sin(flat[1]))[:, None] * across
    place += 0.2 * rng.standard_normal(place.shape)
    angles = np.array([strike, dip, rake]) + scatter * rng.standard_normal((count, 3))
    return place, angles


def anywhere(rng, count):
    place = rng.uniform((-10, -10, 2), (10, 10, 14), (count, 3))
    angles = np.stack(
        [rng.uniform(0, 360, count), rng.uniform(30, 90, count), rng.uniform(-180, 180, count)], 1
    )
    return place, angles


def families(place, angles):
    return find_families(
        10.0 + place[:, 1] / 78.6,
        45.0 + place[:, 0] / 111.2,
        place[:, 2],
        *fault_vectors(*angles.T),
    )


def test_aftershocks_of_a_fault_are_a_family_and_others_are_none():
    rng = np.random.default_rng(0)
    one, other = on_plane(rng, 40, 140.0, 60.0, 20.0), anywhere(rng, 60)
    found = families(*(np.concatenate(p) for p in zip(one, other, strict=True)))
    assert np.mean(found[:40] == 0) > 0.8
    assert np.mean(found[40:] >= 0) < 0.05


def test_either_plane_of_a_mechanism_may_be_named():
    rng = np.random.default_rng(1)
    place, angles = on_plane(rng, 40, 140.0, 60.0, 20.0)
    normal, slip = fault_vectors(*angles.T)
    swap = (rng.random(40) < 0.5)[:, None]
    longitude, latitude = 10.0 + place[:, 1] / 78.6, 45.0 + place[:, 0] / 111.2
    same = find_families(longitude, latitude, place[:, 2], normal, slip)
    mixed = find_families(
        longitude, latitude, place[:, 2],
        np.where(swap, slip, normal), np.where(swap, normal, slip),
    )  # fmt: skip
    assert np.sum(same == 0) > 30
    assert np.array_equal(same, mixed)


def test_two_faults_are_two_families_in_whatever_order_events_come():
    rng = np.random.default_rng(2)
    parts = (
        on_plane(rng, 30, 140.0, 85.0, 0.0, (0.0, -4.0, 8.0), 3.0),
        on_plane(rng, 20, 60.0, 40.0, 90.0, (0.0, 5.0, 9.0), 3.0),
    )
    place, angles = (np.concatenate(p) for p in zip(*parts, strict=True))
    found = families(place, angles)
    assert np.mean(found[:30] == 0) > 0.8
    assert np.mean(found[30:] == 1) > 0.8
    order = rng.permutation(50)
    assert np.array_equal(families(place[order], angles[order]), found[order])


def test_like_mechanisms_all_around_are_no_family():
    """Faults of one orientation everywhere are choices of their own: nothing says one fault."""
    rng = np.random.default_rng(3)
    place, _ = anywhere(rng, 60)
    angles = np.array([140.0, 80.0, 0.0]) + 8.0 * rng.standard_normal((60, 3))
    assert np.mean(families(place, angles) >= 0) < 0.2


def test_places_that_say_nothing_make_no_family():
    rng = np.random.default_rng(4)
    place, angles = on_plane(rng, 40, 140.0, 60.0, 20.0)
    same = np.broadcast_to(place[:1], place.shape)
    assert np.all(families(same, angles) == -1)
    unknown = place.copy()
    unknown[:, 2] = np.nan
    assert np.all(families(unknown, angles) == -1)
    level = place.copy()
    level[:, 2] = 10.0  # all depths alike: a plane of 40 degrees dip cannot be told
    assert np.all(families(level, np.array([140.0, 40.0, 90.0]) + 0.0 * angles) == -1)
    assert families(place[:0], angles[:0]).shape == (0,)


def stress_of(angles, family):
    points = np.zeros((len(angles), 2))
    sums = accumulate_statistics(NODE, points, mechanism_statistics(*angles.T))
    sets = MechanismSets.single(points, angles, np.ones(len(angles)))
    return invert_probable_planes(NODE, sums, replace(sets, family=family))


def test_aftershocks_of_one_fault_are_no_choice_of_a_plane_each():
    """A strike-slip fault at 20 degrees to SHmax, and eight events elsewhere.

    Taken as forty choices, the fault's plane would be the most unstable one, and SHmax for sure
    nearer to it than it is.
    """
    tensor = tensor_from(40.0, 0.5, "SS")
    rng = np.random.default_rng(5)
    middle, _ = fault_vectors(60.0, 88.0, 0.0)
    normal = middle + np.radians(8.0) * rng.standard_normal((40, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.where(normal[:, 2:] > 0, -normal, normal)
    traction = normal @ tensor
    slip = traction - np.sum(traction * normal, axis=1, keepdims=True) * normal
    slip /= np.linalg.norm(slip, axis=1, keepdims=True)
    aftershocks = np.transpose(plane_angles(*turned(normal, slip, rng, 8.0)))
    others = np.transpose(simulate_planes(np.broadcast_to(tensor, (8, 3, 3)), rng, 8.0))
    angles = np.concatenate([aftershocks, others])
    off, spread = [], []
    for family in (None, np.where(np.arange(48) < 40, 0, -1)):
        found = stress_of(angles, family)
        shmax = describe_stress(found.draws[:, 0]).shmax_deg
        away = (shmax - 40.0 + 90.0) % 180.0 - 90.0
        off.append(abs(np.mean(away)))
        spread.append(np.std(away))
        assert found.model.families == (family is not None)
    assert off[0] > 2.5 * spread[0]
    assert off[1] < 2.0 * spread[1]


def test_a_family_of_next_to_nobody_changes_little():
    """Where only two events may share a fault, the stress is that of single events."""
    rng = np.random.default_rng(6)
    tensor = tensor_from(40.0, 0.5, "SS")
    angles = np.transpose(simulate_planes(np.broadcast_to(tensor, (40, 3, 3)), rng, 8.0))
    ratios = [
        describe_stress(stress_of(angles, family).draws[:, 0]).shape_ratio
        for family in (None, np.where(np.arange(40) < 2, 0, -1))
    ]
    assert np.mean(ratios[0]) == pytest.approx(np.mean(ratios[1]), abs=0.05)
    assert np.std(ratios[1]) == pytest.approx(np.std(ratios[0]), rel=0.35)


def any_directions(count, seed=0):
    normals = np.random.default_rng(seed).standard_normal((count, 3))
    return normals / np.linalg.norm(normals, axis=1)[:, None]


@pytest.mark.parametrize("concentration", [0.0, 2.0, 25.6, 39.9, 40.1, 180.0])
def test_watsons_density_is_normalized(concentration):
    """The mean of exp(c u^2) over directions is its integral over u from 0 to 1."""
    u, weight = np.polynomial.legendre.leggauss(400)
    u, weight = 0.5 * (u + 1.0), 0.5 * weight
    known = concentration + np.log(np.sum(weight * np.exp(concentration * (u**2 - 1.0))))
    assert log_watson_mean(concentration) == pytest.approx(known, abs=2e-6)


def test_draws_of_watsons_density_scatter_as_it_says():
    """The mean of the squared cosine is the derivative of the logarithm of Kummer's function."""
    axes = np.tile([0.0, 0.6, 0.8], (20_000, 1))
    drawn = draw_watson(axes, 8.0, np.random.default_rng(0))
    slope = (log_watson_mean(8.0 + 1e-4) - log_watson_mean(8.0 - 1e-4)) / 2e-4
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1.0)
    assert np.mean(np.sum(drawn * axes, axis=1) ** 2) == pytest.approx(slope, abs=0.003)


def test_the_density_that_faults_begin_with_is_one_over_all_directions():
    planes = np.array([[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]])
    start = FaultStart(planes)
    even = np.zeros((20_000, 1, 5))
    even[:, 0, :3] = any_directions(20_000)
    assert np.mean(np.exp(start.log_density(even))) == pytest.approx(1.0, abs=0.03)
    near = start.begin(4000, np.random.default_rng(1))
    first = np.abs(near[:, 0, 2]) > np.abs(near[:, 0, 0])
    assert first.mean() == pytest.approx(0.5, abs=0.03)
    assert np.mean(start.log_density(near)) > 0.8


def test_the_search_sees_both_planes_of_a_fault():
    """Aftershocks of one fault and nothing else: either of its two planes may have slipped."""
    normal, slip = fault_vectors(*np.repeat([[140.0], [60.0], [20.0]], 20, axis=1))
    normal, slip = turned(normal, slip, np.random.default_rng(2), 10.0)
    frames = np.ascontiguousarray(np.stack([normal, slip], axis=1))
    events = len(frames)
    one = np.ones((1, 1))
    placed = Placed(
        frames, np.ones(events), np.zeros((events, 1), np.int64), np.ones((events, 1)),
        np.zeros(events, np.int64), np.zeros((1, 1), np.int64), one,
    )  # fmt: skip
    first = np.arange(events + 1, dtype=np.int64)
    known = FaultStart(family_planes(placed.family, frames))
    _, _, faults = StressSearch(placed, first, known).find(192)
    cosine = np.abs(np.einsum("cfi,fpi->cp", faults[..., :3], known.planes))
    assert np.all(cosine.max(axis=1) > np.cos(np.radians(12.0)))
    assert 0.2 < np.mean(cosine[:, 0] > cosine[:, 1]) < 0.8


def test_a_half_turn_leads_back_and_leaves_a_family_as_likely():
    """A stress turned about an axis of a double couple explains it on the plane it then has."""
    rng = np.random.default_rng(4)
    normal, slip = fault_vectors(*np.repeat([[140.0], [60.0], [20.0]], 40, axis=1))
    start = FaultStart(np.stack([normal, slip], axis=1)[:1])
    faults = start.begin(40, rng)
    stresses = rng.standard_normal((40, 5))
    move = propose_half_turn(faults, start, np.random.default_rng(5))
    back = propose_half_turn(move.faults, start, np.random.default_rng(5))
    np.testing.assert_allclose(np.abs(np.sum(back.faults[..., :3] * faults[..., :3], -1)), 1.0)
    np.testing.assert_allclose(back.rotate(move.rotate(stresses)), stresses, atol=1e-12)
    assert 0.4 < move.changed.mean() < 0.9
    errors = rng.standard_normal((40, 1, 2, 2))
    before = look_at(normal[0], slip[0], stresses, faults, errors)
    carried = move.carry(errors, np.zeros(1, np.int64))
    after = look_at(normal[0], slip[0], move.rotate(stresses), move.faults, carried)
    np.testing.assert_allclose(after, before, rtol=1e-9)


def look_at(normal, slip, stresses, faults, errors):
    """Return the likelihood of one mechanism and of its fault in stresses of one node."""
    chains = len(stresses)
    node, one = np.zeros((1, 1), np.int64), np.ones((1, 1))
    frames = np.stack([normal, slip])[None]
    placed = Placed(frames, np.ones(1), node, one, np.zeros(1, np.int64), node, one)
    found = Found(np.empty((chains, 1)), np.empty((chains, 1)))
    given = np.tile([0.7, 0.1, 0.6, 0.15, 0.02], (chains, 1))
    supposed = Supposed(np.zeros((chains, 1), np.int64), errors, faults)
    log_likelihood(
        placed, population_table(), np.ascontiguousarray(stresses[:, None]), given, supposed,
        False, found, NO_DERIVATIVES,
    )  # fmt: skip
    return np.concatenate(found, axis=1)
