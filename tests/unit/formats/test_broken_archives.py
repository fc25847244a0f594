"""Archives and JSON that are something else are an error in words, never a traceback."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import QuakeloomError
from quakeloom.formats import read_coastline, read_fault_segments, read_network_weights

BROKEN = {"no zip": b"PK\x03\x04broken", "empty": b"", "text": b"hello"}


@pytest.mark.parametrize("read", [read_network_weights, read_coastline])
@pytest.mark.parametrize("kind", [*BROKEN, "renamed npy", "cut"])
def test_archives_that_are_none_are_refused(tmp_path, read, kind):
    path = tmp_path / "w.npz"
    if kind == "renamed npy":
        np.save(tmp_path / "a.npy", np.zeros(3))
        path.write_bytes((tmp_path / "a.npy").read_bytes())
    elif kind == "cut":
        np.savez_compressed(path, a=np.arange(1000.0))
        path.write_bytes(path.read_bytes()[:200])
    else:
        path.write_bytes(BROKEN[kind])
    with pytest.raises(QuakeloomError, match=r"w\.npz"):
        read(path)


@pytest.mark.parametrize("features", ["null", "3", '"x"', "[1]", "[null]"])
def test_faults_without_a_list_of_features_are_refused(tmp_path, features):
    path = tmp_path / "f.json"
    path.write_text(f'{{"type": "FeatureCollection", "features": {features}}}')
    with pytest.raises(QuakeloomError, match="no GeoJSON"):
        read_fault_segments(path)


def test_a_json_list_is_no_geojson(tmp_path):
    path = tmp_path / "f.json"
    path.write_text("[1, 2]")
    with pytest.raises(QuakeloomError):
        read_fault_segments(path)
