"""Responses of channels from StationXML."""

from __future__ import annotations

import numpy as np
import pytest

from continuous_records import COUNTS_PER_M_S, write_inventory
from quakeloom.core import FormatError
from quakeloom.formats import read_responses


def test_poles_and_zeros_give_the_response_of_the_pendulum(tmp_path):
    file = tmp_path / "a.xml"
    write_inventory(file, natural_hz=1.0)
    found, problems = read_responses(file)
    assert not problems
    assert [r.channel for r in found] == ["HHE", "HHN", "HHZ"]
    found = found[2]
    assert (found.station, found.rate_hz, found.is_flat) == ("ABC", 100.0, False)
    s, w = 2j * np.pi * found.frequency_hz, 2.0 * np.pi
    expected = COUNTS_PER_M_S * s**2 / (s**2 + 1.4 * w * s + w**2)
    # the gain is that at 10 Hz, where the pendulum has not quite its whole
    at_10_hz = abs((20j * np.pi) ** 2 / ((20j * np.pi) ** 2 + 1.4 * w * 20j * np.pi + w**2))
    np.testing.assert_allclose(found.velocity, expected / at_10_hz, rtol=1e-3)
    assert not read_responses(file, {"DEF"})[0]


def test_a_sensitivity_to_acceleration_alone_is_flat_in_acceleration(tmp_path):
    file = tmp_path / "a.xml"
    write_inventory(file, is_flat=True)
    found = read_responses(file)[0][0]
    assert found.is_flat
    np.testing.assert_allclose(found.velocity, COUNTS_PER_M_S * 2j * np.pi * found.frequency_hz)


def test_what_is_no_inventory_is_refused_with_its_name(tmp_path):
    file = tmp_path / "a.xml"
    file.write_text("<a/>")
    with pytest.raises(FormatError, match=r"a\.xml"):
        read_responses(file)
