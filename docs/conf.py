"""The site of the documentation: `make docs-site` builds it, and it opens without a network.

The pages are the Markdown files of the repository, so that they read the same in an editor. The
navigation follows from the index pages: what their tables link to is a page of the site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pygments.lexers.special import TextLexer

from quakeloom import __version__

ROOT = Path(__file__).resolve().parents[1]

project = "quakeloom"
author = "the quakeloom developers"
version = release = __version__
language = "en"

root_doc = "docs/README"
index_pages = (root_doc, "docs/decisions/README", "resources/README")
include_patterns = [
    "*.md",
    "docs/**.md",
    "docs/**.rst",
    "config/README.md",
    "envs/README.md",
    "resources/**.md",
]
exclude_patterns = [".*", "build", "results", "logs", "src", "tests", "docs/_templates"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
]
templates_path = [str(ROOT / "docs" / "_templates")]
myst_heading_anchors = 4
numpydoc_show_class_members = False
autosummary_ignore_module_all = False
autosummary_generate_overwrite = True
autodoc_member_order = "groupwise"
autodoc_typehints = "none"

html_theme = "furo"
html_title = f"quakeloom {version}"
html_math_renderer = "mathml"
html_show_sphinx = False
html_copy_source = False


def linked_pages(page: str) -> dict[str, list[str]]:
    """Return the pages that the tables and lists of an index page link to, by heading.

    Parameters
    ----------
    page : str
        Name of the index page without suffix, relative to the root, such as ``docs/README``.

    Returns
    -------
    dict of str to list of str
        Absolute names of documents without suffix, in the order of the page.
    """
    file = ROOT / f"{page}.md"
    found: dict[str, list[str]] = {}
    heading = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        if line.startswith(("|", "- [")):
            for target in re.findall(r"\]\(([\w./-]+\.(?:md|rst))\)", line):
                path = (file.parent / target).resolve().relative_to(ROOT).with_suffix("")
                found.setdefault(heading, []).append(f"/{path.as_posix()}")
    return found


def add_navigation(app: Any, page: str, source: list[str]) -> None:
    """Append what an index page links to as the navigation of the site."""
    if page == "docs/tables":
        source[0] = "# Tables\n\n" + source[0]
    if page in index_pages:
        for heading, pages in linked_pages(page).items():
            caption = [f":caption: {heading}"] if heading else []
            lines = ["", "```{toctree}", ":hidden:", *caption, "", *pages, "```", ""]
            source[0] += "\n".join(lines)


def add_entrance(app: Any, exception: Exception | None) -> None:
    """Write the page on which a browser begins."""
    if exception is None and app.builder.format == "html":
        target = f"{root_doc}.html"
        (Path(app.outdir) / "index.html").write_text(
            f'<!doctype html><meta charset="utf-8"><title>{project}</title>'
            f'<meta http-equiv="refresh" content="0; url={target}">'
            f'<a href="{target}">{project}</a>\n',
            encoding="utf-8",
        )


def write_formula(translator: Any, node: nodes.Element) -> None:
    """Write a formula as MathML, which browsers draw without a script."""
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    translator.body.append(f"<p>{formula}</p>" if block else formula)
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Connect the functions above with Sphinx."""
    # compiled functions then keep the docstrings and signatures of Python
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", add_navigation)
    app.connect("build-finished", add_entrance)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
