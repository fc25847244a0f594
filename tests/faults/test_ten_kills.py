"""The short form of `make test-faults`: ten signals at random moments of one run."""

from __future__ import annotations

from fault_runs import Chain, Place, chance_of, hit_again_and_again

KILLS = 10
"""Signals."""

LATEST = 0.25
"""A signal comes at most so long after the command, in lengths of the undisturbed run."""


def test_a_run_that_is_hit_ten_times_has_the_bytes_of_an_undisturbed_one(
    tmp_path, undisturbed, reference, table
):
    place = Place(tmp_path / "place")
    place.write_config()
    chain = Chain(place, chance_of("ten"), LATEST * undisturbed.seconds)
    assert hit_again_and_again(chain, KILLS, reference, table) == []
    assert len(chain.hits) == KILLS
