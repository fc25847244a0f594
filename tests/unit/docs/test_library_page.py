"""The page of the library runs as it stands, and its reference is that of the docstrings."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from doc_pages import ROOT, fenced_blocks

from quakeloom import library

PAGE = ROOT / "docs" / "library.md"
NEEDS_A_RUN = "results/demo"


def test_the_examples_of_the_page_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = [b for b in fenced_blocks(PAGE) if b.language == "python"]
    runnable = [b for b in blocks if NEEDS_A_RUN not in b.text]
    assert len(runnable) >= 4
    for block in runnable:
        exec(compile(block.text, str(block), "exec"), names)
    assert len(names["found"].table) == 5  # type: ignore[attr-defined]


def test_every_function_is_on_the_page():
    text = PAGE.read_text()
    functions = [n for n in library.__all__ if n[0].islower()]
    assert [n for n in functions if f"`ql.{n}`" not in text] == []


def test_the_reference_is_made_from_the_docstrings():
    script = ROOT / "docs" / "make_library_reference.py"
    spec = importlib.util.spec_from_file_location("make_library_reference", Path(script))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "library-reference.md").read_text()
    assert page == module.write_reference(), "run `make docs`"
