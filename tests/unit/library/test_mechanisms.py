"""Mechanisms of one event and of many, and take-off angles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from library_data import make_events, make_readings, make_stations

import quakeloom as ql
from quakeloom.core import (
    fault_vectors,
    p_radiation,
    ray_vectors,
    rotation_angle,
    s_radiation,
)

TRUE = (30.0, 60.0, -40.0)


def exact_readings(count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions all over the sphere, and the signs that the true mechanism sends there."""
    r = np.random.default_rng(5)
    azimuth = r.uniform(0, 360, count)
    takeoff = np.degrees(np.arccos(r.uniform(-1, 1, count)))
    return azimuth, takeoff, np.sign(
        p_radiation(*fault_vectors(*TRUE), ray_vectors(azimuth, takeoff))
    )  # fmt: skip


def test_clean_first_motions_give_the_mechanism():
    found = ql.find_mechanism(*exact_readings(), takeoff_error_deg=2.0)
    row = found.table.iloc[0]
    angle = rotation_angle(np.array([[row.strike_deg, row.dip_deg, row.rake_deg]]),
                           np.array([TRUE]))  # fmt: skip
    # the grid has steps of 5 degrees and 60 readings leave some 10 open
    assert angle[0] < 15.0
    assert row.quality == "A"
    assert "quality A, 60 polarities" in repr(found)
    sets = found.acceptable()
    assert sets.weight.is_monotonic_decreasing
    assert len(sets) == row.acceptable_count
    assert found.plot()._repr_png_().startswith(b"\x89PNG")


def test_one_event_is_the_same_alone_and_among_many():
    readings = make_readings()
    many = ql.find_mechanisms(readings.sample(frac=1.0, random_state=1))
    for event_id in ("e0", "e4"):
        own = readings[readings.event_id == event_id]
        alone = ql.find_mechanism(
            own.azimuth_deg, own.takeoff_deg, own.polarity, impulsive=own.onset == "I",
            station=own.station, event_id=event_id, takeoff_error_deg=5.0,
        )  # fmt: skip
        row = many.table[many.table.event_id == event_id]
        # station keys hold the network, which one event is not asked for
        close = ["azimuthal_gap_deg", "takeoff_gap_deg", "polarity_count"]
        pd.testing.assert_frame_equal(
            alone.table[close], row[close].reset_index(drop=True), check_exact=True
        )
        frame = ql.find_mechanisms(own)
        pd.testing.assert_frame_equal(frame.table, row.reset_index(drop=True), check_exact=True)
    assert sum(axes.get_visible() for axes in many.plot().axes) == 6
    with pytest.raises(ql.QuakeloomError, match="no event 'e9'"):
        many.plot("e9")


def test_amplitudes_narrow_what_polarities_leave_open():
    azimuth, takeoff, sign = exact_readings(14)
    source = (*fault_vectors(*TRUE), ray_vectors(azimuth, takeoff))
    s = s_radiation(*source)
    ratio = 1.7**3 * s / np.maximum(np.abs(p_radiation(*source)), 1e-3)
    options = {"takeoff_error_deg": 2.0, "maximum_azimuthal_gap_deg": 360.0,
               "maximum_takeoff_gap_deg": 90.0}  # fmt: skip
    without = ql.find_mechanism(azimuth, takeoff, sign, **options)
    with_ratios = ql.find_mechanism(azimuth, takeoff, sign, sp_ratio=ratio, **options)
    assert with_ratios.table.amplitude_ratio_count[0] == 14
    assert with_ratios.table.acceptable_count[0] < without.table.acceptable_count[0]


def test_events_without_a_mechanism_have_a_reason():
    readings = make_readings(2)
    few = readings[(readings.event_id == "e1") | (readings.station < "S05")]
    found = ql.find_mechanisms(few)
    assert found.table.status.tolist() == ["too_few_polarities", "solved"]
    assert "5 polarities" in found.table.reason[0]
    assert "1 of 2 events solved" in repr(found)
    single = ql.find_mechanisms(few[few.event_id == "e0"])
    assert "too_few_polarities" in repr(single)


def test_readings_of_unknown_events_are_put_aside():
    found = ql.find_mechanisms(make_readings(3), events=make_events(2))
    assert found.table.event_id.tolist() == ["e0", "e1"]
    assert (found.rejects.reason == "there is no event with this id").sum() == 24


