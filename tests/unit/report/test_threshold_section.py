"""The report says whether the mechanisms use the threshold that was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.report._results import RunResults
from quakeloom.report._threshold_section import threshold_section
from quakeloom.schema import make_table

ROWS = {
    "threshold_method": ["threshold", "threshold", "probabilities"],
    "minimum_probability": [0.5, 0.9, 0.0],
    "expected_error_rate": [0.1, 0.05, 0.1],
    "event_count": [20, 20, 20],
    "common_count": [18, 18, 18],
    "worth": [5.0, 7.0, 9.0],
    "mechanism_rms_deg": [20.0, 18.0, 17.0],
    "rotation_from_truth_deg": [np.nan] * 3,
    **{f"quality_{q}_count": [1, 2, 3] for q in "abcd"},
}


@pytest.mark.parametrize(
    ("threshold", "mechanism", "words"),
    [
        ({"apply": True}, {"use_probabilities": None, "average": "weighted"}, "do not use it"),
        ({"apply": True}, {"use_probabilities": True, "average": "weighted"}, "do not use it"),
        ({"apply": True}, {"use_probabilities": False, "average": "weighted"}, "run use it."),
        ({"apply": True}, {"use_probabilities": None, "average": "hash"}, "run use it."),
        ({"apply": False}, {"use_probabilities": False}, "shown only"),
    ],
)
def test_the_report_says_whether_the_threshold_is_used(threshold, mechanism, words):
    curve = make_table("threshold_curve", ROWS, rows=3)
    settings = {"threshold": threshold, "mechanism": mechanism}
    section = threshold_section(RunResults("x", {"threshold_curve": curve}, settings=settings))
    assert words in section.blocks[0].text
