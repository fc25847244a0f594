"""Components follow where sensors point, whatever their channels are called."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quakeloom.signal import (
    Direction,
    Piece,
    arrange_channels,
    band_of,
    channel_like,
    component_of,
    make_records,
)

START = 1_577_880_000_000_000_000
GALPERIN_DIP = -math.degrees(math.atan(1.0 / math.sqrt(2.0)))
"""Dip of three axes at right angles to each other and alike to the vertical."""

UP = Direction(0.0, -90.0)


def motion(n: int = 1000) -> np.ndarray:
    """East, north and up of the ground."""
    return np.random.default_rng(1).normal(size=(3, n))


def recorded(ground: np.ndarray, directions: dict[str, tuple[float, float]]) -> list[Piece]:
    """What sensors with these azimuths and dips record of it."""
    return [
        Piece(channel, START, 100.0, Direction(*d).axis() @ ground, *d)
        for channel, d in directions.items()
    ]


SETS = {
    "as named": {"HHZ": (0, -90), "HHN": (0, 0), "HHE": (90, 0)},
    "upside down": {"HHZ": (0, 90), "HHN": (0, 0), "HHE": (90, 0)},
    "north is south": {"HHZ": (0, -90), "HHN": (180, 0), "HHE": (90, 0)},
    "turned in the borehole": {"HHZ": (0, -90), "HH1": (217, 0), "HH2": (307, 0)},
    "left-handed": {"HHZ": (0, -90), "HH1": (30, 0), "HH2": (300, 0)},
    "exchanged names": {"HHZ": (0, -90), "HHN": (90, 0), "HHE": (0, 0)},
    "the first number is the vertical": {"DP1": (0, -90), "DP2": (20, 0), "DP3": (110, 0)},
    "three tilted axes": {
        "HHU": (90, GALPERIN_DIP), "HHV": (330, GALPERIN_DIP), "HHW": (210, GALPERIN_DIP),
    },
    "three tilted axes with numbers": {
        "HH1": (90, GALPERIN_DIP), "HH2": (330, GALPERIN_DIP), "HH3": (210, GALPERIN_DIP),
    },
    "three steep axes with numbers": {"HH1": (0, -50), "HH2": (120, -50), "HH3": (240, -50)},
    "leaning by ten degrees": {"HHZ": (40, -80), "HHN": (0, 0), "HHE": (90, 0)},
    "upside down and turned": {"HHZ": (0, 90), "HH1": (100, 0), "HH2": (190, 0)},
}  # fmt: skip


@pytest.mark.parametrize("name", list(SETS))
@pytest.mark.parametrize("components", ["ENZ", "ZNE"])
def test_the_motion_of_the_ground_comes_out_however_the_sensors_stand(name, components):
    ground = motion()
    (record,), problems = make_records(recorded(ground, SETS[name]), components, 100.0)
    assert not problems
    wanted = ground[["ENZ".index(c) for c in components]]
    # single precision after a rotation of numbers near one
    np.testing.assert_allclose(record.data, wanted - wanted.mean(axis=1, keepdims=True), atol=3e-6)
    down = Direction(*SETS[name].get("HHZ", (0, -90))).axis()[2] < 0
    plain = name == "as named"
    assert record.orientation == ("by_name" if plain else "reversed" if down else "rotated")


def test_a_vertical_alone_is_turned_as_well():
    up = motion()[2]
    (record,), _ = make_records([Piece("HHZ", START, 100.0, -up, 0.0, 90.0)], "Z", 100.0)
    np.testing.assert_allclose(record.data[0], up - up.mean(), atol=1e-6)
    assert record.orientation == "reversed"


def test_a_direction_within_five_degrees_of_its_name_mixes_nothing():
    ground = motion()
    slightly = {"HHZ": (0, -90), "HHN": (4, 0), "HHE": (94, 0)}
    pieces = recorded(ground, slightly)
    (record,), _ = make_records(pieces, "ENZ", 100.0)
    wanted = pieces[1].samples - pieces[1].samples.mean()
    assert np.array_equal(record.data[1], wanted.astype(np.float32))


@pytest.mark.parametrize("zeros", [("HHZ", "HHN", "HHE"), ("HHZ", "HH1", "HH2")])
def test_metadata_of_zeros_are_not_believed(zeros):
    found = arrange_channels(dict.fromkeys(zeros, Direction(0.0, 0.0)))
    assert found.matrix is None
    assert found.channels["Z"] == "HHZ"
    assert found.how in ("by_name", "assumed")
    assert found.problems


def test_numbers_without_metadata_are_assumed_and_said():
    found = arrange_channels(dict.fromkeys(("EP1", "EP2", "EP3"), Direction()))
    assert found.channels == {"N": "EP1", "E": "EP2", "Z": "EP3"}
    assert found.how == "assumed"
    assert "EP3 is taken for the vertical" in found.problems[0]


def test_three_tilted_axes_of_unknown_directions_are_refused():
    found = arrange_channels(dict.fromkeys(("HHU", "HHV", "HHW"), Direction()))
    assert not found.channels
    assert "tilted axes of unknown directions" in found.problems[0]


def test_a_horizontal_without_its_pair_is_left_as_it_is_and_said():
    ground = motion()
    pieces = recorded(ground, {"HHZ": (0, -90), "HH1": (40, 0)})
    (record,), problems = make_records(pieces, "ENZ", 100.0)
    assert record.orientation == "unrotated"
    assert "40 degrees off N" in problems[0]


def test_a_lost_component_forbids_a_rotation_but_not_the_reading_of_the_vertical():
    ground = motion()
    pieces = recorded(ground, {"HHZ": (0, -90), "HH1": (40, 0), "HH2": (130, 0)})
    dead = Piece("HH2", START, 100.0, np.zeros(1000), 130.0, 0.0)
    (record,), _ = make_records([*pieces[:2], dead], "ENZ", 100.0)
    assert record.orientation == "unrotated"
    up = ground[2] - ground[2].mean()
    np.testing.assert_allclose(record.data[2], up, atol=1e-6)


def test_a_sensor_that_is_turned_in_between_gives_two_records():
    up = motion(2000)[2]
    before = Piece("HHZ", START, 100.0, up[:1000], 0.0, -90.0)
    after = Piece("HHZ", START + 10 * 10**9, 100.0, -up[1000:], 0.0, 90.0)
    records, _ = make_records([before, after], "Z", 100.0)
    assert [r.orientation for r in records] == ["by_name", "reversed"]
    np.testing.assert_allclose(records[1].data[0], up[1000:] - up[1000:].mean(), atol=1e-6)


@pytest.mark.parametrize(
    ("channel", "component", "band", "east"),
    [
        ("HHZ", "Z", "HH", "HHE"), ("UD", "Z", "", "EW"), ("NS2", "N", "2", "EW2"),
        ("EW1", "E", "1", "EW1"), ("U-D", "Z", "", "EW"), ("U", "Z", "", "E"),
        ("BH3", "Z", "BH", "BHE"), ("HHQ", "Q", "HH", "HHE"),
    ],
)  # fmt: skip
def test_names_of_channels_give_component_and_instrument(channel, component, band, east):
    assert (component_of(channel), band_of(channel)) == (component, band)
    assert channel_like(channel, "E") == east


def test_no_channel_is_used_twice():
    found = arrange_channels({"HHZ": UP, "HHN": Direction(), "HH1": Direction()})
    assert found.channels == {"Z": "HHZ", "N": "HHN"}
    assert "both N" in found.problems[0]
