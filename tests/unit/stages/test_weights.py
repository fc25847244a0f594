"""Which weights a choice means, and what is said where they are missing or wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.formats import read_network_weights, write_network_weights
from quakeloom.stages.weights.pickers import find_picker_weights, open_picker
from quakeloom.stages.weights.polarity_readers import open_reader


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("phasenet/original", ["original.pt", "phasenet", "SEISBENCH_CACHE_ROOT"]),
        ("nowhere/weights.pt", ["weights.pt", "nowhere"]),
        ("own", ["own.pt", "train picker"]),
    ],
)
def test_missing_weights_are_named_with_file_and_folder(tmp_path, monkeypatch, weights, words):
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path / "cache"))
    with pytest.raises(InputError) as error:
        open_picker(weights, tmp_path / "own.pt")
    assert all(w in str(error.value) for w in words)
    assert "Nothing was picked" in str(error.value)


def test_a_file_that_holds_no_weights_is_refused(tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "picture.pt"
    path.write_bytes(b"\x89PNG and so on")
    with pytest.raises(InputError, match="holds no weights"):
        open_picker(str(path))


def test_without_any_weights_the_best_is_the_classical_picker(tmp_path, monkeypatch):
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path))
    assert find_picker_weights("best", tmp_path / "own.pt") is None
    assert open_picker("best", tmp_path / "own.pt").name == "classical"


def test_our_weights_pick_without_torch(monkeypatch, tmp_path):
    """Networks run compiled; torch is for files of SeisBench and for training."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path))
    own = Path(__file__).parents[3] / "resources" / "weights" / "picker.npz"
    picker = open_picker("best", own)
    windows = np.random.default_rng(5).normal(size=(1, 3, 3000)).astype(np.float32)
    windows[0, :, 1500:] *= 30.0
    p = picker.probabilities(windows)[0, 0]
    assert p[1490:1510].max() > 0.3
    assert p[:1400].max() < 0.1


def test_weights_survive_their_file_and_give_the_same_bytes(tmp_path):
    arrays = {"a": np.arange(5.0), "name": np.array("lean")}
    for name in ("one.npz", "two.npz"):
        write_network_weights(tmp_path / name, arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = read_network_weights(tmp_path / "one.npz")
    assert found["a"].tolist() == arrays["a"].tolist()
    assert str(found["name"]) == "lean"


@pytest.mark.parametrize("open_weights", [open_picker, open_reader])
def test_a_file_that_holds_no_network_is_refused_with_its_name(tmp_path, open_weights):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "picture.npz").write_bytes(b"\x89PNG not an archive")
    for name in ("other", "picture", "absent"):
        with pytest.raises(InputError, match=name):
            open_weights(str(tmp_path / f"{name}.npz"))
