"""Grid, predicted signs, counters, draws, averages and quality, each by itself."""

from __future__ import annotations

import mechanism_reference as reference
import numpy as np
import pytest
from scipy import stats

from quakeloom.core import (
    fault_vectors,
    plane_angles,
    quaternions,
    ray_vectors,
    relative_quaternions,
    rotation_angle,
    string_keys,
)
from quakeloom.mechanism import (
    MechanismOptions,
    StatedAngles,
    draw_angle_errors,
    draw_depths_and_models,
    find_mechanisms,
    leave_one_out,
    mechanism_grid,
    polarity_misfit_stdr,
    rate_quality,
    ray_gaps,
    sp_log_ratios,
)
from quakeloom.mechanism._codes import direction_rows
from quakeloom.mechanism._counter_searches import (
    SPREAD,
    add_decays,
    keep_at_most,
    list_counts,
    smallest,
)
from quakeloom.mechanism._counters import FUSED, MAXIMUM_PLANES, STRIDE, Counter
from quakeloom.mechanism._hash_average import hash_solutions
from quakeloom.mechanism._preferred import Solutions
from quakeloom.mechanism._search import misfit_allowance

GRID = mechanism_grid(10.0)


def test_the_grid_covers_all_double_couples_evenly():
    """Random sources fall to the grid's mechanisms as often as their weights say."""
    q = GRID.quaternions
    random = np.random.default_rng(0)
    count = 4000
    # Random rotations: four normal numbers.
    anything = random.normal(size=(count, 4))
    anything /= np.linalg.norm(anything, axis=1, keepdims=True)
    nearest = np.empty(count, int)
    for k, one in enumerate(anything):
        cosine = np.abs(relative_quaternions(one, q)).max(axis=1)
        nearest[k] = np.argmax(cosine)
        # Half the diagonal of a cell of 10 degrees is 8.7; cells near the pole are wider.
        assert 2 * np.degrees(np.arccos(min(cosine.max(), 1.0))) < 11.0
    assert np.mean(GRID.weights) == pytest.approx(1.0)
    # Vertical normals (of both signs) share their sources, so compare by steepness.
    tilt = np.abs(GRID.normals[:, 2])
    for low, high in ((-0.1, 0.1), (0.1, 0.5), (0.5, 0.8), (0.8, 1.1)):
        inside = (tilt > low) & (tilt <= high)
        share = GRID.weights[inside].sum() / GRID.weights.sum()
        error = np.sqrt(share * (1 - share) / count)
        # 0.01: the cell of a mechanism is not exactly the set of sources nearest to it.
        assert abs(np.mean(inside[nearest]) - share) < 3 * error + 0.01


