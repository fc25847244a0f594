"""The Dockerfile keeps its rules. No builder is needed: it is read, not built."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from doc_pages import ROOT

CONTENT = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def instructions(content: str) -> list[tuple[str, str]]:
    """Return instructions and what follows them, without comments, lines put together."""
    lines = [x for x in content.splitlines() if x.strip() and not x.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0].upper(), line.split(None, 1)[1]) for line in whole.splitlines()]


def package_files() -> set[str]:
    """Return what the package is built from: metadata, code, and what the wheel takes along."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    code = {Path(package).parts[0] for package in wheel["packages"]}
    metadata = {"pyproject.toml", PROJECT["project"]["readme"], "LICENSE", "envs/constraints.txt"}
    return code | metadata | set(wheel["force-include"])


def copied(found: list[tuple[str, str]]) -> list[str]:
    """Return what is copied from the folder of the Dockerfile."""
    words = [rest.split() for name, rest in found if name == "COPY" and "--from=" not in rest]
    return [source for each in words for source in each[:-1]]


def lint(content: str) -> list[str]:
    """Return which rules a Dockerfile breaks."""
    found = instructions(content)
    starts = [i for i, (name, _) in enumerate(found) if name == "FROM"]
    bases = [found[i][1].split()[0] for i in starts]
    last = found[starts[-1] :]
    users = [rest for name, rest in last if name == "USER"]
    installs = [rest for name, rest in found if name == "RUN" and "pip install" in rest]
    constrained = any(name == "ENV" and "PIP_CONSTRAINT=" in rest for name, rest in found)
    rules = {
        "one stage": len(starts) < 2,
        "base is not pinned": not all(
            re.search(r":\d+\.\d+\.\d+\S*$|@sha256:[0-9a-f]{64}$", base) for base in bases
        ),
        "latest": any(base.endswith(":latest") or ":" not in base for base in bases),
        "root runs it": not users or users[-1].split(":")[0] in ("root", "0"),
        "root comes back": any(name == "RUN" for name, _ in last[_at(last, "USER") :]),
        "name of the user instead of its number": any(not u[0].isdigit() for u in users),
        "copies into what is run": any(
            name == "COPY" and "--from=" not in rest for name, rest in last
        ),
        "copies all": "." in copied(found),
        "fetches": any(
            name == "ADD" or re.search(r"\b(curl|wget|git clone)\b", rest) for name, rest in found
        ),
        "versions are not those of the constraints": not installs or not constrained,
        "a shell around the command": not any(
            name == "ENTRYPOINT" and rest.startswith("[") for name, rest in last
        ),
    }
    return [rule for rule, broken in rules.items() if broken]


def _at(found: list[tuple[str, str]], name: str) -> int:
    return next((i for i, (each, _) in enumerate(found) if each == name), len(found))


def test_the_rules_are_kept():
    assert lint(CONTENT) == []


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("3.11.14-slim-bookworm AS", "3.11-slim AS", "base is not pinned"),
        ("python:3.11.14-slim-bookworm\n", "python:latest\n", "latest"),
        ("USER 1000:1000", "USER root", "root runs it"),
        ("USER 1000:1000\n", "", "root runs it"),
        ("USER 1000:1000\n", "USER 1000:1000\nRUN true\n", "root comes back"),
        ("USER 1000:1000", "USER quakeloom", "name of the user instead of its number"),
        ("COPY src src", "COPY . .", "copies all"),
        ("WORKDIR /work\n", "WORKDIR /work\nCOPY src src\n", "copies into what is run"),
        ("WORKDIR /work\n", "RUN curl example.org\n", "fetches"),
        ("PIP_CONSTRAINT", "OTHER", "versions are not those of the constraints"),
        ('["quakeloom"]', "quakeloom", "a shell around the command"),
    ],
)
def test_a_broken_rule_is_found(old, new, broken):
    assert old in CONTENT
    assert broken in lint(CONTENT.replace(old, new))


def test_it_copies_what_the_package_needs_and_nothing_else():
    assert sorted(copied(instructions(CONTENT))) == sorted(package_files())
    assert [name for name in package_files() if not (ROOT / name).exists()] == []


def test_the_builder_is_sent_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == package_files()


def test_its_python_and_extras_are_ours():
    versions = re.findall(r"^FROM python:(\d+\.\d+)\.", CONTENT, re.M)
    # that of the constraints, by the first lines of their page
    assert set(versions) == {"3.11"}
    assert "Python 3.11" in (ROOT / "envs" / "README.md").read_text()
    extras = re.search(r"^ARG EXTRAS=(\S+)$", CONTENT, re.M)
    assert extras is not None
    assert set(extras[1].split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_its_tag_is_the_version():
    version = re.search(r'__version__ = "(.+)"', (ROOT / "src/quakeloom/__init__.py").read_text())
    assert version is not None
    pages = [CONTENT, (ROOT / "docs" / "cluster.md").read_text()]
    tags = {tag for page in pages for tag in re.findall(r"\bquakeloom:([\w.]+)", page)}
    assert tags == {version[1]}
