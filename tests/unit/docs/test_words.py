"""The pages speak the field's language, in short paragraphs, and cite what they list."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from doc_pages import GENERATED, PAGES, ROOT, paragraphs, prose

WRITTEN = [page for page in PAGES if page not in GENERATED]
BY_PAGE = pytest.mark.parametrize("page", WRITTEN, ids=lambda p: str(p.relative_to(ROOT)))
LONGEST_PARAGRAPH, LONGEST_CELL = 800, 400
PHRASES = {
    r"coin": "uninformative",
    r"least (probability|columns|correlation)": "minimum",
    r"which first motions count": "polarity probability threshold",
    r"turned (stations?|over|readings?|polarit)|station (is|was) turned": "reversed",
    r"turns with the record|upside.down network": "sign-equivariant",
    r"distance from the truth": "error relative to the true mechanisms",
    r"speaks? softly": "have a small weight",
    r"by luck": "that happen to fit",
    r"\bhangs? (on|from)(?! north)": "depends on",
    r"mend(s|ed|ing)?\b": "fix",
    r"vouch": "support",
    r"people look at": "name the thing itself",
    r"(come|comes) along": "are shipped",
    r"surer": "more probable",
    r"honest": "say what is included",
    r"whim": "choice",
    r"crowds? of": "ensemble",
    r"nobody": "say what is unknown",
    r"kilometre|catalogue|colour|neighbour|centre\b": "American spelling",
}
"""Mannered or wrong phrases, as expressions, and what to write instead."""
TERMS = (
    "ABIC", "A_phi", "acceptable set", "effective number", "ensemble", "evidence", "member",
    "mixture", "partition", "polarity", "posterior", "prior", "quality", "shape ratio", "SHmax",
    "slip tendency", "stage", "station term", "Student's t", "take-off angle", "trial",
    "uninformative",
)  # fmt: skip


@BY_PAGE
def test_paragraphs_are_short(page: Path) -> None:
    """A paragraph can be read at one go; figures stand in tables, whose cells are short."""
    text = prose(page)
    for part in paragraphs(page):
        assert len(part) <= LONGEST_PARAGRAPH, f"{page.name}: {part[:60]}..."
    for cell in re.findall(r"(?<=\|)[^|\n]+(?=\|)", text):
        assert len(cell) <= LONGEST_CELL, f"{page.name}: {cell[:60]}..."


@BY_PAGE
def test_no_mannered_phrase(page: Path) -> None:
    """Pages use the field's terms; names of the code, between backticks, are as they are."""
    text = " ".join(re.sub(r"`[^`\n]*`", "", prose(page)).split())
    for phrase, better in PHRASES.items():
        found = re.search(rf"\b({phrase})", text, re.I)
        assert not found, f"{page.name}: '{found[0]}': {better}"


def listed_references() -> list[str]:
    """Entries of the list of references in the page on theory."""
    text = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8").partition("## References\n")[2]
    return re.findall(r"^- (.+)$", text, re.M)


@pytest.mark.parametrize("entry", listed_references(), ids=lambda e: e[:30])
def test_every_reference_is_cited(entry: str) -> None:
    """A reference of the list occurs in the text before it, by first author and year."""
    text = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8").partition("## References\n")[0]
    author, year = entry.split(",")[0], re.search(r"\((\d{4})\)", entry)
    assert year, entry
    others = r"(?:(?!\d{4}).){0,60}?(?:\d{4}, )*"
    assert re.search(rf"{re.escape(author)}{others}{year[1]}", " ".join(text.split())), entry


def test_what_is_cited_is_listed() -> None:
    """An author with a year in the text on theory is in its list."""
    text = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8").partition("## References\n")[0]
    listed = listed_references()
    name = r"([A-Z][\w'č]+)(?: & [A-Z][\w']+| et al\.)?,? \(?((?:\d{4}, )*\d{4})\)?"
    cited = re.findall(name, " ".join(text.split()))
    assert len(cited) > 30
    for author, years in cited:
        for year in years.split(", "):
            assert any(e.startswith(author) and f"({year})" in e for e in listed), (
                f"{author} {year}"
            )


def test_the_list_of_references_is_in_order() -> None:
    """References are sorted by author and year."""
    listed = [re.sub(r"\W", "", entry.split("(")[0]).lower() for entry in listed_references()]
    assert listed == sorted(listed)


def test_glossary_terms_exist() -> None:
    """The glossary explains the terms that the pages cannot do without, each once."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [row.split(",") for row in re.findall(r"^\| ([^|]+?) \|", text, re.M)]
    terms = [word.strip() for row in rows for word in row if row != ["term"]]
    assert not set(TERMS) - set(terms)
    assert len(terms) == len(set(terms))


def test_the_page_of_stages_names_every_rule() -> None:
    """Its table of rules has every rule once, and no other."""
    text = (ROOT / "docs" / "stages.md").read_text(encoding="utf-8")
    table = text.partition("## Rules")[2].partition("## Kinds")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.M)
    rules = [
        name
        for file in (ROOT / "workflow" / "rules").glob("*.smk")
        for name in re.findall(
            r"^(?:rule|checkpoint) (\w+):", file.read_text(encoding="utf-8"), re.M
        )
    ]
    assert sorted(rows) == sorted(rules)


def _texts_of_code(path: Path) -> list[tuple[int, str]]:
    """Lines and texts of the strings with a space in a module: what users or readers may see."""
    return [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    ]


def test_no_mannered_phrase_in_messages_help_and_docstrings() -> None:
    """Errors, help, settings, the registry, the report and docstrings keep to the same words."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: '{hit[0]}': {better}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for line, text in _texts_of_code(path)
        for phrase, better in PHRASES.items()
        if (hit := re.search(rf"\b({phrase})", _without_names(text), re.I))
    ]
    assert not found, "\n".join(found)


def _without_names(text: str) -> str:
    """Text without names of the code, and without a title of a paper in British spelling."""
    return re.sub(r"`+[^`\n]*`+", "", text).replace("The misuse of colour", "")


def test_examples_keep_to_the_same_words() -> None:
    """Comments and descriptions of the configurations that are shipped."""
    for path in sorted((ROOT / "config").rglob("*.yaml")):
        for phrase, better in PHRASES.items():
            found = re.search(rf"\b({phrase})", path.read_text(), re.I)
            assert not found, f"{path.name}: '{found[0]}': {better}"
