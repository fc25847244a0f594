"""Events come back from their picks, whatever else is among them and however they are divided."""

from __future__ import annotations

import builtins
from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from quakeloom.association import (
    AssociationOptions,
    OctreeProposer,
    PickArrays,
    Stations,
    associate_days,
    associate_picks,
    look_up,
    place_levels,
    trace_times,
)
from quakeloom.core import InputError, LayeredModel
from quakeloom.simulate import score_association, simulate_pick_days

MODEL = LayeredModel(
    "two layers",
    np.array([0.0, 15.0, 15.0, 60.0]),
    np.array([5.8, 6.2, 6.6, 6.8]),
    np.array([3.35, 3.6, 3.8, 3.9]),
)
OPTIONS = AssociationOptions(
    reach_km=150.0, p_error_s=0.1, s_error_s=0.1, depth_error_km=15.0, minimum_picks=8,
    minimum_both=3,
)  # fmt: skip


@cache
def network():
    side = np.linspace(-40.0, 40.0, 5)
    place = np.array([[0.0, north, east] for north in side for east in side])
    level, heights = place_levels(place[:, 0])
    return Stations(place, level), trace_times([MODEL], heights, 150.0, (0.0, 30.0))


def travel(phase, away, depth):
    tables = network()[1]
    return np.array([look_up(tables, phase, 0, a, d)[0] for a, d in zip(away, depth, strict=True)])


@cache
def day(events=12, noise=1.0, days=0.06, seed=3):
    box = np.array([[2.0, 25.0], [-40.0, 40.0], [-40.0, 40.0]])
    return simulate_pick_days(network()[0].place, box, travel, events, noise, seed, days)


def arrays(station, phase, time):
    none = np.full(len(time), np.nan)
    return PickArrays(np.asarray(station), np.asarray(phase), np.asarray(time), none, none)


def picks_of(truth):
    return arrays(truth.station, truth.phase, truth.time_s)


def made(hypocenters, error_s=0.05, seed=1):
    """Picks of all stations for events given as (origin, depth, north, east)."""
    stations, _ = network()
    random = np.random.default_rng(seed)
    station, phase, time, event = [], [], [], []
    for number, (origin, *place) in enumerate(hypocenters):
        away = np.hypot(*(stations.place[:, 1:] - np.array(place[1:])).T)
        for p in range(2):
            t = origin + travel(p, away, np.full(away.size, place[0]))
            station += range(away.size)
            phase += [p] * away.size
            time += (t + error_s * random.standard_normal(away.size)).tolist()
            event += [number] * away.size
    return arrays(station, phase, np.array(time)), np.array(event)


LOOSE = AssociationOptions(
    reach_km=150.0, p_error_s=0.4, s_error_s=0.4, time_error_s=0.0, time_error_fraction=0.01,
    depth_error_km=15.0, minimum_picks=8, minimum_both=3,
)  # fmt: skip


@cache
def solved():
    return associate_picks(picks_of(day()), *network(), LOOSE)


def test_events_are_found_among_as_many_false_picks():
    score = score_association(day().event, solved().event)
    assert score["precision"] == 1.0
    assert score["recall"] == 1.0
    # a pick is false or missed now and then: it lies by chance where one is expected
    assert score["missed"] < 1.0
    assert score["added"] < 1.0


def test_hypocenters_are_within_four_standard_errors():
    truth, found = day(), solved()
    for number, event in enumerate(found.events.origin_s):
        true = int(np.bincount(truth.event[(found.event == number) & (truth.event >= 0)]).argmax())
        offset = np.append(
            found.events.place[number] - truth.place[true], event - truth.origin_s[true]
        )
        sd = np.sqrt(np.diag(found.events.covariance[number]))
        assert np.all(np.abs(offset) < 4.0 * sd)


def test_exact_picks_are_all_found_and_nothing_else():
    hypocenters = [(100.0 + 90.0 * k, 8.0 + k, -20.0 + 8.0 * k, 15.0 - 6.0 * k) for k in range(5)]
    picks, event = made(hypocenters, 0.0)
    found = associate_picks(picks, *network(), OPTIONS)
    assert found.events.origin_s.size == 5
    assert np.array_equal(found.event, event)
    assert np.abs(found.residual_s).max() < 0.02


