"""First motions and amplitudes of the synthetic Earth."""

import numpy as np
import pytest

from quakeloom.core import (
    SettingsError,
    distance_azimuth,
    p_radiation,
    ray_vectors,
    s_radiation,
)
from quakeloom.schema import make_table, validate_table
from quakeloom.simulate import find_reading_levels, national, simulate_stations, small_region
from quakeloom.travel import lookup


def test_polarities_have_the_sign_of_the_radiation_unless_wrong_or_reversed(region):
    r, events = region.readings, region.events
    rays = ray_vectors(r.true_azimuth_deg, r.true_takeoff_deg)
    radiation = p_radiation(events.normal[r.event_index], events.slip[r.event_index], rays)
    assert r.radiation == pytest.approx(radiation, abs=1e-9)
    turned = r.is_wrong ^ r.is_reversed
    assert np.array_equal(r.polarities["polarity"] * np.where(turned, -1, 1), np.sign(radiation))


def test_rays_are_those_of_the_true_hypocenter(region):
    r, events, s = region.readings, region.events, region.stations.stations
    distance, azimuth = distance_azimuth(
        events.true_longitude[r.event_index],
        events.true_latitude[r.event_index],
        s["longitude"][r.station_index],
        s["latitude"][r.station_index],
    )
    assert r.true_distance_km == pytest.approx(distance, abs=0.01)
    far = distance > 1.0
    turn = (r.true_azimuth_deg - azimuth + 180.0) % 360.0 - 180.0
    assert np.abs(turn[far]).max() < 0.05
    takeoff, time = lookup(region.tables, 0, events.true_depth_km[r.event_index], distance)
    assert np.median(np.abs(r.true_takeoff_deg - takeoff)) < 1e-3
    delay = r.polarities["arrival_time"] - events.events["origin_time"][r.event_index]
    error = delay / np.timedelta64(1, "s") - time
    assert np.abs(np.median(error)) < 0.01
    assert error.std() < 0.2


def test_the_error_rate_and_mean_number_are_those_asked_for(nation):
    r = nation.readings
    count = np.bincount(r.event_index, minlength=nation.events.keys.size)
    # Other events than the pilot's: the mean of 20,000 heavy-tailed counts has a standard
    # error of 0.08, and sequences with counts of their own add to it.
    assert count.mean() == pytest.approx(14.16, abs=0.5)
    assert r.is_wrong.mean() == pytest.approx(0.08, abs=0.004)
    assert (r.polarities["onset"] == "E").mean() == pytest.approx(0.4, abs=0.03)
    # A long tail, and few events below the number that a mechanism needs.
    assert np.quantile(count, 0.99) > 4 * np.median(count)
    assert (count < 8).mean() < 0.06


def test_errors_are_commoner_near_nodal_planes_and_far_away(nation):
    r = nation.readings
    weak, strong = np.abs(r.radiation) < 0.2, np.abs(r.radiation) > 0.6
    assert r.is_wrong[weak].mean() > 3 * r.is_wrong[strong].mean()
    size = nation.events.events["magnitude"][r.event_index]
    same = strong & (size > 1.0) & (size < 1.5)
    near = r.true_distance_km < 30.0
    assert r.is_wrong[same & ~near].mean() > r.is_wrong[same & near].mean()


def test_stated_probabilities_are_calibrated(nation):
    """Of the readings that state 90 %, nine of ten are right."""
    r = nation.readings
    stated = np.maximum(r.polarities["probability_up"], 1 - r.polarities["probability_up"])
    up = r.polarities["probability_up"] > 0.5
    assert np.array_equal(up, r.polarities["polarity"] > 0)
    edges = np.quantile(stated, np.linspace(0, 1, 11))
    bins = np.clip(np.digitize(stated, edges) - 1, 0, 9)
    for b in range(10):
        own = bins == b
        expected = stated[own].mean()
        tolerance = 4 * np.sqrt(expected * (1 - expected) / own.sum()) + 1e-4
        assert 1 - r.is_wrong[own].mean() == pytest.approx(expected, abs=tolerance)


def test_an_overconfident_picker_states_more_than_it_keeps(region):
    sure = region.read(region.events, small_region(confidence_scale=2.0))
    plain = region.read(region.events, small_region())
    p, q = plain.polarities["probability_up"], sure.polarities["probability_up"]
    inside = np.abs(q - 0.5) < 0.49
    assert np.log(q / (1 - q))[inside] == pytest.approx(2 * np.log(p / (1 - p))[inside])


def test_emergent_onsets_are_the_weak_ones(region):
    r = region.readings
    emergent = r.polarities["onset"] == "E"
    assert r.is_wrong[emergent].mean() > 2 * r.is_wrong[~emergent].mean()


