"""Polarities with probabilities: the posterior over the grid and its calibration."""

from __future__ import annotations

from dataclasses import replace

import mechanism_reference as reference
import numpy as np
import pytest

from quakeloom.core import SettingsError, p_radiation, ray_vectors, rotation_angle, string_keys
from quakeloom.mechanism import (
    ObservationBlock,
    StatedAngles,
    draw_angle_errors,
    find_mechanisms,
    mechanism_grid,
    sp_log_ratios,
)

GRID = mechanism_grid(10.0)
OPTIONS = reference.everywhere(
    grid_step_deg=10.0, use_probabilities=True, probability_floor=1e-3, minimum_polarities=0
)


def simulated_block(count, size, takeoff_error, trials, seed, least=0.55, pairs=0):
    """Events with mechanisms of the grid and polarities as wrong as they say.

    True rays differ from the stated ones by the stated errors; the picker states for every
    polarity the probability that it is right.
    """
    random = np.random.default_rng(seed)
    total = count * size
    truth = random.integers(0, GRID.count, count)
    event = np.repeat(truth, size)
    azimuth = random.uniform(0, 360, total)
    takeoff = np.degrees(np.arccos(random.uniform(-0.9, 0.7, total)))
    rays = ray_vectors(azimuth, takeoff + random.normal(0, takeoff_error, total))
    up = p_radiation(GRID.normals[event], GRID.slips[event], rays) > 0
    sure = random.uniform(least, 0.98, total)
    said_up = np.where(random.random(total) < sure, up, ~up)
    offsets = np.arange(count + 1, dtype=np.int64) * size
    event_keys = string_keys([f"p{k}" for k in range(count)], seed)
    station_keys = string_keys([f"s{k}" for k in range(total)], seed)
    ratio = np.full(total, np.nan, np.float32)
    if pairs:
        which = np.arange(total) % size < pairs
        exact = sp_log_ratios(GRID.normals[event], GRID.slips[event], rays)
        ratio[which] = (exact + random.laplace(0, 0.3, total))[which]
    angles = StatedAngles(azimuth, takeoff, 0.0, takeoff_error)
    drawn = draw_angle_errors(event_keys, offsets, station_keys, angles, trials)
    block = ObservationBlock(
        event_keys, offsets, *drawn, np.zeros(total, np.int8), np.ones(total, bool),
        np.where(said_up, sure, 1 - sure).astype(np.float32), ratio, station_keys,
    )  # fmt: skip
    return block, truth


def test_the_posterior_of_one_trial_is_the_product_of_the_probabilities():
    """Weights are proportional to the likelihood, to the rounding of log odds."""
    block, _ = simulated_block(3, 12, 0.0, 1, seed=1)
    found = find_mechanisms(block, GRID, OPTIONS)
    for event in range(3):
        rows = slice(block.offsets[event], block.offsets[event + 1])
        azimuth, takeoff = block.azimuth_deg[0, rows], block.takeoff_deg[0, rows]
        up = reference.predicted_up(GRID, azimuth.astype(float), takeoff.astype(float))
        p = 1e-3 + (1 - 2e-3) * block.probability_up[rows].astype(float)
        unit = 0.02 * np.sqrt(12 / 12)  # of twelve readings
        log_odds = np.round(np.abs(np.log(p / (1 - p))) / unit) * unit
        misfit = np.where(up != (p > 0.5), log_odds, 0).sum(axis=1)
        likelihood = np.exp(-(misfit - misfit.min()))
        stored = found.acceptance[event] / 255.0
        assert np.max(np.abs(stored - likelihood)) <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(("count", "strength"), [(20, 0.4), (400, 0.1), (3000, 0.03)])
