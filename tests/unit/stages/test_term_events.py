"""Which events station terms are fitted to, and what is said of events in one place."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.config import Locate
from quakeloom.schema import make_table
from quakeloom.stages.locate.corrections import warn_of_structure
from quakeloom.stages.locate.term_events import find_keys
from quakeloom.stages.locate.term_rounds import (
    MOST_EVENTS,
    Rounds,
    correction_rounds,
    round_settings,
)


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


def test_a_large_catalog_is_thinned_evenly_whatever_its_partitions():
    """Terms are fitted to at most so many events: the others need no round."""
    names = [f"e{i}" for i in range(100_000)]
    rounds = correction_rounds(Locate(models=["m.txt"]), len(names))
    assert rounds.every == 1
    chosen = rounds.choose(names, 7)
    assert 0.9 * MOST_EVENTS < chosen.size <= MOST_EVENTS
    tenths = np.bincount(chosen // 10_000)
    assert tenths.min() > 0.9 * tenths.mean()
    some = rounds.choose(names[40_000:60_000], 7) + 40_000
    np.testing.assert_array_equal(some, chosen[(chosen >= 40_000) & (chosen < 60_000)])
    assert not np.array_equal(rounds.choose(names, 8), chosen)


def test_a_catalog_that_terms_are_fitted_to_is_located_whole_in_every_round():
    rounds = correction_rounds(Locate(models=["m.txt"]), MOST_EVENTS)
    assert rounds == Rounds(1, 1, 1.0)
    assert rounds.choose(["a", "b"], 1).tolist() == [0, 1]


def test_a_round_draws_nothing_and_is_coarser():
    locate = Locate(models=["m.txt"], draws=50, compare=True)
    quick = round_settings(locate)
    assert (quick.draws, quick.compare) == (0, False)
    assert quick.resolution > locate.resolution
    assert quick.likelihood == locate.likelihood
