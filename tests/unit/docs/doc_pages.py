"""The pages of the documentation, taken apart for the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    {
        *ROOT.glob("*.md"),
        *ROOT.glob(".github/**/*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("config/*.md"),
        *ROOT.glob("envs/*.md"),
        *ROOT.glob("resources/**/*.md"),
    }
)
GENERATED = {
    ROOT / "docs" / "tables.md",
    ROOT / "docs" / "stages.md",
    ROOT / "docs" / "library-reference.md",
    ROOT / "config" / "README.md",
}
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which it begins."""

    page: Path
    language: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def fenced_blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(page, match[1], match[2], text.count("\n", 0, match.start()) + 1)


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def code_spans(page: Path) -> Iterator[str]:
    """Yield what stands between single backticks."""
    yield from re.findall(r"`([^`\n]+)`", prose(page))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of links and images."""
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    yield from re.findall(r"\]\(([^)\s]+)\)", text)
    yield from re.findall(r'<img[^>]*\ssrc="([^"]+)"', text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+\s+(.*?)\s*$", prose(page), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        found.add(plain.replace(" ", "-"))
    return found


def paragraphs(page: Path) -> Iterator[str]:
    """Yield paragraphs, items of lists and cells of tables, each on one line."""
    for block in re.split(r"\n\s*\n", prose(page)):
        for item in re.split(r"\n(?=\s*(?:[-*|]|\d+\.) ?)", block):
            parts = item.split("|") if item.lstrip().startswith("|") else [item]
            for part in parts:
                yield " ".join(part.split())


def shell_commands(page: Path) -> Iterator[tuple[Block, str]]:
    """Yield the commands of shell blocks, continued lines joined."""
    for block in fenced_blocks(page):
        if block.language in ("sh", "bash", "shell", "console"):
            for line in block.text.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ").split("  #")[0].strip()
                if command and not command.startswith("#"):
                    yield block, command
