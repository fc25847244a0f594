"""What jobs ask a batch system for: their own promise, or the largest of an array."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_runs import ROOT

RUNS = {
    "a": {"stages": {"mechanism": {
        "partitions": {"2020-01": {"memory_mb": 700, "minutes": 11},
                       "2020-02": {"memory_mb": 1500, "minutes": 20}},
        "finalise": {"memory_mb": 500, "minutes": 10},
    }}},
    "b": {"stages": {
        "mechanism": {
            "partitions": {"2020-01": {"memory_mb": 900, "minutes": 45}},
            "finalise": {"memory_mb": 800, "minutes": 5},
        },
        "locate": {"found_by": "pick"},
    }},
    "c": {"stages": {"mechanism": {"found_by": "locate"}}},
}  # fmt: skip
"""Three runs as a plan has them; stages of the third are planned later."""


@pytest.fixture
def functions():
    """The functions of the file of rules, without the rules and without a plan."""
    text = (ROOT / "workflow" / "rules" / "plan.smk").read_text()
    names = {"RUNS": RUNS, "workflow": SimpleNamespace(executor_settings=None)}
    exec(text[text.index("def in_arrays") : text.index("def workers")], names)
    names["planned"] = lambda wildcards, stage: RUNS[wildcards.run]["stages"][stage]
    return names


def asked(functions, run: str, partition: str, attempt: int = 1, step: str = "part"):
    wildcards = SimpleNamespace(run=run, partition=partition)
    memory = functions["memory"]("mechanism", step)(wildcards, attempt)
    return memory, functions["minutes"]("mechanism", step)(wildcards, attempt)


def test_a_job_of_its_own_asks_for_its_promise(functions):
    assert asked(functions, "a", "2020-01") == (700, 11)
    assert asked(functions, "a", "2020-02", attempt=2) == (3000, 40)
    assert asked(functions, "b", "", step="finalise") == (800, 5)


def test_an_array_asks_for_the_largest_of_its_rule(functions):
    """SLURM gives all tasks what the first asks for, and an array has tasks of several runs."""
    functions["workflow"].executor_settings = SimpleNamespace(array_jobs="all")
    for run, partition in (("a", "2020-01"), ("a", "2020-02"), ("b", "2020-01")):
        assert asked(functions, run, partition) == (1500, 45)
        assert asked(functions, run, partition, attempt=3) == (4500, 135)
    assert asked(functions, "a", "", step="finalise") == (800, 10)
