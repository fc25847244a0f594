"""Dictionaries: planted atoms are found, codes are those of scikit-learn, grids become finer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import orthogonal_mp_gram

from quakeloom.core import InputError
from quakeloom.seafloor import (
    HALO_CELLS,
    DictionaryTraining,
    RangeCalibration,
    coarsen,
    code_signals,
    compose_signals,
    interpolate_bicubic,
    learn_dictionary,
    learn_joint_dictionary,
    make_finer,
    match_atoms,
    simulate_terrain,
    unpack_dictionary,
)

RANGES = RangeCalibration((1.0, 0.0, 0.0), ((0.5, 1.0),) * 5, (1,) * 5)


def planted(seed, signals=5000):
    rng = np.random.default_rng(seed)
    atoms = rng.normal(size=(50, 20))
    atoms /= np.linalg.norm(atoms, axis=1)[:, None]
    codes = np.zeros((signals, 50))
    for row in codes:
        row[rng.choice(50, 3, replace=False)] = rng.normal(size=3)
    return atoms, codes, codes @ atoms


@pytest.fixture(scope="module")
def learned():
    truths = [simulate_terrain((96, 96), 50.0, 2, f"d{k}").depth_m for k in range(6)]
    return learn_joint_dictionary(truths, DictionaryTraining(64, 3, 6000, 6), 1)


def test_planted_atoms_are_recovered():
    """Three of 50 atoms in each of 5,000 signals of length 20: eight of ten are found at least."""
    atoms, _, signals = planted(1)
    found = learn_dictionary(signals, 50, 3, 1, "planted")
    assert (match_atoms(found, atoms) > 0.95).mean() >= 0.8


def test_codes_are_those_of_scikit_learn():
    atoms, _, signals = planted(2, 300)
    ours = code_signals(signals, atoms, 3)
    theirs = orthogonal_mp_gram(atoms @ atoms.T, atoms @ signals.T, n_nonzero_coefs=3).T
    np.testing.assert_allclose(ours.dense(50), theirs, atol=1e-10)
    np.testing.assert_allclose(compose_signals(ours, atoms), theirs @ atoms, atol=1e-10)


def test_a_signal_has_the_same_code_in_any_company():
    atoms, _, signals = planted(3, 200)
    whole = code_signals(signals, atoms, 3)
    part = code_signals(signals[71:90], atoms, 3)
    np.testing.assert_array_equal(whole.value[71:90], part.value)
    np.testing.assert_array_equal(whole.index[71:90], part.index)


def test_what_cannot_be_coded_or_learned_is_said():
    with pytest.raises(InputError, match="lengths differ, or numbers are missing"):
        code_signals(np.full((3, 20), np.nan), np.eye(20), 2)
    with pytest.raises(InputError, match="cannot be learned from 0 signals that are not flat"):
        learn_dictionary(np.zeros((100, 9)), 8, 2, 1, "flat")


def test_a_dictionary_makes_other_ground_finer_than_cubics_do(learned):
    """Learned from six areas; on four others its errors are smaller, and means of blocks right."""
    errors = []
    for k in range(4):
        z = simulate_terrain((96, 96), 50.0, 3, f"other-{k}").depth_m
        y = coarsen(z, 2)
        depth = learned.restore(y).depth
        np.testing.assert_allclose(coarsen(depth, 2), y, atol=1e-6)
        inner = slice(8, -8), slice(8, -8)
        errors.append(
            [np.mean((d - z)[inner] ** 2) for d in (depth, interpolate_bicubic(y, 2))]
        )  # fmt: skip
    ours, cubic = np.sqrt(np.mean(errors, axis=0))
    assert ours < 0.95 * cubic


def test_moving_a_tile_of_a_dictionary_changes_nothing_above_a_millimeter(learned):
    z = coarsen(simulate_terrain((512, 128), 50.0, 3, "seams").depth_m, 2)
    z[100:104, 30:40] = np.nan
    whole = make_finer(learned, z, 2, RANGES)
    for first in (64, 107):
        low = first - HALO_CELLS
        tile = make_finer(learned, z[low : first + 60 + HALO_CELLS], 2, RANGES)
        a = tile.depth[2 * HALO_CELLS : 2 * (HALO_CELLS + 60)]
        np.testing.assert_allclose(a, whole.depth[2 * first : 2 * (first + 60)], atol=1e-3)


def test_a_dictionary_comes_back_from_its_arrays_and_others_are_refused(learned):
    arrays = learned.as_arrays()
    again = unpack_dictionary(arrays)
    y = coarsen(simulate_terrain((48, 48), 50.0, 3, "again").depth_m, 2)
    np.testing.assert_allclose(again.restore(y).depth, learned.restore(y).depth, atol=1e-2)
    with pytest.raises(InputError, match="of no dictionary"):
        unpack_dictionary({"coarse": arrays["coarse"]})
    with pytest.raises(InputError, match="do not fit each other"):
        unpack_dictionary(arrays | {"fine": arrays["fine"][1:]})
