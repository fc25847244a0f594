"""Options that take no notice of each other are refused, and limits are named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quakeloom as ql
from quakeloom.config import Settings
from quakeloom.core import SettingsError
from quakeloom.mechanism import MAXIMUM_READINGS, MechanismOptions
from quakeloom.stages.mechanism.threshold_choice import with_threshold


def test_hash_average_knows_no_weights():
    with pytest.raises(SettingsError, match="contradict each other"):
        MechanismOptions(use_probabilities=True, average="hash")
    with pytest.raises(ValueError, match="use_probabilities"):
        Settings(
            name="x", sources=[{"path": "a"}], takeoff={"angles": "given"},
            mechanism={"use_probabilities": True, "average": "hash"},
        )  # fmt: skip
    plain = Settings(
        name="x", sources=[{"path": "a"}], takeoff={"angles": "given"},
        mechanism={"average": "hash"},
    )  # fmt: skip
    assert with_threshold(plain, 0.5, 0.1, True).mechanism.average == "weighted"
    assert with_threshold(plain, 0.5, 0.1).mechanism.average == "hash"


@pytest.mark.long
def test_too_many_readings_are_named_by_their_limit():
    count = MAXIMUM_READINGS + 1
    r = np.random.default_rng(1)
    table = pd.DataFrame(
        {"event_id": "e", "station": [f"S{i}" for i in range(count)],
         "polarity": np.where(r.random(count) < 0.5, 1, -1),
         "azimuth_deg": r.uniform(0, 360, count), "takeoff_deg": r.uniform(0, 180, count)}
    )  # fmt: skip
    (row,) = ql.find_mechanisms(table, trials=1).table.to_dict("records")
    assert row["status"] == "error"
    assert f"more than {MAXIMUM_READINGS}" in row["reason"]
