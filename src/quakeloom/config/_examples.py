"""Configurations that come with quakeloom, and how a configuration is named."""

from __future__ import annotations

import re
from pathlib import Path

from quakeloom.core import find_shipped


def list_examples() -> dict[str, Path]:
    """Return the configurations that come with quakeloom, by name."""
    folder = find_shipped("examples")
    files = sorted(folder.glob("*.yaml")) if folder is not None else []
    return {file.stem: file for file in files}


def find_configuration(path: Path) -> Path:
    """Return the file that a configuration is named by.

    Parameters
    ----------
    path : Path
        A file; or the bare name of an example, such as ``demo``, where there is no such file.
    """
    if path.is_file() or path.name != str(path) or path.suffix:
        return path
    return list_examples().get(str(path), path)


def describe_example(path: Path) -> str:
    """Return the first sentence of the comments at the top of an example."""
    words: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        words.append(line.lstrip("# ").strip())
    return re.split(r"(?<=[.:])\s", " ".join(words))[0].rstrip(":.") + "."
