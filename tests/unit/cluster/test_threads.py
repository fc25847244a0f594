"""Libraries have one thread wherever stages compute, so that bytes depend on no number of them."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from quakeloom.cluster import one_thread, open_executor
from quakeloom.cluster._calls import Call, pack_item
from quakeloom.stages.frame import verbs
from quakeloom.stages.frame.stage import ONE


def threads(_: object = None) -> set[int]:
    """Return how many threads the libraries of this process may use."""
    np.ones((2, 2)) @ np.ones((2, 2))
    return {library["num_threads"] for library in threadpool_info()}


@pytest.fixture(autouse=True)
def several(monkeypatch):
    """Let this process have three threads, as on a machine of three cores."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with threadpool_limits(3):
        assert threads() == {3}
        yield
        assert threads() == {3}
        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert "MKL_NUM_THREADS" not in os.environ


def test_libraries_have_one_thread_and_then_what_they_had():
    with one_thread():
        assert threads() == {1}
        # those that are loaded later look here
        assert {os.environ[f"{n}_NUM_THREADS"] for n in ("OMP", "OPENBLAS", "MKL")} == {"1"}
        with one_thread():
            assert threads() == {1}
        assert threads() == {1}


def test_an_error_gives_the_threads_back():
    with pytest.raises(ValueError, match="of this test"), one_thread():
        raise ValueError("of this test")


def test_torch_keeps_a_number_of_its_own(monkeypatch):
    said = []
    own = SimpleNamespace(set_num_threads=said.append, get_num_threads=lambda: 7)
    monkeypatch.setitem(sys.modules, "torch", own)
    with one_thread():
        assert said == [1]
    assert said == [1, 7]


def test_blocks_are_computed_with_one_thread():
    """In this process; on a worker, which somebody started with other variables."""
    import pickle

    with open_executor() as executor:
        assert list(executor.map(threads, [0, 0])) == [{1}, {1}]
    assert pickle.loads(Call(threads)(pack_item(0))) == {1}


def test_every_verb_of_a_stage_has_one_thread(monkeypatch, tmp_path):
    """All stages go through these three, from the command and without Snakemake."""
    seen = {}
    stage = SimpleNamespace(
        name="any", partitions="one", reads=(), group="",
        verb=lambda name: lambda *_: seen.__setitem__(name, threads()),
    )  # fmt: skip
    plan = SimpleNamespace(exists=lambda: False)
    layout = SimpleNamespace(plan_step=lambda *_: plan, plan=lambda *_: plan)
    verbs.init_stage(stage, None, layout)
    verbs.run_part(stage, None, layout, ONE)
    verbs.finalise_stage(stage, None, layout)
    assert seen == {"init": {1}, "part": {1}, "finalise": {1}}
