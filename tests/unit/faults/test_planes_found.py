"""Planes are found in clouds of hypocenters, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from fault_clouds import ERROR_KM, THREE, cloud, labels_of, normal_of, pair_agreement
from scipy.stats import norm
from scipy.stats import t as student

from quakeloom.core import InputError
from quakeloom.faults import (
    COUNT,
    LENGTH,
    NORMAL,
    WIDTH,
    FaultOptions,
    Hypocenters,
    MechanismSets,
    PlaneModel,
    active_planes,
    collect_mechanisms,
    compare_known,
    destroy_planes,
    find_faults,
    list_members,
    make_hypocenters,
    mix,
    search_planes,
    strike_dip,
)
from quakeloom.faults._hypocenters import LEAST_EVENTS
from quakeloom.faults._known import KnownFaults
from quakeloom.faults._mixture import make_plane
from quakeloom.faults._rectangles import scale_mixture

QUICK = FaultOptions(starts=1, nulls=0, draws=0)
VOLUME = 6000.0


def even(events: Hypocenters) -> np.ndarray:
    return np.full(len(events), 1.0 / VOLUME)


@pytest.fixture(scope="module")
def three():
    events, truth = cloud(0, THREE, 120, 120)
    return events, truth, search_planes(events, even(events), PlaneModel())


def angles(planes, truth=THREE):
    """Return the plane nearest in direction to each true one, and the angle between them."""
    found = []
    for strike, dip, *_ in truth:
        cosine = np.abs(planes[:, NORMAL] @ normal_of(strike, dip))
        found.append((int(cosine.argmax()), np.degrees(np.arccos(min(cosine.max(), 1.0)))))
    return found


def test_three_planes_that_cross_are_three(three):
    _, truth, found = three
    assert len(found.mixture.planes) == 3
    assert pair_agreement(truth, labels_of(found.mixture)) > 0.85
    for (k, angle), (_, _, length, width, _) in zip(
        angles(found.mixture.planes), THREE, strict=True
    ):
        assert angle < 3.0
        plane = found.mixture.planes[k]
        np.testing.assert_allclose([2 * plane[LENGTH], 2 * plane[WIDTH]], [length, width], rtol=0.1)


def test_nothing_is_found_in_background_alone():
    for seed in range(3):
        events, _ = cloud(seed, (), 0, 400)
        assert len(search_planes(events, even(events), PlaneModel()).mixture.planes) == 0


@pytest.mark.parametrize(("apart", "number"), [(0.4, 2), (0.15, 1)])
def test_parallel_planes_are_two_only_if_their_distance_exceeds_the_errors(apart, number):
    normal = normal_of(30.0, 70.0)
    other = tuple(np.array([0.0, 0.0, 8.0]) + apart * normal)
    planes = ((30.0, 70.0, 6.0, 5.0, (0.0, 0.0, 8.0)), (30.0, 70.0, 6.0, 5.0, other))
    events, _ = cloud(1, planes, 250, 100, error=(0.12, 0.12, 0.12))
    assert len(search_planes(events, even(events), PlaneModel()).mixture.planes) == number


def test_turning_and_moving_the_catalog_turns_and_moves_its_planes(three):
    events, _, found = three
    turn = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    moved = make_hypocenters(
        events.positions @ turn.T + [40.0, -30.0, 2.0], turn @ events.covariances @ turn.T
    )
    again = search_planes(moved, even(moved), PlaneModel()).mixture
    np.testing.assert_allclose(
        again.planes[:, NORMAL], found.mixture.planes[:, NORMAL] @ turn.T, atol=1e-6
    )


def test_the_order_of_events_does_not_matter(three):
    events, _, found = three
    order = np.random.default_rng(3).permutation(len(events))
    again = search_planes(events.take(order), even(events), PlaneModel()).mixture.planes
    for plane in found.mixture.planes:
        apart = np.abs(again - plane)[:, :9].max(axis=1)
        assert apart.min() < 1e-3, "the sums of another order differ in the last digits"


def test_normal_scales_make_up_the_students_t():
    for freedom in (2.0, 3.0, 6.0):
        variances, weights = scale_mixture(freedom)
        z = np.linspace(0.0, 10.0, 41)
        density = sum(
            w * norm.pdf(z, scale=np.sqrt(v)) for v, w in zip(variances, weights, strict=True)
        )
        np.testing.assert_allclose(density, student.pdf(z, freedom), rtol=0.08)
        assert weights.sum() == pytest.approx(1.0)


def test_the_density_of_a_plane_holds_all_its_events():
    plane = make_plane(np.zeros(3), normal_of(40.0, 60.0), np.array([1.0, 0.7]), 0.05, 1.0, 0.1)
    rng = np.random.default_rng(0)
    box = 8.0
    places = (rng.random((200_000, 3)) - 0.5) * box
    events = make_hypocenters(places, np.tile((0.1, 0.15, 0.3), (len(places), 1)))
    model = PlaneModel(freedom=1e6)
    found = mix(events, plane[None], np.full(len(places), 1e-12), model)
    total = found.intensity[0].sum() / len(places) * box**3
    assert total == pytest.approx(1.0, abs=0.03)


def test_draws_of_strike_and_dip_hold_the_truth():
    events, _ = cloud(5, THREE[:1], 150, 60)
    found = find_faults(events, [str(i) for i in range(len(events))], FaultOptions(
        starts=1, nulls=0, draws=40
    ))  # fmt: skip
    strike, dip = (v[:, 0] for v in strike_dip(found.draws.planes[:, :, NORMAL]))
    assert abs(strike.mean() - 20.0) < 4.0 * strike.std()
    assert abs(dip.mean() - 85.0) < 4.0 * dip.std()
    assert found.presence[0] == 1.0


def test_the_chance_of_a_plane_is_small_and_a_catalog_without_planes_has_none():
    events, _ = cloud(2, THREE[:1], 150, 100)
    keys = [f"e{i}" for i in range(len(events))]
    found = find_faults(events, keys, FaultOptions(starts=1, nulls=9, draws=0))
    assert found.chance[0] == pytest.approx(0.1)
    destroyed = destroy_planes(events, keys, 0, 0)
    again = find_faults(destroyed, keys, QUICK)
    assert not len(again.planes) or again.planarity.max() < 0.5 * found.planarity[0]


def test_weights_of_one_half_undo_that_every_event_is_doubled(three):
    events, _, found = three
    rows = np.tile(np.arange(len(events)), 2)
    doubled = events.take(rows).reweighted(np.full(2 * len(events), 0.5))
    twice = mix(doubled, found.mixture.planes, np.tile(found.mixture.background, 2), PlaneModel())
    once = found.mixture
    assert doubled.weights @ np.log(twice.total) == pytest.approx(np.log(once.total).sum())


def test_the_nodal_plane_that_agrees_with_its_fault_slipped():
    events, truth = cloud(4, THREE, 80, 40)
    rng = np.random.default_rng(0)
    rakes = np.array([0.0, 10.0, 95.0, -60.0])
    strike_dips = np.array([(0.0, 0.0), *[p[:2] for p in THREE]])
    has = (truth > 0) & (rng.random(len(truth)) < 0.5)
    preferred = np.full((len(truth), 3), np.nan)
    preferred[has, :2] = strike_dips[truth[has]] + rng.normal(0, 5, (has.sum(), 2))
    preferred[has, 2] = rakes[truth[has]]
    sets = collect_mechanisms(np.flatnonzero(has), preferred[has], None, preferred)
    turned = MechanismSets(
        sets.starts, sets.slips.copy(), sets.normals.copy(), sets.weights
    )  # plane 1 is the auxiliary one
    for given, right in ((sets, True), (turned, False)):
        with_sets = Hypocenters(events.positions, events.covariances, given)
        found = search_planes(with_sets, even(events), PlaneModel()).mixture
        first = active_planes(with_sets, found, PlaneModel())
        assert np.isnan(first[~has]).all()
        assert ((first[has] > 0.5) == right).mean() > 0.95


def test_every_event_has_a_row_and_its_probabilities_sum_to_one(three):
    events, _, found = three
    members = list_members(found.mixture, 0.0)
    total = np.bincount(members.event, weights=members.probability, minlength=len(events))
    np.testing.assert_allclose(total, 1.0)
    assert set(members.event) == set(range(len(events)))


def test_a_known_fault_up_dip_of_a_plane_matches_it():
    plane = make_plane(
        np.array([0.0, 0.0, 6.0]), normal_of(0.0, 60.0), np.array([5.0, 3.0]), 0.1, 50, 0.1
    )
    trace = -6.0 / np.tan(np.radians(60.0))  # it dips to the east, so its trace lies west
    places = np.array([[1.0, trace, 0.0], [1.0, trace - 6.0, 0.0], [1.0, trace, 0.0]])
    normals = np.array([normal_of(5.0, 65.0), normal_of(5.0, 65.0), normal_of(90.0, 60.0)])
    for rows, status in (([0, 1, 2], "matched"), ([1, 2], "offset"), ([2], "unknown")):
        known = KnownFaults(places[rows], normals[rows], [f"k{r}" for r in rows])
        assert compare_known(plane[None], known, 2.0, 10.0).status == [status]


@pytest.mark.parametrize("spread", [0.0, 1e-9])
def test_events_in_one_point_make_no_error(spread):
    places = np.random.default_rng(0).normal((0.0, 0.0, 5.0), spread, (40, 3))
    events = make_hypocenters(places, np.tile(ERROR_KM, (40, 1)))
    found = find_faults(events, [str(i) for i in range(40)], QUICK)
    assert np.isfinite(found.planes[:, :9]).all()


def test_ten_events_are_searched_and_seven_are_refused():
    events, _ = cloud(0, THREE[:1], 10, 0)
    assert len(find_faults(events, [str(i) for i in range(10)], QUICK).planes) <= 1
    few = events.take(np.arange(LEAST_EVENTS - 1))
    with pytest.raises(InputError, match="needs at least"):
        find_faults(few, list("abcdefg"), QUICK)


def test_errors_that_are_not_finite_are_refused_with_their_row():
    with pytest.raises(InputError, match="the first is row 2"):
        make_hypocenters(np.zeros((3, 3)), [[1, 1, 1], [1, 1, 1], [1, np.nan, 1]])


def test_tiles_find_what_one_search_finds():
    planes = [(k * 40.0, 70.0, 5.0, 4.0, (0.0, 30.0 * k, 8.0)) for k in range(4)]
    events, _ = cloud(3, planes, 100, 0)
    keys = [str(i) for i in range(len(events))]
    whole = find_faults(events, keys, FaultOptions(starts=1, nulls=0, draws=0, tile_km=200.0))
    tiled = find_faults(events, keys, FaultOptions(starts=1, nulls=0, draws=0, tile_km=20.0))
    assert len(whole.planes) == len(tiled.planes) == 4
    one, other = (np.sort(f.planes[:, COUNT]) for f in (whole, tiled))
    np.testing.assert_allclose(one, other, rtol=0.03)


@pytest.mark.long
def test_ranges_of_strike_and_dip_hold_the_truth_as_often_as_they_say():
    inside = []
    for seed in range(30):
        events, _ = cloud(seed, THREE, 300, 300)
        keys = [str(i) for i in range(len(events))]
        found = find_faults(events, keys, FaultOptions(starts=1, nulls=0, draws=100))
        for (k, _), (strike, dip, *_) in zip(angles(found.planes), THREE, strict=True):
            drawn = strike_dip(found.draws.planes[:, k, NORMAL])
            for values, truth in zip(drawn, (strike, dip), strict=True):
                low, high = np.quantile(values, [0.025, 0.975])
                inside.append(low <= truth <= high)
    # 180 ranges of 95 %, of which bootstraps hold some percent less: 2.5 standard deviations
    assert 0.89 < np.mean(inside) < 0.99