def test_quaternions_of_the_grid_are_those_of_its_planes():
    expected = quaternions(GRID.strike_deg, GRID.dip_deg, GRID.rake_deg)
    same = np.abs(relative_quaternions(GRID.quaternions, expected)).max(axis=1)
    assert np.allclose(same, 1.0, atol=1e-12)
    assert np.allclose(np.sum(GRID.normals * GRID.slips, axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("top", [5, FUSED, FUSED + 3])
def test_counters_find_the_least_count_and_cut_at_a_limit(top):
    """Bit planes of random counts give the same minimum and threshold as the counts."""
    random = np.random.default_rng(top)
    words, bits = 12, 36
    for floor in (0, 1, 2, 7, (1 << top) - 3):
        counts = random.integers(floor, 1 << top, (words, bits))
        planes = np.zeros(MAXIMUM_PLANES * STRIDE, np.int64)
        for p in range(top):
            ones = ((counts >> p) & 1) << np.arange(bits)
            planes[p * STRIDE : p * STRIDE + words] = ones.sum(axis=1)
        candidates = np.full(words, (1 << bits) - 1, np.int64)
        scratch = [np.zeros(words, np.int64) for _ in range(2)]
        left = np.zeros(words, np.int64)
        counter = Counter(planes, top, np.zeros(words, np.int64), words)
        for narrow in (False, True):
            least = smallest(counter, candidates, left, scratch[0], narrow)
            assert least == counts.min()
        have_it = (left[:, None] >> np.arange(bits)) & 1
        assert np.array_equal(have_it == 1, counts == counts.min())
        for limit in (counts.min(), counts.min() + 3, (1 << top) - 2, 1 << top):
            accepted = np.full(words, (1 << bits) - 1, np.int64)
            keep_at_most(counter, limit, accepted, *scratch)
            kept = (accepted[:, None] >> np.arange(bits)) & 1
            assert np.array_equal(kept == 1, counts <= limit)


def test_stratified_draws_have_the_stated_distribution_even_in_small_numbers():
    """Thirty stratified errors fill thirty equal slices of the normal distribution."""
    keys = string_keys(["one"], 1)
    stations = string_keys([f"s{k}" for k in range(200)], 1)
    offsets = np.array([0, 200])
    angles = StatedAngles(40.0, 90.0, 5.0, 10.0)
    azimuth, takeoff = draw_angle_errors(keys, offsets, stations, angles, 31)
    assert np.all(azimuth[0] == 40.0)
    assert np.all(takeoff[0] == 90.0)
    for values, center, error in ((azimuth, 40.0, 5.0), (takeoff, 90.0, 10.0)):
        slices = np.floor(stats.norm.cdf((values[1:] - center) / error) * 30)
        assert np.array_equal(np.sort(slices, axis=0), np.tile(np.arange(30)[:, None], 200))
    # Independent between azimuth and take-off, and between stations.
    mixed = np.corrcoef(azimuth[1:, :].T.ravel(), takeoff[1:, :].T.ravel())[0, 1]
    assert abs(mixed) < 4 / np.sqrt(6000)
    between = np.corrcoef(azimuth[1:].T)[np.triu_indices(200, 1)]
    assert abs(between.mean()) < 0.01


def test_independent_draws_are_normal():
    keys, stations = string_keys(["one"], 1), string_keys([f"s{k}" for k in range(500)], 1)
    angles = StatedAngles(0.0, 90.0, 1.0, 1.0)
    azimuth, _ = draw_angle_errors(keys, np.array([0, 500]), stations, angles, 41, stratified=False)
    # 20,000 numbers; the seed is fixed, so this either holds or not.
    assert stats.kstest(azimuth[1:].ravel(), "norm").pvalue > 0.01


def test_a_station_keeps_its_error_whatever_else_the_block_holds():
    keys = string_keys(["a", "b"], 3)
    stations = string_keys(["x", "y", "z"], 3)
    angles = StatedAngles(10.0, 80.0, 5.0, 5.0)
    whole, _ = draw_angle_errors(keys, np.array([0, 2, 3]), stations, angles, 6)
    alone, _ = draw_angle_errors(keys[1:], np.array([0, 1]), stations[2:], angles, 6)
    assert np.array_equal(whole[:, 2:], alone)


def test_depths_cycle_through_models_and_fall_back_to_a_kilometer():
    keys = string_keys([f"e{k}" for k in range(300)], 1)
    error = np.where(np.arange(300) % 3 == 0, np.nan, np.where(np.arange(300) % 3 == 1, 0.0, 4.0))
    depth, model = draw_depths_and_models(keys, 10.0, error, 31, 5)
    assert np.array_equal(model, np.arange(31) % 5)
    assert np.all(depth[0] == 10.0)
    for rest, expected in ((0, 1.0), (1, 1.0), (2, 4.0)):
        # Six slices per model; the spread within slices is what is left to chance.
        assert np.std(depth[1:, rest::3]) == pytest.approx(expected, rel=0.03)
    for m in range(5):
        assert abs(np.mean(depth[1:][model[1:] == m]) - 10.0) < 0.05


def test_hash_average_follows_its_definition_also_for_rival_groups():
    """Two groups of mechanisms give two solutions, as the slow definition does."""
    random = np.random.default_rng(4)
    q = GRID.quaternions
    pieces = []
    for center, width, count in ((700, 30.0, 60), (3200, 35.0, 45)):
        near = 2 * np.degrees(
            np.arccos(np.minimum(np.abs(relative_quaternions(q[center], q)).max(axis=1), 1))
        )
        pieces.append(random.choice(np.flatnonzero(near < width), count))
    chosen = random.permutation(np.concatenate(pieces))
    normals, slips = GRID.normals[chosen], GRID.slips[chosen]
    out = Solutions(np.zeros((5, 3)), np.zeros((5, 3)), np.zeros(5), np.zeros((5, 2)))
    vectors = np.ascontiguousarray(np.concatenate([normals.T, slips.T]))
    count = hash_solutions(vectors, len(chosen), 45.0, 0.2, out)
    expected = reference.hash_solutions(normals, slips, least=0.2)
    assert count == len(expected) == 2
    for k, (normal, slip, probability, first, second) in enumerate(expected):
        assert np.allclose(out.normals[k], normal, atol=1e-8)
        assert np.allclose(out.slips[k], slip, atol=1e-8)
        assert out.shares[k] == pytest.approx(probability)
        assert np.allclose(out.spreads[k], [first, second], atol=1e-5)


def _hash_solutions(normals, slips, angle, least):
    """Solutions of the room under test, as the reference returns them."""
    out = Solutions(np.zeros((5, 3)), np.zeros((5, 3)), np.zeros(5), np.zeros((5, 2)))
    vectors = np.ascontiguousarray(np.concatenate([normals.T, slips.T]))
    count = hash_solutions(vectors, len(normals), angle, least, out)
    return [(out.normals[k], out.slips[k], out.shares[k], *out.spreads[k]) for k in range(count)]


@pytest.mark.parametrize(
    "angle",
    [45.5, pytest.param(30.0, marks=pytest.mark.long), pytest.param(45.0, marks=pytest.mark.long)],
)
def test_hash_average_is_that_of_hash_for_sets_of_every_width(angle):
    """Wide sets, where many mechanisms are removed, end as the literal rule of HASH does."""
    random = np.random.default_rng(int(10 * angle))
    several = 0
    for _ in range(25):
        # Angles that no two mechanisms share: on the grid several matchings tie, and which of
        # them HASH takes is up to single precision.
        center = random.uniform(0, 360), random.uniform(20, 70), random.uniform(-180, 180)
        spread = random.uniform(5, 40)
        angles = center + spread * random.normal(size=(random.integers(2, 90), 3))
        pairs = np.array([fault_vectors(*one) for one in angles])
        normals, slips = pairs[:, 0], pairs[:, 1]
        found = _hash_solutions(normals, slips, angle, 0.1)
        expected = reference.hash_solutions(normals, slips, angle, 0.1)
        assert len(found) == len(expected)
        several += len(found) > 1
        for one, other in zip(found, expected, strict=True):
            assert one[2] == other[2]
            assert np.allclose(np.r_[one[0], one[1]], np.r_[other[0], other[1]], atol=1e-8)
            # Arc cosines by a polynomial with an error of 2e-8 radians.
            assert np.allclose(one[3:], other[3:], atol=1e-5)
    assert several > 5


def test_hash_average_compares_whole_degrees():
    """45.8 degrees count as 45; of 46.9 and, later in the list, 46.2 the latter goes first."""

    # A crowd holds the mean: strikes turn about the vertical, and what the outliers pull is less
    # than 0.05 degrees.
    def solutions(angle, *outliers):
        pairs = np.array([fault_vectors(s, 90.0, 0.0) for s in [0.0] * 2000 + list(outliers)])
        found = _hash_solutions(pairs[:, 0], pairs[:, 1], angle, 0.0)
        strikes = [float(plane_angles(normal, slip)[0]) for normal, slip, *_ in found]
        return strikes, [round(one[2] * len(pairs)) for one in found]

    assert solutions(45.0, 45.8)[1] == [2001]
    assert solutions(45.0, 46.2)[1] == [2000, 1]
    # Removed is the last in the whole degree, then the other; what was removed last is the first
    # of the next list, and of two that are as far from their mean the first remains.
    strikes, sizes = solutions(20.0, 21.8, -21.2)
    assert sizes == [2000, 1, 1]
    assert strikes == pytest.approx([0.0, 21.8, 338.8], abs=0.05)
    strikes, sizes = solutions(20.0, -21.2, 21.8)
    assert sizes == [2000, 1, 1]
    assert strikes == pytest.approx([0.0, 338.8, 21.8], abs=0.05)


def test_the_weighted_mean_states_the_spread_that_there_is():
    """Probability and uncertainty of the weighted mean are those of the set around it."""
    random = np.random.default_rng(5)
    event = reference.random_event(random, 30, wrong=0.1)
    options = reference.everywhere(grid_step_deg=10.0)
    found = find_mechanisms(reference.make_block([event]), GRID, options)
    kept = found.acceptance[0] > 0
    normal, slip = fault_vectors(found.strike_deg[0], found.dip_deg[0], found.rake_deg[0])
    matched = [
        reference.match(u, v, normal, slip)
        for u, v in zip(GRID.normals[kept], GRID.slips[kept], strict=True)
    ]
    inside = np.mean([angle <= 45 for angle, _, _ in matched])
    assert found.mechanism_probability[0] == pytest.approx(inside, abs=1e-6)
    angles = np.array([(np.arccos(u @ normal), np.arccos(v @ slip)) for _, u, v in matched])
    spread = np.degrees(np.sqrt(np.mean(angles**2, axis=0)))
    assert found.fault_plane_uncertainty_deg[0] == pytest.approx(spread[0], abs=2e-3)
    assert found.auxiliary_plane_uncertainty_deg[0] == pytest.approx(spread[1], abs=2e-3)
    assert spread[0] <= spread[1] + 1e-3


def test_amplitude_ratios_of_the_fault_frame():
    """On the slip at 45 degrees no S, on a nodal line no P, in between the formula."""
    normal, slip = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])

    def ray(theta, phi):
        t, f = np.radians(theta), np.radians(phi)
        return np.array([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), np.cos(t)])

    assert sp_log_ratios(normal, slip, ray(45, 0)) == -2.0
    assert sp_log_ratios(normal, slip, ray(0, 0)) == 4.0
    assert sp_log_ratios(normal, slip, ray(90, 0)) == 4.0
    assert sp_log_ratios(normal, slip, ray(30, 90)) == 4.0
    expected = np.log10(1.7**3 * np.cos(np.radians(45)) * np.sin(np.radians(60)) / 0.5)
    assert sp_log_ratios(normal, slip, ray(45, 60)) == pytest.approx(expected)
    random = np.random.default_rng(6)
    azimuth, takeoff = random.uniform(0, 360, 5), random.uniform(0, 180, 5)
    rays = ray_vectors(azimuth, takeoff)
    some = slice(None, None, 97)
    given = sp_log_ratios(GRID.normals[some, None], GRID.slips[some, None], rays)
    assert np.allclose(given, reference.log_ratios(GRID, azimuth, takeoff)[some], atol=1e-6)


