"""Digests, random streams, geodesy."""

import json

import numpy as np
import pytest

from quakeloom.core import (
    InputError,
    LayeredModel,
    digest_bytes,
    digest_file,
    digest_json,
    digest_source,
    distance_azimuth,
    random_stream,
    string_keys,
)


def test_a_key_belongs_to_its_name_alone():
    assert string_keys(["a", "b"], 1)[1] == string_keys(["b"], 1)[0]
    assert string_keys(["a"], 1) != string_keys(["a"], 2)
    assert np.unique(string_keys(map(str, range(10000)), 1)).size == 10000


def test_streams_of_other_names_are_other_streams():
    a, b = (random_stream(1, "bootstrap", i).random(1000) for i in (0, 1))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.15
    np.testing.assert_array_equal(a, random_stream(1, "bootstrap", 0).random(1000))


def test_digests_name_content(tmp_path):
    assert digest_bytes(b"a", b"bc") != digest_bytes(b"ab", b"c")
    assert digest_json({"a": 1, "b": 2}) == digest_json(json.loads('{"b": 2, "a": 1}'))
    file = tmp_path / "x"
    file.write_bytes(b"1" * (3 << 20))
    first = digest_file(file)
    file.write_bytes(b"1" * (3 << 20) + b"2")
    assert digest_file(file) != first
    assert digest_source(["quakeloom.core"]) != digest_source(["quakeloom.schema"])


def test_flat_and_geodesic_distances_agree_nearby():
    flat = distance_azimuth(-118.6, 34.2, -118.0, 34.5, "flat")
    true = distance_azimuth(-118.6, 34.2, -118.0, 34.5)
    assert flat[0] == pytest.approx(true[0], rel=5e-3)
    assert flat[1] == pytest.approx(true[1], abs=0.5)


def test_distance_crosses_the_date_line():
    for method in ("flat", "geodesic"):
        distance, azimuth = distance_azimuth(179.9, 0, -179.9, 0, method)
        assert distance == pytest.approx(22.2, abs=0.1)
        assert azimuth == pytest.approx(90)


@pytest.mark.parametrize(
    ("depth", "velocity", "word"),
    [
        ([0, 2, 1], [5, 6, 7], "must not decrease"),
        ([0, 1], [5, 0], "above 0"),
        ([0], [5], "two or more"),
        ([0, np.nan], [5, 6], "finite"),
    ],
)
def test_an_impossible_velocity_model_is_refused_with_its_reason(depth, velocity, word):
    with pytest.raises(InputError, match=word):
        LayeredModel("m", np.array(depth, float), np.array(velocity, float))
