"""The notebooks run without a network, and the pages show what they give."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[3] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def load_runner() -> ModuleType:
    """The script beside the notebooks that runs them."""
    spec = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run_notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def kinds(notebook: dict) -> list[list[str]]:
    """What every cell of code shows: stream, or the richest form of its value."""
    found = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shown = [o.get("data", {"stream": ""}) for o in cell["outputs"]]
            found.append(sorted({k for data in shown for k in data}))
    return found


def test_there_are_the_six_notebooks_that_the_page_names():
    page = (FOLDER.parent / "library.md").read_text()
    names = {"one-event", "catalog", "waveforms", "locations", "stress-map", "line"}
    assert {p.stem for p in NOTEBOOKS} == names
    for name in names:
        assert f"](notebooks/{name}.ipynb)" in page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_is_kept_of_it(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError("a notebook asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    kept = kinds(json.loads(path.read_text()))
    ran = load_runner().run_notebook(path)
    assert kinds(ran) == kept
    assert sum("image/png" in shown for shown in kept) >= 2
    words = [c["source"] for c in ran["cells"] if c["cell_type"] == "markdown"]
    assert words[0].startswith("# ")