def test_the_posterior_equals_the_exact_one_however_weak_the_readings(count, strength):
    """Many readings that say little keep all of their evidence."""
    random = np.random.default_rng(count)
    truth = int(random.integers(GRID.count))
    azimuth = random.uniform(0, 360, count)
    takeoff = np.degrees(np.arccos(random.uniform(-1, 1, count)))
    up = p_radiation(GRID.normals[truth], GRID.slips[truth], ray_vectors(azimuth, takeoff)) > 0
    right = random.random(count) < 0.5 + strength
    event = {
        "azimuth": azimuth, "takeoff": takeoff,
        "probability": np.where(up == right, 0.5 + strength, 0.5 - strength),
    }  # fmt: skip
    block = reference.make_block([event])
    found = find_mechanisms(block, GRID, replace(OPTIONS, trials=1))
    signs = reference.predicted_up(
        GRID, block.azimuth_deg[0].astype(float), block.takeoff_deg[0].astype(float)
    )
    p = 1e-3 + (1 - 2e-3) * block.probability_up.astype(float)
    log_odds = np.log(p / (1 - p))
    exact = np.where(signs, log_odds, 0.0).sum(axis=1)
    exact = np.exp(exact - exact.max())
    # rounding is 0.02 of a natural logarithm, five times that for the worst of 4,000 mechanisms
    stored = found.acceptance[0] / 255.0
    assert np.max(np.abs(stored - exact)) < 0.1
    assert stored @ exact / np.sqrt(stored @ stored * (exact @ exact)) > 0.999
    assert np.abs(stored.sum() / exact.sum() - 1.0) < 0.05


def test_probabilities_are_weighed_where_readings_state_them():
    """The default weighs events with probabilities and counts the signs of the others."""
    random = np.random.default_rng(9)
    plain = reference.random_event(random, 25, wrong=0.1)
    stated = dict(plain, probability=np.where(plain["polarity"] > 0, 0.8, 0.2))
    block = reference.make_block([plain, stated])
    default = replace(OPTIONS, use_probabilities=None)
    found = find_mechanisms(block, GRID, default)
    weighed = find_mechanisms(block, GRID, OPTIONS)
    counted = find_mechanisms(block, GRID, replace(OPTIONS, use_probabilities=False))
    assert np.array_equal(found.acceptance[0], counted.acceptance[0])
    assert np.array_equal(found.acceptance[1], weighed.acceptance[1])
    assert not np.array_equal(found.acceptance[1], counted.acceptance[1])
    like_hash = find_mechanisms(block, GRID, replace(default, average="hash"))
    assert np.array_equal(like_hash.acceptance, counted.acceptance)
    with pytest.raises(SettingsError, match="contradict"):
        replace(OPTIONS, average="hash")


def test_certain_polarities_give_the_set_without_misfits():
    random = np.random.default_rng(2)
    event = reference.random_event(random, 40)
    event["probability"] = np.where(event["polarity"] > 0, 1.0, 0.0)
    block = reference.make_block([event])
    found = find_mechanisms(block, GRID, replace(OPTIONS, probability_floor=1e-4))
    up = reference.predicted_up(
        GRID, block.azimuth_deg[0].astype(float), block.takeoff_deg[0].astype(float)
    )
    misses = (up != (event["polarity"] > 0)).sum(axis=1)
    assert np.array_equal(found.acceptance[0] == 255, misses == misses.min())


def test_polarities_without_probability_count_with_the_expected_error():
    """A sign alone is as good as a probability of one minus the error rate."""
    random = np.random.default_rng(3)
    event = reference.random_event(random, 25, wrong=0.1)
    stated = dict(event, probability=np.where(event["polarity"] > 0, 0.9, 0.1))
    signs = find_mechanisms(reference.make_block([event]), GRID, OPTIONS)
    both = find_mechanisms(reference.make_block([stated]), GRID, OPTIONS)
    assert np.array_equal(signs.acceptance, both.acceptance)


def test_an_even_chance_says_nothing():
    random = np.random.default_rng(4)
    event = reference.random_event(random, 25, wrong=0.1)
    event["probability"] = np.where(event["polarity"] > 0, 0.9, 0.1)
    more = {
        "azimuth": np.append(event["azimuth"], random.uniform(0, 360, 10)),
        "takeoff": np.append(event["takeoff"], random.uniform(0, 180, 10)),
        "probability": np.append(event["probability"], np.full(10, 0.5)),
    }
    one = find_mechanisms(reference.make_block([event]), GRID, OPTIONS)
    two = find_mechanisms(reference.make_block([more]), GRID, OPTIONS)
    assert np.array_equal(one.acceptance, two.acceptance)


