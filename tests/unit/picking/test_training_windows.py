"""Windows to train a picker on say what an analyst could see, and nothing about the rest."""

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.picking._phase_windows import (
    SAMPLES,
    SHORT_SAMPLES,
    PickerTraining,
    TrainingRecords,
    cut_training_windows,
)

PLAIN = PickerTraining(
    label_s=0.1, no_arrival=0.0, two_events=0.0, vertical_only=0.0, lost_component=0.0, bursts=0.0
)


def _records(**clear) -> TrainingRecords:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((8, 3, 6000))
    data[:, :, 2500:] *= 30.0
    return TrainingRecords(data, np.full(8, 2500.0), np.full(8, 2900.0), **clear)


def _cut(records: TrainingRecords, training: PickerTraining, seed: int = 1):
    return cut_training_windows(records, np.arange(8), np.random.default_rng(seed), training)


@pytest.mark.parametrize("samples", [SAMPLES, SHORT_SAMPLES])
def test_probabilities_of_noise_p_and_s_add_up_to_one_where_all_is_known(samples):
    windows, labels = _cut(_records(), replace(PLAIN, samples=samples))
    assert windows.shape == labels.shape == (8, 3, samples)
    np.testing.assert_allclose(labels.sum(axis=1), 1.0, atol=1e-6)
    assert (labels[:, 1].max(axis=1) > 0.99).sum() + (labels[:, 2].max(axis=1) > 0.99).sum() >= 8


def test_around_an_arrival_that_nobody_could_see_nothing_is_learnt():
    hidden = _records(is_s_clear=np.zeros(8, bool))
    _, labels = _cut(hidden, PLAIN)
    known = labels.sum(axis=1) > 0.5
    assert labels[:, 2].max() == 0.0
    assert not known.all()
    # half a second on either side, at most
    assert (~known).sum(axis=1).max() <= 101


def test_of_a_vertical_alone_other_arrivals_can_be_seen():
    records = _records(is_s_clear=np.ones(8, bool), is_s_clear_on_vertical=np.zeros(8, bool))
    _, all_three = _cut(records, PLAIN)
    windows, alone = _cut(records, replace(PLAIN, vertical_only=1.0))
    assert all_three[:, 2].max() > 0.99
    assert alone[:, 2].max() == 0.0
    assert not windows[:, 1:].any()


def test_an_event_in_the_coda_of_a_much_larger_one_is_not_asked_for():
    from quakeloom.picking._phase_windows import _label, _Piece

    rng = np.random.default_rng(3)
    large = _Piece(100.0 * rng.standard_normal((3, SAMPLES)).astype(np.float32))
    small = _Piece(rng.standard_normal((3, SAMPLES)).astype(np.float32), [(0, 1500.0, True)])
    label = np.zeros((3, SAMPLES), np.float32)
    assert not _label([large, small], label, 10.0).any()
    assert not label.any()
    small.data *= 1000.0
    assert not _label([large, small], label, 10.0).any()
    assert label[1].max() > 0.99


def test_windows_depend_on_the_seed_only():
    first, second = (_cut(_records(), PickerTraining(), seed=5) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
