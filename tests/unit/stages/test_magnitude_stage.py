"""Amplitudes of a run become magnitudes whose errors hold, with a reason for all that do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from quakeloom.config import Magnitude, parse_settings
from quakeloom.core import InputError, SettingsError, geographic_position
from quakeloom.schema import make_table, validate_table
from quakeloom.stages.magnitude.completeness_table import make_completeness
from quakeloom.stages.magnitude.measured_tables import measure_catalog

STATIONS, EVENTS, ERROR_KM = 20, 100, 2.0
START = np.datetime64("2019-07-04", "ns")


def network():
    side = np.linspace(-40.0, 40.0, 5)
    north, east = (v.ravel()[:STATIONS] for v in np.meshgrid(side, side))
    longitude, latitude = geographic_position(13.0, 42.5, north, east)
    table = make_table("stations", {
        "network": ["XX"] * STATIONS, "station": [f"S{i:02d}" for i in range(STATIONS)],
        "longitude": longitude, "latitude": latitude, "elevation_m": np.zeros(STATIONS),
    })  # fmt: skip
    return north, east, table


def simulate(seed, formula="ML_hutton_boore"):
    """Amplitudes of known magnitudes, with hypocenters that are off by their stated errors."""
    random = np.random.default_rng(seed)
    north, east, stations = network()
    terms = 0.25 * random.standard_normal(STATIONS)
    terms -= terms.mean()
    magnitude = 1.0 + random.exponential(0.6, EVENTS)
    place = np.column_stack([
        random.uniform(-40, 40, (2, EVENTS)).T, random.uniform(5.0, 15.0, EVENTS)
    ])  # fmt: skip
    e, s = (v.ravel() for v in np.meshgrid(np.arange(EVENTS), np.arange(STATIONS), indexing="ij"))
    r = np.sqrt((place[e, 0] - north[s]) ** 2 + (place[e, 1] - east[s]) ** 2 + place[e, 2] ** 2)
    error = 0.15 / np.sqrt(2.0) * random.standard_t(4, e.size)
    own = magnitude[e] - terms[s] + error
    if formula == "ML_hutton_boore":
        log_a = own - 1.11 * np.log10(r / 100) - 0.00189 * (r - 100) - 3.0
        amplitudes = {"amplitude_wa_mm": 10.0**log_a}
    else:
        amplitudes = {"peak_velocity_m_s": 0.01 * 10.0 ** (0.85 * own - 2.5 - 1.73 * np.log10(r))}
    kept = random.random(e.size) < 0.6
    e, s = e[kept], s[kept]
    table = make_table("assignments", {
        "event_id": [f"e{i:03d}" for i in e], "network": ["XX"] * e.size,
        "station": [f"S{i:02d}" for i in s], "phase": ["S"] * e.size,
        "amplitude_wa_snr": np.full(e.size, 20.0),
        **{n: v[kept] for n, v in amplitudes.items()},
    }, rows=e.size)  # fmt: skip
    located = place + ERROR_KM * random.standard_normal(place.shape)
    return magnitude, terms, table, events_at(located), stations


def events_at(place):
    longitude, latitude = geographic_position(13.0, 42.5, place[:, 0], place[:, 1])
    count = len(place)
    square = np.full(count, ERROR_KM**2)
    return make_table("hypocenters", {
        "event_id": [f"e{i:03d}" for i in range(count)], "status": ["located"] * count,
        "origin_time": START + np.arange(count) * np.timedelta64(60, "s"),
        "longitude": longitude, "latitude": latitude, "depth_km": np.maximum(place[:, 2], 0.5),
        "cov_ee": square, "cov_nn": square, "cov_dd": square,
        **{f"cov_{c}": np.zeros(count) for c in ("en", "ed", "nd")},
    }, rows=count)  # fmt: skip


def replaced(table, **columns):
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), pa.array(values))
    return table


@pytest.mark.parametrize("formula", ["ML_hutton_boore", "Mv_watanabe"])
def test_station_terms_come_back_and_stated_errors_hold_two_of_three_magnitudes(formula):
    inside = total = 0
    asked = Magnitude(formula=formula)
    for seed in range(6):
        magnitude, terms, amplitudes, events, stations = simulate(seed, formula)
        made = measure_catalog(asked, events, amplitudes, stations)
        found = made.magnitudes.column("magnitude").to_numpy()
        error = made.magnitudes.column("magnitude_error").to_numpy()
        known = np.isfinite(found)
        inside += int((np.abs(found - magnitude) < error)[known].sum())
        total += int(known.sum())
        off = made.magnitude_terms.column("magnitude_term").to_numpy() - terms
        assert np.sqrt(np.mean(off**2)) < 0.05
    assert total > 0.98 * 6 * EVENTS
    assert 0.63 < inside / total < 0.73


def test_an_attenuation_that_is_estimated_is_that_of_the_amplitudes():
    _, _, amplitudes, events, stations = simulate(1)
    made = measure_catalog(Magnitude(attenuation="estimated"), events, amplitudes, stations)
    assert made.facts["spreading"] == pytest.approx(1.11, abs=0.2)


def test_the_level_of_all_is_known_to_the_scatter_of_sites_over_the_root_of_their_number():
    _, terms, amplitudes, events, stations = simulate(2)
    made = measure_catalog(Magnitude(), events, amplitudes, stations)
    wanted = np.std(terms, ddof=1) / np.sqrt(terms.size)
    assert made.facts["level_error"] == pytest.approx(wanted, rel=0.15)
    without = measure_catalog(Magnitude(station_terms=False), events, amplitudes, stations)
    assert without.facts["level_error"] is None


def test_a_clipped_amplitude_is_flagged_and_moves_no_magnitude():
    _, _, amplitudes, events, stations = simulate(2)
    ids = np.array(amplitudes.column("event_id").to_pylist())
    first = int(np.flatnonzero(ids == "e007")[0])
    values = amplitudes.column("amplitude_wa_mm").to_numpy().copy()
    values[first] *= 1e-3
    clipped = np.arange(ids.size) == first
    bad = replaced(amplitudes, amplitude_wa_mm=values, clipped=clipped)
    without = amplitudes.filter(pa.array(~clipped))
    made, other = (measure_catalog(Magnitude(), events, a, stations) for a in (bad, without))
    assert made.magnitudes.column("magnitude").equals(other.magnitudes.column("magnitude"))
    row = made.magnitudes.slice(7, 1).to_pylist()[0]
    assert (row["clipped_count"], row["reason"]) == (1, "1 clipped amplitudes are left out")
    uses = made.station_magnitudes.column("amplitude_use").to_pylist()
    assert uses.count("clipped") == 1


def test_an_event_whose_amplitudes_are_all_clipped_has_a_lower_bound_and_no_magnitude():
    _, _, amplitudes, events, stations = simulate(2)
    ids = np.array(amplitudes.column("event_id").to_pylist())
    bad = replaced(amplitudes, clipped=ids == "e011")
    row = measure_catalog(Magnitude(), events, bad, stations).magnitudes.slice(11, 1).to_pylist()[0]
    assert row["magnitude_status"] == "at_least"
    assert np.isnan(row["magnitude"])
    whole = measure_catalog(Magnitude(), events, amplitudes, stations).magnitudes
    assert row["magnitude_at_least"] == pytest.approx(whole["magnitude"][11].as_py(), abs=0.2)


def test_every_event_has_a_row_with_its_reason():
    _, _, amplitudes, events, stations = simulate(3)
    ids = np.array(amplitudes.column("event_id").to_pylist())
    snr = np.where(ids == "e001", 1.0, 20.0)
    phase = np.where(ids == "e002", "P", "S")
    values = np.where(ids == "e005", np.nan, amplitudes.column("amplitude_wa_mm").to_numpy())
    bad = replaced(amplitudes, amplitude_wa_snr=snr, phase=phase, amplitude_wa_mm=values)
    bad = bad.filter(pa.array(ids != "e000"))
    depth = events.column("depth_km").to_numpy().copy()
    depth[3], depth[4] = np.nan, 45.0
    made = measure_catalog(Magnitude(), replaced(events, depth_km=depth), bad, stations)
    assert made.magnitudes.num_rows == EVENTS
    rows = made.magnitudes.slice(0, 6).to_pylist()
    assert [r["magnitude_status"] for r in rows] == [
        "no_amplitude", "no_amplitude", "no_amplitude", "no_hypocenter", "too_deep", "no_amplitude",
    ]  # fmt: skip
    for row, words in zip(
        rows, ("there is none", "low_snr", "no_s", "not located", "30 km", "no_amplitude"),
        strict=True,
    ):  # fmt: skip
        assert words in row["reason"]
    for name in ("magnitudes", "station_magnitudes", "magnitude_terms"):
        assert validate_table(name, getattr(made, name)) == []


def test_the_order_of_amplitudes_changes_no_magnitude():
    _, _, amplitudes, events, stations = simulate(4)
    turned = amplitudes.take(pa.array(np.arange(amplitudes.num_rows)[::-1]))
    a, b = (measure_catalog(Magnitude(), events, t, stations) for t in (amplitudes, turned))
    for name in ("magnitudes", "station_magnitudes", "magnitude_terms"):
        assert_frame_equal(getattr(a, name).to_pandas(), getattr(b, name).to_pandas(), rtol=0)


def test_terms_are_relative_to_the_reference_station_or_there_are_none():
    _, terms, amplitudes, events, stations = simulate(5)
    made = measure_catalog(Magnitude(reference=["XX.S03"]), events, amplitudes, stations)
    found = made.magnitude_terms.column("magnitude_term").to_numpy()
    assert found[3] == pytest.approx(0.0, abs=1e-3)
    assert np.sqrt(np.mean((found - (terms - terms[3])) ** 2)) < 0.1
    none = measure_catalog(Magnitude(station_terms=False), events, amplitudes, stations)
    assert np.isnan(none.magnitude_terms.column("magnitude_term").to_numpy()).all()


def test_no_amplitude_at_all_is_no_error_and_one_of_an_unknown_event_is():
    _, _, amplitudes, events, stations = simulate(0)
    made = measure_catalog(Magnitude(), events, amplitudes.slice(0, 0), stations)
    assert set(made.magnitudes.column("magnitude_status").to_pylist()) == {"no_amplitude"}
    with pytest.raises(InputError, match="not in the table of events"):
        measure_catalog(Magnitude(), events.slice(1), amplitudes, stations)
    with pytest.raises(InputError, match="there twice"):
        measure_catalog(Magnitude(), pa.concat_tables([events, events]), amplitudes, stations)
    with pytest.raises(InputError, match=r"magnitude\.reference names S99"):
        measure_catalog(Magnitude(reference=["S99"]), events, amplitudes, stations)


def catalog(count, seed=0):
    random = np.random.default_rng(seed)
    return make_table("magnitudes", {
        "event_id": [str(i) for i in range(count)],
        "origin_time": START + np.arange(count) * np.timedelta64(3600, "s"),
        "longitude": np.where(np.arange(count) % 3, 13.05, 13.3), "latitude": np.full(count, 42.0),
        "magnitude": np.round(0.95 + random.exponential(1.0 / np.log(10.0), count), 1),
    }, rows=count)  # fmt: skip


def test_completeness_has_a_row_per_method_for_all_windows_and_cells_with_enough_events():
    asked = Magnitude(window_days=12.0, cell_deg=0.2, bootstraps=100)
    made = make_completeness(asked, 1, catalog(600))
    assert validate_table("completeness", made) == []
    again = make_completeness(asked, 1, catalog(600))
    assert_frame_equal(made.to_pandas(), again.to_pandas(), rtol=0)
    rows = made.to_pylist()
    whole = [r for r in rows if r["catalog_scope"] == "catalog"]
    assert [r["completeness_method"] for r in whole] == [
        "maximum_curvature", "goodness_of_fit_90", "goodness_of_fit_95", "b_stability",
    ]  # fmt: skip
    for row in whole:
        assert row["completeness_low"] <= row["completeness"] <= row["completeness_high"]
        assert abs(row["b_value"] - 1.0) < 3.0 * row["b_value_error"]
        assert abs(row["b_positive"] - 1.0) < 3.0 * row["b_positive_error"]
    cells = {r["longitude"]: r["magnitude_count"] for r in rows if r["catalog_scope"] == "cell"}
    assert cells == {13.1: 400, 13.3: 200}
    short = [r for r in rows if r["magnitude_count"] < 100]
    assert {(r["completeness_method"], r["catalog_scope"]) for r in short} == {("none", "window")}
    assert all("of 100 magnitudes" in r["reason"] for r in short)


def test_magnitudes_of_given_events_are_refused_in_words():
    with pytest.raises(SettingsError, match="measures events that the run finds itself"):
        parse_settings({"name": "a", "sources": [{"path": "x"}], "magnitude": {}}, "a.yaml")