def test_gaps_fold_the_sphere_and_cut_fractions_off():
    assert ray_gaps([0, 90, 180, 270], [45, 45, 45, 45]) == (90, 45)
    # A ray that goes up sees the same as its opposite that goes down.
    assert ray_gaps([0, 90, 180, 90], [45, 45, 45, 135]) == (90, 45)
    assert ray_gaps([0.0, 100.7, 200.0, 300.0], [10, 30.9, 60, 80]) == (100, 29)
    # The first and the last take-off angle leave gaps to the vertical and the horizontal.
    assert ray_gaps([0, 120, 240], [50, 52, 54]) == (120, 50)
    assert ray_gaps([0, 120, 240], [2, 4, 6]) == (120, 84)
    assert ray_gaps([30], [40]) == (360, 50)


def test_a_horizontal_ray_is_turned_to_its_opposite_as_in_hash():
    """Its azimuth is then 10 degrees, as that of a ray that leaves a little upward."""
    assert ray_gaps([0, 100, 250, 190], [45, 45, 45, 89]) == (110, 45)
    assert ray_gaps([0, 100, 250, 190], [45, 45, 45, 90]) == (150, 45)
    assert ray_gaps([0, 100, 250, 190], [45, 45, 45, 91]) == (150, 45)


def test_misfit_weighs_by_radiation_and_onset():
    """A wrong polarity near a nodal plane counts little, an emergent one half."""
    mechanism = 30.0, 60.0, 45.0
    random = np.random.default_rng(7)
    azimuth, takeoff = random.uniform(0, 360, 40), random.uniform(0, 180, 40)
    normal, slip = fault_vectors(*mechanism)
    rays = ray_vectors(azimuth, takeoff)
    p = 2 * (rays @ normal) * (rays @ slip)
    polarity = np.sign(p).astype(int)
    polarity[:6] *= -1
    polarity[10] = 0
    sharp = random.random(40) < 0.5
    weight = np.sqrt(np.abs(p)) * np.where(sharp, 1.0, 0.5) * (polarity != 0)
    onset = np.where(sharp, 1.0, 0.5) * (polarity != 0)
    misfit, stdr, apart = polarity_misfit_stdr(mechanism, azimuth, takeoff, polarity, sharp)
    assert misfit == pytest.approx(weight[:6].sum() / weight.sum(), abs=1e-6)
    assert stdr == pytest.approx(weight.sum() / onset.sum(), abs=1e-6)
    assert np.isnan(apart)
    # The double conversion of HASH v1.2 leaves the signs and changes the weights.
    tiny_n, tiny_s = fault_vectors(*np.radians(mechanism))
    other = np.sqrt(2 * np.abs((rays @ tiny_n) * (rays @ tiny_s)))
    weight = other * onset
    misfit, stdr, _ = polarity_misfit_stdr(
        mechanism, azimuth, takeoff, polarity, sharp, options=MechanismOptions(stdr_mode="hash12")
    )
    assert misfit == pytest.approx(weight[:6].sum() / weight.sum(), abs=1e-6)
    assert stdr == pytest.approx(weight.sum() / onset.sum(), abs=1e-6)