@pytest.mark.parametrize(("later_s", "apart_km"), [(5.0, 30.0), (10.0, 3.0)])
def test_overlapping_events_are_both_found(later_s, apart_km):
    picks, event = made([(100.0, 9.0, -5.0, 0.0), (100.0 + later_s, 9.0, -5.0 + apart_km, 0.0)])
    found = associate_picks(picks, *network(), OPTIONS)
    assert score_association(event, found.event)["f1"] == 1.0


def test_the_order_of_picks_does_not_matter():
    truth = day()
    order = np.random.default_rng(5).permutation(truth.time_s.size)
    whole = picks_of(truth)
    shuffled = PickArrays(*(getattr(whole, f.name)[order] for f in fields(whole)))
    again = associate_picks(shuffled, *network(), LOOSE)
    assert np.array_equal(again.event, solved().event[order])
    assert np.array_equal(again.events.place, solved().events.place)
    assert np.array_equal(again.events.score, solved().events.score)


def test_events_do_not_depend_on_where_days_end():
    truth = day(16, 1.0, 2.0, 8)
    ways = [
        associate_days(picks_of(truth), *network(), LOOSE, border_s=border)
        for border in (0.0, 30_000.0)
    ]
    assert score_association(truth.event, ways[0].event)["f1"] == 1.0
    assert np.array_equal(ways[0].event, ways[1].event)
    np.testing.assert_allclose(ways[0].events.place, ways[1].events.place, atol=1e-5)
    np.testing.assert_allclose(ways[0].events.origin_s, ways[1].events.origin_s, atol=1e-6)


def test_a_clock_that_is_a_minute_off_harms_no_event():
    truth = day()
    picks = picks_of(truth)
    late = np.where(truth.station == 12, 60.0, 0.0)
    found = associate_picks(
        arrays(picks.station, picks.phase, picks.time_s + late), *network(), LOOSE
    )
    others = np.where(truth.station == 12, -1, truth.event)
    assert score_association(others, found.event)["f1"] == 1.0


def test_a_station_that_does_not_record_lowers_no_score():
    truth = day()
    off = truth.station == 12
    picks = arrays(truth.station[~off], truth.phase[~off], truth.time_s[~off])
    found = associate_picks(picks, *network(), LOOSE)
    # what it would have picked counts neither for an event nor against it
    assert score_association(truth.event[~off], found.event)["f1"] == 1.0
    slots = found.events.chosen[:, 24:26]
    assert (slots < 0).all()
    assert found.missed_near.max() <= solved().missed_near.max() + 8


def test_noise_alone_gives_no_more_than_is_promised():
    random = np.random.default_rng(11)
    count = 6000
    picks = arrays(
        random.integers(0, 25, count), random.integers(0, 2, count),
        np.sort(random.random(count) * 86400.0),
    )  # fmt: skip
    found = associate_picks(picks, *network(), AssociationOptions(
        reach_km=150.0, p_error_s=0.4, s_error_s=0.4, false_events_per_day=1.0
    ))  # fmt: skip
    # one a day is promised; five or more would be seen in 0.4 % of days
    assert found.events.origin_s.size <= 4


def test_picks_of_two_stations_tell_no_place():
    with pytest.raises(InputError, match=r"2 station\(s\)"):
        associate_picks(arrays([0, 1], [0, 0], np.array([1.0, 2.0])), *network(), OPTIONS)
    with pytest.raises(InputError, match="no picks"):
        associate_picks(
            arrays(np.zeros(0, int), np.zeros(0, int), np.zeros(0)), *network(), OPTIONS
        )


def test_a_missing_pyocto_is_said_with_the_commands(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name == "pyocto":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"pip install --no-deps pyocto==0\.2\.2"):
        OctreeProposer()


def test_pyocto_proposes_as_well():
    pytest.importorskip("pyocto", reason="PyOcto is optional: pip install --no-deps pyocto==0.2.2")
    picks, event = made([(100.0, 9.0, -5.0, 0.0), (150.0, 12.0, 20.0, -10.0)])
    found = associate_picks(picks, *network(), OPTIONS, propose=OctreeProposer())
    assert score_association(event, found.event)["f1"] == 1.0
