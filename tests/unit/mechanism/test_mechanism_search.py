"""The search against HASH's definition, and physics that any search must obey."""

from __future__ import annotations

from dataclasses import replace

import mechanism_reference as reference
import numpy as np
import pytest

from quakeloom.core import (
    InputError,
    SettingsError,
    auxiliary_plane,
    fault_vectors,
    p_radiation,
    plane_angles,
    ray_vectors,
    rotation_angle,
)
from quakeloom.mechanism import (
    STATUSES,
    MechanismOptions,
    acceptance_weights,
    find_mechanisms,
    mechanism_grid,
    sp_log_ratios,
)

GRID = mechanism_grid(10.0)
OPTIONS = reference.everywhere(grid_step_deg=10.0)


def angles_of(block, event):
    part = slice(block.offsets[event], block.offsets[event + 1])
    return (
        block.azimuth_deg[0, part].astype(float),
        block.takeoff_deg[0, part].astype(float),
        block.polarity[part],
        block.impulsive[part],
        block.sp_log_ratio[part].astype(float),
    )


def planes_of(found):
    return np.stack([found.strike_deg, found.dip_deg, found.rake_deg], axis=-1)


@pytest.mark.parametrize("step", [10.0, 7.0, 5.0, 3.0])
@pytest.mark.parametrize("sharp", [1.0, 0.6, 0.0])
def test_one_trial_accepts_exactly_what_hash_defines(step, sharp):
    """Without anything random the accepted set is that of the definition, on every grid."""
    random = np.random.default_rng(int(step * 10 + sharp * 3))
    events = [
        reference.random_event(random, count, wrong=0.15, sharp=sharp, name=f"e{count}")
        for count in (8, 9, 31, 40, 70)
    ]
    block = reference.make_block(events)
    grid = mechanism_grid(step)
    found = find_mechanisms(block, grid, replace(OPTIONS, grid_step_deg=step))
    for event in range(len(events)):
        azimuth, takeoff, polarity, impulsive, _ = angles_of(block, event)
        expected = reference.accepted_polarities(grid, azimuth, takeoff, polarity, impulsive)
        assert np.array_equal(found.acceptance[event] > 0, expected)
        assert found.acceptable_count[event] == expected.sum()


def test_the_finest_grid_agrees_with_the_definition():
    """A grid of 2 degrees, whose planes take two words each, is searched as defined."""
    random = np.random.default_rng(2)
    block = reference.make_block([reference.random_event(random, 12, wrong=0.1)])
    grid = mechanism_grid(2.0)
    found = find_mechanisms(block, grid, replace(OPTIONS, grid_step_deg=2.0))
    expected = reference.accepted_polarities(grid, *angles_of(block, 0)[:4])
    assert np.array_equal(found.acceptance[0] > 0, expected)


def test_rays_on_nodal_planes_of_the_grid_count_as_down():
    """Rays in whole steps of the grid lie exactly on many of its planes; ties are defined."""
    random = np.random.default_rng(3)
    count = 30
    event = {
        "azimuth": random.integers(0, 36, count) * 10.0,
        "takeoff": random.integers(0, 19, count) * 10.0,
        "polarity": random.choice([-1, 1], count),
    }
    block = reference.make_block([event])
    found = find_mechanisms(block, GRID, OPTIONS)
    azimuth, takeoff, polarity, impulsive, _ = angles_of(block, 0)
    expected = reference.accepted_polarities(GRID, azimuth, takeoff, polarity, impulsive)
    assert np.array_equal(found.acceptance[0] > 0, expected)


def test_onset_can_be_left_out_of_the_acceptance():
    random = np.random.default_rng(4)
    block = reference.make_block([reference.random_event(random, 25, wrong=0.2, sharp=0.5)])
    found = find_mechanisms(block, GRID, replace(OPTIONS, use_onset=False))
    azimuth, takeoff, polarity, impulsive, _ = angles_of(block, 0)
    expected = reference.accepted_polarities(
        GRID, azimuth, takeoff, polarity, impulsive, split=False
    )
    assert np.array_equal(found.acceptance[0] > 0, expected)


def test_emergent_picks_can_be_left_out():
    random = np.random.default_rng(5)
    event = reference.random_event(random, 30, wrong=0.1, sharp=0.6)
    keep = event["impulsive"]
    fewer = {k: v[keep] for k, v in event.items() if isinstance(v, np.ndarray)}
    without = find_mechanisms(
        reference.make_block([event]), GRID, replace(OPTIONS, use_emergent=False)
    )
    alone = find_mechanisms(reference.make_block([fewer]), GRID, OPTIONS)
    assert without.polarity_count[0] == keep.sum()
    assert np.array_equal(without.acceptance, alone.acceptance)