def test_amplitudes_enter_misfit_and_station_distribution():
    mechanism = 200.0, 50.0, -70.0
    random = np.random.default_rng(8)
    azimuth, takeoff = random.uniform(0, 360, 20), random.uniform(0, 180, 20)
    normal, slip = fault_vectors(*mechanism)
    rays = ray_vectors(azimuth, takeoff)
    error = random.normal(0, 0.3, 20)
    ratio = sp_log_ratios(normal, slip, rays) + error
    ratio[12:] = np.nan
    polarity = np.where(np.arange(20) < 8, 0, 1)
    misfit, stdr, apart = polarity_misfit_stdr(
        mechanism, azimuth, takeoff, polarity, None, ratio, weigh_onset=False
    )
    weight = np.sqrt(np.abs(2 * (rays @ normal) * (rays @ slip)))
    assert apart == pytest.approx(np.mean(np.abs(error[:12])), abs=1e-5)
    expected = (weight[:12].sum() + weight[8:].sum()) / 24
    assert stdr == pytest.approx(expected, abs=1e-6)
    assert 0 <= misfit <= 1


def test_quality_letters_follow_the_table():
    """Probability must exceed its bound, the other measures may sit on theirs."""
    options = MechanismOptions()
    cases = [
        (0.81, 25.0, 0.15, 0.5, "A"),
        (0.80, 25.0, 0.15, 0.5, "B"),
        (0.81, 25.1, 0.15, 0.5, "B"),
        (0.81, 25.0, 0.16, 0.5, "B"),
        (0.81, 25.0, 0.15, 0.49, "B"),
        (0.61, 35.0, 0.20, 0.4, "B"),
        (0.60, 35.0, 0.20, 0.4, "C"),
        (0.51, 45.0, 0.30, 0.3, "C"),
        (0.50, 45.0, 0.30, 0.3, "D"),
        (0.99, 45.1, 0.0, 1.0, "D"),
        (0.99, 10.0, 0.31, 1.0, "D"),
        (0.99, 10.0, 0.0, 0.29, "D"),
    ]
    *columns, letters = zip(*cases, strict=True)
    assert list(rate_quality(*columns, options)) == list(letters)
    # The table of the manual asks for 0.7 for C; that is more than it asks for B.
    strict = MechanismOptions(prob_c=0.7)
    assert rate_quality(0.65, 40.0, 0.1, 0.6, strict) == "D"
    spread = MechanismOptions(quality_criteria="spread")
    assert rate_quality(0.85, 20.0, 0.9, 0.1, spread) == "A"