def test_readings_of_an_event_do_not_depend_on_the_others(region, part):
    rows = np.array([2900, 3, 77, 1500])
    some = region.read(part(region.events, rows))
    for k, row in enumerate(rows):
        one = region.read(part(region.events, [row]))
        for found, own in ((some, some.event_index == k), (region.readings, None)):
            own = found.event_index == row if own is None else own
            for name, column in one.polarities.items():
                assert list(found.polarities[name][own]) == list(column), name
            assert list(found.radiation[own]) == list(one.radiation)
    # Also across the pieces in which a long selection is worked on.
    double = part(region.events, np.tile(np.arange(3000), 2))
    twice = region.read(double)
    half = twice.event_index < 3000
    assert np.array_equal(twice.radiation[half], twice.radiation[~half])
    assert half.sum() == region.readings.event_index.size


def test_stations_read_nothing_before_they_begin_and_are_reversed_in_their_span(region):
    r, s = region.readings, region.stations
    time = region.events.events["origin_time"][r.event_index]
    start = s.stations["start_time"][r.station_index]
    assert not np.any(time < start)
    assert np.isfinite(start).any()
    assert r.is_reversed.any()
    code = r.polarities["station"]
    for i in range(s.reversals["station"].size):
        own = code == s.reversals["station"][i]
        span = (time >= s.reversals["start_time"][i]) & (time <= s.reversals["end_time"][i])
        assert np.array_equal(r.is_reversed[own], span[own])
    assert set(code[r.is_reversed]) <= set(s.reversals["station"])


def test_SP_ratios_follow_the_radiation_with_the_stated_scatter(region):
    r, a = region.readings, region.readings.amplitudes
    name = zip(r.polarities["event_id"], r.polarities["station"], strict=True)
    row = {pair: i for i, pair in enumerate(name)}
    j = np.array([row[pair] for pair in zip(a["event_id"], a["station"], strict=True)])
    assert j.size / r.event_index.size == pytest.approx(0.5, abs=0.01)
    rays = ray_vectors(r.true_azimuth_deg[j], r.true_takeoff_deg[j])
    normal, slip = region.events.normal[r.event_index[j]], region.events.slip[r.event_index[j]]
    p, s = np.abs(p_radiation(normal, slip, rays)), s_radiation(normal, slip, rays)
    clear = (p > 0.1) & (s > 0.1)
    correction = region.stations.sp_corrections["sp_log_correction"][r.station_index[j]]
    residual = np.log10(a["s_amplitude"] / a["p_amplitude"]) - np.log10(4.9 * s / p) - correction
    assert residual[clear].mean() == pytest.approx(0.0, abs=0.01)
    assert residual[clear].std() == pytest.approx(np.sqrt(2) * 0.2, rel=0.03)
    assert np.median(a["p_amplitude"] / a["p_noise"]) > 3.0


def test_without_errors_every_polarity_is_true_and_angles_can_be_given(region):
    options = small_region(error_rate=0.0, angles="true")
    r = region.read(region.events, options)
    assert not r.is_wrong.any()
    sign = np.where(r.is_reversed, -1, 1) * np.sign(r.radiation)
    assert np.array_equal(r.polarities["polarity"], sign)
    assert np.array_equal(r.polarities["takeoff_deg"], r.true_takeoff_deg)
    assert "takeoff_deg" not in region.readings.polarities


def test_readings_make_registered_tables(region, part):
    for name in ("polarities", "amplitudes"):
        table = make_table(name, getattr(region.readings, name))
        assert validate_table(name, table) == []
    nobody = region.read(part(region.events, slice(0, 0)))
    assert make_table("polarities", nobody.polarities).num_rows == 0


def test_levels_are_found_again_and_can_be_left_out(region, tables, part, assert_same):
    again = find_reading_levels(region.stations, tables, region.options, region.seed)
    assert again == region.levels
    assert_same(region.read(part(region.events, slice(0, 50))), first_fifty(region))


def first_fifty(world):
    from quakeloom.simulate import simulate_events, simulate_polarities

    events = simulate_events(world.options, world.seed, 0, 50)
    return simulate_polarities(events, world.stations, world.tables, world.options, world.seed)


def test_a_mean_that_the_network_cannot_give_is_refused(tables):
    for changes in ({"mean_polarities": 5.0}, {"mean_polarities": 5000.0}):
        options = national(station_spacing_km=60.0, **changes)
        with pytest.raises(SettingsError, match="the mean lies between"):
            find_reading_levels(simulate_stations(options, 1), tables, options, 1)
