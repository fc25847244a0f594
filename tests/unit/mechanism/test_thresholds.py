"""The curve of thresholds, and the choice on it."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.mechanism import (
    PROBABILITIES,
    THRESHOLD,
    ThresholdTrials,
    choose_threshold,
    summarize_trials,
)

WORTH = {"A": 1.0, "B": 0.5}


def trials(rows):
    """Trials from tuples: event, method, threshold, quality (empty: not solved), rms, rotation."""
    event, method, least, quality, rms, rotation = zip(*rows, strict=True)
    texts = [np.array(t, dtype=object) for t in (event, method, quality)]
    return ThresholdTrials(
        *texts,
        minimum_probability=np.array(least),
        expected_error_rate=1.0 - np.array(least),
        solved=texts[2] != "",
        polarity_count=np.full(len(rows), 10),
        mechanism_rms_deg=np.array(rms, dtype=float),
        rotation_from_truth_deg=np.array(rotation, dtype=float),
    )


def test_spreads_are_compared_on_events_that_every_threshold_has_solved():
    """A high threshold that solves easy events only does not look better for it."""
    curve = summarize_trials(
        trials([
            ("easy", THRESHOLD, 0.6, "A", 10.0, 5.0),
            ("hard", THRESHOLD, 0.6, "B", 40.0, 50.0),
            ("easy", THRESHOLD, 0.9, "B", 12.0, 7.0),
            ("hard", THRESHOLD, 0.9, "", np.nan, np.nan),
        ]),
        WORTH,
    )  # fmt: skip
    assert [p.minimum_probability for p in curve] == [0.6, 0.9]
    assert [p.common_count for p in curve] == [1, 1]
    assert [p.mechanism_rms_deg for p in curve] == [10.0, 12.0]
    assert [p.rotation_from_truth_deg for p in curve] == [5.0, 7.0]
    # the share within 30 degrees is that of all solved events
    assert [p.rotation_within_30_share for p in curve] == [0.5, 1.0]
    assert [p.solved_count for p in curve] == [2, 1]
    assert [p.worth for p in curve] == [1.5, 0.5]
    assert [p.quality_counts["B"] for p in curve] == [1, 1]


def test_the_most_worth_is_chosen_and_of_equals_the_lowest_threshold():
    rows = [
        ("e", THRESHOLD, 0.9, "A", 1.0, np.nan),
        ("e", THRESHOLD, 0.7, "A", 1.0, np.nan),
        ("e", THRESHOLD, 0.5, "B", 1.0, np.nan),
    ]
    best = choose_threshold(summarize_trials(trials(rows), WORTH))
    assert best.minimum_probability == 0.7
    assert best.expected_error_rate == pytest.approx(0.3)


def test_probabilities_themselves_are_no_threshold():
    """The last point of the curve is there for comparison; what is chosen is a threshold."""
    rows = [("e", PROBABILITIES, 0.5, "A", 1.0, 1.0), ("e", THRESHOLD, 0.8, "C", 1.0, 1.0)]
    curve = summarize_trials(trials(rows), WORTH)
    assert [p.method for p in curve] == [THRESHOLD, PROBABILITIES]
    assert choose_threshold(curve).minimum_probability == 0.8
    assert choose_threshold(curve[1:]) is None


def test_an_event_whose_truth_is_not_known_counts_in_no_rotation():
    rows = [("a", THRESHOLD, 0.5, "A", 1.0, np.nan), ("b", THRESHOLD, 0.5, "A", 3.0, 20.0)]
    (point,) = summarize_trials(trials(rows), WORTH)
    assert point.rotation_from_truth_deg == 20.0
    assert point.rotation_within_30_share == 1.0
    assert point.mechanism_rms_deg == 2.0