@pytest.mark.parametrize("pairs", [3, 8, 14])
def test_one_trial_with_amplitudes_accepts_exactly_what_hash_defines(pairs):
    random = np.random.default_rng(pairs)
    event = reference.random_event(random, 20, wrong=0.1)
    rays = ray_vectors(event["azimuth"], event["takeoff"])
    ratio = sp_log_ratios(*fault_vectors(*event["mechanism"]), rays) + random.normal(0, 0.4, 20)
    ratio[pairs:] = np.nan
    event["ratio"] = ratio
    event["polarity"][:2] = 0
    block = reference.make_block([event])
    found = find_mechanisms(block, GRID, OPTIONS)
    azimuth, takeoff, polarity, _, ratio = angles_of(block, 0)
    expected = reference.accepted_with_ratios(GRID, azimuth, takeoff, polarity, ratio)
    assert np.array_equal(found.acceptance[0] > 0, expected)
    assert (found.polarity_count[0], found.amplitude_ratio_count[0]) == (18, pairs)


def test_amplitudes_that_contradict_all_acceptable_polarities_are_loosened():
    """If no mechanism passes both limits, the best amplitudes among the acceptable decide."""
    random = np.random.default_rng(6)
    event = reference.random_event(random, 30)
    event["ratio"] = random.uniform(2.5, 4.0, 30) * random.choice([-1, 1], 30)
    block = reference.make_block([event])
    found = find_mechanisms(block, GRID, OPTIONS)
    azimuth, takeoff, polarity, _, ratio = angles_of(block, 0)
    expected = reference.accepted_with_ratios(GRID, azimuth, takeoff, polarity, ratio)
    assert expected.any()
    assert np.array_equal(found.acceptance[0] > 0, expected)


def test_tabulated_amplitudes_stay_close_to_the_formula():
    """Cells of half a degree change few memberships: those at the edge of the set."""
    random = np.random.default_rng(7)
    event = reference.random_event(random, 20)
    rays = ray_vectors(event["azimuth"], event["takeoff"])
    event["ratio"] = sp_log_ratios(*fault_vectors(*event["mechanism"]), rays)
    event["ratio"][8:] = np.nan
    one = find_mechanisms(reference.make_block([event]), GRID, OPTIONS)
    # Two equal trials: the table is used.
    two = find_mechanisms(reference.make_block([event], trials=2), GRID, OPTIONS)
    differing = np.sum((one.acceptance > 0) != (two.acceptance > 0))
    assert differing <= 0.1 * one.acceptable_count[0]


def test_one_trial_gives_the_mean_probability_and_spread_of_hash():
    """The preferred mechanism by HASH's average equals the slow definition."""
    random = np.random.default_rng(8)
    grid = mechanism_grid(18.0)  # a small one: the definition is slow
    events = [
        reference.random_event(random, count, wrong=wrong, name=f"m{count}")
        for count, wrong in ((14, 0.1), (25, 0.2), (30, 0.0))
    ]
    block = reference.make_block(events)
    options = replace(OPTIONS, grid_step_deg=18.0, average="hash", multiple_probability=0.1)
    found = find_mechanisms(block, grid, options)
    assert found.solution_count.max() > 1  # or the multiples would go untested
    for event in range(len(events)):
        kept = found.acceptance[event] > 0
        expected = reference.hash_solutions(grid.normals[kept], grid.slips[kept], least=0.1)
        rows = slice(found.solution_offsets[event], found.solution_offsets[event + 1])
        columns = {k: v[rows] for k, v in found.solutions.items()}
        assert len(columns["strike_deg"]) == len(expected)
        for k, (normal, slip, probability, first, second) in enumerate(expected):
            strike, dip, rake = plane_angles(normal, slip)
            given = [columns[c][k] for c in ("strike_deg", "dip_deg", "rake_deg")]
            assert rotation_angle(given, [strike, dip, rake]) < 1e-5
            assert columns["mechanism_probability"][k] == pytest.approx(probability, abs=1e-12)
            # Arc cosines by a polynomial with an error of 2e-8 radians.
            assert columns["fault_plane_uncertainty_deg"][k] == pytest.approx(first, abs=1e-5)
            assert columns["auxiliary_plane_uncertainty_deg"][k] == pytest.approx(second, abs=1e-5)


