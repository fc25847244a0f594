"""What tells classes of events apart: features, networks, shares, reliability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.classification import (
    BEFORE_S,
    CLASSES,
    FEATURES,
    RATE_HZ,
    SAMPLES,
    ClassExamples,
    ClassTraining,
    EventRecords,
    EventStations,
    build_class_model,
    class_probabilities,
    describe_records,
    event_inputs,
    frequency_index,
    measure_class_reliability,
    name_reasons,
    pack_class_model,
    record_frequency_index,
    train_class_model,
)
from quakeloom.core import InputError


def records(count=4, seed=1, s_minus_p=4.0):
    """Noise with a decaying P on the vertical and a larger S on the horizontals."""
    random = np.random.default_rng(seed)
    data = random.standard_normal((count, 3, SAMPLES))
    time = np.arange(SAMPLES) / RATE_HZ - BEFORE_S
    for at, size in ((0.0, (8.0, 3.0, 3.0)), (s_minus_p, (5.0, 25.0, 25.0))):
        swell = np.where(time >= at, np.exp(-(time - at) / 3.0), 0.0)
        data += np.array(size)[:, None] * swell * random.standard_normal((count, 3, SAMPLES))
    full = np.tile(np.array([0, SAMPLES]), (count, 1))
    yes = np.ones(count, bool)
    return EventRecords(data.astype(np.float32), full, np.full(count, s_minus_p), yes, yes)


def column(name):
    return FEATURES.index(name)


@pytest.mark.parametrize("change", ["gain", "offset", "flip", "swap", "turn"])
def test_gain_offset_sign_and_the_turn_of_the_horizontals_change_no_feature(change):
    made = records()
    data = made.data.astype(float)
    turn = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    other = {
        "gain": 3e5 * data, "offset": data + 40.0, "flip": -data, "swap": data[:, [0, 2, 1]],
        "turn": np.einsum("ij,kjl->kil", turn, data),
    }[change]  # fmt: skip
    found = describe_records(replace(made, data=other.astype(np.float32)))
    skip = {column("jump")} if change == "turn" else set()
    rows = [k for k in range(len(FEATURES)) if k not in skip]
    assert np.allclose(found[:, rows], describe_records(made)[:, rows], atol=2e-3)


def test_a_stronger_s_on_the_horizontals_raises_s_over_p():
    made = records()
    time = np.arange(SAMPLES) / RATE_HZ - BEFORE_S
    later = made.data.copy()
    later[:, 1:, time >= 4.0] *= 10.0
    at = column("S over P 4-8 Hz")
    more = describe_records(replace(made, data=later))[:, at] - describe_records(made)[:, at]
    assert np.allclose(more, 2.0, atol=0.1)  # ten times the amplitude, a hundred times the power


def test_what_was_not_recorded_is_not_known_and_changes_nothing_else():
    made = records()
    short = np.tile(np.array([1250, 2000]), (made.count, 1))  # 5 s before P to 10 s after it
    found = describe_records(replace(made, recorded=short))
    assert np.isnan(found[:, column("coda 3 over S 4-8 Hz")]).all()
    at = column("S over P 4-8 Hz")
    assert np.allclose(found[:, at], describe_records(made)[:, at], atol=0.05)


def test_a_dead_record_has_finite_or_missing_features():
    made = records(1)
    found = describe_records(replace(made, data=np.zeros_like(made.data)))
    assert not np.isinf(found).any()


def test_the_frequency_index_of_brune_spectra_is_the_analytic_one():
    """Corner frequencies of 3 and 30 Hz, equal t*, to 5 % (METHODS: Brune 1970)."""
    f = np.linspace(0.2, 25.0, 500)
    t_star = 0.04
    found, exact = [], []
    for corner in (3.0, 30.0):
        spectrum = f / (1.0 + (f / corner) ** 2)
        found.append(frequency_index(spectrum * np.exp(-np.pi * f * t_star), f, t_star))
        # means of f / (1 + f^2 / c^2) over a band: c^2 / 2 ln(1 + f^2 / c^2) over its width
        mean = [
            0.5 * corner**2 * np.log((1 + (b / corner) ** 2) / (1 + (a / corner) ** 2)) / (b - a)
            for a, b in ((10.0, 20.0), (1.0, 4.0))
        ]
        exact.append(np.log10(mean[0] / mean[1]))
    assert abs((found[1] - found[0]) / (exact[1] - exact[0]) - 1.0) < 0.05


def test_the_frequency_index_of_a_record_is_less_without_high_frequencies():
    made = records()
    spectrum = np.fft.rfft(made.data, axis=2)
    spectrum[:, :, np.fft.rfftfreq(SAMPLES, 1.0 / RATE_HZ) > 8.0] *= 0.1
    low = replace(made, data=np.fft.irfft(spectrum, SAMPLES, axis=2).astype(np.float32))
    travel = np.full(made.count, 8.0)
    fall = record_frequency_index(made, travel) - record_frequency_index(low, travel)
    assert np.allclose(fall, 1.0, atol=0.1)


def examples(seed=3):
    """Events whose first features tell the class, two stations each."""
    random = np.random.default_rng(seed)
    label = np.repeat(np.arange(len(CLASSES)), 60)
    event = np.repeat(np.arange(label.size), 2)
    features = random.standard_normal((event.size, len(FEATURES)))
    features[np.arange(event.size), label[event]] += 5.0
    features[random.random(features.shape) < 0.02] = np.nan
    depth = np.full(label.size, np.nan)
    stations = EventStations(event, np.ones(event.size, bool), depth)
    return ClassExamples(features, stations, label, np.arange(label.size) % 4)


@pytest.fixture(scope="module")
def trained():
    training = ClassTraining(hidden=8, event_hidden=6, epochs=150, learning_rate=2e-2, folds=2)
    return train_class_model(examples(), training, 5)


def event_logs(model, given):
    return model.event_logs(event_inputs(model.station_logs(given.features), given.stations))


def test_classes_that_features_tell_apart_are_learned_and_stated_with_right_probabilities(trained):
    model, outside = trained
    given = examples(seed=4)
    probability = np.exp(event_logs(model, given))
    assert (probability.argmax(axis=1) == given.label).mean() > 0.95
    assert measure_class_reliability(np.exp(outside), examples().label).expected_error < 0.05


def test_training_again_gives_the_same_weights(trained):
    training = ClassTraining(hidden=8, event_hidden=6, epochs=150, learning_rate=2e-2, folds=2)
    again, _ = train_class_model(examples(), training, 5)
    for one, other in zip(trained[0].station + trained[0].event, again.station + again.event,
                          strict=True):  # fmt: skip
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_packed_weights_are_the_same_model_and_others_are_refused(trained):
    packed = pack_class_model(trained[0])
    given = examples(seed=4)
    same = build_class_model(packed, "same")
    assert np.array_equal(event_logs(trained[0], given), event_logs(same, given))
    with pytest.raises(InputError, match="tell no classes"):
        build_class_model({"inc.weight": np.zeros(3)}, "picker.npz")
    with pytest.raises(InputError, match="other features"):
        build_class_model({**packed, "features": np.array(["x"])}, "old.npz")


def test_a_record_of_which_nothing_is_known_favors_no_class(trained):
    logs = trained[0].station_logs(np.full((1, len(FEATURES)), np.nan))
    assert np.allclose(np.exp(logs), 0.2)


def test_the_reason_names_what_tells_the_class(trained):
    given = examples(seed=4)
    chosen = event_logs(trained[0], given).argmax(axis=1)
    said = name_reasons(trained[0], given.features, given.stations, chosen)
    # the features that were moved are of the spectrum of S
    assert sum("spectrum of S" in s.split(";")[0] for s in said) > 0.8 * len(said)


def test_probabilities_follow_bayes_rule():
    logs = np.log(np.array([[0.5, 0.2, 0.1, 0.1, 0.1]]))
    shares = dict(zip(CLASSES, (0.1, 0.4, 0.2, 0.2, 0.1), strict=True))
    exact = np.array([0.05, 0.08, 0.02, 0.02, 0.01]) / 0.18
    assert np.allclose(class_probabilities(logs, shares), exact)
    sure = class_probabilities(logs, {**dict.fromkeys(CLASSES, 0.0), "blast": 1.0})
    assert np.array_equal(sure[0], [0, 0, 1, 0, 0])


def test_right_probabilities_are_reliable_and_overconfident_ones_are_not():
    random = np.random.default_rng(8)
    probability = random.dirichlet(np.ones(5), 4000)
    label = np.array([random.choice(5, p=p) for p in probability])
    good = measure_class_reliability(probability, label)
    assert (np.abs(good.actual - good.stated) < 4.0 * good.error + 1e-9)[good.count > 20].all()
    sharp = probability**3 / (probability**3).sum(axis=1, keepdims=True)
    assert measure_class_reliability(sharp, label).expected_error > 3.0 * good.expected_error
