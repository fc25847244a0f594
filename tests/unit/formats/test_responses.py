"""Responses of channels from StationXML."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_responses


def write_inventory(path, flat=False, natural_hz=1.0):
    """A station with a pendulum (damping 0.7, 4e8 counts per m/s), 100 samples a second."""
    from obspy import UTCDateTime
    from obspy.core.inventory import Channel, Inventory, Network, Response, Station
    from obspy.core.inventory.response import InstrumentSensitivity

    w = 2.0 * np.pi * natural_hz
    pole = complex(-0.7 * w, w * np.sqrt(1.0 - 0.49))
    response = Response.from_paz(
        [0j, 0j], [pole, pole.conjugate()], 4e8, stage_gain_frequency=10.0, input_units="M/S"
    )
    if flat:
        response = Response(
            instrument_sensitivity=InstrumentSensitivity(4e8, 10.0, "M/S**2", "COUNTS")
        )
    channel = Channel(
        "HHZ", "00", 45.0, 10.0, 100.0, 0.0, sample_rate=100.0, response=response, azimuth=0.0,
        dip=-90.0, start_date=UTCDateTime(2015, 1, 1), end_date=UTCDateTime(2025, 1, 1),
    )  # fmt: skip
    station = Station("ABC", 45.0, 10.0, 100.0, channels=[channel])
    Inventory([Network("XX", stations=[station])], source="test").write(path, "STATIONXML")


def test_poles_and_zeros_give_the_response_of_the_pendulum(tmp_path):
    file = tmp_path / "a.xml"
    write_inventory(str(file))
    (found,), problems = read_responses(file)
    assert not problems
    assert (found.station, found.location_code, found.channel, found.is_flat) == (
        "ABC", "00", "HHZ", False,
    )  # fmt: skip
    s, w = 2j * np.pi * found.frequency_hz, 2.0 * np.pi
    expected = 4e8 * s**2 / (s**2 + 1.4 * w * s + w**2)
    # the gain is that at 10 Hz, where the pendulum has not quite its whole
    at_10_hz = abs((20j * np.pi) ** 2 / ((20j * np.pi) ** 2 + 1.4 * w * 20j * np.pi + w**2))
    np.testing.assert_allclose(found.velocity, expected / at_10_hz, rtol=1e-3)
    assert not read_responses(file, {"DEF"})[0]


def test_a_sensitivity_to_acceleration_alone_is_flat_in_acceleration(tmp_path):
    file = tmp_path / "a.xml"
    write_inventory(str(file), flat=True)
    (found,), _ = read_responses(file)
    assert found.is_flat
    np.testing.assert_allclose(found.velocity, 4e8 * 2j * np.pi * found.frequency_hz)


def test_what_is_no_inventory_is_refused_with_its_name(tmp_path):
    file = tmp_path / "a.xml"
    file.write_text("<a/>")
    with pytest.raises(FormatError, match=r"a\.xml"):
        read_responses(file)