def test_several_trials_count_how_often_a_mechanism_is_accepted():
    """The stored weight is the share of the trials whose rays accept the mechanism."""
    random = np.random.default_rng(9)
    event = reference.random_event(random, 15, wrong=0.1)
    trials = 9
    block = reference.make_block([event], trials, azimuth_error=4.0, takeoff_error=8.0)
    found = find_mechanisms(block, GRID, replace(OPTIONS, direction_step_deg=0.0))
    count = np.zeros(GRID.count, int)
    for trial in range(trials):
        count += reference.accepted_polarities(
            GRID, block.azimuth_deg[trial].astype(float), block.takeoff_deg[trial].astype(float),
            block.polarity, block.impulsive,
        )  # fmt: skip
    assert np.array_equal(found.acceptance[0], np.floor(255 * count / trials + 0.5))


def test_tabulated_directions_change_less_than_other_random_numbers():
    """Rounding perturbed rays to half a degree must drown in the scatter between seeds."""
    random = np.random.default_rng(10)
    events = [reference.random_event(random, 25, wrong=0.08, name=f"t{k}") for k in range(30)]
    made = [reference.make_block(events, 30, 3.0, 10.0, seed=seed) for seed in (1, 2)]
    table = find_mechanisms(made[0], GRID, OPTIONS)
    exact, other = (
        find_mechanisms(block, GRID, replace(OPTIONS, direction_step_deg=0.0)) for block in made
    )
    rounding = rotation_angle(planes_of(table), planes_of(exact))
    scatter = rotation_angle(planes_of(other), planes_of(exact))
    assert np.mean(rounding) < 0.5 * np.mean(scatter)


def test_noiseless_full_sphere_recovers_the_mechanism():
    """With true polarities all over the sphere the answer is within half a grid step."""
    random = np.random.default_rng(11)
    grid = mechanism_grid(5.0)
    events = [reference.random_event(random, 400, name=f"n{k}") for k in range(10)]
    # The best fitting set, not the set with the usual tolerance of bad picks.
    found = find_mechanisms(
        reference.make_block(events), grid, reference.everywhere(polarity_error_rate=0.0)
    )
    truth = np.array([e["mechanism"] for e in events])
    assert np.max(rotation_angle(planes_of(found), truth)) < 2.5
    assert np.all(found.mechanism_probability == 1.0)
    assert np.max(found.polarity_misfit) < 0.005
    assert np.all(found.quality == "A")


def test_a_mechanism_of_the_grid_is_found_with_misfit_zero():
    random = np.random.default_rng(12)
    for k in random.integers(0, GRID.count, 6):
        mechanism = GRID.strike_deg[k], GRID.dip_deg[k], GRID.rake_deg[k]
        event = reference.random_event(random, 300, mechanism)
        found = find_mechanisms(
            reference.make_block([event]), GRID, replace(OPTIONS, polarity_error_rate=0.0)
        )
        assert found.acceptance[0, k] == 255
        assert rotation_angle(planes_of(found)[0], mechanism) < 5.0
        assert found.mechanism_probability[0] == 1.0


def test_events_that_cannot_be_solved_get_a_status_and_a_letter():
    random = np.random.default_rng(13)
    few = reference.random_event(random, 7)
    empty = {"azimuth": [], "takeoff": [], "polarity": []}
    one_side = reference.random_event(random, 20)
    one_side["azimuth"], one_side["takeoff"] = random.uniform(0, 80, 20), random.uniform(5, 85, 20)
    steep = reference.random_event(random, 40)
    steep["takeoff"] = random.uniform(0, 20, 40)
    lost = reference.random_event(random, 12)
    lost["takeoff"] = np.where(np.arange(12) < 6, np.nan, lost["takeoff"])
    good = reference.random_event(random, 60)
    block = reference.make_block([few, empty, one_side, steep, lost, good])
    found = find_mechanisms(block, GRID, MechanismOptions(grid_step_deg=10.0))
    assert [STATUSES[s] for s in found.status] == [
        "too_few_polarities", "too_few_polarities", "azimuthal_gap", "takeoff_gap",
        "too_few_polarities", "solved",
    ]  # fmt: skip
    assert list(found.quality[:5]) == ["F", "F", "E", "E", "F"]
    assert found.quality[5] in "ABCD"
    assert found.ignored_count[4] == 6
    assert np.all(np.isnan(found.strike_deg[:5]))
    assert np.all(found.acceptance[:5] == 0)
    assert np.array_equal(np.diff(found.solution_offsets), found.solution_count)


def test_a_missing_angle_in_one_trial_falls_back_to_the_reference():
    random = np.random.default_rng(14)
    event = reference.random_event(random, 20, wrong=0.1)
    block = reference.make_block([event], trials=3)
    holes = block.takeoff_deg.copy()
    holes[2, 4] = np.nan
    whole = find_mechanisms(block, GRID, OPTIONS)
    patched = find_mechanisms(replace(block, takeoff_deg=holes), GRID, OPTIONS)
    assert np.array_equal(whole.acceptance, patched.acceptance)