def test_allowance_of_misfits():
    assert misfit_allowance(30, 0.1) == (3, 2)
    assert misfit_allowance(8, 0.0) == (2, 2)


def test_leave_one_out_predicts_from_the_others_alone():
    """The prediction equals a search without the reading, with limits for one less."""
    random = np.random.default_rng(9)
    events = [
        reference.random_event(random, count, wrong=0.1, name=f"l{count}") for count in (9, 21, 35)
    ]
    events[1]["takeoff"][3] = np.nan
    events[2]["polarity"][5] = 0
    block = reference.make_block(events)
    given = leave_one_out(block, GRID, MechanismOptions(grid_step_deg=10.0))
    for event in range(3):
        rows = np.arange(block.offsets[event], block.offsets[event + 1])
        usable = (block.polarity[rows] != 0) & np.isfinite(block.takeoff_deg[0, rows])
        assert np.all(np.isnan(given[rows[~usable]]))
        rows = rows[usable]
        azimuth, takeoff = block.azimuth_deg[0, rows], block.takeoff_deg[0, rows]
        ups = reference.predicted_up(GRID, azimuth.astype(float), takeoff.astype(float))
        for k in range(len(rows)):
            others = np.delete(np.arange(len(rows)), k)
            accepted = reference.accepted_polarities(
                GRID, azimuth[others].astype(float), takeoff[others].astype(float),
                block.polarity[rows[others]], np.ones(len(others), bool), split=False,
            )  # fmt: skip
            assert given[rows[k]] == pytest.approx(ups[accepted, k].mean(), abs=1e-6)


