"""Weights of pickers: PhaseNet's published ones, and those that come along, on analysts' picks.

PhaseNet's weights (Zhu & Beroza 2019, MIT) lie beside the real data; the tests are skipped
where they are absent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quakeloom.formats import read_source
from quakeloom.picking import PhaseNetConventions, PhaseNetPicker, PickOptions, pick_records
from quakeloom.signal import Record
from quakeloom.stages.training.evaluation import evaluate_pick_tables
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.without_a_run.pick_folder import pick_folder

torch = pytest.importorskip("torch")

SEISBENCH = PhaseNetConventions(samples=3001, padding="seisbench", norm="std")


@pytest.fixture(scope="module")
def phasenet(shared_data) -> Path:
    folder = shared_data.parent / "weights" / "phasenet-original"
    if not folder.is_dir():
        pytest.skip(f"no published weights at {folder}")
    return folder


@pytest.fixture(scope="module")
def picker(phasenet):
    return open_picker(str(phasenet / "models" / "v3" / "phasenet" / "original.pt.v1"))


def test_the_forward_is_that_of_the_authors_graph(phasenet, picker):
    # 3e-6 is what the converted weights differ by in single precision
    reference = np.load(phasenet / "reference.npz")
    windows = np.ascontiguousarray(reference["x3000"].transpose(0, 2, 1), dtype=np.float32)
    found = picker.probabilities(windows)
    expected = reference["y3000"].transpose(0, 2, 1)[:, 1:]
    assert np.abs(found - expected).max() < 3e-6


def test_torch_gives_what_the_compiled_network_gives(phasenet, picker):
    # sums of single precision in another order
    file = phasenet / "models" / "v3" / "phasenet" / "original.pt.v1"
    state = torch.load(file, weights_only=True)
    windows = np.random.default_rng(1).normal(size=(5, 3, 3000)).astype(np.float32)
    windows[3, 0] = 0.0
    found = PhaseNetPicker(state, "x", device="torch").probabilities(windows)
    assert np.abs(found - picker.probabilities(windows)).max() < 1e-5


def test_the_other_padding_is_that_of_seisbench(phasenet):
    """The authors' graph for 3001 samples pads as SeisBench does."""
    reference = np.load(phasenet / "reference.npz")
    file = phasenet / "models" / "v3" / "phasenet" / "original.pt.v1"
    state = torch.load(file, weights_only=True)
    picker = PhaseNetPicker(state, "x", SEISBENCH)
    windows = np.ascontiguousarray(reference["x3001"].transpose(0, 2, 1), dtype=np.float32)
    expected = reference["y3001"].transpose(0, 2, 1)[:, 1:]
    assert np.abs(picker.probabilities(windows) - expected).max() < 3e-6


def test_probabilities_do_not_depend_on_the_batch(picker):
    windows = np.random.default_rng(0).normal(size=(37, 3, 3000)).astype(np.float32)
    together = picker.probabilities(windows)
    for i in (0, 31, 32, 36):
        assert np.array_equal(picker.probabilities(windows[i : i + 1])[0], together[i])


@pytest.mark.slow
def test_ncedc_picks_are_as_good_as_published(shared_data, picker):
    """Demanded of these weights: F1 0.97 (P) and 0.92 (S), no delay (3 ms).

    Measured with the authors' forward: .974 and .929, +1 and +5 ms. The published tables
    count window samples 2000 to 5000, and windows were read once.
    """
    scores = score_ncedc(shared_data, picker, PickOptions(steady=False))
    assert scores["P"]["f1"] >= 0.97
    assert scores["S"]["f1"] >= 0.92
    assert abs(scores["P"]["mean_s"]) < 0.003


@pytest.mark.slow
def test_ncedc_picks_by_both_signs_are_about_as_good(shared_data, picker):
    # .981 and .916: of 77 records one S fewer than with windows read once
    scores = score_ncedc(shared_data, picker)
    assert scores["P"]["f1"] >= 0.97
    assert scores["S"]["f1"] >= 0.91


@pytest.mark.slow
def test_ncedc_picks_of_the_shipped_weights_are_as_good_as_told(shared_data):
    """Our own picker, which never saw a recorded seismogram."""
    # The limits guard the shipped weights: a little under what docs/networks.md and the page of
    # the weights tell of them (F1 .950 for P and .838 for S); one pick more or less is 0.013.
    scores = score_ncedc(shared_data, open_picker("own"))
    assert scores["P"]["f1"] >= 0.90
    assert scores["S"]["f1"] >= 0.78


def score_ncedc(shared_data, picker, options=None):
    """Score the picks of 77 records against the analysts', as ``quakeloom evaluate picks``."""
    folder = shared_data / "ncedc"
    if not folder.is_dir():
        pytest.skip(f"no records at {folder}")
    found = pick_folder(folder / "waveforms", picker, options, span_s=(20.0, 50.0))
    # peaks that are no picks, fill that was cut, channels without names: but no whole file
    assert "file" not in found.rejects.column("record").to_pylist()
    return evaluate_pick_tables(found.picks, read_source(folder / "waveforms.csv").picks)


@pytest.mark.slow
def test_picks_are_those_of_seisbench_to_one_sample(phasenet):
    """With SeisBench's padding and one grid of windows, both ways: none more, none less."""
    obspy = pytest.importorskip("obspy")
    models = pytest.importorskip("seisbench.models")
    file = phasenet / "models" / "v3" / "phasenet" / "original.pt.v1"
    state = torch.load(file, weights_only=True)
    network = models.PhaseNet(component_order="ENZ", phases="NPS", norm="std")
    network.load_state_dict(state)
    network.eval()
    # noise with an event every minute, from a time at which a window of the grid starts
    r = np.random.default_rng(3)
    data = r.normal(size=(3, 60_000))
    for at in range(4_000, 56_000, 6_000):
        for k, onset, size in ((2, at, 30.0), (0, at + 500, 60.0), (1, at + 500, 60.0)):
            t = np.arange(2_000) / 100.0
            data[k, onset : onset + 2_000] += size * r.normal(size=2_000) * np.exp(-t / 3.0)
    data = (100 * data).astype(np.float32)
    start = 1_577_836_800 * 1_000_000_000
    header = {"network": "XX", "station": "S", "starttime": obspy.UTCDateTime(ns=start),
              "sampling_rate": 100.0}  # fmt: skip
    stream = obspy.Stream(
        [obspy.Trace(data[k], {**header, "channel": f"HH{c}"}) for k, c in enumerate("ENZ")]
    )
    theirs = network.classify(
        stream, P_threshold=0.3, S_threshold=0.3, overlap=1501, blinding=(500, 500)
    ).picks
    twin = PhaseNetPicker(state, "twin", SEISBENCH)
    record = Record(start, 100.0, data, [0] * 3, ["HHE", "HHN", "HHZ"])
    (ours,) = pick_records(twin, [record])
    found = sorted((p, int(t)) for p, t in zip(ours.phase, ours.time, strict=True))
    expected = sorted((p.phase, int(p.peak_time.ns)) for p in theirs)
    assert len(expected) >= 9
    assert [p for p, _ in found] == [p for p, _ in expected]
    assert max(abs(a - b) for (_, a), (_, b) in zip(found, expected, strict=True)) <= 10_000_000
