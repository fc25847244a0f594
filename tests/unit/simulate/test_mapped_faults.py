"""The varied region: aftershocks on mapped faults, and two states of stress."""

import numpy as np
import pytest

from quakeloom.core import local_position
from quakeloom.simulate import (
    fault_instability,
    fault_normals,
    shmax_azimuth_and_shape,
    simulate_events,
    small_region,
    stress_tensor_at,
    varied_region,
)


@pytest.fixture(scope="module")
def events():
    return simulate_events(varied_region(), 3, 0, 6000)


def on_fault(events, number):
    return events.cluster == varied_region().cluster_count + number


def test_aftershocks_lie_within_the_rectangles_of_their_faults(events):
    for number, fault in enumerate(varied_region().faults):
        mine = on_fault(events, number)
        north, east = local_position(
            fault.longitude, fault.latitude, events.true_longitude[mine], events.true_latitude[mine]
        )
        offset = np.stack([north, east, events.true_depth_km[mine] - fault.depth_km], axis=1)
        normal = fault_normals([fault])[0]
        assert normal[2] < 0
        assert np.abs(offset @ normal).max() < 0.3
        strike = np.radians(fault.strike_deg)
        along = offset @ np.array([np.cos(strike), np.sin(strike), 0.0])
        assert 0.97 * fault.length_km < np.ptp(along) < 1.01 * fault.length_km
        down = offset - np.outer(along, [np.cos(strike), np.sin(strike), 0.0])
        assert np.linalg.norm(down, axis=1).max() < 0.5 * fault.width_km + 0.1


def test_they_slip_on_their_fault(events):
    for number, fault in enumerate(varied_region().faults):
        # a steep plane that leans over has its upward normal on the other side
        cosine = np.abs(events.normal[on_fault(events, number)] @ fault_normals([fault])[0])
        # planes tilt by 8 degrees in each of two directions
        assert np.degrees(np.arccos(np.median(cosine))) < 15
        assert cosine.min() > np.cos(np.radians(45))


def test_half_of_the_events_are_aftershocks_by_the_shares_of_the_faults(events):
    options = varied_region()
    counts = np.array([on_fault(events, k).sum() for k in range(len(options.faults))])
    shares = np.array([f.share for f in options.faults])
    # three standard errors of 6,000 events
    assert counts.sum() / 6000 == pytest.approx(options.fault_fraction, abs=0.02)
    assert counts / counts.sum() == pytest.approx(shares / shares.sum(), abs=0.03)


def test_no_aftershock_comes_before_its_mainshock(events):
    days = (events.events["origin_time"] - np.datetime64("2002-01-01")) / np.timedelta64(1, "D")
    span = (np.datetime64("2021-01-01") - np.datetime64("2002-01-01")) / np.timedelta64(1, "D")
    for number, fault in enumerate(varied_region().faults):
        mine = days[on_fault(events, number)]
        assert fault.start * span - 0.001 <= mine.min()
        assert np.median(mine) - fault.start * span < 60  # Omori: half within weeks


def test_faults_are_near_failure_in_the_stress_around_them():
    options = varied_region()
    normals = fault_normals(options.faults)
    places = [(f.longitude, f.latitude) for f in options.faults]
    for normal, place in zip(normals, places, strict=True):
        assert fault_instability(stress_tensor_at(*place, options), normal, 0.6) > 0.9


def test_stress_turns_at_the_seam():
    options = varied_region()
    azimuth, a_phi = shmax_azimuth_and_shape(stress_tensor_at([137.0, 138.0], 36.0, options))
    assert azimuth == pytest.approx([110.0, 60.0])
    assert a_phi == pytest.approx([1.7, 2.5])


def test_a_region_without_faults_is_what_it_was():
    plain = simulate_events(small_region(), 3, 0, 200)
    same = simulate_events(small_region(fault_fraction=0.5), 3, 0, 200)
    assert np.array_equal(plain.true_longitude, same.true_longitude)
    assert np.array_equal(plain.normal, same.normal)
    assert plain.cluster.max() < small_region().cluster_count
