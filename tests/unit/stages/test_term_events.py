"""Which events station terms are fitted to, and what is said of events in one place."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.config import Locate
from quakeloom.schema import make_table
from quakeloom.stages.locate.corrections import Rounds, warn_of_structure
from quakeloom.stages.locate.term_events import find_keys


def one_part(status):
    """Three events of one station with the same status each."""
    names = [f"e{i}" for i in range(len(status))]
    count = len(names)
    hypocenters = make_table(
        "hypocenters",
        {"event_id": names, "status": status, "longitude": np.arange(count) * 0.1,
         "latitude": np.zeros(count), "depth_km": np.full(count, 8.0)},
        rows=count,
    )  # fmt: skip
    arrivals = make_table(
        "arrivals",
        {"event_id": names, "network": ["XX"] * count, "station": ["S"] * count,
         "phase": ["P"] * count, "pick_use": ["used"] * count, "residual_s": np.zeros(count)},
        rows=count,
    )  # fmt: skip
    return lambda: iter([(hypocenters, arrivals)])


def test_terms_are_fitted_to_events_that_large_delays_made_misfits():
    keys, place = find_keys(one_part(["located", "misfit", "outside_model"]))
    assert keys.count.tolist() == [2]
    assert keys.events == len(place) == 2


@pytest.mark.parametrize(
    ("share", "spread", "said"), [(0.99, 0.04, 1), (0.0, 0.04, 0), (0.99, 0.1, 0)]
)
def test_a_cluster_in_flat_models_is_told_with_what_helps(caplog, share, spread, said):
    """Not where nothing is shared, nor where such a contrast is expected already."""
    noise = pa.table({"lateral_share": [share, share]})
    with caplog.at_level(logging.WARNING):
        found = warn_of_structure(
            Locate(models=["m.txt"], lateral_spread=spread), one_part(["located"]), Rounds(1, 1),
            noise,
        )  # fmt: skip
    assert len(found) == said
    assert sum("lateral_spread: 0.1" in r.getMessage() for r in caplog.records) == said
