"""The site of the documentation is complete and needs no network; the hooks are those of `make`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from doc_pages import PAGES, ROOT


def site_settings() -> ModuleType:
    """The settings of the site, as a module."""
    pytest.importorskip("docutils")
    pytest.importorskip("pygments")
    spec = importlib.util.spec_from_file_location("site_settings", ROOT / "docs" / "conf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation() -> None:
    """Each page is in the navigation of the site once."""
    settings = site_settings()
    reached = [
        name
        for index in settings.index_pages
        for pages in settings.linked_pages(index).values()
        for name in pages
    ]
    pages = {f"/{p.relative_to(ROOT).with_suffix('').as_posix()}" for p in PAGES}
    pages = {name for name in pages if not name.startswith("/.github")}
    assert len(reached) == len(set(reached))
    assert set(reached) == pages - {f"/{settings.root_doc}"} | {"/docs/api"}


def test_the_api_reference_has_every_room() -> None:
    """The page of the API lists the library and all of its rooms."""
    text = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    rooms = {p.parent.name for p in (ROOT / "src" / "quakeloom").glob("*/__init__.py")}
    listed = re.findall(r"^   (quakeloom[.\w]*)$", text, re.M)
    assert sorted(listed) == sorted({"quakeloom"} | {f"quakeloom.{room}" for room in rooms})


@pytest.mark.long
def test_the_site_builds_and_needs_no_network(tmp_path: Path) -> None:
    """The site builds without a warning, can be searched, and loads nothing from elsewhere."""
    for package in ("sphinx", "myst_parser", "numpydoc", "furo"):
        pytest.importorskip(package)
    source, built = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for folder in ("docs", "config", "envs", "resources"):
        ignored = shutil.ignore_patterns("generated", "*.npz", "*.pt", "__pycache__")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    for file in (*ROOT.glob("*.md"), ROOT / "LICENSE", ROOT / "CITATION.cff"):
        shutil.copy(file, source)
    command = ["-m", "sphinx", "--quiet", "--fail-on-warning", "-c", "docs", ".", str(built)]
    done = subprocess.run(
        [sys.executable, *command], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    pages = list(built.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        loaded = re.findall(
            r'<(?:script|link|img|iframe)[^>]*\s(?:src|href)="((?:https?:)?//[^"]+)"',
            page.read_text(encoding="utf-8"),
        )
        assert not loaded, f"{page.relative_to(built)}: {loaded[0]}"
    for style in built.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(['\"]?|@import\s+['\"])(?:https?:)?//", text), style.name
    index = (built / "searchindex.js").read_text(encoding="utf-8")
    assert "find_mechanisms" in index
    assert "abic" in index


def test_hooks_are_the_checks_of_make_test() -> None:
    """What `make test` runs besides the tests is what runs before every commit."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ntest: ")[2]
    commands = [line.strip() for line in recipe.split("\n\n")[0].splitlines()[1:]]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert [r["repo"] for r in config["repos"]] == ["local"]
    assert [hook["entry"] for hook in hooks] == [c for c in commands if not c.startswith("pytest")]
    assert not any(hook["pass_filenames"] for hook in hooks)
