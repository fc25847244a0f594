"""What decides the result of a stage is what it says decides it."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from quakeloom.stages.frame.provenance import CODE

_BOOKKEEPING = {"quakeloom.stages.frame.partition_states", "quakeloom.stages.frame.provenance"}
"""Who keeps states and digests of partitions, and computes nothing."""


def private_modules(module: str) -> set[str]:
    """Private modules of the stages that a module imports."""
    tree = ast.parse(Path(find_spec(module).origin).read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("quakeloom.stages"):
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            found |= {n for n in names if n.startswith("quakeloom.stages._") and n.count(".") == 2}
    return found - _BOOKKEEPING


@pytest.mark.parametrize("stage", [s for s in CODE if s != "report"])
def test_a_change_in_a_module_of_a_stage_makes_it_run_again(stage):
    listed = {n for n in CODE[stage] if n.startswith("quakeloom.stages.")}
    used = set().union(*map(private_modules, listed))
    assert used <= listed, f"CODE['{stage}'] lacks what its modules import"