def test_stated_probability_covers_the_truth_as_often_as_it_says():
    """Over 400 events the truth is within 45 degrees as often as the probabilities promise."""
    block, truth = simulated_block(400, 25, 8.0, 30, seed=5)
    found = find_mechanisms(block, GRID, OPTIONS)
    planes = np.stack([found.strike_deg, found.dip_deg, found.rake_deg], axis=-1)
    true = np.stack([GRID.strike_deg, GRID.dip_deg, GRID.rake_deg], axis=-1)[truth]
    inside = rotation_angle(planes, true) <= 45.0
    stated = found.mechanism_probability
    for part in np.array_split(np.argsort(stated), 4):
        # Three standard errors of a share among 100 events.
        error = np.sqrt(np.mean(stated[part] * (1 - stated[part])) / len(part))
        assert abs(np.mean(inside[part]) - np.mean(stated[part])) < 3 * error


def test_credible_sets_cover_the_truth_as_often_as_they_say():
    """The set of greatest weights with a share c of the posterior holds the truth c of the time."""
    block, truth = simulated_block(400, 25, 8.0, 100, seed=6)
    found = find_mechanisms(block, GRID, OPTIONS)
    level = np.empty(400)
    for event in range(400):
        weights = found.acceptance[event].astype(float)
        above = weights[weights > weights[truth[event]]].sum()
        level[event] = (above + 0.5 * weights[weights == weights[truth[event]]].sum()) / (
            weights.sum()
        )
    for share in (0.25, 0.5, 0.75, 0.9):
        error = np.sqrt(share * (1 - share) / 400)
        # 0.02: weights below 1/510 of the greatest are not stored.
        assert abs(np.mean(level <= share) - share) < 3 * error + 0.02


def test_probabilities_improve_on_signs():
    """Knowing which polarities are doubtful brings the mechanism nearer to the truth."""
    block, truth = simulated_block(200, 25, 5.0, 15, seed=7)
    signs = replace(block, polarity=np.where(block.probability_up > 0.5, 1, -1).astype(np.int8))
    true = np.stack([GRID.strike_deg, GRID.dip_deg, GRID.rake_deg], axis=-1)[truth]

    def error(found):
        planes = np.stack([found.strike_deg, found.dip_deg, found.rake_deg], axis=-1)
        return np.mean(rotation_angle(planes, true))

    posterior = error(find_mechanisms(block, GRID, OPTIONS))
    accepted = error(find_mechanisms(signs, GRID, replace(OPTIONS, use_probabilities=False)))
    assert posterior < 0.9 * accepted


def test_amplitudes_sharpen_the_posterior():
    """With Laplace errors of S/P the weights are those of the joint likelihood."""
    block, _ = simulated_block(3, 15, 0.0, 1, seed=8, pairs=5)
    found = find_mechanisms(block, GRID, OPTIONS)
    for event in range(3):
        rows = slice(block.offsets[event], block.offsets[event + 1])
        azimuth = block.azimuth_deg[0, rows].astype(float)
        takeoff = block.takeoff_deg[0, rows].astype(float)
        up = reference.predicted_up(GRID, azimuth, takeoff)
        p = 1e-3 + (1 - 2e-3) * block.probability_up[rows].astype(float)
        unit = 0.02 * np.sqrt(12 / 15)  # of fifteen readings
        log_odds = np.round(np.abs(np.log(p / (1 - p))) / unit) * unit
        misfit = np.where(up != (p > 0.5), log_odds, 0).sum(axis=1)
        known = np.isfinite(block.sp_log_ratio[rows])
        predicted = reference.log_ratios(GRID, azimuth[known], takeoff[known])
        misfit += np.abs(predicted - block.sp_log_ratio[rows][known]).sum(axis=1) / 0.3
        likelihood = np.exp(-(misfit - misfit.min()))
        stored = found.acceptance[event] / 255.0
        assert np.max(np.abs(stored - likelihood)) <= 0.5 / 255 + 1e-4


def test_an_event_with_nothing_to_go_by_is_not_solved():
    block = reference.make_block(
        [{"azimuth": [10.0] * 9, "takeoff": [40.0] * 9, "polarity": [0] * 9}]
    )
    found = find_mechanisms(block, GRID, OPTIONS)
    assert found.quality[0] == "F"
    assert found.solution_count[0] == 0
