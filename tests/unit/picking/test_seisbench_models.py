"""Every phase picker of SeisBench behind one face, with weights by chance: nothing is fetched."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.picking import PickOptions, pick_records
from quakeloom.picking._seisbench import SeisBenchPicker
from quakeloom.signal import Record

models = pytest.importorskip("seisbench.models")

PICKERS = ("BasicPhaseAE", "EQTP", "EQTransformer", "GPD", "LFEDetect", "OBSTransformer",
           "PhaseNet", "PhaseNetLight", "Skynet", "VariableLengthPhaseNet")  # fmt: skip
ONE_PHASE = {"EQCCTP": 0, "EQCCTS": 1}
QUICK = ("BasicPhaseAE", "GPD")
"""Those that are built in a second; the others run in the long tests."""


def build(name):
    arguments = {"phases": "PSN"} if name == "GPD" else {}
    state = getattr(models, name)(**arguments).state_dict()
    return SeisBenchPicker(name.lower(), state, {"model_args": arguments}, f"{name}-by-chance")


def long_unless_quick(names):
    return [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in names]


@pytest.mark.parametrize("name", long_unless_quick((*PICKERS, *ONE_PHASE)))
def test_a_network_by_chance_gives_probabilities_of_every_sample_and_picks_of_a_record(name):
    picker = build(name)
    assert sorted(picker.components) == sorted("ZNE")
    windows = np.random.default_rng(1).standard_normal((2, 3, picker.samples)).astype(np.float32)
    windows[1] = 0.0
    found = picker.probabilities(windows)
    assert found.shape == (2, 2, picker.samples)
    assert (found >= 0.0).all()
    assert (found <= 1.0).all()
    assert not found[1].any(), "a window of zeros has no arrival"
    if name in ONE_PHASE:
        assert not found[0, 1 - ONE_PHASE[name]].any(), "it picks one phase"
    data = np.random.default_rng(2).standard_normal((3, 2 * picker.samples)).astype(np.float32)
    record = Record(0, picker.sampling_rate_hz, data, [0, 0, 0], ["HHZ", "HHN", "HHE"])
    (picks,) = pick_records(picker, [record], PickOptions())
    assert set(picks.phase) <= {"P", "S"}


@pytest.mark.parametrize("name", ["CRED", pytest.param("DKPN", marks=pytest.mark.long)])
def test_a_network_that_picks_nothing_here_is_refused_by_name(name):
    with pytest.raises(InputError, match=f"(?i){name}.*Nothing was picked"):
        build(name)


def test_a_network_that_judges_one_sample_puts_it_where_that_sample_is():
    picker = build("GPD")
    middle = int(picker._network.pred_sample)
    found = picker.probabilities(
        np.random.default_rng(3).standard_normal((1, 3, picker.samples)).astype(np.float32)
    )
    assert not found[0, :, :middle].any()
    assert found[0, :, middle].any()