def test_leave_one_out_names_a_reversed_station():
    """A station with reversed polarity is predicted wrongly by nearly every event."""
    random = np.random.default_rng(10)
    events = []
    for k in range(30):
        event = reference.random_event(random, 40, name=f"r{k}")
        event["polarity"][0] *= -1
        events.append(event)
    block = reference.make_block(events)
    up = leave_one_out(block, GRID, MechanismOptions(grid_step_deg=10.0))
    against = np.where(block.polarity > 0, 1 - up, up)
    reversed_station = np.arange(len(up)) % 40 == 0
    assert np.mean(against[reversed_station] > 0.5) > 0.8
    assert np.mean(against[~reversed_station] > 0.5) < 0.1


def test_leave_one_out_is_silent_where_too_few_others_remain():
    random = np.random.default_rng(11)
    block = reference.make_block([reference.random_event(random, 8)])
    assert np.all(np.isnan(leave_one_out(block, GRID, MechanismOptions(grid_step_deg=10.0))))


def test_planes_of_the_grid_survive_the_conversion_to_angles():
    normal, slip = fault_vectors(GRID.strike_deg, GRID.dip_deg, GRID.rake_deg)
    again = plane_angles(normal, slip)
    assert np.max(
        rotation_angle(
            np.stack(again, -1), np.stack([GRID.strike_deg, GRID.dip_deg, GRID.rake_deg], -1)
        )
    ) < 1e-5  # fmt: skip


@pytest.mark.parametrize("step", [10.0, 2.0])
def test_sums_of_a_word_at_once_are_those_of_mechanisms_one_by_one(step):
    """Grids of one word for a plane, and of two."""
    rows = direction_rows(step, 0.0)
    words, size = len(rows.mask), mechanism_grid(step).count
    random = np.random.default_rng(3)
    planes = np.zeros(MAXIMUM_PLANES * STRIDE, np.int64)
    for p in range(SPREAD):
        planes[p * STRIDE : p * STRIDE + words] = random.integers(0, 2**62, words)
    mask = random.integers(0, 2**62, words) & rows.mask
    mask[random.random(words) < 0.3] = 0
    counter = Counter(planes, SPREAD, np.zeros(words, np.int64), words)
    indices, counts = np.zeros(size, np.int64), np.zeros(size, np.int64)
    found = list_counts(counter, mask, rows, indices, counts)
    assert counts[:found].max() > 2 ** (SPREAD - 1)
    decay, sums = random.random(2**SPREAD), np.ones(size)
    expected = np.ones(size)
    expected[indices[:found]] += decay[counts[:found]]
    add_decays(counter, mask, rows, decay, 0, np.zeros(64, np.int16), sums)
    np.testing.assert_array_equal(sums, expected)