def test_hundreds_of_polarities_have_no_limit():
    random = np.random.default_rng(15)
    block = reference.make_block([reference.random_event(random, 900, wrong=0.1)])
    found = find_mechanisms(block, GRID, OPTIONS)
    azimuth, takeoff, polarity, impulsive, _ = angles_of(block, 0)
    expected = reference.accepted_polarities(GRID, azimuth, takeoff, polarity, impulsive)
    assert np.array_equal(found.acceptance[0] > 0, expected)


def test_an_event_beyond_the_counters_is_an_error_of_that_event_alone():
    """Nine thousand readings of one event are a broken input; its neighbors are solved."""
    random = np.random.default_rng(18)
    events = [reference.random_event(random, 20), reference.random_event(random, 9000)]
    found = find_mechanisms(reference.make_block(events), GRID, OPTIONS)
    assert [STATUSES[s] for s in found.status] == ["solved", "error"]
    assert np.isnan(found.strike_deg[1])


def test_an_empty_block_gives_empty_columns():
    found = find_mechanisms(reference.make_block([]), GRID, OPTIONS)
    assert found.acceptance.shape == (0, GRID.count)
    assert len(found.strike_deg) == len(found.quality) == 0


def test_a_subset_is_drawn_by_event_and_counts_stay_whole():
    random = np.random.default_rng(16)
    events = [reference.random_event(random, 12, wrong=0.2, name=f"s{k}") for k in range(4)]
    block = reference.make_block(events, trials=5, takeoff_error=10.0)
    options = replace(OPTIONS, maxout=100, average="hash")
    found = find_mechanisms(block, GRID, options)
    everything = find_mechanisms(block, GRID, replace(options, maxout=0))
    assert np.all(found.acceptable_count > 100)
    assert np.array_equal(found.acceptance, everything.acceptance)
    # With 100 members probabilities are whole hundredths.
    hundredths = found.mechanism_probability * 100
    assert np.allclose(hundredths, np.round(hundredths))
    again = find_mechanisms(reference.make_block(events[2:], 5, takeoff_error=10.0), GRID, options)
    assert np.array_equal(planes_of(found)[2:], planes_of(again))


def test_weights_of_counts_are_the_chance_of_a_union():
    """With as many trials as the union takes, any acceptance counts fully."""
    assert np.array_equal(acceptance_weights(30, 30), np.r_[0.0, np.ones(30)])
    assert np.allclose(acceptance_weights(30, 1), np.arange(31) / 30)
    weights = acceptance_weights(10, 3)
    # Chance that 3 of 10 drawn miss all of 2: 8 7 6 / (10 9 8).
    assert weights[2] == pytest.approx(1 - 8 * 7 * 6 / (10 * 9 * 8))
    assert np.all(np.diff(weights) >= 0)
    # It does not grow with the number of trials for the same share.
    assert acceptance_weights(4000, 30)[400] == pytest.approx(1 - 0.9**30, abs=1e-3)


def test_auxiliary_planes_are_those_of_the_preferred_ones():
    random = np.random.default_rng(17)
    found = find_mechanisms(
        reference.make_block([reference.random_event(random, 40)]), GRID, OPTIONS
    )
    expected = auxiliary_plane(*planes_of(found)[0])
    given = found.auxiliary_strike_deg[0], found.auxiliary_dip_deg[0], found.auxiliary_rake_deg[0]
    assert np.allclose(given, expected)
    rays = ray_vectors(random.uniform(0, 360, 50), random.uniform(0, 180, 50))
    assert np.allclose(
        p_radiation(*fault_vectors(*planes_of(found)[0]), rays),
        p_radiation(*fault_vectors(*given), rays),
    )


def test_settings_and_shapes_that_cannot_be_are_refused():
    with pytest.raises(SettingsError, match="polarity_error_rate"):
        MechanismOptions(polarity_error_rate=0.9)
    with pytest.raises(SettingsError, match="average"):
        MechanismOptions(average="median")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="nonsense"):
        MechanismOptions.hash(nonsense=1)
    with pytest.raises(SettingsError, match="2 to 30"):
        mechanism_grid(1.0)
    block = reference.make_block([reference.random_event(np.random.default_rng(1), 9)])
    with pytest.raises(SettingsError, match="grid_step_deg"):
        find_mechanisms(block, GRID, MechanismOptions())
    with pytest.raises(InputError, match="impulsive"):
        replace(block, impulsive=np.ones(3, bool))
    with pytest.raises(InputError, match="offsets"):
        replace(block, offsets=np.array([0, 5]))