def test_bad_input_says_what_is_wrong():
    azimuth, takeoff, sign = exact_readings(10)
    readings = make_readings(1)
    for make, words in (
        (lambda: ql.find_mechanism(azimuth, takeoff[:3], sign), "different lengths"),
        (lambda: ql.find_mechanism([], [], []), "no readings"),
        (lambda: ql.find_mechanism(azimuth, takeoff, sign, trails=3), "did you mean `trials`"),
        (lambda: ql.find_mechanism(azimuth, takeoff, sign, trials=0), "mechanism.trials: 0"),
        (lambda: ql.find_mechanism(azimuth, takeoff, sign * 7), "outside"),
        (lambda: ql.find_mechanism(azimuth, takeoff + 360, sign), "outside"),
        (lambda: ql.find_mechanisms(readings.iloc[:0]), "no first motions"),
        (lambda: ql.find_mechanisms(readings, models="generic_crust"), "there are no events"),
        (lambda: ql.find_mechanisms(readings, events=make_events(1), models="generic_crust"),
         "there are no stations"),
        (lambda: ql.find_mechanisms(readings, events=make_events(1), stations=make_stations(),
                                    models="no_such_model"), "no_such_model"),
        (lambda: ql.find_mechanisms(readings, events=make_events(1), stations=make_stations(),
                                    models=7), "neither names nor paths"),
    ):  # fmt: skip
        with pytest.raises(ql.QuakeloomError, match=words):
            make()


def test_take_off_angles_are_those_of_circular_rays(tmp_path):
    """Where velocity grows linearly with depth rays are arcs of circles, with known times."""
    (tmp_path / "gradient.txt").write_text("0 5.0\n150 12.5\n")
    angles = ql.takeoff_angles([4.0, 12.0], [[5.0], [40.0]], tmp_path / "gradient.txt")
    table = angles.table
    assert table.depth_km.tolist() == [4.0, 12.0, 4.0, 12.0]
    depth, distance = table.depth_km.to_numpy(), table.distance_km.to_numpy()
    # slowness of the ray at the source is the gradient of the time
    along, down = (
        (circle_time(depth + dz, distance + dx) - circle_time(depth - dz, distance - dx)) / 2e-4
        for dx, dz in ((1e-4, 0.0), (0.0, 1e-4))
    )
    # tables have steps of half a kilometer and more, interpolated
    np.testing.assert_allclose(table.travel_time_s, circle_time(depth, distance), atol=0.005)
    np.testing.assert_allclose(table.takeoff_deg, np.degrees(np.arctan2(along, -down)), atol=0.2)
    assert len(angles.plot().axes) == 2


def circle_time(depth: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Time from a depth to the surface in 5 km/s + 0.05 / s of depth."""
    k, top, at = 0.05, 5.0, 5.0 + 0.05 * depth
    return np.arccosh(1.0 + k**2 * (distance**2 + depth**2) / (2.0 * top * at)) / k


def test_rays_out_of_reach_are_said():
    angles = ql.takeoff_angles([10.0, 50.0], [20.0, 20.0], maximum_depth_km=40.0)
    assert angles.table.takeoff_deg.isna().tolist() == [False, True]
    assert "no ray from 50 km depth" in angles.rejects.reason[0]
    for bad, words in (
        ((10.0, -5.0), "negative"),
        ((np.nan, 5.0), "no finite numbers"),
        (([1.0, 2.0], [1.0, 2.0, 3.0]), "do not go together"),
        (("deep", 5.0), "do not go together"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            ql.takeoff_angles(*bad)


def test_readings_that_were_not_used_are_counted_where_the_result_is_shown():
    """Someone who writes 0 for down has half of the readings, and must see it."""
    readings = make_readings(1)
    as_read = (readings.azimuth_deg, readings.takeoff_deg)
    assert "not used" not in repr(ql.find_mechanism(*as_read, readings.polarity, trials=3))
    down = int((readings.polarity < 0).sum())
    found = ql.find_mechanism(*as_read, (readings.polarity > 0).astype(int), trials=3)
    words = f"not used: {down} of 24 first motions (no_polarity {down})"
    assert words in repr(found)
    assert words in found._repr_html_()
    missing = readings.azimuth_deg.where(readings.index > 3)
    found = ql.find_mechanism(missing, readings.takeoff_deg, readings.polarity, trials=3)
    assert "not used: 4 of 24 first motions (no_angles 4)" in repr(found)
