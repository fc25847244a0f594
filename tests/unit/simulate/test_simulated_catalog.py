"""Earthquakes and stations."""

import numpy as np
import pytest

from quakeloom.core import SettingsError, distance_azimuth
from quakeloom.schema import make_table, validate_table
from quakeloom.simulate import (
    national,
    simulate_events,
    simulate_stations,
    small_region,
)
from quakeloom.simulate._land import inside_outlines, map_land


def test_an_event_is_the_same_in_whatever_chunk_it_is_simulated(assert_same, part):
    options = national()
    whole = simulate_events(options, 5, 0, 3000)
    for first, count in ((0, 1), (17, 500), (2999, 1), (1000, 2000)):
        chunk = simulate_events(options, 5, first, count)
        assert_same(chunk, part(whole, slice(first, first + count)))


def test_another_seed_gives_other_events():
    a = simulate_events(small_region(), 5, 0, 200)
    b = simulate_events(small_region(), 6, 0, 200)
    assert not np.any(a.true_longitude == b.true_longitude)


def test_magnitudes_follow_gutenberg_and_richter():
    options = national(b_value=0.9)
    m = simulate_events(options, 5, 0, 50_000).events["magnitude"]
    # Aki's estimate; magnitudes are rounded to 0.01, the standard error is b / sqrt(n).
    b = np.log10(np.e) / (m.mean() - (options.smallest_magnitude - 0.0))
    assert b == pytest.approx(0.9, abs=4 * 0.9 / np.sqrt(m.size))
    assert m.max() <= options.greatest_magnitude


def test_earthquakes_lie_within_the_shore_and_seismogenic_depth():
    options = national()
    events = simulate_events(options, 5, 0, 20_000)
    land = map_land(options, 5)
    i = ((events.true_latitude - land.south) / land.cell_deg).astype(int)
    j = ((events.true_longitude - land.west) / land.cell_deg).astype(int)
    rows, columns = land.offshore_km.shape
    inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
    near = land.offshore_km[i[inside], j[inside]] <= options.offshore_km
    # A sequence at the edge may spread a little beyond it.
    assert near.sum() > 0.995 * events.keys.size
    assert np.all((events.true_depth_km >= 0) & (events.true_depth_km <= 20.0))
    time = events.events["origin_time"]
    assert time.min() >= np.datetime64("2002-01-01")
    assert time.max() < np.datetime64("2021-01-01")


def test_reported_hypocenters_scatter_about_the_true_ones_by_their_errors():
    options = small_region(horizontal_error_km=0.7, vertical_error_km=1.5)
    sim = simulate_events(options, 5, 0, 20_000)
    e = sim.events
    north = (e["latitude"] - sim.true_latitude) * 111.195 / e["horizontal_error_km"]
    deep = sim.true_depth_km > 8.0  # where the surface reflects no depth
    down = ((e["depth_km"] - sim.true_depth_km) / e["vertical_error_km"])[deep]
    for z in (north, down):
        assert z.mean() == pytest.approx(0.0, abs=0.03)
        assert z.std() == pytest.approx(1.0, abs=0.03)
    assert np.median(e["horizontal_error_km"]) == pytest.approx(0.7, rel=0.02)


def test_aftershocks_follow_omori_and_sequences_are_compact():
    sim = simulate_events(small_region(cluster_fraction=1.0, cluster_count=4), 5, 0, 8000)
    assert set(np.unique(sim.cluster)) <= {0, 1, 2, 3}
    for c in np.unique(sim.cluster):
        own = sim.cluster == c
        distance, _ = distance_azimuth(
            np.median(sim.true_longitude[own]),
            np.median(sim.true_latitude[own]),
            sim.true_longitude[own],
            sim.true_latitude[own],
        )
        assert np.median(distance) < 6.0


def test_a_nation_has_a_network_like_japans():
    stations = simulate_stations(national(), 5)
    s = stations.stations
    assert 1000 <= s["station"].size <= 1800
    assert len(set(zip(s["network"], s["station"], strict=True))) == s["station"].size
    main = s["network"] == "SM"
    assert np.all(inside_outlines(national().land, s["longitude"], s["latitude"]))
    lon, lat = s["longitude"][main], s["latitude"][main]
    distance, _ = distance_azimuth(lon[:, None], lat[:, None], lon, lat)
    np.fill_diagonal(distance, np.inf)
    assert 12.0 < np.median(distance.min(axis=1)) < 20.0
    assert np.all((s["elevation_m"] > 0) & (s["elevation_m"] < 3000))
    assert stations.reversals["station"].size > 0
    assert np.all(stations.reversals["start_time"] < stations.reversals["end_time"])


def test_columns_make_registered_tables():
    stations = simulate_stations(national(), 5)
    sim = simulate_events(national(), 5, 0, 300)
    for name, columns in (
        ("stations", stations.stations),
        ("reversals", stations.reversals),
        ("sp_corrections", stations.sp_corrections),
        ("events", sim.events),
        ("truth", sim.truth),
    ):
        assert validate_table(name, make_table(name, columns)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"error_rate": 0.7}, "'error_rate' is 0.7"),
        ({"end_year": 2002}, "not after its start"),
        ({"greatest_magnitude": -1.0}, "not above its smallest"),
        ({"colour": 1}, "no setting 'colour'"),
        ({"error_rate": float("nan")}, "'error_rate' is nan"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(SettingsError, match=message):
        small_region(**changes)


def test_a_region_without_a_station_is_refused():
    speck = (((137.0, 36.0), (137.001, 36.0), (137.001, 36.001)),)
    with pytest.raises(SettingsError, match="No station"):
        simulate_stations(small_region(land=speck, station_spacing_km=100.0), 5)
